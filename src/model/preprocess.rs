//! A slice to the tensor that a network sees. The window, the command line, training and evaluation
//! all come through here, and none brings the reader's window along: stored values only.

use tch::{Kind, TchError, Tensor};

use super::card::{Fit, Input};
use super::prediction::InputRegion;
use crate::imaging::{Depth, Slice, lut::quantiles};

/// Values wider than eight bits have no absolute scale in MRI: these quantiles become 0 and 255.
pub const WIDE_QUANTILES: [f32; 2] = [0.005, 0.995];

/// The tensor of a slice, float32 `[1, channels, size, size]` on the CPU, and the part of the scan it shows.
///
/// # Errors
/// Where libtorch is out of memory.
pub fn preprocess(slice: &Slice, input: &Input) -> Result<(Tensor, InputRegion), TchError> {
    let (resized, region) = resize(slice, input)?;
    Ok((normalise(&resized, input)?, region))
}

/// The first half: greys 0..=255, resized, `[1, 1, size, size]`. Training keeps these and
/// augments them before [`normalise`].
pub fn resize(slice: &Slice, input: &Input) -> Result<(Tensor, InputRegion), TchError> {
    let (height, width) = (slice.height as i64, slice.width as i64);
    let greys = Tensor::f_from_slice(&greys(slice))?.f_view([1, 1, height, width])?;
    let (placed, region) = match input.fit {
        Fit::Stretch => (greys, region_of(0, 0, width, height)),
        Fit::Pad => {
            let side = width.max(height);
            let (left, top) = ((side - width) / 2, (side - height) / 2);
            let edges = [left, side - width - left, top, side - height - top];
            (greys.f_constant_pad_nd(edges)?, region_of(-left, -top, side, side))
        }
    };
    let size = input.size as i64;
    // Antialiased: a scan of 1,024 pixels must not depend on which pixels happen to be hit.
    let resized = placed.f_internal_upsample_bilinear2d_aa([size, size], false, None, None)?;
    Ok((resized, region))
}

/// The second half: greys 0..=255 `[n, 1, h, w]` to the range, mean and SD of the card,
/// `[n, channels, h, w]`.
pub fn normalise(greys: &Tensor, input: &Input) -> Result<Tensor, TchError> {
    let [low, high] = input.range;
    let channels = input.channels as i64;
    let per_channel = |values: &[f32]| -> Result<Tensor, TchError> {
        Tensor::f_from_slice(values)?.f_view([1, channels, 1, 1])?.f_to_device(greys.device())
    };
    greys
        .f_mul_scalar(f64::from(high - low) / 255.0)?
        .f_add_scalar(f64::from(low))?
        .f_sub(&per_channel(&input.mean)?)?
        .f_div(&per_channel(&input.std)?)?
        .f_to_kind(Kind::Float)
}

/// Greys 0..=255, dark to bright, as the file means them.
fn greys(slice: &Slice) -> Vec<f32> {
    let to_grey: Box<dyn Fn(f32) -> f32> = match slice.depth {
        Depth::EightBit => Box::new(|stored| stored),
        Depth::Wide => {
            let ends = quantiles(&slice.stored, &WIDE_QUANTILES);
            let gain = 255.0 / (ends[1] - ends[0]).max(f32::MIN_POSITIVE);
            // A falling rescale turns bright and dark around.
            let falling = slice.rescale.slope < 0.0;
            Box::new(move |stored| {
                let grey = ((stored - ends[0]) * gain).clamp(0.0, 255.0);
                if falling { 255.0 - grey } else { grey }
            })
        }
    };
    let flip = |grey: f32| if slice.inverted { 255.0 - grey } else { grey };
    slice.stored.iter().map(|&stored| flip(to_grey(stored))).collect()
}

fn region_of(x: i64, y: i64, width: i64, height: i64) -> InputRegion {
    InputRegion { x: x as f32, y: y as f32, width: width as f32, height: height as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Rescale, Window};
    use crate::model::card::Interpolation;

    fn input(fit: Fit) -> Input {
        Input {
            size: 8,
            channels: 3,
            range: [0.0, 1.0],
            mean: vec![0.5, 0.4, 0.3],
            std: vec![0.2, 0.2, 0.1],
            interpolation: Interpolation::Bilinear,
            fit,
        }
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        Vec::<f32>::try_from(tensor.flatten(0, -1)).expect("a float tensor")
    }

    #[test]
    fn the_readers_window_changes_nothing() {
        let mut slice = Slice::new(8, 8, (0..64).map(|v| v as f32 * 31.0).collect(), Depth::Wide);
        let before = preprocess(&slice, &input(Fit::Stretch)).expect("runs").0;
        slice.window = Some(Window { center: 7.0, width: 3.0 });
        let after = preprocess(&slice, &input(Fit::Stretch)).expect("runs").0;
        assert_eq!(values(&before), values(&after));
    }

    #[test]
    fn wide_values_are_seen_by_rank_whatever_their_scale() {
        let stored: Vec<f32> = (0..64).map(|v| v as f32).collect();
        let slice = Slice::new(8, 8, stored.clone(), Depth::Wide);
        let mut scaled = Slice::new(8, 8, stored.iter().map(|v| v * 64.0).collect(), Depth::Wide);
        scaled.rescale = Rescale { slope: 0.25, intercept: -1000.0 };
        let a = values(&preprocess(&slice, &input(Fit::Stretch)).expect("runs").0);
        let b = values(&preprocess(&scaled, &input(Fit::Stretch)).expect("runs").0);
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn monochrome1_is_turned_around() {
        let mut slice = Slice::new(8, 8, vec![255.0; 64], Depth::EightBit);
        slice.inverted = true;
        let seen = values(&preprocess(&slice, &input(Fit::Stretch)).expect("runs").0);
        assert!((seen[0] - (0.0 - 0.5) / 0.2).abs() < 1e-6);
    }

    #[test]
    fn padding_is_black_even_and_known() {
        let slice = Slice::new(8, 4, vec![255.0; 32], Depth::EightBit);
        let (tensor, region) = preprocess(&slice, &input(Fit::Pad)).expect("runs");
        assert_eq!(region, InputRegion { x: 0.0, y: -2.0, width: 8.0, height: 8.0 });
        let seen = values(&tensor);
        assert!((seen[0] - (0.0 - 0.5) / 0.2).abs() < 1e-6, "the corner is padding");
        assert!((seen[4 * 8] - (1.0 - 0.5) / 0.2).abs() < 1e-6, "the middle is scan");
    }

    #[test]
    fn a_flat_slice_gives_finite_numbers() {
        let slice = Slice::new(8, 8, vec![7.0; 64], Depth::Wide);
        let seen = values(&preprocess(&slice, &input(Fit::Stretch)).expect("runs").0);
        assert!(seen.iter().all(|v| v.is_finite()));
    }
}
