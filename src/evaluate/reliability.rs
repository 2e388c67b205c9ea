//! Whether confidence means what it says: how often answers of each confidence were right.
//! Guo et al., On Calibration of Modern Neural Networks, arXiv 1706.04599, section 2.

use serde::{Deserialize, Serialize};

/// Bins of equal width over 0..=1.
pub const BINS: usize = 15;
/// A mistake above this confidence is a confident one.
pub const CONFIDENT: f64 = 0.95;

/// The answers of one range of confidence: `from..to`, the last bin takes 1 too.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityBin {
    pub from: f64,
    pub to: f64,
    pub scans: u64,
    pub right: u64,
    /// Mean confidence of its answers; `None` where it has none.
    pub confidence: Option<f64>,
}

/// The confidence of an answer in the class it names, 0..=1, and whether it was right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub confidence: f64,
    pub right: bool,
}

/// Sums over claims, each counted as often as its weight says.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    bins: [(u64, u64, f64); BINS],
    pub mistakes: u64,
    pub confident_mistakes: u64,
}

impl Tally {
    pub fn of(claims: &[Claim], weights: &[u32]) -> Self {
        let mut tally = Self::default();
        for (claim, &weight) in claims.iter().zip(weights) {
            let weight = u64::from(weight);
            let bin = &mut tally.bins[bin_of(claim.confidence)];
            bin.0 += weight;
            bin.1 += weight * u64::from(claim.right);
            bin.2 += weight as f64 * claim.confidence;
            if !claim.right {
                tally.mistakes += weight;
                tally.confident_mistakes += weight * u64::from(claim.confidence > CONFIDENT);
            }
        }
        tally
    }

    /// Expected calibration error, 0..=1: the distance between confidence and share of right
    /// answers, averaged over the bins by their scans. `None` without scans.
    pub fn expected_error(&self) -> Option<f64> {
        let scans: u64 = self.bins.iter().map(|bin| bin.0).sum();
        let distance =
            |&(_, right, confidence): &(u64, u64, f64)| (right as f64 - confidence).abs();
        (scans > 0).then(|| self.bins.iter().map(distance).sum::<f64>() / scans as f64)
    }

    /// The share of mistakes that are confident; `None` without mistakes.
    pub fn confident_share(&self) -> Option<f64> {
        (self.mistakes > 0).then(|| self.confident_mistakes as f64 / self.mistakes as f64)
    }

    pub fn bins(&self) -> Vec<ReliabilityBin> {
        let bin = |(i, &(scans, right, sum)): (usize, &(u64, u64, f64))| ReliabilityBin {
            from: i as f64 / BINS as f64,
            to: (i + 1) as f64 / BINS as f64,
            scans,
            right,
            confidence: (scans > 0).then(|| sum / scans as f64),
        };
        self.bins.iter().enumerate().map(bin).collect()
    }
}

fn bin_of(confidence: f64) -> usize {
    ((confidence * BINS as f64) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(list: &[(f64, bool)]) -> Vec<Claim> {
        list.iter().map(|&(confidence, right)| Claim { confidence, right }).collect()
    }

    #[test]
    fn expected_error_by_hand() {
        // Bin 14 holds 0.95 and 0.97 (one right), bin 8 holds 0.58 (right):
        // (|1 − 1.92| + |1 − 0.58|) / 3.
        let tally = Tally::of(&claims(&[(0.95, true), (0.97, false), (0.58, true)]), &[1, 1, 1]);
        let expected = (0.92 + 0.42) / 3.0;
        assert!((tally.expected_error().expect("scans") - expected).abs() < 1e-12);
        assert_eq!(tally.confident_share(), Some(1.0));
        let bins = tally.bins();
        assert_eq!((bins[14].scans, bins[14].right, bins[8].scans, bins[0].scans), (2, 1, 1, 0));
        assert_eq!(bins[0].confidence, None);
        assert!((bins[14].confidence.expect("scans") - 0.96).abs() < 1e-12);
    }

    #[test]
    fn a_weight_counts_as_copies_do() {
        let weighted = Tally::of(&claims(&[(0.6, true), (0.99, false)]), &[0, 3]);
        let copied = Tally::of(&claims(&[(0.99, false); 3]), &[1; 3]);
        assert_eq!(weighted.expected_error(), copied.expected_error());
        assert_eq!(weighted.mistakes, 3);
    }

    #[test]
    fn the_ends_have_their_bins_and_0_95_itself_is_not_above_it() {
        assert_eq!((bin_of(0.0), bin_of(1.0), bin_of(1.0 / 15.0)), (0, 14, 1));
        assert_eq!(Tally::of(&claims(&[(CONFIDENT, false)]), &[1]).confident_share(), Some(0.0));
        let none = Tally::of(&[], &[]);
        assert_eq!((none.expected_error(), none.confident_share()), (None, None));
    }
}
