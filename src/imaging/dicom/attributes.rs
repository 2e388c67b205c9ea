//! Attributes of a DICOM object, where they may stand: in a frame's own functional group, in the
//! shared one, or at the root (PS3.3 C.7.6.16).

use dicom_core::Tag;
use dicom_core::header::HasLength;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use crate::imaging::series::{NamedWindow, Orientation, Rescale, Spacing, VoiFunction, Window};

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

pub(super) fn first_item(object: &InMemDicomObject, sequence: Tag) -> Option<&InMemDicomObject> {
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
    pub fn find(&self, group: Tag, tag: Tag) -> Option<&'a InMemElement> {
        self.groups
            .iter()
            .filter_map(|groups| first_item(groups, group)?.get(tag))
            .find(|element| !element.is_empty())
            .or_else(|| self.root.get(tag))
    }

    pub fn numbers<const N: usize>(&self, group: Tag, tag: Tag) -> Option<[f32; N]> {
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

    /// The windows that the file offers, PS3.3 C.11.2 and C.7.6.16.2.10.
    pub fn windows(&self) -> Vec<NamedWindow> {
        let group = tags::FRAME_VOILUT_SEQUENCE;
        let all = |tag| self.find(group, tag).map(numbers).unwrap_or_default();
        let names = self
            .find(group, tags::WINDOW_CENTER_WIDTH_EXPLANATION)
            .and_then(|element| element.value().to_multi_str().ok())
            .unwrap_or_default();
        let centers_and_widths = all(tags::WINDOW_CENTER).into_iter().zip(all(tags::WINDOW_WIDTH));
        centers_and_widths
            .enumerate()
            .map(|(number, (center, width))| {
                let name = names.get(number).map(|name| name.trim_matches(['\0', ' ']));
                let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
                NamedWindow { name, window: Window { center, width } }
            })
            .filter(|named| named.window.width > 0.0)
            .collect()
    }

    /// `None` where the file does not name one, which stands for a linear one.
    pub fn voi_function(&self) -> Option<VoiFunction> {
        let element = self.find(tags::FRAME_VOILUT_SEQUENCE, tags::VOILUT_FUNCTION)?;
        match element.to_str().ok()?.trim_matches(['\0', ' ']) {
            "LINEAR" => Some(VoiFunction::Linear),
            "LINEAR_EXACT" => Some(VoiFunction::LinearExact),
            "SIGMOID" => Some(VoiFunction::Sigmoid),
            _ => None,
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
