//! The nearest scans of each scan, and the probability that two scans show one person.

use rayon::prelude::*;

use super::Appearance;
use super::metric::{METRIC, dot};

/// Scans whose cosines make up a scan's nearness.
const NEAREST: usize = 10;

/// What speaks for two scans being of one person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// Cosine of the shapes.
    pub shape: f32,
    /// The same, less the mean nearness of both scans to their surroundings: a scan that is like
    /// many others says little by being like one (cross-domain similarity local scaling, Conneau
    /// and others, *Word translation without parallel data*, ICLR 2018, halved).
    pub local: f32,
    /// Cosine of the styles.
    pub style: f32,
}

impl Evidence {
    /// The probability that both scans show one person, as far as it was fitted.
    pub fn probability(self) -> f32 {
        let [offset, shape, local, style] = METRIC.pair;
        let logit = offset + shape * self.shape + local * self.local + style * self.style;
        1.0 / (1.0 + (-logit).exp())
    }
}

/// Scans to compare with each other.
pub(super) struct Scans<'a> {
    /// Position among the caller's scans, and the scan.
    pub scans: Vec<(usize, &'a Appearance)>,
    /// Mean cosine of each to its [`NEAREST`] nearest others.
    nearness: Vec<f32>,
}

impl<'a> Scans<'a> {
    pub fn new(scans: Vec<(usize, &'a Appearance)>) -> Self {
        let nearness = (0..scans.len()).into_par_iter().map(|i| nearness(&scans, i)).collect();
        Self { scans, nearness }
    }

    pub fn len(&self) -> usize {
        self.scans.len()
    }

    pub fn evidence(&self, a: usize, b: usize) -> Evidence {
        let (first, second) = (self.scans[a].1, self.scans[b].1);
        let shape = dot(&first.shape, &second.shape);
        Evidence {
            shape,
            local: shape - (self.nearness[a] + self.nearness[b]) / 2.0,
            style: dot(&first.style, &second.style),
        }
    }

    /// The scan that most probably shows the same person as each scan, and the probability; of equal
    /// ones the first. `None` for a scan that is alone.
    pub fn best(&self) -> Vec<Option<(usize, f32)>> {
        let best = |scan: usize| {
            (0..self.len())
                .filter(|&other| other != scan)
                .map(|other| (other, self.evidence(scan, other).probability()))
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        };
        (0..self.len()).into_par_iter().map(best).collect()
    }
}

impl Scans<'_> {
    /// Of each scan, the `most` others that most probably show the same person, with probabilities
    /// of at least `from`.
    pub fn partners(&self, from: f32, most: usize) -> Vec<Vec<(usize, f32)>> {
        let partners = |scan: usize| {
            let mut found: Vec<(usize, f32)> = (0..self.len())
                .filter(|&other| other != scan)
                .map(|other| (other, self.evidence(scan, other).probability()))
                .filter(|&(_, probability)| probability >= from)
                .collect();
            found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            found.truncate(most);
            found
        };
        (0..self.len()).into_par_iter().map(partners).collect()
    }
}

fn nearness(scans: &[(usize, &Appearance)], scan: usize) -> f32 {
    let mut nearest = [f32::NEG_INFINITY; NEAREST];
    for (other, (_, appearance)) in scans.iter().enumerate() {
        let cosine = dot(&scans[scan].1.shape, &appearance.shape);
        if other != scan && cosine > nearest[0] {
            // Insertion into an ascending list.
            let place = nearest.partition_point(|&value| value < cosine);
            nearest[..place].rotate_left(1);
            nearest[place - 1] = cosine;
        }
    }
    // Where there are fewer, the others are as near as is usual.
    let known = |&value: &f32| if value.is_finite() { value } else { METRIC.usual_nearness };
    nearest.iter().map(known).sum::<f32>() / NEAREST as f32
}
