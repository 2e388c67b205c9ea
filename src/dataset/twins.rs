//! Which scans are copies of each other: the same pixels, or the same picture at another size or
//! encoding. A simple fingerprint, on the safe side for keeping test scans out of training.

use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use crate::imaging::Slice;

/// Side of the thumbnail that stands for a scan.
const SIDE: usize = 24;
/// Correlation of two thumbnails from which on their scans count as the same. Neighbouring slices
/// of one patient mostly stay below.
pub const SAME: f32 = 0.99;

/// What is kept of a scan to recognise its copies.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    pixels: u64,
    /// Zero mean, unit length; all zero for a flat scan.
    thumbnail: Vec<f32>,
}

impl Fingerprint {
    /// The fingerprint of a slice.
    pub fn of(slice: &Slice) -> Self {
        let mut hasher = DefaultHasher::new();
        (slice.width, slice.height).hash(&mut hasher);
        slice.stored.iter().for_each(|value| value.to_bits().hash(&mut hasher));
        Self { pixels: hasher.finish(), thumbnail: thumbnail(slice) }
    }

    /// Whether two scans are the same picture.
    pub fn matches(&self, other: &Self) -> bool {
        self.pixels == other.pixels || self.correlation(other) >= SAME
    }

    fn correlation(&self, other: &Self) -> f32 {
        self.thumbnail.iter().zip(&other.thumbnail).map(|(a, b)| a * b).sum()
    }
}

/// For each of `scans`, whether a copy of it is among `others`.
pub fn has_twin(scans: &[Fingerprint], others: &[Fingerprint]) -> Vec<bool> {
    scans.par_iter().map(|scan| others.iter().any(|other| scan.matches(other))).collect()
}

/// A group number for each scan: copies, and copies of copies, share one.
pub fn groups(scans: &[Fingerprint]) -> Vec<usize> {
    let pairs: Vec<(usize, usize)> = (0..scans.len())
        .into_par_iter()
        .flat_map_iter(|i| {
            (0..i).filter(move |&j| scans[i].matches(&scans[j])).map(move |j| (i, j))
        })
        .collect();
    let mut parent: Vec<usize> = (0..scans.len()).collect();
    for (i, j) in pairs {
        let (a, b) = (root(&mut parent, i), root(&mut parent, j));
        parent[a.max(b)] = a.min(b);
    }
    (0..scans.len()).map(|i| root(&mut parent, i)).collect()
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

/// Mean values over a grid of cells, brought to zero mean and unit length.
fn thumbnail(slice: &Slice) -> Vec<f32> {
    let mut cells = vec![(0.0f64, 0u32); SIDE * SIDE];
    for y in 0..slice.height {
        for x in 0..slice.width {
            let cell = &mut cells[y * SIDE / slice.height * SIDE + x * SIDE / slice.width];
            cell.0 += f64::from(slice.stored[y * slice.width + x]);
            cell.1 += 1;
        }
    }
    let mut means: Vec<f32> =
        cells.iter().map(|&(sum, count)| (sum / f64::from(count.max(1))) as f32).collect();
    let mean = means.iter().sum::<f32>() / means.len() as f32;
    means.iter_mut().for_each(|value| *value -= mean);
    let length = means.iter().map(|v| v * v).sum::<f32>().sqrt();
    if length > 1e-3 {
        means.iter_mut().for_each(|value| *value /= length);
    } else {
        means.fill(0.0);
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Depth;

    fn picture(side: usize, phase: f32) -> Slice {
        let stored = (0..side * side)
            .map(|i| {
                let (x, y) = ((i % side) as f32 / side as f32, (i / side) as f32 / side as f32);
                128.0 + 100.0 * ((x * 9.0 + phase).sin() * (y * 7.0 - phase).cos())
            })
            .collect();
        Slice::new(side, side, stored, Depth::EightBit)
    }

    #[test]
    fn the_same_picture_at_another_size_and_brightness_is_a_twin() {
        let scan = Fingerprint::of(&picture(96, 0.0));
        assert!(scan.matches(&Fingerprint::of(&picture(240, 0.0))));
        let mut dark = picture(96, 0.0);
        dark.stored.iter_mut().for_each(|v| *v = *v * 0.6 + 10.0);
        assert!(scan.matches(&Fingerprint::of(&dark)));
        assert!(!scan.matches(&Fingerprint::of(&picture(96, 0.5))));
    }

    #[test]
    fn groups_join_copies_of_copies_and_flat_scans_only_when_equal() {
        let flat = |value| Slice::new(8, 8, vec![value; 64], Depth::EightBit);
        let scans = [
            picture(64, 0.0),
            picture(64, 2.0),
            picture(128, 0.0),
            flat(0.0),
            flat(9.0),
            flat(9.0),
        ];
        let prints: Vec<_> = scans.iter().map(Fingerprint::of).collect();
        assert_eq!(groups(&prints), [0, 1, 0, 3, 4, 4]);
        assert_eq!(has_twin(&prints[..2], &prints[2..]), [true, false]);
    }
}
