//! A slice to the tensor that a network sees. The window, the command line, training and evaluation
//! all come through here, and none brings the reader's window along: stored values only.

use tch::{Kind, TchError, Tensor};

use super::card::{Fit, Input, Levels};
use super::prediction::InputRegion;
use crate::imaging::{Depth, Slice, lut::quantiles};

/// Where values have no absolute scale, as those wider than eight bits in MRI, these quantiles become
/// 0 and 255.
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
    let values = greys(slice, input.levels);
    let greys = Tensor::f_from_slice(&values)?.f_view([1, 1, height, width])?;
    let (placed, region) = match input.fit {
        Fit::Stretch => (greys, region_of(0, 0, width, height)),
        Fit::Pad => pad(&greys, 0, 0)?,
        Fit::Head => {
            let head = head(&values, slice.width, slice.height);
            let (x, y) = (head.x as i64, head.y as i64);
            let cut =
                greys.f_narrow(3, x, head.width as i64)?.f_narrow(2, y, head.height as i64)?;
            pad(&cut, x, y)?
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

/// A part of a scan made square with black, and where that lies when its corner is at `x`, `y`.
fn pad(greys: &Tensor, x: i64, y: i64) -> Result<(Tensor, InputRegion), TchError> {
    let (height, width) = (greys.size()[2], greys.size()[3]);
    let side = width.max(height);
    let (left, top) = ((side - width) / 2, (side - height) / 2);
    let edges = [left, side - width - left, top, side - height - top];
    Ok((greys.f_constant_pad_nd(edges)?, region_of(x - left, y - top, side, side)))
}

/// A rectangle of pixels.
struct Pixels {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// The rows and columns that hold the head: from the first to the last of which more than
/// [`HEAD_SHARE`] is brighter than [`HEAD_GREY`]. All of a scan in which nothing much is.
fn head(greys: &[f32], width: usize, height: usize) -> Pixels {
    let (mut rows, mut columns) = (vec![0usize; height], vec![0usize; width]);
    for (y, row) in greys.chunks_exact(width).enumerate() {
        for (x, &grey) in row.iter().enumerate() {
            let bright = usize::from(grey > HEAD_GREY);
            rows[y] += bright;
            columns[x] += bright;
        }
    }
    let ends = |counts: &[usize], across: usize| {
        let full = |&count: &usize| count as f32 > HEAD_SHARE * across as f32;
        let first = counts.iter().position(full).unwrap_or(0);
        let last = counts.iter().rposition(full).unwrap_or(counts.len() - 1);
        // Less than a quarter of a side is no head: a label, a spot.
        if (last + 1 - first) * 4 < counts.len() { (0, counts.len()) } else { (first, last + 1) }
    };
    let ((top, bottom), (left, right)) = (ends(&rows, width), ends(&columns, height));
    Pixels { x: left, y: top, width: right - left, height: bottom - top }
}

/// What is darker is background.
const HEAD_GREY: f32 = 25.0;
/// Share of a row or column that must be head.
const HEAD_SHARE: f32 = 0.03;

/// Greys 0..=255, dark to bright, as the file means them.
fn greys(slice: &Slice, levels: Levels) -> Vec<f32> {
    let flip = |grey: f32| if slice.inverted { 255.0 - grey } else { grey };
    if (slice.depth, levels) == (Depth::EightBit, Levels::Stored) {
        return slice.stored.iter().map(|&stored| flip(stored)).collect();
    }
    let ends = quantiles(&slice.stored, &WIDE_QUANTILES);
    let span = ends[1] - ends[0];
    // A flat slice is black, not a division by zero.
    let gain = if span > 0.0 { (255.0 / span).min(f32::MAX) } else { 0.0 };
    // A falling rescale turns bright and dark around.
    let falling = slice.rescale.slope < 0.0;
    let to_grey = |stored: f32| {
        let grey = ((stored - ends[0]) * gain).clamp(0.0, 255.0);
        if falling { 255.0 - grey } else { grey }
    };
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
            levels: Levels::Stored,
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
    fn the_margins_around_the_head_are_left_out() {
        let mut slice = Slice::new(64, 40, vec![3.0; 64 * 40], Depth::EightBit);
        for y in 5..35 {
            for x in 20..44 {
                slice.stored[y * 64 + x] = 150.0;
            }
        }
        slice.stored[2] = 255.0; // a speck is no head
        let (_, region) = preprocess(&slice, &input(Fit::Head)).expect("runs");
        assert_eq!(region, InputRegion { x: 17.0, y: 5.0, width: 30.0, height: 30.0 });
        let dark = Slice::new(64, 40, vec![3.0; 64 * 40], Depth::EightBit);
        let (_, region) = preprocess(&dark, &input(Fit::Head)).expect("runs");
        assert_eq!(region, InputRegion { x: 0.0, y: -12.0, width: 64.0, height: 64.0 });
    }

    #[test]
    fn quantiles_make_brightness_say_nothing() {
        let stored: Vec<f32> = (0..64).map(|v| v as f32).collect();
        let input = Input { levels: Levels::Quantiles, ..input(Fit::Stretch) };
        let dim = Slice::new(8, 8, stored.clone(), Depth::EightBit);
        let bright = Slice::new(8, 8, stored.iter().map(|v| v * 4.0).collect(), Depth::EightBit);
        let (a, b) = (preprocess(&dim, &input), preprocess(&bright, &input));
        let (a, b) = (values(&a.expect("runs").0), values(&b.expect("runs").0));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn a_flat_slice_gives_finite_numbers() {
        let slice = Slice::new(8, 8, vec![7.0; 64], Depth::Wide);
        let seen = values(&preprocess(&slice, &input(Fit::Stretch)).expect("runs").0);
        assert!(seen.iter().all(|v| v.is_finite()));
    }
}
