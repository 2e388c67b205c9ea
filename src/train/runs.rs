//! Training runs in a folder, side by side: what was chosen for each, how long it took, and its
//! figures on validation scans. Those on test scans are not among them: they choose nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::history::{self, Epoch};
use crate::model::checkpoint;

/// Folders deeper than this under the one that is named are not searched.
const DEEPEST: usize = 6;

/// A run that wrote a history; finished where it wrote a checkpoint too.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The checkpoint's path below the folder that was searched, without its extension.
    pub name: String,
    /// What was typed, by option: `("lr", "0.001")`. Empty where the run is not finished.
    pub settings: BTreeMap<String, String>,
    pub finished: bool,
    pub epochs: Vec<Epoch>,
    /// Of the checkpoint on validation scans as its card has them, 0..=1.
    pub validation_accuracy: Option<f64>,
    /// Expected calibration error of the calibrated probabilities on validation scans, 0..=1.
    pub calibration_error: Option<f64>,
}

impl Run {
    /// The epoch whose weights were saved: that of the smallest validation loss.
    pub fn best(&self) -> Option<&Epoch> {
        self.epochs.iter().rfind(|epoch| epoch.kept)
    }

    /// How long its epochs took, in seconds.
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }
}

/// The runs in `folder` and below, in the order of their names. What cannot be read is skipped.
pub fn find(folder: &Path) -> Vec<Run> {
    let mut histories = Vec::new();
    search(folder, DEEPEST, &mut histories);
    histories.sort();
    histories.iter().filter_map(|path| read(folder, path)).collect()
}

fn search(folder: &Path, depth: usize, histories: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
    {
        if path.is_dir() && !path.is_symlink() && depth > 0 {
            search(&path, depth - 1, histories);
        } else if path.to_string_lossy().ends_with(HISTORY) {
            histories.push(path);
        }
    }
}

const HISTORY: &str = ".history.json";

fn read(folder: &Path, history: &Path) -> Option<Run> {
    let file = history.file_name()?.to_str()?.strip_suffix(HISTORY)?;
    let checkpoint = history.with_file_name(format!("{file}.safetensors"));
    let epochs = history::read(history);
    if epochs.is_empty() {
        return None;
    }
    let card = checkpoint::info(&checkpoint).ok().map(|info| info.card);
    let figure = |name: &str| card.as_ref()?.metrics.get(name).copied();
    let name = history.strip_prefix(folder).unwrap_or(history).with_file_name(file);
    Some(Run {
        name: name.display().to_string(),
        settings: card.as_ref().map(|card| settings(&card.command_line)).unwrap_or_default(),
        finished: card.is_some(),
        validation_accuracy: figure("validation_accuracy"),
        calibration_error: figure("validation_calibration_error"),
        epochs,
    })
}

/// The options of a command line and their values; one that takes none has an empty value.
fn settings(command_line: &str) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    for option in command_line.split(" --").skip(1) {
        let (name, value) = option.split_once(' ').unwrap_or((option, ""));
        settings.insert(name.to_owned(), value.to_owned());
    }
    settings
}

/// The options in which some of the runs differ, in the order of their names.
pub fn differing(runs: &[Run]) -> Vec<&str> {
    let names: BTreeSet<&str> =
        runs.iter().flat_map(|run| run.settings.keys().map(String::as_str)).collect();
    let differs = |name: &&str| {
        let mut values = runs.iter().filter(|run| run.finished).map(|run| run.settings.get(*name));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    names.into_iter().filter(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(command_line: &str) -> Run {
        Run {
            name: "a".into(),
            settings: settings(command_line),
            finished: true,
            epochs: Vec::new(),
            validation_accuracy: None,
            calibration_error: None,
        }
    }

    #[test]
    fn options_that_differ_are_found() {
        let runs = [
            run("mrimaster train data --arch small-cnn --epochs 3 --seed 1"),
            run("mrimaster train data --arch small-cnn --epochs 5 --seed 1 --unfreeze"),
        ];
        assert_eq!(runs[0].settings["epochs"], "3");
        assert_eq!(runs[1].settings["unfreeze"], "");
        assert_eq!(differing(&runs), ["epochs", "unfreeze"]);
        assert!(differing(&runs[..1]).is_empty());
        assert!(differing(&[]).is_empty());
    }

    #[test]
    fn a_folder_without_histories_has_no_runs() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("x.history.json"), "no JSON").expect("written");
        assert!(find(dir.path()).is_empty());
        assert!(find(&dir.path().join("none")).is_empty());
    }
}
