//! How often answers of each confidence were correct, on scans that the network did not learn from.

use serde::{Deserialize, Serialize};

use super::ReliabilityError;

/// Answers of a network to labelled scans that it did not learn from: how often it was correct at a
/// confidence like the one in view is counted from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityTable {
    /// The name of these scans, in the plural: "test scans".
    pub measured_on: String,
    pub answers: Vec<TableAnswer>,
}

/// One answer of a [`ReliabilityTable`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableAnswer {
    /// Hash of the scan's stored pixels, hexadecimal: [`crate::dataset::audit::pixels_hash`].
    pub scan: String,
    /// Index of the class of the largest probability.
    pub predicted: usize,
    /// The probability of that class as it is headlined, 0..=1.
    pub confidence: f32,
    pub correct: bool,
}

/// How often answers like one were correct.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// The confidences that count as like it, `from..to` (1 belongs to the last range).
    pub from: f64,
    pub to: f64,
    /// Whether only answers of the same predicted class were counted.
    pub of_class: bool,
    pub scans: usize,
    pub correct: usize,
}

/// Ranges are narrower where most answers are and where mistakes are worst.
const EDGES: [f64; 9] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0];

/// Answers of the predicted class alone are counted from this number on.
pub const ENOUGH_OF_CLASS: usize = 20;

/// The most answers that a card may hold.
const MOST_ANSWERS: usize = 100_000;

impl ReliabilityTable {
    /// Counts the answers whose confidence lies in the range of `confidence`: those of the class
    /// `predicted` where there are at least [`ENOUGH_OF_CLASS`], all otherwise. The answer to the
    /// scan whose hash is `without` is not counted: it would be evidence for itself.
    ///
    /// `None` where `confidence` is not a probability.
    pub fn observed(
        &self,
        predicted: usize,
        confidence: f32,
        without: Option<&str>,
    ) -> Option<Observed> {
        let range = range_of(confidence)?;
        let like: Vec<&TableAnswer> = self
            .answers
            .iter()
            .filter(|answer| range_of(answer.confidence) == Some(range))
            .filter(|answer| without != Some(answer.scan.as_str()))
            .collect();
        let of_class: Vec<&TableAnswer> =
            like.iter().copied().filter(|answer| answer.predicted == predicted).collect();
        let enough = of_class.len() >= ENOUGH_OF_CLASS;
        let counted = if enough { of_class } else { like };
        Some(Observed {
            from: EDGES[range],
            to: EDGES[range + 1],
            of_class: enough,
            scans: counted.len(),
            correct: counted.iter().filter(|answer| answer.correct).count(),
        })
    }

    pub(super) fn check(&self, classes: usize) -> Result<(), ReliabilityError> {
        if self.answers.len() > MOST_ANSWERS {
            return Err(ReliabilityError::Table(format!("more than {MOST_ANSWERS} answers")));
        }
        let broken = |answer: &&TableAnswer| {
            answer.predicted >= classes || !(0.0..=1.0).contains(&answer.confidence)
        };
        match self.answers.iter().find(broken) {
            Some(answer) => Err(ReliabilityError::Table(format!(
                "an answer of class {} at confidence {}",
                answer.predicted, answer.confidence
            ))),
            None => Ok(()),
        }
    }
}

/// The index of the range that a confidence lies in; `None` where it is not a probability.
fn range_of(confidence: f32) -> Option<usize> {
    // In f32 an edge may lie just below itself, and a sum of probabilities just above 1.
    let slack = f64::from(f32::EPSILON) / 2.0;
    let confidence = f64::from(confidence) + slack;
    let last = EDGES.len() - 2;
    (0.0..=1.0 + 2.0 * slack)
        .contains(&confidence)
        .then(|| EDGES.iter().rposition(|edge| *edge <= confidence).map_or(0, |at| at.min(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(scan: usize, predicted: usize, confidence: f32, correct: bool) -> TableAnswer {
        TableAnswer { scan: format!("{scan:032x}"), predicted, confidence, correct }
    }

    fn table(answers: Vec<TableAnswer>) -> ReliabilityTable {
        ReliabilityTable { measured_on: "test scans".into(), answers }
    }

    #[test]
    fn answers_are_counted_in_the_range_of_their_confidence() {
        let confidences = [0.3, 0.5, 0.95, 0.97, 0.99, 1.0];
        let correct = [false, true, true, false, true, true];
        let answers = (0..6).map(|i| answer(i, i % 2, confidences[i], correct[i])).collect();
        let table = table(answers);
        table.check(2).expect("usable");
        let counts = |confidence| {
            let found = table.observed(0, confidence, None).expect("a probability");
            (found.scans, found.correct)
        };
        assert_eq!(counts(0.1), (1, 0));
        assert_eq!(counts(0.5), (1, 1));
        assert_eq!(counts(0.85), (0, 0));
        assert_eq!(counts(0.95), (2, 1));
        assert_eq!(counts(1.0), (2, 2));
        assert_eq!(table.observed(0, f32::NAN, None), None);
        assert_eq!(table.observed(0, 1.2, None), None);
    }

    #[test]
    fn a_class_of_its_own_counts_where_there_are_enough_and_the_scan_in_view_never() {
        let mut answers: Vec<_> = (0..20).map(|i| answer(i, 0, 0.97, i < 15)).collect();
        answers.extend((20..30).map(|i| answer(i, 1, 0.96, false)));
        let table = table(answers);
        let of = |predicted, without: Option<usize>| {
            let hash = without.map(|scan| format!("{scan:032x}"));
            let found = table.observed(predicted, 0.98, hash.as_deref()).expect("a probability");
            (found.of_class, found.scans, found.correct)
        };
        assert_eq!(of(0, None), (true, 20, 15));
        assert_eq!(of(1, None), (false, 30, 15), "ten of the class are too few");
        assert_eq!(of(0, Some(3)), (false, 29, 14), "nineteen of the class are too few");
        assert_eq!(of(0, Some(25)), (true, 20, 15));
    }

    #[test]
    fn answers_that_cannot_be_are_refused() {
        assert!(table(vec![answer(0, 4, 0.5, true)]).check(4).is_err());
        assert!(table(vec![answer(0, 3, 1.5, true)]).check(4).is_err());
        assert!(table(vec![answer(0, 3, f32::NAN, true)]).check(4).is_err());
    }
}
