//! How a model was trained: loss, accuracy and learning rate by epoch.

use super::Figure;
use super::chart::{Axis, Chart, Ink, Mark, Panel, Series};
use crate::train::history::Epoch;

pub(super) fn training(history: &[Epoch]) -> Option<Chart> {
    let last = history.iter().map(|epoch| epoch.epoch).max()?;
    // A loss that was not finite has no place on an axis.
    let line = |name: &str, ink: Ink, value: &dyn Fn(&Epoch) -> f64| {
        let points = history.iter().map(|epoch| [epoch.epoch as f64, value(epoch)]);
        Series::line(name, ink, points.filter(|point| point[1].is_finite()).collect())
    };
    let panel = |title: &str, y: Axis, series: Vec<Series>| Panel {
        title: title.into(),
        x: Axis::epochs(last),
        y,
        aspect: 0.36,
        series,
        marks: marks(history),
    };
    let largest = |values: &dyn Fn(&Epoch) -> f64| {
        history.iter().map(values).filter(|value| value.is_finite()).fold(0.0, f64::max)
    };
    let loss = largest(&|epoch| epoch.training_loss).max(largest(&|epoch| epoch.validation_loss));
    let rate = largest(&|epoch| epoch.learning_rate);
    Some(Chart {
        name: Figure::Training.name(),
        panels: vec![
            panel(
                "Cross-entropy",
                Axis::up_to("Loss, nats", loss),
                vec![
                    line("training", Ink::Aside, &|epoch| epoch.training_loss),
                    line("validation", Ink::Main, &|epoch| epoch.validation_loss),
                ],
            ),
            panel(
                "Accuracy",
                Axis::share("Share of right"),
                vec![
                    line("training", Ink::Aside, &|epoch| epoch.training_accuracy),
                    line("validation", Ink::Main, &|epoch| epoch.validation_accuracy),
                ],
            ),
            panel(
                "Learning rate",
                Axis::up_to("Learning rate", rate),
                vec![line("", Ink::Main, &|epoch| epoch.learning_rate)],
            ),
        ],
        note:
            "Training accuracy is that of augmented scans as they went by. The weights of the kept \
               epoch had the smallest validation loss."
                .into(),
    })
}

/// The epoch whose weights were kept, and where training ended before its time.
fn marks(history: &[Epoch]) -> Vec<Mark> {
    let kept = history.iter().rfind(|epoch| epoch.kept);
    let stopped = history.iter().find(|epoch| epoch.stopped);
    let mark = |says: &str, epoch: &Epoch| Mark {
        x: epoch.epoch as f64,
        says: format!("{says} {}", epoch.epoch),
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
                kept: epoch <= 4,
                reduced: false,
                stopped: epoch == 6,
                seconds: 1.0,
                scans_per_second: 100.0,
                idle: 0.0,
            })
            .collect()
    }

    #[test]
    fn the_kept_epoch_and_an_early_stop_are_marked() {
        let chart = training(&history()).expect("epochs");
        let says: Vec<&str> = chart.panels[0].marks.iter().map(|mark| mark.says.as_str()).collect();
        assert_eq!(says, ["kept: epoch 4", "stopped early: epoch 6"]);
        assert_eq!(chart.panels.len(), 3);
        assert!(training(&[]).is_none());
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let mut history = history();
        history[2].training_loss = f64::NAN;
        history[3].validation_loss = f64::INFINITY;
        let chart = training(&history).expect("epochs");
        assert!(chart.panels[0].y.to.is_finite());
        for series in &chart.panels[0].series {
            let super::super::chart::Shape::Line(points) = &series.shape else { panic!("a line") };
            assert_eq!(points.len(), 5);
        }
    }
}
