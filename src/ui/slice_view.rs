//! A scan in its pane: drawn, described, and handled with the mouse.

use egui::epaint::Vertex;
use egui::{
    Color32, Event, Mesh, Modifiers, MouseWheelUnit, Painter, PointerButton, Pos2, Rect, Response,
    Role, Sense, Stroke, StrokeKind, TextureId, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::panes::{self, Cell, Pane, PlaneView};
use super::{Screen, measurements, scan_labels, scan_picture, theme, window_entry};
use crate::imaging::{Header, Window};
use crate::state::{Command, OpenSeries, Turn, View};

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
    pub turn: Turn,
}

impl Placement {
    fn new(slice: &Header, view: &View, turn: Turn, rect: Rect, pixels_per_point: f32) -> Self {
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

    /// The point of the screen at which a place on the scan is seen, in pixel edges.
    pub fn screen(&self, [x, y]: [f32; 2]) -> Pos2 {
        let [x, y] = self.turn.to_screen([x / self.pixels[0], y / self.pixels[1]]);
        self.image.min + vec2(x, y) * self.image.size()
    }

    /// The place on the scan that is nearest to a point of the screen, in pixel edges.
    pub fn nearest(&self, at: Pos2) -> [f32; 2] {
        let fraction = (at - self.image.min) / self.image.size();
        let [x, y] = self.turn.to_scan(fraction.into()).map(|f| f.clamp(0.0, 1.0));
        [x * self.pixels[0], y * self.pixels[1]]
    }

    /// Columns and rows of pixels.
    pub fn pixels(&self) -> [f32; 2] {
        self.pixels
    }

    /// The place on the scan under a point of the screen, in pixel edges; `None` beside the scan.
    pub fn pixel(&self, at: Pos2) -> Option<Pos2> {
        let fraction = (at - self.image.min) / self.image.size();
        let inside = (0.0..1.0).contains(&fraction.x) && (0.0..1.0).contains(&fraction.y);
        let [x, y] = self.turn.to_scan(fraction.into());
        inside.then(|| pos2(x * self.pixels[0], y * self.pixels[1]))
    }

    /// The point of the screen over a place on the scan, in pixel edges.
    pub fn point(&self, [x, y]: [f32; 2]) -> Pos2 {
        let [x, y] = self.turn.to_screen([x / self.pixels[0], y / self.pixels[1]]);
        self.image.min + self.image.size() * vec2(x, y)
    }
}

/// Width and height of a turned slice on the screen, in columns' widths.
pub(super) fn shown_size(slice: &Header, turn: Turn) -> [f32; 2] {
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

/// Draws the grid of series.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let cells = panes::grid(screen.state, ui.available_rect_before_wrap());
    let several = cells.len() > 1;
    for cell in &cells {
        for (index, pane) in cell.panes.iter().enumerate() {
            show_pane(ui, screen, pane, index);
        }
        if cell.panes.is_empty() {
            empty_cell(ui, screen, cell);
        }
        if several && cell.active {
            let stroke = Stroke::new(1.5, theme::ON_SCAN_ACCENT);
            ui.painter().rect_stroke(cell.rect, 0.0, stroke, StrokeKind::Inside);
        }
    }
}

/// A place in the grid that waits for a series.
fn empty_cell(ui: &Ui, screen: &mut Screen, cell: &Cell) {
    let response =
        ui.interact(cell.rect, ui.scope_id().with(("empty", cell.number)), Sense::click());
    ui.painter().rect_filled(cell.rect, 0.0, theme::CANVAS);
    let (at, font) = (cell.rect.center(), egui::FontId::proportional(13.0));
    let text = if cell.active { "Choose a series in the list" } else { "Empty" };
    ui.painter().text(at, egui::Align2::CENTER_CENTER, text, font, theme::ON_SCAN_DIM);
    let label = format!("empty pane {}", cell.number + 1);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    if response.clicked() {
        screen.ask(Command::ActivatePane(cell.number));
    }
}

fn show_pane(ui: &mut Ui, screen: &mut Screen, pane: &Pane, index: usize) {
    let id = ui.scope_id().with(("pane", pane.cell, index));
    let response = ui.interact(pane.rect, id, Sense::click_and_drag());
    let (turn, open) = (pane.turn, pane.open);
    let place = Placement::new(pane.header(), &pane.view(), turn, pane.rect, ui.pixels_per_point());
    let painter = ui.painter().with_clip_rect(pane.rect.intersect(ui.clip_rect()));

    painter.rect_filled(pane.rect, 0.0, theme::CANVAS);
    let magnified = place.scale * ui.pixels_per_point() >= 3.0;
    let scan = match &pane.across {
        Some(across) => screen.textures.plane(ui, open, across),
        None => screen.textures.scan(ui, open, magnified),
    };
    match scan {
        Some(scan) => picture(&painter, scan, place.image, turn, Color32::WHITE),
        None => waiting(&painter, pane),
    }

    let shown = screen.shown().filter(|_| pane.active && pane.across.is_none());
    let layer =
        shown.zip(pane.layer).and_then(|(shown, name)| Some((shown, shown.index_of(name)?)));
    let visible = screen.state.settings.overlay.on;
    if let Some((shown, index)) = layer.filter(|(shown, i)| visible && shown.map(*i).raw_max > 0.0)
    {
        let overlay = screen.textures.overlay(ui, shown, index);
        picture(&painter, overlay, place.image, turn, shown.tint());
    }
    if let Some(across) = &pane.across {
        overlay_across(ui, screen, &painter, across, &place);
    }
    cross(&painter, pane, &place);
    scan_labels::paint(&painter, ui, screen, pane, &place, layer, response.hover_pos());
    let measures = screen.measurements
        && pane.across.is_none()
        && measurements::show(ui, screen, pane.open, &response, &place, &painter);
    if pane.active && !pane.pinned && pane.across.is_none() {
        scan_picture::remember_pane(ui, pane.rect);
    }
    if pane.pinned {
        let stroke = Stroke::new(1.0, theme::ON_SCAN_LINE);
        painter.rect_stroke(pane.rect, 0.0, stroke, StrokeKind::Outside);
        unpin(ui, screen, pane);
    }
    describe(&response, pane, visible, scan.is_some());
    interact(ui, screen, pane, &response, &place, measures);
    if pane.active && !pane.pinned && pane.across.is_none() {
        window_entry::show(ui, screen, pane.open, scan_labels::window_place(ui, pane));
    }
}

/// The chosen layer's maps on a plane across the slices, as far as they are known.
fn overlay_across(
    ui: &Ui,
    screen: &mut Screen,
    painter: &Painter,
    across: &PlaneView,
    place: &Placement,
) {
    let session = &screen.state.session;
    let Some(shown) = screen.shown().filter(|_| screen.state.settings.overlay.on) else { return };
    let Some(index) = session.layer_name().and_then(|name| shown.index_of(name)) else { return };
    let along = session.evidence_along();
    let overlay = screen.textures.plane_overlay(ui, shown, index, across, &along);
    picture(painter, overlay, place.image, place.turn, shown.tint());
}

/// Where pixels will be, or why there are none.
fn waiting(painter: &Painter, pane: &Pane) {
    let color = match pane.open.failure() {
        Some(_) => theme::ON_SCAN_WARNING,
        None => theme::ON_SCAN_DIM,
    };
    let text = instead(pane.open);
    let room = (pane.rect.width() - 40.0).max(60.0);
    let font = egui::FontId::proportional(13.0);
    let text = painter.layout(text.to_owned(), font, color, room);
    painter.galley(pane.rect.center() - text.size() / 2.0, text, color);
}

/// What stands where pixels will be.
fn instead(open: &OpenSeries) -> &str {
    open.failure().unwrap_or("Reading…")
}

/// The cross that links three planes.
fn cross(painter: &Painter, pane: &Pane, place: &Placement) {
    let Some(planes) = pane.open.planes.as_ref().filter(|_| !pane.pinned) else { return };
    let [column, row] = planes.cross;
    let at = match &pane.across {
        Some(across) => across.volume.place(across.cut, [column, row, pane.open.slice]),
        None => [column as f32 + 0.5, row as f32 + 0.5],
    };
    let (at, image) = (place.point(at), place.image);
    let stroke = Stroke::new(1.0, theme::ON_SCAN_ACCENT.gamma_multiply(0.6));
    // Open in the middle: what it points at stays in sight.
    let gap = 12.0;
    for (from, to) in [(image.left(), at.x - gap), (at.x + gap, image.right())] {
        if from < to {
            painter.hline(from..=to, at.y, stroke);
        }
    }
    for (from, to) in [(image.top(), at.y - gap), (at.y + gap, image.bottom())] {
        if from < to {
            painter.vline(at.x, from..=to, stroke);
        }
    }
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

fn describe(response: &Response, pane: &Pane, visible: bool, drawn: bool) {
    let open = pane.open;
    let slices = open.series.slices.len();
    let mut label = format!("scan {} slice {} of {slices}", open.name(), open.slice + 1);
    if let Some(across) = &pane.across {
        label = format!("scan {} {}", open.name(), scan_labels::cut(across));
    }
    if !drawn {
        label += &format!(", {}", instead(open));
    }
    if let Some(layer) = pane.layer.filter(|_| visible) {
        label += &format!(", heatmap of {layer}");
    }
    if pane.pinned {
        label += ", pinned";
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
}

fn interact(
    ui: &mut Ui,
    screen: &mut Screen,
    pane: &Pane,
    response: &Response,
    place: &Placement,
    measures: bool,
) {
    let pressed = response.is_pointer_button_down_on() || response.clicked();
    if !pane.active && pressed {
        screen.ask(Command::ActivatePane(pane.cell));
    }
    let moved = response.drag_delta();
    let middle = response.rect.center();
    if response.dragged_by(PointerButton::Primary) && moved != Vec2::ZERO && !measures {
        window_by_drag(screen, pane.open, moved);
    }
    if response.dragged_by(PointerButton::Middle) && moved != Vec2::ZERO {
        look(screen, pane, pane.view().panned([moved.x, moved.y], place.scale, place.size));
    }
    if response.dragged_by(PointerButton::Secondary) && moved != Vec2::ZERO {
        let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(middle) - middle;
        let factor = (-moved.y * 0.01).exp();
        let at = [origin.x, origin.y];
        look(screen, pane, pane.view().zoomed_at(factor, at, place.scale, place.size));
    }
    if measures {
        // Clicks draw.
    } else if response.double_clicked() {
        look(screen, pane, View::default());
    } else if response.clicked() && !pane.pinned {
        point_at(screen, pane, response, place);
    }
    response.context_menu(|ui| {
        for command in [
            Command::Fit,
            Command::ActualSize,
            Command::Invert,
            Command::FlipHorizontally,
            Command::RotateRight,
            Command::ResetView,
            Command::TogglePlanes,
        ] {
            if screen.button(ui, command).clicked() {
                ui.close();
            }
        }
    });
    if let Some(cursor) = response.hover_pos() {
        wheel(ui, screen, pane, place, cursor - middle);
    }
}

/// Asks for another zoom and pan of a pane.
fn look(screen: &mut Screen, pane: &Pane, view: View) {
    screen.ask(match &pane.across {
        Some(across) => Command::SetPlaneView(across.number, view),
        None => Command::SetView(view),
    });
}

/// To the side for width, up and down for centre; a drag over half of the screen crosses the range of
/// the data.
fn window_by_drag(screen: &mut Screen, open: &OpenSeries, moved: Vec2) {
    let Some((Window { center, width }, (low, high))) = open.window.zip(open.range()) else {
        return;
    };
    let step = ((high - low) / 500.0).max(f32::MIN_POSITIVE);
    // The centre stays among the data, beyond which all is black or white; a file's own window may
    // lie outside.
    let window = Window {
        center: (center + moved.y * step).clamp(low.min(center), high.max(center)),
        width: (width + moved.x * step).clamp(step * 0.5, width.max(4.0 * (high - low))),
    };
    screen.ask(Command::SetWindow(window));
}

/// In three planes, a click moves the cross.
fn point_at(screen: &mut Screen, pane: &Pane, response: &Response, place: &Placement) {
    let pixel = response.interact_pointer_pos().and_then(|at| place.pixel(at));
    let Some(at) = pixel.filter(|_| pane.open.planes.is_some()) else { return };
    let voxel = match &pane.across {
        Some(across) => across.volume.voxel(across.cut, at.into()),
        None => [at.x as usize, at.y as usize, pane.open.slice],
    };
    screen.ask(Command::SetCross(voxel));
}

/// The wheel goes through slices; with Ctrl, or where there is one slice only, it zooms.
fn wheel(ui: &Ui, screen: &mut Screen, pane: &Pane, place: &Placement, cursor: Vec2) {
    let (notches, pinch) = ui.input(|input| (notches(&input.events), input.zoom_delta()));
    let open = pane.open;
    let single = open.series.slices.len() == 1;
    let factor = if single { pinch * 1.15f32.powf(notches) } else { pinch };
    let scrolls = !single && notches != 0.0;
    if !pane.active && (factor != 1.0 || scrolls) {
        screen.ask(Command::ActivatePane(pane.cell));
    }
    if factor != 1.0 {
        let at = [cursor.x, cursor.y];
        look(screen, pane, pane.view().zoomed_at(factor, at, place.scale, place.size));
    }
    if !scrolls {
        return;
    }
    // A touchpad sends fractions of a notch: they are gathered until they make a slice.
    let id = ui.scope_id().with("wheel");
    let gathered = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(0.0) + notches;
    ui.data_mut(|data| data.insert_temp(id, gathered.fract()));
    let by = -gathered.trunc() as isize;
    if by == 0 {
        return;
    }
    match (&pane.across, &open.planes) {
        (Some(across), Some(planes)) => {
            let mut cross = planes.cross;
            let at = if across.number == 0 { &mut cross[1] } else { &mut cross[0] };
            *at = at.saturating_add_signed(by);
            screen.ask(Command::SetCross([cross[0], cross[1], open.slice]));
        }
        _ => screen.ask(Command::SelectSlice(open.slice.saturating_add_signed(by))),
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
    fn a_slice_fits_and_its_pixels_are_found() {
        let mut slice = Header::new(100, 50, Depth::EightBit);
        slice.spacing = Some(Spacing { row_mm: 2.0, column_mm: 1.0, slice_mm: None });
        let room = Rect::from_min_size(pos2(0.0, 0.0), vec2(212.0, 212.0));
        let place = Placement::new(&slice, &View::default(), Turn::default(), room, 1.0);
        assert_eq!(place.image, room.shrink(6.0), "rows twice as high as columns are wide");
        let pixel = place.pixel(place.image.min + vec2(1.0, 1.0)).unwrap();
        assert_eq!((pixel.x as usize, pixel.y as usize), (0, 0));
        let pixel = place.pixel(place.image.max - vec2(1.0, 1.0)).unwrap();
        assert_eq!((pixel.x as usize, pixel.y as usize), (99, 49));
        assert_eq!(place.pixel(room.min), None);

        let slice = Header::new(100, 50, Depth::EightBit);
        let turn = Turn::default().rotated_right();
        let place = Placement::new(&slice, &View::default(), turn, room, 1.0);
        assert_eq!(place.image.size(), vec2(100.0, 200.0), "upright");
        let pixel = place.pixel(place.image.min + vec2(1.0, 1.0)).unwrap();
        assert_eq!((pixel.x as usize, pixel.y as usize), (0, 49), "its bottom left is on top");
        let there = place.point([pixel.x, pixel.y]);
        assert!((there - (place.image.min + vec2(1.0, 1.0))).length() < 0.01, "there and back");
    }
}
