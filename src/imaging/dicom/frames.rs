//! Pixel data to stored values: PS3.5 section 8 and annex A.4, PS3.3 C.7.6.3.

use std::borrow::Cow;

use dicom_core::value::{C, Value};
use dicom_dictionary_std::{tags, uids};
use dicom_encoding::Endianness;
use dicom_encoding::adapters::{PixelDataObject, RawPixelData};
use dicom_encoding::transfer_syntax::{Codec, TransferSyntax};
use dicom_object::InMemDicomObject;

use super::attributes::{integer, text};
use super::codestream::{Codestream, Coding, without_boxes};
use crate::imaging::error::{MAX_VALUES, Refusal, check_size};
use crate::imaging::luminance::{COLOUR_NOTE, grey};
use crate::imaging::series::add_note;

/// How samples are written: the image pixel module.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PixelFormat {
    pub rows: usize,
    pub columns: usize,
    pub frames: usize,
    samples: usize,
    bits_allocated: u32,
    pub bits_stored: u32,
    high_bit: u32,
    pub signed: bool,
    planar: bool,
    pub photometric: String,
}

impl PixelFormat {
    /// Reads the module and refuses what cannot be read.
    pub fn read(object: &InMemDicomObject) -> Result<Self, Refusal> {
        let number = |tag| integer(object, tag).filter(|&n| n >= 0).map(|n| n as usize);
        let rows = number(tags::ROWS).unwrap_or(0);
        let columns = number(tags::COLUMNS).unwrap_or(0);
        let frames = number(tags::NUMBER_OF_FRAMES).unwrap_or(1).max(1);
        if rows == 0 || columns == 0 {
            return Err(Refusal::damaged(format!(
                "this is a DICOM image of {rows} rows and {columns} columns"
            )));
        }
        check_size(columns, rows, frames)?;
        let samples = number(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
        let bits_allocated = number(tags::BITS_ALLOCATED).unwrap_or(16) as u32;
        let photometric = text(object, tags::PHOTOMETRIC_INTERPRETATION)
            .unwrap_or_else(|| "MONOCHROME2".to_owned());
        match (samples, bits_allocated, photometric.as_str()) {
            (_, _, "PALETTE COLOR") => {
                return Err(Refusal::unsupported("this is a DICOM image in palette colours"));
            }
            (1, 8 | 16 | 32, _) | (3, 8 | 16, _) => {}
            (1 | 3, bits, _) => {
                return Err(Refusal::unsupported(format!(
                    "this is a DICOM image of {bits}-bit samples"
                )));
            }
            (samples, _, _) => {
                return Err(Refusal::unsupported(format!(
                    "this is a DICOM image with {samples} samples per pixel"
                )));
            }
        }
        let bits_stored = number(tags::BITS_STORED)
            .map(|bits| bits as u32)
            .filter(|bits| (1..=bits_allocated).contains(bits))
            .unwrap_or(bits_allocated);
        let high_bit = number(tags::HIGH_BIT)
            .map(|bit| bit as u32)
            .filter(|bit| (bits_stored - 1..bits_allocated).contains(bit))
            .unwrap_or(bits_stored - 1);
        Ok(Self {
            rows,
            columns,
            frames,
            samples,
            bits_allocated,
            bits_stored,
            high_bit,
            signed: integer(object, tags::PIXEL_REPRESENTATION) == Some(1),
            planar: samples > 1 && integer(object, tags::PLANAR_CONFIGURATION) == Some(1),
            photometric,
        })
    }

    fn frame_samples(&self) -> usize {
        self.rows * self.columns * self.samples
    }
}

/// Encapsulated Uncompressed Explicit VR Little Endian: frames in fragments, as they are.
const ENCAPSULATED_UNCOMPRESSED: &str = "1.2.840.10008.1.2.1.98";

/// Stored values of every frame, one grey value per pixel.
pub(super) fn read_frames(
    object: &InMemDicomObject,
    syntax: &TransferSyntax,
    format: &PixelFormat,
    notes: &mut Vec<String>,
) -> Result<Vec<Vec<f32>>, Refusal> {
    let pixel_data = object
        .get(tags::PIXEL_DATA)
        .ok_or_else(|| Refusal::unsupported("this is a DICOM file without pixel data"))?;
    match pixel_data.value() {
        Value::Primitive(value) => {
            if format.photometric.starts_with("YBR") && format.photometric != "YBR_FULL" {
                return Err(Refusal::unsupported(format!(
                    "this is a DICOM image in {} that is not compressed ({})",
                    format.photometric,
                    syntax.name()
                )));
            }
            // Its words would come in the wrong order: the parser swaps bytes in pairs.
            if format.bits_allocated == 32 && syntax.endianness() == Endianness::Big {
                return Err(Refusal::unsupported(
                    "this is a big-endian DICOM image of 32-bit samples",
                ));
            }
            native_frames(&value.to_bytes(), format, notes)
        }
        Value::PixelSequence(_) if format.bits_allocated == 32 => Err(Refusal::unsupported(
            format!("this is a DICOM image in {} with 32 bits per sample", syntax.name()),
        )),
        Value::PixelSequence(sequence) => {
            let fragments = sequence.fragments();
            let frames = fragments_of_frames(fragments, sequence.offset_table(), format.frames)?;
            check_held(fragments.iter().map(Vec::len).sum(), format)?;
            let mut values = Vec::new();
            for fragments in frames {
                let data = match fragments {
                    [whole] => Cow::Borrowed(whole.as_slice()),
                    parts => Cow::Owned(parts.concat()),
                };
                values.push(decode_frame(&data, syntax, format, notes)?);
            }
            Ok(values)
        }
        Value::Sequence(_) => {
            Err(Refusal::damaged("this is a DICOM file whose pixel data is a sequence"))
        }
    }
}

fn native_frames(
    bytes: &[u8],
    format: &PixelFormat,
    notes: &mut Vec<String>,
) -> Result<Vec<Vec<f32>>, Refusal> {
    let frame_bytes = format.frame_samples() * (format.bits_allocated / 8) as usize;
    let needed = frame_bytes.saturating_mul(format.frames);
    if bytes.len() < needed {
        return Err(Refusal::damaged(format!(
            "this is a DICOM image that promises {} frames of {}×{} pixels and holds {} of {needed} \
             bytes",
            format.frames,
            format.columns,
            format.rows,
            bytes.len()
        )));
    }
    Ok(bytes
        .chunks_exact(frame_bytes)
        .take(format.frames)
        .map(|frame| {
            let full = format.photometric == "YBR_FULL";
            stored_values(frame, format.bits_allocated, format, format.planar, full, notes)
        })
        .collect())
}

/// The fragments of each frame: one each, or all of one frame, or by the basic offset table
/// (PS3.5 A.4).
fn fragments_of_frames<'a>(
    fragments: &'a [Vec<u8>],
    offsets: &[u32],
    frames: usize,
) -> Result<Vec<&'a [Vec<u8>]>, Refusal> {
    if frames == 1 && !fragments.is_empty() {
        return Ok(vec![fragments]);
    }
    if fragments.len() == frames {
        return Ok(fragments.chunks(1).collect());
    }
    let lost = || {
        Refusal::damaged(format!(
            "this is a DICOM image of {frames} frames in {} pieces, without a table that tells them \
             apart",
            fragments.len()
        ))
    };
    if offsets.len() != frames || fragments.len() < frames {
        return Err(lost());
    }
    // Where each fragment's item begins, counted as the table counts.
    let starts: Vec<usize> = fragments
        .iter()
        .scan(0, |at, fragment| {
            let start = *at;
            *at += fragment.len() + 8;
            Some(start)
        })
        .collect();
    let first = |offset: u32| starts.binary_search(&(offset as usize)).map_err(|_| lost());
    let mut bounds = offsets.iter().map(|&offset| first(offset)).collect::<Result<Vec<_>, _>>()?;
    bounds.push(fragments.len());
    bounds.windows(2).map(|w| fragments.get(w[0]..w[1]).ok_or_else(lost)).collect()
}

