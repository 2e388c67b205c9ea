//! EfficientNet-B0 with torchvision's names (Tan and Le, arXiv 1905.11946), and Lite0, its sibling
//! without squeeze-and-excitation and with ReLU6.

use tch::nn;
use tch::{Kind, Tensor};

use super::activation::{Activation, EaseIn};
use super::conv::{Conv, Padding, for_convolutions};
use super::conv_unit::{ConvUnit, is_bare};
use super::network::Network;
use super::taps::Taps;

/// One row of table 1 of the paper: the inverted bottlenecks of a stage.
struct Stage {
    expand: i64,
    kernel: i64,
    stride: i64,
    output: i64,
    blocks: usize,
}

const STAGES: [Stage; 7] = [
    Stage { expand: 1, kernel: 3, stride: 1, output: 16, blocks: 1 },
    Stage { expand: 6, kernel: 3, stride: 2, output: 24, blocks: 2 },
    Stage { expand: 6, kernel: 5, stride: 2, output: 40, blocks: 2 },
    Stage { expand: 6, kernel: 3, stride: 2, output: 80, blocks: 3 },
    Stage { expand: 6, kernel: 5, stride: 1, output: 112, blocks: 3 },
    Stage { expand: 6, kernel: 5, stride: 2, output: 192, blocks: 4 },
    Stage { expand: 6, kernel: 3, stride: 1, output: 320, blocks: 1 },
];
const STEM: i64 = 32;
const HEAD: i64 = 1280;
const DROPOUT: f64 = 0.3;

/// The members of the family that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As torchvision has it: SiLU, squeeze-and-excitation, even padding.
    B0,
    /// As TensorFlow has it: ReLU6, no squeeze-and-excitation, "same" padding, batch norm's ε 0.001.
    Lite0,
}

impl Variant {
    fn conv(self, input: i64, output: i64, kernel: i64) -> Conv {
        let conv = Conv::new(input, output, kernel);
        match self {
            Self::B0 => conv,
            Self::Lite0 => Conv { padding: Padding::Same, epsilon: 1e-3, ..conv },
        }
    }
}

/// A stem, sixteen inverted bottlenecks, a head convolution, and one linear layer:
/// 49 spatial convolutions.
#[derive(Debug)]
pub struct EfficientNet {
    stem: ConvUnit,
    blocks: Vec<Bottleneck>,
    head: ConvUnit,
    classifier: nn::Linear,
    ease: EaseIn,
}

impl EfficientNet {
    /// Variables `features.*` and `classifier.1.*` under `root`.
    pub fn new(root: &nn::Path, classes: i64, variant: Variant) -> Self {
        let features = root / "features";
        let ease = EaseIn::done();
        let parts = Parts {
            variant,
            activation: match variant {
                Variant::B0 => Activation::Silu(ease.clone()),
                Variant::Lite0 => Activation::Relu6,
            },
        };
        let stem = parts.unit(&(&features / "0"), variant.conv(3, STEM, 3).stride(2), 1);
        let mut input = STEM;
        let mut blocks = Vec::new();
        for (index, stage) in STAGES.iter().enumerate() {
            for block in 0..stage.blocks {
                let path = &features / (index + 1) / block / "block";
                let stride = if block == 0 { stage.stride } else { 1 };
                blocks.push(Bottleneck::new(&path, input, stage, stride, index + 2, &parts));
                input = stage.output;
            }
        }
        let last = STAGES.len() + 1;
        let head = parts.unit(&(&features / last), variant.conv(input, HEAD, 1), last + 1);
        let classifier =
            nn::linear(root / "classifier" / "1", HEAD, classes, nn::LinearConfig::default());
        Self { stem, blocks, head, classifier, ease }
    }
}

/// What the units of one network share.
struct Parts {
    variant: Variant,
    activation: Activation,
}

impl Parts {
    fn unit(&self, path: &nn::Path, conv: Conv, stage: usize) -> ConvUnit {
        ConvUnit::normed(path, conv, self.activation.clone(), stage)
    }
}

impl Network for EfficientNet {
    fn features(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor {
        let mut x = self.stem.forward(&for_convolutions(input), train, taps);
        taps.stage(&x);
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(&x, train, taps);
            let next = self.blocks.get(index + 1);
            if next.is_none_or(|next| next.stage != block.stage) {
                taps.stage(&x);
            }
        }
        x = self.head.forward(&x, train, taps);
        taps.stage(&x);
        x.mean_dim([2i64, 3].as_slice(), false, None::<Kind>)
    }

    fn decide(&self, features: &Tensor, train: bool) -> Tensor {
        features.dropout(DROPOUT, train).apply_t(&self.classifier, train)
    }

