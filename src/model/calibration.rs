//! How far a probability can be believed: temperature scaling, conformal sets, and the record of
//! past answers. Plain numbers: nothing here needs the network.

use serde::{Deserialize, Serialize};

/// What was learned on validation scans about a network's probabilities; part of its card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Logits are divided by it before the softmax; above 1 where the network is overconfident.
    /// Guo et al., arXiv 1706.04599.
    pub temperature: f64,
    pub conformal: Conformal,
    /// Expected calibration error of the calibrated probabilities on the scans named in `measured_on`, 0..=1.
    pub expected_error: f64,
    /// For people: "520 validation scans".
    pub fitted_on: String,
    /// How often answers of each confidence were right, on scans the network did not learn from.
    pub record: Record,
}

/// Split-conformal prediction sets: the classes whose calibrated probability is at least
/// `1 − threshold`. Angelopoulos and Bates, arXiv 2107.07511, section 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conformal {
    /// The share of scans whose true class is in the set, as aimed at: 0.9.
    pub coverage: f64,
    /// Quantile of `1 − probability of the true class`, 0..=1.
    pub threshold: f64,
}

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
