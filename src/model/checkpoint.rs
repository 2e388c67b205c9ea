//! A checkpoint on disk: `NAME.safetensors` and its card `NAME.json`. Everything is checked before
//! a single weight is taken over; pickle files, which can run code, are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor, nn::VarStore};

use super::card::Card;
use super::familiarity::{self, References};
use super::ood_tensors;
use super::prediction::CheckpointInfo;
use crate::reliability::local::LocalCalibration;
use crate::reliability::ood::OodReference;
use crate::system::files::write_whole;
use crate::system::shipped;

/// Larger files are no weights of a network of this program (VGG16 whole is 553 MB).
const LARGEST_WEIGHTS: u64 = 2 << 30;
const LARGEST_CARD: u64 = 16 << 20;

/// Why a checkpoint is refused: one sentence that names the file.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}", name = path.display())]
pub struct CheckpointError {
    pub path: PathBuf,
    pub reason: String,
}

impl CheckpointError {
    pub(super) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_path_buf(), reason: reason.into() }
    }
}

/// Reads the card beside the weights at `path`.
///
/// # Errors
/// A missing or unreadable card, or one that contradicts itself.
pub fn info(path: &Path) -> Result<CheckpointInfo, CheckpointError> {
    let fail = |reason: String| CheckpointError::new(path, reason);
    if path.is_dir() {
        return Err(fail("this is a folder; choose a .safetensors file in it".into()));
    }
    if !path.exists() {
        return Err(fail("there is no such file; `mrimaster models` lists what is there".into()));
    }
    refuse_pickle(path)?;
    let card_path = path.with_extension("json");
    let text = read_limited(&card_path, LARGEST_CARD).map_err(|_| {
        let name = card_path.file_name().unwrap_or_default().to_string_lossy();
        fail(format!("its card {name} is missing or cannot be read; put it beside the weights"))
    })?;
    let card: Card = serde_json::from_slice(&text)
        .map_err(|error| fail(format!("its card does not fit this program: {error}")))?;
    card.check().map_err(|reason| fail(format!("its card does not fit: {reason}")))?;
    let local = local(path, &card)?;
    Ok(CheckpointInfo::new(path.to_path_buf(), card, local))
}

/// The local calibration beside the weights at `path`; `None` where there is none, or the card has
/// nothing that it could take the place of.
fn local(path: &Path, card: &Card) -> Result<Option<LocalCalibration>, CheckpointError> {
    let local_path = LocalCalibration::path_beside(path);
    if card.reliability.is_none() || !local_path.is_file() {
        return Ok(None);
    }
    let name = local_path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let fail = |reason: String| {
        let remedy = "`mrimaster calibrate --remove` removes it";
        CheckpointError::new(path, format!("{name} beside it does not fit: {reason}; {remedy}"))
    };
    let text = read_limited(&local_path, LARGEST_CARD).map_err(|error| fail(error.to_string()))?;
    let local: LocalCalibration =
        serde_json::from_slice(&text).map_err(|error| fail(error.to_string()))?;
    let checked = local.check(&card.sha256, card.classes.len());
    checked.map_err(|error| fail(error.to_string()))?;
    Ok(Some(local))
}

/// The checkpoints in a folder, and why others were refused. The one with the best validation accuracy
/// comes first: it is the one to begin with. Those without, and equals, are in the order of their names.
/// An absent folder holds none.
pub fn list(folder: &Path) -> (Vec<CheckpointInfo>, Vec<CheckpointError>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors"))
        .collect();
    paths.sort();
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for path in paths {
        match info(&path) {
            Ok(checkpoint) => found.push(checkpoint),
            Err(error) => refused.push(error),
        }
    }
    // A validation that shares persons with training is no measure beside one that does not.
    found.sort_by(|a, b| {
        let by_person = |info: &CheckpointInfo| info.card.persons.is_some();
        by_person(b)
            .cmp(&by_person(a))
            .then(validation_accuracy(b).total_cmp(&validation_accuracy(a)))
    });
    (found, refused)
}

