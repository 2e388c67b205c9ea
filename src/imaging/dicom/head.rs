//! What a file says of its images before their pixels.

use std::sync::Arc;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use super::DicomFile;
use super::about::about;
use super::attributes::{FrameAttributes, integer, text};
use super::data_set::DataSet;
use super::format::Number;
use super::frames::Image;
use super::layout::cut_short;
use super::tables::voi_table;
use crate::imaging::error::Refusal;
use crate::imaging::open::content_hash;
use crate::imaging::series::{
    About, Depth, Header, Rescale, SYNTHETIC_MARK, VoiFunction, VoiLut, add_note,
};
use crate::imaging::source::Source;

/// The headers of a file, and how its pixels are read.
pub(super) struct Head {
    /// One of each frame.
    pub headers: Vec<Header>,
    pub image: Image,
    pub notes: Vec<String>,
    about: About,
    description: Option<String>,
    synthetic: bool,
    instance_number: Option<i64>,
}

impl Head {
    /// Reads a file of `size` bytes, as far as that is known, or its start: `None` where more of it
    /// is needed.
    pub fn read(bytes: &[u8], whole: bool, size: Option<u64>) -> Result<Option<Self>, Refusal> {
        let Some(data_set) = DataSet::read(bytes, whole)? else {
            return Ok(None);
        };
        if let (false, Some(size), Some(pixels)) = (whole, size, data_set.pixels)
            && let Some(length) = pixels.length
            && (data_set.offset + pixels.value + length) as u64 > size
        {
            return Err(cut_short(pixels.tag));
        }
        // Without a number of its own, a file is told by all its bytes.
        if !whole && instance_uid(&data_set.object).is_none() {
            return Ok(None);
        }
        Self::of(&data_set, bytes).map(Some)
    }

    /// `bytes` are those of the file.
    pub fn of(data_set: &DataSet, bytes: &[u8]) -> Result<Self, Refusal> {
        let object = &data_set.object;
        let pixels = data_set.pixels.ok_or_else(|| no_image(object))?;
        let image = Image::read(data_set, pixels)?;
        let mut notes = Vec::new();
        if image.modality.is_some() {
            let note = "The file's modality lookup table is applied to the values shown.";
            notes.push(note.to_owned());
        }
        let identity = instance_uid(object).unwrap_or_else(|| content_hash(bytes));
        let mut tables = VoiTables::default();
        let headers = (0..image.format.frames)
            .map(|frame| {
                let header = header(&image, object, frame, &mut tables);
                let identity = match image.format.frames {
                    1 => identity.clone(),
                    _ => format!("{identity}#{}", frame + 1),
                };
                Header { identity, ..header }
            })
            .collect();
        if tables.broken {
            add_note(&mut notes, "The file asks for a lookup table for display that is broken.");
        }
        let marked = [tags::MANUFACTURER, tags::IMAGE_COMMENTS, tags::SERIES_DESCRIPTION]
            .into_iter()
            .any(|tag| text(object, tag).is_some_and(|text| text.contains(SYNTHETIC_MARK)));
        Ok(Self {
            headers,
            image,
            notes,
            about: about(object),
            description: text(object, tags::SERIES_DESCRIPTION),
            synthetic: marked,
            instance_number: integer(object, tags::INSTANCE_NUMBER),
        })
    }

    /// The file with what became of its headers.
    pub fn file<S>(self, source: &Source, slices: Vec<S>) -> DicomFile<S> {
        DicomFile {
            source: source.clone(),
            transfer_syntax: self.image.transfer_syntax(),
            description: self.description,
            about: self.about,
            synthetic: self.synthetic,
            slices,
            notes: self.notes,
            instance_number: self.instance_number,
        }
    }
}

fn instance_uid(object: &InMemDicomObject) -> Option<String> {
    text(object, tags::SOP_INSTANCE_UID)
}

/// The VOI LUTs of a file's frames, which mostly are one and the same.
#[derive(Default)]
struct VoiTables<'a> {
    last: Option<(&'a InMemElement, Option<Arc<VoiLut>>)>,
    broken: bool,
}

impl<'a> VoiTables<'a> {
    fn of(&mut self, attributes: &FrameAttributes<'a>, signed: bool) -> Option<Arc<VoiLut>> {
        let sequence = attributes.find(tags::FRAME_VOILUT_SEQUENCE, tags::VOILUT_SEQUENCE)?;
        if sequence.items().is_none_or(<[_]>::is_empty) {
            return None;
        }
        match &self.last {
            Some((last, table)) if std::ptr::eq(*last, sequence) => table.clone(),
            _ => {
                let table = voi_table(sequence, signed);
                self.broken |= table.is_none();
                self.last = Some((sequence, table.clone()));
                table
            }
        }
    }
}

/// The header of a frame. A modality table takes the place of the rescale.
fn header<'a>(
    image: &Image,
    object: &'a InMemDicomObject,
    frame: usize,
    tables: &mut VoiTables<'a>,
) -> Header {
    let attributes = FrameAttributes::new(object, frame);
    let rescale = match image.modality {
        Some(_) => Rescale::IDENTITY,
        None => attributes.rescale(),
    };
    let format = &image.format;
    let is_float = format.number == Number::Float;
    let may_be_negative = format.number == Number::Signed || rescale.intercept < 0.0;
    let windows = attributes.windows();
    let depth = if rescale == Rescale::IDENTITY { image.depth() } else { Depth::Wide };
    Header {
        rescale,
        inverted: format.photometric == "MONOCHROME1",
        window: windows.first().map(|named| named.window),
        windows,
        voi: match attributes.voi_function() {
            // Numbers that are no counts have no half pixels.
            None if is_float => VoiFunction::LinearExact,
            function => function.unwrap_or_default(),
        },
        voi_lut: tables.of(&attributes, may_be_negative),
        spacing: attributes.spacing(),
        orientation: attributes.orientation(),
        position: attributes.position(),
        ..Header::new(format.columns, format.rows, depth)
    }
}

/// What a file without pixel data is instead.
fn no_image(object: &InMemDicomObject) -> Refusal {
    let class = text(object, tags::SOP_CLASS_UID);
    if object.get(tags::DIRECTORY_RECORD_SEQUENCE).is_some() {
        return Refusal::new("this is a DICOMDIR, the index of a disc", "open the files it lists");
    }
    let what = match class.as_deref() {
        Some(uid) if uid.starts_with("1.2.840.10008.5.1.4.1.1.88.") => "a structured report",
        Some("1.2.840.10008.5.1.4.1.1.104.1") => "an encapsulated PDF",
        Some(uid) if uid.starts_with("1.2.840.10008.5.1.4.1.1.104.") => "an encapsulated document",
        Some(uid) if uid.starts_with("1.2.840.10008.5.1.4.1.1.11.") => "a presentation state",
        Some(uid) if uid.starts_with("1.2.840.10008.5.1.4.1.1.481.") => "a radiotherapy object",
        Some(uid) if uid.starts_with("1.2.840.10008.5.1.4.1.1.9.") => "a waveform",
        Some("1.2.840.10008.5.1.4.1.1.66") => "raw data",
        Some("1.2.840.10008.1.3.10") => "a DICOMDIR",
        _ => "",
    };
    let found = match (what, class.as_deref()) {
        ("", Some(uid)) => format!("this is a DICOM file with no image in it (SOP class {uid})"),
        ("", None) => "this is a DICOM file with no image in it".to_owned(),
        (what, _) => format!("this is {what}, a DICOM file with no image in it"),
    };
    Refusal::new(found, "open the images of the study")
}
