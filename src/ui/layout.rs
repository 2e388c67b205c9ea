//! Where things stand: menu above, status below, docks around the scan.

use egui::{CentralPanel, Frame, Margin, Panel, Rangef, Ui};

use super::{
    Screen, empty, keys, layer_strip, measurement_list, menu, notifications, overlay_controls,
    probabilities, review, series_curve, series_list, sheets, slice_view, status_bar,
    strength_plot, theme, toolbar,
};
use crate::state::{Command, Dock, Room};

/// Draws the whole window.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    keys::read(ui, screen);
    let tokens = theme::tokens(ui);
    let bar = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(8, 3));
    Panel::top("menu").frame(bar).show(ui, |ui| menu::show(ui, screen));
    Panel::bottom("status").frame(bar).show(ui, |ui| status_bar::show(ui, screen));

    match screen.state.session.room {
        Room::Reading => reading(ui, screen),
        Room::Review => review::show(ui, screen),
    }
    empty::drop_target(ui, screen);
    notifications::toasts(ui, screen);
    sheets::show(ui, screen);
}

/// The scan with its docks.
fn reading(ui: &mut Ui, screen: &mut Screen) {
    // The scan keeps at least half of the width and of the height.
    let whole = ui.available_rect_before_wrap();
    let (width, height) = (whole.width(), whole.height());
    let inspector = Rangef::new(296.0, 296f32.max(width * 0.3));
    dock(ui, screen, Dock::Inspector, 296.0, inspector, |ui, screen| {
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            review::case_panel(ui, screen);
            probabilities::show(ui, screen);
            series_curve::show(ui, screen);
            review::mini_matrix(ui, screen);
            measurement_list::show(ui, screen);
            overlay_controls::show(ui, screen);
            strength_plot::show(ui, screen);
        });
    });
    let layers = Rangef::new(174.0, 174f32.max(height * 0.5));
    // Larger windows have larger maps: they are what the program is for.
    let usual = (height * 0.41).clamp(240.0, 480.0).min(layers.max);
    dock(ui, screen, Dock::Layers, usual, layers, layer_strip::show);
    let series = Rangef::new(110.0, 110f32.max(width * 0.2));
    // In a narrow window, or a large interface, the scan would be left with next to nothing.
    if width >= 780.0 {
        dock(ui, screen, Dock::Series, 148.0, series, series_list::show);
    }

    // In a low window the scan needs every line; menus and keys do the same.
    let roomy = ui.ctx().content_rect().height() >= 420.0;
    let opened = !screen.state.session.series.is_empty();
    if opened && roomy && !screen.state.settings.docks.hidden {
        let bar = Frame::new().fill(theme::tokens(ui).panel).inner_margin(Margin::symmetric(6, 1));
        Panel::top("toolbar").frame(bar).show(ui, |ui| toolbar::show(ui, screen));
    }
    toolbar::run_cine(ui, screen);
    CentralPanel::default().frame(Frame::new().fill(theme::CANVAS)).show(ui, |ui| {
        if !screen.state.session.series.is_empty() {
            slice_view::show(ui, screen);
        } else {
            empty::show(ui, screen);
        }
    });
}

/// A dock that is shown, hidden and resized as the settings say, else of its `usual` size; a new
/// size becomes a command.
fn dock(
    ui: &mut Ui,
    screen: &mut Screen,
    dock: Dock,
    usual: f32,
    sizes: Rangef,
    contents: impl FnOnce(&mut Ui, &mut Screen),
) {
    let docks = &screen.state.settings.docks;
    if !docks.shows(dock) {
        return;
    }
    let set = docks.place(dock).size;
    let size = set.unwrap_or(usual);
    // A size that nobody has set follows the window, until somebody drags the edge.
    let dragging = ui.input(|input| input.pointer.any_down());
    let sizes = if set.is_none() && !dragging { Rangef::point(usual) } else { sizes };
    let panel = match dock {
        Dock::Series => Panel::left("series"),
        Dock::Inspector => Panel::right("inspector"),
        Dock::Layers => Panel::bottom("layers"),
    };
    let frame = Frame::new().fill(theme::tokens(ui).panel).inner_margin(Margin::same(8));
    let panel = panel.resizable(true).frame(frame).default_size(size).size_range(sizes);
    let shown = panel.show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        contents(ui, screen);
    });
    let now = match dock {
        Dock::Layers => shown.response.rect.height(),
        Dock::Series | Dock::Inspector => shown.response.rect.width(),
    };
    let wanted = size.clamp(sizes.min, sizes.max);
    if (now - wanted).abs() > 0.5 && (set.is_some() || dragging) {
        screen.ask(Command::ResizeDock(dock, now));
    }
}
