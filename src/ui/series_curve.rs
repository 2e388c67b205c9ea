//! What the network says along a series: the probability of each class from slice to slice.

use egui::{RichText, Role, Ui, WidgetInfo};
use egui_plot::{GridMark, Line, LineStyle, MarkerShape, Plot, PlotPoints, PlotUi, Points, VLine};

use super::still_plot::still;
use super::{Screen, format, theme};
use crate::state::profile::Profile;
use crate::state::{Command, OpenSeries};

/// Height of the plot, points.
const HEIGHT: f32 = 96.0;

/// Draws the curves of the series that is shown; nothing for a single image. A click goes to a slice.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let session = &screen.state.session;
    let Some(open) = session.shown().filter(|open| open.series.slices.len() > 1) else { return };
    ui.add_space(4.0);
    ui.separator();
    theme::section(ui, "Along the series");
    whole(ui, screen);
    let Some(profile) = Profile::of(session) else { return };
    plot(ui, screen, open, &profile);
    strongest(ui, screen, &profile);
    progress(ui, screen, open, &profile);
}

/// The switch, where a reader wants the slice only that is looked at.
fn whole(ui: &mut Ui, screen: &mut Screen) {
    let mut whole = screen.state.settings.whole_series;
    let hover =
        "Ask the network about all slices in the background, not only the one that is shown";
    if ui.checkbox(&mut whole, "Classify every slice").on_hover_text(hover).clicked() {
        screen.ask(Command::ClassifyWhole(whole));
    }
}

fn plot(ui: &mut Ui, screen: &mut Screen, open: &OpenSeries, profile: &Profile) {
    let tokens = theme::tokens(ui);
    let slices = open.series.slices.len();
    let plot = still(Plot::new("probabilities along the series"))
        .height(HEIGHT)
        .width(ui.available_width())
        .show_axes([true, true])
        .show_grid([false, true])
        .include_y(0.0)
        .include_y(1.0)
        .include_x(1.0)
        .include_x(slices as f64)
        // The first slice, the last, and one between.
        .x_grid_spacer(move |_| {
            let mark = |slice: usize| GridMark { value: slice as f64, step_size: slices as f64 };
            [1, slices.div_ceil(2), slices].map(mark).to_vec()
        })
        .x_axis_formatter(|mark, _| format!("{:.0}", mark.value))
        .y_axis_formatter(|mark, _| format!("{:.1}", mark.value))
        .grid_color(tokens.line)
        .show(ui, |plot| {
            curves(plot, profile, tokens);
            let here = VLine::new("shown", open.slice as f64 + 1.0).color(tokens.accent).width(1.0);
            plot.vline(here.allow_hover(false));
            plot.pointer_coordinate().map(|at| at.x.round())
        });
    let response = plot.response;
    let label = profile.description();
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &label));
    let under =
        plot.inner.filter(|_| response.hovered()).map(|x| (x.max(1.0) as usize).min(slices));
    let Some(number) = under else { return };
    if response.clicked() {
        screen.ask(Command::SelectSlice(number - 1));
    }
    let mut says = vec![format!("Slice {number}")];
    match profile.at(number - 1) {
        Some(prediction) => says.extend(prediction.classes.iter().map(|class| {
            format!("{} {}", class.name, format::probability(class.best_probability()))
        })),
        None => says.push("not classified yet".to_owned()),
    }
    if profile.at(number - 1).and_then(|found| found.out_of_distribution()) == Some(true) {
        says.push("unlike the training scans".to_owned());
    }
    response.on_hover_text_at_pointer(says.join("\n"));
}

/// A line for each class, dashed for every other one: not told by colour alone. Slices unlike the
/// training scans have a mark at the bottom, the strongest evidence one at the top.
fn curves(plot: &mut PlotUi, profile: &Profile, tokens: &theme::Tokens) {
    for (index, name) in profile.classes().iter().enumerate() {
        let points: PlotPoints = profile
            .slices()
            .map(|(slice, found)| {
                let class = &found.classes[index];
                [slice as f64 + 1.0, f64::from(class.best_probability())]
            })
            .collect();
        let explained = profile.explained == Some(index);
        let line = Line::new(name.clone(), points)
            .color(theme::class_color(name, index))
            .width(if explained { 2.2 } else { 1.2 })
            .style(if index % 2 == 0 { LineStyle::Solid } else { LineStyle::dashed_loose() });
        plot.line(line.allow_hover(false));
    }
    let unlike: PlotPoints = profile.unlike().map(|slice| [slice as f64 + 1.0, 0.0]).collect();
    let marks = Points::new("unlike the training scans", unlike)
        .shape(MarkerShape::Cross)
        .radius(2.5)
        .color(tokens.warning);
    plot.points(marks.allow_hover(false));
    if let Some(slice) = profile.strongest() {
        let at: PlotPoints = vec![[slice as f64 + 1.0, 1.0]].into();
        let mark = Points::new("strongest evidence", at)
            .shape(MarkerShape::Down)
            .radius(4.0)
            .color(tokens.text);
        plot.points(mark.allow_hover(false));
    }
}

/// A way to the slice in which the network found most for the class that is explained.
fn strongest(ui: &mut Ui, screen: &mut Screen, profile: &Profile) {
    let Some((slice, class)) = profile.strongest().zip(profile.explained_name()) else { return };
    let text = format!("Strongest evidence for {class}: slice {}", slice + 1);
    let hover = "Go to the slice with the largest logit of the class that is explained: the sum of \
                 what the network found for it and against it";
    let text = RichText::new(text).font(theme::small());
    if ui.add(egui::Button::new(text).frame(false)).on_hover_text(hover).clicked() {
        screen.ask(Command::SelectSlice(slice));
    }
}

/// How far it is, and how many slices are no scans of the kind that was trained on.
fn progress(ui: &mut Ui, screen: &Screen, open: &OpenSeries, profile: &Profile) {
    let tokens = theme::tokens(ui);
    let small = |text: String| RichText::new(text).font(theme::small());
    let slices = open.series.slices.len();
    let left = screen.state.session.slices_to_classify();
    if left > 0 {
        let done = slices - left.min(slices);
        ui.label(small(format!("{done} of {slices} slices classified")).color(tokens.dim));
    }
    let (unlike, known) = (profile.unlike().count(), profile.slices().count());
    if unlike > 0 {
        let text = format!("{unlike} of {known} slices are unlike the training scans");
        ui.label(small(text).color(tokens.warning));
    }
}
