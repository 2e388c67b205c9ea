//! The thread that owns the model. It works on the newest request only, keeps the network and the
//! last forward pass, and survives whatever happens in them.

use std::path::PathBuf;
use std::sync::Arc;

use super::Outbox;
use super::job::{Classify, Response, ScanKey};
use super::slot::Slot;
use crate::explain::grad_cam::{ExplainError, grad_cam};
use crate::model::classifier::{Activations, Classifier, ClassifierError};
use crate::model::prediction::{DeviceChoice, Prediction};
use crate::system::caught::caught;

/// Starts the thread; it ends when the slot is closed.
pub(super) fn spawn(jobs: Arc<Slot<Classify>>, outbox: Outbox) {
    let work = move || {
        let mut analyst = Analyst::default();
        while let Some(job) = jobs.take() {
            let message = match caught(|| analyst.answer(&job, &jobs, &outbox)) {
                Ok(Ok(())) => continue,
                Ok(Err(failure)) => failure.message,
                Err(panic) => {
                    // Whatever was kept may be half changed.
                    analyst.loaded = None;
                    format!("the classification failed: {panic}")
                }
            };
            outbox.send(Response::ClassifyFailed { id: job.id, message });
        }
    };
    std::thread::Builder::new()
        .name("analyst".into())
        .spawn(work)
        .expect("the operating system gives a thread at start");
}

/// What the thread keeps between requests.
#[derive(Default)]
struct Analyst {
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
    fn answer(
        &mut self,
        job: &Classify,
        jobs: &Slot<Classify>,
        outbox: &Outbox,
    ) -> Result<(), Failure> {
        if self.failed.is_some_and(|failed| failed != job.device) {
            self.failed = None;
        }
        match self.work(job, jobs, outbox) {
            Err(failure) if failure.of_gpu && self.failed.is_none() => {
                let message = format!("{}; continuing on the CPU", failure.message);
                outbox.send(Response::Notice { message });
                self.failed = Some(job.device);
                self.work(job, jobs, outbox)
            }
            other => other,
        }
    }

    fn work(
        &mut self,
        job: &Classify,
        jobs: &Slot<Classify>,
        outbox: &Outbox,
    ) -> Result<(), Failure> {
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
        if jobs.superseded() {
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
        let device = if self.failed.is_some() { DeviceChoice::Cpu } else { job.device };
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
