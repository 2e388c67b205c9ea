//! A square image of greys, and how it is resampled.

/// Greys 0..=1 of a square image, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    side: usize,
    greys: Vec<f32>,
}

impl Image {
    /// The image of `greys`, `side × side` values row by row; `None` where their number differs.
    pub fn new(side: usize, greys: Vec<f32>) -> Option<Self> {
        (side > 0 && greys.len() == side * side).then_some(Self { side, greys })
    }

    /// An image whose grey at `[x, y]` is `grey(x, y)`, both from -1 (left, top) to 1.
    pub(super) fn draw(side: usize, mut grey: impl FnMut(f32, f32) -> f32) -> Self {
        let at = |i: usize| (2.0 * i as f32 + 1.0) / side as f32 - 1.0;
        let greys = (0..side * side).map(|i| grey(at(i % side), at(i / side))).collect();
        Self { side, greys }
    }

    pub fn side(&self) -> usize {
        self.side
    }

    pub fn greys(&self) -> &[f32] {
        &self.greys
    }

    /// Another grey for each pixel.
    pub(super) fn map(&self, grey: impl FnMut(f32) -> f32) -> Self {
        Self { side: self.side, greys: self.greys.iter().copied().map(grey).collect() }
    }

    /// The grey at a column and row, which may lie between pixels; black outside.
    pub(super) fn sample(&self, column: f32, row: f32) -> f32 {
        let (left, top) = (column.floor(), row.floor());
        let (right_share, lower_share) = (column - left, row - top);
        let at = |column: f32, row: f32| {
            let inside = |value: f32| value >= 0.0 && value < self.side as f32;
            if inside(column) && inside(row) {
                self.greys[row as usize * self.side + column as usize]
            } else {
                0.0
            }
        };
        let line =
            |row: f32| at(left, row) * (1.0 - right_share) + at(left + 1.0, row) * right_share;
        line(top) * (1.0 - lower_share) + line(top + 1.0) * lower_share
    }

    /// Each pixel takes the grey of the point that `from` gives for it: both are in units of half a
    /// side from the centre.
    pub(super) fn resample(&self, mut from: impl FnMut(f32, f32) -> (f32, f32)) -> Self {
        let half = self.side as f32 / 2.0;
        Self::draw(self.side, |x, y| {
            let (x, y) = from(x, y);
            self.sample((x + 1.0) * half - 0.5, (y + 1.0) * half - 0.5)
        })
    }

    /// Black and white at the quantiles that preprocessing takes for them
    /// ([`crate::model::preprocess`]), so that a copy is as bright as a file of it would be.
    pub(super) fn with_levels(&self) -> Self {
        let mut sorted = self.greys.clone();
        sorted.sort_by(f32::total_cmp);
        let last = (sorted.len() - 1) as f32;
        let [low, high] = [0.005, 0.995].map(|share: f32| sorted[(share * last).round() as usize]);
        let span = (high - low).max(1e-6);
        self.map(|grey| ((grey - low) / span).clamp(0.0, 1.0))
    }

    /// Gaussian blur of `sigma` pixels.
    pub(super) fn blurred(&self, sigma: f32) -> Self {
        let reach = (3.0 * sigma).ceil() as i32;
        let weights: Vec<f32> =
            (-reach..=reach).map(|x| (-0.5 * (x as f32 / sigma).powi(2)).exp()).collect();
        let sum: f32 = weights.iter().sum();
        let pass = |image: &Self, [dx, dy]: [f32; 2]| {
            let half = image.side as f32 / 2.0;
            Self::draw(image.side, |x, y| {
                let (column, row) = ((x + 1.0) * half - 0.5, (y + 1.0) * half - 0.5);
                let each = weights.iter().zip(-reach..=reach).map(|(weight, step)| {
                    let step = step as f32;
                    weight * image.sample((column + step * dx).round(), (row + step * dy).round())
                });
                each.sum::<f32>() / sum
            })
        };
        pass(&pass(self, [1.0, 0.0]), [0.0, 1.0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_as_many_greys_as_pixels() {
        assert!(Image::new(2, vec![0.0; 4]).is_some());
        assert!(Image::new(2, vec![0.0; 3]).is_none());
        assert!(Image::new(0, Vec::new()).is_none());
    }

    #[test]
    fn the_same_points_give_the_same_image_and_outside_is_black() {
        let image = Image::draw(8, |x, y| (x + 2.0 * y + 3.0) / 6.0);
        let same = image.resample(|x, y| (x, y));
        let apart = same.greys().iter().zip(image.greys()).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-6);
        let moved = image.resample(|x, y| (x + 2.0, y));
        assert!(moved.greys().iter().all(|&grey| grey == 0.0));
    }

    #[test]
    fn levels_reach_from_black_to_white() {
        let image = Image::draw(32, |x, _| 0.4 + 0.1 * x).with_levels();
        let (low, high) = (image.greys()[0], image.greys()[31]);
        assert!(low == 0.0 && high == 1.0, "{low} {high}");
        assert!(Image::draw(8, |_, _| 0.3).with_levels().greys().iter().all(|g| g.is_finite()));
    }
}
