//! Finds what comes with the program: the weights and the demo study.

use std::path::PathBuf;

/// The folder `name` that a variable names, or that lies beside the program, above it (as in a
/// checkout: `target/release/mrimaster`), or in the working folder.
pub fn folder(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        return Some(PathBuf::from(named));
    }
    let program = std::env::current_exe().ok()?;
    let beside = program.ancestors().skip(1).map(|folder| folder.join(name));
    let here = std::env::current_dir().ok().map(|folder| folder.join(name));
    beside.chain(here).find(|folder| folder.is_dir())
}
