//! The headers of NIfTI-1, NIfTI-2 and Analyze 7.5: the same things at other places.

use crate::imaging::error::Refusal;

/// Which format's header a file begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    One,
    Two,
    /// Analyze 7.5, the ancestor: the same size of header and no magic.
    Analyze,
}

impl Version {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "NIfTI-1",
            Self::Two => "NIfTI-2",
            Self::Analyze => "Analyze 7.5",
        }
    }

    /// The same in a sentence.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::One => "a NIfTI-1",
            Self::Two => "a NIfTI-2",
            Self::Analyze => "an Analyze 7.5",
        }
    }

    pub fn header_bytes(self) -> usize {
        match self {
            Self::One | Self::Analyze => 348,
            Self::Two => 540,
        }
    }
}

/// Recognises a header by its size field, in either byte order, and its magic.
pub(crate) fn version(start: &[u8]) -> Option<Version> {
    let size: [u8; 4] = start.get(..4)?.try_into().ok()?;
    let is = |n: i32| i32::from_le_bytes(size) == n || i32::from_be_bytes(size) == n;
    let magic =
        |at: usize| matches!(start.get(at..at + 3), Some(b"n+1" | b"ni1" | b"n+2" | b"ni2"));
    match () {
        () if is(540) && magic(4) => Some(Version::Two),
        () if is(348) && magic(344) => Some(Version::One),
        () if is(348) && start.len() >= 348 => Some(Version::Analyze),
        () => None,
    }
}

/// Byte order of a header, and of the voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// What a header says, as it says it: its numbers are not judged.
#[derive(Clone, Debug)]
pub(super) struct VolumeHeader {
    pub version: Version,
    pub order: Order,
    /// True where the voxels are in a file of their own.
    pub is_pair: bool,
    /// The number of axes, and the voxels along each.
    pub dim: [i64; 8],
    pub datatype: i16,
    /// What the values stand for.
    pub intent: i32,
    /// The handedness of the qform, and the voxel's side along each axis.
    pub pixdim: [f64; 8],
    /// Where the voxels begin.
    pub offset: f64,
    pub slope: f64,
    pub intercept: f64,
    /// Of the window.
    pub calibration: [f64; 2],
    pub description: String,
    pub qform_code: i32,
    pub sform_code: i32,
    /// The vector of the quaternion: b, c, d.
    pub quaternion: [f64; 3],
    pub offset_mm: [f64; 3],
    /// The rows of the sform.
    pub sform: [[f64; 4]; 3],
    /// Bits 0 to 2: the unit of length.
    pub units: i32,
}

impl VolumeHeader {
    /// Reads the header that a file begins with.
    ///
    /// # Errors
    /// If the file ends in it.
    pub fn read(bytes: &[u8], version: Version) -> Result<Self, Refusal> {
        let Some(bytes) = bytes.get(..version.header_bytes()) else {
            return Err(Refusal::damaged(format!(
                "this is {} file that ends early",
                version.with_article()
            )));
        };
        let size = i32::try_from(version.header_bytes()).unwrap_or_default();
        let order = match i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) == size {
            true => Order::Little,
            false => Order::Big,
        };
        Ok(match version {
            Version::Two => Self::nifti_2(&Fields { bytes, order }),
            Version::One | Version::Analyze => Self::nifti_1(&Fields { bytes, order }, version),
        })
    }

    /// `nifti_1_header` of nifti1.h, and the `dsr` of Analyze's dbh.h, which says nothing of the
    /// patient and keeps other things there.
    fn nifti_1(fields: &Fields, version: Version) -> Self {
        let placed = version == Version::One;
        let only_if_placed = |n: i16| if placed { i32::from(n) } else { 0 };
        Self {
            version,
            order: fields.order,
            is_pair: fields.bytes[344..347] != *b"n+1",
            dim: std::array::from_fn(|axis| fields.i16(40 + 2 * axis).into()),
            datatype: fields.i16(70),
            intent: only_if_placed(fields.i16(68)),
            pixdim: std::array::from_fn(|axis| fields.f32(76 + 4 * axis)),
            offset: fields.f32(108),
            slope: fields.f32(112),
            intercept: if placed { fields.f32(116) } else { 0.0 },
            calibration: [fields.f32(128), fields.f32(124)],
            description: text(&fields.bytes[148..228]),
            qform_code: only_if_placed(fields.i16(252)),
            sform_code: only_if_placed(fields.i16(254)),
            quaternion: std::array::from_fn(|i| fields.f32(256 + 4 * i)),
            offset_mm: std::array::from_fn(|i| fields.f32(268 + 4 * i)),
            sform: std::array::from_fn(|row| {
                std::array::from_fn(|column| fields.f32(280 + 16 * row + 4 * column))
            }),
            units: if placed { fields.bytes[123].into() } else { 0 },
        }
    }

    /// `nifti_2_header` of nifti2.h.
    fn nifti_2(fields: &Fields) -> Self {
        Self {
            version: Version::Two,
            order: fields.order,
            is_pair: fields.bytes[4..7] != *b"n+2",
            dim: std::array::from_fn(|axis| fields.i64(16 + 8 * axis)),
            datatype: fields.i16(12),
            intent: fields.i32(504),
            pixdim: std::array::from_fn(|axis| fields.f64(104 + 8 * axis)),
            offset: fields.i64(168) as f64,
            slope: fields.f64(176),
            intercept: fields.f64(184),
            calibration: [fields.f64(200), fields.f64(192)],
            description: text(&fields.bytes[240..320]),
            qform_code: fields.i32(344),
            sform_code: fields.i32(348),
            quaternion: std::array::from_fn(|i| fields.f64(352 + 8 * i)),
            offset_mm: std::array::from_fn(|i| fields.f64(376 + 8 * i)),
            sform: std::array::from_fn(|row| {
                std::array::from_fn(|column| fields.f64(400 + 32 * row + 8 * column))
            }),
            units: fields.i32(500),
        }
    }
}

/// The numbers of a header, by their places in it.
struct Fields<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl Fields<'_> {
    fn at<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut bytes: [u8; N] = std::array::from_fn(|i| self.bytes[at + i]);
        if self.order == Order::Big {
            bytes.reverse();
        }
        bytes
    }

    fn i16(&self, at: usize) -> i16 {
        i16::from_le_bytes(self.at(at))
    }

    fn i32(&self, at: usize) -> i32 {
        i32::from_le_bytes(self.at(at))
    }

    fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.at(at))
    }

    fn f32(&self, at: usize) -> f64 {
        f32::from_le_bytes(self.at(at)).into()
    }

    fn f64(&self, at: usize) -> f64 {
        f64::from_le_bytes(self.at(at))
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_by_its_size_and_its_magic() {
        let start = |size: [u8; 4], at: usize, magic: &[u8]| {
            let mut start = vec![0; 540];
            start[..4].copy_from_slice(&size);
            start[at..at + magic.len()].copy_from_slice(magic);
            start
        };
        let (little, big) = (348i32.to_le_bytes(), 348i32.to_be_bytes());
        assert_eq!(version(&start(little, 344, b"n+1\0")), Some(Version::One));
        assert_eq!(version(&start(big, 344, b"ni1\0")), Some(Version::One));
        assert_eq!(version(&start(big, 344, b"")), Some(Version::Analyze));
        assert_eq!(
            version(&start(540i32.to_be_bytes(), 4, b"ni2\0\r\n\x1A\n")),
            Some(Version::Two)
        );
        assert_eq!(version(&start(540i32.to_le_bytes(), 4, b"")), None);
        assert_eq!(version(&little), None);
    }
}
