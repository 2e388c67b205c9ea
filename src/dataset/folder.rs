//! A data set on disk: one folder for each class, with scans in it; or `Training` and `Testing`
//! with such folders in each.

use std::path::{Path, PathBuf};

/// A labelled scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    pub path: PathBuf,
    /// Index into [`Dataset::classes`].
    pub class: usize,
}

/// The scans of a data set, by split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// For people, in the order of the folders' names: "glioma", "meningioma", "no tumour", "pituitary".
    pub classes: Vec<String>,
    /// Their folders' names: "glioma_tumor".
    pub folders: Vec<String>,
    pub training: Vec<Labelled>,
    /// Empty where the folder has no `Testing`.
    pub testing: Vec<Labelled>,
}

/// A folder that is not a data set; a sentence for people.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}", name = path.display())]
pub struct DatasetError {
    path: PathBuf,
    reason: String,
}

/// Reads the names of the scans in a data set. Nothing is opened yet.
///
/// # Errors
/// A folder that is missing, has fewer than two classes, or has an empty class.
pub fn read(folder: &Path) -> Result<Dataset, DatasetError> {
    let (training, testing) = (folder.join("Training"), folder.join("Testing"));
    let root = if training.is_dir() { training } else { folder.to_path_buf() };
    let fail = |reason: String| DatasetError { path: root.clone(), reason };

    if root.is_file() {
        return Err(fail("this is a file; name the folder that holds the folders of scans".into()));
    }
    let names = folders(&root)
        .map_err(|error| fail(format!("the folder cannot be read ({error}); check its name")))?;
    if names.len() < 2 {
        return Err(fail("it needs a folder of scans for each of two or more classes".into()));
    }
    let mut dataset = Dataset {
        classes: Vec::new(),
        folders: names.clone(),
        training: Vec::new(),
        testing: Vec::new(),
    };
    for (class, name) in names.iter().enumerate() {
        let scans = scans(&root.join(name), class);
        if scans.is_empty() {
            return Err(fail(format!(
                "its class folder {name} holds no scans; add some or remove it"
            )));
        }
        dataset.classes.push(class_name(name));
        dataset.training.extend(scans);
        if testing.is_dir() {
            dataset.testing.extend(self::scans(&testing.join(name), class));
        }
    }
    Ok(dataset)
}

/// More scans of the same classes, from the folders of the same names in `folder`.
///
/// # Errors
/// A folder with no such scans.
pub fn read_more(folder: &Path, dataset: &Dataset) -> Result<Vec<Labelled>, DatasetError> {
    let names = dataset.folders.iter().enumerate();
    let found: Vec<_> = names.flat_map(|(class, name)| scans(&folder.join(name), class)).collect();
    if found.is_empty() {
        let reason = format!("it holds no scans in folders named {}", dataset.folders.join(", "));
        return Err(DatasetError { path: folder.to_path_buf(), reason });
    }
    Ok(found)
}

/// A class for people from its folder: "glioma_tumor" is "glioma", "no_tumor" is "no tumour".
pub fn class_name(folder: &str) -> String {
    let plain = folder.to_lowercase().replace(['_', '-'], " ");
    match plain.strip_suffix(" tumor").unwrap_or(&plain) {
        "no" | "notumor" => "no tumour".into(),
        name => name.into(),
    }
}

fn folders(root: &Path) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(root)?
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    Ok(names)
}

fn scans(folder: &Path, class: usize) -> Vec<Labelled> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .filter(|path| path.file_name().is_some_and(|n| !n.to_string_lossy().starts_with('.')))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| Labelled { path, class }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: PathBuf) {
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, b"x").expect("a file");
    }

    #[test]
    fn classes_are_folders_and_splits_are_known() {
        let dir = tempfile::tempdir().expect("a folder");
        for (split, class) in
            [("Training", "glioma_tumor"), ("Training", "no_tumor"), ("Testing", "no_tumor")]
        {
            touch(dir.path().join(split).join(class).join("image(1).jpg"));
        }
        let dataset = read(dir.path()).expect("a data set");
        assert_eq!(dataset.classes, ["glioma", "no tumour"]);
        assert_eq!(dataset.training.len(), 2);
        assert_eq!(dataset.testing.iter().map(|s| s.class).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn an_empty_class_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        touch(dir.path().join("a").join("1.png"));
        std::fs::create_dir(dir.path().join("b")).expect("a folder");
        assert!(read(dir.path()).expect_err("b is empty").to_string().contains("class folder b"));
    }
}
