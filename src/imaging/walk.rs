//! From what a person names to the files to look into: folders with all that is below them, zip
//! archives, and the files that a DICOMDIR lists.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::archive::{self, Archive};
use super::dicom;
use super::error::{OpenError, Refusal};
use super::source::{Source, unreadable};
use crate::system::caught::caught;
use crate::system::names::natural;

/// Files that are looked into at once: the disks of a busy week.
const MAX_FILES: usize = 100_000;

/// Folders in folders.
const MAX_DEPTH: usize = 64;

/// Enough to recognise an archive, a DICOMDIR and every format.
pub(super) const START_BYTES: u64 = 8 << 10;

/// A file on the way.
#[derive(Debug)]
pub(super) struct Met {
    /// The file, or why it cannot be looked into.
    pub file: Result<Source, OpenError>,
    /// Whether a person named the file itself, and should hear what is wrong with it.
    pub named: bool,
}

/// The files that `paths` stand for, in their order; those of a folder in the natural order of
/// their names, before those of the folders in it. Each path is looked into when its turn comes.
/// `stop` is asked between folders.
pub(super) fn walk<'a>(
    paths: &'a [PathBuf],
    stop: &'a dyn Fn() -> bool,
) -> impl Iterator<Item = Met> + 'a {
    let mut walk = Walk { stop, left: MAX_FILES, seen: HashSet::new(), met: Vec::new() };
    let is_img_of_pair = |path: &PathBuf| {
        has_extension(path, "img")
            && Source::file(path)
                .beside("hdr")
                .is_some_and(|hdr| paths.iter().any(|other| Source::file(other) == hdr))
    };
    paths.iter().filter(move |path| !is_img_of_pair(path)).flat_map(move |path| {
        walk.path(path);
        std::mem::take(&mut walk.met)
    })
}

struct Walk<'a> {
    stop: &'a dyn Fn() -> bool,
    /// Files that may still come.
    left: usize,
    /// Folders that were gone through, so that links do not lead in circles.
    seen: HashSet<PathBuf>,
    met: Vec<Met>,
}

