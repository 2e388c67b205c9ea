//! What a number is worth: probabilities that mean what they say, the classes that cannot be
//! excluded, how far a scan is from the training data and why, and how often such answers were
//! correct. Plain numbers: nothing here needs the network.
//!
//! | module | is |
//! | --- | --- |
//! | [`ood`] | how far a scan is from the training data, and the reason |
//! | [`shift`] | copies of scans of other kinds, that the rest is fitted and measured on |
//! | [`temperature`] | a temperature that rises with that distance |
//! | [`prediction_sets`] | the classes that cannot be excluded |
//! | [`table`] | how often answers of each confidence were correct |
//! | [`local`] | the same, fitted again on a site's own scans |

pub mod local;
pub mod ood;
pub mod prediction_sets;
pub mod shift;
#[cfg(test)]
mod synthetic;
pub mod table;
pub mod temperature;

use serde::{Deserialize, Serialize};

pub use prediction_sets::{MeasuredSets, PredictionSets};
pub use table::{Observed, ReliabilityTable, TableAnswer};
pub use temperature::TemperatureModel;

use ood::OodCard;

/// Numbers of a card or of a local calibration that cannot be used: the end of a sentence that
/// begins with "its card does not fit:".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReliabilityError {
    #[error("its temperature {0} with slope {1} is out of range")]
    Temperature(f64, f64),
    #[error("its prediction sets cannot be used: {0}")]
    Sets(String),
    #[error("its reliability table cannot be used: {0}")]
    Table(String),
    #[error("its out-of-distribution reference cannot be used: {0}")]
    Ood(String),
    #[error("its local calibration cannot be used: {0}")]
    Local(String),
}

/// What was learned about a network's answers on scans that it did not learn from; part of its card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reliability {
    pub temperature: TemperatureModel,
    /// Which probabilities are headlined, decided on validation scans under shift.
    pub headline: Headline,
    /// By the headlined probabilities.
    pub sets: PredictionSets,
    /// "484 validation scans and 2,904 shifted copies of them".
    pub fitted_on: String,
    /// Expected calibration error of the headlined probabilities, 0..=1, by the name of the scans it
    /// was measured on: "validation", "shifted validation".
    pub calibration_error: std::collections::BTreeMap<String, f64>,
    /// By the headlined confidence. Absent where there were no test scans.
    #[serde(default)]
    pub table: Option<ReliabilityTable>,
    /// What the score means; its matrices are in the weights' file, under `ood.`.
    pub ood: OodCard,
}

/// Which probabilities come first wherever a probability is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headline {
    #[default]
    Calibrated,
    Uncalibrated,
}

/// The answer of a network to a scan of known class.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledAnswer {
    /// Finite, one for each class.
    pub logits: Vec<f32>,
    /// Index of the true class.
    pub truth: usize,
    /// `None` where it was not measured.
    pub ood_score: Option<f64>,
    /// How often it counts, above 0.
    pub weight: f64,
}

impl Reliability {
    /// The probabilities to headline, 0..=1, of finite logits.
    pub fn probabilities(&self, logits: &[f32], ood_score: Option<f64>) -> Vec<f32> {
        self.model().probabilities(logits, ood_score)
    }

    /// The classes that cannot be excluded, by the headlined probabilities: indices, likeliest first.
    pub fn prediction_set(&self, probabilities: &[f32], ood_score: Option<f64>) -> Vec<usize> {
        self.sets.set(probabilities, ood_score)
    }

    /// The temperature of the headlined probabilities.
    pub fn model(&self) -> TemperatureModel {
        match self.headline {
            Headline::Calibrated => self.temperature,
            Headline::Uncalibrated => TemperatureModel::UNCALIBRATED,
        }
    }

    /// Whether its numbers can be calculated with, for a network of `classes` classes.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check(&self, classes: usize) -> Result<(), ReliabilityError> {
        self.temperature.check()?;
        self.sets.check(classes)?;
        self.table.as_ref().map_or(Ok(()), |table| table.check(classes))?;
        self.ood.check()
    }
}

