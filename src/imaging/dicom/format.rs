//! How the samples of an image are written: the image pixel module, PS3.3 C.7.6.3.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attributes::{integer, text};
use super::data_set::DataSet;
use crate::imaging::error::{Refusal, check_size};

/// Frames that one file may hold: each costs a header, however few its pixels.
const MAX_FRAMES: usize = 100_000;

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Unsigned,
    Signed,
    /// Float Pixel Data and Double Float Pixel Data.
    Float,
}

/// How samples are written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PixelFormat {
    pub rows: usize,
    pub columns: usize,
    pub frames: usize,
    /// Per pixel: 1 or 3.
    pub samples: usize,
    /// 1, 8, 16, 32 or, of floating point, 64.
    pub bits_allocated: u32,
    pub bits_stored: u32,
    pub high_bit: u32,
    pub number: Number,
    /// Colours in planes, one after the other.
    pub planar: bool,
    pub photometric: String,
}

impl PixelFormat {
    /// Reads the module and refuses what cannot be read.
    pub fn read(data_set: &DataSet, pixels: Tag) -> Result<Self, Refusal> {
        let object = &data_set.object;
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
        if frames > MAX_FRAMES {
            return Err(Refusal::too_large(format!("this is a DICOM image of {frames} frames")));
        }
        let photometric = text(object, tags::PHOTOMETRIC_INTERPRETATION)
            .unwrap_or_else(|| "MONOCHROME2".to_owned());
        let colours = photometric == "RGB" || photometric.starts_with("YBR");
        let samples = number(tags::SAMPLES_PER_PIXEL).unwrap_or(if colours { 3 } else { 1 });
        let float = match pixels {
            tags::FLOAT_PIXEL_DATA => Some(32),
            tags::DOUBLE_FLOAT_PIXEL_DATA => Some(64),
            _ => None,
        };
        let bits_allocated =
            float.unwrap_or_else(|| number(tags::BITS_ALLOCATED).unwrap_or(16) as u32);
        match (samples, bits_allocated) {
            (1, 1 | 8 | 16 | 32) | (3, 8 | 16 | 32) => {}
            (1, 64) if float.is_some() => {}
            (1 | 3, bits) => {
                return Err(Refusal::unsupported(format!(
                    "this is a DICOM image of {bits}-bit samples"
                )));
            }
            (samples, _) => {
                return Err(Refusal::unsupported(format!(
                    "this is a DICOM image with {samples} samples per pixel"
                )));
            }
        }
        let bits_stored = number(tags::BITS_STORED)
            .map(|bits| bits as u32)
            .filter(|bits| (1..=bits_allocated).contains(bits) && float.is_none())
            .unwrap_or(bits_allocated);
        let high_bit = number(tags::HIGH_BIT)
            .map(|bit| bit as u32)
            .filter(|bit| (bits_stored - 1..bits_allocated).contains(bit))
            .unwrap_or(bits_stored - 1);
        let number = match integer(object, tags::PIXEL_REPRESENTATION) {
            _ if float.is_some() => Number::Float,
            Some(1) if bits_allocated > 1 => Number::Signed,
            _ => Number::Unsigned,
        };
        Ok(Self {
            rows,
            columns,
            frames,
            samples,
            bits_allocated,
            bits_stored,
            high_bit,
            number,
            planar: samples > 1 && integer(object, tags::PLANAR_CONFIGURATION) == Some(1),
            photometric,
        })
    }

    /// Of a frame.
    pub fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    pub fn is_palette(&self) -> bool {
        self.photometric == "PALETTE COLOR" && self.samples == 1
    }

    /// Bits of a frame that is not compressed.
    pub fn frame_bits(&self) -> usize {
        match self.is_subsampled() {
            true => self.pixels() * 2 * 8,
            false => self.pixels() * self.samples * self.bits_allocated as usize,
        }
    }

    /// Two pixels share their colour: YBR_FULL_422 that is not compressed, PS3.3 C.7.6.3.1.2.
    pub fn is_subsampled(&self) -> bool {
        self.photometric == "YBR_FULL_422" && self.samples == 3 && self.bits_allocated == 8
    }
}
