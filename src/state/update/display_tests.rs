//! Keys, sheets and how scans are shown, without a window.

use std::sync::Arc;

use super::made_up::{open, series};
use super::*;
use crate::imaging::{Source, Tags};

fn key(text: &str) -> Shortcut {
    Shortcut::parse(text).expect("a key")
}

#[test]
fn a_key_is_given_kept_and_given_back() {
    let mut state = State::default();
    state.apply(Command::SetShortcuts("ZoomIn", vec![key("Ctrl+Shift+P")]));
    let does = |state: &State, text: &str| state.keymap.command(key(text)).map(|entry| entry.id);
    assert_eq!(does(&state, "Ctrl+Shift+P"), Some("ZoomIn"));
    assert_eq!(state.settings.keys["ZoomIn"], ["Ctrl+Shift+P"]);
    let again = State::new(state.settings.clone(), None, None);
    assert_eq!(does(&again, "Ctrl+Shift+P"), Some("ZoomIn"), "the next run has it, too");
    state.apply(Command::SetShortcuts("NoSuchCommand", vec![key("Z")]));
    state.apply(Command::ResetShortcuts());
    assert_eq!(does(&state, "Ctrl+Shift+P"), Some("ShowPalette"));
    assert!(state.settings.keys.is_empty());
}

#[test]
fn the_header_of_the_shown_file_is_asked_for_and_forgotten_with_its_sheet() {
    let mut state = State::default();
    assert!(state.apply(Command::ShowTags).is_empty(), "nothing is open");
    assert_eq!(state.session.sheet, None);
    open(&mut state, series("scan.dcm", 2));
    let requests = state.apply(Command::ShowTags);
    let [Request::ReadTags { id, source }] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(*source, Source::file("scan.dcm".as_ref()));
    assert!(!state.session.is_settled());
    let answer = |id| Response::Tags { id, result: Ok(Arc::new(Tags::default())) };
    state.receive(answer(id + 7));
    assert!(state.session.tags.is_pending(), "that was another answer");
    state.receive(answer(*id));
    assert!(state.session.tags.ready().is_some());
    state.apply(Command::Cancel);
    assert_eq!(state.session.tags, Load::Idle);
    state.receive(answer(*id));
    assert_eq!(state.session.tags, Load::Idle, "it came too late");
}

#[test]
fn a_header_that_cannot_be_read_says_why_in_its_sheet() {
    let mut state = State::default();
    open(&mut state, series("scan.dcm", 1));
    let requests = state.apply(Command::ShowTags);
    let [Request::ReadTags { id, .. }] = requests[..] else { panic!("{requests:?}") };
    state.receive(Response::Tags { id, result: Err("scan.dcm: it is gone".into()) });
    assert_eq!(state.session.tags, Load::Failed("scan.dcm: it is gone".into()));
    assert!(state.apply(Command::ShowTags).is_empty(), "its own command closes it");
    assert_eq!(state.session.sheet, None);
}

#[test]
fn the_patients_text_is_off_until_it_is_asked_for() {
    let mut state = State::default();
    assert!(!state.settings.patient_text);
    state.apply(Command::TogglePatientText);
    assert!(state.settings.patient_text);
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut state = State::default();
    let why = |state: &State, id: &str| state.unavailable(Entry::by_id(id).unwrap());
    for id in ["Fit", "FirstWindow", "CloseSeries", "ShowTags"] {
        assert_eq!(why(&state, id), Some("no scan is open"), "{id}");
    }
    assert_eq!(why(&state, "NextMistake"), Some("no test set is open"));
    assert_eq!(why(&state, "NextLayer"), Some("there is no model"));
    for id in ["ChooseFiles", "ChooseTestSet", "ToggleNeurological", "ToggleTheme", "ShowKeys"] {
        assert_eq!(why(&state, id), None, "{id}");
    }
    open(&mut state, series("scan.dcm", 1));
    assert_eq!(why(&state, "Fit"), None);
}
