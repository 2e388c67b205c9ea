//! A checkpoint brought to life on a device: slices in, predictions and kept activations out.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tch::nn::VarStore;
use tch::{Device, Kind, TchError, Tensor};

use super::card::{Architecture, Card, Input};
use super::checkpoint::{self, CheckpointError, Weights};
use super::device::{NoSuchDevice, device_name, runtime};
use super::familiarity::References;
use super::network::{Network, Shape, Taps};
use super::prediction::{
    CheckpointInfo, ClassScore, DeviceChoice, InputRegion, LayerInfo, Prediction,
};
use super::preprocess::preprocess;
use super::stage_features::stage_features;
use super::vgg16::VggHead;
use crate::dataset::audit;
use crate::imaging::Slice;
use crate::reliability::Reliability;
use crate::reliability::ood::{OodReference, OodScore};
use crate::system::caught::caught;

/// Why a slice could not be classified or a network could not be loaded; a sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Device(#[from] NoSuchDevice),
    /// libtorch failed: out of memory, a driver's fault.
    #[error("{device} failed: {message}")]
    Torch { device: String, message: String },
    /// The network gave something that is not a number.
    #[error("{model} gave values that are not finite for this slice; its weights may be damaged")]
    NotFinite { model: String },
}

impl ClassifierError {
    /// Whether it was a GPU that failed, and the CPU may do.
    pub fn is_of_gpu(&self) -> bool {
        matches!(self, Self::Torch { device, .. } if *device != device_name(Device::Cpu))
    }
}

/// A network with its weights on a device.
#[derive(Debug)]
pub struct Classifier {
    name: String,
    card: Arc<Card>,
    network: Box<dyn Network>,
    /// Where the card has a familiarity.
    references: Option<References>,
    /// What its answers are worth, where the card or a local calibration says so.
    reliability: Option<(Arc<Reliability>, OodReference)>,
    layers: Arc<[LayerInfo]>,
    device: Device,
    // Holds the variables that the network refers to.
    _store: VarStore,
}

/// What a forward pass left behind to be explained.
#[derive(Debug)]
pub struct Activations {
    /// `[1, classes]`, with the graph behind it.
    pub logits: Tensor,
    /// The network's input, `[1, channels, size, size]`.
    pub input: Tensor,
    pub taps: Taps,
    pub layers: Arc<[LayerInfo]>,
    pub region: InputRegion,
    /// Side of the input, pixels.
    pub input_size: usize,
    /// The checkpoint's name, for errors.
    pub model: String,
}

impl Classifier {
    /// Loads the checkpoint at `path`.
    ///
    /// # Errors
    /// A checkpoint that is refused, a device that is not here, too little memory.
    pub fn load(path: &Path, choice: DeviceChoice) -> Result<Self, ClassifierError> {
        Self::from_checkpoint(&checkpoint::info(path)?, choice)
    }

    /// Loads a checkpoint whose card has been read.
    ///
    /// # Errors
    /// As [`Classifier::load`].
    pub fn from_checkpoint(
        info: &CheckpointInfo,
        choice: DeviceChoice,
    ) -> Result<Self, ClassifierError> {
        let device = runtime().device(choice)?;
        let weights = Weights::read(info)?;
        let shape = shape_of(&info.card, &weights)?;
        let torch = |error: TchError| torch_error(device, &error);
        let mut store = VarStore::new(Device::Cpu);
        let mut network = shape.build(&store).map_err(torch)?;
        let layers = network.layers();
        if !layers.iter().map(|layer| &layer.name).eq(&info.card.taps) {
            let reason = "its card names other convolutions than its architecture has";
            return Err(CheckpointError::new(&info.path, reason).into());
        }
        weights.load_into(&store)?;
        let references = references(info, &weights, network.as_ref())?;
        let reliability = reliability(info, &weights, network.as_ref())?;
        // The weights stay as they are: only activations are differentiated.
        store.freeze();
        guarded(device, || store.set_device(device))?;
        network.fold().map_err(torch)?;
        Ok(Self {
            name: info.name(),
            card: Arc::clone(&info.card),
            network,
            references,
            reliability,
            layers: layers.into(),
            device,
            _store: store,
        })
    }

