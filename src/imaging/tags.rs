//! Everything that a file says beside its pixels, line by line, for people to look through.

mod dicom;
mod nifti;
mod picture;

use super::error::{OpenError, Refusal};
use super::nifti::header_of_pair as nifti_header_of_pair;
use super::open::{Kind, recognise};
use super::source::Source;
use crate::system::caught::caught;

/// Headers of volumes and the kind of any file are within its first bytes.
const START_BYTES: u64 = 1 << 16;

/// Lines that are kept of a file; an enhanced DICOM file of a thousand frames has some 40,000.
const MAX_LINES: usize = 100_000;

/// Characters that are kept of a value.
const MAX_VALUE: usize = 2_000;

/// What a file says, in its own order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags {
    pub lines: Vec<TagLine>,
    /// Whether the file has more of them.
    pub cut: bool,
}

/// One element of a header.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TagLine {
    /// In how many sequences it lies.
    pub depth: usize,
    /// "(0010,0010)"; empty where elements have only names.
    pub tag: String,
    pub name: String,
    /// DICOM's value representation, or the type of the number; empty where there is none.
    pub vr: String,
    /// Cut where it is long; bytes are counted.
    pub value: String,
}

// Whatever is printed for debugging may end in a log.
impl std::fmt::Debug for TagLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TagLine({}, …)", self.tag)
    }
}

impl Tags {
    /// Adds a line, unless there are too many.
    fn add(&mut self, line: TagLine) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        } else {
            self.cut = true;
        }
    }

    /// Adds a field that has a name and a value.
    fn field(&mut self, name: &str, vr: &str, value: impl ToString) {
        let (name, vr, value) = (name.to_owned(), vr.to_owned(), shortened(&value.to_string()));
        self.add(TagLine { name, vr, value, ..TagLine::default() });
    }
}

/// Reads what a file says beside its pixels.
///
/// # Errors
/// One sentence that names the file, what was found and what would work.
pub fn read_tags(source: &Source) -> Result<Tags, OpenError> {
    caught(|| read(source))
        .unwrap_or_else(|_| Err(Refusal::damaged("its header is broken and cannot be read")))
        .map_err(|refusal| refusal.of(source.path()))
}

fn read(source: &Source) -> Result<Tags, Refusal> {
    // The voxels of a pair have their header beside them.
    let header = nifti_header_of_pair(source);
    let source = header.as_ref().unwrap_or(source);
    let start = source.load_start(START_BYTES)?;
    match recognise(&start) {
        Kind::Dicom => dicom::read(&source.load()?),
        Kind::Nifti => nifti::read(&start),
        Kind::Jpeg | Kind::Png | Kind::Bmp | Kind::Tiff => picture::read(&source.load()?),
        Kind::Other(found, remedy) => Err(Refusal::new(found, remedy)),
    }
}

/// A value on one line, its end left out where it is long.
fn shortened(value: &str) -> String {
    let value = value.trim_matches(['\0', ' ']);
    let mut chars = value.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = chars.by_ref().take(MAX_VALUE).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

/// "1 byte", "512 bytes".
fn bytes(count: usize) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn value<'a>(tags: &'a Tags, name: &str) -> Option<&'a str> {
        tags.lines.iter().find(|line| line.name == name).map(|line| line.value.as_str())
    }

    fn of_demo(file: &str) -> Tags {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
        read_tags(&Source::file(&folder.join(file))).expect("it can be read")
    }

    #[test]
    fn a_dicom_file_says_its_elements_with_those_of_the_meta_group() {
        let tags = of_demo("dicom/0001.dcm");
        let line = |tag: &str| tags.lines.iter().find(|line| line.tag == tag).expect(tag);
        assert_eq!(line("(0008,0060)").value, "MR");
        assert_eq!(line("(0008,0060)").vr, "CS");
        assert_eq!(line("(0008,0060)").name, "Modality");
        assert_eq!(line("(0002,0010)").name, "Transfer Syntax UID");
        assert!(!tags.cut);
    }

    #[test]
    fn a_volume_and_a_picture_say_what_they_have() {
        let volume = of_demo("nifti/synthetic-meningioma.nii.gz");
        assert_eq!(value(&volume, "sizeof_hdr"), Some("348"));
        assert!(value(&volume, "dim").is_some_and(|dim| dim.starts_with("3, ")));
        let picture = of_demo("no_tumor/synthetic-healthy-0001-sagittal.png");
        assert_eq!(value(&picture, "Format"), Some("PNG"));
        assert!(value(&picture, "Width").is_some());
    }

    #[test]
    fn what_is_no_scan_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "nothing to see").unwrap();
        let error = read_tags(&Source::file(&path)).unwrap_err().to_string();
        assert!(error.contains("notes.txt"), "{error}");
    }

    #[test]
    fn long_values_are_cut_and_stay_on_one_line() {
        assert_eq!(shortened(" a\nb\0"), "a b");
        assert_eq!(shortened(&"ä".repeat(MAX_VALUE + 1)).chars().count(), MAX_VALUE + 1);
    }
}
