//! The confusion matrix: every cell a button that lists its cases.

use egui::{
    Align2, Checkbox, Color32, FontId, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind,
    Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::evaluate::bootstrap::Estimate;
use crate::state::review::{Cell, Matrix, Selection};
use crate::state::{Command, Review, Room, Share};
use crate::ui::{Screen, theme};

/// Draws matrix, switches and accuracy.
pub fn show(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let cell = vec2(((ui.available_width() - 130.0) / 5.5).clamp(46.0, 110.0), 44.0);
    let look = Look { cell, share: screen.state.settings.share, selected: Some(review.selection) };
    ui.horizontal(|ui| {
        theme::section(ui, "True class by predicted class");
        shares(ui, screen);
    });
    if let Some(chosen) = grid(ui, review.matrix(), review.classes(), look) {
        screen.ask(Command::Select(chosen));
    }
    ui.add_space(4.0);
    summary(ui, screen, review);
}

fn shares(ui: &mut Ui, screen: &mut Screen) {
    for (share, name, hover) in [
        (
            Share::Rows,
            "per cent of rows",
            "Of the scans of a true class, how many were called what",
        ),
        (Share::Columns, "of columns", "Of the answers of a kind, how many were of what class"),
    ] {
        let chosen = screen.state.settings.share == share;
        let text = RichText::new(name).font(theme::small());
        if ui.selectable_label(chosen, text).on_hover_text(hover).clicked() {
            screen.ask(Command::SetShare(share));
        }
    }
}

/// How a matrix is drawn.
#[derive(Clone, Copy)]
pub struct Look {
    pub cell: Vec2,
    pub share: Share,
    /// What is listed.
    pub selected: Option<Selection>,
}

/// Draws a matrix with its totals; returns what was clicked.
pub fn grid(ui: &mut Ui, matrix: &Matrix, classes: &[String], look: Look) -> Option<Selection> {
    let tokens = theme::tokens(ui);
    let n = matrix.classes();
    let small = look.cell.x < 70.0;
    let label = if small { 44.0 } else { 104.0 };
    let head = 20.0;
    let size =
        vec2(label + look.cell.x * (n + 1) as f32 + 6.0, head + look.cell.y * (n + 1) as f32 + 6.0);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let name = |class: usize| {
        let name = classes.get(class).map_or("", String::as_str);
        if small { name.chars().take(4).collect() } else { name.to_owned() }
    };
    let font = theme::small();
    for class in 0..n {
        let x = rect.left() + label + look.cell.x * (class as f32 + 0.5);
        let y = rect.top() + head + look.cell.y * (class as f32 + 0.5);
        let color = theme::class_color(classes.get(class).map_or("", String::as_str), class);
        let painter = ui.painter();
        painter.circle_filled(pos2(rect.left() + 6.0, y), 4.0, color);
        painter.text(
            pos2(rect.left() + 14.0, y),
            Align2::LEFT_CENTER,
            name(class),
            font.clone(),
            tokens.text,
        );
        let top = painter.text(
            pos2(x, rect.top() + 9.0),
            Align2::CENTER_CENTER,
            name(class),
            font.clone(),
            tokens.text,
        );
        // Narrow columns have room for their names only.
        if look.cell.x >= 46.0 {
            painter.circle_filled(pos2(top.left() - 7.0, rect.top() + 9.0), 4.0, color);
        }
    }
    let at = |row: usize, column: usize| {
        let gap = |index: usize| if index == n { 6.0 } else { 0.0 };
        let min = pos2(
            rect.left() + label + look.cell.x * column as f32 + gap(column),
            rect.top() + head + look.cell.y * row as f32 + gap(row),
        );
        Rect::from_min_size(min, look.cell).shrink(1.5)
    };
    let mut clicked = None;
    for row in 0..=n {
        for column in 0..=n {
            let spot = Spot::new(matrix, classes, row, column, look.share);
            let response = spot.draw(ui, at(row, column), (row, column), look);
            if response.clicked() {
                clicked = Some(spot.selection);
            }
        }
    }
    clicked
}

/// A cell of the matrix or of its totals.
struct Spot {
    selection: Selection,
    cell: Cell,
    /// 0..=1; `None` where there is nothing to take a share of.
    share: Option<f64>,
    /// Whether its cases are mistakes; `None` of totals.
    wrong: Option<bool>,
    label: String,
}

impl Spot {
    fn new(matrix: &Matrix, classes: &[String], row: usize, column: usize, share: Share) -> Self {
        let n = matrix.classes();
        let class = |index: usize| classes.get(index).map_or("", String::as_str);
        let part = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        let (selection, cell, whole, wrong, mut label) = match (row < n, column < n) {
            (true, true) => {
                let cell = matrix.cell(row, column);
                let whole = match share {
                    Share::Rows => matrix.row(row).cases,
                    Share::Columns => matrix.column(column).cases,
                };
                let label = format!("true {} predicted {}", class(row), class(column));
                let selection = Selection::Cell { truth: row, predicted: column };
                (selection, cell, part(cell.cases, whole), Some(row != column), label)
            }
            (true, false) => {
                let cell = matrix.row(row);
                let right = matrix.cell(row, row).cases;
                (
                    Selection::Truth(row),
                    cell,
                    part(right, cell.cases),
                    None,
                    format!("all true {}", class(row)),
                )
            }
            (false, true) => {
                let cell = matrix.column(column);
                let right = matrix.cell(column, column).cases;
                let label = format!("all predicted {}", class(column));
                (Selection::Predicted(column), cell, part(right, cell.cases), None, label)
            }
            (false, false) => {
                (Selection::All, matrix.all(), matrix.accuracy(), None, "all cases".to_owned())
            }
        };
        let cases =
            if cell.cases == 1 { "1 case".to_owned() } else { format!("{} cases", cell.cases) };
        label += &format!(": {cases}");
        if let Some(share) = whole {
            let of = if wrong.is_none() { " right" } else { "" };
            label += &format!(", {:.0} %{of}", share * 100.0);
        }
        if cell.reviewed > 0 {
            label += &format!(", {} of {} reviewed", cell.reviewed, cell.cases);
        }
        if cell.disputed > 0 {
            label += &format!(", {} disputed", cell.disputed);
        }
        Self { selection, cell, share: whole, wrong, label }
    }

    fn draw(&self, ui: &mut Ui, rect: Rect, place: (usize, usize), look: Look) -> Response {
        let selected = look.selected == Some(self.selection);
        let tokens = theme::tokens(ui);
        let id = ui.scope_id().with(("cell", place));
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &self.label));
        let tone = match self.wrong {
            Some(false) => tokens.accent,
            Some(true) => tokens.warning,
            None => tokens.dim,
        };
        let strength = match (self.wrong, self.share) {
            (Some(_), Some(share)) if self.cell.cases > 0 => 0.08 + 0.82 * share as f32,
            _ => 0.0,
        };
        let fill = mix(tokens.raised, tone, strength);
        let painter = ui.painter();
        painter.rect_filled(rect, theme::CORNER, fill);
        let stroke = if selected || response.has_focus() {
            Some(Stroke::new(2.0, tokens.text))
        } else if response.hovered() {
            Some(Stroke::new(1.0, tokens.text))
        } else {
            None
        };
        if let Some(stroke) = stroke {
            painter.rect_stroke(rect, theme::CORNER, stroke, StrokeKind::Inside);
        }
        let color = if self.cell.cases == 0 { tokens.dim } else { readable_on(fill, tokens.text) };
        let center = rect.center();
        let count = self.cell.cases.to_string();
        let both = rect.height() > 34.0;
        let up = if both { 8.0 } else { 0.0 };
        let font = FontId::proportional(if both { 15.0 } else { 12.0 });
        painter.text(center - vec2(0.0, up), Align2::CENTER_CENTER, count, font, color);
        if let (true, Some(share)) = (both, self.share.filter(|_| self.cell.cases > 0)) {
            let text = format!("{:.0} %", share * 100.0);
            painter.text(
                center + vec2(0.0, 9.0),
                Align2::CENTER_CENTER,
                text,
                theme::small(),
                color,
            );
        }
        if self.cell.reviewed > 0 {
            self.mark(ui, rect, color);
        }
        response.on_hover_text(&self.label)
    }
}

