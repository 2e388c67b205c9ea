//! Recognises a file by its content, never by its name, and hands it to its reader.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use super::dicom::{self, DicomFile};
use super::error::{OpenError, Refusal};
use super::raster::{self, Picture};
use super::sequence::{self, Groups};
use super::series::{Leaf, Outline, Place, Series, Slice};
use super::source::{READ_KINDS, Source};
use super::{nifti, tiff};
use crate::system::caught::caught;

/// Files that are read at a time: others draw the window and classify meanwhile.
const MAX_READERS: usize = 4;

/// Opens one file.
///
/// # Errors
/// One sentence that names the file, what was found and what would work.
pub fn open(path: &Path) -> Result<Series, OpenError> {
    let file = read_file(path)?;
    Ok(match file {
        Content::Series(series) => *series,
        Content::Dicom(file) => sequence::assemble(vec![*file]),
    })
}

/// Opens several files and hands over what each of them is as soon as it is read, in the order of
/// `paths`. DICOM files come last, since the very last may belong to the series of the first: those
/// of one series become one [`Series`], in the order of their slices. Files that cannot be opened do
/// not hold up the others.
///
/// `stop` is asked between files; once it is true, nothing more is handed over.
pub fn open_each(
    paths: &[PathBuf],
    stop: &dyn Fn() -> bool,
    found: &mut dyn FnMut(Result<Series, OpenError>),
) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let readers = cores.div_ceil(2).min(MAX_READERS);
    // Not rayon's common pool: the window draws with that.
    let pool = ThreadPoolBuilder::new()
        .num_threads(readers)
        .thread_name(|number| format!("reader {number}"))
        .build();
    let mut groups = Groups::default();
    for paths in paths.chunks(readers) {
        if stop() {
            return;
        }
        let contents: Vec<_> = match &pool {
            Ok(pool) => pool.install(|| paths.par_iter().map(|path| read_file(path)).collect()),
            Err(_) => paths.iter().map(|path| read_file(path)).collect(),
        };
        for content in contents {
            if stop() {
                return;
            }
            match content {
                Ok(Content::Series(series)) => found(Ok(*series)),
                Ok(Content::Dicom(file)) => groups.add(*file),
                Err(error) => found(Err(error)),
            }
        }
    }
    for series in groups.into_series() {
        if stop() {
            return;
        }
        found(Ok(series));
    }
}

/// [`open_each`], to the end and at once.
pub fn open_all(paths: &[PathBuf]) -> Vec<Result<Series, OpenError>> {
    let mut results = Vec::new();
    open_each(paths, &|| false, &mut |result| results.push(result));
    results
}

/// What was met on the way through files and folders.
#[derive(Clone, Debug)]
pub enum Found {
    /// A series whose pixels are read with [`read_slice`]. One that was handed over before, told by
    /// [`About::series_uid`](super::About::series_uid), has grown, and takes its place.
    Outline(Arc<Outline>),
    /// A series with its pixels, which came with its headers.
    Whole(Arc<Series>),
    /// A file of a folder or an archive that is not shown, and why.
    LeftOut(OpenError),
}

/// Looks through files, folders and archives and hands over what is in them as soon as its headers
/// are known, without the pixels where they can be read later. An error is of a file that `paths`
/// names itself.
///
/// `stop` is asked between files; once it is true, nothing more is handed over.
pub fn find_each(
    paths: &[PathBuf],
    stop: &dyn Fn() -> bool,
    found: &mut dyn FnMut(Result<Found, OpenError>),
) {
    open_each(paths, stop, &mut |result| {
        found(result.map(|series| {
            let leaf = |slice: &Arc<Slice>| Leaf {
                header: slice.header.clone(),
                place: Some(Place { source: Source::file(&series.path), frame: 0 }),
            };
            match series.format.starts_with("DICOM") && series.slices.len() == 1 {
                true => Found::Outline(Arc::new(
                    series.with_slices(series.slices.iter().map(leaf).collect()),
                )),
                false => Found::Whole(Arc::new(series)),
            }
        }))
    });
}

/// Reads the pixels of a slice of an [`Outline`].
///
/// # Errors
/// One sentence that names the file, what was found and what would work.
pub fn read_slice(place: &Place) -> Result<Slice, OpenError> {
    let series = open(place.source.path())?;
    Ok(series.slices[place.frame.min(series.slices.len() - 1)].as_ref().clone())
}

/// What one file holds.
pub(crate) enum Content {
    Series(Box<Series>),
    /// Perhaps one slice of many.
    Dicom(Box<DicomFile>),
}

fn read_file(path: &Path) -> Result<Content, OpenError> {
    let bytes = Source::file(path).load().map_err(|refusal| refusal.of(path))?;
    caught(|| read(&bytes, path))
        .unwrap_or_else(|_| Err(Refusal::damaged("its content is broken and cannot be decoded")))
        .map_err(|refusal| refusal.of(path))
}

