//! Whether a scan is like those a network was trained on, by what its last layer makes of it.

use serde::{Deserialize, Serialize};

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
    pub measured: std::collections::BTreeMap<String, f64>,
}
