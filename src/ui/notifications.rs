//! Toasts: what the program has to say, over the window, until it was read or a while went by.

use egui::{Align2, Area, Frame, Id, Margin, Order, RichText, Stroke, Ui, vec2};

use super::{Screen, theme};
use crate::state::{Command, Level, Notice};

/// Toasts on the screen at once; the others are in the history.
const AT_ONCE: usize = 4;

/// Draws the toasts that float.
pub fn toasts(ui: &Ui, screen: &mut Screen) {
    let notices: Vec<&Notice> = screen.state.notices.toasts().take(AT_ONCE).collect();
    if notices.is_empty() {
        return;
    }
    Area::new(Id::unique("toasts"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -38.0))
        .show(ui.ctx(), |ui| {
            ui.set_width(380.0);
            for notice in notices.into_iter().rev() {
                toast(ui, screen, notice);
            }
        });
    for notice in screen.state.notices.toasts() {
        expire(ui, screen, notice);
    }
}

fn toast(ui: &mut Ui, screen: &mut Screen, notice: &Notice) {
    let tokens = theme::tokens(ui);
    let color = level_color(ui, notice.level);
    let frame = Frame::new()
        .fill(tokens.raised)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(theme::CORNER)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin { left: 14, right: 8, top: 8, bottom: 8 });
    let shown = frame.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            let width = ui.available_width() - 62.0;
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.label(said(notice));
            });
            let close = egui::Button::new(RichText::new("Dismiss").font(theme::small())).small();
            if ui.add(close).clicked() {
                screen.ask(Command::DismissNotice(notice.id));
            }
        });
    });
    let edge = shown.response.rect.with_max_x(shown.response.rect.left() + 4.0);
    ui.painter().rect_filled(edge, theme::CORNER, color);
}

/// Counts a toast's time from the frame it was first drawn in.
fn expire(ui: &Ui, screen: &mut Screen, notice: &Notice) {
    let lasts = match notice.level {
        Level::Info => 6.0,
        Level::Warning => 10.0,
        Level::Error => 16.0,
    };
    let id = Id::unique("toast").with(notice.id);
    let now = ui.input(|input| input.time);
    let since = ui.data_mut(|data| *data.get_temp_mut_or(id, now));
    let left = since + lasts - now;
    if left <= 0.0 {
        screen.ask(Command::DismissNotice(notice.id));
    } else {
        ui.ctx().request_repaint_after_secs(left as f32);
    }
}

/// The history, the newest first.
pub fn history(ui: &mut Ui, screen: &mut Screen) {
    let history = screen.state.notices.history();
    if history.is_empty() {
        ui.label(RichText::new("Nothing was said so far.").color(theme::tokens(ui).dim));
        return;
    }
    egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
        for notice in history.iter().rev() {
            ui.horizontal_top(|ui| {
                let color = level_color(ui, notice.level);
                let (rect, _) = ui.allocate_exact_size(vec2(4.0, 16.0), egui::Sense::hover());
                ui.painter().rect_filled(rect, 1.0, color);
                ui.add(egui::Label::new(said(notice)).wrap());
            });
        }
    });
    if ui.button("Forget all").clicked() {
        screen.ask(Command::ClearNotices());
    }
}

fn said(notice: &Notice) -> String {
    match notice.count {
        1 => format!("{}: {}", notice.level.name(), notice.message),
        n => format!("{}: {} (×{n})", notice.level.name(), notice.message),
    }
}

fn level_color(ui: &Ui, level: Level) -> egui::Color32 {
    let tokens = theme::tokens(ui);
    match level {
        Level::Info => tokens.accent,
        Level::Warning => tokens.warning,
        Level::Error => tokens.error,
    }
}
