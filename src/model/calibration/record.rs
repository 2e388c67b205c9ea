//! How often answers of a confidence were right.

use serde::{Deserialize, Serialize};

/// How often answers of each confidence were right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// For people: "394 test scans".
    pub measured_on: String,
    /// In rising order, together 0..=1.
    pub bins: Vec<RecordBin>,
}

/// Answers whose calibrated confidence lies in `from..to` (the last bin takes 1 too).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordBin {
    pub from: f64,
    pub to: f64,
    pub scans: usize,
    pub right: usize,
}

/// Narrower where most answers are and where being wrong is worst.
const EDGES: [f64; 9] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0];

impl Record {
    /// The record of answers of these calibrated confidences (the largest probability of each
    /// scan), of which those were right.
    pub fn of(confidences: &[f32], right: &[bool], measured_on: String) -> Self {
        let bins = EDGES.windows(2).map(|edges| RecordBin {
            from: edges[0],
            to: edges[1],
            scans: 0,
            right: 0,
        });
        let mut record = Self { measured_on, bins: bins.collect() };
        for (&confidence, &right) in confidences.iter().zip(right) {
            if let Some(index) = record.place(confidence) {
                record.bins[index].scans += 1;
                record.bins[index].right += usize::from(right);
            }
        }
        record
    }

    /// The answers of a confidence like this one; none where it is no probability.
    pub fn bin(&self, confidence: f32) -> Option<RecordBin> {
        self.place(confidence).map(|index| self.bins[index])
    }

    fn place(&self, confidence: f32) -> Option<usize> {
        let confidence = f64::from(confidence);
        // In f32 an edge may lie a hair below itself.
        let slack = f64::from(f32::EPSILON) / 2.0;
        let inside = (0.0..=1.0 + slack).contains(&confidence);
        let at = || self.bins.iter().rposition(|bin| bin.from <= confidence + slack);
        inside.then(at).flatten()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let whole = self.bins.first().is_some_and(|bin| bin.from == 0.0)
            && self.bins.last().is_some_and(|bin| bin.to == 1.0)
            && self.bins.windows(2).all(|pair| pair[0].to == pair[1].from)
            && self.bins.iter().all(|bin| bin.from < bin.to);
        if !whole {
            return Err("the bins of its record do not go from 0 to 1 without gaps".into());
        }
        match self.bins.iter().find(|bin| bin.right > bin.scans) {
            Some(bin) => Err(format!(
                "its record has {} right of {} from {} to {}",
                bin.right, bin.scans, bin.from, bin.to
            )),
            None => Ok(()),
        }
    }
}

/// Mean distance between confidence and share of right answers over `bins` of equal width, each
/// weighted by its answers; 0..=1, 0 without answers. Guo et al., arXiv 1706.04599, section 2.
pub fn expected_calibration_error(confidences: &[f32], right: &[bool], bins: usize) -> f64 {
    let mut gaps = vec![0.0; bins.max(1)];
    for (&confidence, &right) in confidences.iter().zip(right) {
        // Bins are open below and closed above, as in the paper.
        let place = (f64::from(confidence) * gaps.len() as f64).ceil() as usize;
        let place = place.clamp(1, gaps.len()) - 1;
        gaps[place] += f64::from(confidence) - f64::from(u8::from(right));
    }
    gaps.iter().map(|gap| gap.abs()).sum::<f64>() / confidences.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_fall_into_the_bin_of_their_confidence() {
        let confidences = [0.3, 0.5, 0.95, 0.97, 0.99, 1.0];
        let right = [false, true, true, false, true, true];
        let record = Record::of(&confidences, &right, "six scans".into());
        record.check().expect("whole");
        let counts = |confidence: f32| {
            let bin = record.bin(confidence).expect("a bin");
            (bin.scans, bin.right)
        };
        assert_eq!(counts(0.1), (1, 0));
        assert_eq!(counts(0.5), (1, 1));
        assert_eq!(counts(0.85), (0, 0));
        assert_eq!(counts(0.95), (2, 1));
        assert_eq!(counts(1.0), (2, 2));
        assert_eq!(record.bin(f32::NAN), None);
        assert_eq!(record.bin(1.2), None);
    }

    #[test]
    fn the_calibration_error_is_the_one_calculated_by_hand() {
        // Bins (0.4, 0.6] and (0.8, 1.0] of five: gaps |0.5 + 0.55 − 1| and |0.9 + 0.9 − 1|.
        let error =
            expected_calibration_error(&[0.5, 0.55, 0.9, 0.9], &[true, false, false, true], 5);
        assert!((error - 0.85 / 4.0).abs() < 1e-6, "{error}");
        assert!(expected_calibration_error(&[], &[], 15).abs() < 1e-12);
        assert!((expected_calibration_error(&[1.0, 0.0], &[true, false], 15)).abs() < 1e-12);
    }
}
