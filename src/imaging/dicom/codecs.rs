//! Decodes one compressed frame to the bytes of its samples.

use std::borrow::Cow;
use std::io::Read;

use dicom_core::value::C;
use dicom_dictionary_std::uids;
use dicom_encoding::adapters::{PixelDataObject, RawPixelData};
use dicom_encoding::transfer_syntax::{Codec, TransferSyntax, TransferSyntaxIndex};
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

use super::codestream::{Codestream, Coding, without_boxes};
use super::data_set::unread_syntax;
use super::format::PixelFormat;
use super::samples::{Colour, Packing};
use super::{cosine, rle};
use crate::imaging::error::{MAX_VALUES, Refusal};

/// Encapsulated Uncompressed Explicit VR Little Endian: frames in fragments, as they are.
const ENCAPSULATED_UNCOMPRESSED: &str = "1.2.840.10008.1.2.1.98";

/// Deflated Image Frame Compression.
const DEFLATED_FRAMES: &str = "1.2.840.10008.1.2.8.1";

/// Decodes a frame, and tells how its samples lie in the bytes.
pub(super) fn decode<'a>(
    data: &'a [u8],
    syntax: &TransferSyntax,
    format: &PixelFormat,
) -> Result<(Cow<'a, [u8]>, Packing), Refusal> {
    let name = syntax.name();
    let broken = || Refusal::damaged(format!("this is a DICOM file whose {name} data is broken"));
    let packing = Packing::of(format, false);
    let expected = format.frame_bits().div_ceil(8);
    let held = |bytes: Cow<'a, [u8]>| match bytes.len() >= expected {
        true => Ok((bytes, packing)),
        false => Err(Refusal::damaged(format!(
            "this is a DICOM file whose {name} data gives {} of {expected} bytes",
            bytes.len()
        ))),
    };
    match syntax.uid() {
        uids::RLE_LOSSLESS if format.bits_allocated % 8 == 0 => {
            let bytes = format.bits_allocated as usize / 8;
            let planes = rle::decode(data, format.pixels(), format.samples, bytes);
            let packing = Packing { colour: packing.colour.with_planes(true), ..packing };
            Ok((planes.ok_or_else(broken)?.into(), packing))
        }
        ENCAPSULATED_UNCOMPRESSED => held(Cow::Borrowed(data)),
        DEFLATED_FRAMES => {
            let mut bytes = Vec::new();
            let inflate = flate2::read::DeflateDecoder::new(data);
            inflate.take(expected as u64).read_to_end(&mut bytes).map_err(|_| broken())?;
            held(Cow::Owned(bytes))
        }
        _ => decode_codestream(without_boxes(data), syntax, format),
    }
}

/// Decodes a codestream of the JPEG family. Which of them it is decides its head, as files
/// contradict their transfer syntax at times.
fn decode_codestream<'a>(
    data: &[u8],
    syntax: &TransferSyntax,
    format: &PixelFormat,
) -> Result<(Cow<'a, [u8]>, Packing), Refusal> {
    let name = syntax.name();
    let head = checked_codestream(data, name, format)?;
    let bits = match head.coding {
        // Its decoder gives words for whatever has not eight bits.
        Coding::Lossless if head.bits != 8 => 16,
        _ if head.bits <= 8 => 8,
        _ => 16,
    };
    let decoded = match head.coding {
        Coding::Cosine => cosine::decode(data).map_err(|what| {
            Refusal::damaged(format!("this is a DICOM file whose {name} data {what}"))
        })?,
        _ => decode_by_registry(data, head, syntax, format, bits)?,
    };
    let expected = format.pixels() * format.samples * bits as usize / 8;
    if decoded.len() < expected || decoded.len() > MAX_VALUES * 4 {
        return Err(Refusal::damaged(format!(
            "this is a DICOM file whose {name} data gives {} of {expected} bytes",
            decoded.len()
        )));
    }
    // These say best themselves how deep they are.
    let stored = match head.coding {
        Coding::JpegLs | Coding::Jpeg2000 => head.bits.min(bits),
        _ => format.bits_stored.min(bits),
    };
    let is_ybr = format.photometric.starts_with("YBR_FULL");
    let colour = match head.coding {
        _ if format.samples == 1 => Colour::Grey,
        // What names its components R, G and B is that, and what JFIF says is not.
        _ if head.names_rgb => Colour::Rgb { planar: head.planar },
        // The decoder of progressive frames makes RGB of it.
        Coding::OtherCosine => Colour::Rgb { planar: false },
        _ if is_ybr || head.is_jfif => Colour::Ybr { planar: head.planar },
        _ => Colour::Rgb { planar: head.planar },
    };
    let packing =
        Packing { bits, stored, high_bit: stored - 1, colour, ..Packing::of(format, false) };
    Ok((Cow::Owned(decoded), packing))
}

