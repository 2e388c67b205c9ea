//! Every convolutional layer in three rows: at its own resolution, brought to the scan's, and over
//! the scan. Only the columns in sight are drawn.

use egui::{
    Align2, Color32, Label, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::format::{elide, strength, three_digits};
use super::slice_view::{picture, shown_size};
use super::textures::Shown;
use super::{Screen, theme};
use crate::model::prediction::TapPoint;
use crate::state::{Command, Load};

const HEADER: f32 = 52.0;
const GAP: f32 = 3.0;
const LABELS: f32 = 60.0;
const STAGE_GAP: f32 = 12.0;

/// Draws the strip.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    title(ui, screen);
    let session = &screen.state.session;
    if session.layers().is_empty() || session.shown().is_none() {
        let text = "The maps of every convolutional layer appear here.";
        ui.label(RichText::new(text).color(theme::tokens(ui).dim));
        return;
    }
    if let Load::Failed(why) = &session.evidence {
        super::probabilities::failed(ui, why);
        return;
    }
    let bar = ui.spacing().scroll.allocated_width();
    let cell = ((ui.available_height() - HEADER - 2.0 * GAP - bar - 2.0) / 3.0).clamp(20.0, 160.0);
    let columns = Columns::new(screen, cell);
    ui.horizontal_top(|ui| {
        row_labels(ui, cell);
        // There is only one way to scroll: the plain wheel does it.
        ui.style_mut().always_scroll_the_only_direction = true;
        ScrollArea::horizontal().auto_shrink(false).show_viewport(ui, |ui, viewport| {
            ui.set_width(columns.width);
            ui.set_height(HEADER + 3.0 * cell + 2.0 * GAP);
            let origin = ui.min_rect().min;
            follow_selection(ui, screen, &columns, origin);
            for index in columns.visible(viewport.x_range()) {
                let left = origin.x + columns.starts[index];
                let size = vec2(columns.column, HEADER + 3.0 * cell + 2.0 * GAP);
                let rect = Rect::from_min_size(pos2(left, origin.y), size);
                column(ui, screen, &columns, index, rect);
            }
        });
    });
}

/// Where the columns stand.
struct Columns {
    names: Vec<String>,
    /// What all names begin with, which headers leave out.
    prefix: usize,
    /// Unknown until the network has made maps.
    stages: Vec<Option<usize>>,
    starts: Vec<f32>,
    /// Width of one.
    column: f32,
    /// Width of all.
    width: f32,
    cell: f32,
}

impl Columns {
    fn new(screen: &Screen, cell: f32) -> Self {
        let session = &screen.state.session;
        let names = session.layers().to_vec();
        let stages: Vec<Option<usize>> = names.iter().map(|name| session.stage(name)).collect();
        let column = (cell + 6.0).max(74.0);
        let mut starts = Vec::with_capacity(names.len());
        let mut x = 0.0;
        for index in 0..names.len() {
            if index > 0 && stages[index] != stages[index - 1] {
                x += STAGE_GAP;
            }
            starts.push(x);
            x += column;
        }
        let prefix = common_prefix(&names);
        Self { names, prefix, stages, starts, column, width: x, cell }
    }

    fn visible(&self, range: egui::Rangef) -> std::ops::Range<usize> {
        let first = self.starts.partition_point(|start| start + self.column < range.min);
        let last = self.starts.partition_point(|start| *start < range.max);
        first..last
    }
}

/// Length of what all dotted names begin with, up to a dot.
fn common_prefix(names: &[String]) -> usize {
    let Some((first, rest)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return 0;
    };
    let same =
        |other: &String| first.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let shared = rest.iter().map(same).min().unwrap_or(0);
    first.as_bytes()[..shared].iter().rposition(|&byte| byte == b'.').map_or(0, |dot| dot + 1)
}

fn title(ui: &mut Ui, screen: &mut Screen) {
    let from_right = egui::Layout::right_to_left(egui::Align::Center);
    let from_left = egui::Layout::left_to_right(egui::Align::Center);
    ui.horizontal(|ui| {
        theme::section(ui, "Layers");
        let session = &screen.state.session;
        let (Some(index), Some(name)) = (session.layer_index(), session.layer_name()) else {
            return;
        };
        ui.with_layout(from_right, |ui| {
            let pinned = session.pins.iter().any(|pin| pin == name);
            if !session.pins.is_empty() {
                screen.button(ui, Command::UnpinAll);
            }
            let entry = Command::TogglePin.entry().expect("it is in the table");
            let text = if pinned { "Unpin the layer" } else { entry.name };
            if ui.button(text).on_hover_text(screen.hover(&Command::TogglePin)).clicked() {
                screen.ask(Command::TogglePin);
            }
            // What the buttons leave room for.
            ui.with_layout(from_left, |ui| chosen(ui, screen, index, name));
        });
    });
}

