//! A small network of five convolutions, trained from scratch: quick on any machine, and easy to
//! follow from layer to layer.

use tch::nn;
use tch::{Kind, Tensor};

use super::activation::Activation;
use super::conv::{Conv, for_convolutions};
use super::conv_unit::ConvUnit;
use super::network::Network;
use super::taps::Taps;

/// Channels after each convolution.
const CHANNELS: [i64; 5] = [16, 32, 64, 128, 128];
const DROPOUT: f64 = 0.3;

/// Five times 3×3 convolution, batch norm, ReLU and 2×2 max pooling; then global average pooling,
/// dropout and one linear layer.
#[derive(Debug)]
pub struct SmallCnn {
    units: Vec<ConvUnit>,
    classifier: nn::Linear,
}

impl SmallCnn {
    /// Variables `features.{0..4}.{0,1}.*` and `classifier.1.*` under `root`.
    pub fn new(root: &nn::Path, channels: i64, classes: i64) -> Self {
        let features = root / "features";
        let mut input = channels;
        let mut units = Vec::new();
        for (index, output) in CHANNELS.into_iter().enumerate() {
            let path = &features / index;
            let conv = Conv::new(input, output, 3);
            units.push(ConvUnit::normed(&path, conv, Activation::Relu, index + 1));
            input = output;
        }
        let classifier =
            nn::linear(root / "classifier" / "1", input, classes, nn::LinearConfig::default());
        Self { units, classifier }
    }
}

impl Network for SmallCnn {
    fn features(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor {
        let mut x = for_convolutions(input);
        for unit in &self.units {
            x = unit.forward(&x, train, taps).max_pool2d_default(2);
            taps.stage(&x);
        }
        x.mean_dim([2i64, 3].as_slice(), false, None::<Kind>)
    }

    fn decide(&self, features: &Tensor, train: bool) -> Tensor {
        features.dropout(DROPOUT, train).apply_t(&self.classifier, train)
    }

    fn units(&self) -> Vec<&ConvUnit> {
        self.units.iter().collect()
    }

    fn units_mut(&mut self) -> Vec<&mut ConvUnit> {
        self.units.iter_mut().collect()
    }
}
