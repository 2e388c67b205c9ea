//! Finds what comes with the program: the weights and the demo study.

use std::path::{Path, PathBuf};

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

/// The folder of the built-in demo study.
///
/// # Errors
/// Where it is not beside the program; a sentence for people.
pub fn demo() -> Result<PathBuf, String> {
    folder("MRIMASTER_DEMO", "assets/demo").ok_or_else(no_demo)
}

fn no_demo() -> String {
    "the demo study is not beside the program; `mrimaster phantom DIR` makes one".into()
}

/// The scans of the built-in demo study by folder, each sorted by name; the volumes come first.
///
/// # Errors
/// Where the study is not beside the program; a sentence for people.
pub fn demo_folders() -> Result<Vec<Vec<PathBuf>>, String> {
    let root = demo()?;
    let sorted = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let mut folders: Vec<PathBuf> =
        sorted(&root).into_iter().filter(|path| path.is_dir()).collect();
    folders.sort_by_key(|folder| !(folder.ends_with("dicom") || folder.ends_with("nifti")));
    let files: Vec<Vec<PathBuf>> = folders.iter().map(|folder| sorted(folder)).collect();
    if files.iter().all(Vec::is_empty) { Err(no_demo()) } else { Ok(files) }
}