impl Walk<'_> {
    /// What a person named.
    fn path(&mut self, path: &Path) {
        let before = self.met.len();
        let what = if path.is_dir() {
            self.folder(path, 0);
            "this folder"
        } else {
            let source = Source::file(path);
            // What is wrong with the file is told where it is read.
            let start = source.load_start(START_BYTES).unwrap_or_default();
            if archive::is_zip(&start) {
                self.archive(path, true);
                "this zip archive"
            } else if dicom::is_directory(&start) {
                self.dicomdir(&source);
                return;
            } else {
                self.file(source, true);
                return;
            }
        };
        if self.met.len() == before {
            let none = format!("there is no scan in {what}");
            self.fail(path, Refusal::new(none, "choose the one with the images"), true);
        }
    }

    fn file(&mut self, source: Source, named: bool) {
        // One sentence for all that are too many.
        if self.left == 1 {
            let found = format!("more than {MAX_FILES} files are here; the rest is left out");
            let path = source.path().to_owned();
            self.fail(&path, Refusal::new(found, "open fewer folders at once"), true);
        } else if self.left > 1 {
            self.met.push(Met { file: Ok(source), named });
        }
        self.left = self.left.saturating_sub(1);
    }

    fn fail(&mut self, path: &Path, refusal: Refusal, named: bool) {
        self.met.push(Met { file: Err(refusal.of(path)), named });
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        if (self.stop)() || self.left == 0 || depth > MAX_DEPTH || !self.seen.insert(whole) {
            return;
        }
        let entries = match folder.read_dir() {
            Ok(entries) => entries,
            Err(error) => return self.fail(folder, unreadable(folder, &error), depth == 0),
        };
        let mut names: Vec<OsString> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.file_name()))
            .filter(|name| !is_no_scan(name.as_ref()))
            .collect();
        names.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
        let paths = names.iter().map(|name| folder.join(name));
        let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.partition(|path| path.is_dir());
        let headers = headers_of_pairs(&files);
        for path in files.iter().filter(|path| path.is_file()) {
            match has_extension(path, "zip") {
                true => self.archive(path, false),
                false if is_pixels_of_pair(path, &headers) => {}
                false => self.file(Source::file(path), false),
            }
        }
        for folder in folders {
            self.folder(&folder, depth + 1);
        }
    }

    fn archive(&mut self, path: &Path, named: bool) {
        let mut left_out = Vec::new();
        let mut note = |name: &Path, refusal: Refusal| {
            if !name.iter().any(is_no_scan_name) {
                left_out.push(refusal.of(&path.join(name)));
            }
        };
        let opened = caught(|| Archive::open(path, MAX_FILES, &mut note));
        let broken = |_| Err(Refusal::damaged("this is a zip archive that cannot be read"));
        match opened.unwrap_or_else(broken) {
            Err(refusal) => self.fail(path, refusal, named),
            Ok(archive) => {
                let names: Vec<&Path> = archive.names().collect();
                let headers = headers_of_pairs(&names);
                let mut members: Vec<(&Path, Source)> = names
                    .iter()
                    .copied()
                    .zip(Source::members(&archive))
                    .filter(|(name, _)| !name.iter().any(is_no_scan_name))
                    .filter(|(name, _)| !is_pixels_of_pair(name, &headers))
                    .collect();
                members.sort_by(|(a, _), (b, _)| by_folder(a, b));
                members.into_iter().for_each(|(_, source)| self.file(source, false));
            }
        }
        self.met.extend(left_out.into_iter().map(|error| Met { file: Err(error), named: false }));
    }

    /// The files of a DICOMDIR, which lie beside it and below.
    fn dicomdir(&mut self, source: &Source) {
        let path = source.path();
        let listed = source.load().and_then(|bytes| {
            let broken = |_| Err(Refusal::damaged("this is a DICOMDIR that cannot be read"));
            caught(|| dicom::listed_files(&bytes)).unwrap_or_else(broken)
        });
        let listed = match listed {
            Ok(listed) if listed.is_empty() => {
                let found = "this is a DICOMDIR that lists no files";
                let remedy = "open the folder with the images";
                return self.fail(path, Refusal::new(found, remedy), true);
            }
            Ok(listed) => listed,
            Err(refusal) => return self.fail(path, refusal, true),
        };
        let count = listed.len();
        let mut names = AnyCase::default();
        let root = path.parent().unwrap_or(Path::new(""));
        let (found, missing): (Vec<_>, Vec<_>) = listed
            .into_iter()
            .map(|parts| names.find(root, &parts).ok_or_else(|| root.join(parts.join("/"))))
            .partition(Result::is_ok);
        if found.is_empty() {
            let found =
                format!("this is a DICOMDIR, and none of the {count} files it lists is there");
            let remedy = "copy the whole disc and open the copy";
            return self.fail(path, Refusal::new(found, remedy), true);
        }
        found.into_iter().flatten().for_each(|path| self.file(Source::file(&path), false));
        for path in missing.into_iter().filter_map(Result::err) {
            let refusal = Refusal::new("the DICOMDIR lists it, and it is not there", "copy it too");
            self.fail(&path, refusal, false);
        }
    }
}

/// The files of folders, by their names in any case: discs are written in upper case and often read
/// in lower case.
#[derive(Default)]
struct AnyCase {
    folders: HashMap<PathBuf, HashMap<String, OsString>>,
}

impl AnyCase {
    /// The file below `root` whose path has these parts; none of them may lead elsewhere.
    fn find(&mut self, root: &Path, parts: &[String]) -> Option<PathBuf> {
        let mut path = root.to_owned();
        for part in parts {
            let mut components = Path::new(part).components();
            let Some(Component::Normal(name)) = components.next() else {
                return None;
            };
            if components.next().is_some() {
                return None;
            }
            let names = self.folders.entry(path.clone()).or_insert_with(|| listed(&path));
            path.push(names.get(&name.to_string_lossy().to_uppercase())?);
        }
        path.is_file().then_some(path)
    }
}

/// The names in a folder, by their upper case.
fn listed(folder: &Path) -> HashMap<String, OsString> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    names.map(|name| (name.to_string_lossy().to_uppercase(), name)).collect()
}