fn read(bytes: &[u8], path: &Path) -> Result<Content, Refusal> {
    let whole = |series| Content::Series(Box::new(series));
    let picture = |kind| raster::read(bytes, kind, path).map(whole);
    match recognise(bytes) {
        Kind::Jpeg => picture(Picture::Jpeg),
        Kind::Png => picture(Picture::Png),
        Kind::Bmp => picture(Picture::Bmp),
        Kind::Tiff => tiff::read(bytes, path).map(whole),
        Kind::Dicom => dicom::read(bytes, path).map(|file| Content::Dicom(Box::new(file))),
        Kind::Nifti => nifti::read(bytes, path).map(whole),
        Kind::Other(found, remedy) => Err(Refusal::new(found, remedy)),
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Jpeg,
    Png,
    Bmp,
    Tiff,
    Dicom,
    /// Also inside gzip.
    Nifti,
    /// None that is read: what was found, and what would work.
    Other(&'static str, &'static str),
}

/// The kind of a file by its first bytes.
pub(super) fn recognise(bytes: &[u8]) -> Kind {
    // A preamble may hold anything, another format's magic too: DICOM goes first.
    if dicom::is_dicom(bytes) {
        return Kind::Dicom;
    }
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"\xFF\xD8\xFF") {
        Kind::Jpeg
    } else if starts(b"\x89PNG\r\n\x1A\n") {
        Kind::Png
    } else if starts(b"II\x2A\0")
        || starts(b"MM\0\x2A")
        || starts(b"II\x2B\0")
        || starts(b"MM\0\x2B")
    {
        Kind::Tiff
    } else if starts(b"BM") && bytes.len() >= 26 {
        Kind::Bmp
    } else if let Some(kind) = nifti_kind(bytes) {
        kind
    } else if starts(b"\x1F\x8B") {
        nifti::unzipped_start(bytes).and_then(|start| nifti_kind(&start)).unwrap_or(Kind::Other(
            "this is a gzip file without a NIfTI-1 volume in it, or a broken one",
            READ_KINDS,
        ))
    } else if dicom::is_bare_data_set(bytes) {
        Kind::Dicom
    } else {
        Kind::Other(unread_kind(bytes), READ_KINDS)
    }
}

fn nifti_kind(start: &[u8]) -> Option<Kind> {
    match nifti::version(start)? {
        nifti::Version::One => Some(Kind::Nifti),
        nifti::Version::OnePair => Some(Kind::Other(
            "this is the header of a NIfTI pair (.hdr with .img)",
            "join the two as one .nii file",
        )),
        nifti::Version::Two => Some(Kind::Other("this is a NIfTI-2 file", "save it as NIfTI-1")),
        nifti::Version::Analyze => Some(Kind::Other(
            "this is the header of an Analyze 7.5 pair",
            "convert it to a .nii file",
        )),
    }
}

/// Half a sentence about a content that no reader takes.
fn unread_kind(bytes: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"%PDF", "this is a PDF document"),
        (b"PK\x03\x04", "this is a zip archive"),
        (b"PK\x05\x06", "this is an empty zip archive"),
        (b"7z\xBC\xAF", "this is a 7z archive"),
        (b"Rar!", "this is a rar archive"),
        (b"GIF8", "this is a GIF picture"),
        (b"\x89HDF", "this is an HDF5 file (perhaps MINC 2 or MATLAB)"),
        (b"MATLAB 5", "this is a MATLAB file"),
        (b"NRRD", "this is an NRRD volume"),
        (b"ObjectType", "this is a MetaImage volume"),
        (b"\xFF\x4F\xFF\x51", "this is a bare JPEG 2000 picture"),
        (b"\0\0\0\x0CjP  ", "this is a JPEG 2000 picture"),
        (b"\x1F\x8B", "this is a gzip file"),
        (b"\x7FELF", "this is a program"),
        (b"{", "this is a JSON text file"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return "this is a WebP picture";
    }
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return what;
    }
    if is_text(&bytes[..bytes.len().min(1024)]) {
        "this is a text file"
    } else {
        "this is no scan of a kind that is read, or its start is damaged"
    }
}

/// UTF-8 without control characters; the last character may be cut.
fn is_text(head: &[u8]) -> bool {
    let is_utf8 = std::str::from_utf8(head).map_or_else(|e| e.error_len().is_none(), |_| true);
    is_utf8 && !head.iter().any(|b| b.is_ascii_control() && !b.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_decides_and_a_dicom_preamble_may_hold_anything() {
        assert_eq!(recognise(b"\xFF\xD8\xFF\xE0"), Kind::Jpeg);
        assert_eq!(recognise(b"MM\0\x2A"), Kind::Tiff);
        let mut preamble = vec![0; 200];
        preamble[..4].copy_from_slice(b"II\x2A\0");
        preamble[128..132].copy_from_slice(b"DICM");
        assert_eq!(recognise(&preamble), Kind::Dicom);
    }

    #[test]
    fn what_is_not_read_is_called_by_its_kind() {
        assert_eq!(recognise(b"%PDF-1.4"), Kind::Other("this is a PDF document", READ_KINDS));
        let text = Kind::Other("this is a text file", READ_KINDS);
        assert_eq!(recognise("Größe in mm\n".as_bytes()), text);
        assert!(is_text(&"ä".as_bytes()[..1]));
        assert!(!is_text(b"a\0b"));
    }
}
