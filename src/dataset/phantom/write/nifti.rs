//! NIfTI-1, gzipped: 16-bit integers with both transforms set.

use std::path::Path;

use ndarray::Array3;
use nifti::NiftiHeader;
use nifti::writer::WriterOptions;

use super::{MARK, WriteError, write_whole};
use crate::imaging::Slice;

/// Writes axial slices, from the feet up, as one `.nii.gz`.
///
/// Voxels are stored as the slices are, from the right to the left, from the front to the back,
/// from the feet to the head. NIfTI's world has +x to the right and +y to the front: both are
/// mirrored by the transforms, which is a half turn about z.
///
/// Stored values must be whole numbers of 16 bits.
pub fn write_nifti(path: &Path, slices: &[Slice]) -> Result<(), WriteError> {
    let fail = |reason: &str| WriteError::new(path, reason);
    let first = slices.first().ok_or_else(|| fail("there are no slices"))?;
    let (Some(spacing), Some(position), Some(orientation)) =
        (first.spacing, first.position, first.orientation)
    else {
        return Err(fail("the place of the slices is not known"));
    };
    let apart = spacing.slice_mm.ok_or_else(|| fail("the distance of the slices is not known"))?;
    if orientation.plane() != Some("axial")
        || slices.iter().any(|s| (s.width, s.height) != (first.width, first.height))
    {
        return Err(fail("the slices are not axial or not of one size"));
    }
    let volume = Array3::from_shape_fn((first.width, first.height, slices.len()), |(x, y, z)| {
        slices[z].stored[y * first.width + x] as i16
    });

    let (dx, dy) = (spacing.column_mm, spacing.row_mm);
    let (x, y, z) = (-position[0], -position[1], position[2]);
    let mut header = NiftiHeader {
        pixdim: [1.0, dx, dy, apart, 0.0, 0.0, 0.0, 0.0],
        // NIFTI_UNITS_MM; NIFTI_XFORM_SCANNER_ANAT.
        xyzt_units: 2,
        qform_code: 1,
        sform_code: 1,
        quatern_d: 1.0,
        quatern_x: x,
        quatern_y: y,
        quatern_z: z,
        srow_x: [-dx, 0.0, 0.0, x],
        srow_y: [0.0, -dy, 0.0, y],
        srow_z: [0.0, 0.0, apart, z],
        ..NiftiHeader::default()
    };
    if let Some(window) = first.window {
        header.cal_min = window.center - window.width / 2.0;
        header.cal_max = window.center + window.width / 2.0;
    }
    header.set_description_str(MARK).map_err(|e| WriteError::new(path, e))?;

    // The crate writes to a path of its own; from there the bytes go into place at once.
    let folder = tempfile::tempdir().map_err(|e| WriteError::new(path, e))?;
    let draft = folder.path().join("volume.nii.gz");
    WriterOptions::new(&draft)
        .reference_header(&header)
        .compression_level(flate2::Compression::best())
        .write_nifti(&volume)
        .map_err(|e| WriteError::new(path, e))?;
    let bytes = std::fs::read(&draft).map_err(|e| WriteError::new(path, e))?;
    write_whole(path, &bytes)
}
