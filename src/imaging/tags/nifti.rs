//! The fields of a NIfTI-1, NIfTI-2 or Analyze 7.5 header, under the names of the standards' header
//! files.

use std::fmt::Display;

use self::Kind::{F32, F64, I16, I32, I64, Text, U8};
use super::Tags;
use crate::imaging::error::Refusal;
use crate::imaging::nifti::{Version, unzipped_start, version};

/// How a field is written.
#[derive(Clone, Copy)]
enum Kind {
    U8,
    I16,
    I32,
    I64,
    F32,
    F64,
    /// Up to the first zero.
    Text,
}

/// A field: its name, how it is written, where it begins, and how many numbers or letters it has.
type Field = (&'static str, Kind, usize, usize);

/// Analyze 7.5 has its own fields between some of these.
#[rustfmt::skip]
const NIFTI_1: &[Field] = &[
    ("sizeof_hdr", I32, 0, 1), ("data_type", Text, 4, 10), ("db_name", Text, 14, 18),
    ("extents", I32, 32, 1), ("session_error", I16, 36, 1), ("regular", Text, 38, 1),
    ("dim_info", U8, 39, 1), ("dim", I16, 40, 8), ("intent_p1", F32, 56, 1),
    ("intent_p2", F32, 60, 1), ("intent_p3", F32, 64, 1), ("intent_code", I16, 68, 1),
    ("datatype", I16, 70, 1), ("bitpix", I16, 72, 1), ("slice_start", I16, 74, 1),
    ("pixdim", F32, 76, 8), ("vox_offset", F32, 108, 1), ("scl_slope", F32, 112, 1),
    ("scl_inter", F32, 116, 1), ("slice_end", I16, 120, 1), ("slice_code", U8, 122, 1),
    ("xyzt_units", U8, 123, 1), ("cal_max", F32, 124, 1), ("cal_min", F32, 128, 1),
    ("slice_duration", F32, 132, 1), ("toffset", F32, 136, 1), ("glmax", I32, 140, 1),
    ("glmin", I32, 144, 1), ("descrip", Text, 148, 80), ("aux_file", Text, 228, 24),
    ("qform_code", I16, 252, 1), ("sform_code", I16, 254, 1), ("quatern_b", F32, 256, 1),
    ("quatern_c", F32, 260, 1), ("quatern_d", F32, 264, 1), ("qoffset_x", F32, 268, 1),
    ("qoffset_y", F32, 272, 1), ("qoffset_z", F32, 276, 1), ("srow_x", F32, 280, 4),
    ("srow_y", F32, 296, 4), ("srow_z", F32, 312, 4), ("intent_name", Text, 328, 16),
    ("magic", Text, 344, 4),
];

#[rustfmt::skip]
const NIFTI_2: &[Field] = &[
    ("sizeof_hdr", I32, 0, 1), ("magic", Text, 4, 8), ("datatype", I16, 12, 1),
    ("bitpix", I16, 14, 1), ("dim", I64, 16, 8), ("intent_p1", F64, 80, 1),
    ("intent_p2", F64, 88, 1), ("intent_p3", F64, 96, 1), ("pixdim", F64, 104, 8),
    ("vox_offset", I64, 168, 1), ("scl_slope", F64, 176, 1), ("scl_inter", F64, 184, 1),
    ("cal_max", F64, 192, 1), ("cal_min", F64, 200, 1), ("slice_duration", F64, 208, 1),
    ("toffset", F64, 216, 1), ("slice_start", I64, 224, 1), ("slice_end", I64, 232, 1),
    ("descrip", Text, 240, 80), ("aux_file", Text, 320, 24), ("qform_code", I32, 344, 1),
    ("sform_code", I32, 348, 1), ("quatern_b", F64, 352, 1), ("quatern_c", F64, 360, 1),
    ("quatern_d", F64, 368, 1), ("qoffset_x", F64, 376, 1), ("qoffset_y", F64, 384, 1),
    ("qoffset_z", F64, 392, 1), ("srow_x", F64, 400, 4), ("srow_y", F64, 432, 4),
    ("srow_z", F64, 464, 4), ("slice_code", I32, 496, 1), ("xyzt_units", I32, 500, 1),
    ("intent_code", I32, 504, 1), ("intent_name", Text, 508, 16), ("dim_info", U8, 524, 1),
];

/// Every field, in the order of the file.
pub(super) fn read(start: &[u8]) -> Result<Tags, Refusal> {
    let unzipped = match start.starts_with(b"\x1F\x8B") {
        true => unzipped_start(start),
        false => None,
    };
    let header = unzipped.as_deref().unwrap_or(start);
    let version = version(header).filter(|version| header.len() >= version.header_bytes());
    let version = version.ok_or_else(|| Refusal::damaged("this is a header that ends early"))?;
    let fields = match version {
        Version::One | Version::Analyze => NIFTI_1,
        Version::Two => NIFTI_2,
    };
    // The first field is the size of the header, which is small.
    let big_endian = header[0] == 0;
    let mut tags = Tags::default();
    tags.field("format", "", version.name());
    tags.field("byte order", "", if big_endian { "big endian" } else { "little endian" });
    for &(name, kind, at, count) in fields {
        let (vr, value) = kind.read(&header[at..], count, big_endian);
        tags.field(name, vr, value);
    }
    Ok(tags)
}

impl Kind {
    /// What it is called, and the values at the start of `bytes`.
    fn read(self, bytes: &[u8], count: usize, big_endian: bool) -> (&'static str, String) {
        macro_rules! numbers {
            ($number:ty) => {{
                const SIZE: usize = size_of::<$number>();
                list(bytes.chunks_exact(SIZE).take(count).map(|chunk| {
                    let chunk = chunk.try_into().expect("as many bytes as it has");
                    match big_endian {
                        true => <$number>::from_be_bytes(chunk),
                        false => <$number>::from_le_bytes(chunk),
                    }
                }))
            }};
        }
        match self {
            U8 => ("u8", numbers!(u8)),
            I16 => ("i16", numbers!(i16)),
            I32 => ("i32", numbers!(i32)),
            I64 => ("i64", numbers!(i64)),
            F32 => ("f32", numbers!(f32)),
            F64 => ("f64", numbers!(f64)),
            Text => {
                let letters = &bytes[..count];
                let end = letters.iter().position(|&byte| byte == 0).unwrap_or(count);
                ("text", String::from_utf8_lossy(&letters[..end]).into_owned())
            }
        }
    }
}

fn list<T: Display>(numbers: impl Iterator<Item = T>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(tags: &Tags, name: &str) -> String {
        let line = tags.lines.iter().find(|line| line.name == name);
        line.expect(name).value.clone()
    }

    #[test]
    fn fields_are_read_in_both_versions_and_byte_orders() {
        let mut one = vec![0; 348];
        one[..4].copy_from_slice(&348i32.to_be_bytes());
        one[344..348].copy_from_slice(b"n+1\0");
        one[40..44].copy_from_slice(&[0, 3, 0, 64]);
        one[280..284].copy_from_slice(&(-1.5f32).to_be_bytes());
        one[148..155].copy_from_slice(b"made up");
        let tags = read(&one).unwrap();
        assert_eq!(value(&tags, "byte order"), "big endian");
        assert_eq!(value(&tags, "dim"), "3, 64, 0, 0, 0, 0, 0, 0");
        assert_eq!(value(&tags, "srow_x"), "-1.5, 0, 0, 0");
        assert_eq!(value(&tags, "descrip"), "made up");

        let mut two = vec![0; 540];
        two[..4].copy_from_slice(&540i32.to_le_bytes());
        two[4..12].copy_from_slice(b"n+2\0\r\n\x1A\n");
        two[16..24].copy_from_slice(&3i64.to_le_bytes());
        two[104..112].copy_from_slice(&0.25f64.to_le_bytes());
        let tags = read(&two).unwrap();
        assert_eq!(value(&tags, "format"), "NIfTI-2");
        assert!(value(&tags, "dim").starts_with("3, 0"));
        assert!(value(&tags, "pixdim").starts_with("0.25, 0"));
    }

    #[test]
    fn a_header_that_ends_early_is_refused() {
        let mut cut = vec![0; 300];
        cut[..4].copy_from_slice(&540i32.to_le_bytes());
        cut[4..7].copy_from_slice(b"n+2");
        assert!(read(&cut).is_err());
        assert!(read(b"").is_err());
    }
}
