//! Windows for eyes: modality value to grey. The networks never see what happens here.

use super::series::{Header, Slice, VoiFunction, VoiLut, Window};

impl Window {
    /// The window under which `low` is the brightest value that is black, and `high` the darkest
    /// that is white. 0 and 255 give the familiar centre 128, width 256 of C.11.2.1.2.
    pub fn spanning(low: f32, high: f32, function: VoiFunction) -> Self {
        let (center, width) = ((low + high) / 2.0, high - low);
        match function {
            VoiFunction::Linear => Self { center: center + 0.5, width: width + 1.0 },
            // A width of nothing would divide by zero.
            _ => Self { center, width: width.max(f32::EPSILON * low.abs().max(1.0)) },
        }
    }

    fn is_usable(self) -> bool {
        self.width > 0.0 && self.width.is_finite() && self.center.is_finite()
    }
}

impl VoiLut {
    /// The window that spans the table: black at its first value, white at its last. Under it, and
    /// under no other, the table is followed.
    pub fn window(&self, function: VoiFunction) -> Window {
        let last = self.first + self.greys.len().saturating_sub(1) as f32;
        Window::spanning(self.first, last, function)
    }

    /// The grey of a modality value, 0..=1.
    fn at(&self, value: f32) -> f32 {
        let number = (value - self.first).round().max(0.0) as usize;
        self.greys.get(number).or(self.greys.last()).copied().unwrap_or(0.0)
    }
}

impl Header {
    /// The window that the file itself asks for, if it makes sense: the one under which its table is
    /// followed, else its own.
    pub fn own_window(&self) -> Option<Window> {
        match &self.voi_lut {
            Some(table) => Some(table.window(self.voi)),
            None => self.window.filter(|window| window.is_usable()),
        }
    }
}

impl Slice {
    /// The window the slice is first shown with: the one under which the file's table is followed,
    /// else the file's own, else from the 2nd to the 98th percentile of the values, else the whole
    /// range.
    pub fn first_window(&self) -> Window {
        self.own_window().unwrap_or_else(|| self.percentile_window(0.02, 0.98))
    }

    /// The window from the `low` to the `high` quantile (0..=1) of the modality values. Quantiles
    /// that coincide (a mostly empty slice) give way to the full range. MRI has no absolute scale.
    pub fn percentile_window(&self, low: f32, high: f32) -> Window {
        let stored = quantiles(&self.stored, &[low, high]);
        let (a, b) = (self.rescale.apply(stored[0]), self.rescale.apply(stored[1]));
        if (a - b).abs() > f32::EPSILON * b.abs() {
            Window::spanning(a.min(b), a.max(b), self.voi)
        } else {
            self.full_window()
        }
    }

    /// The window from the smallest to the largest modality value.
    pub fn full_window(&self) -> Window {
        let (low, high) = self.value_range();
        Window::spanning(low, high, self.voi)
    }

    /// Greys 0..=255 under a window, one per pixel, into `greys`, whose old content is dropped.
    /// `invert` comes on top of the file's own MONOCHROME1.
    ///
    /// The file's table, where it has one, is followed under exactly the window that spans it
    /// ([`VoiLut::window`]); whoever changes the window leaves the table.
    pub fn map_to_grey(&self, window: Window, invert: bool, greys: &mut Vec<u8>) {
        let flip = invert != self.inverted;
        greys.clear();
        if let Some(table) = self.voi_lut.as_ref().filter(|t| t.window(self.voi) == window) {
            greys.extend(self.stored.iter().map(|&v| {
                let t = table.at(self.rescale.apply(v));
                ((if flip { 1.0 - t } else { t }) * 255.0 + 0.5) as u8
            }));
            return;
        }
        match Curve::of(self.voi, window) {
            Curve::Ramp { start, span } if self.rescale.slope != 0.0 => {
                // Rescale, window and inversion folded into a subtraction, a multiplication and an
                // addition; in this order no digits are lost far from zero.
                let (slope, intercept) =
                    (f64::from(self.rescale.slope), f64::from(self.rescale.intercept));
                let start = ((start - intercept) / slope) as f32;
                let gain = (255.0 * slope / span) as f32;
                let (gain, base) = if flip { (-gain, 255.5) } else { (gain, 0.5) };
                let grey = |&v: &f32| ((v - start) * gain + base).clamp(0.0, 255.0) as u8;
                greys.extend(self.stored.iter().map(grey));
            }
            curve => greys.extend(self.stored.iter().map(|&v| {
                let t = curve.at(self.rescale.apply(v));
                ((if flip { 1.0 - t } else { t }) * 255.0 + 0.5) as u8
            })),
        }
    }
}

