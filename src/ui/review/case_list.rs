//! The cases of the chosen part of the matrix. Only the rows in sight are drawn.

use egui::{
    Align2, Color32, ComboBox, DragValue, FontId, Rect, RichText, Role, ScrollArea, Sense,
    TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use super::short_name;
use crate::evaluate::report::Case;
use crate::state::review::{Badge, Filter, Order, Selection};
use crate::state::{Command, Review};
use crate::ui::{Screen, format, theme};

/// Height of a row, in points.
const ROW: f32 = 60.0;

/// Draws heading, filters and rows.
pub fn show(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    heading(ui, screen, review);
    filters(ui, screen, review);
    ui.add_space(4.0);
    if review.listed().is_empty() {
        let text = match review.is_running() {
            true => "No case yet.",
            false => "No case: choose another cell, or fewer filters.",
        };
        ui.label(RichText::new(text).color(theme::tokens(ui).dim));
        return;
    }
    rows(ui, screen, review);
}

fn heading(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let tokens = theme::tokens(ui);
    ui.horizontal_wrapped(|ui| {
        let name = review.selection.name(review.classes());
        ui.label(RichText::new(name).strong().size(15.0));
        let said = review.of_list();
        let mut text = format::count(said.cases, "case");
        if said.reviewed > 0 {
            text += &format!(" · {} of {} reviewed", said.reviewed, said.cases);
        }
        if said.disputed > 0 {
            text += &format!(", {} disputed", format::count(said.disputed, "label"));
        }
        ui.label(RichText::new(text).color(tokens.dim));
    });
    ui.horizontal_wrapped(|ui| {
        let disagreements = review.other.as_ref().is_some_and(|other| other.comparison.is_some());
        let parts = [Selection::Wrong, Selection::All, Selection::Disagreements];
        let shown = if disagreements { &parts[..] } else { &parts[..2] };
        for &selection in shown {
            let name = selection.name(review.classes());
            if ui.selectable_label(review.selection == selection, name).clicked() {
                screen.ask(Command::Select(selection));
            }
        }
    });
}

fn filters(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    ui.horizontal_wrapped(|ui| {
        let mut order = review.order;
        let combo = ComboBox::from_id_salt("order").selected_text(order.name()).width(150.0);
        let combo = combo.show_ui(ui, |ui| {
            for choice in Order::ALL {
                ui.selectable_value(&mut order, choice, choice.name());
            }
        });
        combo.response.accessible_name("Order");
        if order != review.order {
            screen.ask(Command::SetOrder(order));
        }

        let mut filter = review.filter.clone();
        let field = TextEdit::singleline(&mut filter.text).hint_text("Name or comment");
        ui.add(field.desired_width(110.0)).accessible_name("Filter by name or comment");

        let text = filter.badge.map_or("Any badge", Badge::name);
        let combo = ComboBox::from_id_salt("badge").selected_text(text).width(120.0);
        let combo = combo.show_ui(ui, |ui| {
            ui.selectable_value(&mut filter.badge, None, "Any badge");
            for badge in Badge::ALL {
                ui.selectable_value(&mut filter.badge, Some(badge), badge.name())
                    .on_hover_text(badge.tooltip());
            }
        });
        combo.response.accessible_name("Badge");

        if filter != review.filter {
            screen.ask(Command::SetFilter(filter));
        }
    });
    ui.horizontal_wrapped(|ui| confidence(ui, screen, review));
}

/// From which confidence to which.
fn confidence(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    fn share(value: &mut f32, range: std::ops::RangeInclusive<f32>) -> DragValue<'_> {
        DragValue::new(value).range(range).speed(0.01).fixed_decimals(2)
    }
    let mut filter = review.filter.clone();
    let [mut low, mut high] = filter.confidence;
    ui.label(RichText::new("Confidence from").color(theme::tokens(ui).dim));
    ui.add(share(&mut low, 0.0..=high)).accessible_name("Least confidence");
    ui.label(RichText::new("to").color(theme::tokens(ui).dim));
    ui.add(share(&mut high, low..=1.0)).accessible_name("Largest confidence");
    filter.confidence = [low, high];
    if filter != Filter::default() && ui.button("Clear").clicked() {
        filter = Filter::default();
    }
    if filter != review.filter {
        screen.ask(Command::SetFilter(filter));
    }
}

fn rows(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let mut wanted = Vec::new();
    let mut area = ScrollArea::vertical().auto_shrink(false).id_salt("cases");
    // The case that was looked at comes into sight once, when the list is come back to.
    let seen = egui::Id::unique("case brought into sight");
    let chosen = review.chosen.clone();
    if chosen.is_some()
        && ui.data(|data| data.get_temp::<Option<String>>(seen)) != Some(chosen.clone())
    {
        if let Some(row) = review.chosen_row() {
            let middle = (ui.available_height() - ROW) / 2.0;
            area = area.vertical_scroll_offset((row as f32 * (ROW + 2.0) - middle).max(0.0));
        }
        ui.data_mut(|data| data.insert_temp(seen, chosen));
    }
    ui.spacing_mut().item_spacing.y = 2.0;
    area.show_rows(ui, ROW, review.listed().len(), |ui, range| {
        for &index in &review.listed()[range] {
            let case = &review.cases()[index];
            if row(ui, screen, review, case) {
                screen.ask(Command::OpenCase(case.path.clone()));
            }
            let known =
                review.path(&case.path).is_none_or(|path| review.thumbnails.get(&path).is_some());
            if !known {
                wanted.push(case.path.clone());
            }
        }
    });
    if !wanted.is_empty() {
        screen.ask(Command::LookAt(wanted));
    }
}

