//! Which cases are listed, and in which order.

use serde::{Deserialize, Serialize};

use super::{Cell, Review};
use crate::evaluate::report::Case;
use crate::review::word::Verdict;
use crate::system::names::natural;

/// Part of the confusion matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// Everything off the diagonal.
    #[default]
    Wrong,
    All,
    Cell {
        truth: usize,
        predicted: usize,
    },
    /// A row.
    Truth(usize),
    /// A column.
    Predicted(usize),
    /// Cases to which the second model gave another answer.
    Disagreements,
}

impl Selection {
    /// Whether an answer is in it. What the second model says, the caller knows.
    pub fn holds(self, truth: usize, predicted: usize, disagrees: impl FnOnce() -> bool) -> bool {
        match self {
            Self::Wrong => truth != predicted,
            Self::All => true,
            Self::Cell { truth: t, predicted: p } => truth == t && predicted == p,
            Self::Truth(t) => truth == t,
            Self::Predicted(p) => predicted == p,
            Self::Disagreements => disagrees(),
        }
    }

    /// For people: "glioma → meningioma".
    pub fn name(self, classes: &[String]) -> String {
        let class = |index: usize| classes.get(index).map_or("", String::as_str);
        match self {
            Self::Wrong => "Everything wrong".into(),
            Self::All => "All cases".into(),
            Self::Cell { truth, predicted } if truth == predicted => {
                format!("{}, right", class(truth))
            }
            Self::Cell { truth, predicted } => format!("{} → {}", class(truth), class(predicted)),
            Self::Truth(truth) => format!("True {}", class(truth)),
            Self::Predicted(predicted) => format!("Predicted {}", class(predicted)),
            Self::Disagreements => "Where the models disagree".into(),
        }
    }

    /// Whether every class in it exists.
    pub(crate) fn fits(self, classes: usize) -> bool {
        match self {
            Self::Wrong | Self::All | Self::Disagreements => true,
            Self::Cell { truth, predicted } => truth < classes && predicted < classes,
            Self::Truth(class) | Self::Predicted(class) => class < classes,
        }
    }
}

/// What narrows the list down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Part of the scan's name or of the reader's comment, whatever its case.
    pub text: String,
    /// Confidence from and to, 0..=1.
    pub confidence: [f32; 2],
    pub badge: Option<Badge>,
}

impl Filter {
    /// Whether the reader's words decide what is listed.
    fn asks_for_words(&self) -> bool {
        let of_words = [Badge::Disputed, Badge::Reviewed, Badge::NotReviewed];
        !self.text.is_empty() || self.badge.is_some_and(|badge| of_words.contains(&badge))
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self { text: String::new(), confidence: [0.0, 1.0], badge: None }
    }
}

/// What stands beside a case in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    Person,
    Twin,
    LeftOut,
    Contradiction,
    Unfamiliar,
    Disputed,
    Reviewed,
    NotReviewed,
}

impl Badge {
    /// What is known of the scan itself, whatever the reader says of it.
    pub const OF_SCAN: [Self; 5] =
        [Self::Person, Self::Twin, Self::LeftOut, Self::Contradiction, Self::Unfamiliar];

    pub const ALL: [Self; 8] = [
        Self::Person,
        Self::Twin,
        Self::LeftOut,
        Self::Contradiction,
        Self::Unfamiliar,
        Self::Disputed,
        Self::Reviewed,
        Self::NotReviewed,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "Person in training",
            Self::Twin => "Twin in training",
            Self::LeftOut => "Copy left out",
            Self::Contradiction => "Contradictory label",
            Self::Unfamiliar => "Unfamiliar",
            Self::Disputed => "Disputed",
            Self::Reviewed => "Reviewed",
            Self::NotReviewed => "Not reviewed",
        }
    }

    /// What it means, for people.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::Person => "The model has learned from another scan of this person",
            Self::Twin => "The model has learned from a copy of this scan",
            Self::LeftOut => "A copy of this scan was left out of training on purpose",
            Self::Contradiction => "A copy of this scan has another label",
            Self::Unfamiliar => "Unlike the training scans: no class is certain",
            Self::Disputed => "You found that its label looks wrong",
            Self::Reviewed => "You said something about it",
            Self::NotReviewed => "You have not said anything about it yet",
        }
    }

    /// Whether a case has it.
    pub fn is_on(self, review: &Review, case: &Case) -> bool {
        match self {
            Self::Person => case.person_in_training == Some(true),
            Self::Twin => case.twin_in_training == Some(true),
            Self::LeftOut => case.copy_left_out == Some(true),
            Self::Contradiction => case.label_conflict,
            Self::Unfamiliar => case.answer.unfamiliar == Some(true),
            Self::Disputed => {
                review.word(case).is_some_and(|word| word.verdict == Some(Verdict::LabelWrong))
            }
            Self::Reviewed => review.word(case).is_some(),
            Self::NotReviewed => review.word(case).is_none(),
        }
    }
}

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    MostConfident,
    LeastConfident,
    LeastFamiliar,
    Name,
}

