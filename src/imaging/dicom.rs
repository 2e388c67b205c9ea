//! DICOM files: one image or many frames, in every transfer syntax whose codec is built in.
//!
//! `dicom-object` parses, the codecs of `dicom-transfer-syntax-registry` decode. What a parser or
//! a codec would allocate, or recurse into, is checked against the file first (`layout`,
//! `codestream`), and decoded samples are interpreted here (`frames`), so that stored values come
//! out as the file wrote them: no modality LUT, no window.

mod attributes;
mod codestream;
mod frames;
mod layout;

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};

use dicom_dictionary_std::{tags, uids};
use dicom_encoding::transfer_syntax::{Codec, TransferSyntax, TransferSyntaxIndex};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

use self::attributes::{FrameAttributes, ModalityTable, integer, text};
use self::frames::{PixelFormat, read_frames, unread_syntax};
use self::layout::Encoding;
use super::error::{MAX_VALUES, Refusal};
use super::series::{Depth, Header, Rescale, SYNTHETIC_MARK, Slice};

const DEFLATED: &str = uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;

const DEFLATED_FRAMES: &str = "1.2.840.10008.1.2.8.1";

/// What one file holds: a slice of a series or several, and what places it in the series.
#[derive(Clone, Debug)]
pub(crate) struct DicomFile {
    pub path: PathBuf,
    pub transfer_syntax: String,
    pub description: Option<String>,
    pub synthetic: bool,
    pub slices: Vec<Slice>,
    pub notes: Vec<String>,
    pub series_uid: Option<String>,
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

/// Reads every frame.
pub(crate) fn read(bytes: &[u8], path: &Path) -> Result<DicomFile, Refusal> {
    let (object, syntax) = parse(bytes)?;
    if object.get(tags::PIXEL_DATA).is_none() {
        return Err(no_image(&object));
    }
    let format = PixelFormat::read(&object)?;
    let mut notes = Vec::new();
    let mut frames = read_frames(&object, syntax, &format, &mut notes)?;
    let table = ModalityTable::read(&object, format.signed);
    if let Some(table) = &table {
        frames.iter_mut().for_each(|frame| table.apply(frame));
        notes.push("The file's modality lookup table is applied to the values shown.".to_owned());
    }
    if object.get(tags::VOILUT_SEQUENCE).is_some() && object.get(tags::WINDOW_CENTER).is_none() {
        notes.push("The file asks for a table instead of a window; it is not applied.".to_owned());
    }
    let slices = frames
        .into_iter()
        .enumerate()
        .map(|(number, stored)| {
            let attributes = FrameAttributes::new(&object, number);
            slice(stored, &format, &attributes, table.is_some())
        })
        .collect();
    let marked = [tags::MANUFACTURER, tags::IMAGE_COMMENTS, tags::SERIES_DESCRIPTION]
        .into_iter()
        .any(|tag| text(&object, tag).is_some_and(|text| text.contains(SYNTHETIC_MARK)));
    Ok(DicomFile {
        path: path.to_owned(),
        transfer_syntax: syntax.name().to_owned(),
        description: text(&object, tags::SERIES_DESCRIPTION),
        synthetic: marked,
        slices,
        notes,
        series_uid: text(&object, tags::SERIES_INSTANCE_UID),
        instance_number: integer(&object, tags::INSTANCE_NUMBER),
    })
}

/// The data set, and the transfer syntax of its pixels.
pub(super) fn parse(bytes: &[u8]) -> Result<(InMemDicomObject, &'static TransferSyntax), Refusal> {
    let start = match bytes {
        _ if bytes.get(128..132) == Some(b"DICM") => 132,
        [b'D', b'I', b'C', b'M', ..] => 4,
        _ => 0,
    };
    let meta = layout::read_meta(bytes, start);
    let syntax = transfer_syntax(meta.transfer_syntax.as_deref(), bytes, meta.data_set)?;
    let data_set = inflated(&bytes[meta.data_set..], syntax)?;
    // Some programs write the data set otherwise than they say; its first element tells.
    let encoding = layout::guess_encoding(&data_set, 0)
        .unwrap_or_else(|| Encoding::of_transfer_syntax(syntax.uid()));
    layout::check(&data_set, encoding)?;
    let plain = registered(encoding.transfer_syntax())?;
    let object = InMemDicomObject::read_dataset_with_ts(&*data_set, plain)
        .map_err(|error| Refusal::damaged(format!("this is a damaged DICOM file ({error})")))?;
    Ok((object, syntax))
}

/// One frame with what the file says of it. A modality table that is already applied takes the
/// place of the rescale.
fn slice(
    stored: Vec<f32>,
    format: &PixelFormat,
    attributes: &FrameAttributes,
    table_applied: bool,
) -> Slice {
    let rescale = if table_applied { Rescale::IDENTITY } else { attributes.rescale() };
    let as_stored = !table_applied && rescale == Rescale::IDENTITY;
    let depth = match as_stored && format.bits_stored <= 8 && !format.signed {
        true => Depth::EightBit,
        false => Depth::Wide,
    };
    let header = Header {
        rescale,
        inverted: format.photometric == "MONOCHROME1",
        window: attributes.window(),
        voi: attributes.voi_function(),
        spacing: attributes.spacing(),
        orientation: attributes.orientation(),
        position: attributes.position(),
        ..Header::new(format.columns, format.rows, depth)
    };
    Slice::of(header, stored)
}

/// The transfer syntax that the file names, or the one that its first element betrays.
fn transfer_syntax(
    uid: Option<&str>,
    bytes: &[u8],
    data_set: usize,
) -> Result<&'static TransferSyntax, Refusal> {
    let Some(uid) = uid else {
        let encoding = layout::guess_encoding(bytes, data_set).unwrap_or(Encoding::IMPLICIT);
        return registered(encoding.transfer_syntax());
    };
    let syntax = registered(uid)?;
    match syntax.codec() {
        Codec::EncapsulatedPixelData(None, _) => Err(unread_syntax(syntax.name())),
        // Its codec inflates without a limit.
        _ if uid == DEFLATED_FRAMES => Err(unread_syntax(syntax.name())),
        Codec::Dataset(_) if uid != DEFLATED => Err(unread_syntax(syntax.name())),
        _ => Ok(syntax),
    }
}

