//! `words.json`: the reader's words on disk. Several windows may hold one review open, so that each
//! change takes a lock, reads what is there, adds one word and writes everything.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::word::{Word, Words};
use crate::system::kept;

const NAME: &str = "words.json";
const LOCK: &str = "words.lock";
const FORMAT_VERSION: u32 = 1;
/// Larger files are none of this program's.
const LARGEST: u64 = 256 << 20;
/// Bytes of a comment.
const LONGEST_COMMENT: usize = 64 << 10;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordFile {
    format_version: u32,
    /// By [`Words::key`].
    words: BTreeMap<String, Stamped>,
}

/// A word and when it was said. One that was taken back stays as an empty one, or another copy of
/// the file would bring it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamped {
    word: Word,
    /// Milliseconds since 1970.
    at: u64,
}

impl WordFile {
    fn empty() -> Self {
        Self { format_version: FORMAT_VERSION, words: BTreeMap::new() }
    }

    fn read(home: &Path) -> Result<Self, String> {
        let found = kept::read(&home.join(NAME), LARGEST, |found: &Self| {
            (found.format_version != FORMAT_VERSION)
                .then(|| format!("its format is version {}", found.format_version))
        })?;
        Ok(found.unwrap_or_else(Self::empty))
    }

    fn write(&self, home: &Path) -> Result<(), String> {
        kept::write(&home.join(NAME), self)
    }

    fn words(self) -> Words {
        let said = self.words.into_iter().filter(|(_, stamped)| !stamped.word.is_empty());
        said.map(|(key, stamped)| (key, stamped.word)).collect()
    }
}

/// The words kept in the review at `home`, and a sentence where its file was broken.
pub fn read(home: &Path) -> (Words, Option<String>) {
    match WordFile::read(home) {
        Ok(file) => (file.words(), None),
        Err(trouble) => (Words::new(), Some(trouble)),
    }
}

/// Keeps a word under a [`Words::key`]; an empty one takes back what was said. Returns all
/// words, with those of other windows, and a sentence where the file was broken.
///
/// # Errors
/// A sentence for people; what was kept stays as it was.
pub fn keep(home: &Path, key: &str, word: &Word) -> Result<(Words, Option<String>), String> {
    if word.comment.len() > LONGEST_COMMENT {
        return Err("the comment is longer than 64 KiB and was not kept; shorten it".into());
    }
    let _lock = kept::lock(home, LOCK)?;
    let (mut file, trouble) = match WordFile::read(home) {
        Ok(file) => (file, None),
        // Only what was put aside may be written anew.
        Err(trouble) if home.join(NAME).exists() => return Err(trouble),
        Err(trouble) => (WordFile::empty(), Some(trouble)),
    };
    let before = file.words.get(key).map_or(0, |stamped| stamped.at);
    // The last word is the newest, whatever the clocks say.
    let at = now().max(before.saturating_add(1));
    file.words.insert(key.to_owned(), Stamped { word: word.clone(), at });
    file.write(home)?;
    Ok((file.words(), trouble))
}

/// Takes over the words of the review at `other`; of two on one scan, the newer one stays.
///
/// # Errors
/// A sentence for people.
pub(super) fn take_over(home: &Path, other: &Path) -> Result<(), String> {
    let theirs = WordFile::read(other)?;
    let _lock = kept::lock(home, LOCK)?;
    let mut file = WordFile::read(home)?;
    for (key, stamped) in theirs.words {
        if file.words.get(&key).is_none_or(|known| known.at < stamped.at) {
            file.words.insert(key, stamped);
        }
    }
    file.write(home)
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
