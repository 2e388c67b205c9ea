//! What is written on the scan: corner texts, orientation letters, ruler, colour bar, probe.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::format::{EVIDENCE_UNIT, elide, strength, three_digits, value};
use super::panes::{Pane, PlaneView};
use super::slice_view::Placement;
use super::textures::Shown;
use super::{Screen, patient_text, theme};
use crate::explain::upsample::sample;
use crate::imaging::planes::Cut;
use crate::imaging::vector::dot;
use crate::imaging::{Rescale, Window};
use crate::measure::{self, Unit};
use crate::state::{OpenSeries, Scale, State, Turn};

const LINE: f32 = 15.0;
const EDGE: f32 = 10.0;
/// Panes narrower than this have no room for all in the middle of their lower edge.
const NARROW: f32 = 300.0;

/// Writes everything that belongs to a pane; `layer` is the map that is shown, `cursor` where the
/// pointer is.
pub(super) fn paint(
    painter: &Painter,
    ui: &Ui,
    screen: &mut Screen,
    pane: &Pane,
    place: &Placement,
    layer: Option<(Shown, usize)>,
    cursor: Option<Pos2>,
) {
    if !screen.labels {
        return;
    }
    let fits = (pane.rect.width() * 0.42 / 6.4) as usize;
    if !pane.pinned {
        let mut lines = scan_lines(screen.state, pane, fits);
        // Half the height of a letter.
        lines.truncate(lines_above(pane.rect, 10.0));
        write(painter, pane.rect, Align2::LEFT_TOP, &lines);
        write(painter, pane.rect, Align2::LEFT_BOTTOM, &view_lines(pane, place, ui));
        letters(painter, pane);
        let scale = match &pane.across {
            Some(across) => measure::Scale::of(across.header.spacing, None),
            None => screen.state.session.scale(pane.open, pane.open.slice),
        };
        ruler(painter, scale, pane.rect, place);
    }
    let on = screen.state.settings.overlay.on;
    if let Some(name) = pane.layer.filter(|_| on || pane.pinned) {
        if pane.pinned {
            // The button to unpin it stands beside its name.
            let fits = ((pane.rect.width() - 76.0).max(0.0) / 6.8) as usize;
            write(painter, pane.rect, Align2::LEFT_TOP, &layer_lines(name, layer, fits));
        } else {
            let mut lines = layer_lines(name, layer, fits);
            lines.extend(explained(screen.state).map(plain));
            lines.truncate(lines_above(pane.rect, bar_height(pane.rect) / 2.0));
            write(painter, pane.rect, Align2::RIGHT_TOP, &lines);
        }
    }
    if let Some((shown, index)) = layer.filter(|(shown, i)| on && shown.map(*i).raw_max > 0.0) {
        bar(painter, ui, screen, shown, index, pane);
    }
    if let Some(at) = cursor.and_then(|cursor| place.pixel(cursor)) {
        write(painter, pane.rect, Align2::RIGHT_BOTTOM, &probe_lines(pane, at, layer));
    }
}

type Line = (String, FontId, Color32);

fn plain(text: String) -> Line {
    (text, theme::small(), theme::ON_SCAN_DIM)
}

fn strong(text: String) -> Line {
    (text, FontId::proportional(13.0), theme::ON_SCAN)
}

/// How many lines there is room for above what stands in the middle of an edge.
fn lines_above(rect: Rect, half_of_middle: f32) -> usize {
    let room = rect.height() / 2.0 - half_of_middle - EDGE;
    ((room / LINE) as usize).max(2)
}

/// Writes lines into a corner of a pane.
fn write(painter: &Painter, rect: Rect, corner: Align2, lines: &[Line]) {
    let room = rect.shrink2(vec2(EDGE, EDGE - 2.0));
    let start = corner.pos_in_rect(&room);
    let below = corner.y() == egui::Align::Max;
    for (index, (text, font, color)) in lines.iter().enumerate() {
        let step = if below { index as f32 - (lines.len() - 1) as f32 } else { index as f32 };
        plated(painter, start + vec2(0.0, step * LINE), corner, text, font.clone(), *color);
    }
}

