//! What every reader produces: a [`Series`] of [`Slice`]s holding stored values and what the file
//! says about them. Nothing here knows a window on a screen or a network.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

use super::source::Source;
use super::vector::cross;

/// What a file made by [`crate::dataset::phantom`] says of itself, in whatever text field it has.
pub const SYNTHETIC_MARK: &str = "MRIMaster phantom";

/// The slices of one acquisition, or a single picture, in the order a reader scrolls through them.
///
/// With their pixels, unless it is an [`Outline`].
#[derive(Clone, Debug, PartialEq)]
pub struct Series<S = Arc<Slice>> {
    /// The file, or the first of the files, that was opened; the folder of pictures that are scrolled
    /// through. What lies in an archive has the archive's path before its own.
    pub path: PathBuf,
    /// What the content was recognised as, for people: "JPEG", "DICOM, JPEG-LS lossless", "NIfTI-1".
    pub format: String,
    /// The series description of the file; never a patient's name or number.
    pub description: Option<String>,
    /// What the headers say of the whole series.
    pub about: About,
    /// True for the scans that [`crate::dataset::phantom`] makes. Every screen that shows one says so.
    pub synthetic: bool,
    /// Never empty.
    pub slices: Vec<S>,
    /// What a reader of the scan should know of the way it was read, one sentence each.
    pub notes: Vec<String>,
}

/// A series as its headers tell it, before any pixel is read.
pub type Outline = Series<Leaf>;

/// A slice of an [`Outline`].
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    pub header: Header,
    /// Where its pixels can be read, as often as wanted; `None` where they came with the header.
    pub place: Option<Place>,
}

/// One image of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub source: Source,
    /// From 0.
    pub frame: usize,
}

/// What the headers say of a whole series; empty where they do not say it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Tells studies apart: the Study Instance UID.
    pub study_uid: Option<String>,
    /// For people: the study's description and date.
    pub study: Option<String>,
    /// Tells series apart: the Series Instance UID.
    pub series_uid: Option<String>,
    pub series_number: Option<i64>,
    /// "MR", "CT", PS3.3 C.7.3.1.1.1.
    pub modality: Option<String>,
    /// As the file writes it: "BRAIN".
    pub body_part: Option<String>,
    /// Repetition, echo and inversion time, ms: what weighting is told by.
    pub timing: Timing,
    /// Shown on the screen where a person asks for it, and never written anywhere.
    pub patient: Option<Patient>,
}

/// How an MR image was weighted, ms; `None` where the file does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timing {
    pub repetition: Option<f32>,
    pub echo: Option<f32>,
    pub inversion: Option<f32>,
}

/// Whose scan it is, as the file writes it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Patient {
    pub name: Option<String>,
    pub id: Option<String>,
    pub birth_date: Option<String>,
    pub sex: Option<String>,
    /// Date and time of the study.
    pub study_date: Option<String>,
    pub institution: Option<String>,
}

// Whatever is printed for debugging may end in a log.
impl std::fmt::Debug for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Patient(…)")
    }
}

// As a slice is: its header is read without a detour.
impl Deref for Leaf {
    type Target = Header;

    fn deref(&self) -> &Header {
        &self.header
    }
}

impl DerefMut for Leaf {
    fn deref_mut(&mut self) -> &mut Header {
        &mut self.header
    }
}

impl Series {
    /// The series without its pixels, for which there is no other place.
    pub fn outline(&self) -> Outline {
        let leaf = |slice: &Arc<Slice>| Leaf { header: slice.header.clone(), place: None };
        self.with_slices(self.slices.iter().map(leaf).collect())
    }
}

impl<S> Series<S> {
    /// The same series with other slices.
    pub(crate) fn with_slices<T>(&self, slices: Vec<T>) -> Series<T> {
        Series {
            path: self.path.clone(),
            format: self.format.clone(),
            description: self.description.clone(),
            about: self.about.clone(),
            synthetic: self.synthetic,
            slices,
            notes: self.notes.clone(),
        }
    }
}

/// Adds a note that is not there yet: what holds for every slice is said once.
pub(crate) fn add_note(notes: &mut Vec<String>, note: &str) {
    if !notes.iter().any(|said| said == note) {
        notes.push(note.to_owned());
    }
}

/// One image: stored values, and what its header says, which is read as the slice's own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    pub header: Header,
    /// Stored values, row by row from the top, `height × width` of them, every one finite.
    pub stored: Vec<f32>,
}

