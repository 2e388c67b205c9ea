//! A panel of a chart, drawn by egui_plot; values are said under the pointer.

use egui::{Align2, Color32, Label, Rangef, RichText, Role, Sense, Stroke, Ui, WidgetInfo, vec2};
use egui_plot::{
    AxisHints, Bar, BarChart, GridMark, Line, LineStyle, Plot, PlotPoint, PlotUi, Points, Text,
};

use crate::review::figure::chart::{Axis, Ink, Panel, Series, Shape};
use crate::ui::still_plot::still;
use crate::ui::theme::{self, Tokens};

/// A point is meant where the pointer is so near to it, in points of the screen.
const NEAR: f64 = 16.0;
/// Room beyond the ends of an axis, in its lengths: lines along an edge are seen whole.
const MARGIN: f64 = 0.02;
/// Height of a mark's word above the axes, in lengths of the axis.
const WORD: f64 = 0.15;
/// Width of a legend that stands beside its axes, and the least that it leaves them.
const LEGEND: f32 = 190.0;
const BESIDE: f32 = 300.0;
/// The share of the window's height that axes take at most, unless it is less than this.
const HIGHEST: f32 = 0.36;
const LOWEST: f32 = 190.0;
/// What the axes take of width and height, about.
const AXES: [f32; 2] = [56.0, 40.0];

/// Draws a panel of the chart called `chart` in the width there is.
pub(super) fn show(ui: &mut Ui, chart: &str, panel: &Panel) {
    if !panel.title.is_empty() {
        ui.label(RichText::new(&panel.title).font(theme::small()).strong());
    }
    let named = panel.series.iter().filter(|series| !series.name.is_empty()).count();
    if named > 2 && ui.available_width() >= BESIDE + LEGEND {
        ui.horizontal_top(|ui| {
            let width = ui.available_width() - LEGEND;
            ui.vertical(|ui| {
                ui.set_width(width);
                axes(ui, chart, panel);
            });
            ui.vertical(|ui| legend(ui, &panel.series));
        });
    } else {
        legend(ui, &panel.series);
        axes(ui, chart, panel);
    }
}

fn axes(ui: &mut Ui, chart: &str, panel: &Panel) {
    let tokens = theme::tokens(ui);
    let width = ui.available_width();
    // What can be seen whole says more than what is large.
    let highest = (ui.ctx().content_rect().height() * HIGHEST).max(LOWEST);
    let height = ((width - AXES[0]) * panel.aspect as f32 + AXES[1]).min(highest);
    let plot = still(Plot::new((chart, &panel.title)))
        .width(width)
        .height(height)
        .grid_color(tokens.line)
        .grid_fade(0.0)
        .x_grid_spacer(|_| marks(&panel.x))
        .y_grid_spacer(|_| marks(&panel.y))
        .custom_x_axes(vec![hints(AxisHints::new_x(), &panel.x, tokens, 26.0)])
        .custom_y_axes(vec![hints(AxisHints::new_y(), &panel.y, tokens, 12.0)])
        .show(ui, |plot| draw(plot, panel, tokens));
    let response = plot.response;
    let label = format!("{chart}: {}", panel.description());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &label));
    if let Some(says) = plot.inner.filter(|_| response.hovered()) {
        response.on_hover_text_at_pointer(says);
    }
}

fn marks(axis: &Axis) -> Vec<GridMark> {
    // Each is as important as the others.
    let step_size = axis.ticks.windows(2).last().map_or(1.0, |pair| pair[1] - pair[0]);
    axis.ticks.iter().map(|&value| GridMark { value, step_size }).collect()
}

fn hints<'a>(hints: AxisHints<'a>, axis: &'a Axis, tokens: &Tokens, near: f32) -> AxisHints<'a> {
    hints
        .label(RichText::new(axis.label).font(theme::small()).color(tokens.dim))
        .formatter(|mark, _| axis.tick(mark.value))
        .tick_label_color(tokens.dim)
        .tick_label_font(theme::small())
        .label_spacing(Rangef::new(near, near + 1.0))
}

