//! `mrimaster calibrate`: a model's probabilities and sets fitted to a site's own labelled scans.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::ensure;
use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};

use super::models;
use crate::evaluate::local::{Progress, calibrate, remove, save};
use crate::model::prediction::DeviceChoice;
use crate::reliability::local::LocalCalibration;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Labelled scans: a folder for each class of the model, 50 scans or more in all
    #[arg(value_name = "FOLDER", required_unless_present = "remove")]
    folder: Option<PathBuf>,
    /// A model's name (`mrimaster models` lists them) or a .safetensors file
    #[arg(long, value_name = "NAME|FILE")]
    model: String,
    /// Remove the model's local calibration
    #[arg(long, conflicts_with = "folder")]
    remove: bool,
    #[arg(long, value_enum, default_value = "auto")]
    device: DeviceChoice,
}

/// Calibrates a model, or removes its local calibration.
///
/// # Errors
/// A folder that cannot calibrate it, a checkpoint that is refused, a folder that cannot be written to.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    if options.remove {
        // The weights are not read: what does not fit them is removed, too.
        let path = models::path_of(&options.model)?;
        let removed = remove(&path)?;
        let text = match removed {
            true => "the local calibration was removed; the card's own is in use again",
            false => "there was no local calibration",
        };
        writeln!(std::io::stdout(), "{}: {text}", options.model)?;
        return Ok(());
    }
    let checkpoint = models::find(Some(&options.model))?;
    let Some(folder) = &options.folder else {
        ensure!(options.remove, "name a folder of labelled scans");
        return Ok(());
    };
    let template = "{msg} {wide_bar} {pos}/{len} scans, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    bar.set_message(checkpoint.name());
    let mut each = |progress: Progress| {
        bar.set_length(progress.of as u64);
        bar.set_position(progress.done as u64);
        if let Some(reason) = progress.skipped {
            bar.suspend(|| eprintln!("{reason}"));
        }
        ControlFlow::Continue(())
    };
    let done = calibrate(folder, &checkpoint, options.device, Utc::now(), &mut each);
    bar.finish_and_clear();
    let local = done?;
    let path = save(&checkpoint, &local)?;
    write!(std::io::stdout(), "{}", describe(&local))?;
    writeln!(std::io::stdout(), "written to {}", path.display())?;
    Ok(())
}

/// What was learned, line by line.
fn describe(local: &LocalCalibration) -> String {
    let mut text = format!("{}\n", local.description());
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let (before, after) = (local.error_before, local.error_after);
    text +=
        &format!("  calibration error    {before:.3} before, {after:.3} after (cross-fitted)\n");
    let mut sets = vec![("sets of the card", &local.card_sets)];
    sets.extend(local.sets.measured.iter().map(|sets| ("local sets", sets)));
    for (name, sets) in sets {
        text += &format!(
            "  {name:<20} aim at {:.0} %, held the truth in {} of {} scans, {:.2} classes on average\n",
            100.0 * local.sets.coverage,
            percent(sets.coverage),
            sets.scans,
            sets.mean_size
        );
    }
    text
}
