//! Pictures of one folder to series: those of equal size are slices to scroll through.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::series::{Leaf, Place, Series, Slice, add_note};
use super::source::Source;

/// The pictures of the folder that is gone through, by their size, in the order of their names.
#[derive(Default)]
pub(super) struct Stacks {
    folder: PathBuf,
    stacks: Vec<Stack>,
}

/// Pictures of one size.
pub(super) struct Stack {
    /// Of the first of them.
    first: Series<()>,
    size: (usize, usize),
    pictures: Vec<Picture>,
}

struct Picture {
    leaf: Leaf,
    /// Of the first only, unless all are wanted.
    pixels: Option<Arc<Slice>>,
}

impl Stacks {
    /// Takes a picture of one slice; `keep` says whether its pixels are wanted, or can be read later.
    /// The stacks of the folder before, if it is the first of another.
    pub fn add(&mut self, source: &Source, series: Series, keep: bool) -> Vec<Stack> {
        let folder = source.path().parent().unwrap_or(Path::new(""));
        let before = if self.folder == folder { Vec::new() } else { self.take() };
        folder.clone_into(&mut self.folder);
        let slice = &series.slices[0];
        let size = (slice.width, slice.height);
        let place = Some(Place { source: source.clone(), frame: 0 });
        let mut picture =
            Picture { leaf: Leaf { header: slice.header.clone(), place }, pixels: None };
        match self.stacks.iter_mut().find(|stack| stack.size == size) {
            None => {
                picture.pixels = Some(Arc::clone(slice));
                let first = series.with_slices(Vec::new());
                self.stacks.push(Stack { first, size, pictures: vec![picture] });
            }
            Some(stack) => {
                picture.pixels = keep.then(|| Arc::clone(slice));
                stack.add(&series, picture);
            }
        }
        before
    }

    /// What is there so far.
    pub fn take(&mut self) -> Vec<Stack> {
        let mut stacks = std::mem::take(&mut self.stacks);
        let name = self.folder.file_name().map(|name| name.to_string_lossy().into_owned());
        for stack in stacks.iter_mut().filter(|stack| stack.pictures.len() > 1) {
            stack.first.description = name.clone();
        }
        stacks
    }
}

impl Stack {
    fn add(&mut self, series: &Series, picture: Picture) {
        self.pictures.push(picture);
        let first = &mut self.first;
        first.synthetic |= series.synthetic;
        series.notes.iter().for_each(|note| add_note(&mut first.notes, note));
        if first.format != series.format {
            "pictures".clone_into(&mut first.format);
        }
    }

    /// With the pixels, if it is a single picture or all of them were kept.
    pub fn whole(&self) -> Option<Series> {
        let slices: Option<_> =
            self.pictures.iter().map(|picture| picture.pixels.clone()).collect();
        Some(self.first.with_slices(slices?))
    }

    /// Without the pixels, which are read later.
    pub fn outline(self) -> Series<Leaf> {
        let leaves = self.pictures.into_iter().map(|picture| picture.leaf).collect();
        self.first.with_slices(leaves)
    }
}
