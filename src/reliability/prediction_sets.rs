//! Prediction sets: the classes that cannot be excluded.
//!
//! Split conformal (Angelopoulos and Bates, arXiv 2107.07511, section 1), with a threshold of its own
//! for each class (Vovk 2012, label-conditional) and for each range of out-of-distribution scores.

use serde::{Deserialize, Serialize};

use super::{LabelledAnswer, ReliabilityError, likeliest};

/// The share of scans of each class whose class the sets are made to hold.
pub const COVERAGE: f64 = 0.9;

/// Fewer answers of a class in a range of scores give no threshold of their own.
const ENOUGH: f64 = 20.0;

/// The most ranges of scores that a card may have.
const MOST_RANGES: usize = 64;

/// The rule of the sets: a class is in the set where its probability is at least
/// `1 − thresholds[range][class]`; the likeliest class always is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictionSets {
    /// The share of scans whose true class is in the set, as aimed at, 0..=1.
    pub coverage: f64,
    /// Where the ranges of out-of-distribution scores end, rising; the last has no end.
    pub edges: Vec<f64>,
    /// For each range and class, 0..=1; never smaller in a range farther away.
    pub thresholds: Vec<Vec<f64>>,
    /// What the sets did on scans that they were not fitted on.
    pub measured: Vec<MeasuredSets>,
}

/// How the sets did on some scans. Shares are 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredSets {
    /// The name of these scans, in the plural: "test scans".
    pub on: String,
    pub scans: usize,
    /// The share of scans whose true class was in the set.
    pub coverage: f64,
    /// Mean number of classes in a set, 1 or more.
    pub mean_size: f64,
}

impl PredictionSets {
    /// Learns the thresholds of `classes` classes from answers with their probabilities. Every range
    /// that `edges` separate should hold some hundred answers.
    pub fn fit(
        answers: &[LabelledAnswer],
        probabilities: &[Vec<f32>],
        classes: usize,
        edges: Vec<f64>,
    ) -> Self {
        let range = |answer: &LabelledAnswer| range_of(&edges, answer.ood_score);
        let mut thresholds = Vec::with_capacity(edges.len() + 1);
        for index in 0..=edges.len() {
            let of_class = |class: usize| {
                let scores = |wanted: &dyn Fn(usize) -> bool| -> Vec<(f64, f64)> {
                    let each = answers.iter().zip(probabilities);
                    each.filter(|(answer, _)| answer.truth == class && wanted(range(answer)))
                        .map(|(answer, of)| (1.0 - f64::from(of[class]), answer.weight))
                        .collect()
                };
                let own = scores(&|range| range == index);
                let enough = own.iter().map(|(_, weight)| weight).sum::<f64>() >= ENOUGH;
                // Too few of its own: those of this range and all farther ones, then everything.
                let own = if enough { own } else { scores(&|range| range >= index) };
                let enough = own.iter().map(|(_, weight)| weight).sum::<f64>() >= ENOUGH;
                quantile(if enough { own } else { scores(&|_| true) }, COVERAGE)
            };
            let row: Vec<f64> = (0..classes).map(of_class).collect();
            thresholds.push(row);
        }
        for index in 1..thresholds.len() {
            let (nearer, farther) = thresholds.split_at_mut(index);
            for (far, near) in farther[0].iter_mut().zip(&nearer[index - 1]) {
                *far = far.max(*near);
            }
        }
        Self { coverage: COVERAGE, edges, thresholds, measured: Vec::new() }
    }

    /// The classes that cannot be excluded: indices, likeliest first, at least one. A scan without a
    /// score counts as one of the range farthest away.
    pub fn set(&self, probabilities: &[f32], ood_score: Option<f64>) -> Vec<usize> {
        let first = likeliest(probabilities);
        let thresholds = self.thresholds.get(range_of(&self.edges, ood_score));
        let holds = |class: usize| {
            let threshold = thresholds.and_then(|row| row.get(class)).copied().unwrap_or(1.0);
            1.0 - f64::from(probabilities[class]) <= threshold
        };
        let mut set: Vec<usize> =
            (0..probabilities.len()).filter(|&class| class == first || holds(class)).collect();
        // Stable: of equals the first in the card's order comes first, as everywhere.
        set.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        set
    }

    /// What the sets do on answers with their probabilities; `None` without answers.
    pub fn measure(
        &self,
        on: impl Into<String>,
        answers: &[LabelledAnswer],
        probabilities: &[Vec<f32>],
    ) -> Option<MeasuredSets> {
        let total: f64 = answers.iter().map(|answer| answer.weight).sum();
        let (mut held, mut size) = (0.0, 0.0);
        for (answer, of) in answers.iter().zip(probabilities) {
            let set = self.set(of, answer.ood_score);
            held += answer.weight * f64::from(u8::from(set.contains(&answer.truth)));
            size += answer.weight * set.len() as f64;
        }
        (total > 0.0).then(|| MeasuredSets {
            on: on.into(),
            scans: answers.len(),
            coverage: held / total,
            mean_size: size / total,
        })
    }

    pub(super) fn check(&self, classes: usize) -> Result<(), ReliabilityError> {
        let fail = |reason: &str| Err(ReliabilityError::Sets(reason.into()));
        let shares = |values: &[f64]| values.iter().all(|value| (0.0..=1.0).contains(value));
        if !shares(&[self.coverage]) {
            return fail("their coverage is not 0 to 1");
        }
        if self.edges.len() >= MOST_RANGES || self.thresholds.len() != self.edges.len() + 1 {
            return fail("they do not have one row of thresholds for each range of scores");
        }
        if !self.edges.is_sorted() || self.edges.iter().any(|edge| !edge.is_finite()) {
            return fail("the ends of their ranges do not rise");
        }
        if self.thresholds.iter().any(|row| row.len() != classes || !shares(row)) {
            return fail("they need a threshold of 0 to 1 for each class");
        }
        let usable = |m: &MeasuredSets| shares(&[m.coverage]) && m.mean_size.is_finite();
        if !self.measured.iter().all(usable) {
            return fail("their measured coverage is not 0 to 1");
        }
        Ok(())
    }
}

