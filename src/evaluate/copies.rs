//! Copies: whether the model has learned from a scan, by the hashes in its card, and which scans of
//! the test set are copies of each other.

use std::collections::BTreeMap;

use super::report::Case;
use crate::dataset::audit::ScanHash;
use crate::model::card::Card;

/// The scans that a model was trained or validated on, and those it was kept from, as its card lists
/// them.
#[derive(Clone, Debug, Default)]
pub struct LearnedFrom {
    learned: Vec<Learned>,
    /// Left out of training because a test set held copies.
    left_out: Vec<ScanHash>,
}

#[derive(Clone, Debug)]
struct Learned {
    hash: ScanHash,
    /// Index into the card's classes, where the entry has one.
    class: Option<usize>,
}

/// An entry of a card that is no hash; the end of a sentence.
#[derive(Debug, thiserror::Error)]
#[error("its card lists {0:?} among the scans it has learned from, which is no hash of a scan")]
pub struct NoHash(String);

/// What a card says of one scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The model has learned from a copy.
    pub twin: bool,
    /// And under another class.
    pub other_class: bool,
    /// A copy was left out of training for its sake; `None` where the card lists none left out.
    pub left_out: Option<bool>,
}

/// An entry for [`Card::learned_from`]: "2:HASH" for a scan of the card's third class.
pub fn entry(class: usize, hash: &ScanHash) -> String {
    format!("{class}:{hash}")
}

impl LearnedFrom {
    /// Reads the entries of a card: hashes, each with or without the index of its class before it.
    ///
    /// # Errors
    /// An entry that is neither: figures without it would hide a leak.
    pub fn of(card: &Card) -> Result<Self, NoHash> {
        let learned = |text: &String| {
            let (class, hash) = match text.split_once(':') {
                Some((class, hash)) => (Some(class.parse().ok()?), hash),
                None => (None, text.as_str()),
            };
            Some(Learned { hash: hash.parse().ok()?, class })
        };
        let no_hash = |text: &String| NoHash(text.chars().take(120).collect());
        let entries = card.learned_from.iter();
        let left_out = card.left_out.iter();
        Ok(Self {
            learned: entries
                .map(|text| learned(text).ok_or_else(|| no_hash(text)))
                .collect::<Result<_, _>>()?,
            left_out: left_out
                .map(|text| text.parse().map_err(|_| no_hash(text)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// How many there are; 0 where the card has no list.
    pub fn len(&self) -> usize {
        self.learned.len()
    }

    /// Whether the card has no list: then nothing is known of any scan.
    pub fn is_empty(&self) -> bool {
        self.learned.is_empty()
    }

    /// What the card says of a scan of class `truth`; `None` where it has no list.
    pub fn seen(&self, hash: &ScanHash, truth: usize) -> Option<Seen> {
        let left_out = self.left_out.iter().any(|left_out| left_out.matches(hash));
        let left_out = (!self.left_out.is_empty()).then_some(left_out);
        let mut seen = Seen { twin: false, other_class: false, left_out };
        for learned in self.learned.iter().filter(|learned| learned.hash.matches(hash)) {
            seen.twin = true;
            seen.other_class |= learned.class.is_some_and(|class| class != truth);
        }
        (!self.is_empty()).then_some(seen)
    }
}

/// Gives copies within the test set one group number, and marks those whose labels differ; `groups`
/// says of each case which ones are copies of each other.
pub(super) fn mark(cases: &mut [Case], groups: &[usize]) {
    /// Of a group: the place of its first case, that one's class, and whether another has another.
    struct Label {
        first: usize,
        truth: usize,
        differ: bool,
    }
    let mut labels: BTreeMap<usize, Label> = BTreeMap::new();
    for (place, (case, &group)) in cases.iter_mut().zip(groups).enumerate() {
        let truth = case.answer.truth;
        let label = labels.entry(group).or_insert(Label { first: place, truth, differ: false });
        label.differ |= label.truth != truth;
        case.answer.group = label.first;
    }
    for (case, group) in cases.iter_mut().zip(groups) {
        case.label_conflict |= labels[group].differ;
    }
}
