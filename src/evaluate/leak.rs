//! How much of a test set a model has learned from, in words and in parts.

use super::metrics::Figures;
use super::report::{Evaluation, Parts};

impl Evaluation {
    /// Whether the model has learned from the scans it is tested on; a sentence for people.
    pub fn leak(&self) -> String {
        let all = &self.parts.all;
        match &self.parts.twin_in_training {
            None => format!(
                "The card of {} does not list the scans it has learned from: whether it has seen some of \
                 these is not known.",
                self.model.name
            ),
            Some(twins) if twins.scans == 0 => format!(
                "None of the {} scans is known to be in this model's training data ({} scans){}.",
                all.scans,
                self.model.learned_from,
                self.parts.copy_left_out.as_ref().filter(|part| part.scans > 0).map_or(
                    String::new(),
                    |part| format!("; copies of {} were left out of it", part.scans)
                )
            ),
            Some(twins) => format!(
                "{} of {} scans are also in this model's training data: {:.0} %.",
                twins.scans,
                all.scans,
                100.0 * twins.scans as f64 / all.scans as f64
            ),
        }
    }
}

impl Parts {
    /// All scans, and those parts of them that say something else.
    pub fn named(&self) -> Vec<(&'static str, &Figures)> {
        let mut list = vec![("all scans", &self.all)];
        // Parts without a scan say nothing: those with a twin where nothing leaks.
        let further = [
            ("twin in training", &self.twin_in_training),
            ("no twin in training", &self.no_twin),
            ("copy left out", &self.copy_left_out),
            ("no copy at all", &self.no_copy),
        ];
        let some = |part: &&Figures| part.scans > 0 && part.scans < self.all.scans;
        list.extend(
            further
                .into_iter()
                .filter_map(|(name, part)| part.as_ref().filter(some).map(|part| (name, part))),
        );
        list
    }
}
