//! Every command, open series, model and recent file by a part of its name.

use std::path::Path;

use egui::{
    Align2, Color32, Id, Key, Modifiers, Response, Role, ScrollArea, Sense, TextEdit, Ui,
    WidgetInfo, pos2, vec2,
};

use super::{Screen, format, fuzzy, theme};
use crate::state::Command;
use crate::state::command::TABLE;
use crate::worker::job::TestSource;

/// One line of the list.
struct Item {
    name: String,
    /// Its menu, or what it is.
    of: &'static str,
    /// What it does, or where it is.
    about: String,
    shortcut: String,
    command: Command,
    /// Why it would do nothing.
    unavailable: Option<&'static str>,
}

/// What was typed, and the line that Enter takes.
#[derive(Clone, Default)]
struct Search {
    query: String,
    chosen: usize,
}

const ROW: f32 = 24.0;

/// Draws the sheet's contents.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let id = Id::unique("command palette");
    let mut search = ui.data(|data| data.get_temp::<Search>(id)).unwrap_or_default();
    let pressed = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
    let (up, down) = (pressed(Key::ArrowUp), pressed(Key::ArrowDown));
    let (page_up, page_down) = (pressed(Key::PageUp), pressed(Key::PageDown));
    let entered = pressed(Key::Enter) > 0;

    let field = TextEdit::singleline(&mut search.query).hint_text("Type a part of a name");
    let field = ui.add(field.desired_width(f32::INFINITY)).accessible_name("Search for a command");
    field.request_focus();
    if field.changed() {
        search.chosen = 0;
    }
    let items = found(screen, &search.query);
    let last = items.len().saturating_sub(1);
    let forward = (search.chosen + down + 10 * page_down).min(last);
    let chosen = forward.saturating_sub(up + 10 * page_up);
    let moved = chosen != search.chosen || field.changed();
    search.chosen = chosen;

    ui.add_space(6.0);
    let height = (ui.ctx().content_rect().height() - 260.0).clamp(ROW * 3.0, ROW * 14.0);
    let mut taken = entered.then_some(search.chosen);
    ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink(false).show(
        ui,
        |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if items.is_empty() {
                let color = theme::tokens(ui).dim;
                ui.label(egui::RichText::new("Nothing has a name like that.").color(color));
            }
            for (index, item) in items.iter().enumerate() {
                let response = row(ui, item, index == search.chosen);
                if index == search.chosen && moved {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    taken = Some(index);
                }
            }
        },
    );
    let taken = taken.and_then(|index| items.get(index)).filter(|item| item.unavailable.is_none());
    if let Some(item) = taken {
        screen.ask(Command::Show(None));
        screen.ask(item.command.clone());
    }
    ui.data_mut(|data| data.insert_temp(id, search));
}

/// Forgets what was typed: the next time begins anew.
pub fn forget(ui: &Ui) {
    ui.data_mut(|data| data.remove::<Search>(Id::unique("command palette")));
}

fn row(ui: &mut Ui, item: &Item, chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let enabled = item.unavailable.is_none();
    let label = match item.unavailable {
        None => format!("{}, {}", item.name, item.of),
        Some(why) => format!("{}, {}: {why}", item.name, item.of),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, chosen, &label));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let tokens = theme::tokens(ui);
    let painter = ui.painter_at(rect);
    let fill = match (chosen, response.hovered()) {
        (true, _) => tokens.accent_fill,
        (false, true) => tokens.hovered,
        (false, false) => Color32::TRANSPARENT,
    };
    painter.rect_filled(rect, theme::CORNER, fill);
    let middle = rect.center().y;
    let write = |x: f32, anchor, text: &str, font, color| {
        painter.text(pos2(x, middle), anchor, text, font, color)
    };
    let body = egui::FontId::proportional(13.0);
    let color = if enabled { tokens.text } else { tokens.dim };
    let name = format::elide(&item.name, 48);
    let name = write(rect.left() + 8.0, Align2::LEFT_CENTER, &name, body, color);
    let aside = match item.unavailable {
        None => item.of.to_owned(),
        Some(why) => format!("{} · {why}", item.of),
    };
    let x = name.right() + 10.0;
    write(x, Align2::LEFT_CENTER, &aside, theme::small(), tokens.dim);
    let (x, color) = (rect.right() - 8.0, if enabled { tokens.accent } else { tokens.dim });
    write(x, Align2::RIGHT_CENTER, &item.shortcut, theme::small(), color);
    response.on_hover_text(&item.about)
}

/// What fits the query, the best first; everything in the order of the menus where there is none.
fn found(screen: &Screen, query: &str) -> Vec<Item> {
    let mut scored: Vec<(i32, Item)> = items(screen)
        .into_iter()
        .filter_map(|item| {
            let more = format!("{} {}", item.of, item.about);
            let score = fuzzy::score(query, &item.name, &more)?;
            // Of two that fit alike, the one that does something.
            Some((score * 2 + i32::from(item.unavailable.is_none()), item))
        })
        .collect();
    if !query.trim().is_empty() {
        scored.sort_by_key(|(score, _)| -score);
    }
    scored.into_iter().map(|(_, item)| item).collect()
}

fn items(screen: &Screen) -> Vec<Item> {
    let state = screen.state;
    // What closes this sheet is no help in it.
    let of_table =
        TABLE.iter().filter(|e| !matches!(e.command, Command::ShowPalette | Command::Cancel));
    let mut items: Vec<Item> = of_table
        .map(|entry| Item {
            name: entry.name.to_owned(),
            of: entry.menu.name(),
            about: entry.tooltip.to_owned(),
            shortcut: screen.shortcut(&entry.command),
            command: entry.command.clone(),
            unavailable: state.unavailable(entry),
        })
        .collect();
    let mut add = |name: String, of, about: String, command| {
        let (shortcut, unavailable) = (String::new(), None);
        items.push(Item { name, of, about, shortcut, command, unavailable });
    };
    for open in &state.session.series {
        let about = open.series.path.display().to_string();
        let name = format!("Show series {}", open.title());
        add(name, "Open", about, Command::SelectSeries(open.number));
    }
    for model in state.session.checkpoints.ready().into_iter().flatten() {
        let about = model.path.display().to_string();
        let name = format!("Use model {}", model.name());
        add(name, "Model", about, Command::SelectModel(model.path.clone()));
    }
    for path in &state.settings.recent {
        let open = Command::Open(vec![path.clone()]);
        add(format!("Open {}", name_of(path)), "Recent", path.display().to_string(), open);
    }
    for folder in &state.settings.recent_test_sets {
        let review = Command::Review(TestSource::Folder(folder.clone()));
        let name = format!("Review {}", name_of(folder));
        add(name, "Recent", folder.display().to_string(), review);
    }
    items
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
