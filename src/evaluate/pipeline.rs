//! From the scans of a test set to a model's answers, on all cores: threads that read, and behind them
//! replicas of the model, each on a thread of its own with one of libtorch's. So they scale: the
//! threads of one network wait for each other by spinning.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::reading::{Content, Reader, Scan};
use super::test_set::TestScan;
use crate::dataset::audit::Fingerprint;
use crate::model::classifier::{Classifier, ClassifierError};
use crate::model::device::SingleThreaded;
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Prediction};

/// Files that are read at a time, at most.
const MAX_READERS: usize = 8;
/// Scans that a replica on the CPU is asked about at a time: fewer waste what an operation takes to
/// begin, and of more, a layer's activations do not fit the cache.
const BATCH: usize = 8;
/// The same on a GPU.
const GPU_BATCH: usize = 32;
/// What all replicas' weights may take, bytes as in the file.
const REPLICAS_ROOM: u64 = 2 << 30;

/// What the pool hands over, scans in no particular order.
pub(super) enum Event {
    Done(Box<Done>),
    /// A user-facing sentence: the GPU failed, say.
    Notice(String),
}

/// A scan and what became of it.
pub(super) struct Done {
    /// Its place in the test set.
    pub index: usize,
    /// `None` where the file could not be read.
    pub sha256: Option<String>,
    /// `None` where there were no pixels.
    pub print: Option<Fingerprint>,
    pub outcome: Outcome,
}

pub(super) enum Outcome {
    Predicted(Result<Prediction, ClassifierError>),
    /// The model was not asked, since the answer is known.
    Known,
    /// The sentence says why.
    Unreadable(String),
}

/// Replicas of a model, before they begin.
pub(super) struct Pool<'a> {
    checkpoint: &'a CheckpointInfo,
    first: Classifier,
    notice: Option<String>,
    replicas: usize,
}

impl<'a> Pool<'a> {
    /// Loads the first of up to `replicas` replicas; a GPU has one.
    ///
    /// # Errors
    /// As [`Classifier::or_on_cpu`].
    pub fn load(
        checkpoint: &'a CheckpointInfo,
        device: DeviceChoice,
        replicas: usize,
    ) -> Result<Self, ClassifierError> {
        let (first, notice) = Classifier::or_on_cpu(checkpoint, device)?;
        let bytes = std::fs::metadata(&checkpoint.path).map_or(u64::MAX, |file| file.len());
        let room = usize::try_from(REPLICAS_ROOM / bytes.max(1)).unwrap_or(usize::MAX);
        let replicas = if first.on_gpu() { 1 } else { replicas.min(room).max(1) };
        Ok(Self { checkpoint, first, notice, replicas })
    }

    /// Reads `scans`, asks the replicas about those that are not known by their files' SHA-256, and
    /// hands `consume` what comes of each. When `consume` returns, everything stops: scans that are
    /// being read, and batches that a replica works on, are the last.
    pub fn run<T>(
        self,
        scans: &[TestScan],
        is_known: &(dyn Fn(&str) -> bool + Sync),
        consume: impl FnOnce(Receiver<Event>) -> T,
    ) -> T {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let batch = if self.first.on_gpu() { GPU_BATCH } else { BATCH };
        let input = self.first.card_input().clone();
        let stopped = AtomicBool::new(false);
        let next = AtomicUsize::new(0);
        let reader = Reader { scans, batch, input: &input, is_known, next, stopped: &stopped };
        // A batch ahead for each replica is what bounds the memory.
        let (to_replicas, batches) = sync_channel(self.replicas);
        let batches = Arc::new(Mutex::new(batches));
        let (events, received) = channel();
        if let Some(notice) = self.notice {
            let _ = events.send(Event::Notice(notice));
        }
        let count = self.replicas.min(scans.len().div_ceil(batch)).max(1);
        let classifiers = std::iter::once(Some(self.first)).chain(std::iter::repeat_with(|| None));
        let replica = |classifier| Replica {
            checkpoint: self.checkpoint,
            classifier,
            batches: Arc::clone(&batches),
            events: events.clone(),
            stopped: &stopped,
        };
        let replicas: Vec<Replica> = classifiers.take(count).map(replica).collect();
        // They alone hold on to what the readers fill, and the readers to nothing: whoever is left
        // alone ends.
        drop((batches, events));
        let readers = vec![to_replicas; cores.min(MAX_READERS).min(scans.len())];
        let _single = SingleThreaded::begin();
        std::thread::scope(|scope| {
            for sender in readers {
                let reader = &reader;
                scope.spawn(move || reader.read_all(&sender));
            }
            for replica in replicas {
                scope.spawn(move || replica.work());
            }
            let result = consume(received);
            stopped.store(true, Ordering::Relaxed);
            result
        })
    }
}

