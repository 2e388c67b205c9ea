//! An evaluation as a whole: what was found, and the files that hold it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::bootstrap::Bootstrap;
use super::compare::Comparison;
use super::copies::Overlap;
use super::metrics::Answer;
use super::parts::Parts;
use crate::system::files::write_whole;

/// The version of `evaluation.json` that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;
/// Larger files are no evaluation: one case takes less than a kilobyte.
const LARGEST: u64 = 1 << 30;

/// One model on one test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    pub format_version: u32,
    /// Of MRIMaster.
    pub program_version: String,
    /// What the figures must not be taken for.
    pub limits: String,
    pub model: Model,
    pub test_set: Tested,
    /// The model's, in the order of its logits: every class index refers to these.
    pub classes: Vec<String>,
    pub parts: Parts,
    /// Every scan that was answered, in the order of the test set.
    pub cases: Vec<Case>,
    /// Every other one, and why.
    pub unreadable: Vec<Unreadable>,
}

/// The checkpoint that answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub name: String,
    /// Of the weights, hexadecimal.
    pub sha256: String,
    /// For people: "CPU", "CUDA 0".
    pub device: String,
    /// Scans in the card's list of those it has learned from; 0 where the card has no list.
    pub learned_from: usize,
}

/// The scans it was asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tested {
    /// The folder's name, without where it lies: "sartaj/Testing".
    pub folder: String,
    /// Of names and contents, hexadecimal: [`super::test_set::content_sha256`]. `None` where the
    /// evaluation was cancelled.
    pub sha256: Option<String>,
    /// Scans in the folder, answered or not.
    pub scans: usize,
    /// Folders beside the class folders that are no classes of the model.
    pub folders_left_out: Vec<String>,
    /// Scans whose person a table names; 0 without one.
    #[serde(default)]
    pub persons_known: usize,
    /// Over the person of every scan, hexadecimal: another table gives another. `None` without one.
    #[serde(default)]
    pub persons_sha256: Option<String>,
}

/// A scan, what the model made of it and what is known of its copies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Below the folder of the class folders, with slashes: "glioma_tumor/image(12).jpg".
    pub path: String,
    /// Of the file, hexadecimal.
    pub sha256: String,
    pub answer: Answer,
    /// How unlike the training scans it is: larger is less familiar. `None` where the card cannot tell.
    pub familiarity: Option<f32>,
    /// Whether the model has learned from a copy; `None` where its card has no list.
    pub twin_in_training: Option<bool>,
    /// Whether a copy was left out of its training; `None` where its card lists none left out.
    pub copy_left_out: Option<bool>,
    /// Whether the model has learned from a scan of the person; `None` where the person is not known
    /// or the card lists no persons.
    #[serde(default)]
    pub person_in_training: Option<bool>,
    /// Whether the person's scans were kept out of its training; `None` as above.
    #[serde(default)]
    pub person_excluded: Option<bool>,
    /// Whether a copy, in the test set or among the scans learned from, has another class.
    pub label_conflict: bool,
}

impl Case {
    /// How the scan overlaps with what the model has learned from.
    pub fn overlap(&self) -> Overlap {
        Overlap {
            duplicate: self.twin_in_training,
            duplicate_excluded: self.copy_left_out,
            person: self.person_in_training,
            person_excluded: self.person_excluded,
            other_class: self.label_conflict,
        }
    }

    /// Probability of the predicted class, 0..=1: calibrated where the model is.
    pub fn confidence(&self) -> f32 {
        let answer = &self.answer;
        answer.calibrated.as_ref().unwrap_or(&answer.probabilities)[answer.predicted]
    }

    /// The predicted class's name.
    pub fn predicted<'a>(&self, of: &'a Evaluation) -> &'a str {
        &of.classes[self.answer.predicted]
    }
}

/// A file of the test set without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreadable {
    /// As [`Case::path`].
    pub path: String,
    /// `None` where not even its bytes can be read.
    pub sha256: Option<String>,
    /// Index of its class.
    pub truth: usize,
    /// A sentence for people.
    pub reason: String,
}

/// Why an evaluation cannot be written or read; a sentence for people.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}", name = path.display())]
pub struct ReportError {
    pub path: PathBuf,
    reason: String,
}

impl ReportError {
    fn new(path: &Path, reason: String) -> Self {
        Self { path: path.to_path_buf(), reason }
    }
}

