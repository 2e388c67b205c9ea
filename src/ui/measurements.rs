//! Measurements on the scan: drawn, taken hold of, and written beside.

use std::hash::{Hash, Hasher};

use egui::cache::{ComputerMut, FrameCache};
use egui::{
    Align2, Color32, CursorIcon, Id, Painter, PointerButton, Pos2, Rect, Response, Stroke, Ui,
    Vec2, vec2,
};

use super::format::{angle, area, length, value};
use super::slice_view::Placement;
use super::{Screen, scan_labels, theme};
use crate::imaging::Slice;
use crate::measure::{Kind, Point, Scale, Shape, Statistics, Values};
use crate::state::{Command, Measurement, OpenSeries};
use crate::worker::job::ScanKey;

/// Points of the screen within which a handle or a line is taken hold of.
const HANDLE_REACH: f32 = 8.0;
const LINE_REACH: f32 = 5.0;
/// Points of the screen that a hand may tremble within a click.
const TREMBLE: f32 = 4.0;

/// What a hand has hold of.
#[derive(Clone, Debug)]
struct Held {
    shape: Shape,
    grip: Grip,
    /// Where on the slice it was taken hold of.
    from: Point,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Grip {
    Handle(usize),
    Whole,
}

/// Draws the measurements on the slice in a pane and asks for what a hand does to them; whether the
/// left button belongs to them.
pub(super) fn show(
    ui: &Ui,
    screen: &mut Screen,
    open: &OpenSeries,
    response: &Response,
    place: &Placement,
    painter: &Painter,
) -> bool {
    let measuring = &screen.state.session.measuring;
    let address = open.address(open.slice);
    let on_slice = |measurement: &&Measurement| measurement.address == address;
    let selected = measuring.selected.as_ref().filter(on_slice).map(|selected| &selected.shape);
    let mut shapes: Vec<&Shape> = measuring.on(&address).iter().collect();
    // What is selected lies on top, and as the hand makes it.
    shapes.sort_by_key(|shape| Some(*shape) == selected);
    let mine = hand(ui, screen, open, response, place, &shapes, selected);

    let scale = screen.state.session.scale(open, open.slice);
    let mut plates = Vec::new();
    for &shape in &shapes {
        let chosen = Some(shape) == selected;
        let shape = measuring.reshaped.as_ref().filter(|_| chosen).unwrap_or(shape);
        outline(painter, place, shape, chosen);
        let lines = readout(shape, scale, statistics(ui, shape, open));
        plate(painter, response.rect, place, shape, &lines, &mut plates);
    }
    if let Some(draft) = measuring.draft.as_ref().filter(on_slice) {
        outline(painter, place, &draft.shape, true);
        if draft.shape.points.len() == draft.shape.kind.points() {
            let lines = readout(&draft.shape, scale, None);
            plate(painter, response.rect, place, &draft.shape, &lines, &mut plates);
        }
    }
    mine
}

/// Turns what the pointer does into commands; whether the left button belongs to measurements.
fn hand(
    ui: &Ui,
    screen: &mut Screen,
    open: &OpenSeries,
    response: &Response,
    place: &Placement,
    shapes: &[&Shape],
    selected: Option<&Shape>,
) -> bool {
    let measuring = &screen.state.session.measuring;
    let address = open.address(open.slice);
    let tool = measuring.tool;
    let drawing = measuring.draft.as_ref().is_some_and(|draft| draft.address == address);
    let (held_id, began_id) = (response.id.with("held"), response.id.with("began"));
    let held: Option<Held> = ui.data(|data| data.get_temp(held_id));
    let mine = tool.is_some() || held.is_some();

    let pointer = response.interact_pointer_pos().or(response.hover_pos());
    let Some(pointer) = pointer.filter(|_| response.contains_pointer() || mine) else {
        return mine;
    };
    let under = hit(shapes, place, pointer)
        .filter(|(_, grip)| !drawing && (tool.is_none() || *grip != Grip::Whole));
    cursor(ui, response, tool, held.as_ref().map(|held| held.grip).or(under.map(|(_, g)| g)));

    let down = response.is_pointer_button_down_on() || response.clicked();
    if down && ui.input(|input| input.pointer.button_pressed(PointerButton::Primary)) {
        if let Some((shape, grip)) = under {
            let (shape, from) = (shape.clone(), place.nearest(pointer));
            let measurement = Measurement { address, shape: shape.clone() };
            screen.ask(Command::SelectMeasurement(Some(measurement)));
            keep(ui, held_id, Some(Held { shape, grip, from }));
            return true;
        }
        if tool.is_some() && !drawing && place.pixel(pointer).is_some() {
            screen.ask(Command::PlacePoint(address, place.nearest(pointer)));
            keep(ui, began_id, Some(pointer));
            return true;
        }
    }
    let moved = ui.input(|input| input.pointer.delta()) != Vec2::ZERO;
    let let_go = response.clicked() || response.drag_stopped_by(PointerButton::Primary);
    if let Some(held) = held {
        if response.dragged_by(PointerButton::Primary) && moved {
            screen.ask(Command::Reshape(reshaped(&held, place.nearest(pointer), place.pixels())));
        }
        if let_go || !ui.input(|input| input.pointer.primary_down()) {
            screen.ask(Command::LetGo());
            keep::<Held>(ui, held_id, None);
        }
    } else if drawing {
        let began: Option<Pos2> = ui.data(|data| data.get_temp(began_id));
        if let_go {
            keep::<Pos2>(ui, began_id, None);
            // A click begins; a drag begins and ends.
            if began.is_none_or(|began| began.distance(pointer) > TREMBLE) {
                screen.ask(Command::PlacePoint(address, place.nearest(pointer)));
            }
        } else if moved {
            screen.ask(Command::LeadPoint(place.nearest(pointer)));
        }
    } else if response.clicked() && tool.is_none() && selected.is_some() {
        screen.ask(Command::SelectMeasurement(None));
    }
    mine
}

fn keep<T: Clone + Send + Sync + 'static>(ui: &Ui, id: Id, value: Option<T>) {
    ui.data_mut(|data| match value {
        Some(value) => _ = data.insert_temp(id, value),
        None => data.remove::<T>(id),
    });
}

