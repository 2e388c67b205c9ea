//! Recognises a file by its content, never by its name, and hands it to its reader.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::dicom::{self, DicomFile};
use super::error::{OpenError, Refusal};
use super::raster::{self, Picture};
use super::series::Series;
use super::{nifti, sequence, tiff};
use crate::system::caught::caught;

/// Files are read whole; longer ones are refused.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// What would work, where nothing is known of the content.
const READ_KINDS: &str = "open a DICOM, NIfTI-1, JPEG, PNG, TIFF or BMP file";

/// Opens one file.
///
/// # Errors
/// One sentence that names the file, what was found and what would work.
pub fn open(path: &Path) -> Result<Series, OpenError> {
    let file = read_file(path)?;
    Ok(match file {
        Content::Series(series) => series,
        Content::Dicom(file) => sequence::assemble(vec![*file]),
    })
}

/// Opens several files; DICOM files of one series become one [`Series`], in the order of their
/// slices. Files that cannot be opened do not hold up the others. The answers stand in the order
/// of `paths`, a series where its first file is.
pub fn open_all(paths: &[PathBuf]) -> Vec<Result<Series, OpenError>> {
    let contents: Vec<_> = paths.par_iter().map(|path| read_file(path)).collect();
    sequence::group(contents)
}

/// What one file holds.
pub(crate) enum Content {
    Series(Series),
    /// Perhaps one slice of many.
    Dicom(Box<DicomFile>),
}

fn read_file(path: &Path) -> Result<Content, OpenError> {
    let bytes = load(path).map_err(|refusal| refusal.of(path))?;
    caught(|| read(&bytes, path))
        .unwrap_or_else(|_| Err(Refusal::damaged("its content is broken and cannot be decoded")))
        .map_err(|refusal| refusal.of(path))
}

/// The bytes of a regular file.
fn load(path: &Path) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound if path.is_symlink() => {
            Refusal::new("the link points to nothing", "restore the file it pointed to")
        }
        ErrorKind::NotFound => Refusal::new("there is no such file", "check the name"),
        ErrorKind::PermissionDenied => {
            Refusal::new("you are not allowed to read it", "change its permissions or copy it")
        }
        _ => Refusal::new(
            format!("it cannot be read ({error})"),
            "copy it to this computer and open the copy",
        ),
    };
    let metadata = path.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Refusal::new("it is a folder", "open the files in it"));
    }
    if !metadata.is_file() {
        return Err(Refusal::new("it is not a regular file", READ_KINDS));
    }
    if metadata.len() == 0 {
        return Err(Refusal::damaged("the file is empty"));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(Refusal::too_large("it is larger than 4 GiB"));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

fn read(bytes: &[u8], path: &Path) -> Result<Content, Refusal> {
    let picture = |kind| raster::read(bytes, kind, path).map(Content::Series);
    match recognise(bytes) {
        Kind::Jpeg => picture(Picture::Jpeg),
        Kind::Png => picture(Picture::Png),
        Kind::Bmp => picture(Picture::Bmp),
        Kind::Tiff => tiff::read(bytes, path).map(Content::Series),
        Kind::Dicom => dicom::read(bytes, path).map(|file| Content::Dicom(Box::new(file))),
        Kind::Nifti => nifti::read(bytes, path).map(Content::Series),
        Kind::Other(what) => Err(Refusal::new(what, READ_KINDS)),
    }
}

#[derive(Debug, PartialEq)]
enum Kind {
    Jpeg,
    Png,
    Bmp,
    Tiff,
    Dicom,
    /// Also inside gzip.
    Nifti,
    /// None that is read: what it seems to be, as half a sentence.
    Other(&'static str),
}

/// The kind of a file by its first bytes.
fn recognise(bytes: &[u8]) -> Kind {
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
        nifti::unzipped_start(bytes)
            .and_then(|start| nifti_kind(&start))
            .unwrap_or(Kind::Other("a gzip file without a NIfTI-1 volume in it, or a broken one"))
    } else if dicom::is_bare_data_set(bytes) {
        Kind::Dicom
    } else {
        Kind::Other(unread_kind(bytes))
    }
}

fn nifti_kind(start: &[u8]) -> Option<Kind> {
    match nifti::version(start)? {
        nifti::Version::One => Some(Kind::Nifti),
        nifti::Version::OnePair => {
            Some(Kind::Other("the header of a NIfTI pair (.hdr with .img); join them as .nii"))
        }
        nifti::Version::Two => Some(Kind::Other("a NIfTI-2 file; save it as NIfTI-1")),
        nifti::Version::Analyze => {
            Some(Kind::Other("the header of an Analyze 7.5 pair; convert it to .nii"))
        }
    }
}

/// Half a sentence about a content that no reader takes.
fn unread_kind(bytes: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a zip archive"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"7z\xBC\xAF", "a 7z archive"),
        (b"Rar!", "a rar archive"),
        (b"GIF8", "a GIF picture"),
        (b"\x89HDF", "an HDF5 file (perhaps MINC 2 or MATLAB)"),
        (b"MATLAB 5", "a MATLAB file"),
        (b"NRRD", "an NRRD volume"),
        (b"ObjectType", "a MetaImage volume"),
        (b"\xFF\x4F\xFF\x51", "a bare JPEG 2000 picture"),
        (b"\0\0\0\x0CjP  ", "a JPEG 2000 picture"),
        (b"\x1F\x8B", "a gzip file"),
        (b"\x7FELF", "a program"),
        (b"{", "a JSON text"),
    ];
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return "a WebP picture";
    }
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return what;
    }
    if is_text(&bytes[..bytes.len().min(1024)]) {
        "a text"
    } else {
        "nothing in it is a scan that this program knows, or its start is damaged"
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
        assert_eq!(recognise(b"%PDF-1.4"), Kind::Other("a PDF document"));
        assert_eq!(recognise("Größe in mm\n".as_bytes()), Kind::Other("a text"));
        assert!(is_text(&"ä".as_bytes()[..1]));
        assert!(!is_text(b"a\0b"));
    }
}
