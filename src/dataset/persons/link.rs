//! Pairs of scans that probably show one person.

use super::Appearance;
use super::pairs::Scans;

/// Probability from which a pair is reported.
pub const LINKED: f32 = 0.8;

/// Two scans that probably show the same person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PersonLink {
    /// Into the scans that were searched.
    pub first: usize,
    /// Larger than `first`.
    pub second: usize,
    /// Probability of one person, [`LINKED`]..=1, estimated on scans whose persons are known.
    pub probability: f32,
}

/// Each scan with the one that most probably shows the same person, where the probability is at
/// least [`LINKED`]; the most probable pair first, and no pair twice.
///
/// `duplicates` holds the number of each scan's duplicate group, the index of its first member (as
/// [`crate::dataset::audit::groups`] gives it): only first members are compared. A scan without an
/// appearance has no link. The time grows with the square of the number of scans: 3,000 take about
/// a second.
pub fn links(scans: &[Option<&Appearance>], duplicates: &[usize]) -> Vec<PersonLink> {
    linked(&distinct(scans, duplicates))
}

/// The first member of each duplicate group that has an appearance.
pub(super) fn distinct<'a>(scans: &[Option<&'a Appearance>], duplicates: &[usize]) -> Scans<'a> {
    let first = scans.iter().zip(duplicates).enumerate();
    Scans::new(
        first
            .filter_map(|(i, (scan, &group))| Some((i, (*scan)?)).filter(|_| group == i))
            .collect(),
    )
}

pub(super) fn linked(scans: &Scans) -> Vec<PersonLink> {
    let mut links: Vec<PersonLink> = scans
        .best()
        .into_iter()
        .enumerate()
        .filter_map(|(scan, best)| {
            let (other, probability) = best?;
            let (a, b) = (scans.scans[scan].0, scans.scans[other].0);
            let link = PersonLink { first: a.min(b), second: a.max(b), probability };
            (probability >= LINKED).then_some(link)
        })
        .collect();
    links.sort_by(|a, b| {
        b.probability.total_cmp(&a.probability).then((a.first, a.second).cmp(&(b.first, b.second)))
    });
    links.dedup_by_key(|link| (link.first, link.second));
    links
}
