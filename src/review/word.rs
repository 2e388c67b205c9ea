//! The reader's word on a case: whether its label is right, and a comment.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::evaluate::report::Case;

/// What a reader makes of a scan's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Agree,
    LabelWrong,
    Unsure,
}

impl Verdict {
    pub const ALL: [Self; 3] = [Self::Agree, Self::LabelWrong, Self::Unsure];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agree => "Agree",
            Self::LabelWrong => "Label looks wrong",
            Self::Unsure => "Unsure",
        }
    }
}

/// A reader's word on one scan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    pub verdict: Option<Verdict>,
    pub comment: String,
}

impl Word {
    /// Whether nothing was said, or all was taken back.
    pub fn is_empty(&self) -> bool {
        self.verdict.is_none() && self.comment.is_empty()
    }
}

/// Words by scan and label: they stay with the scan's content wherever it lies and whichever model
/// is asked, and are of the label that it had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(BTreeMap<String, Word>);

impl Words {
    /// No words.
    pub fn new() -> Self {
        Self::default()
    }

    /// What words on a scan with this SHA-256 and this label are kept under.
    pub fn key(sha256: &str, label: &str) -> String {
        format!("{sha256} {label}")
    }

    /// The word on a case, if something was said. `classes` are those its truth is an index into.
    pub fn on(&self, case: &Case, classes: &[String]) -> Option<&Word> {
        if self.0.is_empty() {
            return None;
        }
        let (sha256, label) = (case.sha256.as_str(), classes.get(case.answer.truth)?);
        let from = (Bound::Included(sha256), Bound::Unbounded);
        let of_scan = self.0.range::<str, _>(from).take_while(|(key, _)| key.starts_with(sha256));
        let is = |key: &str| key[sha256.len()..].strip_prefix(' ') == Some(label);
        let found = of_scan.into_iter().find(|(key, _)| is(key));
        found.map(|(_, word)| word).filter(|word| !word.is_empty())
    }

    /// The word kept under a key.
    pub fn get(&self, key: &str) -> Option<&Word> {
        self.0.get(key)
    }

    /// Puts a word in the place of the one before.
    pub fn insert(&mut self, key: String, word: Word) {
        self.0.insert(key, word);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Word)> for Words {
    fn from_iter<T: IntoIterator<Item = (String, Word)>>(words: T) -> Self {
        Self(words.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::report::tests::evaluation;

    #[test]
    fn a_copy_with_another_label_has_its_own_word() {
        let mut evaluation = evaluation("m", &[(0, 0.1, None), (1, 0.9, None), (1, 0.8, None)]);
        let sha256s = ["aa", "aa", "aab"];
        for (case, sha256) in evaluation.cases.iter_mut().zip(sha256s) {
            case.sha256 = sha256.into();
        }
        let word = Word { verdict: Some(Verdict::LabelWrong), comment: String::new() };
        let words: Words =
            [(Words::key("aa", &evaluation.classes[1]), word.clone())].into_iter().collect();
        let on = |index: usize| words.on(&evaluation.cases[index], &evaluation.classes);
        assert_eq!([on(0), on(1), on(2)], [None, Some(&word), None]);
        let mut words = words.clone();
        words.insert(Words::key("aa", &evaluation.classes[1]), Word::default());
        assert!(words.on(&evaluation.cases[1], &evaluation.classes).is_none(), "taken back");
    }
}
