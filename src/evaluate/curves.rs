//! Receiver operating characteristic, precision and recall of each class, and how sure right and
//! wrong answers were.

use rayon::prelude::*;

use super::metrics::Answer;

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

/// One class against the others, ranked by its probability: calibrated where the model is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassCurves {
    pub name: String,
    /// False positive rate and true positive rate, from (0, 0) to (1, 1); empty where the class or
    /// the others have no scan. At most [`MOST_POINTS`].
    pub roc: Vec<[f64; 2]>,
    /// Recall and precision, from the highest threshold to the lowest; empty as above. Precision
    /// holds from the recall of the point before on: a curve of steps, which begins where the first
    /// answers are, not at scikit-learn's made-up (0, 1).
    pub precision_recall: Vec<[f64; 2]>,
    /// Area under the second as the sum of precision times gain in recall; `None` where it is empty.
    pub average_precision: Option<f64>,
}

/// Bins of [`Curves::right`] and [`Curves::wrong`].
pub const HISTOGRAM_BINS: usize = 20;
/// Points of a curve that are kept: more cannot be told apart on a screen.
pub const MOST_POINTS: usize = 1000;

impl Curves {
    /// The curves of `answers`, whose class indices and probabilities refer to `classes`.
    /// Probabilities are calibrated where every answer has them so.
    ///
    /// # Panics
    /// As [`super::metrics::figures`].
    pub fn of(answers: &[&Answer], classes: &[String]) -> Self {
        let calibrated: Option<Vec<&[f32]>> =
            answers.iter().map(|answer| answer.calibrated.as_deref()).collect();
        let probabilities = calibrated.unwrap_or_else(|| {
            answers.iter().map(|answer| answer.probabilities.as_slice()).collect()
        });
        let (mut right, mut wrong) = (vec![0; HISTOGRAM_BINS], vec![0; HISTOGRAM_BINS]);
        for (answer, probabilities) in answers.iter().zip(&probabilities) {
            let bins = if answer.correct() { &mut right } else { &mut wrong };
            bins[bin_of(probabilities[answer.predicted])] += 1;
        }
        let class = |(class, name): (usize, &String)| {
            let ranked = answers
                .iter()
                .zip(&probabilities)
                .map(|(answer, probabilities)| (probabilities[class], answer.truth == class));
            ClassCurves::of(name, ranked.collect())
        };
        Self { classes: classes.par_iter().enumerate().map(class).collect(), right, wrong }
    }
}

impl ClassCurves {
    /// From the probability of each scan for the class, and whether it is of the class.
    fn of(name: &str, mut ranked: Vec<(f32, bool)>) -> Self {
        let name = name.to_owned();
        let positives = ranked.iter().filter(|(_, of_class)| *of_class).count();
        let negatives = ranked.len() - positives;
        if positives == 0 || negatives == 0 {
            return Self { name, ..Self::default() };
        }
        ranked.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        let share = |part: usize, whole: usize| part as f64 / whole as f64;
        let (mut found, mut others, mut average) = (0, 0, 0.0);
        let (mut roc, mut precision_recall) = (vec![[0.0, 0.0]], Vec::new());
        // One threshold for each probability: what is tied is found together.
        for tie in ranked.chunk_by(|(a, _), (b, _)| a == b) {
            let more = tie.iter().filter(|(_, of_class)| *of_class).count();
            found += more;
            others += tie.len() - more;
            let precision = share(found, found + others);
            average += precision * share(more, positives);
            roc.push([share(others, negatives), share(found, positives)]);
            precision_recall.push([share(found, positives), precision]);
        }
        Self {
            name,
            roc: thinned(roc),
            precision_recall: thinned(precision_recall),
            average_precision: Some(average),
        }
    }
}

/// At most [`MOST_POINTS`] of the points, evenly spread over their ranks, the ends among them.
fn thinned(points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    if points.len() <= MOST_POINTS {
        return points;
    }
    (0..MOST_POINTS).map(|i| points[i * (points.len() - 1) / (MOST_POINTS - 1)]).collect()
}

fn bin_of(probability: f32) -> usize {
    // In f32, where 0.9 times 20 is 18; the nearest f64 to 0.9f32 lies below its edge.
    ((probability * HISTOGRAM_BINS as f32) as usize).min(HISTOGRAM_BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(truth: usize, sick: f32, calibrated: Option<f32>) -> Answer {
        Answer {
            truth,
            predicted: usize::from(calibrated.unwrap_or(sick) > 0.5),
            probabilities: vec![1.0 - sick, sick],
            calibrated: calibrated.map(|sick| vec![1.0 - sick, sick]),
            conformal_set: None,
            unfamiliar: None,
            group: 0,
        }
    }

    fn curves(answers: &[Answer]) -> Curves {
        Curves::of(&answers.iter().collect::<Vec<_>>(), &["well".into(), "sick".into()])
    }

    #[test]
    fn ties_are_found_together() {
        let answers = [(1, 0.9), (1, 0.6), (0, 0.6), (0, 0.1)].map(|(t, p)| answer(t, p, None));
        let sick = &curves(&answers).classes[1];
        assert_eq!(sick.name, "sick");
        assert_eq!(sick.roc, [[0.0, 0.0], [0.0, 0.5], [0.5, 1.0], [1.0, 1.0]]);
        assert_eq!(sick.precision_recall, [[0.5, 1.0], [1.0, 2.0 / 3.0], [1.0, 0.5]]);
        assert!((sick.average_precision.expect("both") - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn calibrated_probabilities_rank_where_all_are_known() {
        let mut answers = [(1, 0.2, 0.8), (0, 0.9, 0.3)].map(|(t, p, c)| answer(t, p, Some(c)));
        let known = curves(&answers);
        assert_eq!(known.classes[1].roc, [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
        assert_eq!((known.right[16], known.right.iter().sum::<u64>()), (1, 2));
        answers[1].calibrated = None;
        assert_eq!(curves(&answers).classes[1].roc, [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]);
    }

    #[test]
    fn without_scans_of_a_class_or_of_others_there_is_no_curve() {
        let found = curves(&[answer(1, 0.9, None), answer(1, 1.0, None)]);
        for class in &found.classes {
            assert!(class.roc.is_empty() && class.precision_recall.is_empty(), "{class:?}");
            assert_eq!(class.average_precision, None);
        }
        assert_eq!((found.right[18], found.right[19], found.wrong[19]), (1, 1, 0));
        assert_eq!(curves(&[]).right, [0; HISTOGRAM_BINS]);
    }

    #[test]
    fn long_curves_are_thinned_and_keep_their_ends() {
        let answers: Vec<Answer> =
            (0..5000).map(|i| answer(i % 2, i as f32 / 5000.0, None)).collect();
        let sick = &curves(&answers).classes[1];
        for curve in [&sick.roc, &sick.precision_recall] {
            assert_eq!(curve.len(), MOST_POINTS);
        }
        assert_eq!((sick.roc[0], sick.roc[MOST_POINTS - 1]), ([0.0, 0.0], [1.0, 1.0]));
        assert_eq!(sick.precision_recall[MOST_POINTS - 1], [1.0, 0.5]);
        assert!(sick.roc.windows(2).all(|pair| pair[0][0] <= pair[1][0]));
    }
}