/// Text on a plate that is seen only where bright tissue is behind it.
fn plated(p: &Painter, at: Pos2, anchor: Align2, text: &str, font: FontId, color: Color32) {
    let galley = p.layout_no_wrap(text.to_owned(), font, color);
    let rect = anchor.anchor_size(at, galley.size());
    p.rect_filled(rect.expand2(vec2(3.0, 0.0)), 2.0, Color32::from_black_alpha(120));
    p.galley(rect.min, galley, color);
}

/// Which plane across the slices it is, and where, in words.
pub(super) fn cut(across: &PlaneView) -> String {
    let (line, number, of) = cut_place(across);
    format!("{} {line} {number} of {of}", cut_name(across))
}

fn cut_name(across: &PlaneView) -> &'static str {
    across.header.orientation.and_then(|orientation| orientation.plane()).unwrap_or("across")
}

/// What it goes through: its number, from 1, and how many there are.
fn cut_place(across: &PlaneView) -> (&'static str, usize, usize) {
    let [columns, rows, _] = across.volume.size();
    match across.cut {
        Cut::Row(row) => ("row", row + 1, rows),
        Cut::Column(column) => ("column", column + 1, columns),
    }
}

fn scan_lines(state: &State, pane: &Pane, fits: usize) -> Vec<Line> {
    let open = pane.open;
    if let Some(across) = &pane.across {
        let (line, number, of) = cut_place(across);
        let place = format!("{line} {number}/{of}");
        let mut lines = vec![strong(elide(cut_name(across), fits)), plain(elide(&place, fits))];
        let (here, slices) = (open.slices_here(), open.series.slices.len());
        if here < slices {
            lines.push(plain(format!("{here} of {slices} slices read")));
        }
        return lines;
    }
    let slice = open.header();
    let mut lines = vec![strong(elide(&open.title(), fits))];
    // The first file's name says nothing of the other slices.
    if open.series.description.is_some() && open.series.slices.len() == 1 {
        lines.push(plain(elide(&open.name(), fits)));
    }
    let sided = slice.orientation.is_some_and(|found| found.is_radiological().is_some());
    let marks = [
        (open.series.synthetic, "SYNTHETIC"),
        (state.settings.neurological && sided, "Neurological"),
    ];
    let marks: Vec<&str> =
        marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
    if !marks.is_empty() {
        // Above everything that a small pane has no room for.
        lines.insert(1, (marks.join(" · "), theme::small(), theme::ON_SCAN_WARNING));
    }
    if let Some(patient) =
        open.series.about.patient.as_ref().filter(|_| state.settings.patient_text)
    {
        let known = patient_text::lines(patient);
        lines.extend(known.iter().map(|line| plain(elide(line, fits))));
    }
    let plane = slice.orientation.and_then(|orientation| orientation.plane());
    let plane = plane.map(|plane| format!("{plane} · ")).unwrap_or_default();
    let size = format!("{plane}{}×{} · {}", slice.width, slice.height, open.series.format);
    lines.push(plain(elide(&size, fits)));
    lines
}

fn view_lines(pane: &Pane, place: &Placement, ui: &Ui) -> Vec<Line> {
    let open = pane.open;
    let zoom = place.scale * ui.pixels_per_point() * 100.0;
    let inverted = if open.invert { " · inverted" } else { "" };
    let turned =
        if open.turn == Turn::default() || pane.across.is_some() { "" } else { " · turned" };
    let mut lines = Vec::new();
    let slices = open.series.slices.len();
    if slices > 1 && pane.across.is_none() {
        let at = slice_position(open).map(|mm| format!("  {mm:.1} mm")).unwrap_or_default();
        lines.push(strong(format!("Slice {}/{slices}{at}", open.slice + 1)));
    }
    if let Some(window) = open.window {
        lines.push(plain(window_text(window) + inverted));
    }
    lines.push(plain(format!("Zoom {zoom:.0} %{turned}")));
    lines
}

