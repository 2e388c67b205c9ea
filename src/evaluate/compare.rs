//! Two models on one test set: on which scans do they differ, and could that be chance?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::report::{Case, Evaluation};

/// Two evaluations of one test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The models' names.
    pub models: [String; 2],
    /// Over the scans that both answered.
    pub all: McNemar,
    /// Over those of them that neither has learned from; `None` where that is not known of both.
    pub unseen: Option<McNemar>,
    /// Scans to which they gave different answers, in the order of the test set.
    pub disagreements: Vec<Disagreement>,
}

/// One scan and two answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    /// As in [`Case::path`].
    pub path: String,
    pub truth: String,
    pub predicted: [String; 2],
    /// Of the predicted classes, 0..=1: calibrated where the model is.
    pub confidence: [f32; 2],
}

/// McNemar's test of two classifiers on the same scans. It takes scans for independent, which copies
/// are not: with many copies its p is too small.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McNemar {
    pub scans: usize,
    pub both_right: usize,
    pub only_first_right: usize,
    pub only_second_right: usize,
    pub both_wrong: usize,
    /// The chance of a difference as large as this between models that are equally good, 0..=1.
    pub p: f64,
    pub method: McNemarMethod,
}

/// How p was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum McNemarMethod {
    /// Two-sided binomial test: fewer than [`FEW`] scans are right in one model only.
    ExactBinomial,
    /// χ² of one degree of freedom with Edwards's continuity correction.
    ChiSquareCorrected,
}

/// From so many discordant scans on, χ² does.
pub const FEW: usize = 25;

impl McNemarMethod {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExactBinomial => "exact binomial",
            Self::ChiSquareCorrected => "chi-square with continuity correction",
        }
    }
}

impl McNemar {
    /// The test over pairs: whether the first and the second model were right.
    pub fn of(pairs: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut counts = [[0; 2]; 2];
        pairs.for_each(|(first, second)| counts[usize::from(first)][usize::from(second)] += 1);
        let [[both_wrong, only_second_right], [only_first_right, both_right]] = counts;
        let (p, method) = p_value(only_first_right, only_second_right);
        Self {
            scans: both_right + only_first_right + only_second_right + both_wrong,
            both_right,
            only_first_right,
            only_second_right,
            both_wrong,
            p,
            method,
        }
    }
}

fn p_value(first: usize, second: usize) -> (f64, McNemarMethod) {
    let discordant = first + second;
    if discordant < FEW {
        return (exact(first.min(second), discordant), McNemarMethod::ExactBinomial);
    }
    let difference = (first.abs_diff(second) as f64 - 1.0).max(0.0);
    let statistic = difference * difference / discordant as f64;
    (libm::erfc((statistic / 2.0).sqrt()), McNemarMethod::ChiSquareCorrected)
}

/// Twice the chance of `fewer` or less heads in `throws` of a fair coin, at most 1.
fn exact(fewer: usize, throws: usize) -> f64 {
    let (mut ways, mut sum) = (1.0, 0.0);
    for heads in 0..=fewer {
        sum += ways;
        ways *= (throws - heads) as f64 / (heads + 1) as f64;
    }
    (2.0 * sum * 0.5f64.powi(throws as i32)).min(1.0)
}

/// Compares two evaluations; scans that only one of them answered do not count.
pub fn compare(first: &Evaluation, second: &Evaluation) -> Comparison {
    let others: BTreeMap<&str, &Case> =
        second.cases.iter().map(|case| (case.path.as_str(), case)).collect();
    let pairs: Vec<(&Case, &Case)> = first
        .cases
        .iter()
        .filter_map(|case| Some((case, *others.get(case.path.as_str())?)))
        .collect();
    let right = |(a, b): &(&Case, &Case)| (a.answer.correct(), b.answer.correct());
    let twins: Option<Vec<bool>> =
        pairs.iter().map(|(a, b)| Some(a.twin_in_training? || b.twin_in_training?)).collect();
    let unseen = twins.map(|twins| {
        McNemar::of(pairs.iter().zip(twins).filter(|(_, twin)| !twin).map(|(pair, _)| right(pair)))
    });
    let disagreement = |(a, b): &(&Case, &Case)| Disagreement {
        path: a.path.clone(),
        truth: first.classes[a.answer.truth].clone(),
        predicted: [a.predicted(first).to_owned(), b.predicted(second).to_owned()],
        confidence: [a.confidence(), b.confidence()],
    };
    Comparison {
        models: [first.model.name.clone(), second.model.name.clone()],
        all: McNemar::of(pairs.iter().map(right)),
        unseen,
        disagreements: pairs
            .iter()
            .filter(|(a, b)| a.predicted(first) != b.predicted(second))
            .map(disagreement)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(first: usize, second: usize) -> McNemar {
        let pairs = [((true, false), first), ((false, true), second), ((true, true), 7)];
        McNemar::of(pairs.into_iter().flat_map(|(pair, n)| std::iter::repeat_n(pair, n)))
    }

    #[test]
    fn few_discordant_scans_are_tested_exactly() {
        let result = test(1, 5);
        // 2 · (1 + 6) / 64.
        assert!((result.p - 14.0 / 64.0).abs() < 1e-12);
        assert_eq!(result.method, McNemarMethod::ExactBinomial);
        assert_eq!((result.scans, result.both_right, result.both_wrong), (13, 7, 0));
        assert_eq!((result.only_first_right, result.only_second_right), (1, 5));
        assert_eq!(test(0, 0).p, 1.0);
        assert_eq!(test(4, 4).p, 1.0);
        assert_eq!(test(5, 1).p, result.p);
    }

    #[test]
    fn many_are_tested_by_chi_square() {
        // (|40 − 20| − 1)² / 60 = 6.0167; its upper tail with one degree of freedom.
        let result = test(40, 20);
        assert_eq!(result.method, McNemarMethod::ChiSquareCorrected);
        assert!((result.p - 0.014_171_388).abs() < 1e-8, "{}", result.p);
        assert_eq!(test(15, 15).p, 1.0);
        assert_eq!(test(0, 24).method, McNemarMethod::ExactBinomial);
    }

    #[test]
    fn scans_that_a_model_has_learned_from_are_left_out_of_the_second_test() {
        use super::super::report::tests::evaluation;
        let first = evaluation(
            "a",
            &[
                (1, 0.9, Some(true)),
                (0, 0.8, Some(false)),
                (1, 0.7, Some(false)),
                (1, 0.6, Some(false)),
            ],
        );
        let mut second = evaluation(
            "b",
            &[
                (1, 0.2, Some(false)),
                (0, 0.3, Some(false)),
                (1, 0.9, Some(true)),
                (1, 0.4, Some(false)),
            ],
        );
        let found = compare(&first, &second);
        assert_eq!(found.models, ["a", "b"]);
        let counts = |test: McNemar| (test.only_first_right, test.only_second_right, test.scans);
        assert_eq!(counts(found.all), (2, 1, 4));
        assert_eq!(found.unseen.map(counts), Some((1, 1, 2)));
        let one = &found.disagreements[1];
        assert_eq!(found.disagreements.len(), 3);
        assert_eq!((one.truth.as_str(), &one.predicted), ("well", &["sick".into(), "well".into()]));
        assert_eq!(one.confidence, [0.8, 0.7]);

        // One of them could not read the last scan, and has no list.
        second.cases.pop();
        second.cases.iter_mut().for_each(|case| case.twin_in_training = None);
        let found = compare(&first, &second);
        assert_eq!((counts(found.all), found.unseen), ((1, 1, 3), None));
    }
}
