//! Keys, from the table of commands.

use egui::text_selection::LabelSelectionState;
use egui::{Event, Key, Modifiers, Ui};

use super::Screen;
use crate::state::Command;
use crate::state::command::{Shortcut, TABLE};

/// Turns pressed keys into commands. Keys that a text field or a focused control needs are its own.
pub fn read(ui: &Ui, screen: &mut Screen) {
    // An open menu or list has the keys: Esc closes it, and nothing happens behind its back.
    if egui::Popup::is_any_open(ui.ctx()) {
        return;
    }
    let typing = ui.ctx().text_edit_focused();
    let copied = copied(ui) && !typing;
    let focused = ui.memory(|memory| memory.focused().is_some());
    for entry in TABLE {
        for &shortcut in entry.shortcuts {
            let Some((modifiers, key)) = pressed_as(shortcut) else { continue };
            let control_needs_it = focused
                && matches!(key, Key::ArrowUp | Key::ArrowDown | Key::Home | Key::End | Key::Space);
            let text_needs_it = typing && !shortcut.ctrl && entry.command != Command::Cancel;
            if control_needs_it || text_needs_it {
                continue;
            }
            let presses = ui.input_mut(|input| input.count_and_consume_key(modifiers, key))
                + usize::from(copied && modifiers == Modifiers::COMMAND && key == Key::C);
            (0..presses).for_each(|_| screen.ask(entry.command.clone()));
        }
    }
}

/// Whether the keys to copy were pressed, which no text asks for: egui makes an event of them.
fn copied(ui: &Ui) -> bool {
    let selected = ui.ctx().plugin_opt::<LabelSelectionState>();
    let selected = selected.is_some_and(|labels| labels.lock().has_selection());
    !selected && ui.input(|input| input.events.contains(&Event::Copy))
}

fn pressed_as(shortcut: Shortcut) -> Option<(Modifiers, Key)> {
    let modifiers = if shortcut.ctrl { Modifiers::COMMAND } else { Modifiers::NONE };
    Some((modifiers, Key::from_name(shortcut.key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shortcut_of_the_table_is_a_key() {
        for entry in TABLE {
            for &shortcut in entry.shortcuts {
                assert!(pressed_as(shortcut).is_some(), "{shortcut} of “{}”", entry.name);
            }
        }
    }
}
