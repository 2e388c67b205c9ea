//! The figures of a card, by name: each 0..=1 unless it counts scans, with `_low` and `_high` for the
//! ends of its 95 % interval.

use std::collections::BTreeMap;

use super::data::Scans;
use super::reliability::{Answers, Fitted, selective};
use crate::dataset::audit;
use crate::evaluate::bootstrap::{Bootstrap, Estimate};
use crate::evaluate::metrics::{Answer, figures};
use crate::model::classifier::softmax;
use crate::reliability::{Reliability, expected_calibration_error, likeliest};

/// A mistake above this confidence is a confident one.
const CONFIDENT: f32 = 0.95;

/// Figures in the making.
pub(super) struct Figures<'a> {
    classes: &'a [String],
    pub metrics: BTreeMap<String, f64>,
}

impl<'a> Figures<'a> {
    pub fn new(classes: &'a [String]) -> Self {
        Self { classes, metrics: BTreeMap::new() }
    }

    /// Adds the figures of those scans for which `wanted` holds, as `NAME_accuracy` and so on.
    pub fn add(
        &mut self,
        name: &str,
        reliability: &Reliability,
        of: &Answers,
        scans: &Scans,
        wanted: &dyn Fn(usize) -> bool,
    ) {
        let groups = audit::groups(&scans.prints);
        let chosen: Vec<usize> = (0..of.answers.len()).filter(|&scan| wanted(scan)).collect();
        let answers: Vec<Answer> = chosen
            .iter()
            .map(|&scan| {
                let (answer, score) = (&of.answers[scan], of.scores[scan]);
                let calibrated = reliability.probabilities(&answer.logits, answer.ood_score);
                Answer {
                    truth: answer.truth,
                    predicted: likeliest(&answer.logits),
                    probabilities: softmax(&answer.logits),
                    conformal_set: Some(reliability.prediction_set(&calibrated, answer.ood_score)),
                    calibrated: Some(calibrated),
                    unfamiliar: Some(score.out_of_distribution()),
                    group: groups[scan],
                }
            })
            .collect();
        let answers: Vec<&Answer> = answers.iter().collect();
        let found = figures(&answers, self.classes, Bootstrap::default());
        self.metrics.insert(format!("{name}_scans"), found.scans as f64);
        self.estimate(name, "accuracy", found.accuracy);
        self.estimate(name, "balanced_accuracy", found.balanced_accuracy);
        self.estimate(name, "uncalibrated_error", found.raw.expected_calibration_error);
        if let Some(trust) = found.calibrated {
            self.estimate(name, "calibration_error", trust.expected_calibration_error);
            self.estimate(name, "share_of_mistakes_above_0.95", trust.confident_share);
        }
        if let Some(sets) = found.conformal {
            self.estimate(name, "set_coverage", sets.coverage);
            self.metrics.extend(sets.size.map(|size| (format!("{name}_set_size"), size.value)));
        }
        if let Some(outside) = found.unfamiliar {
            let share = outside as f64 / found.scans.max(1) as f64;
            self.metrics.insert(format!("{name}_out_of_distribution"), share);
        }
        let some = Answers {
            answers: chosen.iter().map(|&scan| of.answers[scan].clone()).collect(),
            scores: chosen.iter().map(|&scan| of.scores[scan]).collect(),
        };
        self.selective(name, reliability, &some);
    }

    /// Adds the figures of the shifted copies of the validation scans, in which no duplicates are
    /// looked for, and so no intervals are known.
    pub fn shifted(&mut self, fitted: &Fitted) {
        let name = "validation_shifted";
        let (reliability, of) = (&fitted.reliability, &fitted.shifted);
        let claims: Vec<(f32, bool, f64)> = of
            .answers
            .iter()
            .map(|answer| {
                let probabilities = reliability.probabilities(&answer.logits, answer.ood_score);
                let predicted = likeliest(&probabilities);
                (probabilities[predicted], predicted == answer.truth, 1.0)
            })
            .collect();
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        let mistakes = claims.iter().filter(|(_, correct, _)| !correct).count();
        let confident = claims.iter().filter(|(sure, correct, _)| !correct && *sure > CONFIDENT);
        let mut put = |figure: &str, value: f64| {
            self.metrics.insert(format!("{name}_{figure}"), value);
        };
        put("scans", claims.len() as f64);
        put("accuracy", share(claims.len() - mistakes, claims.len()));
        put("calibration_error", expected_calibration_error(&claims, 15));
        put("share_of_mistakes_above_0.95", share(confident.count(), mistakes));
        for kind in &reliability.ood.kinds {
            let kind_name = kind.kind.replace(' ', "_");
            self.metrics.insert(format!("ood_{kind_name}_auroc"), kind.auroc);
            self.metrics.insert(format!("ood_{kind_name}_right_reason"), kind.right_reason);
        }
        self.selective(name, reliability, of);
    }

    /// How often the network answers, and how often it is correct when it does.
    fn selective(&mut self, name: &str, reliability: &Reliability, of: &Answers) {
        let (answered, correct) = selective(reliability, of);
        self.metrics.insert(format!("{name}_answered"), answered);
        self.metrics.extend(correct.map(|share| (format!("{name}_correct_when_answered"), share)));
    }

    fn estimate(&mut self, name: &str, figure: &str, estimate: Option<Estimate>) {
        let Some(estimate) = estimate else { return };
        self.metrics.insert(format!("{name}_{figure}"), estimate.value);
        if let Some([low, high]) = estimate.interval {
            self.metrics.insert(format!("{name}_{figure}_low"), low);
            self.metrics.insert(format!("{name}_{figure}_high"), high);
        }
    }
}
