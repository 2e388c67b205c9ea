//! The model's card: what it was trained on, how, and what it must not be used for.

use std::collections::BTreeMap;

use super::Report;
use super::page::Page;
use crate::model::card::Card;
use crate::review::figure::Figure;

pub(super) fn write(page: &mut Page, report: &Report) {
    let card = report.card;
    page.section("The model's card");
    page.warning(&card.limits);
    let input = &card.input;
    let learned = |count: usize| match count {
        0 => "none listed".to_owned(),
        count => format!("{count} scans"),
    };
    page.terms(&[
        ("Architecture", card.architecture.name().into()),
        ("Classes", card.classes.join(", ")),
        ("Input", format!("{0} × {0} pixels, {1} channels", input.size, input.channels)),
        ("Training data", card.training_data.clone()),
        ("Protocol", card.protocol.clone()),
        ("Learned from", learned(card.learned_from.len())),
        ("Left out of training", learned(card.left_out.len())),
        ("Calibration", calibration(card)),
        ("Distance from the training data", distance(card)),
        ("Command line", card.command_line.clone()),
        ("Weights, SHA-256", card.sha256.clone()),
    ]);
    let training = Figure::Training.chart(report.figures, report.curves, &[report.training_run()]);
    if let Some(training) = training {
        page.open("div", "alone");
        page.chart(&training);
        page.close("div");
    }
    let metrics = metrics(&card.metrics);
    if !metrics.is_empty() {
        page.subsection("Figures on the card");
        page.table("numbers long", &["", "Value"], metrics);
    }
}

fn calibration(card: &Card) -> String {
    if let Some(known) = &card.reliability {
        let measured: Vec<String> = known
            .sets
            .measured
            .iter()
            .map(|of| {
                let (held, size) = (100.0 * of.coverage, of.mean_size);
                format!("{held:.1} % of {} {}, {size:.2} classes on average", of.scans, of.on)
            })
            .collect();
        return format!(
            "temperature {:.2} + {:.2} · ln(1 + distance), fitted on {}; sets that aim to hold the true \
             class {:.0} times in 100 held it in {}",
            known.temperature.base,
            known.temperature.slope,
            known.fitted_on,
            100.0 * known.sets.coverage,
            measured.join("; ")
        );
    }
    let Some(known) = card.calibration.as_ref() else {
        return "none: probabilities are what the network gives itself".into();
    };
    let conformal = &known.conformal;
    format!(
        "temperature {:.2}, fitted on {}; expected calibration error there {:.3}; conformal sets \
         made to hold the true class {:.0} times in 100",
        known.temperature,
        known.fitted_on,
        known.expected_error,
        100.0 * conformal.coverage
    )
}

fn distance(card: &Card) -> String {
    if let Some(known) = &card.reliability {
        return known.ood.method.clone();
    }
    let Some(known) = &card.familiarity else { return "not measured".into() };
    format!("{}; unfamiliar above {:.2}", known.score, known.threshold)
}

/// A row for each figure, with its interval where the card has one as "…_low" and "…_high".
fn metrics(metrics: &BTreeMap<String, f64>) -> Vec<Vec<String>> {
    let bound = |name: &str, end: &str| metrics.get(&format!("{name}_{end}"));
    let is_bound = |name: &str| {
        let of = name.strip_suffix("_low").or_else(|| name.strip_suffix("_high"));
        of.is_some_and(|of| metrics.contains_key(of))
    };
    metrics
        .iter()
        .filter(|(name, _)| !is_bound(name))
        .map(|(name, value)| {
            let mut text = number(*value);
            if let (Some(low), Some(high)) = (bound(name, "low"), bound(name, "high")) {
                text += &format!(" [{}–{}]", number(*low), number(*high));
            }
            vec![name.replace('_', " "), text]
        })
        .collect()
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() > 1.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_beside_its_interval() {
        let list = [("a_b", 0.5), ("a_b_low", 0.25), ("a_b_high", 0.75), ("scans", 394.0)];
        let list = list.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        assert_eq!(metrics(&list), [["a b", "0.500 [0.250–0.750]"], ["scans", "394"]]);
    }
}
