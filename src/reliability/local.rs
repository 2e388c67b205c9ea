//! A calibration on a site's own labelled scans: a few dozen of them are enough for one temperature
//! factor, for prediction sets, and to check what the card promises.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::prediction_sets::{COVERAGE, MeasuredSets, PredictionSets};
use super::table::{ReliabilityTable, TableAnswer};
use super::temperature::TemperatureModel;
use super::{LabelledAnswer, Reliability, ReliabilityError, expected_calibration_error, likeliest};

/// Fewer labelled scans say too little.
pub const FEWEST_SCANS: usize = 50;

/// In how many parts the scans are divided to measure sets and calibration on scans that they were not
/// fitted on.
const FOLDS: usize = 10;

/// What a local calibration learned; `NAME.local.json` beside the card `NAME.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalCalibration {
    /// SHA-256 of the weights it was fitted for, hexadecimal.
    pub weights_sha256: String,
    /// The name of the folder of the scans, without where it lies.
    pub folder: String,
    /// The day it was fitted, "28 Nov 2026".
    pub fitted_at: String,
    /// How many scans of each class, in the order of the card.
    pub scans: Vec<usize>,
    pub temperature: TemperatureModel,
    pub sets: PredictionSets,
    /// Calibration error on these scans of what the card gives, 0..=1.
    pub error_before: f64,
    /// The same of the local calibration, each scan by a fit without it.
    pub error_after: f64,
    /// The sets of the card on these scans.
    pub card_sets: MeasuredSets,
    pub table: ReliabilityTable,
}

/// Why scans cannot calibrate a network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LocalError {
    #[error("there are {0} labelled scans; {FEWEST_SCANS} or more are needed")]
    TooFew(usize),
    #[error("all of its scans are {0}; scans of every class are needed")]
    OneClass(String),
    #[error("it has no scans of {0}; scans of every class are needed")]
    MissingClass(String),
}

/// A labelled answer with the hash of its scan.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalAnswer {
    pub answer: LabelledAnswer,
    /// As [`TableAnswer::scan`].
    pub scan: String,
}

/// Whether scans of these classes (an index for each scan) are enough, before they are classified.
///
/// # Errors
/// Too few scans, one class only, a class without scans.
pub fn check_scans(truths: &[usize], classes: &[String]) -> Result<(), LocalError> {
    let counts = count(truths, classes.len());
    let there: Vec<usize> = (0..classes.len()).filter(|&class| counts[class] > 0).collect();
    if truths.len() < FEWEST_SCANS {
        return Err(LocalError::TooFew(truths.len()));
    }
    if let [only] = there.as_slice() {
        return Err(LocalError::OneClass(classes[*only].clone()));
    }
    match (0..classes.len()).find(|&class| counts[class] == 0) {
        Some(class) => Err(LocalError::MissingClass(classes[class].clone())),
        None => Ok(()),
    }
}

