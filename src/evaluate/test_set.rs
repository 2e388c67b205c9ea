//! The scans that a model is tested on: those of `Testing` where there is one, else those of the
//! class folders themselves. Classes are matched by name, since a test set may lack one.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::dataset::folder::{self, DatasetError, class_name};
use crate::dataset::patients::Patients;
use crate::dataset::split_file::{self, Part, SplitFileError};
use crate::model::prediction::CheckpointInfo;
use crate::system::names::natural;

/// Labelled scans, in the order of their names as [`natural`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestSet {
    /// The folder that holds the class folders: `Testing` where there is one.
    pub root: PathBuf,
    /// For people and files: "sartaj/Testing".
    pub name: String,
    /// Never empty.
    pub scans: Vec<TestScan>,
    /// Folders beside the class folders that are no classes of the model.
    pub left_out: Vec<String>,
}

/// A scan and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestScan {
    pub path: PathBuf,
    /// Below [`TestSet::root`], with slashes: "glioma_tumor/image(12).jpg". What is not UTF-8 in it
    /// is replaced.
    pub name: String,
    /// Index into the model's classes.
    pub truth: usize,
    /// The person whom it shows, as a table names them: see [`TestSet::with_patients`].
    pub person: Option<String>,
}

/// Why a folder cannot be a model's test set; a sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum TestSetError {
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(
        "{folder}: its class folders ({found}) are not the classes of {model} ({classes}); rename the \
         folders or choose another model"
    )]
    OtherClasses { folder: String, found: String, model: String, classes: String },
    #[error(transparent)]
    Split(#[from] SplitFileError),
    #[error(
        "{split}: none of its validation scans is in {folder}; name the folder that was trained on"
    )]
    NoValidation { split: String, folder: String },
}

impl TestSet {
    /// Reads the names of the scans in `folder`. Nothing is opened yet.
    ///
    /// # Errors
    /// A folder that is no data set, or none of whose folders is a class of the model.
    pub fn read(folder: &Path, model: &CheckpointInfo) -> Result<Self, TestSetError> {
        match folder.join("Testing") {
            testing if testing.is_dir() => {
                Self::of(&testing, plain_name(folder) + "/Testing", model)
            }
            _ => Self::of(folder, plain_name(folder), model),
        }
    }

    /// The scans of a data set that a training run held back to validate, by the split it wrote.
    ///
    /// # Errors
    /// As [`Self::read`]; a split that cannot be read, or names no validation scan that is here.
    pub fn validation(
        folder: &Path,
        split: &Path,
        model: &CheckpointInfo,
    ) -> Result<Self, TestSetError> {
        let held: HashSet<PathBuf> = split_file::read(split)?
            .into_iter()
            .filter(|row| row.split == Part::Validation)
            .map(|row| folder.join(row.path))
            .collect();
        let root = match folder.join("Training") {
            training if training.is_dir() => training,
            _ => folder.to_path_buf(),
        };
        let mut set = Self::of(&root, plain_name(folder) + ", validation", model)?;
        set.scans.retain(|scan| held.contains(&scan.path));
        if set.scans.is_empty() {
            return Err(TestSetError::NoValidation {
                split: split.display().to_string(),
                folder: folder.display().to_string(),
            });
        }
        Ok(set)
    }

    /// The same scans with the persons that a table names; `patients` was read for the folder that
    /// this test set was.
    #[must_use]
    pub fn with_patients(mut self, patients: &Patients) -> Self {
        for scan in &mut self.scans {
            scan.person = patients.of(&scan.path).map(String::from);
        }
        self
    }

    /// A hash over the person of every scan, hexadecimal; `None` where no person is known.
    pub fn persons_sha256(&self) -> Option<String> {
        let mut hasher = Sha256::new();
        for scan in &self.scans {
            hasher.update(format!("{}\0{}\0", scan.name, scan.person.as_deref().unwrap_or("")));
        }
        self.scans.iter().any(|scan| scan.person.is_some()).then(|| hexadecimal(hasher))
    }

    /// The class folders in `root`.
    fn of(root: &Path, name: String, model: &CheckpointInfo) -> Result<Self, TestSetError> {
        let root = root.to_path_buf();
        let found = folder::read(&root)?;
        let known: Vec<String> = model.card.classes.iter().map(|name| class_name(name)).collect();
        let truths: Vec<Option<usize>> =
            found.classes.iter().map(|class| known.iter().position(|name| name == class)).collect();
        let mut scans: Vec<TestScan> = found
            .training
            .into_iter()
            .filter_map(|scan| {
                let truth = truths[scan.class]?;
                let file = scan.path.file_name()?.to_string_lossy().into_owned();
                let name = format!("{}/{file}", found.folders[scan.class]);
                Some(TestScan { path: scan.path, name, truth, person: None })
            })
            .collect();
        scans.sort_by(|a, b| natural(&a.name, &b.name));
        if scans.is_empty() {
            return Err(TestSetError::OtherClasses {
                folder: root.display().to_string(),
                found: found.folders.join(", "),
                model: model.name(),
                classes: model.card.classes.join(", "),
            });
        }
        let left_out = found.folders.into_iter().zip(truths);
        let left_out =
            left_out.filter(|(_, truth)| truth.is_none()).map(|(name, _)| name).collect();
        Ok(Self { name, root, scans, left_out })
    }
}

/// The last part of a folder's name, also where it was given as "." or "..". `Testing` alone says
/// nothing: the folder above it goes before.
fn plain_name(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    match whole.parent().and_then(Path::file_name) {
        Some(above) if whole.ends_with("Testing") => above.to_string_lossy() + "/Testing",
        _ => whole.file_name().unwrap_or(whole.as_os_str()).to_string_lossy(),
    }
    .into_owned()
}

/// SHA-256 of a file, hexadecimal.
///
/// # Errors
/// Those of the disk.
pub fn file_sha256(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hexadecimal(hasher))
}

/// One hash for the names and contents of a test set, hexadecimal: any file that is added, removed,
/// renamed, changed or moved to another class changes it. `scans` are names and hashes in the order
/// of [`TestSet::scans`]; a file that cannot be read has no hash.
pub fn content_sha256<'a>(scans: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut hasher = Sha256::new();
    for (name, sha256) in scans {
        // No name holds a zero byte, so that no two lists read the same.
        hasher.update(format!("{name}\0{}\0", sha256.unwrap_or_default()));
    }
    hexadecimal(hasher)
}

fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
