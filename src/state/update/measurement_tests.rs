//! Measurements, without a window.

use std::path::Path;

use super::made_up::series;
use super::*;
use crate::imaging::{Found, Series, Spacing};
use crate::measure::{Address, Change, Kept, Point, Scale, Shape, Unit, Values};
use crate::state::Measurement;
use std::sync::Arc;

/// A state in which a series of slices of 4×4 pixels is shown at its middle slice.
fn open(name: &str, slices: usize) -> State {
    let mut state = State::default();
    show(&mut state, series(name, slices));
    state
}

/// Opens a series; what is asked of the workers for it.
fn show(state: &mut State, series: Arc<Series>) -> Vec<Request> {
    let requests = state.apply(Command::Open(vec![series.path.clone()]));
    let [Request::Open { id, .. }] = requests[..] else { panic!("{requests:?}") };
    let mut requests = state.receive(Response::Opened { id, result: Ok(Found::Whole(series)) });
    requests.extend(state.receive(Response::OpenDone { id }));
    requests
}

fn here(state: &State) -> Address {
    let open = state.session.shown().unwrap();
    open.address(open.slice)
}

/// Draws with a tool by clicks; what is asked of the workers.
fn draw(state: &mut State, tool: Command, points: &[Point]) -> Vec<Request> {
    if state.session.measuring.tool.is_none() {
        state.apply(tool);
    }
    let mut requests = Vec::new();
    for &point in points {
        state.apply(Command::LeadPoint(point));
        requests.extend(state.apply(Command::PlacePoint(here(state), point)));
    }
    requests
}

fn shapes(state: &State) -> Vec<Shape> {
    state.session.measuring.on(&here(state)).to_vec()
}

fn line(a: Point, b: Point) -> Shape {
    Shape { kind: Kind::Length, points: vec![a, b] }
}

#[test]
fn two_points_make_a_length_and_three_an_angle() {
    let mut state = open("a.png", 1);
    let asked = draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    let length = line([0.0, 0.0], [3.0, 4.0]);
    let address = here(&state);
    assert!(matches!(&asked[..], [Request::KeepMeasurements { home, change, .. }]
        if *home == address.home && *change == Change::Shape {
            slice: address.slice.clone(), before: None, after: Some(length.clone()) }));
    assert_eq!(shapes(&state), std::slice::from_ref(&length));
    assert_eq!(state.session.selected_measurement().map(|m| &m.shape), Some(&length));

    state.apply(Command::MeasureAngle);
    assert!(draw(&mut state, Command::MeasureAngle, &[[0.0, 0.0], [2.0, 0.0]]).is_empty());
    let draft = state.session.measuring.draft.clone().unwrap();
    assert_eq!(draft.shape.points.len(), 3, "the third follows the pointer");
    draw(&mut state, Command::MeasureAngle, &[[2.0, 3.0]]);
    assert_eq!(shapes(&state).len(), 2);
    assert_eq!(shapes(&state)[1].points, [[0.0, 0.0], [2.0, 0.0], [2.0, 3.0]]);
}

#[test]
fn a_tool_stays_until_it_is_chosen_again_or_left() {
    let mut state = open("a.png", 1);
    let tool = |state: &State| state.session.measuring.tool;
    draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    assert_eq!(tool(&state), Some(Kind::Length));
    state.apply(Command::MeasureEllipse);
    assert_eq!(tool(&state), Some(Kind::Ellipse));
    state.apply(Command::MeasureEllipse);
    assert_eq!(tool(&state), None);

    state.apply(Command::MeasureLength);
    state.apply(Command::PlacePoint(here(&state), [1.0, 1.0]));
    state.apply(Command::Cancel);
    assert_eq!(state.session.measuring.draft, None, "first what is drawn");
    assert_eq!(tool(&state), Some(Kind::Length));
    state.apply(Command::Cancel);
    assert_eq!(tool(&state), None, "then the tool");
    assert_eq!(shapes(&state).len(), 1);
    assert!(state.apply(Command::PlacePoint(here(&state), [1.0, 1.0])).is_empty());
    assert_eq!(state.session.measuring.draft, None, "without a tool nothing is drawn");
}

#[test]
fn what_has_no_size_is_not_a_measurement() {
    let mut state = open("a.png", 1);
    assert!(draw(&mut state, Command::MeasureLength, &[[1.0, 1.0], [1.0, 1.0]]).is_empty());
    assert!(shapes(&state).is_empty());
    assert_eq!(state.session.measuring.draft, None);
}

