//! Where the frames of a file lie, PS3.5 A.4, and how each becomes stored values.

use std::borrow::Cow;
use std::ops::Range;

use dicom_core::VR;
use dicom_encoding::transfer_syntax::TransferSyntax;

use super::codecs;
use super::data_set::{DataSet, unread_syntax};
use super::format::{Number, PixelFormat};
use super::layout::{self, PixelElement};
use super::palette::Palette;
use super::samples::{Packing, values};
use super::tables::{Table, modality_table};
use crate::imaging::error::Refusal;
use crate::imaging::finite::make_finite;
use crate::imaging::luminance::Grey;
use crate::imaging::series::Depth;

/// How the pixels of a file become stored values: all that is known of them without their bytes.
pub(super) struct Image {
    pub format: PixelFormat,
    /// Applied to the stored values, and takes the place of the rescale.
    pub modality: Option<Table>,
    pub palette: Option<Palette>,
    syntax: &'static TransferSyntax,
    big_endian: bool,
    /// Bytes are swapped in pairs: single bytes written as words in the other order.
    swapped: bool,
    pixels: PixelElement,
}

impl Image {
    /// `pixels` are those of the data set.
    pub fn read(data_set: &DataSet, pixels: PixelElement) -> Result<Self, Refusal> {
        let format = PixelFormat::read(data_set, pixels.tag)?;
        let syntax = data_set.syntax;
        if let Some(length) = pixels.length {
            check_native(&format, length, syntax)?;
        }
        let signed = format.number == Number::Signed;
        let palette = match format.is_palette() {
            true => Some(Palette::read(&data_set.object, signed)?),
            false => None,
        };
        let big_endian = data_set.encoding.big_endian;
        Ok(Self {
            modality: modality_table(&data_set.object, signed),
            palette,
            syntax,
            big_endian,
            swapped: big_endian && format.bits_allocated <= 8 && pixels.vr == Some(VR::OW),
            pixels,
            format,
        })
    }

    pub fn is_colour(&self) -> bool {
        self.format.samples > 1 || self.palette.is_some()
    }

    pub fn transfer_syntax(&self) -> &'static str {
        self.syntax.name()
    }

    /// How the values that a slice keeps were written.
    pub fn depth(&self) -> Depth {
        let PixelFormat { bits_stored, number, .. } = self.format;
        let eight_bit = match &self.palette {
            _ if self.modality.is_some() => false,
            Some(palette) => palette.is_eight_bit(),
            // Single bits are no greys of a picture.
            None => (2..=8).contains(&bits_stored) && number == Number::Unsigned,
        };
        if eight_bit { Depth::EightBit } else { Depth::Wide }
    }

    /// Where the frames lie in a data set, which is given whole where they are compressed.
    pub fn places(&self, data_set: &[u8]) -> Result<Places, Refusal> {
        let PixelElement { value, length: None, .. } = self.pixels else {
            return Ok(Places::Native { first: self.pixels.value });
        };
        if self.format.number == Number::Float {
            return Err(unread_syntax(self.syntax.name()));
        }
        let mut fragments = layout::fragments(data_set, value)?;
        let offsets = match fragments.is_empty() {
            true => 0..0,
            false => fragments.remove(0),
        };
        let offsets: Vec<u32> =
            data_set[offsets].as_chunks().0.iter().map(|&n| u32::from_le_bytes(n)).collect();
        check_held(fragments.iter().map(Range::len).sum(), &self.format)?;
        let frames = frames_of_fragments(data_set, &fragments, &offsets, self.format.frames)?;
        Ok(Places::Fragments { fragments, frames })
    }

    /// The bytes that hold a frame, as they lie in the data set.
    pub fn parts(&self, places: &Places, frame: usize) -> Vec<Range<usize>> {
        match places {
            Places::Native { first } => {
                let bits = self.format.frame_bits();
                let (start, end) = (bits * frame / 8, (bits * (frame + 1)).div_ceil(8));
                // Pairs of bytes stay whole.
                let (start, end) =
                    if self.swapped { (start & !1, end.next_multiple_of(2)) } else { (start, end) };
                let end = end.min(self.pixels.length.unwrap_or(end));
                vec![first + start..first + end]
            }
            Places::Fragments { fragments, frames } => fragments[frames[frame].clone()].to_vec(),
        }
    }

    /// Stored values of a frame, whose bytes are given.
    pub fn decode(&self, bytes: &[u8], frame: usize) -> Result<Grey, Refusal> {
        let format = &self.format;
        let is_native = self.pixels.length.is_some();
        let (bytes, packing) = match is_native {
            true => self.native(bytes, frame),
            false => codecs::decode(bytes, self.syntax, format)?,
        };
        let mut grey = values(&bytes, &packing, format.pixels());
        if format.number == Number::Float {
            grey.notes.extend(make_finite(&mut grey.values)?);
        }
        if let Some(palette) = &self.palette {
            grey = palette.luminance(&grey.values);
        }
        if let Some(table) = &self.modality {
            grey.values.iter_mut().for_each(|value| *value = table.at(*value).into());
        }
        Ok(grey)
    }

    fn native<'a>(&self, bytes: &'a [u8], frame: usize) -> (Cow<'a, [u8]>, Packing) {
        let start = self.format.frame_bits() * frame;
        let packing =
            Packing { bits_before: start % 8, ..Packing::of(&self.format, self.big_endian) };
        if !self.swapped {
            return (Cow::Borrowed(bytes), packing);
        }
        let in_order = (0..bytes.len()).map(|at| bytes.get(at ^ 1).copied().unwrap_or(0));
        (in_order.skip(start / 8 % 2).collect::<Vec<_>>().into(), packing)
    }
}

