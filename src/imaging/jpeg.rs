//! JPEG pictures, through the `zune-jpeg` crate, in its strict mode: by default it fills with grey
//! what a damaged file lacks, which in a scan looks like tissue.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::error::Refusal;
use super::room::Room;

/// Markers of ISO 10918-1, table B.1.
pub(crate) mod marker {
    /// Frames of every coding; `DHT`, `JPG` and `DAC` lie between them.
    pub const DHT: u8 = 0xC4;
    pub const JPG: u8 = 0xC8;
    pub const DAC: u8 = 0xCC;
    /// Baseline.
    pub const SOF_0: u8 = 0xC0;
    /// Extended sequential, Huffman-coded.
    pub const SOF_1: u8 = 0xC1;
    /// Progressive, Huffman-coded.
    pub const SOF_2: u8 = 0xC2;
    pub const RST_0: u8 = 0xD0;
    pub const RST_7: u8 = 0xD7;
    pub const SOI: u8 = 0xD8;
    pub const EOI: u8 = 0xD9;
    pub const SOS: u8 = 0xDA;
    pub const DQT: u8 = 0xDB;
    pub const DRI: u8 = 0xDD;
    pub const APP_0: u8 = 0xE0;
}

/// Decodes a picture to grey or RGB, and finds which way up it is.
pub(super) fn decode(bytes: &[u8]) -> Result<(DynamicImage, Option<Orientation>), Refusal> {
    let ends_early = || Refusal::damaged("this is a JPEG picture that ends before its last pixel");
    if !is_whole(bytes) {
        return Err(ends_early());
    }
    let largest = usize::from(u16::MAX);
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(largest)
        .set_max_height(largest);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(refusal)?;
    let (Some(info), Some(colours)) = (decoder.info(), decoder.input_colorspace()) else {
        return Err(ends_early());
    };
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    Room::of_file(bytes).take(width, height, pixels_per_byte(bytes))?;
    // A broken orientation tag is no reason to withhold the picture.
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let colours = if colours == ColorSpace::Luma { colours } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let pixels = decoder.decode().map_err(refusal)?;
    let picture = match colours {
        ColorSpace::Luma => {
            GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
        }
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
    };
    Ok((picture.ok_or_else(ends_early)?, orientation))
}

/// A block of 8×8 pixels takes two bits at least, one for its mean and one for its end; in a
/// progressive frame the ends of many blocks share a code.
fn pixels_per_byte(bytes: &[u8]) -> usize {
    match segments(bytes).any(|(marker, _)| marker == marker::SOF_2) {
        true => 64 * 8,
        false => 64 * 8 / 2,
    }
}

/// True where the end of the image stands behind its scans.
fn is_whole(bytes: &[u8]) -> bool {
    let mut markers = segments(bytes).map(|(marker, _)| marker);
    let ends = [marker::SOS, marker::EOI];
    markers.find(|found| ends.contains(found)) == Some(marker::SOS)
        && markers.any(|found| found == marker::EOI)
}

/// The segments of a JPEG or JPEG-LS stream (ISO 10918-1, annex B): marker, and what stands behind
/// the length. Coded data, restart markers and fill bytes are passed over; ends at a segment that
/// is cut.
pub(crate) fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let is_marker =
        |byte: u8| (0xC0..0xFF).contains(&byte) && !(marker::RST_0..=marker::RST_7).contains(&byte);
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let at = rest.windows(2).position(|pair| pair[0] == 0xFF && is_marker(pair[1]))?;
        let marker = rest[at + 1];
        rest = &rest[at + 2..];
        if matches!(marker, marker::SOI | marker::EOI) {
            return Some((marker, &rest[..0]));
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        let segment = rest.get(2..length)?;
        rest = &rest[length..];
        Some((marker, segment))
    })
}

fn refusal(error: DecodeErrors) -> Refusal {
    match error {
        DecodeErrors::Unsupported(what) => Refusal::unsupported(format!(
            "this is a JPEG picture of a kind that is not read ({what:?})"
        )),
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => {
            Refusal::damaged("this is a JPEG picture that ends before its last pixel")
        }
        error => Refusal::damaged(format!("this is a damaged JPEG picture ({error:?})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thumbnail with an end of its own, coded data with stuffing and a restart, and the end.
    const WHOLE: &[u8] = b"\xFF\xD8\xFF\xE1\0\x06\xFF\xDA\xFF\xD9\xFF\xFF\xDA\0\x04ab\
        coded\xFF\0data\xFF\xD0more\xFF\xD9";

    #[test]
    fn the_end_of_a_thumbnail_is_not_that_of_the_picture() {
        assert!(is_whole(WHOLE));
        for end in 0..WHOLE.len() {
            assert!(!is_whole(&WHOLE[..end]), "cut at {end}");
        }
        assert!(!is_whole(b"\xFF\xD8\xFF\xD9\xFF\xDA\0\x04ab\xFF\xD9"), "an end before the scan");
    }

    #[test]
    fn segments_are_walked_over_coded_data() {
        let found: Vec<u8> = segments(WHOLE).map(|(marker, _)| marker).collect();
        assert_eq!(found, [marker::SOI, 0xE1, marker::SOS, marker::EOI]);
        assert_eq!(segments(WHOLE).nth(2).unwrap().1, b"ab");
    }
}
