//! Bytes of a frame to stored values, PS3.5 section 8: one grey value per pixel.

use super::format::Number;
use crate::imaging::luminance::{Grey, grey};

/// How the samples of one frame lie in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing {
    /// Of a sample in the bytes: 1, 8, 16, 32 or, of floating point, 64.
    pub bits: u32,
    /// Of them, those that hold the value, and the highest of these.
    pub stored: u32,
    pub high_bit: u32,
    pub number: Number,
    pub big_endian: bool,
    /// Of the first byte, the bits that belong to the frame before.
    pub bits_before: usize,
    pub colour: Colour,
}

/// What the samples of a pixel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// One sample: a grey, or the number of a colour.
    Grey,
    Rgb {
        planar: bool,
    },
    /// YBR_FULL, PS3.3 C.7.6.3.1.2.
    Ybr {
        planar: bool,
    },
    /// YBR_FULL_422 as it is without compression: two luminances, then the colour of both.
    YbrSubsampled,
}

/// The values of a frame of `pixels`, and what was lost on the way from colours to greys.
pub(super) fn values(bytes: &[u8], packing: &Packing, pixels: usize) -> Grey {
    let integers = |count| integers(bytes, packing, count);
    let white = u32::MAX >> (32 - packing.stored.min(32));
    match packing.colour {
        Colour::Grey => Grey { values: greys(bytes, packing, pixels), notes: Vec::new() },
        Colour::Rgb { planar } => grey(&interleaved(integers(3 * pixels), planar), 3, white),
        Colour::Ybr { planar } => {
            let mut colours = interleaved(integers(3 * pixels), planar);
            colours.as_chunks_mut().0.iter_mut().for_each(|pixel| *pixel = rgb(*pixel, white));
            grey(&colours, 3, white)
        }
        Colour::YbrSubsampled => {
            let pairs = integers(2 * pixels);
            let both =
                |&[y1, y2, b, r]: &[u32; 4]| [rgb([y1, b, r], white), rgb([y2, b, r], white)];
            let colours: Vec<u32> = pairs.as_chunks().0.iter().flat_map(both).flatten().collect();
            grey(&colours, 3, white)
        }
    }
}

/// Values of one sample per pixel.
fn greys(bytes: &[u8], packing: &Packing, count: usize) -> Vec<f32> {
    let Packing { bits, number, big_endian, .. } = *packing;
    // What is not stored is shifted out at both ends; signs are extended on the way back.
    let up = bits.saturating_sub(packing.high_bit + 1);
    let down = bits.saturating_sub(packing.stored);
    macro_rules! read {
        ($number:ty, $read:expr) => {
            read_words(bytes, count, |word| (($read(word) << up) as $number >> down) as f32)
        };
    }
    use Number::{Float, Signed, Unsigned};
    match (bits, number, big_endian) {
        (1, ..) => (packing.bits_before..packing.bits_before + count)
            .map(|bit| f32::from(bytes[bit / 8] >> (bit % 8) & 1))
            .collect(),
        (8, Signed, _) => read!(i8, u8::from_le_bytes),
        (8, ..) => read!(u8, u8::from_le_bytes),
        (16, Signed, false) => read!(i16, u16::from_le_bytes),
        (16, Signed, true) => read!(i16, u16::from_be_bytes),
        (16, _, false) => read!(u16, u16::from_le_bytes),
        (16, _, true) => read!(u16, u16::from_be_bytes),
        (32, Signed, false) => read!(i32, u32::from_le_bytes),
        (32, Signed, true) => read!(i32, u32::from_be_bytes),
        (32, Unsigned, false) => read!(u32, u32::from_le_bytes),
        (32, Unsigned, true) => read!(u32, u32::from_be_bytes),
        (32, Float, false) => read_words(bytes, count, f32::from_le_bytes),
        (32, Float, true) => read_words(bytes, count, f32::from_be_bytes),
        (_, _, false) => read_words(bytes, count, |word| f64::from_le_bytes(word) as f32),
        (_, _, true) => read_words(bytes, count, |word| f64::from_be_bytes(word) as f32),
    }
}