/// Names in an archive as folders are gone through: the files of a folder before those of the
/// folders in it.
fn by_folder(a: &Path, b: &Path) -> std::cmp::Ordering {
    let parts = |path: &Path| -> Vec<String> {
        path.iter().map(|part| part.to_string_lossy().into_owned()).collect()
    };
    let (a, b) = (parts(a), parts(b));
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let is_file = |parts: &[String]| parts.len() == same + 1;
    is_file(&b).cmp(&is_file(&a)).then_with(|| match (a.get(same), b.get(same)) {
        (Some(a), Some(b)) => natural(a, b),
        _ => a.len().cmp(&b.len()),
    })
}

/// Files that stand beside scans and hold none, by their names: the rest is told by its content.
fn is_no_scan(name: &Path) -> bool {
    const NAMES: &[&str] = &["DICOMDIR", "THUMBS.DB", "LICENSE", "LICENCE", "README", "__MACOSX"];
    const EXTENSIONS: &[&str] = &[
        "BAT", "BVAL", "BVEC", "CSS", "CSV", "DLL", "DOC", "DOCX", "EXE", "HTM", "HTML", "ICO",
        "INF", "INI", "JAR", "JS", "JSON", "LOG", "MD", "PDF", "RST", "RTF", "TSV", "TXT", "URL",
        "XLS", "XLSX", "XML", "XSL",
    ];
    let upper = |text: &std::ffi::OsStr| text.to_string_lossy().to_uppercase();
    let whole = name.file_name().map(upper).unwrap_or_default();
    let extension = name.extension().map(upper).unwrap_or_default();
    whole.starts_with('.')
        || NAMES.contains(&whole.as_str())
        || EXTENSIONS.contains(&extension.as_str())
}

fn is_no_scan_name(name: &std::ffi::OsStr) -> bool {
    is_no_scan(name.as_ref())
}

/// True for the extension itself and for that of the same file inside gzip.
fn has_extension(path: &Path, extension: &str) -> bool {
    let is = |path: &Path, extension: &str| {
        path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
    };
    is(path, extension) || (is(path, "gz") && is(&path.with_extension(""), extension))
}

/// A path without the extension, nor that of gzip.
fn stem(path: &Path) -> PathBuf {
    let unzipped =
        if has_extension(path, "gz") { path.with_extension("") } else { path.to_owned() };
    unzipped.with_extension("")
}

/// The headers of NIfTI and Analyze pairs, without their extension.
fn headers_of_pairs(paths: &[impl AsRef<Path>]) -> HashSet<PathBuf> {
    let headers = paths.iter().map(AsRef::as_ref).filter(|path| has_extension(path, "hdr"));
    headers.map(stem).collect()
}

/// True for the second file of a pair, which its header opens.
fn is_pixels_of_pair(path: &Path, headers: &HashSet<PathBuf>) -> bool {
    has_extension(path, "img") && headers.contains(&stem(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_no_scan_is_told_by_its_name() {
        for name in [".DS_Store", "._a.dcm", "readme", "LICENSE", "dicomdir", "a.Json", "Thumbs.db"]
        {
            assert!(is_no_scan(name.as_ref()), "{name}");
        }
        for name in ["IM000001", "a.dcm", "a.nii.gz", "1.2.840.10008", "README.dcm", "scan.jpg"] {
            assert!(!is_no_scan(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn files_come_before_the_folders_beside_them_and_numbers_in_order() {
        let mut names = ["b/10", "b/9", "a/x/1", "c", "a/y", "b/2/1"].map(Path::new);
        names.sort_by(|a, b| by_folder(a, b));
        assert_eq!(names, ["c", "a/y", "a/x/1", "b/9", "b/10", "b/2/1"].map(Path::new));
    }

    #[test]
    fn the_parts_of_a_listed_name_lead_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("Images");
        std::fs::create_dir(&inner).expect("made");
        std::fs::write(inner.join("im1"), b"x").expect("written");
        std::fs::write(folder.path().join("secret"), b"x").expect("written");
        let mut names = AnyCase::default();
        let mut find = |parts: &[&str]| {
            names.find(&inner, &parts.iter().map(|p| p.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(find(&["IM1"]), Some(inner.join("im1")));
        for parts in
            [&["..", "secret"][..], &["../secret"], &["/etc/passwd"], &["IM1", "IM1"], &[], &[""]]
        {
            assert_eq!(find(parts), None, "{parts:?}");
        }
    }
}
