//! The menu bar, built from the table of commands.

use egui::{Button, MenuBar, RichText, Ui};

use super::{Screen, theme};
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
                for entry in TABLE.iter().filter(|entry| entry.menu == menu) {
                    item(ui, screen, entry);
                }
                if menu == Menu::File {
                    recent(ui, screen);
                }
            });
        }
    });
}

fn item(ui: &mut Ui, screen: &mut Screen, entry: &Entry) {
    let shortcut = entry.shortcuts.first().map(ToString::to_string).unwrap_or_default();
    let mut button = Button::new(entry.name).shortcut_text(shortcut);
    if let Some(on) = state_of(screen, &entry.command) {
        button = button.selected(on);
    }
    if ui.add(button).on_hover_text(entry.tooltip).clicked() {
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
        Command::Invert => screen.state.session.shown().map(|open| open.invert),
        _ => None,
    }
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
