//! Which person each scan of a data set shows, from a table: CSV with the columns `path` and
//! `patient`, or `first_index`, `last_index` and `patient` beside an [`Index`] of the scans.
//!
//! Scans of one person resemble each other far more than scans of two: a network that has seen the
//! one in training is tested on little that is new in the other.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::neighbours::{self, Index};

/// What a letter at the end of a patient's identifier means.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Suffix {
    /// Another examination of the same person: "MR012B" and "MR012" are one person. Only a single
    /// letter after a digit counts as such.
    #[default]
    Examination,
    /// Another person.
    Person,
}

impl Suffix {
    /// The person whom an identifier names.
    fn person(self, patient: &str) -> &str {
        match (self, patient.strip_suffix(|c: char| c.is_ascii_alphabetic())) {
            (Self::Examination, Some(rest)) if rest.ends_with(|c: char| c.is_ascii_digit()) => rest,
            _ => patient,
        }
    }
}

/// The tables that say which person each scan shows, as options of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::Args)]
#[serde(default)]
pub struct PatientTables {
    /// A table of path and patient, or of first_index, last_index and patient beside --index
    #[arg(long, value_name = "FILE.csv")]
    pub patients: Option<PathBuf>,
    /// A table of path and figshare_index: the index of each scan in its source
    #[arg(long, value_name = "FILE.csv", alias = "neighbours")]
    pub index: Option<PathBuf>,
    /// What a letter at the end of a patient's identifier means
    #[arg(long, value_enum, default_value = "examination")]
    pub patient_suffix: Suffix,
}

impl PatientTables {
    /// Reads the tables for the data set in `folder`; without any, no scan has a person or an index.
    ///
    /// # Errors
    /// Those of [`read`] and [`neighbours::read`].
    pub fn read(&self, folder: &Path) -> Result<(Patients, Option<Index>), TablesError> {
        let index = self.index.as_deref().map(neighbours::read).transpose()?;
        let patients = match &self.patients {
            Some(table) => read(table, index.as_ref(), folder, self.patient_suffix)?,
            None => Patients::default(),
        };
        Ok((patients, index))
    }

    /// The same tables wherever the program is started.
    #[must_use]
    pub fn absolute(self) -> Self {
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        Self {
            patients: self.patients.map(absolute),
            index: self.index.map(absolute),
            patient_suffix: self.patient_suffix,
        }
    }
}

/// A table of patients or of indices that cannot be used; a user-facing message.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    #[error(transparent)]
    Patients(#[from] PatientsError),
    #[error(transparent)]
    Index(#[from] neighbours::IndexError),
}

/// The person shown by each scan that the table knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patients {
    /// By the path of the scan's file.
    persons: HashMap<PathBuf, String>,
}

/// A table of patients that cannot be used; a user-facing message.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}", name = path.display())]
pub struct PatientsError {
    path: PathBuf,
    reason: String,
}

impl Patients {
    /// The person whom a scan shows, by its file's path under the folder given to [`read`]; `None`
    /// where the table does not say.
    pub fn of(&self, scan: &Path) -> Option<&str> {
        self.persons.get(scan).map(String::as_str)
    }

    /// How many scans have a person.
    pub fn len(&self) -> usize {
        self.persons.len()
    }

    /// True where no scan has a person.
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// A number for the person of each of `scans`, from 0 in the order of their first scan; `None`
    /// where the person is not known.
    pub fn numbers<'a>(&self, scans: impl Iterator<Item = &'a Path>) -> Vec<Option<usize>> {
        let mut known: HashMap<&str, usize> = HashMap::new();
        scans
            .map(|scan| {
                let next = known.len();
                self.of(scan).map(|person| *known.entry(person).or_insert(next))
            })
            .collect()
    }
}