/// The range of a score; the last one where it is not known.
fn range_of(edges: &[f64], ood_score: Option<f64>) -> usize {
    match ood_score {
        Some(score) if !score.is_nan() => edges.partition_point(|edge| *edge <= score),
        _ => edges.len(),
    }
}

/// The smallest threshold under which a rule holds a new scan's class with the probability
/// `coverage`, from weighted scores: the `⌈(n + 1) · coverage⌉`-th smallest of `n`. Too few give 1.
fn quantile(mut scores: Vec<(f64, f64)>, coverage: f64) -> f64 {
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = scores.iter().map(|(_, weight)| weight).sum();
    let wanted = (total + 1.0) * coverage - 1e-9;
    let mut sum = 0.0;
    for (score, weight) in scores {
        sum += weight;
        if sum >= wanted {
            return score;
        }
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{calibrated_answers, hotter};
    use super::*;
    use crate::reliability::TemperatureModel;

    fn probabilities(answers: &[LabelledAnswer]) -> Vec<Vec<f32>> {
        let plain = TemperatureModel::UNCALIBRATED;
        answers.iter().map(|answer| plain.probabilities(&answer.logits, None)).collect()
    }

    #[test]
    fn the_threshold_is_the_quantile_calculated_by_hand() {
        // Nineteen scores 0.05, 0.10, … 0.95: ⌈20 · 0.9⌉ = 18, and the 18th is 0.90.
        let scores: Vec<(f64, f64)> = (1..=19).map(|i| (f64::from(i) * 0.05, 1.0)).collect();
        assert!((quantile(scores, 0.9) - 0.90).abs() < 1e-9);
        // Nine scores: ⌈10 · 0.9⌉ = 9, the largest; eight are too few.
        let nine: Vec<(f64, f64)> = (1..=9).map(|i| (f64::from(i) * 0.1, 1.0)).collect();
        assert!((quantile(nine.clone(), 0.9) - 0.9).abs() < 1e-9);
        assert!((quantile(nine[..8].to_vec(), 0.9) - 1.0).abs() < 1e-12);
        assert!((quantile(Vec::new(), 0.9) - 1.0).abs() < 1e-12);
        // A weight of two counts as two scores.
        let doubled: Vec<(f64, f64)> = (1..=10).map(|i| (f64::from(i) * 0.05, 2.0)).collect();
        assert!((quantile(doubled, 0.9) - 0.5).abs() < 1e-9, "⌈21 · 0.9⌉ = 19 of 20");
    }

    #[test]
    fn sets_cover_nine_of_ten_new_scans_of_each_class_near_and_far() {
        // Far away the network is overconfident, which plain sets do not know.
        let heat = |score: f64| if score > 1.0 { 4.0 } else { 1.0 };
        let answers = hotter(calibrated_answers(8000, 2.0, 5), heat);
        let sets = PredictionSets::fit(&answers, &probabilities(&answers), 4, vec![1.0]);
        sets.check(4).expect("usable");
        let new = hotter(calibrated_answers(20000, 2.0, 6), heat);
        for far in [false, true] {
            for class in 0..4 {
                let some: Vec<LabelledAnswer> = new
                    .iter()
                    .filter(|a| a.truth == class && (a.ood_score > Some(1.0)) == far)
                    .cloned()
                    .collect();
                let measured = sets.measure("new", &some, &probabilities(&some)).expect("some");
                // Never empty, so that they may hold more than they aim at.
                assert!(measured.coverage > 0.87, "{far} {class}: {measured:?}");
            }
        }
        let measured = sets.measure("new", &new, &probabilities(&new)).expect("some");
        assert!(measured.mean_size < 3.5, "{measured:?}");
    }

    #[test]
    fn a_set_is_never_empty_and_unknown_distance_counts_as_far() {
        let sets = PredictionSets {
            coverage: 0.9,
            edges: vec![1.0],
            thresholds: vec![vec![0.1; 4], vec![0.75; 4]],
            measured: Vec::new(),
        };
        let probabilities = [0.1, 0.3, 0.55, 0.05];
        assert_eq!(sets.set(&probabilities, Some(0.5)), [2], "even the likeliest is below");
        assert_eq!(sets.set(&probabilities, Some(2.0)), [2, 1]);
        assert_eq!(sets.set(&probabilities, None), [2, 1]);
        assert_eq!(sets.set(&probabilities, Some(f64::NAN)), [2, 1]);
    }

    #[test]
    fn sets_that_do_not_fit_are_refused() {
        let good = PredictionSets {
            coverage: 0.9,
            edges: vec![1.0, 2.0],
            thresholds: vec![vec![0.5; 4]; 3],
            measured: Vec::new(),
        };
        good.check(4).expect("usable");
        assert!(good.check(3).is_err());
        let spoiled: [fn(&mut PredictionSets); 4] = [
            |s| s.edges = vec![2.0, 1.0],
            |s| _ = s.thresholds.pop(),
            |s| s.thresholds[1][2] = -0.1,
            |s| s.coverage = f64::NAN,
        ];
        for spoil in spoiled {
            let mut bad = good.clone();
            spoil(&mut bad);
            assert!(bad.check(4).is_err(), "{bad:?}");
        }
    }
}
