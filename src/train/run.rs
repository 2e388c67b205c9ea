//! The training loop: AdamW, class weights, the weights averaged over the last steps, and those of
//! the epoch with the smallest validation loss kept.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rand_pcg::Pcg64;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

use super::augment::sheet;
use super::data::{self, Data, Scans};
use super::feed::{Batch, Feed, Recipe, Sampling, channels_last};
use super::history::{self, Epoch};
use super::optimizer::{AdamW, Average};
use super::options::Options;
use super::resume::{self, Progress};
use super::schedule::Standing;
use super::{finish, init, stop};
use crate::dataset::folder;
use crate::model::VggHead;
use crate::model::card::{Architecture, Input, Normalisation};
use crate::model::checkpoint::Weights;
use crate::model::device::{runtime, use_every_core};
use crate::model::network::{Network, Shape, Taps};
use crate::model::preprocess::normalise;
use crate::system::files::write_whole;

/// Trains and writes `NAME.safetensors`, `NAME.json`, `NAME.history.json` and `NAME.split.csv`.
///
/// # Errors
/// A folder that is no data set, weights of another network, a loss that is not a number, a disk
/// that cannot be written to.
pub fn run(options: &Options) -> anyhow::Result<()> {
    options.check()?;
    let path = options.checkpoint_path();
    ensure!(
        options.overwrite
            || options.resume
            || options.measure_again
            || options.show_augmented.is_some()
            || !path.exists(),
        "{}: a finished checkpoint of that name is there; choose another --out, or replace it with \
         --overwrite",
        path.display()
    );
    let dataset = folder::read(&options.folder)?;
    let device = runtime().device(options.device)?;
    // Nothing else runs beside it: every core is the network's.
    use_every_core();
    let mut trainer = Trainer::start(options, dataset.classes.len(), device)?;
    let data = data::load(options, &dataset, &trainer.input)?;
    if let Some(path) = &options.show_augmented {
        return show_augmented(path, &data.training, options.seed);
    }
    if trainer.measures_input {
        measure_input(&data.training, &mut trainer.input);
    }
    say(data.summary());
    stop::listen();
    if options.measure_again {
        // What is no weight in the file is fitted again.
        Weights::read_unchecked(&path)?.load_into(&trainer.average_store)?;
    } else {
        trainer.train(&data)?;
    }
    finish::finish(options, &dataset.classes, data, trainer)?;
    Trainer::clear(&path)
}

/// The weights of the best epoch so far.
fn best_path(checkpoint: &Path) -> PathBuf {
    checkpoint.with_extension("best.safetensors")
}

/// A network in training, and its average, which is what is measured and kept.
pub(super) struct Trainer<'a> {
    options: &'a Options,
    pub input: Input,
    /// Whether the input's mean and SD are those of the training scans.
    measures_input: bool,
    pub device: Device,
    classes: i64,
    store: VarStore,
    network: Box<dyn Network>,
    pub average_store: VarStore,
    pub average_network: Box<dyn Network>,
    average: Average,
    optimizer: AdamW,
    /// Weights of a sibling with another activation: the network's own comes in by degrees.
    eases_in: bool,
}

impl<'a> Trainer<'a> {
    fn start(options: &'a Options, classes: usize, device: Device) -> anyhow::Result<Self> {
        tch::manual_seed(options.seed as i64);
        let channels = options.input(Normalisation::Measured).channels as i64;
        let shape = Shape {
            architecture: options.arch,
            classes: classes as i64,
            channels,
            vgg_head: VggHead::Pooled,
        };
        let (store, mut average_store) = (VarStore::new(device), VarStore::new(device));
        let (network, average_network) = (shape.build(&store)?, shape.build(&average_store)?);
        let mut eases_in = false;
        if let Some(path) = &options.init {
            let taken = init::load(path, options.arch, &store)?;
            eases_in = taken.from_sibling;
            if taken.from_sibling {
                say("starting from weights of Lite0: SiLU comes in by degrees".into());
            }
        }
        let normalisation = options.normalisation.unwrap_or(match options.arch {
            _ if options.init.is_none() => match options.arch {
                Architecture::EfficientnetLite0 => Normalisation::Lite,
                _ => Normalisation::Measured,
            },
            Architecture::SmallCnn => Normalisation::Measured,
            Architecture::EfficientnetLite0 => Normalisation::Lite,
            Architecture::EfficientnetB0 if eases_in => Normalisation::Lite,
            Architecture::EfficientnetB0 | Architecture::Vgg16 => Normalisation::Imagenet,
        });
        if options.frozen() {
            let variables = store.variables().into_iter();
            variables.filter(|(name, _)| name.starts_with("features.")).for_each(
                |(_, variable)| {
                    let _ = variable.set_requires_grad(false);
                },
            );
        }
        let average = Average::new(&store, &mut average_store)?;
        let optimizer = AdamW::new(&store, options.weight_decay)?;
        Ok(Self {
            options,
            input: options.input(normalisation),
            measures_input: normalisation == Normalisation::Measured,
            device,
            classes: classes as i64,
            store,
            network,
            average_store,
            average_network,
            average,
            optimizer,
            eases_in,
        })
    }

