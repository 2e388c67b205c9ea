//! Parts of a test set, by what is known of the copies of its scans, and which cases count.

use serde::{Deserialize, Serialize};

use super::bootstrap::Bootstrap;
use super::metrics::{Answer, Figures, figures};
use super::report::Case;

/// The figures of all scans and of each part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    pub all: Figures,
    /// Scans of which the model has learned from a copy; `None` where its card has no list.
    pub twin_in_training: Option<Figures>,
    /// The others; `None` as above.
    pub no_twin: Option<Figures>,
    /// Scans of which a copy was left out of training: a model trained as usual would have known
    /// them. `None` where the card lists none.
    pub copy_left_out: Option<Figures>,
    /// Scans of which no copy was learned from or left out; `None` as above.
    pub no_copy: Option<Figures>,
}

/// A part of a test set, by what is known of the copies of its scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    TwinInTraining,
    NoTwin,
    CopyLeftOut,
    NoCopy,
}

impl Part {
    /// Every part, in the order of [`Parts`].
    pub const ALL: [Self; 4] =
        [Self::TwinInTraining, Self::NoTwin, Self::CopyLeftOut, Self::NoCopy];

    /// The name of its field in [`Parts`].
    pub fn name(self) -> &'static str {
        match self {
            Self::TwinInTraining => "twin_in_training",
            Self::NoTwin => "no_twin",
            Self::CopyLeftOut => "copy_left_out",
            Self::NoCopy => "no_copy",
        }
    }

    /// Whether a scan belongs to it, of which a card says this: see [`Case::twin_in_training`] and
    /// [`Case::copy_left_out`].
    pub fn holds(self, twin_in_training: Option<bool>, copy_left_out: Option<bool>) -> bool {
        match self {
            Self::TwinInTraining => twin_in_training == Some(true),
            Self::NoTwin => twin_in_training == Some(false),
            Self::CopyLeftOut => copy_left_out == Some(true),
            Self::NoCopy => copy_left_out == Some(false) && twin_in_training != Some(true),
        }
    }
}

impl Parts {
    /// The figures of `cases`.
    pub fn of(cases: &[Case], classes: &[String], bootstrap: Bootstrap) -> Self {
        let figures_of = |wanted: &dyn Fn(&Case) -> bool| {
            let answers: Vec<&Answer> =
                cases.iter().filter(|case| wanted(case)).map(|case| &case.answer).collect();
            figures(&answers, classes, bootstrap)
        };
        let twins = cases.iter().all(|case| case.twin_in_training.is_some()) && !cases.is_empty();
        let left_out = cases.iter().any(|case| case.copy_left_out.is_some());
        let figures_where = |known: bool, part: Part| {
            let holds = |case: &Case| part.holds(case.twin_in_training, case.copy_left_out);
            known.then(|| figures_of(&holds))
        };
        Self {
            all: figures_of(&|_| true),
            twin_in_training: figures_where(twins, Part::TwinInTraining),
            no_twin: figures_where(twins, Part::NoTwin),
            copy_left_out: figures_where(left_out, Part::CopyLeftOut),
            no_copy: figures_where(left_out, Part::NoCopy),
        }
    }

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

/// Which cases do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Without {
    /// Those whose copy the model has learned from.
    pub twins: bool,
    /// Those whose label contradicts that of a copy.
    pub contradictions: bool,
}

impl Without {
    /// Whether a case counts.
    pub fn counts(self, case: &Case) -> bool {
        !(self.twins && case.twin_in_training == Some(true)
            || self.contradictions && case.label_conflict)
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::evaluation;
    use super::*;

    #[test]
    fn parts_are_those_of_scans_seen_and_not_seen() {
        let cases = [(1, 0.9, Some(true)), (0, 0.8, Some(false)), (0, 0.1, Some(false))];
        let parts = evaluation("m", &cases).parts;
        let accuracy = |figures: &Figures| figures.accuracy.expect("scans").value;
        assert!((accuracy(&parts.all) - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(accuracy(&parts.twin_in_training.expect("a list")), 1.0);
        assert_eq!(accuracy(&parts.no_twin.expect("a list")), 0.5);
        assert_eq!(accuracy(&parts.copy_left_out.expect("a list")), 0.0);
        assert_eq!(accuracy(&parts.no_copy.expect("a list")), 1.0);
        let unknown = evaluation("m", &[(1, 0.9, None)]).parts;
        assert!(unknown.twin_in_training.is_none() && unknown.no_twin.is_none());
        assert!(unknown.copy_left_out.is_none() && unknown.no_copy.is_none());
    }
}
