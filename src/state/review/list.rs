//! Which cases are listed, and in which order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Cell, Review};
use crate::evaluate::report::Case;
use crate::review::word::Verdict;

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
    pub fn holds(self, truth: usize, predicted: usize, disagreement: bool) -> bool {
        match self {
            Self::Wrong => truth != predicted,
            Self::All => true,
            Self::Cell { truth: t, predicted: p } => truth == t && predicted == p,
            Self::Truth(t) => truth == t,
            Self::Predicted(p) => predicted == p,
            Self::Disagreements => disagreement,
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

impl Default for Filter {
    fn default() -> Self {
        Self { text: String::new(), confidence: [0.0, 1.0], badge: None }
    }
}

/// What stands beside a case in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    Twin,
    LeftOut,
    Contradiction,
    Unfamiliar,
    Disputed,
    Reviewed,
    NotReviewed,
}

impl Badge {
    pub const ALL: [Self; 7] = [
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

    /// Which of two cases comes first; names decide where nothing else does.
    fn compare(self, a: &Case, b: &Case) -> Ordering {
        let unlike = |case: &Case| case.familiarity.unwrap_or(f32::NEG_INFINITY);
        let first = match self {
            Self::MostConfident => b.confidence().total_cmp(&a.confidence()),
            Self::LeastConfident => a.confidence().total_cmp(&b.confidence()),
            Self::LeastFamiliar => unlike(b).total_cmp(&unlike(a)),
            Self::Name => Ordering::Equal,
        };
        first.then_with(|| natural(&a.path, &b.path))
    }
}

/// Names with numbers in them as people sort them: image(9) before image(10).
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        match (digits(a), digits(b)) {
            (0, _) | (_, 0) => match (a.chars().next(), b.chars().next()) {
                (Some(x), Some(y)) if x == y => {
                    (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
                }
                (x, y) => return x.cmp(&y),
            },
            (n, m) => {
                let (x, y) = (a[..n].trim_start_matches('0'), b[..m].trim_start_matches('0'));
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y)).then(n.cmp(&m));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (&a[n..], &b[m..]);
            }
        }
    }
}

impl Review {
    /// Makes the list and the matrix anew, after anything they rest on has changed.
    pub(in crate::state) fn arrange(&mut self) {
        self.matrix = self.count();
        let cases = self.cases();
        let mut listed: Vec<usize> =
            (0..cases.len()).filter(|&index| self.lists(&cases[index])).collect();
        listed.sort_unstable_by(|&a, &b| self.order.compare(&cases[a], &cases[b]));
        let mut of_list = Cell::default();
        listed.iter().for_each(|&index| of_list.add(self.words.get(&cases[index].sha256)));
        (self.listed, self.of_list) = (listed, of_list);
    }

    /// Takes a case in, where it belongs.
    pub(in crate::state) fn add(&mut self, case: Case) {
        if self.without.counts(&case) {
            self.matrix.add(&case, self.words.get(&case.sha256));
        }
        let index = self.incoming.len();
        if self.lists(&case) {
            let cases = &self.incoming;
            let place = self
                .listed
                .partition_point(|&other| self.order.compare(&cases[other], &case).is_lt());
            self.listed.insert(place, index);
            self.of_list.add(self.words.get(&case.sha256));
        }
        self.incoming.push(case);
    }

    /// Whether a case belongs in the list.
    fn lists(&self, case: &Case) -> bool {
        let answer = &case.answer;
        let [low, high] = self.filter.confidence;
        let confidence = case.confidence();
        self.without.counts(case)
            && self.selection.holds(answer.truth, answer.predicted, self.disagrees(case))
            && (low..=high).contains(&confidence)
            && self.filter.badge.is_none_or(|badge| badge.is_on(self, case))
            && self.speaks_of(case)
    }

    /// Whether the second model gave a case another answer.
    fn disagrees(&self, case: &Case) -> bool {
        self.other.as_ref().is_some_and(|other| other.disagreements.contains(&case.path))
    }

    fn speaks_of(&self, case: &Case) -> bool {
        let wanted = self.filter.text.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        wanted.is_empty()
            || has(&case.path)
            || self.word(case).is_some_and(|word| has(&word.comment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_sorted_as_numbers() {
        let mut names = ["image(10).jpg", "image(9).jpg", "image(009).jpg", "a", "image", "Ä2"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "image", "image(9).jpg", "image(009).jpg", "image(10).jpg", "Ä2"]);
    }
}
