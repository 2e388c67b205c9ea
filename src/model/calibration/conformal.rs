//! Split-conformal prediction sets. Angelopoulos and Bates, arXiv 2107.07511, section 1.

use serde::{Deserialize, Serialize};

use super::likeliest;

/// The share of scans whose true class the sets are made to hold.
pub const CONFORMAL_COVERAGE: f64 = 0.9;

/// The rule of the sets: the classes whose calibrated probability is at least `1 − threshold`, and
/// the likeliest class in any case. (Where even the likeliest is below, the rule alone would give an
/// empty set, which helps nobody. The sets therefore hold the true class at least as often as they
/// aim to, and as often as the network is right where that is more.)
///
/// The promise holds for scans drawn as the validation scans were, on average over them: not for
/// each class, nor for scans of other origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conformal {
    /// The share of scans whose true class is in the set, as aimed at: 0.9.
    pub coverage: f64,
    /// Quantile of `1 − probability of the true class`, 0..=1.
    pub threshold: f64,
    /// Absent where there were too few scans to halve.
    #[serde(default)]
    pub cross_fitted: Option<CrossFitted>,
}

/// Sets fitted on one half of the validation scans and measured on the other, on average over
/// random halves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossFitted {
    /// Share of scans whose true class is in the set that is shown, 0..=1.
    pub coverage: f64,
    /// The same of the rule alone, whose sets may be empty: what ought to be near the aim, 0..=1.
    pub coverage_of_rule: f64,
    /// Classes in a set that is shown, 1 or more.
    pub mean_size: f64,
}

impl Conformal {
    pub(super) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.threshold) {
            return Err(format!("its conformal threshold {} is not 0 to 1", self.threshold));
        }
        if !(0.0..=1.0).contains(&self.coverage) {
            return Err(format!("its conformal coverage {} is not 0 to 1", self.coverage));
        }
        Ok(())
    }
}

/// The smallest threshold under which the rule holds the true class of a new scan with the
/// probability `coverage`, from the probabilities that the true classes of `n` scans were given:
/// the `⌈(n + 1) · coverage⌉`-th smallest score. Too few scans give 1, under which every set holds
/// all classes.
pub(super) fn threshold(probabilities: Vec<f32>, coverage: f64) -> f64 {
    let mut scores: Vec<f64> = probabilities.into_iter().map(score).collect();
    scores.sort_by(f64::total_cmp);
    // Rounded where only the last bits make it more than a whole number: 10 · 0.9.
    let rank = ((scores.len() + 1) as f64 * coverage - 1e-9).ceil() as usize;
    rank.checked_sub(1).and_then(|index| scores.get(index)).copied().unwrap_or(1.0)
}

/// Whether the rule alone takes a class of this calibrated probability.
pub(super) fn holds(probability: f32, threshold: f64) -> bool {
    score(probability) <= threshold
}

/// The classes of the set, likeliest first.
pub(super) fn set(probabilities: &[f32], threshold: f64) -> Vec<usize> {
    let first = likeliest(probabilities);
    let mut set: Vec<usize> = (0..probabilities.len())
        .filter(|&class| class == first || holds(probabilities[class], threshold))
        .collect();
    // Stable: of equals the first in the card's order comes first, as everywhere.
    set.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    set
}

fn score(probability: f32) -> f64 {
    1.0 - f64::from(probability)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_the_quantile_calculated_by_hand() {
        // Nineteen scores 0.05, 0.10, … 0.95: ⌈20 · 0.9⌉ = 18, and the 18th is 0.90.
        let probabilities: Vec<f32> = (1..=19).map(|i| 1.0 - i as f32 * 0.05).collect();
        assert!((threshold(probabilities, 0.9) - 0.90).abs() < 1e-6);
        // Nine scores: ⌈10 · 0.9⌉ = 9, the largest; eight are too few to promise anything.
        let nine: Vec<f32> = (1..=9).map(|i| 1.0 - i as f32 * 0.1).collect();
        assert!((threshold(nine.clone(), 0.9) - 0.9).abs() < 1e-6);
        assert!((threshold(nine[..8].to_vec(), 0.9) - 1.0).abs() < 1e-12);
        assert!((threshold(Vec::new(), 0.9) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_set_holds_what_cannot_be_excluded_and_never_nothing() {
        assert_eq!(set(&[0.1, 0.3, 0.55, 0.05], 0.75), [2, 1]);
        assert_eq!(set(&[0.1, 0.3, 0.55, 0.05], 0.1), [2], "even the likeliest is below");
        assert_eq!(set(&[0.25; 4], 1.0), [0, 1, 2, 3]);
        assert_eq!(set(&[0.0, 0.0, 1.0, 0.0], 0.0), [2]);
    }
}
