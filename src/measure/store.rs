//! Measurements on disk: a file for each series, below the program's own folder and never beside a
//! patient's files. Several windows may measure in one series, so that each change takes a lock, reads
//! what is there, makes the change and writes everything.
//!
//! ```text
//! measurements/4f0a….json   by the hash of the series' UID, or of a file's identity
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::kept::{Change, Kept, digest};
use crate::system::kept;

const FORMAT_VERSION: u32 = 1;
const LOCK: &str = "lock";
/// Larger files are none of this program's.
const LARGEST: u64 = 64 << 20;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasurementFile {
    format_version: u32,
    /// [`super::Address::home`].
    home: String,
    kept: Kept,
}

/// All measurements.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Below `data`, the folder for what the program keeps. Nothing is made yet.
    pub fn new(data: &Path) -> Self {
        Self { root: data.join("measurements") }
    }

    /// What is kept under an [`super::Address::home`].
    ///
    /// # Errors
    /// A sentence for people: a file that cannot be read, or that was broken and put aside.
    pub fn recall(&self, home: &str) -> Result<Kept, String> {
        let found = kept::read(&self.place(home), LARGEST, |found: &MeasurementFile| match found
            .format_version
        {
            FORMAT_VERSION if found.home != home => Some("it is of another series".into()),
            FORMAT_VERSION if !found.kept.is_sound() => Some("a shape lacks points".into()),
            FORMAT_VERSION => None,
            other => Some(format!("its format is version {other}")),
        })?;
        Ok(found.map(|found| found.kept).unwrap_or_default())
    }

    /// Keeps a change. Returns all that is kept there, with what other windows did, and a sentence
    /// where the file was broken.
    ///
    /// # Errors
    /// A sentence for people; what was kept stays as it was.
    pub fn keep(&self, home: &str, change: &Change) -> Result<(Kept, Option<String>), String> {
        let _lock = kept::lock(&self.root, LOCK)?;
        let place = self.place(home);
        let (mut kept, trouble) = match self.recall(home) {
            Ok(kept) => (kept, None),
            // Only what was put aside may be written anew.
            Err(trouble) if place.exists() => return Err(trouble),
            Err(trouble) => (Kept::default(), Some(trouble)),
        };
        kept.apply(change);
        let file = MeasurementFile { format_version: FORMAT_VERSION, home: home.to_owned(), kept };
        kept::write(&place, &file)?;
        Ok((file.kept, trouble))
    }

    fn place(&self, home: &str) -> PathBuf {
        self.root.join(format!("{}.json", digest(home)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Kind, Shape};

    fn drawn(x: f32) -> Change {
        let shape = Shape { kind: Kind::Length, points: vec![[0.1, 0.2], [x, 1.0 / 3.0]] };
        Change::Shape { slice: "1.2.3".into(), before: None, after: Some(shape) }
    }

    #[test]
    fn what_was_measured_comes_back_to_the_last_digit() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::new(data.path());
        assert_eq!(store.recall("1.2"), Ok(Kept::default()));
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "looking makes no files");
        let calibration = Change::Calibration { before: None, after: Some(0.1 + 0.2) };
        store.keep("1.2", &calibration).unwrap();
        let (kept, trouble) = store.keep("1.2", &drawn(7.7)).unwrap();
        assert_eq!((trouble, kept.on("1.2.3").len()), (None, 1));
        assert_eq!(Store::new(data.path()).recall("1.2"), Ok(kept));
        assert_eq!(store.recall("1.20"), Ok(Kept::default()));
    }

    #[test]
    fn two_windows_do_not_lose_each_others_shapes() {
        let data = tempfile::tempdir().unwrap();
        let windows = [Store::new(data.path()), Store::new(data.path())];
        std::thread::scope(|scope| {
            for (window, store) in windows.iter().enumerate() {
                scope.spawn(move || {
                    for x in 0..20 {
                        store.keep("1.2", &drawn((100 * window + x) as f32)).unwrap();
                    }
                });
            }
        });
        assert_eq!(windows[0].recall("1.2").unwrap().on("1.2.3").len(), 40);
    }

    #[test]
    fn a_broken_file_is_put_aside_once_and_nothing_of_it_is_lost() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::new(data.path());
        store.keep("1.2", &drawn(1.0)).unwrap();
        let place = store.place("1.2");
        let whole = std::fs::read_to_string(&place).unwrap();
        let faults = [
            ("{ half".to_owned(), "is broken"),
            (whole.replace("\"format_version\":1", "\"format_version\":9"), "version 9"),
            (whole.replace("[0.1,0.2],", ""), "lacks points"),
        ];
        for (broken, why) in faults {
            std::fs::write(&place, &broken).unwrap();
            let said = store.recall("1.2").unwrap_err();
            assert!(said.contains(why) && said.contains("put aside"), "{said}");
            let aside = place.with_extension("json.broken");
            assert_eq!(std::fs::read_to_string(aside).unwrap(), broken);
            assert_eq!(store.recall("1.2"), Ok(Kept::default()), "said once");
        }
        std::fs::write(&place, "{ half").unwrap();
        let (kept, trouble) = store.keep("1.2", &drawn(2.0)).unwrap();
        assert!(trouble.is_some() && kept.on("1.2.3").len() == 1);
    }
}
