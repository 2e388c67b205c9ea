//! What shapes come to.

use super::scale::{PixelSize, Scale};
use super::shape::{Kind, Point, Shape};
use crate::imaging::Slice;

/// What a whole shape comes to; lengths and areas in the scale's [`super::Unit`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values {
    Length(f64),
    /// In degrees, 0..=180; `None` where a leg has no length.
    Angle(Option<f64>),
    Region {
        /// Of the shape itself, not of the pixels inside.
        area: f64,
        /// `None` without pixels, or where no pixel's centre lies inside.
        statistics: Option<Statistics>,
    },
}

/// The modality values (PS3.3 C.11.1) of the pixels whose centres lie inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Pixels, above zero.
    pub count: usize,
    pub mean: f64,
    /// Of these pixels alone, not an estimate for others: divided by their number.
    pub sd: f64,
    pub min: f32,
    pub max: f32,
}

impl Values {
    /// Of a shape that [is whole](Shape::is_whole), with statistics where the slice's pixels are
    /// at hand.
    pub fn of(shape: &Shape, scale: Scale, slice: Option<&Slice>) -> Self {
        let pixel = scale.pixel();
        match (shape.kind, shape.points.as_slice()) {
            (Kind::Angle, &[a, apex, b]) => Self::Angle(angle(a, apex, b, pixel)),
            (Kind::Angle, _) => Self::Angle(None),
            (Kind::Length, &[a, b]) => Self::Length(distance(a, b, pixel)),
            (Kind::Length, _) => Self::Length(0.0),
            (Kind::Rectangle | Kind::Ellipse, _) => {
                let statistics = slice.and_then(|slice| Statistics::of(shape, slice));
                Self::Region { area: area(shape, pixel), statistics }
            }
        }
    }
}

/// From `a` to `b`, where a pixel is of size `pixel`.
pub(super) fn distance(a: Point, b: Point, pixel: PixelSize) -> f64 {
    let [x, y] = vector(a, b, pixel);
    x.hypot(y)
}

fn vector(a: Point, b: Point, pixel: PixelSize) -> [f64; 2] {
    let between = |axis: usize| f64::from(b[axis]) - f64::from(a[axis]);
    [between(0) * pixel.across, between(1) * pixel.down]
}

/// Between the legs from `apex` to `a` and to `b`, degrees.
fn angle(a: Point, apex: Point, b: Point, pixel: PixelSize) -> Option<f64> {
    let ([ax, ay], [bx, by]) = (vector(apex, a, pixel), vector(apex, b, pixel));
    let (cross, dot) = (ax * by - ay * bx, ax * bx + ay * by);
    let has_legs = ax.hypot(ay) > 0.0 && bx.hypot(by) > 0.0;
    has_legs.then(|| cross.abs().atan2(dot).to_degrees())
}

fn area(shape: &Shape, pixel: PixelSize) -> f64 {
    let Some(sides) = shape.bounds() else { return 0.0 };
    let [left, top, right, bottom] = sides.map(f64::from);
    let around = (right - left) * pixel.across * (bottom - top) * pixel.down;
    if shape.kind == Kind::Ellipse { around * std::f64::consts::FRAC_PI_4 } else { around }
}

impl Statistics {
    /// Of the pixels of a slice inside a region; `None` where there are none.
    pub fn of(region: &Shape, slice: &Slice) -> Option<Self> {
        let [_, top, _, bottom] = region.bounds()?;
        let first = (top.floor().max(0.0) as usize).min(slice.height);
        let after = (bottom.ceil().max(0.0) as usize).min(slice.height);
        let rows = (first..after).map(|y| {
            let [from, to] = columns_inside(region, y, slice.width);
            &slice.stored[y * slice.width + from..y * slice.width + to]
        });
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        let (mut count, mut sum, mut squares) = (0, 0.0, 0.0);
        // Sums are taken about a value among them: large values then lose no digits.
        let about = f64::from(rows.clone().find_map(|row| row.first())?.to_owned());
        for row in rows {
            count += row.len();
            for &stored in row {
                (low, high) = (low.min(stored), high.max(stored));
                let from_about = f64::from(stored) - about;
                sum += from_about;
                squares += from_about * from_about;
            }
        }
        let n = count as f64;
        let variance = (squares / n - (sum / n).powi(2)).max(0.0);
        let (slope, intercept) =
            (f64::from(slice.rescale.slope), f64::from(slice.rescale.intercept));
        let (a, b) = (slice.rescale.apply(low), slice.rescale.apply(high));
        Some(Self {
            count,
            mean: (about + sum / n) * slope + intercept,
            sd: variance.sqrt() * slope.abs(),
            min: a.min(b),
            max: a.max(b),
        })
    }
}

