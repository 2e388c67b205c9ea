//! `mrimaster predict`: what the window shows, as text, JSON lines and files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;

use super::heatmaps::{self, Folders};
use super::{closed, models, one_line};
use crate::explain::grad_cam::{ExplainError, grad_cam};
use crate::imaging::{self, OpenError, Series, Slice, Source};
use crate::model::classifier::{Classifier, ClassifierError};
use crate::model::prediction::{CheckpointInfo, DeviceChoice, Evidence, Prediction, TapPoint};
use crate::reliability::ood::{OodScore, Reason};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Scans: JPEG, PNG, TIFF, BMP, DICOM, NIfTI; folders, zip archives and DICOMDIRs of such
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// A model's name (`mrimaster models` lists them) or a .safetensors file
    #[arg(long, value_name = "NAME|FILE")]
    model: Option<String>,
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
    /// The class to explain; the predicted one by default
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// Where each layer's activation is taken
    #[arg(long, value_enum, default_value = "conv")]
    tap: TapPoint,
    /// One JSON object for each slice, on a line of its own
    #[arg(long)]
    json: bool,
    /// Write the network's input and the maps of every layer into this folder
    #[arg(long, value_name = "DIR")]
    heatmaps: Option<PathBuf>,
}

/// A line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    /// As it was given; what is not UTF-8 in it is replaced.
    path: std::borrow::Cow<'a, str>,
    /// From 0.
    slice: usize,
    model: &'a str,
    checkpoint_sha256: &'a str,
    device: &'a str,
    predicted: &'a str,
    classes: Vec<Class<'a>>,
    /// Names, likeliest first; null where the model is not calibrated.
    prediction_set: Option<Vec<&'a str>>,
    /// Null where the model has nothing to measure the distance against, as is what follows.
    out_of_distribution: Option<bool>,
    ood: Option<Ood>,
    /// Null where the model was not calibrated on local scans.
    local_calibration: Option<String>,
    /// The old names of the same, for one version more.
    conformal_set: Option<Vec<&'a str>>,
    unfamiliar: Option<bool>,
    familiarity: Option<Familiarity>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    layers: Vec<Layer<'a>>,
}

#[derive(Serialize)]
struct Class<'a> {
    name: &'a str,
    logit: f32,
    /// Softmax of the logits.
    probability: f32,
    /// Null where the model is not calibrated.
    calibrated: Option<f32>,
}

#[derive(Serialize)]
struct Ood {
    /// Larger is farther from the training data; beyond 1 the scan is out of distribution. Null where
    /// it is infinite.
    score: f32,
    reason: Option<Reason>,
}

#[derive(Serialize)]
struct Familiarity {
    /// As [`Ood::score`].
    score: f32,
    threshold: f32,
}

#[derive(Serialize)]
struct Layer<'a> {
    name: &'a str,
    height: usize,
    width: usize,
    raw_max: f32,
}

/// Does every file; success only when each was done. What is no scan in a folder or an archive is
/// told, and no failure unless nothing else is there.
pub(super) fn run(options: &Options) -> ExitCode {
    let mut run = match Run::start(options) {
        Ok(run) => run,
        Err(error) => {
            eprintln!("{}", one_line(&error));
            return ExitCode::FAILURE;
        }
    };
    let (mut any, mut failed) = (false, false);
    for (source, named) in imaging::files_of(&options.paths) {
        let Err(error) = source.map_err(Into::into).and_then(|source| run.file(&source)) else {
            any = true;
            continue;
        };
        if closed(&error) {
            // Whoever read the lines has seen enough.
            any = true;
            break;
        }
        eprintln!("{}", one_line(&error));
        failed |= named || !error.is::<OpenError>();
    }
    if any && !failed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Run<'a> {
    options: &'a Options,
    checkpoint: CheckpointInfo,
    classifier: Classifier,
    class: Option<usize>,
    folders: Option<Folders>,
}

impl<'a> Run<'a> {
    fn start(options: &'a Options) -> anyhow::Result<Self> {
        let checkpoint = models::find(options.model.as_deref())?;
        let (classifier, notice) = Classifier::or_on_cpu(&checkpoint, options.device)?;
        if let Some(notice) = notice {
            eprintln!("{notice}");
        }
        let class = options.class.as_ref().map(|name| {
            let classes = classifier.classes();
            classes.iter().position(|class| class == name).with_context(|| {
                format!("{} has no class {name}; it has: {}", checkpoint.name(), classes.join(", "))
            })
        });
        if let Some(folder) = &options.heatmaps {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{}: the folder cannot be made", folder.display()))?;
        }
        if !options.json {
            writeln!(std::io::stdout(), "{}", header(&checkpoint))?;
        }
        let name = checkpoint.name();
        Ok(Self {
            options,
            class: class.transpose()?,
            checkpoint,
            classifier,
            folders: options.heatmaps.as_deref().map(|dir| Folders::new(dir, &name)),
        })
    }

    fn file(&mut self, source: &Source) -> anyhow::Result<()> {
        let series = imaging::open_source(source)?;
        let path = source.path();
        for (index, slice) in series.slices.iter().enumerate() {
            self.slice(path, &series, index, slice)
                .or_else(|error| {
                    if !self.of_gpu(&error) {
                        return Err(error);
                    }
                    eprintln!("{}; continuing on the CPU", one_line(&error));
                    self.classifier =
                        Classifier::from_checkpoint(&self.checkpoint, DeviceChoice::Cpu)?;
                    self.slice(path, &series, index, slice)
                })
                .map_err(|error| error.context(path.display().to_string()))?;
        }
        Ok(())
    }

