//! The files of a test set by name, size and time of change: enough to notice a change without
//! reading a scan.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::evaluate::test_set::TestSet;

/// Size in bytes, and time of the last change in ns since 1970; nothing where the disk does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp(u64, i64);

impl Stamp {
    /// Of the file at `path`.
    pub fn of(path: &Path) -> Self {
        let Ok(metadata) = path.metadata() else { return Self::default() };
        let changed =
            metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let changed = changed.and_then(|since| i64::try_from(since.as_nanos()).ok());
        Self(metadata.len(), changed.unwrap_or_default())
    }
}

/// The stamps of a test set's files by [`TestScan::name`](crate::evaluate::test_set::TestScan::name).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Manifest(BTreeMap<String, Stamp>);

impl Manifest {
    /// As the files are now.
    pub fn of(set: &TestSet) -> Self {
        let stamps = set.scans.iter().map(|scan| (scan.name.clone(), Stamp::of(&scan.path)));
        Self(stamps.collect())
    }

    /// What has become of the files since this was made, as a sentence; `None` where nothing has.
    pub fn changes(&self, now: &Self) -> Option<String> {
        let differ = |(name, stamp): &(&String, &Stamp)| now.0.get(*name) != Some(*stamp);
        let changed = self.0.iter().filter(differ).count();
        let added = now.0.keys().filter(|name| !self.0.contains_key(*name)).count();
        let (changed, files) = (changed + added, self.0.len() + added);
        let have = if changed == 1 { "has" } else { "have" };
        (changed > 0)
            .then(|| format!("{changed} of {files} files {have} changed since this was made"))
    }

    /// Whether at least half of the files are there under their names.
    pub fn is_mostly_in(&self, set: &TestSet) -> bool {
        let names: std::collections::HashSet<&str> =
            set.scans.iter().map(|scan| scan.name.as_str()).collect();
        2 * self.0.keys().filter(|name| names.contains(name.as_str())).count() >= self.0.len()
    }
}
