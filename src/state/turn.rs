//! Flips and quarter turns of a scan on the screen.

use crate::imaging::Header;

/// From the screen to the scan: a matrix of 0, 1 and −1 about the middle of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Turn([[i8; 2]; 2]);

impl Default for Turn {
    fn default() -> Self {
        Self([[1, 0], [0, 1]])
    }
}

impl Turn {
    /// Left and right swapped on the screen.
    pub fn flipped_horizontally(self) -> Self {
        self.after([[-1, 0], [0, 1]])
    }

    /// Top and bottom swapped on the screen.
    pub fn flipped_vertically(self) -> Self {
        self.after([[1, 0], [0, -1]])
    }

    /// A quarter clockwise.
    pub fn rotated_right(self) -> Self {
        self.after([[0, 1], [-1, 0]])
    }

    /// A quarter counter-clockwise.
    pub fn rotated_left(self) -> Self {
        self.after([[0, -1], [1, 0]])
    }

    /// The same turn of the scan with its own left and right swapped.
    pub fn of_mirrored(self) -> Self {
        Self([[-1, 0], [0, 1]]).after(self.0)
    }

    /// How a scan that was turned so lies on the screen: where `neurological` display is asked for,
    /// mirrored first, so that the patient's right is on the right.
    pub fn shown(self, header: &Header, neurological: bool) -> Self {
        let radiological = header.orientation.and_then(|found| found.is_radiological());
        match neurological && radiological == Some(true) {
            true => self.of_mirrored(),
            false => self,
        }
    }

    /// Whether columns of the scan run along rows of the screen.
    pub fn swaps_sides(&self) -> bool {
        self.0[0][0] == 0
    }

    /// The place on the scan that is seen at a place of the screen, both as fractions.
    pub fn to_scan(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        self.0.map(|[a, b]| 0.5 + f32::from(a) * (x - 0.5) + f32::from(b) * (y - 0.5))
    }

    /// The place of the screen at which a place on the scan is seen, both as fractions.
    pub fn to_screen(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        // The inverse of such a matrix is the matrix mirrored at its diagonal.
        let [[a, b], [c, d]] = self.0;
        Self([[a, c], [b, d]]).to_scan([x, y])
    }

    /// What was at the left, right, top and bottom edge of the scan, by the edges of the screen.
    pub fn edges<T: Clone>(&self, [left, right, top, bottom]: [T; 4]) -> [T; 4] {
        [[0.0, 0.5], [1.0, 0.5], [0.5, 0.0], [0.5, 1.0]].map(|edge| match self.to_scan(edge) {
            [x, _] if x < 0.25 => left.clone(),
            [x, _] if x > 0.75 => right.clone(),
            [_, y] if y < 0.25 => top.clone(),
            _ => bottom.clone(),
        })
    }

    /// First the given turn on the screen, then this one.
    fn after(self, [[a, b], [c, d]]: [[i8; 2]; 2]) -> Self {
        Self(self.0.map(|[x, y]| [x * a + y * c, x * b + y * d]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGES: [&str; 4] = ["R", "L", "A", "P"];

    #[test]
    fn letters_go_where_the_scan_goes() {
        let turn = Turn::default();
        assert_eq!(turn.edges(EDGES), EDGES);
        assert_eq!(turn.flipped_horizontally().edges(EDGES), ["L", "R", "A", "P"]);
        assert_eq!(turn.flipped_vertically().edges(EDGES), ["R", "L", "P", "A"]);
        // Clockwise: what was on top is on the right, what was on the left is on top.
        assert_eq!(turn.rotated_right().edges(EDGES), ["P", "A", "R", "L"]);
        assert_eq!(turn.rotated_left().edges(EDGES), ["A", "P", "L", "R"]);
        let both = turn.rotated_right().flipped_horizontally();
        assert_eq!(both.edges(EDGES), ["A", "P", "R", "L"], "as it is seen, left and right swap");
    }

    #[test]
    fn a_mirrored_scan_is_turned_as_any_other() {
        let mirrored = Turn::default().of_mirrored();
        assert_eq!(mirrored.edges(EDGES), ["L", "R", "A", "P"]);
        let turned = Turn::default().rotated_right().of_mirrored();
        assert_eq!(turned.edges(EDGES), mirrored.rotated_right().edges(EDGES));
        assert_eq!(turned.of_mirrored(), Turn::default().rotated_right());
    }

    #[test]
    fn neurological_display_mirrors_what_has_the_right_on_the_left() {
        use crate::imaging::{Depth, Orientation};
        let (x, y, z) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]);
        let (same, mirrored) = (Turn::default(), Turn::default().flipped_horizontally());
        let mut header = Header::new(4, 4, Depth::Wide);
        assert_eq!(same.shown(&header, true), same, "its sides are not known");
        for (what, along_row, down_column, turn) in [
            ("axial", x, y, mirrored),
            ("coronal", x, z, mirrored),
            ("sagittal", y, z, same),
            ("stored the other way round", [-1.0, 0.0, 0.0], y, same),
        ] {
            header.orientation = Some(Orientation { along_row, down_column });
            assert_eq!(same.shown(&header, true), turn, "{what}");
            assert_eq!(same.shown(&header, false), same, "{what}");
        }
    }

    #[test]
    fn four_quarters_and_two_flips_change_nothing() {
        let mut turn = Turn::default();
        for _ in 0..4 {
            turn = turn.rotated_right();
        }
        assert_eq!(turn, Turn::default());
        assert_eq!(turn.rotated_left().rotated_right(), Turn::default());
        assert_eq!(turn.flipped_vertically().flipped_vertically(), Turn::default());
        assert!(turn.rotated_left().swaps_sides() && !turn.swaps_sides());
    }

    #[test]
    fn the_screen_shows_every_place_where_it_is_found() {
        let quarter = Turn::default().rotated_right();
        for turn in
            [Turn::default(), quarter, quarter.flipped_vertically(), quarter.rotated_right()]
        {
            let place = [0.1, 0.3];
            let back = turn.to_scan(turn.to_screen(place));
            assert!((0..2).all(|axis| (back[axis] - place[axis]).abs() < 1e-6), "{turn:?}");
        }
    }

    #[test]
    fn the_top_left_of_the_screen_after_a_quarter_clockwise_was_the_bottom_left() {
        assert_eq!(Turn::default().rotated_right().to_scan([0.0, 0.0]), [0.0, 1.0]);
    }
}
