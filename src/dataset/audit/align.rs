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

/// Values that a processor adds at once.
const LANES: usize = 4;

/// Which values of a row of one square lie over another square, and where.
struct Columns {
    /// The column of the first; the others follow.
    begin: usize,
    count: usize,
    /// Their places in shares of the side, from the middle.
    shares: [f32; SIDE],
    /// The column of the other before each, and the share of the way from there to the next.
    firsts: [u32; SIDE],
    rests: [f32; SIDE],
    /// What lies over them, in the row that was last asked for; 0 behind `count`.
    over: [f32; SIDE],
    /// That row of the other.
    line: [f32; SIDE + 1],
}

impl Columns {
    /// Finds what of `other` lies over this row.
    #[inline]
    fn lay(&mut self, other: &Plane, row: &Place) {
        let rows = &other.values[row.first * other.side..][..2 * other.side];
        let (above, below) = rows.split_at(other.side);
        for (value, (above, below)) in self.line.iter_mut().zip(above.iter().zip(below)) {
            *value = above + (below - above) * row.rest;
        }
        let line = &self.line;
        let places = self.firsts.iter().zip(&self.rests);
        for (over, (&first, rest)) in self.over.iter_mut().zip(places).take(self.count) {
            // The remainder is the column itself, and tells the compiler that it lies inside.
            let first = first as usize % SIDE;
            *over = line[first] + (line[first + 1] - line[first]) * rest;
        }
    }
}

/// Where a value of one square lies over another, along one axis.
struct Place {
    /// Its index.
    at: usize,
    /// As in [`Columns`].
    share: f32,
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

    /// As [`Self::places`] of every row.
    fn columns(&self, placement: Placement, rim: usize) -> Columns {
        let mut columns = Columns {
            begin: 0,
            count: 0,
            shares: [0.0; SIDE],
            firsts: [0; SIDE],
            rests: [0.0; SIDE],
            over: [0.0; SIDE],
            line: [0.0; SIDE + 1],
        };
        for (i, place) in self.places(placement, 0, rim).enumerate() {
            columns.begin = place.at - i;
            columns.count = i + 1;
            columns.shares[i] = place.share;
            columns.firsts[i] = place.first as u32;
            columns.rests[i] = place.rest;
        }
        columns
    }

    /// A better placement, by `steps` steps; `None` where nothing lies over each other and where the
    /// search leaves what is plausible.
    pub fn align(&self, other: &Self, mut placement: Placement, steps: usize) -> Option<Placement> {
        // Slopes are per share of the side, as the placement is, from the next but one.
        let per_share = self.side as f32 / 2.0;
        for _ in 0..steps {
            let mut columns = self.columns(placement, 1);
            if columns.count == 0 {
                return None;
            }
            let (begin, end) = (columns.begin, columns.begin + columns.count);
            let mut normal = [[[0.0f32; LANES]; 4]; 4];
            let mut right = [[0.0f32; LANES]; 4];
            // What is not filled stays 0 and adds nothing.
            let (mut across, mut down, mut missing) = ([0.0; SIDE], [0.0; SIDE], [0.0; SIDE]);
            for row in self.places(placement, 1, 1) {
                columns.lay(other, &row);
                let line = |y: usize| &self.values[y * self.side..(y + 1) * self.side];
                let own = line(row.at);
                let slope = |low: &[f32], high: &[f32], slopes: &mut [f32]| {
                    for (slope, (low, high)) in slopes.iter_mut().zip(low.iter().zip(high)) {
                        *slope = (high - low) * per_share;
                    }
                };
                slope(&own[begin - 1..end - 1], &own[begin + 1..end + 1], &mut across);
                slope(&line(row.at - 1)[begin..end], &line(row.at + 1)[begin..end], &mut down);
                for (missing, (own, over)) in
                    missing.iter_mut().zip(own[begin..end].iter().zip(&columns.over))
                {
                    *missing = own - over;
                }
                // The terms of a step along the row: scale and shift; across it, only the shift,
                // since the scale is the same times the place of the row.
                let mut sums = [[0.0f32; LANES]; 9];
                for i in (0..columns.count).step_by(LANES) {
                    for lane in 0..LANES {
                        let (x, y, missing) = (across[i + lane], down[i + lane], missing[i + lane]);
                        let scale = x * columns.shares[i + lane];
                        let terms = [
                            scale * scale,
                            scale * x,
                            x * x,
                            scale * y,
                            x * y,
                            y * y,
                            scale * missing,
                            x * missing,
                            y * missing,
                        ];
                        for (sum, term) in sums.iter_mut().zip(terms) {
                            sum[lane] += term;
                        }
                    }
                }
                let v = row.share;
                for lane in 0..LANES {
                    let [ss, sx, xx, sy, xy, yy, s, x, y] = sums.map(|sum| sum[lane]);
                    let terms = [
                        [ss, sx, v * sy, sy],
                        [0.0, xx, v * xy, xy],
                        [0.0, 0.0, v * v * yy, v * yy],
                        [0.0, 0.0, 0.0, yy],
                    ];
                    for i in 0..4 {
                        right[i][lane] += [s, x, v * y, y][i];
                        for j in i..4 {
                            normal[i][j][lane] += terms[i][j];
                        }
                    }
                }
            }
            let sum = |lanes: [f32; LANES]| lanes.iter().sum::<f32>();
            let step = solve(normal.map(|row| row.map(sum)), right.map(sum))?;
            let [scale_x, shift_x, scale_y, shift_y] = step;
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
        let mut columns = self.columns(placement, RIM);
        let (mut rows, mut sums) = (0, [[0.0f32; LANES]; 5]);
        // What is not filled stays 0 and adds nothing.
        let mut own = [0.0; SIDE];
        for row in self.places(placement, 1, RIM) {
            rows += 1;
            columns.lay(other, &row);
            let values = &self.values[row.at * self.side + columns.begin..][..columns.count];
            own[..columns.count].copy_from_slice(values);
            for i in (0..columns.count).step_by(LANES) {
                for lane in 0..LANES {
                    let (a, b) = (own[i + lane], columns.over[i + lane]);
                    for (sum, term) in sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
                        sum[lane] += term;
                    }
                }
            }
        }
        let count = (rows * columns.count) as f64;
        let [a, b, aa, bb, ab] =
            sums.map(|lanes| lanes.map(f64::from).iter().sum::<f64>() / count.max(1.0));
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