/// Where the slice lies along its normal, mm; the direction to head, left or back counts upwards.
fn slice_position(open: &OpenSeries) -> Option<f32> {
    let header = open.header();
    let (normal, position) = (header.orientation?.normal(), header.position?);
    let along = dot(normal, position);
    let main = normal.into_iter().max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    Some(along * main.signum())
}

fn window_text(window: Window) -> String {
    format!("W {}  L {}", three_digits(window.width), three_digits(window.center))
}

/// Where the window's numbers stand on a pane: in the line above its last one.
pub(super) fn window_place(ui: &Ui, pane: &Pane) -> Rect {
    let text = pane.open.window.map(window_text).unwrap_or_default();
    let galley = ui.painter().layout_no_wrap(text, theme::small(), Color32::PLACEHOLDER);
    let bottom = pane.rect.left_bottom() + vec2(EDGE, 2.0 - EDGE - LINE);
    Rect::from_min_size(bottom - vec2(0.0, LINE), vec2(galley.size().x, LINE))
}

fn layer_lines(name: &str, layer: Option<(Shown, usize)>, fits: usize) -> Vec<Line> {
    let mut lines = vec![strong(elide(name, fits))];
    if let Some((shown, index)) = layer {
        let map = shown.map(index);
        let color = if map.raw_max > 0.0 { theme::ON_SCAN_DIM } else { theme::ON_SCAN_WARNING };
        lines.push((strength(map.raw_max), theme::small(), color));
        lines.push(plain(format!("{}×{}×{}", map.height, map.width, map.channels)));
    }
    lines
}

/// Which class the maps speak for.
fn explained(state: &State) -> Option<String> {
    let session = &state.session;
    let class = session.evidence.ready()?.class;
    let name = &session.prediction.ready()?.classes.get(class)?.name;
    Some(format!("evidence for {name}"))
}

fn probe_lines(pane: &Pane, at: Pos2, layer: Option<(Shown, usize)>) -> Vec<Line> {
    let open = pane.open;
    let [x, y, slice] = match &pane.across {
        Some(across) => across.volume.voxel(across.cut, at.into()),
        None => [at.x as usize, at.y as usize, open.slice],
    };
    let mut lines = vec![match pane.across {
        Some(_) => plain(format!("x {x}  y {y}  slice {}", slice + 1)),
        None => plain(format!("x {x}  y {y}")),
    }];
    if let Some((slice, stored)) = open.slice_at(slice).and_then(|s| Some((s, s.stored_at(x, y)?)))
    {
        lines.push(strong(format!("stored {}", value(stored))));
        if slice.rescale != Rescale::IDENTITY {
            lines.push(plain(format!("value {}", value(slice.rescale.apply(stored)))));
        }
    }
    if let Some((shown, index)) = layer {
        let found = sample(shown.map(index), &shown.evidence.region, at.x, at.y);
        let found = found.map_or("not seen".to_owned(), three_digits);
        lines.push(plain(format!("map {found}")));
    }
    lines
}

fn letters(painter: &Painter, pane: &Pane) {
    let Some(orientation) = pane.header().orientation else { return };
    let [left, right, top, bottom] = pane.turn.edges(orientation.edge_letters());
    let room = pane.rect.shrink(EDGE);
    for (letter, at, anchor) in [
        (left, room.left_center(), Align2::LEFT_CENTER),
        (right, room.right_center(), Align2::RIGHT_CENTER),
        (top, room.center_top(), Align2::CENTER_TOP),
        (bottom, room.center_bottom(), Align2::CENTER_BOTTOM),
    ] {
        plated(painter, at, anchor, &letter, FontId::proportional(16.0), theme::ON_SCAN);
    }
}

