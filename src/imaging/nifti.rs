//! NIfTI-1 volumes (`.nii`, also inside gzip), after <https://nifti.nimh.nih.gov/nifti-1>.
//!
//! The header is parsed by the `nifti` crate; its numbers are judged here before anything is
//! allocated for them, and the voxels are read here, straight into slices.

mod affine;

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use nifti::{Endianness, NiftiHeader, NiftiType};

use self::affine::Arrangement;
use super::error::{Refusal, check_size};
use super::finite::make_finite;
use super::luminance::grey;
use super::series::{
    About, Depth, Header, Rescale, SYNTHETIC_MARK, Series, Slice, VoiFunction, Window,
};

const HEADER_BYTES: usize = 348;
/// The header and four bytes that say whether extensions follow.
const SMALLEST_OFFSET: u64 = 352;
/// Extensions are a few kilobytes. What lies beyond would be unpacked to be passed over.
const LARGEST_OFFSET: u64 = 64 << 20;
/// How much behind the voxels is read to reach the end of the file.
const LARGEST_REST: u64 = 1 << 20;
const NIFTI_2_HEADER_BYTES: i32 = 540;

/// Which format's header a file begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// NIfTI-1 with its voxels in the same file.
    One,
    /// The header of a NIfTI-1 pair.
    OnePair,
    Two,
    /// Analyze 7.5, the ancestor: the same size of header and no magic.
    Analyze,
}

/// Recognises a header by its size field, in either byte order, and its magic.
pub(crate) fn version(start: &[u8]) -> Option<Version> {
    let size: [u8; 4] = start.get(..4)?.try_into().ok()?;
    let is = |n: i32| i32::from_le_bytes(size) == n || i32::from_be_bytes(size) == n;
    if is(NIFTI_2_HEADER_BYTES) && start.get(4..7)? == b"n+2" {
        return Some(Version::Two);
    }
    if !is(HEADER_BYTES as i32) {
        return None;
    }
    match start.get(344..348)? {
        b"n+1\0" => Some(Version::One),
        b"ni1\0" => Some(Version::OnePair),
        _ => Some(Version::Analyze),
    }
}

/// The first bytes inside a gzip file, if it is sound so far.
pub(crate) fn unzipped_start(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    MultiGzDecoder::new(bytes).take(NIFTI_2_HEADER_BYTES as u64).read_to_end(&mut start).ok()?;
    (!start.is_empty()).then_some(start)
}

/// Reads the first volume as slices in radiological display: the patient's right on the left of an
/// axial or coronal slice, slices in the order of DICOM's normal (axial: from the feet up).
pub(crate) fn read(bytes: &[u8], path: &Path) -> Result<Series, Refusal> {
    let mut source: Box<dyn Read> = match bytes.starts_with(b"\x1F\x8B") {
        true => Box::new(MultiGzDecoder::new(bytes)),
        false => Box::new(Cursor::new(bytes)),
    };
    let mut head = [0; HEADER_BYTES];
    source.read_exact(&mut head).map_err(|_| ends_early())?;
    let header = NiftiHeader::from_reader(&head[..])
        .map_err(|error| Refusal::damaged(format!("this is a broken NIfTI-1 header ({error})")))?;
    let (size, volumes) = dimensions(&header)?;
    let voxels = check_size(size[0], size[1], size[2])?;
    let kind = voxel_type(&header)?;

    // NaN and what lies inside the header become the smallest offset that the format allows.
    let offset = (header.vox_offset as u64).max(SMALLEST_OFFSET);
    if offset > LARGEST_OFFSET {
        return Err(Refusal::damaged(format!(
            "this is a NIfTI-1 header that puts the voxels {:e} bytes into the file",
            header.vox_offset
        )));
    }
    let skip = offset - HEADER_BYTES as u64;
    let skipped = std::io::copy(&mut source.by_ref().take(skip), &mut std::io::sink());
    if skipped.map_err(|_| ends_early())? < skip {
        return Err(ends_early());
    }
    // Grows as bytes come: a header's promise alone allocates nothing.
    let mut data = Vec::new();
    let expected = voxels * kind.size_of();
    source.by_ref().take(expected as u64).read_to_end(&mut data).map_err(|_| ends_early())?;
    if data.len() < expected {
        return Err(Refusal::damaged(format!(
            "its header promises {}×{}×{} voxels, and it holds {} of {expected} bytes",
            size[0],
            size[1],
            size[2],
            data.len()
        )));
    }
    if volumes == 1 {
        // The end of a gzip file holds the sum that proves its content.
        let rest = std::io::copy(&mut source.take(LARGEST_REST), &mut std::io::sink());
        rest.map_err(|_| Refusal::damaged("its gzip is broken: the content fails its checksum"))?;
    }

    let mut notes = Vec::new();
    let mut values = to_values(&data, kind, header.endianness, &mut notes);
    drop(data);
    notes.extend(make_finite(&mut values)?);
    if volumes > 1 {
        notes.push(format!("The file holds {volumes} volumes; the first is shown."));
    }
    let arrangement = Arrangement::of(&header, size);
    if arrangement.orientation.is_none() {
        notes.push("The file does not say which side of the patient is which.".to_owned());
    }
    let rescale = Rescale::new(header.scl_slope, header.scl_inter);
    let template = Header {
        rescale,
        depth: if kind == NiftiType::Uint8 && rescale == Rescale::IDENTITY {
            Depth::EightBit
        } else {
            Depth::Wide
        },
        window: window(&header),
        voi: VoiFunction::LinearExact,
        spacing: arrangement.spacing,
        orientation: arrangement.orientation,
        ..Header::new(arrangement.columns(), arrangement.rows(), Depth::Wide)
    };
    let slices = (0..arrangement.slices())
        .map(|number| {
            let header = Header { position: arrangement.position(number), ..template.clone() };
            Arc::new(Slice::of(header, arrangement.slice(&values, number)))
        })
        .collect();
    Ok(Series {
        path: path.to_owned(),
        format: "NIfTI-1".to_owned(),
        description: None,
        about: About::default(),
        synthetic: text(&header.descrip).starts_with(SYNTHETIC_MARK),
        slices,
        notes,
    })
}