impl Spot {
    /// A dot in the corner where something was said, a flag where a label is disputed.
    fn mark(&self, ui: &Ui, rect: Rect, color: Color32) {
        // Small cells have their number in the middle, and little else.
        let size = if rect.height() > 34.0 { 1.0 } else { 0.7 };
        let at = rect.right_top() + vec2(-8.0, 3.0) * size;
        if self.cell.disputed == 0 {
            ui.painter().circle_filled(at + vec2(2.0, 2.0) * size, 2.5 * size, color);
            return;
        }
        let stroke = Stroke::new(1.2 * size, color);
        ui.painter().line_segment([at, at + vec2(0.0, 9.0) * size], stroke);
        let flag = vec![at, at + vec2(6.0, 2.5) * size, at + vec2(0.0, 5.0) * size];
        ui.painter().add(egui::Shape::convex_polygon(flag, color, Stroke::NONE));
    }
}

/// A colour between two, by a share of 0..=1.
pub fn mix(a: Color32, b: Color32, share: f32) -> Color32 {
    a.lerp_to_gamma(b, share.clamp(0.0, 1.0))
}

/// Black or white, whichever reads better on `fill`; `usual` where the fill is faint.
pub fn readable_on(fill: Color32, usual: Color32) -> Color32 {
    let luminance = |c: Color32| {
        let c = egui::Rgba::from(c);
        0.2126 * c.r() + 0.7152 * c.g() + 0.0722 * c.b() + 0.05
    };
    let contrast = |a: Color32| {
        let (a, b) = (luminance(a), luminance(fill));
        a.max(b) / a.min(b)
    };
    let choices = [usual, Color32::BLACK, Color32::WHITE];
    if contrast(usual) >= 7.0 {
        return usual;
    }
    choices.into_iter().max_by(|a, b| contrast(*a).total_cmp(&contrast(*b))).unwrap_or(usual)
}

