//! How much of a test set a model has learned from, in words.

use super::report::Evaluation;

impl Evaluation {
    /// Whether the model has learned from the scans it is tested on; a sentence for people.
    pub fn leak(&self) -> String {
        let duplicates = self.duplicate_leak();
        match &self.parts.person_in_training {
            Some(persons) if persons.scans > 0 => format!(
                "{duplicates} {} of {} show persons in this model's training data: {:.0} %.",
                persons.scans,
                self.parts.all.scans,
                100.0 * persons.scans as f64 / self.parts.all.scans as f64
            ),
            Some(_) => {
                let known =
                    self.cases.iter().filter(|case| case.person_in_training.is_some()).count();
                format!(
                    "{duplicates} None of the {known} scans whose person is known shows a person in \
                     this model's training data."
                )
            }
            None => duplicates,
        }
    }

    fn duplicate_leak(&self) -> String {
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
