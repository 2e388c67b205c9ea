//! TIFF pictures, every page a slice, through the `tiff` crate.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::{ColorType, TiffError};

use super::error::{MAX_VALUES, Refusal};
use super::finite::make_finite;
use super::luminance::{Grey, grey};
use super::room::Room;
use super::series::{About, Depth, Header, Series, Slice, VoiFunction, add_note};

/// For people.
pub(crate) const FORMAT: &str = "TIFF";

/// Bytes that one byte unpacks to, at the very most: LZW writes up to 4,096 by a code of 12 bits, more
/// than deflate does.
const LZW_RATIO: usize = 4096 * 8 / 12;

const LEFT_OUT: &str = "The file has pages that cannot be read; they are left out.";

/// Reads every page. Pages that cannot be read after the first are left out and said.
pub(crate) fn read(bytes: &[u8], path: &Path) -> Result<Series, Refusal> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(refusal)?.with_limits(limits());
    let mut slices = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    let mut room = Room::of_file(bytes);
    loop {
        match read_page(&mut decoder, &mut room) {
            Ok((slice, said)) => {
                said.iter().for_each(|note| add_note(&mut notes, note));
                slices.push(Arc::new(slice));
            }
            Err(refusal) if slices.is_empty() => return Err(refusal),
            Err(_) => {
                add_note(&mut notes, LEFT_OUT);
                break;
            }
        }
        if !decoder.more_images() {
            break;
        }
        if decoder.next_image().is_err() {
            add_note(&mut notes, LEFT_OUT);
            break;
        }
    }
    Ok(Series {
        path: path.to_owned(),
        format: FORMAT.to_owned(),
        description: None,
        about: About::default(),
        synthetic: false,
        slices,
        notes,
    })
}

fn read_page(
    decoder: &mut Decoder<Cursor<&[u8]>>,
    room: &mut Room,
) -> Result<(Slice, Vec<String>), Refusal> {
    let (width, height) = decoder.dimensions().map_err(refusal)?;
    let color = decoder.colortype().map_err(refusal)?;
    let channels = match color {
        ColorType::Gray(_) => 1,
        ColorType::GrayA(_) => 2,
        ColorType::RGB(_) => 3,
        ColorType::RGBA(_) => 4,
        other => {
            return Err(Refusal::unsupported(format!(
                "this is a TIFF picture of the kind {other:?}"
            )));
        }
    };
    let bits = color.bit_depth();
    // Pages may share their bytes, so the whole file is counted.
    room.take(width, height, LZW_RATIO * 8 / (channels * usize::from(bits.max(1))))?;
    let samples = decoder.read_image().map_err(refusal)?;
    let (width, height) = (width as usize, height as usize);
    let voi = match samples {
        DecodingResult::F16(_) | DecodingResult::F32(_) | DecodingResult::F64(_) => {
            VoiFunction::LinearExact
        }
        _ => VoiFunction::Linear,
    };
    let samples = match samples {
        DecodingResult::U8(packed) if bits < 8 => {
            DecodingResult::U8(unpacked(&packed, width, channels, bits))
        }
        samples => samples,
    };
    let (Grey { mut values, notes }, depth) = to_grey(samples, channels, bits)?;
    if values.len() < width * height {
        return Err(Refusal::damaged("this is a TIFF picture with channels in separate planes"));
    }
    values.truncate(width * height);
    Ok((Slice::of(Header { voi, ..Header::new(width, height, depth) }, values), notes))
}

/// Samples of fewer than eight bits, one per byte, scaled to 0..=255; rows begin at a byte.
fn unpacked(packed: &[u8], width: usize, channels: usize, bits: u8) -> Vec<u8> {
    let per_row = width * channels;
    let row_bytes = (per_row * bits as usize).div_ceil(8).max(1);
    let white = (1u16 << bits) - 1;
    let sample = |row: &[u8], index: usize| {
        let bit = index * bits as usize;
        let pair = u16::from(row[bit / 8]) << 8 | u16::from(*row.get(bit / 8 + 1).unwrap_or(&0));
        let value = pair >> (16 - bits as usize - bit % 8) & white;
        (value * 255 / white) as u8
    };
    packed
        .chunks_exact(row_bytes)
        .flat_map(|row| (0..per_row).map(move |index| sample(row, index)))
        .collect()
}

fn to_grey(samples: DecodingResult, channels: usize, bits: u8) -> Result<(Grey, Depth), Refusal> {
    let plain = |values: Vec<f32>| Ok((Grey { values, notes: Vec::new() }, Depth::Wide));
    match samples {
        DecodingResult::U8(samples) => Ok((grey(&samples, channels, 255), Depth::EightBit)),
        DecodingResult::U16(samples) => {
            Ok((grey(&samples, channels, (1 << bits.min(16)) - 1), Depth::Wide))
        }
        _ if channels > 1 => Err(Refusal::unsupported(format!(
            "this is a colour TIFF picture of {bits} bits per channel"
        ))),
        DecodingResult::I8(samples) => plain(samples.into_iter().map(f32::from).collect()),
        DecodingResult::I16(samples) => plain(samples.into_iter().map(f32::from).collect()),
        DecodingResult::U32(samples) => plain(samples.into_iter().map(|v| v as f32).collect()),
        DecodingResult::I32(samples) => plain(samples.into_iter().map(|v| v as f32).collect()),
        DecodingResult::F32(samples) => finite(samples.into_iter()),
        DecodingResult::F64(samples) => finite(samples.into_iter().map(|v| v as f32)),
        DecodingResult::F16(samples) => finite(samples.into_iter().map(f32::from)),
        DecodingResult::U64(_) | DecodingResult::I64(_) => {
            Err(Refusal::unsupported("this is a TIFF picture of 64-bit integers"))
        }
    }
}

fn finite(values: impl Iterator<Item = f32>) -> Result<(Grey, Depth), Refusal> {
    let mut values: Vec<f32> = values.collect();
    let notes = Vec::from_iter(make_finite(&mut values)?);
    Ok((Grey { values, notes }, Depth::Wide))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_VALUES * 8;
    limits.intermediate_buffer_size = MAX_VALUES * 8;
    limits
}

fn refusal(error: TiffError) -> Refusal {
    match error {
        TiffError::UnsupportedError(what) => Refusal::unsupported(format!(
            "this is a TIFF picture of a kind that is not read ({what})"
        )),
        TiffError::LimitsExceeded => {
            Refusal::too_large("this is a TIFF picture that needs too much memory")
        }
        TiffError::IoError(_) => {
            Refusal::damaged("this is a TIFF picture that ends before its last pixel")
        }
        error => Refusal::damaged(format!("this is a damaged TIFF picture ({error})")),
    }
}
