//! Grad-CAM of every convolutional layer from one backward pass. Selvaraju et al., arXiv 1610.02391.
//!
//! For class c with logit y (never the softmax probability) and activation A of k channels:
//!
//! ```text
//! alpha_k = mean over i,j of dy/dA_kij
//! L       = ReLU( sum over k of alpha_k · A_k )
//! ```

use std::time::Instant;

use tch::{Device, TchError, Tensor};

use crate::model::classifier::{Activations, first_line};
use crate::model::prediction::{Evidence, LayerInfo, SaliencyMap, TapPoint};

/// Why there are no maps; a sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    #[error("{model} has no class number {class}")]
    NoSuchClass { model: String, class: usize },
    #[error("{model} gave a gradient that is not finite in {layer}; its weights may be damaged")]
    NotFinite { model: String, layer: String },
    #[error("the maps cannot be made: {0}")]
    Torch(String),
}

impl From<TchError> for ExplainError {
    fn from(error: TchError) -> Self {
        Self::Torch(first_line(&error))
    }
}

/// The maps of all layers for `class`. The graph is kept, so that other classes can be asked for.
///
/// # Errors
/// A class out of range, values that are not finite, or libtorch out of memory.
pub fn grad_cam(
    activations: &Activations,
    class: usize,
    tap: TapPoint,
) -> Result<Evidence, ExplainError> {
    let started = Instant::now();
    let kept = match tap {
        TapPoint::Conv => &activations.taps.conv,
        TapPoint::Unit => &activations.taps.unit,
    };
    let no_such_class = || ExplainError::NoSuchClass { model: activations.model.clone(), class };
    if class >= activations.logits.size().last().copied().unwrap_or(0) as usize {
        return Err(no_such_class());
    }
    let logit = activations.logits.f_select(1, class as i64)?.f_sum(None)?;
    let gradients = Tensor::f_run_backward(&[&logit], kept, true, false)?;
    let maps = tch::no_grad(|| -> Result<Vec<SaliencyMap>, ExplainError> {
        // On a GPU, every map is asked for before the first is waited for.
        let maps = kept
            .iter()
            .zip(&gradients)
            .map(|(activation, gradient)| map_of(activation, gradient))
            .collect::<Result<Vec<_>, _>>()?;
        let layers = activations.layers.iter().zip(kept);
        layers
            .zip(maps)
            .map(|((layer, activation), map)| read_map(activations, layer, activation, &map))
            .collect()
    })?;
    let shared_max = maps.iter().map(|map| map.raw_max).fold(0.0, f32::max);
    Ok(Evidence {
        class,
        tap,
        region: activations.region,
        input_size: activations.input_size,
        maps,
        shared_max,
        elapsed: started.elapsed(),
    })
}

/// `ReLU(Σ alpha·A)`, `[height × width]`, of an activation and its gradient `[1, k, height, width]`.
fn map_of(activation: &Tensor, gradient: &Tensor) -> Result<Tensor, TchError> {
    let channels = activation.size()[1];
    let alpha = gradient.f_reshape([channels, -1])?.f_mean_dim(1i64, false, None::<tch::Kind>)?;
    let activation = activation.f_detach()?.f_reshape([channels, -1])?;
    alpha.f_unsqueeze(0)?.f_matmul(&activation)?.f_squeeze()?.f_relu()
}

fn read_map(
    activations: &Activations,
    layer: &LayerInfo,
    activation: &Tensor,
    map: &Tensor,
) -> Result<SaliencyMap, ExplainError> {
    let [_, channels, height, width] = activation.size()[..] else {
        return Err(ExplainError::Torch(format!("{} is not a spatial layer", layer.name)));
    };
    let values = Vec::<f32>::try_from(map.f_to_device(Device::Cpu)?.f_view([-1])?)?;
    if values.iter().any(|value| !value.is_finite()) {
        return Err(ExplainError::NotFinite {
            model: activations.model.clone(),
            layer: layer.name.clone(),
        });
    }
    let raw_max = values.iter().copied().fold(0.0, f32::max);
    Ok(SaliencyMap {
        layer: layer.clone(),
        channels: channels as usize,
        height: height as usize,
        width: width as usize,
        values,
        raw_max,
    })
}
