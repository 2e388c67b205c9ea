//! The scan, alone or beside pinned layers, all under one zoom and pan.

use egui::epaint::Vertex;
use egui::{
    Color32, Event, Mesh, Modifiers, MouseWheelUnit, Painter, PointerButton, Pos2, Rect, Response,
    Role, Sense, Stroke, StrokeKind, TextureId, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::{Screen, scan_labels, scan_picture, theme};
use crate::imaging::{Slice, Window};
use crate::state::{Command, OpenSeries, Turn, View};

/// One view of the scan: with the map of a layer, or alone.
pub(super) struct Pane<'a> {
    pub rect: Rect,
    /// The layer whose map is shown, if one is.
    pub layer: Option<&'a str>,
    /// Pinned beside the scan.
    pub pinned: bool,
}

/// Where a slice lies in a pane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placement {
    pub image: Rect,
    /// Points per column of pixels.
    pub scale: f32,
    /// Width and height on the screen, in columns' widths: pixels need not be square.
    pub size: [f32; 2],
    /// Columns and rows of pixels.
    pixels: [f32; 2],
    turn: Turn,
}

impl Placement {
    fn new(slice: &Slice, view: &View, turn: Turn, rect: Rect, pixels_per_point: f32) -> Self {
        let size = shown_size(slice, turn);
        let room = rect.shrink(6.0).size().max(Vec2::splat(1.0));
        let fit = (room.x / size[0]).min(room.y / size[1]);
        let scale = view.scale(fit, pixels_per_point);
        let extent = vec2(size[0], size[1]) * scale;
        let min = rect.center() - extent * vec2(view.center[0], view.center[1]);
        let image = Rect::from_min_size(min, extent);
        let pixels = [slice.width as f32, slice.height as f32];
        Self { image, scale, size, pixels, turn }
    }

    /// The place on the scan under a point of the screen, in pixel edges; `None` beside the scan.
    pub fn pixel(&self, at: Pos2) -> Option<Pos2> {
        let fraction = (at - self.image.min) / self.image.size();
        let inside = (0.0..1.0).contains(&fraction.x) && (0.0..1.0).contains(&fraction.y);
        let [x, y] = self.turn.to_scan(fraction.into());
        inside.then(|| pos2(x * self.pixels[0], y * self.pixels[1]))
    }
}

/// Width and height of a turned slice on the screen, in columns' widths.
pub(super) fn shown_size(slice: &Slice, turn: Turn) -> [f32; 2] {
    let aspect = slice.spacing.map_or(1.0, |s| s.row_mm / s.column_mm).clamp(0.05, 20.0);
    let (width, height) = (slice.width as f32, slice.height as f32 * aspect);
    if turn.swaps_sides() { [height, width] } else { [width, height] }
}

/// Draws a picture of the scan, turned.
pub(super) fn picture(
    painter: &Painter,
    texture: TextureId,
    rect: Rect,
    turn: Turn,
    tint: Color32,
) {
    let mut mesh = Mesh::with_texture(texture);
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
    let fractions = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    for (pos, fraction) in corners.into_iter().zip(fractions) {
        let uv = turn.to_scan(fraction).into();
        mesh.vertices.push(Vertex { pos, uv, color: tint });
    }
    mesh.indices.extend([0, 1, 2, 0, 2, 3]);
    painter.add(mesh);
}

/// Draws the scan and the pinned layers.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let session = &screen.state.session;
    let Some(open) = session.shown() else { return };
    let mut layers = vec![session.layer_name()];
    layers.extend(session.pins.iter().map(|pin| Some(pin.as_str())));
    let panes = panes(ui.available_rect_before_wrap(), session.pins.len());
    let on = screen.state.settings.overlay.on;
    for (index, (rect, layer)) in panes.into_iter().zip(layers).enumerate() {
        let pane = Pane { rect, layer: layer.filter(|_| on || index > 0), pinned: index > 0 };
        show_pane(ui, screen, open, &pane, index);
    }
}

const GAP: f32 = 2.0;

/// The room for the scan, and for what is pinned beside it: half of the room, cut into tiles.
fn panes(room: Rect, pins: usize) -> Vec<Rect> {
    if pins == 0 {
        return vec![room];
    }
    let (left, right) = room.split_left_right_at_fraction(0.5);
    let mut panes = vec![left.with_max_x(left.max.x - GAP)];
    panes.extend(tiles(right, pins));
    panes
}

