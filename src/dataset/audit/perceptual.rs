//! The perceptual hash that proposes candidates: the signs of the lowest frequencies of a view's
//! cosine transform (pHash), from the `image_hasher` crate.

use std::sync::LazyLock;

use image::GrayImage;
use image_hasher::{HashAlg, Hasher, HasherConfig};

use super::picture::{Picture, SIDE};
use super::resample::{Rect, resample};

/// 256 bits; the bit of frequency `(x, y)` is bit `16 y + x`, counted from the lowest.
pub(super) type Bits = [u64; 4];

/// Of the 8 × 8 lowest frequencies; cropping a little changes few of them.
pub(super) type Low = u64;

/// The crate transforms a picture of twice the hash's side.
const INPUT: usize = 32;

static HASHER: LazyLock<Hasher<[u8; 32]>> = LazyLock::new(|| {
    HasherConfig::with_bytes_type::<[u8; 32]>()
        .hash_size(16, 16)
        .hash_alg(HashAlg::Median)
        .preproc_dct()
        .to_hasher()
});

fn hash(grey: &[f32], side: usize, rect: Rect) -> Bits {
    let pixels = resample(grey, side, rect, INPUT);
    let pixels = pixels.into_iter().map(|value| value.round() as u8).collect();
    let image = GrayImage::from_raw(INPUT as u32, INPUT as u32, pixels).unwrap_or_default();
    let bytes = HASHER.hash_image(&image).into_inner();
    let mut bits = [0; 4];
    for (word, bytes) in bits.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    }
    bits
}

/// The bits of the lowest 8 × 8 frequencies.
fn low(bits: &Bits) -> Low {
    let row = |y: usize| bits[y / 4] >> (16 * (y % 4)) & 0xFF;
    (0..8).fold(0, |low, y| low | row(y) << (8 * y))
}

/// Shares of the head cut off at its left, top, right and bottom, for the views under which the
/// rest of it may be another scan's whole.
const CUTS: [[f32; 4]; 8] = [
    [0.06, 0.0, 0.0, 0.0],
    [0.0, 0.06, 0.0, 0.0],
    [0.0, 0.0, 0.06, 0.0],
    [0.0, 0.0, 0.0, 0.06],
    [0.06, 0.06, 0.0, 0.0],
    [0.0, 0.06, 0.06, 0.0],
    [0.0, 0.0, 0.06, 0.06],
    [0.06, 0.0, 0.0, 0.06],
];

/// Views that may be another scan's whole: only these are compared with all of another scan's.
pub(super) const WHOLES: usize = 2;

/// The hashes of a scan.
#[derive(Clone, Debug)]
pub(super) struct Views {
    /// Of the head.
    pub full: Bits,
    /// Of the head, the whole frame, and the head cut at its sides.
    pub low: Vec<Low>,
    /// Where in the scan each of these lies.
    pub rects: Vec<Rect>,
}

impl Views {
    /// Those of a head, and of the levelled frame that it lies in.
    pub fn of(picture: &Picture, frame: &[f32]) -> Self {
        let head: Vec<f32> = picture.grey.iter().map(|&value| f32::from(value)).collect();
        let side = frame.len().isqrt();
        let frame: Vec<f32> = frame.iter().map(|value| value * 255.0).collect();
        let full = hash(&head, SIDE, Rect::WHOLE);
        let mut views = Self {
            full,
            low: vec![low(&full), low(&hash(&frame, side, Rect::WHOLE))],
            rects: vec![picture.head, Rect::WHOLE],
        };
        for cuts in CUTS {
            views.low.push(low(&hash(&head, SIDE, Rect::WHOLE.cut(cuts))));
            views.rects.push(picture.head.cut(cuts));
        }
        views
    }
}

/// The hash of the mirrored head: a mirror turns the sign of every odd frequency along the rows.
pub(super) fn mirrored(bits: Bits) -> Bits {
    bits.map(|word| word ^ 0xAAAA_AAAA_AAAA_AAAA)
}

/// As [`mirrored`], of the lowest frequencies.
pub(super) fn mirrored_low(low: Low) -> Low {
    low ^ 0xAAAA_AAAA_AAAA_AAAA
}

/// In how many of 256 bits two hashes differ.
#[inline]
pub(super) fn distance(a: &Bits, b: &Bits) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}
