//! The card of a checkpoint: what a person and the program must know to use weights rightly.

use serde::{Deserialize, Serialize};

/// The version of the card's format that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// `NAME.json` beside `NAME.safetensors`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub format_version: u32,
    pub architecture: Architecture,
    /// In the order of the logits.
    pub classes: Vec<String>,
    pub input: Input,
    /// Every convolution that can be explained, in network order.
    pub taps: Vec<String>,
    /// What the weights were trained on, and what was left out.
    pub training_data: String,
    /// How: protocol, seed, command line, augmentation.
    pub protocol: String,
    /// Figures by name: "validation_accuracy", "test_accuracy_all"… each 0..=1 unless it says otherwise.
    pub metrics: std::collections::BTreeMap<String, f64>,
    /// What the weights must not be used for.
    pub limits: String,
    /// SHA-256 of the safetensors file, hexadecimal.
    pub sha256: String,
}

/// The networks this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    SmallCnn,
    Vgg16,
    EfficientnetB0,
}

/// How a slice becomes the tensor that the network sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Side of the square input, in pixels.
    pub size: usize,
    /// 1 or 3; a grey slice is repeated.
    pub channels: usize,
    /// The values 0..=255 of a slice are brought to this range first.
    pub range: [f32; 2],
    /// Then, per channel: `(x − mean) / std`.
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
    pub interpolation: Interpolation,
    pub fit: Fit,
}

/// How a slice is resized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Bilinear, antialiased when shrinking, half-pixel centres.
    Bilinear,
}

/// How a slice that is not square becomes square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Both sides are scaled to the input's.
    Stretch,
    /// The shorter side is padded with black, evenly.
    Pad,
}
