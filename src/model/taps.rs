//! The collector of activations.

use tch::Tensor;

/// Collects the activations of one forward pass, two for each convolution, in network order, and
/// pooled outputs of its stages.
#[derive(Debug, Default)]
pub struct Taps {
    keep: bool,
    pool: bool,
    /// Outputs of the convolutions themselves, `[batch, channels, height, width]`.
    pub conv: Vec<Tensor>,
    /// The same after batch norm and activation.
    pub unit: Vec<Tensor>,
    /// Mean and SD over the map of each channel of each stage's output, `[batch, 2 × channels]` a
    /// stage, the means first.
    pub stages: Vec<Tensor>,
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

    /// The same with the pooled outputs of the stages.
    pub fn with_stages(self) -> Self {
        Self { pool: true, ..self }
    }

    /// Takes the output of a stage, `[batch, channels, height, width]`.
    pub(super) fn stage(&mut self, output: &Tensor) {
        if self.pool {
            let maps = output.detach().flatten(2, 3);
            let mean = maps.mean_dim([2i64].as_slice(), false, None::<tch::Kind>);
            let sd = maps.std_dim([2i64].as_slice(), false, false);
            self.stages.push(Tensor::cat(&[mean, sd], 1));
        }
    }

    /// Collects the output of a convolution, and of its unit.
    pub(super) fn add(&mut self, conv: &Tensor, unit: &Tensor) {
        if self.keep {
            self.conv.push(conv.shallow_clone());
            self.unit.push(unit.shallow_clone());
        }
    }
}
