//! What the model in use says along the series that is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::session::Session;
use crate::model::prediction::Prediction;

/// The predictions of the slices of a series, as far as they are known.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    predictions: &'a BTreeMap<usize, Arc<Prediction>>,
    classes: &'a [String],
    /// The class that is explained.
    pub explained: Option<usize>,
}

impl<'a> Profile<'a> {
    /// Of the series that is shown; `None` as long as nothing is known of it.
    pub fn of(session: &'a Session) -> Option<Self> {
        let predictions = session.profile(session.shown()?.number)?;
        let classes = &session.checkpoint()?.card.classes;
        let fits = |prediction: &Arc<Prediction>| prediction.classes.len() == classes.len();
        let whole = !predictions.is_empty() && predictions.values().all(fits);
        let explained = session.explained_class().filter(|&class| class < classes.len());
        whole.then_some(Self { predictions, classes, explained })
    }

    /// In the order of the logits.
    pub fn classes(&self) -> &'a [String] {
        self.classes
    }

    /// The class that is explained, for people.
    pub fn explained_name(&self) -> Option<&'a str> {
        Some(self.classes[self.explained?].as_str())
    }

    /// What is known of a slice, from 0.
    pub fn at(&self, slice: usize) -> Option<&'a Prediction> {
        self.predictions.get(&slice).map(Arc::as_ref)
    }

    /// The slices that are known, in their order.
    pub fn slices(&self) -> impl Iterator<Item = (usize, &'a Prediction)> + use<'a> {
        self.predictions.iter().map(|(&slice, prediction)| (slice, prediction.as_ref()))
    }

    /// Slices that are unlike the training scans.
    pub fn unlike(&self) -> impl Iterator<Item = usize> + use<'a> {
        let unlike = |(_, found): &(usize, &Prediction)| found.out_of_distribution() == Some(true);
        self.slices().filter(unlike).map(|(slice, _)| slice)
    }

    /// The slice with the largest logit of the class that is explained: the sum of what the network
    /// found for it and against it. Slices unlike the training scans do not count, unless all are.
    pub fn strongest(&self) -> Option<usize> {
        let class = self.explained?;
        let all_unlike = self.unlike().count() == self.predictions.len();
        let counts = |(_, found): &(usize, &Prediction)| {
            all_unlike || found.out_of_distribution() != Some(true)
        };
        let logit = |found: &Prediction| found.classes[class].logit;
        let strongest =
            self.slices().filter(counts).max_by(|(_, a), (_, b)| logit(a).total_cmp(&logit(b)));
        strongest.map(|(slice, _)| slice)
    }

    /// The same in words, for those who do not see the curves.
    pub fn description(&self) -> String {
        let known = self.predictions.len();
        let most = |class: usize| {
            let of = |found: &Prediction| found.classes[class].best_probability();
            let most = self.slices().max_by(|(_, a), (_, b)| of(a).total_cmp(&of(b)));
            most.map(|(slice, found)| {
                format!("{} at most {:.2} in slice {}", self.classes[class], of(found), slice + 1)
            })
        };
        let most: Vec<String> = (0..self.classes.len()).filter_map(most).collect();
        format!("probabilities of {known} slices: {}", most.join(", "))
    }
}
