//! How the voxels of a volume lie in the patient, and which way they go on a screen.

use super::header::VolumeHeader;
use crate::imaging::series::{Orientation, Spacing};

/// Columns: the step of one voxel along each axis, mm, and the first voxel's centre; in DICOM's
/// patient axes (left, posterior, superior).
type Affine = [[f64; 3]; 4];

/// Which axis of a volume is shown along rows, down columns and from slice to slice, and which
/// way round.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arrangement {
    size: [usize; 3],
    /// Of the volume, in the order: along a row, down a column, through the slices.
    axes: [usize; 3],
    flipped: [bool; 3],
    affine: Option<Affine>,
    pub spacing: Option<Spacing>,
    pub orientation: Option<Orientation>,
}

impl Arrangement {
    /// By the sform, else the qform; without either, the first axis goes right, the second up, and
    /// nothing is said of the patient.
    pub fn of(header: &VolumeHeader, size: [usize; 3]) -> Self {
        match affine(header) {
            Some(affine) => Self::oriented(affine, size),
            None => Self {
                size,
                axes: [0, 1, 2],
                flipped: [false, true, false],
                affine: None,
                spacing: grid_spacing(header),
                orientation: None,
            },
        }
    }

    fn oriented(affine: Affine, size: [usize; 3]) -> Self {
        let step: [f64; 3] = std::array::from_fn(|axis| norm(affine[axis]));
        let patient = closest_patient_axes(&affine);
        let through = through_plane(step, size);
        // Radiological display, and slices along the cross product of rows and columns.
        let (row, column) = match patient[through] {
            2 => ((0, 1.0), (1, 1.0)), // axial: to the left, to the back; feet to head
            1 => ((0, 1.0), (2, -1.0)), // coronal: to the left, to the feet; front to back
            _ => ((1, 1.0), (2, -1.0)), // sagittal: to the back, to the feet; left to right
        };
        let normal = (patient[through], if patient[through] == 0 { -1.0 } else { 1.0 });
        let of_volume = |wanted: usize| (0..3).find(|&a| patient[a] == wanted).unwrap_or(wanted);
        let wanted = [row, column, normal];
        let axes = wanted.map(|(axis, _)| of_volume(axis));
        let flipped = std::array::from_fn(|i| affine[axes[i]][wanted[i].0] * wanted[i].1 < 0.0);
        let direction = |i: usize| {
            let sign = if flipped[i] { -1.0 } else { 1.0 };
            affine[axes[i]].map(|x| (sign * x / step[axes[i]]) as f32)
        };
        Self {
            size,
            axes,
            flipped,
            affine: Some(affine),
            spacing: Some(Spacing {
                row_mm: step[axes[1]] as f32,
                column_mm: step[axes[0]] as f32,
                slice_mm: Some(step[axes[2]] as f32),
            }),
            orientation: Some(Orientation { along_row: direction(0), down_column: direction(1) }),
        }
    }

    pub fn columns(&self) -> usize {
        self.size[self.axes[0]]
    }

    pub fn rows(&self) -> usize {
        self.size[self.axes[1]]
    }

    pub fn slices(&self) -> usize {
        self.size[self.axes[2]]
    }

    /// Index along an axis of the volume, of the `n`th in display order.
    fn index(&self, i: usize, n: usize) -> usize {
        if self.flipped[i] { self.size[self.axes[i]] - 1 - n } else { n }
    }

    /// The values of a slice, row by row.
    pub fn slice(&self, volume: &[f32], number: usize) -> Vec<f32> {
        let stride = [1, self.size[0], self.size[0] * self.size[1]];
        let at = |i: usize, n: usize| self.index(i, n) * stride[self.axes[i]];
        let base = at(2, number);
        (0..self.rows())
            .flat_map(|y| {
                let row = base + at(1, y);
                (0..self.columns()).map(move |x| volume[row + at(0, x)])
            })
            .collect()
    }

