//! The reader's word on a case: whether its label is right, and a comment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

/// Words by the SHA-256 of the scan's file: they stay with the scan wherever it lies and whichever
/// model is asked.
pub type Words = BTreeMap<String, Word>;
