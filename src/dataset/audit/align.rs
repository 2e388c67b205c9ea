//! Laying one head over another: a Gauss–Newton search for shift and scale, from coarse to fine
//! (Lucas and Kanade 1981), and the correlation that remains.

use super::picture::SIDE;
use super::resample::Rect;

/// A shift and a scale for each axis, in shares of the head's side, around its middle: where a
/// point of the first head lies in the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placement {
    pub scale: [f32; 2],
    pub shift: [f32; 2],
}

impl Placement {
    #[cfg(test)]
    const IDENTITY: Self = Self { scale: [1.0; 2], shift: [0.0; 2] };

    /// That which lays a view of one scan on a view of another, for their heads.
    pub fn of(head: Rect, view: Rect, other_view: Rect, other_head: Rect) -> Self {
        let mut placement = Self { scale: [1.0; 2], shift: [0.0; 2] };
        for axis in 0..2 {
            let [head, view, other_view, other_head] =
                [head, view, other_view, other_head].map(|rect| rect.spans()[axis]);
            let middle = |(low, length): (f32, f32)| low + length / 2.0;
            let zoom = other_view.1 / view.1;
            placement.scale[axis] = head.1 * zoom / other_head.1;
            let at = middle(other_view) + (middle(head) - middle(view)) * zoom;
            placement.shift[axis] = (at - middle(other_head)) / other_head.1;
        }
        placement
    }

    /// Where the whole frame of the one scan lies in that of the other.
    pub fn frame(self, head: Rect, other_head: Rect) -> Rect {
        let edges = |axis: usize| {
            let (low, length) = head.spans()[axis];
            let (other_low, other_length) = other_head.spans()[axis];
            [0.0, 1.0].map(|edge| {
                let u = (edge - low) / length - 0.5;
                other_low + (self.scale[axis] * u + self.shift[axis] + 0.5) * other_length
            })
        };
        let ([left, right], [top, bottom]) = (edges(0), edges(1));
        Rect { left, top, right, bottom }
    }

    /// How much of the first head can lie over the second, as a share of the first.
    pub fn room(self) -> f32 {
        (1.0 / (self.scale[0] * self.scale[1])).min(1.0)
    }

    /// No head of a copy is scaled or shifted further against the other: more is another scan.
    fn is_plausible(self) -> bool {
        self.scale.iter().all(|scale| (0.45..=2.2).contains(scale))
            && self.shift.iter().all(|shift| shift.abs() < 0.4)
    }
}

/// Where a value of one square lies over another, along one axis.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Its index.
    at: usize,
    /// Its place in shares of the side, from the middle.
    share: f32,
    /// The value of the other before it, and the share of the way from there to the next.
    first: usize,
    rest: f32,
}

/// A square of values.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    side: usize,
    values: Vec<f32>,
}

impl Plane {
    pub fn new(values: impl Iterator<Item = f32>) -> Self {
        Self { side: SIDE, values: values.collect() }
    }

    /// As [`Self::new`], seen in a mirror.
    pub fn mirrored(mut self) -> Self {
        self.values.chunks_exact_mut(self.side).for_each(<[f32]>::reverse);
        self
    }

