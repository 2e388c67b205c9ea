//! Evaluations: what is kept is brought back, the rest is asked, and a reader's classifications are
//! answered meanwhile.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Outbox;
use super::analyst::Analyst;
use super::job::{
    Evaluate, EvaluateFailed, Evaluated, Mode, OpenedReview, Progress, RequestId, Response,
    TestSource,
};
use crate::evaluate::bootstrap::Bootstrap;
use crate::evaluate::report::{Case, Evaluation, Unreadable};
use crate::evaluate::run::{self, Known, Step, ask};
use crate::evaluate::test_set::TestSet;
use crate::model::checkpoint;
use crate::model::device::computing_threads;
use crate::model::prediction::CheckpointInfo;
use crate::review::manifest::Manifest;
use crate::review::store::{Kept, Review, Store};
use crate::review::word_file;
use crate::system::shipped;
use crate::train::history;

/// Answers are sent together, so that thousands of known ones do not flood the window.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);
/// What is done is kept this often: a program that is killed loses no more.
const BETWEEN_KEEPINGS: Duration = Duration::from_secs(15);

/// Answers an [`Evaluate`], but for its last response.
pub(super) fn evaluate(
    job: &Evaluate,
    store: &Store,
    analyst: &mut Analyst,
) -> Result<Evaluated, EvaluateFailed> {
    let outbox = analyst.outbox.clone();
    let mut test = Test::open(job, store, &outbox)?;
    // Stopped before it began: there is still what was kept.
    let mode = if analyst.desk.stopped(job.id) { Mode::Recall } else { job.mode };
    let kept = match mode {
        Mode::Anew => None,
        Mode::Recall | Mode::GoOn => test.review.kept(&test.checkpoint),
    };
    let (recalled, known) = match (mode, kept) {
        (Mode::Recall, Some(kept)) => (Some(test.recall(kept)), Known::default()),
        (Mode::Recall, None) => (test.recall_another(), Known::default()),
        // What is whole and unchanged needs no run.
        (_, Some(kept)) if kept.is_whole() && test.is_unchanged(&kept) => {
            (Some(test.recall(kept)), Known::default())
        }
        (_, Some(kept)) => (None, Known::of(kept.evaluation)),
        (_, None) => (None, Known::default()),
    };
    for message in test.review.troubles.drain(..) {
        outbox.send(Response::Notice { message });
    }
    match recalled {
        Some(recalled) => {
            let evaluation = &recalled.evaluation;
            let progress = Progress {
                done: evaluation.cases.len() + evaluation.unreadable.len(),
                total: evaluation.test_set.scans,
                ..Progress::default()
            };
            let (cases, unreadable) = (Vec::new(), Vec::new());
            outbox.send(Response::Evaluating { id: job.id, cases, unreadable, progress });
            Ok(recalled)
        }
        None if mode == Mode::Recall => {
            let (model, set) = (test.checkpoint.name(), &test.set.name);
            Err(failed(format!("{model} was not asked about {set} yet; start the evaluation")))
        }
        None => test.ask(&known, job, analyst),
    }
}

/// A test set, its review and the model that is asked about it.
struct Test {
    set: TestSet,
    checkpoint: CheckpointInfo,
    review: Review,
    /// The files as they were when this began.
    files: Manifest,
}

impl Test {
    fn open(job: &Evaluate, store: &Store, outbox: &Outbox) -> Result<Self, EvaluateFailed> {
        let folder = folder_of(&job.source)?;
        let checkpoint = checkpoint::info(&job.checkpoint).map_err(failed)?;
        let mut set = TestSet::read(&folder, &checkpoint).map_err(failed)?;
        // A table that cannot be used costs the leaks of persons, not the review.
        match job.tables.read(&folder) {
            Ok((patients, _)) => set = set.with_patients(&patients),
            Err(error) => outbox.send(Response::Notice { message: error.to_string() }),
        }
        let demo = job.source == TestSource::Demo;
        let review = store.open(&set, demo, job.moved_from.as_deref()).map_err(failed)?;
        let files = Manifest::of(&set);
        let (words, trouble) = word_file::read(&review.home);
        let mut test = Self { set, checkpoint, review, files };
        test.review.troubles.extend(trouble);
        let opened = OpenedReview {
            home: test.review.home.clone(),
            training: training_beside(&test.set.root),
            root: test.set.root.clone(),
            name: test.set.name.clone(),
            classes: test.checkpoint.card.classes.clone(),
            scans: test.set.scans.len(),
            left_out: test.set.left_out.clone(),
            words,
            history: Arc::new(history::read(&job.checkpoint.with_extension("history.json"))),
        };
        outbox.send(Response::ReviewOpened { id: job.id, review: Arc::new(opened) });
        Ok(test)
    }

    /// Whether an evaluation is of these files and these persons.
    fn is_unchanged(&self, kept: &Kept) -> bool {
        let persons = &kept.evaluation.test_set.persons_sha256;
        kept.files == self.files && *persons == self.set.persons_sha256()
    }

