//! The thread that owns the model. It works on the newest request only, keeps the network and the
//! last forward pass, and survives whatever happens in them.

use std::path::PathBuf;
use std::sync::Arc;

use super::Outbox;
use super::job::{Classify, RequestId, Response, ScanKey};
use super::slot::Slot;
use crate::explain::grad_cam::grad_cam;
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
    /// A GPU that failed once is not asked again by `auto`.
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
        match self.work(job, job.device, jobs, outbox) {
            Err(message) if self.on_gpu() => {
                outbox
                    .send(Response::Notice { message: format!("{message}; going on on the CPU") });
                self.gpu_failed = true;
                self.loaded = None;
                self.work(job, DeviceChoice::Cpu, jobs, outbox)
            }
            other => other,
        }
    }

    fn work(
        &mut self,
        job: &Classify,
        device: DeviceChoice,
        jobs: &Slot<Classify>,
        outbox: &Outbox,
    ) -> Result<(), String> {
        let device = if self.gpu_failed { DeviceChoice::Cpu } else { device };
        let loaded = self.load(&job.checkpoint, device)?;
        let known = loaded.seen.as_ref().is_some_and(|(scan, ..)| *scan == job.scan);
        if !known {
            // The old graph goes first: two of them need not fit.
            loaded.seen = None;
            let (prediction, activations) =
                loaded.classifier.classify(&job.slice).map_err(|error| error.to_string())?;
            loaded.seen = Some((job.scan, Arc::new(prediction), activations));
        }
        let Some((_, prediction, activations)) = &loaded.seen else { return Ok(()) };
        let prediction = Arc::clone(prediction);
        let class = job.class.unwrap_or(prediction.predicted);
        send(outbox, job.id, |id| Response::Predicted { id, prediction });
        if jobs.superseded() {
            return Ok(());
        }
        let evidence = grad_cam(activations, class, job.tap).map_err(|error| error.to_string())?;
        send(outbox, job.id, |id| Response::Explained { id, evidence: Arc::new(evidence) });
        Ok(())
    }

    fn load(&mut self, checkpoint: &PathBuf, device: DeviceChoice) -> Result<&mut Loaded, String> {
        let fits = |l: &Loaded| l.checkpoint == *checkpoint && l.device == device;
        if !self.loaded.as_ref().is_some_and(fits) {
            self.loaded = None;
            let classifier =
                Classifier::load(checkpoint, device).map_err(|error| error.to_string())?;
            let checkpoint = checkpoint.clone();
            self.loaded = Some(Loaded { checkpoint, device, classifier, seen: None });
        }
        self.loaded.as_mut().ok_or_else(|| "no model is loaded".to_owned())
    }

    fn on_gpu(&self) -> bool {
        self.loaded.as_ref().is_some_and(|loaded| loaded.classifier.on_gpu())
    }
}

fn send(outbox: &Outbox, id: RequestId, response: impl FnOnce(RequestId) -> Response) {
    outbox.send(response(id));
}
