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
const CUTS: [[f32; 4]; 9] = [
    [0.0, 0.0, 0.0, 0.0],
    [0.06, 0.0, 0.0, 0.0],
    [0.0, 0.06, 0.0, 0.0],
    [0.0, 0.0, 0.06, 0.0],
    [0.0, 0.0, 0.0, 0.06],
    [0.06, 0.06, 0.0, 0.0],
    [0.0, 0.06, 0.06, 0.0],
    [0.0, 0.0, 0.06, 0.06],
    [0.06, 0.0, 0.0, 0.06],
];

/// The hashes of a head and of its parts, the whole first.
pub(super) fn views(picture: &Picture) -> Vec<Bits> {
    let grey: Vec<f32> = picture.grey.iter().map(|&value| f32::from(value)).collect();
    CUTS.iter().map(|cuts| hash(&grey, cuts.map(|cut| cut * SIDE as f32))).collect()
}

fn hash(grey: &[f32], [left, top, right, bottom]: [f32; 4]) -> Bits {
    let side = SIDE as f32;
    let rect = Rect { left, top, right: side - right, bottom: side - bottom };
    let values = resample(grey, SIDE, rect, INPUT as usize);
    let pixels = values.into_iter().map(|value| value.round() as u8).collect();
    let image = GrayImage::from_raw(INPUT, INPUT, pixels).unwrap_or_default();
    let bytes = HASHER.hash_image(&image).into_inner();
    let mut bits = [0; 4];
    for (word, bytes) in bits.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    }
    bits
}

/// The hash of the mirrored head: a mirror turns the sign of every odd frequency along the rows.
pub(super) fn mirrored(bits: Bits) -> Bits {
    bits.map(|word| word ^ 0xAAAA_AAAA_AAAA_AAAA)
}

/// In how many of 256 bits two hashes differ.
#[inline]
pub(super) fn distance(a: &Bits, b: &Bits) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}
