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

/// The values of `from`, which is `width` wide, inside `rect`, as `side × side` values; `side` is a
/// multiple of [`ROWS`].
pub(super) fn resample(from: &[f32], width: usize, rect: Rect, side: usize) -> Vec<f32> {
    Resampler::new(width, from.len() / width, rect, side).apply(from)
}

/// Rows of the result that are made at once.
const ROWS: usize = 4;

/// [`resample`] for many pictures of one size.
pub(super) struct Resampler {
    columns: Taps,
    rows: Taps,
    width: usize,
    side: usize,
}

impl Resampler {
    pub fn new(width: usize, height: usize, rect: Rect, side: usize) -> Self {
        let columns = Taps::new(rect.left, rect.right, width, side);
        Self { columns, rows: Taps::new(rect.top, rect.bottom, height, side), width, side }
    }

    pub fn apply(&self, from: &[f32]) -> Vec<f32> {
        let (width, side) = (self.width, self.side);
        let mut result = vec![0.0; side * side];
        // Rows first, as a whole: neighbouring values lie side by side in memory.
        let mut lines = vec![0.0f32; ROWS * width];
        // The same values, those of a column beside each other: a processor weighs all at once.
        let mut columns = vec![[0.0f32; ROWS]; width];
        for (part, out) in result.chunks_exact_mut(ROWS * side).enumerate() {
            lines.fill(0.0);
            for (line, y) in lines.chunks_exact_mut(width).zip(part * ROWS..) {
                let (first, weights) = self.rows.of(y);
                let mut rows = &from[first * width..];
                for weights in weights.chunks(4) {
                    add(line, rows, weights);
                    rows = &rows[weights.len() * width..];
                }
            }
            let line = |row: usize| lines[row * width..(row + 1) * width].iter();
            let values = line(0).zip(line(1)).zip(line(2).zip(line(3)));
            for (column, ((&a, &b), (&c, &d))) in columns.iter_mut().zip(values) {
                *column = [a, b, c, d];
            }
            for x in 0..side {
                let (first, weights) = self.columns.of(x);
                let mut sums = [0.0f32; ROWS];
                for (column, weight) in columns[first..first + weights.len()].iter().zip(weights) {
                    for (sum, value) in sums.iter_mut().zip(column) {
                        *sum += weight * value;
                    }
                }
                for (row, sum) in sums.into_iter().enumerate() {
                    out[row * side + x] = sum;
                }
            }
        }
        result
    }
}

/// Adds up to four weighted rows to a line: four at a time, the line is read and written less.
fn add(line: &mut [f32], rows: &[f32], weights: &[f32]) {
    let width = line.len();
    let row = |i: usize| &rows[i * width..(i + 1) * width];
    if let &[a, b, c, d] = weights {
        let (rows_ab, rows_cd) = (row(0).iter().zip(row(1)), row(2).iter().zip(row(3)));
        let values = rows_ab.zip(rows_cd);
        let four = |((v, w), (x, y)): ((&f32, &f32), (&f32, &f32))| a * v + b * w + (c * x + d * y);
        line.iter_mut().zip(values).for_each(|(sum, values)| *sum += four(values));
        return;
    }
    for (row, weight) in rows.chunks_exact(width).zip(weights) {
        line.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
    }
}

/// For each output value, the first input value and the weights from there on.
struct Taps {
    /// The first input value, and where its weight lies.
    first: Vec<(usize, usize)>,
    weights: Vec<f32>,
}

impl Taps {
    fn new(low: f32, high: f32, length: usize, side: usize) -> Self {
        let low = low * length as f32;
        let scale = (high * length as f32 - low) / side as f32;
        let reach = scale.max(1.0);
        let last = length as f32 - 1.0;
        let (mut first, mut weights) = (Vec::with_capacity(side), Vec::new());
        for i in 0..side {
            let centre = low + (i as f32 + 0.5) * scale - 0.5;
            let begin = (centre - reach).ceil().clamp(0.0, last) as usize;
            let end = (centre + reach).floor().clamp(0.0, last) as usize;
            let start = weights.len();
            first.push((begin, start));
            weights.extend(
                (begin..=end.max(begin))
                    .map(|at| (1.0 - (at as f32 - centre).abs() / reach).max(1e-6)),
            );
            let sum: f32 = weights[start..].iter().sum();
            weights[start..].iter_mut().for_each(|weight| *weight /= sum);
        }
        Self { first, weights }
    }

    fn of(&self, i: usize) -> (usize, &[f32]) {
        let (first, start) = self.first[i];
        let end = self.first.get(i + 1).map_or(self.weights.len(), |next| next.1);
        (first, &self.weights[start..end])
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
