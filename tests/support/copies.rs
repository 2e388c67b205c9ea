//! Copies of a scan, as data sets hold them: at another size, encoded again, cropped, padded,
//! brighter or darker, mirrored, and two of these at once.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};
use mrimaster::imaging::{Depth, Slice};
use rand::Rng;
use rand_pcg::Pcg64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// To 0.5–1.5 of its size.
    Resize,
    /// As JPEG of quality 50–90.
    Encode,
    /// By 2–10 % of each side, shared at random between its two ends.
    Crop,
    /// By 2–20 % of each side, with black.
    Pad,
    /// Gain 0.7–1.3 and offset ±20 of 255.
    Window,
    /// 0.7–1.4.
    Gamma,
    Mirror,
}

pub const CHANGES: [Change; 7] = [
    Change::Resize,
    Change::Encode,
    Change::Crop,
    Change::Pad,
    Change::Window,
    Change::Gamma,
    Change::Mirror,
];

/// Every change, and every two of them in both orders.
pub fn all() -> Vec<Vec<Change>> {
    let pairs = CHANGES.iter().flat_map(|&first| {
        CHANGES.iter().filter(move |&&then| then != first).map(move |&then| vec![first, then])
    });
    CHANGES.iter().map(|&change| vec![change]).chain(pairs).collect()
}

/// A changed copy of a scan.
pub fn copy(scan: &GrayImage, changes: &[Change], random: &mut Pcg64) -> GrayImage {
    changes.iter().fold(scan.clone(), |scan, &change| changed(&scan, change, random))
}

fn changed(scan: &GrayImage, change: Change, random: &mut Pcg64) -> GrayImage {
    let mut between = |low: f32, high: f32| low + (high - low) * random.random::<f32>();
    let (width, height) = scan.dimensions();
    let share = |side: u32, share: f32| (side as f32 * share).round() as u32;
    match change {
        Change::Resize => {
            let scale = between(0.5, 1.5);
            let side = |side| share(side, scale).max(1);
            imageops::resize(scan, side(width), side(height), FilterType::Triangle)
        }
        Change::Encode => {
            let mut bytes = Vec::new();
            let quality = between(50.0, 90.0) as u8;
            JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(scan).expect("encoded");
            image::load_from_memory(&bytes).expect("decoded").into_luma8()
        }
        Change::Crop => {
            let mut cut = |side| {
                let cut = share(side, between(0.02, 0.1));
                (share(cut, between(0.0, 1.0)), side - cut)
            };
            let ((left, width), (top, height)) = (cut(width), cut(height));
            imageops::crop_imm(scan, left, top, width, height).to_image()
        }
        Change::Pad => {
            let mut pad = |side| {
                let more = share(side, between(0.02, 0.2));
                (share(more, between(0.0, 1.0)), side + more)
            };
            let ((left, width), (top, height)) = (pad(width), pad(height));
            let mut padded = GrayImage::new(width, height);
            imageops::replace(&mut padded, scan, left.into(), top.into());
            padded
        }
        Change::Window => {
            let (gain, offset) = (between(0.7, 1.3), between(-20.0, 20.0));
            mapped(scan, |value| value * gain + offset)
        }
        Change::Gamma => {
            let gamma = between(0.7, 1.4);
            mapped(scan, |value| (value / 255.0).powf(gamma) * 255.0)
        }
        Change::Mirror => imageops::flip_horizontal(scan),
    }
}

fn mapped(scan: &GrayImage, map: impl Fn(f32) -> f32) -> GrayImage {
    let mut mapped = scan.clone();
    mapped.pixels_mut().for_each(|Luma([value])| *value = map(f32::from(*value)).round() as u8);
    mapped
}

/// A picture as the readers hand it over.
pub fn slice(scan: &GrayImage) -> Slice {
    let values = scan.as_raw().iter().map(|&value| f32::from(value)).collect();
    Slice::new(scan.width() as usize, scan.height() as usize, values, Depth::EightBit)
}

/// A slice of eight bits, or one of more brought to eight by its largest value, as a picture.
pub fn picture(slice: &Slice) -> GrayImage {
    let bright = slice.stored.iter().copied().fold(1.0, f32::max);
    let zoom = if slice.depth == Depth::EightBit { 1.0 } else { 255.0 / bright };
    let pixels = slice.stored.iter().map(|value| (value * zoom).round() as u8).collect();
    GrayImage::from_raw(slice.width as u32, slice.height as u32, pixels).expect("a whole slice")
}
