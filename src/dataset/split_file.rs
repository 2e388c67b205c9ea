//! A split as a file, so that anyone can repeat it: CSV with a line for each scan.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::system::files::write_whole;

/// Which part a scan plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Training,
    Validation,
    Testing,
    /// Not used, since it is the same scan as one to test on.
    #[serde(alias = "left_out")]
    DuplicateInTesting,
    /// Not used, since it shows a person whom a scan to test on shows.
    PersonInTesting,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Relative to the data set.
    pub path: PathBuf,
    /// The name of its class folder.
    pub class: String,
    pub split: Part,
    /// Scans of one group are duplicates of each other or show one person.
    pub group: usize,
    /// The person's identifier, hashed by [`crate::dataset::patients::hash`]; empty where it is not
    /// known. Files of before have no such column.
    #[serde(default)]
    pub person: Option<String>,
}

/// A split that cannot be written or read; a sentence for people.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}", name = path.display())]
pub struct SplitFileError {
    path: PathBuf,
    reason: String,
}

/// Writes a split, whole or not at all.
///
/// # Errors
/// Those of the disk, and a path that is not UTF-8.
pub fn write(file: &Path, rows: &[Row]) -> Result<(), SplitFileError> {
    let fail = |reason: String| SplitFileError { path: file.to_path_buf(), reason };
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        if row.path.to_str().is_none() {
            let name = row.path.to_string_lossy();
            return Err(fail(format!("the name of {name} cannot be written; rename that scan")));
        }
        writer.serialize(row).map_err(|error| fail(format!("it cannot be written ({error})")))?;
    }
    let bytes =
        writer.into_inner().map_err(|error| fail(format!("it cannot be written ({error})")))?;
    write_whole(file, &bytes).map_err(|error| {
        fail(format!("it cannot be written ({error}); make room or choose another folder"))
    })
}

/// Reads what [`write()`] wrote: the columns `path`, `class`, `split`, `group` and, in files since
/// format 2, `person`, in any order.
///
/// # Errors
/// A file that cannot be read, a line that is not of that form, a scan that is named twice.
pub fn read(file: &Path) -> Result<Vec<Row>, SplitFileError> {
    let fail = |reason: String| SplitFileError { path: file.to_path_buf(), reason };
    let mut reader = csv::Reader::from_path(file)
        .map_err(|error| fail(format!("it cannot be read ({error}); check its name")))?;
    let headings = reader
        .headers()
        .map_err(|error| fail(format!("line 1: it is no CSV file ({error})")))?
        .clone();
    let missing = ["path", "class", "split", "group"]
        .into_iter()
        .find(|name| headings.iter().all(|heading| heading != *name));
    if let Some(name) = missing {
        return Err(fail(format!(
            "line 1: there is no column {name}; the first line names the columns path, class, split, group"
        )));
    }
    let mut rows = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for record in reader.records() {
        let at = |line: u64, reason: &str| {
            fail(format!(
                "line {line}: {reason}; each line holds path, class, split (training, validation, testing, duplicate_in_testing or person_in_testing) and group"
            ))
        };
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            at(line, "it does not have as many values as the first line")
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let row: Row = record.deserialize(Some(&headings)).map_err(|error| {
            let reason = match error.kind() {
                csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
                _ => error.to_string(),
            };
            at(line, &reason)
        })?;
        if !seen.insert(row.path.clone()) {
            return Err(fail(format!(
                "line {line}: {} is there twice; remove one of its lines",
                row.path.display()
            )));
        }
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let parts = [
            Part::Training,
            Part::Validation,
            Part::Testing,
            Part::DuplicateInTesting,
            Part::PersonInTesting,
        ];
        let row = |(group, split)| Row {
            path: format!("Training/no_tumor/a, \"{group}\" (é).jpg").into(),
            class: "no_tumor".into(),
            split,
            group,
            person: (group == 1).then(|| "0123456789abcdef".into()),
        };
        parts.into_iter().enumerate().map(row).collect()
    }

    #[test]
    fn a_split_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("deep").join("split.csv");
        write(&file, &rows()).expect("written");
        assert_eq!(read(&file).expect("read"), rows());
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(text.starts_with("path,class,split,group,person\n"), "{text}");
        assert!(text.contains(",duplicate_in_testing,3,"), "{text}");
    }

    #[test]
    fn a_split_of_the_first_format_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("split.csv");
        std::fs::write(&file, "path,class,split,group\na.jpg,x,left_out,4\n").expect("written");
        let row = Row {
            path: "a.jpg".into(),
            class: "x".into(),
            split: Part::DuplicateInTesting,
            group: 4,
            person: None,
        };
        assert_eq!(read(&file).expect("read"), [row]);
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("split.csv");
        let good = "a.jpg,x,training,0\n";
        for (text, line) in [
            (format!("path,class,split\n{good}"), "line 1"),
            (format!("path,class,split,group\n{good}b.jpg,x,testing\n"), "line 3"),
            (format!("path,class,split,group\n{good}b.jpg,x,nowhere,1\n"), "line 3"),
            (format!("path,class,split,group\n{good}b.jpg,x,testing,-1\n"), "line 3"),
            (format!("path,class,split,group\n{good}{good}"), "line 3"),
        ] {
            std::fs::write(&file, &text).expect("written");
            let error = read(&file).expect_err("it is broken").to_string();
            assert!(error.contains("split.csv: ") && error.contains(line), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
        assert!(read(&dir.path().join("none.csv")).is_err());
        assert!(write(&file.join("below a file"), &rows()).is_err());
    }
}
