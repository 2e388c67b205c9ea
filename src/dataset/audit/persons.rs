//! The part of an audit that is no duplicate: scans that probably show one person.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::fingerprint::Fingerprint;
use super::report::{Member, Side};
use crate::dataset::persons::{self, Appearance, Grouping};

/// Scans that probably show the same person, estimated from their pixels alone. Duplicates count as
/// one scan, the first of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProbablePersons {
    /// Probability from which a pair is listed.
    pub linked_from: f32,
    /// Each scan with the one that most probably shows the same person; the most probable first.
    pub links: Vec<ProbablePair>,
    /// Scans that were compared.
    pub images: usize,
    /// Scans with at least one link.
    pub linked_images: usize,
    /// Links between a scan to train on and one to test on.
    pub links_between_splits: usize,
    /// Scans to test on that have a link to one to train on and no duplicate there.
    pub test_images_with_training_person: usize,
    /// Sets that a split had better not part, larger and less certain than links; with duplicates,
    /// two members or more.
    pub groups: Vec<ProbableGroup>,
}

/// Two scans that probably show the same person.
#[derive(Clone, Debug, Serialize)]
pub struct ProbablePair {
    pub first: PathBuf,
    pub second: PathBuf,
    /// Of one person, 0..=1.
    pub probability: f32,
    /// True where one is to train on and the other to test on.
    pub between_splits: bool,
}

/// Scans that a split had better not part.
#[derive(Clone, Debug, Serialize)]
pub struct ProbableGroup {
    /// In the order of the data set.
    pub members: Vec<PathBuf>,
    /// True where it has members to train on and members to test on.
    pub between_splits: bool,
}

impl ProbablePersons {
    /// What is found among scans whose duplicates share a number, the index of the first of them.
    pub(super) fn find(members: &[Member], prints: &[Fingerprint], duplicates: &[usize]) -> Self {
        let seen: Vec<Option<&Appearance>> = prints.iter().map(Fingerprint::appearance).collect();
        let side = |scan: usize| members[scan].split;
        let apart = |a: usize, b: usize| {
            matches!(
                (side(a), side(b)),
                (Some(Side::Training), Some(Side::Testing))
                    | (Some(Side::Testing), Some(Side::Training))
            )
        };
        let links = persons::links(&seen, duplicates);
        let mut linked = vec![false; members.len()];
        let mut in_training = vec![false; members.len()];
        for link in &links {
            let ends = [link.first, link.second];
            ends.iter().for_each(|&end| linked[end] = true);
            if apart(link.first, link.second) {
                let tests = ends.into_iter().filter(|&end| side(end) == Some(Side::Testing));
                tests.for_each(|end| in_training[end] = true);
            }
        }
        let of = |flags: Vec<bool>| flags.into_iter().filter(|&flag| flag).count();
        let path = |scan: usize| members[scan].path.clone();
        let links: Vec<ProbablePair> = links
            .into_iter()
            .map(|link| ProbablePair {
                first: path(link.first),
                second: path(link.second),
                probability: link.probability,
                between_splits: apart(link.first, link.second),
            })
            .collect();
        Self {
            linked_from: persons::LINKED,
            images: (0..members.len())
                .filter(|&scan| duplicates[scan] == scan && seen[scan].is_some())
                .count(),
            linked_images: of(linked),
            links_between_splits: links.iter().filter(|link| link.between_splits).count(),
            test_images_with_training_person: of(in_training),
            links,
            groups: groups(members, &persons::groups(&seen, duplicates, Grouping::default())),
        }
    }
}

fn groups(members: &[Member], numbers: &[usize]) -> Vec<ProbableGroup> {
    let mut groups: BTreeMap<usize, Vec<&Member>> = BTreeMap::new();
    for (member, &number) in members.iter().zip(numbers) {
        groups.entry(number).or_default().push(member);
    }
    let has = |group: &[&Member], side| group.iter().any(|member| member.split == Some(side));
    groups
        .into_values()
        .filter(|group| group.len() > 1)
        .map(|group| ProbableGroup {
            between_splits: has(&group, Side::Training) && has(&group, Side::Testing),
            members: group.iter().map(|member| member.path.clone()).collect(),
        })
        .collect()
}
