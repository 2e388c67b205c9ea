//! How fast training goes, and when it ends: by what the validation loss does.

use serde::{Deserialize, Serialize};

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Fall {
    /// To a third whenever the validation loss has not improved for `--patience` epochs.
    #[default]
    Plateau,
    /// Along half a cosine over all epochs.
    Cosine,
}

/// What a person chose about the pace.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub fall: Fall,
    /// The learning rate at the start.
    pub first: f64,
    pub epochs: usize,
    /// Epochs without improvement before the rate falls.
    pub patience: usize,
    /// Epochs without improvement before training ends.
    pub give_up: usize,
}

/// A fall on a plateau is to this share.
const REDUCTION: f64 = 1.0 / 3.0;

/// Where training stands; kept for resuming.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The rate of the next epoch.
    pub rate: f64,
    /// Smallest validation loss so far; none before the first epoch that counts.
    pub best: Option<f64>,
    /// Its epoch, or the last that did not count.
    pub best_epoch: usize,
    /// Epochs since the last improvement or fall.
    waited: usize,
    /// Whether training ends here.
    pub ended: bool,
}

/// What an epoch's validation loss led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub improved: bool,
    pub reduced: bool,
}

impl Standing {
    /// Before the first epoch.
    pub fn new(pace: &Pace) -> Self {
        Self { rate: pace.first, best: None, best_epoch: 0, waited: 0, ended: pace.epochs == 0 }
    }

    /// Takes in the validation loss of `epoch` (from 1) and sets the rate of the next. `None` does
    /// not count: the network was not yet itself.
    pub fn hear(&mut self, pace: &Pace, epoch: usize, loss: Option<f64>) -> Verdict {
        let improved = loss.is_some_and(|loss| self.best.is_none_or(|best| loss < best));
        match loss {
            Some(_) if improved => {
                (self.best, self.best_epoch, self.waited) = (loss, epoch, 0);
            }
            Some(_) => self.waited += 1,
            None => self.best_epoch = epoch,
        }
        let mut reduced = false;
        match pace.fall {
            Fall::Plateau if self.waited >= pace.patience => {
                (self.rate, self.waited, reduced) = (self.rate * REDUCTION, 0, true);
            }
            Fall::Plateau => {}
            Fall::Cosine => {
                let done = epoch as f64 / pace.epochs as f64;
                self.rate = pace.first * 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
            }
        }
        self.ended = epoch >= pace.epochs || epoch - self.best_epoch >= pace.give_up;
        Verdict { improved, reduced }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace =
        Pace { fall: Fall::Plateau, first: 0.9, epochs: 100, patience: 2, give_up: 5 };

    #[test]
    fn the_rate_falls_on_a_plateau_and_training_ends_when_nothing_helps() {
        let mut standing = Standing::new(&PACE);
        let losses = [1.0, 0.5, 0.6, 0.6, 0.4, 0.4, 0.4, 0.5, 0.5, 0.5];
        let verdicts: Vec<Verdict> = losses
            .iter()
            .enumerate()
            .map(|(i, &loss)| standing.hear(&PACE, i + 1, Some(loss)))
            .collect();
        let reduced: Vec<usize> = (0..10).filter(|&i| verdicts[i].reduced).map(|i| i + 1).collect();
        assert_eq!(reduced, [4, 7, 9]);
        assert!((standing.rate - 0.9 / 27.0).abs() < 1e-12);
        assert_eq!((standing.best, standing.best_epoch), (Some(0.4), 5));
        assert!(standing.ended, "five epochs without improvement");
    }

    #[test]
    fn a_cosine_falls_from_the_first_rate_to_nothing() {
        let pace = Pace { fall: Fall::Cosine, epochs: 4, ..PACE };
        let mut standing = Standing::new(&pace);
        let rates: Vec<f64> = (1..=4)
            .map(|epoch| {
                standing.hear(&pace, epoch, Some(1.0 / epoch as f64));
                standing.rate
            })
            .collect();
        assert!(rates.windows(2).all(|pair| pair[1] < pair[0]) && rates[3].abs() < 1e-12);
        assert!(standing.ended);
    }
}