/// One case; whether it was clicked.
fn row(ui: &mut Ui, screen: &mut Screen, review: &Review, case: &Case) -> bool {
    let tokens = theme::tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let chosen = review.chosen.as_ref() == Some(&case.path);
    let label = spoken(review, case);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &label));
    let fill = match (chosen, response.hovered() || response.has_focus()) {
        (true, _) => tokens.accent_fill,
        (false, true) => tokens.hovered,
        (false, false) => tokens.raised,
    };
    ui.painter().rect_filled(rect, theme::CORNER, fill);
    let frame = Rect::from_min_size(rect.min + vec2(4.0, 4.0), vec2(ROW - 8.0, ROW - 8.0));
    picture(ui, screen, review, &case.path, frame);

    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let left = frame.right() + 8.0;
    let fits = ((rect.right() - left - 120.0) / 7.0).max(8.0) as usize;
    let name = format::elide(short_name(case), fits);
    painter.text(
        pos2(left, rect.top() + 6.0),
        Align2::LEFT_TOP,
        name,
        FontId::proportional(13.0),
        tokens.text,
    );

    // Truth and prediction, each with the colour of its class.
    let answer = &case.answer;
    let class = |index: usize| review.classes().get(index).map_or("", String::as_str);
    let mut x = left;
    let line = rect.top() + 31.0;
    let mut word = |text: &str, dot: Option<usize>| {
        if let Some(index) = dot {
            painter.circle_filled(
                pos2(x + 4.0, line),
                4.0,
                theme::class_color(class(index), index),
            );
            x += 12.0;
        }
        let drawn =
            painter.text(pos2(x, line), Align2::LEFT_CENTER, text, theme::small(), tokens.text);
        x = drawn.right() + 6.0;
    };
    word(class(answer.truth), Some(answer.truth));
    if answer.correct() {
        word("right", None);
    } else {
        word("→", None);
        word(class(answer.predicted), Some(answer.predicted));
    }

    let confidence = format::probability(case.confidence());
    let at = pos2(rect.right() - 8.0, rect.top() + 6.0);
    painter.text(at, Align2::RIGHT_TOP, confidence, FontId::proportional(13.0), tokens.text);
    if answer.calibrated.is_some() {
        let raw = answer.probabilities.get(answer.predicted).copied().unwrap_or_default();
        let text = format!("raw {}", format::probability(raw));
        let at = pos2(rect.right() - 58.0, rect.top() + 7.5);
        painter.text(at, Align2::RIGHT_TOP, text, theme::small(), tokens.dim);
    }
    badges(&painter, review, case, pos2(left, rect.bottom() - 13.0), tokens);
    response.clicked()
}

fn badges(
    painter: &egui::Painter,
    review: &Review,
    case: &Case,
    at: egui::Pos2,
    tokens: &theme::Tokens,
) {
    let mut x = at.x;
    let mut write = |text: &str, color: Color32| {
        let drawn = painter.text(pos2(x, at.y), Align2::LEFT_CENTER, text, theme::small(), color);
        x = drawn.right() + 10.0;
    };
    for badge in Badge::OF_SCAN {
        if badge.is_on(review, case) {
            let color = if badge == Badge::LeftOut { tokens.dim } else { tokens.warning };
            write(badge.name(), color);
        }
    }
    if let Some(word) = review.word(case) {
        let verdict = word.verdict.map_or("Comment", |verdict| verdict.name());
        let comment = format::elide(&word.comment, 40);
        let text =
            if comment.is_empty() { verdict.to_owned() } else { format!("{verdict}: {comment}") };
        write(&text, tokens.accent);
    }
}

/// What a reader hears of a row.
fn spoken(review: &Review, case: &Case) -> String {
    let class = |index: usize| review.classes().get(index).map_or("", String::as_str);
    let answer = &case.answer;
    let mut text = format!(
        "case {} true {} predicted {} {}",
        case.path,
        class(answer.truth),
        class(answer.predicted),
        format::probability(case.confidence())
    );
    for badge in Badge::OF_SCAN {
        if badge.is_on(review, case) {
            text += &format!(", {}", badge.name());
        }
    }
    if let Some(word) = review.word(case) {
        let verdict = word.verdict.map_or("commented", |verdict| verdict.name());
        text += &format!(", {verdict} {}", word.comment);
    }
    text.trim_end().to_owned()
}

/// A scan, small, as far as it is there.
pub fn picture(ui: &Ui, screen: &mut Screen, review: &Review, case: &str, frame: Rect) {
    let painter = ui.painter();
    painter.rect_filled(frame, 2.0, theme::CANVAS);
    let Some(path) = review.path(case) else { return };
    let Some(Some(thumbnail)) = review.thumbnails.get(&path) else { return };
    let (w, h) = (thumbnail.width as f32, thumbnail.height as f32);
    let size = vec2(w, h) * (frame.width() / w.max(h).max(1.0));
    let texture = screen.textures.case(ui, &path, thumbnail);
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(texture, Rect::from_center_size(frame.center(), size), uv, Color32::WHITE);
}