    /// All epochs that are still to be done; afterwards the average holds the best of them.
    fn train(&mut self, data: &Data) -> anyhow::Result<()> {
        let pace = self.options.pace();
        let resume_path = resume::path_beside(&self.options.checkpoint_path());
        let best_path = best_path(&self.options.checkpoint_path());
        let mut progress = Progress {
            options: self.options.command_line(),
            standing: Standing::new(&pace),
            epochs: Vec::new(),
            optimizer_steps: 0,
            average_steps: 0.0,
        };
        if self.options.resume {
            let stores = [&self.store, &self.average_store];
            let (optimizer, average) = (&mut self.optimizer, &mut self.average);
            progress = resume::load(&resume_path, &progress.options, stores, optimizer, average)?;
            say(format!("resuming after epoch {}", progress.epochs.len()));
        } else {
            data.write_split(&self.options.split_path())?;
        }
        let weights = match self.options.sampling {
            Sampling::Every => class_weights(&data.training.classes, self.classes),
            Sampling::Balanced => Tensor::ones([self.classes], (Kind::Float, Device::Cpu)),
        };
        let weights = weights.to_device(self.device);
        // Rare classes weigh as much as others in validation, whatever training draws.
        let validation_weights = class_weights(&data.training.classes, self.classes);
        while !progress.standing.ended {
            let epoch = progress.epochs.len() + 1;
            let mut record = self.epoch(epoch, progress.standing.rate, data, &weights)?;
            let validation = self.measure(&data.validation)?;
            let shifted = self.measure(&data.shifted)?;
            // Half of it under shift: the scans to come differ from those at hand.
            let losses = [
                validation.loss(&data.validation, &validation_weights),
                shifted.loss(&data.shifted, &validation_weights),
            ];
            let loss = losses.iter().sum::<f64>() / 2.0;
            ensure!(
                loss.is_finite(),
                "the validation loss is not a number in epoch {epoch}; lower --learning-rate"
            );
            (record.validation_loss, record.validation_accuracy) =
                (losses[0], validation.accuracy(&data.validation));
            (record.shifted_loss, record.shifted_accuracy) =
                (Some(losses[1]), Some(shifted.accuracy(&data.shifted)));
            let verdict =
                progress.standing.hear(&pace, epoch, self.is_itself(epoch).then_some(loss));
            (record.kept, record.reduced) = (verdict.improved, verdict.reduced);
            record.stopped = progress.standing.ended && epoch < pace.epochs;
            say(sentence(&record));
            progress.epochs.push(record);
            // First what can be done again, then the progress that would not do it again.
            if verdict.improved {
                self.keep(&best_path)?;
            }
            history::write(
                &self.options.checkpoint_path().with_extension("history.json"),
                &progress.epochs,
            )
            .context("the history cannot be written; make room on the disk")?;
            (progress.optimizer_steps, progress.average_steps) =
                (self.optimizer.state().0, self.average.steps());
            let stores = [&self.store, &self.average_store];
            resume::save(&resume_path, &progress, stores, &self.optimizer)?;
        }
        Weights::read_unchecked(&best_path)?.load_into(&self.average_store)?;
        Ok(())
    }

