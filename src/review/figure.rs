//! What is drawn of an evaluation.

use serde::{Deserialize, Serialize};

/// A figure of the review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
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
}
