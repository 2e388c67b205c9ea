//! The scans of a data set as tensors, split by protocol.

use rayon::prelude::*;
use tch::{Kind, Tensor};

use crate::dataset::audit::{Fingerprint, groups, twins};
use crate::dataset::folder::{Dataset, Labelled};
use crate::dataset::split::split;
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

/// Scans at the network's size.
#[derive(Debug)]
pub struct Scans {
    /// Greys 0..=255, float32, `[n, 1, size, size]`: as [`resize`] gives them, not rounded, so that
    /// a network is measured on what it is shown afterwards.
    pub greys: Tensor,
    /// int64, `[n]`.
    pub labels: Tensor,
    pub classes: Vec<usize>,
}

impl Scans {
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    fn with(mut self, more: Self) -> Result<Self, tch::TchError> {
        self.greys = Tensor::f_cat(&[self.greys, more.greys], 0)?;
        self.labels = Tensor::f_cat(&[self.labels, more.labels], 0)?;
        self.classes.extend(more.classes);
        Ok(self)
    }

    fn select(&self, indices: &[usize]) -> Self {
        let index: Vec<i64> = indices.iter().map(|&i| i as i64).collect();
        let index = Tensor::from_slice(&index);
        Self {
            greys: self.greys.index_select(0, &index),
            labels: self.labels.index_select(0, &index),
            classes: indices.iter().map(|&i| self.classes[i]).collect(),
        }
    }
}

/// A data set, read and split.
#[derive(Debug)]
pub struct Data {
    pub training: Scans,
    pub validation: Scans,
    pub testing: Scans,
    /// For each test scan, whether Training holds a copy of it (which leak-free training leaves out).
    pub test_has_twin: Vec<bool>,
    /// How many of the training scans are synthetic; none are in validation.
    pub synthetic: usize,
    /// Training scans left out because Testing holds a copy.
    pub left_out: usize,
    /// One sentence for each scan that could not be read.
    pub unreadable: Vec<String>,
}

/// Reads and splits a data set, and adds `synthetic` scans to its training side; `progress` hears the number of scans read since it was last called.
///
/// # Errors
/// Where libtorch is out of memory.
pub fn load(
    dataset: &Dataset,
    synthetic: &[Labelled],
    input: &Input,
    protocol: Protocol,
    seed: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Data, tch::TchError> {
    let mut unreadable = Vec::new();
    let (training, training_prints) = read(&dataset.training, input, &mut unreadable, progress)?;
    let (testing, testing_prints) = read(&dataset.testing, input, &mut unreadable, progress)?;

    let leaking = match protocol {
        Protocol::LeakFree => {
            twins(&training_prints, &testing_prints).iter().map(Option::is_some).collect()
        }
        Protocol::AsIs => vec![false; training.len()],
    };
    let kept: Vec<usize> = (0..training.len()).filter(|&i| !leaking[i]).collect();
    let classes: Vec<usize> = kept.iter().map(|&i| training.classes[i]).collect();
    let prints: Vec<Fingerprint> = kept.iter().map(|&i| training_prints[i].clone()).collect();
    let split = split(&classes, &groups(&prints), 0.2, seed);
    let (synthetic, _) = read(synthetic, input, &mut unreadable, progress)?;
    let pick = |side: &[usize]| -> Vec<usize> { side.iter().map(|&i| kept[i]).collect() };
    Ok(Data {
        left_out: training.len() - kept.len(),
        test_has_twin: twins(&testing_prints, &training_prints)
            .iter()
            .map(Option::is_some)
            .collect(),
        validation: training.select(&pick(&split.validation)),
        synthetic: synthetic.len(),
        training: training.select(&pick(&split.training)).with(synthetic)?,
        testing,
        unreadable,
    })
}

fn read(
    scans: &[Labelled],
    input: &Input,
    unreadable: &mut Vec<String>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(Scans, Vec<Fingerprint>), tch::TchError> {
    let opened: Vec<_> = scans
        .par_iter()
        .map(|scan| {
            progress(1);
            let series = imaging::open(&scan.path).map_err(|error| error.to_string())?;
            let slice = &series.slices[series.slices.len() / 2];
            let (greys, _) = resize(slice, input).map_err(|error| error.to_string())?;
            Ok((greys, Fingerprint::of(slice), scan.class))
        })
        .collect::<Vec<Result<_, String>>>();
    let (mut greys, mut prints, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for scan in opened {
        match scan {
            Ok((tensor, print, class)) => {
                greys.push(tensor);
                prints.push(print);
                classes.push(class);
            }
            Err(sentence) => unreadable.push(sentence),
        }
    }
    let size = input.size as i64;
    let greys = match greys.len() {
        0 => Tensor::f_zeros([0, 1, size, size], (Kind::Float, tch::Device::Cpu))?,
        _ => Tensor::f_cat(&greys, 0)?,
    };
    let labels: Vec<i64> = classes.iter().map(|&class| class as i64).collect();
    Ok((Scans { greys, labels: Tensor::f_from_slice(&labels)?, classes }, prints))
}
