//! Weights to start from: a state dict of the same network, or of a sibling.

use std::path::Path;

use tch::Tensor;
use tch::nn::VarStore;

use crate::model::card::Architecture;
use crate::model::checkpoint::{CheckpointError, Weights, is_counter};
use crate::model::familiarity::PREFIX;
use crate::reliability::ood;

/// What was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether the weights are a sibling's without squeeze-and-excitation (Lite0's for B0): then
    /// its activation is another, too, and the network should be eased in.
    pub from_sibling: bool,
}

/// A squeeze-and-excitation whose sigmoid starts at 0.95 lets every channel pass.
const OPEN_GATE: f64 = 3.0;

/// Fills `store` from the file; the last layer only where its shape is the same.
///
/// # Errors
/// Where tensors are missing, left over, or of another shape: it is another network's file.
pub fn load(
    path: &Path,
    architecture: Architecture,
    store: &VarStore,
) -> Result<Taken, CheckpointError> {
    let fail = |reason: String| CheckpointError { path: path.to_path_buf(), reason };
    let weights = Weights::read_unchecked(path)?;
    let names = weights.names()?;
    let variables = store.variables();
    let from_sibling =
        architecture == Architecture::EfficientnetB0 && !names.iter().any(|name| is_gate(name));

    let mut found: Vec<(Tensor, Tensor)> = Vec::new();
    for (name, variable) in &variables {
        if from_sibling && is_gate(name) {
            found.push((variable.shallow_clone(), open(name, variable)));
            continue;
        }
        if !names.contains(name) {
            if is_classifier(name) {
                continue;
            }
            return Err(fail(format!(
                "{name} is missing; these are not weights of {}",
                architecture.name()
            )));
        }
        let tensor = weights.tensor(name)?;
        if tensor.size() != variable.size() {
            if is_classifier(name) {
                continue;
            }
            return Err(fail(format!(
                "{name} has the shape {:?} and {:?} is needed",
                tensor.size(),
                variable.size()
            )));
        }
        found.push((variable.shallow_clone(), tensor));
    }
    let known = |name: &String| {
        let of_card = name.starts_with(PREFIX) || name.starts_with(ood::PREFIX);
        let passed_over = is_classifier(name) || is_counter(name) || of_card;
        variables.contains_key(name) || passed_over
    };
    if let Some(extra) = names.iter().find(|name| !known(name)) {
        return Err(fail(format!("{extra} has no place in {}", architecture.name())));
    }
    tch::no_grad(|| found.into_iter().for_each(|(mut variable, tensor)| variable.copy_(&tensor)));
    Ok(Taken { from_sibling })
}

fn is_classifier(name: &str) -> bool {
    name.starts_with("classifier.")
}

fn is_gate(name: &str) -> bool {
    name.contains(".fc1.") || name.contains(".fc2.")
}

/// A gate's variable at the start: nearly open whatever the map holds.
fn open(name: &str, variable: &Tensor) -> Tensor {
    match name {
        name if name.ends_with("fc2.bias") => variable.full_like(OPEN_GATE),
        name if name.ends_with("fc2.weight") => variable.detach() * 0.1,
        _ => variable.detach().copy(),
    }
}
