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

impl Architecture {
    /// The name in cards and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::SmallCnn => "small_cnn",
            Self::Vgg16 => "vgg16",
            Self::EfficientnetB0 => "efficientnet_b0",
        }
    }
}

impl Card {
    /// Whether the card agrees with itself and with what its architecture needs.
    ///
    /// # Errors
    /// The first contradiction, as the end of a sentence.
    pub fn check(&self) -> Result<(), String> {
        if self.format_version != FORMAT_VERSION {
            return Err(format!(
                "its format is version {}, and this program reads version {FORMAT_VERSION}",
                self.format_version
            ));
        }
        let distinct: std::collections::BTreeSet<_> = self.classes.iter().collect();
        if !(2..=1000).contains(&self.classes.len()) || distinct.len() != self.classes.len() {
            return Err("it needs 2 to 1000 classes with different names".into());
        }
        let input = &self.input;
        if !(32..=1024).contains(&input.size) {
            return Err(format!("an input of {} pixels is not between 32 and 1024", input.size));
        }
        let channels: &[usize] = match self.architecture {
            Architecture::SmallCnn => &[1, 3],
            Architecture::Vgg16 | Architecture::EfficientnetB0 => &[3],
        };
        if !channels.contains(&input.channels) {
            return Err(format!(
                "{} does not take {} channels",
                self.architecture.name(),
                input.channels
            ));
        }
        if input.mean.len() != input.channels || input.std.len() != input.channels {
            return Err("mean and std need one number for each channel".into());
        }
        let finite = input.mean.iter().chain(&input.range).all(|v| v.is_finite());
        if !finite || !input.std.iter().all(|&s| s.is_finite() && s > 0.0) {
            return Err("mean and range must be finite and std above zero".into());
        }
        if input.range[0] >= input.range[1] {
            return Err("the range must rise".into());
        }
        Ok(())
    }
}