    fn ease_in(&self, share: f64) {
        self.ease.set(share);
    }

    fn units(&self) -> Vec<&ConvUnit> {
        let blocks = self.blocks.iter().flat_map(Bottleneck::units);
        std::iter::once(&self.stem).chain(blocks).chain(std::iter::once(&self.head)).collect()
    }

    fn units_mut(&mut self) -> Vec<&mut ConvUnit> {
        let blocks = self.blocks.iter_mut().flat_map(Bottleneck::units_mut);
        std::iter::once(&mut self.stem)
            .chain(blocks)
            .chain(std::iter::once(&mut self.head))
            .collect()
    }
}

/// MBConv: expand, convolve each channel by itself, weigh the channels, project.
#[derive(Debug)]
struct Bottleneck {
    /// Absent where the stage does not expand.
    expand: Option<ConvUnit>,
    depthwise: ConvUnit,
    /// Absent in Lite0.
    gate: Option<SqueezeExcitation>,
    project: ConvUnit,
    residual: bool,
    stage: usize,
}

impl Bottleneck {
    fn new(
        path: &nn::Path,
        input: i64,
        stage: &Stage,
        stride: i64,
        number: usize,
        parts: &Parts,
    ) -> Self {
        let variant = parts.variant;
        let wide = input * stage.expand;
        // torchvision numbers the parts of a block from 0, so that without an expansion all move up.
        let offset = usize::from(stage.expand != 1);
        let expand = (stage.expand != 1)
            .then(|| parts.unit(&(path / "0"), variant.conv(input, wide, 1), number));
        let depthwise = variant.conv(wide, wide, stage.kernel).stride(stride).groups(wide);
        let depthwise = parts.unit(&(path / offset), depthwise, number);
        let gate = (variant == Variant::B0)
            .then(|| SqueezeExcitation::new(&(path / (offset + 1)), wide, (input / 4).max(1)));
        // Lite0's weights are named as B0's: the gate's number stays free.
        let project = ConvUnit::normed(
            &(path / (offset + 2)),
            variant.conv(wide, stage.output, 1),
            Activation::None,
            number,
        );
        let residual = stride == 1 && input == stage.output;
        Self { expand, depthwise, gate, project, residual, stage: number }
    }

    fn forward(&self, input: &Tensor, train: bool, taps: &mut Taps) -> Tensor {
        let expanded = self.expand.as_ref().map(|unit| unit.forward(input, train, taps));
        let x = self.depthwise.forward(expanded.as_ref().unwrap_or(input), train, taps);
        let in_place = is_bare(input, train, taps);
        let x = match &self.gate {
            Some(gate) => gate.forward(x, in_place),
            None => x,
        };
        let mut x = self.project.forward(&x, train, taps);
        match (self.residual, in_place) {
            (true, true) => x.g_add_(input),
            (true, false) => x + input,
            (false, _) => x,
        }
    }

    fn units(&self) -> impl Iterator<Item = &ConvUnit> {
        self.expand.iter().chain([&self.depthwise, &self.project])
    }

    fn units_mut(&mut self) -> impl Iterator<Item = &mut ConvUnit> {
        self.expand.iter_mut().chain([&mut self.depthwise, &mut self.project])
    }
}

/// Weighs channels by what the whole map holds. Hu et al., arXiv 1709.01507. Its two convolutions
/// act on 1×1 maps: there is nothing spatial to explain in them.
#[derive(Debug)]
struct SqueezeExcitation {
    fc1: nn::Conv2D,
    fc2: nn::Conv2D,
}

impl SqueezeExcitation {
    fn new(path: &nn::Path, channels: i64, squeezed: i64) -> Self {
        let config = nn::ConvConfig::default();
        Self {
            fc1: nn::conv2d(path / "fc1", channels, squeezed, 1, config),
            fc2: nn::conv2d(path / "fc2", squeezed, channels, 1, config),
        }
    }

    /// `input` with its channels weighed; in its own memory where nobody else sees it.
    fn forward(&self, mut input: Tensor, in_place: bool) -> Tensor {
        let means = input.mean_dim([2i64, 3].as_slice(), false, None::<Kind>);
        let weights = linear(&linear(&means, &self.fc1).silu(), &self.fc2).sigmoid();
        let weights = weights.unsqueeze(-1).unsqueeze(-1);
        if in_place { input.g_mul_(&weights) } else { input * weights }
    }
}

/// A convolution of 1×1 maps, `[batch, channels]`: half of what it takes as one is to set it up.
fn linear(input: &Tensor, conv: &nn::Conv2D) -> Tensor {
    input.linear(&conv.ws.flatten(1, -1), conv.bs.as_ref())
}
