//! The window's behaviour, without a window.

use std::sync::Arc;

use super::made_up::*;
use super::*;
use crate::imaging::{Depth, Found, Series, Slice, Window};
use crate::model::prediction::{DeviceChoice, TapPoint};
use crate::state::OpenSeries;

#[test]
fn an_opened_scan_is_shown_and_classified() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("scan.png", 1)));
    assert_eq!(state.session.shown().unwrap().name(), "scan.png");
    assert_eq!((asked.class, asked.checkpoint.as_path()), (None, "a.safetensors".as_ref()));
    assert!(state.session.prediction.is_pending() && state.session.evidence.is_pending());
    state.receive(Response::Predicted { id: asked.id, prediction: prediction(2) });
    assert_eq!(state.session.explained_class(), Some(2));
    assert!(state.session.evidence.is_pending(), "maps come after the probabilities");
    state.receive(Response::Explained { id: asked.id, evidence: evidence(2, TapPoint::Conv) });
    assert!(state.session.is_settled());
}

#[test]
fn a_scan_opened_before_the_models_are_known_is_classified_when_they_are() {
    let mut state = State::default();
    let requests = state.list_checkpoints();
    let [Request::ListCheckpoints { id, .. }] = requests[..] else { panic!("{requests:?}") };
    assert!(beside_measurements(open(&mut state, series("scan.png", 1))).is_empty());
    let found = vec![checkpoint("a", &["a"])];
    classify(state.receive(Response::Checkpoints {
        id,
        found,
        refused: vec!["b is broken".into()],
    }));
    assert_eq!(state.notices.history()[0].message, "b is broken");
}

#[test]
fn a_failed_open_leaves_everything_as_it_was() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("good.png", 1)));
    answer(&mut state, &asked, 1);
    let before =
        (state.session.grid.current(), state.session.series.len(), state.session.layer.clone());
    let id = open_id(&state.apply(Command::Open(vec!["bad.dcm".into()])));
    let result = Err("bad.dcm: empty".to_owned());
    assert!(state.receive(Response::Opened { id, result }).is_empty());
    state.receive(Response::OpenDone { id });
    let after =
        (state.session.grid.current(), state.session.series.len(), state.session.layer.clone());
    assert_eq!(before, after);
    assert!(state.session.is_settled() && state.session.evidence.ready().is_some());
    assert_eq!(state.notices.toasts().next().unwrap().level, Level::Error);
}

#[test]
fn stale_answers_are_dropped() {
    let mut state = with_models();
    let old = classify(open(&mut state, series("scan.nii", 5)));
    let new = classify(state.apply(Command::NextSlice));
    answer(&mut state, &old, 0);
    assert!(state.session.prediction.is_pending(), "the old slice's answer was taken");
    state.receive(Response::ClassifyFailed { id: old.id, message: "old".into() });
    assert!(state.session.prediction.is_pending() && state.notices.history().is_empty());
    answer(&mut state, &new, 3);
    assert_eq!(state.session.explained_class(), Some(3));
    // Going back: the old answer was never kept, so it is asked for again.
    classify(state.apply(Command::PreviousSlice));
}

#[test]
fn going_back_to_a_class_or_a_slice_asks_nothing() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("scan.nii", 2)));
    answer(&mut state, &asked, 1);
    let asked = classify(state.apply(Command::ExplainClass(Some(0))));
    assert_eq!(asked.class, Some(0));
    assert!(state.session.prediction.ready().is_some(), "the probabilities stay");
    answer(&mut state, &asked, 1);
    assert!(state.apply(Command::ExplainClass(None)).is_empty());
    assert_eq!(state.session.evidence.ready().unwrap().class, 1);
    assert!(state.apply(Command::ExplainClass(Some(0))).is_empty());
    let asked = classify(state.apply(Command::PreviousSlice));
    answer(&mut state, &asked, 2);
    assert!(state.apply(Command::NextSlice).is_empty());
    assert_eq!(state.session.evidence.ready().unwrap().class, 0);
    classify(state.apply(Command::SetTap(TapPoint::Unit)));
    let asked = classify(state.apply(Command::SelectDevice(DeviceChoice::Cpu)));
    assert_eq!(asked.device, DeviceChoice::Cpu);
}

