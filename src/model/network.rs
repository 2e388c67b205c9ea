//! What the networks have in common: logits of an input, layers that can be tapped, and the collector
//! of taps.

use std::fmt;

use tch::{Device, TchError, Tensor, nn};

use super::card::Architecture;
pub use super::conv::channels_last;
use super::conv_unit::ConvUnit;
use super::efficientnet::{EfficientNet, Variant};
use super::prediction::LayerInfo;
use super::small_cnn::SmallCnn;
pub use super::taps::Taps;
use super::vgg16::{Vgg16, VggHead};
use crate::system::caught::caught;

/// A classifier whose every spatial convolution can be looked at.
pub trait Network: Send + fmt::Debug {
    /// What the last layer decides by, `[batch, features]`, of an input `[batch, channels, size, size]`.
    ///
    /// `train` switches dropout and the statistics of batch norm. Activations go to `taps`.
    fn features(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor;

    /// Logits, `[batch, classes]`, of [`features`](Self::features).
    fn decide(&self, features: &Tensor, train: bool) -> Tensor;

    /// Logits of an input: both steps.
    fn forward(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor {
        self.decide(&self.features(input, train, taps), train)
    }

    /// For training that starts from weights of a sibling with ReLU6: how much of the network's own
    /// activation is in use, 0..=1. The others have nothing to ease.
    fn ease_in(&self, _share: f64) {}

    /// Every spatial convolution, in the order in which [`Taps`] receives them.
    fn layers(&self) -> Vec<LayerInfo> {
        self.units().into_iter().map(ConvUnit::layer).collect()
    }

    /// Prepares the network for inference with its weights as they are now: from here on,
    /// evaluation (`train` false) takes the statistics of batch norm as constants, and where no taps
    /// are collected, as part of the convolutions before it. Outputs and taps stay the same to
    /// rounding. It must be called again after the weights have changed; training ignores it.
    ///
    /// # Errors
    /// Where libtorch is out of memory.
    fn fold(&mut self) -> Result<(), TchError> {
        self.units_mut().into_iter().try_for_each(ConvUnit::fold)
    }

    /// The units of [`Self::layers`].
    #[doc(hidden)]
    fn units(&self) -> Vec<&ConvUnit>;

    /// As [`Self::units`].
    #[doc(hidden)]
    fn units_mut(&mut self) -> Vec<&mut ConvUnit>;
}

/// A network's shape, as far as its architecture leaves it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub architecture: Architecture,
    pub classes: i64,
    pub channels: i64,
    /// Which head a VGG16 has; the others have one kind.
    pub vgg_head: VggHead,
}

impl Shape {
    /// Builds the network with its variables in `store`, filled for training from scratch.
    ///
    /// # Errors
    /// Where libtorch is out of memory.
    pub fn build(self, store: &nn::VarStore) -> Result<Box<dyn Network>, TchError> {
        let root = store.root();
        // tch's builders panic where libtorch fails: an allocation of half a gigabyte may.
        caught(|| {
            let network: Box<dyn Network> = match self.architecture {
                Architecture::SmallCnn => {
                    Box::new(SmallCnn::new(&root, self.channels, self.classes))
                }
                Architecture::Vgg16 => Box::new(Vgg16::new(&root, self.classes, self.vgg_head)),
                Architecture::EfficientnetB0 => {
                    Box::new(EfficientNet::new(&root, self.classes, Variant::B0))
                }
                Architecture::EfficientnetLite0 => {
                    Box::new(EfficientNet::new(&root, self.classes, Variant::Lite0))
                }
            };
            network
        })
        .map_err(TchError::Torch)
    }

    /// The layers of such a network, without its weights.
    pub fn layers(self) -> Result<Vec<LayerInfo>, TchError> {
        Ok(self.build(&nn::VarStore::new(Device::Cpu))?.layers())
    }
}
