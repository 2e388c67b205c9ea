//! How strong the evidence is from layer to layer: the raw maxima that per-map scaling hides.

use egui::{Role, Ui, WidgetInfo};
use egui_plot::{Bar, BarChart, GridMark, Plot};

use super::format::{strength, three_digits};
use super::still_plot::still;
use super::{Screen, theme};
use crate::state::Command;

/// Draws a bar for each layer, in network order; a click chooses a layer.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let Some(shown) = screen.shown() else { return };
    let tokens = theme::tokens(ui);
    let selected = screen.state.session.layer_name();
    let maps = &shown.evidence.maps;
    let bars = maps.iter().enumerate().map(|(index, map)| {
        let chosen = selected == Some(map.layer.name.as_str());
        let color = if chosen { tokens.accent } else { tokens.dim };
        Bar::new(index as f64 + 1.0, f64::from(map.raw_max)).width(0.8).fill(color)
    });
    let chart = BarChart::new("raw maximum", bars.collect()).allow_hover(false);

    let top = f64::from(shown.evidence.shared_max);
    ui.add_space(4.0);
    ui.separator();
    theme::section(ui, "Strength by layer");
    let plot = still(Plot::new("strength by layer"))
        .height(58.0)
        .show_axes([false, true])
        .show_grid([false, true])
        .include_y(0.0)
        // Two marks say it: nothing, and the strongest layer.
        .y_grid_spacer(move |_| {
            [0.0, top]
                .map(|value| GridMark { value, step_size: top.max(f64::MIN_POSITIVE) })
                .to_vec()
        })
        .y_axis_formatter(|mark, _| three_digits(mark.value as f32))
        .show(ui, |plot| {
            plot.bar_chart(chart);
            plot.pointer_coordinate().map(|at| at.x.round())
        });
    let response = plot.response;
    let largest = format!("strength by layer, largest {}", three_digits(shown.evidence.shared_max));
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &largest));
    let under = plot.inner.filter(|_| response.hovered()).and_then(|x| {
        let index = (x >= 1.0).then_some(x as usize - 1)?;
        maps.get(index)
    });
    if let Some(map) = under {
        let name = map.layer.name.clone();
        let text = format!("{name}\n{}", strength(map.raw_max));
        if response.clicked() {
            screen.ask(Command::SelectLayer(name));
        }
        response.on_hover_text_at_pointer(text);
    }
}