    /// Removes what only a stopped run would need.
    fn clear(checkpoint: &Path) -> anyhow::Result<()> {
        for path in [resume::path_beside(checkpoint), best_path(checkpoint)] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    bail!("{}: it cannot be removed ({error})", path.display())
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the averaged weights, whole or not at all.
    fn keep(&self, path: &Path) -> anyhow::Result<()> {
        resume::write(path, self.average_store.variables().into_iter().collect())
    }

    /// One pass over the training scans.
    fn epoch(
        &mut self,
        epoch: usize,
        rate: f64,
        data: &Data,
        weights: &Tensor,
    ) -> anyhow::Result<Epoch> {
        let started = Instant::now();
        // Draws depend on the seed and the epoch alone: what is resumed draws the same.
        let random = Pcg64::new(u128::from(self.options.seed), epoch as u128);
        tch::manual_seed((self.options.seed as i64).wrapping_mul(1_000).wrapping_add(epoch as i64));
        self.ease_in(epoch);
        let input = self.input.clone();
        let recipe = Recipe {
            greys: data.training.greys.shallow_clone(),
            labels: data.training.labels.shallow_clone(),
            input: &input,
            classes: self.classes,
            batch: self.options.batch,
            mixup: self.options.mixup,
            size: self.options.size_in(epoch) as i64,
            intensity: self.options.intensity,
            sampling: self.options.sampling,
            device: self.device,
        };
        let steps = data.training.len().div_ceil(self.options.batch);
        let bar =
            bar(data.training.len(), "{msg} {wide_bar} {pos}/{len} scans, {per_sec}, {eta} left");
        let (mut loss_sum, mut right, mut seen) = (0.0, 0, 0i64);
        let waited = std::thread::scope(|scope| -> anyhow::Result<_> {
            let mut feed = Feed::start(scope, recipe, random);
            for step in 0.. {
                let Some(batch) = feed.next() else { break };
                let Batch { input, targets, labels } = batch?;
                ensure!(
                    !stop::asked(),
                    "stopped in epoch {epoch}; the same command with --resume goes on after epoch {}",
                    epoch - 1
                );
                let logits = self.network.forward(&input, true, &mut Taps::off());
                let loss = self.loss(&logits, &targets, weights);
                let value = loss.double_value(&[]);
                ensure!(
                    value.is_finite(),
                    "the loss is not a number in epoch {epoch}; lower --learning-rate"
                );
                // The first epoch begins slowly: the last layer is new.
                let warm = if epoch == 1 { (step + 1) as f64 / steps as f64 } else { 1.0 };
                self.optimizer.step(&loss, rate * warm.min(1.0))?;
                self.average.step()?;
                let scans = labels.size()[0];
                loss_sum += value * scans as f64;
                right +=
                    logits.argmax(1, false).eq_tensor(&labels).sum(Kind::Int64).int64_value(&[]);
                seen += scans;
                bar.set_message(format!("epoch {epoch}, loss {value:.3}"));
                bar.inc(scans as u64);
            }
            Ok(feed.waited)
        })?;
        bar.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();
        Ok(Epoch {
            epoch,
            learning_rate: rate,
            training_loss: loss_sum / seen as f64,
            training_accuracy: right as f64 / seen as f64,
            validation_loss: f64::NAN,
            validation_accuracy: 0.0,
            shifted_loss: None,
            shifted_accuracy: None,
            kept: false,
            reduced: false,
            stopped: false,
            seconds,
            scans_per_second: seen as f64 / seconds,
            idle: waited.as_secs_f64() / seconds,
        })
    }

    /// Over the first half of the epochs, the network's own activation takes ReLU6's place.
    fn ease_in(&self, epoch: usize) {
        self.network.ease_in(self.own_share(epoch));
        self.average_network.ease_in(self.own_share(epoch));
    }

    /// How much of the network's own activation is in use.
    fn own_share(&self, epoch: usize) -> f64 {
        if !self.eases_in {
            return 1.0;
        }
        // With a single epoch there is no time for it: some epoch must be the network itself.
        let half = self.options.epochs / 2;
        if epoch > half { 1.0 } else { (epoch - 1) as f64 / half as f64 }
    }

    /// Whether the weights of an epoch are those of the network as it will be used.
    fn is_itself(&self, epoch: usize) -> bool {
        self.own_share(epoch) >= 1.0
    }

    /// Cross-entropy, each class weighing the same in all, with smoothed targets.
    fn loss(&self, logits: &Tensor, targets: &Tensor, weights: &Tensor) -> Tensor {
        let smoothing = self.options.label_smoothing;
        let smoothed = targets * (1.0 - smoothing) + smoothing / self.classes as f64;
        let log = logits.log_softmax(1, Kind::Float);
        let mut each = -(smoothed * weights * &log);
        if self.options.confidence_penalty > 0.0 {
            each += log.exp() * &log * self.options.confidence_penalty;
        }
        each.sum_dim_intlist([1i64].as_slice(), false, Kind::Float).mean(Kind::Float)
    }

    /// What the averaged network makes of scans as they are.
    pub fn measure(&self, scans: &Scans) -> anyhow::Result<Measured> {
        tch::no_grad(|| {
            let mut logits = Vec::new();
            for start in (0..scans.len() as i64).step_by(self.options.batch) {
                let count = (scans.len() as i64 - start).min(self.options.batch as i64);
                let greys = scans.greys.f_narrow(0, start, count)?.f_to_device(self.device)?;
                let input = channels_last(&normalise(&greys, &self.input)?)?;
                let feature = self.average_network.features(&input, false, &mut Taps::off());
                let logit = self.average_network.decide(&feature, false);
                logits.push(logit.f_to_device(Device::Cpu)?);
            }
            Ok(Measured { logits: Tensor::f_cat(&logits, 0)? })
        })
    }
}

/// What a network makes of some scans, on the CPU.
pub(super) struct Measured {
    /// `[n, classes]`.
    logits: Tensor,
}

impl Measured {
    fn loss(&self, scans: &Scans, weights: &Tensor) -> f64 {
        let weights = weights.to_device(Device::Cpu);
        self.logits
            .cross_entropy_loss(&scans.labels, Some(&weights), tch::Reduction::Mean, -100, 0.0)
            .double_value(&[])
    }

