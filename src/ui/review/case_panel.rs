//! Above the probabilities of a case of the review: its truth, the way to the next one, its copies,
//! and the reader's word.

use egui::{Button, Rect, RichText, Sense, TextEdit, Ui, vec2};

use super::{case_list, short_name};
use crate::evaluate::report::Case;
use crate::review::word::Verdict;
use crate::state::{Command, Load, Review, Room};
use crate::ui::{Screen, format, theme};

/// Draws it, where the scan that is shown is a case.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let session = &screen.state.session;
    let Some((review, case)) = session.review.as_ref().zip(session.case_at_hand()) else {
        return;
    };
    steps(ui, screen, review, case);
    truth(ui, screen, review, case);
    second_model(ui, screen, review, case);
    copies(ui, screen, review);
    word(ui, screen, review, case);
    ui.separator();
}

fn small(text: impl Into<String>) -> RichText {
    RichText::new(text).font(theme::small())
}

/// Where in the list the case is, and how to go on.
fn steps(ui: &mut Ui, screen: &mut Screen, review: &Review, case: &Case) {
    ui.horizontal(|ui| {
        let back = Button::new("‹ Review");
        let hover = "Back to the matrix and the list (Esc)";
        if ui.add(back).on_hover_text(hover).clicked() {
            screen.ask(Command::Enter(Room::Review));
        }
        let place = match review.chosen_row() {
            Some(row) => format!("{} of {}", row + 1, review.listed().len()),
            None => "not in the list".into(),
        };
        let list = review.selection.name(review.classes());
        ui.label(small(place)).on_hover_text(format!("{list}: {}", case.path));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            for (text, command) in [("›", Command::NextCase), ("‹", Command::PreviousCase)] {
                let entry = command.entry().expect("a command of the table");
                let button = ui.add(Button::new(text)).on_hover_text(screen.hover(&command));
                if button.accessible_name(entry.name).clicked() {
                    screen.ask(command);
                }
            }
        });
    });
    ui.label(small(format::elide(short_name(case), 44)).color(theme::tokens(ui).dim))
        .on_hover_text(&case.path);
}

/// What the scan shows by its label, and a switch between the maps of both classes.
fn truth(ui: &mut Ui, screen: &mut Screen, review: &Review, case: &Case) {
    let tokens = theme::tokens(ui);
    let class = |index: usize| review.classes().get(index).map_or("", String::as_str);
    let answer = &case.answer;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("True class: {}", class(answer.truth))).strong());
        let (text, color) = match answer.correct() {
            true => ("called right".to_owned(), tokens.dim),
            false => (format!("called {}", class(answer.predicted)), tokens.warning),
        };
        ui.label(RichText::new(text).color(color));
    });
    if !answer.correct() {
        let explained = screen.state.session.explained_class();
        ui.horizontal_wrapped(|ui| {
            let hover = screen.hover(&Command::ExplainTruth);
            for (name, index) in [("predicted", answer.predicted), ("true", answer.truth)] {
                let text = format!("{name}: {}", class(index));
                let button = ui.selectable_label(explained == Some(index), small(text));
                if button.on_hover_text(&hover).clicked() && explained != Some(index) {
                    screen.ask(Command::ExplainTruth);
                }
            }
        });
    }
    let notes = [
        (
            case.person_in_training == Some(true),
            "The model has learned from another scan of this person.",
        ),
        (case.twin_in_training == Some(true), "The model has learned from a copy of this scan."),
        (case.label_conflict, "A copy of this scan has another label."),
    ];
    for (_, note) in notes.into_iter().filter(|(is, _)| *is) {
        ui.label(small(note).color(tokens.warning));
    }
}

/// What the second model says of the same scan.
fn second_model(ui: &mut Ui, screen: &mut Screen, review: &Review, case: &Case) {
    let Some(other) = &review.other else { return };
    let Some((case, evaluated)) = other.case(&case.path).zip(other.evaluated.as_ref()) else {
        return;
    };
    let evaluation = &evaluated.evaluation;
    let first = screen.state.session.model.as_ref() == Some(&review.checkpoint);
    ui.horizontal_wrapped(|ui| {
        let text = format!(
            "{}: {} {}",
            evaluation.model.name,
            case.predicted(evaluation),
            format::probability(case.confidence())
        );
        ui.label(small(text));
        let verb = if first { "Show its maps" } else { "Show the first model's" };
        let hover = screen.hover(&Command::OtherModel);
        if ui.add(Button::new(small(verb)).small()).on_hover_text(hover).clicked() {
            screen.ask(Command::OtherModel);
        }
    });
}

/// Copies of the scan among the training scans, side by side.
fn copies(ui: &mut Ui, screen: &mut Screen, review: &Review) {
    let dim = theme::tokens(ui).dim;
    match &review.copies {
        Load::Pending(_) => _ = ui.label(small("Looking for its copies in Training…").color(dim)),
        Load::Ready(copies) if copies.is_empty() => {
            ui.label(small("No copy was found in the Training folder beside it.").color(dim));
        }
        Load::Ready(copies) => {
            ui.label(small(format!("{} in Training", copies_in_words(copies.len()))).color(dim));
            let paths: Vec<_> = copies.iter().take(4).map(|copy| copy.path.clone()).collect();
            ui.horizontal_wrapped(|ui| {
                for copy in copies.iter().take(4) {
                    let (rect, response) = ui.allocate_exact_size(vec2(60.0, 76.0), Sense::click());
                    let frame = Rect::from_min_size(rect.min, vec2(60.0, 60.0));
                    let path = copy.path.to_string_lossy();
                    // An absolute path stays as it is below any root.
                    case_list::picture(ui, screen, review, &path, frame);
                    let at = rect.center_bottom() - vec2(0.0, 1.0);
                    let class = format::elide(&copy.class, 11);
                    let painter = ui.painter();
                    let color = theme::tokens(ui).text;
                    painter.text(at, egui::Align2::CENTER_BOTTOM, class, theme::tiny(), color);
                    let name = format!("copy in training {}", copy.class);
                    response
                        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                    if response.on_hover_text(path.as_ref()).clicked() {
                        screen.ask(Command::Open(vec![copy.path.clone()]));
                    }
                }
            });
            let missing = paths.iter().any(|path| review.thumbnails.get(path).is_none());
            if missing {
                let names = paths.iter().map(|path| path.to_string_lossy().into_owned());
                screen.ask(Command::LookAt(names.collect()));
            }
        }
        Load::Idle | Load::Failed(_) => {}
    }
}

fn copies_in_words(copies: usize) -> String {
    if copies == 1 { "1 copy".into() } else { format!("{copies} copies") }
}

/// The reader's word: a verdict and a comment.
fn word(ui: &mut Ui, screen: &mut Screen, review: &Review, case: &Case) {
    let word = review.word(case);
    let verdict = word.and_then(|word| word.verdict);
    ui.horizontal_wrapped(|ui| {
        for (choice, command) in [
            (Verdict::Agree, Command::Agree),
            (Verdict::LabelWrong, Command::Dispute),
            (Verdict::Unsure, Command::Unsure),
        ] {
            let hover = screen.hover(&command);
            let button = ui.selectable_label(verdict == Some(choice), choice.name());
            if button.on_hover_text(hover).clicked() {
                screen.ask(command);
            }
        }
    });
    let mut comment = word.map_or(String::new(), |word| word.comment.clone());
    let field = TextEdit::singleline(&mut comment).hint_text("Comment");
    let field = ui.add(field.desired_width(f32::INFINITY)).accessible_name("Comment");
    if field.changed() {
        screen.ask(Command::Comment(comment));
    }
}
