//! Copies: whether the model has learned from a scan, by the hashes in its card, and which scans of
//! the test set are copies of each other.

use std::collections::BTreeMap;

use super::report::Case;
use crate::dataset::audit::ScanHash;
use crate::dataset::patients;
use crate::dataset::split::join_groups;
use crate::model::card::{Card, LearnedPersons};

/// The scans that a model was trained or validated on, and those it was kept from, as its card lists
/// them.
#[derive(Clone, Debug, Default)]
pub struct LearnedFrom {
    learned: Vec<Learned>,
    /// Left out of training because a test set held copies.
    left_out: Vec<ScanHash>,
    persons: Option<LearnedPersons>,
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

/// How a scan overlaps with what a model has learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Whether the model has learned from a duplicate; `None` where its card has no list.
    pub duplicate: Option<bool>,
    /// Whether a duplicate was kept out of training; `None` where the card lists none.
    pub duplicate_excluded: Option<bool>,
    /// Whether the model has learned from a scan of the person; `None` where the person is not known
    /// or the card lists no persons.
    pub person: Option<bool>,
    /// Whether the person's scans were kept out of training; `None` as above.
    pub person_excluded: Option<bool>,
    /// Whether a duplicate that was learned from has another class.
    pub other_class: bool,
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
            persons: card.persons.clone(),
        })
    }

    /// A person's identifier as the card hashes it; `None` where the card lists no persons.
    pub fn person_hash(&self, person: &str) -> Option<String> {
        self.persons.as_ref().map(|persons| patients::hash(&persons.salt, person))
    }

    /// What the card says of a scan of class `truth` that shows `person`, hashed as by
    /// [`Self::person_hash`].
    pub fn overlap(&self, hash: &ScanHash, truth: usize, person: Option<&str>) -> Overlap {
        let seen = self.seen(hash, truth);
        let among = |list: &dyn Fn(&LearnedPersons) -> &[String]| {
            let persons = list(self.persons.as_ref()?);
            Some(persons.iter().any(|known| Some(known.as_str()) == person))
                .filter(|_| person.is_some())
        };
        Overlap {
            duplicate: seen.map(|seen| seen.twin),
            duplicate_excluded: seen.and_then(|seen| seen.left_out),
            person: among(&|persons| &persons.learned),
            person_excluded: among(&|persons| &persons.in_testing),
            other_class: seen.is_some_and(|seen| seen.other_class),
        }
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

/// Gives scans of the test set that are copies of each other or show one person one group number,
/// and marks copies whose labels differ; `groups` says of each case which ones are copies, and
/// `persons` whom it shows.
pub(super) fn mark(cases: &mut [Case], groups: &[usize], persons: &[Option<&str>]) {
    /// Of a group of copies: the class of its first case, and whether another has another.
    struct Label {
        truth: usize,
        differ: bool,
    }
    let mut labels: BTreeMap<usize, Label> = BTreeMap::new();
    for (case, &group) in cases.iter().zip(groups) {
        let truth = case.answer.truth;
        let label = labels.entry(group).or_insert(Label { truth, differ: false });
        label.differ |= label.truth != truth;
    }
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let persons: Vec<Option<usize>> = persons
        .iter()
        .map(|person| {
            let next = numbers.len();
            person.map(|person| *numbers.entry(person).or_insert(next))
        })
        .collect();
    let joined = join_groups(groups, &persons);
    cases.iter_mut().zip(joined).for_each(|(case, group)| case.answer.group = group);
    for (case, group) in cases.iter_mut().zip(groups) {
        case.label_conflict |= labels[group].differ;
    }
}
