//! A model's answers to a test set. Scans are read and fingerprinted on threads of their own, ahead
//! of the model, so that it does not wait for the disk.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::bootstrap::Bootstrap;
use super::copies::{LearnedFrom, NoHash, Seen, mark};
use super::metrics::Answer;
use super::report::{Case, Evaluation, FORMAT_VERSION, Model, Parts, Tested, Unreadable};
use super::test_set::{TestScan, TestSet, content_sha256, file_sha256};
use crate::dataset::audit::Fingerprint;
use crate::imaging::{self, Slice};
use crate::model::classifier::{Classifier, ClassifierError};
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Prediction};

/// Scans that are read at a time, at most.
const MAX_READERS: usize = 8;
/// Scans that wait for the model, at most: what bounds the memory.
const AHEAD: usize = 16;

/// Why a test set could not be evaluated; a sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    #[error("{model}: {source}; train it again or take the entry out")]
    LearnedFrom { model: String, source: NoHash },
    #[error("{folder}: none of its {scans} scans could be read; the first: {reason}")]
    NothingRead { folder: String, scans: usize, reason: String },
}

/// What is known after each scan.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Scans done, this one included, and how many there are.
    pub done: usize,
    pub total: usize,
    pub step: Step<'a>,
}

/// What became of a scan.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Its group and contradictory labels within the test set are known only in the end.
    Answered(&'a Case),
    Unreadable(&'a Unreadable),
    /// Something a person should know though the work goes on: the GPU failed, say.
    Notice(&'a str),
}

/// Asks the model about every scan of `set`. `each` hears of each one, in no particular order, and
/// may break off: what was done till then is evaluated.
///
/// Of a file with several slices, the middle one stands for all, as in training.
///
/// # Errors
/// A checkpoint that is refused, a device that fails, a test set without a readable scan.
pub fn evaluate(
    set: &TestSet,
    checkpoint: &CheckpointInfo,
    device: DeviceChoice,
    bootstrap: Bootstrap,
    each: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Evaluation, EvaluateError> {
    let learned = LearnedFrom::of(&checkpoint.card)
        .map_err(|source| EvaluateError::LearnedFrom { model: checkpoint.name(), source })?;
    let total = set.scans.len();
    let (classifier, notice) = Classifier::or_on_cpu(checkpoint, device)?;
    let mut asked = Asked { checkpoint, classifier, device: String::new() };
    let mut results: Vec<Option<Entry>> = Vec::new();
    results.resize_with(total, || None);
    let mut done = 0;
    let mut complete = true;
    if let Some(notice) = notice {
        let _ = each(Progress { done, total, step: Step::Notice(&notice) });
    }
    read_ahead(&set.scans, |scans| {
        for (index, read) in scans {
            let (entry, notice) = asked.entry(&set.scans[index], read, &learned)?;
            if let Some(notice) = notice {
                let _ = each(Progress { done, total, step: Step::Notice(&notice) });
            }
            done += 1;
            let goes_on = each(Progress { done, total, step: entry.step() });
            results[index] = Some(entry);
            if goes_on.is_break() && done < total {
                complete = false;
                break;
            }
        }
        Ok::<(), ClassifierError>(())
    })?;

    let content = results.iter().zip(&set.scans).map(|(result, scan)| {
        (scan.name.as_str(), result.as_ref().and_then(|entry| entry.sha256()))
    });
    let sha256 = complete.then(|| content_sha256(content));
    let (mut cases, mut prints, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    for entry in results.into_iter().flatten() {
        match entry {
            Entry::Answered(case, print) => {
                cases.push(*case);
                prints.push(print);
            }
            Entry::Unreadable(file) => unreadable.push(file),
        }
    }
    if let (true, true, Some(first)) = (complete, cases.is_empty(), unreadable.first()) {
        let reason = first.reason.clone();
        let folder = set.root.display().to_string();
        return Err(EvaluateError::NothingRead { folder, scans: total, reason });
    }
    mark(&mut cases, &prints);
    let classes = checkpoint.card.classes.clone();
    Ok(Evaluation {
        format_version: FORMAT_VERSION,
        program_version: env!("CARGO_PKG_VERSION").into(),
        limits: "Not for diagnostic use.".into(),
        model: Model {
            name: checkpoint.name(),
            sha256: checkpoint.card.sha256.clone(),
            device: asked.device,
            learned_from: learned.len(),
        },
        test_set: Tested {
            folder: set.name.clone(),
            sha256,
            scans: total,
            folders_left_out: set.left_out.clone(),
        },
        parts: Parts::of(&cases, &classes, bootstrap),
        classes,
        cases,
        unreadable,
    })
}

/// A scan, read for the model.
struct Read {
    sha256: Option<String>,
    /// The sentence says why there is no picture.
    picture: Result<(Arc<Slice>, Fingerprint), String>,
}

impl Read {
    fn new(scan: &TestScan) -> Self {
        let picture = imaging::open(&scan.path).map_err(|error| error.to_string()).map(|series| {
            let slice = Arc::clone(&series.slices[series.slices.len() / 2]);
            let print = Fingerprint::of(&slice);
            (slice, print)
        });
        Self { sha256: file_sha256(&scan.path).ok(), picture }
    }
}

/// Hands `consume` what the readers read, as it comes. When `consume` returns, they stop.
fn read_ahead<T>(scans: &[TestScan], consume: impl FnOnce(Receiver<(usize, Read)>) -> T) -> T {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = sync_channel(AHEAD);
    let reader = |sender: SyncSender<(usize, Read)>| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(scan) = scans.get(index) else { return };
            // Nobody listens any more where the evaluation was broken off.
            if sender.send((index, Read::new(scan))).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..cores.min(MAX_READERS) {
            let sender = sender.clone();
            scope.spawn(|| reader(sender));
        }
        drop(sender);
        consume(receiver)
    })
}

/// What became of a scan, and its fingerprint.
enum Entry {
    Answered(Box<Case>, Fingerprint),
    Unreadable(Unreadable),
}

impl Entry {
    fn step(&self) -> Step<'_> {
        match self {
            Self::Answered(case, _) => Step::Answered(case),
            Self::Unreadable(file) => Step::Unreadable(file),
        }
    }

    fn sha256(&self) -> Option<&str> {
        match self {
            Self::Answered(case, _) => Some(&case.sha256),
            Self::Unreadable(file) => file.sha256.as_deref(),
        }
    }
}

/// The model at work.
struct Asked<'a> {
    checkpoint: &'a CheckpointInfo,
    classifier: Classifier,
    /// Where it ran last, for people.
    device: String,
}

