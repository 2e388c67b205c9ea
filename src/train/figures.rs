//! The figures of a card, by name: each 0..=1 unless it counts scans, with `_low` and `_high` for the
//! ends of its 95 % interval.

use std::collections::BTreeMap;

use super::data::Scans;
use super::run::Measured;
use crate::dataset::audit;
use crate::evaluate::bootstrap::{Bootstrap, Estimate};
use crate::evaluate::metrics::{Answer, figures};
use crate::model::calibration::Calibration;
use crate::model::classifier::softmax;
use crate::model::familiarity::{Familiarity, References};

/// Figures in the making.
pub(super) struct Figures<'a> {
    classes: &'a [String],
    calibration: Calibration,
    familiarity: Familiarity,
    references: &'a References,
    pub metrics: BTreeMap<String, f64>,
}

impl<'a> Figures<'a> {
    pub fn new(
        classes: &'a [String],
        calibration: &Calibration,
        familiarity: &Familiarity,
        references: &'a References,
    ) -> Self {
        Self {
            classes,
            calibration: calibration.clone(),
            familiarity: familiarity.clone(),
            references,
            metrics: BTreeMap::new(),
        }
    }

    /// Adds the figures of those scans for which `wanted` holds, as `NAME_accuracy` and so on.
    pub fn add(
        &mut self,
        name: &str,
        measured: &Measured,
        scans: &Scans,
        wanted: &dyn Fn(usize) -> bool,
    ) -> anyhow::Result<()> {
        let groups = audit::groups(&scans.prints);
        let scores = self.references.scores(&measured.features)?;
        let answers: Vec<Answer> = measured
            .logits()?
            .iter()
            .enumerate()
            .filter(|(scan, _)| wanted(*scan))
            .map(|(scan, logits)| {
                let calibrated = self.calibration.probabilities(logits);
                let conformal_set = self.calibration.conformal_set(&calibrated);
                Answer {
                    truth: scans.classes[scan],
                    predicted: conformal_set[0],
                    probabilities: softmax(logits),
                    calibrated: Some(calibrated),
                    conformal_set: Some(conformal_set),
                    unfamiliar: Some(f64::from(scores[scan]) > self.familiarity.threshold),
                    group: groups[scan],
                }
            })
            .collect();
        let answers: Vec<&Answer> = answers.iter().collect();
        let found = figures(&answers, self.classes, Bootstrap::default());
        self.metrics.insert(format!("{name}_scans"), found.scans as f64);
        self.estimate(name, "accuracy", found.accuracy);
        self.estimate(name, "balanced_accuracy", found.balanced_accuracy);
        if let Some(trust) = found.calibrated {
            self.estimate(name, "calibration_error", trust.expected_calibration_error);
            self.estimate(name, "share_of_mistakes_above_0.95", trust.confident_share);
        }
        if let Some(conformal) = found.conformal {
            self.estimate(name, "conformal_coverage", conformal.coverage);
            self.metrics.extend(
                conformal.size.map(|size| (format!("{name}_conformal_classes"), size.value)),
            );
        }
        if let Some(unfamiliar) = found.unfamiliar {
            let share = unfamiliar as f64 / found.scans.max(1) as f64;
            self.metrics.insert(format!("{name}_unfamiliar"), share);
        }
        Ok(())
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
