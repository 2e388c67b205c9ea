//! Phantoms into files. Every file says that it is synthetic, and is written whole or not at all.

mod dicom;
mod nifti;
mod png;

use std::path::{Path, PathBuf};

pub use dicom::write_dicom;
pub use nifti::write_nifti;
pub use png::write_png;

/// What every file of a phantom says of itself, where its format keeps a comment.
pub const MARK: &str = "MRIMaster phantom, synthetic";

/// Why a file of a phantom could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: could not be written ({reason}); check that the folder can be written to and has room", path.display())]
pub struct WriteError {
    pub path: PathBuf,
    pub reason: String,
}

impl WriteError {
    pub(crate) fn new(path: &Path, reason: impl ToString) -> Self {
        Self { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// Puts a whole file in place at once; its folder is made if need be.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    crate::system::files::write_whole(path, bytes).map_err(|error| WriteError::new(path, error))
}