/// Which layer is chosen, and what is known of it.
fn chosen(ui: &mut Ui, screen: &Screen, index: usize, name: &str) {
    let tokens = theme::tokens(ui);
    let count = screen.state.session.layers().len();
    ui.label(RichText::new(format!("{}/{count}", index + 1)).color(tokens.accent));
    ui.add(Label::new(RichText::new(name).strong()).truncate());
    let shown = screen.shown();
    if let Some((shown, index)) = shown.and_then(|s| Some((s, s.index_of(name)?))) {
        let map = shown.map(index);
        let size = format!("{}×{}×{}", map.height, map.width, map.channels);
        let text = format!("stage {} · {size} · {}", map.layer.stage, strength(map.raw_max));
        ui.add(Label::new(RichText::new(text).color(tokens.dim)).truncate());
    }
}

fn row_labels(ui: &mut Ui, cell: f32) {
    let color = theme::tokens(ui).dim;
    let height = HEADER + 3.0 * cell + 2.0 * GAP;
    let (rect, _) = ui.allocate_exact_size(vec2(LABELS, height), Sense::hover());
    for (row, text) in ["Native", "Upsampled", "Overlay"].into_iter().enumerate() {
        let y = rect.top() + HEADER + row as f32 * (cell + GAP) + cell / 2.0;
        let at = pos2(rect.left(), y);
        ui.painter().text(at, Align2::LEFT_CENTER, text, theme::small(), color);
    }
}

/// Brings the chosen column into sight when another one was chosen.
fn follow_selection(ui: &Ui, screen: &Screen, columns: &Columns, origin: egui::Pos2) {
    let Some(index) = screen.state.session.layer_index() else { return };
    let id = ui.scope_id().with("followed");
    // Columns move once more when their stages become known.
    let now = (index, columns.names.len(), columns.stages[index]);
    if ui.data(|data| data.get_temp(id)) == Some(now) {
        return;
    }
    ui.data_mut(|data| data.insert_temp(id, now));
    let left = origin.x + columns.starts[index];
    let rect = Rect::from_min_size(pos2(left, origin.y), vec2(columns.column, 10.0));
    ui.scroll_to_rect(rect.expand2(vec2(columns.column, 0.0)), None);
}

fn column(ui: &mut Ui, screen: &mut Screen, columns: &Columns, index: usize, rect: Rect) {
    let tokens = theme::tokens(ui);
    let name = &columns.names[index];
    let shown = screen.shown().and_then(|shown| Some((shown, shown.index_of(name)?)));
    let selected = screen.state.session.layer_index() == Some(index);
    let pinned = screen.state.session.pins.contains(name);

    let frame = rect.with_min_y(rect.top() + 14.0);
    let response = ui.interact(frame, ui.scope_id().with(("layer", index)), Sense::click());
    let label = label(screen, name, shown, pinned);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &label));

    stage_header(ui, columns, index, rect);
    let painter = ui.painter();
    if selected {
        painter.rect_filled(frame, theme::CORNER, tokens.accent_fill);
    } else if response.hovered() {
        painter.rect_filled(frame, theme::CORNER, tokens.hovered);
    }
    header(ui, columns, index, rect, shown, selected, pinned);
    let cell = |row: usize| {
        let top = rect.top() + HEADER + row as f32 * (columns.cell + GAP);
        let left = rect.center().x - columns.cell / 2.0;
        Rect::from_min_size(pos2(left, top), vec2(columns.cell, columns.cell))
    };
    cells(ui, screen, shown, [cell(0), cell(1), cell(2)]);
    if selected {
        let stroke = Stroke::new(1.5, tokens.accent);
        ui.painter().rect_stroke(frame, theme::CORNER, stroke, StrokeKind::Inside);
    }

    let hover = format!("{label}\nClick: show it on the scan. Right click: pin it.");
    let response = response.on_hover_text(hover);
    if response.clicked() {
        screen.ask(Command::SelectLayer(name.clone()));
    }
    if response.secondary_clicked() {
        screen.ask(Command::TogglePinOf(name.clone()));
    }
}

fn label(screen: &Screen, name: &str, shown: Option<(Shown, usize)>, pinned: bool) -> String {
    let tap = match screen.state.settings.tap {
        TapPoint::Conv => "conv",
        TapPoint::Unit => "unit",
    };
    let mut label = format!("layer {name} {tap}");
    match shown.map(|(shown, index)| shown.map(index)) {
        Some(map) => {
            label += &format!(" {}×{}×{}", map.height, map.width, map.channels);
            label += &match map.raw_max {
                max if max > 0.0 => format!(" max {}", three_digits(max)),
                _ => " no positive evidence".to_owned(),
            };
        }
        None => label += " computing",
    }
    if pinned {
        label += " pinned";
    }
    label
}