    /// Whether it was a GPU that failed, and the CPU may do.
    fn of_gpu(&self, error: &anyhow::Error) -> bool {
        match (error.downcast_ref(), error.downcast_ref()) {
            (Some(error), _) => ClassifierError::is_of_gpu(error),
            (_, Some(ExplainError::Torch(_))) => self.classifier.on_gpu(),
            _ => false,
        }
    }

    fn slice(
        &mut self,
        path: &Path,
        series: &Series,
        index: usize,
        slice: &Slice,
    ) -> anyhow::Result<()> {
        let (prediction, evidence) = match &mut self.folders {
            None => (self.classifier.predict(slice)?, None),
            Some(folders) => {
                let (prediction, activations) = self.classifier.classify(slice)?;
                let class = self.class.unwrap_or(prediction.predicted);
                let maps = grad_cam(&activations, class, self.options.tap)?;
                let folder = folders.of(path, index, series.slices.len());
                heatmaps::write(&folder, slice, &activations, &maps)?;
                (prediction, Some(maps))
            }
        };
        let text = match self.options.json {
            true => json(path, index, &self.checkpoint, &prediction, evidence.as_ref())?,
            false => text(path, series, index, &prediction),
        };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(())
    }
}

fn json(
    path: &Path,
    slice: usize,
    checkpoint: &CheckpointInfo,
    prediction: &Prediction,
    evidence: Option<&Evidence>,
) -> anyhow::Result<String> {
    let line = Line {
        path: path.to_string_lossy(),
        slice,
        model: &prediction.model,
        checkpoint_sha256: &prediction.checkpoint_sha256,
        device: &prediction.device,
        predicted: &prediction.classes[prediction.predicted].name,
        classes: prediction
            .classes
            .iter()
            .map(|class| Class {
                name: &class.name,
                logit: class.logit,
                probability: class.probability,
                calibrated: class.calibrated,
            })
            .collect(),
        prediction_set: prediction.set_names(),
        out_of_distribution: prediction.out_of_distribution(),
        ood: prediction.ood.map(|OodScore { score, reason }| Ood { score, reason }),
        local_calibration: checkpoint.local.as_ref().map(|local| local.description()),
        conformal_set: prediction.set_names(),
        unfamiliar: prediction.out_of_distribution(),
        familiarity: prediction
            .ood
            .map(|found| Familiarity { score: found.score, threshold: OodScore::THRESHOLD }),
        layers: evidence
            .iter()
            .flat_map(|evidence| &evidence.maps)
            .map(|map| Layer {
                name: &map.layer.name,
                height: map.height,
                width: map.width,
                raw_max: map.raw_max,
            })
            .collect(),
    };
    match serde_json::to_string(&line) {
        Ok(text) => Ok(text),
        Err(error) => bail!("{}: it cannot be written as JSON ({error})", path.display()),
    }
}

fn text(path: &Path, series: &Series, index: usize, prediction: &Prediction) -> String {
    let place = match series.slices.len() {
        1 => String::new(),
        slices => format!(" {}/{slices}", index + 1),
    };
    let synthetic = if series.synthetic { " (synthetic)" } else { "" };
    let classes: Vec<String> = prediction
        .classes
        .iter()
        .map(|class| format!("{} {:.3}", class.name, class.best_probability()))
        .collect();
    let answer = match (prediction.out_of_distribution(), prediction.ood.and_then(|o| o.reason)) {
        (Some(true), Some(reason)) => format!("unfamiliar scan ({reason}), no class is certain"),
        (Some(true), None) => "unfamiliar scan, no class is certain".into(),
        _ => prediction.classes[prediction.predicted].name.clone(),
    };
    // Coverage was measured on scans like the training scans.
    let set = prediction.set_list().filter(|_| prediction.out_of_distribution() != Some(true));
    let set = set.map(|classes| format!("  cannot be excluded: {classes}"));
    // A name may hold line ends or a terminal's commands.
    let name = path.display().to_string().replace(char::is_control, "?");
    format!(
        "{name}{place}{synthetic}: {answer}  [{}]{}",
        classes.join("  "),
        set.unwrap_or_default()
    )
}

/// What the lines below it rest on.
fn header(checkpoint: &CheckpointInfo) -> String {
    let card = &checkpoint.card;
    let calibrated = match (&checkpoint.local, &checkpoint.reliability, &card.calibration) {
        (Some(local), ..) => local.description(),
        (None, Some(known), _) => {
            let measured = known.sets.measured.first().map_or(String::new(), |of| {
                format!(
                    " (held the truth in {:.0} % of {} {})",
                    100.0 * of.coverage,
                    of.scans,
                    of.on
                )
            });
            let coverage = 100.0 * known.sets.coverage;
            format!("calibrated on {}, {coverage:.0} % sets{measured}", known.fitted_on)
        }
        (None, None, Some(calibration)) => format!(
            "probabilities and {:.0} % sets are calibrated on {}",
            calibration.conformal.coverage * 100.0,
            calibration.fitted_on
        ),
        (None, None, None) => "probabilities are not calibrated".into(),
    };
    let familiarity = match card.reliability.is_some() || card.familiarity.is_some() {
        true => "distance from the training data is measured",
        false => "distance from the training data is not measured",
    };
    format!("{} · not for diagnostic use · {calibrated}, {familiarity}", checkpoint.name())
}
