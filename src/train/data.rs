//! The scans of a data set as tensors, split by protocol.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use rayon::prelude::*;
use tch::{Kind, TchError, Tensor};

use super::augment::augment;
use super::options::Options;
use super::run::{bar, say};
use crate::dataset::audit::{self, Fingerprint};
use crate::dataset::folder::{self, Dataset, Labelled};
use crate::dataset::neighbours::Index;
use crate::dataset::patients;
use crate::dataset::persons::{self as probable, Grouping};
use crate::dataset::split::{join_groups, split};
use crate::dataset::split_file::{self, Part, Row};
use crate::imaging;
use crate::model::card::Input;
use crate::model::preprocess::resize;

/// Which training scans may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Protocol {
    /// Training without every scan that is also in Testing and every scan of a person who is.
    #[default]
    PatientFree,
    /// Training without every scan that is also in Testing.
    LeakFree,
    /// All of Training: only for comparison with published figures.
    AsIs,
}

const SHIFTED_SEED: u64 = 2;

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
    /// The person whom each scan shows, hashed; `None` where it is not known.
    pub persons: Vec<Option<String>>,
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
        self.persons.extend(more.persons);
        Ok(self)
    }

    /// An augmented copy of each scan, by draws that are always the same.
    fn shifted(&self) -> Result<Self, TchError> {
        let all: Vec<usize> = (0..self.len()).collect();
        let mut random = Pcg64::seed_from_u64(SHIFTED_SEED);
        // In parts, since an augmentation takes several times the memory of its scans.
        let parts = all
            .chunks(64)
            .map(|part| augment(&self.select(part)?.greys, 1.0, &mut random))
            .collect::<Result<Vec<_>, TchError>>()?;
        let mut shifted = self.select(&all)?;
        if !parts.is_empty() {
            shifted.greys = Tensor::f_cat(&parts, 0)?;
        }
        Ok(shifted)
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
            persons: indices.iter().map(|&i| self.persons[i].clone()).collect(),
        })
    }
}

/// A data set, read and split.
#[derive(Debug)]
pub struct Data {
    pub training: Scans,
    pub validation: Scans,
    /// One augmented copy of each validation scan, always the same: what the network makes of scans
    /// that differ from those at hand.
    pub shifted: Scans,
    pub testing: Scans,
    /// How many of the training scans are synthetic; none are in validation.
    pub synthetic: usize,
    /// Training scans not used because Testing holds a duplicate.
    pub duplicates_in_testing: Vec<Fingerprint>,
    /// How many more are not used because Testing shows their person.
    pub persons_in_testing: usize,
    /// What persons are hashed with; `None` where no table names them.
    pub salt: Option<String>,
    /// How the validation scans were separated from the training scans, as the end of a sentence.
    pub separation: String,
    /// Every scan of the data set with its side.
    rows: Vec<Row>,
}

