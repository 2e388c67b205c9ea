//! What is known of a picture: its format, its size, and what a PNG says in words.

use std::io::Cursor;

use image::{ImageDecoder, ImageFormat, ImageReader};

use super::{Tags, bytes};
use crate::imaging::error::Refusal;

/// Reads the head of a picture; no pixel is decoded.
pub(super) fn read(content: &[u8]) -> Result<Tags, Refusal> {
    let broken = |error: &dyn std::fmt::Display| {
        Refusal::damaged(format!("this is a picture whose head is broken ({error})"))
    };
    let reader = ImageReader::new(Cursor::new(content)).with_guessed_format();
    let reader = reader.map_err(|error| broken(&error))?;
    let format = reader.format();
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions();
    let mut tags = Tags::default();
    tags.field(
        "Format",
        "",
        format.map(|format| format!("{format:?}").to_uppercase()).unwrap_or_default(),
    );
    tags.field("File size", "", bytes(content.len()));
    tags.field("Width", "", width);
    tags.field("Height", "", height);
    tags.field("Pixels as", "", format!("{:?}", decoder.original_color_type()));
    let mut embedded = |name, content: Option<Vec<u8>>| {
        if let Some(content) = content {
            tags.field(name, "", bytes(content.len()));
        }
    };
    embedded("EXIF", decoder.exif_metadata().ok().flatten());
    embedded("Colour profile", decoder.icc_profile().ok().flatten());
    if format == Some(ImageFormat::Png) {
        texts(content, &mut tags);
    }
    Ok(tags)
}

/// The texts of a PNG that stand before its pixels.
fn texts(content: &[u8], tags: &mut Tags) {
    let Ok(reader) = png::Decoder::new(Cursor::new(content)).read_info() else { return };
    let info = reader.info();
    for text in &info.uncompressed_latin1_text {
        tags.field(&text.keyword, "text", &text.text);
    }
    for text in &info.utf8_text {
        tags.field(&text.keyword, "text", text.get_text().unwrap_or_default());
    }
}
