//! Why a file could not be opened, as a person should read it.

use std::path::{Path, PathBuf};

/// Why a file could not be opened: one sentence that names it, what was found in it and what would
/// work. It prints as a single line whatever the file's name holds.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{name}: {found}; {remedy}", name = printable(&path.display().to_string()))]
pub struct OpenError {
    pub path: PathBuf,
    /// What was found in the file.
    pub found: String,
    /// What would work instead.
    pub remedy: String,
}

/// An [`OpenError`] before the file's name is known: what the readers return.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    found: String,
    remedy: String,
}

impl Refusal {
    /// "`found`; `remedy`" completes the sentence that begins with the file's name.
    pub(crate) fn new(found: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        Self { found: one_line(found.as_ref()), remedy: one_line(remedy.as_ref()) }
    }

    /// The file is of a kind that is read, and broken.
    pub(crate) fn damaged(found: impl AsRef<str>) -> Self {
        Self::new(found, "copy it again from where it came from")
    }

    /// The file may be sound, and is of a kind that is not read.
    pub(crate) fn unsupported(found: impl AsRef<str>) -> Self {
        Self::new(found, "export it as PNG, as uncompressed DICOM or as NIfTI-1")
    }

    /// The content is larger than [`MAX_VALUES`] or than the file could hold.
    pub(crate) fn too_large(found: impl AsRef<str>) -> Self {
        Self::new(found, "open a smaller picture or fewer slices")
    }

    pub(crate) fn of(self, path: &Path) -> OpenError {
        OpenError { path: path.to_owned(), found: self.found, remedy: self.remedy }
    }
}

/// Pixels that one file may hold, over all its slices: 2 GiB as the values that a slice keeps.
pub(crate) const MAX_VALUES: usize = 1 << 29;

/// Pixels that one slice may have: 8192 × 8192, which no MRI reaches. A network's input is made
/// from a whole slice at several times its size.
const MAX_PIXELS: usize = 1 << 26;

/// Refuses what is larger than the program holds: `slices` of `width × height`.
pub(crate) fn check_size(width: usize, height: usize, slices: usize) -> Result<usize, Refusal> {
    if width == 0 || height == 0 || slices == 0 {
        return Err(Refusal::damaged(format!("this is an image of {width}×{height} pixels")));
    }
    width
        .checked_mul(height)
        .filter(|&pixels| pixels <= MAX_PIXELS)
        .and_then(|pixels| pixels.checked_mul(slices))
        .filter(|&values| values <= MAX_VALUES)
        .ok_or_else(|| {
            let slices = if slices > 1 { format!(", {slices} slices") } else { String::new() };
            Refusal::too_large(format!(
                "it has {width}×{height} pixels{slices}, more than the {} million of a slice or the \
                 {} million of a file that are read",
                MAX_PIXELS / 1_000_000,
                MAX_VALUES / 1_000_000
            ))
        })
}

/// The first line of a message: what decoders add below it helps nobody.
fn one_line(text: &str) -> String {
    printable(text.trim().lines().next().unwrap_or_default())
}

/// Control characters, line ends among them, as spaces.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_even_if_the_name_is_not() {
        let error = Refusal::damaged("broken\nat line 3").of(Path::new("a\nb.png"));
        assert_eq!(error.to_string().lines().count(), 1);
        assert!(error.to_string().starts_with("a b.png: broken;"));
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        assert!(check_size(usize::MAX, 3, 5).is_err());
        assert!(check_size(60_000, 60_000, 1).is_err());
        assert!(check_size(0, 5, 1).is_err());
        assert_eq!(check_size(4, 5, 6).unwrap(), 120);
    }
}