/// Reads the table at `csv` for the data set in the folder `root`. Paths in it are relative to
/// `root`, or to the folder above where `root` is only the Training or Testing part of a data set.
/// A table by index takes the index of each scan from `index`.
///
/// # Errors
/// A file that cannot be read; a line with a scan that is not there, is there twice or has two
/// patients; ranges that overlap; a byte-order mark, semicolons or no rows.
pub fn read(
    csv: &Path,
    index: Option<&Index>,
    root: &Path,
    suffix: Suffix,
) -> Result<Patients, PatientsError> {
    let table = Table::read(csv)?;
    if let (Some(path), Some(patient)) = (table.column("path"), table.column("patient")) {
        return by_path(&table, path, patient, root, suffix);
    }
    let columns = ["first_index", "last_index", "patient"].map(|name| table.column(name));
    let [Some(first), Some(last), Some(patient)] = columns else {
        return Err(table.fail(
            "line 1: it needs the columns path and patient, or first_index, last_index and \
             patient; name them in its first line",
        ));
    };
    let Some(index) = index else {
        return Err(table.fail(
            "line 1: it lists patients by index; name the table of the scans' indices with --index",
        ));
    };
    by_index(&table, [first, last, patient], index, root, suffix)
}

fn by_path(
    table: &Table,
    path: usize,
    patient: usize,
    root: &Path,
    suffix: Suffix,
) -> Result<Patients, PatientsError> {
    let mut lines: HashMap<PathBuf, u64> = HashMap::new();
    let mut persons = HashMap::new();
    for (line, record) in &table.rows {
        let line = *line;
        let name = record.get(path).unwrap_or_default();
        let Some(scan) = place(root, Path::new(name)) else {
            return Err(table.fail(format!(
                "line {line}: there is no scan {name:?} in {}; correct its path or remove the line",
                root.display()
            )));
        };
        let person = suffix.person(table.patient(line, record.get(patient))?).to_owned();
        match (lines.insert(scan.clone(), line), persons.insert(scan, person.clone())) {
            (Some(before), Some(other)) if other != person => {
                return Err(table.fail(format!(
                    "line {line}: {name:?} shows patient {person}, and patient {other} in line \
                     {before}; remove one of the lines"
                )));
            }
            (Some(before), _) => {
                return Err(table.fail(format!(
                    "line {line}: {name:?} is in line {before} already; remove one of the lines"
                )));
            }
            _ => {}
        }
    }
    Ok(Patients { persons })
}

fn by_index(
    table: &Table,
    [first, last, patient]: [usize; 3],
    index: &Index,
    root: &Path,
    suffix: Suffix,
) -> Result<Patients, PatientsError> {
    // Last index, person and line, by the first index.
    let mut ranges: BTreeMap<u32, (u32, String, u64)> = BTreeMap::new();
    for (line, record) in &table.rows {
        let line = *line;
        let number = |column: usize| {
            let text = record.get(column).unwrap_or_default();
            text.parse::<u32>().map_err(|_| {
                table.fail(format!(
                    "line {line}: the index {text:?} is not a whole number; correct it"
                ))
            })
        };
        let (from, to) = (number(first)?, number(last)?);
        if from > to {
            return Err(table.fail(format!(
                "line {line}: its first index {from} is larger than its last {to}; correct them"
            )));
        }
        let overlap = ranges.range(..=to).next_back().filter(|(_, (end, ..))| *end >= from);
        if let Some((_, (.., before))) = overlap {
            return Err(table.fail(format!(
                "line {line}: its indices overlap those of line {before}; correct one of the lines"
            )));
        }
        let person = suffix.person(table.patient(line, record.get(patient))?).to_owned();
        ranges.insert(from, (to, person, line));
    }
    let person = |number: u32| {
        let (_, (to, person, _)) = ranges.range(..=number).next_back()?;
        (number <= *to).then(|| person.clone())
    };
    let persons: HashMap<_, _> = index
        .iter()
        .filter_map(|(path, number)| Some((place(root, path)?, person(number)?)))
        .collect();
    if persons.is_empty() {
        return Err(table.fail(format!(
            "none of its indices is that of a scan in {}; check that the index table is of this data set",
            root.display()
        )));
    }
    Ok(Patients { persons })
}