    /// As [`Classifier::from_checkpoint`]; where a GPU fails, the CPU takes its place, with the
    /// sentence that says so.
    ///
    /// # Errors
    /// As [`Classifier::load`].
    pub fn or_on_cpu(
        info: &CheckpointInfo,
        choice: DeviceChoice,
    ) -> Result<(Self, Option<String>), ClassifierError> {
        match Self::from_checkpoint(info, choice) {
            Err(error) if error.is_of_gpu() => {
                let notice = format!("{error}; continuing on the CPU");
                Ok((Self::from_checkpoint(info, DeviceChoice::Cpu)?, Some(notice)))
            }
            other => Ok((other?, None)),
        }
    }

    /// Classifies a slice and keeps every layer's activation for [`crate::explain`].
    ///
    /// # Errors
    /// Where libtorch fails, or the logits are not finite.
    pub fn classify(&self, slice: &Slice) -> Result<(Prediction, Activations), ClassifierError> {
        let started = Instant::now();
        let (input, region) =
            preprocess(slice, &self.card.input).map_err(|e| torch_error(self.device, &e))?;
        let (features, logits, taps, input) = guarded(self.device, || {
            // With frozen weights the graph begins at the input.
            let input = input.to_device(self.device).set_requires_grad(true);
            let mut taps = self.staged(Taps::on());
            let features = self.network.features(&input, false, &mut taps);
            let logits = self.network.decide(&features, false);
            (features, logits, taps, input)
        })?;
        let pooled = self.pooled(&input, &taps)?;
        let mut prediction =
            self.only(self.predictions(&logits, &features, pooled.as_deref(), started)?)?;
        prediction.scan = Some(audit::pixels_hash(slice));
        let activations = Activations {
            logits,
            input,
            taps,
            layers: Arc::clone(&self.layers),
            region,
            input_size: self.card.input.size,
            model: self.name.clone(),
        };
        Ok((prediction, activations))
    }

    /// Classifies a slice and keeps nothing: for many slices of which none is explained.
    ///
    /// # Errors
    /// As [`Self::classify`].
    pub fn predict(&self, slice: &Slice) -> Result<Prediction, ClassifierError> {
        let started = Instant::now();
        let (input, _) =
            preprocess(slice, &self.card.input).map_err(|e| torch_error(self.device, &e))?;
        self.only(self.predict_since(started, &[input])?)
    }