    pub fn accuracy(&self, scans: &Scans) -> f64 {
        let right = self.logits.argmax(1, false).eq_tensor(&scans.labels);
        right.to_kind(Kind::Double).mean(Kind::Double).double_value(&[])
    }
}

fn sentence(epoch: &Epoch) -> String {
    let mut text = format!(
        "epoch {:3}  rate {:.1e}  loss {:.3}  accuracy {:.3}  validation loss {:.3}  accuracy {:.3}  \
         shifted loss {:.3}  accuracy {:.3}  {:.0} s  {:.1} scans/s  idle {:.1} %",
        epoch.epoch,
        epoch.learning_rate,
        epoch.training_loss,
        epoch.training_accuracy,
        epoch.validation_loss,
        epoch.validation_accuracy,
        epoch.shifted_loss.unwrap_or(f64::NAN),
        epoch.shifted_accuracy.unwrap_or(f64::NAN),
        epoch.seconds,
        epoch.scans_per_second,
        epoch.idle * 100.0
    );
    if epoch.kept {
        text += "  kept";
    }
    if epoch.reduced {
        text += "  the learning rate falls";
    }
    if epoch.stopped {
        text += "  nothing has helped for long: stopped";
    }
    text
}

fn show_augmented(path: &Path, scans: &Scans, seed: u64) -> anyhow::Result<()> {
    const COLUMNS: usize = 8;
    let step = (scans.len() / COLUMNS).max(1);
    let chosen: Vec<usize> = (0..scans.len()).step_by(step).take(COLUMNS).collect();
    let (width, height, greys) = sheet::sheet(&scans.select(&chosen)?.greys, seed)?;
    let picture = image::GrayImage::from_raw(width as u32, height as u32, greys)
        .context("the picture is too large")?;
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png)?;
    write_whole(path, png.get_ref())
        .with_context(|| format!("{}: the picture cannot be written", path.display()))?;
    let names: Vec<&str> = super::augment::ALL.iter().map(|way| way.name).collect();
    say(format!("{}: rows are as it is, {}, all together", path.display(), names.join(", ")));
    Ok(())
}

fn measure_input(training: &Scans, input: &mut Input) {
    let greys = training.greys.to_kind(Kind::Float) / 255.0;
    let rounded = |value: f64| (value * 1e4).round() as f32 / 1e4;
    input.mean.fill(rounded(greys.mean(Kind::Float).double_value(&[])));
    input.std.fill(rounded(greys.std(false).double_value(&[])).max(1e-2));
}

/// Rare classes weigh more, so that each class weighs the same in all.
fn class_weights(classes: &[usize], count: i64) -> Tensor {
    let mut counts = vec![0usize; count as usize];
    classes.iter().for_each(|&class| counts[class] += 1);
    let weights: Vec<f32> =
        counts.iter().map(|&n| classes.len() as f32 / (count as f32 * n.max(1) as f32)).collect();
    Tensor::from_slice(&weights)
}

/// A line for people. Hours of training do not end because nobody reads along any more.
pub(super) fn say(line: String) {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").unwrap_or(());
}

pub(super) fn bar(length: usize, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}