/// A modality value under a window, 0..=1.
pub fn windowed(function: VoiFunction, window: Window, value: f32) -> f32 {
    Curve::of(function, window).at(value)
}

/// What a window and a function come to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Curve {
    /// Black up to `start`, white from `start + span`, a line between.
    Ramp { start: f64, span: f64 },
    /// Black up to the value, white above: a linear window of width one.
    Step(f64),
    /// PS3.3 C.11.2.1.3.1.
    Sigmoid { center: f64, width: f64 },
}

impl Curve {
    fn of(function: VoiFunction, window: Window) -> Self {
        let (center, width) = (f64::from(window.center), f64::from(window.width));
        match function {
            // PS3.3 C.11.2.1.2.1: black up to c − 0.5 − (w − 1)/2, white above c − 0.5 + (w − 1)/2.
            VoiFunction::Linear if width > 1.0 => {
                Self::Ramp { start: center - 0.5 - (width - 1.0) / 2.0, span: width - 1.0 }
            }
            VoiFunction::Linear if width == 1.0 => Self::Step(center - 0.5),
            VoiFunction::Sigmoid => Self::Sigmoid { center, width },
            // PS3.3 C.11.2.1.3.2. Linear windows narrower than one, which the standard does not
            // know, belong to values that are no integers, where the half pixel makes no sense.
            _ => Self::Ramp { start: center - width / 2.0, span: width.max(f64::MIN_POSITIVE) },
        }
    }

    fn at(self, value: f32) -> f32 {
        match self {
            Self::Ramp { start, span } => {
                ((f64::from(value) - start) / span).clamp(0.0, 1.0) as f32
            }
            Self::Step(last_black) => f32::from(f64::from(value) > last_black),
            Self::Sigmoid { center, width } => {
                let x = (value - center as f32) / width as f32;
                1.0 / (1.0 + (-4.0 * x).exp())
            }
        }
    }
}

/// Quantiles (each 0..=1) of finite values, by nearest rank. Large inputs are sampled evenly:
/// a quarter of a million values place a percentile as well as a hundred million.
pub fn quantiles(values: &[f32], ranks: &[f32]) -> Vec<f32> {
    const ENOUGH: usize = 1 << 18;
    let step = values.len().div_ceil(ENOUGH).max(1);
    let sample = || values.iter().copied().step_by(step);
    let Some(last) = values.len().div_ceil(step).checked_sub(1) else {
        return vec![0.0; ranks.len()];
    };
    let index = |rank: &f32| (rank.clamp(0.0, 1.0) * last as f32).round() as usize;
    if let Some(counts) = byte_counts(sample()) {
        return ranks.iter().map(|rank| nth_of_bytes(&counts, index(rank))).collect();
    }
    let mut sample: Vec<f32> = sample().collect();
    let nth = |rank| *sample.select_nth_unstable_by(index(rank), f32::total_cmp).1;
    ranks.iter().map(nth).collect()
}

/// How often each of 0 to 255 occurs, where `values` are all among them, as those of pictures are: to
/// count is many times as fast as to select.
fn byte_counts(values: impl Iterator<Item = f32>) -> Option<[usize; 256]> {
    // Neighbours are often alike, and would wait for each other's count.
    let mut counts = [[0usize; 256]; 2];
    for (place, value) in values.enumerate() {
        let byte = value as u8;
        if f32::from(byte) != value {
            return None;
        }
        counts[place % 2][usize::from(byte)] += 1;
    }
    let [mut counts, others] = counts;
    counts.iter_mut().zip(others).for_each(|(count, other)| *count += other);
    Some(counts)
}