/// The columns of row `y` whose pixels' centres lie inside a region: the first, and the one after
/// the last.
fn columns_inside(region: &Shape, y: usize, width: usize) -> [usize; 2] {
    let Some(sides) = region.bounds() else { return [0, 0] };
    let [left, top, right, bottom] = sides.map(f64::from);
    let row = y as f64 + 0.5;
    if !(top..bottom).contains(&row) {
        return [0, 0];
    }
    let (left, right) = match region.kind {
        Kind::Ellipse => {
            let from_middle = (row - (top + bottom) / 2.0) / ((bottom - top) / 2.0);
            let half = (right - left) / 2.0 * (1.0 - from_middle * from_middle).max(0.0).sqrt();
            ((left + right) / 2.0 - half, (left + right) / 2.0 + half)
        }
        _ => (left, right),
    };
    // The first centre at or right of the left end, and the first at or right of the right end.
    let edge = |x: f64| ((x - 0.5).ceil().max(0.0) as usize).min(width);
    [edge(left), edge(right).max(edge(left))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Depth, Rescale, Spacing};

    fn scale(row_mm: f32, column_mm: f32) -> Scale {
        Scale::of(Some(Spacing { row_mm, column_mm, slice_mm: None }), None)
    }

    fn shape(kind: Kind, points: &[Point]) -> Shape {
        Shape { kind, points: points.to_vec() }
    }

    #[test]
    fn lengths_and_angles_are_of_the_patient_not_of_the_pixels() {
        let line = shape(Kind::Length, &[[10.0, 10.0], [40.0, 30.0]]);
        assert_eq!(Values::of(&line, scale(2.0, 1.0), None), Values::Length(50.0));
        let pixels = 1300f64.sqrt();
        assert_eq!(Values::of(&line, Scale::Unknown, None), Values::Length(pixels));
        // 45° on the screen of square pixels; with rows twice as far apart, 63.4°.
        let corner = shape(Kind::Angle, &[[10.0, 0.0], [0.0, 0.0], [10.0, 10.0]]);
        let degrees = |scale| match Values::of(&corner, scale, None) {
            Values::Angle(Some(degrees)) => degrees,
            other => panic!("{other:?}"),
        };
        assert!((degrees(Scale::Unknown) - 45.0).abs() < 1e-9);
        assert!((degrees(scale(0.7, 0.7)) - 45.0).abs() < 1e-9);
        assert!((degrees(scale(2.0, 1.0)) - 2f64.atan().to_degrees()).abs() < 1e-9);
        let without_leg = shape(Kind::Angle, &[[1.0, 1.0], [1.0, 1.0], [5.0, 1.0]]);
        assert_eq!(Values::of(&without_leg, Scale::Unknown, None), Values::Angle(None));
        let straight = shape(Kind::Angle, &[[0.0, 1.0], [1.0, 1.0], [5.0, 1.0]]);
        assert_eq!(Values::of(&straight, Scale::Unknown, None), Values::Angle(Some(180.0)));
    }

    #[test]
    fn pixels_count_by_their_centres_and_in_modality_values() {
        let mut slice = Slice::new(4, 3, (0..12).map(|v| v as f32).collect(), Depth::Wide);
        slice.rescale = Rescale::new(-2.0, 100.0);
        let region = shape(Kind::Rectangle, &[[2.6, 2.4], [0.4, 0.6]]);
        // Columns 0 to 2 have their centres inside, of the rows only the middle one.
        let found = Statistics::of(&region, &slice).unwrap();
        assert_eq!((found.count, found.min, found.max), (3, 88.0, 92.0));
        assert_eq!(found.mean, 90.0);
        assert!((found.sd - (8f64 / 3.0).sqrt()).abs() < 1e-12);
        let between = shape(Kind::Ellipse, &[[1.6, 1.6], [1.9, 1.9]]);
        assert_eq!(Statistics::of(&between, &slice), None);
        let beyond = shape(Kind::Rectangle, &[[-1e30, -1e30], [1e30, 1e30]]);
        assert_eq!(Statistics::of(&beyond, &slice).map(|found| found.count), Some(12));
    }

    #[test]
    fn areas_are_of_the_shape() {
        let area =
            |kind, scale| match Values::of(&shape(kind, &[[1.0, 1.0], [5.0, 3.0]]), scale, None) {
                Values::Region { area, statistics: None } => area,
                other => panic!("{other:?}"),
            };
        assert_eq!(area(Kind::Rectangle, Scale::Unknown), 8.0);
        assert_eq!(area(Kind::Rectangle, scale(2.0, 0.5)), 8.0);
        assert!((area(Kind::Ellipse, scale(2.0, 1.0)) - 4.0 * std::f64::consts::PI).abs() < 1e-9);
    }
}
