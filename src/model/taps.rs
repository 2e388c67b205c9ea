//! The collector of activations.

use tch::Tensor;

/// Keeps the activations of one forward pass, two for each convolution, in network order.
#[derive(Debug, Default)]
pub struct Taps {
    keep: bool,
    /// Outputs of the convolutions themselves, `[batch, channels, height, width]`.
    pub conv: Vec<Tensor>,
    /// The same after batch norm and activation.
    pub unit: Vec<Tensor>,
}

impl Taps {
    /// Keeps every activation.
    pub fn on() -> Self {
        Self { keep: true, ..Self::default() }
    }

    /// Keeps nothing: a bare forward pass.
    pub fn off() -> Self {
        Self::default()
    }

    /// Whether activations are collected.
    pub(super) fn are_on(&self) -> bool {
        self.keep
    }

    /// Collects the output of a convolution, and of its unit.
    pub(super) fn add(&mut self, conv: &Tensor, unit: &Tensor) {
        if self.keep {
            self.conv.push(conv.shallow_clone());
            self.unit.push(unit.shallow_clone());
        }
    }
}
