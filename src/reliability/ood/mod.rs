//! How far a scan is from the training data, and why.

mod reference;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use reference::{MOST_SD, Matrix, OodReference, PREFIX, Parts, Scales};

use super::ReliabilityError;

/// The share of validation scans that stay below the threshold.
pub const IN_DISTRIBUTION_SHARE: f64 = 0.95;

/// How far a scan is from the training data: larger is farther.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OodScore {
    /// 0 or more, in units of the threshold: 95 % of the validation scans stay below 1. Infinite
    /// where the network's features are not finite.
    pub score: f32,
    /// Why, where the scan is out of distribution and resembles a known kind of shift.
    pub reason: Option<Reason>,
}

impl OodScore {
    /// The score beyond which a scan is out of distribution.
    pub const THRESHOLD: f32 = 1.0;

    /// Whether the scan is farther from the training data than scans of their kind are.
    pub fn out_of_distribution(self) -> bool {
        // What is not a number is not near.
        self.score.is_nan() || self.score > Self::THRESHOLD
    }
}

/// Why a scan is out of distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    OtherWeighting,
    OtherPlane,
    Inverted,
    Turned,
    NoHead,
    NoMri,
    OtherFieldOfView,
}

impl Reason {
    /// Every reason, in the order of a reference's rows.
    pub const ALL: [Self; 7] = [
        Self::OtherWeighting,
        Self::OtherPlane,
        Self::Inverted,
        Self::Turned,
        Self::NoHead,
        Self::NoMri,
        Self::OtherFieldOfView,
    ];
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherWeighting => "other weighting",
            Self::OtherPlane => "other plane",
            Self::Inverted => "black and white exchanged",
            Self::Turned => "turned",
            Self::NoHead => "no head",
            Self::NoMri => "not an MRI",
            Self::OtherFieldOfView => "other field of view",
        })
    }
}

/// What the score is and how well it does; part of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OodCard {
    /// How the score is calculated, in words.
    pub method: String,
    /// The share of scans that are out of distribution, 0..=1, by the name of the scans:
    /// "validation", "test scans".
    pub out_of_distribution: BTreeMap<String, f64>,
    /// How well each kind of shift is found among copies of validation scans.
    pub kinds: Vec<KindFigures>,
}

/// How well a kind of shift is found. Shares are 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindFigures {
    /// "turned by a quarter".
    pub kind: String,
    pub reason: Reason,
    pub scans: usize,
    /// Area under the ROC curve of the score, these copies against the validation scans.
    pub auroc: f64,
    /// The same of a reference that was fitted without this kind; `None` where it was not measured.
    #[serde(default)]
    pub auroc_unseen: Option<f64>,
    /// The share that is out of distribution.
    pub found: f64,
    /// The share of those found whose reason is the right one.
    pub right_reason: f64,
}

impl OodCard {
    pub(super) fn check(&self) -> Result<(), ReliabilityError> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let of_kind = |k: &KindFigures| share(k.auroc) && share(k.found) && share(k.right_reason);
        if let Some(kind) = self.kinds.iter().find(|kind| !of_kind(kind)) {
            return Err(ReliabilityError::Ood(format!("a figure of {} is not 0 to 1", kind.kind)));
        }
        match self.out_of_distribution.iter().find(|(_, found)| !share(**found)) {
            Some((scans, found)) => {
                Err(ReliabilityError::Ood(format!("its share of {scans}, {found}, is not 0 to 1")))
            }
            None => Ok(()),
        }
    }
}

/// Area under the ROC curve: the probability that a score of `far` is larger than one of `near`, equal
/// ones counting half. `None` where either is empty.
pub fn auroc(near: &[f32], far: &[f32]) -> Option<f64> {
    let mut sorted = near.to_vec();
    sorted.sort_by(f32::total_cmp);
    let below = |score: f32| {
        let less = sorted.partition_point(|other| *other < score);
        let same = sorted.partition_point(|other| *other <= score) - less;
        less as f64 + same as f64 / 2.0
    };
    let pairs = near.len() * far.len();
    (pairs > 0).then(|| far.iter().map(|&score| below(score)).sum::<f64>() / pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        // Of six pairs: (1, 2), (1, 3), (2, 3) in order, (2, 2) equal twice … calculated by hand.
        assert_eq!(auroc(&[1.0, 2.0], &[2.0, 3.0]), Some(3.5 / 4.0));
        assert_eq!(auroc(&[1.0], &[f32::INFINITY]), Some(1.0));
        assert_eq!(auroc(&[5.0], &[1.0]), Some(0.0));
        assert_eq!(auroc(&[], &[1.0]), None);
    }

    #[test]
    fn what_is_not_a_number_is_out_of_distribution() {
        let score = |score| OodScore { score, reason: None }.out_of_distribution();
        assert!(score(f32::NAN) && score(f32::INFINITY) && score(1.1));
        assert!(!score(1.0) && !score(0.0));
    }
}
