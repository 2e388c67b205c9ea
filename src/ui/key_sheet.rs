//! The sheet of keys: every shortcut, to look up and to change.

use egui::{Align, Button, Event, Id, Key, Label, Layout, RichText, ScrollArea, TextEdit, Ui};

use super::{Screen, fuzzy, keys, theme};
use crate::state::command::{Entry, Menu, TABLE};
use crate::state::{Command, Sheet, Shortcut};

/// What the mouse does on the scan.
const MOUSE: [(&str, &str); 9] = [
    ("Window: across for width, down for centre", "Left drag"),
    ("Move a measurement, or one of its points", "Left drag on it"),
    ("Move the scan", "Middle drag"),
    ("Zoom", "Right drag"),
    ("Slices; zoom where there is one only", "Wheel"),
    ("Zoom at the cursor", "Ctrl + wheel"),
    ("Fit", "Double click"),
    ("Show a layer's map on the scan", "Click on a layer"),
    ("Pin a layer beside the scan", "Right click on a layer"),
];

/// A shortcut that is being changed.
#[derive(Clone, Copy)]
struct Change {
    entry: &'static Entry,
    /// Which of the command's shortcuts; a new one if it is behind the last.
    place: usize,
    /// The new key, where another command has it; else it is waited for.
    taken: Option<Shortcut>,
}

fn id() -> Id {
    Id::unique("change of a key")
}

fn change(ui: &Ui) -> Option<Change> {
    ui.data(|data| data.get_temp(id()))
}

fn set_change(ui: &Ui, change: Option<Change>) {
    ui.data_mut(|data| match change {
        Some(change) => _ = data.insert_temp(id(), change),
        None => data.remove::<Change>(id()),
    });
}

/// Whether the next key that is pressed is a new shortcut.
pub fn waits(ui: &Ui, screen: &Screen) -> bool {
    if screen.state.session.sheet != Some(Sheet::Keys) {
        set_change(ui, None);
    }
    change(ui).is_some_and(|change| change.taken.is_none())
}

/// Draws the sheet's contents.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    if let Some(waiting) = change(ui).filter(|change| change.taken.is_none()) {
        take_key(ui, screen, waiting);
    }
    let query = search_field(ui);
    ui.add_space(4.0);
    let height = (ui.ctx().content_rect().height() - 250.0).max(120.0);
    let scroll = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
    scroll.auto_shrink([false, true]).show(ui, |ui| columns(ui, screen, &query));
    ui.add_space(4.0);
    ui.separator();
    bar(ui, screen);
}

/// Takes the pressed key: gives it to the command, or asks where another command has it.
fn take_key(ui: &Ui, screen: &mut Screen, waiting: Change) {
    let escape = |event: &Event| {
        matches!(event, Event::Key { key: Key::Escape, pressed: true, modifiers, .. }
            if modifiers.is_none())
    };
    let (cancelled, shortcut) = ui.input_mut(|input| {
        let cancelled = input.events.iter().any(escape);
        let shortcut = input.events.iter().find_map(keys::pressed);
        input.events.retain(|event| !matches!(event, Event::Key { .. } | Event::Text(_)));
        (cancelled, shortcut)
    });
    if cancelled {
        return set_change(ui, None);
    }
    let Some(shortcut) = shortcut else { return };
    match screen.state.keymap.command(shortcut) {
        Some(other) if other.id != waiting.entry.id => {
            set_change(ui, Some(Change { taken: Some(shortcut), ..waiting }));
        }
        owner => {
            if owner.is_none() {
                give(screen, waiting, Some(shortcut));
            }
            set_change(ui, None);
        }
    }
}

/// Puts a shortcut, or none, in the place that is changed.
fn give(screen: &mut Screen, change: Change, shortcut: Option<Shortcut>) {
    let mut shortcuts = screen.state.keymap.shortcuts(change.entry).to_vec();
    let end = shortcuts.len().min(change.place + 1);
    shortcuts.splice(change.place.min(end)..end, shortcut);
    screen.ask(Command::SetShortcuts(change.entry.id, shortcuts));
}

fn search_field(ui: &mut Ui) -> String {
    let id = Id::unique("search in keys");
    let mut query = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_default();
    let field = TextEdit::singleline(&mut query).hint_text("Search").desired_width(260.0);
    let field = ui.add(field).accessible_name("Search in keys");
    if change(ui).is_none() && ui.memory(|memory| memory.focused().is_none()) {
        field.request_focus();
    }
    ui.data_mut(|data| data.insert_temp(id, query.clone()));
    query
}

