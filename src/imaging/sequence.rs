//! DICOM files to series: files of one series together, in the order of their slices.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::DerefMut;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dicom::DicomFile;
use super::error::{OpenError, Refusal};
use super::series::{Header, Leaf, Outline, Series, Slice, add_note};
use super::vector::dot;

/// Directions closer than this, in the cosine's distance from one, are the same plane.
const SAME_PLANE: f32 = 1e-3;

/// How long a series that grows waits before it is handed over again.
const TOLD_EVERY: Duration = Duration::from_millis(250);

/// DICOM files by their series; the series stand in the order of their first files.
pub(crate) struct Groups<S> {
    groups: Vec<Vec<DicomFile<S>>>,
    place_of_series: HashMap<String, usize>,
}

impl<S> Default for Groups<S> {
    fn default() -> Self {
        Self { groups: Vec::new(), place_of_series: HashMap::new() }
    }
}

impl<S> Groups<S> {
    /// Where a file belongs. One that names no series is a series of its own.
    fn place(&mut self, file: &DicomFile<S>) -> usize {
        let next = self.groups.len();
        match &file.about.series_uid {
            Some(uid) => *self.place_of_series.entry(uid.clone()).or_insert(next),
            None => next,
        }
    }

    fn put(&mut self, place: usize, file: DicomFile<S>) {
        match self.groups.get_mut(place) {
            Some(group) => group.push(file),
            None => self.groups.push(vec![file]),
        }
    }
}

impl Groups<Slice> {
    pub fn add(&mut self, file: DicomFile<Slice>) {
        let place = self.place(&file);
        self.put(place, file);
    }

    pub fn into_series(self) -> impl Iterator<Item = Series> {
        self.groups.into_iter().map(assemble)
    }
}

/// Series that grow as the headers of their files come in.
#[derive(Default)]
pub(crate) struct Growing {
    groups: Groups<Leaf>,
    /// Which of them have grown since they were handed over.
    grown: Vec<bool>,
    /// Where the images of an identity are: the series, and the file in it.
    known: HashMap<String, (usize, usize)>,
    handed_over: Option<Instant>,
}

impl Growing {
    /// Takes a file in.
    ///
    /// # Errors
    /// If a file of its series holds the same image, which is shown once. Different images under
    /// one number, as careless programs write them, are not the same.
    pub fn add(&mut self, file: DicomFile<Leaf>) -> Result<(), OpenError> {
        let place = self.groups.place(&file);
        let image = |file: &DicomFile<Leaf>| {
            (file.slices.first().map(|leaf| leaf.header.clone()), file.instance_number)
        };
        if let Some(leaf) = file.slices.first() {
            if let Some(&(group, number)) = self.known.get(&leaf.identity)
                && group == place
                && image(&self.groups.groups[group][number]) == image(&file)
            {
                let other = self.groups.groups[group][number].source.path();
                let name = other.file_name().unwrap_or(other.as_os_str()).display();
                let why = format!("it holds the same image as {name}, which is shown");
                return Err(Refusal::new(why, "nothing is missing").of(file.source.path()));
            }
            let number = self.groups.groups.get(place).map_or(0, Vec::len);
            self.known.entry(leaf.identity.clone()).or_insert((place, number));
        }
        self.groups.put(place, file);
        self.grown.resize(self.groups.groups.len(), false);
        self.grown[place] = true;
        Ok(())
    }

    /// The series that have grown since they were handed over: none where that was a moment ago,
    /// unless it is the `last` time.
    pub fn outlines(&mut self, last: bool) -> impl Iterator<Item = Outline> {
        let rests = self.handed_over.is_some_and(|at| at.elapsed() < TOLD_EVERY);
        let due = last || !rests;
        if due && self.grown.contains(&true) {
            self.handed_over = Some(Instant::now());
        }
        let groups = self.groups.groups.iter().zip(&mut self.grown);
        groups
            .filter_map(move |(files, grown)| (due && std::mem::take(grown)).then_some(files))
            .map(|files| arranged(files.clone()))
    }
}

/// One series of the files, which are not none.
pub(crate) fn assemble(files: Vec<DicomFile<Slice>>) -> Series {
    let mut series = arranged(files);
    let slices = std::mem::take(&mut series.slices);
    series.with_slices(slices.into_iter().map(Arc::new).collect())
}

/// The slices of the files in their order.
fn arranged<S: DerefMut<Target = Header>>(files: Vec<DicomFile<S>>) -> Series<S> {
    let path = files[0].source.path().to_owned();
    let about = files[0].about.clone();
    let description = files.iter().find_map(|file| file.description.clone());
    let synthetic = files.iter().any(|file| file.synthetic);
    let syntax = files[0].transfer_syntax;
    let format = match files.iter().all(|file| file.transfer_syntax == syntax) {
        true => format!("DICOM, {syntax}"),
        false => "DICOM".to_owned(),
    };
    let mut notes: Vec<String> = Vec::new();
    files.iter().flat_map(|file| &file.notes).for_each(|note| add_note(&mut notes, note));
    let mut placed: Vec<Placed<S>> = files.into_iter().flat_map(Placed::of_file).collect();
    sort(&mut placed);
    let mut slices: Vec<S> = placed.into_iter().map(|placed| placed.slice).collect();
    fill_slice_spacing(&mut slices);
    Series { path, format, description, about, synthetic, slices, notes }
}