fn ends_early() -> Refusal {
    Refusal::damaged("this is a NIfTI-1 file that ends early or whose gzip is broken")
}

/// Voxels along the three axes, and the number of volumes.
fn dimensions(header: &NiftiHeader) -> Result<([usize; 3], usize), Refusal> {
    let rank = header.dim[0] as usize;
    let dims: Vec<i16> = header.dim[1..].iter().map(|&n| n as i16).collect();
    if !(1..=7).contains(&rank) || dims[..rank].iter().any(|&n| n <= 0) {
        let shown = &dims[..rank.clamp(1, 7)];
        return Err(Refusal::damaged(format!(
            "this is a NIfTI-1 header with the dimensions {shown:?}"
        )));
    }
    let size = |axis: usize| if axis < rank { dims[axis] as usize } else { 1 };
    Ok(([size(0), size(1), size(2)], (3..7).map(size).fold(1, usize::saturating_mul)))
}

fn voxel_type(header: &NiftiHeader) -> Result<NiftiType, Refusal> {
    match header.data_type() {
        Ok(
            kind @ (NiftiType::Uint8
            | NiftiType::Int8
            | NiftiType::Uint16
            | NiftiType::Int16
            | NiftiType::Uint32
            | NiftiType::Int32
            | NiftiType::Uint64
            | NiftiType::Int64
            | NiftiType::Float32
            | NiftiType::Float64
            | NiftiType::Rgb24
            | NiftiType::Rgba32),
        ) => Ok(kind),
        Ok(kind) => Err(Refusal::new(
            format!("this is a NIfTI-1 volume of {kind:?} voxels"),
            "save it with integer or 32-bit floating-point voxels",
        )),
        Err(_) => Err(Refusal::damaged(format!(
            "this is a NIfTI-1 header with the unknown voxel type {}",
            header.datatype
        ))),
    }
}

/// Stored values, x fastest. Integers beyond 2^24 lose their last bits.
fn to_values(data: &[u8], kind: NiftiType, order: Endianness, notes: &mut Vec<String>) -> Vec<f32> {
    macro_rules! numbers {
        ($kind:ty) => {
            data.chunks_exact(size_of::<$kind>())
                .map(|bytes| {
                    let bytes = bytes.try_into().expect("chunks are of that size");
                    match order {
                        Endianness::Little => <$kind>::from_le_bytes(bytes) as f32,
                        Endianness::Big => <$kind>::from_be_bytes(bytes) as f32,
                    }
                })
                .collect()
        };
    }
    match kind {
        NiftiType::Int8 => numbers!(i8),
        NiftiType::Uint16 => numbers!(u16),
        NiftiType::Int16 => numbers!(i16),
        NiftiType::Uint32 => numbers!(u32),
        NiftiType::Int32 => numbers!(i32),
        NiftiType::Uint64 => numbers!(u64),
        NiftiType::Int64 => numbers!(i64),
        NiftiType::Float32 => numbers!(f32),
        NiftiType::Float64 => numbers!(f64),
        colour @ (NiftiType::Rgb24 | NiftiType::Rgba32) => {
            let grey = grey(data, colour.size_of(), 255);
            notes.extend(grey.notes);
            grey.values
        }
        _ => numbers!(u8),
    }
}

/// The display range of the header, if it has one.
fn window(header: &NiftiHeader) -> Option<Window> {
    let (low, high) = (header.cal_min, header.cal_max);
    (low.is_finite() && high.is_finite() && high > low)
        .then(|| Window { center: (low + high) / 2.0, width: high - low })
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
}
