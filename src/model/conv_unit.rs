//! The unit that every network here is made of: a convolution that can be tapped, its batch norm and
//! its activation.

use tch::nn::{self, BatchNormConfig, ConvConfig, Init};
use tch::{TchError, Tensor};

use super::activation::Activation;
use super::conv::Conv;
use super::folded::Folded;
use super::prediction::LayerInfo;
use super::taps::Taps;

/// A convolution with its batch norm and activation: the unit that every network here is made of.
#[derive(Debug)]
pub struct ConvUnit {
    conv: nn::Conv2D,
    shape: Conv,
    norm: Option<nn::BatchNorm>,
    /// What [`ConvUnit::fold`] made of a unit with batch norm.
    folded: Option<Folded>,
    activation: Activation,
    layer: LayerInfo,
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
        // Stride and padding are those of [`Conv::apply`].
        let config = ConvConfig {
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
            folded: None,
            activation,
            layer,
        }
    }

    pub fn layer(&self) -> LayerInfo {
        self.layer.clone()
    }

    /// As [`Network::fold`](super::network::Network::fold), of this unit.
    ///
    /// # Errors
    /// Where libtorch is out of memory.
    pub fn fold(&mut self) -> Result<(), TchError> {
        let norm = self.norm.as_ref();
        self.folded = norm.map(|norm| Folded::new(&self.conv.ws, norm, &self.shape)).transpose()?;
        Ok(())
    }

    /// The unit's output, `[batch, channels, height, width]`; both tap points go to `taps`.
    pub fn forward(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor {
        let in_place = is_bare(input, train, taps);
        let folded = self.folded.as_ref().filter(|_| !train);
        if let (true, Some(folded)) = (in_place, folded) {
            return self.activation.in_place(folded.convolve(input, &self.shape));
        }
        let conv = self.shape.apply(input, &self.conv.ws, self.conv.bs.as_ref());
        let normed = match (&self.norm, folded) {
            (None, _) => conv.shallow_clone(),
            (Some(_), Some(folded)) => folded.norm(&conv),
            (Some(norm), None) => conv.apply_t(norm, train),
        };
        if in_place {
            drop(conv);
            return self.activation.in_place(normed);
        }
        let unit = self.activation.of(&normed);
        taps.add(&conv, &unit);
        unit
    }
}

/// Whether nobody sees what lies between the units, so that it may be overwritten: no taps, no
/// training, no gradient.
pub fn is_bare(input: &Tensor, train: bool, taps: &Taps) -> bool {
    !train && !taps.are_on() && !input.requires_grad()
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
