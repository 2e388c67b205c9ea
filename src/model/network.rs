//! What the networks have in common: convolutions that can be tapped, and the collector of taps.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tch::nn::{self, BatchNormConfig, ConvConfig, Init};
use tch::{Device, Tensor};

use super::card::Architecture;
use super::efficientnet::{EfficientNet, Variant};
use super::prediction::LayerInfo;
use super::small_cnn::SmallCnn;
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
                Architecture::EfficientnetB0 => {
                    Box::new(EfficientNet::new(&root, self.classes, Variant::B0))
                }
                Architecture::EfficientnetLite0 => {
                    Box::new(EfficientNet::new(&root, self.classes, Variant::Lite0))
                }
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

/// Keeps the activations of one forward pass, two for each convolution, in network order, and
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

    fn keep(&mut self, conv: &Tensor, unit: &Tensor) {
        if self.keep {
            self.conv.push(conv.shallow_clone());
            self.unit.push(unit.shallow_clone());
        }
    }
}

/// What follows a convolution and its batch norm.
#[derive(Clone, Debug)]
pub(super) enum Activation {
    None,
    Relu,
    Relu6,
    Silu(EaseIn),
}

impl Activation {
    fn of(&self, x: &Tensor) -> Tensor {
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
}

/// How much of an activation is in use, the rest being ReLU6; shared by all units of a network.
#[derive(Clone, Debug)]
pub(super) struct EaseIn(Arc<AtomicU64>);

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

/// A convolution with its batch norm and activation: the unit that every network here is made of.
///
/// Nothing in it is done in place: a kept activation would be overwritten.
#[derive(Debug)]
pub(super) struct ConvUnit {
    conv: nn::Conv2D,
    shape: Conv,
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
    pub padding: Padding,
    /// The constant of the batch norm's division.
    pub epsilon: f64,
}

/// How a map is padded with zeros before a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// `(kernel − 1) / 2` on every side, as in torchvision.
    Even,
    /// As much as `⌈n / stride⌉` outputs need, an odd pixel at the right and the bottom:
    /// TensorFlow's "same".
    Same,
}

impl Conv {
    pub fn new(input: i64, output: i64, kernel: i64) -> Self {
        Self {
            input,
            output,
            kernel,
            stride: 1,
            groups: 1,
            padding: Padding::Even,
            epsilon: BatchNormConfig::default().eps,
        }
    }

    pub fn stride(self, stride: i64) -> Self {
        Self { stride, ..self }
    }

    pub fn groups(self, groups: i64) -> Self {
        Self { groups, ..self }
    }

    /// Whether the padding is none that a convolution does itself.
    fn padded_before(&self) -> bool {
        self.padding == Padding::Same && self.stride > 1
    }

    /// The least to the left and top, and to the right and bottom, that gives an output for every
    /// `stride` of `n` pixels.
    fn same_padding(&self, n: i64) -> (i64, i64) {
        let outputs = (n + self.stride - 1) / self.stride;
        let all = ((outputs - 1) * self.stride + self.kernel - n).max(0);
        (all / 2, all - all / 2)
    }
}

impl ConvUnit {
    /// A convolution without bias at `path/0` and its batch norm at `path/1`, as torchvision's
    /// `Conv2dNormActivation` names them.
    pub fn normed(path: &nn::Path, conv: Conv, activation: Activation, stage: usize) -> Self {
        let norm = nn::batch_norm2d(path / "1", conv.output, norm_config(conv.epsilon));
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
            // What is not even is padded beforehand.
            padding: if conv.padded_before() { 0 } else { (conv.kernel - 1) / 2 },
            groups: conv.groups,
            bias,
            ws_init: KAIMING_NORMAL_FAN_OUT,
            ..ConvConfig::default()
        };
        let layer = LayerInfo { name: layer_name(path), stage };
        Self {
            conv: nn::conv2d(path, conv.input, conv.output, conv.kernel, config),
            shape: conv,
            norm: None,
            activation,
            layer,
        }
    }

    pub fn layer(&self) -> LayerInfo {
        self.layer.clone()
    }

    pub fn forward(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor {
        let conv = if self.shape.padded_before() {
            let size = input.size();
            let (top, bottom) = self.shape.same_padding(size[2]);
            let (left, right) = self.shape.same_padding(size[3]);
            input.constant_pad_nd([left, right, top, bottom]).apply(&self.conv)
        } else {
            input.apply(&self.conv)
        };
        let normed = self.norm.as_ref().map(|norm| conv.apply_t(norm, train));
        let before = normed.as_ref().unwrap_or(&conv);
        let unit = self.activation.of(before);
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
fn norm_config(eps: f64) -> BatchNormConfig {
    BatchNormConfig { ws_init: Init::Const(1.0), eps, ..BatchNormConfig::default() }
}

/// The name under `path` in a state dict, without the last part ("weight").
fn layer_name(path: &nn::Path) -> String {
    path.components().collect::<Vec<_>>().join(".")
}