fn registered(uid: &str) -> Result<&'static TransferSyntax, Refusal> {
    let printable = |uid: &str| uid.chars().take(64).collect::<String>();
    TransferSyntaxRegistry.get(uid).ok_or_else(|| unread_syntax(&printable(uid)))
}

/// The data set as it is parsed: inflated if the transfer syntax says that it is deflated.
fn inflated<'a>(data_set: &'a [u8], syntax: &TransferSyntax) -> Result<Cow<'a, [u8]>, Refusal> {
    if syntax.uid() != DEFLATED {
        return Ok(Cow::Borrowed(data_set));
    }
    let limit = MAX_VALUES as u64 * 2;
    let mut inflated = Vec::new();
    flate2::read::DeflateDecoder::new(data_set).take(limit).read_to_end(&mut inflated).map_err(
        |_| Refusal::damaged("this is a deflated DICOM file whose compression is broken"),
    )?;
    if inflated.len() as u64 == limit {
        return Err(Refusal::too_large("this is a deflated DICOM file of more than 1 GiB"));
    }
    Ok(Cow::Owned(inflated))
}

/// What a file without pixel data is instead.
pub(super) fn no_image(object: &InMemDicomObject) -> Refusal {
    let class = text(object, tags::SOP_CLASS_UID);
    let float = [tags::FLOAT_PIXEL_DATA, tags::DOUBLE_FLOAT_PIXEL_DATA];
    if float.into_iter().any(|tag| object.get(tag).is_some()) {
        return Refusal::unsupported("this is a DICOM map of floating-point pixels");
    }
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
