//! Receiver operating characteristic, precision and recall of each class, and how sure right and
//! wrong answers were.

/// The curves of one test set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// In the order of the model's classes.
    pub classes: Vec<ClassCurves>,
    /// Right answers by the probability of the predicted class, calibrated where the model is, in
    /// [`HISTOGRAM_BINS`] equal bins of 0..=1.
    pub right: Vec<u64>,
    /// Wrong answers, as above.
    pub wrong: Vec<u64>,
}

/// One class against the others, ranked by its probability.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassCurves {
    pub name: String,
    /// False positive rate and true positive rate, from (0, 0) to (1, 1); empty where the class or
    /// the others have no scan. At most [`MOST_POINTS`].
    pub roc: Vec<[f64; 2]>,
    /// Recall and precision, from the highest threshold to the lowest; empty as above.
    pub precision_recall: Vec<[f64; 2]>,
    /// Area under the second as the sum of precision times gain in recall; `None` where it is empty.
    pub average_precision: Option<f64>,
}

pub const HISTOGRAM_BINS: usize = 20;
/// Points of a curve that are kept: more cannot be told apart on a screen.
pub const MOST_POINTS: usize = 1000;