/// What a file says of one image beside its pixels: the modality LUT, the window, and what is known
/// of its place in the patient.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Tells the image apart from every other, wherever its file lies: the SOP Instance UID, with
    /// `#` and the number of the frame in files of several; else the content's hash. What a person
    /// measures is kept by it. Empty for what came from no file.
    pub identity: String,
    /// Stored value to modality value.
    pub rescale: Rescale,
    /// How the stored values were written, which decides how a network sees them.
    pub depth: Depth,
    /// True where low values are bright (DICOM MONOCHROME1).
    pub inverted: bool,
    /// The window that the file asks for first, if it asks for one.
    pub window: Option<Window>,
    /// Every window that the file offers, the first one among them, in its order.
    pub windows: Vec<NamedWindow>,
    /// The function that applies the window.
    pub voi: VoiFunction,
    /// A curve that the file asks for in place of a window. It is followed under the window that
    /// spans it, which [`Slice::first_window`] gives; any other window leaves it.
    pub voi_lut: Option<Arc<VoiLut>>,
    /// Distance of pixel centres; `None` where the file does not say.
    pub spacing: Option<Spacing>,
    /// Direction of rows and columns in the patient; `None` where the file does not say.
    pub orientation: Option<Orientation>,
    /// Centre of the first pixel in the patient, mm, DICOM's axes (left, posterior, superior).
    pub position: Option<[f32; 3]>,
}

impl Header {
    /// An image of which nothing is known but its size.
    pub fn new(width: usize, height: usize, depth: Depth) -> Self {
        Self {
            width,
            height,
            identity: String::new(),
            rescale: Rescale::IDENTITY,
            depth,
            inverted: false,
            window: None,
            windows: Vec::new(),
            voi: VoiFunction::Linear,
            voi_lut: None,
            spacing: None,
            orientation: None,
            position: None,
        }
    }
}

// A slice is its header and its pixels: who has the one reads the other without a detour.
impl Deref for Slice {
    type Target = Header;

    fn deref(&self) -> &Header {
        &self.header
    }
}

impl DerefMut for Slice {
    fn deref_mut(&mut self) -> &mut Header {
        &mut self.header
    }
}

impl Slice {
    /// A slice of which nothing is known but its pixels.
    ///
    /// # Panics
    /// If `stored` does not hold `width × height` values: a reader's bug, not a file's.
    pub fn new(width: usize, height: usize, stored: Vec<f32>, depth: Depth) -> Self {
        Self::of(Header::new(width, height, depth), stored)
    }

    /// The pixels of a header.
    ///
    /// # Panics
    /// If `stored` does not hold `width × height` values: a reader's bug, not a file's.
    pub fn of(header: Header, stored: Vec<f32>) -> Self {
        assert_eq!(
            stored.len(),
            header.width * header.height,
            "a slice holds width × height values"
        );
        Self { header, stored }
    }

    /// The stored value in column `x` of row `y`, or `None` outside.
    pub fn stored_at(&self, x: usize, y: usize) -> Option<f32> {
        (x < self.width && y < self.height).then(|| self.stored[y * self.width + x])
    }

    /// Smallest and largest modality value.
    pub fn value_range(&self) -> (f32, f32) {
        let (low, high) = self
            .stored
            .iter()
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        let (a, b) = (self.rescale.apply(low), self.rescale.apply(high));
        (a.min(b), a.max(b))
    }
}

/// How stored values were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 0..=255, as pictures are: already scaled for a screen by whoever wrote the file.
    EightBit,
    /// Anything wider: MRI values without an absolute scale.
    Wide,
}

/// The linear modality LUT, PS3.3 C.11.1: `value = stored × slope + intercept`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rescale {
    pub slope: f32,
    pub intercept: f32,
}

impl Rescale {
    /// Stored values as they are.
    pub const IDENTITY: Self = Self { slope: 1.0, intercept: 0.0 };

    /// As a file gives it; [`Self::IDENTITY`] where the slope is zero, as files say that nothing is
    /// scaled, or a number is not finite.
    pub fn new(slope: f32, intercept: f32) -> Self {
        match slope.is_finite() && slope != 0.0 && intercept.is_finite() {
            true => Self { slope, intercept },
            false => Self::IDENTITY,
        }
    }

    /// The modality value of a stored one.
    pub fn apply(self, stored: f32) -> f32 {
        stored * self.slope + self.intercept
    }
}

