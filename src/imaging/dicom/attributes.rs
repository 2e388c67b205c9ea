//! Attributes of a DICOM object, where they may stand: in a frame's own functional group, in the
//! shared one, or at the root (PS3.3 C.7.6.16).

use dicom_core::Tag;
use dicom_core::header::HasLength;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use crate::imaging::series::{Orientation, Rescale, Spacing, VoiFunction, Window};

/// A text value without its padding; `None` where it is absent or empty.
pub(super) fn text(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    let value = object.get(tag)?.to_str().ok()?;
    let trimmed = value.trim_matches(['\0', ' ']);
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

pub(super) fn integer(object: &InMemDicomObject, tag: Tag) -> Option<i64> {
    object.get(tag).filter(|element| !element.is_empty())?.to_int().ok()
}

/// The values, if all are finite as the program keeps them: "1e300" is not.
fn numbers(element: &InMemElement) -> Vec<f32> {
    let numbers = element.value().to_multi_float64().unwrap_or_default();
    let numbers: Vec<f32> = numbers.into_iter().map(|x| x as f32).collect();
    if numbers.iter().all(|x| x.is_finite()) { numbers } else { Vec::new() }
}

fn first_item(object: &InMemDicomObject, sequence: Tag) -> Option<&InMemDicomObject> {
    object.get(sequence)?.items()?.first()
}

/// Where the attributes of one frame stand.
pub(super) struct FrameAttributes<'a> {
    /// From the most specific to the root.
    groups: Vec<&'a InMemDicomObject>,
    root: &'a InMemDicomObject,
}

impl<'a> FrameAttributes<'a> {
    pub fn new(root: &'a InMemDicomObject, frame: usize) -> Self {
        let own = root
            .get(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
            .and_then(|element| element.items())
            .and_then(|items| items.get(frame));
        let shared = first_item(root, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
        Self { groups: own.into_iter().chain(shared).collect(), root }
    }

    /// An attribute of a functional group macro, or of the root in files of single frames.
    fn find(&self, group: Tag, tag: Tag) -> Option<&'a InMemElement> {
        self.groups
            .iter()
            .filter_map(|groups| first_item(groups, group)?.get(tag))
            .find(|element| !element.is_empty())
            .or_else(|| self.root.get(tag))
    }

    fn numbers<const N: usize>(&self, group: Tag, tag: Tag) -> Option<[f32; N]> {
        numbers(self.find(group, tag)?).get(..N)?.try_into().ok()
    }

    /// PS3.3 C.11.1 and C.7.6.16.2.9.
    pub fn rescale(&self) -> Rescale {
        let group = tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE;
        let slope = self.numbers(group, tags::RESCALE_SLOPE);
        let intercept = self.numbers(group, tags::RESCALE_INTERCEPT);
        let [intercept] = intercept.unwrap_or([0.0]);
        slope.map_or(Rescale::IDENTITY, |[slope]| Rescale::new(slope, intercept))
    }

    /// The first window, PS3.3 C.11.2 and C.7.6.16.2.10.
    pub fn window(&self) -> Option<Window> {
        let group = tags::FRAME_VOILUT_SEQUENCE;
        let [center] = self.numbers(group, tags::WINDOW_CENTER)?;
        let [width] = self.numbers(group, tags::WINDOW_WIDTH)?;
        (width > 0.0).then_some(Window { center, width })
    }

    pub fn voi_function(&self) -> VoiFunction {
        let element = self.find(tags::FRAME_VOILUT_SEQUENCE, tags::VOILUT_FUNCTION);
        match element.and_then(|element| element.to_str().ok()).as_deref().map(str::trim) {
            Some("LINEAR_EXACT") => VoiFunction::LinearExact,
            Some("SIGMOID") => VoiFunction::Sigmoid,
            _ => VoiFunction::Linear,
        }
    }

    /// In the patient. Imager Pixel Spacing is that of a detector, and is not taken.
    pub fn spacing(&self) -> Option<Spacing> {
        let group = tags::PIXEL_MEASURES_SEQUENCE;
        let [row_mm, column_mm] = self.numbers(group, tags::PIXEL_SPACING)?;
        let slice = self.numbers(group, tags::SPACING_BETWEEN_SLICES);
        (row_mm > 0.0 && column_mm > 0.0).then(|| Spacing {
            row_mm,
            column_mm,
            slice_mm: slice.map(|[mm]| mm.abs()).filter(|&mm| mm > 0.0),
        })
    }

    /// Made unit vectors; refused where they are not nearly that, and at a right angle.
    pub fn orientation(&self) -> Option<Orientation> {
        let cosines: [f32; 6] =
            self.numbers(tags::PLANE_ORIENTATION_SEQUENCE, tags::IMAGE_ORIENTATION_PATIENT)?;
        let unit = |v: [f32; 3]| {
            let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
            ((length - 1.0).abs() < 0.05).then(|| v.map(|x| x / length))
        };
        let along_row = unit([cosines[0], cosines[1], cosines[2]])?;
        let down_column = unit([cosines[3], cosines[4], cosines[5]])?;
        let dot: f32 = along_row.iter().zip(down_column).map(|(a, b)| a * b).sum();
        (dot.abs() < 0.05).then_some(Orientation { along_row, down_column })
    }

    pub fn position(&self) -> Option<[f32; 3]> {
        self.numbers(tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT)
    }
}

/// The modality LUT as a table, PS3.3 C.11.1.1.
pub(super) struct ModalityTable {
    first: i64,
    values: Vec<f32>,
}

impl ModalityTable {
    /// `signed` as the pixels are, which decides how the first value mapped is written.
    pub fn read(object: &InMemDicomObject, signed: bool) -> Option<Self> {
        let item = first_item(object, tags::MODALITY_LUT_SEQUENCE)?;
        let descriptor = item.get(tags::LUT_DESCRIPTOR)?.value().to_multi_int::<i64>().ok()?;
        let [entries, first, _bits] = descriptor.get(..3)?.try_into().ok()?;
        // Zero stands for 65,536, which does not fit its 16 bits.
        let entries = if entries == 0 { 65_536 } else { entries as usize & 0xFFFF };
        let first = if signed { i64::from(first as i16) } else { i64::from(first as u16) };
        let data = item.get(tags::LUT_DATA)?.value().to_multi_int::<i64>().ok()?;
        let values: Vec<f32> = data.iter().take(entries).map(|&v| f32::from(v as u16)).collect();
        (!values.is_empty()).then_some(Self { first, values })
    }

    pub fn apply(&self, stored: &mut [f32]) {
        let last = self.values.len() as i64 - 1;
        for value in stored {
            *value = self.values[(*value as i64 - self.first).clamp(0, last) as usize];
        }
    }
}
