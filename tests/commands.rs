//! What is done by name and key: the palette, the sheet of keys, and shortcuts that were changed.

#[path = "window/fake.rs"]
#[allow(dead_code)]
mod fake;
#[path = "window/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use fake::rings;
use mrimaster::app::Start;
use mrimaster::imaging::Series;
use mrimaster::state::{Command, Settings};
use stage::Window;

fn open(path: &Path) -> Result<Series, String> {
    let name = path.to_str().unwrap();
    Ok(rings(name, if name.ends_with(".nii") { 9 } else { 1 }))
}

fn window(paths: &[&str]) -> Window {
    let start = Start { paths: paths.iter().map(Into::into).collect(), ..Start::default() };
    let mut window = Window::stage(start, open, Some);
    window.settle();
    window
}

fn with_settings(path: &Path) -> Window {
    let start = Start {
        paths: vec!["scan.nii".into()],
        settings: Some(path.to_owned()),
        ..Start::default()
    };
    let mut window = Window::stage(start, open, Some);
    window.settle();
    window
}

const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

impl Window {
    fn type_into(&mut self, label: &str, text: &str) {
        self.harness.get_by_label(label).type_text(text);
        self.settle();
    }

    fn slice(&mut self) -> usize {
        self.app().state().session.shown().unwrap().slice
    }
}

#[test]
fn the_palette_finds_a_command_by_a_part_of_its_name_and_enter_does_it() {
    let mut window = window(&["scan.nii"]);
    window.press_with(CTRL_SHIFT, Key::P);
    assert!(window.shows("Search for a command"));
    window.type_into("Search for a command", "last sl");
    window.press(Key::Enter);
    assert!(window.shows("slice 9 of 9"));
    assert!(!window.shows("Search for a command"));
    window.press_with(Modifiers::COMMAND, Key::K);
    assert!(window.shows("Search for a command"));
    assert!(window.shows("Open…, File"), "what was typed is forgotten");
    window.press(Key::Escape);
    assert!(!window.shows("Search for a command"));
}

#[test]
fn arrows_choose_in_the_palette_and_go_through_no_slices() {
    let mut window = window(&["scan.nii"]);
    window.press_with(Modifiers::COMMAND, Key::K);
    window.type_into("Search for a command", "previous slice");
    window.press(Key::ArrowDown);
    window.press(Key::ArrowUp);
    assert_eq!(window.slice(), 4);
    window.press(Key::Enter);
    assert_eq!(window.slice(), 3);
}

#[test]
fn the_palette_lists_series_models_and_files_and_says_what_cannot_be_done() {
    let mut window = window(&["one.nii", "two.png"]);
    window.press_with(Modifiers::COMMAND, Key::K);
    window.type_into("Search for a command", "two.png");
    window.click("Show series two.png, Open");
    assert!(window.shows("scan two.png"));
    window.press_with(Modifiers::COMMAND, Key::K);
    window.type_into("Search for a command", "small");
    window.click("Use model small_cnn, Model");
    let model = window.app().state().session.model.clone();
    assert!(model.unwrap().ends_with("small_cnn.safetensors"));
    window.press_with(Modifiers::COMMAND, Key::K);
    window.type_into("Search for a command", "next mistake");
    window.press(Key::Enter);
    assert!(window.shows("Next mistake, Review: no test set is open"), "and it stays");
}

#[test]
fn a_key_is_changed_on_the_sheet_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    let mut window = with_settings(&path);
    window.press(Key::F1);
    window.click("Last slice: End");
    assert!(window.shows("“Last slice”: press the new key, or Esc"));
    window.press_with(Modifiers::SHIFT, Key::ArrowDown);
    window.harness.get_by_label("Last slice: Shift+Down");
    window.press(Key::Escape);
    window.press(Key::End);
    assert_eq!(window.slice(), 4, "the old key does nothing");
    window.press_with(Modifiers::SHIFT, Key::ArrowDown);
    assert_eq!(window.slice(), 8);
    let settings = window.app().state().settings.clone();
    settings.write(&path).unwrap();

    let mut again = with_settings(&path);
    again.press_with(Modifiers::SHIFT, Key::ArrowDown);
    assert_eq!(again.slice(), 8);
    again.press(Key::F1);
    again.click("Last slice: Shift+Down");
    again.click("Reset this key");
    again.harness.get_by_label("Last slice: End");
    assert!(again.app().state().settings.keys.is_empty());
}

