//! Going through a series by itself.

use serde::{Deserialize, Serialize};

/// A series that is gone through by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cine {
    /// The number of the series.
    pub series: u64,
    /// Whether it goes back to the first slice just now.
    pub(super) backwards: bool,
}

/// How cine goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CineSettings {
    /// Slices a second, 1..=60.
    pub rate: f32,
    pub turn: AtTheEnd,
}

/// What cine does at the last slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtTheEnd {
    /// Begin again.
    #[default]
    Loop,
    /// Go back.
    Swing,
    Stop,
}

impl AtTheEnd {
    pub const ALL: [Self; 3] = [Self::Loop, Self::Swing, Self::Stop];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loop => "Loop",
            Self::Swing => "To and fro",
            Self::Stop => "Once",
        }
    }
}

impl Default for CineSettings {
    fn default() -> Self {
        Self { rate: 10.0, turn: AtTheEnd::Loop }
    }
}

impl CineSettings {
    /// Slices a second.
    pub const RATES: std::ops::RangeInclusive<f32> = 1.0..=60.0;

    /// The rate brought into its range, whatever a file said.
    pub(super) fn sane(mut self) -> Self {
        if !self.rate.is_finite() {
            self.rate = Self::default().rate;
        }
        self.rate = self.rate.clamp(*Self::RATES.start(), *Self::RATES.end());
        self
    }
}

impl Cine {
    /// The slice after `slice` of `slices`; `None` at the end.
    pub(super) fn step(&mut self, slice: usize, slices: usize, turn: AtTheEnd) -> Option<usize> {
        let next = if self.backwards { slice.checked_sub(1) } else { Some(slice + 1) };
        match (next.filter(|&next| next < slices), turn) {
            (Some(next), _) => Some(next),
            (None, AtTheEnd::Loop) => Some(0),
            (None, AtTheEnd::Stop) => None,
            (None, AtTheEnd::Swing) => {
                self.backwards = !self.backwards;
                Some(if self.backwards { slices.saturating_sub(2) } else { 1.min(slices - 1) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(turn: AtTheEnd, slices: usize, steps: usize) -> Vec<usize> {
        let mut cine = Cine { series: 1, backwards: false };
        let mut at = 0;
        let step = |_| {
            at = cine.step(at, slices, turn)?;
            Some(at)
        };
        (0..steps).map_while(step).collect()
    }

    #[test]
    fn at_the_end_it_begins_again_turns_round_or_stops() {
        assert_eq!(walk(AtTheEnd::Loop, 3, 5), [1, 2, 0, 1, 2]);
        assert_eq!(walk(AtTheEnd::Swing, 3, 6), [1, 2, 1, 0, 1, 2]);
        assert_eq!(walk(AtTheEnd::Stop, 3, 5), [1, 2]);
        assert_eq!(walk(AtTheEnd::Swing, 1, 3), [0, 0, 0]);
    }

    #[test]
    fn a_rate_from_a_file_is_brought_into_its_range() {
        let rate = |rate| CineSettings { rate, ..CineSettings::default() }.sane().rate;
        assert_eq!([rate(0.0), rate(1e9), rate(f32::NAN)], [1.0, 60.0, 10.0]);
    }
}
