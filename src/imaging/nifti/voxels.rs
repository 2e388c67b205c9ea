//! The voxels of a volume: their types, and stored values from their bytes.

use super::header::{Order, VolumeHeader};
use crate::imaging::error::Refusal;
use crate::imaging::luminance::{Grey, grey};

/// The types of voxels that are read, `DT_*` of nifti1.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voxel {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
    Rgb,
    Rgba,
}

impl Voxel {
    /// The type that a header names.
    ///
    /// # Errors
    /// If voxels of that type are not read, or there is none.
    pub fn of(header: &VolumeHeader) -> Result<Self, Refusal> {
        let a_version = header.version.with_article();
        let other = match header.datatype {
            2 => return Ok(Self::U8),
            4 => return Ok(Self::I16),
            8 => return Ok(Self::I32),
            16 => return Ok(Self::F32),
            64 => return Ok(Self::F64),
            128 => return Ok(Self::Rgb),
            256 => return Ok(Self::I8),
            512 => return Ok(Self::U16),
            768 => return Ok(Self::U32),
            1024 => return Ok(Self::I64),
            1280 => return Ok(Self::U64),
            2304 => return Ok(Self::Rgba),
            1 => "1-bit",
            32 => "complex (64-bit)",
            1536 => "128-bit floating-point",
            1792 => "complex (128-bit)",
            2048 => "complex (256-bit)",
            unknown => {
                return Err(Refusal::damaged(format!(
                    "this is {a_version} header with the unknown voxel type {unknown}"
                )));
            }
        };
        Err(Refusal::new(
            format!("this is {a_version} volume of {other} voxels"),
            "save it with integer or 32-bit floating-point voxels",
        ))
    }

    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::Rgb => 3,
            Self::U32 | Self::I32 | Self::F32 | Self::Rgba => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Stored values, x fastest, and what was lost on the way. Integers beyond 2^24 lose their last
    /// bits.
    pub fn values(self, data: &[u8], order: Order) -> Grey {
        macro_rules! numbers {
            ($kind:ty) => {
                data.chunks_exact(size_of::<$kind>())
                    .map(|bytes| {
                        let bytes = bytes.try_into().expect("chunks are of that size");
                        match order {
                            Order::Little => <$kind>::from_le_bytes(bytes) as f32,
                            Order::Big => <$kind>::from_be_bytes(bytes) as f32,
                        }
                    })
                    .collect()
            };
        }
        let values = match self {
            Self::U8 => numbers!(u8),
            Self::I8 => numbers!(i8),
            Self::U16 => numbers!(u16),
            Self::I16 => numbers!(i16),
            Self::U32 => numbers!(u32),
            Self::I32 => numbers!(i32),
            Self::U64 => numbers!(u64),
            Self::I64 => numbers!(i64),
            Self::F32 => numbers!(f32),
            Self::F64 => numbers!(f64),
            Self::Rgb | Self::Rgba => return grey(data, self.bytes(), 255),
        };
        Grey { values, notes: Vec::new() }
    }
}