#[test]
fn slices_end_at_the_first_and_the_last() {
    let mut state = with_models();
    open(&mut state, series("scan.nii", 5));
    assert_eq!(state.session.shown().unwrap().slice, 2, "the middle comes first");
    state.apply(Command::LastSlice);
    assert!(state.apply(Command::NextSlice).is_empty());
    assert_eq!(state.session.shown().unwrap().slice, 4);
    state.apply(Command::FirstSlice);
    assert!(state.apply(Command::PreviousSlice).is_empty());
    assert_eq!(state.session.shown().unwrap().slice, 0);
}

#[test]
fn layers_follow_the_network_and_start_at_its_last() {
    let mut state = with_models();
    open(&mut state, series("scan.png", 1));
    assert_eq!(state.session.layer_name(), Some("c"));
    state.apply(Command::NextLayer);
    assert_eq!(state.session.layer_name(), Some("c"));
    state.apply(Command::ToggleOverlay);
    state.apply(Command::PreviousLayer);
    assert_eq!(state.session.layer_name(), Some("b"));
    assert!(state.settings.overlay.on, "who chooses a layer wants to see it");
    state.apply(Command::TogglePin);
    state.apply(Command::TogglePinOf("a".into()));
    state.apply(Command::TogglePinOf("nowhere".into()));
    assert_eq!(state.session.pins, ["b", "a"]);
    state.apply(Command::SelectModel("z.safetensors".into()));
    assert_eq!(state.session.layer_name(), Some("z"), "another network, its own last layer");
    assert!(state.session.pins.is_empty());
}

#[test]
fn a_classification_that_fails_says_why_in_place_and_as_a_notice() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("scan.png", 1)));
    state.receive(Response::ClassifyFailed { id: asked.id, message: "NaN".into() });
    assert_eq!(state.session.prediction, Load::Failed("NaN".into()));
    assert_eq!(state.notices.history().len(), 1);
    assert!(state.session.shown().is_some());
}

#[test]
fn a_gpu_that_is_not_here_is_left_for_auto_with_one_notice() {
    let settings = Settings { device: DeviceChoice::Cuda, ..Settings::default() };
    let mut state = State::new(settings, None, None);
    list(&mut state, &["a"]);
    let asked = classify(open(&mut state, series("scan.png", 1)));
    assert_eq!(asked.device, DeviceChoice::Cuda);
    let missing = |id| Response::ClassifyFailed { id, message: "there is no CUDA device".into() };
    let again = classify(state.receive(missing(asked.id)));
    assert_eq!(again.device, DeviceChoice::Auto);
    answer(&mut state, &again, 1);
    assert_eq!(state.session.explained_class(), Some(1));
    assert_eq!(classify(open(&mut state, series("2.png", 1))).device, DeviceChoice::Auto);
    let levels: Vec<Level> = state.notices.history().iter().map(|notice| notice.level).collect();
    assert_eq!(levels, [Level::Warning]);
    assert_eq!(state.settings.device, DeviceChoice::Cuda, "the next machine may have one");
}

#[test]
fn what_fails_on_auto_too_is_tried_twice_and_not_for_ever() {
    let mut state = with_models();
    state.apply(Command::SelectDevice(DeviceChoice::Mps));
    let asked = classify(open(&mut state, series("scan.png", 1)));
    let again =
        classify(state.receive(Response::ClassifyFailed { id: asked.id, message: "NaN".into() }));
    assert!(
        state.receive(Response::ClassifyFailed { id: again.id, message: "NaN".into() }).is_empty()
    );
    assert_eq!(state.session.prediction, Load::Failed("NaN".into()));
}

