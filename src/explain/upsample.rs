//! Maps at the scan's own pixels: bilinear with half-pixel centres (`align_corners = false`, as
//! `cv2.resize` does it), through the region of the scan that the network saw.

use crate::model::prediction::{InputRegion, SaliencyMap};

/// The map at `width × height` pixels of the scan, row by row; zero where the network did not look.
pub fn upsample(map: &SaliencyMap, region: &InputRegion, width: usize, height: usize) -> Vec<f32> {
    let columns = blends(map.width, region.x, region.width, width);
    let rows = blends(map.height, region.y, region.height, height);
    let mut pixels = vec![0.0; width * height];
    if width == 0 || map.values.len() != map.width * map.height || map.values.is_empty() {
        return pixels;
    }
    // Rows are stretched once each and then blended: two multiplications a pixel.
    let stretched: Vec<f32> = map
        .values
        .chunks_exact(map.width)
        .flat_map(|row| {
            columns.iter().map(|tap| tap.weight_a * row[tap.a] + tap.weight_b * row[tap.b])
        })
        .collect();
    // On one thread: a frame must not wait in a pool behind whoever reads files there.
    for (pixels, tap) in pixels.chunks_exact_mut(width).zip(&rows) {
        let a = &stretched[tap.a * width..][..width];
        let b = &stretched[tap.b * width..][..width];
        for ((pixel, a), b) in pixels.iter_mut().zip(a).zip(b) {
            *pixel = tap.weight_a * a + tap.weight_b * b;
        }
    }
    pixels
}

/// The map's value at one point of the scan, in pixel edges (0.5 is the centre of the first pixel);
/// `None` where the network did not look.
pub fn sample(map: &SaliencyMap, region: &InputRegion, x: f32, y: f32) -> Option<f32> {
    let column = Blend::at(x, region.x, region.width, map.width);
    let row = Blend::at(y, region.y, region.height, map.height);
    let line = |index: usize| map.values.get(index * map.width..)?.get(..map.width);
    let (a, b) = (line(row.a)?, line(row.b)?);
    (column.inside() && row.inside()).then(|| {
        let along =
            |line: &[f32]| column.weight_a * line[column.a] + column.weight_b * line[column.b];
        row.weight_a * along(a) + row.weight_b * along(b)
    })
}

/// Two neighbouring cells of a map and their weights, which are 0 outside the region.
struct Blend {
    a: usize,
    b: usize,
    weight_a: f32,
    weight_b: f32,
}

impl Blend {
    /// Where a point falls on a map of `cells` cells that covers a side from `start` on for `length`.
    fn at(point: f32, start: f32, length: f32, cells: usize) -> Self {
        let along = (point - start) / length;
        let inside = f32::from((0.0..=1.0).contains(&along));
        let last = cells.saturating_sub(1);
        let position = (along * cells as f32 - 0.5).clamp(0.0, last as f32);
        let a = position as usize;
        let fraction = position - a as f32;
        Self {
            a,
            b: (a + 1).min(last),
            weight_a: inside * (1.0 - fraction),
            weight_b: inside * fraction,
        }
    }

    fn inside(&self) -> bool {
        self.weight_a + self.weight_b > 0.0
    }
}

/// For the centre of each of `pixels` pixels along a side: where it falls on the map.
fn blends(cells: usize, start: f32, length: f32, pixels: usize) -> Vec<Blend> {
    (0..pixels).map(|pixel| Blend::at(pixel as f32 + 0.5, start, length, cells)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::prediction::LayerInfo;

    fn map(width: usize, height: usize, values: &[f32]) -> SaliencyMap {
        SaliencyMap {
            layer: LayerInfo { name: "layer".into(), stage: 1 },
            channels: 1,
            height,
            width,
            values: values.to_vec(),
            raw_max: values.iter().copied().fold(0.0, f32::max),
        }
    }

    fn whole(width: f32, height: f32) -> InputRegion {
        InputRegion { x: 0.0, y: 0.0, width, height }
    }

    #[test]
    fn half_pixel_centres_as_cv2_resize() {
        // cv2.resize(np.float32([[0, 4]]), (4, 1)) gives 0, 1, 3, 4.
        let pixels = upsample(&map(2, 1, &[0.0, 4.0]), &whole(4.0, 1.0), 4, 1);
        assert_eq!(pixels, [0.0, 1.0, 3.0, 4.0]);
    }

    #[test]
    fn nothing_is_claimed_outside_what_the_network_saw() {
        let region = InputRegion { x: 2.0, y: 0.0, width: 2.0, height: 4.0 };
        let pixels = upsample(&map(1, 1, &[5.0]), &region, 6, 1);
        assert_eq!(pixels, [0.0, 0.0, 5.0, 5.0, 0.0, 0.0]);
    }

    #[test]
    fn padding_does_not_shift_the_map() {
        // A 2×4 scan, padded by one pixel left and right to 4×4, seen as a 4×4 map.
        let values: Vec<f32> = (0..16).map(|v| v as f32).collect();
        let region = InputRegion { x: -1.0, y: 0.0, width: 4.0, height: 4.0 };
        let pixels = upsample(&map(4, 4, &values), &region, 2, 4);
        assert_eq!(pixels, [1.0, 2.0, 5.0, 6.0, 9.0, 10.0, 13.0, 14.0]);
    }

    #[test]
    fn one_point_has_the_value_of_its_pixel() {
        let values: Vec<f32> = (0..6).map(|v| (v * v) as f32).collect();
        let map = map(3, 2, &values);
        let region = InputRegion { x: 1.0, y: -1.0, width: 7.0, height: 9.0 };
        let pixels = upsample(&map, &region, 10, 10);
        for (y, x) in [(0, 1), (4, 5), (7, 7)] {
            let point = sample(&map, &region, x as f32 + 0.5, y as f32 + 0.5).expect("inside");
            assert!((point - pixels[y * 10 + x]).abs() < 1e-5);
        }
        assert_eq!(sample(&map, &region, 0.5, 4.5), None);
    }

    #[test]
    fn an_empty_map_or_scan_is_no_reason_to_panic() {
        assert!(upsample(&map(0, 0, &[]), &whole(1.0, 1.0), 0, 0).is_empty());
        assert_eq!(upsample(&map(0, 0, &[]), &whole(2.0, 1.0), 2, 1), [0.0, 0.0]);
    }
}
