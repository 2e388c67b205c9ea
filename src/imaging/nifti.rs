//! NIfTI-1 and NIfTI-2 volumes, and those of Analyze 7.5 (`.nii`, or `.hdr` with `.img`, each also
//! inside gzip), after <https://nifti.nimh.nih.gov>.
//!
//! The header's numbers are judged before anything is allocated for them, and the voxels are read
//! straight into slices, volume by volume.

mod affine;
mod header;
mod voxels;

use std::io::{Cursor, Read};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use self::affine::Arrangement;
use self::header::VolumeHeader;
pub(crate) use self::header::{Version, version};
use self::voxels::Voxel;
use super::error::{MAX_VALUES, Refusal, check_size};
use super::finite::make_finite;
use super::open::content_hash;
use super::series::{
    About, Depth, Header, Rescale, SYNTHETIC_MARK, Series, Slice, VoiFunction, Window, add_note,
};
use super::source::Source;

/// Extensions are a few kilobytes. What lies beyond would be unpacked to be passed over.
const LARGEST_OFFSET: u64 = 64 << 20;
/// How much behind the voxels is read to reach the end of the file.
const LARGEST_REST: u64 = 1 << 20;

/// Intents of CIFTI-2, which keeps matrices in NIfTI-2.
const CIFTI: std::ops::Range<i32> = 3000..3100;

const NOWHERE: &str = "The file does not say which side of the patient is which.";

/// The first bytes inside a gzip file, if it is sound so far.
pub(crate) fn unzipped_start(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    let limit = Version::Two.header_bytes() as u64;
    MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut start).ok()?;
    (!start.is_empty()).then_some(start)
}

/// The header of a pair, if `source` is called as the file of its voxels is.
pub(crate) fn header_of_pair(source: &Source) -> Option<Source> {
    let name = source.path().file_name()?.to_string_lossy().to_lowercase();
    let is_img = name.ends_with(".img") || name.ends_with(".img.gz");
    is_img.then(|| source.beside("hdr").or_else(|| source.beside("hdr.gz"))).flatten()
}

/// Reads the first volumes, `limit` of them or as many as the program holds, each as a series of
/// slices in radiological display: the patient's right on the left of an axial or coronal slice,
/// slices in the order of DICOM's normal (axial: from the feet up). `bytes` is the file with the
/// header.
pub(crate) fn read(bytes: &[u8], source: &Source, limit: usize) -> Result<Vec<Series>, Refusal> {
    let mut head = unzipped(bytes);
    let header = read_header(&mut head)?;
    let name = header.version.name();
    if CIFTI.contains(&header.intent) {
        return Err(Refusal::new("this is a CIFTI-2 file of connectivity", "open a volume"));
    }
    let (size, volumes) = dimensions(&header)?;
    let voxels = check_size(size[0], size[1], size[2])?;
    let kind = Voxel::of(&header)?;

    let pixels = if header.is_pair { Some(pixels_of_pair(source, header.version)?) } else { None };
    let mut stream = pixels.as_deref().map_or(head, unzipped);
    skip_to_voxels(&mut stream, &header)?;

    let arrangement = Arrangement::of(&header, size);
    let window = window(&header);
    let rescale = Rescale::new(header.slope as f32, header.intercept as f32);
    let depth = match kind == Voxel::U8 && rescale == Rescale::IDENTITY {
        true => Depth::EightBit,
        false => Depth::Wide,
    };
    let template = Header {
        rescale,
        window,
        voi: VoiFunction::LinearExact,
        spacing: arrangement.spacing,
        orientation: arrangement.orientation,
        ..Header::new(arrangement.columns(), arrangement.rows(), depth)
    };
    let content = content_hash(pixels.as_deref().unwrap_or(bytes));
    let mut notes = Vec::new();
    if header.version == Version::Analyze {
        notes.push(format!("{NOWHERE} Left and right may be exchanged."));
    } else if arrangement.orientation.is_none() {
        notes.push(NOWHERE.to_owned());
    }

    let held = MAX_VALUES / voxels;
    let count = volumes.min(held).min(limit);
    if count < volumes.min(limit) {
        notes.push(format!("The file holds {volumes} volumes; the first {count} are read."));
    }
    let mut series: Vec<Series> = Vec::new();
    for volume in 0..count {
        let mut values = match read_volume(&mut stream, &header, size, kind) {
            Ok(values) => values,
            // What is whole is shown.
            Err(_) if volume > 0 => {
                let note = format!("The file ends in volume {} of {volumes}.", volume + 1);
                series.iter_mut().for_each(|series| series.notes.push(note.clone()));
                return Ok(series);
            }
            Err(refusal) => return Err(refusal),
        };
        let mut notes = notes.clone();
        values.notes.iter().for_each(|note| add_note(&mut notes, note));
        notes.extend(make_finite(&mut values.values)?);
        let slices = (0..arrangement.slices())
            .map(|number| {
                let header = Header {
                    identity: format!("{content}#{}", volume * arrangement.slices() + number),
                    position: arrangement.position(number),
                    ..template.clone()
                };
                Arc::new(Slice::of(header, arrangement.slice(&values.values, number)))
            })
            .collect();
        series.push(Series {
            path: source.path().to_owned(),
            format: name.to_owned(),
            description: (volumes > 1).then(|| format!("volume {} of {volumes}", volume + 1)),
            about: About::default(),
            synthetic: header.description.starts_with(SYNTHETIC_MARK),
            slices,
            notes,
        });
    }
    if count == volumes {
        // The end of a gzip file holds the sum that proves its content.
        let rest = std::io::copy(&mut stream.take(LARGEST_REST), &mut std::io::sink());
        rest.map_err(|_| Refusal::damaged("its gzip is broken: the content fails its checksum"))?;
    }
    Ok(series)
}

