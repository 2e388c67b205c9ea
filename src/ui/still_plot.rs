//! Plots that are looked at, and answer clicks of their own.

use egui_plot::Plot;

/// A plot in which nothing is dragged or zoomed.
pub fn still(plot: Plot) -> Plot {
    plot.show_background(false)
        .show_crosshair(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
}
