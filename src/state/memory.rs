//! Which pixels are in memory: what is looked at, what is likely to be looked at next, and no more
//! than there is room for.

use super::session::Session;
use crate::imaging::{Header, Place};
use crate::worker::job::ScanKey;

/// Bytes of a slice in memory.
fn bytes(header: &Header) -> u64 {
    (header.width as u64) * (header.height as u64) * size_of::<f32>() as u64
}

impl Session {
    /// Lets pixels go that there is no room for, and says which are to be read, the most wanted
    /// first. The slices on the screen are wanted whatever the room.
    pub(super) fn arrange_pixels(&mut self, room: u64) -> Vec<(ScanKey, Place)> {
        let mut left = room.saturating_sub(self.bound());
        let mut kept: Vec<Vec<bool>> =
            self.series.iter().map(|open| vec![false; open.series.slices.len()]).collect();
        let mut wanted = Vec::new();
        for (rank, (at, slice)) in self.by_interest().into_iter().enumerate() {
            let open = &self.series[at];
            let leaf = &open.series.slices[slice];
            let Some(place) = leaf.place.as_ref().filter(|_| !kept[at][slice]) else { continue };
            let size = bytes(&leaf.header);
            if size > left && rank >= self.grid.cells().len() {
                continue;
            }
            left = left.saturating_sub(size);
            kept[at][slice] = true;
            if open.is_away(slice) {
                wanted.push((ScanKey { series: open.number, slice }, place.clone()));
            }
        }
        for (open, kept) in self.series.iter_mut().zip(&kept) {
            for (slice, kept) in kept.iter().enumerate() {
                if *kept || open.slice_at(slice).is_none() {
                    continue;
                }
                let size = bytes(&open.series.slices[slice].header);
                if size > left {
                    open.let_go(slice);
                }
                left = left.saturating_sub(size);
            }
        }
        wanted
    }

    /// Bytes of what cannot be read again, and stays.
    fn bound(&self) -> u64 {
        let leaves = self.series.iter().flat_map(|open| &open.series.slices);
        leaves.filter(|leaf| leaf.place.is_none()).map(|leaf| bytes(&leaf.header)).sum()
    }

    /// Series (by their place in the list) and slice: those on the screen, the one of each series
    /// that stands for it in the list, and then outwards from what is on the screen.
    fn by_interest(&self) -> Vec<(usize, usize)> {
        let place = |number| self.series.iter().position(|open| open.number == number);
        let shown: Vec<usize> = self.grid.shown().filter_map(place).collect();
        let on_screen = shown.iter().map(|&at| (at, self.series[at].slice));
        let in_list = self.series.iter().enumerate().map(|(at, open)| (at, open.middle()));
        let around = shown.iter().flat_map(|&at| {
            let open = &self.series[at];
            outwards(open.slice, open.series.slices.len()).map(move |slice| (at, slice))
        });
        on_screen.chain(in_list).chain(around).collect()
    }
}

/// Every index below `len` other than `middle`, the nearest first, and of two the one behind it:
/// people scroll on more than back.
pub(super) fn outwards(middle: usize, len: usize) -> impl Iterator<Item = usize> {
    (1..len.max(1)).flat_map(move |step| {
        let on = middle.checked_add(step).filter(|&index| index < len);
        on.into_iter().chain(middle.checked_sub(step))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_come_first_and_everything_once() {
        assert_eq!(outwards(2, 6).collect::<Vec<_>>(), [3, 1, 4, 0, 5]);
        assert_eq!(outwards(0, 3).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(outwards(2, 3).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(outwards(0, 1).count(), 0);
    }
}
