//! What is kept of a scan to recognise its copies.

use xxhash_rust::xxh3::Xxh3;

use super::align::Plane;
use super::perceptual::Views;
use super::picture::{FRAME, Frame, Picture};
use super::scan_hash::ScanHash;
use crate::dataset::persons::{Appearance, Levelled};
use crate::imaging::{Depth, Slice};

/// Some 20 KB of a scan, made while it is in memory anyway.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    /// A hash of the file, where it was asked for: tells identical files from identical pixels.
    pub(super) file: Option<u128>,
    pub(crate) pixels: u128,
    /// `None` for a flat scan, which is the same as another only where its pixels are.
    pub(super) head: Option<Box<Head>>,
    /// `None` for a flat or tiny scan.
    appearance: Option<Box<Appearance>>,
}

/// The head of a scan, and its hashes.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub picture: Picture,
    /// The head at a quarter and at half of its size, as it is and mirrored.
    pub coarse: [[Plane; 2]; 2],
    pub views: Views,
}

impl Fingerprint {
    /// The fingerprint of a slice.
    pub fn of(slice: &Slice) -> Self {
        let found = Picture::of(slice);
        let appearance = found
            .as_ref()
            .and_then(|(picture, frame)| Appearance::of(&levelled(slice, picture, frame)))
            .map(Box::new);
        let head = found.map(|(picture, frame)| {
            let views = Views::of(&picture, &frame.levelled);
            let full = Plane::new(picture.grey.iter().map(|&value| f32::from(value)));
            let half = full.half();
            let seen = [half.half(), half];
            let coarse = [seen.clone(), seen.map(Plane::mirrored)];
            Box::new(Head { picture, coarse, views })
        });
        Self { file: None, pixels: pixels(slice), head, appearance }
    }

    /// What the scan looks like, to find others of the same person; `None` for a flat scan and one
    /// of fewer than 16 pixels a side.
    pub fn appearance(&self) -> Option<&Appearance> {
        self.appearance.as_deref()
    }

    /// What can be kept of the scan where the scan itself cannot.
    pub fn hash(&self) -> ScanHash {
        let views = self.head.as_ref().map(|head| &head.views);
        ScanHash {
            pixels: self.pixels,
            head: views.map(|views| views.head),
            frame: views.map(|views| views.frame),
        }
    }
}

/// A hash of a slice's size and stored values, 32 hexadecimal digits: that of the pixels in a
/// [`ScanHash`].
pub fn pixels_hash(slice: &Slice) -> String {
    format!("{:032x}", pixels(slice))
}

fn levelled<'a>(slice: &'a Slice, picture: &Picture, frame: &'a Frame) -> Levelled<'a> {
    let head = picture.head;
    Levelled {
        slice,
        side: FRAME,
        frame: &frame.stored,
        levelled: &frame.levelled,
        head: [head.left, head.top, head.right, head.bottom],
    }
}

/// Of the size and every stored value: XXH3, no defence against forgery, but no two scans ever
/// share it by chance, and a scan is hashed far sooner than it is decoded.
pub(super) fn pixels(slice: &Slice) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(&(slice.width as u64).to_le_bytes());
    hasher.update(&(slice.height as u64).to_le_bytes());
    let mut bytes = [0; 4096];
    for values in slice.stored.chunks(1024) {
        let bytes = match slice.depth {
            Depth::EightBit => {
                let bytes = &mut bytes[..values.len()];
                // 2²³ more, and the lowest byte of a float is that of its whole number: eight
                // times as fast as a conversion that minds the range.
                let low = |value: f32| (value + 8_388_608.0).to_bits() as u8;
                bytes.iter_mut().zip(values).for_each(|(byte, &value)| *byte = low(value));
                bytes
            }
            Depth::Wide => {
                let bytes = &mut bytes[..values.len() * 4];
                let words = bytes.chunks_exact_mut(4).zip(values);
                words.for_each(|(word, value)| word.copy_from_slice(&value.to_le_bytes()));
                bytes
            }
        };
        hasher.update(bytes);
    }
    hasher.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::persons::raw;

    /// Against numpy: `tests/reference/persons/features.py`.
    #[test]
    fn shape_and_style_are_those_of_the_reference() {
        let text = include_str!("../../../tests/reference/persons/expected.json");
        let expected: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let (width, height) = (200, 160);
        let stored = (0..width * height).map(|i: i64| {
            let (x, y) = (i % width, i / width);
            let inside = (x - 96).pow(2) * 64 + (y - 84).pow(2) * 100 < 400_000;
            let waves = 90 + (x * 7 + y * 3) % 61 + x * y % 37;
            (if inside { waves } else { (x * 5 + y * 11) % 7 }) as f32
        });
        let slice = Slice::new(200, 160, stored.collect(), Depth::EightBit);
        let (picture, frame) = Picture::of(&slice).expect("a head");
        let (shape, style) = raw(&levelled(&slice, &picture, &frame)).expect("large enough");
        for (name, found, tolerance) in [("shape", shape, 1e-3), ("style", style, 2e-2)] {
            let expected = expected[name].as_array().expect("a list");
            assert_eq!(found.len(), expected.len());
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                let expected = expected.as_f64().expect("a number") as f32;
                assert!((found - expected).abs() <= tolerance, "{name} {i}: {found}, {expected}");
            }
        }
    }
}
