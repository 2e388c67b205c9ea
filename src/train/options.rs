//! What a person chooses about training.

use std::path::PathBuf;

use anyhow::ensure;

use super::data::Protocol;
use super::feed::Sampling;
use super::schedule::{Fall, Pace};
use crate::dataset::patients::PatientTables;
use crate::model::card::{Architecture, Fit, Input, Interpolation, Levels, Normalisation};
use crate::model::prediction::DeviceChoice;

/// `mrimaster train`.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The data set: a folder for each class, or Training and Testing with such folders
    pub folder: PathBuf,
    /// The network
    #[arg(long, value_enum, default_value = "small-cnn")]
    pub arch: Architecture,
    /// Which training scans may be used
    #[arg(long, value_enum, default_value = "patient-free")]
    pub protocol: Protocol,
    /// The folder for the checkpoint, its card, its history and its split
    #[arg(long)]
    pub out: PathBuf,
    /// Weights to start from: a safetensors file of the same network, named as torchvision names them
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// Go on where a run with the same options was stopped
    #[arg(long)]
    pub resume: bool,
    /// A folder that `mrimaster phantom` made: its scans are added to those trained on
    #[arg(long, value_name = "FOLDER")]
    pub synthetic: Option<PathBuf>,
    /// Replace a finished checkpoint of the same name in --out
    #[arg(long)]
    pub overwrite: bool,
    /// Train nothing: measure and calibrate the finished checkpoint in --out again, and write its card
    /// again. The other options are those of the run that trained it
    #[arg(long, conflicts_with_all = ["resume", "show_augmented"])]
    pub measure_again: bool,
    #[command(flatten)]
    pub tables: PatientTables,
    /// A split that an earlier run wrote, to be used again
    #[arg(long, value_name = "FILE.csv")]
    pub split: Option<PathBuf>,
    #[arg(long, default_value_t = 40)]
    pub epochs: usize,
    #[arg(long, default_value_t = 32)]
    pub batch: usize,
    /// Side of the network's input, pixels
    #[arg(long, default_value_t = 160)]
    pub size: usize,
    /// Side of the input in the first epoch, pixels; it grows to --size over two thirds of the epochs
    /// (progressive resizing, Tan and Le 2021)
    #[arg(long, value_name = "PIXELS")]
    pub start_size: Option<usize>,
    #[arg(long, default_value_t = 1e-3)]
    pub learning_rate: f64,
    #[arg(long, default_value_t = 0.01)]
    pub weight_decay: f64,
    /// How the learning rate falls
    #[arg(long, value_enum, default_value = "plateau")]
    pub fall: Fall,
    /// Epochs without a smaller validation loss before the learning rate falls
    #[arg(long, default_value_t = 3)]
    pub patience: usize,
    /// Epochs without a smaller validation loss before training ends
    #[arg(long, default_value_t = 10)]
    pub give_up: usize,
    /// The share of a target that goes to all classes alike, 0 to 0.5
    #[arg(long, default_value_t = 0.05)]
    pub label_smoothing: f64,
    /// Mixes scans in pairs; 0 does not, 0.2 is usual
    #[arg(long, default_value_t = 0.0)]
    pub mixup: f64,
    /// How much of the entropy of an answer is taken from its loss: answers become less certain
    /// (Pereyra et al. 2017); 0 to 1
    #[arg(long, default_value_t = 0.0)]
    pub confidence_penalty: f64,
    /// Which scans make an epoch
    #[arg(long, value_enum, default_value = "every")]
    pub sampling: Sampling,
    /// Multiplies the share of scans whose intensities are varied, by each augmentation
    #[arg(long, default_value_t = 1.0)]
    pub intensity: f64,
    /// How values are scaled; by default as the network's pretrained weights expect it
    #[arg(long, value_enum)]
    pub normalisation: Option<Normalisation>,
    /// Train the convolutions of VGG16 too, not only its last layer
    #[arg(long)]
    pub unfreeze: bool,
    /// Write a picture of what augmentation does to some scans, and end
    #[arg(long, value_name = "FILE.png")]
    pub show_augmented: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, value_enum, default_value = "auto")]
    pub device: DeviceChoice,
}

impl Options {
    /// Options with everything that has a default at it.
    pub fn new(folder: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
        #[derive(clap::Parser)]
        struct Parser {
            #[command(flatten)]
            options: Options,
        }
        let parser = <Parser as clap::Parser>::parse_from(["train", "--out", "out", "folder"]);
        Self { folder: folder.into(), out: out.into(), ..parser.options }
    }

