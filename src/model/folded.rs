//! Batch norm at inference: its statistics are constants, and it is an affine map of each channel.

use tch::{Device, Kind, TchError, Tensor, nn};

use super::conv::{Conv, channels_last};

/// Up to this many images, libtorch's own convolution of 1×1 kernels is slower than one product of
/// matrices: with one thread, it leaves oneDNN aside below 16.
const FEW: i64 = 15;

/// A convolution and its batch norm with constant statistics:
///
/// ```text
/// norm(x) = scale · x + shift        scale = γ / √(σ² + ε),  shift = β − μ · scale
/// norm(W ∗ x) = (scale · W) ∗ x + shift
/// ```
#[derive(Debug)]
pub struct Folded {
    /// `scale · W`, as libtorch's convolutions take it fastest.
    weight: Tensor,
    /// The same as `[inputs, outputs]`, of a 1×1 kernel on the CPU.
    matrix: Option<Tensor>,
    /// `[channels]`.
    bias: Tensor,
    /// `[1, channels, 1, 1]`, as is `shift`.
    scale: Tensor,
    shift: Tensor,
}

impl Folded {
    /// Of a kernel without bias, and the batch norm that follows it.
    ///
    /// # Errors
    /// Where libtorch is out of memory.
    pub fn new(weight: &Tensor, norm: &nn::BatchNorm, shape: &Conv) -> Result<Self, TchError> {
        tch::no_grad(|| {
            // Rounded as libtorch's batch norm rounds on the CPU, so that taps stay what they are to
            // the bit: after a kink, as ReLU6 has, the last digit decides about a gradient.
            let deviation = norm.running_var.f_add_scalar(shape.epsilon)?.f_sqrt()?;
            let mut scale = deviation.f_reciprocal()?;
            if let Some(gamma) = &norm.ws {
                scale = scale.f_mul(gamma)?;
            }
            let double = |tensor: &Tensor| tensor.f_to_kind(Kind::Double);
            let wide = double(&scale)?;
            let mut shift = double(&norm.running_mean)?.f_mul(&wide)?.f_neg()?;
            if let Some(beta) = &norm.bs {
                shift = shift.f_add(&double(beta)?)?;
            }
            let kind = weight.kind();
            let kernel = double(weight)?.f_mul(&wide.f_view([-1, 1, 1, 1])?)?.f_to_kind(kind)?;
            let on_cpu = weight.device() == Device::Cpu;
            let matrix = (on_cpu && shape.is_pointwise())
                .then(|| kernel.f_view([shape.output, shape.input])?.f_tr()?.f_contiguous())
                .transpose()?;
            let shift = shift.f_to_kind(kind)?;
            let of_channels = |tensor: &Tensor| tensor.f_view([1, -1, 1, 1]);
            Ok(Self {
                weight: if on_cpu { channels_last(&kernel)? } else { kernel },
                matrix,
                scale: of_channels(&scale)?,
                shift: of_channels(&shift)?,
                bias: shift,
            })
        })
    }

    /// The convolution and the batch norm in one.
    pub fn convolve(&self, input: &Tensor, shape: &Conv) -> Tensor {
        let size = input.size();
        match &self.matrix {
            Some(matrix) if size[0] <= FEW => {
                let pixels = input.permute([0, 2, 3, 1]).reshape([-1, shape.input]);
                let mixed = self.bias.addmm(&pixels, matrix);
                mixed.view([size[0], size[2], size[3], shape.output]).permute([0, 3, 1, 2])
            }
            _ => shape.apply(input, &self.weight, Some(&self.bias)),
        }
    }

    /// The batch norm of a convolution's output.
    pub fn norm(&self, conv: &Tensor) -> Tensor {
        self.shift.addcmul(conv, &self.scale)
    }
}
