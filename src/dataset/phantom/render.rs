//! The scanner: samples the phantom on a plane and adds what a scanner adds.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::noise::{noise, normal};
use super::shapes::{Vec3, add, scale};
use super::tissue::{Contrast, Palette, Point};
use super::{Phantom, Plane};
use crate::imaging::{Depth, Orientation, Slice, Spacing, Window};

/// Stored value of a signal of 1, about that of fat: 12 bits leave room above.
const FULL_SIGNAL: f32 = 2400.0;

/// One slice to take: where, how large, how weighted, how well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub plane: Plane,
    /// Place of the plane, mm along the patient's axis: left for sagittal, posterior for coronal,
    /// superior for axial; 0 is the middle of the brain of an average head.
    pub offset_mm: f32,
    /// Columns and rows, each at least 1.
    pub matrix: [usize; 2],
    /// Distance between pixels both ways, mm, above 0.
    pub spacing_mm: f32,
    /// Distance to the next slice where there is one, mm.
    pub slice_spacing_mm: Option<f32>,
    pub contrast: Contrast,
    pub artefacts: Artefacts,
}

/// What a scanner adds to a signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artefacts {
    /// SD of the noise in each of the two channels, as a share of fat's signal.
    pub noise: f32,
    /// How much brighter the rim is than the middle, as a share.
    pub bias: f32,
    /// Strength of the ghost half a field of view away, as a share; 0 for none.
    pub ghost: f32,
}

impl Default for Artefacts {
    fn default() -> Self {
        Self { noise: 0.012, bias: 0.12, ghost: 0.0 }
    }
}

impl Artefacts {
    /// The signal as it is.
    pub const NONE: Self = Self { noise: 0.0, bias: 0.0, ghost: 0.0 };
}

impl View {
    /// A square slice of 240 mm, T1-weighted after contrast.
    pub fn new(plane: Plane, offset_mm: f32, matrix: usize) -> Self {
        Self {
            plane,
            offset_mm,
            matrix: [matrix, matrix],
            spacing_mm: 240.0 / matrix as f32,
            slice_spacing_mm: None,
            contrast: Contrast::default(),
            artefacts: Artefacts::default(),
        }
    }

    /// This view and those after it, `slice_spacing_mm` (or the pixel spacing) apart.
    pub fn stack(self, count: usize) -> Vec<Self> {
        let apart = self.slice_spacing_mm.unwrap_or(self.spacing_mm);
        let at = |i: usize| self.offset_mm + i as f32 * apart;
        (0..count)
            .map(|i| Self { offset_mm: at(i), slice_spacing_mm: Some(apart), ..self })
            .collect()
    }

    /// Where rows and columns run in the patient.
    pub fn orientation(&self) -> Orientation {
        let (along_row, down_column) = match self.plane {
            Plane::Axial => ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]),
            Plane::Coronal => ([1.0, 0.0, 0.0], [0.0, 0.0, -1.0]),
            Plane::Sagittal => ([0.0, 1.0, 0.0], [0.0, 0.0, -1.0]),
        };
        Orientation { along_row, down_column }
    }

    /// Centre of the first pixel in the patient, mm.
    pub fn position(&self) -> Vec3 {
        // The middle of the picture: a head reaches further down than up.
        let mut middle = [0.0, -4.0, -14.0];
        middle[self.plane.axis()] = self.offset_mm;
        let Orientation { along_row, down_column } = self.orientation();
        let half = self.matrix.map(|n| -0.5 * (n as f32 - 1.0) * self.spacing_mm);
        add(middle, add(scale(along_row, half[0]), scale(down_column, half[1])))
    }

    /// Centre of a pixel in the patient, mm.
    pub fn point(&self, column: f32, row: f32) -> Vec3 {
        let Orientation { along_row, down_column } = self.orientation();
        let s = self.spacing_mm;
        add(self.position(), add(scale(along_row, column * s), scale(down_column, row * s)))
    }
}

