//! `mrimaster phantom`: synthetic scans.

use std::io::Write as _;

use crate::dataset::phantom::{PhantomArgs, write_study};

/// Writes the scans and `truth.json`.
///
/// # Errors
/// A folder that cannot be written to, or holds something already.
pub(super) fn run(args: &PhantomArgs) -> anyhow::Result<()> {
    let empty = std::fs::read_dir(&args.dir).is_ok_and(|mut files| files.next().is_none());
    anyhow::ensure!(
        args.overwrite || empty || !args.dir.exists(),
        "{}: the folder is not empty; name another, or write into it with --overwrite",
        args.dir.display()
    );
    write_study(&args.dir, args.count, args.seed)?;
    writeln!(
        std::io::stdout(),
        "{}: {} synthetic pictures, a DICOM series, a NIfTI volume and truth.json",
        args.dir.display(),
        args.count
    )?;
    Ok(())
}