/// The menus, each whole and in the column that is shortest so far.
fn columns(ui: &mut Ui, screen: &mut Screen, query: &str) {
    let count = ((ui.available_width() / 250.0) as usize).clamp(1, 3);
    let mut rows = vec![0; count];
    let mut shortest = move |more: usize| {
        let column = (0..count).min_by_key(|&column| rows[column]).unwrap_or(0);
        rows[column] += more;
        column
    };
    let fits = |name: &str, more: &str| fuzzy::score(query, name, more).is_some();
    ui.spacing_mut().item_spacing.x = 24.0;
    ui.columns(count, |columns| {
        for menu in Menu::ALL {
            let of_menu = TABLE.iter().filter(|entry| entry.menu == menu);
            let entries: Vec<&'static Entry> = of_menu
                .filter(|entry| {
                    let shortcuts = screen.state.keymap.shortcuts(entry);
                    let keys = shortcuts.iter().map(Shortcut::to_string).collect::<Vec<_>>();
                    fits(entry.name, &format!("{} {}", menu.name(), entry.tooltip))
                        || keys.iter().any(|key| key.eq_ignore_ascii_case(query.trim()))
                })
                .collect();
            if entries.is_empty() {
                continue;
            }
            let column = &mut columns[shortest(entries.len() + 2)];
            theme::section(column, menu.name());
            entries.into_iter().for_each(|entry| row(column, screen, entry));
            column.add_space(8.0);
        }
        let mouse: Vec<_> = MOUSE.iter().filter(|(does, how)| fits(does, how)).collect();
        if !mouse.is_empty() {
            let column = &mut columns[shortest(mouse.len() + 2)];
            theme::section(column, "Mouse on the scan");
            for (does, how) in mouse {
                line(column, does, |ui| {
                    let color = theme::tokens(ui).accent;
                    ui.label(RichText::new(*how).font(theme::small()).color(color));
                });
            }
        }
    });
}

/// A name on the left, and what belongs to it on the right.
fn line(ui: &mut Ui, name: &str, right: impl FnOnce(&mut Ui)) {
    ui.spacing_mut().item_spacing.y = 1.0;
    ui.spacing_mut().interact_size.y = 18.0;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            right(ui);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(name).font(theme::small())).truncate());
            });
        });
    });
}

fn row(ui: &mut Ui, screen: &mut Screen, entry: &'static Entry) {
    let shortcuts = screen.state.keymap.shortcuts(entry);
    let changing = change(ui).filter(|change| change.entry.id == entry.id);
    let color = theme::tokens(ui).accent;
    line(ui, entry.name, |ui| {
        let mut key = |place: usize, text: String, label: String| {
            let chosen = changing.is_some_and(|change| change.place == place);
            let text = if chosen { "…".to_owned() } else { text };
            let text = RichText::new(text).font(theme::small()).color(color);
            let button = Button::new(text).small().selected(chosen);
            let button =
                ui.add(button).on_hover_text(format!("{}. Press to change", entry.tooltip));
            if button.accessible_name(label).clicked() {
                set_change(ui, Some(Change { entry, place, taken: None }));
            }
        };
        // From the right to the left.
        for (place, shortcut) in shortcuts.iter().enumerate().rev() {
            key(place, shortcut.to_string(), format!("{}: {shortcut}", entry.name));
        }
        if shortcuts.is_empty() {
            key(0, "–".to_owned(), format!("{}: no key", entry.name));
        }
    });
}

/// What is being changed, or how to.
fn bar(ui: &mut Ui, screen: &mut Screen) {
    let tokens = theme::tokens(ui);
    ui.horizontal_wrapped(|ui| {
        let Some(changing) = change(ui) else {
            ui.label(RichText::new("Press a shortcut to change it.").color(tokens.dim));
            if !screen.state.settings.keys.is_empty() && ui.button("Reset all").clicked() {
                screen.ask(Command::ResetShortcuts());
            }
            return;
        };
        let Change { entry, place, taken } = changing;
        let end = |ui: &Ui| set_change(ui, None);
        if let Some(shortcut) = taken {
            let owner = screen.state.keymap.command(shortcut).map_or("", |other| other.name);
            ui.label(format!("{shortcut} is the key of “{owner}”."));
            if ui.button(format!("Take it for “{}”", entry.name)).clicked() {
                give(screen, changing, Some(shortcut));
                end(ui);
            }
            if ui.button("Leave it").clicked() {
                end(ui);
            }
            return;
        }
        ui.label(RichText::new(format!("“{}”: press the new key, or Esc", entry.name)).strong());
        let shortcuts = screen.state.keymap.shortcuts(entry);
        if place < shortcuts.len() {
            if ui.button("Take the key away").clicked() {
                give(screen, changing, None);
                end(ui);
            }
            if ui.button("Another key").on_hover_text("Keep this key and add one").clicked() {
                set_change(ui, Some(Change { place: shortcuts.len(), ..changing }));
            }
        }
        if shortcuts != entry.shortcuts {
            let first: Vec<_> = entry.shortcuts.iter().map(Shortcut::to_string).collect();
            let hover = format!("As at first: {}", first.join(", "));
            if ui.button("Reset this key").on_hover_text(hover).clicked() {
                screen.ask(Command::SetShortcuts(entry.id, entry.shortcuts.to_vec()));
                end(ui);
            }
        }
    });
}
