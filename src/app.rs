//! To come.
pub(crate) fn run(viewer: crate::cli::Viewer) -> anyhow::Result<()> {
    let _ = viewer;
    Ok(())
}