/// The value at `index` among the sorted values, by their counts.
fn nth_of_bytes(counts: &[usize; 256], index: usize) -> f32 {
    let mut up_to = 0;
    let byte = counts.iter().position(|count| {
        up_to += count;
        up_to > index
    });
    byte.map_or(255.0, |byte| byte as f32)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::imaging::series::{Depth, Header, Rescale};

    /// The pseudo code of PS3.3 C.11.2.1.2.1, C.11.2.1.3.2 and C.11.2.1.3.1, for 0..=255.
    fn standard(function: VoiFunction, c: f64, w: f64, x: f64) -> f64 {
        let (low, high) = match function {
            VoiFunction::Linear => (c - 0.5 - (w - 1.0) / 2.0, c - 0.5 + (w - 1.0) / 2.0),
            VoiFunction::LinearExact => (c - w / 2.0, c + w / 2.0),
            VoiFunction::Sigmoid => return 255.0 / (1.0 + (-4.0 * (x - c) / w).exp()),
        };
        if x <= low {
            0.0
        } else if x > high {
            255.0
        } else if function == VoiFunction::Linear {
            ((x - (c - 0.5)) / (w - 1.0) + 0.5) * 255.0
        } else {
            ((x - c) / w + 0.5) * 255.0
        }
    }

    fn slice(values: Vec<f32>, voi: VoiFunction) -> Slice {
        let header = Header { voi, ..Header::new(values.len(), 1, Depth::Wide) };
        Slice::of(header, values)
    }

    fn greys(slice: &Slice, window: Window, invert: bool) -> Vec<u8> {
        let mut greys = vec![9; 3];
        slice.map_to_grey(window, invert, &mut greys);
        greys
    }

    /// Equal, save where the exact value lies within a rounding error of the middle of two greys.
    #[track_caller]
    fn assert_standard(slice: &Slice, window: Window, invert: bool) {
        let (c, w) = (f64::from(window.center), f64::from(window.width));
        for (&stored, grey) in slice.stored.iter().zip(greys(slice, window, invert)) {
            let value = f64::from(stored) * f64::from(slice.rescale.slope)
                + f64::from(slice.rescale.intercept);
            let exact = standard(slice.voi, c, w, value);
            let exact = if invert != slice.inverted { 255.0 - exact } else { exact };
            let distance = (f64::from(grey) - exact).abs();
            assert!(distance <= 0.5 + 2e-3, "{value} in {window:?}: {grey}, and exactly {exact}");
        }
    }

    #[test]
    fn the_standards_own_examples() {
        // C.11.2.1.2.1: c=2048, w=4096 is 0..=4095; c=2048, w=1 is a threshold; c=0, w=100; c=0, w=1.
        let at = |c, w, x| windowed(VoiFunction::Linear, Window { center: c, width: w }, x) * 255.0;
        assert_eq!(at(2048.0, 4096.0, 0.0), 0.0);
        assert_eq!(at(2048.0, 4096.0, 4095.0), 255.0);
        assert_eq!(at(2048.0, 1.0, 2047.0), 0.0);
        assert_eq!(at(2048.0, 1.0, 2048.0), 255.0);
        assert_eq!(at(0.0, 100.0, -50.0), 0.0);
        assert_eq!(at(0.0, 100.0, 49.0), 255.0);
        assert_eq!(at(0.0, 1.0, -1.0), 0.0);
        assert_eq!(at(0.0, 1.0, 0.0), 255.0);
        assert_eq!(at(128.0, 256.0, 77.0), 77.0);
    }

    #[test]
    fn every_function_follows_the_standard() {
        let values: Vec<f32> = (-300..4500).map(|v| v as f32).collect();
        for voi in [VoiFunction::Linear, VoiFunction::LinearExact, VoiFunction::Sigmoid] {
            for (center, width) in
                [(2048.0, 4096.0), (600.0, 1600.0), (40.5, 80.0), (2000.0, 2.0), (-3.0, 1.0)]
            {
                for invert in [false, true] {
                    assert_standard(&slice(values.clone(), voi), Window { center, width }, invert);
                }
            }
        }
    }

    #[test]
    fn rescale_is_applied_before_the_window() {
        for (slope, intercept) in [(1.5, -1024.0), (-0.25, 10.0), (1e-4, 0.0)] {
            let values = (0..4096).map(|v| v as f32).collect();
            let mut slice = slice(values, VoiFunction::Linear);
            slice.rescale = Rescale { slope, intercept };
            assert_standard(&slice, Window { center: 40.0, width: 400.0 }, false);
        }
    }

    #[test]
    fn narrow_windows_far_from_zero_lose_no_greys() {
        let values = (0..64).map(|v| 4_000_000.0 + v as f32).collect();
        let slice = slice(values, VoiFunction::Linear);
        assert_standard(&slice, Window { center: 4_000_032.0, width: 40.0 }, false);
    }

    #[test]
    fn monochrome1_is_inverted_and_inverting_it_again_is_not() {
        let mut slice = slice(vec![0.0, 100.0, 255.0], VoiFunction::Linear);
        let window = Window { center: 128.0, width: 256.0 };
        assert_eq!(greys(&slice, window, false), [0, 100, 255]);
        slice.inverted = true;
        assert_eq!(greys(&slice, window, false), [255, 155, 0]);
        assert_eq!(greys(&slice, window, true), [0, 100, 255]);
    }

    #[test]
    fn the_first_window_is_the_files_else_the_percentiles_else_the_range() {
        let mut scan = slice((0..=1000).map(|v| v as f32).collect(), VoiFunction::Linear);
        let spanning = Window::spanning(20.0, 980.0, VoiFunction::Linear);
        assert_eq!(scan.first_window(), spanning);
        scan.window = Some(Window { center: 600.0, width: 1600.0 });
        assert_eq!(scan.first_window(), Window { center: 600.0, width: 1600.0 });
        scan.window = Some(Window { center: 600.0, width: 0.0 });
        assert_eq!(scan.first_window(), spanning);

        // One bright pixel on black: both percentiles are zero.
        let mut values = vec![0.0; 10_000];
        values[5] = 700.0;
        let dark = slice(values, VoiFunction::Linear);
        assert_eq!(dark.first_window(), Window::spanning(0.0, 700.0, VoiFunction::Linear));
    }

    /// PS3.3 C.11.2.1.1.
    #[test]
    fn a_table_is_followed_until_the_window_changes() {
        let mut scan = slice(vec![-5.0, 0.0, 1.0, 2.0, 99.0], VoiFunction::Linear);
        scan.window = Some(Window { center: 600.0, width: 1600.0 });
        scan.rescale.intercept = 10.0;
        scan.voi_lut = Some(Arc::new(VoiLut { first: 10.0, greys: vec![0.2, 1.0, 0.4] }));
        let window = scan.first_window();
        assert_eq!(window, Window { center: 11.5, width: 3.0 });
        assert_eq!(greys(&scan, window, false), [51, 51, 255, 102, 102]);
        assert_eq!(greys(&scan, window, true), [204, 204, 0, 153, 153]);
        let other = Window { width: 3.5, ..window };
        assert_eq!(greys(&scan, other, false)[3..], [230, 255]);
    }

    #[test]
    fn a_window_that_spans_a_range_shows_its_ends_black_and_white() {
        for voi in [VoiFunction::Linear, VoiFunction::LinearExact] {
            for (low, high) in [(0.0, 255.0), (-0.5, 0.25), (1000.0, 60_000.0)] {
                let window = Window::spanning(low, high, voi);
                assert_eq!(windowed(voi, window, low), 0.0, "{voi:?} {low}");
                assert_eq!(windowed(voi, window, high), 1.0, "{voi:?} {high}");
            }
        }
    }

    #[test]
    fn a_slice_of_one_value_has_a_window_and_greys() {
        for voi in [VoiFunction::Linear, VoiFunction::LinearExact, VoiFunction::Sigmoid] {
            for value in [0.0, -7.5, 3e30] {
                let flat = slice(vec![value; 9], voi);
                let window = flat.first_window();
                assert!(window.width > 0.0, "{window:?}");
                assert_eq!(greys(&flat, window, false).len(), 9);
            }
        }
    }

    #[test]
    fn quantiles_by_nearest_rank() {
        let values: Vec<f32> = (0..101).rev().map(|v| v as f32).collect();
        assert_eq!(quantiles(&values, &[0.0, 0.5, 0.98, 1.0]), [0.0, 50.0, 98.0, 100.0]);
        assert_eq!(quantiles(&[], &[0.5]), [0.0]);
    }

    #[test]
    fn counted_quantiles_are_those_of_the_sorted_values() {
        let bytes: Vec<f32> = (0..70_001u32).map(|v| (v * 7919 % 251) as f32).collect();
        let ranks = [0.0, 0.005, 0.3, 0.995, 1.0];
        assert!(byte_counts(bytes.iter().copied()).is_some());
        let counted = quantiles(&bytes, &ranks);
        let mut sorted = bytes.clone();
        sorted.sort_by(f32::total_cmp);
        let nth = |rank: f32| sorted[(rank * 70_000.0).round() as usize];
        assert_eq!(counted, ranks.map(nth));
        // One value beyond a byte, and they are selected: the rest stays as it was.
        let mut wide = bytes;
        wide[70_000] = 255.5;
        assert_eq!(quantiles(&wide, &ranks)[..4], counted[..4]);
        assert_eq!(quantiles(&wide, &[1.0]), [255.5]);
        assert_eq!(quantiles(&[f32::NAN, 1.0], &[0.0]), [1.0]);
    }
}
