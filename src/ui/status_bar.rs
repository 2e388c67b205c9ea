//! The line at the bottom: which model, that this is no diagnosis, what is going on.

use egui::{Align, Layout, RichText, Spinner, Ui};

use super::{Screen, format, theme};
use crate::state::{Command, Copying, Level, Load, Room};
use crate::worker::job::TestSource;

/// Draws the bar.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let tokens = theme::tokens(ui);
    let small = |text: String| RichText::new(text).font(theme::small());
    ui.horizontal(|ui| {
        ui.label(small(model(screen)).color(tokens.dim));
        ui.separator();
        ui.label(small("Not for diagnostic use".into()).color(tokens.warning).strong());
        if let Some(what) = synthetic(screen) {
            ui.separator();
            ui.label(small(what.into()).color(tokens.warning));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            notices(ui, screen);
            copying(ui, screen);
            if let Some(work) = work(screen) {
                ui.separator();
                ui.label(small(work.into()).color(tokens.dim));
                ui.add(Spinner::new().size(12.0).color(tokens.accent));
            }
        });
    });
}

/// What on the screen is synthetic.
fn synthetic(screen: &Screen) -> Option<&'static str> {
    let session = &screen.state.session;
    let of_demo = session.review.as_ref().is_some_and(|r| r.source == TestSource::Demo);
    match session.room {
        Room::Reading if session.shown()?.series.synthetic => Some("Synthetic scan"),
        Room::Review if of_demo => Some("Synthetic scans"),
        _ => None,
    }
}

fn model(screen: &Screen) -> String {
    let session = &screen.state.session;
    if let (Room::Review, Some(review)) = (session.room, &session.review) {
        let name = session.checkpoint_at(&review.checkpoint).map(|found| found.name());
        let device = review.evaluated.as_ref().map(|found| found.evaluation.model.device.clone());
        return [name, device].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    }
    if let Some(prediction) = session.prediction.ready() {
        let time = format::duration(prediction.elapsed);
        return format!("{} · {} · {time}", prediction.model, prediction.device);
    }
    match (&session.checkpoints, session.checkpoint()) {
        (_, Some(checkpoint)) => checkpoint.name(),
        (Load::Pending(_), None) => "Looking for models…".into(),
        _ => "No model".into(),
    }
}

fn work(screen: &Screen) -> Option<&'static str> {
    let session = &screen.state.session;
    if session.review.as_ref().is_some_and(|review| review.is_running()) {
        Some("Evaluating…")
    } else if !session.opening.is_empty() {
        Some("Opening…")
    } else if session.prediction.is_pending() {
        Some("Classifying…")
    } else if session.evidence.is_pending() {
        Some("Making maps…")
    } else {
        None
    }
}

/// How far de-identified copies are, and a way to stop them.
fn copying(ui: &mut Ui, screen: &mut Screen) {
    let Some(Copying { done, total, .. }) = screen.state.session.copying else { return };
    ui.separator();
    screen.button(ui, Command::StopCopying);
    let text = RichText::new(format!("Copying {done} of {total}")).font(theme::small());
    ui.label(text.color(theme::tokens(ui).dim));
}

fn notices(ui: &mut Ui, screen: &mut Screen) {
    let tokens = theme::tokens(ui);
    let history = screen.state.notices.history();
    let worst = history.iter().map(|notice| notice.level).max();
    let color = match worst {
        Some(Level::Error) => tokens.error,
        Some(Level::Warning) => tokens.warning,
        _ => tokens.dim,
    };
    let text = format::count(history.len(), "notice");
    let text = RichText::new(text).font(theme::small()).color(color);
    let button = egui::Button::new(text).frame(false).small();
    let hover = screen.hover(&Command::ShowNotices);
    if ui.add(button).on_hover_text(hover).clicked() {
        screen.ask(Command::ShowNotices);
    }
}
