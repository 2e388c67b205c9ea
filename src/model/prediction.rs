//! What comes out of a network, as plain values: no tensors, so that any thread and any layer of
//! the program can hold them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::card::Card;

/// A checkpoint that was found, read as far as its card.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointInfo {
    /// The safetensors file; its stem is the checkpoint's name.
    pub path: PathBuf,
    pub card: Arc<Card>,
}

impl CheckpointInfo {
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
    /// Softmax of the logits over the card's temperature, 0..=1.
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
    /// The classes that the card's conformal rule cannot exclude, as indices, likeliest first.
    pub conformal_set: Option<Vec<usize>>,
    pub familiarity: Option<FamiliarityScore>,
    /// Preprocessing and forward pass; of one scan of a batch, its share of the forward pass.
    pub elapsed: Duration,
}

impl Prediction {
    /// Whether the scan is unlike the training scans, where that was measured.
    pub fn unfamiliar(&self) -> Option<bool> {
        self.familiarity.map(FamiliarityScore::unfamiliar)
    }

    /// The names of the conformal set, likeliest first.
    pub fn conformal_names(&self) -> Option<Vec<&str>> {
        let name = |&class: &usize| self.classes[class].name.as_str();
        self.conformal_set.as_ref().map(|set| set.iter().map(name).collect())
    }

    /// The conformal set for people: "glioma, meningioma or pituitary".
    pub fn conformal_words(&self) -> Option<String> {
        Some(match self.conformal_names()?.as_slice() {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        })
    }
}

/// How unlike the training scans a scan is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FamiliarityScore {
    /// Larger is less familiar.
    pub score: f32,
    /// The card's: 95 % of the validation scans stay below.
    pub threshold: f32,
}

impl FamiliarityScore {
    /// Whether the scan is unlike the training scans: then no class is certain.
    pub fn unfamiliar(self) -> bool {
        self.score > self.threshold
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
