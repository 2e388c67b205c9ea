//! `mrimaster phantom`: synthetic scans.

use std::io::Write as _;

use crate::dataset::phantom::{PhantomArgs, write_study};

/// Writes the scans and `truth.json`.
///
/// # Errors
/// A folder that cannot be written to.
pub(super) fn run(args: &PhantomArgs) -> anyhow::Result<()> {
    write_study(&args.dir, args.count, args.seed)?;
    writeln!(
        std::io::stdout(),
        "{}: {} synthetic pictures, a DICOM series, a NIfTI volume and truth.json",
        args.dir.display(),
        args.count
    )?;
    Ok(())
}
