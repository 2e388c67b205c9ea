//! The thread that owns the model. Of classifications it works on the newest only; evaluations and
//! exports wait for each other, and let classifications through. It keeps the network and the last
//! forward pass, and survives whatever happens in them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::Outbox;
use super::desk::{Desk, Job};
use super::evaluation::{Surroundings, evaluate};
use super::job::{Classify, Evaluate, EvaluateFailed, Response, ScanKey};
use crate::explain::grad_cam::{ExplainError, grad_cam};
use crate::model::classifier::{Activations, Classifier, ClassifierError};
use crate::model::prediction::{DeviceChoice, Prediction};
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
                Job::Export(_) => {}
            }
        }
    };
    super::thread("analyst", work);
    ended
}

/// What the thread keeps between requests.
struct Analyst {
    desk: Arc<Desk>,
    outbox: Outbox,
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

    fn evaluate(&mut self, job: &Evaluate, store: &Store) {
        let (desk, outbox) = (Arc::clone(&self.desk), self.outbox.clone());
        let device = self.device(job.device);
        let mut with = Surroundings {
            desk: &desk,
            outbox: &outbox,
            store,
            device,
            classify: &mut |job| self.classify(job),
        };
        let result = caught(|| evaluate(job, &mut with)).unwrap_or_else(|panic| {
            let message = format!("the evaluation failed: {panic}");
            Err(EvaluateFailed { message, missing: false })
        });
        outbox.send(Response::Evaluated { id: job.id, result });
    }

    /// Where work runs that was asked for on a device: not where it failed before.
    fn device(&mut self, asked: DeviceChoice) -> DeviceChoice {
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
        let loaded = self.load(job)?;
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
        let evidence = grad_cam(activations, class, job.tap).map_err(|error| Failure {
            of_gpu: matches!(error, ExplainError::Torch(_)) && loaded.classifier.on_gpu(),
            message: error.to_string(),
        })?;
        outbox.send(Response::Explained { id: job.id, evidence: Arc::new(evidence) });
        Ok(())
    }

    /// The network that a job asks for, from the last time if it is the same.
    fn load(&mut self, job: &Classify) -> Result<&mut Loaded, Failure> {
        let device = self.device(job.device);
        let fits = |l: &Loaded| l.checkpoint == job.checkpoint && l.device == device;
        let loaded = match self.loaded.take().filter(fits) {
            Some(loaded) => loaded,
            None => {
                let classifier = Classifier::load(&job.checkpoint, device)?;
                Loaded { checkpoint: job.checkpoint.clone(), device, classifier, seen: None }
            }
        };
        Ok(self.loaded.insert(loaded))
    }
}