#[test]
fn draw_move_and_delete_are_taken_back_and_done_again() {
    let mut state = open("a.png", 1);
    let (before, after) = (line([0.0, 0.0], [3.0, 4.0]), line([1.0, 0.0], [4.0, 4.0]));
    draw(&mut state, Command::MeasureLength, &before.points);
    state.apply(Command::Reshape(line([0.5, 0.0], [3.5, 4.0])));
    state.apply(Command::Reshape(after.clone()));
    assert_eq!(shapes(&state), std::slice::from_ref(&before), "it is kept when it is let go");
    assert_eq!(state.apply(Command::LetGo()).len(), 1);
    assert_eq!(shapes(&state), std::slice::from_ref(&after));
    assert!(state.apply(Command::LetGo()).is_empty(), "nothing was moved");
    state.apply(Command::DeleteMeasurement);
    assert!(shapes(&state).is_empty());
    assert!(state.apply(Command::DeleteMeasurement).is_empty(), "nothing is selected");

    let stages = [vec![], vec![before.clone()], vec![after.clone()], vec![]];
    for stage in stages.iter().rev().skip(1) {
        assert_eq!(state.apply(Command::Undo).len(), 1, "what is taken back is kept, too");
        assert_eq!(shapes(&state), *stage);
    }
    assert!(state.apply(Command::Undo).is_empty());
    for stage in &stages[1..] {
        state.apply(Command::Redo);
        assert_eq!(shapes(&state), *stage);
    }
    assert!(state.apply(Command::Redo).is_empty());

    state.apply(Command::Undo);
    draw(&mut state, Command::MeasureLength, &[[0.0, 1.0], [3.0, 1.0]]);
    assert!(state.apply(Command::Redo).is_empty(), "something else was done since");
}

#[test]
fn what_is_drawn_is_taken_back_before_what_was_done() {
    let mut state = open("a.png", 1);
    draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]]);
    assert!(state.session.measuring.draft.is_some());
    state.apply(Command::Undo);
    assert!(state.session.measuring.draft.is_none());
    assert_eq!(shapes(&state).len(), 1);
}

#[test]
fn measurements_are_of_their_slice_and_undo_goes_back_to_it() {
    let mut state = open("a.nii", 3);
    draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    state.apply(Command::NextSlice);
    assert!(shapes(&state).is_empty());
    assert!(state.apply(Command::DeleteMeasurement).is_empty(), "it is not in sight");
    state.apply(Command::Undo);
    assert_eq!(state.session.shown().unwrap().slice, 1);
    assert!(shapes(&state).is_empty());
    state.apply(Command::NextSlice);
    state.apply(Command::Redo);
    assert_eq!((state.session.shown().unwrap().slice, shapes(&state).len()), (1, 1));

    show(&mut state, series("b.png", 1));
    state.apply(Command::Undo);
    let said = state.notices.history().iter().any(|n| n.message.contains("not shown"));
    assert!(said, "nobody can see it");
}

#[test]
fn a_point_on_another_slice_begins_anew() {
    let mut state = open("a.nii", 3);
    draw(&mut state, Command::MeasureLength, &[[0.0, 0.0]]);
    state.apply(Command::NextSlice);
    draw(&mut state, Command::MeasureLength, &[[2.0, 2.0]]);
    assert!(shapes(&state).is_empty());
    assert_eq!(state.session.measuring.draft.as_ref().map(|d| &d.address), Some(&here(&state)));
}

fn length_of(state: &State) -> (f64, Unit) {
    let open = state.session.shown().unwrap();
    let scale = state.session.scale(open, open.slice);
    match Values::of(&shapes(state)[0], scale, open.slice().map(Arc::as_ref)) {
        Values::Length(length) => (length, scale.unit()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_spacing_it_is_pixels_until_a_person_calibrates() {
    let mut state = open("a.nii", 3);
    assert!(state.apply(Command::Calibrate).is_empty());
    assert_eq!(state.session.sheet, None, "there is nothing to calibrate by");
    draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    assert_eq!(length_of(&state), (5.0, Unit::Pixels));
    state.apply(Command::Calibrate);
    assert_eq!(state.session.sheet, Some(Sheet::Calibrate));
    for impossible in [0.0, -3.0, f32::NAN, f32::INFINITY] {
        assert!(state.apply(Command::CalibrateTo(Some(impossible))).is_empty());
    }
    let asked = state.apply(Command::CalibrateTo(Some(20.0)));
    assert!(matches!(&asked[..], [Request::KeepMeasurements {
        change: Change::Calibration { before: None, after: Some(width) }, .. }] if *width == 4.0));
    assert_eq!(length_of(&state), (20.0, Unit::Millimetres));
    let open = state.session.shown().unwrap();
    for slice in 0..3 {
        let scale = state.session.scale(open, slice);
        assert!(matches!(scale, Scale::ByHand(_)), "it holds for the series");
    }
    state.apply(Command::Undo);
    assert_eq!(length_of(&state), (5.0, Unit::Pixels));
    state.apply(Command::Redo);
    assert_eq!(length_of(&state), (20.0, Unit::Millimetres));
    state.apply(Command::CalibrateTo(None));
    assert_eq!(length_of(&state), (5.0, Unit::Pixels));
}

#[test]
fn where_the_file_says_the_spacing_it_is_millimetres() {
    let mut spaced = Arc::unwrap_or_clone(series("a.dcm", 1));
    let slice = Arc::make_mut(&mut spaced.slices[0]);
    slice.spacing = Some(Spacing { row_mm: 2.0, column_mm: 1.0, slice_mm: None });
    let mut state = State::default();
    show(&mut state, Arc::new(spaced));
    draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 2.0]]);
    assert_eq!(length_of(&state), (5.0, Unit::Millimetres));
}

