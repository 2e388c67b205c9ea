//! The review as a person meets it: found by accessible label, driven by mouse and keys.

#[path = "window/fake.rs"]
#[allow(dead_code)]
mod fake;
#[path = "window/stage.rs"]
mod stage;

use std::path::Path;
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use fake::rings;
use mrimaster::app::Start;
use mrimaster::imaging::Series;
use mrimaster::state::Command;
use mrimaster::worker::job::{ExportKind, Request, TestSource};
use stage::{Dropped, Window};

fn open(path: &Path) -> Result<Series, String> {
    Ok(rings(&path.to_string_lossy(), 1))
}

impl Window {
    /// A window of 1280×720 on the review of a folder.
    fn on(folder: &str) -> Self {
        Self::start(Start { review: Some(TestSource::Folder(folder.into())), ..Start::default() })
    }

    fn start(start: Start) -> Self {
        let mut window = Self::stage(start, open, Some);
        window.settle();
        window
    }

    fn apply(&mut self, command: Command) {
        self.app().apply(command);
        self.settle();
    }

    fn click_what_contains(&mut self, label: &str) {
        let first = self.harness.get_all_by_label_contains(label).next().expect(label);
        first.click();
        self.settle();
    }

    fn cases_in_sight(&self) -> usize {
        self.harness
            .query_all_by_label_contains("case ")
            .filter(|node| {
                node.accesskit_node().label().is_some_and(|label| label.starts_with("case "))
            })
            .count()
    }
}

#[test]
fn from_the_folder_to_the_scan_and_the_reason_and_back() {
    let mut window = Window::on("/set");
    assert!(window.shows("Test set set/Testing (88 scans)"));
    assert!(window.shows("29 of 87 scans are also in this model's training data: 33 %"));
    assert!(window.shows("1 scan could not be read"));
    assert!(window.shows("Left out, since they are no classes of the model: notes"));

    window.click_what_contains("true glioma predicted meningioma: 7 cases, 30 %");
    assert!(window.shows("glioma → meningioma"));
    assert!(window.shows("7 cases"));
    let first = "case glioma/image(12).png true glioma predicted meningioma 0.851";
    window.click_what_contains(first);
    assert!(window.shows("scan image(12).png slice 1 of 1"), "the most confident comes first");
    assert!(window.shows("True class: glioma"));
    assert!(window.shows("called meningioma"));
    assert!(window.shows("1 of 7"));

    // The maps of both classes, one key apart.
    let explained = |window: &mut Window| window.app().state().session.explained_class();
    assert_eq!(explained(&mut window), Some(0), "what the network says now");
    window.press(Key::N);
    assert!(window.shows("scan image(13).png"));
    window.press(Key::B);
    assert!(window.shows("scan image(12).png"));

    window.click("Label looks wrong");
    window.harness.get_by_label("Comment").focus();
    window.settle();
    window.harness.get_by_label("Comment").type_text("dural tail");
    window.settle();
    window.press(Key::Escape);
    window.press(Key::Escape);
    assert!(window.shows("glioma → meningioma"), "back to the same cell");
    assert!(window.shows("1 of 7 reviewed, 1 label disputed"));
    assert!(window.shows("Label looks wrong dural tail"));
    assert!(
        window
            .shows("true glioma predicted meningioma: 7 cases, 30 %, 1 of 7 reviewed, 1 disputed")
    );
}

#[test]
fn a_leak_is_left_out_and_the_figures_follow() {
    let mut window = Window::on("/set");
    let before = window.asked.borrow().len();
    window.click("Exclude them");
    assert!(window.shows("all cases: 58 cases"));
    assert!(window.asked.borrow()[before..].iter().any(|r| matches!(r, Request::Figures { .. })));
    assert!(window.shows("of 58 scans"));
    window.click("Count them again");
    assert!(window.shows("all cases: 87 cases"));
}

#[test]
fn cells_are_reached_by_key() {
    let mut window = Window::on("/set");
    let cell = "true meningioma predicted glioma: 2 cases";
    let node = window.harness.get_all_by_label_contains(cell).next().expect("the cell");
    node.focus();
    window.settle();
    window.press(Key::Enter);
    assert!(window.shows("meningioma → glioma"));
    assert_eq!(window.cases_in_sight(), 2);
}

