//! The thread that looks for copies of a scan in a folder. What it knows of the folder's scans is
//! kept, so that the second search is at once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::job::{RequestId, Response, ScanCopy};
use super::slot::Slot;
use super::{Outbox, background};
use crate::dataset::audit::{Fingerprint, ScanHash};
use crate::dataset::folder;
use crate::imaging;
use crate::review::manifest::Stamp;
use crate::system::caught::caught;

/// Copies that are looked at and handed over, at most.
const MOST: usize = 24;

/// A scan, and where its copies may be.
#[derive(Debug)]
pub(super) struct Task {
    pub id: RequestId,
    pub path: PathBuf,
    pub among: PathBuf,
}

/// Starts the thread; it ends when the slot is closed.
pub(super) fn spawn(tasks: Arc<Slot<Task>>, outbox: Outbox) {
    super::thread("copies", move || {
        let mut known = Known::default();
        while let Some(Task { id, path, among }) = tasks.take() {
            let found = caught(|| background::run(|| known.copies(&path, &among)));
            let copies = found.unwrap_or_else(Err).unwrap_or_else(|message| {
                outbox.send(Response::Notice { message });
                Vec::new()
            });
            outbox.send(Response::Copies { id, copies });
        }
    });
}

/// The hashes of scans, none for one that cannot be read, as long as their files stay as they are.
#[derive(Default)]
struct Known {
    hashes: HashMap<PathBuf, (Stamp, Option<ScanHash>)>,
}

impl Known {
    /// The copies of a scan, the most alike first: those that lie over it in every detail, and where
    /// there are none, those of which the hashes say so, as a model's card does.
    fn copies(&mut self, path: &Path, among: &Path) -> Result<Vec<ScanCopy>, String> {
        let wanted = fingerprint(path)
            .ok_or_else(|| format!("{}: it cannot be read; check the file", path.display()))?;
        let hash = wanted.hash();
        let dataset = folder::read(among).map_err(|error| error.to_string())?;
        self.learn(dataset.training.iter().map(|scan| scan.path.as_path()));
        let own = path.canonicalize().ok();
        let matching = dataset.training.iter().filter(|scan| {
            let known = self.hashes.get(&scan.path).and_then(|(_, hash)| *hash);
            known.is_some_and(|known| known.matches(&hash)) && scan.path.canonicalize().ok() != own
        });
        let (mut sure, mut likely) = (Vec::new(), Vec::new());
        for scan in matching.take(MOST) {
            let copy =
                ScanCopy { path: scan.path.clone(), class: dataset.classes[scan.class].clone() };
            let print = caught(|| fingerprint(&scan.path)).ok().flatten();
            match print.and_then(|print| wanted.compare(&print)) {
                Some(found) => sure.push((found.similarity, copy)),
                None => likely.push(copy),
            }
        }
        sure.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let sure: Vec<ScanCopy> = sure.into_iter().map(|(_, copy)| copy).collect();
        Ok(if sure.is_empty() { likely } else { sure })
    }

    /// Sees to it that these files' hashes are known as they are now.
    fn learn<'a>(&mut self, paths: impl Iterator<Item = &'a Path>) {
        let new: Vec<(&Path, Stamp)> = paths
            .map(|path| (path, Stamp::of(path)))
            .filter(|(path, stamp)| self.hashes.get(*path).is_none_or(|(then, _)| then != stamp))
            .collect();
        let hash = |(path, stamp): (&Path, Stamp)| {
            let hash = caught(|| fingerprint(path)).ok().flatten().map(|print| print.hash());
            (path.to_owned(), (stamp, hash))
        };
        let hashed: Vec<_> = new.into_par_iter().map(hash).collect();
        self.hashes.extend(hashed);
    }
}

/// Of the middle slice, as an evaluation takes it; `None` where there is no picture.
fn fingerprint(path: &Path) -> Option<Fingerprint> {
    let series = imaging::open(path).ok()?;
    Some(Fingerprint::of(&series.slices[series.slices.len() / 2]))
}
