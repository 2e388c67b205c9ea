//! Where reviews are kept: a folder for each test set that was opened, with an evaluation for each
//! model that was asked and the reader's words.
//!
//! ```text
//! reviews/4f0a…/review.json                 where the test set lies now
//!               efficientnet_b0-91c2….json  a model's evaluation, by the hash of its weights
//!               words.json                  the reader's words
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::manifest::Manifest;
use super::word_file;
use crate::evaluate::report::Evaluation;
use crate::evaluate::test_set::TestSet;
use crate::model::prediction::CheckpointInfo;
use crate::system::kept;

const FORMAT_VERSION: u32 = 1;
/// Larger files are none of this program's.
const LARGEST_EVALUATION: u64 = 1 << 30;
const LARGEST_REVIEW: u64 = 1 << 20;

/// The folder for what the program keeps: `MRIMASTER_DATA`, else the one the system has for it.
pub fn data_folder() -> PathBuf {
    if let Some(named) = std::env::var_os("MRIMASTER_DATA") {
        return named.into();
    }
    directories::ProjectDirs::from("", "", "mrimaster")
        .map_or_else(|| std::env::temp_dir().join("mrimaster"), |dirs| dirs.data_dir().to_owned())
}

/// All reviews.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// `review.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    format_version: u32,
    /// Where the class folders are now; `None` for the demo study, and where another review has
    /// taken this one's place.
    folder: Option<String>,
    /// For people.
    name: String,
}

/// The review of one test set.
#[derive(Debug)]
pub struct Review {
    pub home: PathBuf,
    /// What went wrong on the way, sentences for people.
    pub troubles: Vec<String>,
}

/// An evaluation, and what it was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    format_version: u32,
    /// SHA-256 of the model's card: its calibration is in the answers, too.
    card: String,
    /// The test set's files when it was begun.
    pub files: Manifest,
    pub evaluation: Evaluation,
}

impl Kept {
    /// Whether every scan of the test set is in it.
    pub fn is_whole(&self) -> bool {
        self.evaluation.test_set.sha256.is_some()
    }
}

impl Store {
    /// Below `data`, the folder for what the program keeps. Nothing is made yet.
    pub fn new(data: &Path) -> Self {
        Self { root: data.join("reviews") }
    }

    /// The review of a test set, a new one where there is none. `demo` says that it is that of the
    /// built-in study, wherever the program lies. Where the folder was at `moved_from` before, its
    /// review is that of the old place.
    ///
    /// # Errors
    /// A sentence for people: the folder does not hold the scans of the one that was moved.
    pub fn open(
        &self,
        set: &TestSet,
        demo: bool,
        moved_from: Option<&Path>,
    ) -> Result<Review, String> {
        if demo {
            return Ok(self.demo(set));
        }
        let folder = plain(&set.root);
        let mut troubles = Vec::new();
        let here = self.home_of(&folder, &mut troubles);
        let moved = moved_from.and_then(|old| {
            let homes = [old.to_owned(), old.join("Testing")];
            homes.iter().find_map(|old| self.home_of(&plain(old), &mut troubles))
        });
        let home = match (moved, here) {
            (Some(moved), here) if here.as_ref() != Some(&moved) => {
                let kept = newest(&moved, |_| true).and_then(|path| read(&path, &mut troubles));
                if kept.is_some_and(|kept| !kept.files.is_mostly_in(set)) {
                    return Err(format!(
                        "{}: it does not hold the scans of this review; choose the folder that was \
                         moved, or open this one as a test set of its own",
                        set.root.display()
                    ));
                }
                if let Some(here) = here {
                    troubles.extend(word_file::take_over(&moved, &here).err());
                    troubles.extend(describe(&here, None, &set.name).err());
                }
                troubles.extend(describe(&moved, Some(folder), &set.name).err());
                moved
            }
            (_, Some(here)) => here,
            (_, None) => {
                let home = self.free_home(&folder);
                troubles.extend(describe(&home, Some(folder), &set.name).err());
                home
            }
        };
        Ok(Review { home, troubles })
    }

    fn demo(&self, set: &TestSet) -> Review {
        let home = self.root.join(id("demo", 0));
        let known = home.join("review.json").exists();
        let described = if known { Ok(()) } else { describe(&home, None, &set.name) };
        Review { home, troubles: described.err().into_iter().collect() }
    }

    /// The review whose folder lies at `folder` now.
    fn home_of(&self, folder: &str, troubles: &mut Vec<String>) -> Option<PathBuf> {
        let homes = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut homes: Vec<PathBuf> = homes.map(|entry| entry.path()).collect();
        homes.sort();
        homes.into_iter().find(|home| {
            let source = kept::read(&home.join("review.json"), LARGEST_REVIEW, |_: &Source| None);
            match source {
                Ok(source) => source.is_some_and(|source| source.folder.as_deref() == Some(folder)),
                Err(trouble) => {
                    troubles.push(trouble);
                    false
                }
            }
        })
    }