#[test]
fn the_list_is_narrowed_down_and_only_rows_in_sight_are_drawn() {
    let mut window = Window::on("/set");
    window.click("All cases");
    assert!(window.shows("87 cases"));
    let drawn = window.cases_in_sight();
    assert!((5..20).contains(&drawn), "{drawn} of 87 rows are drawn");
    window.harness.get_by_label("Filter by name or comment").focus();
    window.settle();
    window.harness.get_by_label("Filter by name or comment").type_text("image(33)");
    window.settle();
    assert_eq!(window.cases_in_sight(), 1);
    window.click("Clear");
    window.click("Badge");
    window.click("Contradictory label");
    assert!(window.shows("8 cases"));
}

#[test]
fn the_matrix_stands_beside_the_probabilities_with_the_scan_marked() {
    let mut window = Window::on("/set");
    window.apply(Command::Open(vec!["/mine/scan.png".into()]));
    window.press(Key::M);
    assert!(window.shows("Confusion matrix · set/Testing"));
    assert!(window.shows("Of 15 scans called glioma, 12 were."));
    window.click_what_contains("all predicted glioma: 15 cases, 80 % right");
    assert!(window.shows("Predicted glioma"), "a click leads to the cases");
}

#[test]
fn figures_are_a_tab_apart() {
    let mut window = Window::on("/set");
    for figure in
        ["ROC", "Precision and recall", "Reliability", "Confidence", "Training", "Per class"]
    {
        window.click(figure);
        assert!(!window.shows("Measuring…"), "{figure}");
    }
}

#[test]
fn two_models_stand_side_by_side() {
    let mut window = Window::on("/set");
    window.click("Compare with");
    window.click("small_cnn");
    assert!(window.shows("Second less first"));
    assert!(window.shows("All scans: only efficientnet_b0 is right on"));
    window.click_what_contains("List the 17 scans on which they disagree");
    assert!(window.shows("Where the models disagree"));
    assert!(window.shows("17 cases"));
    window.click_what_contains("case glioma/image(4).png");
    assert!(window.shows("small_cnn: meningioma"));
    window.click("Show its maps");
    let model = window.app().state().session.model.clone();
    assert_eq!(model, Some("weights/small_cnn.safetensors".into()));
}

#[test]
fn a_folder_that_was_moved_is_asked_for() {
    let mut window = Window::on("/gone");
    assert!(window.shows("choose the place where it is now"));
    window.apply(Command::ReviewMoved("/set".into()));
    assert!(window.shows("Test set set/Testing (88 scans)"));
    let asked = window.asked.borrow();
    assert!(asked.iter().any(|request| matches!(request, Request::Evaluate(evaluate)
        if evaluate.moved_from == Some("/gone".into()))));
}

#[test]
fn an_empty_review_teaches_and_the_demo_set_is_one_click_away() {
    let mut window = Window::start(Start::default());
    window.press(Key::M);
    assert!(window.shows("Drop a test set here, or press Ctrl+E"));
    window.click("Review the demo set");
    assert!(window.shows("true glioma predicted glioma: 12 cases"));
}

#[test]
fn answers_that_are_out_of_date_say_so() {
    let mut window = Window::on("/old");
    assert!(window.shows("Stale: 3 of 88 files have changed since this was made"));
    let before = window.asked.borrow().len();
    window.click("Bring up to date");
    let asked = window.asked.borrow();
    assert!(asked[before..].iter().any(|request| matches!(request, Request::Evaluate(_))));
}

#[test]
fn a_folder_that_is_dropped_on_the_review_is_a_test_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut window = Window::start(Start::default());
    window.press(Key::M);
    let dropped = Arc::new(Dropped(folder.path().to_owned()));
    window.harness.input_mut().dropped_files.push(dropped);
    window.settle();
    let source = TestSource::Folder(folder.path().to_owned());
    let asked = window.asked.borrow();
    assert!(asked.iter().any(|request| matches!(request, Request::Evaluate(evaluate)
        if evaluate.source == source)));
}

#[test]
fn an_export_says_where_it_was_written() {
    let mut window = Window::on("/set");
    window.apply(Command::Export(ExportKind::Csv, "/out/cases.csv".into()));
    assert!(window.shows("/out/cases.csv was written."));
    window.press_with(Modifiers::COMMAND, Key::Z);
}