impl Phantom {
    /// Takes a slice: stored values 0..=4095, with spacing, orientation, position and window.
    ///
    /// # Panics
    /// If the matrix has no pixels or the spacing is not above 0.
    pub fn slice(&self, view: &View) -> Slice {
        let [width, height] = view.matrix;
        assert!(width > 0 && height > 0 && view.spacing_mm > 0.0, "a slice has pixels");
        let signal = self.signal(view);
        let seed = self.person.noise
            ^ (view.offset_mm * 16.0) as i32 as u32
            ^ (view.plane.axis() as u32) << 30;
        let Artefacts { noise: sd, bias, ghost } = view.artefacts;

        let mut stored = vec![0.0; width * height];
        stored.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
            for (x, value) in row.iter_mut().enumerate() {
                let mut s = signal[y * width + x];
                if ghost > 0.0 {
                    s += ghost * signal[(y + height / 2) % height * width + x];
                }
                if bias > 0.0 {
                    s *= self.sensitivity(view.point(x as f32, y as f32), bias);
                }
                if sd > 0.0 {
                    // Rician: the magnitude of a complex signal with noise in both channels.
                    let (re, im) = (s + sd * normal(x, y, 0, seed), sd * normal(x, y, 1, seed));
                    s = (re * re + im * im).sqrt();
                }
                *value = (s * FULL_SIGNAL).round().clamp(0.0, 4095.0);
            }
        });

        let mut slice = Slice::new(width, height, stored, Depth::Wide);
        slice.window = Some(view.contrast.window());
        slice.spacing = Some(Spacing {
            row_mm: view.spacing_mm,
            column_mm: view.spacing_mm,
            slice_mm: view.slice_spacing_mm,
        });
        slice.orientation = Some(view.orientation());
        slice.position = Some(view.position());
        slice
    }

    /// The signal without artefacts, slightly blurred within the plane.
    fn signal(&self, view: &View) -> Vec<f32> {
        let [width, height] = view.matrix;
        let palette = Palette::new(view.contrast);
        let blur = 0.5 + 0.75 * view.spacing_mm;
        let mut sharp = vec![0.0; width * height];
        sharp.par_chunks_mut(width).enumerate().for_each(|(y, row)| {
            for (x, value) in row.iter_mut().enumerate() {
                let mut point = Point::new(palette, blur);
                self.paint(&mut point, view.point(x as f32, y as f32));
                *value = point.signal;
            }
        });
        blurred(&sharp, width, height)
    }

    /// The receive coils: brighter near the surface, a little uneven.
    fn sensitivity(&self, p: Vec3, bias: f32) -> f32 {
        let reach = (p[0] * p[0] + p[1] * p[1] + (p[2] - 5.0) * (p[2] - 5.0)) / (90.0 * 90.0);
        let below = (-(p[2] + 60.0) / 60.0).clamp(0.0, 1.0);
        (1.0 + bias * (reach.min(1.6) - 0.5 + noise(p, 90.0, self.person.noise ^ 0xb1a5)))
            * (1.0 - 0.45 * below * below)
    }
}

impl Contrast {
    /// A window in stored values that suits the brain.
    fn window(self) -> Window {
        let top = match self {
            Self::T1c | Self::T1 => 0.92,
            Self::T2 => 1.0,
            Self::Flair => 0.85,
        };
        Window { center: 0.5 * top * FULL_SIGNAL, width: top * FULL_SIGNAL }
    }
}

/// A separable blur of three pixels, the edges repeated.
fn blurred(sharp: &[f32], width: usize, height: usize) -> Vec<f32> {
    const SIDE: f32 = 0.16;
    let soft = |a: f32, b: f32, c: f32| SIDE * (a + c) + (1.0 - 2.0 * SIDE) * b;
    let mut down = vec![0.0; sharp.len()];
    for y in 0..height {
        let (above, below) = (y.saturating_sub(1) * width, (y + 1).min(height - 1) * width);
        for x in 0..width {
            down[y * width + x] = soft(sharp[above + x], sharp[y * width + x], sharp[below + x]);
        }
    }
    let mut out = vec![0.0; sharp.len()];
    for (row, target) in down.chunks(width).zip(out.chunks_mut(width)) {
        for x in 0..width {
            target[x] = soft(row[x.saturating_sub(1)], row[x], row[(x + 1).min(width - 1)]);
        }
    }
    out
}
