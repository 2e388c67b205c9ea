//! Keys to commands, as the keymap says.

use egui::text_selection::LabelSelectionState;
use egui::{Event, Key, Modifiers, Ui};

use super::{Screen, key_sheet};
use crate::state::command::{Entry, Menu};
use crate::state::shortcut::KEYS;
use crate::state::{Command, Sheet, Shortcut};

/// Turns pressed keys into commands. Keys that a text field or a focused control needs are its own.
pub fn read(ui: &Ui, screen: &mut Screen) {
    // An open menu or list has the keys: Esc closes it, and nothing happens behind its back. The
    // sheet of keys has the next one.
    if egui::Popup::is_any_open(ui.ctx()) || key_sheet::waits(ui, screen) {
        return;
    }
    let typing = ui.ctx().text_edit_focused();
    let copies = !typing && !has_selection(ui);
    let focused = ui.memory(|memory| memory.focused().is_some());
    let covered = screen.state.session.sheet.is_some_and(|sheet| sheet != Sheet::Window);
    let command_of = |event: &Event| {
        let shortcut = match event {
            // egui makes an event of these keys, for text.
            Event::Copy if copies => Shortcut::pressed(true, false, "C")?,
            event => pressed(event)?,
        };
        let entry = screen.state.keymap.command(shortcut)?;
        let control_needs_it =
            focused && matches!(shortcut.key, "Up" | "Down" | "Home" | "End" | "Space" | "Enter");
        let writes = !shortcut.ctrl && !is_function_key(shortcut.key);
        let text_needs_it = typing && writes && entry.command != Command::Cancel;
        let behind = covered && !reaches_over_sheets(entry);
        (!control_needs_it && !text_needs_it && !behind).then(|| entry.command.clone())
    };
    let asked: Vec<Command> = ui.input_mut(|input| {
        let mut asked = Vec::new();
        input.events.retain(|event| match command_of(event) {
            Some(command) => {
                asked.push(command);
                false
            }
            None => true,
        });
        asked
    });
    screen.commands.extend(asked);
}

/// Whether text is selected, which would be copied.
fn has_selection(ui: &Ui) -> bool {
    let labels = ui.ctx().plugin_opt::<LabelSelectionState>();
    labels.is_some_and(|labels| labels.lock().has_selection())
}

/// What a press of a key is as a shortcut.
pub fn pressed(event: &Event) -> Option<Shortcut> {
    let Event::Key { key, pressed: true, modifiers, .. } = *event else { return None };
    // AltGr, which writes signs, is Ctrl and Alt on some systems.
    let Modifiers { alt, command, ctrl: control, .. } = modifiers;
    let ctrl = command && !alt;
    if control && !command {
        return None;
    }
    let name = KEYS.iter().find(|name| Key::from_name(name) == Some(key))?;
    Shortcut::pressed(ctrl, modifiers.shift, name)
}

fn is_function_key(key: &str) -> bool {
    key.len() > 1 && key.starts_with('F')
}

/// Whether a command makes sense while a sheet covers the window.
fn reaches_over_sheets(entry: &Entry) -> bool {
    let of_window = matches!(entry.menu, Menu::File | Menu::Panels | Menu::Help);
    of_window && entry.command != Command::CloseSeries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_key_is_one_of_eguis() {
        for name in KEYS {
            assert!(Key::from_name(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_writes_a_sign_is_that_sign() {
        let event = |key, modifiers| Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers,
        };
        let read = |key, modifiers| pressed(&event(key, modifiers)).map(|found| found.text());
        let both = Modifiers::COMMAND | Modifiers::SHIFT;
        assert_eq!(read(Key::P, both).as_deref(), Some("Ctrl+Shift+P"));
        assert_eq!(read(Key::Plus, both).as_deref(), Some("Ctrl+Plus"), "it needs Shift");
        let alt_gr = Modifiers::ALT | Modifiers::CTRL | Modifiers::COMMAND;
        assert_eq!(read(Key::OpenBracket, alt_gr).as_deref(), Some("["));
        assert_eq!(read(Key::ShiftLeft, Modifiers::SHIFT), None);
        assert_eq!(read(Key::Tab, Modifiers::NONE), None);
    }
}
