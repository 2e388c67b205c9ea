//! The model: which one, on which device, and what it is asked.

use std::path::PathBuf;
use std::sync::Arc;

use super::State;
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Prediction};
use crate::state::load::Load;
use crate::state::memory::outwards;
use crate::state::notices::Level;
use crate::state::session::{Answers, EvidenceKey, Sweep};
use crate::worker::job::{Classify, ClassifySeries, Request, RequestId, ScanKey};

impl State {
    pub(super) fn checkpoints_found(&mut self, found: Vec<CheckpointInfo>) -> Vec<Request> {
        let wanted = self.session.model.take();
        let same = |checkpoint: &&CheckpointInfo| Some(&checkpoint.path) == wanted.as_ref();
        let chosen = found.iter().find(same).or(found.first()).cloned();
        self.session.checkpoints = Load::Ready(found);
        let path = chosen.as_ref().map(|checkpoint| &checkpoint.path);
        if let Some(wanted) = wanted.as_ref().filter(|wanted| Some(*wanted) != path) {
            let instead = chosen.as_ref().map_or("there is no other".to_owned(), |checkpoint| {
                format!("{} is used instead", checkpoint.name())
            });
            let message = format!("{}: this model cannot be used; {instead}", wanted.display());
            self.say(Level::Warning, message);
        }
        match chosen {
            Some(checkpoint) => self.use_model(checkpoint.path),
            None => {
                self.session.wanted_review = None;
                Vec::new()
            }
        }
    }

    pub(super) fn use_model(&mut self, path: PathBuf) -> Vec<Request> {
        let before = self.session.checkpoint().map(|checkpoint| checkpoint.card.classes.clone());
        self.session.model = Some(path);
        let after = self.session.checkpoint().map(|checkpoint| checkpoint.card.classes.clone());
        // A class is an index: it means something else to a network with other classes.
        if before != after {
            self.session.class = None;
        }
        let layers = self.session.layers().to_vec();
        self.session.pins.retain(|pin| layers.contains(pin));
        let asked = self.ask();
        let recalled = if self.reviews_model_in_use() { Vec::new() } else { self.recall_review() };
        asked.into_iter().chain(recalled).collect()
    }

    pub(super) fn use_device(&mut self, device: DeviceChoice) -> Vec<Request> {
        self.session.device = device;
        self.session.answers = Answers::default();
        self.session.sweep = None;
        self.ask()
    }

    pub(super) fn classify_failed(&mut self, id: RequestId, message: String) -> Vec<Request> {
        let session = &mut self.session;
        let (prediction, evidence) = (session.prediction.awaits(id), session.evidence.awaits(id));
        if !prediction && !evidence {
            return Vec::new();
        }
        // A GPU chosen by name may be missing: settings travel. Auto takes the same one if it is here.
        if matches!(session.device, DeviceChoice::Cuda | DeviceChoice::Mps) {
            self.say(Level::Warning, format!("{message}. Tried again with the device on Auto."));
            return self.use_device(DeviceChoice::Auto);
        }
        if prediction {
            session.prediction = Load::Failed(message.clone());
        }
        if evidence {
            session.evidence = Load::Failed(message.clone());
        }
        self.say(Level::Error, message);
        Vec::new()
    }

    /// Asks for pixels that are looked at, or may be next, and are not here.
    pub(super) fn fetch(&mut self) -> Vec<Request> {
        let wanted = self.session.arrange_pixels(self.settings.room());
        (!wanted.is_empty()).then_some(Request::ReadSlices { wanted }).into_iter().collect()
    }

    /// [`Self::fetch`] and [`Self::ask`]: another slice is looked at.
    pub(super) fn fetch_and_ask(&mut self) -> Vec<Request> {
        let fetched = self.fetch();
        fetched.into_iter().chain(self.ask()).collect()
    }

    /// Asks for what the slice, model, class and tap at hand need and is not known yet, and for the
    /// probabilities of the other slices.
    pub(super) fn ask(&mut self) -> Vec<Request> {
        let mut asked = self.ask_of_slice();
        asked.extend(self.sweep());
        asked
    }

    /// Asks about the slices of the series shown that the model in use was not asked about, from
    /// the one that is looked at outwards; once for each series and model.
    pub(super) fn sweep(&mut self) -> Option<Request> {
        let (open, checkpoint) = self.session.shown().zip(self.session.checkpoint())?;
        let (series, checkpoint, device) =
            (open.number, checkpoint.path.clone(), self.session.device);
        let same = |sweep: &Sweep| {
            (sweep.series, &sweep.checkpoint, sweep.device) == (series, &checkpoint, device)
        };
        let slices = open.series.slices.len();
        // What is looked at is seen first.
        if slices < 2
            || open.slice().is_none()
            || !self.settings.whole_series
            || self.session.sweep.as_ref().is_some_and(same)
        {
            return None;
        }
        let known = |&slice: &usize| {
            self.session.answers.prediction(ScanKey { series, slice }, &checkpoint).is_some()
        };
        let unknown = outwards(open.slice, slices).filter(|slice| !known(slice));
        let wanted =
            unknown.filter_map(|slice| Some((ScanKey { series, slice }, open.pixels(slice)?)));
        let slices: Vec<_> = wanted.collect();
        let id = self.next_request();
        let left = slices.len();
        self.session.sweep =
            Some(Sweep { id, series, checkpoint: checkpoint.clone(), device, left });
        (left > 0).then_some(Request::ClassifySeries(ClassifySeries {
            id,
            slices,
            checkpoint,
            device,
        }))
    }

    /// Takes in what the model says of a slice that nobody may look at.
    pub(super) fn of_series(
        &mut self,
        id: RequestId,
        scan: ScanKey,
        result: Result<Arc<Prediction>, String>,
    ) {
        let Some(sweep) = self.session.sweep.as_mut().filter(|sweep| sweep.id == id) else {
            return;
        };
        sweep.left = sweep.left.saturating_sub(1);
        let checkpoint = sweep.checkpoint.clone();
        // Why there is none is said when the slice is looked at.
        if let Ok(prediction) = result {
            self.session.answers.keep_prediction(scan, checkpoint, prediction);
        }
    }

    fn ask_of_slice(&mut self) -> Vec<Request> {
        self.session.prediction = Load::Idle;
        self.session.evidence = Load::Idle;
        let Some((open, checkpoint)) = self.session.shown().zip(self.session.checkpoint()) else {
            return Vec::new();
        };
        let Some(slice) = open.slice().cloned() else {
            // Asked again when the pixels come.
            self.session.prediction = match open.failure() {
                Some(message) => Load::Failed(message.to_owned()),
                None => Load::Pending(0),
            };
            return Vec::new();
        };
        let (scan, checkpoint) = (open.key(), checkpoint.path.clone());
        let (class, tap) = (self.session.class, self.settings.tap);

        let prediction = self.session.answers.prediction(scan, &checkpoint);
        let evidence = class.or(prediction.as_ref().map(|p| p.predicted)).and_then(|class| {
            let key = EvidenceKey { scan, checkpoint: checkpoint.clone(), class, tap };
            self.session.answers.evidence(&key)
        });
        let known = prediction.is_some() && evidence.is_some();
        let id = if known { 0 } else { self.next_request() };
        self.session.prediction = prediction.map_or(Load::Pending(id), Load::Ready);
        self.session.evidence = evidence.map_or(Load::Pending(id), Load::Ready);
        if known {
            return Vec::new();
        }
        let device = self.session.device;
        vec![Request::Classify(Classify { id, scan, slice, checkpoint, device, class, tap })]
    }
}
