//! Recognises a file by its content, never by its name, and hands it to its reader.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use xxhash_rust::xxh3::xxh3_128;

use super::dicom::{self, DicomFile};
use super::error::{OpenError, Refusal};
use super::raster::{self, Picture};
use super::sequence::{self, Groups, Growing};
use super::series::{Leaf, Outline, Place, Series, Slice};
use super::source::{READ_KINDS, Source};
use super::stack::{Stack, Stacks};
use super::walk::{self, Met};
use super::{nifti, tiff};
use crate::system::caught::caught;

/// Files that are read at a time: others draw the window and classify meanwhile.
const MAX_READERS: usize = 4;

/// Files that are read together, as long as that takes no longer than [`SHORT`].
const MOST_TOGETHER: usize = 64;
const SHORT: Duration = Duration::from_millis(10);

/// Opens one file, which may lie in an archive (`study.zip/scan.dcm`): of several volumes the first.
///
/// # Errors
/// One sentence that names the file, what was found and what would work.
pub fn open(path: &Path) -> Result<Series, OpenError> {
    open_source(&Source::at(path))
}

/// As [`open()`], for what was found.
///
/// # Errors
/// One sentence that names the file, what was found and what would work.
pub fn open_source(source: &Source) -> Result<Series, OpenError> {
    let content = of_source(source, || read(&source.load()?, source, Wanted::First))?;
    Ok(match content {
        Content::Series(mut series) => series.swap_remove(0),
        Content::Dicom(file) => sequence::assemble(vec![*file]),
    })
}

/// The files to look into for `paths`: folders, archives and DICOMDIRs stand for all that is in
/// them. An error is of what cannot be looked into; the flag says whether a person named the file
/// itself.
pub fn files_of(paths: &[PathBuf]) -> impl Iterator<Item = (Result<Source, OpenError>, bool)> {
    walk::walk(paths, &|| false).map(|met| (looked_into(&met).cloned(), met.named))
}

/// Opens several files and hands over what each of them is as soon as it is read, in the order of
/// `paths`. DICOM files come last, since the very last may belong to the series of the first: those
/// of one series become one [`Series`], in the order of their slices. Files that cannot be opened do
/// not hold up the others.
///
/// Folders, archives and DICOMDIRs are gone through as [`find_each`] does; what is no scan in them
/// is passed over.
///
/// `stop` is asked between files; once it is true, nothing more is handed over.
pub fn open_each(
    paths: &[PathBuf],
    stop: &dyn Fn() -> bool,
    found: &mut dyn FnMut(Result<Series, OpenError>),
) {
    look_through(paths, stop, Wanted::Pixels, &mut |result| match result {
        Ok(Item::Series(series)) => found(Ok(series)),
        Ok(Item::Stack(stack)) => stack.whole().into_iter().for_each(|series| found(Ok(series))),
        Ok(Item::Outline(_) | Item::LeftOut(_)) => {}
        Err(error) => found(Err(error)),
    });
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
/// are known, without the pixels where they can be read later. Pictures of one size in one folder
/// become one series. An error is of a file that `paths` names itself, or says that nothing was
/// found at all.
///
/// `stop` is asked between files; once it is true, nothing more is handed over.
pub fn find_each(
    paths: &[PathBuf],
    stop: &dyn Fn() -> bool,
    found: &mut dyn FnMut(Result<Found, OpenError>),
) {
    look_through(paths, stop, Wanted::Headers, &mut |result| {
        found(result.map(|item| match item {
            Item::LeftOut(error) => Found::LeftOut(error),
            Item::Stack(stack) => match stack.whole() {
                Some(series) => Found::Whole(Arc::new(series)),
                None => Found::Outline(Arc::new(stack.outline())),
            },
            Item::Series(series) => Found::Whole(Arc::new(series)),
            Item::Outline(outline) => Found::Outline(Arc::new(outline)),
        }));
    });
}

/// Reads the pixels of a slice of an [`Outline`]. Its header is what the file says; what the series
/// tells beside it, as the distance of its slices, stands in the outline.
///
/// # Errors
/// One sentence that names the file, what was found and what would work.
pub fn read_slice(place: &Place) -> Result<Slice, OpenError> {
    let Place { source, frame } = place;
    of_source(source, || {
        if let Some(slice) = dicom::read_frame_alone(source, *frame) {
            return slice;
        }
        let bytes = source.load()?;
        if recognise(&bytes) == Kind::Dicom {
            return dicom::read_frame(&bytes, source, *frame);
        }
        match read(&bytes, source, Wanted::First)? {
            Content::Series(mut series) if *frame < series[0].slices.len() => {
                Ok(Arc::unwrap_or_clone(series[0].slices.swap_remove(*frame)))
            }
            _ => Err(Refusal::damaged("it holds fewer images than it did")),
        }
    })
}

/// What is met on the way.
enum Item {
    Series(Series),
    Stack(Stack),
    Outline(Outline),
    LeftOut(OpenError),
}

/// What a file is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The first of its series.
    First,
    /// All that it holds.
    Pixels,
    /// The same, and pixels that can be read again are not kept.
    Headers,
}

