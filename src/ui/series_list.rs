//! What is open: a thumbnail for each series.

use egui::{Align2, Color32, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::slice_view::shown_size;
use super::{Screen, format, theme};
use crate::state::{Command, OpenSeries, Turn};

/// Draws the list.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    theme::section(ui, "Series");
    let state = screen.state;
    if state.session.series.is_empty() {
        ui.label(egui::RichText::new("Nothing is open.").color(theme::tokens(ui).dim));
        return;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let mut study = None;
        for open in &state.session.series {
            let about = &open.series.about;
            if about.study_uid.is_some() && study != Some(&about.study_uid) {
                heading(ui, about.study.as_deref().unwrap_or("Study"));
            }
            study = Some(&about.study_uid);
            entry(ui, screen, open);
        }
    });
}

/// A study, above its series.
fn heading(ui: &mut Ui, study: &str) {
    let text = egui::RichText::new(study).font(theme::small()).color(theme::tokens(ui).dim);
    ui.add(egui::Label::new(text).truncate()).on_hover_text(study);
}

fn entry(ui: &mut Ui, screen: &mut Screen, open: &OpenSeries) {
    let tokens = theme::tokens(ui);
    let selected = screen.state.session.grid.current() == Some(open.number);
    let width = ui.available_width();
    let picture = (width - 12.0).clamp(60.0, 140.0);
    let (rect, response) = ui.allocate_exact_size(
        vec2(width, picture + 40.0 + if open.series.synthetic { 14.0 } else { 0.0 }),
        Sense::click(),
    );
    let name = open.name();
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, true, selected, format!("series {name}"))
    });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let fill = match (selected, response.hovered()) {
            (true, _) => tokens.accent_fill,
            (false, true) => tokens.hovered,
            (false, false) => Color32::TRANSPARENT,
        };
        painter.rect_filled(rect, theme::CORNER, fill);
        let frame = Rect::from_min_size(
            pos2(rect.center().x - picture / 2.0, rect.top() + 6.0),
            vec2(picture, picture),
        );
        painter.rect_filled(frame, 2.0, theme::CANVAS);
        let [w, h] = shown_size(open.header(), Turn::default());
        let size = vec2(w, h) * (picture / w.max(h));
        if let Some(texture) = screen.textures.thumbnail(ui, open) {
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            let place = Rect::from_center_size(frame.center(), size);
            painter.image(texture, place, uv, Color32::WHITE);
        }
        if selected {
            let stroke = Stroke::new(1.5, tokens.accent);
            painter.rect_stroke(frame, 2.0, stroke, StrokeKind::Outside);
        }
        let fits = (width / 6.4) as usize;
        let line = |y: f32, text: String, color| {
            let at = pos2(rect.center().x, frame.bottom() + y);
            painter.text(at, Align2::CENTER_TOP, text, theme::small(), color);
        };
        line(4.0, format::elide(&open.title(), fits), tokens.text);
        line(18.0, format::elide(&about(open), fits), tokens.dim);
        if open.series.synthetic {
            line(32.0, "synthetic".to_owned(), tokens.warning);
        }
    }
    let hover = format!("{}\n{}", open.series.path.display(), open.series.format);
    let response = response.on_hover_text(hover);
    if response.clicked() {
        screen.ask(Command::SelectSeries(open.number));
    }
    // The chosen one comes into sight once, however it was chosen.
    let seen = egui::Id::unique("series brought into sight");
    if selected && ui.data(|data| data.get_temp(seen)) != Some(open.number) {
        ui.data_mut(|data| data.insert_temp(seen, open.number));
        response.scroll_to_me(None);
    }
    response.context_menu(|ui| {
        if ui.button("Close").clicked() {
            screen.ask(Command::CloseSeriesNumbered(open.number));
            ui.close();
        }
    });
}

fn about(open: &OpenSeries) -> String {
    let slices = open.series.slices.len();
    let kind = open.series.format.split([',', ' ']).next().unwrap_or_default();
    match slices {
        1 => kind.to_owned(),
        _ => format!("{kind} · {}/{slices}", open.slice + 1),
    }
}
