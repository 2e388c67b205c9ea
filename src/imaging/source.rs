//! Where the bytes of a scan come from.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::archive::Archive;
use super::error::Refusal;

/// Files are read whole; longer ones are refused.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// What would work, where nothing is known of the content.
pub(super) const READ_KINDS: &str = "open a DICOM, NIfTI, JPEG, PNG, TIFF or BMP file";

/// A file, or a file in a zip archive.
#[derive(Clone, Debug)]
pub struct Source {
    path: Arc<Path>,
    /// The archive that holds it, and its number there.
    member: Option<(Arc<Archive>, usize)>,
}

impl Source {
    /// A file of the file system.
    pub fn file(path: &Path) -> Self {
        Self { path: path.into(), member: None }
    }

    /// The files of an archive.
    pub(super) fn members(archive: &Arc<Archive>) -> impl Iterator<Item = Self> {
        (0..archive.names().count()).map(|number| Self {
            path: archive.path_of(number).into(),
            member: Some((Arc::clone(archive), number)),
        })
    }

    /// For people, and to tell sources apart; that of a file in an archive is the archive's with
    /// the file's name behind it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file beside this one that is called like it, but for the extension. Upper and lower
    /// case are the same in extensions.
    pub(super) fn beside(&self, extension: &str) -> Option<Self> {
        let path = replace_extension(&self.path, extension);
        match &self.member {
            Some((archive, _)) => {
                let same = |source: &Self| is_same_but_for_case(&source.path, &path);
                Self::members(archive).find(same)
            }
            None if path.is_file() => Some(Self::file(&path)),
            None => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let entries = folder.unwrap_or(Path::new(".")).read_dir().ok()?;
                let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
                let mut paths = names.map(|name| path.with_file_name(name));
                paths.find(|other| is_same_but_for_case(other, &path)).map(|path| Self::file(&path))
            }
        }
    }

    /// All its bytes.
    pub(super) fn load(&self) -> Result<Vec<u8>, Refusal> {
        self.load_start(u64::MAX)
    }

    /// Its first bytes, `limit` of them or as many as there are.
    pub(super) fn load_start(&self, limit: u64) -> Result<Vec<u8>, Refusal> {
        match &self.member {
            Some((archive, number)) => archive.load(*number, limit),
            None => load(&self.path, 0, limit),
        }
    }

    /// `length` of its bytes from `start` on, or as many as there are.
    pub(super) fn load_part(&self, start: u64, length: u64) -> Result<Vec<u8>, Refusal> {
        if self.member.is_some() {
            let mut bytes = self.load_start(start.saturating_add(length))?;
            bytes.drain(..bytes.len().min(start as usize));
            return Ok(bytes);
        }
        load(&self.path, start, length)
    }

    /// Changes when the file is written anew; `None` where that cannot be told.
    pub(super) fn version(&self) -> Option<(u64, SystemTime)> {
        let metadata = self.path.metadata().ok()?;
        Some((metadata.len(), metadata.modified().ok()?))
    }
}

// An archive is told by its path, which the source's own begins with.
impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Source {}

impl Hash for Source {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path.hash(state);
    }
}

/// "a/b.img.gz" with "hdr" is "a/b.hdr".
fn replace_extension(path: &Path, extension: &str) -> PathBuf {
    let unzipped = path.extension().is_some_and(|last| last.eq_ignore_ascii_case("gz"));
    let path = if unzipped { path.with_extension("") } else { path.to_owned() };
    path.with_extension(extension)
}

/// True where only the case of the extension differs.
fn is_same_but_for_case(a: &Path, b: &Path) -> bool {
    let stem = |path: &Path| path.file_stem().map(ToOwned::to_owned);
    let extension = |path: &Path| path.extension().map(|e| e.to_ascii_lowercase());
    stem(a) == stem(b) && extension(a) == extension(b) && a.parent() == b.parent()
}

/// The bytes of a regular file from `start` on, and no more than `limit` of them.
fn load(path: &Path, start: u64, limit: u64) -> Result<Vec<u8>, Refusal> {
    let metadata = path.metadata().map_err(|error| unreadable(path, &error))?;
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
    let mut bytes = Vec::with_capacity(metadata.len().saturating_sub(start).min(limit) as usize);
    let mut read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        file.take(limit.min(MAX_FILE_BYTES)).read_to_end(&mut bytes)
    };
    read().map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// Why a file or a folder cannot be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Refusal {
    match error.kind() {
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
    }
}
