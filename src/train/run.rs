//! The training loop: Adam, class weights, a cosine learning rate, the best epoch kept.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use tch::nn::{self, OptimizerConfig, VarStore};
use tch::{Device, Kind, Reduction, Tensor};

use super::augment::{ROTATION, SCALE, augment};
use super::data::{Data, Protocol, Scans, load};
use super::history::{self, Epoch};
use crate::dataset::folder;
use crate::model::VggHead;
use crate::model::card::{Architecture, Card, FORMAT_VERSION, Fit, Input, Interpolation, Levels};
use crate::model::checkpoint;
use crate::model::device::runtime;
use crate::model::network::{Network, Shape, Taps};
use crate::model::prediction::DeviceChoice;
use crate::model::preprocess::normalise;

/// What a person chooses.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The data set: a folder for each class, or Training and Testing with such folders
    pub folder: PathBuf,
    /// The network
    #[arg(long, value_enum, default_value = "small-cnn")]
    pub arch: Architecture,
    /// A folder that `mrimaster phantom` made: its scans are added to those trained on
    #[arg(long, value_name = "FOLDER")]
    pub synthetic: Option<PathBuf>,
    /// Which training scans may be used
    #[arg(long, value_enum, default_value = "leak-free")]
    pub protocol: Protocol,
    /// The folder for the checkpoint, its card and its history
    #[arg(long)]
    pub out: PathBuf,
    #[arg(long, default_value_t = 40)]
    pub epochs: usize,
    #[arg(long, default_value_t = 32)]
    pub batch: usize,
    /// Side of the network's input, pixels
    #[arg(long, default_value_t = 160)]
    pub size: usize,
    #[arg(long, default_value_t = 1e-3)]
    pub learning_rate: f64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, value_enum, default_value = "auto")]
    pub device: DeviceChoice,
}

/// Trains and writes `NAME.safetensors`, `NAME.json` and `NAME.history.json`.
///
/// # Errors
/// A folder that is no data set, a loss that is not a number, a disk that cannot be written to.
pub fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.batch > 1 && options.epochs > 0,
        "--batch needs 2 or more and --epochs 1 or more"
    );
    ensure!((32..=1024).contains(&options.size), "--size needs 32 to 1024 pixels");
    let dataset = folder::read(&options.folder)?;
    let device = runtime().device(options.device)?;
    let mut input = input_of(options);

    let synthetic = match &options.synthetic {
        Some(folder) => folder::read_more(folder, &dataset)?,
        None => Vec::new(),
    };
    let total = dataset.training.len() + dataset.testing.len() + synthetic.len();
    let bar = bar(total, "reading {pos} of {len} scans");
    let data = load(&dataset, &synthetic, &input, options.protocol, options.seed, &|n| bar.inc(n))?;
    bar.finish_and_clear();
    data.unreadable.iter().for_each(|sentence| eprintln!("{sentence}"));
    say(format!(
        "{} scans to train on ({} synthetic), {} to validate, {} to test; {} left out because \
         Testing has a copy",
        data.training.len(),
        data.synthetic,
        data.validation.len(),
        data.testing.len(),
        data.left_out
    ));
    ensure!(
        data.training.len() >= options.batch && !data.validation.is_empty(),
        "{}: too few scans to train on",
        options.folder.display()
    );
    measure_input(&data.training, &mut input);
    Trainer::new(options, input, &dataset.classes, data, device)?.run()
}

struct Trainer<'a> {
    options: &'a Options,
    classes: &'a [String],
    input: Input,
    data: Data,
    device: Device,
    store: VarStore,
    network: Box<dyn Network>,
    class_weights: Tensor,
}

impl<'a> Trainer<'a> {
    fn new(
        options: &'a Options,
        input: Input,
        classes: &'a [String],
        data: Data,
        device: Device,
    ) -> anyhow::Result<Self> {
        tch::manual_seed(options.seed as i64);
        let store = VarStore::new(device);
        let shape = Shape {
            architecture: options.arch,
            classes: classes.len() as i64,
            channels: input.channels as i64,
            vgg_head: VggHead::Pooled,
        };
        let network = shape.build(&store)?;
        let class_weights = class_weights(&data.training.classes, classes.len()).to_device(device);
        Ok(Self { options, classes, input, data, device, store, network, class_weights })
    }

