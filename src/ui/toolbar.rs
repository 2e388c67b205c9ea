//! The line above the scan: panes, links, planes, cine.

use egui::{Button, ComboBox, DragValue, MenuBar, Rect, Sense, Stroke, StrokeKind, Ui, vec2};

use super::{Screen, theme};
use crate::state::{AtTheEnd, CineSettings, Command, Grid, Links};

/// Draws the line.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    MenuBar::new().ui(ui, |ui| {
        ui.set_min_height(22.0);
        panes(ui, screen);
        if screen.state.session.grid.cells().len() > 1 {
            links(ui, screen);
        }
        ui.separator();
        planes(ui, screen);
        ui.separator();
        cine(ui, screen);
    });
}

/// A table of up to three by three, of which one is chosen.
fn panes(ui: &mut Ui, screen: &mut Screen) {
    let grid = &screen.state.session.grid;
    let (rows, columns) = (grid.rows(), grid.columns());
    let button = ui.menu_button(format!("Panes {rows}×{columns}"), |ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for row in 1..=Grid::MOST {
            ui.horizontal(|ui| {
                for column in 1..=Grid::MOST {
                    if little_grid(ui, row, column, (row, column) == (rows, columns)).clicked() {
                        screen.ask(Command::SetGrid(row, column));
                        ui.close();
                    }
                }
            });
        }
    });
    button.response.on_hover_text("How many series stand side by side");
}

/// A picture of a grid, to press.
fn little_grid(ui: &mut Ui, rows: usize, columns: usize, chosen: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(40.0, 32.0), Sense::click());
    let tokens = theme::tokens(ui);
    let (fill, line) = match (chosen, response.hovered()) {
        (true, _) => (tokens.accent_fill, tokens.accent),
        (false, true) => (tokens.hovered, tokens.text),
        (false, false) => (tokens.raised, tokens.dim),
    };
    let inside = rect.shrink(5.0);
    ui.painter().rect_filled(rect, theme::CORNER, fill);
    let size = inside.size() / vec2(columns as f32, rows as f32);
    for cell in 0..rows * columns {
        let at = vec2((cell % columns) as f32, (cell / columns) as f32) * size;
        let cell = Rect::from_min_size(inside.min + at, size).shrink(1.0);
        ui.painter().rect_stroke(cell, 0.0, Stroke::new(1.0, line), StrokeKind::Inside);
    }
    response.widget_info(|| {
        let label = format!("{rows} by {columns} panes");
        egui::WidgetInfo::selected(egui::Role::Button, true, chosen, label)
    });
    response
}

fn links(ui: &mut Ui, screen: &mut Screen) {
    let mut links = screen.state.settings.links;
    let Links { scroll, zoom, window } = &mut links;
    ui.label("Link");
    for (on, name, hover) in [
        (
            scroll,
            "slices",
            "Go to the same place in the patient in all panes where it is known, else by as many slices",
        ),
        (zoom, "zoom", "Zoom and move all panes together"),
        (window, "window", "One window centre and width for all panes"),
    ] {
        ui.toggle_value(on, name).on_hover_text(hover).accessible_name(format!("link {name}"));
    }
    if links != screen.state.settings.links {
        screen.ask(Command::SetLinks(links));
    }
}

fn planes(ui: &mut Ui, screen: &mut Screen) {
    let on = screen.state.session.shown().is_some_and(|open| open.planes.is_some());
    switch(ui, screen, Command::TogglePlanes, on);
}

fn cine(ui: &mut Ui, screen: &mut Screen) {
    switch(ui, screen, Command::ToggleCine, screen.state.session.cine.is_some());
    let before = screen.state.settings.cine;
    let mut cine = before;
    let rate = DragValue::new(&mut cine.rate)
        .range(CineSettings::RATES)
        .speed(0.2)
        .fixed_decimals(0)
        .suffix(" a second");
    ui.add(rate).on_hover_text("Slices a second in cine").accessible_name("Cine rate");
    let combo = ComboBox::from_id_salt("at the end").selected_text(cine.turn.name()).width(84.0);
    let combo = combo.show_ui(ui, |ui| {
        for turn in AtTheEnd::ALL {
            ui.selectable_value(&mut cine.turn, turn, turn.name());
        }
    });
    combo.response.on_hover_text("What cine does at the last slice").accessible_name("Cine loop");
    if cine != before {
        screen.ask(Command::SetCine(cine));
    }
}

/// A button that stays down while what it does is on.
fn switch(ui: &mut Ui, screen: &mut Screen, command: Command, on: bool) {
    let entry = command.entry().expect("switches are made for commands of the table");
    let button = Button::new(entry.name).selected(on);
    if ui.add(button).on_hover_text(screen.hover(&command)).clicked() {
        screen.ask(command);
    }
}

/// Asks for the next slice of cine whenever it is time.
pub fn run_cine(ui: &Ui, screen: &mut Screen) {
    let due = egui::Id::unique("next step of cine");
    if screen.state.session.cine.is_none() {
        ui.data_mut(|data| data.remove_temp::<f64>(due));
        return;
    }
    let now = ui.input(|input| input.time);
    let step = 1.0 / f64::from(screen.state.settings.cine.rate);
    let at = ui.data(|data| data.get_temp::<f64>(due)).unwrap_or(now + step);
    let next = if now >= at {
        screen.ask(Command::CineStep());
        // Counted from when it was due: frames do not slow it down, unless they are far too slow.
        (at + step).max(now)
    } else {
        at
    };
    ui.data_mut(|data| data.insert_temp(due, next));
    ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64((next - now).max(0.0)));
}