    /// Predictions for inputs that were made by [`preprocess`] as the card asks, each
    /// `[1, channels, size, size]`, in their order. A prediction is an error where its logits are not
    /// finite. Each takes its share of the batch's time.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn predict_batch(
        &self,
        inputs: &[Tensor],
    ) -> Result<Vec<Result<Prediction, ClassifierError>>, ClassifierError> {
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        self.predict_since(Instant::now(), inputs)
    }

    fn predict_since(
        &self,
        started: Instant,
        inputs: &[Tensor],
    ) -> Result<Vec<Result<Prediction, ClassifierError>>, ClassifierError> {
        let mut taps = self.staged(Taps::off());
        let (features, logits, input) = guarded(self.device, || {
            tch::no_grad(|| {
                let input = Tensor::cat(inputs, 0).to_device(self.device);
                let features = self.network.features(&input, false, &mut taps);
                let logits = self.network.decide(&features, false);
                (features, logits, input)
            })
        })?;
        let pooled = self.pooled(&input, &taps)?;
        self.predictions(&logits, &features, pooled.as_deref(), started)
    }

    /// The classes, in the order of the logits.
    pub fn classes(&self) -> &[String] {
        &self.card.classes
    }

    /// How a slice becomes the network's input.
    pub fn card_input(&self) -> &Input {
        &self.card.input
    }

    /// Whether it runs elsewhere than on the CPU.
    pub fn on_gpu(&self) -> bool {
        self.device != Device::Cpu
    }

    /// Taps that pool the stages' outputs where there is something to compare them with.
    fn staged(&self, taps: Taps) -> Taps {
        if self.reliability.is_some() { taps.with_stages() } else { taps }
    }

    /// The features that an out-of-distribution score is measured by, row by row.
    fn pooled(&self, input: &Tensor, taps: &Taps) -> Result<Option<Vec<f32>>, ClassifierError> {
        if self.reliability.is_none() {
            return Ok(None);
        }
        let features = tch::no_grad(|| stage_features(input, &self.card.input, &taps.stages));
        let features = features.map_err(|error| torch_error(self.device, &error))?;
        self.values(&features).map(Some)
    }

    /// A tensor's values, row by row.
    fn values(&self, tensor: &Tensor) -> Result<Vec<f32>, ClassifierError> {
        guarded(self.device, || {
            Vec::<f32>::try_from(tensor.detach().to_device(Device::Cpu).flatten(0, -1))
        })?
        .map_err(|error| torch_error(self.device, &error))
    }

    /// Of `[batch, classes]`, `[batch, features]` and the pooled features of each scan, one after the
    /// other.
    fn predictions(
        &self,
        logits: &Tensor,
        features: &Tensor,
        pooled: Option<&[f32]>,
        started: Instant,
    ) -> Result<Vec<Result<Prediction, ClassifierError>>, ClassifierError> {
        let batch = logits.size().first().map_or(0, |&batch| batch as usize).max(1);
        let (logits, features) = (self.values(logits)?, self.values(features)?);
        let elapsed = started.elapsed() / batch as u32;
        fn row(values: &[f32], scan: usize, batch: usize) -> &[f32] {
            let width = values.len() / batch;
            &values[scan * width..(scan + 1) * width]
        }
        let of = |scan: usize| {
            let pooled = pooled.map(|pooled| row(pooled, scan, batch));
            let (logits, features) = (row(&logits, scan, batch), row(&features, scan, batch));
            self.prediction(logits, features, pooled, elapsed)
        };
        Ok((0..batch).map(of).collect())
    }

    fn prediction(
        &self,
        logits: &[f32],
        features: &[f32],
        pooled: Option<&[f32]>,
        elapsed: Duration,
    ) -> Result<Prediction, ClassifierError> {
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(ClassifierError::NotFinite { model: self.name.clone() });
        }
        let probabilities = softmax(logits);
        let predicted = (0..logits.len())
            .rev()
            .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
            .expect("a card has at least two classes");
        let worth = match &self.reliability {
            Some((reliability, reference)) => {
                Worth::of(reliability, reference, logits, pooled.unwrap_or_default())
            }
            None => self.worth_by_old_card(logits, features),
        };
        let classes = self.card.classes.iter().enumerate().map(|(class, name)| ClassScore {
            name: name.clone(),
            logit: logits[class],
            probability: probabilities[class],
            calibrated: worth.probabilities.as_ref().map(|calibrated| calibrated[class]),
        });
        Ok(Prediction {
            model: self.name.clone(),
            checkpoint_sha256: self.card.sha256.clone(),
            device: device_name(self.device),
            classes: classes.collect(),
            predicted,
            prediction_set: worth.prediction_set,
            ood: worth.ood,
            temperature: worth.temperature,
            scan: None,
            elapsed,
        })
    }

    /// The prediction of a batch of one.
    fn only(
        &self,
        mut predictions: Vec<Result<Prediction, ClassifierError>>,
    ) -> Result<Prediction, ClassifierError> {
        let device = device_name(self.device);
        let none = || ClassifierError::Torch { device, message: "there are no logits".into() };
        predictions.pop().ok_or_else(none)?
    }

    /// By a card from before [`Reliability`].
    fn worth_by_old_card(&self, logits: &[f32], features: &[f32]) -> Worth {
        let calibration = self.card.calibration.as_ref();
        let probabilities = calibration.map(|calibration| calibration.probabilities(logits));
        let familiarity = self.card.familiarity.as_ref().zip(self.references.as_ref());
        Worth {
            prediction_set: calibration
                .zip(probabilities.as_ref())
                .map(|(calibration, probabilities)| calibration.conformal_set(probabilities)),
            temperature: calibration.map(|calibration| calibration.temperature as f32),
            probabilities,
            ood: familiarity.map(|(familiarity, references)| OodScore {
                score: familiarity.relative(references.score(features)),
                reason: None,
            }),
        }
    }
}

/// What is known of an answer beside its logits.
struct Worth {
    probabilities: Option<Vec<f32>>,
    prediction_set: Option<Vec<usize>>,
    ood: Option<OodScore>,
    temperature: Option<f32>,
}

impl Worth {
    fn of(
        reliability: &Reliability,
        reference: &OodReference,
        logits: &[f32],
        pooled: &[f32],
    ) -> Self {
        // The number of features was compared when the network was loaded.
        let far = OodScore { score: f32::INFINITY, reason: None };
        let ood = reference.score(pooled).unwrap_or(far);
        let score = Some(f64::from(ood.score));
        let probabilities = reliability.probabilities(logits, score);
        Self {
            prediction_set: Some(reliability.prediction_set(&probabilities, score)),
            temperature: Some(reliability.model().at(score) as f32),
            probabilities: Some(probabilities),
            ood: Some(ood),
        }
    }
}