fn look_through(
    paths: &[PathBuf],
    stop: &dyn Fn() -> bool,
    wanted: Wanted,
    found: &mut dyn FnMut(Result<Item, OpenError>),
) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let readers = cores.div_ceil(2).min(MAX_READERS);
    // Not rayon's common pool: the window draws with that.
    let pool = ThreadPoolBuilder::new()
        .num_threads(readers)
        .thread_name(|number| format!("reader {number}"))
        .build();
    let (mut any, mut left_out) = (false, Vec::new());
    let mut hand_over = |result: Result<Item, OpenError>| {
        match &result {
            Ok(Item::LeftOut(error)) => left_out.push(error.clone()),
            _ => any = true,
        }
        found(result);
    };
    let mut groups = Groups::default();
    let mut growing = Growing::default();
    let mut stacks = Stacks::default();
    let mut way = walk::walk(paths, stop);
    let mut batch = readers;
    loop {
        if stop() {
            return;
        }
        let met: Vec<Met> = way.by_ref().take(batch).collect();
        if met.is_empty() {
            break;
        }
        let began = Instant::now();
        let read = |met: Met| (read_met(&met, wanted), met);
        let contents: Vec<_> = match &pool {
            Ok(pool) => pool.install(|| met.into_par_iter().map(read).collect()),
            Err(_) => met.into_iter().map(read).collect(),
        };
        // Of what is read in no time many are read together: going to and from threads takes longer.
        let more = wanted == Wanted::Headers && began.elapsed() < SHORT;
        batch = if more { (2 * batch).min(MOST_TOGETHER) } else { readers };
        for (content, met) in contents {
            if stop() {
                return;
            }
            match (content, met) {
                (
                    Ok(Read::Whole(Content::Series(mut series))),
                    Met { file: Ok(source), named: false },
                ) if series.len() == 1 && is_picture(&series[0]) => {
                    let keep = wanted == Wanted::Pixels;
                    let full = stacks.add(&source, series.swap_remove(0), keep);
                    full.into_iter().for_each(|stack| hand_over(Ok(Item::Stack(stack))));
                }
                (Ok(Read::Whole(Content::Series(series))), _) => {
                    series.into_iter().for_each(|series| hand_over(Ok(Item::Series(series))));
                }
                (Ok(Read::Whole(Content::Dicom(file))), _) => groups.add(*file),
                (Ok(Read::Headers(file)), _) => match growing.add(*file) {
                    Err(twice) => hand_over(Ok(Item::LeftOut(twice))),
                    Ok(()) => growing
                        .outlines(false)
                        .for_each(|outline| hand_over(Ok(Item::Outline(outline)))),
                },
                (Err(error), Met { named: true, .. }) => hand_over(Err(error)),
                (Err(error), _) => hand_over(Ok(Item::LeftOut(error))),
            }
        }
    }
    let stacks = stacks.take().into_iter().map(Item::Stack);
    let series = groups.into_series().map(Item::Series);
    let outlines = growing.outlines(true).map(Item::Outline);
    for item in stacks.chain(series).chain(outlines) {
        if stop() {
            return;
        }
        hand_over(Ok(item));
    }
    if let (false, Some(first), Some(path)) = (any, left_out.first(), paths.first()) {
        let others = match left_out.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let name = first.path.file_name().unwrap_or_default().to_string_lossy();
        let why = format!("there is no scan in it ({name}{others}: {})", first.found);
        found(Err(Refusal::new(why, READ_KINDS).of(path)));
    }
}

/// A single picture without a place in a patient.
fn is_picture(series: &Series) -> bool {
    Picture::ALL.iter().any(|kind| kind.name() == series.format)
        || (series.format == tiff::FORMAT && series.slices.len() == 1)
}

