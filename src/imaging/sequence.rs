//! DICOM files to series: files of one series together, in the order of their slices.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::dicom::DicomFile;
use super::series::{About, Orientation, Series, Slice, add_note};

/// Directions closer than this, in the cosine's distance from one, are the same plane.
const SAME_PLANE: f32 = 1e-3;

/// DICOM files by their series; the series stand in the order of their first files.
#[derive(Default)]
pub(crate) struct Groups {
    groups: Vec<Vec<DicomFile>>,
    place_of_series: HashMap<String, usize>,
}

impl Groups {
    /// A file that names no series is one of its own.
    pub fn add(&mut self, file: DicomFile) {
        let next = self.groups.len();
        let place = match &file.series_uid {
            Some(uid) => *self.place_of_series.entry(uid.clone()).or_insert(next),
            None => next,
        };
        match self.groups.get_mut(place) {
            Some(group) => group.push(file),
            None => self.groups.push(vec![file]),
        }
    }

    pub fn into_series(self) -> impl Iterator<Item = Series> {
        self.groups.into_iter().map(assemble)
    }
}

/// One series of the files, which are not none.
pub(crate) fn assemble(files: Vec<DicomFile>) -> Series {
    let path = files[0].path.clone();
    let description = files.iter().find_map(|file| file.description.clone());
    let synthetic = files.iter().any(|file| file.synthetic);
    let syntax = &files[0].transfer_syntax;
    let format = match files.iter().all(|file| file.transfer_syntax == *syntax) {
        true => format!("DICOM, {syntax}"),
        false => "DICOM".to_owned(),
    };
    let mut notes: Vec<String> = Vec::new();
    files.iter().flat_map(|file| &file.notes).for_each(|note| add_note(&mut notes, note));
    let mut placed: Vec<Placed> = files.into_iter().flat_map(Placed::of_file).collect();
    sort(&mut placed);
    let mut slices: Vec<Slice> = placed.into_iter().map(|placed| placed.slice).collect();
    fill_slice_spacing(&mut slices);
    let slices = slices.into_iter().map(Arc::new).collect();
    let about = About::default();
    Series { path, format, description, about, synthetic, slices, notes }
}

/// A slice with what decides its place in the series.
struct Placed {
    slice: Slice,
    instance: Option<i64>,
    path: PathBuf,
    frame: usize,
}

impl Placed {
    fn of_file(file: DicomFile) -> impl Iterator<Item = Self> {
        let DicomFile { slices, instance_number, path, .. } = file;
        slices.into_iter().enumerate().map(move |(frame, slice)| Self {
            slice,
            instance: instance_number,
            path: path.clone(),
            frame,
        })
    }

    /// As their programs numbered them; by name where they did not.
    fn by_number(&self, other: &Self) -> Ordering {
        let numbers = match (self.instance, other.instance) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        };
        numbers.then_with(|| self.path.cmp(&other.path)).then(self.frame.cmp(&other.frame))
    }
}

/// By position along the normal where all slices are parallel and placed, else by number. Slices
/// at one place (echoes, times) keep the order of their numbers.
fn sort(slices: &mut [Placed]) {
    let all_numbered = slices.iter().all(|placed| placed.instance.is_some());
    if !all_numbered {
        slices.iter_mut().for_each(|placed| placed.instance = None);
    }
    slices.sort_by(Placed::by_number);
    if let Some(normal) = common_normal(slices.iter().map(|placed| &placed.slice)) {
        let along = |placed: &Placed| placed.slice.position.map_or(0.0, |p| dot(p, normal));
        slices.sort_by(|a, b| along(a).total_cmp(&along(b)));
    }
}

/// The normal of the slices, if they are parallel and all have a place.
fn common_normal<'a>(mut slices: impl Iterator<Item = &'a Slice>) -> Option<[f32; 3]> {
    let normal = |slice: &Slice| slice.position.and(slice.orientation).map(|o| cross(&o));
    let first = normal(slices.next()?)?;
    slices
        .all(|slice| normal(slice).is_some_and(|n| dot(n, first) > 1.0 - SAME_PLANE))
        .then_some(first)
}