impl Data {
    /// What was read, in a sentence.
    pub fn summary(&self) -> String {
        let known = |scans: &Scans| {
            let known: BTreeSet<_> = scans.persons.iter().flatten().collect();
            known.len()
        };
        format!(
            "{} scans to train on ({} synthetic, {} known persons), {} to validate ({} known \
             persons), {} to test; not used: {} because Testing has a duplicate, {} because Testing \
             shows the person",
            self.training.len(),
            self.synthetic,
            known(&self.training),
            self.validation.len(),
            known(&self.validation),
            self.testing.len(),
            self.duplicates_in_testing.len(),
            self.persons_in_testing,
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
    let (patients, index) = options.tables.read(&options.folder)?;
    let synthetic = match &options.synthetic {
        Some(folder) => folder::read_more(folder, dataset)?,
        None => Vec::new(),
    };
    let total = dataset.training.len() + dataset.testing.len() + synthetic.len();
    let bar = bar(total, "reading {pos} of {len} scans");
    let mut unreadable = Vec::new();
    let mut read = |scans: &[Labelled]| read(scans, input, &mut unreadable, &|| bar.inc(1));
    let (mut training, mut testing) = (read(&dataset.training)?, read(&dataset.testing)?);
    let synthetic = read(&synthetic)?;
    bar.finish_and_clear();
    unreadable.iter().for_each(|sentence| eprintln!("{sentence}"));

    let salt = (!patients.is_empty()).then(|| {
        patients::salt(training.prints.iter().chain(&testing.prints).map(|print| print.pixels))
    });
    if let Some(salt) = &salt {
        for scans in [&mut training, &mut testing] {
            let person = |path: &PathBuf| Some(patients::hash(salt, patients.of(path)?));
            scans.persons = scans.paths.iter().map(person).collect();
        }
    }
    let separation = match (&options.split, patients.is_empty()) {
        (Some(split), _) => {
            format!("as {} has it", split.file_name().unwrap_or_default().to_string_lossy())
        }
        (None, false) => {
            "duplicates, all scans of one person and, where no person is known, scans \
                          that probably show one person kept together"
                .into()
        }
        (None, true) => {
            "duplicates and scans that probably show one person, by their pixels, kept together"
                .into()
        }
    };
    if patients.is_empty() && options.protocol == Protocol::PatientFree {
        say(
            "no table of patients: scans that probably show one person, by their pixels, are kept \
             together; name a table with --patients"
                .into(),
        );
    }

    let groups = Groups::of(&training, &testing, index.as_ref(), &options.folder);
    let sides = sides(options, &groups, &training)?;
    let pick =
        |side: Part| -> Vec<usize> { (0..training.len()).filter(|&i| sides[i] == side).collect() };
    let rows = rows(options, dataset, &groups, &sides, [&training, &testing]);
    let validation = training.select(&pick(Part::Validation))?;
    let data = Data {
        shifted: validation.shifted()?,
        duplicates_in_testing: pick(Part::DuplicateInTesting)
            .iter()
            .map(|&i| training.prints[i].clone())
            .collect(),
        persons_in_testing: pick(Part::PersonInTesting).len(),
        validation,
        synthetic: synthetic.len(),
        training: training.select(&pick(Part::Training))?.with(synthetic)?,
        testing,
        salt,
        separation,
        rows,
    };
    ensure!(
        data.training.len() >= options.batch && !data.validation.is_empty(),
        "{}: too few scans to train on",
        options.folder.display()
    );
    Ok(data)
}

/// Every scan of Training and Testing with its side.
fn rows(
    options: &Options,
    dataset: &Dataset,
    groups: &Groups,
    sides: &[Part],
    [training, testing]: [&Scans; 2],
) -> Vec<Row> {
    let row = |scans: &Scans, scan: usize, split: Part, group: usize| Row {
        path: scans.paths[scan].strip_prefix(&options.folder).unwrap_or(&scans.paths[scan]).into(),
        class: dataset.folders[scans.classes[scan]].clone(),
        split,
        group,
        person: scans.persons[scan].clone(),
    };
    let of_training = (0..training.len()).map(|i| row(training, i, sides[i], groups.split[i]));
    let of_testing = (0..testing.len())
        .map(|i| row(testing, i, Part::Testing, groups.split[training.len() + i]));
    of_training.chain(of_testing).collect()
}

/// Group numbers of the scans of Training, followed by those of Testing.
struct Groups {
    /// Training scans come first; there are so many.
    training: usize,
    /// Scans that are duplicates of each other.
    duplicates: Vec<usize>,
    /// Duplicates, and scans of one person, joined.
    persons: Vec<usize>,
    /// What a split keeps together: as `persons` and, where the person is not known, scans of
    /// neighbouring indices and scans that probably show one person.
    split: Vec<usize>,
}

impl Groups {
    fn of(training: &Scans, testing: &Scans, index: Option<&Index>, folder: &Path) -> Self {
        let both = |scans: [&Scans; 2], one: &dyn Fn(&Scans) -> Vec<Option<usize>>| {
            scans.into_iter().flat_map(one).collect::<Vec<_>>()
        };
        let prints = [&training.prints[..], &testing.prints].concat();
        let duplicates = audit::groups(&prints);
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let persons: Vec<Option<usize>> = (training.persons.iter().chain(&testing.persons))
            .map(|person| {
                let next = numbers.len();
                person.as_deref().map(|person| *numbers.entry(person).or_insert(next))
            })
            .collect();
        let joined = join_groups(&duplicates, &persons);
        let chains = match index {
            Some(index) => both([training, testing], &|scans| index.groups(&scans.paths, folder)),
            None => vec![None; prints.len()],
        };
        let unknown = |groups: Vec<Option<usize>>| -> Vec<Option<usize>> {
            let with_persons = persons.iter().zip(groups);
            with_persons.map(|(person, group)| group.filter(|_| person.is_none())).collect()
        };
        let appearances: Vec<_> = prints.iter().map(Fingerprint::appearance).collect();
        // In a small data set whose scans are all alike, large groups leave nothing to validate on.
        let usual = Grouping::default();
        let grouping = Grouping { limit: usual.limit.min(prints.len() / 20).max(1), ..usual };
        let probable = probable::groups(&appearances, &duplicates, grouping);
        let split = join_groups(&joined, &unknown(chains));
        let split = join_groups(&split, &unknown(probable.into_iter().map(Some).collect()));
        Self { training: training.len(), duplicates, persons: joined, split }
    }

    /// Of each training scan, whether its group among `groups` holds a test scan.
    fn with_testing(&self, groups: &[usize]) -> Vec<bool> {
        let (training, testing) = groups.split_at(self.training);
        let testing: HashSet<usize> = testing.iter().copied().collect();
        training.iter().map(|group| testing.contains(group)).collect()
    }
}

/// The side of each scan of Training.
fn sides(options: &Options, groups: &Groups, training: &Scans) -> anyhow::Result<Vec<Part>> {
    // What is resumed goes on with the split it began with, whatever the audit finds by now.
    let begun = options.split_path();
    let again = options.resume || options.measure_again;
    let begun = (again && begun.is_file()).then_some(&begun);
    let begun = begun.or(options.split.as_ref());
    let none = vec![false; training.len()];
    let (duplicates, persons) = match options.protocol {
        Protocol::PatientFree => {
            (groups.with_testing(&groups.duplicates), groups.with_testing(&groups.persons))
        }
        Protocol::LeakFree => (groups.with_testing(&groups.duplicates), none),
        Protocol::AsIs => (none.clone(), none),
    };
    let excluded = |scan: usize| match (duplicates[scan], persons[scan]) {
        (true, _) => Some(Part::DuplicateInTesting),
        (_, true) => Some(Part::PersonInTesting),
        _ => None,
    };
    if let Some(path) = begun {
        let sides = read_sides(path, options, training)?;
        let used = |&scan: &usize| {
            excluded(scan).is_some() && matches!(sides[scan], Part::Training | Part::Validation)
        };
        let leaks = (0..training.len()).filter(used).count();
        if leaks > 0 {
            say(format!(
                "{}: {leaks} scans that it trains or validates on are duplicates of test scans or \
                 show their persons",
                path.display()
            ));
        }
        return Ok(sides);
    }
    let usable: Vec<usize> = (0..training.len()).filter(|&i| excluded(i).is_none()).collect();
    let of_usable =
        |values: &[usize]| -> Vec<usize> { usable.iter().map(|&i| values[i]).collect() };
    let chosen =
        split(&of_usable(&training.classes), &of_usable(&groups.split), VALIDATION, options.seed);
    let mut sides: Vec<Part> =
        (0..training.len()).map(|i| excluded(i).unwrap_or(Part::Training)).collect();
    chosen.validation.iter().for_each(|&i| sides[usable[i]] = Part::Validation);
    Ok(sides)
}

/// The sides that an earlier run wrote.
fn read_sides(path: &Path, options: &Options, training: &Scans) -> anyhow::Result<Vec<Part>> {
    let rows = split_file::read(path)?;
    let known: HashMap<&Path, &Row> = rows.iter().map(|row| (row.path.as_path(), row)).collect();
    let mut sides = Vec::new();
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
        sides.push(row.split);
    }
    Ok(sides)
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
    let persons = vec![None; classes.len()];
    Ok(Scans { greys, labels: Tensor::f_from_slice(&labels)?, classes, paths, prints, persons })
}
