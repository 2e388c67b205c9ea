//! The scans of a data set as tensors, split by protocol.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use rayon::prelude::*;
use tch::{Kind, TchError, Tensor};

use super::options::Options;
use super::run::{bar, say};
use crate::dataset::audit::{self, Fingerprint};
use crate::dataset::folder::{self, Dataset, Labelled};
use crate::dataset::neighbours;
use crate::dataset::split::{join_groups, split};
use crate::dataset::split_file::{self, Part, Row};
use crate::imaging;
use crate::model::card::Input;
use crate::model::preprocess::resize;

/// Which training scans may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// Training without every scan that is also in Testing.
    #[default]
    LeakFree,
    /// All of Training: only for comparison with published figures.
    AsIs,
}

/// Share of each class that is held back to validate.
const VALIDATION: f64 = 0.2;

/// Scans at the network's size.
#[derive(Debug)]
pub struct Scans {
    /// Greys 0..=255, float32, `[n, 1, size, size]`: as [`resize`] gives them, not rounded, so that
    /// a network is measured on what it is shown afterwards.
    pub greys: Tensor,
    /// int64, `[n]`.
    pub labels: Tensor,
    pub classes: Vec<usize>,
    pub paths: Vec<PathBuf>,
    pub prints: Vec<Fingerprint>,
}

impl Scans {
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    fn with(mut self, more: Self) -> Result<Self, TchError> {
        self.greys = Tensor::f_cat(&[self.greys, more.greys], 0)?;
        self.labels = Tensor::f_cat(&[self.labels, more.labels], 0)?;
        self.classes.extend(more.classes);
        self.paths.extend(more.paths);
        self.prints.extend(more.prints);
        Ok(self)
    }

    /// Some of the scans, in the order of their indices.
    ///
    /// # Errors
    /// Where libtorch is out of memory.
    pub fn select(&self, indices: &[usize]) -> Result<Self, TchError> {
        let index: Vec<i64> = indices.iter().map(|&i| i as i64).collect();
        let index = Tensor::f_from_slice(&index)?;
        Ok(Self {
            greys: self.greys.f_index_select(0, &index)?,
            labels: self.labels.f_index_select(0, &index)?,
            classes: indices.iter().map(|&i| self.classes[i]).collect(),
            paths: indices.iter().map(|&i| self.paths[i].clone()).collect(),
            prints: indices.iter().map(|&i| self.prints[i].clone()).collect(),
        })
    }
}

/// A data set, read and split.
#[derive(Debug)]
pub struct Data {
    pub training: Scans,
    pub validation: Scans,
    pub testing: Scans,
    /// How many of the training scans are synthetic; none are in validation.
    pub synthetic: usize,
    /// Training scans left out because Testing holds a copy.
    pub left_out: Vec<Fingerprint>,
    /// Whether scans with neighbouring indices were kept on one side.
    pub patients: bool,
    /// Every scan of the data set with its side.
    rows: Vec<Row>,
}

impl Data {
    /// What was read, in a sentence.
    pub fn summary(&self) -> String {
        format!(
            "{} scans to train on ({} synthetic), {} to validate, {} to test; {} left out because \
             Testing has a copy",
            self.training.len(),
            self.synthetic,
            self.validation.len(),
            self.testing.len(),
            self.left_out.len()
        )
    }

    /// Writes which scan is on which side, so that anybody can repeat it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write_split(&self, path: &Path) -> anyhow::Result<()> {
        split_file::write(path, &self.rows)
            .with_context(|| format!("{}: the split cannot be written", path.display()))
    }
}

/// Reads and splits a data set, and adds the synthetic scans to its training side.
///
/// # Errors
/// Too few scans, a table that cannot be read, too little memory.
pub fn load(options: &Options, dataset: &Dataset, input: &Input) -> anyhow::Result<Data> {
    let synthetic = match &options.synthetic {
        Some(folder) => folder::read_more(folder, dataset)?,
        None => Vec::new(),
    };
    let total = dataset.training.len() + dataset.testing.len() + synthetic.len();
    let bar = bar(total, "reading {pos} of {len} scans");
    let mut unreadable = Vec::new();
    let mut read = |scans: &[Labelled]| read(scans, input, &mut unreadable, &|| bar.inc(1));
    let (training, testing) = (read(&dataset.training)?, read(&dataset.testing)?);
    let synthetic = read(&synthetic)?;
    bar.finish_and_clear();
    unreadable.iter().for_each(|sentence| eprintln!("{sentence}"));

    let sides = Sides::choose(options, &training, &testing)?;
    let pick = |side: Part| -> Vec<usize> {
        (0..training.len()).filter(|&i| sides.of[i] == side).collect()
    };
    let folder = &options.folder;
    let row = |path: &Path, class: usize, side: Part, group: usize| Row {
        path: path.strip_prefix(folder).unwrap_or(path).to_path_buf(),
        class: dataset.folders[class].clone(),
        split: side,
        group,
    };
    let mut rows: Vec<Row> = (0..training.len())
        .map(|i| row(&training.paths[i], training.classes[i], sides.of[i], sides.groups[i]))
        .collect();
    let first_free = sides.groups.iter().max().map_or(0, |group| group + 1);
    let test_groups = audit::groups(&testing.prints);
    rows.extend((0..testing.len()).map(|i| {
        row(&testing.paths[i], testing.classes[i], Part::Testing, first_free + test_groups[i])
    }));

    let data = Data {
        left_out: pick(Part::LeftOut).iter().map(|&i| training.prints[i].clone()).collect(),
        validation: training.select(&pick(Part::Validation))?,
        synthetic: synthetic.len(),
        training: training.select(&pick(Part::Training))?.with(synthetic)?,
        testing,
        patients: options.neighbours.is_some(),
        rows,
    };
    ensure!(
        data.training.len() >= options.batch && !data.validation.is_empty(),
        "{}: too few scans to train on",
        options.folder.display()
    );
    Ok(data)
}

