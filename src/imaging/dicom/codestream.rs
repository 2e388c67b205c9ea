//! What a compressed frame says of itself, read before a decoder allocates for it.

use crate::imaging::jpeg::{self, marker};

/// How a codestream is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// JPEG baseline or extended: lossy, by cosine transform, Huffman-coded in one pass.
    Cosine,
    /// JPEG progressive or arithmetically coded.
    OtherCosine,
    /// JPEG lossless, by prediction.
    Lossless,
    JpegLs,
    Jpeg2000,
}

/// The head of a JPEG, JPEG-LS or JPEG 2000 codestream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codestream {
    pub width: usize,
    pub height: usize,
    pub components: usize,
    /// Of a sample.
    pub bits: u32,
    pub coding: Coding,
    /// JPEG-LS: the components follow one another, each whole.
    pub planar: bool,
    /// JPEG: the components are called R, G and B.
    pub names_rgb: bool,
    /// JPEG: a JFIF segment, according to which colours are YCbCr.
    pub is_jfif: bool,
}

impl Codestream {
    /// `None` where the bytes are no such codestream.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, ..] => read_jpeg(bytes),
            [0xFF, 0x4F, 0xFF, 0x51, ..] => read_jpeg_2000(bytes),
            _ => None,
        }
    }
}

/// The codestream in the boxes of a JP2 file (ISO 15444-1, annex I), which some programs wrap around
/// it against PS3.5 A.4.4; other bytes as they are.
pub(super) fn without_boxes(bytes: &[u8]) -> &[u8] {
    let mut boxes = bytes;
    if bytes.get(4..8) != Some(b"jP  ") {
        return bytes;
    }
    while let (Some(length), Some(kind)) = (four(boxes, 0), boxes.get(4..8)) {
        match (kind, length) {
            (b"jp2c", 1) => return boxes.get(16..).unwrap_or(bytes),
            (b"jp2c", _) => return &boxes[8..],
            (_, 8..) if length <= boxes.len() => boxes = &boxes[length..],
            _ => break,
        }
    }
    bytes
}

fn two(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn four(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize)
}

/// From the frame's segment and the first scan's, of ISO 10918-1 and 14495-1.
fn read_jpeg(bytes: &[u8]) -> Option<Codestream> {
    let mut found = None;
    let mut is_jfif = false;
    for (marker, segment) in jpeg::segments(bytes) {
        match marker {
            marker::APP_0 => is_jfif |= segment.starts_with(b"JFIF"),
            marker::DHT | marker::JPG | marker::DAC => {}
            0xC0..=0xCF | 0xF7 => {
                found = Some(Codestream {
                    width: two(segment, 3)?,
                    height: two(segment, 1)?,
                    components: usize::from(*segment.get(5)?),
                    bits: u32::from(*segment.first()?),
                    coding: match marker {
                        0xF7 => Coding::JpegLs,
                        0xC3 | 0xC7 | 0xCB | 0xCF => Coding::Lossless,
                        marker::SOF_0 | marker::SOF_1 => Coding::Cosine,
                        _ => Coding::OtherCosine,
                    },
                    planar: marker == 0xF7,
                    names_rgb: matches!(
                        segment.get(6..15),
                        Some(
                            [b'R', _, _, b'G', _, _, b'B', ..] | [b'r', _, _, b'g', _, _, b'b', ..]
                        )
                    ),
                    is_jfif: false,
                });
            }
            marker::SOS => {
                // The interleave mode is the last byte but one.
                let interleave = *segment.get(segment.len().checked_sub(2)?)?;
                return found.map(|head: Codestream| Codestream {
                    planar: head.planar && head.components > 1 && interleave == 0,
                    is_jfif,
                    ..head
                });
            }
            _ => {}
        }
    }
    None
}

/// The SIZ segment of ISO 15444-1, A.5.1. Components of another size than the image are refused.
fn read_jpeg_2000(bytes: &[u8]) -> Option<Codestream> {
    let field = |index: usize| four(bytes, 8 + 4 * index);
    let components = two(bytes, 40)?;
    let precision = *bytes.get(42)?;
    let whole = (0..components).all(|component| {
        bytes.get(43 + 3 * component) == Some(&1) && bytes.get(44 + 3 * component) == Some(&1)
    });
    whole.then_some(Codestream {
        width: field(0)?.checked_sub(field(2)?)?,
        height: field(1)?.checked_sub(field(3)?)?,
        components,
        bits: u32::from(precision & 0x7F) + 1,
        coding: Coding::Jpeg2000,
        planar: false,
        names_rgb: false,
        is_jfif: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codestream_is_taken_out_of_its_boxes() {
        let boxed = b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x09ftypX\0\0\0\0jp2cSTREAM";
        assert_eq!(without_boxes(boxed), b"STREAM");
        assert_eq!(without_boxes(b"\xFF\x4F\xFF\x51"), b"\xFF\x4F\xFF\x51");
        for end in 0..boxed.len() {
            without_boxes(&boxed[..end]);
        }
    }

    #[test]
    fn the_head_of_a_jpeg_is_found_behind_other_segments() {
        let bytes = [
            &[0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2][..],
            &[0xFF, 0xC3, 0, 11, 12, 0, 20, 0, 24, 1, 1, 0x11, 0],
            &[0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 0, 0],
        ]
        .concat();
        let head = Codestream::read(&bytes).unwrap();
        assert_eq!((head.width, head.height, head.bits), (24, 20, 12));
        assert_eq!(head.coding, Coding::Lossless);
        for end in 0..bytes.len() - 1 {
            assert_eq!(Codestream::read(&bytes[..end]), None, "cut at {end}");
        }
    }
}
