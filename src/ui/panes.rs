//! Which views stand where: the grid of series, and in the active pane its planes and pinned layers.

use egui::{Rect, Vec2, vec2};

use super::slice_view::shown_size;
use crate::imaging::Header;
use crate::imaging::planes::{Cut, Volume};
use crate::state::{OpenSeries, State, Turn, View};

/// Points between panes.
const GAP: f32 = 2.0;

/// One view of a scan.
pub(super) struct Pane<'a> {
    pub rect: Rect,
    pub open: &'a OpenSeries,
    /// Its place in the grid, row by row.
    pub cell: usize,
    /// Whether keys and docks are for it.
    pub active: bool,
    /// The layer whose map is shown, if one is.
    pub layer: Option<&'a str>,
    /// Pinned beside the scan.
    pub pinned: bool,
    /// A plane across the slices instead of a slice.
    pub across: Option<PlaneView<'a>>,
    /// How the image lies on the screen.
    pub turn: Turn,
}

/// A plane across the slices of a series.
pub struct PlaneView<'a> {
    /// 0 through the row, 1 through the column of the cross.
    pub number: usize,
    pub volume: &'a Volume,
    pub cut: Cut,
    pub header: Header,
    view: View,
}

impl Pane<'_> {
    /// What is known of the image that is shown.
    pub fn header(&self) -> &Header {
        self.across.as_ref().map_or_else(|| self.open.header(), |across| &across.header)
    }

    pub fn view(&self) -> View {
        self.across.as_ref().map_or(self.open.view, |across| across.view)
    }
}

/// A place in the grid, and what stands in it.
pub(super) struct Cell<'a> {
    pub rect: Rect,
    /// Its place in the grid, row by row.
    pub number: usize,
    pub active: bool,
    /// None where the grid has more places than there are series.
    pub panes: Vec<Pane<'a>>,
}

/// The grid of a state in a room.
pub(super) fn grid(state: &State, room: Rect) -> Vec<Cell<'_>> {
    let session = &state.session;
    let grid = &session.grid;
    let rects = table(room, grid.rows(), grid.columns());
    let cell = |(number, rect): (usize, Rect)| {
        let active = number == grid.active();
        let panes = match session.in_pane(number) {
            Some(open) if active => active_panes(state, open, number, rect),
            Some(open) => vec![alone(state, open, number, rect)],
            None => Vec::new(),
        };
        Cell { rect, number, active, panes }
    };
    rects.into_iter().enumerate().map(cell).collect()
}

fn alone<'a>(state: &State, open: &'a OpenSeries, cell: usize, rect: Rect) -> Pane<'a> {
    let turn = open.turn.shown(open.header(), state.settings.neurological);
    Pane { rect, open, cell, active: false, layer: None, pinned: false, across: None, turn }
}

/// The scan, its planes and the layers pinned beside it.
fn active_panes<'a>(
    state: &'a State,
    open: &'a OpenSeries,
    cell: usize,
    room: Rect,
) -> Vec<Pane<'a>> {
    let session = &state.session;
    let on = state.settings.overlay.on;
    let of_scan = || Pane { active: true, ..alone(state, open, cell, room) };
    let pane = |layer, pinned, across| Pane { layer, pinned, across, ..of_scan() };
    let mut panes = vec![pane(session.layer_name().filter(|_| on), false, None)];
    if let Some(planes) = &open.planes {
        for (number, cut) in planes.cuts().into_iter().enumerate() {
            let (volume, view) = (&planes.volume, planes.views[number]);
            let header = volume.header(cut);
            // As radiologists look at it, whatever was done to the slices.
            let turn = Turn::default().shown(&header, state.settings.neurological);
            let across = Some(PlaneView { number, volume, cut, header, view });
            panes.push(Pane { turn, ..pane(None, false, across) });
        }
    }
    panes.extend(session.pins.iter().map(|pin| pane(Some(pin), true, None)));
    let beside = panes.len() - 1;
    let [width, height] =
        panes.get(1).map_or([1.0; 2], |pane| shown_size(pane.header(), pane.turn));
    for (pane, rect) in panes.iter_mut().zip(split(room, beside, width / height)) {
        pane.rect = rect;
    }
    panes
}

/// The room for the scan, and for what stands beside it: half of the room, cut into tiles for pictures
/// that are `aspect` times as wide as high.
fn split(room: Rect, beside: usize, aspect: f32) -> Vec<Rect> {
    if beside == 0 {
        return vec![room];
    }
    let (left, right) = room.split_left_right_at_fraction(0.5);
    let mut rects = vec![left.with_max_x(left.max.x - GAP)];
    rects.extend(tiles(right, beside, aspect));
    rects
}

/// Cuts a room into `count` tiles, so that the pictures in them are as large as they can be.
fn tiles(room: Rect, count: usize, aspect: f32) -> Vec<Rect> {
    let height = |columns: usize| {
        let rows = count.div_ceil(columns);
        (room.width() / columns as f32 / aspect).min(room.height() / rows as f32)
    };
    let columns = (1..=count).rev().max_by(|&a, &b| height(a).total_cmp(&height(b))).unwrap_or(1);
    let mut tiles = table(room, count.div_ceil(columns), columns);
    tiles.truncate(count);
    tiles
}

/// Cuts a room into rows and columns, row by row.
fn table(room: Rect, rows: usize, columns: usize) -> Vec<Rect> {
    let size = vec2(
        (room.width() - GAP * (columns - 1) as f32) / columns as f32,
        (room.height() - GAP * (rows - 1) as f32) / rows as f32,
    );
    let at =
        |i: usize| vec2((i % columns) as f32, (i / columns) as f32) * (size + Vec2::splat(GAP));
    (0..rows * columns).map(|i| Rect::from_min_size(room.min + at(i), size)).collect()
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn tiles_fill_the_room_without_overlap() {
        let room = Rect::from_min_size(pos2(10.0, 20.0), vec2(900.0, 400.0));
        for count in 1..=7 {
            let rects = split(room, count, 1.0);
            assert_eq!(rects.len(), count + 1);
            for (i, a) in rects.iter().enumerate() {
                assert!(room.expand(0.01).contains_rect(*a));
                assert!(rects[..i].iter().all(|b| !a.shrink(0.5).intersects(b.shrink(0.5))));
            }
        }
        assert_eq!(split(room, 0, 1.0), [room]);
        assert_eq!(tiles(room, 2, 1.0)[1].top(), room.top(), "beside, where there is width");
        assert_eq!(tiles(room, 2, 5.0)[1].left(), room.left(), "below, where they are wide");
        assert_eq!(table(room, 2, 2)[3].max, room.max);
    }
}
