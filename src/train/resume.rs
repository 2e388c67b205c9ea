//! Everything that the next epoch depends on, in one file that is written whole after each: what
//! is killed goes on where it stood.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use super::history::Epoch;
use super::optimizer::{AdamW, Average, copy};
use super::schedule::Standing;
use crate::system::files::replace;

/// What is kept besides tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The command line it belongs to: another one would not give the same result.
    pub options: String,
    pub standing: Standing,
    pub epochs: Vec<Epoch>,
    pub optimizer_steps: i32,
    pub average_steps: f64,
}

/// The tensor that holds [`Progress`] as the bytes of its JSON.
const PROGRESS: &str = "progress";

/// The file's name beside the checkpoint's.
pub fn path_beside(checkpoint: &Path) -> PathBuf {
    checkpoint.with_extension("resume.safetensors")
}

/// Writes progress, weights, their average and the optimiser's state.
///
/// # Errors
/// Those of the disk; the file of the epoch before then stays.
pub fn save(
    path: &Path,
    progress: &Progress,
    stores: [&VarStore; 2],
    optimizer: &AdamW,
) -> anyhow::Result<()> {
    let json = serde_json::to_vec(progress)?;
    let mut tensors = vec![(PROGRESS.to_owned(), Tensor::from_slice(&json))];
    for (kind, store) in ["weights", "average"].into_iter().zip(stores) {
        let variables = store.variables().into_iter();
        tensors.extend(variables.map(|(name, tensor)| (format!("{kind}.{name}"), tensor)));
    }
    tensors.extend(optimizer.state().1);
    write(path, tensors)
}

/// Writes tensors by name, whole or not at all.
///
/// # Errors
/// Those of the disk; what was there before stays.
pub fn write(path: &Path, mut tensors: Vec<(String, Tensor)>) -> anyhow::Result<()> {
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let tensors: Vec<(String, Tensor)> = tensors
        .into_iter()
        .map(|(name, tensor)| (name, tensor.detach().to_device(tch::Device::Cpu).contiguous()))
        .collect();
    replace(path, |temporary| {
        Tensor::write_safetensors(&tensors, temporary).map_err(std::io::Error::other)
    })
    .with_context(|| format!("{}: it cannot be written; make room on the disk", path.display()))
}

/// Takes back what [`save`] kept.
///
/// # Errors
/// A missing or damaged file, or one of another command line.
pub fn load(
    path: &Path,
    options: &str,
    stores: [&VarStore; 2],
    optimizer: &mut AdamW,
    average: &mut Average,
) -> anyhow::Result<Progress> {
    let name = path.display();
    ensure!(path.is_file(), "{name}: there is nothing to resume; leave --resume out");
    let damaged = || format!("{name}: this cannot be read; remove it and train from the start");
    let tensors: HashMap<String, Tensor> =
        Tensor::read_safetensors(path).with_context(damaged)?.into_iter().collect();
    let json = tensors.get(PROGRESS).filter(|t| t.kind() == Kind::Uint8).with_context(damaged)?;
    let json = Vec::<u8>::try_from(json.flatten(0, -1)).with_context(damaged)?;
    let progress: Progress = serde_json::from_slice(&json).with_context(damaged)?;
    if progress.options != options {
        bail!(
            "{name}: this belongs to another command line ({}); use that one, or leave --resume out",
            progress.options
        );
    }
    let find = |name: &str| tensors.get(name).map(Tensor::shallow_clone);
    for (kind, store) in ["weights", "average"].into_iter().zip(stores) {
        for (name, mut variable) in store.variables() {
            copy(&format!("{kind}.{name}"), &mut variable, &find).with_context(damaged)?;
        }
    }
    optimizer.restore(progress.optimizer_steps, &find).with_context(damaged)?;
    average.set_steps(progress.average_steps);
    Ok(progress)
}