/// A slice with what decides its place in the series.
struct Placed<S> {
    slice: S,
    instance: Option<i64>,
    path: PathBuf,
    frame: usize,
}

impl<S> Placed<S> {
    fn of_file(file: DicomFile<S>) -> impl Iterator<Item = Self> {
        let DicomFile { slices, instance_number, source, .. } = file;
        slices.into_iter().enumerate().map(move |(frame, slice)| Self {
            slice,
            instance: instance_number,
            path: source.path().to_owned(),
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
fn sort<S: DerefMut<Target = Header>>(slices: &mut [Placed<S>]) {
    let all_numbered = slices.iter().all(|placed| placed.instance.is_some());
    if !all_numbered {
        slices.iter_mut().for_each(|placed| placed.instance = None);
    }
    slices.sort_by(Placed::by_number);
    if let Some(normal) = common_normal(slices.iter().map(|placed| &*placed.slice)) {
        let along = |placed: &Placed<S>| placed.slice.position.map_or(0.0, |p| dot(p, normal));
        slices.sort_by(|a, b| along(a).total_cmp(&along(b)));
    }
}

/// The normal of the slices, if they are parallel and all have a place.
fn common_normal<'a>(mut slices: impl Iterator<Item = &'a Header>) -> Option<[f32; 3]> {
    let normal = |slice: &Header| slice.position.and(slice.orientation).map(|o| o.normal());
    let first = normal(slices.next()?)?;
    slices
        .all(|slice| normal(slice).is_some_and(|n| dot(n, first) > 1.0 - SAME_PLANE))
        .then_some(first)
}

/// The distance of neighbours, from their positions: more to be trusted than the attribute. The
/// median of the steps that are not zero.
fn fill_slice_spacing<S: DerefMut<Target = Header>>(slices: &mut [S]) {
    let Some(normal) = common_normal(slices.iter().map(|slice| &**slice)) else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::series::{About, Depth, Orientation, Place, Spacing};
    use crate::imaging::source::Source;

    const AXIAL: Orientation =
        Orientation { along_row: [1.0, 0.0, 0.0], down_column: [0.0, 1.0, 0.0] };

    /// A file of one pixel, whose value tells it.
    fn file(value: f32, instance: Option<i64>, height: Option<f32>) -> DicomFile<Slice> {
        let header = Header {
            orientation: height.map(|_| AXIAL),
            position: height.map(|z| [0.0, 0.0, z]),
            spacing: Some(Spacing { row_mm: 1.0, column_mm: 1.0, slice_mm: None }),
            ..Header::new(1, 1, Depth::Wide)
        };
        let slice = Slice::of(header, vec![value]);
        DicomFile {
            source: Source::file(format!("{value}.dcm").as_ref()),
            transfer_syntax: "Explicit VR Little Endian",
            description: None,
            about: About { series_uid: Some("1.2".to_owned()), ..About::default() },
            synthetic: false,
            slices: vec![slice],
            notes: Vec::new(),
            instance_number: instance,
        }
    }

    fn order(files: Vec<DicomFile<Slice>>) -> Vec<f32> {
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

    /// The headers of a file.
    fn outline(file: DicomFile<Slice>, identity: &str) -> DicomFile<Leaf> {
        let place = |frame| Some(Place { source: file.source.clone(), frame });
        let leaf = |(frame, slice): (usize, &Slice)| Leaf {
            header: Header { identity: identity.to_owned(), ..slice.header.clone() },
            place: place(frame),
        };
        let slices = file.slices.iter().enumerate().map(leaf).collect();
        DicomFile {
            slices,
            source: file.source,
            transfer_syntax: file.transfer_syntax,
            description: file.description,
            about: file.about,
            synthetic: file.synthetic,
            notes: file.notes,
            instance_number: file.instance_number,
        }
    }

    #[test]
    fn a_series_grows_and_the_last_time_it_is_whole() {
        let (mut growing, mut seen) = (Growing::default(), Vec::new());
        for number in 0..3 {
            let file = file(number as f32, Some(number), Some(-2.0 * number as f32));
            growing.add(outline(file, &number.to_string())).unwrap();
            seen.extend(growing.outlines(false));
        }
        seen.extend(growing.outlines(true));
        assert_eq!(seen[0].slices.len(), 1, "the first file is shown at once");
        let whole = seen.last().unwrap();
        let identities: Vec<&str> = whole.slices.iter().map(|s| s.identity.as_str()).collect();
        assert_eq!(identities, ["2", "1", "0"]);
        assert_eq!(whole.slices[0].spacing.unwrap().slice_mm, Some(2.0));
        assert_eq!(whole.slices[0].place.as_ref().unwrap().source.path().as_os_str(), "2.dcm");
        assert_eq!(growing.outlines(true).count(), 0, "it has not grown since");
    }

    #[test]
    fn an_image_is_shown_once_and_another_under_its_number_is_not_lost() {
        let mut growing = Growing::default();
        let copy = |height| outline(file(1.0, Some(1), Some(height)), "1.2.3");
        growing.add(copy(5.0)).unwrap();
        let mut second = copy(5.0);
        second.source = Source::file("copy.dcm".as_ref());
        let error = growing.add(second).unwrap_err().to_string();
        assert!(error.starts_with("copy.dcm: it holds the same image as 1.dcm"), "{error}");
        growing.add(copy(6.0)).unwrap();
        assert_eq!(growing.outlines(true).map(|s| s.slices.len()).sum::<usize>(), 2);
    }
}
