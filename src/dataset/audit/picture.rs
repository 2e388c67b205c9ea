//! The head of a scan at one size and brightness: what is left of a scan when its frame, its size
//! and its window are taken away.

use super::resample::{Rect, resample};
use crate::imaging::Slice;

/// Side of the square that a head is brought to.
pub(super) const SIDE: usize = 64;

/// Where a signal begins: a share of the way from the darkest to the brightest.
const SIGNAL: f32 = 0.12;
/// Rows and columns with fewer pixels of signal than this share are frame, not head.
const CONTENT: f32 = 0.03;
/// A scan whose brightest is not this much above its darkest, in stored values, is flat.
const FLAT: f32 = 1e-3;

/// A head, `SIDE × SIDE`.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    /// Columns and rows of the scan.
    pub frame: [usize; 2],
    /// The head in the scan.
    pub head: Rect,
    /// Stored values of the head's darkest, middle and brightest.
    pub tones: [f32; 3],
    /// Brightness 0..=255, the middle of the signal at half.
    pub grey: Vec<u8>,
    /// Brightness relative to its surroundings, in 1/32 of their standard deviation.
    pub detail: Vec<i8>,
}

impl Picture {
    /// `None` for a flat scan.
    pub fn of(slice: &Slice) -> Option<Self> {
        let head = head(slice)?;
        let values = resample(&slice.stored, slice.width, head, SIDE);
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let (dark, bright) = (quantile(&sorted, 0.01), quantile(&sorted, 0.99));
        if bright - dark <= FLAT {
            return None;
        }
        let share = |value: f32| ((value - dark) / (bright - dark)).clamp(0.0, 1.0);
        let signal = sorted.partition_point(|&value| share(value) < SIGNAL);
        let middle = quantile(&sorted[signal..], 0.5);
        let gamma = (0.5f32.ln() / share(middle).clamp(0.05, 0.95).ln()).clamp(0.25, 4.0);
        let grey: Vec<f32> = values.iter().map(|&value| share(value).powf(gamma)).collect();
        Some(Self {
            frame: [slice.width, slice.height],
            head,
            tones: [dark, middle, bright],
            detail: detail(&grey),
            grey: grey.iter().map(|value| (value * 255.0).round() as u8).collect(),
        })
    }
}

fn quantile(sorted: &[f32], share: f32) -> f32 {
    sorted[((sorted.len() - 1) as f32 * share).round() as usize]
}

/// The rectangle that holds the signal; `None` for a flat scan.
fn head(slice: &Slice) -> Option<Rect> {
    // Every 16th pixel in a large scan is enough to know its tones.
    let step = (slice.stored.len() / 16_384).max(1) | 1;
    let mut sample: Vec<f32> = slice.stored.iter().copied().step_by(step).collect();
    if sample.is_empty() {
        return None;
    }
    sample.sort_unstable_by(f32::total_cmp);
    let (dark, bright) = (quantile(&sample, 0.02), quantile(&sample, 0.98));
    if bright - dark <= FLAT {
        return None;
    }
    let least = dark + SIGNAL * (bright - dark);
    let (mut columns, mut rows) = (vec![0u32; slice.width], vec![0u32; slice.height]);
    for (row, count) in slice.stored.chunks_exact(slice.width).zip(&mut rows) {
        for (&value, column) in row.iter().zip(&mut columns) {
            let signal = u32::from(value > least);
            *column += signal;
            *count += signal;
        }
    }
    let (left, right) = extent(&columns, slice.height)?;
    let (top, bottom) = extent(&rows, slice.width)?;
    Some(Rect { left, top, right, bottom })
}

/// First and past-the-last line with enough signal in it.
fn extent(counts: &[u32], length: usize) -> Option<(f32, f32)> {
    let enough = |&count: &u32| count as f32 > CONTENT * length as f32;
    let first = counts.iter().position(enough)?;
    let last = counts.iter().rposition(enough)?;
    Some((first as f32, last as f32 + 1.0))
}

/// Each value relative to the mean and the spread of those around it.
fn detail(grey: &[f32]) -> Vec<i8> {
    /// Half the side of the surroundings.
    const REACH: usize = 4;
    /// Spread that noise and compression have anyway: where there is no more, there is no detail.
    const NOISE: f32 = 0.05;

    let squares: Vec<f32> = grey.iter().map(|value| value * value).collect();
    let (means, squares) = (mean_around(grey, REACH), mean_around(&squares, REACH));
    let normal = |((&value, mean), square): ((&f32, f32), f32)| {
        let spread = (square - mean * mean).max(0.0) + NOISE * NOISE;
        ((value - mean) / spread.sqrt() * 32.0).clamp(-127.0, 127.0) as i8
    };
    grey.iter().zip(means).zip(squares).map(normal).collect()
}

/// The mean of the square of `2 × reach + 1` values around each, as far as it lies inside.
fn mean_around(values: &[f32], reach: usize) -> Vec<f32> {
    let mut sums = vec![0.0f32; (SIDE + 1) * (SIDE + 1)];
    for y in 0..SIDE {
        let mut row = 0.0;
        for x in 0..SIDE {
            row += values[y * SIDE + x];
            sums[(y + 1) * (SIDE + 1) + x + 1] = sums[y * (SIDE + 1) + x + 1] + row;
        }
    }
    let mut means = Vec::with_capacity(SIDE * SIDE);
    for y in 0..SIDE {
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(SIDE));
        for x in 0..SIDE {
            let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(SIDE));
            let at = |x: usize, y: usize| sums[y * (SIDE + 1) + x];
            let sum = at(right, bottom) - at(left, bottom) - at(right, top) + at(left, top);
            means.push(sum / ((right - left) * (bottom - top)) as f32);
        }
    }
    means
}
