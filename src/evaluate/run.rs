//! A model's answers to a test set. Scans are read and fingerprinted ahead of the model, on threads of
//! their own, as are the replicas of the model.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::bootstrap::Bootstrap;
use super::copies::{LearnedFrom, NoHash, Overlap, mark};
use super::metrics::Answer;
use super::pipeline::{Event, Outcome, Pool};
use super::report::{Case, Evaluation, Model, Tested, Unreadable};
use super::test_set::{TestScan, TestSet, content_sha256};
use crate::dataset::audit::{ScanHash, Search};
use crate::model::classifier::ClassifierError;
use crate::model::device::computing_threads;
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Prediction};

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
    let replicas = computing_threads(false);
    Ok(ask(set, checkpoint, device, replicas, &Known::default(), each)?.evaluation(bootstrap))
}

/// As [`evaluate`], up to the figures, with that many `replicas` of the model at most where it runs on
/// the CPU; their number changes no answer. Scans that are `known` by their content are read, since their
/// class and their copies may be others now, but the model is not asked about them.
///
/// # Errors
/// As [`evaluate`].
pub fn ask<'a>(
    set: &'a TestSet,
    checkpoint: &'a CheckpointInfo,
    device: DeviceChoice,
    replicas: usize,
    known: &Known,
    each: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Answers<'a>, EvaluateError> {
    let learned = LearnedFrom::of(&checkpoint.card)
        .map_err(|source| EvaluateError::LearnedFrom { model: checkpoint.name(), source })?;
    let total = set.scans.len();
    let pool = Pool::load(checkpoint, device, replicas)?;
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
    let is_known = |sha256: &str| known.cases.contains_key(sha256);
    pool.run(&set.scans, &is_known, |results| {
        for event in results {
            let done = match event {
                Event::Notice(notice) => {
                    let _ = each(answers.progress(Step::Notice(&notice)));
                    continue;
                }
                Event::Done(done) => *done,
            };
            let scan = &set.scans[done.index];
            let overlap = done.print.as_ref().map(|print| overlap(&learned, &print.hash(), scan));
            let overlap = overlap.unwrap_or_default();
            let entry = answers.entry(scan, known, overlap, done.sha256, done.outcome)?;
            if let (Some(print), Entry::Answered(_) | Entry::Known(_)) = (done.print, &entry) {
                answers.copies.add(done.index, print);
            }
            answers.done += 1;
            answers.entries[done.index] = Some(entry);
            let step = answers.entries[done.index].as_ref().map(Entry::step);
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
        let mut persons = Vec::new();
        for ((entry, group), scan) in self.entries.iter().zip(groups).zip(&self.set.scans) {
            match entry {
                Some(Entry::Answered(case) | Entry::Known(case)) => {
                    cases.push(Case::clone(case));
                    cases_groups.push(group);
                    persons.push(scan.person.as_deref());
                }
                Some(Entry::Unreadable(file)) => unreadable.push(file.clone()),
                None => {}
            }
        }
        mark(&mut cases, &cases_groups, &persons);
        let classes = self.checkpoint.card.classes.clone();
        let (model, tested) = (self.model(), self.tested(sha256));
        Evaluation::new(model, tested, classes, cases, unreadable, bootstrap)
    }

    /// What becomes of a scan in the light of what is known of it.
    ///
    /// # Errors
    /// Where the model cannot go on: any but values that are not finite, after which the next scan
    /// may do.
    fn entry(
        &mut self,
        scan: &TestScan,
        known: &Known,
        overlap: Overlap,
        sha256: Option<String>,
        outcome: Outcome,
    ) -> Result<Entry, ClassifierError> {
        let at = |reason: &dyn std::fmt::Display| format!("{}: {reason}", scan.path.display());
        let reason = match (outcome, &sha256) {
            (Outcome::Known, Some(hash)) if known.cases.contains_key(hash) => {
                return Ok(Entry::Known(Box::new(again(&known.cases[hash], scan, overlap))));
            }
            (Outcome::Predicted(Ok(prediction)), Some(hash)) => {
                self.device.clone_from(&prediction.device);
                return Ok(Entry::Answered(Box::new(case(
                    scan,
                    hash.clone(),
                    &prediction,
                    overlap,
                ))));
            }
            (Outcome::Predicted(Err(error @ ClassifierError::NotFinite { .. })), _) => at(&error),
            (Outcome::Predicted(Err(error)), _) => return Err(error),
            (Outcome::Unreadable(reason), _) => reason,
            (Outcome::Known | Outcome::Predicted(Ok(_)), _) => at(&"it vanished while it was read"),
        };
        let (path, truth) = (scan.name.clone(), scan.truth);
        Ok(Entry::Unreadable(Unreadable { path, sha256, truth, reason }))
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
            persons_known: self.set.scans.iter().filter(|scan| scan.person.is_some()).count(),
            persons_sha256: self.set.persons_sha256(),
        }
    }
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

/// How a scan overlaps with what the model has learned from, by its content and its person.
fn overlap(learned: &LearnedFrom, hash: &ScanHash, scan: &TestScan) -> Overlap {
    let person = scan.person.as_ref().and_then(|person| learned.person_hash(person));
    learned.overlap(hash, scan.truth, person.as_deref())
}

/// A known case in the light of its class and its copies now.
fn again(known: &Case, scan: &TestScan, overlap: Overlap) -> Case {
    Case {
        path: scan.name.clone(),
        answer: Answer { truth: scan.truth, group: 0, ..known.answer.clone() },
        twin_in_training: overlap.duplicate,
        copy_left_out: overlap.duplicate_excluded,
        person_in_training: overlap.person,
        person_excluded: overlap.person_excluded,
        label_conflict: overlap.other_class,
        ..known.clone()
    }
}

fn case(scan: &TestScan, sha256: String, prediction: &Prediction, overlap: Overlap) -> Case {
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
        twin_in_training: overlap.duplicate,
        copy_left_out: overlap.duplicate_excluded,
        person_in_training: overlap.person,
        person_excluded: overlap.person_excluded,
        label_conflict: overlap.other_class,
    }
}
