//! How far a prediction can be believed: what is known of it, in words beside the bars.

use egui::{Frame, Margin, RichText, Ui};

use super::{Screen, format, theme};
use crate::model::card::Card;
use crate::model::familiarity::unlike;
use crate::model::prediction::{CheckpointInfo, Prediction};

/// Says so, above the bars, where the file itself tells that a series is of another kind than the scans
/// that were learned from.
pub fn header_notice(ui: &mut Ui, screen: &Screen) {
    let session = &screen.state.session;
    let learned = session.checkpoint().and_then(|checkpoint| checkpoint.card.scans.as_ref());
    let Some((open, learned)) = session.shown().zip(learned) else { return };
    let ways = unlike(&open.series.about, learned);
    if ways.is_empty() {
        return;
    }
    let text = format!("Slices of this series are unlike the training scans: {}", ways.join("; "));
    let hover =
        "As the file's header says it; how often answers to such scans are right is not known";
    warning(ui, &text, hover);
}

/// A sentence that is not to be overlooked.
fn warning(ui: &mut Ui, text: &str, hover: &str) {
    let tokens = theme::tokens(ui);
    let frame = Frame::new()
        .fill(tokens.raised)
        .corner_radius(theme::CORNER)
        .inner_margin(Margin::symmetric(8, 5));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(text).font(theme::small()).color(tokens.warning))
            .on_hover_text(hover);
    });
}

/// Says so, above the bars, where a scan is unlike the training scans.
pub fn notice(ui: &mut Ui, prediction: &Prediction) {
    let Some(familiarity) = prediction.familiarity.filter(|found| found.unfamiliar()) else {
        return;
    };
    let hover = format!(
        "Unlikeness {}; 95 % of the validation scans stay below {}. How often answers to such scans are \
         right is not known.",
        format::three_digits(familiarity.score),
        format::three_digits(familiarity.threshold)
    );
    warning(ui, "Unlike the training scans: no class is certain", &hover);
}

/// Conformal set, record and what they rest on, below the bars; what is not known is said, too.
pub fn basis(ui: &mut Ui, checkpoint: Option<&CheckpointInfo>, prediction: &Prediction) {
    let card = checkpoint
        .map(|checkpoint| checkpoint.card.as_ref())
        .filter(|card| card.sha256 == prediction.checkpoint_sha256);
    if prediction.unfamiliar() == Some(true) {
        if prediction.conformal_set.is_some() {
            let text = "Set and record hold for scans like the training scans: not for this one";
            line(ui, text, theme::tokens(ui).dim);
        }
    } else if let Some(card) = card {
        set(ui, card, prediction);
        record(ui, card, prediction);
    }
    known(ui, card, prediction);
}

fn line(ui: &mut Ui, text: &str, color: egui::Color32) -> egui::Response {
    ui.label(RichText::new(text).font(theme::small()).color(color))
}

fn set(ui: &mut Ui, card: &Card, prediction: &Prediction) {
    let (Some(calibration), Some(words)) = (&card.calibration, prediction.conformal_words()) else {
        return;
    };
    let share = calibration.conformal.coverage * 100.0;
    let hover = format!(
        "The classes that cannot be excluded. For scans like those of validation the true class is \
         among them at least {share:.0} times in 100."
    );
    let color = theme::tokens(ui).text;
    line(ui, &format!("{share:.0} % set: {words}"), color).on_hover_text(hover);
}

fn record(ui: &mut Ui, card: &Card, prediction: &Prediction) {
    let record = card.calibration.as_ref().map(|calibration| &calibration.record);
    let confidence = prediction.classes[prediction.predicted].calibrated;
    let Some((record, bin)) = record
        .zip(confidence)
        .and_then(|(record, confidence)| Some((record, record.bin(confidence)?)))
    else {
        return;
    };
    let text = match bin.scans {
        0 => format!("No answer in this range among {}", record.measured_on),
        scans => format!("In this range right {} of {scans} · {}", bin.right, record.measured_on),
    };
    let hover = format!(
        "Of {}, which the network did not learn from: how often its answer was right where its \
         calibrated probability was {} to {}, as here.",
        record.measured_on, bin.from, bin.to
    );
    line(ui, &text, theme::tokens(ui).text).on_hover_text(hover);
}

fn known(ui: &mut Ui, card: Option<&Card>, prediction: &Prediction) {
    let tokens = theme::tokens(ui);
    let calibrated = prediction.classes.iter().all(|class| class.calibrated.is_some());
    let text = match (calibrated, prediction.unfamiliar()) {
        (true, Some(true)) => "Calibrated for other scans · unfamiliar",
        (true, Some(false)) => "Calibrated · like the training scans",
        (true, None) => "Calibrated · familiarity not measured",
        (false, Some(true)) => "Not calibrated · unfamiliar",
        (false, Some(false)) => "Not calibrated · like the training scans",
        (false, None) => "Not calibrated · familiarity not measured",
    };
    let calibration = card.and_then(|card| card.calibration.as_ref());
    let numbers = match (calibrated, calibration) {
        (true, Some(calibration)) => format!(
            "Calibrated on {}: temperature {:.2}, calibration error {:.3}.",
            calibration.fitted_on, calibration.temperature, calibration.expected_error
        ),
        (true, None) => "Calibrated.".into(),
        (false, _) => "The bars are what the network gives itself: how often it is right at such \
                       a number is not known."
            .into(),
    };
    let likeness = match prediction.familiarity {
        Some(found) => format!(
            "Unlikeness {}; 95 % of the validation scans stay below {}.",
            format::three_digits(found.score),
            format::three_digits(found.threshold)
        ),
        None => "Not checked whether this scan is like the training scans.".into(),
    };
    let known = calibrated && prediction.unfamiliar() == Some(false);
    let color = if known { tokens.dim } else { tokens.warning };
    line(ui, text, color).on_hover_text(format!("{numbers} {likeness}"));
}
