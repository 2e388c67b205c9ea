//! Where the bytes of a scan come from.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use super::error::Refusal;

/// Files are read whole; longer ones are refused.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// What would work, where nothing is known of the content.
pub(super) const READ_KINDS: &str = "open a DICOM, NIfTI-1, JPEG, PNG, TIFF or BMP file";

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    path: Arc<Path>,
}

impl Source {
    /// A file of the file system.
    pub fn file(path: &Path) -> Self {
        Self { path: path.into() }
    }

    /// For people, and to tell sources apart.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All its bytes.
    pub(super) fn load(&self) -> Result<Vec<u8>, Refusal> {
        load(&self.path, u64::MAX)
    }

    /// Its first bytes, `limit` of them or as many as there are.
    pub(super) fn load_start(&self, limit: u64) -> Result<Vec<u8>, Refusal> {
        load(&self.path, limit)
    }
}

/// The bytes of a regular file, and no more than `limit` of them.
fn load(path: &Path, limit: u64) -> Result<Vec<u8>, Refusal> {
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
    let mut bytes = Vec::with_capacity(metadata.len().min(limit) as usize);
    File::open(path)
        .and_then(|file| file.take(limit.min(MAX_FILE_BYTES)).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}