impl Evaluation {
    /// Puts an evaluation together, with its figures.
    pub(super) fn new(
        model: Model,
        test_set: Tested,
        classes: Vec<String>,
        cases: Vec<Case>,
        unreadable: Vec<Unreadable>,
        bootstrap: Bootstrap,
    ) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            program_version: env!("CARGO_PKG_VERSION").into(),
            limits: "Not for diagnostic use.".into(),
            model,
            test_set,
            parts: Parts::of(&cases, &classes, bootstrap),
            classes,
            cases,
            unreadable,
        }
    }

    /// Writes `results.csv` and `evaluation.json` into `folder`, which is made if need be. Each file
    /// is written whole or not at all.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, folder: &Path) -> Result<(), ReportError> {
        let path = folder.join("results.csv");
        let table = self.table().map_err(|error| cannot_be_written(&path, &error))?;
        write(&path, &table)?;
        write_json(&folder.join("evaluation.json"), self)
    }

    /// Reads an `evaluation.json`; every index in it is a class.
    ///
    /// # Errors
    /// An unreadable file, one of another version, or one that contradicts itself.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let fail = |reason: String| ReportError::new(path, reason);
        let again = "run `mrimaster evaluate` again";
        let length = path.metadata().map(|metadata| metadata.len());
        if length.as_ref().is_ok_and(|&length| length > LARGEST) {
            return Err(fail(format!("it is too large for an evaluation; {again}")));
        }
        let bytes = length
            .and_then(|_| std::fs::read(path))
            .map_err(|error| fail(format!("it cannot be read ({error}); check its name")))?;
        let evaluation: Self = serde_json::from_slice(&bytes).map_err(|error| {
            fail(format!("it is not an evaluation of this program's version ({error}); {again}"))
        })?;
        match evaluation.contradiction() {
            Some(what) => Err(fail(format!("{what}; {again}"))),
            None => Ok(evaluation),
        }
    }

    /// What in it does not fit together; half a sentence.
    pub(crate) fn contradiction(&self) -> Option<String> {
        let classes = self.classes.len();
        if self.format_version != FORMAT_VERSION {
            return Some(format!(
                "its format is version {}, and this program reads version {FORMAT_VERSION}",
                self.format_version
            ));
        }
        let fits = |case: &Case| {
            let answer = &case.answer;
            let set = answer.conformal_set.as_deref().unwrap_or_default();
            answer.truth < classes
                && answer.predicted < classes
                && answer.probabilities.len() == classes
                && answer.calibrated.as_ref().is_none_or(|list| list.len() == classes)
                && set.iter().all(|&class| class < classes)
        };
        let odd_case = self.cases.iter().find(|case| !fits(case)).map(|case| &case.path);
        let odd_file =
            self.unreadable.iter().find(|file| file.truth >= classes).map(|file| &file.path);
        let odd_part = self.parts.each().any(|part| {
            part.classes.len() != classes
                || part.confusion.len() != classes
                || part.confusion.iter().any(|row| row.len() != classes)
        });
        match odd_case.or(odd_file) {
            Some(path) => Some(format!("its entry {path} does not fit its classes")),
            None if odd_part => Some("its figures do not fit its classes".into()),
            None => None,
        }
    }

    /// `results.csv`: one row for each file of the test set, in the order of names. Probabilities of
    /// every class come twice, raw and calibrated; what is not known is empty.
    fn table(&self) -> Result<Vec<u8>, csv::Error> {
        self.table_with(&[], &|_| Vec::new())
    }

    /// The same with further columns; `cells` fills them for a case, or a file without an answer.
    pub(crate) fn table_with(
        &self,
        columns: &[&str],
        cells: &dyn Fn(Option<&Case>) -> Vec<String>,
    ) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut header = self.columns();
        let width = header.len();
        header.extend(columns.iter().map(|&column| String::from(column)));
        writer.write_record(&header)?;

        let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
        rows.extend(self.cases.iter().map(|case| {
            let mut row = self.row(case);
            row.extend(cells(Some(case)));
            (case.path.as_str(), row)
        }));
        rows.extend(self.unreadable.iter().map(|file| {
            let mut row = vec![String::new(); width];
            row[0].clone_from(&file.path);
            row[1].clone_from(&self.classes[file.truth]);
            row[width - 1].clone_from(&file.reason);
            row.extend(cells(None));
            (file.path.as_str(), row)
        }));
        rows.sort_by_key(|(path, _)| *path);
        rows.into_iter().try_for_each(|(_, row)| writer.write_record(row))?;
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }

    fn columns(&self) -> Vec<String> {
        let of_classes = |kind: &str| -> Vec<String> {
            self.classes.iter().map(|class| format!("{kind} {class}")).collect()
        };
        let mut columns: Vec<String> = ["path", "true", "predicted"].map(String::from).to_vec();
        columns.extend(of_classes("probability"));
        columns.extend(of_classes("calibrated"));
        let last = [
            "correct",
            "twin in training",
            "copy left out",
            "person in training",
            "label conflict",
            "unfamiliar",
            "unreadable",
        ];
        columns.extend(last.map(String::from));
        columns
    }

    fn row(&self, case: &Case) -> Vec<String> {
        let answer = &case.answer;
        let word = |known: Option<bool>| known.map_or(String::new(), |is| is.to_string());
        let name = |class: usize| self.classes[class].clone();
        let mut row = vec![case.path.clone(), name(answer.truth), name(answer.predicted)];
        row.extend(answer.probabilities.iter().map(f32::to_string));
        match &answer.calibrated {
            Some(calibrated) => row.extend(calibrated.iter().map(f32::to_string)),
            None => row.extend(answer.probabilities.iter().map(|_| String::new())),
        }
        row.push(answer.correct().to_string());
        row.push(word(case.twin_in_training));
        row.push(word(case.copy_left_out));
        row.push(word(case.person_in_training));
        row.push(case.label_conflict.to_string());
        row.push(word(answer.unfamiliar));
        row.push(String::new());
        row
    }
}

