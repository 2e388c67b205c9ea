//! What the networks have in common: convolutions that can be tapped, and the collector of taps.

use std::fmt;

use tch::nn::{self, BatchNormConfig, ConvConfig, Init};
use tch::{Device, Tensor};

use super::card::Architecture;
use super::efficientnet::EfficientNetB0;
use super::prediction::LayerInfo;
use super::small_cnn::SmallCnn;
use super::vgg16::{Vgg16, VggHead};
use crate::system::caught::caught;

/// A classifier whose every spatial convolution can be looked at.
pub trait Network: Send + fmt::Debug {
    /// Logits, `[batch, classes]`, of an input `[batch, channels, size, size]`.
    ///
    /// `train` switches dropout and the statistics of batch norm. Activations go to `taps`.
    fn forward(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor;

    /// Every spatial convolution, in the order in which [`Taps`] receives them.
    fn layers(&self) -> Vec<LayerInfo>;
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
    pub fn build(self, store: &nn::VarStore) -> Result<Box<dyn Network>, tch::TchError> {
        let root = store.root();
        // tch's builders panic where libtorch fails: an allocation of half a gigabyte may.
        caught(|| {
            let network: Box<dyn Network> = match self.architecture {
                Architecture::SmallCnn => {
                    Box::new(SmallCnn::new(&root, self.channels, self.classes))
                }
                Architecture::Vgg16 => Box::new(Vgg16::new(&root, self.classes, self.vgg_head)),
                Architecture::EfficientnetB0 => Box::new(EfficientNetB0::new(&root, self.classes)),
            };
            network
        })
        .map_err(tch::TchError::Torch)
    }

    /// The layers of such a network, without its weights.
    pub fn layers(self) -> Result<Vec<LayerInfo>, tch::TchError> {
        Ok(self.build(&nn::VarStore::new(Device::Cpu))?.layers())
    }
}

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

    fn keep(&mut self, conv: &Tensor, unit: &Tensor) {
        if self.keep {
            self.conv.push(conv.shallow_clone());
            self.unit.push(unit.shallow_clone());
        }
    }
}

/// What follows a convolution and its batch norm.
#[derive(Clone, Copy, Debug)]
pub(super) enum Activation {
    None,
    Relu,
    Silu,
}

/// A convolution with its batch norm and activation: the unit that every network here is made of.
///
/// Nothing in it is done in place: a kept activation would be overwritten.
#[derive(Debug)]
pub(super) struct ConvUnit {
    conv: nn::Conv2D,
    norm: Option<nn::BatchNorm>,
    activation: Activation,
    layer: LayerInfo,
}

/// The numbers of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conv {
    pub input: i64,
    pub output: i64,
    pub kernel: i64,
    pub stride: i64,
    pub groups: i64,
}

impl Conv {
    pub fn new(input: i64, output: i64, kernel: i64) -> Self {
        Self { input, output, kernel, stride: 1, groups: 1 }
    }

    pub fn stride(self, stride: i64) -> Self {
        Self { stride, ..self }
    }

    pub fn groups(self, groups: i64) -> Self {
        Self { groups, ..self }
    }
}

impl ConvUnit {
    /// A convolution without bias at `path/0` and its batch norm at `path/1`, as torchvision's
    /// `Conv2dNormActivation` names them.
    pub fn normed(path: &nn::Path, conv: Conv, activation: Activation, stage: usize) -> Self {
        let norm = nn::batch_norm2d(path / "1", conv.output, norm_config());
        Self { norm: Some(norm), ..Self::plain(&(path / "0"), conv, false, activation, stage) }
    }

    /// A convolution at `path`, without batch norm.
    pub fn plain(
        path: &nn::Path,
        conv: Conv,
        bias: bool,
        activation: Activation,
        stage: usize,
    ) -> Self {
        let config = ConvConfig {
            stride: conv.stride,
            padding: (conv.kernel - 1) / 2,
            groups: conv.groups,
            bias,
            ws_init: KAIMING_NORMAL_FAN_OUT,
            ..ConvConfig::default()
        };
        let layer = LayerInfo { name: layer_name(path), stage };
        let conv = nn::conv2d(path, conv.input, conv.output, conv.kernel, config);
        Self { conv, norm: None, activation, layer }
    }

    pub fn layer(&self) -> LayerInfo {
        self.layer.clone()
    }

    pub fn forward(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor {
        let conv = input.apply(&self.conv);
        let normed = self.norm.as_ref().map(|norm| conv.apply_t(norm, train));
        let before = normed.as_ref().unwrap_or(&conv);
        let unit = match self.activation {
            Activation::None => before.shallow_clone(),
            Activation::Relu => before.relu(),
            Activation::Silu => before.silu(),
        };
        taps.keep(&conv, &unit);
        unit
    }
}

/// He et al., arXiv 1502.01852, over the outputs: torchvision's start for convolutions.
const KAIMING_NORMAL_FAN_OUT: Init = Init::Kaiming {
    dist: nn::init::NormalOrUniform::Normal,
    fan: nn::init::FanInOut::FanOut,
    non_linearity: nn::init::NonLinearity::ReLU,
};

/// PyTorch's start: scale 1, shift 0. (tch starts with a random scale.)
fn norm_config() -> BatchNormConfig {
    BatchNormConfig { ws_init: Init::Const(1.0), ..BatchNormConfig::default() }
}

/// The name under `path` in a state dict, without the last part ("weight").
fn layer_name(path: &nn::Path) -> String {
    path.components().collect::<Vec<_>>().join(".")
}
