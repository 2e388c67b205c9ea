//! The review screen: a test set, its confusion matrix, its cases, and figures of them.

mod case_list;
mod case_panel;
mod compare;
mod figures;
mod head;
mod matrix;
mod plot;
mod start;

pub use case_panel::show as case_panel;
pub use matrix::mini as mini_matrix;

use std::path::Path;

use egui::{CentralPanel, Frame, Margin, Panel, Rangef, RichText, ScrollArea, Ui};

use super::{Screen, theme};
use crate::evaluate::report::Case;
use crate::review::figure::{Figure, TrainingRun};
use crate::state::review::Run;
use crate::state::{Command, Load, Review};

/// Draws the screen where the scan would be, docks and all.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let frame = Frame::new().fill(theme::tokens(ui).panel).inner_margin(Margin::same(10));
    let Some(review) = &screen.state.session.review else {
        CentralPanel::default().frame(frame).show(ui, |ui| start::show(ui, screen));
        return;
    };
    Panel::top("review head").frame(frame).show(ui, |ui| head::show(ui, screen, review));
    if review.cases().is_empty() && !review.is_running() {
        CentralPanel::default().frame(frame).show(ui, |ui| start::nothing(ui, screen, review));
        return;
    }
    let width = ui.available_width();
    let list = Rangef::new(300.0, 300f32.max(width * 0.6));
    let panel = Panel::right("cases").frame(frame).resizable(true);
    panel.default_size((width * 0.44).max(340.0)).size_range(list).show(ui, |ui| {
        ui.set_min_size(ui.available_size());
        case_list::show(ui, screen, review);
    });
    CentralPanel::default().frame(frame).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            match &review.other {
                Some(other) => compare::show(ui, screen, review, other),
                None => matrix::show(ui, screen, review),
            }
            ui.add_space(8.0);
            figures_of(ui, screen, review);
        });
    });
}

/// A tab for each figure, and the chosen one.
fn figures_of(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        for figure in Figure::ALL {
            let chosen = screen.state.settings.figure == figure;
            if ui.selectable_label(chosen, figure.name()).clicked() {
                screen.ask(Command::ShowFigure(figure));
            }
        }
    });
    ui.add_space(4.0);
    let dim = theme::tokens(ui).dim;
    match &review.measured {
        Load::Ready((figures, curves)) => {
            let epochs = review.opened.as_ref().map_or(&[][..], |opened| &opened.history);
            let (model, other) = (name_of(&review.checkpoint), review.other.as_ref());
            let first = TrainingRun { model: &model, epochs };
            let second = other.map(|other| (name_of(&other.checkpoint), &other.history));
            let second = second
                .as_ref()
                .map(|(model, epochs)| TrainingRun { model, epochs: epochs.as_slice() });
            let runs: Vec<TrainingRun> = [Some(first), second].into_iter().flatten().collect();
            let figure = screen.state.settings.figure;
            figures::show(ui, figure, figures, curves, &runs);
            if figure != Figure::PerClass {
                screen.button(ui, Command::ExportFigure);
            }
        }
        Load::Pending(_) => _ = ui.label(RichText::new("Measuring…").color(dim)),
        _ if review.is_running() => {
            let text = "Figures come when every scan is answered.";
            ui.label(RichText::new(text).color(dim));
        }
        _ => {}
    }
}

/// A checkpoint's name.
fn name_of(checkpoint: &Path) -> String {
    checkpoint.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The scan's name without its folder: the class is said beside it.
fn short_name(case: &Case) -> &str {
    case.path.rsplit('/').next().unwrap_or(&case.path)
}

/// Whether a run came to an end too early.
fn unfinished(run: &Run) -> bool {
    matches!(run, Run::Stopped | Run::NotBegun(_) | Run::Failed { .. })
}