impl LocalCalibration {
    /// Fits a factor of the card's temperature and sets on answers to local scans.
    ///
    /// `folder` and `fitted_at` are what it is called by; `weights_sha256` is the card's.
    ///
    /// # Errors
    /// As [`check_scans`].
    pub fn fit(
        card: &Reliability,
        classes: &[String],
        answers: &[LocalAnswer],
        [weights_sha256, folder, fitted_at]: [String; 3],
    ) -> Result<Self, LocalError> {
        let plain: Vec<LabelledAnswer> = answers.iter().map(|each| each.answer.clone()).collect();
        let truths: Vec<usize> = plain.iter().map(|answer| answer.truth).collect();
        check_scans(&truths, classes)?;
        let (temperature, mut sets) = rule(card, &plain, classes.len());

        // Each tenth by a fit on the others; every class is spread over the tenths.
        let mut place = vec![0; classes.len()];
        let fold: Vec<usize> = truths
            .iter()
            .map(|&class| {
                place[class] += 1;
                (place[class] + class) % FOLDS
            })
            .collect();
        let (mut crossed, mut held, mut size) = (Vec::new(), 0usize, 0usize);
        let mut table = Vec::with_capacity(answers.len());
        for part in 0..FOLDS {
            let others: Vec<LabelledAnswer> =
                (0..plain.len()).filter(|&i| fold[i] != part).map(|i| plain[i].clone()).collect();
            let (temperature, sets) = rule(card, &others, classes.len());
            for (i, answer) in plain.iter().enumerate().filter(|(i, _)| fold[*i] == part) {
                let probabilities = temperature.probabilities(&answer.logits, answer.ood_score);
                let set = sets.set(&probabilities, answer.ood_score);
                held += usize::from(set.contains(&answer.truth));
                size += set.len();
                let (predicted, scan) = (likeliest(&probabilities), answers[i].scan.clone());
                let (confidence, correct) = (probabilities[predicted], predicted == answer.truth);
                crossed.push((confidence, correct, 1.0));
                table.push(TableAnswer { scan, predicted, confidence, correct });
            }
        }
        let scans = plain.len();
        let on = format!("scans of {folder}");
        sets.measured = vec![MeasuredSets {
            on: on.clone(),
            scans,
            coverage: held as f64 / scans as f64,
            mean_size: size as f64 / scans as f64,
        }];
        let of_card: Vec<Vec<f32>> =
            plain.iter().map(|a| card.probabilities(&a.logits, a.ood_score)).collect();
        let before = plain.iter().zip(&of_card).map(|(answer, probabilities)| {
            let predicted = likeliest(probabilities);
            (probabilities[predicted], predicted == answer.truth, 1.0)
        });
        let card_sets = card.sets.measure(on.clone(), &plain, &of_card);
        Ok(Self {
            weights_sha256,
            folder,
            fitted_at,
            scans: count(&truths, classes.len()),
            temperature,
            sets,
            error_before: expected_calibration_error(&before.collect::<Vec<_>>(), BINS),
            error_after: expected_calibration_error(&crossed, BINS),
            card_sets: card_sets.unwrap_or(MeasuredSets {
                on: on.clone(),
                scans: 0,
                coverage: 0.0,
                mean_size: 0.0,
            }),
            table: ReliabilityTable { measured_on: on, answers: table },
        })
    }

    /// How many scans it was fitted on.
    pub fn scan_count(&self) -> usize {
        self.scans.iter().sum()
    }

    /// "calibrated on 64 scans of FOLDER, 28 Nov 2026".
    pub fn description(&self) -> String {
        let (scans, folder, day) = (self.scan_count(), &self.folder, &self.fitted_at);
        format!("calibrated on {scans} scans of {folder}, {day}")
    }

    /// The card's reliability with the local temperature, sets and table in the place of its own.
    pub fn applied_to(&self, card: &Reliability) -> Reliability {
        Reliability {
            temperature: self.temperature,
            headline: super::Headline::Calibrated,
            sets: self.sets.clone(),
            fitted_on: format!("{} scans of {}", self.scan_count(), self.folder),
            calibration_error: [(self.table.measured_on.clone(), self.error_after)].into(),
            table: Some(self.table.clone()),
            ood: card.ood.clone(),
        }
    }

    /// Whether its numbers can be calculated with, for these weights of `classes` classes.
    ///
    /// # Errors
    /// Other weights, or the first number that cannot be used.
    pub fn check(&self, weights_sha256: &str, classes: usize) -> Result<(), ReliabilityError> {
        let fail = |reason: &str| Err(ReliabilityError::Local(reason.into()));
        if self.weights_sha256 != weights_sha256 {
            return fail("it was fitted for other weights; calibrate again, or remove it");
        }
        if self.scans.len() != classes {
            return fail("it is of another number of classes; calibrate again, or remove it");
        }
        self.temperature.check()?;
        self.sets.check(classes)?;
        self.table.check(classes)
    }

    /// Where it lies beside the weights at `path`: `NAME.local.json`.
    pub fn path_beside(path: &Path) -> std::path::PathBuf {
        path.with_extension("local.json")
    }
}

/// Bins of the calibration error: some dozen scans fill no more.
const BINS: usize = 10;

