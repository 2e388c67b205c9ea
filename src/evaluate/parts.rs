//! Parts of a test set, by what is known of the copies of its scans, and which cases count.

use serde::{Deserialize, Serialize};

use super::bootstrap::Bootstrap;
use super::copies::Overlap;
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
    /// Scans of a person of whom the model has learned from a scan; `None` where the card lists no
    /// persons or no table names those of the test set.
    #[serde(default)]
    pub person_in_training: Option<Figures>,
    /// The others of which the model has learned from a duplicate; `None` as above.
    #[serde(default)]
    pub duplicate_only: Option<Figures>,
    /// Scans of which the model has learned neither from a duplicate nor from the person, as far as
    /// the person is known; `None` as above.
    #[serde(default)]
    pub neither: Option<Figures>,
    /// Scans of which the data set's training folder holds neither a duplicate nor, as far as it is
    /// known, the person, whether these were learned from or not; `None` as above.
    #[serde(default)]
    pub no_copy_or_person: Option<Figures>,
}

/// A part of a test set, by what is known of the copies of its scans and of their persons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    TwinInTraining,
    NoTwin,
    CopyLeftOut,
    NoCopy,
    PersonInTraining,
    DuplicateOnly,
    Neither,
    NoCopyOrPerson,
}

impl Part {
    /// Every part, in the order of [`Parts`].
    pub const ALL: [Self; 8] = [
        Self::TwinInTraining,
        Self::NoTwin,
        Self::CopyLeftOut,
        Self::NoCopy,
        Self::PersonInTraining,
        Self::DuplicateOnly,
        Self::Neither,
        Self::NoCopyOrPerson,
    ];

    /// The name of its field in [`Parts`].
    pub fn name(self) -> &'static str {
        match self {
            Self::TwinInTraining => "twin_in_training",
            Self::NoTwin => "no_twin",
            Self::CopyLeftOut => "copy_left_out",
            Self::NoCopy => "no_copy",
            Self::PersonInTraining => "person_in_training",
            Self::DuplicateOnly => "duplicate_only",
            Self::Neither => "neither",
            Self::NoCopyOrPerson => "no_copy_or_person",
        }
    }

    /// Whether a scan of this overlap belongs to it.
    pub fn holds(self, overlap: Overlap) -> bool {
        let Overlap { duplicate, duplicate_excluded, person, person_excluded, .. } = overlap;
        let no_copy = duplicate_excluded == Some(false) && duplicate != Some(true);
        match self {
            Self::TwinInTraining => duplicate == Some(true),
            Self::NoTwin => duplicate == Some(false),
            Self::CopyLeftOut => duplicate_excluded == Some(true),
            Self::NoCopy => no_copy,
            Self::PersonInTraining => person == Some(true),
            Self::DuplicateOnly => duplicate == Some(true) && person != Some(true),
            Self::Neither => duplicate == Some(false) && person != Some(true),
            Self::NoCopyOrPerson => {
                no_copy && person != Some(true) && person_excluded != Some(true)
            }
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
        let persons = cases.iter().any(|case| case.person_in_training.is_some());
        let figures_where = |known: bool, part: Part| {
            let holds = |case: &Case| part.holds(case.overlap());
            known.then(|| figures_of(&holds))
        };
        Self {
            all: figures_of(&|_| true),
            twin_in_training: figures_where(twins, Part::TwinInTraining),
            no_twin: figures_where(twins, Part::NoTwin),
            copy_left_out: figures_where(left_out, Part::CopyLeftOut),
            no_copy: figures_where(left_out, Part::NoCopy),
            person_in_training: figures_where(persons, Part::PersonInTraining),
            duplicate_only: figures_where(persons && twins, Part::DuplicateOnly),
            neither: figures_where(persons && twins, Part::Neither),
            no_copy_or_person: figures_where(persons && left_out, Part::NoCopyOrPerson),
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
            ("person in training", &self.person_in_training),
            ("duplicate only", &self.duplicate_only),
            ("neither in training", &self.neither),
            ("no copy, new person", &self.no_copy_or_person),
        ];
        let some = |part: &&Figures| part.scans > 0 && part.scans < self.all.scans;
        list.extend(
            further
                .into_iter()
                .filter_map(|(name, part)| part.as_ref().filter(some).map(|part| (name, part))),
        );
        list
    }

    /// Every part that there are figures of.
    pub(super) fn each(&self) -> impl Iterator<Item = &Figures> {
        let parts = [
            &self.twin_in_training,
            &self.no_twin,
            &self.copy_left_out,
            &self.no_copy,
            &self.person_in_training,
            &self.duplicate_only,
            &self.neither,
            &self.no_copy_or_person,
        ];
        parts.into_iter().flatten().chain([&self.all])
    }
}

/// Which cases do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Without {
    /// Those whose copy the model has learned from.
    pub twins: bool,
    /// Those of whose person the model has learned from a scan.
    pub persons: bool,
    /// Those whose label contradicts that of a copy.
    pub contradictions: bool,
}

impl Without {
    /// Whether a case counts.
    pub fn counts(self, case: &Case) -> bool {
        !(self.twins && case.twin_in_training == Some(true)
            || self.persons && case.person_in_training == Some(true)
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
        assert!(parts.person_in_training.is_none(), "no table names the persons");
        let unknown = evaluation("m", &[(1, 0.9, None)]).parts;
        assert!(unknown.twin_in_training.is_none() && unknown.no_twin.is_none());
        assert!(unknown.copy_left_out.is_none() && unknown.no_copy.is_none());
    }

    #[test]
    fn a_person_in_training_comes_before_a_duplicate() {
        let overlap = |duplicate, person, person_excluded| Overlap {
            duplicate: Some(duplicate),
            duplicate_excluded: Some(false),
            person,
            person_excluded,
            other_class: false,
        };
        let three = [Part::PersonInTraining, Part::DuplicateOnly, Part::Neither];
        let held = |overlap| three.map(|part| part.holds(overlap));
        assert_eq!(held(overlap(true, Some(true), Some(false))), [true, false, false]);
        assert_eq!(held(overlap(true, Some(false), Some(false))), [false, true, false]);
        assert_eq!(held(overlap(true, None, None)), [false, true, false]);
        assert_eq!(held(overlap(false, None, None)), [false, false, true]);
        assert_eq!(held(overlap(false, Some(false), Some(true))), [false, false, true]);
        assert!(!Part::NoCopyOrPerson.holds(overlap(false, Some(false), Some(true))));
        assert!(Part::NoCopyOrPerson.holds(overlap(false, None, None)));
    }
}