/// Blank frames pack to next to nothing; many or large ones out of next to nothing are a trap.
fn check_held(compressed: usize, format: &PixelFormat) -> Result<(), Refusal> {
    let bytes = format.frame_samples() * format.frames * (format.bits_allocated / 8) as usize;
    if bytes > (64 << 20) && bytes / 2048 > compressed {
        return Err(Refusal::damaged(format!(
            "this is a DICOM image of {} frames of {}×{} pixels, which {compressed} compressed bytes cannot \
             hold",
            format.frames, format.columns, format.rows
        )));
    }
    Ok(())
}

/// Decodes one compressed frame.
fn decode_frame(
    mut data: &[u8],
    syntax: &TransferSyntax,
    format: &PixelFormat,
    notes: &mut Vec<String>,
) -> Result<Vec<f32>, Refusal> {
    let name = syntax.name();
    let Codec::EncapsulatedPixelData(Some(decoder), _) = syntax.codec() else {
        return Err(unread_syntax(name));
    };
    let head = match syntax.uid() {
        uids::RLE_LOSSLESS => {
            check_rle_head(data, format)?;
            None
        }
        ENCAPSULATED_UNCOMPRESSED => None,
        _ => {
            data = without_boxes(data);
            Some(checked_codestream(data, name, format)?)
        }
    };
    let bits = head.map_or(format.bits_allocated, |head| if head.bits <= 8 { 8 } else { 16 });
    let expected = format.frame_samples() * (bits / 8) as usize;
    let frame = CompressedFrame { data, uid: syntax.uid(), format, bits };
    let mut decoded = Vec::new();
    decoder.decode_frame(&frame, 0, &mut decoded).map_err(|error| {
        Refusal::damaged(format!(
            "this is a DICOM file whose {name} data cannot be decoded ({error})"
        ))
    })?;
    if decoded.len() < expected || decoded.len() > MAX_VALUES * 4 {
        return Err(Refusal::damaged(format!(
            "this is a DICOM file whose {name} data gives {} of {expected} bytes",
            decoded.len()
        )));
    }
    let planar = head.is_some_and(|head| head.planar);
    // The JPEG decoder gives RGB; the others leave YBR_FULL as it is.
    let made_rgb = matches!(head.map(|h| h.coding), Some(Coding::Cosine | Coding::Lossless));
    let full = format.photometric.starts_with("YBR_FULL") && !made_rgb;
    let packed = PixelFormat { high_bit: format.bits_stored - 1, ..format.clone() };
    let format = if head.is_some() { &packed } else { format };
    Ok(stored_values(&decoded[..expected], bits, format, planar, full, notes))
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
    if head.coding == Coding::Cosine && head.bits > 8 {
        return Err(Refusal::unsupported(format!(
            "this is a DICOM image in {name} with {} bits per sample",
            head.bits
        )));
    }
    Ok(head)
}

