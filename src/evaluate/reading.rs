//! Scans on their way to the model: read, hashed, fingerprinted and preprocessed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

use tch::{Device, Tensor};

use super::test_set::{TestScan, file_sha256};
use crate::dataset::audit::Fingerprint;
use crate::imaging;
use crate::model::card::Input;
use crate::model::classifier::{ClassifierError, torch_error};
use crate::model::preprocess::preprocess;
use crate::system::caught::caught;

/// A scan, read for the model.
pub(super) struct Scan {
    /// Its place in the test set.
    pub index: usize,
    /// `None` where the file cannot be read.
    pub sha256: Option<String>,
    /// `None` where there are no pixels.
    pub print: Option<Fingerprint>,
    pub content: Content,
}

/// What is there for the model.
pub(super) enum Content {
    /// The network's input, `[1, channels, size, size]`.
    Input(Tensor),
    /// Nothing: the answer is known.
    Known,
    /// The sentence says why there are no pixels.
    Unreadable(String),
    /// libtorch failed.
    Failed(ClassifierError),
}

/// Reads scans for the model, batch by batch.
pub(super) struct Reader<'a> {
    pub scans: &'a [TestScan],
    /// Scans of a batch. Batches are the same in every run, so that no answer depends on which thread
    /// was first.
    pub batch: usize,
    pub input: &'a Input,
    /// Whether the answer to a file of this SHA-256 is known.
    pub is_known: &'a (dyn Fn(&str) -> bool + Sync),
    /// The batch that is read next.
    pub next: AtomicUsize,
    /// Whether nobody waits any more.
    pub stopped: &'a AtomicBool,
}

impl Reader<'_> {
    /// Reads until nothing is left, or nobody listens. Several threads may do so at a time.
    pub fn read_all(&self, batches: &SyncSender<Vec<Scan>>) {
        while let Some(batch) = self.next_batch() {
            if batches.send(batch).is_err() {
                return;
            }
        }
    }

    fn next_batch(&self) -> Option<Vec<Scan>> {
        let first = self.next.fetch_add(1, Ordering::Relaxed).checked_mul(self.batch)?;
        let scans = self.scans.get(first..)?;
        let mut batch = Vec::new();
        for (index, scan) in scans.iter().take(self.batch).enumerate() {
            if self.stopped.load(Ordering::Relaxed) {
                return None;
            }
            batch.push(self.read(first + index, scan));
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Of a file with several slices, the middle one.
    fn read(&self, index: usize, scan: &TestScan) -> Scan {
        let sha256 = file_sha256(&scan.path).ok();
        let known = sha256.as_deref().is_some_and(self.is_known);
        let open = || {
            let series = imaging::open(&scan.path).map_err(|error| error.to_string())?;
            let slice = &series.slices[series.slices.len() / 2];
            let input = (!known).then(|| preprocess(slice, self.input));
            Ok((Fingerprint::of(slice), input))
        };
        // A scan must not end the evaluation of the others.
        let opened = caught(open).unwrap_or_else(|panic| {
            let path = scan.path.display();
            Err(format!("{path}: reading it failed ({panic}); try to export it again"))
        });
        let (print, content) = match opened {
            Ok((print, None)) => (Some(print), Content::Known),
            Ok((print, Some(Ok((input, _))))) => (Some(print), Content::Input(input)),
            Ok((print, Some(Err(error)))) => {
                (Some(print), Content::Failed(torch_error(Device::Cpu, &error)))
            }
            Err(reason) => (None, Content::Unreadable(reason)),
        };
        Scan { index, sha256, print, content }
    }
}
