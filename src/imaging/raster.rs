//! JPEG, PNG and BMP pictures: PNG and BMP through the `image` crate.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::error::{MAX_VALUES, Refusal};
use super::jpeg;
use super::luminance::{Grey, grey};
use super::room::Room;
use super::series::{About, Depth, SYNTHETIC_MARK, Series, Slice};

/// The pictures that are read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picture {
    Jpeg,
    Png,
    Bmp,
}

impl Picture {
    pub(crate) const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Bmp];

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Bmp => "BMP",
        }
    }
}

/// Bytes that deflate packs into one, at the very most.
const DEFLATE_RATIO: usize = 1032;

/// Reads a picture as one slice.
pub(crate) fn read(bytes: &[u8], kind: Picture, path: &Path) -> Result<Series, Refusal> {
    let (mut picture, orientation) = match kind {
        Picture::Jpeg => jpeg::decode(bytes)?,
        Picture::Png => decode(bytes, kind, ImageFormat::Png)?,
        Picture::Bmp => decode(bytes, kind, ImageFormat::Bmp)?,
    };
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let (Grey { values, notes }, depth) = to_grey(&picture);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Ok(Series {
        path: path.to_owned(),
        format: kind.name().to_owned(),
        description: None,
        about: About::default(),
        synthetic: kind == Picture::Png && is_marked_synthetic(bytes),
        slices: vec![Arc::new(Slice::new(width, height, values, depth))],
        notes,
    })
}

/// Decodes a PNG or BMP, and finds which way up it is.
fn decode(
    bytes: &[u8],
    kind: Picture,
    format: ImageFormat,
) -> Result<(DynamicImage, Option<Orientation>), Refusal> {
    let refuse = |error| refusal(kind, error);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(refuse)?;
    let (width, height) = decoder.dimensions();
    let bits = usize::from(decoder.original_color_type().bits_per_pixel().max(1));
    let pixels_per_byte = match format {
        ImageFormat::Png => DEFLATE_RATIO * 8 / bits,
        // Run-length coding: 255 pixels in two bytes.
        _ => 128,
    };
    Room::of_file(bytes).take(width, height, pixels_per_byte)?;
    // A broken orientation tag is no reason to withhold the picture.
    let orientation = decoder.orientation().ok();
    Ok((DynamicImage::from_decoder(decoder).map_err(refuse)?, orientation))
}

/// What the decoders may allocate: four 16-bit channels of the largest picture.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_VALUES as u64 * 8);
    limits
}

fn to_grey(picture: &DynamicImage) -> (Grey, Depth) {
    const WHITE: u32 = u16::MAX as u32;
    match picture {
        DynamicImage::ImageLuma8(p) => (grey(p, 1, 255), Depth::EightBit),
        DynamicImage::ImageLumaA8(p) => (grey(p, 2, 255), Depth::EightBit),
        DynamicImage::ImageRgb8(p) => (grey(p, 3, 255), Depth::EightBit),
        DynamicImage::ImageRgba8(p) => (grey(p, 4, 255), Depth::EightBit),
        DynamicImage::ImageLuma16(p) => (grey(p, 1, WHITE), Depth::Wide),
        DynamicImage::ImageLumaA16(p) => (grey(p, 2, WHITE), Depth::Wide),
        DynamicImage::ImageRgb16(p) => (grey(p, 3, WHITE), Depth::Wide),
        // The three formats have no other kind of pixel; a later one would arrive as this.
        other => (grey(&other.to_rgba16(), 4, WHITE), Depth::Wide),
    }
}

fn refusal(kind: Picture, error: ImageError) -> Refusal {
    let name = kind.name();
    match error {
        ImageError::Limits(error) => match error.kind() {
            LimitErrorKind::DimensionError => {
                Refusal::too_large(format!("this is a {name} picture larger than is read"))
            }
            _ => Refusal::too_large(format!("this is a {name} picture that needs too much memory")),
        },
        ImageError::Unsupported(error) => Refusal::unsupported(format!(
            "this is a {name} picture of a kind that is not read ({error})"
        )),
        ImageError::IoError(_) => {
            Refusal::damaged(format!("this is a {name} picture that ends before its last pixel"))
        }
        error => Refusal::damaged(format!("this is a damaged {name} picture ({error})")),
    }
}

/// True where a text chunk of a PNG carries the mark of the program's own phantoms.
fn is_marked_synthetic(bytes: &[u8]) -> bool {
    let Ok(reader) = png::Decoder::new(Cursor::new(bytes)).read_info() else {
        return false;
    };
    let info = reader.info();
    info.uncompressed_latin1_text.iter().any(|chunk| chunk.text.contains(SYNTHETIC_MARK))
        || info
            .utf8_text
            .iter()
            .any(|chunk| chunk.get_text().is_ok_and(|text| text.contains(SYNTHETIC_MARK)))
}
