//! VGG16 with torchvision's names. Simonyan and Zisserman, arXiv 1409.1556.

use tch::nn::{self, Init, LinearConfig};
use tch::{Kind, Tensor};

use super::activation::Activation;
use super::conv::{Conv, for_convolutions};
use super::conv_unit::ConvUnit;
use super::network::Network;
use super::taps::Taps;

/// Output channels of the convolutions of each stage; max pooling follows each stage.
const STAGES: [&[i64]; 5] =
    [&[64, 64], &[128, 128], &[256, 256, 256], &[512, 512, 512], &[512, 512, 512]];
const DROPOUT: f64 = 0.5;

/// What stands on top of the convolutions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VggHead {
    /// torchvision's: 7×7 pooling and three linear layers, 120 million weights.
    Torchvision,
    /// Global average pooling and one linear layer, for networks trained here.
    #[default]
    Pooled,
}

/// Thirteen 3×3 convolutions, each with a ReLU, in five stages, and a head.
#[derive(Debug)]
pub struct Vgg16 {
    stages: Vec<Vec<ConvUnit>>,
    head: Head,
}

#[derive(Debug)]
enum Head {
    Torchvision([nn::Linear; 3]),
    Pooled(nn::Linear),
}

impl Vgg16 {
    /// Variables `features.{0,2,5,…,28}.*`, and `classifier.{0,3,6}.*` or `classifier.1.*`.
    pub fn new(root: &nn::Path, classes: i64, head: VggHead) -> Self {
        let features = root / "features";
        let mut input = 3;
        let mut index = 0;
        let mut stages = Vec::new();
        for (stage, outputs) in STAGES.into_iter().enumerate() {
            let mut units = Vec::new();
            for &output in outputs {
                let path = &features / index;
                let conv = Conv::new(input, output, 3);
                units.push(ConvUnit::plain(&path, conv, true, Activation::Relu, stage + 1));
                input = output;
                index += 2; // the convolution and its ReLU
            }
            index += 1; // the pooling
            stages.push(units);
        }
        let classifier = root / "classifier";
        let head = match head {
            VggHead::Torchvision => Head::Torchvision([
                nn::linear(&classifier / "0", 512 * 7 * 7, 4096, large_linear()),
                nn::linear(&classifier / "3", 4096, 4096, large_linear()),
                nn::linear(&classifier / "6", 4096, classes, large_linear()),
            ]),
            VggHead::Pooled => {
                Head::Pooled(nn::linear(&classifier / "1", 512, classes, pooled_linear()))
            }
        };
        Self { stages, head }
    }
}

/// The features are in the tens where values go in as they do for the published weights: with
/// weights of the usual size, training would spend its epochs on unlearning them.
fn pooled_linear() -> LinearConfig {
    LinearConfig { ws_init: Init::Randn { mean: 0.0, stdev: 1e-3 }, ..large_linear() }
}

/// torchvision's start: N(0, 0.01), no bias.
fn large_linear() -> LinearConfig {
    LinearConfig {
        ws_init: Init::Randn { mean: 0.0, stdev: 0.01 },
        bs_init: Some(Init::Const(0.0)),
        bias: true,
    }
}

impl Network for Vgg16 {
    fn features(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor {
        let mut x = for_convolutions(input);
        for stage in &self.stages {
            for unit in stage {
                x = unit.forward(&x, train, taps);
            }
            x = x.max_pool2d_default(2);
            taps.stage(&x);
        }
        match &self.head {
            Head::Torchvision([first, second, _]) => x
                .adaptive_avg_pool2d([7, 7])
                .flatten(1, -1)
                .apply_t(first, train)
                .relu()
                .dropout(DROPOUT, train)
                .apply_t(second, train)
                .relu(),
            Head::Pooled(_) => x.mean_dim([2i64, 3].as_slice(), false, None::<Kind>),
        }
    }

    fn decide(&self, features: &Tensor, train: bool) -> Tensor {
        let (Head::Torchvision([.., last]) | Head::Pooled(last)) = &self.head;
        features.dropout(DROPOUT, train).apply_t(last, train)
    }

    fn units(&self) -> Vec<&ConvUnit> {
        self.stages.iter().flatten().collect()
    }

    fn units_mut(&mut self) -> Vec<&mut ConvUnit> {
        self.stages.iter_mut().flatten().collect()
    }
}
