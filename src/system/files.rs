//! Files, whole or not at all.

use std::path::Path;

/// Writes a file under a temporary name, syncs it and renames it; its folder is made if need be.
///
/// # Errors
/// Those of the disk; what was there before stays. A device or a pipe is refused: it would be
/// replaced by a file. A link is followed.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    replace(path, |temporary| std::fs::write(temporary, bytes))
}

/// As [`write_whole`], for what is written by somebody else: `write` is given the temporary name.
///
/// # Errors
/// As [`write_whole`], and those of `write`.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&Path) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let target = path.canonicalize();
    let path = target.as_deref().unwrap_or(path);
    if path.exists() && !path.is_file() {
        return Err(std::io::Error::other("it is there already, and is not a file"));
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mrimaster-");
    // Readable by others, as any saved file is; the umask still applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let temporary = builder.tempfile_in(folder)?.into_temp_path();
    write(&temporary)?;
    std::fs::File::open(&temporary)?.sync_all()?;
    temporary.persist(path).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, b"old").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        write_whole(&link, b"new").expect("written");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).expect("read"), b"new");

        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("bound");
        assert!(write_whole(&socket, b"new").is_err() && !socket.is_file());
        assert!(write_whole(dir.path(), b"new").is_err());
    }

    #[test]
    fn what_was_there_stays_when_the_new_cannot_be_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("deep").join("file");
        write_whole(&path, b"old").expect("written");
        assert!(write_whole(&path.join("below a file"), b"new").is_err());
        assert_eq!(std::fs::read(&path).expect("read"), b"old");
        assert_eq!(std::fs::read_dir(dir.path().join("deep")).expect("read").count(), 1);
    }
}
