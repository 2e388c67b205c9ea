//! Resampling of a rectangle of a picture to a square, with a triangle filter as wide as the
//! shrinking asks for: the same head at another size gives the same square.

/// Where a rectangle lies, in shares of a picture's width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Rect {
    pub const WHOLE: Self = Self { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };

    pub fn mirrored(self) -> Self {
        Self { left: 1.0 - self.right, right: 1.0 - self.left, ..self }
    }

    /// Its lower bound and its length across and down.
    pub fn spans(self) -> [(f32, f32); 2] {
        [(self.left, self.right - self.left), (self.top, self.bottom - self.top)]
    }

    /// What is left when shares of this rectangle are cut off at its left, top, right and bottom.
    pub fn cut(self, [left, top, right, bottom]: [f32; 4]) -> Self {
        let (width, height) = (self.right - self.left, self.bottom - self.top);
        Self {
            left: self.left + left * width,
            top: self.top + top * height,
            right: self.right - right * width,
            bottom: self.bottom - bottom * height,
        }
    }
}

/// The values of `from`, which is `width` wide, inside `rect`, as `side × side` values.
pub(super) fn resample(from: &[f32], width: usize, rect: Rect, side: usize) -> Vec<f32> {
    let height = from.len() / width;
    let columns = Taps::new(rect.left, rect.right, width, side);
    let rows = Taps::new(rect.top, rect.bottom, height, side);
    let mut result = vec![0.0; side * side];
    // Rows first, as a whole: neighbouring values lie side by side in memory.
    let mut line = vec![0.0f32; width];
    for (y, out) in result.chunks_exact_mut(side).enumerate() {
        line.fill(0.0);
        let (first, weights) = rows.of(y);
        for (row, weight) in from[first * width..].chunks_exact(width).zip(weights) {
            line.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
        }
        for (x, value) in out.iter_mut().enumerate() {
            let (first, weights) = columns.of(x);
            *value = line[first..].iter().zip(weights).map(|(v, w)| v * w).sum();
        }
    }
    result
}

/// For each output value, the first input value and the weights from there on.
struct Taps(Vec<(usize, Vec<f32>)>);

impl Taps {
    fn new(low: f32, high: f32, length: usize, side: usize) -> Self {
        let low = low * length as f32;
        let scale = (high * length as f32 - low) / side as f32;
        let reach = scale.max(1.0);
        let last = length as f32 - 1.0;
        Self(
            (0..side)
                .map(|i| {
                    let centre = low + (i as f32 + 0.5) * scale - 0.5;
                    let first = (centre - reach).ceil().clamp(0.0, last) as usize;
                    let end = (centre + reach).floor().clamp(0.0, last) as usize;
                    let mut weights: Vec<f32> = (first..=end.max(first))
                        .map(|at| (1.0 - (at as f32 - centre).abs() / reach).max(1e-6))
                        .collect();
                    let sum: f32 = weights.iter().sum();
                    weights.iter_mut().for_each(|weight| *weight /= sum);
                    (first, weights)
                })
                .collect(),
        )
    }

    fn of(&self, i: usize) -> (usize, &[f32]) {
        (self.0[i].0, &self.0[i].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_stays_a_ramp_at_any_size() {
        for width in [10, 64, 200] {
            let ramp: Vec<f32> = (0..width * 3).map(|i| (i % width) as f32 + 0.5).collect();
            let small = resample(&ramp, width, Rect::WHOLE, 8);
            for x in 1..7 {
                let expected = (x as f32 + 0.5) * width as f32 / 8.0;
                assert!((small[8 + x] - expected).abs() < 0.3, "{width}: {x}: {}", small[8 + x]);
            }
        }
    }
}
