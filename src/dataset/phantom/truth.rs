//! What is known of a phantom because it was made: the ground truth that tests measure against.

use serde::{Deserialize, Serialize};

use super::{LesionKind, Phantom, Plane, Side, View};
use crate::imaging::Slice;

/// The tumour of a phantom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LesionTruth {
    pub kind: LesionKind,
    pub side: Side,
    /// Middle of the tumour, mm, DICOM's axes (left, posterior, superior).
    pub centre_mm: [f32; 3],
    /// Half axes of the ellipsoid that the tumour was grown from, mm, along the same axes but for
    /// the tilt of the head; an irregular outline leaves it by up to a third.
    pub radii_mm: [f32; 3],
}

/// The smallest box around the tumour in one slice, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelBox {
    /// First column and row.
    pub x: usize,
    pub y: usize,
    /// Columns and rows, each at least 1.
    pub width: usize,
    pub height: usize,
}

/// One slice in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceTruth {
    /// Relative to the study's folder, with forward slashes.
    pub file: String,
    /// Index of the slice in the file, from 0.
    pub index: usize,
    pub columns: usize,
    pub rows: usize,
    pub spacing_mm: f32,
    /// Centre of the first pixel, mm, DICOM's axes.
    pub position_mm: [f32; 3],
    /// Around the tumour, without its oedema; `None` where the slice misses it.
    pub lesion_box: Option<PixelBox>,
}

/// One synthetic person, in one or many slices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanTruth {
    /// The seed of [`Phantom::new`].
    pub seed: u64,
    pub kind: LesionKind,
    pub plane: Plane,
    pub lesion: Option<LesionTruth>,
    pub slices: Vec<SliceTruth>,
}

/// `truth.json`: everything that a study's folder holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyTruth {
    /// [`super::MARK`], so that the file says so too.
    pub note: String,
    pub seed: u64,
    pub scans: Vec<ScanTruth>,
}

impl Phantom {
    /// The tumour, in the patient.
    pub fn lesion(&self) -> Option<LesionTruth> {
        self.lesion.as_ref().map(|lesion| LesionTruth {
            kind: lesion.kind,
            side: lesion.side,
            centre_mm: self.person.to_scanner(lesion.centre),
            radii_mm: self.person.sized(lesion.radii),
        })
    }

    /// True for each pixel of a slice whose centre lies in the tumour, without its oedema; row by
    /// row, as [`Slice::stored`].
    pub fn lesion_mask(&self, view: &View) -> Vec<bool> {
        let [width, height] = view.matrix;
        (0..width * height)
            .map(|i| self.in_lesion(view.point((i % width) as f32, (i / width) as f32)))
            .collect()
    }

    /// Whether a point of the patient, mm, lies in the tumour, without its oedema.
    pub fn in_lesion(&self, patient: [f32; 3]) -> bool {
        let Some(lesion) = &self.lesion else { return false };
        let p = self.person.to_head(patient);
        lesion.distance(p, super::brain::cavity(p)) < 0.0
    }

    /// The smallest box around the tumour in a slice.
    pub fn lesion_box(&self, view: &View) -> Option<PixelBox> {
        let width = view.matrix[0];
        let inside = self.lesion_mask(view);
        let hits = || inside.iter().enumerate().filter(|(_, hit)| **hit).map(|(i, _)| i);
        let (left, right) = (hits().map(|i| i % width).min()?, hits().map(|i| i % width).max()?);
        let (top, bottom) = (hits().min()? / width, hits().max()? / width);
        Some(PixelBox { x: left, y: top, width: right - left + 1, height: bottom - top + 1 })
    }

    /// What is known of a slice that went into a file.
    pub(crate) fn slice_truth(
        &self,
        view: &View,
        slice: &Slice,
        file: &str,
        index: usize,
    ) -> SliceTruth {
        SliceTruth {
            file: file.to_owned(),
            index,
            columns: slice.width,
            rows: slice.height,
            spacing_mm: view.spacing_mm,
            position_mm: view.position(),
            lesion_box: self.lesion_box(view),
        }
    }
}
