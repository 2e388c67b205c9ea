//! A layer's map brought from its own resolution to the scan's pixels.

use crate::model::prediction::{InputRegion, SaliencyMap};

/// The map at `height × width` pixels of the scan, row by row from the top: bilinear with
/// half-pixel centres (`align_corners = false`), laid where `region` says the network looked, zero
/// outside of it.
pub fn upsample(map: &SaliencyMap, region: &InputRegion, width: usize, height: usize) -> Vec<f32> {
    let columns: Vec<_> =
        (0..width).map(|x| tap(x as f32 + 0.5, region.x, region.width, map.width)).collect();
    let mut pixels = vec![0.0; width * height];
    if map.values.is_empty() || width == 0 {
        return pixels;
    }
    for (y, row) in pixels.chunks_exact_mut(width).enumerate() {
        let Some(vertical) = tap(y as f32 + 0.5, region.y, region.height, map.height) else {
            continue;
        };
        let top = &map.values[vertical.first * map.width..][..map.width];
        let bottom = &map.values[vertical.second * map.width..][..map.width];
        for (pixel, column) in row.iter_mut().zip(&columns) {
            if let Some(column) = column {
                *pixel = vertical.mix(column.pick(top), column.pick(bottom));
            }
        }
    }
    pixels
}

/// The map's value at a point of the scan, in pixel edges (0.5 is the centre of the first pixel);
/// `None` outside of `region`.
pub fn sample(map: &SaliencyMap, region: &InputRegion, x: f32, y: f32) -> Option<f32> {
    let column = tap(x, region.x, region.width, map.width)?;
    let row = tap(y, region.y, region.height, map.height)?;
    let line = |index: usize| map.values.get(index * map.width..)?.get(..map.width);
    Some(row.mix(column.pick(line(row.first)?), column.pick(line(row.second)?)))
}

/// The two cells of a map between which a point lies, and how far it is towards the second.
struct Tap {
    first: usize,
    second: usize,
    weight: f32,
}

impl Tap {
    fn mix(&self, first: f32, second: f32) -> f32 {
        first + (second - first) * self.weight
    }

    fn pick(&self, line: &[f32]) -> f32 {
        self.mix(line[self.first], line[self.second])
    }
}

fn tap(at: f32, start: f32, length: f32, cells: usize) -> Option<Tap> {
    if cells == 0 || at < start || at > start + length {
        return None;
    }
    let last = (cells - 1) as f32;
    let place = ((at - start) / length * cells as f32 - 0.5).clamp(0.0, last);
    let first = place as usize;
    Some(Tap { first, second: (first + 1).min(cells - 1), weight: place - first as f32 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::prediction::LayerInfo;

    fn map(width: usize, height: usize, values: &[f32]) -> SaliencyMap {
        let raw_max = values.iter().copied().fold(0.0, f32::max);
        let layer = LayerInfo { name: "conv".into(), stage: 1 };
        SaliencyMap { layer, channels: 1, height, width, values: values.to_vec(), raw_max }
    }

    #[test]
    fn two_cells_over_four_pixels_as_torch_and_opencv_do_it() {
        let region = InputRegion { x: 0.0, y: 0.0, width: 4.0, height: 1.0 };
        assert_eq!(upsample(&map(2, 1, &[0.0, 1.0]), &region, 4, 1), [0.0, 0.25, 0.75, 1.0]);
    }

    #[test]
    fn a_map_of_the_same_size_is_itself() {
        let values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let region = InputRegion { x: 0.0, y: 0.0, width: 3.0, height: 2.0 };
        assert_eq!(upsample(&map(3, 2, &values), &region, 3, 2), values);
    }

    #[test]
    fn the_map_lies_where_the_network_looked_and_nowhere_else() {
        // A scan of 4×2 padded to a square: the region reaches beyond it above and below.
        let region = InputRegion { x: 0.0, y: -1.0, width: 4.0, height: 4.0 };
        let up = upsample(&map(1, 4, &[0.0, 1.0, 2.0, 3.0]), &region, 4, 2);
        assert_eq!(up, [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0]);
        // And cropped to the middle two columns: nothing is shown of what was not looked at.
        let region = InputRegion { x: 1.0, y: 0.0, width: 2.0, height: 1.0 };
        assert_eq!(upsample(&map(1, 1, &[7.0]), &region, 4, 1), [0.0, 7.0, 7.0, 0.0]);
    }

    #[test]
    fn a_probe_reads_what_the_picture_shows() {
        let map = map(3, 3, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let region = InputRegion { x: -2.0, y: 0.0, width: 20.0, height: 15.0 };
        let up = upsample(&map, &region, 16, 15);
        for (x, y) in [(0, 0), (5, 7), (15, 14)] {
            let probe = sample(&map, &region, x as f32 + 0.5, y as f32 + 0.5).unwrap();
            assert_eq!(probe, up[y * 16 + x]);
        }
        assert_eq!(sample(&map, &region, 19.0, 1.0), None);
    }
}
