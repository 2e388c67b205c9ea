//! A DICOM file taken apart: what stands before its pixels is parsed, and the pixels are found.

use std::borrow::Cow;
use std::io::Read;

use dicom_dictionary_std::uids;
use dicom_encoding::transfer_syntax::{Codec, TransferSyntax, TransferSyntaxIndex};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

use super::layout::{self, Encoding, PixelElement, Walk};
use crate::imaging::error::{MAX_VALUES, Refusal};

const DEFLATED: &str = uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;

/// The parts of a file, or of its start.
pub(super) struct DataSet<'a> {
    /// Everything before the pixels.
    pub object: InMemDicomObject,
    pub syntax: &'static TransferSyntax,
    pub encoding: Encoding,
    /// The data set, inflated where the file holds it deflated.
    pub bytes: Cow<'a, [u8]>,
    /// Where the data set begins in the file.
    pub offset: usize,
    /// Where the pixels lie in `bytes`.
    pub pixels: Option<PixelElement>,
}

impl<'a> DataSet<'a> {
    /// Takes a file apart, or its start: `None` where more of it is needed than `bytes`, which is
    /// never so where they are the `whole` file.
    pub fn read(bytes: &'a [u8], whole: bool) -> Result<Option<Self>, Refusal> {
        let meta = layout::read_meta(bytes, start(bytes));
        let offset = meta.data_set;
        let meta_is_cut = bytes[offset..].get(..2).is_none_or(|group| group == [2, 0]);
        if !whole && meta_is_cut {
            return Ok(None);
        }
        let syntax = transfer_syntax(meta.transfer_syntax.as_deref(), bytes, offset)?;
        if !whole && syntax.uid() == DEFLATED {
            return Ok(None);
        }
        let bytes = inflated(&bytes[offset..], syntax)?;
        // Some programs write the data set otherwise than they say; its first element tells.
        let encoding = layout::guess_encoding(&bytes, 0)
            .unwrap_or_else(|| Encoding::of_transfer_syntax(syntax.uid()));
        let pixels = match layout::walk(&bytes, encoding, whole)? {
            Walk::Pixels(pixels) => Some(pixels),
            Walk::End => None,
            Walk::Cut => return Ok(None),
        };
        let plain = registered(encoding.transfer_syntax())?;
        let before = &bytes[..pixels.map_or(bytes.len(), |pixels| pixels.start)];
        let object = InMemDicomObject::read_dataset_with_ts(before, plain)
            .map_err(|error| Refusal::damaged(format!("this is a damaged DICOM file ({error})")))?;
        Ok(Some(Self { object, syntax, encoding, bytes, offset, pixels }))
    }

    /// Takes a whole file apart.
    pub fn whole(bytes: &'a [u8]) -> Result<Self, Refusal> {
        Self::read(bytes, true)?.ok_or_else(|| Refusal::damaged("this is a damaged DICOM file"))
    }

    /// Whether the data set lies in the file as it is.
    pub fn is_as_in_file(&self) -> bool {
        matches!(self.bytes, Cow::Borrowed(_))
    }
}

/// Where the elements of a file begin.
fn start(bytes: &[u8]) -> usize {
    match bytes {
        _ if bytes.get(128..132) == Some(b"DICM") => 132,
        [b'D', b'I', b'C', b'M', ..] => 4,
        _ => 0,
    }
}

/// The file meta group, PS3.10 section 7.1, if the file has one.
pub(super) fn meta_group(bytes: &[u8]) -> Option<InMemDicomObject> {
    let start = start(bytes);
    let end = layout::read_meta(bytes, start).data_set;
    let plain = registered(uids::EXPLICIT_VR_LITTLE_ENDIAN).ok()?;
    InMemDicomObject::read_dataset_with_ts(bytes.get(start..end)?, plain).ok()
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
        Codec::Dataset(_) if uid != DEFLATED => Err(unread_syntax(syntax.name())),
        _ => Ok(syntax),
    }
}

fn registered(uid: &str) -> Result<&'static TransferSyntax, Refusal> {
    let printable = |uid: &str| uid.chars().take(64).collect::<String>();
    TransferSyntaxRegistry.get(uid).ok_or_else(|| unread_syntax(&printable(uid)))
}

pub(super) fn unread_syntax(name: &str) -> Refusal {
    Refusal::new(
        format!("this is a DICOM file in the transfer syntax {name}, which is not read"),
        "export it uncompressed (Explicit VR Little Endian) or as JPEG 2000",
    )
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