    fn run(mut self) -> anyhow::Result<()> {
        let path = self.options.out.join(format!("{}.safetensors", self.options.arch.name()));
        let mut optimizer = nn::AdamW { wd: 1e-4, ..nn::AdamW::default() }
            .build(&self.store, self.options.learning_rate)?;
        let mut random = Pcg64::seed_from_u64(self.options.seed);
        let mut best = f64::INFINITY;
        let mut epochs: Vec<Epoch> = Vec::new();
        for epoch in 1..=self.options.epochs {
            let rate = cosine(self.options.learning_rate, epoch, self.options.epochs);
            optimizer.set_lr(rate);
            let started = Instant::now();
            let (training_loss, training_accuracy) =
                self.epoch(epoch, &mut optimizer, &mut random)?;
            let validation = self.measure(&self.data.validation)?;
            ensure!(
                validation.loss.is_finite(),
                "the validation loss is not a number in epoch {epoch}; lower --learning-rate"
            );
            let record = Epoch {
                epoch,
                learning_rate: rate,
                training_loss,
                training_accuracy,
                validation_loss: validation.loss,
                validation_accuracy: validation.accuracy(),
                seconds: started.elapsed().as_secs_f64(),
            };
            say(format!(
                "epoch {epoch:3}  loss {training_loss:.3}  accuracy {training_accuracy:.3}  \
                 validation loss {:.3}  accuracy {:.3}  {:.0} s",
                validation.loss, record.validation_accuracy, record.seconds
            ));
            epochs.push(record);
            history::write(&path.with_extension("history.json"), &epochs)
                .context("the history cannot be written; check the disk")?;
            if validation.loss < best {
                best = validation.loss;
                checkpoint::save(&path, &self.store, self.card(&validation, epoch))?;
            }
        }
        self.test(&path)
    }

    /// One pass over the training scans; mean loss and accuracy.
    fn epoch(
        &mut self,
        epoch: usize,
        optimizer: &mut nn::Optimizer,
        random: &mut Pcg64,
    ) -> anyhow::Result<(f64, f64)> {
        let mut order: Vec<i64> = (0..self.data.training.len() as i64).collect();
        order.shuffle(random);
        let bar = bar(order.len(), "{msg} {wide_bar} {pos}/{len} scans, {per_sec}, {eta} left");
        let (mut loss_sum, mut right) = (0.0, 0);
        for batch in order.chunks(self.options.batch) {
            let index = Tensor::from_slice(batch);
            let greys = self.data.training.greys.index_select(0, &index).to_device(self.device);
            let labels = self.data.training.labels.index_select(0, &index).to_device(self.device);
            let varied = normalise(&augment(&greys, random)?, &self.input)?;
            let logits = self.network.forward(&varied, true, &mut Taps::off());
            let loss = self.loss(&logits, &labels);
            let value = loss.double_value(&[]);
            ensure!(
                value.is_finite(),
                "the loss is not a number in epoch {epoch}; lower --learning-rate"
            );
            optimizer.backward_step(&loss);
            loss_sum += value * batch.len() as f64;
            right += logits.argmax(1, false).eq_tensor(&labels).sum(Kind::Int64).int64_value(&[]);
            bar.set_message(format!("epoch {epoch}, loss {value:.3}"));
            bar.inc(batch.len() as u64);
        }
        bar.finish_and_clear();
        let count = self.data.training.len() as f64;
        Ok((loss_sum / count, right as f64 / count))
    }

    fn loss(&self, logits: &Tensor, labels: &Tensor) -> Tensor {
        logits.cross_entropy_loss(labels, Some(&self.class_weights), Reduction::Mean, -100, 0.05)
    }

    /// The network as it is, on scans as they are.
    fn measure(&self, scans: &Scans) -> anyhow::Result<Measured> {
        tch::no_grad(|| {
            let (mut loss, mut predicted) = (0.0, Vec::new());
            for start in (0..scans.len() as i64).step_by(self.options.batch) {
                let count = (scans.len() as i64 - start).min(self.options.batch as i64);
                let greys = scans.greys.narrow(0, start, count).to_device(self.device);
                let labels = scans.labels.narrow(0, start, count).to_device(self.device);
                let greys = normalise(&greys.to_kind(Kind::Float), &self.input)?;
                let logits = self.network.forward(&greys, false, &mut Taps::off());
                loss += self.loss(&logits, &labels).double_value(&[]) * count as f64;
                let classes = logits.argmax(1, false).to_device(Device::Cpu);
                predicted.extend(Vec::<i64>::try_from(classes)?);
            }
            let right = predicted
                .iter()
                .zip(&scans.classes)
                .map(|(&predicted, &class)| predicted == class as i64)
                .collect();
            Ok(Measured { loss: loss / scans.len().max(1) as f64, right })
        })
    }