/// Mean accuracy on validation scans and on shifted copies of them, where both were measured, 0..=1;
/// −∞ where neither was.
fn validation_accuracy(info: &CheckpointInfo) -> f64 {
    let metric = |name: &str| info.card.metrics.get(name).copied();
    match (metric("validation_accuracy"), metric("validation_shifted_accuracy")) {
        (Some(plain), Some(shifted)) => f64::midpoint(plain, shifted),
        (Some(plain), None) => plain,
        _ => f64::NEG_INFINITY,
    }
}

/// The folder of the weights that come with the program: `MRIMASTER_WEIGHTS`, else `weights`
/// beside the program or above it, as in a checkout.
pub fn shipped_folder() -> Option<PathBuf> {
    shipped::folder("MRIMASTER_WEIGHTS", "weights")
}

/// The shipped checkpoints and the files in `extra`, and why others were refused.
pub fn list_with(extra: Vec<PathBuf>) -> (Vec<CheckpointInfo>, Vec<CheckpointError>) {
    let (mut found, mut refused) = shipped_folder().map(|f| list(&f)).unwrap_or_default();
    for path in extra {
        match info(&path) {
            Ok(info) if found.iter().any(|known| known.path == info.path) => {}
            Ok(info) => found.push(info),
            Err(error) => refused.push(error),
        }
    }
    (found, refused)
}

/// The weights of a checkpoint in memory, checked against its card by their hash.
pub struct Weights {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Weights {
    /// Reads the file of `checkpoint` and compares its hash with the card's.
    ///
    /// # Errors
    /// An unreadable or damaged file, or one that is not the card's.
    pub fn read(checkpoint: &CheckpointInfo) -> Result<Self, CheckpointError> {
        let weights = Self::read_unchecked(&checkpoint.path)?;
        let found = sha256(&weights.bytes);
        if found != checkpoint.card.sha256 {
            return Err(CheckpointError::new(
                &checkpoint.path,
                "the weights are not those its card describes (their SHA-256 differs); fetch both again",
            ));
        }
        Ok(weights)
    }

    /// Reads a state dict that has no card: weights to start training from.
    ///
    /// # Errors
    /// An unreadable or damaged file.
    pub fn read_unchecked(path: &Path) -> Result<Self, CheckpointError> {
        refuse_pickle(path)?;
        let bytes = read_limited(path, LARGEST_WEIGHTS)
            .map_err(|error| CheckpointError::new(path, error.to_string()))?;
        let weights = Self { path: path.to_path_buf(), bytes };
        weights.tensors()?;
        Ok(weights)
    }

    /// The names of the tensors.
    ///
    /// # Errors
    /// A damaged file.
    pub fn names(&self) -> Result<BTreeSet<String>, CheckpointError> {
        Ok(self.tensors()?.names().into_iter().map(String::from).collect())
    }

    /// Fills the variables of `store`, all or none.
    ///
    /// # Errors
    /// Tensors that are missing, extra, of another shape, or not finite.
    pub fn load_into(&self, store: &VarStore) -> Result<(), CheckpointError> {
        let fail = |reason: String| self.fail(reason);
        let tensors = self.tensors()?;
        let variables: BTreeMap<String, Tensor> = store.variables().into_iter().collect();

        let names = self.names()?;
        let missing: Vec<_> = variables.keys().filter(|name| !names.contains(*name)).collect();
        if let Some(first) = missing.first() {
            return Err(fail(format!(
                "{} tensors are missing, the first is {first}; these are weights of another network",
                missing.len()
            )));
        }
        let extra: Vec<_> = names
            .iter()
            .filter(|name| !variables.contains_key(*name) && !is_counter(name))
            .filter(|name| !name.starts_with(familiarity::PREFIX))
            .filter(|name| !ood_tensors::is_of_reference(name))
            .collect();
        if let Some(first) = extra.first() {
            return Err(fail(format!(
                "{} tensors have no place in the network, the first is {first}",
                extra.len()
            )));
        }
        let mut checked = Vec::with_capacity(variables.len());
        for (name, variable) in &variables {
            let view = tensors.tensor(name).map_err(|error| fail(error.to_string()))?;
            let found: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
            if found != variable.size() {
                return Err(fail(format!(
                    "{name} has the shape {found:?} and {:?} is needed",
                    variable.size()
                )));
            }
            let tensor = self.usable(name, &view)?;
            checked.push((variable.shallow_clone(), tensor));
        }
        tch::no_grad(|| {
            for (mut variable, tensor) in checked {
                variable
                    .f_copy_(&tensor)
                    .map_err(|error| fail(super::classifier::first_line(&error)))?;
            }
            Ok(())
        })
    }

