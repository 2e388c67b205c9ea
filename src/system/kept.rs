//! Files in which the program keeps what a person made: JSON of bounded size, written whole; a broken
//! one is put aside, so that nothing of it is lost and the work can go on without it.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::files::write_whole;

/// Reads the file at `path`; nothing where there is none. `fault` says what in it does not fit.
///
/// # Errors
/// A sentence for people: a file that cannot be read, and one that is broken and now lies beside
/// its place as `NAME.broken`.
pub(crate) fn read<T: DeserializeOwned>(
    path: &Path,
    largest: u64,
    fault: impl FnOnce(&T) -> Option<String>,
) -> Result<Option<T>, String> {
    let cannot = |error: std::io::Error| {
        format!("{}: it cannot be read ({error}); check its permissions", path.display())
    };
    let length = match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        length => length.map_err(cannot)?.len(),
    };
    if length > largest {
        return Err(put_aside(path, "it is larger than this program writes it"));
    }
    let bytes = std::fs::read(path).map_err(cannot)?;
    let content: T = serde_json::from_slice(&bytes).map_err(|e| put_aside(path, &e.to_string()))?;
    match fault(&content) {
        Some(fault) => Err(put_aside(path, &fault)),
        None => Ok(Some(content)),
    }
}

fn put_aside(path: &Path, fault: &str) -> String {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".broken");
    let moved = std::fs::rename(path, &aside);
    let path = path.display();
    match moved {
        Ok(()) => {
            let aside = Path::new(&aside).file_name().unwrap_or_default().display();
            format!("{path}: it is broken ({fault}) and was put aside as {aside}")
        }
        Err(error) => format!("{path}: it is broken ({fault}) and cannot be put aside ({error})"),
    }
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// A sentence for people.
pub(crate) fn write(path: &Path, content: &impl Serialize) -> Result<(), String> {
    let bytes = serde_json::to_vec(content).map_err(std::io::Error::from);
    bytes.and_then(|bytes| write_whole(path, &bytes)).map_err(|error| {
        format!("{}: it cannot be written ({error}); make room or check the folder", path.display())
    })
}

/// Holds other windows off until it is dropped. The lock is on a file of its own, below `home`: the
/// files themselves are replaced.
///
/// # Errors
/// A sentence for people.
pub(crate) fn lock(home: &Path, name: &str) -> Result<File, String> {
    let path = home.join(name);
    std::fs::create_dir_all(home)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(&path))
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| {
            format!("{}: it cannot be locked ({error}); check the folder", path.display())
        })
}
