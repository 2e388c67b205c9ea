//! Scans of one patient, as far as an index tells: in the source of a data set the slices of a
//! patient follow each other, so that scans with neighbouring indices mostly show the same head.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Indices this far apart still chain two scans: some slices of a patient are not in the data set.
pub const GAP: u32 = 2;

/// A patient has no more slices than this in a row; longer chains are cut, or one group would run
/// through many patients.
pub const LONGEST: u32 = 30;

/// The place of scans in the source of their data set, by path relative to the data set.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Index and class in the source.
    scans: HashMap<PathBuf, (u32, String)>,
}

/// An index that cannot be read; a sentence for people.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}", name = path.display())]
pub struct IndexError {
    path: PathBuf,
    reason: String,
}

/// Reads an index: CSV with a heading and the columns `path` and `figshare_index`, and perhaps
/// `figshare_class`; others are passed over.
///
/// # Errors
/// A file that cannot be read, lacks a column, or has a line that is not of that form.
pub fn read(csv: &Path) -> Result<Index, IndexError> {
    let fail = |reason: String| IndexError { path: csv.to_path_buf(), reason };
    let mut reader = csv::Reader::from_path(csv)
        .map_err(|error| fail(format!("it cannot be read ({error}); check its name")))?;
    let headings =
        reader.headers().map_err(|error| fail(format!("it is no CSV file ({error})")))?;
    let column = |name: &str| headings.iter().position(|heading| heading.trim() == name);
    let required = |name: &str| {
        column(name)
            .ok_or_else(|| fail(format!("it has no column {name}; add it to its first line")))
    };
    let (path, index) = (required("path")?, required("figshare_index")?);
    let class = column("figshare_class");
    let mut scans = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| fail(format!("it is no CSV file ({error})")))?;
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(index).unwrap_or_default().trim();
        let number = text.parse().map_err(|_| {
            fail(format!("line {line}: the index {text:?} is not a whole number; correct it"))
        })?;
        let class = class.and_then(|class| record.get(class)).unwrap_or_default();
        let path = record.get(path).unwrap_or_default();
        scans.insert(PathBuf::from(path), (number, class.to_owned()));
    }
    Ok(Index { scans })
}

impl Index {
    /// How many scans are in the index.
    pub fn len(&self) -> usize {
        self.scans.len()
    }

    /// True where it holds no scan.
    pub fn is_empty(&self) -> bool {
        self.scans.is_empty()
    }

    /// The index of a scan, by its path relative to the data set.
    pub fn of(&self, path: &Path) -> Option<u32> {
        self.scans.get(path).map(|(index, _)| *index)
    }

    /// The path of each scan, relative to the data set, and its index.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, u32)> {
        self.scans.iter().map(|(path, (index, _))| (path.as_path(), *index))
    }

    /// A group for each of `paths` that is in the index, numbered from 0: scans whose indices are
    /// at most [`GAP`] apart are chained, as far as their class in the source stays the same and
    /// the chain spans at most [`LONGEST`] indices. `root` is the folder of the data set, which
    /// the index's paths are relative to.
    ///
    /// The chains are those of the whole index, whichever of its scans are asked for: the same scan
    /// has the same neighbours in every subset.
    pub fn groups(&self, paths: &[PathBuf], root: &Path) -> Vec<Option<usize>> {
        let chains = self.chains();
        let of = |path: &PathBuf| {
            let (index, class) = self.scans.get(path.strip_prefix(root).unwrap_or(path))?;
            chains.get(&(class.as_str(), *index)).copied()
        };
        paths.iter().map(of).collect()
    }

    /// The chain of each class and index.
    fn chains(&self) -> BTreeMap<(&str, u32), usize> {
        let mut chains: BTreeMap<(&str, u32), usize> =
            self.scans.values().map(|(index, class)| ((class.as_str(), *index), 0)).collect();
        let mut chain = 0;
        let mut before: Option<(&str, u32, u32)> = None;
        for (&(class, index), number) in &mut chains {
            let first = match before {
                Some((same, first, last))
                    if same == class && index - last <= GAP && index - first < LONGEST =>
                {
                    first
                }
                Some(_) => {
                    chain += 1;
                    index
                }
                None => index,
            };
            before = Some((class, first, index));
            *number = chain;
        }
        chains
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(text: &str) -> Result<Index, IndexError> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("index.csv");
        std::fs::write(&path, text).expect("written");
        read(&path)
    }

    #[test]
    fn neighbours_are_chained_until_a_jump_a_class_or_too_many() {
        let mut text = String::from("path,figshare_index,figshare_class,cx\n");
        for (name, index, class) in
            [("a", 1, "x"), ("b", 1, "x"), ("c", 3, "x"), ("d", 7, "x"), ("e", 8, "y")]
        {
            text += &format!("Training/{name}.jpg,{index},{class},0.5\n");
        }
        (100..170).for_each(|i| text += &format!("{i}.jpg,{i},z,0.5\n"));
        let index = index(&text).expect("an index");
        let root = Path::new("/data");
        let scan = |name: &str| root.join("Training").join(name);
        let mut paths: Vec<_> =
            ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"].map(scan).into();
        paths.extend((100..170).map(|i| root.join(format!("{i}.jpg"))));
        let groups = index.groups(&paths, root);
        assert_eq!(groups[..3], [Some(0), Some(0), Some(0)]);
        assert_ne!(groups[3], groups[2]);
        assert_ne!(groups[4], groups[3]);
        assert_eq!(groups[5], None);
        let mut sizes: BTreeMap<_, u32> = BTreeMap::new();
        groups[6..].iter().for_each(|group| *sizes.entry(group).or_default() += 1);
        assert_eq!(sizes.into_values().collect::<Vec<_>>(), [LONGEST, LONGEST, 70 - 2 * LONGEST]);
        assert_eq!(index.groups(&paths[2..3], root), [Some(0)], "a subset has the same chains");
    }

    #[test]
    fn what_is_no_index_is_named_with_its_line() {
        let error = index("path,figshare_index\na.jpg,1\nb.jpg,two\n").expect_err("not a number");
        assert!(error.to_string().contains("index.csv: line 3"), "{error}");
        let error = index("path,number\na.jpg,1\n").expect_err("no column");
        assert!(error.to_string().contains("figshare_index"), "{error}");
        assert!(read(Path::new("/no/such/index.csv")).is_err());
    }
}
