//! Whether the slices of a volume lie where another reader's affine puts its voxels.

use mrimaster::imaging::{Series, Slice};

/// A volume as nibabel reads it.
pub struct Volume<'a> {
    /// Voxels along the axes of the file.
    pub shape: [usize; 3],
    /// Voxel to patient, mm, nibabel's axes (right, anterior, superior).
    pub affine: &'a [[f64; 4]; 4],
    /// First axis fastest.
    pub values: &'a [f32],
}

impl Volume<'_> {
    /// Looks every pixel up where its slice says it lies in the patient, so that values, axes, flips,
    /// order and geometry are tested at once. `value` is what a pixel is compared by.
    ///
    /// # Errors
    /// What differs first.
    pub fn is_shown_by(
        &self,
        series: &Series,
        value: impl Fn(&Slice, f32) -> f32,
    ) -> Result<(), String> {
        let [nx, ny, nz] = self.shape;
        let mut seen = vec![false; self.values.len()];
        for slice in &series.slices {
            let position = slice.position.ok_or("no position")?;
            let orientation = slice.orientation.ok_or("no orientation")?;
            let spacing = slice.spacing.ok_or("no spacing")?;
            for (at, &stored) in slice.stored.iter().enumerate() {
                let (x, y) = (at % slice.width, at / slice.width);
                let lps: [f64; 3] = std::array::from_fn(|i| {
                    f64::from(position[i])
                        + x as f64 * f64::from(spacing.column_mm * orientation.along_row[i])
                        + y as f64 * f64::from(spacing.row_mm * orientation.down_column[i])
                });
                let [i, j, k] = voxel_at(self.affine, [-lps[0], -lps[1], lps[2]])?;
                if i >= nx || j >= ny || k >= nz {
                    return Err(format!("pixel {x}, {y} is outside"));
                }
                let index = i + nx * (j + ny * k);
                let (ours, theirs) = (value(slice, stored), self.values[index]);
                if ours != theirs {
                    return Err(format!(
                        "pixel {x}, {y} is {ours}, and voxel {i}, {j}, {k} is {theirs}"
                    ));
                }
                seen[index] = true;
            }
        }
        seen.iter().all(|&seen| seen).then_some(()).ok_or("not every voxel is shown".to_owned())
    }
}

/// The voxel whose centre lies at a point, by Cramer's rule.
fn voxel_at(affine: &[[f64; 4]; 4], point: [f64; 3]) -> Result<[usize; 3], String> {
    let column = |c: usize| [affine[0][c], affine[1][c], affine[2][c]];
    let determinant = |a: [f64; 3], b: [f64; 3], c: [f64; 3]| {
        a[0] * (b[1] * c[2] - b[2] * c[1]) - b[0] * (a[1] * c[2] - a[2] * c[1])
            + c[0] * (a[1] * b[2] - a[2] * b[1])
    };
    let offset = std::array::from_fn(|i| point[i] - affine[i][3]);
    let (a, b, c) = (column(0), column(1), column(2));
    let whole = determinant(a, b, c);
    let parts = [determinant(offset, b, c), determinant(a, offset, c), determinant(a, b, offset)];
    let indices = parts.map(|part| part / whole);
    match indices.iter().find(|index| (*index - index.round()).abs() >= 1e-3) {
        Some(index) => Err(format!("{index} is between voxels")),
        None => Ok(indices.map(|index| index.round() as usize)),
    }
}