/// Mean distance between confidence and share of correct answers over `bins` of equal width, each
/// weighted by its answers; 0..=1, 0 without answers. Guo et al., arXiv 1706.04599, section 2.
///
/// Each answer is a confidence 0..=1, whether it is correct, and its weight.
pub fn expected_calibration_error(answers: &[(f32, bool, f64)], bins: usize) -> f64 {
    let mut gaps = vec![0.0; bins.max(1)];
    let mut total = 0.0;
    for &(confidence, correct, weight) in answers {
        // Bins are open below and closed above, as in the paper.
        let place = (f64::from(confidence) * gaps.len() as f64).ceil() as usize;
        let place = place.clamp(1, gaps.len()) - 1;
        gaps[place] += weight * (f64::from(confidence) - f64::from(u8::from(correct)));
        total += weight;
    }
    let sum: f64 = gaps.iter().map(|gap| gap.abs()).sum();
    if total > 0.0 { sum / total } else { 0.0 }
}

/// The index of the largest; of equals the first.
pub(crate) fn likeliest(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use ood::auroc;

    /// What scipy, numpy and scikit-learn make of some answers: tests/reference/make_reliability.py.
    #[derive(Deserialize)]
    struct Reference {
        logits: Vec<Vec<f32>>,
        truth: Vec<usize>,
        score: Vec<f64>,
        weight: Vec<f64>,
        base: f64,
        slope: f64,
        calibration_error: f64,
        thresholds: Vec<f64>,
        coverage: f64,
        auroc: f64,
    }

    #[test]
    fn temperature_sets_error_and_area_are_those_of_independent_implementations() {
        let text = include_str!("../../tests/reference/figures/reliability.json");
        let wanted: Reference = serde_json::from_str(text).expect("figures");
        let answers: Vec<LabelledAnswer> = (0..wanted.truth.len())
            .map(|i| LabelledAnswer {
                logits: wanted.logits[i].clone(),
                truth: wanted.truth[i],
                ood_score: Some(wanted.score[i]),
                weight: wanted.weight[i],
            })
            .collect();
        let close = |what: &str, found: f64, wanted: f64, slack: f64| {
            assert!((found - wanted).abs() < slack, "{what}: {found}, not {wanted}");
        };
        let model = TemperatureModel::fit(&answers);
        close("base", model.base, wanted.base, 0.01);
        close("slope", model.slope, wanted.slope, 0.01);

        // The rest at the reference's own temperature.
        let model = TemperatureModel { base: wanted.base, slope: wanted.slope };
        let probabilities: Vec<Vec<f32>> =
            answers.iter().map(|a| model.probabilities(&a.logits, a.ood_score)).collect();
        let claims: Vec<(f32, bool, f64)> = answers
            .iter()
            .zip(&probabilities)
            .map(|(answer, of)| {
                let predicted = likeliest(of);
                (of[predicted], predicted == answer.truth, answer.weight)
            })
            .collect();
        let error = expected_calibration_error(&claims, 15);
        close("calibration error", error, wanted.calibration_error, 1e-5);

        let even: Vec<LabelledAnswer> =
            answers.iter().map(|answer| LabelledAnswer { weight: 1.0, ..answer.clone() }).collect();
        let sets = PredictionSets::fit(&even, &probabilities, 4, Vec::new());
        for (found, wanted) in sets.thresholds[0].iter().zip(&wanted.thresholds) {
            close("threshold", *found, *wanted, 1e-5);
        }
        let measured = sets.measure("these", &even, &probabilities).expect("answers");
        close("coverage", measured.coverage, wanted.coverage, 1e-9);

        let scores = |correct: bool| -> Vec<f32> {
            let each = claims.iter().zip(&wanted.score);
            each.filter(|(claim, _)| claim.1 == correct).map(|(_, score)| *score as f32).collect()
        };
        close("area", auroc(&scores(true), &scores(false)).expect("both"), wanted.auroc, 1e-9);
    }
    #[test]
    fn the_calibration_error_is_the_one_calculated_by_hand() {
        // Bins (0.4, 0.6] and (0.8, 1.0] of five: gaps |0.5 + 0.55 − 1| and |0.9 + 0.9 − 1|.
        let answers = [(0.5, true, 1.0), (0.55, false, 1.0), (0.9, false, 1.0), (0.9, true, 1.0)];
        let error = expected_calibration_error(&answers, 5);
        assert!((error - 0.85 / 4.0).abs() < 1e-6, "{error}");
        let doubled = answers.map(|(confidence, correct, _)| (confidence, correct, 2.0));
        assert!((expected_calibration_error(&doubled, 5) - error).abs() < 1e-12);
        assert!(expected_calibration_error(&[], 15).abs() < 1e-12);
    }
}
