//! An evaluation as tables to read in a terminal.

use std::fmt::Write as _;

use crate::evaluate::bootstrap::Estimate;
use crate::evaluate::compare::{Comparison, McNemar};
use crate::evaluate::metrics::{Figures, Trust};
use crate::evaluate::reliability::CONFIDENT;
use crate::evaluate::report::Evaluation;

/// Disagreements that are printed; the files hold all of them.
const SHOWN: usize = 20;
const LABEL: usize = 36;
const COLUMN: usize = 24;
/// What is undefined.
const DASH: &str = "–";

/// Everything about one model on one test set. Writing into a string cannot fail.
pub(super) fn evaluation(of: &Evaluation) -> String {
    let text = format!(
        "{} on {} · not for diagnostic use\n{}\n\n",
        of.model.name,
        printable(&of.test_set.folder),
        about(of)
    );
    let mut table = Table { text, parts: of.parts.named() };
    table.heads("95 % intervals in brackets");
    table.row("scans", &|f| f.scans.to_string());
    table.row("accuracy", &|f| percent(f.accuracy));
    table.row("balanced accuracy", &|f| percent(f.balanced_accuracy));
    table.trust("raw", &|f| Some(&f.raw));
    if of.parts.all.calibrated.is_some() {
        table.trust("calibrated", &|f| f.calibrated.as_ref());
    }
    if of.parts.all.conformal.is_some() {
        table.row("sets hold the truth", &|f| {
            percent(f.conformal.as_ref().and_then(|sets| sets.coverage))
        });
        table.row("classes in a set", &|f| number(f.conformal.as_ref().and_then(|sets| sets.size)));
    }
    if of.parts.all.unfamiliar.is_some() {
        table.row("unlike the training scans", &|f| {
            f.unfamiliar.map_or(DASH.into(), |count| count.to_string())
        });
    }
    if of.parts.all.selective.is_some() {
        table.row("answered (one class, familiar)", &|f| {
            percent(f.selective.as_ref().and_then(|selective| selective.answered))
        });
        table.row("correct when answered", &|f| {
            percent(f.selective.as_ref().and_then(|selective| selective.correct))
        });
    }
    let Table { mut text, parts } = table;
    for (name, figures) in parts.iter().filter(|(_, figures)| figures.scans > 0) {
        let _ = write!(text, "\n{}", classes(name, figures));
        let _ = write!(text, "\n{}", matrix(name, figures));
    }
    text
}

/// Sentences on what was read and what leaks.
fn about(of: &Evaluation) -> String {
    let all = &of.parts.all;
    let mut text = format!("{} scans, {} of them different", all.scans, all.groups);
    if !of.unreadable.is_empty() {
        let _ = write!(text, "; {} more could not be read", of.unreadable.len());
    }
    let conflicts = of.cases.iter().filter(|case| case.label_conflict).count();
    if conflicts > 0 {
        let _ = write!(text, "; {conflicts} have a copy with another label");
    }
    if of.parts.all.calibrated.is_none() {
        text.push_str("; probabilities are not calibrated");
    }
    format!("{text}.\n{}", of.leak())
}

/// The parts side by side.
struct Table<'a> {
    text: String,
    parts: Vec<(&'static str, &'a Figures)>,
}