/// Cuts a room into `count` tiles, as large as they can be.
fn tiles(room: Rect, count: usize) -> Vec<Rect> {
    let side = |columns: usize| {
        let rows = count.div_ceil(columns);
        (room.width() / columns as f32).min(room.height() / rows as f32)
    };
    let columns = (1..=count).rev().max_by(|&a, &b| side(a).total_cmp(&side(b))).unwrap_or(1);
    let rows = count.div_ceil(columns);
    let size = vec2(
        (room.width() - GAP * (columns - 1) as f32) / columns as f32,
        (room.height() - GAP * (rows - 1) as f32) / rows as f32,
    );
    let at =
        |i: usize| vec2((i % columns) as f32, (i / columns) as f32) * (size + Vec2::splat(GAP));
    (0..count).map(|i| Rect::from_min_size(room.min + at(i), size)).collect()
}

fn show_pane(ui: &mut Ui, screen: &mut Screen, open: &OpenSeries, pane: &Pane, index: usize) {
    let response =
        ui.interact(pane.rect, ui.scope_id().with(("pane", index)), Sense::click_and_drag());
    let slice = open.slice();
    let place = Placement::new(slice, &open.view, open.turn, pane.rect, ui.pixels_per_point());
    let painter = ui.painter().with_clip_rect(pane.rect.intersect(ui.clip_rect()));

    painter.rect_filled(pane.rect, 0.0, theme::CANVAS);
    let magnified = place.scale * ui.pixels_per_point() >= 3.0;
    let scan = screen.textures.scan(ui, open, magnified);
    picture(&painter, scan, place.image, open.turn, Color32::WHITE);

    let shown = screen.shown();
    let layer =
        shown.zip(pane.layer).and_then(|(shown, name)| Some((shown, shown.index_of(name)?)));
    let visible = screen.state.settings.overlay.on;
    if let Some((shown, index)) = layer.filter(|(shown, i)| visible && shown.map(*i).raw_max > 0.0)
    {
        let overlay = screen.textures.overlay(ui, shown, index);
        picture(&painter, overlay, place.image, open.turn, shown.tint());
    }
    scan_labels::paint(&painter, ui, screen, open, pane, &place, layer, response.hover_pos());
    if !pane.pinned {
        scan_picture::remember_pane(ui, pane.rect);
    }
    if pane.pinned {
        let stroke = Stroke::new(1.0, theme::ON_SCAN_LINE);
        painter.rect_stroke(pane.rect, 0.0, stroke, StrokeKind::Outside);
        unpin(ui, screen, pane);
    }
    describe(&response, open, pane, visible);
    interact(ui, screen, open, &response, &place);
}

fn unpin(ui: &mut Ui, screen: &mut Screen, pane: &Pane) {
    let Some(name) = pane.layer else { return };
    let size = vec2(48.0, 20.0);
    let at = Rect::from_min_size(pane.rect.right_top() + vec2(-size.x - 6.0, 6.0), size);
    let button = egui::Button::new(egui::RichText::new("Unpin").font(theme::small()));
    let response = ui.put(at, button).on_hover_text("Take this layer away");
    if response.clicked() {
        screen.ask(Command::TogglePinOf(name.to_owned()));
    }
    response.accessible_name(format!("unpin {name}"));
}

