//! A model's answers to a test set. Scans are read and fingerprinted on threads of their own, ahead
//! of the model, so that it does not wait for the disk.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::bootstrap::Bootstrap;
use super::copies::{LearnedFrom, NoHash, Seen, mark};
use super::metrics::Answer;
use super::report::{Case, Evaluation, Model, Tested, Unreadable};
use super::test_set::{TestScan, TestSet, content_sha256, file_sha256};
use crate::dataset::audit::{Fingerprint, Search};
use crate::imaging::{self, Slice};
use crate::model::classifier::{Classifier, ClassifierError};
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Prediction};
use crate::system::caught::caught;

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
    /// Everything up to now.
    pub answers: &'a Answers<'a>,
}

/// What became of a scan.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Its group and contradictory labels within the test set are known only in the end.
    Answered(&'a Case),
    /// As above; the model was not asked, since its answer was known.
    Known(&'a Case),
    Unreadable(&'a Unreadable),
    /// Something a person should know though the work goes on: the GPU failed, say.
    Notice(&'a str),
}

/// Answers of a model that need not be asked for again.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// By the SHA-256 of the scan's file.
    cases: HashMap<String, Case>,
    /// Where the model ran.
    device: String,
}

impl Known {
    /// Those of an evaluation, whole or broken off. It must be of the same checkpoint.
    pub fn of(evaluation: Evaluation) -> Self {
        let cases = evaluation.cases.into_iter().map(|case| (case.sha256.clone(), case)).collect();
        Self { cases, device: evaluation.model.device }
    }
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
    Ok(ask(set, checkpoint, device, &Known::default(), each)?.evaluation(bootstrap))
}

/// As [`evaluate`], up to the figures. Scans that are `known` by their content are read, since their
/// class and their copies may be others now, but the model is not asked about them.
///
/// # Errors
/// As [`evaluate`].
pub fn ask<'a>(
    set: &'a TestSet,
    checkpoint: &'a CheckpointInfo,
    device: DeviceChoice,
    known: &Known,
    each: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Answers<'a>, EvaluateError> {
    let learned = LearnedFrom::of(&checkpoint.card)
        .map_err(|source| EvaluateError::LearnedFrom { model: checkpoint.name(), source })?;
    let total = set.scans.len();
    let (classifier, notice) = Classifier::or_on_cpu(checkpoint, device)?;
    let mut asked = Asked { checkpoint, classifier };
    let mut answers = Answers {
        set,
        checkpoint,
        device: known.device.clone(),
        learned_from: learned.len(),
        entries: Vec::new(),
        copies: Search::default(),
        done: 0,
    };
    answers.entries.resize_with(total, || None);
    if let Some(notice) = notice {
        let _ = each(answers.progress(Step::Notice(&notice)));
    }
    read_ahead(&set.scans, |scans| {
        for (index, read) in scans {
            let scan = &set.scans[index];
            let kept = read.sha256.as_ref().and_then(|sha256| known.cases.get(sha256));
            let print = read.picture.as_ref().ok().map(|(_, print)| print.clone());
            let (entry, notice) = match (kept, &print) {
                (Some(kept), Some(print)) => {
                    let seen = learned.seen(&print.hash(), scan.truth);
                    (Entry::Known(Box::new(again(kept, scan, seen))), None)
                }
                _ => asked.entry(scan, read, &learned, &mut answers.device)?,
            };
            if let (Some(print), Entry::Answered(_) | Entry::Known(_)) = (print, &entry) {
                answers.copies.add(index, print);
            }
            if let Some(notice) = notice {
                let _ = each(answers.progress(Step::Notice(&notice)));
            }
            answers.done += 1;
            answers.entries[index] = Some(entry);
            let step = answers.entries[index].as_ref().map(Entry::step);
            if step.is_some_and(|step| each(answers.progress(step)).is_break()) {
                break;
            }
        }
        Ok::<(), ClassifierError>(())
    })?;
    let mut read = answers.entries.iter().flatten();
    if let (true, Some(Entry::Unreadable(first))) = (answers.complete(), read.next())
        && read.all(|entry| matches!(entry, Entry::Unreadable(_)))
    {
        let reason = first.reason.clone();
        let folder = set.root.display().to_string();
        return Err(EvaluateError::NothingRead { folder, scans: total, reason });
    }
    Ok(answers)
}

/// What a model answered to a test set, or to a part of it.
#[derive(Debug)]
pub struct Answers<'a> {
    set: &'a TestSet,
    checkpoint: &'a CheckpointInfo,
    /// Where the model ran last, for people.
    device: String,
    learned_from: usize,
    /// In the order of the test set.
    entries: Vec<Option<Entry>>,
    /// Among them, by their places.
    copies: Search,
    done: usize,
}

