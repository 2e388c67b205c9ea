//! Training and validation, stratified by class, with copies kept on the same side.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// Indices of the scans of each side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    pub training: Vec<usize>,
    pub validation: Vec<usize>,
}

/// Splits scans of which the class and the group are known: about `share` (0..=1) of each class go
/// to validation, whole groups at a time. The same seed gives the same split everywhere.
pub fn split(classes: &[usize], groups: &[usize], share: f64, seed: u64) -> Split {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (scan, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(scan);
    }
    let mut order: Vec<Vec<usize>> = members.into_values().collect();
    order.shuffle(&mut Pcg64::seed_from_u64(seed));

    let mut wanted: BTreeMap<usize, f64> = BTreeMap::new();
    for &class in classes {
        *wanted.entry(class).or_default() += share;
    }
    let mut split = Split { training: Vec::new(), validation: Vec::new() };
    for group in order {
        // A group of contradictory labels counts for the class of its first scan.
        let room = wanted.entry(classes[group[0]]).or_default();
        if *room >= group.len() as f64 {
            *room -= group.len() as f64;
            split.validation.extend(group);
        } else {
            split.training.extend(group);
        }
    }
    split.training.sort_unstable();
    split.validation.sort_unstable();
    split
}

/// Joins groups with others that only some scans have, such as copies with the neighbours of
/// [`crate::dataset::neighbours`]: scans that share either share the result, a group number that is
/// the index of its first member.
pub fn join_groups(groups: &[usize], others: &[Option<usize>]) -> Vec<usize> {
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    let mut first_other: BTreeMap<usize, usize> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (scan, (&group, other)) in groups.iter().zip(others).enumerate() {
        pairs.push((*first.entry(group).or_insert(scan), scan));
        if let &Some(other) = other {
            pairs.push((*first_other.entry(other).or_insert(scan), scan));
        }
    }
    super::audit::join(groups.len(), pairs.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_together_and_classes_keep_their_share() {
        let classes: Vec<usize> = (0..400).map(|i| usize::from(i % 4 == 0)).collect();
        let groups: Vec<usize> = (0..400).map(|i| i / 8 * 2 + usize::from(i % 4 == 0)).collect();
        let split = split(&classes, &groups, 0.2, 7);
        assert_eq!(split.training.len() + split.validation.len(), 400);
        let side = |group: usize| split.validation.iter().any(|&i| groups[i] == group);
        assert!(split.training.iter().all(|&i| !side(groups[i])), "a group is on both sides");
        for class in [0, 1] {
            let all = classes.iter().filter(|&&c| c == class).count() as f64;
            let held = split.validation.iter().filter(|&&i| classes[i] == class).count() as f64;
            assert!((held / all - 0.2).abs() < 0.05, "class {class}: {held} of {all}");
        }
    }

    #[test]
    fn scans_that_share_either_group_share_the_joined_one() {
        let copies = [5, 6, 5, 7, 8, 9];
        let neighbours = [None, Some(1), Some(0), Some(0), None, Some(1)];
        assert_eq!(join_groups(&copies, &neighbours), [0, 1, 0, 0, 4, 1]);
        assert!(join_groups(&[], &[]).is_empty());
    }

    #[test]
    fn a_seed_repeats_its_split_and_another_gives_another() {
        let (classes, groups): (Vec<_>, Vec<_>) = (0..100).map(|i| (i % 2, i)).unzip();
        let first = split(&classes, &groups, 0.2, 1);
        assert_eq!(first, split(&classes, &groups, 0.2, 1));
        assert_ne!(first, split(&classes, &groups, 0.2, 2));
    }
}
