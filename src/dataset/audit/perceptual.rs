//! The perceptual hash that proposes candidates: the signs of the lowest frequencies of a view's
//! cosine transform (pHash), from the `image_hasher` crate.

use std::array::from_fn;
use std::sync::LazyLock;

use image::GrayImage;
use image_hasher::{HashAlg, HashBytes, Hasher, HasherConfig};

use super::picture::{FRAME, Picture, SIDE};
use super::resample::{Rect, Resampler};

/// 256 bits; the bit of frequency `(x, y)` is bit `16 y + x`, counted from the lowest.
pub(super) type Bits = [u64; 4];

/// The signs of the 8 × 8 lowest frequencies of several views, which cropping a little changes few
/// of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Low {
    /// Those of even frequencies along the rows: a mirror leaves them alone.
    kept: [u32; VIEWS],
    /// Those of odd frequencies: a mirror turns them.
    turned: [u32; VIEWS],
}

impl Low {
    fn of(views: [(u32, u32); VIEWS]) -> Self {
        Self { kept: views.map(|view| view.0), turned: views.map(|view| view.1) }
    }

    pub fn at(&self, view: usize) -> (u32, u32) {
        (self.kept[view], self.turned[view])
    }
}

/// A hasher of so many bytes, with `side × side` bits: the crate transforms a picture of twice
/// their side.
fn hasher<const BYTES: usize>(side: u32) -> Hasher<[u8; BYTES]>
where
    [u8; BYTES]: HashBytes,
{
    HasherConfig::with_bytes_type::<[u8; BYTES]>()
        .hash_size(side, side)
        .hash_alg(HashAlg::Median)
        .preproc_dct()
        .to_hasher()
}

static FULL: LazyLock<Hasher<[u8; 32]>> = LazyLock::new(|| hasher(16));
static LOW: LazyLock<Hasher<[u8; 8]>> = LazyLock::new(|| hasher(8));

/// A square of values 0..=255 for a hasher. Rounded: no value is below 0 or above 255.
fn pixels(values: &[f32]) -> GrayImage {
    let side = values.len().isqrt() as u32;
    let pixels = values.iter().map(|value| (value + 0.5) as u8).collect();
    GrayImage::from_raw(side, side, pixels).unwrap_or_default()
}

fn full(pixels: &GrayImage) -> Bits {
    let bytes = FULL.hash_image(pixels).into_inner();
    let mut bits = [0; 4];
    for (word, bytes) in bits.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    }
    bits
}

/// Of one view.
fn low(pixels: &GrayImage) -> (u32, u32) {
    let rows = LOW.hash_image(pixels).into_inner();
    // Every other bit of a row.
    let half = |row: u8, from: u32| {
        (0..4).fold(0, |half, bit| half | u32::from(row >> (2 * bit + from) & 1) << bit)
    };
    let word = |from| rows.iter().fold(0, |word, &row| word << 4 | half(row, from));
    (word(0), word(1))
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

/// The head, the whole frame, and the head cut at its sides.
pub(super) const VIEWS: usize = WHOLES + CUTS.len();

/// Views that may be another scan's whole, the first: only these are compared with all of another
/// scan's.
pub(super) const WHOLES: usize = 2;

/// What brings the head and the frame to the sides that the hashers take.
struct Resamplers {
    /// The head and the frame, for [`FULL`].
    full: [Resampler; WHOLES],
    /// Each view, for [`LOW`].
    low: [Resampler; VIEWS],
}

static RESAMPLERS: LazyLock<Resamplers> = LazyLock::new(|| {
    let of = |view: usize, side: usize| {
        let from = if view == 1 { FRAME } else { SIDE };
        let rect = match view {
            0 | 1 => Rect::WHOLE,
            view => Rect::WHOLE.cut(CUTS[view - WHOLES]),
        };
        Resampler::new(from, from, rect, side)
    };
    Resamplers { full: from_fn(|view| of(view, 32)), low: from_fn(|view| of(view, 16)) }
});

/// The hashes of a scan.
#[derive(Clone, Debug)]
pub(super) struct Views {
    /// Of the head.
    pub head: Bits,
    /// Of the whole frame.
    pub frame: Bits,
    /// Of each view.
    pub low: Low,
    /// Where in the scan each view lies.
    pub rects: [Rect; VIEWS],
}

impl Views {
    /// Those of a head, and of the levelled frame that it lies in.
    pub fn of(picture: &Picture, frame: &[f32]) -> Self {
        let head: Vec<f32> = picture.grey.iter().map(|&value| f32::from(value)).collect();
        let frame: Vec<f32> = frame.iter().map(|value| value * 255.0).collect();
        let values = |view: usize| if view == 1 { &frame } else { &head };
        let [head_bits, frame_bits] =
            from_fn(|view| full(&pixels(&RESAMPLERS.full[view].apply(values(view)))));
        Self {
            head: head_bits,
            frame: frame_bits,
            low: Low::of(from_fn(|view| low(&pixels(&RESAMPLERS.low[view].apply(values(view)))))),
            rects: from_fn(|view| match view {
                0 => picture.head,
                1 => Rect::WHOLE,
                view => picture.head.cut(CUTS[view - WHOLES]),
            }),
        }
    }

    /// In how many of 64 bits a view of one scan and one of the other, mirrored or not, differ.
    pub fn distance(&self, view: usize, other: &Self, other_view: usize, in_mirror: bool) -> u32 {
        let (one, other) = (self.low.at(view), other.low.at(other_view));
        let turned = (one.1 ^ other.1).count_ones();
        (one.0 ^ other.0).count_ones() + if in_mirror { u32::BITS - turned } else { turned }
    }
}

/// The hash of the mirrored picture: a mirror turns the sign of every odd frequency along the rows.
pub(super) fn mirrored(bits: Bits) -> Bits {
    bits.map(|word| word ^ 0xAAAA_AAAA_AAAA_AAAA)
}

/// In how many of 256 bits two hashes differ.
#[inline]
pub(super) fn distance(a: &Bits, b: &Bits) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}
