//! The sheet that asks how long the selected length is.

use egui::{Id, Key, TextEdit, Ui};

use super::Screen;
use super::format::length;
use crate::measure::Values;
use crate::state::Command;

/// Draws what is on the sheet.
pub(super) fn sheet(ui: &mut Ui, screen: &mut Screen) {
    let session = &screen.state.session;
    let Some((open, selected)) = session.shown().zip(session.selected_measurement()) else {
        ui.label("The length is gone; draw it again.");
        return;
    };
    let scale = session.scale(open, open.slice);
    if let Values::Length(found) = Values::of(&selected.shape, scale, None) {
        let found = length(found, scale.unit());
        ui.label(format!("The selected length is {found} now. It holds for the whole series."));
    }
    ui.add_space(6.0);
    let id = Id::unique("length in mm");
    let mut typed = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_default();
    let (entered, mm) = ui
        .horizontal(|ui| {
            let field = ui.add(TextEdit::singleline(&mut typed).desired_width(90.0));
            let field = field.accessible_name("Length in mm");
            if !field.has_focus() && !field.lost_focus() {
                field.request_focus();
            }
            ui.label("mm");
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            (entered, typed.trim().replace(',', ".").parse::<f32>())
        })
        .inner;
    let mm = mm.ok().filter(|mm| mm.is_finite() && *mm > 0.0);
    ui.add_space(6.0);
    let clicked = ui.add_enabled(mm.is_some(), egui::Button::new("Calibrate")).clicked();
    if let (Some(mm), true) = (mm, entered || clicked) {
        screen.ask(Command::CalibrateTo(Some(mm)));
        screen.ask(Command::Show(None));
        typed.clear();
    }
    ui.data_mut(|data| data.insert_temp(id, typed));
}
