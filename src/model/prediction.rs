//! What comes out of a network, as plain values: no tensors, so that any thread and any layer of
//! the program can hold them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::card::Card;
use crate::reliability::Reliability;
use crate::reliability::local::LocalCalibration;
use crate::reliability::ood::OodScore;

/// A checkpoint that was found, read as far as its card.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointInfo {
    /// The safetensors file; its stem is the checkpoint's name.
    pub path: PathBuf,
    pub card: Arc<Card>,
    /// What was fitted on a site's own scans, where `NAME.local.json` is beside the card.
    pub local: Option<Arc<LocalCalibration>>,
    /// The card's reliability, with the local calibration in its place where there is one.
    pub reliability: Option<Arc<Reliability>>,
}

impl CheckpointInfo {
    /// A checkpoint whose card and local calibration have been read and checked.
    pub fn new(path: PathBuf, card: Card, local: Option<LocalCalibration>) -> Self {
        let reliability = card.reliability.as_ref().map(|own| {
            Arc::new(local.as_ref().map_or_else(|| own.clone(), |local| local.applied_to(own)))
        });
        Self { path, card: Arc::new(card), local: local.map(Arc::new), reliability }
    }

    /// The name people call it by: the file's stem.
    pub fn name(&self) -> String {
        self.path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// Which device a person asked for.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// CUDA where there is one, else MPS, else the CPU.
    #[default]
    Auto,
    Cpu,
    Cuda,
    Mps,
}

/// Where a layer's activation is taken.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum TapPoint {
    /// The output of the convolution itself, as torch-cam and pytorch-grad-cam take it.
    #[default]
    Conv,
    /// After the convolution's batch norm and activation.
    Unit,
}

/// A convolutional layer, in network order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerInfo {
    /// The name of its weight in the state dict without ".weight": "features.2.0.block.1.0".
    pub name: String,
    /// Layers of one stage share a resolution or a block group; counted from 1.
    pub stage: usize,
}

/// One class and what the network gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassScore {
    pub name: String,
    pub logit: f32,
    /// Softmax of the logits, 0..=1, as the network gives it: not calibrated.
    pub probability: f32,
    /// The probability to headline, 0..=1: softmax of the logits over a temperature. `None` where the
    /// card has none.
    pub calibrated: Option<f32>,
}

impl ClassScore {
    /// The probability to go by: calibrated where it can be.
    pub fn best_probability(&self) -> f32 {
        self.calibrated.unwrap_or(self.probability)
    }
}

/// The answer of a network to one slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The checkpoint's name.
    pub model: String,
    /// SHA-256 of the weights, hexadecimal.
    pub checkpoint_sha256: String,
    /// The device it ran on, for people: "CPU", "CUDA 0".
    pub device: String,
    /// In the order of the card.
    pub classes: Vec<ClassScore>,
    /// Index of the class with the largest logit.
    pub predicted: usize,
    /// The classes that cannot be excluded, as indices, likeliest first; `None` where the card has no
    /// rule for it.
    pub prediction_set: Option<Vec<usize>>,
    /// `None` where the card has nothing to measure it against.
    pub ood: Option<OodScore>,
    /// The temperature of the headlined probabilities of this scan; `None` where the card has none.
    pub temperature: Option<f32>,
    /// Hash of the scan's stored pixels, hexadecimal, by which a reliability table knows it; `None`
    /// where it was not asked for.
    pub scan: Option<String>,
    /// Preprocessing and forward pass; of one scan of a batch, its share of the forward pass.
    pub elapsed: Duration,
}

impl Prediction {
    /// Whether the scan is far from the training data, where that was measured.
    pub fn out_of_distribution(&self) -> Option<bool> {
        self.ood.map(OodScore::out_of_distribution)
    }

    /// Whether the network gives an answer: one class that cannot be excluded, of a scan in
    /// distribution. `None` where the card cannot tell.
    pub fn answers(&self) -> Option<bool> {
        let set = self.prediction_set.as_ref()?;
        Some(set.len() == 1 && !self.out_of_distribution()?)
    }

    /// The names of the prediction set, likeliest first.
    pub fn set_names(&self) -> Option<Vec<&str>> {
        let name = |&class: &usize| self.classes[class].name.as_str();
        self.prediction_set.as_ref().map(|set| set.iter().map(name).collect())
    }

    /// The prediction set as a user-facing list: "glioma, meningioma or pituitary".
    pub fn set_list(&self) -> Option<String> {
        Some(match self.set_names()?.as_slice() {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        })
    }
}

/// The part of a scan that the network's square input shows, in the scan's pixel edges
/// (0 is the left or top edge of the first pixel; may reach beyond the scan, where it is padded).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputRegion {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// The Grad-CAM map of one layer at its own resolution.
#[derive(Clone, Debug, PartialEq)]
pub struct SaliencyMap {
    pub layer: LayerInfo,
    /// Channels of the activation.
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// `height × width` values, row by row, each ≥ 0 and finite, in units of logit per cell of the map.
    pub values: Vec<f32>,
    /// The largest of `values`; 0 where the layer holds no positive evidence.
    pub raw_max: f32,
}

/// The maps of every convolutional layer for one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Index of the explained class.
    pub class: usize,
    pub tap: TapPoint,
    /// Where the maps lie on the scan.
    pub region: InputRegion,
    /// Side of the network's square input, in pixels.
    pub input_size: usize,
    /// In network order.
    pub maps: Vec<SaliencyMap>,
    /// Largest `raw_max` of all layers.
    pub shared_max: f32,
    /// Backward pass and maps.
    pub elapsed: Duration,
}
