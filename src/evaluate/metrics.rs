//! Answers to figures: plain numbers, nothing here needs the network.
//!
//! What is undefined is `None`: the sensitivity for a class without scans, the precision of one
//! that was never predicted.

use serde::{Deserialize, Serialize};

use super::bootstrap::{Bootstrap, Estimate, group_count};
use super::reliability::{Claim, ReliabilityBin, Tally};

/// A model's answer to one scan of known class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Index of the true class, in the model's order.
    pub truth: usize,
    /// Index of the class with the largest logit.
    pub predicted: usize,
    /// Softmax of the logits, one for each class, 0..=1.
    pub probabilities: Vec<f32>,
    /// The same over the card's temperature; `None` where the card has none.
    pub calibrated: Option<Vec<f32>>,
    /// Indices of the classes that the card's conformal rule cannot exclude.
    pub conformal_set: Option<Vec<usize>>,
    /// Whether the scan is unlike the training scans; `None` where the card cannot tell.
    pub unfamiliar: Option<bool>,
    /// Copies of one scan within the test set share a number.
    pub group: usize,
}

impl Answer {
    /// Whether the predicted class is the true one.
    pub fn correct(&self) -> bool {
        self.predicted == self.truth
    }
}

/// What a list of answers amounts to. Shares are 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    pub scans: usize,
    /// Groups of copies: what the intervals are drawn from.
    pub groups: usize,
    pub accuracy: Option<Estimate>,
    /// Mean sensitivity of the classes that have scans.
    pub balanced_accuracy: Option<Estimate>,
    /// In the model's order.
    pub classes: Vec<ClassFigures>,
    /// Scans by true class (rows) and predicted class (columns).
    pub confusion: Vec<Vec<u64>>,
    /// Of the probabilities as the network gives them.
    pub raw: Trust,
    /// Of the calibrated ones; `None` where an answer has none.
    pub calibrated: Option<Trust>,
    /// `None` where an answer has no conformal set.
    pub conformal: Option<ConformalFigures>,
    /// Scans unlike the training scans; `None` where that is not known of each.
    pub unfamiliar: Option<usize>,
    /// How often it answers, and how often correctly; `None` where sets or distances are not known of
    /// each.
    #[serde(default)]
    pub selective: Option<SelectiveFigures>,
}

/// A model answers where one class cannot be excluded and the scan is in distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectiveFigures {
    /// The share of scans that it answers.
    pub answered: Option<Estimate>,
    /// Of these the share whose class it predicts.
    pub correct: Option<Estimate>,
}

/// One class against the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassFigures {
    pub name: String,
    /// Scans of this class.
    pub support: usize,
    pub precision: Option<Estimate>,
    /// Recall: of the scans of this class, the share that was found.
    pub sensitivity: Option<Estimate>,
    /// Of the scans of other classes, the share that was not given to this one.
    pub specificity: Option<Estimate>,
    pub f1: Option<Estimate>,
    /// Area under the ROC curve of its raw probability, this class against the rest.
    pub auroc: Option<Estimate>,
}

/// Whether confidence (the probability of the predicted class) means what it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Over [`super::reliability::BINS`] bins of equal width. Draws with repetition make it larger,
    /// so that its interval lies high.
    pub expected_calibration_error: Option<Estimate>,
    pub bins: Vec<ReliabilityBin>,
    pub mistakes: u64,
    /// Mistakes above [`super::reliability::CONFIDENT`].
    pub confident_mistakes: u64,
    /// The share of them of all mistakes.
    pub confident_share: Option<Estimate>,
}

/// How the conformal sets did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConformalFigures {
    /// The share of scans whose true class is in the set.
    pub coverage: Option<Estimate>,
    /// Mean number of classes in a set.
    pub size: Option<Estimate>,
}

