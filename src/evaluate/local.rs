//! A local calibration: a model's answers to a site's own labelled scans, and what they say of its
//! probabilities. Written beside the card, whole or not at all, and removed again on request.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::test_set::{TestSet, TestSetError};
use crate::dataset::audit;
use crate::imaging;
use crate::model::classifier::{Classifier, ClassifierError};
use crate::model::prediction::{CheckpointInfo, DeviceChoice};
use crate::reliability::LabelledAnswer;
use crate::reliability::local::{LocalAnswer, LocalCalibration, LocalError, check_scans};
use crate::system::files::write_whole;

/// Why a folder cannot calibrate a model: one user-facing sentence.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    #[error(transparent)]
    TestSet(#[from] TestSetError),
    #[error("{folder}: {reason}", folder = folder.display())]
    Scans { folder: PathBuf, reason: LocalError },
    #[error(
        "{model} was trained by an earlier version and has no out-of-distribution reference; train it \
         again to calibrate it"
    )]
    OldCard { model: String },
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    #[error("{path}: the local calibration cannot be written ({error}); make the folder writable",
            path = path.display())]
    Write { path: PathBuf, error: std::io::Error },
    #[error("{path}: the local calibration cannot be removed ({error})", path = path.display())]
    Remove { path: PathBuf, error: std::io::Error },
    #[error("stopped; nothing was written")]
    Stopped,
}

/// What happened to one more scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Scans done so far, and how many there are.
    pub done: usize,
    pub of: usize,
    /// Why this one was skipped.
    pub skipped: Option<String>,
}

/// Classifies the labelled scans in `folder` and fits a local calibration; nothing is written yet.
/// `now` becomes its date. `each` is called after every scan and can stop it.
///
/// # Errors
/// A folder without the model's classes, fewer than 50 scans, one class only, a class without scans, a
/// checkpoint that is refused, a stop.
pub fn calibrate(
    folder: &Path,
    checkpoint: &CheckpointInfo,
    device: DeviceChoice,
    now: DateTime<Utc>,
    each: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<LocalCalibration, CalibrateError> {
    let card = checkpoint.card.as_ref();
    let old = || CalibrateError::OldCard { model: checkpoint.name() };
    let reliability = card.reliability.as_ref().ok_or_else(old)?;
    let set = TestSet::read(folder, checkpoint)?;
    let refuse =
        |reason: LocalError| CalibrateError::Scans { folder: folder.to_path_buf(), reason };
    let truths: Vec<usize> = set.scans.iter().map(|scan| scan.truth).collect();
    check_scans(&truths, &card.classes).map_err(refuse)?;
    let classifier = Classifier::from_checkpoint(checkpoint, device)?;
    let mut answers = Vec::with_capacity(set.scans.len());
    for (index, scan) in set.scans.iter().enumerate() {
        let answer = answer(&classifier, &scan.path, scan.truth)?;
        let skipped = match answer {
            Ok(answer) => {
                answers.push(answer);
                None
            }
            Err(reason) => Some(reason),
        };
        let progress = Progress { done: index + 1, of: set.scans.len(), skipped };
        if each(progress).is_break() {
            return Err(CalibrateError::Stopped);
        }
    }
    let day = now.format("%-d %b %Y").to_string();
    let names = [card.sha256.clone(), set.name, day];
    LocalCalibration::fit(reliability, &card.classes, &answers, names).map_err(refuse)
}

/// Writes a local calibration beside the card of `checkpoint`; its path.
///
/// # Errors
/// Those of the disk; what was there before stays.
pub fn save(
    checkpoint: &CheckpointInfo,
    local: &LocalCalibration,
) -> Result<PathBuf, CalibrateError> {
    let path = LocalCalibration::path_beside(&checkpoint.path);
    let text = serde_json::to_vec_pretty(local).map_err(std::io::Error::other);
    match text.and_then(|text| write_whole(&path, &text)) {
        Ok(()) => Ok(path),
        Err(error) => Err(CalibrateError::Write { path, error }),
    }
}

/// Removes the local calibration beside the weights at `path`, whether or not it can be read; whether
/// there was one.
///
/// # Errors
/// Those of the disk.
pub fn remove(path: &Path) -> Result<bool, CalibrateError> {
    let path = LocalCalibration::path_beside(path);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CalibrateError::Remove { path, error }),
    }
}

/// The answer to one scan, or why it was skipped.
fn answer(
    classifier: &Classifier,
    path: &Path,
    truth: usize,
) -> Result<Result<LocalAnswer, String>, ClassifierError> {
    let series = match imaging::open(path) {
        Ok(series) => series,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let Some(slice) = series.slices.get(series.slices.len() / 2) else {
        return Ok(Err(format!("{}: it holds no slice", path.display())));
    };
    let prediction = match classifier.predict(slice) {
        Ok(prediction) => prediction,
        Err(error @ ClassifierError::NotFinite { .. }) => {
            return Ok(Err(format!("{}: {error}", path.display())));
        }
        Err(error) => return Err(error),
    };
    let answer = LabelledAnswer {
        logits: prediction.classes.iter().map(|class| class.logit).collect(),
        truth,
        ood_score: prediction.ood.map(|ood| f64::from(ood.score)),
        weight: 1.0,
    };
    Ok(Ok(LocalAnswer { answer, scan: audit::pixels_hash(slice) }))
}
