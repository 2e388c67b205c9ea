//! What is shown where no test set is, or nothing of it was answered.

use egui::{RichText, Ui};

use crate::state::review::Run;
use crate::state::{Command, Review};
use crate::ui::{Screen, format, theme};
use crate::worker::job::TestSource;

/// Teaches how to begin.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let dim = theme::tokens(ui).dim;
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.32).max(16.0));
        let invitation = screen.invitation("Drop a test set here", &Command::ChooseTestSet);
        ui.label(RichText::new(invitation).size(19.0));
        ui.add_space(2.0);
        let text =
            "A folder of labelled scans, with a folder for each class; or one that holds Testing";
        ui.label(RichText::new(text).color(dim));
        ui.add_space(14.0);
        ui.scope(|ui| {
            ui.set_max_width(360.0);
            ui.horizontal(|ui| {
                screen.button(ui, Command::ChooseTestSet);
                screen.button(ui, Command::ReviewDemo);
                screen.button(ui, Command::ToggleRoom);
            });
        });
        recent(ui, screen);
    });
}

fn recent(ui: &mut Ui, screen: &mut Screen) {
    let state = screen.state;
    if state.settings.recent_test_sets.is_empty() {
        return;
    }
    ui.add_space(18.0);
    theme::section(ui, "Recent");
    for folder in &state.settings.recent_test_sets {
        let text = format::elide(&folder.display().to_string(), 70);
        if ui.button(text).on_hover_text(folder.display().to_string()).clicked() {
            screen.ask(Command::Review(TestSource::Folder(folder.clone())));
        }
    }
}

/// Says why there are no cases, and what would bring some.
pub fn nothing(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let tokens = theme::tokens(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.32).max(16.0));
        ui.set_max_width(560.0);
        match &review.run {
            Run::Failed { message, missing } => {
                ui.label(RichText::new(message).color(tokens.error));
                ui.add_space(10.0);
                if *missing {
                    screen.button(ui, Command::FindTestSet);
                } else {
                    screen.button(ui, Command::GoOnEvaluating);
                }
            }
            Run::NotBegun(why) => {
                ui.label(why);
                ui.add_space(10.0);
                screen.button(ui, Command::GoOnEvaluating);
            }
            _ => {
                ui.label("No scan of this test set was answered.");
                ui.add_space(10.0);
                screen.button(ui, Command::GoOnEvaluating);
            }
        }
        screen.button(ui, Command::ChooseTestSet);
    });
}