/// Accuracy, and which cases count for it.
fn summary(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let tokens = theme::tokens(ui);
    let matrix = review.matrix();
    ui.horizontal_wrapped(|ui| {
        let figures = review.measured.ready().map(|(figures, _)| figures.accuracy);
        let text = match (figures, matrix.accuracy()) {
            (Some(Some(accuracy)), _) => format!("Accuracy {}", with_interval(accuracy)),
            (_, Some(accuracy)) => format!("Accuracy {:.1} %", accuracy * 100.0),
            _ => "No case counts.".into(),
        };
        let hover = "With a 95 % interval from a bootstrap over groups of copies";
        ui.label(RichText::new(text).strong()).on_hover_text(hover);
        let all = matrix.all();
        let so_far = if review.is_running() { " so far" } else { "" };
        let text = format!("of {} scans{so_far}, {} wrong", all.cases, matrix.wrong().cases);
        ui.label(RichText::new(text).color(tokens.dim));
        if all.reviewed > 0 {
            let text =
                format!("· {} of {} reviewed, {} disputed", all.reviewed, all.cases, all.disputed);
            ui.label(RichText::new(text).color(tokens.dim));
        }
    });
    ui.horizontal_wrapped(|ui| {
        let mut without = review.without;
        let known = review.cases().iter().any(|case| case.twin_in_training.is_some());
        let twins =
            ui.add_enabled(known, Checkbox::new(&mut without.twins, "Without twins in training"));
        twins.on_hover_text("Leave out the scans of which the model has learned from a copy");
        let known = review.cases().iter().any(|case| case.person_in_training.is_some());
        let text = "Exclude persons in training";
        ui.add_enabled(known, Checkbox::new(&mut without.persons, text))
            .on_hover_text("Exclude the scans of persons of whom the model has learned from a scan")
            .on_disabled_hover_text("No table of patients names the persons of this test set");
        let text = "Without contradictory labels";
        ui.checkbox(&mut without.contradictions, text)
            .on_hover_text("Leave out the scans of which a copy has another label");
        if without != review.without {
            screen.ask(Command::SetWithout(without));
        }
    });
}

/// "72.8 % [66.7–78.6]".
pub fn with_interval(estimate: Estimate) -> String {
    let value = format!("{:.1} %", estimate.value * 100.0);
    match estimate.interval {
        Some([low, high]) => format!("{value} [{:.1}–{:.1}]", low * 100.0, high * 100.0),
        None => value,
    }
}

/// The matrix small, beside the probabilities, with the place of the scan at hand marked: its cell,
/// or the column of its prediction where its true class is not known.
pub fn mini(ui: &mut Ui, screen: &mut Screen) {
    let session = &screen.state.session;
    let Some(review) = session.review.as_ref().filter(|review| !review.cases().is_empty()) else {
        return;
    };
    let predicted = session.prediction.ready().map(|prediction| prediction.predicted);
    let truth = session.case_at_hand().map(|case| case.answer.truth);
    let marked = match (truth, predicted) {
        (Some(truth), Some(predicted)) => Some(Selection::Cell { truth, predicted }),
        (None, Some(predicted)) => Some(Selection::Predicted(predicted)),
        _ => None,
    };
    ui.separator();
    theme::section(ui, &format!("Confusion matrix · {}", review.name()));
    let n = review.matrix().classes();
    let width = (ui.available_width() - 52.0) / (n + 1) as f32;
    let look = Look { cell: vec2(width.min(69.0), 22.0), share: Share::Columns, selected: marked };
    if let Some(chosen) = grid(ui, review.matrix(), review.classes(), look) {
        screen.ask(Command::Select(chosen));
        screen.ask(Command::Enter(Room::Review));
    }
    if let Some(predicted) = predicted.filter(|&class| class < n) {
        let column = review.matrix().column(predicted);
        let right = review.matrix().cell(predicted, predicted).cases;
        let class = review.classes().get(predicted).map_or("", String::as_str);
        let text = match column.cases {
            0 => format!("No scan of this test set was called {class}."),
            cases => format!("Of {cases} scans called {class}, {right} were."),
        };
        ui.label(RichText::new(text).font(theme::small()).color(theme::tokens(ui).text));
    }
}