/// Draws everything; what is under the pointer is marked, and said.
fn draw(plot: &mut PlotUi, panel: &Panel, tokens: &Tokens) -> Option<String> {
    let range = |axis: &Axis| {
        let margin = MARGIN * (axis.to - axis.from);
        axis.from - margin..=axis.to + margin
    };
    let height = panel.y.to - panel.y.from;
    let words = WORD * panel.marks.len() as f64 * height;
    plot.set_plot_bounds_x(range(&panel.x));
    plot.set_plot_bounds_y(*range(&panel.y).start()..=*range(&panel.y).end() + words);
    let scale = plot.transform().dpos_dvalue();
    for (index, series) in panel.series.iter().enumerate() {
        let (name, color) = (index.to_string(), color(series.ink, tokens));
        match &series.shape {
            Shape::Line(points) => {
                let (width, style) = stroke(series.ink);
                let line = Line::new(name, points.clone()).color(color).style(style);
                // A band would fill the corners of a curve of steps.
                plot.line(line.width(width).allow_hover(false).allow_band(false));
            }
            Shape::Dots(dots) => {
                let at: Vec<[f64; 2]> = dots.iter().map(|dot| dot.at).collect();
                plot.points(Points::new(name, at).color(color).radius(3.0).allow_hover(false));
            }
            Shape::Bars(bars) => {
                let bars = bars.iter().map(|bar| {
                    let width = 0.94 * (bar.to - bar.from);
                    let middle = f64::midpoint(bar.from, bar.to);
                    Bar::new(middle, bar.height).width(width).fill(color).stroke(Stroke::NONE)
                });
                plot.bar_chart(BarChart::new(name, bars.collect()).allow_hover(false));
            }
        }
    }
    for (place, mark) in panel.marks.iter().enumerate() {
        // Those that are close to each other are written in rows of their own.
        let top = panel.y.to + WORD * (place + 1) as f64 * height;
        let line = Line::new(mark.says.clone(), vec![[mark.x, panel.y.from], [mark.x, top]])
            .color(tokens.dim)
            .width(1.0);
        plot.line(line.style(LineStyle::dashed_dense()).allow_hover(false));
        let over_half = mark.x > f64::midpoint(panel.x.from, panel.x.to);
        let anchor = if over_half { Align2::RIGHT_TOP } else { Align2::LEFT_TOP };
        let word = format!(" {} ", mark.says);
        let text = RichText::new(word).font(theme::small()).color(tokens.text);
        plot.text(Text::new("", PlotPoint::new(mark.x, top), text).anchor(anchor));
    }
    let pointer = plot.response().hovered().then(|| plot.pointer_coordinate()).flatten()?;
    let found = under(panel, [pointer.x, pointer.y], scale)?;
    if let Some(at) = found.at {
        let point = Points::new("found", vec![at]).color(tokens.text).radius(4.0);
        plot.points(point.filled(false).allow_hover(false));
    }
    Some(found.says)
}

/// What the pointer means.
#[derive(Debug, PartialEq)]
struct Found {
    /// Where it is, unless it is a bar.
    at: Option<[f64; 2]>,
    says: String,
}

/// The nearest point if it is near, else the bar above or below; `scale` is points of the screen
/// by units of the axes.
fn under(panel: &Panel, pointer: [f64; 2], scale: [f64; 2]) -> Option<Found> {
    let distance =
        |at: &[f64; 2]| ((at[0] - pointer[0]) * scale[0]).hypot((at[1] - pointer[1]) * scale[1]);
    let mut nearest: Option<(f64, Found)> = None;
    let mut near = |at: &[f64; 2], says: &dyn Fn() -> String| {
        let away = distance(at);
        if away <= NEAR && nearest.as_ref().is_none_or(|(known, _)| away < *known) {
            nearest = Some((away, Found { at: Some(*at), says: says() }));
        }
    };
    let mut bar_under = None;
    for series in &panel.series {
        match &series.shape {
            // What is only a reference has no values of its own.
            Shape::Line(_) if series.ink == Ink::Reference => {}
            Shape::Line(points) => {
                points.iter().for_each(|at| near(at, &|| said(panel, series, at)));
            }
            Shape::Dots(dots) => {
                dots.iter().for_each(|dot| near(&dot.at, &|| dot.says.clone()));
            }
            Shape::Bars(bars) => {
                let over = |bar: &&crate::review::figure::chart::Bar| {
                    (bar.from..bar.to).contains(&pointer[0])
                };
                bar_under = bars.iter().find(over).map(|bar| bar.says.clone());
            }
        }
    }
    let bar = || bar_under.map(|says| Found { at: None, says });
    nearest.map(|(_, found)| found).or_else(bar)
}

