//! Recognises a file by its content and hands it to its reader.

use std::path::{Path, PathBuf};

use super::series::Series;

/// Why a file could not be opened: one sentence that names it, what was found in it and what would work.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {found}; {remedy}", name = path.display())]
pub struct OpenError {
    pub path: PathBuf,
    /// What was found in the file.
    pub found: String,
    /// What would work instead.
    pub remedy: String,
}

/// Opens one file.
pub fn open(path: &Path) -> Result<Series, OpenError> {
    let _ = path;
    unimplemented!()
}

/// Opens several files; DICOM files of one series become one [`Series`].
pub fn open_all(paths: &[PathBuf]) -> Vec<Result<Series, OpenError>> {
    paths.iter().map(|path| open(path)).collect()
}
