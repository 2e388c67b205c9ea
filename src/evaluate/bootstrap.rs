//! Percentile bootstrap over groups of scans: copies of one scan are drawn together, since they say
//! the same thing twice. Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A figure and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    pub value: f64,
    /// `None` where drawing says nothing about chance: from a single group, where most draws leave
    /// the figure undefined, and where none changes it (8 of 8 right is not 100 % for certain).
    pub interval: Option<[f64; 2]>,
}

impl Estimate {
    /// The figure of all scans with the interval of the figures of the draws that define it.
    pub(super) fn new(value: f64, draws: usize, drawn: impl Iterator<Item = f64>) -> Self {
        let mut drawn: Vec<f64> = drawn.collect();
        drawn.sort_by(f64::total_cmp);
        let enough = !drawn.is_empty() && 2 * drawn.len() >= draws;
        let interval = enough.then(|| [percentile(&drawn, 0.025), percentile(&drawn, 0.975)]);
        Self { value, interval: interval.filter(|[low, high]| low < high) }
    }

    /// For people: "0.83 [0.77–0.89]".
    pub fn share(self) -> String {
        let interval = self.interval.map(|[low, high]| format!(" [{low:.2}–{high:.2}]"));
        format!("{:.2}{}", self.value, interval.unwrap_or_default())
    }

    /// For people: "83.1 % [77.0–89.4]".
    pub fn percent(self) -> String {
        let interval =
            self.interval.map(|[low, high]| format!(" [{:.1}–{:.1}]", 100.0 * low, 100.0 * high));
        format!("{:.1} %{}", 100.0 * self.value, interval.unwrap_or_default())
    }
}

/// How often and from which seed groups are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    pub draws: usize,
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { draws: 1000, seed: 1 }
    }
}

impl Bootstrap {
    /// Calls `figure` for each draw with the number of times that each scan is in it, given the
    /// group of each scan. The same seed gives the same draws on any number of threads. A single
    /// group can only be drawn whole and says nothing about chance: no draws.
    pub(super) fn draw<T: Send>(
        self,
        groups: &[usize],
        figure: impl Fn(&[u32]) -> T + Sync,
    ) -> Vec<T> {
        let (places, count) = consecutive(groups);
        if count < 2 {
            return Vec::new();
        }
        let drawn = |draw: usize| {
            let seed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(draw as u64);
            let mut random = Pcg64::seed_from_u64(seed);
            let mut times = vec![0u32; count];
            (0..count).for_each(|_| times[random.random_range(0..count)] += 1);
            let weights: Vec<u32> = places.iter().map(|&place| times[place]).collect();
            figure(&weights)
        };
        (0..self.draws).into_par_iter().map(drawn).collect()
    }
}

/// How many different groups there are.
pub fn group_count(groups: &[usize]) -> usize {
    consecutive(groups).1
}

/// Group numbers from 0 without gaps, and how many there are.
fn consecutive(groups: &[usize]) -> (Vec<usize>, usize) {
    let mut numbers = BTreeMap::new();
    let places = groups
        .iter()
        .map(|&group| {
            let next = numbers.len();
            *numbers.entry(group).or_insert(next)
        })
        .collect();
    (places, numbers.len())
}

/// By linear interpolation between neighbours, as numpy does it; `sorted` holds a value.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_drawn_whole_and_as_many_as_there_are() {
        let groups = [7, 7, 3, 9, 3];
        let draws = Bootstrap { draws: 200, seed: 1 }.draw(&groups, <[u32]>::to_vec);
        assert_eq!(draws.len(), 200);
        for times in &draws {
            assert!(times[0] == times[1] && times[2] == times[4], "{times:?}");
            assert_eq!(times[0] + times[2] + times[3], 3);
        }
        assert!(draws.iter().any(|times| times[3] == 0) && draws.iter().any(|t| t[3] == 2));
    }

    #[test]
    fn a_seed_repeats_its_draws_and_another_gives_others() {
        let groups: Vec<usize> = (0..50).collect();
        let draws = |seed| Bootstrap { draws: 20, seed }.draw(&groups, <[u32]>::to_vec);
        assert_eq!(draws(4), draws(4));
        assert_ne!(draws(4), draws(5));
        assert_ne!(draws(4)[0], draws(4)[1]);
    }

    #[test]
    fn estimates_read_well() {
        let known = Estimate { value: 0.8312, interval: Some([0.77, 0.8949]) };
        assert_eq!(known.share(), "0.83 [0.77–0.89]");
        assert_eq!(known.percent(), "83.1 % [77.0–89.5]");
        let alone = Estimate { value: 1.0, interval: None };
        assert_eq!((alone.share(), alone.percent()), ("1.00".into(), "100.0 %".into()));
    }

    #[test]
    fn one_group_gives_no_interval() {
        let draws = Bootstrap::default().draw(&[5, 5, 5], |_| 0.5);
        assert!(draws.is_empty());
        assert_eq!(Estimate::new(0.5, 0, draws.into_iter()).interval, None);
    }

    #[test]
    fn percentiles_are_interpolated_and_rarely_defined_figures_have_no_interval() {
        let drawn = (0..=100).map(f64::from);
        let estimate = Estimate::new(50.0, 101, drawn);
        assert_eq!(estimate.interval, Some([2.5, 97.5]));
        assert_eq!(Estimate::new(0.5, 1000, [0.4, 0.6].into_iter()).interval, None);
        assert!(Estimate::new(0.5, 4, [0.4, 0.6].into_iter()).interval.is_some());
        assert_eq!(Estimate::new(1.0, 2, [1.0, 1.0].into_iter()).interval, None);
    }
}
