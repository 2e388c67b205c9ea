//! The fitted parameters: what makes scans of one person alike and scans of two persons differ.
//!
//! `assets/persons.bin` holds them as little-endian `f32`, in the order of the fields of [`Metric`];
//! `tests/reference/persons/fit.py` writes it.

use std::sync::LazyLock;

use super::{shape, style};

/// Length of a projected shape.
pub(super) const SHAPE: usize = 64;
/// Length of a projected style.
pub(super) const STYLE: usize = 48;
/// Axial, coronal, sagittal.
const PLANES: usize = 3;
/// Length of [`Metric::pair`].
const PAIR: usize = 4;

static BYTES: &[u8] = include_bytes!("../../../assets/persons.bin");

// The file has the length that the fields add up to, so that reading it cannot fail.
const _: () = assert!(
    BYTES.len()
        == 4 * (shape::LENGTH * (1 + SHAPE + PLANES)
            + PLANES
            + style::LENGTH * (PLANES + STYLE)
            + PAIR
            + 1)
);

pub(super) static METRIC: LazyLock<Metric> = LazyLock::new(Metric::read);

/// Linear maps from a scan's shape and style to vectors whose cosine says how alike two scans are.
///
/// Directions in which slices of one person differ count little (linear discriminant analysis).
pub(super) struct Metric {
    /// Mean shape, subtracted before projection.
    shape_mean: Vec<f32>,
    /// [`SHAPE`] rows.
    shape: Vec<f32>,
    /// [`PLANES`] rows and as many offsets: logits of the plane that a shape shows.
    plane: Vec<f32>,
    plane_offset: Vec<f32>,
    /// Mean style of each plane, subtracted in proportion to the planes' probabilities.
    style_mean: Vec<f32>,
    /// [`STYLE`] rows.
    style: Vec<f32>,
    /// Logit of one person: offset, and weights of [`super::pairs::Evidence`].
    pub pair: [f32; PAIR],
    /// The mean cosine to its ten nearest scans that a scan usually has.
    pub usual_nearness: f32,
}

impl Metric {
    fn read() -> Self {
        let mut values = BYTES
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let mut take = |count: usize| values.by_ref().take(count).collect::<Vec<f32>>();
        Self {
            shape_mean: take(shape::LENGTH),
            shape: take(shape::LENGTH * SHAPE),
            plane: take(shape::LENGTH * PLANES),
            plane_offset: take(PLANES),
            style_mean: take(style::LENGTH * PLANES),
            style: take(style::LENGTH * STYLE),
            pair: std::array::from_fn(|_| take(1)[0]),
            usual_nearness: take(1)[0],
        }
    }

    /// A shape as a unit vector of length [`SHAPE`].
    pub fn project_shape(&self, shape: &[f32]) -> Vec<f32> {
        let centred: Vec<f32> = shape.iter().zip(&self.shape_mean).map(|(a, b)| a - b).collect();
        unit(product(&self.shape, &centred))
    }

    /// A style as a unit vector of length [`STYLE`], without what the plane explains, which the
    /// shape shows.
    pub fn project_style(&self, style: &[f32], shape: &[f32]) -> Vec<f32> {
        let mut logits = product(&self.plane, shape);
        logits.iter_mut().zip(&self.plane_offset).for_each(|(logit, offset)| *logit += offset);
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
        let total: f32 = weights.iter().sum();
        let mut centred = style.to_vec();
        for (weight, means) in weights.iter().zip(self.style_mean.chunks_exact(style::LENGTH)) {
            for (value, mean) in centred.iter_mut().zip(means) {
                *value -= weight / total * mean;
            }
        }
        unit(product(&self.style, &centred))
    }
}

/// A matrix, row by row, times a vector.
fn product(matrix: &[f32], vector: &[f32]) -> Vec<f32> {
    matrix.chunks_exact(vector.len()).map(|row| dot(row, vector)).collect()
}

/// The scalar product of two vectors.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums at a time, which the compiler turns into one register.
    let mut sums = [0.0f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let norm = dot(&vector, &vector).sqrt().max(1e-6);
    vector.iter_mut().for_each(|value| *value /= norm);
    vector
}
