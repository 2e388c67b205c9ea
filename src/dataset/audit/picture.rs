//! The head of a scan at one size and brightness: what is left of a scan when its frame, its size
//! and its window are taken away.

use std::array::from_fn;

use super::resample::{Rect, resample};
use crate::imaging::Slice;

/// Side of the square that a head is brought to.
pub(super) const SIDE: usize = 64;
/// Side of the square that the whole scan is brought to first: everything else works on that.
pub(super) const FRAME: usize = 128;

/// Where a signal begins: the brightness, after [`Tones::level`], below which there is background.
const SIGNAL: f32 = 0.12;
/// Rows and columns with fewer pixels of signal than this share are frame, not head.
const CONTENT: f32 = 0.03;
/// A scan whose brightest is not this much above its darkest, in stored values, is flat.
const FLAT: f32 = 1e-3;

/// A head, `SIDE × SIDE`.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    /// Columns and rows of the scan.
    pub size: [usize; 2],
    /// The head in the scan, in shares of its width and height.
    pub head: Rect,
    pub tones: Tones,
    /// Brightness 0..=255, the middle of the signal at half.
    pub grey: Vec<u8>,
    /// Brightness relative to its surroundings, in 1/32 of their standard deviation.
    pub detail: Vec<i8>,
}

impl Picture {
    /// The head of a scan, and the whole scan; `None` for a flat scan.
    pub fn of(slice: &Slice) -> Option<(Self, Frame)> {
        let frame = resample(&slice.stored, slice.width, Rect::WHOLE, FRAME);
        let tones = Tones::of(&frame)?;
        let levelled = tones.level(&frame);
        let head = head(&levelled)?;
        let values = resample(&frame, FRAME, head, SIDE);
        let tones = Tones::of(&values)?;
        let grey = tones.level(&values);
        let picture = Self {
            size: [slice.width, slice.height],
            head,
            tones,
            detail: detail(&grey),
            grey: grey.iter().map(|value| (value * 255.0).round() as u8).collect(),
        };
        Some((picture, Frame { stored: frame, levelled }))
    }
}

/// A whole scan, [`FRAME`] × [`FRAME`].
pub(super) struct Frame {
    /// Stored values.
    pub stored: Vec<f32>,
    /// Brightness 0..=1, the middle of the signal at half.
    pub levelled: Vec<f32>,
}

/// How bright a picture is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tones {
    /// Values of the darkest, of the middle of the signal, and of the brightest.
    pub values: [f32; 3],
    gamma: f32,
}

impl Tones {
    /// `None` for a flat picture.
    fn of(values: &[f32]) -> Option<Self> {
        const BINS: usize = 1024;
        let (low, high) = range(values);
        let width = high - low;
        if !(width > FLAT && width.is_finite()) {
            return None;
        }
        // Two halves: neighbours are often alike, and would wait for each other's count.
        let mut halves = [[0u32; BINS]; 2];
        let zoom = (BINS - 1) as f32 / width;
        for values in values.chunks_exact(8) {
            let bins: [i32; 8] = from_fn(|i| ((values[i] - low) * zoom) as i32);
            for (i, bin) in bins.into_iter().enumerate() {
                halves[i % 2][(bin as usize).min(BINS - 1)] += 1;
            }
        }
        // How many values lie in each bin or a darker one.
        let (mut all, mut up_to) = (0, [0u32; BINS]);
        for (bin, up_to) in up_to.iter_mut().enumerate() {
            all += halves[0][bin] + halves[1][bin];
            *up_to = all;
        }
        // The bin up to which a share of the values from a bin on lie.
        let quantile = |from: usize, share: f32| {
            let before = if from == 0 { 0 } else { up_to[from - 1] };
            let wanted = before + (share * (all - before) as f32).ceil() as u32;
            up_to.partition_point(|&count| count < wanted).max(from)
        };
        let (dark, bright) = (quantile(0, 0.01), quantile(0, 0.99));
        if bright <= dark {
            return None;
        }
        let share = |bin: usize| (bin as f32 - dark as f32) / (bright - dark) as f32;
        // Where the signal begins depends on its middle, and the middle on where it begins: a few
        // rounds, and a scan of another gamma is cut at the same places.
        let (mut gamma, mut middle) = (1.0f32, bright);
        for _ in 0..5 {
            let begin = dark as f32 + SIGNAL.powf(1.0 / gamma) * (bright - dark) as f32;
            middle = quantile((begin.ceil() as usize).min(bright), 0.5);
            gamma = (0.5f32.ln() / share(middle).clamp(0.02, 0.98).ln()).clamp(0.2, 5.0);
        }
        let value = |bin: usize| low + bin as f32 / (BINS - 1) as f32 * width;
        Some(Self { values: [dark, middle, bright].map(value), gamma })
    }

    /// Brightness 0..=1, the middle of the signal at half.
    fn level(&self, values: &[f32]) -> Vec<f32> {
        // A table: powers are slow.
        const STEPS: usize = 512;
        let steps = (0..STEPS + 1).map(|i| (i as f32 / STEPS as f32).powf(self.gamma));
        let table: Vec<f32> = steps.collect();
        let [dark, _, bright] = self.values;
        let zoom = STEPS as f32 / (bright - dark);
        let step = |value: f32| ((value - dark) * zoom).clamp(0.0, STEPS as f32);
        values.iter().map(|&value| table[(step(value) + 0.5) as i32 as usize]).collect()
    }
}

/// The smallest and the largest value, eight at a time.
fn range(values: &[f32]) -> (f32, f32) {
    let (mut low, mut high) = ([f32::INFINITY; 8], [f32::NEG_INFINITY; 8]);
    // The sides of squares are multiples of eight: nothing remains.
    for values in values.chunks_exact(8) {
        for ((low, high), &value) in low.iter_mut().zip(&mut high).zip(values) {
            *low = if value < *low { value } else { *low };
            *high = if value > *high { value } else { *high };
        }
    }
    (
        low.into_iter().fold(f32::INFINITY, f32::min),
        high.into_iter().fold(f32::NEG_INFINITY, f32::max),
    )
}

/// The rectangle of a levelled frame that holds the signal.
fn head(levelled: &[f32]) -> Option<Rect> {
    let (mut columns, mut rows) = ([0u32; FRAME], [0u32; FRAME]);
    for (row, count) in levelled.chunks_exact(FRAME).zip(&mut rows) {
        for (&value, column) in row.iter().zip(&mut columns) {
            let signal = u32::from(value > SIGNAL);
            *column += signal;
            *count += signal;
        }
    }
    let ((left, right), (top, bottom)) = (extent(&columns)?, extent(&rows)?);
    Some(Rect { left, top, right, bottom })
}

/// First and past-the-last line with enough signal in it, as shares of the frame.
fn extent(counts: &[u32; FRAME]) -> Option<(f32, f32)> {
    let enough = |&count: &u32| count as f32 > CONTENT * FRAME as f32;
    let first = counts.iter().position(enough)?;
    let last = counts.iter().rposition(enough)?;
    Some((first as f32 / FRAME as f32, (last as f32 + 1.0) / FRAME as f32))
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
