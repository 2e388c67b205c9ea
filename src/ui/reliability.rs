//! How far a prediction can be relied on: what was observed of such answers, the classes that cannot be
//! excluded, and how far the scan is from the training data, beside the bars.

use egui::{Frame, Margin, RichText, Ui};

use super::{Screen, format, theme};
use crate::model::calibration::Calibration;
use crate::model::card::Card;
use crate::model::familiarity::unlike;
use crate::model::prediction::{CheckpointInfo, Prediction};
use crate::reliability::ood::OodScore;
use crate::reliability::{Headline, Reliability};

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
        "As the file's header says it; how often answers to such scans are correct is not known";
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

/// Says so, above the bars, where a scan is far from the training data, with the reason.
pub fn notice(ui: &mut Ui, prediction: &Prediction) {
    let Some(ood) = prediction.ood.filter(|ood| ood.out_of_distribution()) else { return };
    let reason = ood.reason.map_or(String::new(), |reason| format!(" ({reason})"));
    let text = format!("Unfamiliar scan{reason}: do not rely on these numbers");
    let hover =
        format!("{} How often answers to such scans are correct is not known.", distance(ood));
    warning(ui, &text, &hover);
}

/// What the numbers rest on, below the bars: observed answers first, then the set, then the distance.
/// What is not known is stated, too.
pub fn basis(ui: &mut Ui, checkpoint: Option<&CheckpointInfo>, prediction: &Prediction) {
    let checkpoint = checkpoint.filter(|known| known.card.sha256 == prediction.checkpoint_sha256);
    let basis = checkpoint.map(Basis::of);
    if let Some(basis) = &basis {
        let far = prediction.out_of_distribution() == Some(true);
        // What was observed holds for scans like those it was observed on.
        if !far {
            observed(ui, basis, prediction);
        }
        // Sets are widened with the distance; those of old cards are not.
        if !far || matches!(basis, Basis::Reliability(_)) {
            set(ui, basis, prediction);
        }
    }
    known(ui, checkpoint, basis.as_ref(), prediction);
}

/// Where a card has its figures from.
enum Basis<'a> {
    Reliability(&'a Reliability),
    /// A card from before reliability.
    Calibration(&'a Card, &'a Calibration),
    Nothing,
}

/// Whether validation under shift put the uncalibrated probabilities first.
fn uncalibrated_leads(basis: Option<&Basis>) -> bool {
    matches!(basis, Some(Basis::Reliability(known)) if known.headline == Headline::Uncalibrated)
}

impl<'a> Basis<'a> {
    fn of(checkpoint: &'a CheckpointInfo) -> Self {
        let card = checkpoint.card.as_ref();
        match (&checkpoint.reliability, &card.calibration) {
            (Some(reliability), _) => Self::Reliability(reliability),
            (None, Some(calibration)) => Self::Calibration(card, calibration),
            (None, None) => Self::Nothing,
        }
    }

    /// How many answers as confident as this one there were, how many of them were correct, the name of
    /// their scans, whether they were all of the predicted class, and the range of confidence.
    fn observed(&self, prediction: &Prediction) -> Option<Observed<'a>> {
        let class = &prediction.classes[prediction.predicted];
        match self {
            Self::Reliability(reliability) => {
                let table = reliability.table.as_ref()?;
                let without = prediction.scan.as_deref();
                let found =
                    table.observed(prediction.predicted, class.best_probability(), without)?;
                Some(Observed {
                    scans: found.scans,
                    correct: found.correct,
                    of: &table.measured_on,
                    class: found.of_class.then(|| class.name.clone()),
                    range: [found.from, found.to],
                })
            }
            Self::Calibration(_, calibration) => {
                let bin = calibration.record.bin(class.calibrated?)?;
                // "394 test scans": the number is that of all, not of those that were as confident.
                let of = calibration.record.measured_on.as_str();
                let of = of.split_once(' ').map_or(of, |(_, scans)| scans);
                let range = [bin.from, bin.to];
                Some(Observed { scans: bin.scans, correct: bin.right, of, class: None, range })
            }
            Self::Nothing => None,
        }
    }

    /// The coverage that the sets aim at, what they held, and of which scans, shares 0..=1.
    fn coverage(&self) -> Option<(f64, Option<(f64, String)>)> {
        match self {
            Self::Reliability(reliability) => {
                let sets = &reliability.sets;
                let measured = sets.measured.first();
                Some((sets.coverage, measured.map(|of| (of.coverage, of.on.clone()))))
            }
            Self::Calibration(card, calibration) => {
                let tested = card.metrics.get("test_all_conformal_coverage");
                let tested = tested.map(|&held| (held, "test scans".to_owned()));
                let crossed = calibration.conformal.cross_fitted.map(|of| of.coverage);
                let crossed = crossed.map(|held| (held, "validation scans".to_owned()));
                Some((calibration.conformal.coverage, tested.or(crossed)))
            }
            Self::Nothing => None,
        }
    }
}

