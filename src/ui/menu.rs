//! The menu bar, built from the table of commands.

use egui::{Align, Button, Layout, MenuBar, RichText, ScrollArea, Ui};

use super::{Screen, theme};
use crate::measure::Kind;
use crate::state::Command;
use crate::state::command::{Entry, Menu, TABLE};

/// Draws the bar.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    MenuBar::new().ui(ui, |ui| {
        ui.label(RichText::new("MRIMaster").strong().color(theme::tokens(ui).accent));
        ui.add_space(6.0);
        for menu in Menu::ALL {
            ui.menu_button(menu.name(), |ui| {
                ui.set_min_width(210.0);
                // In a large interface a menu is higher than the window.
                let height = ui.ctx().content_rect().height() - 50.0;
                ScrollArea::vertical().max_height(height).show(ui, |ui| {
                    for entry in TABLE.iter().filter(|entry| entry.menu == menu) {
                        item(ui, screen, entry);
                    }
                    if menu == Menu::File {
                        recent(ui, screen);
                    }
                });
            });
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = RichText::new("Find a command").font(theme::small());
            let button = Button::new(text.color(theme::tokens(ui).dim)).frame(false);
            let hover = screen.hover(&Command::ShowPalette);
            if ui.add(button).on_hover_text(hover).clicked() {
                screen.ask(Command::ShowPalette);
            }
        });
    });
}

fn item(ui: &mut Ui, screen: &mut Screen, entry: &Entry) {
    let mut button = Button::new(entry.name);
    let shortcut = screen.shortcut(&entry.command);
    if !shortcut.is_empty() {
        button = button.shortcut_text(shortcut);
    }
    if let Some(on) = state_of(screen, &entry.command) {
        button = button.selected(on);
    }
    let unavailable = screen.state.unavailable(entry);
    let item = ui.add_enabled(unavailable.is_none(), button).on_hover_text(entry.tooltip);
    let why = format!("{}: {}", entry.tooltip, unavailable.unwrap_or_default());
    if item.on_disabled_hover_text(why).clicked() {
        screen.ask(entry.command.clone());
        ui.close();
    }
}

/// Whether what a command switches is on.
fn state_of(screen: &Screen, command: &Command) -> Option<bool> {
    let settings = &screen.state.settings;
    match command {
        Command::ToggleOverlay => Some(settings.overlay.on),
        Command::ToggleDocks => Some(settings.docks.hidden),
        Command::ToggleSeries => Some(settings.docks.shows(crate::state::Dock::Series)),
        Command::ToggleInspector => Some(settings.docks.shows(crate::state::Dock::Inspector)),
        Command::ToggleLayers => Some(settings.docks.shows(crate::state::Dock::Layers)),
        Command::TogglePlanes => screen.state.session.shown().map(|open| open.planes.is_some()),
        Command::ToggleCine => Some(screen.state.session.cine.is_some()),
        Command::ToggleNeurological => Some(settings.neurological),
        Command::TogglePatientText => Some(settings.patient_text),
        Command::MeasureLength => Some(measures(screen, Kind::Length)),
        Command::MeasureAngle => Some(measures(screen, Kind::Angle)),
        Command::MeasureRectangle => Some(measures(screen, Kind::Rectangle)),
        Command::MeasureEllipse => Some(measures(screen, Kind::Ellipse)),
        Command::Invert => screen.state.session.shown().map(|open| open.invert),
        _ => None,
    }
}

fn measures(screen: &Screen, kind: Kind) -> bool {
    screen.state.session.measuring.tool == Some(kind)
}

fn recent(ui: &mut Ui, screen: &mut Screen) {
    let recent = &screen.state.settings.recent;
    if recent.is_empty() {
        return;
    }
    ui.separator();
    ui.label(RichText::new("Recent").font(theme::small()).color(theme::tokens(ui).dim));
    for path in recent {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let name = super::format::elide(&name, 40);
        if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
            screen.commands.push(Command::Open(vec![path.clone()]));
            ui.close();
        }
    }
}
