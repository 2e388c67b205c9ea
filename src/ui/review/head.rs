//! The head of the review: which test set and model, how far the evaluation is, and what stands in
//! the way of believing it.

use egui::{ComboBox, Frame, Margin, ProgressBar, RichText, Ui};

use crate::evaluate::report::Evaluation;
use crate::state::review::Run;
use crate::state::{Command, Review};
use crate::ui::{Screen, format, theme};
use crate::worker::job::{Progress, TestSource};

/// Draws it.
pub fn show(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    ui.horizontal_wrapped(|ui| {
        test_set(ui, screen, review);
        model(ui, screen, review);
        compare_with(ui, screen, review);
        ui.menu_button("Export", |ui| {
            for command in [Command::ExportTable, Command::ExportReport] {
                if screen.button(ui, command).clicked() {
                    ui.close();
                }
            }
        });
        screen.button(ui, Command::EvaluateAnew);
    });
    progress(ui, screen, review);
    warnings(ui, screen, review);
}

fn test_set(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let text = match &review.opened {
        Some(opened) => format!("{} ({})", review.name(), format::count(opened.scans, "scan")),
        None => review.name(),
    };
    let combo = ComboBox::from_id_salt("test set").selected_text(format::elide(&text, 36));
    let state = screen.state;
    let combo = combo.width(200.0).show_ui(ui, |ui| {
        for folder in &state.settings.recent_test_sets {
            let source = TestSource::Folder(folder.clone());
            let name = format::elide(&folder.display().to_string(), 50);
            if ui.selectable_label(review.source == source, name).clicked() {
                screen.ask(Command::Review(source));
            }
        }
        if ui.selectable_label(review.source == TestSource::Demo, "Demo set").clicked() {
            screen.ask(Command::ReviewDemo);
        }
        ui.separator();
        for command in [
            Command::ChooseTestSet,
            Command::ChoosePatients,
            Command::ChooseIndex,
            Command::FindTestSet,
            Command::CloseReview,
        ] {
            if screen.button(ui, command).clicked() {
                ui.close();
            }
        }
    });
    let hover = match &review.source {
        TestSource::Demo => "The synthetic scans that come with the program".to_owned(),
        TestSource::Folder(folder) => folder.display().to_string(),
    };
    combo.response.on_hover_text(hover).accessible_name(format!("Test set {text}"));
}

fn model(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let state = screen.state;
    let name = |path| state.session.checkpoint_at(path).map(|found| found.name());
    let text = name(&review.checkpoint).unwrap_or_else(|| "No model".into());
    let combo = ComboBox::from_id_salt("reviewed model").selected_text(text).width(130.0);
    let combo = combo.show_ui(ui, |ui| {
        for checkpoint in state.session.checkpoints.ready().into_iter().flatten() {
            let chosen = checkpoint.path == review.checkpoint;
            if ui.selectable_label(chosen, checkpoint.name()).clicked() {
                screen.ask(Command::SelectModel(checkpoint.path.clone()));
            }
        }
    });
    combo.response.on_hover_text("The network whose answers these are").accessible_name("Model");
}

fn compare_with(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let state = screen.state;
    let chosen = review.other.as_ref().map(|other| &other.checkpoint);
    let text = match chosen.and_then(|path| state.session.checkpoint_at(path)) {
        Some(checkpoint) => format!("beside {}", checkpoint.name()),
        None => "Compare with…".into(),
    };
    let combo = ComboBox::from_id_salt("compared model").selected_text(text).width(130.0);
    let combo = combo.show_ui(ui, |ui| {
        if ui.selectable_label(chosen.is_none(), "No other model").clicked() {
            screen.ask(Command::CompareWith(None));
        }
        for checkpoint in state.session.checkpoints.ready().into_iter().flatten() {
            if checkpoint.path == review.checkpoint {
                continue;
            }
            let selected = chosen == Some(&checkpoint.path);
            if ui.selectable_label(selected, checkpoint.name()).clicked() {
                screen.ask(Command::CompareWith(Some(checkpoint.path.clone())));
            }
        }
    });
    let hover = "A second network, asked about the same scans";
    combo.response.on_hover_text(hover).accessible_name("Compare with");
}

