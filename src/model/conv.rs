//! Convolutions: their numbers, and how they take their input.

use tch::nn::BatchNormConfig;
use tch::{Device, TchError, Tensor};

/// The same values with the channels of a pixel side by side in memory: libtorch's convolutions run
/// up to twice as fast on them. Nothing is copied where they lie so.
///
/// # Errors
/// Where libtorch is out of memory.
pub fn channels_last(input: &Tensor) -> Result<Tensor, TchError> {
    input.f_permute([0, 2, 3, 1])?.f_contiguous()?.f_permute([0, 3, 1, 2])
}

/// An input as the convolutions of its device are fastest on it.
///
/// # Panics
/// Where libtorch is out of memory, as all of a forward pass.
pub(super) fn for_convolutions(input: &Tensor) -> Tensor {
    match input.device() {
        Device::Cpu => input.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]),
        _ => input.shallow_clone(),
    }
}

/// The numbers of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
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
pub enum Padding {
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

    /// Convolves `input`, `[batch, input, height, width]`, with a kernel of these numbers.
    pub fn apply(&self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        // What is not even is padded beforehand.
        let convolve = |input: &Tensor, padding: i64| {
            input.conv2d(weight, bias, [self.stride; 2], [padding; 2], [1, 1], self.groups)
        };
        if !self.padded_before() {
            return convolve(input, (self.kernel - 1) / 2);
        }
        let size = input.size();
        let (top, bottom) = self.same_padding(size[2]);
        let (left, right) = self.same_padding(size[3]);
        convolve(&input.constant_pad_nd([left, right, top, bottom]), 0)
    }

    /// Whether each pixel of the output is one of the input, its channels mixed.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.groups == 1
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
