//! An evaluation as one page that holds everything: to be read in a browser, printed, or sent.
//! It runs nothing and fetches nothing.
//!
//! | file | holds |
//! | --- | --- |
//! | `page` | the page itself: tables, terms, style |
//! | `summary` | what was tested, how good it is, how much of it leaked |
//! | `matrix` | confusion matrices and the figures of each class |
//! | `cases` | mistakes, disputed labels, chosen cases with their maps, unreadable files |
//! | `comparison` | a second model on the same scans |
//! | `model` | the model's card |

mod cases;
mod comparison;
mod matrix;
mod model;
mod page;
mod summary;

use std::time::SystemTime;

use super::figure::chart::Chart;
use super::figure::{Figure, TrainingRun};
use super::word::Words;
use crate::evaluate::curves::Curves;
use crate::evaluate::metrics::Figures;
use crate::evaluate::parts::Without;
use crate::evaluate::report::{Case, Evaluation};
use crate::model::card::Card;
use crate::train::history::Epoch;
use page::Page;

/// What the page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub evaluation: &'a Evaluation,
    /// Which of its cases do not count.
    pub without: Without,
    /// Of the cases that count.
    pub figures: &'a Figures,
    /// Of the cases that count.
    pub curves: &'a Curves,
    /// A second model on the same test set.
    pub other: Option<&'a Evaluation>,
    pub words: &'a Words,
    /// Of the evaluation's model.
    pub card: &'a Card,
    /// How it was trained; may be empty.
    pub history: &'a [Epoch],
    /// The cases that are shown with their maps.
    pub cases: &'a [Pictured],
    /// Its day stands on the page.
    pub written: SystemTime,
}

/// A case in pictures, each a PNG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictured {
    /// As [`Case::path`].
    pub name: String,
    /// The layer of the maps.
    pub layer: String,
    pub scan: Vec<u8>,
    /// The scan under the map of the predicted class.
    pub predicted: Vec<u8>,
    /// The scan under the map of the true class, where that is another.
    pub truth: Option<Vec<u8>>,
}

impl<'a> Report<'a> {
    /// The cases that count, in the order of the test set.
    fn counting(&self) -> impl Iterator<Item = &'a Case> {
        let without = self.without;
        self.evaluation.cases.iter().filter(move |case| without.counts(case))
    }
}

/// The page. Whatever comes from files, names and people stands on it as text.
pub fn html(report: &Report) -> String {
    let mut page = Page::default();
    summary::write(&mut page, report);
    page.section("Confusion matrix");
    matrix::write(&mut page, &report.evaluation.classes, &report.figures.confusion);
    page.section("Figures of each class");
    matrix::per_class(&mut page, report.figures);
    figures(&mut page, report);
    if let Some(other) = report.other {
        comparison::write(&mut page, report, other);
    }
    cases::pictured(&mut page, report);
    cases::mistakes(&mut page, report);
    cases::disputed(&mut page, report);
    cases::unreadable(&mut page, report.evaluation);
    model::write(&mut page, report);
    let title =
        format!("{} on {}", report.evaluation.model.name, report.evaluation.test_set.folder);
    page.finish(&title)
}

impl Report<'_> {
    /// How the model was trained.
    fn training_run(&self) -> TrainingRun<'_> {
        TrainingRun { model: &self.evaluation.model.name, epochs: self.history }
    }
}

/// Those of the answers; that of the training stands beside the model's card.
fn figures(page: &mut Page, report: &Report) {
    let charts: Vec<Chart> = Figure::ALL
        .into_iter()
        .filter(|figure| *figure != Figure::Training)
        .filter_map(|figure| figure.chart(report.figures, report.curves, &[]))
        .collect();
    if charts.is_empty() {
        return;
    }
    page.section("Curves and confidence");
    page.open("div", "charts");
    charts.iter().for_each(|chart| page.chart(chart));
    page.close("div");
}

#[cfg(test)]
mod tests;
