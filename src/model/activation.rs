//! Activation functions of the units.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tch::Tensor;

/// What follows a convolution and its batch norm.
#[derive(Clone, Debug)]
pub enum Activation {
    None,
    Relu,
    Relu6,
    Silu(EaseIn),
}

impl Activation {
    /// Of `x`, which stays as it is.
    pub fn of(&self, x: &Tensor) -> Tensor {
        match self {
            Self::None => x.shallow_clone(),
            Self::Relu => x.relu(),
            Self::Relu6 => x.relu6(),
            Self::Silu(ease) => match ease.share() {
                share if share >= 1.0 => x.silu(),
                share => x.silu() * share + x.relu6() * (1.0 - share),
            },
        }
    }

    /// The same in the memory of `x`, of which there must be no other owner.
    pub fn in_place(&self, mut x: Tensor) -> Tensor {
        match self {
            Self::None => x,
            Self::Relu => x.relu_(),
            Self::Relu6 => x.relu6_(),
            Self::Silu(ease) if ease.share() >= 1.0 => x.silu_(),
            Self::Silu(_) => self.of(&x),
        }
    }
}

/// How much of an activation is in use, the rest being ReLU6; shared by all units of a network.
#[derive(Clone, Debug)]
pub struct EaseIn(Arc<AtomicU64>);

impl EaseIn {
    /// All of it.
    pub fn done() -> Self {
        Self(Arc::new(AtomicU64::new(1f64.to_bits())))
    }

    pub fn set(&self, share: f64) {
        self.0.store(share.clamp(0.0, 1.0).to_bits(), Ordering::Relaxed);
    }

    fn share(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}
