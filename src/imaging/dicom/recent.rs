//! The files of several frames that were read last, so that the next frame costs no more than its
//! own bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::frames::Places;
use super::head::Head;
use crate::imaging::source::Source;

/// As many as a person looks at side by side.
const MOST: usize = 9;

/// A file taken apart, without its bytes.
pub(super) struct Recent {
    /// Where its data set begins.
    pub offset: usize,
    pub head: Head,
    pub places: Places,
}

struct Entry {
    source: Source,
    version: (u64, SystemTime),
    file: Arc<Recent>,
}

static ENTRIES: Mutex<VecDeque<Entry>> = Mutex::new(VecDeque::new());

fn entries() -> MutexGuard<'static, VecDeque<Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a file, and drops the one that was kept longest.
pub(super) fn keep(source: &Source, file: Recent) {
    let Some(version) = source.version() else {
        return;
    };
    let entry = Entry { source: source.clone(), version, file: Arc::new(file) };
    let mut entries = entries();
    entries.retain(|entry| entry.source != *source);
    entries.push_front(entry);
    entries.truncate(MOST);
}

/// The file as it was kept, if it has not been written since.
pub(super) fn find(source: &Source) -> Option<Arc<Recent>> {
    let file = {
        let entries = entries();
        let entry = entries.iter().find(|entry| entry.source == *source)?;
        (entry.version, entry.file.clone())
    };
    (source.version()? == file.0).then_some(file.1)
}
