//! DICOM files to series: files of one series together, in the order of their slices.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::dicom::DicomFile;
use super::error::OpenError;
use super::open::Content;
use super::series::{Orientation, Series, Slice};

/// Directions closer than this, in the cosine's distance from one, are the same plane.
const SAME_PLANE: f32 = 1e-3;

/// The contents of files to series; DICOM files of one series stand where the first of them stood.
pub(crate) fn group(contents: Vec<Result<Content, OpenError>>) -> Vec<Result<Series, OpenError>> {
    enum Place {
        Done(Result<Series, OpenError>),
        Files(Vec<DicomFile>),
    }
    let mut places: Vec<Place> = Vec::new();
    let mut place_of_series: HashMap<String, usize> = HashMap::new();
    for content in contents {
        let file = match content {
            Ok(Content::Dicom(file)) => *file,
            Ok(Content::Series(series)) => {
                places.push(Place::Done(Ok(series)));
                continue;
            }
            Err(error) => {
                places.push(Place::Done(Err(error)));
                continue;
            }
        };
        let known = file.series_uid.as_ref().and_then(|uid| place_of_series.get(uid));
        match known.map(|&place| &mut places[place]) {
            Some(Place::Files(files)) => files.push(file),
            _ => {
                if let Some(uid) = &file.series_uid {
                    place_of_series.insert(uid.clone(), places.len());
                }
                places.push(Place::Files(vec![file]));
            }
        }
    }
    places
        .into_iter()
        .map(|place| match place {
            Place::Done(result) => result,
            Place::Files(files) => Ok(assemble(files)),
        })
        .collect()
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
    for note in files.iter().flat_map(|file| &file.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    let mut placed: Vec<Placed> = files.into_iter().flat_map(Placed::of_file).collect();
    sort(&mut placed);
    let mut slices: Vec<Slice> = placed.into_iter().map(|placed| placed.slice).collect();
    fill_slice_spacing(&mut slices);
    let slices = slices.into_iter().map(Arc::new).collect();
    Series { path, format, description, synthetic, slices, notes }
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
