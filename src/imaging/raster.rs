//! JPEG, PNG and BMP pictures, through the `image` crate.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::error::{MAX_VALUES, Refusal, check_size};
use super::luminance::{Grey, grey};
use super::series::{Depth, SYNTHETIC_MARK, Series, Slice};

/// The pictures that are read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picture {
    Jpeg,
    Png,
    Bmp,
}

impl Picture {
    fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Bmp => "BMP",
        }
    }

    fn format(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::Bmp => ImageFormat::Bmp,
        }
    }
}

/// No compression of pictures packs more pixels than this into a byte: deflate reaches 1,032 bytes
/// of up to eight pixels each, and the LZW of TIFF less.
const PIXELS_PER_BYTE: usize = 8 * 1032;

/// Reads a picture as one slice.
pub(crate) fn read(bytes: &[u8], kind: Picture, path: &Path) -> Result<Series, Refusal> {
    let refuse = |error| refusal(kind, error);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind.format());
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(refuse)?;
    let (width, height) = decoder.dimensions();
    check_possible(width, height, bytes.len())?;
    // A broken orientation tag is no reason to withhold the picture.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refuse)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let (Grey { values, notes }, depth) = to_grey(&picture);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Ok(Series {
        path: path.to_owned(),
        format: kind.name().to_owned(),
        description: None,
        synthetic: kind == Picture::Png && is_marked_synthetic(bytes),
        slices: vec![Arc::new(Slice::new(width, height, values, depth))],
        notes,
    })
}

/// Refuses a picture that is too large, or that its file is too short to hold.
pub(crate) fn check_possible(width: u32, height: u32, file_bytes: usize) -> Result<(), Refusal> {
    let pixels = check_size(width as usize, height as usize, 1)?;
    if pixels / PIXELS_PER_BYTE > file_bytes {
        return Err(Refusal::damaged(format!(
            "its header promises {width}×{height} pixels, which {file_bytes} bytes cannot hold"
        )));
    }
    Ok(())
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
                Refusal::too_large(format!("a {name} picture larger than is read"))
            }
            _ => Refusal::too_large(format!("a {name} picture that needs too much memory")),
        },
        ImageError::Unsupported(error) => {
            Refusal::unsupported(format!("a {name} picture of a kind that is not read ({error})"))
        }
        ImageError::IoError(_) => {
            Refusal::damaged(format!("a {name} picture that ends before its last pixel"))
        }
        error => Refusal::damaged(format!("a damaged {name} picture ({error})")),
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