/// Where the frames of an image lie.
pub(super) enum Places {
    /// One after the other.
    Native { first: usize },
    /// The fragments that each frame consists of.
    Fragments { fragments: Vec<Range<usize>>, frames: Vec<Range<usize>> },
}

fn check_native(
    format: &PixelFormat,
    length: usize,
    syntax: &TransferSyntax,
) -> Result<(), Refusal> {
    let PixelFormat { frames, columns, rows, photometric, .. } = format;
    if photometric.starts_with("YBR") && photometric != "YBR_FULL" && !format.is_subsampled() {
        return Err(Refusal::unsupported(format!(
            "this is a DICOM image in {photometric} that is not compressed ({})",
            syntax.name()
        )));
    }
    if format.is_subsampled() && columns % 2 == 1 {
        return Err(Refusal::damaged(format!(
            "this is a DICOM image in {photometric}, in which two pixels share a colour, with rows \
             of {columns} pixels"
        )));
    }
    let needed = format.frame_bits().saturating_mul(*frames).div_ceil(8);
    if length < needed {
        return Err(Refusal::damaged(format!(
            "this is a DICOM image that promises {frames} frames of {columns}×{rows} pixels and holds \
             {length} of {needed} bytes"
        )));
    }
    Ok(())
}

/// The fragments of each frame: one each, or all of one frame, or by the table of offsets, or by
/// what they begin with.
fn frames_of_fragments(
    data_set: &[u8],
    fragments: &[Range<usize>],
    offsets: &[u32],
    frames: usize,
) -> Result<Vec<Range<usize>>, Refusal> {
    if frames == 1 && !fragments.is_empty() {
        return Ok(vec![0..fragments.len()]);
    }
    if fragments.len() == frames {
        return Ok((0..frames).map(|frame| frame..frame + 1).collect());
    }
    let lost = || {
        Refusal::damaged(format!(
            "this is a DICOM image of {frames} frames in {} pieces, without a table that tells them \
             apart",
            fragments.len()
        ))
    };
    let begins = |fragment: &Range<usize>| {
        let start = &data_set[fragment.clone()];
        start.starts_with(&[0xFF, 0xD8, 0xFF]) || start.starts_with(&[0xFF, 0x4F, 0xFF, 0x51])
    };
    let mut bounds: Vec<usize> = match (offsets.len() == frames, fragments.first()) {
        (true, Some(first)) => {
            // Counted from the first fragment's head, which is as far before its bytes as any.
            let place = |&offset: &u32| {
                let start = first.start + offset as usize;
                fragments.binary_search_by_key(&start, |fragment| fragment.start).ok()
            };
            offsets.iter().map(place).collect::<Option<_>>().ok_or_else(lost)?
        }
        _ => (0..fragments.len()).filter(|&n| begins(&fragments[n])).collect(),
    };
    bounds.push(fragments.len());
    let ranges: Vec<_> = bounds.windows(2).map(|pair| pair[0]..pair[1]).collect();
    match ranges.len() == frames && ranges.iter().all(|range| !range.is_empty()) {
        true => Ok(ranges),
        false => Err(lost()),
    }
}

/// Blank frames pack to next to nothing; many or large ones out of next to nothing are a trap.
fn check_held(compressed: usize, format: &PixelFormat) -> Result<(), Refusal> {
    let bytes = format.frame_bits() / 8 * format.frames;
    if bytes > (64 << 20) && bytes / 2048 > compressed {
        return Err(Refusal::damaged(format!(
            "this is a DICOM image of {} frames of {}×{} pixels, which {compressed} compressed bytes cannot \
             hold",
            format.frames, format.columns, format.rows
        )));
    }
    Ok(())
}
