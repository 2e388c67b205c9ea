//! `mrimaster phantom`: synthetic scans.

use std::path::PathBuf;

use crate::dataset::phantom::write_study;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The folder to write them into
    folder: PathBuf,
    /// How many pictures, spread over the four classes; a DICOM series and a NIfTI volume come on top
    #[arg(long, default_value_t = 8)]
    count: usize,
    /// The same seed makes the same scans
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Writes the scans and `truth.json`.
///
/// # Errors
/// A folder that cannot be written to.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    write_study(&options.folder, options.count, options.seed)?;
    println!(
        "{}: {} synthetic pictures, a DICOM series, a NIfTI volume and truth.json",
        options.folder.display(),
        options.count
    );
    Ok(())
}