impl Comparison {
    /// Writes `comparison.json` into `folder`, whole or not at all.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, folder: &Path) -> Result<(), ReportError> {
        write_json(&folder.join("comparison.json"), self)
    }
}

/// Makes a folder and sees that files can be written in it, before an evaluation is begun.
///
/// # Errors
/// Where it cannot be made or written to.
pub fn ready_folder(folder: &Path) -> Result<(), ReportError> {
    std::fs::create_dir_all(folder)
        .and_then(|()| tempfile::tempfile_in(folder))
        .map(|_| ())
        .map_err(|error| cannot_be_written(folder, &error))
}

fn write_json(path: &Path, content: &impl Serialize) -> Result<(), ReportError> {
    let text = serde_json::to_vec_pretty(content).map_err(|e| cannot_be_written(path, &e))?;
    write(path, &text)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    write_whole(path, bytes).map_err(|error| cannot_be_written(path, &error))
}

fn cannot_be_written(path: &Path, error: &dyn std::fmt::Display) -> ReportError {
    ReportError::new(
        path,
        format!("it cannot be written ({error}); free some room or name another folder with --out"),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An evaluation of two classes: a case for each truth, calibrated confidence in "sick", and
    /// whether the model has seen it.
    pub fn evaluation(name: &str, cases: &[(usize, f32, Option<bool>)]) -> Evaluation {
        let case = |(i, &(truth, sick, twin)): (usize, &(usize, f32, Option<bool>))| Case {
            path: format!("folder/{i}, \"scan\".png"),
            sha256: String::new(),
            answer: Answer {
                truth,
                predicted: usize::from(sick > 0.5),
                probabilities: vec![0.25, 0.75],
                calibrated: Some(vec![1.0 - sick, sick]),
                conformal_set: Some(vec![1]),
                unfamiliar: Some(i == 1),
                group: i,
            },
            familiarity: Some(0.5),
            twin_in_training: twin,
            copy_left_out: twin.map(|twin| !twin && i == 1),
            person_in_training: None,
            person_excluded: None,
            label_conflict: i == 0,
        };
        let cases: Vec<Case> = cases.iter().enumerate().map(case).collect();
        let classes: Vec<String> = vec!["well".into(), "sick".into()];
        Evaluation {
            format_version: FORMAT_VERSION,
            program_version: "0".into(),
            limits: "A test's.".into(),
            model: Model {
                name: name.into(),
                sha256: String::new(),
                device: "CPU".into(),
                learned_from: 1,
            },
            test_set: Tested {
                folder: "folder".into(),
                sha256: None,
                scans: cases.len(),
                folders_left_out: Vec::new(),
                persons_known: 0,
                persons_sha256: None,
            },
            parts: Parts::of(&cases, &classes, Bootstrap { draws: 20, seed: 1 }),
            classes,
            cases,
            unreadable: Vec::new(),
        }
    }

    #[test]
    fn raw_and_calibrated_probabilities_have_their_columns() {
        let evaluation = evaluation("m", &[(1, 0.875, Some(true)), (0, 0.625, Some(false))]);
        let table = String::from_utf8(evaluation.table().expect("a table")).expect("UTF-8");
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[0],
            "path,true,predicted,probability well,probability sick,calibrated well,calibrated sick,\
             correct,twin in training,copy left out,person in training,label conflict,unfamiliar,unreadable"
        );
        assert_eq!(
            lines[1],
            "\"folder/0, \"\"scan\"\".png\",sick,sick,0.25,0.75,0.125,0.875,true,true,false,,true,false,"
        );
        assert!(
            lines[2].ends_with(",well,sick,0.25,0.75,0.375,0.625,false,false,true,,false,true,")
        );
    }
}
