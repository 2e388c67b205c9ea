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

/// Which scans make an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Sampling {
    /// Every scan once; rare classes weigh more in the loss.
    #[default]
    Every,
    /// As many scans of each class, those of rare classes several times.
    Balanced,
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
    /// Side of the input, pixels: scans are shrunk to it.
    pub size: i64,
    /// See [`augment`].
    pub intensity: f64,
    pub sampling: Sampling,
    pub device: Device,
}

/// The batches of one epoch, and how long they were waited for.
pub struct Feed {
    batches: Receiver<Result<Batch, TchError>>,
    pub waited: Duration,
}

impl Feed {
    /// Begins an epoch: its scans come in the order of the draw.
    pub fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        recipe: Recipe<'scope>,
        mut random: Pcg64,
    ) -> Self {
        let (sender, batches) = sync_channel(AHEAD);
        scope.spawn(move || {
            // Small operations: on more threads they would wait for each other and for the model.
            tch::set_num_threads(1);
            let order = match recipe.order(&mut random) {
                Ok(order) => order,
                Err(error) => return drop(sender.send(Err(error))),
            };
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
    /// The scans of an epoch, in the order of the draw.
    fn order(&self, random: &mut Pcg64) -> Result<Vec<i64>, TchError> {
        let labels = Vec::<i64>::try_from(&self.labels)?;
        let mut order: Vec<i64> = (0..labels.len() as i64).collect();
        if self.sampling == Sampling::Balanced {
            let mut classes: Vec<Vec<i64>> = vec![Vec::new(); self.classes as usize];
            labels
                .iter()
                .zip(&order)
                .for_each(|(&class, &scan)| classes[class as usize].push(scan));
            classes.retain(|scans| !scans.is_empty());
            let share = labels.len().div_ceil(classes.len().max(1));
            order.clear();
            for scans in &mut classes {
                // Each scan as often as any other of its class, but for the last round.
                while scans.len() < share {
                    scans.shuffle(random);
                    scans.extend_from_within(..scans.len().min(share - scans.len()));
                }
                scans.shuffle(random);
                order.extend(scans.iter().take(share));
            }
        }
        order.shuffle(random);
        Ok(order)
    }

    fn batch(&self, chosen: &[i64], random: &mut Pcg64) -> Result<Batch, TchError> {
        let index = Tensor::f_from_slice(chosen)?;
        let greys = self.greys.f_index_select(0, &index)?.f_to_device(self.device)?;
        let labels = self.labels.f_index_select(0, &index)?.f_to_device(self.device)?;
        let greys = match greys.size()[2] == self.size {
            true => greys,
            false => {
                let size = [self.size, self.size];
                greys.f_internal_upsample_bilinear2d_aa(size, false, None, None)?
            }
        };
        let mut greys = augment(&greys, self.intensity, random)?;
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
