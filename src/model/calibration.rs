//! How far a probability can be believed: temperature scaling, conformal sets, and the record of
//! past answers. Plain numbers: nothing here needs the network.

mod conformal;
mod record;
mod temperature;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

pub use conformal::{CONFORMAL_COVERAGE, Conformal, CrossFitted};
pub use record::{Record, RecordBin, expected_calibration_error};

/// What was learned on validation scans about a network's probabilities; part of its card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Logits are divided by it before the softmax; above 1 where the network is overconfident.
    /// Guo et al., arXiv 1706.04599.
    pub temperature: f64,
    pub conformal: Conformal,
    /// Expected calibration error of the calibrated probabilities on the scans named in
    /// `fitted_on`, in 15 bins, 0..=1.
    pub expected_error: f64,
    /// For people: "520 validation scans".
    pub fitted_on: String,
    /// How often answers of each confidence were right, on scans the network did not learn from.
    pub record: Record,
}

/// How often the scans are halved to measure the conformal sets on scans they were not fitted on.
const HALVINGS: u64 = 50;

/// Learns temperature and conformal threshold from a network's logits (one row for each scan) and
/// the index of each scan's class. The record is that of the same scans; whoever has others that
/// the network did not learn from replaces it by [`Record::of`].
///
/// Scans whose logits are not finite say nothing and are left out. Without scans the temperature
/// is 1 and every conformal set holds all classes.
///
/// # Panics
/// Where a scan has no class, or a class has no logit.
pub fn fit(logits: &[Vec<f32>], truth: &[usize], fitted_on: String) -> Calibration {
    assert_eq!(logits.len(), truth.len(), "every scan has a class");
    let scans: Vec<Scan> = logits
        .iter()
        .zip(truth)
        .map(|(logits, &class)| Scan { logits, class })
        .filter(|scan| scan.logits.iter().all(|logit| logit.is_finite()))
        .collect();
    let rule = Rule::fit(&scans);
    let (confidences, right): (Vec<f32>, Vec<bool>) = scans
        .iter()
        .map(|scan| {
            let probabilities = temperature::softmax(scan.logits, rule.temperature);
            let likeliest = likeliest(&probabilities);
            (probabilities[likeliest], likeliest == scan.class)
        })
        .unzip();
    Calibration {
        temperature: rule.temperature,
        conformal: Conformal {
            coverage: CONFORMAL_COVERAGE,
            threshold: rule.threshold,
            cross_fitted: cross_fit(&scans),
        },
        expected_error: expected_calibration_error(&confidences, &right, 15),
        record: Record::of(&confidences, &right, fitted_on.clone()),
        fitted_on,
    }
}

impl Calibration {
    /// Calibrated probabilities, 0..=1, of finite logits.
    pub fn probabilities(&self, logits: &[f32]) -> Vec<f32> {
        temperature::softmax(logits, self.temperature)
    }

    /// The classes that cannot be excluded, by their calibrated probabilities: indices, likeliest
    /// first, at least one.
    pub fn conformal_set(&self, probabilities: &[f32]) -> Vec<usize> {
        conformal::set(probabilities, self.conformal.threshold)
    }

    /// Whether the numbers are such as can be calculated with.
    ///
    /// # Errors
    /// The first that is not, as the end of a sentence.
    pub fn check(&self) -> Result<(), String> {
        let bounds = temperature::BOUNDS;
        if !bounds.contains(&self.temperature) {
            return Err(format!(
                "its temperature {} is not between {} and {}",
                self.temperature,
                bounds.start(),
                bounds.end()
            ));
        }
        self.conformal.check()?;
        if !(0.0..=1.0).contains(&self.expected_error) {
            return Err(format!("its calibration error {} is not 0 to 1", self.expected_error));
        }
        self.record.check()
    }
}

/// A scan whose class is known.
#[derive(Clone, Copy)]
struct Scan<'a> {
    logits: &'a [f32],
    class: usize,
}

/// The two learned numbers.
struct Rule {
    temperature: f64,
    threshold: f64,
}

impl Rule {
    fn fit(scans: &[Scan]) -> Self {
        let temperature = temperature::fit(scans);
        let of_the_true = scans
            .iter()
            .map(|scan| temperature::softmax(scan.logits, temperature)[scan.class])
            .collect();
        Self { temperature, threshold: conformal::threshold(of_the_true, CONFORMAL_COVERAGE) }
    }
}

