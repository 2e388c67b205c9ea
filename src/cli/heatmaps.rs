//! The files of `predict --heatmaps`: what the network saw, each layer's raw map, and overlays.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::npy;
use crate::explain::overlay::{greys, overlay, png};
use crate::imaging::Slice;
use crate::model::classifier::{Activations, tensor_values};
use crate::model::prediction::Evidence;
use crate::system::files::write_whole;

/// Gives each scan of a run a folder of its own.
#[derive(Debug)]
pub(super) struct Folders {
    root: PathBuf,
    given: BTreeSet<PathBuf>,
}

impl Folders {
    /// Folders for the scans of one run of `model` below `root`: models do not mix.
    pub fn new(root: &Path, model: &str) -> Self {
        Self { root: root.join(model), given: BTreeSet::new() }
    }

    /// The folder of slice `slice` of the file at `path`, named after both; scans of one name in
    /// different places get a number.
    pub fn of(&mut self, path: &Path, slice: usize, slices: usize) -> PathBuf {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let name = if slices == 1 { name.into_owned() } else { format!("{name}-slice-{slice:04}") };
        let numbered = (2usize..).map(|n| self.root.join(format!("{name}-{n}")));
        let folder = std::iter::once(self.root.join(&name))
            .chain(numbered)
            .find(|folder| !self.given.contains(folder))
            .unwrap_or_else(|| self.root.join(&name));
        self.given.insert(folder.clone());
        folder
    }
}

/// Writes `input.npy`, and for each layer `NN-NAME.npy` and `NN-NAME.png`, into `folder`.
///
/// # Errors
/// A folder that cannot be written to.
pub(super) fn write(
    folder: &Path,
    slice: &Slice,
    activations: &Activations,
    evidence: &Evidence,
) -> anyhow::Result<()> {
    let (shape, values) = tensor_values(&activations.input)?;
    let fail = || format!("{}: the maps cannot be written", folder.display());
    npy::write(&folder.join("input.npy"), &shape, &values).with_context(fail)?;
    let greys = greys(slice);
    for (index, map) in evidence.maps.iter().enumerate() {
        let stem = format!("{:02}-{}", index + 1, map.layer.name);
        npy::write(&folder.join(format!("{stem}.npy")), &[map.height, map.width], &map.values)
            .with_context(fail)?;
        let picture = png(&overlay(slice, &greys, map, evidence))?;
        write_whole(&folder.join(format!("{stem}.png")), &picture).with_context(fail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_of_one_name_get_folders_of_their_own() {
        let mut folders = Folders::new(Path::new("out"), "net");
        assert_eq!(
            folders.of(Path::new("a/image(1).jpg"), 0, 1),
            Path::new("out/net/image(1).jpg")
        );
        assert_eq!(
            folders.of(Path::new("b/image(1).jpg"), 0, 1),
            Path::new("out/net/image(1).jpg-2")
        );
        assert_eq!(folders.of(Path::new("c.nii"), 7, 24), Path::new("out/net/c.nii-slice-0007"));
    }
}