/// Window centre and width, in modality values, PS3.3 C.11.2.1.2.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Window {
    pub center: f32,
    /// Above zero.
    pub width: f32,
}

/// A window that a file offers.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedWindow {
    /// What it is for, in the words of the file (Window Center & Width Explanation): "BONE".
    pub name: Option<String>,
    pub window: Window,
}

/// A VOI LUT as a table, PS3.3 C.11.2.1.1: a grey for each of the integers from `first` on.
#[derive(Clone, Debug, PartialEq)]
pub struct VoiLut {
    /// The modality value of the first grey.
    pub first: f32,
    /// 0..=1, and never none. Values before the first have the first, those behind the last the
    /// last.
    pub greys: Vec<f32>,
}

/// VOI LUT Function, PS3.3 C.11.2.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum VoiFunction {
    /// C.11.2.1.2.1: the half-pixel convention of integer data.
    #[default]
    Linear,
    /// C.11.2.1.3.2: plain linear.
    LinearExact,
    /// C.11.2.1.3.1.
    Sigmoid,
}

/// Distance between the centres of neighbouring pixels, mm, and of neighbouring slices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spacing {
    /// Between rows: down the image.
    pub row_mm: f32,
    /// Between columns: along the image.
    pub column_mm: f32,
    /// Between slice centres, where known.
    pub slice_mm: Option<f32>,
}

/// Unit vectors in DICOM's patient axes: +x to the patient's left, +y to the back, +z to the head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orientation {
    /// Where one walks along a row, to the right on the screen.
    pub along_row: [f32; 3],
    /// Where one walks down a column, downwards on the screen.
    pub down_column: [f32; 3],
}

impl Orientation {
    /// Letters at the left, right, top and bottom edge of the image (PS3.3 C.7.6.1.1.1):
    /// L R A P H F, up to two where the plane is oblique.
    pub fn edge_letters(&self) -> [String; 4] {
        let opposite = |v: [f32; 3]| [-v[0], -v[1], -v[2]];
        [
            direction_letters(opposite(self.along_row)),
            direction_letters(self.along_row),
            direction_letters(opposite(self.down_column)),
            direction_letters(self.down_column),
        ]
    }

    /// Unit vector through the image, away from who looks at it: the cross product of rows and
    /// columns.
    pub fn normal(&self) -> [f32; 3] {
        cross(self.along_row, self.down_column)
    }

    /// "axial", "coronal", "sagittal", or `None` where no axis of the patient dominates.
    pub fn plane(&self) -> Option<&'static str> {
        let normal = self.normal();
        let axis = (0..3).max_by(|&a, &b| normal[a].abs().total_cmp(&normal[b].abs()))?;
        (normal[axis].abs() > 0.8).then(|| ["sagittal", "coronal", "axial"][axis])
    }

    /// Whether this is an axial or coronal image with the patient's right on the left, as
    /// radiologists look at it; `None` where rows do not run from side to side.
    pub fn is_radiological(&self) -> Option<bool> {
        let across = self.along_row[0];
        (matches!(self.plane(), Some("axial" | "coronal")) && across.abs() > 0.8)
            .then_some(across > 0.0)
    }
}

/// The letters of a direction, the strongest first; components below a quarter do not count.
fn direction_letters(v: [f32; 3]) -> String {
    let mut parts: Vec<(f32, char)> = [('L', 'R'), ('P', 'A'), ('H', 'F')]
        .iter()
        .zip(v)
        .filter(|(_, x)| x.abs() > 0.25)
        .map(|(&(plus, minus), x)| (x.abs(), if x > 0.0 { plus } else { minus }))
        .collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    parts.into_iter().take(2).map(|(_, letter)| letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axial_slice_shows_the_patients_right_on_the_left() {
        let axial = Orientation { along_row: [1.0, 0.0, 0.0], down_column: [0.0, 1.0, 0.0] };
        assert_eq!(axial.edge_letters(), ["R", "L", "A", "P"].map(String::from));
        assert_eq!(axial.plane(), Some("axial"));
    }

    #[test]
    fn an_oblique_plane_names_two_letters_and_no_plane() {
        let s = std::f32::consts::FRAC_1_SQRT_2;
        let oblique = Orientation { along_row: [s, s, 0.0], down_column: [0.0, 0.0, -1.0] };
        assert_eq!(oblique.edge_letters()[2], "H");
        assert_eq!(oblique.edge_letters()[1].len(), 2);
        assert_eq!(oblique.plane(), None);
    }
}