impl Table<'_> {
    fn heads(&mut self, label: &str) {
        let heads: Vec<String> = self.parts.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.line(label, &heads);
    }

    fn row(&mut self, label: &str, cell: &dyn Fn(&Figures) -> String) {
        let cells: Vec<String> = self.parts.iter().map(|(_, figures)| cell(figures)).collect();
        self.line(label, &cells);
    }

    /// What one kind of probabilities is worth.
    fn trust(&mut self, kind: &str, trust: &dyn Fn(&Figures) -> Option<&Trust>) {
        self.row(&format!("calibration error, {kind}"), &|f| {
            number(trust(f).and_then(|trust| trust.expected_calibration_error))
        });
        self.row(&format!("mistakes above {CONFIDENT}, {kind}"), &|f| {
            trust(f).map_or(DASH.into(), |trust| {
                let share = trust.confident_share.map(|s| format!(": {:.1} %", s.value * 100.0));
                let count = format!("{} of {}", trust.confident_mistakes, trust.mistakes);
                count + &share.unwrap_or_default()
            })
        });
    }

    fn line(&mut self, label: &str, cells: &[String]) {
        let cells: String = cells.iter().map(|cell| format!("{cell:<COLUMN$}")).collect();
        let line = format!("{label:<LABEL$}{cells}");
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

fn classes(name: &str, figures: &Figures) -> String {
    let mut text = format!(
        "{:<20}{:>7}  {:<23}{:<23}{:<23}{:<18}AUROC\n",
        name, "scans", "precision", "sensitivity", "specificity", "F1"
    );
    for class in &figures.classes {
        let _ = writeln!(
            text,
            "{:<20}{:>7}  {:<23}{:<23}{:<23}{:<18}{}",
            printable(&class.name),
            class.support,
            percent(class.precision),
            percent(class.sensitivity),
            percent(class.specificity),
            number(class.f1),
            number(class.auroc)
        );
    }
    text
}

fn matrix(name: &str, figures: &Figures) -> String {
    let width = figures.classes.iter().map(|class| class.name.chars().count()).max().unwrap_or(0);
    let width = width.max(5) + 2;
    let mut text = format!("{name}: true class in rows, predicted in columns\n{:<width$}", "");
    for class in &figures.classes {
        let _ = write!(text, "{:>width$}", printable(&class.name));
    }
    text.push('\n');
    for (class, row) in figures.classes.iter().zip(&figures.confusion) {
        let _ = write!(text, "{:<width$}", printable(&class.name));
        row.iter().for_each(|count| {
            let _ = write!(text, "{count:>width$}");
        });
        text.push('\n');
    }
    text
}

/// Where two models differ.
pub(super) fn comparison(of: &Comparison) -> String {
    let [first, second] = &of.models;
    let mut text = format!("{first} against {second}\n{}", test(of, "scans", &of.all));
    if let Some(unseen) = &of.unseen {
        text.push_str(&test(of, "scans that neither has learned from", unseen));
    }
    let count = of.disagreements.len();
    let shown = if count > SHOWN { format!("; the first {SHOWN}") } else { String::new() };
    let _ = writeln!(text, "different answers to {count} scans{shown}");
    for scan in of.disagreements.iter().take(SHOWN) {
        let [a, b] = &scan.predicted;
        let [sure_a, sure_b] = scan.confidence;
        let path = printable(&scan.path);
        let _ =
            writeln!(text, "  {path} is {}: {a} {sure_a:.2} against {b} {sure_b:.2}", scan.truth);
    }
    text
}

fn test(of: &Comparison, what: &str, test: &McNemar) -> String {
    let [first, second] = &of.models;
    format!(
        "{} {what}: both right {}, only {first} {}, only {second} {}, both wrong {}; McNemar's p = {} ({})\n",
        test.scans,
        test.both_right,
        test.only_first_right,
        test.only_second_right,
        test.both_wrong,
        if test.p < 1e-4 { "below 0.0001".into() } else { format!("{:.4}", test.p) },
        test.method.name()
    )
}

/// "76.1 % [71.9–80.2]"; a dash where it is undefined.
fn percent(estimate: Option<Estimate>) -> String {
    estimate.map_or(DASH.into(), Estimate::percent)
}

fn number(estimate: Option<Estimate>) -> String {
    let text = |estimate: Estimate| {
        let interval = estimate.interval.map(|[low, high]| format!(" [{low:.2}–{high:.2}]"));
        format!("{:.3}{}", estimate.value, interval.unwrap_or_default())
    };
    estimate.map_or(DASH.into(), text)
}

/// A name may hold line ends or a terminal's commands.
fn printable(name: &str) -> String {
    name.replace(char::is_control, "?")
}