/// How far the evaluation is, with a way to stop it or to go on.
fn progress(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let other = review.other.as_ref().filter(|other| other.is_running());
    if review.is_running() || other.is_some() {
        let (progress, whose) = match other {
            Some(other) if !review.is_running() => (other.progress, "the second model, "),
            _ => (review.progress, ""),
        };
        ui.horizontal(|ui| {
            screen.button(ui, Command::StopEvaluating);
            let share = progress.done as f32 / progress.total.max(1) as f32;
            let bar = ProgressBar::new(share).text(format!("{whose}{}", words(progress)));
            ui.add(bar.desired_width(ui.available_width())).accessible_name("Progress");
        });
    } else if super::unfinished(&review.run) && !review.cases().is_empty() {
        ui.horizontal(|ui| {
            screen.button(ui, Command::GoOnEvaluating);
            let scans = review.opened.as_ref().map_or(0, |opened| opened.scans);
            let done = review.cases().len() + review.unreadable.len();
            let why = match &review.run {
                Run::Failed { message, .. } | Run::NotBegun(message) => message.as_str(),
                _ => "stopped before its end",
            };
            let text = format!("{done} of {scans} scans are done: {why}");
            ui.label(RichText::new(text).color(theme::tokens(ui).warning));
        });
    }
}

/// "120 of 394 scans · 14.2 scans/s · 19 s left".
fn words(progress: Progress) -> String {
    let mut text = format!("{} of {} scans", progress.done, progress.total);
    let seconds = progress.elapsed.as_secs_f64();
    if progress.asked >= 3 && seconds > 0.0 {
        let rate = progress.asked as f64 / seconds;
        let left = (progress.total - progress.done.min(progress.total)) as f64 / rate;
        text += &format!(" · {rate:.1} scans/s · {} left", time(left));
    }
    text
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Leaks, stale answers, unreadable scans, folders left out.
fn warnings(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let tokens = theme::tokens(ui);
    if let Some(evaluated) = &review.evaluated {
        leak(ui, screen, review, &evaluated.evaluation);
    }
    if let Some(stale) = review.evaluated.as_ref().and_then(|found| found.stale.as_ref()) {
        banner(ui, &format!("Stale: {stale}"), |ui| {
            if ui.button("Bring up to date").clicked() {
                screen.ask(Command::GoOnEvaluating);
            }
        });
    }
    if !review.unreadable.is_empty() {
        let title = format!("{} could not be read", format::count(review.unreadable.len(), "scan"));
        egui::CollapsingHeader::new(RichText::new(title).color(tokens.warning)).show(ui, |ui| {
            egui::ScrollArea::vertical().max_height(120.0).show(ui, |ui| {
                for file in &review.unreadable {
                    ui.label(RichText::new(&file.reason).font(theme::small()));
                }
            });
        });
    }
    let left_out = review.opened.as_ref().map_or(&[][..], |opened| &opened.left_out);
    if !left_out.is_empty() {
        let text =
            format!("Left out, since they are no classes of the model: {}", left_out.join(", "));
        ui.label(RichText::new(text).font(theme::small()).color(tokens.dim));
    }
}

/// Whether the model has learned from these scans.
fn leak(ui: &mut Ui, screen: &mut Screen, review: &Review, evaluation: &Evaluation) {
    let words = evaluation.leak();
    let persons = evaluation.parts.person_in_training.as_ref().is_some_and(|part| part.scans > 0);
    match &evaluation.parts.twin_in_training {
        Some(twins) if twins.scans == 0 && !persons => {
            let dim = theme::tokens(ui).dim;
            ui.label(RichText::new(words).font(theme::small()).color(dim));
        }
        Some(twins) => banner(ui, &words, |ui| {
            let mut without = review.without;
            let excluded = without.twins || without.persons;
            let text = if excluded { "Count them again" } else { "Exclude them" };
            if ui.button(text).clicked() {
                without.twins = !excluded && twins.scans > 0;
                without.persons = !excluded && persons;
                screen.ask(Command::SetWithout(without));
            }
        }),
        None => banner(ui, &words, |_| {}),
    }
}

fn banner(ui: &mut Ui, text: &str, more: impl FnOnce(&mut Ui)) {
    let tokens = theme::tokens(ui);
    let frame = Frame::new()
        .fill(tokens.raised)
        .corner_radius(theme::CORNER)
        .inner_margin(Margin::symmetric(8, 4));
    frame.show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(text).color(tokens.warning));
            more(ui);
        });
    });
}