    /// One tensor, float32, every value finite.
    ///
    /// # Errors
    /// Where it is missing or cannot be used.
    pub fn tensor(&self, name: &str) -> Result<Tensor, CheckpointError> {
        let tensors = self.tensors()?;
        let view =
            tensors.tensor(name).map_err(|_| self.fail(format!("the tensor {name} is missing")))?;
        self.usable(name, &view)
    }

    /// What familiarity is measured against, where the file holds it.
    ///
    /// # Errors
    /// Tensors of it that are missing, extra, of shapes that do not fit each other, or not finite.
    pub fn references(&self) -> Result<Option<References>, CheckpointError> {
        let mut found = BTreeMap::new();
        for name in self.names()?.into_iter().filter(|name| name.starts_with(familiarity::PREFIX)) {
            let tensor = self.tensor(&name)?;
            found.insert(name, tensor);
        }
        if found.is_empty() {
            return Ok(None);
        }
        References::from_tensors(found).map(Some).map_err(|reason| self.fail(reason))
    }

    /// What out-of-distribution scores are measured against, where the file holds it.
    ///
    /// # Errors
    /// Tensors of it that are missing, extra, of shapes that do not fit each other, or not finite.
    pub fn ood_reference(&self) -> Result<Option<OodReference>, CheckpointError> {
        let mut found = BTreeMap::new();
        for name in self.names()?.into_iter().filter(|name| ood_tensors::is_of_reference(name)) {
            let tensor = self.tensor(&name)?;
            found.insert(name, tensor);
        }
        if found.is_empty() {
            return Ok(None);
        }
        ood_tensors::reference(found).map(Some).map_err(|error| self.fail(error.to_string()))
    }

    fn usable(&self, name: &str, view: &TensorView) -> Result<Tensor, CheckpointError> {
        to_tensor(view).map_err(|reason| self.fail(format!("{name} cannot be used: {reason}")))
    }

    fn fail(&self, reason: String) -> CheckpointError {
        CheckpointError::new(&self.path, reason)
    }

    fn tensors(&self) -> Result<SafeTensors<'_>, CheckpointError> {
        SafeTensors::deserialize(&self.bytes).map_err(|error| {
            self.fail(format!("this is not a whole safetensors file ({error}); fetch it again"))
        })
    }
}

/// How exactly weights are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// float32.
    Single,
    /// float16 for kernels and matrices, which are most of a network; float32 for biases and batch
    /// norms, whose numbers may not fit.
    Half,
}

/// Writes the variables of `store` and their card, each whole or not at all. The card's hash is
/// set here.
///
/// # Errors
/// A folder that cannot be written to, or a full disk.
pub fn save(path: &Path, store: &VarStore, card: Card) -> Result<(), CheckpointError> {
    save_with(path, store, Precision::Single, Vec::new(), card)
}

