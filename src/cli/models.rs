//! `mrimaster models`: the checkpoints that are here, with their cards.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::model::card::Card;
use crate::model::checkpoint;
use crate::model::prediction::CheckpointInfo;

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
         {} channel{}, range {:?}, mean {:?}, SD {:?}\n  trained on    {}\n  protocol      {}\n",
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
    );
    for (name, value) in &card.metrics {
        // Writing into a string cannot fail.
        let digits = if name.contains("_scans") { 0 } else { 4 };
        let _ = writeln!(text, "  {:<41}{value:.digits$}", name.replace('_', " "));
    }
    let _ = write!(text, "  limits        {}\n  sha256        {}\n", card.limits, card.sha256);
    text
}