/// The figures of `answers`, whose class indices and probabilities refer to `classes`.
///
/// # Panics
/// Where an index is no class or the number of probabilities is not that of the classes: a bug,
/// [`super::report::Evaluation::read`] checks what comes from a file.
pub fn figures(answers: &[&Answer], classes: &[String], bootstrap: Bootstrap) -> Figures {
    let sample = Sample::new(answers, classes.len());
    let whole = sample.measure(&vec![1; answers.len()]);
    let groups: Vec<usize> = answers.iter().map(|answer| answer.group).collect();
    let draws = bootstrap.draw(&groups, |weights| sample.measure(weights));
    let estimate = |figure: &dyn Fn(&Point) -> Option<f64>| {
        figure(&whole)
            .map(|value| Estimate::new(value, draws.len(), draws.iter().filter_map(figure)))
    };
    let trust = |of: &dyn Fn(&Point) -> Option<&Tally>| {
        of(&whole).map(|tally| Trust {
            expected_calibration_error: estimate(&|p| of(p)?.expected_error()),
            bins: tally.bins(),
            mistakes: tally.mistakes,
            confident_mistakes: tally.confident_mistakes,
            confident_share: estimate(&|p| of(p)?.confident_share()),
        })
    };
    let class = |(index, name): (usize, &String)| ClassFigures {
        name: name.clone(),
        support: whole.confusion[index].iter().sum::<u64>() as usize,
        precision: estimate(&|p| p.precision(index)),
        sensitivity: estimate(&|p| p.sensitivity(index)),
        specificity: estimate(&|p| p.specificity(index)),
        f1: estimate(&|p| p.f1(index)),
        auroc: estimate(&|p| p.auroc[index]),
    };
    Figures {
        scans: answers.len(),
        groups: group_count(&groups),
        accuracy: estimate(&Point::accuracy),
        balanced_accuracy: estimate(&Point::balanced_accuracy),
        classes: classes.iter().enumerate().map(class).collect(),
        confusion: whole.confusion.clone(),
        raw: trust(&|p| Some(&p.raw)).expect("every answer has probabilities"),
        calibrated: trust(&|p| p.calibrated.as_ref()),
        conformal: sample.sets.is_some().then(|| ConformalFigures {
            coverage: estimate(&|p| p.coverage),
            size: estimate(&|p| p.set_size),
        }),
        unfamiliar: answers
            .iter()
            .map(|answer| answer.unfamiliar.map(usize::from))
            .sum::<Option<usize>>(),
        selective: sample.answered.is_some().then(|| SelectiveFigures {
            answered: estimate(&|p| p.answered),
            correct: estimate(&|p| p.correct_when_answered),
        }),
    }
}

/// Answers, readied to be measured again for every draw.
struct Sample<'a> {
    answers: &'a [&'a Answer],
    classes: usize,
    /// For each class, the answers by its probability, the largest first.
    order: Vec<Vec<usize>>,
    raw: Vec<Claim>,
    calibrated: Option<Vec<Claim>>,
    /// Whether each set holds the true class, and its size.
    sets: Option<Vec<(bool, usize)>>,
    /// Whether each scan is answered, and whether correctly.
    answered: Option<Vec<(bool, bool)>>,
}

impl<'a> Sample<'a> {
    fn new(answers: &'a [&'a Answer], classes: usize) -> Self {
        let by_probability = |class: usize| {
            let mut order: Vec<usize> = (0..answers.len()).collect();
            let probability = |i: usize| answers[i].probabilities[class];
            order.sort_by(|&a, &b| probability(b).total_cmp(&probability(a)));
            order
        };
        let claim = |answer: &Answer, probabilities: &[f32]| Claim {
            confidence: f64::from(probabilities[answer.predicted]),
            right: answer.correct(),
        };
        let set = |answer: &Answer| {
            let set = answer.conformal_set.as_ref()?;
            Some((set.contains(&answer.truth), set.len()))
        };
        let answered = |answer: &Answer| {
            // What is not known of one scan is known of none, whatever its set.
            let (one, outside) = (answer.conformal_set.as_ref()?.len() == 1, answer.unfamiliar?);
            Some((one && !outside, answer.correct()))
        };
        Self {
            answers,
            classes,
            answered: answers.iter().map(|answer| answered(answer)).collect(),
            order: (0..classes).map(by_probability).collect(),
            raw: answers.iter().map(|answer| claim(answer, &answer.probabilities)).collect(),
            calibrated: answers
                .iter()
                .map(|answer| Some(claim(answer, answer.calibrated.as_ref()?)))
                .collect(),
            sets: answers.iter().map(|answer| set(answer)).collect(),
        }
    }

    /// The figures where each answer counts as often as its weight says.
    fn measure(&self, weights: &[u32]) -> Point {
        let mut confusion = vec![vec![0; self.classes]; self.classes];
        for (answer, &weight) in self.answers.iter().zip(weights) {
            confusion[answer.truth][answer.predicted] += u64::from(weight);
        }
        let total: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let mean = |value: fn(&(bool, usize)) -> u64| {
            let sets = self.sets.as_ref()?.iter().zip(weights);
            let sum: u64 = sets.map(|(set, &weight)| value(set) * u64::from(weight)).sum();
            ratio(sum, total)
        };
        let answered = self.answered.as_ref().map(|answered| {
            let mut counts = [0; 2];
            for (&(answered, correct), &weight) in answered.iter().zip(weights) {
                counts[0] += u64::from(answered) * u64::from(weight);
                counts[1] += u64::from(answered && correct) * u64::from(weight);
            }
            counts
        });
        Point {
            answered: answered.and_then(|[answered, _]| ratio(answered, total)),
            correct_when_answered: answered
                .and_then(|[answered, correct]| ratio(correct, answered)),
            confusion,
            auroc: (0..self.classes).map(|class| self.auroc(class, weights)).collect(),
            raw: Tally::of(&self.raw, weights),
            calibrated: self.calibrated.as_ref().map(|claims| Tally::of(claims, weights)),
            coverage: mean(|set| u64::from(set.0)),
            set_size: mean(|set| set.1 as u64),
        }
    }

    /// The chance that a scan of the class has a larger probability for it than one of another
    /// class, ties counted half (Mann and Whitney's U).
    fn auroc(&self, class: usize, weights: &[u32]) -> Option<f64> {
        let (mut positives, mut negatives, mut wins) = (0.0f64, 0.0f64, 0.0f64);
        let probability = |i: usize| self.answers[i].probabilities[class];
        // From the largest probability down, ties together: each negative loses against every
        // positive above it.
        for tie in self.order[class].chunk_by(|&a, &b| probability(a) == probability(b)) {
            let (mut tied_positives, mut tied_negatives) = (0.0, 0.0);
            for &i in tie {
                let weight = f64::from(weights[i]);
                match self.answers[i].truth == class {
                    true => tied_positives += weight,
                    false => tied_negatives += weight,
                }
            }
            wins += tied_negatives * (positives + 0.5 * tied_positives);
            positives += tied_positives;
            negatives += tied_negatives;
        }
        let pairs = positives * negatives;
        (pairs > 0.0).then(|| wins / pairs)
    }
}