fn describe(response: &Response, open: &OpenSeries, pane: &Pane, visible: bool) {
    let slices = open.series.slices.len();
    let mut label = format!("scan {} slice {} of {slices}", open.name(), open.slice + 1);
    if let Some(layer) = pane.layer.filter(|_| visible) {
        label += &format!(", heatmap of {layer}");
    }
    if pane.pinned {
        label += ", pinned";
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
}

fn interact(
    ui: &Ui,
    screen: &mut Screen,
    open: &OpenSeries,
    response: &Response,
    place: &Placement,
) {
    let moved = response.drag_delta();
    let middle = response.rect.center();
    if response.dragged_by(PointerButton::Primary) && moved != Vec2::ZERO {
        // A drag over half of the screen crosses the range of the data.
        let (low, high) = open.range();
        let step = ((high - low) / 500.0).max(f32::MIN_POSITIVE);
        let Window { center, width } = open.window;
        // The centre stays among the data, beyond which all is black or white; a file's own
        // window may lie outside.
        let window = Window {
            center: (center + moved.y * step).clamp(low.min(center), high.max(center)),
            width: (width + moved.x * step).clamp(step * 0.5, width.max(4.0 * (high - low))),
        };
        screen.ask(Command::SetWindow(window));
    }
    if response.dragged_by(PointerButton::Middle) && moved != Vec2::ZERO {
        let view = open.view.panned([moved.x, moved.y], place.scale, place.size);
        screen.ask(Command::SetView(view));
    }
    if response.dragged_by(PointerButton::Secondary) && moved != Vec2::ZERO {
        let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(middle) - middle;
        let factor = (-moved.y * 0.01).exp();
        let view = open.view.zoomed_at(factor, [origin.x, origin.y], place.scale, place.size);
        screen.ask(Command::SetView(view));
    }
    if response.double_clicked() {
        screen.ask(Command::Fit);
    }
    response.context_menu(|ui| {
        for command in [
            Command::Fit,
            Command::ActualSize,
            Command::Invert,
            Command::FlipHorizontally,
            Command::RotateRight,
            Command::ResetView,
        ] {
            if screen.button(ui, command).clicked() {
                ui.close();
            }
        }
    });
    if let Some(cursor) = response.hover_pos() {
        wheel(ui, screen, open, place, cursor - middle);
    }
}

/// The wheel goes through slices; with Ctrl, or where there is one slice only, it zooms.
fn wheel(ui: &Ui, screen: &mut Screen, open: &OpenSeries, place: &Placement, cursor: Vec2) {
    let (notches, pinch) = ui.input(|input| (notches(&input.events), input.zoom_delta()));
    let single = open.series.slices.len() == 1;
    let factor = if single { pinch * 1.15f32.powf(notches) } else { pinch };
    if factor != 1.0 {
        let view = open.view.zoomed_at(factor, [cursor.x, cursor.y], place.scale, place.size);
        screen.ask(Command::SetView(view));
    }
    if single || notches == 0.0 {
        return;
    }
    // A touchpad sends fractions of a notch: they are gathered until they make a slice.
    let id = ui.scope_id().with("wheel");
    let gathered = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(0.0) + notches;
    ui.data_mut(|data| data.insert_temp(id, gathered.fract()));
    let slice = open.slice.saturating_add_signed(-gathered.trunc() as isize);
    if slice != open.slice {
        screen.ask(Command::SelectSlice(slice));
    }
}

/// Notches the wheel was turned, upwards positive; turns with Ctrl do not count.
fn notches(events: &[Event]) -> f32 {
    let turned = events.iter().map(|event| match event {
        Event::MouseWheel { unit, delta, modifiers, .. }
            if !modifiers.contains(Modifiers::COMMAND) && !modifiers.ctrl =>
        {
            match unit {
                MouseWheelUnit::Line => delta.y,
                MouseWheelUnit::Point => delta.y / 40.0,
                MouseWheelUnit::Page => delta.y * 10.0,
            }
        }
        _ => 0.0,
    });
    turned.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{Depth, Spacing};

    #[test]
    fn tiles_fill_the_room_without_overlap() {
        let room = Rect::from_min_size(pos2(10.0, 20.0), vec2(900.0, 400.0));
        for count in 1..=7 {
            let panes = panes(room, count);
            assert_eq!(panes.len(), count + 1);
            for (i, a) in panes.iter().enumerate() {
                assert!(room.expand(0.01).contains_rect(*a));
                assert!(panes[..i].iter().all(|b| !a.shrink(0.5).intersects(b.shrink(0.5))));
            }
        }
        assert_eq!(panes(room, 0), [room]);
        assert_eq!(tiles(room, 2)[1].top(), room.top(), "beside, where there is width");
    }

    #[test]
    fn a_slice_fits_and_its_pixels_are_found() {
        let mut slice = Slice::new(100, 50, vec![0.0; 5000], Depth::EightBit);
        slice.spacing = Some(Spacing { row_mm: 2.0, column_mm: 1.0, slice_mm: None });
        let room = Rect::from_min_size(pos2(0.0, 0.0), vec2(212.0, 212.0));
        let place = Placement::new(&slice, &View::default(), Turn::default(), room, 1.0);
        assert_eq!(place.image, room.shrink(6.0), "rows twice as high as columns are wide");
        let pixel = place.pixel(place.image.min + vec2(1.0, 1.0)).unwrap();
        assert_eq!((pixel.x as usize, pixel.y as usize), (0, 0));
        let pixel = place.pixel(place.image.max - vec2(1.0, 1.0)).unwrap();
        assert_eq!((pixel.x as usize, pixel.y as usize), (99, 49));
        assert_eq!(place.pixel(room.min), None);

        let slice = Slice::new(100, 50, vec![0.0; 5000], Depth::EightBit);
        let turn = Turn::default().rotated_right();
        let place = Placement::new(&slice, &View::default(), turn, room, 1.0);
        assert_eq!(place.image.size(), vec2(100.0, 200.0), "upright");
        let pixel = place.pixel(place.image.min + vec2(1.0, 1.0)).unwrap();
        assert_eq!((pixel.x as usize, pixel.y as usize), (0, 49), "its bottom left is on top");
    }
}