/// A length in millimetres, only where they are known.
fn ruler(painter: &Painter, scale: measure::Scale, rect: Rect, place: &Placement) {
    if scale.unit() == Unit::Pixels {
        return;
    }
    let points_per_mm = place.scale / scale.pixel().across as f32;
    let Some(length) = ruler_length(rect.width() * 0.25 / points_per_mm) else { return };
    let width = length * points_per_mm;
    let y = rect.bottom() - EDGE - 22.0;
    // In a narrow pane the texts of the corner need the middle.
    let middle = rect.center().x - width / 2.0;
    let beside = rect.right() - EDGE - 8.0 - width;
    let x = if rect.width() < NARROW { middle.max(beside) } else { middle };
    for (stroke, shift) in [
        (Stroke::new(3.0, Color32::from_black_alpha(190)), 0.0),
        (Stroke::new(1.0, theme::ON_SCAN), 0.0),
    ] {
        painter.hline(x..=x + width, y + shift, stroke);
        painter.vline(x, y - 4.0..=y + 4.0, stroke);
        painter.vline(x + width, y - 4.0..=y + 4.0, stroke);
    }
    let at = pos2(x + width / 2.0, y - 6.0);
    let by_hand = matches!(scale, measure::Scale::ByHand(_));
    let how = if by_hand { ", calibrated by hand" } else { "" };
    let text = format!("{} mm{how}", value(length));
    plated(painter, at, Align2::CENTER_BOTTOM, &text, theme::small(), theme::ON_SCAN);
}

/// The longest round length, in millimetres, that is not longer than `most`.
fn ruler_length(most: f32) -> Option<f32> {
    [200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1]
        .into_iter()
        .find(|length| *length <= most)
}

fn bar_height(pane: Rect) -> f32 {
    (pane.height() * 0.4).clamp(40.0, 220.0)
}

/// The colours of a map with the numbers they stand for.
fn bar(painter: &Painter, ui: &Ui, screen: &mut Screen, shown: Shown, index: usize, pane: &Pane) {
    let height = bar_height(pane.rect);
    let middle = pane.rect.center().y;
    // Orientation letters keep the very edge.
    let right = pane.rect.right() - EDGE - 22.0;
    let rect = Rect::from_min_max(
        pos2(right - 10.0, middle - height / 2.0),
        pos2(right, middle + height / 2.0),
    );
    let texture = screen.textures.bar(ui, shown.overlay.color_map);
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(texture, rect, uv, Color32::WHITE);
    painter.rect_stroke(
        rect,
        0.0,
        Stroke::new(1.0, Color32::from_black_alpha(190)),
        StrokeKind::Outside,
    );
    let top = shown.top(index);
    for (fraction, anchor) in
        [(1.0, Align2::RIGHT_TOP), (0.5, Align2::RIGHT_CENTER), (0.0, Align2::RIGHT_BOTTOM)]
    {
        let at = pos2(rect.left() - 5.0, egui::lerp(rect.bottom()..=rect.top(), fraction));
        let text = three_digits(top * fraction);
        plated(painter, at, anchor, &text, theme::small(), theme::ON_SCAN);
    }
    let threshold = shown.overlay.threshold;
    if threshold > 0.0 {
        let y = egui::lerp(rect.bottom()..=rect.top(), threshold.min(1.0));
        let hidden = Rect::from_min_max(pos2(rect.left(), y), rect.max);
        painter.rect_filled(hidden, 0.0, Color32::from_black_alpha(150));
        painter.hline(rect.left() - 2.0..=rect.right() + 2.0, y, Stroke::new(1.0, theme::ON_SCAN));
    }
    if !pane.pinned {
        let scale = match shown.overlay.scale {
            Scale::PerMap => "per map",
            Scale::Shared => "shared",
            Scale::Absolute => "absolute",
        };
        let at = rect.right_bottom() + vec2(0.0, 5.0);
        let font = theme::tiny();
        plated(painter, at, Align2::RIGHT_TOP, EVIDENCE_UNIT, font.clone(), theme::ON_SCAN_DIM);
        let at = at + vec2(0.0, 12.0);
        plated(painter, at, Align2::RIGHT_TOP, scale, font, theme::ON_SCAN_DIM);
    }
}

#[cfg(test)]
mod tests {
    use super::ruler_length;

    #[test]
    fn rulers_are_round_and_fit() {
        assert_eq!(ruler_length(72.0), Some(50.0));
        assert_eq!(ruler_length(9.9), Some(5.0));
        assert_eq!(ruler_length(0.01), None);
    }
}