    /// Each four values to their mean.
    pub fn half(&self) -> Self {
        let side = self.side / 2;
        let at = |x: usize, y: usize| self.values[y * self.side + x];
        let mean = |i: usize| {
            let (x, y) = (i % side * 2, i / side * 2);
            (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0
        };
        Self { side, values: (0..side * side).map(mean).collect() }
    }

    /// Which values along an axis, but those at the rim, lie over the other square, and where.
    fn places(
        &self,
        placement: Placement,
        axis: usize,
        rim: usize,
    ) -> impl Iterator<Item = Place> + use<> {
        let side = self.side as f32;
        let last = side - 1.0;
        let (scale, shift) = (placement.scale[axis], placement.shift[axis]);
        (rim..self.side - rim).filter_map(move |at| {
            let share = (at as f32 + 0.5) / side - 0.5;
            let over = (scale * share + shift + 0.5) * side - 0.5;
            (over >= 0.0 && over < last).then(|| {
                let first = over as usize;
                Place { at, share, first, rest: over - first as f32 }
            })
        })
    }

    /// Calls `each` with the index and the place of every value but those at the rim, and with what
    /// lies over it in `other`.
    #[inline]
    fn over(
        &self,
        other: &Self,
        placement: Placement,
        rim: usize,
        mut each: impl FnMut(usize, [f32; 2], f32),
    ) {
        // The same columns for every row.
        let mut columns = [Place::default(); SIDE];
        let mut count = 0;
        for (column, place) in columns.iter_mut().zip(self.places(placement, 0, rim)) {
            *column = place;
            count += 1;
        }
        for row in self.places(placement, 1, rim) {
            let rows = &other.values[row.first * self.side..][..2 * self.side];
            let (above, below) = rows.split_at(self.side);
            for column in &columns[..count] {
                let between = |line: &[f32]| {
                    line[column.first] + (line[column.first + 1] - line[column.first]) * column.rest
                };
                let (above, below) = (between(above), between(below));
                let value = above + (below - above) * row.rest;
                each(row.at * self.side + column.at, [column.share, row.share], value);
            }
        }
    }

    /// A better placement, by `steps` steps; `None` where the search leaves what is plausible.
    pub fn align(&self, other: &Self, mut placement: Placement, steps: usize) -> Option<Placement> {
        let side = self.side as f32;
        let slope = |i: usize, next: usize| (self.values[i + next] - self.values[i - next]) / 2.0;
        for _ in 0..steps {
            let mut normal = [[0.0f32; 4]; 4];
            let mut right = [0.0f32; 4];
            self.over(other, placement, 1, |i, [u, v], value| {
                // Per share of the side, as the placement is.
                let (dx, dy) = (slope(i, 1) * side, slope(i, self.side) * side);
                let step = [dx * u, dx, dy * v, dy];
                let missing = self.values[i] - value;
                for (row, &a) in step.iter().enumerate() {
                    right[row] += a * missing;
                    for (column, &b) in step.iter().enumerate().skip(row) {
                        normal[row][column] += a * b;
                    }
                }
            });
            let [scale_x, shift_x, scale_y, shift_y] = solve(normal, right)?;
            placement.scale[0] += scale_x;
            placement.shift[0] += shift_x;
            placement.scale[1] += scale_y;
            placement.shift[1] += shift_y;
            if !placement.is_plausible() {
                return None;
            }
        }
        Some(placement)
    }

    /// Correlation -1..=1 of what lies over each other, and how much of this square that is.
    pub fn correlation(&self, other: &Self, placement: Placement) -> (f32, f32) {
        /// Values at the rim know only half of their surroundings.
        const RIM: usize = 2;
        let (mut count, mut sums) = (0.0f64, [0.0f64; 5]);
        self.over(other, placement, RIM, |i, _, b| {
            let (a, b) = (f64::from(self.values[i]), f64::from(b));
            count += 1.0;
            for (sum, value) in sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
                *sum += value;
            }
        });
        let [a, b, aa, bb, ab] = sums.map(|sum| sum / count.max(1.0));
        let spread = ((aa - a * a) * (bb - b * b)).sqrt();
        let correlation = if spread > 1e-9 { (ab - a * b) / spread } else { 0.0 };
        let inside = (self.side - 2 * RIM) as f64;
        (correlation as f32, (count / (inside * inside)) as f32)
    }
}

/// Solves a symmetric system, of which the upper half is given, by Cholesky's method.
fn solve(mut normal: [[f32; 4]; 4], right: [f32; 4]) -> Option<[f32; 4]> {
    // A little more on the diagonal: a head without slope in one direction is not moved in it.
    let trace: f32 = (0..4).map(|i| normal[i][i]).sum();
    (0..4).for_each(|i| normal[i][i] += 1e-4 * trace + 1e-6);
    let mut lower = [[0.0f32; 4]; 4];
    for i in 0..4 {
        for j in 0..=i {
            let known: f32 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = normal[j][i] - known;
            lower[i][j] = if i == j { rest.max(1e-12).sqrt() } else { rest / lower[j][j] };
        }
    }
    let mut half = [0.0f32; 4];
    for i in 0..4 {
        let known: f32 = (0..i).map(|k| lower[i][k] * half[k]).sum();
        half[i] = (right[i] - known) / lower[i][i];
    }
    let mut result = [0.0f32; 4];
    for i in (0..4).rev() {
        let known: f32 = (i + 1..4).map(|k| lower[k][i] * result[k]).sum();
        result[i] = (half[i] - known) / lower[i][i];
    }
    result.iter().all(|value| value.is_finite()).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A smooth picture, its middle moved and its size changed.
    fn waves(scale: f32, shift: f32) -> Plane {
        Plane::new((0..SIDE * SIDE).map(|i| {
            let place = |i: usize| ((i as f32 + 0.5) / SIDE as f32 - 0.5 - shift) / scale;
            let (x, y) = (place(i % SIDE), place(i / SIDE));
            120.0 + 60.0 * ((x * 7.0).sin() + (y * 5.0 + 1.0).cos() * (x * 3.0).cos())
        }))
    }

    #[test]
    fn a_moved_and_scaled_picture_is_found() {
        let (one, other) = (waves(1.0, 0.0), waves(1.06, 0.03));
        let start = Placement::IDENTITY;
        let placed = one.half().half().align(&other.half().half(), start, 6).expect("it fits");
        let placed = one.half().align(&other.half(), placed, 4).expect("it fits");
        let placed = one.align(&other, placed, 3).expect("it fits");
        for axis in 0..2 {
            assert!((placed.scale[axis] - 1.06).abs() < 0.01, "{placed:?}");
            assert!((placed.shift[axis] - 0.03).abs() < 0.005, "{placed:?}");
        }
        assert!(one.correlation(&other, placed).0 > 0.999);
    }

    #[test]
    fn systems_are_solved() {
        let normal = [
            [4.0, 1.0, 0.0, 0.0],
            [0.0, 3.0, 0.0, 1.0],
            [0.0, 0.0, 2.0, 0.0],
            [0.0, 0.0, 0.0, 5.0],
        ];
        let solved = solve(normal, [6.0, 11.0, 6.0, 22.0]).expect("regular");
        for (found, expected) in solved.iter().zip([1.0, 2.0, 3.0, 4.0]) {
            assert!((found - expected).abs() < 0.02, "{solved:?}");
        }
    }
}