/// The same with `more` tensors that are no weights: what scans are compared with.
///
/// # Errors
/// As [`save`].
pub fn save_with(
    path: &Path,
    store: &VarStore,
    precision: Precision,
    more: Vec<(String, Tensor)>,
    mut card: Card,
) -> Result<(), CheckpointError> {
    let fail = |error: String| {
        CheckpointError::new(path, format!("the checkpoint cannot be written: {error}"))
    };
    let mut data: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let weights = store.variables().into_iter().map(|(name, t)| {
        let half = precision == Precision::Half && t.dim() > 1;
        (name, t.to_kind(if half { Kind::Half } else { Kind::Float }))
    });
    for (name, tensor) in weights.chain(more) {
        let tensor = to_bytes(&tensor).map_err(|error| fail(error.to_string()))?;
        data.insert(name, tensor);
    }
    let views: Vec<_> = data
        .iter()
        .map(|(name, (kind, shape, bytes))| {
            TensorView::new(*kind, shape.clone(), bytes).map(|view| (name.clone(), view))
        })
        .collect::<Result<_, _>>()
        .map_err(|error| fail(error.to_string()))?;
    let bytes = safetensors::serialize(views, None).map_err(|error| fail(error.to_string()))?;
    card.sha256 = sha256(&bytes);
    let text = serde_json::to_vec_pretty(&card).map_err(|error| fail(error.to_string()))?;
    write_whole(path, &bytes).map_err(|error| fail(error.to_string()))?;
    write_whole(&path.with_extension("json"), &text).map_err(|error| fail(error.to_string()))
}

/// The values of a tensor as the file has them: half precision as it is, any other as float32.
fn to_bytes(tensor: &Tensor) -> Result<(Dtype, Vec<usize>, Vec<u8>), tch::TchError> {
    let (kind, dtype, width) = match tensor.f_kind()? {
        Kind::Half => (Kind::Half, Dtype::F16, 2),
        _ => (Kind::Float, Dtype::F32, 4),
    };
    let flat = tensor.f_detach()?.f_to_device(tch::Device::Cpu)?.f_to_kind(kind)?.f_contiguous()?;
    let mut bytes = vec![0; flat.numel() * width];
    flat.f_copy_data_u8(&mut bytes, flat.numel())?;
    Ok((dtype, tensor.size().iter().map(|&n| n as usize).collect(), bytes))
}

/// torchvision's batch norms count their batches; a network at rest has no use for the count.
pub(crate) fn is_counter(name: &str) -> bool {
    name.ends_with(".num_batches_tracked")
}

fn to_tensor(view: &TensorView) -> Result<Tensor, String> {
    let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
    let kind = match view.dtype() {
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        other => return Err(format!("its values are {other:?}, and floating point is needed")),
    };
    let convert = || -> Result<(Tensor, bool), tch::TchError> {
        let tensor = Tensor::f_from_data_size(view.data(), &shape, kind)?.f_to_kind(Kind::Float)?;
        let finite = tensor.f_isfinite()?.f_all()?.f_int64_value(&[])? != 0;
        Ok((tensor, finite))
    };
    match convert() {
        Ok((tensor, true)) => Ok(tensor),
        Ok((_, false)) => Err("it holds values that are not finite numbers".into()),
        Err(error) => Err(super::classifier::first_line(&error)),
    }
}

/// torch.save writes zip archives or bare pickles, and loading either can run any code.
fn refuse_pickle(path: &Path) -> Result<(), CheckpointError> {
    use std::io::Read as _;
    let mut head = Vec::new();
    let opened = std::fs::File::open(path).and_then(|f| f.take(9).read_to_end(&mut head));
    if let Err(error) = opened {
        return Err(CheckpointError::new(path, format!("it cannot be read: {error}")));
    }
    // The length that a safetensors file begins with may look like either magic.
    let safetensors = head.get(8) == Some(&b'{') && head[4..8] == [0; 4];
    let pickle = head.starts_with(b"PK\x03\x04") || matches!(head[..], [0x80, 2..=5, ..]);
    if pickle && !safetensors {
        return Err(CheckpointError::new(
            path,
            "this is a PyTorch pickle, which could run code; convert it to safetensors",
        ));
    }
    Ok(())
}

fn read_limited(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let size = std::fs::metadata(path)?.len();
    if size > limit {
        let text = format!("it is {} MB, and {} MB is the most", size >> 20, limit >> 20);
        return Err(std::io::Error::other(text));
    }
    std::fs::read(path)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