#[test]
fn a_model_and_device_for_one_run_are_not_kept_unless_chosen_in_the_window() {
    let kept = Settings { model: Some("a.safetensors".into()), ..Settings::default() };
    let (model, device) = (Some("z.safetensors".into()), Some(DeviceChoice::Cpu));
    let mut state = State::new(kept.clone(), model, device);
    list(&mut state, &["a", "z"]);
    let asked = classify(open(
        &mut state,
        Arc::new(Series { synthetic: true, ..(*series("1.png", 1)).clone() }),
    ));
    assert_eq!((asked.checkpoint, asked.device), ("z.safetensors".into(), DeviceChoice::Cpu));
    assert_eq!(state.settings, kept);
    state.apply(Command::SelectModel("z.safetensors".into()));
    state.apply(Command::SelectDevice(DeviceChoice::Cpu));
    assert_eq!(state.settings.model, Some("z.safetensors".into()));
    assert_eq!(state.settings.device, DeviceChoice::Cpu);
}

#[test]
fn the_model_chosen_last_is_looked_for_wherever_it_lies_and_missed_if_it_is_gone() {
    let kept = Settings { model: Some("far/away.safetensors".into()), ..Settings::default() };
    let mut state = State::new(kept.clone(), None, None);
    let requests = state.list_checkpoints();
    let [Request::ListCheckpoints { extra, .. }] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!(extra, &[PathBuf::from("far/away.safetensors")]);
    list(&mut state, &["a", "far/away"]);
    assert_eq!(state.session.checkpoint().unwrap().name(), "away");
    assert!(state.notices.history().is_empty());

    let mut state = State::new(kept.clone(), None, None);
    list(&mut state, &["a"]);
    assert_eq!(state.session.checkpoint().unwrap().name(), "a");
    let said = &state.notices.history()[0].message;
    assert!(said.contains("far/away.safetensors") && said.contains("a is used"), "{said}");
    assert_eq!(state.settings, kept, "its disk may be back the next time");

    let mut state = State::new(kept, None, None);
    list(&mut state, &[]);
    assert_eq!(state.session.model, None);
    assert_eq!(state.notices.history().len(), 1);
}

#[test]
fn stages_stay_known_while_the_maps_of_the_next_slice_are_awaited() {
    let mut state = with_models();
    let asked = classify(open(&mut state, series("scan.nii", 2)));
    assert_eq!(state.session.stage("b"), None);
    answer(&mut state, &asked, 0);
    classify(state.apply(Command::PreviousSlice));
    assert!(state.session.evidence.is_pending());
    assert_eq!(state.session.stage("b"), Some(1));
    state.apply(Command::SelectModel("z.safetensors".into()));
    assert_eq!(state.session.stage("b"), None, "another network");
}

#[test]
fn notes_name_their_file_and_those_of_two_files_are_two_notices() {
    let mut state = with_models();
    for name in ["1.png", "2.png"] {
        let notes = vec!["The file is in colour.".to_owned()];
        open(&mut state, Arc::new(Series { notes, ..(*series(name, 1)).clone() }));
    }
    let said: Vec<&str> = state.notices.history().iter().map(|n| n.message.as_str()).collect();
    assert_eq!(said, ["1.png: The file is in colour.", "2.png: The file is in colour."]);
}

#[test]
fn where_there_is_no_file_dialog_a_path_can_be_typed() {
    let mut state = State::default();
    for _ in 0..2 {
        state.no_file_dialog(PathOf::Scan);
        assert_eq!(
            state.session.sheet,
            Some(Sheet::EnterPath(PathOf::Scan)),
            "it opens, and stays open"
        );
    }
    assert_eq!(state.notices.history()[0].count, 2);
}

#[test]
fn the_whole_range_goes_from_the_smallest_value_to_the_largest() {
    let mut state = with_models();
    let (fractions, bytes) = (vec![0.0, 0.25, 0.5, 1.0], vec![0.0, 77.0, 100.0, 255.0]);
    for (values, greys) in [(fractions, [0, 64, 128, 255]), (bytes, [0, 77, 100, 255])] {
        let slice = Slice::new(2, 2, values, Depth::Wide);
        let slices = vec![Arc::new(slice)];
        open(&mut state, Arc::new(Series { slices, ..(*series("scan.nii", 1)).clone() }));
        state.apply(Command::FullWindow);
        let shown = state.session.shown().unwrap();
        let mut seen = Vec::new();
        shown.slice().unwrap().map_to_grey(shown.window.unwrap(), false, &mut seen);
        assert_eq!(seen, greys);
    }
}