fn unzipped<'a>(bytes: &'a [u8]) -> Box<dyn Read + 'a> {
    match bytes.starts_with(b"\x1F\x8B") {
        true => Box::new(MultiGzDecoder::new(bytes)),
        false => Box::new(Cursor::new(bytes)),
    }
}

fn read_header(stream: &mut dyn Read) -> Result<VolumeHeader, Refusal> {
    let mut head = Vec::new();
    let largest = Version::Two.header_bytes() as u64;
    let smallest = Version::One.header_bytes() as u64;
    let broken =
        || Refusal::damaged("this is a NIfTI file that ends early or whose gzip is broken");
    stream.take(smallest).read_to_end(&mut head).map_err(|_| broken())?;
    let version = version(&head).ok_or_else(broken)?;
    if version == Version::Two {
        stream.take(largest - smallest).read_to_end(&mut head).map_err(|_| broken())?;
    }
    VolumeHeader::read(&head, version)
}

/// The file with the voxels of a pair.
fn pixels_of_pair(source: &Source, version: Version) -> Result<Vec<u8>, Refusal> {
    let Some(pixels) = source.beside("img").or_else(|| source.beside("img.gz")) else {
        return Err(Refusal::new(
            format!(
                "this is the header of {} pair (.hdr with .img), and there is no .img beside it",
                version.with_article()
            ),
            "put the two in one folder",
        ));
    };
    pixels.load()
}

/// Passes over what lies between the header and the voxels; a pair's file of voxels is at its start.
fn skip_to_voxels(stream: &mut dyn Read, header: &VolumeHeader) -> Result<(), Refusal> {
    let a_version = header.version.with_article();
    let read = if header.is_pair { 0 } else { header.version.header_bytes() as u64 };
    // Four bytes behind the header say whether extensions follow. NaN and what lies inside the
    // header become the smallest offset that the format allows.
    let smallest = if header.is_pair { 0 } else { read + 4 };
    let offset = (header.offset as u64).max(smallest);
    if offset > LARGEST_OFFSET {
        return Err(Refusal::damaged(format!(
            "this is {a_version} header that puts the voxels {:e} bytes into the file",
            header.offset as f32
        )));
    }
    let skipped = std::io::copy(&mut stream.take(offset - read), &mut std::io::sink());
    match skipped {
        Ok(skipped) if skipped == offset - read => Ok(()),
        _ => Err(Refusal::damaged(format!(
            "this is {a_version} file that ends early or whose gzip is broken"
        ))),
    }
}

/// The values of the next volume.
fn read_volume(
    stream: &mut dyn Read,
    header: &VolumeHeader,
    size: [usize; 3],
    kind: Voxel,
) -> Result<super::luminance::Grey, Refusal> {
    let expected = size.iter().product::<usize>() * kind.bytes();
    // Grows as bytes come: a header's promise alone allocates nothing.
    let mut data = Vec::new();
    stream.take(expected as u64).read_to_end(&mut data).map_err(|_| {
        Refusal::damaged(format!(
            "this is {} file whose gzip is broken",
            header.version.with_article()
        ))
    })?;
    if data.len() < expected {
        return Err(Refusal::damaged(format!(
            "its header promises {}×{}×{} voxels, and it holds {} of {expected} bytes",
            size[0],
            size[1],
            size[2],
            data.len()
        )));
    }
    Ok(kind.values(&data, header.order))
}

/// Voxels along the three axes, and the number of volumes.
fn dimensions(header: &VolumeHeader) -> Result<([usize; 3], usize), Refusal> {
    let rank = header.dim[0];
    let used = &header.dim[1..=rank.clamp(1, 7) as usize];
    if !(1..=7).contains(&rank) || used.iter().any(|&n| n <= 0) {
        return Err(Refusal::damaged(format!(
            "this is {} header with the dimensions {used:?}",
            header.version.with_article()
        )));
    }
    let size =
        |axis: usize| used.get(axis).map_or(1, |&n| usize::try_from(n).unwrap_or(usize::MAX));
    Ok(([size(0), size(1), size(2)], (3..7).map(size).fold(1, usize::saturating_mul)))
}

/// The display range of the header, if it has one.
fn window(header: &VolumeHeader) -> Option<Window> {
    let [low, high] = header.calibration.map(|value| value as f32);
    let (center, width) = ((low + high) / 2.0, high - low);
    (center.is_finite() && width.is_finite() && width > 0.0).then_some(Window { center, width })
}