/// A temperature factor and sets. Near and far scans share their thresholds: there are too few.
fn rule(
    card: &Reliability,
    answers: &[LabelledAnswer],
    classes: usize,
) -> (TemperatureModel, PredictionSets) {
    let temperature = card.model().rescaled(answers);
    let probabilities: Vec<Vec<f32>> =
        answers.iter().map(|a| temperature.probabilities(&a.logits, a.ood_score)).collect();
    let mut sets = PredictionSets::fit(answers, &probabilities, classes, Vec::new());
    sets.coverage = COVERAGE;
    (temperature, sets)
}

fn count(truths: &[usize], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &truth in truths {
        if let Some(count) = counts.get_mut(truth) {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::Headline;
    use super::super::ood::OodCard;
    use super::super::synthetic::{calibrated_answers, hotter};
    use super::*;

    fn classes() -> Vec<String> {
        ["glioma", "meningioma", "no tumour", "pituitary"].map(String::from).to_vec()
    }

    fn card() -> Reliability {
        Reliability {
            temperature: TemperatureModel::UNCALIBRATED,
            headline: Headline::Calibrated,
            sets: PredictionSets {
                coverage: 0.9,
                edges: Vec::new(),
                thresholds: vec![vec![0.1; 4]],
                measured: Vec::new(),
            },
            fitted_on: "validation scans".into(),
            calibration_error: [].into(),
            table: None,
            ood: OodCard {
                method: String::new(),
                out_of_distribution: [].into(),
                kinds: Vec::new(),
            },
        }
    }

    fn answers(count: usize, seed: u64) -> Vec<LocalAnswer> {
        let answers = hotter(calibrated_answers(count, 2.0, seed), |_| 3.0);
        let hashed = |(i, answer)| LocalAnswer { answer, scan: format!("{i:032x}") };
        answers.into_iter().enumerate().map(hashed).collect()
    }

    fn fit(answers: &[LocalAnswer]) -> Result<LocalCalibration, LocalError> {
        let names = ["abc", "site", "28 Nov 2026"].map(String::from);
        LocalCalibration::fit(&card(), &classes(), answers, names)
    }

    #[test]
    fn an_overconfident_card_is_calibrated_and_its_sets_widened() {
        let local = fit(&answers(120, 1)).expect("enough");
        local.check("abc", 4).expect("usable");
        assert!((2.0..4.5).contains(&local.temperature.base), "{local:?}");
        assert!(local.error_after < local.error_before, "{local:?}");
        let measured = &local.sets.measured[0];
        assert!(measured.coverage > 0.85 && measured.coverage > local.card_sets.coverage);
        assert_eq!((measured.scans, local.scan_count()), (120, 120));
        assert_eq!(local.description(), "calibrated on 120 scans of site, 28 Nov 2026");
        let applied = local.applied_to(&card());
        applied.check(4).expect("usable");
        assert_eq!(applied.table.expect("a table").answers.len(), 120);
    }

    #[test]
    fn too_few_scans_and_missing_classes_are_refused_with_the_reason() {
        assert_eq!(fit(&answers(49, 2)), Err(LocalError::TooFew(49)));
        let mut one = answers(60, 3);
        one.iter_mut().for_each(|each| each.answer.truth = 1);
        assert_eq!(fit(&one), Err(LocalError::OneClass("meningioma".into())));
        let mut three = answers(60, 4);
        three.iter_mut().for_each(|each| each.answer.truth %= 3);
        assert_eq!(fit(&three), Err(LocalError::MissingClass("pituitary".into())));
    }

    #[test]
    fn what_was_fitted_for_other_weights_is_refused() {
        let local = fit(&answers(80, 5)).expect("enough");
        assert!(local.check("abd", 4).is_err());
        assert!(local.check("abc", 3).is_err());
        let mut broken = local;
        broken.temperature.base = f64::NAN;
        assert!(broken.check("abc", 4).is_err());
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let local = fit(&answers(64, 6)).expect("enough");
        let text = serde_json::to_string(&local).expect("written");
        assert_eq!(serde_json::from_str::<LocalCalibration>(&text).expect("read"), local);
        let path = LocalCalibration::path_beside(Path::new("weights/small_cnn.safetensors"));
        assert_eq!(path, Path::new("weights/small_cnn.local.json"));
    }
}