/// What the card's answers are worth, with what scans are compared with; refused where that is missing,
/// or of another network.
fn reliability(
    info: &CheckpointInfo,
    weights: &Weights,
    network: &dyn Network,
) -> Result<Option<(Arc<Reliability>, OodReference)>, ClassifierError> {
    let found = weights.ood_reference()?;
    let Some(known) = &info.reliability else { return Ok(None) };
    let fail = |reason: &str| CheckpointError::new(&info.path, reason);
    let reference = found.ok_or_else(|| {
        fail("its card measures a distance, and the weights hold nothing to measure it against")
    })?;
    let input = &info.card.input;
    // The smallest input that every network takes shows how many features there are.
    let pooled = guarded(Device::Cpu, || {
        tch::no_grad(|| {
            let size = [1, input.channels as i64, 32, 32];
            let zeros = Tensor::zeros(size, (Kind::Float, Device::Cpu));
            let mut taps = Taps::off().with_stages();
            let _ = network.features(&zeros, false, &mut taps);
            stage_features(&zeros, input, &taps.stages)
        })
    })?
    .map_err(|error| torch_error(Device::Cpu, &error))?;
    if pooled.size().get(1) != Some(&(reference.mean.len() as i64)) {
        let reason = "its out-of-distribution reference is that of another network";
        return Err(fail(reason).into());
    }
    Ok(Some((Arc::clone(known), reference)))
}

/// What the card's familiarity is measured against; refused where it is missing, or of another
/// network.
fn references(
    info: &CheckpointInfo,
    weights: &Weights,
    network: &dyn Network,
) -> Result<Option<References>, ClassifierError> {
    let found = weights.references()?;
    if info.card.familiarity.is_none() {
        return Ok(None);
    }
    let fail = |reason: String| CheckpointError::new(&info.path, reason);
    let references = found.ok_or_else(|| {
        fail(
            "its card measures familiarity, and the weights hold nothing to measure it against"
                .into(),
        )
    })?;
    // The smallest input that every network takes tells how many features come out.
    let channels = info.card.input.channels as i64;
    let features = guarded(Device::Cpu, || {
        tch::no_grad(|| {
            let input = Tensor::zeros([1, channels, 32, 32], (Kind::Float, Device::Cpu));
            network.features(&input, false, &mut Taps::off()).size()[1] as usize
        })
    })?;
    if references.features() != features {
        return Err(fail(format!(
            "its familiarity is of {} features, and the network has {features}",
            references.features()
        ))
        .into());
    }
    Ok(Some(references))
}

/// Probabilities of finite logits.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The first line of libtorch's message: the rest is a page of C++.
pub fn first_line(error: &TchError) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or("libtorch failed").trim().to_owned()
}

/// Runs tch calls that panic where libtorch fails, and turns the panic into an error.
pub(crate) fn guarded<T>(device: Device, work: impl FnOnce() -> T) -> Result<T, ClassifierError> {
    caught(work).map_err(|message| ClassifierError::Torch { device: device_name(device), message })
}

pub(crate) fn torch_error(device: Device, error: &TchError) -> ClassifierError {
    ClassifierError::Torch { device: device_name(device), message: first_line(error) }
}

fn shape_of(card: &Card, weights: &Weights) -> Result<Shape, CheckpointError> {
    let torchvision = card.architecture == Architecture::Vgg16
        && weights.names()?.contains("classifier.6.weight");
    Ok(Shape {
        architecture: card.architecture,
        classes: card.classes.len() as i64,
        channels: card.input.channels as i64,
        vgg_head: if torchvision { VggHead::Torchvision } else { VggHead::Pooled },
    })
}

/// `[1, channels, size, size]` as plain values with their shape, for saving.
pub fn tensor_values(tensor: &Tensor) -> Result<(Vec<usize>, Vec<f32>), TchError> {
    let shape = tensor.size().iter().map(|&n| n as usize).collect();
    let flat = tensor.f_detach()?.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
    Ok((shape, Vec::<f32>::try_from(flat.f_flatten(0, -1)?)?))
}
