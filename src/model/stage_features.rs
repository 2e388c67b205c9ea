//! What an out-of-distribution score is measured by: the input itself, small, and what each stage of
//! the network makes of it, pooled.

use tch::{Kind, TchError, Tensor};

use super::card::Input;

/// Side of the thumbnail.
const THUMBNAIL: i64 = 12;
/// Bins of the histogram.
const BINS: i64 = 16;

/// Features of inputs `[batch, channels, size, size]`, normalised as `card` asks: mean and SD of the
/// greys (0..=1) in each of 12 × 12 cells and their histogram in 16 bins, then `stages` (see
/// [`Taps::stages`](super::network::Taps::stages)); `[batch, features]`, float32 on the input's device.
///
/// The input tells what a network was trained not to see: turned and inverted scans.
///
/// # Errors
/// Where libtorch is out of memory.
pub fn stage_features(input: &Tensor, card: &Input, stages: &[Tensor]) -> Result<Tensor, TchError> {
    let [low, high] = card.range.map(f64::from);
    let first = |values: &[f32]| values.first().copied().map_or(0.0, f64::from);
    let greys = input
        .f_detach()?
        .f_narrow(1, 0, 1)?
        .f_mul_scalar(first(&card.std))?
        .f_add_scalar(first(&card.mean) - low)?
        .f_div_scalar(high - low)?
        .f_clamp(0.0, 1.0)?;
    let cells = |of: &Tensor| of.f_adaptive_avg_pool2d([THUMBNAIL; 2])?.f_flatten(1, -1);
    let mean = cells(&greys)?;
    let square = cells(&greys.f_square()?)?;
    let sd = square.f_sub(&mean.f_square()?)?.f_clamp_min(0.0)?.f_sqrt()?;
    let bin = greys.f_mul_scalar(BINS as f64 * 0.999_99)?.f_floor()?.f_flatten(1, -1)?;
    let mut features = vec![mean, sd];
    for index in 0..BINS {
        let inside = bin.f_eq(index)?.f_to_kind(Kind::Float)?;
        features.push(inside.f_mean_dim([1i64].as_slice(), true, Kind::Float)?);
    }
    for stage in stages {
        features.push(stage.f_to_kind(Kind::Float)?);
    }
    Tensor::f_cat(&features, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::card::{Fit, Interpolation, Levels};
    use tch::Device;

    #[test]
    fn greys_come_back_whatever_the_normalisation() {
        let card = Input {
            size: 24,
            channels: 3,
            range: [0.0, 255.0],
            mean: vec![127.0; 3],
            std: vec![128.0; 3],
            interpolation: Interpolation::Bilinear,
            fit: Fit::Head,
            levels: Levels::Quantiles,
        };
        // Left half black, right half of grey 0.5.
        let half =
            Tensor::arange(24, (Kind::Float, Device::Cpu)).ge(12).to_kind(Kind::Float) * 127.5;
        let greys = half.view([1, 1, 1, 24]).expand([2, 1, 24, 24], false);
        let input = crate::model::preprocess::normalise(&greys, &card).expect("normalised");
        let stage = Tensor::full([2, 5], 7.0, (Kind::Float, Device::Cpu));
        let found = stage_features(&input, &card, &[stage]).expect("pooled");
        assert_eq!(found.size(), [2, 144 + 144 + 16 + 5]);
        let row = Vec::<f32>::try_from(found.get(1)).expect("floats");
        assert!(row[..6].iter().all(|v| v.abs() < 1e-3) && (row[6] - 0.5).abs() < 1e-3);
        assert!(row[144..288].iter().all(|sd| *sd < 0.02), "cells are flat");
        let histogram = &row[288..304];
        assert!((histogram.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!((histogram[0] - 0.5).abs() < 1e-5, "{histogram:?}");
        assert!(row[304..].iter().all(|v| *v == 7.0));
    }
}