fn stage_header(ui: &Ui, columns: &Columns, index: usize, rect: Rect) {
    let tokens = theme::tokens(ui);
    let Some(stage) = columns.stages[index] else { return };
    let first = index == 0 || columns.stages[index] != columns.stages[index - 1];
    let last = columns.stages.get(index + 1).is_none_or(|next| *next != columns.stages[index]);
    let y = rect.top() + 6.0;
    let line = Stroke::new(1.0, tokens.line);
    let mut from = rect.left() + 2.0;
    if first {
        let at = pos2(from, y);
        let text = format!("Stage {stage}");
        let written = ui.painter().text(at, Align2::LEFT_CENTER, text, theme::tiny(), tokens.dim);
        from = written.right() + 5.0;
    }
    let to = if last { rect.right() - 2.0 } else { rect.right() + 2.0 };
    ui.painter().hline(from..=to, y, line);
}

fn header(
    ui: &Ui,
    columns: &Columns,
    index: usize,
    rect: Rect,
    shown: Option<(Shown, usize)>,
    selected: bool,
    pinned: bool,
) {
    let tokens = theme::tokens(ui);
    let map = shown.map(|(shown, index)| shown.map(index));
    let fits = (columns.column / 5.0) as usize;
    let name = elide(&columns.names[index][columns.prefix..], fits);
    let strong = if selected { tokens.accent } else { tokens.text };
    let size = map.map(|map| format!("{}×{}×{}", map.height, map.width, map.channels));
    let max = map.map(|map| match map.raw_max {
        max if max > 0.0 => format!("max {}", three_digits(max)),
        _ => "none".to_owned(),
    });
    let lines = [
        (name, strong),
        (size.unwrap_or_default(), tokens.dim),
        (max.unwrap_or_default(), tokens.dim),
    ];
    for (row, (text, color)) in lines.into_iter().enumerate() {
        let at = pos2(rect.center().x, rect.top() + 16.0 + row as f32 * 12.0);
        ui.painter().text(at, Align2::CENTER_TOP, text, theme::tiny(), color);
    }
    if pinned {
        let at = pos2(rect.left() + 7.0, rect.top() + 46.0);
        ui.painter().circle_filled(at, 3.0, tokens.accent);
    }
}

fn cells(ui: &Ui, screen: &mut Screen, shown: Option<(Shown, usize)>, places: [Rect; 3]) {
    let painter = ui.painter();
    for place in places {
        painter.rect_filled(place, 1.0, theme::CANVAS);
    }
    let Some((shown, index)) = shown else { return };
    let map = shown.map(index);
    let turn = screen.turn(shown.open);
    let [w, h] = shown_size(shown.open.header(), turn);
    let [native, upsampled, overlay] = places;
    if let Some(scan) = screen.textures.small_scan(ui, shown.open) {
        picture(painter, scan, fit(overlay, w, h), turn, Color32::WHITE);
    }
    if map.raw_max <= 0.0 {
        // Where they are too small for it, the header says so alone.
        for place in [native, upsampled].iter().filter(|place| place.height() >= 28.0) {
            let (font, color) = (theme::tiny(), theme::ON_SCAN_DIM);
            painter.text(
                place.center(),
                Align2::CENTER_CENTER,
                "no positive\nevidence",
                font,
                color,
            );
        }
        return;
    }
    let texture = screen.textures.native(ui, shown, index);
    let mut side = [map.width as f32, map.height as f32];
    if turn.swaps_sides() {
        side.reverse();
    }
    picture(painter, texture, fit(native, side[0], side[1]), turn, Color32::WHITE);
    let texture = screen.textures.upsampled(ui, shown, index);
    picture(painter, texture, fit(upsampled, w, h), turn, Color32::WHITE);
    let texture = screen.textures.small_overlay(ui, shown, index);
    picture(painter, texture, fit(overlay, w, h), turn, shown.tint());
}

/// The largest rectangle of these proportions in the middle of a place.
fn fit(place: Rect, width: f32, height: f32) -> Rect {
    let size = vec2(width, height) * (place.width() / width.max(height));
    Rect::from_center_size(place.center(), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_leave_out_what_all_names_share() {
        let names =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(common_prefix(&names(&["features.0", "features.10.conv"])), 9);
        assert_eq!(common_prefix(&names(&["conv1", "conv2"])), 0);
        assert_eq!(common_prefix(&names(&["features.0"])), 0);
        assert_eq!(common_prefix(&[]), 0);
    }
}