/// The request to bring measurements back, among others.
fn recall(requests: &[Request]) -> Option<(RequestId, Vec<String>)> {
    requests.iter().find_map(|request| match request {
        Request::RecallMeasurements { id, homes } => Some((*id, homes.clone())),
        _ => None,
    })
}

fn kept_on(address: &Address, shape: &Shape) -> Vec<(String, Kept)> {
    let mut kept = Kept::default();
    let (slice, after) = (address.slice.clone(), Some(shape.clone()));
    kept.apply(&Change::Shape { slice, before: None, after });
    vec![(address.home.clone(), kept)]
}

#[test]
fn what_was_measured_before_comes_back_with_the_series() {
    let mut state = State::default();
    let asked = show(&mut state, series("a.nii", 3));
    let (id, homes) = recall(&asked).expect("it is asked for");
    assert_eq!(homes, [here(&state).home]);
    assert!(!state.session.is_settled());
    let shape = line([0.0, 0.0], [3.0, 4.0]);
    let recalled = kept_on(&here(&state), &shape);
    state.receive(Response::MeasurementsRecalled { id, recalled });
    assert_eq!(shapes(&state), [shape]);
    assert!(!state.session.measuring.recalling.contains(&id));
    let again = show(&mut state, series("a.nii", 3));
    assert_eq!(recall(&again), None, "it is known");
}

#[test]
fn a_late_answer_does_not_bring_back_what_was_deleted_since() {
    let mut state = open("a.png", 1);
    let asked = draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    let [Request::KeepMeasurements { id, ref home, .. }] = asked[..] else { panic!("{asked:?}") };
    let shape = shapes(&state)[0].clone();
    let later = state.apply(Command::DeleteMeasurement);
    let [Request::KeepMeasurements { id: newest, .. }] = later[..] else { panic!("{later:?}") };
    let kept = kept_on(&here(&state), &shape).remove(0).1;
    let answer = |id, kept| Response::MeasurementsKept { id, home: home.clone(), result: Ok(kept) };
    state.receive(answer(id, kept));
    assert!(shapes(&state).is_empty());
    let theirs = line([1.0, 1.0], [2.0, 2.0]);
    let kept = kept_on(&here(&state), &theirs).remove(0).1;
    state.receive(answer(newest, kept));
    assert_eq!(shapes(&state), [theirs], "another window's");
}

#[test]
fn what_cannot_be_kept_is_said_and_stays_on_the_screen() {
    let mut state = open("a.png", 1);
    let asked = draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    let [Request::KeepMeasurements { id, ref home, .. }] = asked[..] else { panic!("{asked:?}") };
    let result = Err("the disk is full; make room".to_owned());
    state.receive(Response::MeasurementsKept { id, home: home.clone(), result });
    assert_eq!(shapes(&state).len(), 1);
    assert!(state.notices.history().iter().any(|n| n.message.contains("the disk is full")));
}

#[test]
fn a_measurement_that_another_window_deleted_is_no_longer_selected() {
    let mut state = open("a.png", 1);
    let asked = draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    let [Request::KeepMeasurements { id, ref home, .. }] = asked[..] else { panic!("{asked:?}") };
    let result = Ok(Kept::default());
    state.receive(Response::MeasurementsKept { id, home: home.clone(), result });
    assert_eq!(state.session.measuring.selected, None::<Measurement>);
}

#[test]
fn the_measurements_on_every_open_series_are_exported() {
    let mut state = open("a.nii", 3);
    assert!(state.apply(Command::WriteMeasurements("m.csv".into())).is_empty(), "there are none");
    draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    show(&mut state, series("empty.png", 1));
    show(&mut state, series("b.png", 1));
    draw(&mut state, Command::MeasureLength, &[[1.0, 0.0], [2.0, 4.0]]);
    let asked = state.apply(Command::WriteMeasurements("m.csv".into()));
    let [Request::ExportMeasurements { ref measured, .. }] = asked[..] else { panic!("{asked:?}") };
    let listed: Vec<_> =
        measured.iter().map(|found| (found.title.as_str(), found.slices[0].number)).collect();
    assert_eq!(listed, [("a.nii", 1), ("b.png", 0)]);
}

#[test]
fn nothing_that_is_kept_holds_the_path() {
    let mut state = State::default();
    let asked = show(&mut state, series("/Doe^Jane/a.png", 1));
    let measured = draw(&mut state, Command::MeasureLength, &[[0.0, 0.0], [3.0, 4.0]]);
    assert!(Path::new(&state.session.shown().unwrap().series.path).starts_with("/Doe^Jane"));
    for request in
        [recall(&asked).map(|found| format!("{found:?}")).unwrap(), format!("{measured:?}")]
    {
        assert!(!request.contains("Doe"), "{request}");
    }
}
