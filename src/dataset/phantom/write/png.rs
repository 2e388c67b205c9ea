//! 8-bit grey PNG, as the slice's own window shows it.

use std::path::Path;

use png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit};

use super::{MARK, WriteError, write_whole};
use crate::imaging::Slice;

/// Writes a slice as an 8-bit grey PNG with a `Description` that says synthetic, and the pixel size.
pub fn write_png(path: &Path, slice: &Slice) -> Result<(), WriteError> {
    let bytes = encode(slice).map_err(|e| WriteError::new(path, e))?;
    write_whole(path, &bytes)
}

fn encode(slice: &Slice) -> Result<Vec<u8>, png::EncodingError> {
    let mut greys = Vec::new();
    slice.map_to_grey(slice.first_window(), false, &mut greys);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, slice.width as u32, slice.height as u32);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    encoder.add_text_chunk("Software".into(), "MRIMaster".into())?;
    encoder.add_text_chunk("Description".into(), format!("{MARK}: not a patient"))?;
    if let Some(spacing) = slice.spacing {
        let per_metre = |mm: f32| (1000.0 / mm).round() as u32;
        encoder.set_pixel_dims(Some(PixelDimensions {
            xppu: per_metre(spacing.column_mm),
            yppu: per_metre(spacing.row_mm),
            unit: Unit::Meter,
        }));
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&greys)?;
    writer.finish()?;
    Ok(bytes)
}
