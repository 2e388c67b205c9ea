//! The low frequencies of a scan's picture.

use std::f32::consts::PI;
use std::sync::LazyLock;

/// Side of the square that a levelled frame is averaged to.
const SIDE: usize = 32;
/// Frequencies across and down.
const FREQUENCIES: usize = 20;

/// Number of values of [`shape`].
pub(super) const LENGTH: usize = FREQUENCIES * FREQUENCIES;

/// The orthonormal cosine transform of length [`SIDE`], the lowest [`FREQUENCIES`] rows of it.
static BASIS: LazyLock<Vec<[f32; SIDE]>> = LazyLock::new(|| {
    let row = |k: usize| {
        let scale = ((if k == 0 { 1.0 } else { 2.0 }) / SIDE as f32).sqrt();
        std::array::from_fn(|x| scale * (PI / SIDE as f32 * (x as f32 + 0.5) * k as f32).cos())
    };
    (0..FREQUENCIES).map(row).collect()
});

/// The [`LENGTH`] lowest frequencies (discrete cosine transform, type II, orthonormal; row by row,
/// the vertical frequency first) of a square picture, averaged to [`SIDE`] × [`SIDE`], of mean 0 and
/// norm 1. `side` is a multiple of [`SIDE`].
pub(super) fn shape(picture: &[f32], side: usize) -> Vec<f32> {
    let small = normalized(&averaged(picture, side));
    let dot = |row: &[f32; SIDE], values: &[f32]| -> f32 {
        row.iter().zip(values).map(|(a, b)| a * b).sum()
    };
    // Rows, then columns; between the two the picture lies transposed.
    let mut rows = vec![0.0; FREQUENCIES * SIDE];
    for (y, line) in small.chunks_exact(SIDE).enumerate() {
        for (k, basis) in BASIS.iter().enumerate() {
            rows[k * SIDE + y] = dot(basis, line);
        }
    }
    let mut shape = vec![0.0; LENGTH];
    for (across, column) in rows.chunks_exact(SIDE).enumerate() {
        for (down, basis) in BASIS.iter().enumerate() {
            shape[down * FREQUENCIES + across] = dot(basis, column);
        }
    }
    shape
}

/// Means of the squares that make up a picture of [`SIDE`] × [`SIDE`].
fn averaged(picture: &[f32], side: usize) -> Vec<f32> {
    let step = side / SIDE;
    let mut small = vec![0.0; SIDE * SIDE];
    for (y, line) in picture.chunks_exact(side).enumerate() {
        for (x, values) in line.chunks_exact(step).enumerate() {
            small[y / step * SIDE + x] += values.iter().sum::<f32>();
        }
    }
    small
}

/// Values less their mean, over their norm; zeros for a constant picture.
fn normalized(values: &[f32]) -> Vec<f32> {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let norm = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>().sqrt();
    values.iter().map(|value| (value - mean) / norm.max(1e-6)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosine_is_one_frequency() {
        let wave = |i: usize| {
            let (x, y) = ((i % 32) as f32 + 0.5, (i / 32) as f32 + 0.5);
            (PI / 32.0 * 3.0 * x).cos() * (PI / 32.0 * 5.0 * y).cos()
        };
        let picture: Vec<f32> = (0..32 * 32).map(|i| 7.0 + 2.0 * wave(i)).collect();
        let shape = shape(&picture, 32);
        for (i, value) in shape.iter().enumerate() {
            let expected = if i == 5 * FREQUENCIES + 3 { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-4, "{i}: {value}");
        }
    }

    #[test]
    fn a_flat_picture_has_no_shape() {
        assert!(shape(&[3.0; 128 * 128], 128).iter().all(|value| value.abs() < 1e-3));
    }
}