impl Answers<'_> {
    /// Whether every scan is done.
    pub fn complete(&self) -> bool {
        self.done == self.entries.len()
    }

    /// The evaluation, with its figures.
    pub fn evaluation(&self, bootstrap: Bootstrap) -> Evaluation {
        let content = self.entries.iter().zip(&self.set.scans).map(|(entry, scan)| {
            (scan.name.as_str(), entry.as_ref().and_then(|entry| entry.sha256()))
        });
        let sha256 = self.complete().then(|| content_sha256(content));
        self.together(sha256, bootstrap)
    }

    /// The evaluation as it stands, at once: as one that was broken off, and without intervals.
    /// Enough to go on from.
    pub fn so_far(&self) -> Evaluation {
        self.together(None, Bootstrap { draws: 0, seed: 0 })
    }

    fn together(&self, sha256: Option<String>, bootstrap: Bootstrap) -> Evaluation {
        let groups = self.copies.groups(self.entries.len());
        let (mut cases, mut cases_groups, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, group) in self.entries.iter().zip(groups) {
            match entry {
                Some(Entry::Answered(case) | Entry::Known(case)) => {
                    cases.push(Case::clone(case));
                    cases_groups.push(group);
                }
                Some(Entry::Unreadable(file)) => unreadable.push(file.clone()),
                None => {}
            }
        }
        mark(&mut cases, &cases_groups);
        let classes = self.checkpoint.card.classes.clone();
        let (model, tested) = (self.model(), self.tested(sha256));
        Evaluation::new(model, tested, classes, cases, unreadable, bootstrap)
    }

    fn progress<'a>(&'a self, step: Step<'a>) -> Progress<'a> {
        Progress { done: self.done, total: self.entries.len(), step, answers: self }
    }

    fn model(&self) -> Model {
        Model {
            name: self.checkpoint.name(),
            sha256: self.checkpoint.card.sha256.clone(),
            device: self.device.clone(),
            learned_from: self.learned_from,
        }
    }

    fn tested(&self, sha256: Option<String>) -> Tested {
        Tested {
            folder: self.set.name.clone(),
            sha256,
            scans: self.entries.len(),
            folders_left_out: self.set.left_out.clone(),
        }
    }
}

/// A scan, read for the model.
struct Read {
    sha256: Option<String>,
    /// The sentence says why there is no picture.
    picture: Result<(Arc<Slice>, Fingerprint), String>,
}

impl Read {
    fn new(scan: &TestScan) -> Self {
        let open = || {
            let series = imaging::open(&scan.path).map_err(|error| error.to_string())?;
            let slice = Arc::clone(&series.slices[series.slices.len() / 2]);
            let print = Fingerprint::of(&slice);
            Ok((slice, print))
        };
        // A scan must not end the evaluation of the others.
        let picture = caught(open).unwrap_or_else(|panic| {
            let path = scan.path.display();
            Err(format!("{path}: reading it failed ({panic}); try to export it again"))
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

/// What became of a scan.
#[derive(Debug)]
enum Entry {
    Answered(Box<Case>),
    Known(Box<Case>),
    Unreadable(Unreadable),
}

impl Entry {
    fn step(&self) -> Step<'_> {
        match self {
            Self::Answered(case) => Step::Answered(case),
            Self::Known(case) => Step::Known(case),
            Self::Unreadable(file) => Step::Unreadable(file),
        }
    }

    fn sha256(&self) -> Option<&str> {
        match self {
            Self::Answered(case) | Self::Known(case) => Some(&case.sha256),
            Self::Unreadable(file) => file.sha256.as_deref(),
        }
    }
}

/// The model at work.
struct Asked<'a> {
    checkpoint: &'a CheckpointInfo,
    classifier: Classifier,
}

impl Asked<'_> {
    /// The entry of a scan, and what a person should know of the way to it; `device` becomes where
    /// the model ran.
    fn entry(
        &mut self,
        scan: &TestScan,
        read: Read,
        learned: &LearnedFrom,
        device: &mut String,
    ) -> Result<(Entry, Option<String>), ClassifierError> {
        let Read { sha256, picture } = read;
        let (reason, sha256) = match (picture, sha256) {
            (Ok((slice, print)), Some(sha256)) => match self.classify(&slice) {
                Ok((prediction, notice)) => {
                    device.clone_from(&prediction.device);
                    let seen = learned.seen(&print.hash(), scan.truth);
                    let case = Box::new(case(scan, sha256, &prediction, seen));
                    return Ok((Entry::Answered(case), notice));
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

/// A known case in the light of its class and its copies now.
fn again(known: &Case, scan: &TestScan, seen: Option<Seen>) -> Case {
    Case {
        path: scan.name.clone(),
        answer: Answer { truth: scan.truth, group: 0, ..known.answer.clone() },
        twin_in_training: seen.map(|seen| seen.twin),
        copy_left_out: seen.and_then(|seen| seen.left_out),
        label_conflict: seen.is_some_and(|seen| seen.other_class),
        ..known.clone()
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
            conformal_set: prediction.prediction_set.clone(),
            unfamiliar: prediction.out_of_distribution(),
            group: 0,
        },
        familiarity: prediction.ood.map(|ood| ood.score),
        twin_in_training: seen.map(|seen| seen.twin),
        copy_left_out: seen.and_then(|seen| seen.left_out),
        label_conflict: seen.is_some_and(|seen| seen.other_class),
    }
}
