//! The thread that owns the model. Of classifications it works on the newest only; evaluations and
//! exports wait for each other, and let classifications through. It keeps the network and the last
//! forward pass, and survives whatever happens in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::desk::{Desk, Job, OneOfSeries};
use super::evaluation::evaluate;
use super::export::export;
use super::job::{Classify, Evaluate, EvaluateFailed, Export, Response, ScanKey};
use super::{Outbox, background};
use crate::explain::grad_cam::{ExplainError, grad_cam};
use crate::imaging::Slice;
use crate::model::classifier::{Activations, Classifier, ClassifierError};
use crate::model::device::SingleThreaded;
use crate::model::prediction::{DeviceChoice, Evidence, Prediction, TapPoint};
use crate::review::store::Store;
use crate::system::caught::caught;

/// Starts the thread; it ends when the desk is closed, and with it what is returned.
pub(super) fn spawn(desk: Arc<Desk>, outbox: Outbox, store: Store) -> Receiver<()> {
    let (alive, ended) = channel();
    let work = move || {
        let _alive = alive;
        let mut analyst = Analyst { desk, outbox, loaded: None, failed: None };
        while let Some(job) = analyst.desk.take() {
            match job {
                Job::Classify(job) => analyst.classify(&job),
                Job::Evaluate(job) => analyst.evaluate(&job, &store),
                Job::Export(job) => analyst.export(&job),
                Job::OneOfSeries(job) => analyst.one_of_series(job),
            }
        }
    };
    super::thread("analyst", work);
    ended
}

/// What the thread keeps between requests.
pub(super) struct Analyst {
    pub(super) desk: Arc<Desk>,
    pub(super) outbox: Outbox,
    loaded: Option<Loaded>,
    /// The choice under which a GPU failed: it is not asked again until a person chooses anew.
    failed: Option<DeviceChoice>,
}

struct Loaded {
    checkpoint: PathBuf,
    device: DeviceChoice,
    classifier: Classifier,
    /// The last slice's forward pass, with its graph.
    seen: Option<(ScanKey, Arc<Prediction>, Activations)>,
}

/// Why there is no answer; a sentence for people.
struct Failure {
    message: String,
    /// The CPU may do what the GPU could not.
    of_gpu: bool,
}

impl From<ClassifierError> for Failure {
    fn from(error: ClassifierError) -> Self {
        Self { of_gpu: error.is_of_gpu(), message: error.to_string() }
    }
}

impl Analyst {
    fn classify(&mut self, job: &Classify) {
        let message = match caught(|| self.answer(job)) {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure.message,
            Err(panic) => {
                // Whatever was kept may be half changed.
                self.loaded = None;
                format!("the classification failed: {panic}")
            }
        };
        self.outbox.send(Response::ClassifyFailed { id: job.id, message });
    }

    /// Probabilities only: the maps of a slice are made when it is looked at.
    fn one_of_series(&mut self, job: OneOfSeries) {
        let device = self.device(job.device);
        let answer = caught(|| {
            let slice = job.pixels.read()?;
            let loaded = self.load(&job.checkpoint, device).map_err(|failure| failure.message)?;
            loaded.classifier.predict(&slice).map(Arc::new).map_err(|error| error.to_string())
        });
        let result =
            answer.unwrap_or_else(|panic| Err(format!("the classification failed: {panic}")));
        self.outbox.send(Response::OfSeries { id: job.id, scan: job.scan, result });
    }

    fn evaluate(&mut self, job: &Evaluate, store: &Store) {
        let result = caught(|| evaluate(job, store, self)).unwrap_or_else(|panic| {
            let message = format!("the evaluation failed: {panic}");
            Err(EvaluateFailed { message, missing: false })
        });
        self.outbox.send(Response::Evaluated { id: job.id, result });
    }

    fn export(&mut self, job: &Export) {
        let result = caught(|| export(job, self))
            .unwrap_or_else(|panic| Err(format!("the export failed: {panic}")));
        self.outbox.send(Response::Exported { id: job.id, result });
    }

    /// Answers a classification that waits, or comes within `patience`.
    pub(super) fn let_readers_through(&mut self, patience: Duration) {
        let waiting = self.desk.classify_within(patience);
        if let Some(job) = waiting {
            self.classify(&job);
        }
    }

    /// Does work that needs no model on the threads for it, and answers classifications on this one
    /// until it is done; a user-facing message where it panics.
    pub(super) fn meanwhile<T: Send>(
        &mut self,
        work: impl FnOnce() -> T + Send,
    ) -> Result<T, String> {
        self.alongside(|| background::run(work))
            .map_err(|panic| format!("the figures could not be made: {panic}"))
    }