struct Observed<'a> {
    scans: usize,
    correct: usize,
    of: &'a str,
    class: Option<String>,
    range: [f64; 2],
}

fn line(ui: &mut Ui, text: &str, color: egui::Color32) -> egui::Response {
    ui.label(RichText::new(text).font(theme::small()).color(color))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

fn observed(ui: &mut Ui, basis: &Basis, prediction: &Prediction) {
    let Some(found) = basis.observed(prediction) else { return };
    let of_class = found.class.as_ref().map_or(String::new(), |class| format!(" of {class}"));
    let text = match found.scans {
        0 => format!("None of the {} had an answer this confident", found.of),
        scans => format!(
            "When this confident{of_class}, it was correct in {} of {} ({} of {scans})",
            percent(found.correct as f64 / scans as f64),
            found.of,
            found.correct
        ),
    };
    let hover = format!(
        "Answers to {} that the network did not learn from, with a probability of {} to {}, as here. \
         The scan in view is not counted.",
        found.of, found.range[0], found.range[1]
    );
    line(ui, &text, theme::tokens(ui).text).on_hover_text(hover);
}

fn set(ui: &mut Ui, basis: &Basis, prediction: &Prediction) {
    let (Some((aim, measured)), Some(names)) = (basis.coverage(), prediction.set_names()) else {
        return;
    };
    let held = match &measured {
        Some((share, of)) => {
            format!("sets like this held the truth in {} of {of}", percent(*share))
        }
        None => "how often such sets hold the truth was not measured".into(),
    };
    let text = format!("Cannot be excluded: {} ({held})", names.join(", "));
    let hover = format!(
        "The classes that cannot be excluded, by a rule that aims to hold the true class in {} of scans \
         like those of validation",
        percent(aim)
    );
    line(ui, &text, theme::tokens(ui).text).on_hover_text(hover);
}

/// A score, in words.
fn distance(ood: OodScore) -> String {
    format!(
        "Distance from the training data {}; 95 % of the validation scans stay below 1.",
        format::three_digits(ood.score)
    )
}

fn known(
    ui: &mut Ui,
    checkpoint: Option<&CheckpointInfo>,
    basis: Option<&Basis>,
    prediction: &Prediction,
) {
    let tokens = theme::tokens(ui);
    let (text, of_distance, near) = match prediction.ood {
        Some(ood) if ood.out_of_distribution() => {
            let reason = ood.reason.map_or(String::new(), |reason| format!(": {reason}"));
            (format!("Unlike the training scans{reason}"), distance(ood), false)
        }
        Some(ood) => ("Resembles the training scans".into(), distance(ood), true),
        None => {
            let hover = "This model has nothing to compare a scan with.".into();
            ("Distance from the training scans not measured".into(), hover, false)
        }
    };
    let color = if near { tokens.dim } else { tokens.warning };
    line(ui, &text, color).on_hover_text(of_distance);

    let calibrated = prediction.classes.iter().all(|class| class.calibrated.is_some());
    let local = checkpoint.and_then(|checkpoint| checkpoint.local.as_ref());
    let text = match (local, calibrated) {
        (Some(local), _) => {
            let description = local.description();
            let mut letters = description.chars();
            let first = letters.next().map(|letter| letter.to_uppercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
        (None, true) if uncalibrated_leads(basis) => {
            "Uncalibrated: no temperature was better under shift".into()
        }
        (None, true) => "Calibrated".into(),
        (None, false) => "Not calibrated".into(),
    };
    let temperature = prediction.temperature.map_or(String::new(), |temperature| {
        format!(" The temperature of this scan is {temperature:.2}.")
    });
    let hover = match basis {
        Some(Basis::Reliability(known)) => format!("Fitted on {}.{temperature}", known.fitted_on),
        Some(Basis::Calibration(_, old)) => format!(
            "Calibrated on {}: temperature {:.2}, calibration error {:.3}.",
            old.fitted_on, old.temperature, old.expected_error
        ),
        _ => "The bars are what the network gives itself: how often it is correct at such a number is \
              not known."
            .into(),
    };
    let color = if calibrated { tokens.dim } else { tokens.warning };
    line(ui, &text, color).on_hover_text(hover);
}
