//! How a model was trained: loss, accuracy and learning rate by epoch.

use super::Figure;
use super::chart::{Axis, Chart, Ink, Mark, Panel, Series};
use crate::train::history::Epoch;

/// The epochs of a model's training, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct TrainingRun<'a> {
    pub model: &'a str,
    /// Empty where the model came without its history.
    pub epochs: &'a [Epoch],
}

/// What is drawn of an epoch, by the name of its line; `None` where it was not measured.
type Line = (&'static str, Ink, fn(&Epoch) -> Option<f64>);

const LOSS: [Line; 3] = [
    ("training", Ink::Aside, |epoch| Some(epoch.training_loss)),
    ("validation", Ink::Main, |epoch| Some(epoch.validation_loss)),
    ("shifted validation", Ink::Wrong, |epoch| epoch.shifted_loss),
];
const ACCURACY: [Line; 3] = [
    ("training", Ink::Aside, |epoch| Some(epoch.training_accuracy)),
    ("validation", Ink::Main, |epoch| Some(epoch.validation_accuracy)),
    ("shifted validation", Ink::Wrong, |epoch| epoch.shifted_accuracy),
];
const RATE: [Line; 1] = [("", Ink::Main, |epoch| Some(epoch.learning_rate))];

/// Loss, accuracy and learning rate by epoch; of several runs the lines lie in one plot and have
/// the color of their run. `None` where no run has an epoch.
pub(super) fn training(runs: &[TrainingRun]) -> Option<Chart> {
    let last = runs.iter().flat_map(|run| run.epochs).map(|epoch| epoch.epoch).max()?;
    let several = runs.iter().filter(|run| !run.epochs.is_empty()).count() > 1;
    // A loss that was not finite has no place on an axis.
    let finite = |epoch: &Epoch, (_, _, value): &Line| value(epoch).filter(|v| v.is_finite());
    let lines = |of: &[Line]| -> Vec<Series> {
        let line = |(number, run): (usize, &TrainingRun), of: &Line| {
            let points = run
                .epochs
                .iter()
                .filter_map(|epoch| Some([epoch.epoch as f64, finite(epoch, of)?]));
            let points: Vec<[f64; 2]> = points.collect();
            let (name, ink) = match several {
                true => (format!("{} {}", run.model, of.0), Ink::Class(number)),
                false => (of.0.to_owned(), of.1),
            };
            (!points.is_empty()).then(|| Series::line(name.trim_end(), ink, points))
        };
        // Lines of augmented training scans say little beside those of another run.
        let of = of.iter().filter(|of| !several || of.0 != "training");
        of.flat_map(|of| runs.iter().enumerate().filter_map(move |run| line(run, of))).collect()
    };
    let panel = |title: &str, y: Axis, of: &[Line]| Panel {
        title: title.into(),
        x: Axis::epochs(last),
        y,
        aspect: 0.36,
        series: lines(of),
        marks: runs.iter().flat_map(|run| marks(run, several)).collect(),
    };
    let largest = |of: &[Line]| {
        let all = runs.iter().flat_map(|run| run.epochs);
        all.flat_map(|epoch| of.iter().filter_map(|of| finite(epoch, of))).fold(0.0, f64::max)
    };
    Some(Chart {
        name: Figure::Training.name(),
        panels: vec![
            panel("Cross-entropy", Axis::up_to("Loss, nats", largest(&LOSS)), &LOSS),
            panel("Accuracy", Axis::share("Share of right"), &ACCURACY),
            panel("Learning rate", Axis::up_to("Learning rate", largest(&RATE)), &RATE),
        ],
        note:
            "Training figures are those of augmented scans as they went by, with smoothed labels \
               where the protocol has them; shifted validation is an augmented copy of each \
               validation scan. The weights of the kept epoch had the smallest validation loss, \
               half of it under shift where that was measured."
                .into(),
    })
}

/// The epoch whose weights were kept, and where training ended before its time.
fn marks(run: &TrainingRun, several: bool) -> Vec<Mark> {
    let kept = run.epochs.iter().rfind(|epoch| epoch.kept);
    let stopped = run.epochs.iter().find(|epoch| epoch.stopped);
    let of = if several { format!("{}, ", run.model) } else { String::new() };
    let mark = |says: &str, epoch: &Epoch| Mark {
        x: epoch.epoch as f64,
        says: format!("{of}{says} {}", epoch.epoch),
    };
    let kept = kept.map(|epoch| mark("kept: epoch", epoch));
    let stopped = stopped.map(|epoch| mark("stopped early: epoch", epoch));
    kept.into_iter().chain(stopped).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Six epochs of which the fourth was kept and the last ended training early.
    pub fn history() -> Vec<Epoch> {
        (1..=6)
            .map(|epoch| Epoch {
                epoch,
                learning_rate: 1e-3 / epoch as f64,
                training_loss: 1.4 / epoch as f64,
                training_accuracy: 1.0 - 0.6 / epoch as f64,
                validation_loss: 0.5 + 0.05 * (epoch as f64 - 4.0).powi(2),
                validation_accuracy: 0.8,
                shifted_loss: Some(0.9),
                shifted_accuracy: Some(0.7),
                kept: epoch <= 4,
                reduced: false,
                stopped: epoch == 6,
                seconds: 1.0,
                scans_per_second: 100.0,
                idle: 0.0,
            })
            .collect()
    }

    fn run(epochs: &[Epoch]) -> TrainingRun<'_> {
        TrainingRun { model: "m", epochs }
    }

    #[test]
    fn two_runs_lie_in_one_plot() {
        let (first, mut second) = (history(), history());
        second.iter_mut().for_each(|epoch| epoch.shifted_loss = None);
        let runs = [run(&first), TrainingRun { model: "other", epochs: &second }];
        let chart = training(&runs).expect("epochs");
        let names: Vec<&str> =
            chart.panels[0].series.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["m validation", "other validation", "m shifted validation"]);
        assert_eq!(chart.panels[0].marks.len(), 4);
        assert!(chart.panels[0].marks[2].says.starts_with("other, "));
    }

    #[test]
    fn the_kept_epoch_and_an_early_stop_are_marked() {
        let chart = training(&[run(&history())]).expect("epochs");
        let says: Vec<&str> = chart.panels[0].marks.iter().map(|mark| mark.says.as_str()).collect();
        assert_eq!(says, ["kept: epoch 4", "stopped early: epoch 6"]);
        assert_eq!(chart.panels.len(), 3);
        assert!(training(&[]).is_none() && training(&[run(&[])]).is_none());
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let mut history = history();
        history[2].training_loss = f64::NAN;
        history[3].validation_loss = f64::INFINITY;
        let chart = training(&[run(&history)]).expect("epochs");
        assert!(chart.panels[0].y.to.is_finite());
        for series in &chart.panels[0].series[..2] {
            let super::super::chart::Shape::Line(points) = &series.shape else { panic!("a line") };
            assert_eq!(points.len(), 5);
        }
    }
}
