//! DICOM files: one image or many frames, in every transfer syntax whose codec is built in.
//!
//! What stands before the pixels is all that a list, an order and a label need: [`read_outline`]
//! reads no more of a file. [`read_frame`] reads the pixels of one image of it, [`read`] everything.
//!
//! `dicom-object` parses, the codecs of `dicom-transfer-syntax-registry` decode, and beside them
//! those of `cosine` and `rle`. What a parser or a codec would allocate, or recurse into, is checked
//! against the file first (`layout`, `codestream`), and samples are interpreted here (`samples`), so
//! that stored values come out as the file wrote them: no modality LUT, no window.

mod about;
mod attributes;
mod codecs;
mod codestream;
mod cosine;
mod data_set;
mod directory;
mod format;
mod frames;
mod head;
mod layout;
mod palette;
mod recent;
mod rle;
mod samples;
mod tables;

use std::borrow::Cow;

use dicom_object::InMemDicomObject;

use self::data_set::DataSet;
pub(crate) use self::directory::{is_directory, listed_files};
use self::frames::Places;
use self::head::Head;
use self::recent::Recent;
use super::error::Refusal;
use super::series::{About, Leaf, Place, Slice, add_note};
use super::source::Source;

/// Bytes of a file that are read for its headers: enough for most, and for the start of the others.
pub(crate) const START: u64 = 64 << 10;

/// Said where only the headers were read: pixels may be grey all the same.
const STORED_IN_COLOUR_NOTE: &str =
    "The file is stored in colour; its luminance is shown and classified.";

/// What one file holds: a slice of a series or several, and what places it in the series.
#[derive(Clone, Debug)]
pub(crate) struct DicomFile<S> {
    pub source: Source,
    pub transfer_syntax: &'static str,
    pub description: Option<String>,
    pub about: About,
    pub synthetic: bool,
    pub slices: Vec<S>,
    pub notes: Vec<String>,
    pub instance_number: Option<i64>,
}

/// True for a file with the magic of PS3.10 section 7.1, or with a file meta group and no preamble.
pub(crate) fn is_dicom(bytes: &[u8]) -> bool {
    bytes.get(128..132) == Some(b"DICM")
        || bytes.starts_with(b"DICM")
        || (bytes.starts_with(&[2, 0, 0, 0]) && bytes.get(4..6) == Some(b"UL"))
        || (bytes.starts_with(&[2, 0, 0x10, 0]) && bytes.get(4..6) == Some(b"UI"))
}

/// True for what seems to be a data set without any head, as old programs wrote it.
pub(crate) fn is_bare_data_set(bytes: &[u8]) -> bool {
    layout::guess_encoding(bytes, 0).is_some()
}

/// The elements of a file: those of its meta group, if it has one, and those before its pixels.
pub(super) fn elements(
    bytes: &[u8],
) -> Result<(Option<InMemDicomObject>, InMemDicomObject), Refusal> {
    Ok((data_set::meta_group(bytes), DataSet::whole(bytes)?.object))
}

/// Reads what stands before the pixels, of a file whose first [`START`] bytes are given.
pub(crate) fn read_outline(
    source: &Source,
    mut start: Vec<u8>,
) -> Result<DicomFile<Leaf>, Refusal> {
    let mut limit = START;
    let size = source.version().map(|(size, _)| size);
    loop {
        let whole = (start.len() as u64) < limit;
        if let Some(mut head) = Head::read(&start, whole, size)? {
            let leaf = |(frame, header)| Leaf {
                header,
                place: Some(Place { source: source.clone(), frame }),
            };
            let slices = std::mem::take(&mut head.headers).into_iter().enumerate().map(leaf);
            let slices = slices.collect();
            if head.image.is_colour() {
                head.notes.push(STORED_IN_COLOUR_NOTE.to_owned());
            }
            return Ok(head.file(source, slices));
        }
        limit = limit.saturating_mul(8);
        start = source.load_start(limit)?;
    }
}

/// Reads every frame of a file, whose bytes are given.
pub(crate) fn read(bytes: &[u8], source: &Source) -> Result<DicomFile<Slice>, Refusal> {
    let data_set = DataSet::whole(bytes)?;
    let mut head = Head::of(&data_set, bytes)?;
    let places = head.image.places(&data_set.bytes)?;
    let mut slices = Vec::new();
    for (frame, header) in std::mem::take(&mut head.headers).into_iter().enumerate() {
        let grey = head.image.decode(&frame_bytes(&head, &places, &data_set, frame), frame)?;
        grey.notes.iter().for_each(|note| add_note(&mut head.notes, note));
        slices.push(Slice::of(header, grey.values));
    }
    Ok(head.file(source, slices))
}

/// Reads the pixels of one frame of a file, whose bytes are given.
pub(crate) fn read_frame(bytes: &[u8], source: &Source, frame: usize) -> Result<Slice, Refusal> {
    let data_set = DataSet::whole(bytes)?;
    let head = Head::of(&data_set, bytes)?;
    let header = head.headers.get(frame).cloned().ok_or_else(|| {
        Refusal::damaged(format!("this is a DICOM file that has no frame {}", frame + 1))
    })?;
    let places = head.image.places(&data_set.bytes)?;
    let grey = head.image.decode(&frame_bytes(&head, &places, &data_set, frame), frame)?;
    if head.headers.len() > 1 && data_set.is_as_in_file() {
        recent::keep(source, Recent { offset: data_set.offset, head, places });
    }
    Ok(Slice::of(header, grey.values))
}

/// [`read_frame`] of a file of several frames that was read a moment ago: no more is read of it than
/// the frame. `None` where it was not.
pub(crate) fn read_frame_again(source: &Source, frame: usize) -> Option<Result<Slice, Refusal>> {
    let recent = recent::find(source)?;
    let Recent { offset, head, places } = recent.as_ref();
    let header = head.headers.get(frame)?.clone();
    let read = || {
        let mut bytes = Vec::new();
        for part in head.image.parts(places, frame) {
            let start = (offset + part.start) as u64;
            bytes.append(&mut source.load_part(start, part.len() as u64)?);
        }
        Ok(Slice::of(header, head.image.decode(&bytes, frame)?.values))
    };
    Some(read())
}

/// The bytes of a frame, together.
fn frame_bytes<'a>(
    head: &Head,
    places: &Places,
    data_set: &'a DataSet,
    frame: usize,
) -> Cow<'a, [u8]> {
    match head.image.parts(places, frame).as_slice() {
        [part] => Cow::Borrowed(&data_set.bytes[part.clone()]),
        parts => parts.iter().flat_map(|part| &data_set.bytes[part.clone()]).copied().collect(),
    }
}