fn cursor(ui: &Ui, response: &Response, tool: Option<Kind>, grip: Option<Grip>) {
    let icon = match (grip, tool) {
        (Some(Grip::Handle(_)), _) => CursorIcon::Grab,
        (Some(Grip::Whole), _) => CursorIcon::Move,
        (None, Some(_)) => CursorIcon::Crosshair,
        (None, None) => return,
    };
    if response.contains_pointer() {
        ui.ctx().set_cursor_icon(icon);
    }
}

/// What a shape becomes whose grip is moved to a place.
fn reshaped(held: &Held, to: Point, size: [f32; 2]) -> Shape {
    let by = [0, 1].map(|axis| to[axis] - held.from[axis]);
    match held.grip {
        Grip::Whole => held.shape.moved(by, size),
        Grip::Handle(index) => {
            let handle = held.shape.handles()[index];
            let to = [0, 1].map(|axis| handle[axis] + by[axis]);
            held.shape.with_handle(index, to).kept_inside(size)
        }
    }
}

/// The shape under a point of the screen, the topmost first, and what of it.
fn hit<'a>(shapes: &[&'a Shape], place: &Placement, at: Pos2) -> Option<(&'a Shape, Grip)> {
    let handle = |shape: &Shape| {
        let near = |point: &Point| place.screen(*point).distance(at) <= HANDLE_REACH;
        shape.handles().iter().position(near).map(Grip::Handle)
    };
    let line = |shape: &Shape| {
        let corners = path(shape, place);
        let near = |ends: &[Pos2]| distance_to_line(at, ends[0], ends[1]) <= LINE_REACH;
        corners.windows(2).any(near).then_some(Grip::Whole)
    };
    let topmost = || shapes.iter().rev();
    let by_handle = topmost().find_map(|shape| Some((*shape, handle(shape)?)));
    by_handle.or_else(|| topmost().find_map(|shape| Some((*shape, line(shape)?))))
}

