//! Shapes on a slice, in pixels: pixel (x, y) covers x..x+1 by y..y+1.

use serde::{Deserialize, Serialize};

/// A place on a slice: columns from its left edge, rows from its top edge.
pub type Point = [f32; 2];

/// What a shape measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// From one point to another.
    Length,
    /// Between two legs; the second point is where they meet.
    Angle,
    /// Between two opposite corners, its sides along rows and columns.
    Rectangle,
    /// Within the rectangle of two opposite corners.
    Ellipse,
}

impl Kind {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "Length",
            Self::Angle => "Angle",
            Self::Rectangle => "Rectangle",
            Self::Ellipse => "Ellipse",
        }
    }

    /// How many points a shape of this kind has.
    pub fn points(self) -> usize {
        if self == Self::Angle { 3 } else { 2 }
    }

    /// Whether there are pixels inside.
    pub fn is_region(self) -> bool {
        matches!(self, Self::Rectangle | Self::Ellipse)
    }
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    pub kind: Kind,
    /// In the order in which they were drawn: [`Kind::points`] of them, fewer while it is drawn.
    pub points: Vec<Point>,
}

impl Shape {
    /// Whether it has the points of its kind, all of them numbers.
    pub fn is_whole(&self) -> bool {
        self.points.len() == self.kind.points()
            && self.points.iter().flatten().all(|coordinate| coordinate.is_finite())
    }

    /// Whether there is nothing to measure: all points in one place.
    pub fn is_empty(&self) -> bool {
        self.points.iter().all(|point| *point == self.points[0])
    }

    /// The sides of a region: left, top, right, bottom.
    pub fn bounds(&self) -> Option<[f32; 4]> {
        let &[[ax, ay], [bx, by]] = self.points.as_slice() else { return None };
        self.kind.is_region().then(|| [ax.min(bx), ay.min(by), ax.max(bx), ay.max(by)])
    }

    /// Where it can be taken hold of to change it: the points of a line, the corners of a
    /// rectangle, the outermost points of an ellipse.
    pub fn handles(&self) -> Vec<Point> {
        let &[[ax, ay], [bx, by]] = self.points.as_slice() else { return self.points.clone() };
        let (x, y) = ((ax + bx) / 2.0, (ay + by) / 2.0);
        match self.kind {
            Kind::Length | Kind::Angle => self.points.clone(),
            Kind::Rectangle => vec![[ax, ay], [bx, ay], [bx, by], [ax, by]],
            Kind::Ellipse => vec![[ax, y], [bx, y], [x, ay], [x, by]],
        }
    }

    /// The same with one of its [`Self::handles`] at another place.
    pub fn with_handle(&self, handle: usize, [x, y]: Point) -> Self {
        let mut shape = self.clone();
        if let (Some([a, b]), true) = (shape.points.first_chunk_mut(), self.kind.is_region()) {
            match (self.kind, handle) {
                (Kind::Rectangle, 0) => *a = [x, y],
                (Kind::Rectangle, 1) => (b[0], a[1]) = (x, y),
                (Kind::Rectangle, 2) => *b = [x, y],
                (Kind::Rectangle, 3) => (a[0], b[1]) = (x, y),
                (_, 0) => a[0] = x,
                (_, 1) => b[0] = x,
                (_, 2) => a[1] = y,
                (_, 3) => b[1] = y,
                _ => {}
            }
        } else if let Some(point) = shape.points.get_mut(handle) {
            *point = [x, y];
        }
        shape
    }

    /// The same elsewhere; as far as it stays on a slice of this width and height.
    pub fn moved(&self, by: [f32; 2], size: [f32; 2]) -> Self {
        let mut shape = self.clone();
        for axis in [0, 1] {
            let along = || self.points.iter().map(|point| point[axis]);
            let (low, high) = along().fold((f32::MAX, f32::MIN), |(l, h), x| (l.min(x), h.max(x)));
            let by = by[axis].min(size[axis] - high).max(-low);
            shape.points.iter_mut().for_each(|point| point[axis] += by);
        }
        shape
    }

    /// The same with every point on a slice of this width and height.
    pub fn kept_inside(mut self, size: [f32; 2]) -> Self {
        for point in &mut self.points {
            *point = [0, 1].map(|axis| point[axis].max(0.0).min(size[axis]));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: Kind, points: &[Point]) -> Shape {
        Shape { kind, points: points.to_vec() }
    }

    #[test]
    fn each_handle_moves_what_is_under_it_and_leaves_the_rest() {
        for kind in [Kind::Length, Kind::Angle, Kind::Rectangle, Kind::Ellipse] {
            let points = [[2.0, 3.0], [8.0, 9.0], [4.0, 1.0]];
            let before = shape(kind, &points[..kind.points()]);
            for (index, &[x, y]) in before.handles().iter().enumerate() {
                let same = before.with_handle(index, [x, y]);
                assert_eq!(same, before, "{kind:?} {index}");
                let after = before.with_handle(index, [x + 1.0, y + 1.0]).handles();
                assert_ne!(after[index], [x, y], "{kind:?} {index}");
            }
        }
        let corner = shape(Kind::Rectangle, &[[2.0, 3.0], [8.0, 9.0]]).with_handle(1, [7.0, 5.0]);
        assert_eq!(corner.bounds(), Some([2.0, 5.0, 7.0, 9.0]));
        let side = shape(Kind::Ellipse, &[[2.0, 3.0], [8.0, 9.0]]).with_handle(3, [99.0, 12.0]);
        assert_eq!(side.bounds(), Some([2.0, 3.0, 8.0, 12.0]));
    }

    #[test]
    fn a_shape_is_not_moved_off_the_slice_nor_bent_at_its_edge() {
        let line = shape(Kind::Length, &[[2.0, 3.0], [8.0, 5.0]]);
        let moved = line.moved([5.0, -10.0], [10.0, 10.0]);
        assert_eq!(moved.points, [[4.0, 0.0], [10.0, 2.0]]);
        assert_eq!(line.kept_inside([6.0, 4.0]).points, [[2.0, 3.0], [6.0, 4.0]]);
    }
}
