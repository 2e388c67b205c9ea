//! What happened in each epoch, written after each.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::system::files::write_whole;

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    pub learning_rate: f64,
    pub training_loss: f64,
    /// Of the augmented training scans as they went by, 0..=1.
    pub training_accuracy: f64,
    pub validation_loss: f64,
    /// 0..=1.
    pub validation_accuracy: f64,
    /// Of one augmented copy of each validation scan, always the same; absent in histories of before.
    #[serde(default)]
    pub shifted_loss: Option<f64>,
    /// 0..=1.
    #[serde(default)]
    pub shifted_accuracy: Option<f64>,
    /// Whether the validation loss is the smallest so far: these weights were kept.
    pub kept: bool,
    /// Whether the learning rate falls after this epoch, because the loss stands still.
    pub reduced: bool,
    /// Whether training ends here before its last epoch.
    pub stopped: bool,
    pub seconds: f64,
    /// Training scans taken in per second.
    pub scans_per_second: f64,
    /// Share of the time in which the model waited for its scans, 0..=1.
    pub idle: f64,
}

/// Larger files are no history: an epoch takes half a kilobyte.
const LARGEST: u64 = 16 << 20;

/// The epochs that [`write()`] wrote; none where the file is missing or not of this form.
pub fn read(path: &Path) -> Vec<Epoch> {
    let small = path.metadata().is_ok_and(|metadata| metadata.len() <= LARGEST);
    let bytes = if small { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Writes the epochs so far as JSON, whole or not at all.
///
/// # Errors
/// Those of the disk.
pub fn write(path: &Path, epochs: &[Epoch]) -> std::io::Result<()> {
    write_whole(path, &serde_json::to_vec_pretty(epochs)?)
}
