//! `mrimaster runs`: training runs as a table.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::ensure;

use crate::train::runs::{Run, differing, find};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The folder in which training runs wrote their checkpoints, or one above several
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Prints a row for each run; figures are those on validation scans.
///
/// # Errors
/// A folder in which there is no run.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let runs = find(&options.folder);
    ensure!(
        !runs.is_empty(),
        "{}: no training run is in it; name a folder that `mrimaster train --out` wrote to",
        options.folder.display()
    );
    Ok(std::io::stdout().write_all(table(&runs).as_bytes())?)
}

fn table(runs: &[Run]) -> String {
    let settings = differing(runs);
    let mut head: Vec<String> =
        ["run", "epochs", "best", "time", "validation", "shifted", "loss", "calibration error"]
            .map(String::from)
            .into();
    head.extend(settings.iter().map(|name| format!("--{name}")));
    let mut rows = vec![head];
    rows.extend(runs.iter().map(|run| row(run, &settings)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..rows[0].len()).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut text: String = rows.iter().map(line).collect();
    text += "validation, shifted: accuracy on the validation scans and on an augmented copy of each; \
             loss: mean of both, of the best epoch. No figure is of test scans.\n";
    text
}

fn row(run: &Run, settings: &[&str]) -> Vec<String> {
    let percent =
        |share: Option<f64>| share.map_or("–".into(), |share| format!("{:.1} %", share * 100.0));
    let best = run.best();
    let loss = best.map(|best| match best.shifted_loss {
        Some(shifted) => f64::midpoint(best.validation_loss, shifted),
        None => best.validation_loss,
    });
    let name = run.name.replace(char::is_control, "?");
    let mut row = vec![
        if run.finished { name } else { name + " (not finished)" },
        run.epochs.len().to_string(),
        best.map_or("–".into(), |best| best.epoch.to_string()),
        format!("{:.0} min", run.seconds() / 60.0),
        percent(run.validation_accuracy.or(best.map(|best| best.validation_accuracy))),
        percent(best.and_then(|best| best.shifted_accuracy)),
        loss.map_or("–".into(), |loss| format!("{loss:.3}")),
        run.calibration_error.map_or("–".into(), |error| format!("{error:.3}")),
    ];
    row.extend(settings.iter().map(|&name| match run.settings.get(name) {
        Some(value) if value.is_empty() => "yes".into(),
        Some(value) => value.clone(),
        None => "–".into(),
    }));
    row
}
