//! What is shown where no scan is, and while files hover over the window.

use egui::{Align2, Color32, FontId, LayerId, Order, RichText, Stroke, StrokeKind, Ui};

use super::{Screen, format, theme};
use crate::state::{Command, Room};

/// Teaches how to begin.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let opening = !screen.state.session.opening.is_empty();
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 70.0).max(16.0));
        if opening {
            ui.add(egui::Spinner::new().size(22.0).color(theme::ON_SCAN_DIM));
            ui.label(RichText::new("Opening…").size(16.0).color(theme::ON_SCAN));
            return;
        }
        let invitation = screen.invitation("Drop an MRI here", &Command::ChooseFiles);
        ui.label(RichText::new(invitation).size(19.0).color(theme::ON_SCAN));
        ui.add_space(2.0);
        let mut formats = "JPEG, PNG, TIFF, BMP, DICOM, NIfTI".to_owned();
        for (command, does) in [
            (Command::OpenDemo, "opens the demo study"),
            (Command::ShowKeys, "shows all keys"),
            (Command::ShowPalette, "finds a command"),
        ] {
            let key = screen.shortcut(&command);
            if !key.is_empty() {
                formats += &format!(" · {key} {does}");
            }
        }
        ui.label(RichText::new(formats).color(theme::ON_SCAN_DIM));
        ui.add_space(14.0);
        ui.scope(|ui| {
            let width = 330.0;
            ui.set_max_width(width);
            ui.horizontal(|ui| {
                screen.button(ui, Command::ChooseFiles);
                screen.button(ui, Command::EnterPath);
                screen.button(ui, Command::OpenDemo);
            });
        });
    });
}

/// While files hover over the window: what dropping them will do.
pub fn drop_target(ui: &Ui, screen: &Screen) {
    let hovering = ui.input(|input| input.raw.hovered_files.len());
    if hovering == 0 {
        return;
    }
    let layer = LayerId::new(Order::Foreground, egui::Id::unique("drop target"));
    let painter = ui.ctx().layer_painter(layer);
    let rect = ui.ctx().content_rect();
    painter.rect_filled(rect, 0.0, Color32::from_black_alpha(190));
    let frame = rect.shrink(16.0);
    painter.rect_stroke(frame, 8.0, Stroke::new(2.0, theme::ON_SCAN_ACCENT), StrokeKind::Inside);
    let text = match screen.state.session.room {
        Room::Review => "Drop a folder to review the scans in it".to_owned(),
        Room::Reading => format!("Drop to open {}", format::count(hovering, "file")),
    };
    let font = FontId::proportional(22.0);
    painter.text(rect.center(), Align2::CENTER_CENTER, text, font, theme::ON_SCAN);
}