    /// Does work on a thread of its own, and answers classifications on this one until it is done;
    /// the panic's message where it panics.
    pub(super) fn alongside<T: Send>(
        &mut self,
        work: impl FnOnce() -> T + Send,
    ) -> Result<T, String> {
        const PATIENCE: Duration = Duration::from_millis(20);
        // Whatever else computes meanwhile, a reader's scan does not spin against it.
        let _single = SingleThreaded::begin();
        std::thread::scope(|scope| {
            let working = scope.spawn(|| caught(work));
            while !working.is_finished() && !self.desk.closed() {
                self.let_readers_through(PATIENCE);
            }
            working.join().unwrap_or_else(|_| Err("its thread ended".into()))
        })
    }

    /// The maps of a slice for each of `classes`; a sentence for people where there are none.
    pub(super) fn maps(
        &mut self,
        slice: &Slice,
        checkpoint: &Path,
        asked: DeviceChoice,
        classes: &[usize],
        tap: TapPoint,
    ) -> Result<Vec<Evidence>, String> {
        let device = self.device(asked);
        let mut work = |device| {
            let loaded = self.load(checkpoint, device)?;
            // Two graphs need not fit.
            loaded.seen = None;
            let (_, activations) = loaded.classifier.classify(slice)?;
            let maps = classes.iter().map(|&class| loaded.explain(&activations, class, tap));
            maps.collect::<Result<Vec<_>, Failure>>()
        };
        match work(device) {
            Err(failure) if failure.of_gpu => work(DeviceChoice::Cpu),
            other => other,
        }
        .map_err(|failure| failure.message)
    }

    /// Where work runs that was asked for on a device: not where it failed before.
    pub(super) fn device(&mut self, asked: DeviceChoice) -> DeviceChoice {
        if self.failed.is_some_and(|failed| failed != asked) {
            self.failed = None;
        }
        if self.failed.is_some() { DeviceChoice::Cpu } else { asked }
    }

    fn answer(&mut self, job: &Classify) -> Result<(), Failure> {
        match self.work(job) {
            Err(failure) if failure.of_gpu && self.failed.is_none() => {
                let message = format!("{}; continuing on the CPU", failure.message);
                self.outbox.send(Response::Notice { message });
                self.failed = Some(job.device);
                self.work(job)
            }
            other => other,
        }
    }

    fn work(&mut self, job: &Classify) -> Result<(), Failure> {
        let (desk, outbox) = (Arc::clone(&self.desk), self.outbox.clone());
        let device = self.device(job.device);
        let loaded = self.load(&job.checkpoint, device)?;
        let known = loaded.seen.as_ref().is_some_and(|(scan, ..)| *scan == job.scan);
        if !known {
            // The old graph goes first: two of them need not fit.
            loaded.seen = None;
            let (prediction, activations) = loaded.classifier.classify(&job.slice)?;
            loaded.seen = Some((job.scan, Arc::new(prediction), activations));
        }
        let Some((_, prediction, activations)) = &loaded.seen else { return Ok(()) };
        let class = job.class.unwrap_or(prediction.predicted);
        outbox.send(Response::Predicted { id: job.id, prediction: Arc::clone(prediction) });
        if desk.superseded() {
            return Ok(());
        }
        let evidence = loaded.explain(activations, class, job.tap)?;
        outbox.send(Response::Explained { id: job.id, evidence: Arc::new(evidence) });
        Ok(())
    }

    /// The network of a checkpoint, from the last time if it is the same.
    fn load(&mut self, checkpoint: &Path, device: DeviceChoice) -> Result<&mut Loaded, Failure> {
        let fits = |l: &Loaded| l.checkpoint == checkpoint && l.device == device;
        let loaded = match self.loaded.take().filter(fits) {
            Some(loaded) => loaded,
            None => {
                let classifier = Classifier::load(checkpoint, device)?;
                Loaded { checkpoint: checkpoint.to_owned(), device, classifier, seen: None }
            }
        };
        Ok(self.loaded.insert(loaded))
    }
}

impl Loaded {
    fn explain(
        &self,
        activations: &Activations,
        class: usize,
        tap: TapPoint,
    ) -> Result<Evidence, Failure> {
        grad_cam(activations, class, tap).map_err(|error| Failure {
            of_gpu: matches!(error, ExplainError::Torch(_)) && self.classifier.on_gpu(),
            message: error.to_string(),
        })
    }
}