/// Fits on one half of the scans and measures the sets on the other, for several random halves.
fn cross_fit(scans: &[Scan]) -> Option<CrossFitted> {
    if scans.len() < 2 {
        return None;
    }
    let mut order: Vec<usize> = (0..scans.len()).collect();
    let mut sum = CrossFitted { coverage: 0.0, coverage_of_rule: 0.0, mean_size: 0.0 };
    let mut measured = 0.0;
    for seed in 0..HALVINGS {
        order.shuffle(&mut Pcg64::seed_from_u64(seed));
        let halves = order.split_at(order.len() / 2);
        for (one, other) in [halves, (halves.1, halves.0)] {
            let fitted: Vec<Scan> = one.iter().map(|&index| scans[index]).collect();
            let rule = Rule::fit(&fitted);
            for scan in other.iter().map(|&index| scans[index]) {
                let probabilities = temperature::softmax(scan.logits, rule.temperature);
                let set = conformal::set(&probabilities, rule.threshold);
                let true_one = probabilities[scan.class];
                sum.coverage += f64::from(u8::from(set.contains(&scan.class)));
                sum.coverage_of_rule +=
                    f64::from(u8::from(conformal::holds(true_one, rule.threshold)));
                sum.mean_size += set.len() as f64;
                measured += 1.0;
            }
        }
    }
    Some(CrossFitted {
        coverage: sum.coverage / measured,
        coverage_of_rule: sum.coverage_of_rule / measured,
        mean_size: sum.mean_size / measured,
    })
}

