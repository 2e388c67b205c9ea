//! Batches, varied and normalised on a thread of their own, so that the model does not wait.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;
use std::time::{Duration, Instant};

use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use tch::{Device, TchError, Tensor};

use super::augment::{augment, mix};
use crate::model::card::Input;
pub use crate::model::network::channels_last;
use crate::model::preprocess::normalise;

/// Batches made ahead of the model.
const AHEAD: usize = 2;

/// What the network learns from in one step.
#[derive(Debug)]
pub struct Batch {
    /// `[n, channels, size, size]`.
    pub input: Tensor,
    /// The share of each class, float32 `[n, classes]`; rows add up to 1.
    pub targets: Tensor,
    /// The class that counts as right, int64 `[n]`.
    pub labels: Tensor,
}

/// How batches are made.
#[derive(Debug)]
pub struct Recipe<'a> {
    /// Greys 0..=255, `[n, 1, size, size]`, and their classes, `[n]`: of the thread that makes the
    /// batches, since tensors are not shared between threads.
    pub greys: Tensor,
    pub labels: Tensor,
    pub input: &'a Input,
    pub classes: i64,
    pub batch: usize,
    /// Mixup's α; 0 mixes nothing.
    pub mixup: f64,
    pub device: Device,
}

/// The batches of one epoch, and how long they were waited for.
pub struct Feed {
    batches: Receiver<Result<Batch, TchError>>,
    pub waited: Duration,
}

impl Feed {
    /// Begins an epoch; every scan comes once, in the order of the draw.
    pub fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        recipe: Recipe<'scope>,
        mut random: Pcg64,
    ) -> Self {
        let (sender, batches) = sync_channel(AHEAD);
        scope.spawn(move || {
            let mut order: Vec<i64> = (0..recipe.labels.size()[0]).collect();
            order.shuffle(&mut random);
            for chosen in order.chunks(recipe.batch) {
                // A batch norm needs two; the odd scan has its turn in another epoch.
                if chosen.len() < 2 {
                    continue;
                }
                // No receiver: the epoch was given up.
                if sender.send(recipe.batch(chosen, &mut random)).is_err() {
                    return;
                }
            }
        });
        Self { batches, waited: Duration::ZERO }
    }
}

impl Iterator for Feed {
    type Item = Result<Batch, TchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let started = Instant::now();
        let batch = self.batches.recv().ok();
        self.waited += started.elapsed();
        batch
    }
}

impl Recipe<'_> {
    fn batch(&self, chosen: &[i64], random: &mut Pcg64) -> Result<Batch, TchError> {
        let index = Tensor::f_from_slice(chosen)?;
        let greys = self.greys.f_index_select(0, &index)?.f_to_device(self.device)?;
        let labels = self.labels.f_index_select(0, &index)?.f_to_device(self.device)?;
        let mut greys = augment(&greys, random)?;
        let mut targets = labels.f_one_hot(self.classes)?.f_to_kind(tch::Kind::Float)?;
        if self.mixup > 0.0 {
            let mixed = mix(&greys, self.mixup, random)?;
            let other = targets.f_index_select(0, &mixed.partner)?;
            targets = other.f_lerp_tensor(&targets, &mixed.share.f_unsqueeze(1)?)?;
            greys = mixed.scans;
        }
        Ok(Batch { input: channels_last(&normalise(&greys, self.input)?)?, targets, labels })
    }
}