impl Asked<'_> {
    /// The entry of a scan, and what a person should know of the way to it.
    fn entry(
        &mut self,
        scan: &TestScan,
        read: Read,
        learned: &LearnedFrom,
    ) -> Result<(Entry, Option<String>), ClassifierError> {
        let Read { sha256, picture } = read;
        let (reason, sha256) = match (picture, sha256) {
            (Ok((slice, print)), Some(sha256)) => match self.classify(&slice) {
                Ok((prediction, notice)) => {
                    self.device.clone_from(&prediction.device);
                    let seen = learned.seen(&print.hash(), scan.truth);
                    let case = Box::new(case(scan, sha256, &prediction, seen));
                    return Ok((Entry::Answered(case, print), notice));
                }
                // The next scan may do.
                Err(error @ ClassifierError::NotFinite { .. }) => {
                    (format!("{}: {error}", scan.path.display()), Some(sha256))
                }
                Err(error) => return Err(error),
            },
            (Err(reason), sha256) => (reason, sha256),
            (Ok(_), None) => {
                (format!("{}: it vanished while it was read", scan.path.display()), None)
            }
        };
        let path = scan.name.clone();
        Ok((Entry::Unreadable(Unreadable { path, sha256, truth: scan.truth, reason }), None))
    }

    /// As [`Classifier::classify`]; where a GPU fails, the CPU takes its place for good.
    fn classify(&mut self, slice: &Slice) -> Result<(Prediction, Option<String>), ClassifierError> {
        match self.classifier.predict(slice) {
            Err(error) if error.is_of_gpu() => {
                self.classifier = Classifier::from_checkpoint(self.checkpoint, DeviceChoice::Cpu)?;
                let prediction = self.classifier.predict(slice)?;
                Ok((prediction, Some(format!("{error}; continuing on the CPU"))))
            }
            other => Ok((other?, None)),
        }
    }
}

fn case(scan: &TestScan, sha256: String, prediction: &Prediction, seen: Option<Seen>) -> Case {
    let classes = &prediction.classes;
    Case {
        path: scan.name.clone(),
        sha256,
        answer: Answer {
            truth: scan.truth,
            predicted: prediction.predicted,
            probabilities: classes.iter().map(|class| class.probability).collect(),
            calibrated: classes.iter().map(|class| class.calibrated).collect(),
            conformal_set: prediction.conformal_set.clone(),
            unfamiliar: prediction.familiarity.map(|familiarity| familiarity.unfamiliar()),
            group: 0,
        },
        familiarity: prediction.familiarity.map(|familiarity| familiarity.score),
        twin_in_training: seen.map(|seen| seen.twin),
        copy_left_out: seen.and_then(|seen| seen.left_out),
        label_conflict: seen.is_some_and(|seen| seen.other_class),
    }
}
