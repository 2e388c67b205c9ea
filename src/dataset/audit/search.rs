//! Pairs, twins and groups among many scans. Every pair is looked at by hash alone; only candidates
//! are laid over each other.

use std::collections::HashMap;

use rayon::prelude::*;

use super::candidates::{CANDIDATE, Shelf};
use super::compare::Match;
use super::fingerprint::Fingerprint;

/// A copy of a scan, and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Twin {
    /// Into the scans that were searched.
    pub index: usize,
    pub found: Match,
}

/// Two scans that are the same one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    pub first: usize,
    /// Larger than `first`.
    pub second: usize,
    pub found: Match,
}

/// The best twin of each of `scans` among `others`.
pub fn twins(scans: &[Fingerprint], others: &[Fingerprint]) -> Vec<Option<Twin>> {
    let mut same_pixels: HashMap<u128, Vec<usize>> = HashMap::new();
    for (index, other) in others.iter().enumerate() {
        same_pixels.entry(other.pixels).or_default().push(index);
    }
    let shelf = Shelf::new(others.iter().enumerate());
    let twin = |scan: &Fingerprint| {
        let identical = same_pixels.get(&scan.pixels).into_iter().flatten();
        let identical = identical
            .filter_map(|&index| Some(Twin { index, found: scan.identical(&others[index])? }))
            .min_by_key(|twin| (twin.found.kind, twin.index));
        let near =
            |index: usize| Some(Twin { index, found: scan.near(&others[index], CANDIDATE)? });
        identical.or_else(|| {
            shelf
                .candidates(scan, others.len())
                .filter_map(near)
                .max_by(|a, b| a.found.similarity.total_cmp(&b.found.similarity))
        })
    };
    scans.par_iter().map(twin).collect()
}

/// Every pair of the same scan; of scans with identical pixels, only each with the next, and only
/// the first with others.
pub fn pairs(scans: &[Fingerprint]) -> Vec<Pair> {
    let mut last: HashMap<u128, usize> = HashMap::new();
    let (mut pairs, mut distinct) = (Vec::new(), Vec::new());
    for (second, scan) in scans.iter().enumerate() {
        match last.insert(scan.pixels, second) {
            Some(first) => {
                pairs.extend(scans[first].identical(scan).map(|found| Pair {
                    first,
                    second,
                    found,
                }));
            }
            None => distinct.push(second),
        }
    }
    let shelf = Shelf::new(distinct.iter().map(|&index| (index, &scans[index])));
    let shelf = &shelf;
    let near: Vec<Pair> = distinct
        .into_par_iter()
        .flat_map_iter(|second| {
            shelf.candidates(&scans[second], second).filter_map(move |first| {
                let found = scans[first].near(&scans[second], CANDIDATE)?;
                Some(Pair { first, second, found })
            })
        })
        .collect();
    pairs.extend(near);
    pairs
}

/// A group number for each scan, that of its first member: copies, and copies of copies, share one.
pub fn groups(scans: &[Fingerprint]) -> Vec<usize> {
    join(scans.len(), pairs(scans).iter().map(|pair| (pair.first, pair.second)))
}

/// Copies among scans that come one by one, in any order: each is compared with those before it, so
/// that no long search is left in the end.
#[derive(Debug, Default)]
pub struct Search {
    /// The first scan of each content.
    first: HashMap<u128, usize>,
    /// Those, with what is compared.
    distinct: Vec<(usize, Fingerprint)>,
    joined: Vec<(usize, usize)>,
}

impl Search {
    /// Takes in a scan under a number of its own.
    pub fn add(&mut self, number: usize, scan: Fingerprint) {
        if let Some(&same) = self.first.get(&scan.pixels) {
            self.joined.push((same, number));
            return;
        }
        self.first.insert(scan.pixels, number);
        // Two may be barely the same from one side only: as in `pairs`, the first is laid over the
        // second, whichever came first.
        let near = |(earlier, other): &(usize, Fingerprint)| {
            let (a, b) = if *earlier < number { (other, &scan) } else { (&scan, other) };
            a.near(b, CANDIDATE).map(|_| (*earlier, number))
        };
        self.joined.extend(self.distinct.iter().filter_map(near));
        self.distinct.push((number, scan));
    }

    /// A group for each of the numbers in `0..count`, as [`groups`] gives it.
    pub fn groups(&self, count: usize) -> Vec<usize> {
        join(count, self.joined.iter().copied())
    }
}

/// The smallest number that each of `0..count` is joined to, by union and find.
pub(crate) fn join(count: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    let mut parent: Vec<usize> = (0..count).collect();
    for (i, j) in pairs {
        let (a, b) = (root(&mut parent, i), root(&mut parent, j));
        parent[a.max(b)] = a.min(b);
    }
    (0..count).map(|i| root(&mut parent, i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::audit::Kind;
    use crate::imaging::{Depth, Slice};

    fn picture(side: usize, phase: f32) -> Slice {
        let stored = (0..side * side)
            .map(|i| {
                let (x, y) = ((i % side) as f32 / side as f32, (i / side) as f32 / side as f32);
                let wave = |f: f32| (x * f + phase).sin() * (y * (f - 2.0) - phase).cos();
                (128.0 + 50.0 * wave(19.0) + 40.0 * wave(33.0)).round()
            })
            .collect();
        Slice::new(side, side, stored, Depth::EightBit)
    }

    #[test]
    fn groups_join_copies_of_copies_and_flat_scans_only_when_equal() {
        let flat = |value| Slice::new(8, 8, vec![value; 64], Depth::EightBit);
        let scans = [
            picture(96, 0.0),
            picture(96, 2.0),
            picture(150, 0.0),
            flat(0.0),
            flat(9.0),
            flat(9.0),
        ];
        let prints: Vec<_> = scans.iter().map(Fingerprint::of).collect();
        assert_eq!(groups(&prints), [0, 1, 0, 3, 4, 4]);
        for order in [[0, 1, 2, 3, 4, 5], [5, 2, 4, 0, 3, 1]] {
            let mut search = Search::default();
            order.into_iter().for_each(|number| search.add(number, prints[number].clone()));
            assert_eq!(search.groups(6), [0, 1, 0, 3, 4, 4], "one by one");
        }
        let found = twins(&prints[..2], &prints[2..]);
        assert_eq!(found[0].map(|twin| (twin.index, twin.found.kind)), Some((0, Kind::Near)));
        assert!(found[0].is_some_and(|twin| twin.found.how.resized));
        assert_eq!(found[1], None);
    }
}