    /// What is kept of this model; no scan is read.
    fn recall(&self, kept: Kept) -> Evaluated {
        let (stale, complete) = (kept.files.changes(&self.files), kept.is_whole());
        Evaluated { evaluation: Arc::new(kept.evaluation), complete, stale }
    }

    /// What is kept of one of this model's name.
    fn recall_another(&mut self) -> Option<Evaluated> {
        let (kept, made) = self.review.kept_of_another(&self.checkpoint)?;
        Some(Evaluated { stale: Some(made), ..self.recall(kept) })
    }

    /// Asks the model about every scan that is not `known`, and keeps what it answers.
    fn ask(
        &mut self,
        known: &Known,
        job: &Evaluate,
        analyst: &mut Analyst,
    ) -> Result<Evaluated, EvaluateFailed> {
        let (desk, outbox) = (Arc::clone(&analyst.desk), analyst.outbox.clone());
        let (id, device) = (job.id, analyst.device(job.device));
        let mut batch = Batch::new(id);
        let mut unkept = None;
        // One core stays free for the window and its reader.
        let replicas = computing_threads(true);
        let answers = analyst.alongside(|| {
            let mut kept_at = Instant::now();
            let mut each = |progress: run::Progress| {
                batch.add(&progress);
                if let Step::Notice(notice) = progress.step {
                    outbox.send(Response::Notice { message: notice.to_owned() });
                }
                if batch.is_due() {
                    batch.send(&outbox);
                }
                if kept_at.elapsed() >= BETWEEN_KEEPINGS {
                    unkept = self.keep(&progress.answers.so_far()).err();
                    kept_at = Instant::now();
                }
                if desk.stopped(id) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            ask(&self.set, &self.checkpoint, device, replicas, known, &mut each)
        });
        let answers = answers
            .map_err(|panic| failed(format!("the evaluation failed: {panic}")))?
            .map_err(failed)?;
        batch.send(&outbox);
        // The figures of many scans take a while: whatever comes, this is there.
        unkept = self.keep(&answers.so_far()).err().or(unkept);
        if desk.closed() {
            return Err(failed("the program was closed"));
        }
        let complete = answers.complete();
        let evaluation =
            analyst.meanwhile(|| answers.evaluation(Bootstrap::default())).map_err(failed)?;
        unkept = self.keep(&evaluation).err().or(unkept);
        if let Some(message) = unkept {
            outbox.send(Response::Notice { message });
        }
        Ok(Evaluated { evaluation: Arc::new(evaluation), complete, stale: None })
    }

    fn keep(&self, evaluation: &Evaluation) -> Result<(), String> {
        self.review.keep(&self.checkpoint, &self.files, evaluation)
    }
}

/// Answers on their way to the window.
struct Batch {
    id: RequestId,
    cases: Vec<Case>,
    unreadable: Vec<Unreadable>,
    progress: Progress,
    /// When the last ones were; the first go at once.
    sent: Option<Instant>,
    /// When the step before the next one came.
    since: Instant,
}

impl Batch {
    fn new(id: RequestId) -> Self {
        let (progress, since) = (Progress::default(), Instant::now());
        Self { id, cases: Vec::new(), unreadable: Vec::new(), progress, sent: None, since }
    }

    fn add(&mut self, now: &run::Progress) {
        (self.progress.done, self.progress.total) = (now.done, now.total);
        match now.step {
            Step::Answered(case) => {
                self.cases.push(case.clone());
                self.progress.asked += 1;
                self.progress.elapsed += self.since.elapsed();
            }
            Step::Known(case) => self.cases.push(case.clone()),
            Step::Unreadable(file) => self.unreadable.push(file.clone()),
            Step::Notice(_) => {}
        }
        self.since = Instant::now();
    }

    fn is_due(&self) -> bool {
        self.sent.is_none_or(|sent| sent.elapsed() >= BETWEEN_BATCHES)
    }

    fn send(&mut self, outbox: &Outbox) {
        outbox.send(Response::Evaluating {
            id: self.id,
            cases: std::mem::take(&mut self.cases),
            unreadable: std::mem::take(&mut self.unreadable),
            progress: self.progress,
        });
        self.sent = Some(Instant::now());
    }
}

fn folder_of(source: &TestSource) -> Result<PathBuf, EvaluateFailed> {
    let folder = match source {
        TestSource::Demo => return shipped::demo().map_err(failed),
        TestSource::Folder(folder) => folder,
    };
    if !folder.exists() {
        let message = format!(
            "{}: the folder is gone; bring it back or choose where it is now",
            folder.display()
        );
        return Err(EvaluateFailed { message, missing: true });
    }
    Ok(std::path::absolute(folder).unwrap_or_else(|_| folder.clone()))
}

/// The `Training` beside a `Testing`.
fn training_beside(root: &Path) -> Option<PathBuf> {
    let testing = root.file_name().is_some_and(|name| name == "Testing");
    let training = root.parent().filter(|_| testing)?.join("Training");
    training.is_dir().then_some(training)
}

fn failed(message: impl ToString) -> EvaluateFailed {
    EvaluateFailed { message: message.to_string(), missing: false }
}