#[test]
fn a_key_that_another_command_has_is_taken_only_when_a_person_says_so() {
    let mut window = window(&["scan.nii"]);
    window.press(Key::F1);
    window.click("Last slice: End");
    window.press_with(CTRL_SHIFT, Key::P);
    assert!(window.shows("Ctrl+Shift+P is the key of “Command palette…”."));
    window.click("Leave it");
    window.harness.get_by_label("Last slice: End");
    window.click("Last slice: End");
    window.press_with(CTRL_SHIFT, Key::P);
    window.click("Take it for “Last slice”");
    window.harness.get_by_label("Last slice: Ctrl+Shift+P");
    window.harness.get_by_label("Command palette…: Ctrl+K");
    window.click("Reset all");
    window.harness.get_by_label("Command palette…: Ctrl+Shift+P");
}

#[test]
fn esc_leaves_a_key_as_it_is_and_the_sheet_open() {
    let mut window = window(&["scan.nii"]);
    window.press(Key::F1);
    window.click("Last slice: End");
    window.press(Key::Escape);
    assert!(!window.shows("press the new key"));
    window.harness.get_by_label("Last slice: End");
    window.press(Key::Escape);
    assert!(!window.shows("Last slice: End"));
}

#[test]
fn a_command_can_have_two_keys_or_none() {
    let mut window = window(&["scan.nii"]);
    window.press(Key::F1);
    window.click("Last slice: End");
    window.click("Another key");
    window.press_with(Modifiers::SHIFT, Key::E);
    window.click("Last slice: End");
    window.click("Take the key away");
    window.harness.get_by_label("Last slice: Shift+E");
    window.click("Last slice: Shift+E");
    window.click("Take the key away");
    window.harness.get_by_label("Last slice: no key");
}

#[test]
fn the_sheet_of_keys_is_searched() {
    let mut window = window(&["scan.nii"]);
    window.press(Key::F1);
    window.type_into("Search in keys", "rotate");
    assert!(window.shows("Rotate left: L") && !window.shows("Last slice: End"));
}

#[test]
fn nothing_happens_behind_a_sheet() {
    let mut window = window(&["scan.nii"]);
    window.press(Key::F1);
    window.press(Key::ArrowDown);
    window.press_with(Modifiers::COMMAND, Key::W);
    assert_eq!(window.slice(), 4);
}

#[test]
fn keys_that_make_no_sense_are_one_notice_and_the_rest_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    let text = r#"{"keys": {"LastSlice": ["Z"], "Teleport": ["T"], "ZoomIn": ["Hyper+Q"]}}"#;
    std::fs::write(&path, text).unwrap();
    let mut window = with_settings(&path);
    assert_eq!(window.app().state().notices.history().len(), 1);
    assert!(window.shows("“Teleport” is no command, “Hyper+Q” of “Zoom in” is no key"));
    window.press(Key::Z);
    assert_eq!(window.slice(), 8);
}

#[test]
fn menus_and_hovers_show_the_key_that_holds() {
    let mut window = window(&[]);
    assert!(window.shows("press Ctrl+O"));
    let key = mrimaster::state::Shortcut::parse("Ctrl+Shift+O").unwrap();
    window.app().apply(Command::SetShortcuts("ChooseFiles", vec![key]));
    window.settle();
    assert!(window.shows("press Ctrl+Shift+O"));
    assert_ne!(window.app().state().settings, Settings::default());
}
