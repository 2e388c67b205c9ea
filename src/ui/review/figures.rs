//! What can be seen of an evaluation beside its matrix: a table by class, and charts.

use egui::{Grid, RichText, ScrollArea, Ui};

use super::plot;
use crate::evaluate::bootstrap::Estimate;
use crate::evaluate::curves::Curves;
use crate::evaluate::metrics::{ClassFigures, Figures};
use crate::review::figure::{Figure, TrainingRun};
use crate::ui::theme;

/// Wider, a panel says no more.
const WIDEST: f32 = 620.0;
/// Narrower, it cannot be read.
const NARROWEST: f32 = 300.0;

/// Draws a figure in the room there is, from 320 points of width up; what it lacks is said.
pub fn show(ui: &mut Ui, figure: Figure, figures: &Figures, curves: &Curves, runs: &[TrainingRun]) {
    if figure == Figure::PerClass && figures.scans > 0 {
        return per_class(ui, figures);
    }
    let dim = theme::tokens(ui).dim;
    let Some(chart) = figure.chart(figures, curves, runs) else {
        ui.label(RichText::new(figure.without_data()).font(theme::small()).color(dim));
        return;
    };
    // As many side by side as can be read.
    let gap = ui.spacing().item_spacing.x;
    let fit = ((ui.available_width() + gap) / (NARROWEST + gap)) as usize;
    let columns = fit.clamp(1, chart.panels.len().max(1));
    let room = (ui.available_width() + gap) / columns as f32 - gap;
    for row in chart.panels.chunks(columns) {
        ui.horizontal_top(|ui| {
            for panel in row {
                ui.vertical(|ui| {
                    ui.set_width(room.min(WIDEST));
                    plot::show(ui, chart.name, panel);
                });
            }
        });
        ui.add_space(6.0);
    }
    ui.label(RichText::new(&chart.note).font(theme::small()).color(dim));
}

/// The columns after the class and its scans: name, what it means, and its figure.
type Column = (&'static str, &'static str, fn(&ClassFigures) -> Option<Estimate>);

const COLUMNS: [Column; 5] = [
    ("Precision", "Of the answers with this class, the share that is right", |c| c.precision),
    ("Sensitivity", "Of the scans of this class, the share that was found", |c| c.sensitivity),
    (
        "Specificity",
        "Of the scans of other classes, the share that was not given to this one",
        |c| c.specificity,
    ),
    ("F1", "Harmonic mean of precision and sensitivity", |c| c.f1),
    ("AUROC", "Area under the ROC curve of its raw probability", |c| c.auroc),
];

fn per_class(ui: &mut Ui, figures: &Figures) {
    let tokens = theme::tokens(ui);
    let small = |text: String| RichText::new(text).font(theme::small());
    ScrollArea::horizontal().id_salt("per class").show(ui, |ui| {
        Grid::new("figures per class").striped(true).spacing([14.0, 6.0]).show(ui, |ui| {
            ui.label(small("Class".into()).color(tokens.dim));
            ui.label(small("Scans".into()).color(tokens.dim));
            for (name, meaning, _) in COLUMNS {
                ui.label(small(name.into()).color(tokens.dim)).on_hover_text(meaning);
            }
            ui.end_row();
            for (index, class) in figures.classes.iter().enumerate() {
                ui.horizontal(|ui| {
                    plot::swatch(ui, theme::class_color(&class.name, index));
                    ui.label(small(class.name.clone()));
                });
                ui.label(small(class.support.to_string()));
                for (_, _, figure) in COLUMNS {
                    ui.label(small(figure(class).map_or("–".into(), Estimate::share)));
                }
                ui.end_row();
            }
        });
    });
    let note = "In brackets 95 % intervals; copies of a scan are drawn together.";
    ui.label(small(note.into()).color(tokens.dim));
}

#[cfg(test)]
mod tests {
    use egui::accesskit::Role;
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;
    use crate::evaluate::report::tests::evaluation;
    use crate::review::figure::tests::history;

    fn harness(figure: Figure, width: f32) -> Harness<'static> {
        let evaluation = evaluation(
            "m",
            &[(1, 0.9, None), (0, 0.8, None), (0, 0.1, None), (1, 0.7, None), (0, 0.3, None)],
        );
        let answers: Vec<_> = evaluation.cases.iter().map(|case| &case.answer).collect();
        let curves = Curves::of(&answers, &evaluation.classes);
        let epochs = history();
        let mut harness = Harness::builder().with_size([width, 900.0]).build_ui(move |ui| {
            theme::install(ui.ctx());
            let runs = [TrainingRun { model: "m", epochs: &epochs }];
            show(ui, figure, &evaluation.parts.all, &curves, &runs);
        });
        harness.run_steps(3);
        harness
    }

    #[test]
    fn every_chart_says_what_it_shows_and_fits_a_narrow_dock() {
        for figure in Figure::ALL {
            for width in [320.0, 1400.0] {
                let harness = harness(figure, width);
                let drawn: Vec<_> = harness.root().children_recursive().collect();
                let charts: Vec<_> = drawn
                    .iter()
                    .filter(|node| node.accesskit_node().role() == Role::Figure)
                    .collect();
                assert_eq!(charts.is_empty(), figure == Figure::PerClass, "{figure:?}");
                for chart in charts {
                    let label = chart.accesskit_node().label().expect("a label");
                    assert!(label.starts_with(figure.name()), "{label}");
                    let rect = chart.rect();
                    assert!(rect.right() <= width && rect.width() <= WIDEST, "{figure:?}: {rect}");
                }
            }
        }
    }

    #[test]
    fn a_bar_says_its_number_under_the_pointer() {
        let mut harness = harness(Figure::Confidence, 500.0);
        let chart = harness.get_all_by_role(Role::Figure).next().expect("right answers");
        let rect = chart.rect();
        // Of an axis with a margin at each end.
        let at = egui::pos2(rect.left() + rect.width() * (0.02 + 0.925) / 1.04, rect.center().y);
        harness.event(egui::Event::PointerMoved(at));
        harness.run_steps(8);
        harness.get_by_label("confidence 0.90 to 0.95: 2 right answers");
    }

    #[test]
    fn the_table_has_a_row_for_each_class() {
        let harness = harness(Figure::PerClass, 700.0);
        for label in ["well", "sick", "Sensitivity", "AUROC"] {
            harness.get_by_label(label);
        }
    }
}
