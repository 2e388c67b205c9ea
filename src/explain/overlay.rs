//! A map over its scan as a picture, for files: the window draws its own.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};

use super::upsample::upsample;
use crate::imaging::Slice;
use crate::model::prediction::{Evidence, SaliencyMap};

/// Opacity of the map.
const OPACITY: f32 = 0.45;

/// The scan in grey, under the window its file asks for.
pub fn greys(slice: &Slice) -> Vec<u8> {
    let mut greys = Vec::new();
    slice.map_to_grey(slice.first_window(), false, &mut greys);
    greys
}

/// The scan in grey with one of the maps of `evidence` over it, at the scan's size; each map by its
/// own maximum.
pub fn overlay(slice: &Slice, greys: &[u8], map: &SaliencyMap, evidence: &Evidence) -> RgbImage {
    let heat = upsample(map, &evidence.region, slice.width, slice.height);
    let scale = if map.raw_max > 0.0 { 1.0 / map.raw_max } else { 0.0 };
    let mut picture = RgbImage::new(slice.width as u32, slice.height as u32);
    for ((pixel, &grey), &value) in picture.pixels_mut().zip(greys).zip(&heat) {
        let alpha = if map.raw_max > 0.0 { OPACITY } else { 0.0 };
        let color = colorous::INFERNO.eval_continuous(f64::from(value * scale)).as_array();
        let mix = |c: u8| (f32::from(grey) * (1.0 - alpha) + f32::from(c) * alpha + 0.5) as u8;
        pixel.0 = color.map(mix);
    }
    picture
}

/// The picture as a PNG file.
///
/// # Errors
/// A picture too large for the format.
pub fn png(picture: &RgbImage) -> image::ImageResult<Vec<u8>> {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}
