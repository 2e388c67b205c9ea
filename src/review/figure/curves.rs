//! ROC, precision and recall: a line for each class.

use super::Figure;
use super::chart::{Axis, Chart, Ink, Panel, Series};
use crate::evaluate::curves::{ClassCurves, Curves};
use crate::evaluate::metrics::{ClassFigures, Figures};

/// Curves that can be told apart in one figure.
const MOST_CURVES: usize = 12;

pub(super) fn roc(figures: &Figures, curves: &Curves) -> Option<Chart> {
    let lines = classes(figures, curves, |class, of| {
        let area = of.auroc.map_or(String::new(), |area| format!(" {}", area.share()));
        (format!("{}{area}", class.name), class.roc.clone())
    });
    let mut chart = chart(Figure::Roc, lines)?;
    let panel = &mut chart.panels[0];
    panel.x = Axis::share("False positive rate (1 − specificity)");
    panel.y = Axis::share("True positive rate (sensitivity)");
    panel.series.insert(0, Series::diagonal("chance"));
    chart.note =
        "Each class against the others, with the area under its curve and the 95 % interval. "
            .to_owned()
            + ranking(figures)
            + &chart.note;
    Some(chart)
}

pub(super) fn precision_recall(figures: &Figures, curves: &Curves) -> Option<Chart> {
    let lines = classes(figures, curves, |class, of| {
        let average = class.average_precision.map_or(String::new(), |mean| format!(" {mean:.2}"));
        let chance = of.support as f64 / figures.scans.max(1) as f64;
        let name = format!("{}{average} (chance {chance:.2})", class.name);
        (name, steps(&class.precision_recall))
    });
    let mut chart = chart(Figure::PrecisionRecall, lines)?;
    let panel = &mut chart.panels[0];
    panel.x = Axis::share("Recall (sensitivity)");
    panel.y = Axis::share("Precision (positive predictive value)");
    chart.note =
        "Each class against the others, with its average precision, which for chance is the \
                  share of its scans."
            .to_owned()
            + &chart.note;
    Some(chart)
}

/// The areas of [`Figures`] are those of raw probabilities, the curves those of the best there are.
fn ranking(figures: &Figures) -> &'static str {
    match figures.calibrated {
        Some(_) => "The curves rank by calibrated probability, the areas by raw probability.",
        None => "Scans are ranked by raw probability.",
    }
}

/// Names and points of the classes that have a curve, each in its colour.
fn classes(
    figures: &Figures,
    curves: &Curves,
    line: impl Fn(&ClassCurves, &ClassFigures) -> (String, Vec<[f64; 2]>),
) -> Vec<Series> {
    curves
        .classes
        .iter()
        .zip(&figures.classes)
        .enumerate()
        .filter(|(_, (class, _))| !class.roc.is_empty())
        .map(|(index, (class, of))| {
            let (name, points) = line(class, of);
            Series::line(name, Ink::of_class(&class.name, index), points)
        })
        .collect()
}

fn chart(figure: Figure, mut lines: Vec<Series>) -> Option<Chart> {
    let all = lines.len();
    lines.truncate(MOST_CURVES);
    let note = match all > MOST_CURVES {
        true => format!(" The first {MOST_CURVES} of {all} classes are drawn."),
        false => String::new(),
    };
    let (x, y) = (Axis::share(""), Axis::share(""));
    let (title, marks) = (String::new(), Vec::new());
    let panel = Panel { title, x, y, aspect: 1.0, series: lines, marks };
    (all > 0).then(|| Chart { name: figure.name(), panels: vec![panel], note })
}

/// Precision holds from the recall of the point before on.
fn steps(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut recall = 0.0;
    let mut line = Vec::with_capacity(2 * points.len());
    for &[reached, precision] in points {
        line.extend([[recall, precision], [reached, precision]]);
        recall = reached;
    }
    line.dedup();
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_holds_back_to_the_recall_before() {
        assert_eq!(
            steps(&[[0.5, 1.0], [1.0, 0.75]]),
            [[0.0, 1.0], [0.5, 1.0], [0.5, 0.75], [1.0, 0.75]]
        );
    }

    #[test]
    fn no_more_curves_than_can_be_told_apart() {
        let lines = |n| vec![Series::line("a", Ink::Main, vec![[0.0, 0.0]]); n];
        assert!(chart(Figure::Roc, lines(0)).is_none());
        assert_eq!(chart(Figure::Roc, lines(4)).expect("a chart").note, "");
        let many = chart(Figure::Roc, lines(40)).expect("a chart");
        assert_eq!(many.panels[0].series.len(), MOST_CURVES);
        assert_eq!(many.note, " The first 12 of 40 classes are drawn.");
    }
}
