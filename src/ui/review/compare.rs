//! Two models on one test set: their matrices, the difference, and whether it could be chance.

use egui::{Align2, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::matrix::{self, Look};
use crate::state::review::{Matrix, Other, Selection};
use crate::state::{Command, Review};
use crate::ui::{Screen, format, theme};

/// Draws both matrices side by side, their difference and McNemar's test.
pub fn show(ui: &mut Ui, screen: &mut Screen, review: &Review, other: &Other) {
    let name = |path| screen.state.session.checkpoint_at(path).map(|found| found.name());
    let names = [&review.checkpoint, &other.checkpoint].map(|path| name(path).unwrap_or_default());
    let width = (ui.available_width() - 24.0) / 3.0;
    let n = review.matrix().classes().max(1);
    let cell = vec2(((width - 52.0) / (n + 1) as f32).clamp(24.0, 69.0), 30.0);
    let share = screen.state.settings.share;
    ui.horizontal_wrapped(|ui| {
        for (index, name) in names.iter().enumerate() {
            ui.vertical(|ui| {
                ui.set_max_width(width);
                ui.label(RichText::new(name).strong());
                let matrix = if index == 0 { review.matrix() } else { other.matrix() };
                if matrix.classes() == 0 {
                    ui.label(RichText::new("Not evaluated yet").color(theme::tokens(ui).dim));
                    return;
                }
                ui.push_id(index, |ui| {
                    let selected = (index == 0).then_some(review.selection);
                    let look = Look { cell, share, selected };
                    if let Some(chosen) = matrix::grid(ui, matrix, review.classes(), look) {
                        screen.ask(Command::Select(chosen));
                    }
                });
                if let Some(accuracy) = matrix.accuracy() {
                    let dim = theme::tokens(ui).dim;
                    let text = format!("{:.1} % of {}", accuracy * 100.0, matrix.all().cases);
                    ui.label(RichText::new(text).color(dim));
                }
            });
        }
        if other.matrix().classes() == n {
            ui.vertical(|ui| {
                ui.set_max_width(width);
                ui.label(RichText::new("Second less first").strong());
                difference(ui, review.matrix(), other.matrix(), review.classes(), cell);
            });
        }
    });
    test(ui, screen, other);
}

/// What the second model called more often, and what less.
fn difference(ui: &mut Ui, first: &Matrix, second: &Matrix, classes: &[String], cell: egui::Vec2) {
    let tokens = theme::tokens(ui);
    let n = first.classes();
    let (label, head) = (44.0, 20.0);
    let size = vec2(label + cell.x * n as f32, head + cell.y * n as f32);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let name = |class: usize| classes[class].chars().take(4).collect::<String>();
    for row in 0..n {
        let y = rect.top() + head + cell.y * (row as f32 + 0.5);
        let x = rect.left() + label + cell.x * (row as f32 + 0.5);
        let painter = ui.painter();
        painter.text(
            pos2(rect.left(), y),
            Align2::LEFT_CENTER,
            name(row),
            theme::small(),
            tokens.text,
        );
        painter.text(
            pos2(x, rect.top() + 9.0),
            Align2::CENTER_CENTER,
            name(row),
            theme::small(),
            tokens.text,
        );
        for column in 0..n {
            let more = second.cell(row, column).cases as i64 - first.cell(row, column).cases as i64;
            let min = pos2(
                rect.left() + label + cell.x * column as f32,
                rect.top() + head + cell.y * row as f32,
            );
            let spot = Rect::from_min_size(min, cell).shrink(1.5);
            // More right answers and fewer wrong ones are good.
            let good = (more > 0) == (row == column);
            let whole = first.row(row).cases.max(1) as f32;
            let strength =
                if more == 0 { 0.0 } else { 0.1 + 0.8 * more.unsigned_abs() as f32 / whole };
            let tone = if good { tokens.accent } else { tokens.warning };
            let fill = matrix::mix(tokens.raised, tone, strength);
            let painter = ui.painter();
            painter.rect_filled(spot, theme::CORNER, fill);
            let text = if more == 0 { "0".to_owned() } else { format!("{more:+}") };
            let color = matrix::readable_on(fill, tokens.text);
            painter.text(spot.center(), Align2::CENTER_CENTER, text, theme::small(), color);
            let said =
                format!("true {} predicted {}: {more:+} cases", classes[row], classes[column]);
            let response =
                ui.interact(spot, ui.scope_id().with(("difference", row, column)), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
            response.on_hover_text(said.clone());
        }
    }
}

fn test(ui: &mut Ui, screen: &mut Screen, other: &Other) {
    let Some(comparison) = &other.comparison else { return };
    let [first, second] = &comparison.models;
    for (which, test) in
        [("All scans", Some(comparison.all)), ("Scans neither has learned from", comparison.unseen)]
    {
        let Some(test) = test else { continue };
        let text = format!(
            "{which}: only {first} is right on {}, only {second} on {}; p = {} ({})",
            test.only_first_right,
            test.only_second_right,
            format::three_digits(test.p as f32),
            test.method.name()
        );
        let hover = "McNemar's test: the chance of a difference as large as this between models that \
                     are equally good. Copies make it too small.";
        ui.label(text).on_hover_text(hover);
    }
    let count = comparison.disagreements.len();
    if count == 0 {
        ui.label("They disagree on no scan.");
        return;
    }
    let text = format!("List the {} on which they disagree", format::count(count, "scan"));
    if ui.button(text).clicked() {
        screen.ask(Command::Select(Selection::Disagreements));
    }
}