fn said(panel: &Panel, series: &Series, at: &[f64; 2]) -> String {
    let line = |axis: &Axis, value: f64| format!("\n{} {}", axis.label, axis.value(value));
    let name = if series.name.is_empty() { &panel.title } else { &series.name };
    format!("{name}{}{}", line(&panel.x, at[0]), line(&panel.y, at[1]))
}

/// Names beside samples of their lines, below each other: their numbers then compare.
fn legend(ui: &mut Ui, series: &[Series]) {
    let tokens = theme::tokens(ui);
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = 0.0;
        ui.spacing_mut().item_spacing.y = 2.0;
        for series in series.iter().filter(|series| !series.name.is_empty()) {
            ui.horizontal(|ui| {
                sample(ui, series.ink, tokens);
                let name = RichText::new(&series.name).font(theme::small());
                ui.add(Label::new(name).truncate());
            });
        }
    });
}

/// A short piece of a series' line.
fn sample(ui: &mut Ui, ink: Ink, tokens: &Tokens) {
    let (rect, _) = ui.allocate_exact_size(vec2(20.0, 10.0), Sense::hover());
    let (width, style) = stroke(ink);
    let stroke = Stroke::new(width, color(ink, tokens));
    let ends = [rect.left_center(), rect.right_center()];
    let painter = ui.painter();
    match style {
        LineStyle::Solid => {
            painter.line_segment(ends, stroke);
        }
        LineStyle::Dashed { length } => {
            // The gap that egui_plot leaves.
            let gap = length * (std::f32::consts::GOLDEN_RATIO - 1.0);
            painter.extend(egui::Shape::dashed_line(&ends, stroke, length, gap));
        }
        LineStyle::Dotted { spacing } => {
            painter.extend(egui::Shape::dotted_line(&ends, stroke.color, spacing, width));
        }
    }
}

/// A square of a class's colour.
pub(super) fn swatch(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, color);
}

fn color(ink: Ink, tokens: &Tokens) -> Color32 {
    match ink {
        Ink::Class(place) => theme::place_color(place),
        Ink::Main => tokens.accent,
        Ink::Aside | Ink::Reference => tokens.dim,
        Ink::Wrong => tokens.error,
    }
}

/// Classes are not told apart by colour alone.
fn stroke(ink: Ink) -> (f32, LineStyle) {
    match ink {
        Ink::Class(0) => (2.0, LineStyle::Solid),
        Ink::Class(1) => (2.0, LineStyle::dashed_loose()),
        Ink::Class(2) => (1.3, LineStyle::dotted_dense()),
        Ink::Class(_) => (2.0, LineStyle::Dashed { length: 4.0 }),
        Ink::Main | Ink::Wrong => (2.0, LineStyle::Solid),
        Ink::Aside => (1.5, LineStyle::dashed_dense()),
        Ink::Reference => (0.8, LineStyle::dotted_dense()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::figure::Figure;
    use crate::review::figure::tests::history;

    #[test]
    fn the_nearest_value_is_said_and_none_far_away() {
        let figures = crate::evaluate::metrics::figures(&[], &[], Default::default());
        let chart = {
            let epochs = history();
            let runs = [crate::review::figure::TrainingRun { model: "m", epochs: &epochs }];
            Figure::Training.chart(&figures, &Default::default(), &runs)
        };
        let panel = &chart.expect("epochs").panels[0];
        let scale = [100.0, -100.0];
        let found = under(panel, [4.02, 0.52], scale).expect("near the fourth epoch");
        assert_eq!(found.at, Some([4.0, 0.5]));
        assert_eq!(found.says, "validation\nEpoch 4\nLoss, nats 0.500");
        assert_eq!(under(panel, [4.5, 1.4], scale), None);
    }
}