fn distance_to_line(at: Pos2, a: Pos2, b: Pos2) -> f32 {
    let along = b - a;
    let fraction = ((at - a).dot(along) / along.length_sq().max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
    at.distance(a + along * fraction)
}

/// The lines of a shape on the screen; those of a region come back to where they began.
fn path(shape: &Shape, place: &Placement) -> Vec<Pos2> {
    const SIDES: usize = 72;
    let mut points: Vec<Pos2> = match (shape.kind, shape.bounds()) {
        (Kind::Ellipse, Some(sides)) => {
            let [left, top, right, bottom] = sides;
            let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
            let turn = |i: usize| (i as f32 / SIDES as f32 * std::f32::consts::TAU).sin_cos();
            let on = |(sin, cos)| [x + (right - left) / 2.0 * cos, y + (bottom - top) / 2.0 * sin];
            (0..SIDES).map(|i| place.screen(on(turn(i)))).collect()
        }
        (Kind::Rectangle, Some(_)) => {
            shape.handles().into_iter().map(|p| place.screen(p)).collect()
        }
        _ => return shape.points.iter().map(|point| place.screen(*point)).collect(),
    };
    points.extend(points.first().copied());
    points
}

/// A shape with a dark edge, so that it is seen over black and white alike.
fn outline(painter: &Painter, place: &Placement, shape: &Shape, chosen: bool) {
    let color = if chosen { theme::ON_SCAN_CHOSEN } else { theme::ON_SCAN_MEASURE };
    let mut lines = vec![path(shape, place)];
    let corners = &lines[0];
    match (shape.kind, corners.as_slice()) {
        (Kind::Length, &[a, b]) => {
            let tick = (b - a).normalized().rot90() * 4.0;
            lines.extend([a, b].map(|end| vec![end - tick, end + tick]));
        }
        (Kind::Angle, &[a, apex, b]) => lines.push(arc(a, apex, b)),
        _ => {}
    }
    for stroke in [Stroke::new(3.5, Color32::from_black_alpha(170)), Stroke::new(1.3, color)] {
        for line in &lines {
            painter.line(line.clone(), stroke);
        }
    }
    if chosen {
        for point in shape.handles() {
            let handle = Rect::from_center_size(place.screen(point), Vec2::splat(7.0));
            painter.rect_filled(handle.expand(1.0), 2.0, Color32::from_black_alpha(200));
            painter.rect_filled(handle, 1.0, color);
        }
    }
}

/// The arc between the legs of an angle.
fn arc(a: Pos2, apex: Pos2, b: Pos2) -> Vec<Pos2> {
    const STEPS: usize = 24;
    let (to_a, to_b) = (a - apex, b - apex);
    let radius = (to_a.length().min(to_b.length()) * 0.5).min(22.0);
    let begin = to_a.angle();
    let mut sweep = to_b.angle() - begin;
    if sweep.abs() > std::f32::consts::PI {
        sweep -= sweep.signum() * std::f32::consts::TAU;
    }
    let at = |i: usize| apex + Vec2::angled(begin + sweep * i as f32 / STEPS as f32) * radius;
    (0..=STEPS).map(at).collect()
}

/// What is written beside a shape.
fn readout(shape: &Shape, scale: Scale, statistics: Option<Statistics>) -> Vec<String> {
    let unit = scale.unit();
    let mut lines = match Values::of(shape, scale, None) {
        Values::Length(found) => vec![length(found, unit)],
        Values::Angle(found) => return vec![angle(found)],
        Values::Region { area: found, .. } => vec![area(found, unit)],
    };
    if let Some(Statistics { count, mean, sd, min, max }) = statistics {
        let (mean, sd) = (value(mean as f32), value(sd as f32));
        lines.push(format!("Mean {mean}  SD {sd}"));
        lines.push(format!("Min {}  Max {}", value(min), value(max)));
        lines.push(super::format::count(count, "pixel"));
    }
    if matches!(scale, Scale::ByHand(_)) {
        lines.push("calibrated by hand".into());
    }
    lines
}

/// Writes lines beside a shape: where they cover neither it nor other lines, if there is room.
fn plate(
    painter: &Painter,
    room: Rect,
    place: &Placement,
    shape: &Shape,
    lines: &[String],
    taken: &mut Vec<Rect>,
) {
    const GAP: f32 = 10.0;
    let points = path(shape, place);
    let rightmost = points.iter().copied().max_by(|a, b| a.x.total_cmp(&b.x)).unwrap_or_default();
    let leftmost = points.iter().copied().min_by(|a, b| a.x.total_cmp(&b.x)).unwrap_or_default();
    let around = Rect::from_points(&points).expand(GAP);
    let galley = painter.layout_no_wrap(lines.join("\n"), theme::small(), theme::ON_SCAN_MEASURE);
    let size = galley.size() + vec2(8.0, 4.0);
    let beside = [
        Align2::LEFT_CENTER.anchor_size(rightmost + vec2(GAP, 0.0), size),
        Align2::RIGHT_CENTER.anchor_size(leftmost - vec2(GAP, 0.0), size),
        Align2::CENTER_TOP.anchor_size(around.center_bottom(), size),
        Align2::CENTER_BOTTOM.anchor_size(around.center_top(), size),
    ];
    let free = |rect: &Rect| {
        room.contains_rect(*rect) && !taken.iter().any(|taken| taken.intersects(*rect))
    };
    let rect = beside.iter().copied().find(free).unwrap_or_else(|| {
        let first = beside[0];
        let kept_inside = first.min.clamp(room.min, (room.max - size).max(room.min));
        Rect::from_min_size(kept_inside, size)
    });
    taken.push(rect);
    scan_labels::plate(painter, rect);
    painter.galley(rect.min + vec2(4.0, 2.0), galley, theme::ON_SCAN_MEASURE);
}

/// The statistics of a region, found anew only when it or its slice is another.
pub(super) fn statistics(ui: &Ui, shape: &Shape, open: &OpenSeries) -> Option<Statistics> {
    if !shape.kind.is_region() {
        return None;
    }
    let (slice, key) = (open.slice()?, open.key());
    let region = Region { shape, slice, key };
    ui.memory_mut(|memory| *memory.caches.cache::<FrameCache<_, Computer>>().get(region))
}

#[derive(Clone, Copy)]
struct Region<'a> {
    shape: &'a Shape,
    slice: &'a Slice,
    key: ScanKey,
}

impl Hash for Region<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.key, self.shape.kind).hash(state);
        self.shape.points.iter().flatten().for_each(|x| x.to_bits().hash(state));
    }
}

#[derive(Default)]
struct Computer;

impl ComputerMut<Region<'_>, Option<Statistics>> for Computer {
    fn compute(&mut self, region: Region) -> Option<Statistics> {
        Statistics::of(region.shape, region.slice)
    }
}
