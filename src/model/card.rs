//! The card of a checkpoint: what a person and the program must know to use weights rightly.

use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::familiarity::Familiarity;
use crate::reliability::Reliability;

/// The version of the card's format that this program writes and reads.
pub const FORMAT_VERSION: u32 = 2;

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
    /// How: protocol, seed, augmentation.
    pub protocol: String,
    /// What was typed, without the folders.
    pub command_line: String,
    /// Figures by name: "validation_accuracy", "test_accuracy_all"… each 0..=1 unless it says otherwise.
    pub metrics: std::collections::BTreeMap<String, f64>,
    /// What the weights must not be used for.
    pub limits: String,
    /// SHA-256 of the safetensors file, hexadecimal.
    pub sha256: String,
    /// Which scans those were, as DICOM headers would say it.
    #[serde(default)]
    pub scans: Option<ScansLearned>,
    /// What its answers are worth. Absent where it was not measured; the program then says so beside
    /// every probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reliability: Option<Reliability>,
    /// As cards before `reliability` had it; not used where that is there.
    #[serde(default)]
    pub calibration: Option<Calibration>,
    /// As cards before `reliability` had it; not used where that is there.
    #[serde(default)]
    pub familiarity: Option<Familiarity>,
    /// Hashes of the scans that were trained or validated on, so that they are recognised in
    /// anybody's test set.
    #[serde(default)]
    pub learned_from: Vec<String>,
    /// Hashes of the scans that were left out of training because the test set holds copies of
    /// them: they tell which test scans a network trained as usual would have known.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// Whose scans the network learned from; absent where no table named the persons.
    #[serde(default)]
    pub persons: Option<LearnedPersons>,
}

/// The persons whose scans were trained or validated on, and those whose scans were not, hashed by
/// [`crate::dataset::patients::hash`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnedPersons {
    /// What identifiers are hashed with: that of the data set.
    pub salt: String,
    /// Persons of training and validation scans.
    pub learned: Vec<String>,
    /// Persons of test scans, whose training scans were not used.
    pub in_testing: Vec<String>,
}

/// The kind of scans that a network learned from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScansLearned {
    /// "MR", as PS3.3 C.7.3.1.1.1 has it.
    pub modality: String,
    /// Words of which one stands in the body part of such a scan: "BRAIN", "HEAD".
    pub body_parts: Vec<String>,
    /// How most of them were weighted.
    pub weighting: Weighting,
}

/// What makes an MR image bright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weighting {
    #[default]
    T1,
    T2,
    /// T2 with the signal of water put out.
    #[serde(rename = "FLAIR")]
    Flair,
    /// Proton density.
    #[serde(rename = "PD")]
    Density,
}

/// The networks this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    SmallCnn,
    Vgg16,
    EfficientnetB0,
    EfficientnetLite0,
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
    #[serde(default)]
    pub levels: Levels,
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
    /// The dark margins around the head are left out first, then as [`Fit::Pad`].
    Head,
}

/// Which values become black and white before anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Levels {
    /// Eight-bit values as they are; wider ones, which have no absolute scale, by their quantiles.
    #[default]
    Stored,
    /// All by their quantiles, so that a picture's brightness says nothing about its origin.
    Quantiles,
}

impl Architecture {
    /// The name in cards and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::SmallCnn => "small_cnn",
            Self::Vgg16 => "vgg16",
            Self::EfficientnetB0 => "efficientnet_b0",
            Self::EfficientnetLite0 => "efficientnet_lite0",
        }
    }
}

/// How values 0..=255 are scaled for the networks that were trained on ImageNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Normalisation {
    /// To 0..=1, then by the mean and SD of the training scans.
    Measured,
    /// torchvision's: to 0..=1, then by ImageNet's mean and SD.
    Imagenet,
    /// EfficientNet-Lite's: `(x − 127) / 128`.
    Lite,
    /// Caffe's and Keras's VGG: blue, green and red means subtracted from 0..=255.
    Caffe,
}

impl Normalisation {
    /// Sets range, mean and SD; [`Self::Measured`] sets those of any training scans: 0 and 1.
    pub fn apply(self, input: &mut Input) {
        let (top, mean, std) = match self {
            Self::Measured => (1.0, [0.0; 3], [1.0; 3]),
            Self::Imagenet => (1.0, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            Self::Lite => (255.0, [127.0; 3], [128.0; 3]),
            Self::Caffe => (255.0, [103.939, 116.779, 123.68], [1.0; 3]),
        };
        input.range = [0.0, top];
        input.mean = mean[..input.channels.min(3)].to_vec();
        input.std = std[..input.channels.min(3)].to_vec();
    }

    fn is_of(self, input: &Input) -> bool {
        let mut own = input.clone();
        self.apply(&mut own);
        own == *input
    }
}

impl Architecture {
    /// Whether an input is scaled in a way that this architecture is trained with. Scaling twice is
    /// the classic way to 99 % training and 10 % validation accuracy.
    fn takes(self, input: &Input) -> bool {
        let unit = input.range == [0.0, 1.0]
            && input.mean.iter().all(|mean| (0.0..=1.0).contains(mean))
            && input.std.iter().all(|std| (0.01..=1.0).contains(std));
        match self {
            Self::SmallCnn => unit,
            Self::Vgg16 => unit || Normalisation::Caffe.is_of(input),
            Self::EfficientnetB0 => unit || Normalisation::Lite.is_of(input),
            Self::EfficientnetLite0 => Normalisation::Lite.is_of(input),
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
            _ => &[3],
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
        if !self.architecture.takes(input) {
            return Err(format!(
                "{} does not take values of the range {:?} with mean {:?} and SD {:?}: they would be \
                 scaled twice, or not at all",
                self.architecture.name(),
                input.range,
                input.mean,
                input.std
            ));
        }
        let reliability = self.reliability.as_ref();
        let checked = reliability.map_or(Ok(()), |known| known.check(self.classes.len()));
        checked.map_err(|error| error.to_string())?;
        self.calibration.as_ref().map_or(Ok(()), Calibration::check)?;
        self.familiarity.as_ref().map_or(Ok(()), Familiarity::check)
    }
}