/// The distance of neighbours, from their positions: more to be trusted than the attribute. The
/// median of the steps that are not zero.
fn fill_slice_spacing(slices: &mut [Slice]) {
    let Some(normal) = common_normal(slices.iter()) else {
        return;
    };
    let along: Vec<f32> =
        slices.iter().filter_map(|slice| slice.position).map(|p| dot(p, normal)).collect();
    let mut steps: Vec<f32> =
        along.windows(2).map(|w| (w[1] - w[0]).abs()).filter(|&step| step > 1e-3).collect();
    if steps.is_empty() {
        return;
    }
    let middle = steps.len() / 2;
    let step = *steps.select_nth_unstable_by(middle, f32::total_cmp).1;
    for spacing in slices.iter_mut().filter_map(|slice| slice.spacing.as_mut()) {
        spacing.slice_mm = Some(step);
    }
}

fn cross(Orientation { along_row: r, down_column: c }: &Orientation) -> [f32; 3] {
    [r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0]]
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::series::{Depth, Header, Spacing};

    const AXIAL: Orientation =
        Orientation { along_row: [1.0, 0.0, 0.0], down_column: [0.0, 1.0, 0.0] };

    /// A file of one pixel, whose value tells it.
    fn file(value: f32, instance: Option<i64>, height: Option<f32>) -> DicomFile {
        let header = Header {
            orientation: height.map(|_| AXIAL),
            position: height.map(|z| [0.0, 0.0, z]),
            spacing: Some(Spacing { row_mm: 1.0, column_mm: 1.0, slice_mm: None }),
            ..Header::new(1, 1, Depth::Wide)
        };
        let slice = Slice::of(header, vec![value]);
        DicomFile {
            path: PathBuf::from(format!("{value}.dcm")),
            transfer_syntax: "Explicit VR Little Endian".to_owned(),
            description: None,
            synthetic: false,
            slices: vec![slice],
            notes: Vec::new(),
            series_uid: Some("1.2".to_owned()),
            instance_number: instance,
        }
    }

    fn order(files: Vec<DicomFile>) -> Vec<f32> {
        assemble(files).slices.iter().map(|slice| slice.stored[0]).collect()
    }

    #[test]
    fn positions_come_before_numbers() {
        let files = vec![
            file(1.0, Some(1), Some(20.0)),
            file(2.0, Some(2), Some(-5.0)),
            file(3.0, Some(3), Some(7.5)),
        ];
        assert_eq!(order(files), [2.0, 3.0, 1.0]);
    }

    #[test]
    fn numbers_come_before_names_and_part_slices_at_one_place() {
        assert_eq!(
            order(vec![
                file(1.0, Some(9), None),
                file(2.0, Some(10), None),
                file(3.0, Some(2), None)
            ]),
            [3.0, 1.0, 2.0]
        );
        assert_eq!(
            order(vec![file(1.0, Some(2), Some(4.0)), file(2.0, Some(1), Some(4.0))]),
            [2.0, 1.0]
        );
        assert_eq!(order(vec![file(2.0, Some(1), None), file(1.0, None, None)]), [1.0, 2.0]);
    }

    #[test]
    fn planes_that_cross_are_not_ordered_along_one_normal() {
        let mut sagittal = file(2.0, Some(2), Some(-50.0));
        sagittal.slices[0].orientation =
            Some(Orientation { along_row: [0.0, 1.0, 0.0], down_column: [0.0, 0.0, -1.0] });
        assert_eq!(order(vec![sagittal, file(1.0, Some(1), Some(9.0))]), [1.0, 2.0]);
    }

    #[test]
    fn the_distance_of_slices_is_that_of_their_positions() {
        let heights = [0.0, 3.0, 3.0, 6.0, 12.0];
        let files = heights.iter().map(|&z| file(z, Some(1), Some(z))).collect();
        let spacing = assemble(files).slices[0].spacing.unwrap();
        assert_eq!(spacing.slice_mm, Some(3.0));
    }
}
