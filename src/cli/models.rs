//! `mrimaster models`: the checkpoints that are here, with their cards.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::model::calibration::Calibration;
use crate::model::card::Card;
use crate::model::checkpoint;
use crate::model::familiarity::Familiarity;
use crate::model::prediction::CheckpointInfo;
use crate::reliability::{Headline, Reliability, TemperatureModel};

/// Prints each checkpoint whose weights are those of its card, and why others are refused.
///
/// # Errors
/// Where there is no folder of weights.
pub(super) fn run() -> anyhow::Result<()> {
    let folder = weights_folder()?;
    let (found, refused) = checkpoint::list(&folder);
    let mut refused = refused;
    for checkpoint in &found {
        match checkpoint::Weights::read(checkpoint) {
            Ok(_) => writeln!(std::io::stdout(), "{}", describe(checkpoint))?,
            Err(error) => refused.push(error),
        }
    }
    refused.iter().for_each(|error| eprintln!("{error}"));
    if found.is_empty() {
        bail!("{}: there are no checkpoints here; `mrimaster train` makes one", folder.display());
    }
    Ok(())
}

/// The checkpoint that a name or a file stands for; the first of the shipped ones by default.
pub(super) fn find(model: Option<&str>) -> anyhow::Result<CheckpointInfo> {
    if let Some(file) = model.map(Path::new).filter(|path| names_a_file(path)) {
        return Ok(checkpoint::info(file)?);
    }
    let folder = weights_folder()?;
    let (found, refused) = checkpoint::list(&folder);
    if found.is_empty() {
        refused.iter().for_each(|error| eprintln!("{error}"));
    }
    let names: Vec<String> = found.iter().map(CheckpointInfo::name).collect();
    let chosen = match model {
        None => found.into_iter().next(),
        Some(name) => {
            // A checkpoint of that name that was refused says why.
            if let Some(error) =
                refused.into_iter().find(|e| e.path.file_stem() == Some(name.as_ref()))
            {
                return Err(error.into());
            }
            found.into_iter().find(|info| info.name() == name)
        }
    };
    chosen.with_context(|| match model {
        Some(name) => format!("there is no model {name}; there are: {}", names.join(", ")),
        None => format!("{}: there are no checkpoints here", folder.display()),
    })
}

/// The weights' file that a name or a file stands for, whether or not it is there.
pub(super) fn path_of(model: &str) -> anyhow::Result<PathBuf> {
    match Path::new(model) {
        file if names_a_file(file) => Ok(file.to_path_buf()),
        name => Ok(weights_folder()?.join(name).with_extension("safetensors")),
    }
}

fn names_a_file(path: &Path) -> bool {
    path.components().count() > 1 || path.extension().is_some() || path.is_file()
}

fn weights_folder() -> anyhow::Result<PathBuf> {
    checkpoint::shipped_folder()
        .context("there is no folder of weights beside the program; name one in MRIMASTER_WEIGHTS")
}

fn describe(checkpoint: &CheckpointInfo) -> String {
    let card: &Card = &checkpoint.card;
    let input = &card.input;
    let mut text = format!(
        "{}\n  architecture  {}, {} convolutional layers\n  classes       {}\n  input         {}×{} pixels, \
         {} channel{}, range {:?}, mean {:?}, SD {:?}\n  trained on    {}\n  protocol      {}\n  command line  {}\n",
        checkpoint.name(),
        card.architecture.name(),
        card.taps.len(),
        card.classes.join(", "),
        input.size,
        input.size,
        input.channels,
        if input.channels == 1 { "" } else { "s" },
        input.range,
        input.mean,
        input.std,
        card.training_data,
        card.protocol,
        card.command_line,
    );
    for (name, value) in &card.metrics {
        if name.ends_with("_low") || name.ends_with("_high") {
            continue;
        }
        let end = |end: &str| card.metrics.get(&format!("{name}_{end}"));
        let interval = match (end("low"), end("high")) {
            (Some(low), Some(high)) => format!(" [{low:.3}–{high:.3}]"),
            _ => String::new(),
        };
        // Writing into a string cannot fail.
        let digits = if name.ends_with("_scans") { 0 } else { 3 };
        let _ = writeln!(text, "  {:<49}{value:.digits$}{interval}", name.replace('_', " "));
    }
    let known = card.learned_from.len();
    if known > 0 {
        let _ = writeln!(
            text,
            "  recognises    {known} scans it has learned from and {} that were left out",
            card.left_out.len()
        );
    }
    match &card.reliability {
        Some(known) => text += &reliability(known),
        None => {
            let _ = writeln!(text, "  calibration   {}", calibration(card.calibration.as_ref()));
            let _ = writeln!(text, "  familiarity   {}", familiarity(card.familiarity.as_ref()));
        }
    }
    if let Some(local) = &checkpoint.local {
        let _ = writeln!(text, "  local         {}", local.description());
    }
    let _ = write!(text, "  limits        {}\n  sha256        {}\n", card.limits, card.sha256);
    text
}

