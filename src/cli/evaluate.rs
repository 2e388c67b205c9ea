//! `mrimaster evaluate`: how good a model is on a folder of labelled scans.

mod text;

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::models;
use crate::dataset::patients::PatientTables;
use crate::evaluate::bootstrap::Bootstrap;
use crate::evaluate::compare::{Comparison, compare};
use crate::evaluate::report::{Evaluation, ready_folder};
use crate::evaluate::run::{Progress, Step, evaluate};
use crate::evaluate::test_set::TestSet;
use crate::model::prediction::{CheckpointInfo, DeviceChoice};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The test set: a folder for each class, or one with such folders in Testing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A model's name (`mrimaster models` lists them) or a .safetensors file; given twice, two
    /// models are compared
    #[arg(long, value_name = "NAME|FILE")]
    model: Vec<String>,
    /// Evaluate on the scans that a training run held back to validate, by the split it wrote
    #[arg(long, value_name = "SPLIT.csv")]
    validation: Option<PathBuf>,
    #[command(flatten)]
    tables: PatientTables,
    /// Write results.csv and evaluation.json into this folder; of two models, into a folder each
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the evaluation as JSON
    #[arg(long)]
    json: bool,
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
}

/// What `--json` prints of two models.
#[derive(Serialize)]
struct Both<'a> {
    evaluations: &'a [Evaluation],
    comparison: &'a Comparison,
}

/// Evaluates, writes and prints.
///
/// # Errors
/// A folder that is no test set of the model, a checkpoint that is refused, a folder that cannot be
/// written to.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.model.len() <= 2,
        "--model can be given once or twice: two models are compared"
    );
    let names: Vec<Option<&str>> = match options.model.as_slice() {
        [] => vec![None],
        some => some.iter().map(|name| Some(name.as_str())).collect(),
    };
    // Everything that can be refused is, before minutes of work.
    let (patients, _) = options.tables.read(&options.folder)?;
    let mut asked = Vec::new();
    for name in names {
        let checkpoint = models::find(name)?;
        let set = match &options.validation {
            Some(split) => TestSet::validation(&options.folder, split, &checkpoint)?,
            None => TestSet::read(&options.folder, &checkpoint)?,
        };
        asked.push((checkpoint, set.with_patients(&patients)));
    }
    if let Some(out) = &options.out {
        ready_folder(out)?;
    }
    let mut evaluations = Vec::new();
    for (checkpoint, set) in &asked {
        evaluations.push(one(checkpoint, set, options.device)?);
    }
    let comparison = match evaluations.as_slice() {
        [first, second] => Some(compare(first, second)),
        _ => None,
    };
    if let Some(out) = &options.out {
        write(out, &evaluations, comparison.as_ref())?;
    }
    print(options.json, &evaluations, comparison.as_ref())
}

/// One model, with a bar on the screen.
fn one(
    checkpoint: &CheckpointInfo,
    set: &TestSet,
    device: DeviceChoice,
) -> anyhow::Result<Evaluation> {
    let template = "{msg} {wide_bar} {pos}/{len} scans, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    let bar = ProgressBar::new(set.scans.len() as u64).with_style(style);
    bar.set_message(checkpoint.name());
    for folder in &set.left_out {
        let model = checkpoint.name();
        eprintln!("{}/{folder}: left out, since it is no class of {model}", set.name);
    }
    let mut each = |progress: Progress| {
        bar.set_position(progress.done as u64);
        match progress.step {
            Step::Answered(_) | Step::Known(_) => {}
            Step::Unreadable(file) => bar.suspend(|| eprintln!("{}", file.reason)),
            Step::Notice(notice) => bar.suspend(|| eprintln!("{notice}")),
        }
        ControlFlow::Continue(())
    };
    let done = evaluate(set, checkpoint, device, Bootstrap::default(), &mut each);
    bar.finish_and_clear();
    Ok(done?)
}

fn write(
    out: &Path,
    evaluations: &[Evaluation],
    comparison: Option<&Comparison>,
) -> anyhow::Result<()> {
    let Some(comparison) = comparison else {
        return Ok(evaluations.iter().try_for_each(|evaluation| evaluation.write(out))?);
    };
    let [first, second] = &comparison.models;
    let second = if first == second { &format!("{second}-2") } else { second };
    for (evaluation, name) in evaluations.iter().zip([first, second]) {
        evaluation.write(&out.join(name))?;
    }
    Ok(comparison.write(out)?)
}

fn print(
    json: bool,
    evaluations: &[Evaluation],
    comparison: Option<&Comparison>,
) -> anyhow::Result<()> {
    let text = match (json, comparison) {
        (true, Some(comparison)) => {
            serde_json::to_string_pretty(&Both { evaluations, comparison })?
        }
        (true, None) => serde_json::to_string_pretty(&evaluations[0])?,
        (false, _) => {
            let mut parts: Vec<String> = evaluations.iter().map(text::evaluation).collect();
            parts.extend(comparison.map(text::comparison));
            parts.join("\n")
        }
    };
    Ok(writeln!(std::io::stdout(), "{}", text.trim_end())?)
}