fn read_words<const N: usize>(
    bytes: &[u8],
    count: usize,
    read: impl Fn([u8; N]) -> f32,
) -> Vec<f32> {
    bytes.as_chunks().0[..count].iter().map(|&word| read(word)).collect()
}

/// Samples of colours, which have no sign.
fn integers(bytes: &[u8], packing: &Packing, count: usize) -> Vec<u32> {
    let Packing { bits, big_endian, .. } = *packing;
    let up = bits.saturating_sub(packing.high_bit + 1);
    let down = bits.saturating_sub(packing.stored);
    let words16 = || bytes.as_chunks().0[..count].iter();
    let words32 = || bytes.as_chunks().0[..count].iter();
    match (bits, big_endian) {
        (8, _) => bytes[..count].iter().map(|&byte| u32::from((byte << up) >> down)).collect(),
        (16, false) => {
            words16().map(|&w| u32::from((u16::from_le_bytes(w) << up) >> down)).collect()
        }
        (16, true) => {
            words16().map(|&w| u32::from((u16::from_be_bytes(w) << up) >> down)).collect()
        }
        (_, false) => words32().map(|&w| (u32::from_le_bytes(w) << up) >> down).collect(),
        (_, true) => words32().map(|&w| (u32::from_be_bytes(w) << up) >> down).collect(),
    }
}

fn interleaved(samples: Vec<u32>, planar: bool) -> Vec<u32> {
    let pixels = samples.len() / 3;
    match planar {
        true => (0..pixels)
            .flat_map(|i| [samples[i], samples[pixels + i], samples[2 * pixels + i]])
            .collect(),
        false => samples,
    }
}

/// RGB of a YBR_FULL pixel, rounded to the nearest; the colours' zero lies in the middle.
fn rgb([y, b, r]: [u32; 3], white: u32) -> [u32; 3] {
    let zero = (white / 2 + 1) as f32;
    let (y, b, r) = (y as f32, b as f32 - zero, r as f32 - zero);
    let round = |value: f32| (value + 0.5).floor().clamp(0.0, white as f32) as u32;
    [
        round(y + 1.402 * r),
        round(y - (0.114 * 1.772 / 0.587) * b - (0.299 * 1.402 / 0.587) * r),
        round(y + 1.772 * b),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKING: Packing = Packing {
        bits: 16,
        stored: 16,
        high_bit: 15,
        number: Number::Unsigned,
        big_endian: false,
        bits_before: 0,
        colour: Colour::Grey,
    };

    #[test]
    fn only_the_stored_bits_count_and_their_sign_is_extended() {
        let read = |packing: Packing| values(&[0xFF, 0xAF, 0x01, 0x50], &packing, 2).values;
        assert_eq!(read(PACKING), [45_055.0, 20_481.0]);
        let twelve = Packing { stored: 12, high_bit: 11, ..PACKING };
        assert_eq!(read(twelve), [4095.0, 1.0]);
        assert_eq!(read(Packing { number: Number::Signed, ..twelve }), [-1.0, 1.0]);
        assert_eq!(read(Packing { high_bit: 15, ..twelve }), [2815.0, 1280.0]);
        assert_eq!(read(Packing { big_endian: true, ..PACKING }), [65_455.0, 336.0]);
    }

    #[test]
    fn bits_are_counted_from_the_lowest_and_on_from_the_frame_before() {
        let bits = Packing { bits: 1, stored: 1, high_bit: 0, bits_before: 3, ..PACKING };
        assert_eq!(values(&[0b1010_1000, 0b10], &bits, 7).values, [1., 0., 1., 0., 1., 0., 1.]);
    }

    #[test]
    fn grey_in_ybr_is_no_colour() {
        let eight = Packing { bits: 8, stored: 8, high_bit: 7, ..PACKING };
        let ybr = Packing { colour: Colour::Ybr { planar: false }, ..eight };
        let read = values(&[77, 128, 128, 255, 128, 128], &ybr, 2);
        assert_eq!((read.values, read.notes.len()), (vec![77.0, 255.0], 0));
        let pair = Packing { colour: Colour::YbrSubsampled, ..eight };
        assert_eq!(values(&[10, 20, 128, 128], &pair, 2).values, [10.0, 20.0]);
    }
}