/// What was read of a file.
enum Read {
    Whole(Content),
    /// Of a DICOM file, whose pixels are read later.
    Headers(Box<DicomFile<Leaf>>),
}

fn read_met(met: &Met, wanted: Wanted) -> Result<Read, OpenError> {
    let source = met.file.as_ref().map_err(OpenError::clone)?;
    of_source(source, || {
        if wanted == Wanted::Headers || !met.named {
            let start = source.load_start(dicom::START)?;
            match recognise(&start) {
                Kind::Dicom if wanted == Wanted::Headers => {
                    return Ok(Read::Headers(Box::new(dicom::read_outline(source, start)?)));
                }
                // Folders hold films and archives, too, which need not be read whole to be left out.
                Kind::Other(what, remedy) if !met.named => return Err(Refusal::new(what, remedy)),
                _ => {}
            }
        }
        Ok(Read::Whole(read(&source.load()?, source, wanted)?))
    })
}

/// The file, unless it begins as no scan does: folders hold films and archives, too, which need not
/// be read whole to be left out.
fn looked_into(met: &Met) -> Result<&Source, OpenError> {
    let source = met.file.as_ref().map_err(OpenError::clone)?;
    if !met.named {
        let refused = |refusal: Refusal| refusal.of(source.path());
        let start = source.load_start(walk::START_BYTES).map_err(refused)?;
        if let Kind::Other(what, remedy) = recognise(&start) {
            return Err(refused(Refusal::new(what, remedy)));
        }
    }
    Ok(source)
}

/// What one file holds.
enum Content {
    /// Never none.
    Series(Vec<Series>),
    /// Perhaps one slice of many.
    Dicom(Box<DicomFile<Slice>>),
}

/// Reads something of a file, whatever its decoder makes of it.
fn of_source<T>(
    source: &Source,
    read: impl FnOnce() -> Result<T, Refusal>,
) -> Result<T, OpenError> {
    caught(read)
        .unwrap_or_else(|_| Err(Refusal::damaged("its content is broken and cannot be decoded")))
        .map_err(|refusal| refusal.of(source.path()))
}

fn read(bytes: &[u8], source: &Source, wanted: Wanted) -> Result<Content, Refusal> {
    let path = source.path();
    let volumes = if wanted == Wanted::First { 1 } else { usize::MAX };
    let whole = |series| Content::Series(vec![identified(series, bytes)]);
    let picture = |kind| raster::read(bytes, kind, path).map(whole);
    match recognise(bytes) {
        Kind::Jpeg => picture(Picture::Jpeg),
        Kind::Png => picture(Picture::Png),
        Kind::Bmp => picture(Picture::Bmp),
        Kind::Tiff => tiff::read(bytes, path).map(whole),
        Kind::Dicom => dicom::read(bytes, source).map(|file| Content::Dicom(Box::new(file))),
        Kind::Nifti => nifti::read(bytes, source, volumes).map(Content::Series),
        Kind::Other(found, remedy) => match nifti::header_of_pair(source) {
            Some(header) => nifti::read(&header.load()?, &header, volumes).map(Content::Series),
            None => Err(Refusal::new(found, remedy)),
        },
    }
}

/// The series with a name for each of its slices: the file's content and their numbers.
fn identified(mut series: Series, bytes: &[u8]) -> Series {
    let content = content_hash(bytes);
    for (number, slice) in series.slices.iter_mut().enumerate() {
        Arc::make_mut(slice).identity = format!("{content}#{number}");
    }
    series
}

/// Tells contents apart, wherever they lie.
pub(super) fn content_hash(bytes: &[u8]) -> String {
    format!("xxh3:{:032x}", xxh3_128(bytes))
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
    } else if nifti::version(bytes).is_some() {
        Kind::Nifti
    } else if starts(b"\x1F\x8B") {
        let start = nifti::unzipped_start(bytes).unwrap_or_default();
        match () {
            () if dicom::is_dicom(&start) => {
                Kind::Other("this is a DICOM file inside gzip", "unpack it and open the file in it")
            }
            () if nifti::version(&start).is_some() => Kind::Nifti,
            () => Kind::Other(
                "this is a gzip file without a NIfTI volume in it, or a broken one",
                READ_KINDS,
            ),
        }
    } else if dicom::is_bare_data_set(bytes) {
        Kind::Dicom
    } else {
        Kind::Other(unread_kind(bytes), READ_KINDS)
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