    /// Refuses what cannot be trained with.
    ///
    /// # Errors
    /// One sentence that names the option and what it takes.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(self.batch > 1, "--batch needs 2 or more");
        ensure!(self.epochs > 0, "--epochs needs 1 or more");
        ensure!((32..=1024).contains(&self.size), "--size needs 32 to 1024 pixels");
        let start = self.start_size.unwrap_or(self.size);
        ensure!((32..=self.size).contains(&start), "--start-size needs 32 pixels to --size");
        let rate = self.learning_rate;
        ensure!(rate > 0.0 && rate <= 10.0, "--learning-rate needs a number between 0 and 10");
        ensure!((0.0..=1.0).contains(&self.weight_decay), "--weight-decay needs 0 to 1");
        ensure!((0.0..=0.5).contains(&self.label_smoothing), "--label-smoothing needs 0 to 0.5");
        ensure!((0.0..=10.0).contains(&self.mixup), "--mixup needs 0 to 10");
        ensure!(
            (0.0..=1.0).contains(&self.confidence_penalty),
            "--confidence-penalty needs 0 to 1"
        );
        ensure!((0.0..=10.0).contains(&self.intensity), "--intensity needs 0 to 10");
        ensure!(self.patience > 0 && self.give_up > 0, "--patience and --give-up need 1 or more");
        Ok(())
    }

    /// How the network takes its input; a measured mean and SD are still to be set.
    pub fn input(&self, normalisation: Normalisation) -> Input {
        let channels = if self.arch == Architecture::SmallCnn { 1 } else { 3 };
        let mut input = Input {
            size: self.size,
            channels,
            range: [0.0, 1.0],
            mean: Vec::new(),
            std: Vec::new(),
            interpolation: Interpolation::Bilinear,
            fit: Fit::Head,
            levels: Levels::Quantiles,
        };
        normalisation.apply(&mut input);
        input
    }

    /// The checkpoint's file.
    pub fn checkpoint_path(&self) -> PathBuf {
        self.out.join(format!("{}.safetensors", self.arch.name()))
    }

    /// The split's file beside it.
    pub fn split_path(&self) -> PathBuf {
        self.checkpoint_path().with_extension("split.csv")
    }

    /// The side of the input in an epoch, from 1: a multiple of 32 pixels until it is that of
    /// validation.
    pub(super) fn size_in(&self, epoch: usize) -> usize {
        let start = self.start_size.unwrap_or(self.size);
        let grows = (self.epochs * 2 / 3).max(1);
        let grown = start + (self.size - start) * (epoch - 1) / grows;
        if epoch > grows { self.size } else { (grown / 32 * 32).max(start.min(32)).min(self.size) }
    }

    pub(super) fn pace(&self) -> Pace {
        Pace {
            fall: self.fall,
            first: self.learning_rate,
            epochs: self.epochs,
            patience: self.patience,
            give_up: self.give_up,
        }
    }

    /// Whether the convolutions stay as they came.
    pub(super) fn frozen(&self) -> bool {
        self.arch == Architecture::Vgg16 && !self.unfreeze && self.init.is_some()
    }

    /// The command line, with the names of files and folders but not where they lie: for the card,
    /// and to recognise the run that is to be resumed.
    pub fn command_line(&self) -> String {
        let name = |path: &PathBuf| {
            path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
        };
        let mut words = vec![
            format!("mrimaster train {}", name(&self.folder)),
            format!("--arch {}", value_name(&self.arch)),
            format!("--protocol {}", value_name(&self.protocol)),
        ];
        let mut add = |option: &str, value: String| words.push(format!("--{option} {value}"));
        let files = [
            ("init", &self.init),
            ("synthetic", &self.synthetic),
            ("patients", &self.tables.patients),
            ("index", &self.tables.index),
            ("split", &self.split),
        ];
        for (option, file) in files {
            if let Some(file) = file {
                add(option, name(file));
            }
        }
        add("epochs", self.epochs.to_string());
        add("batch", self.batch.to_string());
        add("size", self.size.to_string());
        if let Some(start) = self.start_size {
            add("start-size", start.to_string());
        }
        add("learning-rate", self.learning_rate.to_string());
        add("weight-decay", self.weight_decay.to_string());
        add("fall", value_name(&self.fall));
        add("patience", self.patience.to_string());
        add("give-up", self.give_up.to_string());
        add("label-smoothing", self.label_smoothing.to_string());
        add("mixup", self.mixup.to_string());
        add("confidence-penalty", self.confidence_penalty.to_string());
        add("sampling", value_name(&self.sampling));
        add("intensity", self.intensity.to_string());
        if let Some(normalisation) = &self.normalisation {
            add("normalisation", value_name(normalisation));
        }
        add("seed", self.seed.to_string());
        if self.unfreeze {
            words.push("--unfreeze".into());
        }
        words.join(" ")
    }
}

/// The word for a value on the command line.
fn value_name(value: &impl clap::ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_grows_to_its_size_over_two_thirds_of_the_epochs() {
        let mut options = Options::new("data", "out");
        (options.size, options.epochs) = (224, 9);
        assert_eq!(options.size_in(1), 224);
        options.start_size = Some(128);
        let sizes: Vec<usize> = (1..=9).map(|epoch| options.size_in(epoch)).collect();
        assert_eq!(sizes, [128, 128, 160, 160, 192, 192, 224, 224, 224]);
        options.check().expect("usable");
        options.start_size = Some(256);
        assert!(options.check().is_err());
    }
}
