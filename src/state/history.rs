//! What a person did, to be taken back and done again.

use crate::measure::Change;
use crate::review::word::Word;

/// Measurements and words in one order.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    done: Vec<Deed>,
    undone: Vec<Deed>,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Deed {
    /// A change to the measurements kept under a home.
    Measured { home: String, change: Change },
    /// A word on a case of the review, under its key.
    Said { key: String, before: Word, after: Word },
}

impl Deed {
    fn reversed(self) -> Self {
        match self {
            Self::Measured { home, change } => Self::Measured { home, change: change.reversed() },
            Self::Said { key, before, after } => Self::Said { key, before: after, after: before },
        }
    }
}

impl History {
    /// Adds what was done; what was taken back before it is gone.
    pub fn add(&mut self, deed: Deed) {
        self.undone.clear();
        self.done.push(deed);
    }

    /// Adds a word. A comment that is typed goes on with the deed before, where that is on the same
    /// case: it is taken back as a whole, not letter by letter.
    pub fn say(&mut self, key: String, before: Word, after: Word) {
        let typing = before.verdict == after.verdict && !before.comment.is_empty();
        match self.done.last_mut() {
            Some(Deed::Said { key: last, after: so_far, .. }) if typing && *last == key => {
                *so_far = after;
                self.undone.clear();
            }
            _ => self.add(Deed::Said { key, before, after }),
        }
    }

    /// What has to be done to take the last deed back.
    pub fn undo(&mut self) -> Option<Deed> {
        let deed = self.done.pop()?;
        self.undone.push(deed.clone());
        Some(deed.reversed())
    }

    /// What has to be done to do again what was taken back last.
    pub fn redo(&mut self) -> Option<Deed> {
        let deed = self.undone.pop()?;
        self.done.push(deed.clone());
        Some(deed)
    }

    /// Forgets the words of a review that is put away.
    pub fn forget_words(&mut self) {
        for deeds in [&mut self.done, &mut self.undone] {
            deeds.retain(|deed| !matches!(deed, Deed::Said { .. }));
        }
    }
}
