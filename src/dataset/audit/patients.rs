//! The part of an audit that a table of patients tells: persons on both sides of a data set.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use super::report::{Audit, Member, Side};
use crate::dataset::patients::Patients;

/// What a table of patients says of a data set. Identifiers stay in the table: none is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KnownPersons {
    /// Scans whose person the table names.
    pub images: usize,
    /// How many persons these show.
    pub persons: usize,
    /// Persons with scans to train on and scans to test on.
    pub persons_between_splits: usize,
    /// Scans to train on that show one of them: a patient-free protocol does not use them.
    pub training_images_of_these: usize,
    /// Scans to test on that show one of them, in the order of the data set.
    pub test_images_with_training_person: Vec<PathBuf>,
    /// How many of these have no duplicate to train on.
    pub of_these_without_duplicate: usize,
}

impl Audit {
    /// Adds what `patients` says of the scans `members`, those that were audited.
    pub fn add_patients<'a>(
        &mut self,
        members: impl Iterator<Item = &'a Member>,
        patients: &Patients,
    ) {
        let mut of_person: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
        for member in members {
            if let Some(person) = patients.of(&member.path) {
                of_person.entry(person).or_default().push(member);
            }
        }
        let on =
            |members: &[&Member], side| members.iter().any(|member| member.split == Some(side));
        let both = of_person
            .values()
            .filter(|members| on(members, Side::Training) && on(members, Side::Testing));
        let both: Vec<_> = both.flatten().copied().collect();
        let of_side = |side| both.iter().filter(move |member| member.split == Some(side));
        let mut tests: Vec<PathBuf> =
            of_side(Side::Testing).map(|member| member.path.clone()).collect();
        tests.sort();
        let duplicates: BTreeSet<_> = self.leaks.iter().map(|leak| &leak.test.path).collect();
        self.known_persons = Some(KnownPersons {
            images: of_person.values().map(Vec::len).sum(),
            persons: of_person.len(),
            persons_between_splits: of_person
                .values()
                .filter(|members| on(members, Side::Training) && on(members, Side::Testing))
                .count(),
            training_images_of_these: of_side(Side::Training).count(),
            of_these_without_duplicate: tests
                .iter()
                .filter(|path| !duplicates.contains(path))
                .count(),
            test_images_with_training_person: tests,
        });
    }
}