/// The index of the largest; of equals the first.
fn likeliest(probabilities: &[f32]) -> usize {
    let mut best = 0;
    for (index, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    /// Scans of a network that is calibrated at temperature 1: the class is drawn from the
    /// probabilities that the logits stand for. `spread` is how sure it is.
    fn calibrated_scans(count: usize, spread: f64, seed: u64) -> (Vec<Vec<f32>>, Vec<usize>) {
        let mut random = Pcg64::seed_from_u64(seed);
        let scan = |_| {
            let logits: Vec<f32> = (0..4)
                .map(|_| {
                    // The sum of twelve uniform numbers is close to normal.
                    let normal = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
                    (normal * spread) as f32
                })
                .collect();
            let mut left: f32 = random.random();
            let probabilities = temperature::softmax(&logits, 1.0);
            let class = probabilities.iter().position(|p| {
                left -= p;
                left < 0.0
            });
            (logits, class.unwrap_or(3))
        };
        (0..count).map(scan).unzip()
    }

    fn times(logits: &[Vec<f32>], factor: f32) -> Vec<Vec<f32>> {
        logits.iter().map(|row| row.iter().map(|logit| logit * factor).collect()).collect()
    }

    fn error_of(logits: &[Vec<f32>], truth: &[usize], temperature: f64) -> f64 {
        let (confidences, right): (Vec<f32>, Vec<bool>) = logits
            .iter()
            .zip(truth)
            .map(|(row, class)| {
                let probabilities = temperature::softmax(row, temperature);
                let best = likeliest(&probabilities);
                (probabilities[best], best == *class)
            })
            .unzip();
        expected_calibration_error(&confidences, &right, 15)
    }

    #[test]
    fn an_overconfident_network_is_cooled_by_as_much_as_it_was_heated() {
        let (logits, truth) = calibrated_scans(8000, 2.0, 1);
        let hot = times(&logits, 3.0);
        let fitted = fit(&hot, &truth, "synthetic scans".into());
        assert!((fitted.temperature - 3.0).abs() < 0.15, "{}", fitted.temperature);
        assert!(error_of(&hot, &truth, 1.0) > 0.08, "it was not miscalibrated");
        assert!(fitted.expected_error < 0.02, "{}", fitted.expected_error);

        let (more, truth) = calibrated_scans(8000, 2.0, 2);
        let on_others = error_of(&times(&more, 3.0), &truth, fitted.temperature);
        assert!(on_others < 0.02, "{on_others}");
    }

    #[test]
    fn an_underconfident_network_is_sharpened() {
        let (logits, truth) = calibrated_scans(4000, 3.0, 3);
        let fitted = fit(&times(&logits, 0.4), &truth, String::new());
        assert!((fitted.temperature - 0.4).abs() < 0.03, "{}", fitted.temperature);
    }

    #[test]
    fn sets_cover_nine_of_ten_new_scans() {
        let (logits, truth) = calibrated_scans(1000, 2.0, 4);
        let fitted = fit(&times(&logits, 3.0), &truth, String::new());
        let (new, classes) = calibrated_scans(20000, 2.0, 5);
        let held = times(&new, 3.0)
            .iter()
            .zip(&classes)
            .filter(|(row, class)| fitted.conformal_set(&fitted.probabilities(row)).contains(class))
            .count() as f64;
        let coverage = held / new.len() as f64;
        assert!((coverage - 0.9).abs() < 0.02, "{coverage}");
        let crossed = fitted.conformal.cross_fitted.expect("measured");
        assert!((crossed.coverage_of_rule - 0.9).abs() < 0.02, "{crossed:?}");
        assert!(crossed.coverage >= crossed.coverage_of_rule);
        assert!((1.0..4.0).contains(&crossed.mean_size));
    }

    #[test]
    fn sets_of_a_good_network_cover_more_since_none_is_empty() {
        let (logits, truth) = calibrated_scans(2000, 9.0, 6);
        let crossed = fit(&logits, &truth, String::new()).conformal.cross_fitted.expect("measured");
        assert!((crossed.coverage_of_rule - 0.9).abs() < 0.02, "{crossed:?}");
        assert!(crossed.coverage > 0.92, "{crossed:?}");
    }

    #[test]
    fn validation_without_a_mistake_does_not_make_a_network_certain() {
        let (mut logits, _) = calibrated_scans(500, 2.0, 7);
        let truth: Vec<usize> = logits
            .iter_mut()
            .map(|row| {
                let best = likeliest(row);
                row[best] += 1.0;
                best
            })
            .collect();
        let fitted = fit(&logits, &truth, String::new());
        assert!(fitted.temperature > *temperature::BOUNDS.start() * 1.5, "{}", fitted.temperature);
        fitted.check().expect("usable");
    }

    #[test]
    fn extreme_and_missing_scans_give_usable_numbers() {
        let one_hot = |class: usize| {
            let mut row = vec![-1000.0; 4];
            row[class] = 1000.0;
            row
        };
        let logits: Vec<Vec<f32>> = (0..40).map(|i| one_hot(i % 4)).collect();
        let right: Vec<usize> = (0..40).map(|i| i % 4).collect();
        let wrong: Vec<usize> = (0..40).map(|i| (i + 1) % 4).collect();
        for (logits, truth) in [(&logits, &right), (&logits, &wrong), (&Vec::new(), &Vec::new())] {
            let fitted = fit(logits, truth, String::new());
            fitted.check().expect("usable");
            let probabilities = fitted.probabilities(&one_hot(2));
            assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)), "{probabilities:?}");
            assert_eq!(fitted.conformal_set(&probabilities)[0], 2);
        }
        let mut broken = logits.clone();
        broken[3][1] = f32::NAN;
        assert_eq!(fit(&broken, &right, String::new()).record.bins.last().expect("bins").scans, 39);
    }

    #[test]
    fn the_same_scans_give_the_same_card() {
        let (logits, truth) = calibrated_scans(200, 2.0, 8);
        let first = fit(&logits, &truth, String::new());
        assert_eq!(first, fit(&logits, &truth, String::new()));
        let text = serde_json::to_string(&first).expect("written");
        let read: Calibration = serde_json::from_str(&text).expect("read");
        assert!((read.temperature - first.temperature).abs() < 1e-12);
        read.check().expect("usable");
    }

    #[test]
    fn numbers_that_cannot_be_calculated_with_are_refused() {
        let (logits, truth) = calibrated_scans(50, 2.0, 9);
        let good = fit(&logits, &truth, String::new());
        type Spoil = fn(&mut Calibration);
        let cases: [(&str, Spoil); 4] = [
            ("temperature", |c| c.temperature = 0.0),
            ("conformal threshold", |c| c.conformal.threshold = 1.5),
            ("record", |c| c.record.bins[0].right = c.record.bins[0].scans + 1),
            ("record", |c| c.record.bins[1].from = 0.9),
        ];
        for (part, spoil) in cases {
            let mut bad = good.clone();
            spoil(&mut bad);
            let reason = bad.check().expect_err(part);
            assert!(reason.contains(part), "{reason}");
        }
    }
}