#[test]
fn closing_shows_the_neighbour_and_at_last_nothing() {
    let mut state = with_models();
    open(&mut state, series("1.png", 1));
    open(&mut state, series("2.png", 1));
    assert_eq!(state.session.shown().unwrap().name(), "2.png");
    state.apply(Command::CloseSeries);
    assert_eq!(state.session.shown().unwrap().name(), "1.png");
    assert!(state.apply(Command::CloseSeries).is_empty());
    assert!(state.session.shown().is_none() && state.session.is_settled());
    assert!(state.apply(Command::CloseSeries).is_empty());
}

#[test]
fn the_same_file_again_takes_its_own_place() {
    let mut state = with_models();
    open(&mut state, series("1.png", 1));
    open(&mut state, series("2.png", 1));
    classify(open(&mut state, series("1.png", 1)));
    let names: Vec<String> = state.session.series.iter().map(OpenSeries::name).collect();
    assert_eq!(names, ["1.png", "2.png"]);
    assert_eq!(state.session.shown().unwrap().name(), "1.png");
    assert_eq!(state.settings.recent.len(), 2);
}

#[test]
fn of_several_files_the_first_is_shown() {
    let mut state = with_models();
    open(&mut state, series("old.png", 1));
    let id = open_id(&state.apply(Command::Open(vec!["1.png".into(), "2.png".into()])));
    classify(state.receive(Response::Opened { id, result: Ok(Found::Whole(series("1.png", 1))) }));
    let second = Response::Opened { id, result: Ok(Found::Whole(series("2.png", 1))) };
    assert!(beside_measurements(state.receive(second)).is_empty());
    assert_eq!(state.session.shown().unwrap().name(), "1.png");
    assert_eq!(state.session.series.len(), 3);
}

#[test]
fn a_cancelled_open_changes_nothing_when_it_comes() {
    let mut state = with_models();
    let id = open_id(&state.apply(Command::OpenDemo));
    let asked = state.apply(Command::Cancel);
    assert!(matches!(asked[..], [Request::StopOpening { up_to }] if up_to == id));
    assert!(
        state
            .receive(Response::Opened { id, result: Ok(Found::Whole(series("late.png", 1))) })
            .is_empty()
    );
    assert!(state.session.series.is_empty());
}

#[test]
fn window_and_view_belong_to_a_series() {
    let mut state = with_models();
    open(&mut state, series("1.png", 1));
    let window = Window { center: 3.0, width: 2.0 };
    state.apply(Command::SetWindow(window));
    state.apply(Command::Invert);
    open(&mut state, series("2.png", 1));
    assert_ne!(state.session.shown().unwrap().window, Some(window));
    state.apply(Command::PreviousSeries);
    assert_eq!(state.session.shown().unwrap().window, Some(window));
    assert!(state.session.shown().unwrap().invert);
    state.apply(Command::ResetView);
    assert!(!state.session.shown().unwrap().invert);
}

#[test]
fn a_dock_asked_for_comes_back_even_when_all_are_hidden() {
    let mut state = State::default();
    state.apply(Command::ToggleDocks);
    assert!(!state.settings.docks.shows(Dock::Layers));
    state.apply(Command::ToggleLayers);
    assert!(state.settings.docks.shows(Dock::Layers));
    state.apply(Command::ToggleLayers);
    assert!(!state.settings.docks.shows(Dock::Layers));
    assert!(state.settings.docks.shows(Dock::Series));
}

#[test]
fn a_sheet_closes_by_its_own_command_and_by_escape() {
    let mut state = State::default();
    state.apply(Command::ShowKeys);
    assert_eq!(state.session.sheet, Some(Sheet::Keys));
    state.apply(Command::ShowKeys);
    assert_eq!(state.session.sheet, None);
    state.apply(Command::ShowAbout);
    state.apply(Command::Cancel);
    assert_eq!(state.session.sheet, None);
}