/// A person's identifier as a card and a split file hold it: the first 64 bits of a SHA-256 over
/// `salt` and the identifier, hexadecimal. It does not hide an identifier from somebody who guesses
/// it; it spares a published file the identifier itself.
pub fn hash(salt: &str, person: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(salt.as_bytes());
    hasher.update([0]);
    hasher.update(person.as_bytes());
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The salt of a data set: the first 64 bits, hexadecimal, of a SHA-256 over the pixels' hashes of
/// its scans, in any order. Equal identifiers of two data sets then have different hashes.
pub fn salt(scans: impl Iterator<Item = u128>) -> String {
    let mut pixels: Vec<u128> = scans.collect();
    pixels.sort_unstable();
    let mut hasher = Sha256::new();
    pixels.iter().for_each(|pixels| hasher.update(pixels.to_le_bytes()));
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Where a path of a table lies: under `root` or, for a part of a data set, under the folder above.
fn place(root: &Path, path: &Path) -> Option<PathBuf> {
    if path.as_os_str().is_empty() {
        return None;
    }
    let inside = root.join(path);
    if inside.is_file() {
        return Some(inside);
    }
    // "Testing/a.jpg" for the folder Testing itself.
    let part = root.file_name()?;
    let inside = root.join(path.strip_prefix(part).ok()?);
    inside.is_file().then_some(inside)
}

/// A CSV file with headings, its rows with their line numbers.
struct Table {
    csv: PathBuf,
    headings: csv::StringRecord,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// A table of patients is small; a larger file is something else.
const LARGEST: u64 = 256 << 20;

impl Table {
    fn read(csv: &Path) -> Result<Self, PatientsError> {
        let mut table =
            Self { csv: csv.to_path_buf(), headings: csv::StringRecord::new(), rows: Vec::new() };
        let unread = |table: &Self, error: &std::io::Error| {
            table.fail(format!("it cannot be read ({error}); check its name"))
        };
        let size = csv.metadata().map_err(|error| unread(&table, &error))?.len();
        if size > LARGEST {
            return Err(table.fail("it is larger than 256 MiB; name a table of patients"));
        }
        let bytes = std::fs::read(csv).map_err(|error| unread(&table, &error))?;
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return Err(table.fail(
                "line 1: it begins with a byte-order mark; save it as CSV in UTF-8 without one",
            ));
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&*bytes);
        let headings = reader.headers().cloned();
        table.headings =
            headings.map_err(|_| table.fail("line 1: it is not CSV in UTF-8; save it as such"))?;
        if table.headings.iter().any(|heading| heading.contains(';')) {
            return Err(table.fail(
                "line 1: its columns are separated by semicolons; save it with commas between them",
            ));
        }
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(1, csv::Position::line);
                table.fail(format!(
                    "line {line}: it is not UTF-8 or has not as many values as the first line; correct it"
                ))
            })?;
            table.rows.push((record.position().map_or(0, csv::Position::line), record));
        }
        if table.rows.is_empty() {
            return Err(table.fail("line 1: no rows follow it; add a row for each scan"));
        }
        Ok(table)
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.headings.iter().position(|heading| heading == name)
    }

    fn patient<'a>(&self, line: u64, text: Option<&'a str>) -> Result<&'a str, PatientsError> {
        text.filter(|text| !text.is_empty()).ok_or_else(|| {
            self.fail(format!("line {line}: it names no patient; add one or remove the line"))
        })
    }

    fn fail(&self, reason: impl Into<String>) -> PatientsError {
        PatientsError { path: self.csv.clone(), reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data set with the scans `Training/a/1.png` to `6.png`, and files beside it.
    struct Fixture(tempfile::TempDir);

    impl Fixture {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a folder");
            std::fs::create_dir_all(dir.path().join("set/Training/a")).expect("a folder");
            for scan in 1..=6 {
                std::fs::write(dir.path().join(format!("set/Training/a/{scan}.png")), b"x")
                    .expect("written");
            }
            Self(dir)
        }

        fn root(&self) -> PathBuf {
            self.0.path().join("set")
        }

        fn scan(&self, number: u32) -> PathBuf {
            self.root().join(format!("Training/a/{number}.png"))
        }

        fn file(&self, name: &str, content: &[u8]) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, content).expect("written");
            path
        }

        fn table(&self, content: &str) -> Result<Patients, PatientsError> {
            read(&self.file("t.csv", content.as_bytes()), None, &self.root(), Suffix::default())
        }
    }

    #[test]
    fn a_table_by_path_names_the_person_of_each_scan() {
        let fixture = Fixture::new();
        let text =
            "patient,path\nMR7B,Training/a/1.png\n MR7 ,Training/a/2.png\nanna,Training/a/3.png\n";
        let patients = fixture.table(text).expect("read");
        assert_eq!(patients.of(&fixture.scan(1)), Some("MR7"));
        assert_eq!(patients.of(&fixture.scan(3)), Some("anna"), "a name is no examination");
        assert_eq!(patients.len(), 3);
        let scans = [1, 3, 2, 4].map(|scan| fixture.scan(scan));
        let numbers = patients.numbers(scans.iter().map(PathBuf::as_path));
        assert_eq!(numbers, [Some(0), Some(1), Some(0), None]);
        let letters =
            read(&fixture.file("t.csv", text.as_bytes()), None, &fixture.root(), Suffix::Person);
        assert_eq!(letters.expect("read").of(&fixture.scan(1)), Some("MR7B"));
    }

    #[test]
    fn a_table_of_the_whole_set_serves_a_part_of_it() {
        let fixture = Fixture::new();
        let csv = fixture.file("t.csv", b"path,patient\nTraining/a/1.png,7\n");
        let part = fixture.root().join("Training");
        let patients = read(&csv, None, &part, Suffix::default()).expect("read");
        assert_eq!(patients.of(&part.join("a/1.png")), Some("7"));
    }

    #[test]
    fn a_table_by_index_needs_the_index_of_each_scan() {
        let fixture = Fixture::new();
        let csv = fixture.file("t.csv", b"first_index,last_index,patient\n10,12,5\n14,14,6C\n");
        let index = fixture.file(
            "i.csv",
            b"path,figshare_index\nTraining/a/1.png,10\nTraining/a/2.png,12\nTraining/a/3.png,13\n\
              Training/a/4.png,14\nelsewhere.png,11\n",
        );
        let index = neighbours::read(&index).expect("read");
        let patients = read(&csv, Some(&index), &fixture.root(), Suffix::default()).expect("read");
        let persons = [1, 2, 3, 4].map(|scan| patients.of(&fixture.scan(scan)).map(str::to_owned));
        assert_eq!(
            persons.each_ref().map(|p| p.as_deref()),
            [Some("5"), Some("5"), None, Some("6")]
        );
        let error = read(&csv, None, &fixture.root(), Suffix::default()).expect_err("no index");
        assert!(error.to_string().contains("--index"), "{error}");
    }

    #[test]
    fn a_hash_depends_on_the_person_and_on_the_scans_of_the_data_set() {
        let salts =
            [salt([1, 2, 3].into_iter()), salt([3, 1, 2].into_iter()), salt([1, 2].into_iter())];
        assert_eq!(salts[0], salts[1]);
        assert_ne!(salts[0], salts[2]);
        assert_eq!(hash(&salts[0], "7").len(), 16);
        assert_ne!(hash(&salts[0], "7"), hash(&salts[0], "8"));
        assert_ne!(hash(&salts[0], "7"), hash(&salts[2], "7"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let fixture = Fixture::new();
        let good = "path,patient\nTraining/a/1.png,7\n";
        for (text, line, about) in [
            (format!("{good}Training/a/9.png,7\n"), "line 3", "no scan"),
            (format!("{good},7\n"), "line 3", "no scan"),
            (format!("{good}Training/a/1.png,7\n"), "line 3", "line 2 already"),
            (format!("{good}Training/a/1.png,8\n"), "line 3", "line 2"),
            (format!("{good}Training/a/2.png,\n"), "line 3", "no patient"),
            (format!("{good}Training/a/2.png\n"), "line 3", "as many values"),
            (format!("\u{feff}{good}"), "line 1", "byte-order mark"),
            (good.replace(',', ";"), "line 1", "semicolons"),
            ("path,patient\n".into(), "line 1", "no rows"),
            ("scan,patient\na,b\n".into(), "line 1", "columns path and patient"),
            (String::new(), "line 1", "no rows"),
        ] {
            let error = fixture.table(&text).expect_err(&text).to_string();
            let named = error.contains("t.csv: ") && error.contains(line) && error.contains(about);
            assert!(named, "{text:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
        let index = fixture.file("i.csv", b"path,figshare_index\nTraining/a/1.png,1\n");
        let index = neighbours::read(&index).expect("read");
        for (rows, line) in [
            ("1,x,7\n", "line 2"),
            ("3,1,7\n", "line 2"),
            ("1,5,7\n2,3,8\n", "line 3"),
            ("8,9,7\n", "none"),
        ] {
            let csv =
                fixture.file("r.csv", format!("first_index,last_index,patient\n{rows}").as_bytes());
            let error = read(&csv, Some(&index), &fixture.root(), Suffix::default());
            let error = error.expect_err(rows).to_string();
            assert!(error.contains(line), "{rows:?}: {error}");
        }
    }
}