/// The figures of one draw.
struct Point {
    confusion: Vec<Vec<u64>>,
    auroc: Vec<Option<f64>>,
    raw: Tally,
    calibrated: Option<Tally>,
    coverage: Option<f64>,
    set_size: Option<f64>,
    answered: Option<f64>,
    correct_when_answered: Option<f64>,
}

impl Point {
    fn accuracy(&self) -> Option<f64> {
        ratio(
            (0..self.confusion.len()).map(|class| self.confusion[class][class]).sum(),
            self.total(),
        )
    }

    fn balanced_accuracy(&self) -> Option<f64> {
        let found: Vec<f64> =
            (0..self.confusion.len()).filter_map(|class| self.sensitivity(class)).collect();
        (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
    }

    fn precision(&self, class: usize) -> Option<f64> {
        ratio(self.confusion[class][class], self.predicted(class))
    }

    fn sensitivity(&self, class: usize) -> Option<f64> {
        ratio(self.confusion[class][class], self.support(class))
    }

    fn specificity(&self, class: usize) -> Option<f64> {
        let others = self.total() - self.support(class);
        let given_to_it = self.predicted(class) - self.confusion[class][class];
        ratio(others - given_to_it, others)
    }

    fn f1(&self, class: usize) -> Option<f64> {
        let support = self.support(class);
        let both = support + self.predicted(class);
        (support > 0).then(|| ratio(2 * self.confusion[class][class], both)).flatten()
    }

    fn support(&self, class: usize) -> u64 {
        self.confusion[class].iter().sum()
    }

    fn predicted(&self, class: usize) -> u64 {
        self.confusion.iter().map(|row| row[class]).sum()
    }

    fn total(&self) -> u64 {
        self.confusion.iter().flatten().sum()
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(truth: usize, probabilities: &[f32], group: usize) -> Answer {
        let predicted = (0..probabilities.len())
            .max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]))
            .expect("classes");
        Answer {
            truth,
            predicted,
            probabilities: probabilities.to_vec(),
            calibrated: None,
            conformal_set: None,
            unfamiliar: None,
            group,
        }
    }

    fn measure(answers: &[Answer], classes: usize) -> Figures {
        let names: Vec<String> = (0..classes).map(|i| format!("class {i}")).collect();
        figures(&answers.iter().collect::<Vec<_>>(), &names, Bootstrap { draws: 300, seed: 2 })
    }

    fn value(estimate: Option<Estimate>) -> f64 {
        estimate.expect("defined").value
    }

    /// Truth 0 0 0 1 1, predicted 0 0 1 1 0; class 2 has no scans.
    fn five() -> Vec<Answer> {
        [
            (0, [0.7, 0.2, 0.1]),
            (0, [0.6, 0.3, 0.1]),
            (0, [0.2, 0.7, 0.1]),
            (1, [0.1, 0.8, 0.1]),
            (1, [0.6, 0.3, 0.1]),
        ]
        .iter()
        .enumerate()
        .map(|(group, (truth, probabilities))| answer(*truth, probabilities, group))
        .collect()
    }

    #[test]
    fn figures_by_hand() {
        let figures = measure(&five(), 3);
        assert_eq!(figures.confusion, [[2, 1, 0], [1, 1, 0], [0, 0, 0]]);
        assert_eq!(value(figures.accuracy), 3.0 / 5.0);
        assert!((value(figures.balanced_accuracy) - (2.0 / 3.0 + 0.5) / 2.0).abs() < 1e-12);
        let class = &figures.classes[0];
        assert_eq!(class.support, 3);
        assert_eq!(value(class.precision), 2.0 / 3.0);
        assert_eq!(value(class.sensitivity), 2.0 / 3.0);
        assert_eq!(value(class.specificity), 0.5);
        assert_eq!(value(class.f1), 2.0 / 3.0);
        // Pairs of 0.7, 0.6, 0.2 with 0.1, 0.6: five are right or tied: 2 + 1.5 + 1 of 6.
        assert!((value(class.auroc) - 4.5 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_undefined_is_none() {
        let figures = measure(&five(), 3);
        let class = &figures.classes[2];
        assert_eq!(class.support, 0);
        assert_eq!(
            (class.precision, class.sensitivity, class.f1, class.auroc),
            (None, None, None, None)
        );
        assert_eq!(value(class.specificity), 1.0);

        let none = measure(&[], 2);
        assert_eq!((none.accuracy, none.balanced_accuracy), (None, None));
        assert_eq!(none.raw.expected_calibration_error, None);
        let json = serde_json::to_string(&none).expect("JSON");
        assert!(json.contains("\"accuracy\":null"), "{json}");
    }

    #[test]
    fn conformal_sets_and_unfamiliar_scans_are_counted_where_all_are_known() {
        let mut answers = five();
        assert!(measure(&answers, 3).conformal.is_none());
        for (answer, set) in
            answers.iter_mut().zip([vec![0], vec![0, 1], vec![1], vec![], vec![0, 1, 2]])
        {
            answer.conformal_set = Some(set);
            answer.calibrated = Some(answer.probabilities.iter().map(|p| p / 2.0 + 0.1).collect());
            answer.unfamiliar = Some(answer.group == 3);
        }
        let figures = measure(&answers, 3);
        let conformal = figures.conformal.expect("sets");
        assert_eq!(value(conformal.coverage), 3.0 / 5.0);
        assert_eq!(value(conformal.size), 7.0 / 5.0);
        assert_eq!(figures.unfamiliar, Some(1));
        // One class in the set and in distribution: as many of them as are correct by hand.
        let alone: Vec<&Answer> = answers
            .iter()
            .filter(|a| a.conformal_set.as_ref().is_some_and(|set| set.len() == 1) && a.group != 3)
            .collect();
        let selective = figures.selective.expect("known of each");
        assert_eq!(value(selective.answered), alone.len() as f64 / 5.0);
        let correct = alone.iter().filter(|answer| answer.correct()).count() as f64;
        assert_eq!(value(selective.correct), correct / alone.len() as f64);
        // Confidences 0.45, 0.4, 0.45, 0.5, 0.4 of which the 1st, 2nd and 4th are right, in bins 6, 6, 6, 7, 6.
        let calibrated = figures.calibrated.expect("calibrated");
        assert!((value(calibrated.expected_calibration_error) - 0.8 / 5.0).abs() < 1e-6);

        answers[1].unfamiliar = None;
        answers[1].calibrated = None;
        let figures = measure(&answers, 3);
        assert!(figures.calibrated.is_none() && figures.unfamiliar.is_none());
        assert!(figures.selective.is_none());
    }

    #[test]
    fn intervals_cover_their_figure_and_copies_widen_them() {
        let answers = |copies: usize| -> Vec<Answer> {
            (0..120)
                .map(|i| {
                    let right = !(i / copies).is_multiple_of(4);
                    answer(0, if right { &[0.9, 0.1] } else { &[0.2, 0.8] }, i / copies)
                })
                .collect()
        };
        let width = |copies| {
            let accuracy = measure(&answers(copies), 2).accuracy.expect("defined");
            let [low, high] = accuracy.interval.expect("groups");
            assert_eq!(accuracy.value, 0.75);
            assert!(low < 0.75 && 0.75 < high, "{low} {high}");
            high - low
        };
        // Binomial: 2 · 1.96 · sqrt(0.75 · 0.25 / n) is 0.155 for 120 scans, 0.49 for 12.
        assert!((width(1) - 0.155).abs() < 0.03, "{}", width(1));
        assert!((width(10) - 0.49).abs() < 0.1, "{}", width(10));
        assert_eq!(measure(&answers(120), 2).accuracy.expect("defined").interval, None);
    }
}
