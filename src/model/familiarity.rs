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

impl Familiarity {
    /// Whether the threshold is one that scores can be compared with.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn check(&self) -> Result<(), String> {
        match self.threshold.is_finite() {
            true => Ok(()),
            false => Err("its familiarity threshold is not a finite number".into()),
        }
    }
}