/// The side of each scan of Training, and its group.
struct Sides {
    of: Vec<Part>,
    groups: Vec<usize>,
}

impl Sides {
    fn choose(options: &Options, training: &Scans, testing: &Scans) -> anyhow::Result<Self> {
        // What is resumed goes on with the split it began with, whatever the audit finds by now.
        let begun = options.split_path();
        let begun = (options.resume && begun.is_file()).then_some(&begun);
        let begun = begun.or(options.split.as_ref());
        let leaking: Vec<bool> = match options.protocol {
            Protocol::LeakFree => {
                let twins = audit::twins(&training.prints, &testing.prints);
                twins.iter().map(Option::is_some).collect()
            }
            Protocol::AsIs => vec![false; training.len()],
        };
        if let Some(path) = begun {
            let sides = Self::read(path, options, training)?;
            let used = |&scan: &usize| leaking[scan] && sides.of[scan] != Part::LeftOut;
            let leaks = (0..training.len()).filter(used).count();
            if leaks > 0 {
                say(format!(
                    "{}: {leaks} scans that it trains or validates on are copies of test scans",
                    path.display()
                ));
            }
            return Ok(sides);
        }
        let mut groups = audit::groups(&training.prints);
        if let Some(path) = &options.neighbours {
            let index = neighbours::read(path)?;
            groups = join_groups(&groups, &index.groups(&training.paths, &options.folder));
        }
        let kept: Vec<usize> = (0..training.len()).filter(|&i| !leaking[i]).collect();
        let of_kept =
            |values: &[usize]| -> Vec<usize> { kept.iter().map(|&i| values[i]).collect() };
        let chosen =
            split(&of_kept(&training.classes), &of_kept(&groups), VALIDATION, options.seed);
        let mut of = vec![Part::LeftOut; training.len()];
        chosen.training.iter().for_each(|&i| of[kept[i]] = Part::Training);
        chosen.validation.iter().for_each(|&i| of[kept[i]] = Part::Validation);
        Ok(Self { of, groups })
    }

    /// The sides that an earlier run wrote.
    fn read(path: &Path, options: &Options, training: &Scans) -> anyhow::Result<Self> {
        let rows = split_file::read(path)?;
        let known: std::collections::HashMap<&Path, &Row> =
            rows.iter().map(|row| (row.path.as_path(), row)).collect();
        let (mut of, mut groups) = (Vec::new(), Vec::new());
        for scan in &training.paths {
            let inside = scan.strip_prefix(&options.folder).unwrap_or(scan);
            let row = known.get(inside).with_context(|| {
                format!("{}: {} is not in it; write a new split", path.display(), inside.display())
            })?;
            ensure!(
                row.split != Part::Testing,
                "{}: {} is a test scan there, and would be trained on",
                path.display(),
                inside.display()
            );
            of.push(row.split);
            groups.push(row.group);
        }
        Ok(Self { of, groups })
    }
}

fn read(
    scans: &[Labelled],
    input: &Input,
    unreadable: &mut Vec<String>,
    progress: &(dyn Fn() + Sync),
) -> Result<Scans, TchError> {
    let opened: Vec<_> = scans
        .par_iter()
        .map(|scan| {
            progress();
            let series = imaging::open(&scan.path).map_err(|error| error.to_string())?;
            let slice = &series.slices[series.slices.len() / 2];
            let (greys, _) = resize(slice, input).map_err(|error| error.to_string())?;
            Ok((greys, Fingerprint::of(slice), scan))
        })
        .collect::<Vec<Result<_, String>>>();
    let size = input.size as i64;
    let (mut greys, mut prints, mut classes, mut paths) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for scan in opened {
        match scan {
            Ok((tensor, print, scan)) => {
                greys.push(tensor);
                prints.push(print);
                classes.push(scan.class);
                paths.push(scan.path.clone());
            }
            Err(sentence) => unreadable.push(sentence),
        }
    }
    let greys = match greys.len() {
        0 => Tensor::f_zeros([0, 1, size, size], (Kind::Float, tch::Device::Cpu))?,
        _ => Tensor::f_cat(&greys, 0)?,
    };
    let labels: Vec<i64> = classes.iter().map(|&class| class as i64).collect();
    Ok(Scans { greys, labels: Tensor::f_from_slice(&labels)?, classes, paths, prints })
}
