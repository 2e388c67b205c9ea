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

/// The scans of the built-in demo study, sorted by name.
///
/// # Errors
/// Where the study is not beside the program; a sentence for people.
pub fn demo_files() -> Result<Vec<PathBuf>, String> {
    let missing =
        || "the demo study is not beside the program; `mrimaster phantom DIR` makes one".to_owned();
    let root = folder("MRIMASTER_DEMO", "assets/demo").ok_or_else(missing)?;
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let scan =
                ["png", "dcm", "gz", "nii"].iter().any(|e| path.extension() == Some(e.as_ref()));
            if path.is_dir() {
                folders.push(path);
            } else if scan {
                files.push(path);
            }
        }
    }
    files.sort();
    if files.is_empty() { Err(missing()) } else { Ok(files) }
}
