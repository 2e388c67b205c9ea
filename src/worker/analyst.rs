//! The thread that owns the model. It works on the newest request only, keeps the network and the
//! last forward pass, and survives whatever happens in them.

use std::path::PathBuf;
use std::sync::Arc;

use super::Outbox;
use super::job::{Classify, Response, ScanKey};
use super::slot::Slot;
use crate::explain::grad_cam::grad_cam;
use crate::model::checkpoint;
use crate::model::classifier::{Activations, Classifier};
use crate::model::prediction::{DeviceChoice, Prediction};
use crate::system::caught::caught;

/// Starts the thread; it ends when the slot is closed.
pub(super) fn spawn(jobs: Arc<Slot<Classify>>, outbox: Outbox) {
    let work = move || {
        let mut analyst = Analyst::default();
        while let Some(job) = jobs.take() {
            let id = job.id;
            let failure = match caught(|| analyst.answer(&job, &jobs, &outbox)) {
                Ok(Ok(())) => continue,
                Ok(Err(message)) => message,
                Err(panic) => {
                    // Whatever was kept may be half changed.
                    analyst = Analyst::default();
                    format!("the classification failed: {}", panic)
                }
            };
            outbox.send(Response::ClassifyFailed { id, message: failure });
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
    /// A GPU that failed once is not asked again.
    gpu_failed: bool,
}

struct Loaded {
    checkpoint: PathBuf,
    device: DeviceChoice,
    classifier: Classifier,
    /// The last slice's forward pass, with its graph.
    seen: Option<(ScanKey, Arc<Prediction>, Activations)>,
}

impl Analyst {
    fn answer(
        &mut self,
        job: &Classify,
        jobs: &Slot<Classify>,
        outbox: &Outbox,
    ) -> Result<(), String> {
        match self.work(job, jobs, outbox) {
            Err(message) if self.loaded.as_ref().is_some_and(|l| l.classifier.on_gpu()) => {
                let message = format!("{message}; going on on the CPU");
                outbox.send(Response::Notice { message });
                self.gpu_failed = true;
                self.loaded = None;
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
    ) -> Result<(), String> {
        let loaded = self.load(job, outbox)?;
        let known = loaded.seen.as_ref().is_some_and(|(scan, ..)| *scan == job.scan);
        if !known {
            // The old graph goes first: two of them need not fit.
            loaded.seen = None;
            let (prediction, activations) =
                loaded.classifier.classify(&job.slice).map_err(|error| error.to_string())?;
            loaded.seen = Some((job.scan, Arc::new(prediction), activations));
        }
        let Some((_, prediction, activations)) = &loaded.seen else { return Ok(()) };
        let class = job.class.unwrap_or(prediction.predicted);
        outbox.send(Response::Predicted { id: job.id, prediction: Arc::clone(prediction) });
        if jobs.superseded() {
            return Ok(());
        }
        let evidence = grad_cam(activations, class, job.tap).map_err(|error| error.to_string())?;
        outbox.send(Response::Explained { id: job.id, evidence: Arc::new(evidence) });
        Ok(())
    }

    /// The network that a job asks for, from the last time if it is the same.
    fn load(&mut self, job: &Classify, outbox: &Outbox) -> Result<&mut Loaded, String> {
        let device = if self.gpu_failed { DeviceChoice::Cpu } else { job.device };
        let fits = |l: &Loaded| l.checkpoint == job.checkpoint && l.device == device;
        let kept = self.loaded.take().filter(fits);
        let loaded = match kept {
            Some(loaded) => loaded,
            None => {
                let sentence = |error: &dyn std::error::Error| error.to_string();
                let info = checkpoint::info(&job.checkpoint).map_err(|error| sentence(&error))?;
                let (classifier, notice) =
                    Classifier::or_on_cpu(&info, device).map_err(|error| sentence(&error))?;
                if let Some(message) = notice {
                    outbox.send(Response::Notice { message });
                    self.gpu_failed = true;
                }
                let device = if self.gpu_failed { DeviceChoice::Cpu } else { device };
                Loaded { checkpoint: job.checkpoint.clone(), device, classifier, seen: None }
            }
        };
        Ok(self.loaded.insert(loaded))
    }
}