    /// Where the review of a folder is made: another one may have begun at this place and moved on.
    fn free_home(&self, folder: &str) -> PathBuf {
        let mut homes = (0u32..).map(|n| self.root.join(id(folder, n)));
        homes.find(|home| !home.join("review.json").exists()).unwrap_or_default()
    }
}

impl Review {
    /// What is kept of this model with these weights and this card, whole or broken off.
    pub fn kept(&mut self, checkpoint: &CheckpointInfo) -> Option<Kept> {
        let kept = read(&self.place(checkpoint), &mut self.troubles)?;
        let same = kept.evaluation.model.sha256 == checkpoint.card.sha256
            && kept.evaluation.classes == checkpoint.card.classes
            && kept.card == card_sha256(checkpoint);
        same.then_some(kept)
    }

    /// What is kept of a model of this name that was another one then, and a sentence that says so.
    pub fn kept_of_another(&mut self, checkpoint: &CheckpointInfo) -> Option<(Kept, String)> {
        let stem = file_stem(checkpoint);
        let path = newest(&self.home, |name| {
            name.strip_prefix(&stem).is_some_and(|rest| rest.len() == "-.json".len() + HASH_DIGITS)
        })?;
        let kept = read(&path, &mut self.troubles)?;
        if kept.evaluation.classes != checkpoint.card.classes {
            return None;
        }
        let name = checkpoint.name();
        let sha256 = &kept.evaluation.model.sha256;
        let made = if *sha256 == checkpoint.card.sha256 {
            format!("made with another card of {name}")
        } else {
            let start: String = sha256.chars().take(4).collect();
            format!("made with other weights of {name} (SHA-256 {start}…)")
        };
        Some((kept, made))
    }

    /// Keeps an evaluation of `checkpoint`, in place of one that was kept before.
    ///
    /// # Errors
    /// A sentence for people.
    pub fn keep(
        &self,
        checkpoint: &CheckpointInfo,
        files: &Manifest,
        evaluation: &Evaluation,
    ) -> Result<(), String> {
        #[derive(Serialize)]
        struct KeptRef<'a> {
            format_version: u32,
            card: String,
            files: &'a Manifest,
            evaluation: &'a Evaluation,
        }
        let card = card_sha256(checkpoint);
        let kept = KeptRef { format_version: FORMAT_VERSION, card, files, evaluation };
        kept::write(&self.place(checkpoint), &kept)
    }

    fn place(&self, checkpoint: &CheckpointInfo) -> PathBuf {
        let sha256: String = checkpoint.card.sha256.chars().take(HASH_DIGITS).collect();
        self.home.join(format!("{}-{sha256}.json", file_stem(checkpoint)))
    }
}

/// Digits of a checkpoint's hash in the name of its evaluation.
const HASH_DIGITS: usize = 12;

/// The part of a model's name that goes into a file's: no file system takes more than 255 bytes.
fn file_stem(checkpoint: &CheckpointInfo) -> String {
    checkpoint.name().chars().take(50).collect()
}

fn read(path: &Path, troubles: &mut Vec<String>) -> Option<Kept> {
    let fault = |kept: &Kept| match kept.format_version {
        FORMAT_VERSION => kept.evaluation.contradiction(),
        other => Some(format!("its format is version {other}")),
    };
    kept::read(path, LARGEST_EVALUATION, fault).unwrap_or_else(|trouble| {
        troubles.push(trouble);
        None
    })
}

/// The evaluation in `home` that was written last, of those with a name that is `wanted`.
fn newest(home: &Path, wanted: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let entries = std::fs::read_dir(home).ok()?.flatten();
    let evaluations = entries.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.ends_with(".json") && name.contains('-') && wanted(&name)
    });
    let written = |path: &PathBuf| path.metadata().and_then(|metadata| metadata.modified()).ok();
    evaluations.map(|entry| entry.path()).max_by_key(written)
}

fn describe(home: &Path, folder: Option<String>, name: &str) -> Result<(), String> {
    let source = Source { format_version: FORMAT_VERSION, folder, name: name.to_owned() };
    kept::write(&home.join("review.json"), &source)
}

/// A folder's name by which its review is found, also where the folder is gone.
fn plain(folder: &Path) -> String {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = whole.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let plain = match there {
        Some((part, canonical)) => match whole.strip_prefix(part) {
            Ok(rest) if rest.as_os_str().is_empty() => canonical,
            Ok(rest) => canonical.join(rest),
            Err(_) => whole,
        },
        None => whole,
    };
    plain.to_string_lossy().into_owned()
}

/// The name of a review's folder.
fn id(source: &str, number: u32) -> String {
    let mut hasher = Sha256::new();
    hasher.update(source);
    if number > 0 {
        hasher.update(format!("\0{number}"));
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn card_sha256(checkpoint: &CheckpointInfo) -> String {
    let card = serde_json::to_vec(checkpoint.card.as_ref()).unwrap_or_default();
    Sha256::digest(&card).iter().map(|byte| format!("{byte:02x}")).collect()
}