/// What the answers are worth, line by line.
fn reliability(known: &Reliability) -> String {
    let TemperatureModel { base, slope } = known.temperature;
    let first = match known.headline {
        Headline::Calibrated => "calibrated probabilities come first",
        Headline::Uncalibrated => "uncalibrated probabilities come first",
    };
    // Writing into a string cannot fail.
    let mut text = format!(
        "  calibration   temperature {base:.2} + {slope:.2} · ln(1 + distance), fitted on {}; {first}\n",
        known.fitted_on
    );
    for (scans, error) in &known.calibration_error {
        let _ = writeln!(text, "                calibration error {error:.3} on {scans}");
    }
    let sets = &known.sets;
    let _ =
        writeln!(text, "  sets          aim to hold the truth in {:.0} %", 100.0 * sets.coverage);
    for of in &sets.measured {
        let _ = writeln!(
            text,
            "                held it in {:.1} % of {} {}, {:.2} classes on average",
            100.0 * of.coverage,
            of.scans,
            of.on,
            of.mean_size
        );
    }
    let _ = writeln!(text, "  distance      {}", known.ood.method);
    for (scans, share) in &known.ood.out_of_distribution {
        let _ = writeln!(text, "                {:.1} % of {scans} beyond 1", 100.0 * share);
    }
    for kind in &known.ood.kinds {
        let unseen = kind.auroc_unseen.map_or(String::new(), |a| format!(" ({a:.3} unseen)"));
        let _ = writeln!(
            text,
            "                {}: AUROC {:.3}{unseen}, {:.0} % found, {:.0} % of them with the reason \
             \"{}\"",
            kind.kind,
            kind.auroc,
            100.0 * kind.found,
            100.0 * kind.right_reason,
            kind.reason
        );
    }
    text
}

fn calibration(calibration: Option<&Calibration>) -> String {
    let Some(calibration) = calibration else {
        return "none: probabilities are what the network gives itself".into();
    };
    let conformal = &calibration.conformal;
    let mut text = format!(
        "temperature {:.2} and {:.0} % sets, fitted on {}; calibration error {:.3}",
        calibration.temperature,
        conformal.coverage * 100.0,
        calibration.fitted_on,
        calibration.expected_error
    );
    if let Some(measured) = conformal.cross_fitted {
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            "; fitted on one half, the sets of the other half held the true class of {:.1} % and \
             {:.2} classes on average",
            measured.coverage * 100.0,
            measured.mean_size
        );
    }
    let (scans, right) = calibration
        .record
        .bins
        .iter()
        .fold((0, 0), |(scans, right), bin| (scans + bin.scans, right + bin.right));
    let _ = write!(text, "; right {right} of {scans} on {}", calibration.record.measured_on);
    text
}

fn familiarity(familiarity: Option<&Familiarity>) -> String {
    let Some(familiarity) = familiarity else {
        return "not measured".into();
    };
    let mut text = format!(
        "{}; beyond {:.3}, which 95 % of the validation scans stay below, a scan is unlike the \
         training scans",
        familiarity.score, familiarity.threshold
    );
    let kinds: Vec<String> = familiarity
        .measured
        .iter()
        .map(|(kind, share)| format!("{:.0} % of {kind}", share * 100.0))
        .collect();
    if !kinds.is_empty() {
        let _ = write!(text, "; found unlike: {}", kinds.join(", "));
    }
    text
}