fn decode_by_registry(
    data: &[u8],
    head: Codestream,
    syntax: &TransferSyntax,
    format: &PixelFormat,
    bits: u32,
) -> Result<Vec<u8>, Refusal> {
    let name = syntax.name();
    if head.bits > 16 || (head.coding == Coding::OtherCosine && head.bits > 8) {
        return Err(Refusal::unsupported(format!(
            "this is a DICOM image in {name} with {} bits per sample, of a process that is not read",
            head.bits
        )));
    }
    let uid = match head.coding {
        Coding::Cosine | Coding::OtherCosine => uids::JPEG_BASELINE8_BIT,
        Coding::Lossless => uids::JPEG_LOSSLESS_SV1,
        Coding::JpegLs => uids::JPEGLS_LOSSLESS,
        Coding::Jpeg2000 => uids::JPEG2000_LOSSLESS,
    };
    let codec = TransferSyntaxRegistry.get(uid).map(TransferSyntax::codec);
    let Some(Codec::EncapsulatedPixelData(Some(decoder), _)) = codec else {
        return Err(unread_syntax(name));
    };
    let mut decoded = Vec::new();
    let frame = CompressedFrame { data, uid, format, bits };
    decoder.decode_frame(&frame, 0, &mut decoded).map_err(|error| {
        Refusal::damaged(format!(
            "this is a DICOM file whose {name} data cannot be decoded ({error})"
        ))
    })?;
    Ok(decoded)
}

/// The head of a JPEG, JPEG-LS or JPEG 2000 frame, which must agree with the DICOM header: a decoder
/// allocates what the head says.
fn checked_codestream(
    data: &[u8],
    name: &str,
    format: &PixelFormat,
) -> Result<Codestream, Refusal> {
    let head = Codestream::read(data).ok_or_else(|| {
        Refusal::damaged(format!("this is a DICOM file whose {name} data is broken"))
    })?;
    let PixelFormat { columns, rows, samples, .. } = *format;
    if (head.width, head.height, head.components) != (columns, rows, samples) {
        return Err(Refusal::damaged(format!(
            "this is a DICOM image of {columns}×{rows}×{samples} samples whose {name} data is {}×{}×{}",
            head.width, head.height, head.components
        )));
    }
    Ok(head)
}

impl Packing {
    /// As the header describes samples.
    pub fn of(format: &PixelFormat, big_endian: bool) -> Self {
        let planar = format.planar;
        Self {
            bits: format.bits_allocated,
            stored: format.bits_stored,
            high_bit: format.high_bit,
            number: format.number,
            big_endian,
            bits_before: 0,
            colour: match format.photometric.as_str() {
                _ if format.samples == 1 => Colour::Grey,
                _ if format.is_subsampled() => Colour::YbrSubsampled,
                "YBR_FULL" | "YBR_FULL_422" => Colour::Ybr { planar },
                _ => Colour::Rgb { planar },
            },
        }
    }
}

impl Colour {
    fn with_planes(self, planar: bool) -> Self {
        match self {
            Self::Grey => Self::Grey,
            Self::Rgb { .. } => Self::Rgb { planar },
            Self::Ybr { .. } | Self::YbrSubsampled => Self::Ybr { planar },
        }
    }
}

/// One compressed frame, as the codecs of `dicom-transfer-syntax-registry` want it.
struct CompressedFrame<'a> {
    data: &'a [u8],
    uid: &'a str,
    format: &'a PixelFormat,
    /// Per sample, of the decoded bytes.
    bits: u32,
}

impl PixelDataObject for CompressedFrame<'_> {
    fn transfer_syntax_uid(&self) -> &str {
        self.uid
    }

    fn rows(&self) -> Option<u16> {
        self.format.rows.try_into().ok()
    }

    fn cols(&self) -> Option<u16> {
        self.format.columns.try_into().ok()
    }

    fn samples_per_pixel(&self) -> Option<u16> {
        self.format.samples.try_into().ok()
    }

    fn bits_allocated(&self) -> Option<u16> {
        self.bits.try_into().ok()
    }

    fn bits_stored(&self) -> Option<u16> {
        self.format.bits_stored.min(self.bits).try_into().ok()
    }

    fn photometric_interpretation(&self) -> Option<&str> {
        Some(&self.format.photometric)
    }

    fn number_of_frames(&self) -> Option<u32> {
        Some(1)
    }

    fn number_of_fragments(&self) -> Option<u32> {
        Some(1)
    }

    fn fragment(&self, fragment: usize) -> Option<Cow<'_, [u8]>> {
        (fragment == 0).then_some(Cow::Borrowed(self.data))
    }

    fn offset_table(&self) -> Option<Cow<'_, [u32]>> {
        Some(Cow::Borrowed(&[]))
    }

    fn raw_pixel_data(&self) -> Option<RawPixelData> {
        Some(RawPixelData {
            fragments: C::from_elem(self.data.to_vec(), 1),
            offset_table: C::new(),
        })
    }
}
