//! Confusion matrices, and the figures of each class.

use super::page::Page;
use super::summary::share;
use crate::evaluate::metrics::Figures;

/// Classes that a page has room for.
const MOST_CLASSES: usize = 20;
/// Behind right and wrong answers: blue and red.
const RIGHT: [u8; 3] = [0x1f, 0x55, 0xc9];
const WRONG: [u8; 3] = [0xb8, 0x23, 0x23];
/// Of the darkest cell: text on it can still be read.
const DARKEST: f64 = 0.5;

/// A matrix with counts and the share of each true class, and totals.
pub(super) fn write(page: &mut Page, classes: &[String], confusion: &[Vec<u64>]) {
    if classes.len() > MOST_CLASSES {
        return page.note(&format!(
            "A matrix of {} classes has no room on a page; the table of cases holds every answer.",
            classes.len()
        ));
    }
    page.open("table", "matrix");
    page.open("thead", "");
    page.open("tr", "");
    page.element("th", "row", "");
    classes.iter().for_each(|class| page.element("th", "", class));
    page.element("th", "", "Scans");
    page.close("tr");
    page.close("thead");
    page.open("tbody", "");
    for (truth, (class, row)) in classes.iter().zip(confusion).enumerate() {
        let total: u64 = row.iter().sum();
        page.open("tr", "");
        page.element("th", "row", class);
        for (predicted, &count) in row.iter().enumerate() {
            let rate = count as f64 / total.max(1) as f64;
            let color = if truth == predicted { RIGHT } else { WRONG };
            page.shaded(
                &count.to_string(),
                &format!("{:.1} %", 100.0 * rate),
                color,
                rate * DARKEST,
            );
        }
        page.element("td", "total", &total.to_string());
        page.close("tr");
    }
    page.open("tr", "");
    page.element("th", "row", "Predicted");
    let sum = |class: usize| confusion.iter().map(|row| row[class]).sum::<u64>();
    let sums: Vec<u64> = (0..classes.len()).map(sum).collect();
    sums.iter().for_each(|sum| page.element("td", "total", &sum.to_string()));
    page.element("td", "total", &sums.iter().sum::<u64>().to_string());
    page.close("tr");
    page.close("tbody");
    page.close("table");
    page.note("True classes in rows, predicted classes in columns; per cent of the true class.");
}

/// Precision, sensitivity and the like, with intervals.
pub(super) fn per_class(page: &mut Page, figures: &Figures) {
    let head = ["Class", "Scans", "Precision", "Sensitivity", "Specificity", "F1", "AUROC"];
    let rows = figures.classes.iter().map(|class| {
        let mut row = vec![class.name.clone(), class.support.to_string()];
        let of = [class.precision, class.sensitivity, class.specificity, class.f1, class.auroc];
        row.extend(of.map(share));
        row
    });
    page.table("numbers", &head, rows);
    page.note("AUROC is that of the raw probability, each class against the others.");
}
