//! How a scan was acquired and stored, as far as its pixels show it: intensities, background, frame
//! and spectrum.

use super::spectrum::{self, spectrum};
use crate::imaging::{Depth, Slice};

/// Quantiles of the head's intensities.
const QUANTILES: usize = 25;
/// The corners: mean and standard deviation; the head: its share, its rectangle and its size.
const OTHERS: usize = 2 + 1 + 6;
/// Number of values of [`style`].
pub(super) const LENGTH: usize = QUANTILES + OTHERS + spectrum::LENGTH;

/// The style of a slice: intensities are on the scale 0..=255, that of the file for 8-bit scans and
/// between the smallest and the largest stored value for others.
///
/// `frame` is the slice as a square and `signal` says which of its values belong to the head;
/// `head` is its rectangle (left, top, right, bottom) in shares of width and height. `None` where
/// there is no signal or a side has fewer than 16 pixels.
pub(super) fn style(
    slice: &Slice,
    frame: &[f32],
    signal: &[bool],
    head: [f32; 4],
) -> Option<Vec<f32>> {
    let (offset, scale) = scale(slice)?;
    let level = |value: f32| (value - offset) * scale;
    let values: Vec<f32> = slice.stored.iter().map(|&value| level(value)).collect();
    let mut inside: Vec<f32> = frame
        .iter()
        .zip(signal)
        .filter_map(|(&value, &signal)| signal.then_some(level(value)))
        .collect();
    if inside.is_empty() {
        return None;
    }
    inside.sort_unstable_by(f32::total_cmp);
    let mut style = Vec::with_capacity(LENGTH);
    let last = (inside.len() - 1) as f32;
    for i in 0..QUANTILES {
        let share = 0.02 + 0.96 * i as f32 / (QUANTILES - 1) as f32;
        style.push((inside[(share * last).round() as usize].max(0.0) + 2.0).ln());
    }
    style.extend(corners(&values, slice.width));
    style.push(inside.len() as f32 / frame.len().max(1) as f32);
    let [left, top, right, bottom] = head;
    style.extend([left, top, right, bottom, right - left, bottom - top]);
    style.extend(spectrum(&values, slice.width)?);
    Some(style)
}

/// What to subtract from a stored value and to multiply it by.
fn scale(slice: &Slice) -> Option<(f32, f32)> {
    if slice.depth == Depth::EightBit {
        return Some((0.0, 1.0));
    }
    let bounds = (f32::INFINITY, f32::NEG_INFINITY);
    let (low, high) = slice.stored.iter().fold(bounds, |(low, high), &v| (low.min(v), high.max(v)));
    let scale = 255.0 / (high - low);
    // A range beyond that of f32 has no scale.
    (scale.is_finite() && scale > 0.0).then_some((low, scale))
}

/// The logarithms of mean and standard deviation of the four corners, a sixteenth of each side.
fn corners(values: &[f32], width: usize) -> [f32; 2] {
    let height = values.len() / width;
    let (across, down) = ((width / 16).max(1), (height / 16).max(1));
    let (mut sum, mut squares, mut count) = (0.0f64, 0.0f64, 0.0f64);
    for y in (0..down).chain(height - down..height) {
        for x in (0..across).chain(width - across..width) {
            let value = f64::from(values[y * width + x]);
            sum += value;
            squares += value * value;
            count += 1.0;
        }
    }
    let mean = sum / count;
    let deviation = (squares / count - mean * mean).max(0.0).sqrt();
    [mean.max(0.0), deviation].map(|value| (value + 0.1).ln() as f32)
}
