//! Sets of scans that a split had better not part.

use std::collections::BTreeMap;

use super::Appearance;
use super::link::distinct;
use super::pairs::Scans;

/// How generous [`groups`] is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grouping {
    /// Probability of one person from which two scans share a group, 0..=1.
    pub from: f32,
    /// Distinct scans in a group at most: chains of similar scans would otherwise join many persons
    /// and leave nothing to validate on.
    pub limit: usize,
}

impl Default for Grouping {
    /// Chosen on half of the persons of a data set whose persons are known, where the largest has 60
    /// scans: more of them are joined than are reported as links.
    fn default() -> Self {
        Self { from: 0.5, limit: 60 }
    }
}

/// A group number for each scan, the index of its first member: scans that probably show one person,
/// and their duplicates, share one.
///
/// Pairs join from the most probable down, unless a group would exceed the limit; each scan brings
/// its 32 most probable pairs. `duplicates` is that of [`super::links`], and what it joins
/// stays joined. A scan without an appearance shares a group with its duplicates alone.
pub fn groups(
    scans: &[Option<&Appearance>],
    duplicates: &[usize],
    grouping: Grouping,
) -> Vec<usize> {
    let compared = distinct(scans, duplicates);
    let joined = join_limited(compared.len(), &pairs(&compared, grouping.from), grouping.limit);
    // Numbers of the compared scans are in the caller's order: the smallest stays the first.
    let mut group: Vec<usize> = duplicates.to_vec();
    let mut of_first = BTreeMap::new();
    for (&(scan, _), &first) in compared.scans.iter().zip(&joined) {
        of_first.insert(scan, compared.scans[first].0);
    }
    for number in &mut group {
        *number = of_first.get(number).copied().unwrap_or(*number);
    }
    group
}

/// Pairs that a scan brings at most.
const PARTNERS: usize = 32;

/// Pairs of at least a probability, the most probable first.
fn pairs(scans: &Scans, from: f32) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(f32, usize, usize)> = scans
        .partners(from, PARTNERS)
        .into_iter()
        .enumerate()
        .flat_map(|(scan, partners)| {
            partners.into_iter().map(move |(other, p)| (p, scan.min(other), scan.max(other)))
        })
        .collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    pairs.dedup_by_key(|pair| (pair.1, pair.2));
    pairs.into_iter().map(|(_, a, b)| (a, b)).collect()
}

/// The smallest number that each of `0..count` is joined to, pair by pair, where no more than
/// `limit` are joined.
fn join_limited(count: usize, pairs: &[(usize, usize)], limit: usize) -> Vec<usize> {
    let mut group: Vec<usize> = (0..count).collect();
    let mut members: Vec<Vec<usize>> = (0..count).map(|i| vec![i]).collect();
    for &(a, b) in pairs {
        let (first, second) = (group[a].min(group[b]), group[a].max(group[b]));
        if first == second || members[first].len() + members[second].len() > limit {
            continue;
        }
        let moved = std::mem::take(&mut members[second]);
        moved.iter().for_each(|&scan| group[scan] = first);
        members[first].extend(moved);
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::persons::links;
    use crate::dataset::persons::metric::{SHAPE, STYLE};

    /// A scan of a person (0..8): a vector of its own, with a part that differs from slice to slice.
    fn scan(person: usize, slice: usize) -> Appearance {
        let direction = |length: usize| {
            let mut vector = vec![0.0f32; length];
            vector[person] = 0.95;
            vector[8 + slice] = (1.0f32 - 0.95 * 0.95).sqrt();
            vector
        };
        Appearance { shape: direction(SHAPE), style: direction(STYLE) }
    }

    #[test]
    fn persons_and_their_duplicates_share_a_group_and_others_do_not() {
        let scans: Vec<Appearance> =
            [(0, 0), (1, 0), (0, 1), (0, 0), (1, 1), (2, 0)].map(|(p, s)| scan(p, s)).into();
        let mut seen: Vec<Option<&Appearance>> = scans.iter().map(Some).collect();
        seen.push(None);
        seen.push(None);
        let duplicates = [0, 1, 2, 0, 4, 5, 6, 6];
        let found = groups(&seen, &duplicates, Grouping::default());
        assert_eq!(found, [0, 1, 0, 0, 1, 5, 6, 6]);
        let pairs: Vec<_> =
            links(&seen, &duplicates).iter().map(|link| (link.first, link.second)).collect();
        assert_eq!(pairs, [(0, 2), (1, 4)], "a duplicate is no link");
    }

    #[test]
    fn no_group_exceeds_the_limit() {
        let scans: Vec<Appearance> = (0..12).map(|slice| scan(0, slice)).collect();
        let seen: Vec<_> = scans.iter().map(Some).collect();
        let alone: Vec<usize> = (0..12).collect();
        let size = |limit| {
            let found = groups(&seen, &alone, Grouping { from: 0.5, limit });
            (0..12).map(|g| found.iter().filter(|&&f| f == g).count()).max()
        };
        assert_eq!([size(5), size(12), size(1)], [Some(5), Some(12), Some(1)]);
    }

    #[test]
    fn nothing_is_in_no_group() {
        assert!(groups(&[], &[], Grouping::default()).is_empty());
        assert_eq!(groups(&[None], &[0], Grouping::default()), [0]);
    }
}
