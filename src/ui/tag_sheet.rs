//! The sheet that lists everything a file says beside its pixels.

use std::sync::Arc;

use egui::{
    Align2, Color32, Id, Rect, RichText, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, pos2,
    vec2,
};

use super::probabilities::{failed, waiting};
use super::{Screen, format, theme};
use crate::imaging::{TagLine, Tags};
use crate::state::Load;

/// What was searched for, and the lines it was found in.
#[derive(Clone, Default)]
struct Search {
    query: String,
    /// The tags and the query that `found` is of.
    of: Option<(Arc<Tags>, String)>,
    /// Places of lines.
    found: Arc<[usize]>,
    /// The line whose value was copied last.
    copied: Option<String>,
}

const ROW: f32 = 18.0;

/// Draws the sheet's contents.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let tags = match &screen.state.session.tags {
        Load::Idle => return,
        Load::Pending(_) => {
            waiting(ui, "Reading the header…");
            return;
        }
        Load::Failed(why) => return failed(ui, why),
        Load::Ready(tags) => tags,
    };
    let mut search = ui.data(|data| data.get_temp::<Search>(id())).unwrap_or_default();
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut search.query).hint_text("Search tag, name or value");
        let field = ui.add(field.desired_width(300.0)).accessible_name("Search in the header");
        if ui.memory(|memory| memory.focused().is_none()) {
            field.request_focus();
        }
        search.update(tags);
        let lines = search.found.len();
        let all = if lines == tags.lines.len() { "Copy all" } else { "Copy these" };
        let hover = "Copy the lines below, with tabs between their columns";
        if ui.button(all).on_hover_text(hover).clicked() {
            ui.ctx().copy_text(search.found.iter().map(|&i| as_text(&tags.lines[i])).collect());
            search.copied = Some(format::count(lines, "line"));
        }
        let mut said = format::count(lines, "line");
        if tags.cut {
            said += ", and more that are not read";
        }
        if let Some(copied) = &search.copied {
            said += &format!(" · copied {copied}");
        }
        ui.label(RichText::new(said).color(theme::tokens(ui).dim));
    });
    ui.add_space(4.0);
    head(ui);
    let height = (ui.ctx().content_rect().height() - 240.0).max(100.0);
    let scroll = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
    ui.spacing_mut().item_spacing.y = 0.0;
    let found = Arc::clone(&search.found);
    scroll.auto_shrink(false).show_rows(ui, ROW, found.len(), |ui, rows| {
        for &place in &found[rows] {
            let line = &tags.lines[place];
            if row(ui, line) {
                ui.ctx().copy_text(line.value.clone());
                search.copied =
                    Some(if line.tag.is_empty() { &line.name } else { &line.tag }.clone());
            }
        }
    });
    if search.found.is_empty() {
        ui.label(RichText::new("Nothing in the header is like that.").color(theme::tokens(ui).dim));
    }
    ui.data_mut(|data| data.insert_temp(id(), search));
}

/// Forgets the lines: nothing of a header outlives its sheet.
pub fn forget(ui: &Ui) {
    ui.data_mut(|data| data.remove::<Search>(id()));
}

fn id() -> Id {
    Id::unique("search in the header")
}

impl Search {
    /// Looks for the query where it, or the header, is another than before.
    fn update(&mut self, tags: &Arc<Tags>) {
        let query = self.query.trim().to_lowercase();
        let known = self.of.as_ref();
        if known.is_some_and(|(of, asked)| Arc::ptr_eq(of, tags) && *asked == query) {
            return;
        }
        let lines = tags.lines.iter().enumerate();
        self.found = lines.filter(|(_, line)| is_in(line, &query)).map(|(i, _)| i).collect();
        self.of = Some((Arc::clone(tags), query));
    }
}

/// Whether a query, in small letters, is in a line: a tag also without its brackets and comma, a
/// name also without its spaces.
fn is_in(line: &TagLine, query: &str) -> bool {
    let bare = |text: &str| text.replace(['(', ')', ',', ' '], "").to_lowercase();
    query.is_empty()
        || [&line.tag, &line.name, &line.value].iter().any(|t| t.to_lowercase().contains(query))
        || bare(&line.tag).contains(query)
        || bare(&line.name).contains(query)
}

fn as_text(line: &TagLine) -> String {
    let TagLine { depth, tag, name, vr, value } = line;
    format!("{}{tag}\t{name}\t{vr}\t{value}\n", "  ".repeat(*depth))
}

/// Where the columns begin, from the left of a row.
fn columns(rect: Rect) -> [f32; 4] {
    let name = rect.left() + 130.0;
    let vr = name + (rect.width() * 0.28).min(260.0);
    [rect.left() + 4.0, name, vr, vr + 34.0]
}

fn head(ui: &mut Ui) {
    let width = ui.available_width() - ui.spacing().scroll.allocated_width();
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    let color = theme::tokens(ui).dim;
    for (x, title) in columns(rect).into_iter().zip(["Tag", "Name", "VR", "Value"]) {
        let at = pos2(x, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, title, theme::small(), color);
    }
}

/// Draws a line; whether it was clicked.
fn row(ui: &mut Ui, line: &TagLine) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let label = format!("{} {}: {}", line.tag, line.name, line.value);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label.trim_start()));
    let tokens = theme::tokens(ui);
    if response.hovered() {
        ui.painter().rect_filled(rect, theme::CORNER, tokens.hovered);
    }
    let [tag, name, vr, value] = columns(rect);
    let indent = line.depth.min(8) as f32 * 10.0;
    let write = |x: f32, end: f32, text: &str, color: Color32| {
        let room = Rect::from_min_max(pos2(x, rect.top()), pos2(end, rect.bottom()));
        let fits = (room.width() / 4.0) as usize;
        let text: String = text.chars().take(fits).collect();
        let painter = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
        let at = pos2(x, rect.center().y);
        painter.text(at, Align2::LEFT_CENTER, text, theme::small(), color);
    };
    write(tag + indent, name - 6.0 + indent, &line.tag, tokens.dim);
    write(name + indent, vr - 6.0, &line.name, tokens.text);
    write(vr, value - 2.0, &line.vr, tokens.dim);
    write(value, rect.right(), &line.value, tokens.text);
    response.on_hover_text("Click to copy the value").clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_tag_name_and_value_however_they_are_written() {
        let line = TagLine {
            tag: "(0010,0010)".into(),
            name: "Patient Name".into(),
            value: "Made^Up".into(),
            ..TagLine::default()
        };
        for query in ["", "0010,0010", "00100010", "patient name", "patientname", "made^"] {
            assert!(is_in(&line, query), "{query}");
        }
        assert!(!is_in(&line, "birth"));
    }
}
