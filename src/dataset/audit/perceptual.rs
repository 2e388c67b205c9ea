//! The perceptual hash that proposes candidates: the signs of the lowest 16 × 16 frequencies of the
//! head's cosine transform (pHash), from the `image_hasher` crate.

use std::sync::LazyLock;

use image::GrayImage;
use image_hasher::{HashAlg, Hasher, HasherConfig};

use super::picture::{Picture, SIDE};
use super::resample::{Rect, resample};

/// 256 bits; the bit of frequency `(x, y)` is bit `16 y + x`, counted from the lowest.
pub(super) type Bits = [u64; 4];

/// The crate transforms a picture of twice the hash's side.
const INPUT: u32 = 32;

static HASHER: LazyLock<Hasher<[u8; 32]>> = LazyLock::new(|| {
    HasherConfig::with_bytes_type::<[u8; 32]>()
        .hash_size(16, 16)
        .hash_alg(HashAlg::Median)
        .preproc_dct()
        .to_hasher()
});

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

/// A part of a scan under which it may be recognised.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// In the scan.
    pub rect: Rect,
    pub bits: Bits,
}

/// Views that may be another scan's whole: those before are compared with all of another scan's.
pub(super) const WHOLES: usize = 2;

/// The head, the whole frame, and the head cut at its sides.
pub(super) fn views(picture: &Picture, frame: &[f32]) -> Vec<View> {
    let head: Vec<f32> = picture.grey.iter().map(|&value| f32::from(value)).collect();
    let frame: Vec<f32> = frame.iter().map(|value| value * 255.0).collect();
    let side = frame.len().isqrt();
    let mut views = vec![
        View { rect: picture.head, bits: hash(&head, SIDE, Rect::WHOLE) },
        View { rect: Rect::WHOLE, bits: hash(&frame, side, Rect::WHOLE) },
    ];
    views.extend(CUTS.iter().map(|&cuts| View {
        rect: picture.head.cut(cuts),
        bits: hash(&head, SIDE, Rect::WHOLE.cut(cuts)),
    }));
    views
}

fn hash(grey: &[f32], side: usize, rect: Rect) -> Bits {
    let values = resample(grey, side, rect, INPUT as usize);
    let pixels = values.into_iter().map(|value| value.round() as u8).collect();
    let image = GrayImage::from_raw(INPUT, INPUT, pixels).unwrap_or_default();
    let bytes = HASHER.hash_image(&image).into_inner();
    let mut bits = [0; 4];
    for (word, bytes) in bits.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    }
    bits
}

/// The bits of the lowest 8 × 8 frequencies.
pub(super) fn low(bits: &Bits) -> u64 {
    let row = |y: usize| bits[y / 4] >> (16 * (y % 4)) & 0xFF;
    (0..8).fold(0, |low, y| low | row(y) << (8 * y))
}

/// The hash of the mirrored head: a mirror turns the sign of every odd frequency along the rows.
pub(super) fn mirrored(bits: Bits) -> Bits {
    bits.map(|word| word ^ 0xAAAA_AAAA_AAAA_AAAA)
}

/// As [`mirrored`], for [`low`].
pub(super) fn mirrored_low(low: u64) -> u64 {
    low ^ 0xAAAA_AAAA_AAAA_AAAA
}

/// In how many of 256 bits two hashes differ.
#[inline]
pub(super) fn distance(a: &Bits, b: &Bits) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}