/// The head of an RLE frame (PS3.5 G.5) is 64 bytes long and counts as many segments as a pixel has
/// bytes; the decoder would allocate for any number.
fn check_rle_head(data: &[u8], format: &PixelFormat) -> Result<(), Refusal> {
    let segments = data.first_chunk().map(|&count| u32::from_le_bytes(count) as usize);
    if data.len() < 64 || segments != Some(format.samples * format.bits_allocated as usize / 8) {
        return Err(Refusal::damaged("this is a DICOM file whose RLE Lossless data is broken"));
    }
    Ok(())
}

pub(super) fn unread_syntax(name: &str) -> Refusal {
    Refusal::new(
        format!("this is a DICOM file in the transfer syntax {name}, which is not read"),
        "export it uncompressed (Explicit VR Little Endian) or as JPEG 2000",
    )
}

/// Little-endian samples of a frame to one value per pixel: shifted and masked to the bits that
/// are stored, sign-extended, colour to luminance.
fn stored_values(
    bytes: &[u8],
    bits: u32,
    format: &PixelFormat,
    planar: bool,
    ybr_full: bool,
    notes: &mut Vec<String>,
) -> Vec<f32> {
    // A codestream may be narrower than the allocation, and deeper than what the file calls stored.
    let stored = format.bits_stored.min(bits);
    let shift = (format.high_bit + 1).saturating_sub(stored).min(bits - stored);
    let sample = |raw: u32| raw >> shift & (u32::MAX >> (32 - stored));
    let raw: Vec<u32> = match bits {
        8 => bytes.iter().map(|&byte| sample(byte.into())).collect(),
        16 => {
            bytes.chunks_exact(2).map(|b| sample(u16::from_le_bytes([b[0], b[1]]).into())).collect()
        }
        _ => bytes
            .chunks_exact(4)
            .map(|b| sample(u32::from_le_bytes([b[0], b[1], b[2], b[3]])))
            .collect(),
    };
    if format.samples == 1 {
        let unused = 32 - stored;
        return match format.signed {
            true => raw.iter().map(|&v| ((v << unused) as i32 >> unused) as f32).collect(),
            false => raw.iter().map(|&v| v as f32).collect(),
        };
    }
    let pixels = format.rows * format.columns;
    let interleaved: Vec<u32> = match planar {
        true => (0..pixels).flat_map(|i| [raw[i], raw[pixels + i], raw[2 * pixels + i]]).collect(),
        false => raw,
    };
    if ybr_full {
        // Y is the luminance of BT.601 already (PS3.3 C.7.6.3.1.2).
        add_note(notes, COLOUR_NOTE);
        return interleaved.chunks_exact(3).map(|ybr| ybr[0] as f32).collect();
    }
    let grey = grey(&interleaved, 3, u32::MAX >> (32 - stored));
    grey.notes.iter().for_each(|note| add_note(notes, note));
    grey.values
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
