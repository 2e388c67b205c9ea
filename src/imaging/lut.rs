//! Windows for eyes: modality value to grey. The networks never see what happens here.

use super::series::{Slice, VoiFunction, Window};

impl Slice {
    /// The window the slice is first shown with: the file's own, else from the 2nd to the 98th
    /// percentile of the values (MRI has no absolute scale), else the whole range.
    pub fn first_window(&self) -> Window {
        self.window.filter(|w| w.width > 0.0).unwrap_or_else(|| self.percentile_window(0.02, 0.98))
    }

    /// The window from the `low` to the `high` quantile (0..=1) of the modality values.
    pub fn percentile_window(&self, low: f32, high: f32) -> Window {
        let stored = quantiles(&self.stored, &[low, high]);
        let (a, b) = (self.rescale.apply(stored[0]), self.rescale.apply(stored[1]));
        let (mut a, mut b) = (a.min(b), a.max(b));
        if b - a < f32::EPSILON * b.abs().max(1.0) {
            (a, b) = self.value_range();
        }
        Window { center: (a + b) / 2.0, width: (b - a).max(f32::EPSILON * a.abs().max(1.0)) }
    }

    /// Greys 0..=255 under a window, one per pixel, into `greys`, whose old content is dropped.
    /// `invert` comes on top of the file's own MONOCHROME1.
    pub fn map_to_grey(&self, window: Window, invert: bool, greys: &mut Vec<u8>) {
        let flip = invert != self.inverted;
        greys.clear();
        match linear_map(self.voi, window) {
            // Rescale, window and inversion folded into one multiplication and one addition.
            Some((scale, offset)) => {
                let (sign, zero) = if flip { (-1.0, 1.0) } else { (1.0, 0.0) };
                let gain = 255.0 * sign * scale * self.rescale.slope;
                let bias = 255.0 * (zero + sign * (scale * self.rescale.intercept + offset)) + 0.5;
                greys
                    .extend(self.stored.iter().map(|&v| (v * gain + bias).clamp(0.0, 255.0) as u8));
            }
            None => greys.extend(self.stored.iter().map(|&v| {
                let t = windowed(self.voi, window, self.rescale.apply(v));
                ((if flip { 1.0 - t } else { t }) * 255.0 + 0.5) as u8
            })),
        }
    }
}

/// A modality value under a window, 0..=1: PS3.3 C.11.2.1.2 and C.11.2.1.3.
pub fn windowed(function: VoiFunction, window: Window, value: f32) -> f32 {
    match linear_map(function, window) {
        Some((scale, offset)) => (value * scale + offset).clamp(0.0, 1.0),
        None => 1.0 / (1.0 + (-4.0 * (value - window.center) / window.width).exp()),
    }
}

/// The linear functions as `value × scale + offset`, before clamping; `None` for the sigmoid.
fn linear_map(function: VoiFunction, Window { center, width }: Window) -> Option<(f32, f32)> {
    match function {
        // ((x − (c − 0.5)) / (w − 1)) + 0.5; a width of 1 is a threshold at c − 0.5.
        VoiFunction::Linear => {
            let span = (width - 1.0).max(1e-6);
            // Narrow windows belong to data that is not integer, where the half pixel makes no sense.
            if width <= 1.0 && width > 0.0 && width != 1.0 {
                return linear_map(VoiFunction::LinearExact, Window { center, width });
            }
            Some((1.0 / span, 0.5 - (center - 0.5) / span))
        }
        VoiFunction::LinearExact => {
            let span = width.max(f32::MIN_POSITIVE * 1e6);
            Some((1.0 / span, 0.5 - center / span))
        }
        VoiFunction::Sigmoid => None,
    }
}

/// Quantiles (each 0..=1) of finite values, by nearest rank. Large inputs are sampled evenly:
/// a quarter of a million values place a percentile as well as a hundred million.
pub fn quantiles(values: &[f32], ranks: &[f32]) -> Vec<f32> {
    const ENOUGH: usize = 1 << 18;
    let step = values.len().div_ceil(ENOUGH).max(1);
    let mut sample: Vec<f32> = values.iter().copied().step_by(step).collect();
    if sample.is_empty() {
        return vec![0.0; ranks.len()];
    }
    let last = sample.len() - 1;
    ranks
        .iter()
        .map(|&rank| {
            let index = (rank.clamp(0.0, 1.0) * last as f32).round() as usize;
            *sample.select_nth_unstable_by(index, f32::total_cmp).1
        })
        .collect()
}