    /// The figures of the best epoch on Testing, which has chosen nothing, into the card.
    fn test(mut self, path: &std::path::Path) -> anyhow::Result<()> {
        if self.data.testing.is_empty() {
            return Ok(());
        }
        let info = checkpoint::info(path)?;
        let weights = checkpoint::Weights::read(&info)?;
        self.store.freeze();
        weights.load_into(&self.store)?;
        let measured = self.measure(&self.data.testing)?;
        let mut card = (*info.card).clone();
        let mut add = |name: &str, wanted: &dyn Fn(bool) -> bool| {
            let chosen: Vec<bool> = measured
                .right
                .iter()
                .zip(&self.data.test_has_twin)
                .filter(|(_, twin)| wanted(**twin))
                .map(|(right, _)| *right)
                .collect();
            card.metrics.insert(format!("test_scans_{name}"), chosen.len() as f64);
            card.metrics.insert(format!("test_accuracy_{name}"), share(&chosen));
            say(format!("test accuracy, {name}: {:.3} of {} scans", share(&chosen), chosen.len()));
        };
        add("all", &|_| true);
        add("copied_in_training_folder", &|twin| twin);
        add("not_copied", &|twin| !twin);
        checkpoint::save(path, &self.store, card)?;
        Ok(())
    }

    fn card(&self, validation: &Measured, epoch: usize) -> Card {
        let options = self.options;
        let protocol = match options.protocol {
            Protocol::LeakFree => {
                "leak-free: every training scan of which the test set holds a copy was left out"
            }
            Protocol::AsIs => "as is: the training scans include copies of test scans",
        };
        Card {
            format_version: FORMAT_VERSION,
            architecture: options.arch,
            classes: self.classes.to_vec(),
            input: self.input.clone(),
            taps: self.network.layers().into_iter().map(|layer| layer.name).collect(),
            training_data: format!(
                "{} scans to train on and {} to validate, of the folder \"{}\"; {} scans left out \
                 because the test set holds a copy; {} of those to train on are synthetic, and no \
                 figure is measured on synthetic scans. Copies are scans of equal pixels, or whose \
                 thumbnails correlate by {} or more.",
                self.data.training.len(),
                self.data.validation.len(),
                folder_name(&options.folder),
                self.data.left_out,
                self.data.synthetic,
                crate::dataset::audit::SAME
            ),
            protocol: format!(
                "{protocol}. Validation: a fifth of each class, copies kept together, slices of one \
                 patient not. {} epochs of AdamW, batch {}, learning rate {} falling as a cosine, \
                 weight decay 0.0001, class weights, label smoothing 0.05; rotation to {ROTATION} \
                 degrees, scale to {:.0} %, mirroring; seed {}. The epoch of the smallest validation loss \
                 was kept: {epoch}. Testing chose nothing.",
                options.epochs,
                options.batch,
                options.learning_rate,
                SCALE * 100.0,
                options.seed
            ),
            metrics: BTreeMap::from([
                ("validation_accuracy".into(), validation.accuracy()),
                ("validation_loss".into(), validation.loss),
            ]),
            limits:
                "Not for diagnostic use. One public data set of four classes; probabilities are \
                     not calibrated, and scans of other weightings, planes or origin than the \
                     training scans are often wrong with high confidence."
                    .into(),
            sha256: String::new(),
            calibration: None,
            familiarity: None,
            learned_from: Vec::new(),
            command_line: String::new(),
        }
    }
}

struct Measured {
    loss: f64,
    right: Vec<bool>,
}

impl Measured {
    fn accuracy(&self) -> f64 {
        share(&self.right)
    }
}

fn share(right: &[bool]) -> f64 {
    right.iter().filter(|&&r| r).count() as f64 / right.len().max(1) as f64
}

/// How a network that starts from nothing takes its input; mean and SD come from the scans.
fn input_of(options: &Options) -> Input {
    let channels = if options.arch == Architecture::SmallCnn { 1 } else { 3 };
    Input {
        size: options.size,
        channels,
        range: [0.0, 1.0],
        mean: vec![0.0; channels],
        std: vec![1.0; channels],
        interpolation: Interpolation::Bilinear,
        fit: Fit::Pad,
        levels: Levels::Stored,
    }
}

fn measure_input(training: &Scans, input: &mut Input) {
    let greys = training.greys.to_kind(Kind::Float) / 255.0;
    let rounded = |value: f64| (value * 1e4).round() as f32 / 1e4;
    input.mean.fill(rounded(greys.mean(Kind::Float).double_value(&[])));
    input.std.fill(rounded(greys.std(false).double_value(&[])).max(1e-3));
}

/// Rare classes weigh more, so that each class weighs the same in all.
fn class_weights(classes: &[usize], count: usize) -> Tensor {
    let mut counts = vec![0usize; count];
    classes.iter().for_each(|&class| counts[class] += 1);
    let weights: Vec<f32> =
        counts.iter().map(|&n| classes.len() as f32 / (count as f32 * n.max(1) as f32)).collect();
    Tensor::from_slice(&weights)
}

fn cosine(first: f64, epoch: usize, epochs: usize) -> f64 {
    let done = (epoch - 1) as f64 / epochs as f64;
    first * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
}

/// A line for people. Hours of training do not end because nobody reads along any more.
fn say(line: String) {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").unwrap_or(());
}

fn bar(length: usize, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}

fn folder_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
