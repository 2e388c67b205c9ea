//! Width and centre of the window, to be typed: beside the text on the scan that says them.

use egui::{
    Align2, Area, CursorIcon, DragValue, FontId, Frame, Id, Order, Pos2, Rect, RichText, Role,
    Sense, Ui, WidgetInfo,
};

use super::{Screen, format, theme};
use crate::imaging::Window;
use crate::state::command::{Menu, TABLE};
use crate::state::{Command, OpenSeries, Sheet};

/// Makes the text on the scan a button, and shows the fields above it where they are wanted.
pub fn show(ui: &Ui, screen: &mut Screen, open: &OpenSeries, text: Rect) {
    let response = ui.interact(text, ui.scope_id().with("window text"), Sense::click());
    let Some(window) = open.window else { return };
    let Window { center, width } = window;
    let label = format!(
        "window width {} centre {}",
        format::three_digits(width),
        format::three_digits(center)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let hover = screen.hover(&Command::EnterWindow);
    if response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(hover).clicked() {
        screen.ask(Command::EnterWindow);
    }
    if screen.state.session.sheet == Some(Sheet::Window) {
        fields(ui, screen, open, window, text.left_top());
    }
}

fn fields(ui: &Ui, screen: &mut Screen, open: &OpenSeries, before: Window, above: Pos2) {
    let area = Area::new(Id::unique("exact window")).order(Order::Foreground);
    let area = area.pivot(Align2::LEFT_BOTTOM).fixed_pos(above - egui::vec2(0.0, 4.0));
    area.show(ui.ctx(), |ui| {
        Frame::popup(ui.style()).inner_margin(10).show(ui, |ui| {
            ui.set_width(244.0);
            let mut window = before;
            numbers(ui, open, &mut window);
            if window != before {
                screen.ask(Command::SetWindow(window));
            }
            ui.add_space(2.0);
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let presets = TABLE.iter().filter(|entry| entry.menu == Menu::Window);
                for entry in presets.filter(|entry| entry.command != Command::EnterWindow) {
                    screen.button(ui, entry.command.clone());
                }
                for (number, preset) in open.header().windows.iter().enumerate() {
                    let of_file = || format!("Of the file {}", number + 1);
                    let name = preset.name.clone().unwrap_or_else(of_file);
                    let Window { center, width } = preset.window;
                    let hover = format!("A window of the file: width {width}, centre {center}");
                    if ui.button(name).on_hover_text(hover).clicked() {
                        screen.ask(Command::SetWindow(preset.window));
                    }
                }
            });
            ui.add_space(2.0);
            if ui.button("Done").clicked() {
                screen.ask(Command::Show(None));
            }
        });
    });
}

fn numbers(ui: &mut Ui, open: &OpenSeries, window: &mut Window) {
    let (low, high) = open.range().unwrap_or((0.0, 1.0));
    let speed = f64::from(((high - low) / 500.0).max(f32::MIN_POSITIVE));
    ui.horizontal(|ui| {
        let color = theme::tokens(ui).dim;
        for (name, value, range) in
            [("Width", &mut window.width, 1e-6..=1e9), ("Centre", &mut window.center, -1e9..=1e9)]
        {
            ui.label(RichText::new(name).font(FontId::proportional(12.5)).color(color));
            let field = DragValue::new(value).speed(speed).range(range).max_decimals(6);
            let hover = "In the scan's own values: click to type, drag to change";
            ui.add(field)
                .on_hover_text(hover)
                .accessible_name(format!("Window {}", name.to_lowercase()));
        }
    });
}