impl Order {
    pub const ALL: [Self; 4] =
        [Self::MostConfident, Self::LeastConfident, Self::LeastFamiliar, Self::Name];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::MostConfident => "Most confident first",
            Self::LeastConfident => "Least confident first",
            Self::LeastFamiliar => "Least familiar first",
            Self::Name => "By name",
        }
    }

    /// What cases are sorted by, the smallest first; nothing where their names decide.
    fn key(self, case: &Case) -> f32 {
        match self {
            Self::MostConfident => -case.confidence(),
            Self::LeastConfident => case.confidence(),
            Self::LeastFamiliar => -case.familiarity.unwrap_or(f32::NEG_INFINITY),
            Self::Name => 0.0,
        }
    }
}

impl Review {
    /// Makes the list and the matrix anew, after anything they rest on has changed.
    pub(in crate::state) fn arrange(&mut self) {
        self.list();
        self.count_words();
    }

    /// As [`Self::arrange`], where only the reader's words have changed.
    pub(in crate::state) fn arrange_words(&mut self) {
        if self.filter.asks_for_words() {
            self.list();
        }
        self.count_words();
    }

    fn list(&mut self) {
        let sieve = Sieve::new(self);
        let cases = self.cases();
        let of = |(index, case)| (self.order.key(case), index);
        let mut listed: Vec<(f32, usize)> =
            cases.iter().enumerate().filter(|(_, case)| sieve.passes(self, case)).map(of).collect();
        let whole = self.evaluated.is_some();
        listed.sort_unstable_by(|(a, i), (b, j)| {
            // Whole, they lie in the order of their names.
            let by_name =
                || if whole { i.cmp(j) } else { natural(&cases[*i].path, &cases[*j].path) };
            a.total_cmp(b).then_with(by_name)
        });
        self.listed = listed.into_iter().map(|(_, index)| index).collect();
    }

    fn count_words(&mut self) {
        self.matrix = self.count();
        let cases = self.cases();
        let mut of_list = Cell::default();
        self.listed.iter().for_each(|&index| of_list.add(self.word(&cases[index])));
        self.of_list = of_list;
    }

    /// Takes a case in, where it belongs.
    pub(in crate::state) fn add(&mut self, case: Case) {
        let word = self.word(&case).cloned();
        if self.without.counts(&case) {
            self.matrix.add(&case, word.as_ref());
        }
        let index = self.incoming.len();
        if Sieve::new(self).passes(self, &case) {
            let (key, cases) = (self.order.key(&case), &self.incoming);
            let before = |&other: &usize| {
                let other = &cases[other];
                let by_name = || natural(&other.path, &case.path);
                self.order.key(other).total_cmp(&key).then_with(by_name).is_lt()
            };
            let place = self.listed.partition_point(before);
            self.listed.insert(place, index);
            self.of_list.add(word.as_ref());
        }
        self.incoming.push(case);
    }

    /// Whether the second model gave a case another answer.
    fn disagrees(&self, case: &Case) -> bool {
        self.other.as_ref().is_some_and(|other| other.disagreements.contains(&case.path))
    }
}

/// What decides whether a case is listed.
struct Sieve {
    /// In small letters.
    text: String,
}

impl Sieve {
    fn new(review: &Review) -> Self {
        Self { text: review.filter.text.trim().to_lowercase() }
    }

    fn passes(&self, review: &Review, case: &Case) -> bool {
        let answer = &case.answer;
        let [low, high] = review.filter.confidence;
        review.without.counts(case)
            && review.selection.holds(answer.truth, answer.predicted, || review.disagrees(case))
            && (low..=high).contains(&case.confidence())
            && review.filter.badge.is_none_or(|badge| badge.is_on(review, case))
            && self.speaks_of(review, case)
    }

    fn speaks_of(&self, review: &Review, case: &Case) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.text);
        self.text.is_empty()
            || has(&case.path)
            || review.word(case).is_some_and(|word| has(&word.comment))
    }
}
