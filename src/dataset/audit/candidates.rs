//! Which of many scans a scan may be a copy of, by the hashes of their views alone.
//!
//! Most pairs of scans go no further than here. The hashes of sixteen scans lie beside each other,
//! byte by byte, so that a processor compares sixteen scans at once.

use std::array::from_fn;

use super::fingerprint::Fingerprint;
use super::perceptual::{Low, VIEWS, WHOLES};

/// Bits of 64 in which the hash of one scan and that of a view of another differ at most for the
/// two to be looked at: 1.5 % of unrelated scans, 99 % of copies.
pub(super) const CANDIDATE: u32 = 12;

/// Scans that are compared at once.
const LANES: usize = 16;

/// Half the hash of a view, its four bytes apart, of each of some scans.
type Half = [[u8; LANES]; 4];

/// The hashes of some scans: of each view the half that a mirror leaves alone, and the other.
struct Block([[Half; 2]; VIEWS]);

/// The hashes of scans to search among.
pub(super) struct Shelf {
    blocks: Vec<Block>,
    /// The index of each scan: ascending, without those that are flat.
    indices: Vec<usize>,
}

impl Shelf {
    /// That of scans with an index each, which ascend.
    pub fn new<'a>(scans: impl Iterator<Item = (usize, &'a Fingerprint)>) -> Self {
        let (indices, hashes): (Vec<usize>, Vec<&Low>) =
            scans.filter_map(|(index, scan)| Some((index, &scan.head.as_ref()?.views.low))).unzip();
        let block = |hashes: &[&Low]| {
            let mut block = [[Half::default(); 2]; VIEWS];
            for (lane, hash) in hashes.iter().enumerate() {
                for (view, halves) in block.iter_mut().enumerate() {
                    for (half, bytes) in halves.iter_mut().zip(halves_of(hash, view)) {
                        half.iter_mut().zip(bytes).for_each(|(lanes, byte)| lanes[lane] = byte);
                    }
                }
            }
            Block(block)
        };
        Self { blocks: hashes.chunks(LANES).map(block).collect(), indices }
    }

    /// The indices below `end` of scans of which a view and one of this scan, as they are or with
    /// one of them mirrored, differ in at most [`CANDIDATE`] bits.
    pub fn candidates(&self, scan: &Fingerprint, end: usize) -> impl Iterator<Item = usize> {
        let count = self.indices.partition_point(|&index| index < end);
        let hash = scan.head.as_ref().map(|head| head.views.low);
        hash.into_iter().flat_map(move |hash| {
            let ours: [[[u8; 4]; 2]; VIEWS] = from_fn(|view| halves_of(&hash, view));
            let parts = self.indices[..count].chunks(LANES).zip(&self.blocks);
            parts.flat_map(move |(indices, block)| {
                let nearest = block.nearest(&ours);
                indices.iter().zip(nearest).filter(is_near).map(|(&index, _)| index)
            })
        })
    }
}

fn is_near((_, bits): &(&usize, u8)) -> bool {
    u32::from(*bits) <= CANDIDATE
}

fn halves_of(hash: &Low, view: usize) -> [[u8; 4]; 2] {
    let (kept, turned) = hash.at(view);
    [kept.to_le_bytes(), turned.to_le_bytes()]
}

impl Block {
    /// In how many bits the most similar views differ, for each scan: all views of the one are
    /// compared with those of the other that show its whole.
    fn nearest(&self, ours: &[[[u8; 4]; 2]; VIEWS]) -> [u8; LANES] {
        let mut nearest = [u8::MAX; LANES];
        for whole in 0..WHOLES {
            for view in &self.0 {
                compare(&ours[whole], view, &mut nearest);
            }
            for view in &ours[WHOLES..] {
                compare(view, &self.0[whole], &mut nearest);
            }
        }
        nearest
    }
}

/// Lowers `nearest` to the number of bits in which a view and those of a block's scans differ.
#[inline]
fn compare(ours: &[[u8; 4]; 2], block: &[Half; 2], nearest: &mut [u8; LANES]) {
    for (lane, nearest) in nearest.iter_mut().enumerate() {
        let [kept, turned]: [u8; 2] = from_fn(|half| {
            let ones = |byte: usize| ours[half][byte] ^ block[half][byte][lane];
            (0..4).map(|byte| ones(byte).count_ones() as u8).sum()
        });
        *nearest = (*nearest).min(kept + turned.min(u32::BITS as u8 - turned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Depth, Slice};

    /// Blobs that differ from each other.
    fn scan(seed: usize) -> Fingerprint {
        let at = |i: usize| {
            let (x, y) = ((i % 64) as f32 / 64.0, (i / 64) as f32 / 64.0);
            let wave = |f: f32| (x * f + seed as f32).sin() + (y * (f + 2.0) * seed as f32).cos();
            (128.0 + 30.0 * (wave(9.0) + wave(17.0))).round()
        };
        let stored = (0..64 * 64).map(at).collect();
        Fingerprint::of(&Slice::new(64, 64, stored, Depth::EightBit))
    }

    #[test]
    fn candidates_are_those_whose_views_differ_in_few_bits() {
        let mut scans: Vec<Fingerprint> = (0..40).map(|i| scan(i % 30)).collect();
        scans[6] = Fingerprint::of(&Slice::new(4, 4, vec![0.0; 16], Depth::EightBit));
        let shelf = Shelf::new(scans.iter().enumerate().step_by(2));
        for (scan, one) in scans.iter().enumerate() {
            let nearest = |other: &Fingerprint| {
                let (one, other) = (&one.head.as_ref()?.views, &other.head.as_ref()?.views);
                let pairs = (0..VIEWS).flat_map(|i| (0..VIEWS).map(move |j| (i, j)));
                let pairs = pairs.filter(|&(i, j)| i.min(j) < WHOLES);
                let bits = |(i, j)| [false, true].map(|m| one.distance(i, other, j, m));
                pairs.flat_map(bits).min()
            };
            let expected: Vec<usize> = (0..33)
                .step_by(2)
                .filter(|&i| nearest(&scans[i]).is_some_and(|bits| bits <= CANDIDATE))
                .collect();
            assert_eq!(shelf.candidates(one, 33).collect::<Vec<_>>(), expected, "{scan}");
            assert_eq!(expected.contains(&scan), scan % 2 == 0 && scan < 33 && scan != 6);
        }
    }
}
