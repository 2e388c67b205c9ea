//! A slice on fewer pixels: a large one is averaged once, not whenever its window moves.

use crate::imaging::{Header, Slice};
use crate::worker::job::ScanKey;

/// The slice that was last made smaller.
#[derive(Default)]
pub struct Shrunk(Option<(ScanKey, usize, Slice)>);

impl Shrunk {
    /// The slice with sides of at most `limit` pixels; itself where it has no more.
    pub fn of<'a>(&'a mut self, key: ScanKey, slice: &'a Slice, limit: usize) -> &'a Slice {
        let block = slice.width.max(slice.height).div_ceil(limit.max(1));
        if block <= 1 {
            self.0 = None;
            return slice;
        }
        let kept = self.0.take().filter(|(of, by, _)| (*of, *by) == (key, block));
        let (.., small) = self.0.insert(kept.unwrap_or_else(|| (key, block, shrink(slice, block))));
        small
    }
}

/// Means of blocks of `block × block` pixels; what is left over at the right and below is left out.
fn shrink(slice: &Slice, block: usize) -> Slice {
    let (width, height) = ((slice.width / block).max(1), (slice.height / block).max(1));
    let (across, down) = (block.min(slice.width), block.min(slice.height));
    let mean = |i: usize| {
        let (left, top) = (i % width * block, i / width * block);
        let rows = slice.stored[top * slice.width..].chunks(slice.width).take(down);
        let sum: f32 = rows.flat_map(|row| &row[left..left + across]).sum();
        sum / (across * down) as f32
    };
    let stored = (0..width * height).map(mean).collect();
    Slice::of(Header { width, height, ..slice.header.clone() }, stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Depth;

    #[test]
    fn a_small_picture_holds_the_means_of_a_large_one() {
        let stored = (0..5 * 4).map(|i| (i % 5) as f32).collect();
        let small = shrink(&Slice::new(5, 4, stored, Depth::Wide), 2);
        assert_eq!((small.width, small.height), (2, 2));
        assert_eq!(small.stored, [0.5, 2.5, 0.5, 2.5]);
        let line = shrink(&Slice::new(6, 1, vec![3.0; 6], Depth::Wide), 3);
        assert_eq!((line.width, line.height, line.stored), (2, 1, vec![3.0; 2]));
    }

    #[test]
    fn a_slice_is_averaged_once_until_another_one_is_shown() {
        let slice = |value| Slice::new(6, 6, vec![value; 36], Depth::Wide);
        let key = |slice| ScanKey { series: 1, slice };
        let mut shrunk = Shrunk::default();
        assert_eq!(shrunk.of(key(0), &slice(1.0), 3).stored, [1.0; 9]);
        // Averaged anew it would hold twos.
        assert_eq!(shrunk.of(key(0), &slice(2.0), 3).stored, [1.0; 9]);
        assert_eq!(shrunk.of(key(0), &slice(2.0), 2).stored, [2.0; 4], "another limit");
        assert_eq!(shrunk.of(key(1), &slice(3.0), 2).stored, [3.0; 4], "another slice");
        assert_eq!(shrunk.of(key(2), &slice(4.0), 6).stored.len(), 36, "it is small enough");
    }
}