/// A model on a thread of its own.
struct Replica<'a> {
    checkpoint: &'a CheckpointInfo,
    /// `None` until its thread has loaded it.
    classifier: Option<Classifier>,
    // Owned by the replicas alone: when the last one ends, no reader waits any more.
    batches: Arc<Mutex<Receiver<Vec<Scan>>>>,
    events: Sender<Event>,
    stopped: &'a AtomicBool,
}

impl Replica<'_> {
    /// Answers batches until there are none, nobody listens, or one fails.
    fn work(mut self) {
        let loaded = self.classifier.take().map_or_else(|| self.load(), Ok);
        // The first replica is loaded. Where another does not fit the memory, it does without.
        let Ok(mut classifier) = loaded.inspect_err(|error| log::warn!("a replica: {error}"))
        else {
            return;
        };
        loop {
            let batch = self.batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let (Ok(batch), false) = (batch, self.stopped.load(Ordering::Relaxed)) else { return };
            for done in self.answer(&mut classifier, batch) {
                if self.events.send(Event::Done(Box::new(done))).is_err() {
                    return;
                }
            }
        }
    }

    fn load(&self) -> Result<Classifier, ClassifierError> {
        Classifier::from_checkpoint(self.checkpoint, DeviceChoice::Cpu)
    }

    fn answer(&self, classifier: &mut Classifier, batch: Vec<Scan>) -> Vec<Done> {
        let inputs: Vec<_> = batch
            .iter()
            .filter_map(|scan| match &scan.content {
                Content::Input(input) => Some(input.shallow_clone()),
                _ => None,
            })
            .collect();
        let (mut predictions, mut failure) = match self.predict(classifier, &inputs) {
            Ok(predictions) => (predictions.into_iter(), None),
            Err(error) => (Vec::new().into_iter(), Some(error)),
        };
        let mut dones = Vec::with_capacity(batch.len());
        for Scan { index, sha256, print, content } in batch {
            let outcome = match content {
                Content::Input(_) => match predictions.next().or(failure.take().map(Err)) {
                    Some(prediction) => Outcome::Predicted(prediction),
                    // The first scan of a batch that failed has said why.
                    None => break,
                },
                Content::Known => Outcome::Known,
                Content::Unreadable(reason) => Outcome::Unreadable(reason),
                Content::Failed(error) => Outcome::Predicted(Err(error)),
            };
            dones.push(Done { index, sha256, print, outcome });
        }
        dones
    }

    /// As [`Classifier::predict_batch`]; where a GPU fails, the CPU takes its place for good.
    fn predict(
        &self,
        classifier: &mut Classifier,
        inputs: &[tch::Tensor],
    ) -> Result<Vec<Result<Prediction, ClassifierError>>, ClassifierError> {
        match classifier.predict_batch(inputs) {
            Err(error) if error.is_of_gpu() => {
                let notice = format!("{error}; continuing on the CPU");
                let _ = self.events.send(Event::Notice(notice));
                *classifier = self.load()?;
                classifier.predict_batch(inputs)
            }
            other => other,
        }
    }
}