    /// Centre of the first pixel of a slice, mm, DICOM's axes.
    pub fn position(&self, number: usize) -> Option<[f32; 3]> {
        let affine = self.affine?;
        let mut point = affine[3];
        for (i, n) in [(0, 0), (1, 0), (2, number)] {
            let (column, index) = (affine[self.axes[i]], self.index(i, n) as f64);
            (0..3).for_each(|x| point[x] += column[x] * index);
        }
        Some(point.map(|x| x as f32))
    }
}

/// The axis of the largest voxel side: slices are thicker than their pixels. The third if none
/// stands out, or the volume is flat.
fn through_plane(step: [f64; 3], size: [usize; 3]) -> usize {
    let widest = (0..3).max_by(|&a, &b| step[a].total_cmp(&step[b])).unwrap_or(2);
    let stands_out = (0..3).filter(|&axis| axis != widest).all(|a| step[widest] > 1.01 * step[a]);
    if stands_out && size[2] > 1 { widest } else { 2 }
}

/// For each axis of the volume the patient axis it follows, each taken once, so that the sum of
/// the cosines is largest.
fn closest_patient_axes(affine: &Affine) -> [usize; 3] {
    const ORDERS: [[usize; 3]; 6] =
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let cosine = |axis: usize, to: usize| affine[axis][to].abs() / norm(affine[axis]);
    let fit = |order: &[usize; 3]| (0..3).map(|axis| cosine(axis, order[axis])).sum::<f64>();
    ORDERS.into_iter().max_by(|a, b| fit(a).total_cmp(&fit(b))).unwrap_or([0, 1, 2])
}

/// The header's voxel-to-patient transform, if it has one that makes sense.
fn affine(header: &VolumeHeader) -> Option<Affine> {
    let ras = match () {
        () if header.sform_code > 0 => sform(header),
        () if header.qform_code > 0 => qform(header),
        () => return None,
    };
    let mm = millimetres(header);
    let lps = ras.map(|column| [-column[0] * mm, -column[1] * mm, column[2] * mm]);
    let [a, b, c, _] = lps;
    let volume = (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0]))
        .abs();
    let sides = norm(a) * norm(b) * norm(c);
    let finite = lps.iter().flatten().all(|x| x.is_finite());
    (finite && volume > 1e-3 * sides && sides > 0.0).then_some(lps)
}

fn sform(header: &VolumeHeader) -> Affine {
    std::array::from_fn(|column| header.sform.map(|row| row[column]))
}

/// Method 2 of the standard: a quaternion, voxel sides and an offset.
fn qform(header: &VolumeHeader) -> Affine {
    let [b, c, d] = header.quaternion;
    let square = 1.0 - (b * b + c * c + d * d);
    let (a, b, c, d) = if square < 1e-7 {
        // Rounding left the vector longer than one: a turn by 180 degrees.
        let length = (b * b + c * c + d * d).sqrt();
        (0.0, b / length, c / length, d / length)
    } else {
        (square.sqrt(), b, c, d)
    };
    let rotation = [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ];
    let handed = if header.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
    let side = |axis: usize| header.pixdim[axis + 1] * if axis == 2 { handed } else { 1.0 };
    let column = |axis: usize| std::array::from_fn(|row| rotation[row][axis] * side(axis));
    [column(0), column(1), column(2), header.offset_mm]
}

/// Spacing of a volume that lies anywhere.
fn grid_spacing(header: &VolumeHeader) -> Option<Spacing> {
    let mm = millimetres(header);
    let side = |axis: usize| {
        let side = (header.pixdim[axis].abs() * mm) as f32;
        (side.is_finite() && side > 0.0).then_some(side)
    };
    Some(Spacing { row_mm: side(2)?, column_mm: side(1)?, slice_mm: side(3) })
}

/// Millimetres in the header's unit of length; a unit that is not said is a millimetre.
fn millimetres(header: &VolumeHeader) -> f64 {
    match header.units & 7 {
        1 => 1000.0,
        3 => 0.001,
        _ => 1.0,
    }
}

fn norm(v: [f64; 3]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}
