//! The figures of an evaluation: what each shows, told once, and drawn by the window
//! (`ui/review/figures.rs`) and as SVG.
//!
//! | file | holds |
//! | --- | --- |
//! | [`chart`] | panels with axes, lines, bars and dots: what both draw |
//! | `curves` | ROC, precision and recall |
//! | `trust` | reliability, and the confidence of right and wrong answers |
//! | `training` | loss, accuracy and learning rate by epoch |
//! | `svg` | a chart as a picture that holds everything it needs |

pub mod chart;
mod curves;
mod svg;
mod training;
mod trust;

use serde::{Deserialize, Serialize};

use crate::evaluate::curves::Curves;
use crate::evaluate::metrics::Figures;
use chart::Chart;
pub use training::TrainingRun;

/// What can be seen of an evaluation beside its matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// A table: it has no chart.
    #[default]
    PerClass,
    Roc,
    PrecisionRecall,
    Reliability,
    Confidence,
    Training,
}

impl Figure {
    pub const ALL: [Self; 6] = [
        Self::PerClass,
        Self::Roc,
        Self::PrecisionRecall,
        Self::Reliability,
        Self::Confidence,
        Self::Training,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::PerClass => "Per class",
            Self::Roc => "ROC",
            Self::PrecisionRecall => "Precision and recall",
            Self::Reliability => "Reliability",
            Self::Confidence => "Confidence",
            Self::Training => "Training",
        }
    }

    /// Why there is nothing to draw, where [`chart`](Self::chart) finds nothing; a sentence for
    /// people.
    pub fn without_data(self) -> &'static str {
        match self {
            Self::PerClass | Self::Reliability | Self::Confidence => "No scan counts.",
            Self::Roc | Self::PrecisionRecall => {
                "A curve needs scans of its class and of others: too few count."
            }
            Self::Training => "This model came without the history of its training.",
        }
    }

    /// What is to be drawn; `None` for the table, and where there is no data.
    pub fn chart(self, figures: &Figures, curves: &Curves, runs: &[TrainingRun]) -> Option<Chart> {
        match self {
            Self::PerClass => None,
            Self::Roc => self::curves::roc(figures, curves),
            Self::PrecisionRecall => self::curves::precision_recall(figures, curves),
            Self::Reliability => trust::reliability(figures),
            Self::Confidence => trust::confidence(figures, curves),
            Self::Training => training::training(runs),
        }
    }
}

/// A figure as an SVG file; `None` as in [`Figure::chart`].
pub fn svg(
    figure: Figure,
    figures: &Figures,
    curves: &Curves,
    runs: &[TrainingRun],
) -> Option<String> {
    figure.chart(figures, curves, runs).map(|chart| chart.svg())
}

#[cfg(test)]
pub(crate) mod tests {
    pub use super::training::tests::history;
    use super::*;
    use crate::evaluate::report::tests::evaluation;

    #[test]
    fn what_there_is_data_for_is_drawn() {
        let evaluation = evaluation("m", &[(1, 0.9, None), (0, 0.8, None), (0, 0.1, None)]);
        let answers: Vec<_> = evaluation.cases.iter().map(|case| &case.answer).collect();
        let curves = Curves::of(&answers, &evaluation.classes);
        let epochs = history();
        let runs = [TrainingRun { model: "m", epochs: &epochs }];
        for figure in Figure::ALL {
            let drawn = svg(figure, &evaluation.parts.all, &curves, &runs);
            assert_eq!(drawn.is_none(), figure == Figure::PerClass, "{figure:?}");
            assert!(
                drawn.is_none_or(|drawn| drawn.contains(figure.name()) && !drawn.contains("NaN"))
            );
        }
        let empty = crate::evaluate::metrics::figures(&[], &evaluation.classes, Default::default());
        for figure in Figure::ALL {
            assert_eq!(svg(figure, &empty, &Curves::default(), &[]), None, "{figure:?}");
        }
    }
}
