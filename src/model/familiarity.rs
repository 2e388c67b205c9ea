//! Whether a scan is like those a network was trained on, by what its last layer makes of it.

mod header;
mod references;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

pub use header::unlike;
pub use references::{PREFIX, References};

/// The share of validation scans that the threshold keeps.
pub const FAMILIAR_SHARE: f64 = 0.95;

/// How unlike the training scans a scan may be; part of the card. What the score is measured
/// against (tensors under `familiarity.`) is in the weights' file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Familiarity {
    /// What the score is, for people.
    pub score: String,
    /// The score that 95 % of the validation scans stay below: beyond it a scan is unlike the
    /// training scans.
    pub threshold: f64,
    /// Share of scans of each kind found unlike, 0..=1: "rotated by a quarter", "noise".
    pub measured: BTreeMap<String, f64>,
}

impl Familiarity {
    /// Learns from what a network makes of its training scans what scans are compared with, and
    /// from its validation scans how far from them is too far. Both are
    /// [`Network::features`](super::network::Network::features), `[scans, features]`, finite; nothing
    /// is `measured` yet.
    ///
    /// # Errors
    /// Where libtorch fails: no scans on either side, features of another length, too little memory.
    pub fn fit(training: &Tensor, validation: &Tensor) -> Result<(Self, References), TchError> {
        let references = References::of(training, validation)?;
        let mut scores = references.scores(validation)?;
        scores.sort_by(f32::total_cmp);
        let rank = (scores.len() as f64 * FAMILIAR_SHARE).ceil() as usize;
        let threshold = rank.checked_sub(1).map(|index| f64::from(scores[index]));
        let threshold = threshold.ok_or_else(|| TchError::Shape("no validation scans".into()))?;
        let score =
            "by what the last layer decides by: the angle to the nearest training scan, and \
                     the distance from the space that the training scans span, in units of the \
                     validation scans"
                .into();
        Ok((Self { score, threshold, measured: BTreeMap::new() }, references))
    }

    /// A score in units of the threshold.
    pub fn relative(&self, score: f32) -> f32 {
        if self.threshold > 0.0 { score / self.threshold as f32 } else { f32::INFINITY }
    }

    /// Share of scans that are unlike the training scans, 0..=1, by their scores.
    pub fn share_unlike(&self, scores: &[f32]) -> f64 {
        let unlike = scores.iter().filter(|&&score| f64::from(score) > self.threshold).count();
        unlike as f64 / scores.len().max(1) as f64
    }

    /// Whether the threshold is one that scores can be compared with.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn check(&self) -> Result<(), String> {
        if !self.threshold.is_finite() {
            return Err("its familiarity threshold is not a finite number".into());
        }
        match self.measured.iter().find(|(_, share)| !(0.0..=1.0).contains(*share)) {
            Some((kind, share)) => {
                Err(format!("its share of {kind} found unlike, {share}, is not 0 to 1"))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    /// Scans of a few kinds: each a direction of its own among 40 features, with some noise.
    fn scans(count: i64, first_kind: i64, kinds: i64) -> Tensor {
        let kind = Tensor::arange(count, (Kind::Int64, Device::Cpu)).remainder(kinds) + first_kind;
        let noise = Tensor::rand([count, 40], (Kind::Float, Device::Cpu)) * 0.3;
        kind.one_hot(40).to_kind(Kind::Float) * 2.0 + noise
    }

    #[test]
    fn nineteen_of_twenty_validation_scans_are_familiar_and_other_kinds_are_not() {
        tch::manual_seed(1);
        let (training, validation) = (scans(400, 0, 4), scans(200, 0, 4));
        let (familiarity, references) = Familiarity::fit(&training, &validation).expect("fitted");
        familiarity.check().expect("usable");
        let unlike = |features: &Tensor| {
            familiarity.share_unlike(&references.scores(features).expect("scored"))
        };
        assert!((unlike(&validation) - 0.05).abs() < 1e-9);
        assert!(unlike(&scans(400, 0, 4)) < 0.12);
        assert!(unlike(&scans(100, 10, 5)) > 0.98);
    }

    #[test]
    fn a_score_grows_with_the_angle_and_with_the_distance_from_the_span() {
        let training = Tensor::from_slice2(&[[2.0f32, 0.0, 0.0], [0.0, 2.0, 0.0]]);
        // Validation whose angles are all 45°, and which lies in the span but for half a unit.
        let validation = Tensor::from_slice2(&[[1.0f32, 1.0, 0.5]]);
        let (familiarity, references) = Familiarity::fit(&training, &validation).expect("fitted");
        assert!((familiarity.threshold - 1.0).abs() < 1e-3, "{}", familiarity.threshold);
        let usual = 1.0 - 1.0 / 2.25f32.sqrt();
        let close = |features: &[f32], score: f32| {
            let found = references.score(features);
            assert!((found - score).abs() < 5e-3, "{features:?}: {found}, not {score}");
        };
        close(&[3.0, 0.0, 0.0], 0.0);
        close(&[1.0, 1.0, 0.0], (1.0 - 0.5f32.sqrt()) / usual / 2.0);
        close(&[0.0, 0.0, 0.5], (1.0 / usual + 1.0) / 2.0);
        close(&[0.0; 3], 1.0 / usual / 2.0);
        for broken in [[f32::NAN; 3], [f32::INFINITY; 3], [f32::NEG_INFINITY, 0.0, 0.0]] {
            assert!(references.score(&broken).is_infinite(), "{broken:?}");
        }
    }

    #[test]
    fn references_come_back_as_they_were_written() {
        tch::manual_seed(2);
        let training = scans(90, 0, 4);
        let (_, references) = Familiarity::fit(&training, &training).expect("fitted");
        let tensors = references.tensors();
        let read = References::from_tensors(tensors.into_iter().collect()).expect("read");
        assert_eq!(read, references);
    }

    #[test]
    fn nothing_can_be_fitted_on_nothing() {
        let none = Tensor::zeros([0, 40], (Kind::Float, Device::Cpu));
        assert!(Familiarity::fit(&none, &scans(9, 0, 4)).is_err());
        assert!(Familiarity::fit(&scans(9, 0, 4), &none).is_err());
        assert!(Familiarity::fit(&scans(9, 0, 4), &scans(9, 0, 4).narrow(1, 0, 30)).is_err());
    }
}
