//! The reading room: pixels that come late, panes, links, planes.

use std::path::Path;
use std::sync::Arc;

use super::made_up::{
    answer, classify, nothing_measured, open, open_id, prediction, series, with_models,
};
use super::*;
use crate::imaging::{
    About, Depth, Found, Header, Leaf, OpenError, Orientation, Outline, Place, Slice, Source,
    Spacing, Window,
};
use crate::state::profile::Profile;
use crate::state::{Links, OpenSeries};
use crate::worker::job::{ClassifySeries, Pixels, ScanKey};

const AXIAL: Orientation = Orientation { along_row: [1.0, 0.0, 0.0], down_column: [0.0, 1.0, 0.0] };

/// Headers of axial slices of 4 × 4 pixels, `step` mm apart, of one study.
fn outline(name: &str, slices: usize, step: f32) -> Arc<Outline> {
    let leaf = |number: usize| Leaf {
        header: Header {
            identity: format!("{name}-{number}"),
            orientation: Some(AXIAL),
            position: Some([0.0, 0.0, number as f32 * step]),
            spacing: Some(Spacing { row_mm: 1.0, column_mm: 1.0, slice_mm: Some(step) }),
            ..Header::new(4, 4, Depth::Wide)
        },
        place: Some(Place { source: Source::file(Path::new(name)), frame: number }),
    };
    Arc::new(Outline {
        path: name.into(),
        format: "DICOM".into(),
        description: Some(name.into()),
        about: About {
            series_uid: Some(name.into()),
            study_uid: Some("study".into()),
            ..About::default()
        },
        synthetic: false,
        slices: (0..slices).map(leaf).collect(),
        notes: vec![],
    })
}

fn open_outline(state: &mut State, outline: Arc<Outline>) -> Vec<Request> {
    let id = open_id(&state.apply(Command::Open(vec![outline.path.clone()])));
    let requests = state.receive(Response::Opened { id, result: Ok(Found::Outline(outline)) });
    state.receive(Response::OpenDone { id });
    nothing_measured(state, &requests);
    requests
}

/// The slices that are asked for, in order.
fn wanted(requests: &[Request]) -> Vec<usize> {
    let wanted = requests.iter().find_map(|request| match request {
        Request::ReadSlices { wanted } => Some(wanted),
        _ => None,
    });
    wanted.into_iter().flatten().map(|(scan, _)| scan.slice).collect()
}

/// The pixels of a slice of the series that is shown come.
fn pixels(state: &mut State, slice: usize) -> Vec<Request> {
    let series = shown(state).number;
    let pixels = Slice::new(4, 4, (0..16).map(|v| (v * 10 + slice) as f32).collect(), Depth::Wide);
    let scan = ScanKey { series, slice };
    state.receive(Response::SliceRead { scan, result: Ok(Arc::new(pixels)) })
}

fn shown(state: &State) -> &OpenSeries {
    state.session.shown().expect("a series is shown")
}

#[test]
fn headers_are_there_at_once_and_the_slice_looked_at_is_read_first() {
    let mut state = with_models();
    let requests = open_outline(&mut state, outline("a", 7, 2.0));
    assert_eq!(wanted(&requests), [3, 4, 2, 5, 1, 6, 0]);
    assert_eq!((shown(&state).slice, shown(&state).header().position), (3, Some([0.0, 0.0, 6.0])));
    assert!(shown(&state).slice().is_none() && shown(&state).window.is_none());
    assert!(state.session.prediction.is_pending() && !state.session.is_settled());

    assert!(pixels(&mut state, 4).is_empty(), "not the one that is shown");
    let asked = classify(pixels(&mut state, 3));
    assert_eq!((asked.scan.slice, asked.slice.stored[0]), (3, 3.0));
    assert!(shown(&state).window.is_some_and(|window| window.width > 1.0));
}

#[test]
fn scrolling_asks_for_what_is_near() {
    let mut state = with_models();
    open_outline(&mut state, outline("a", 7, 2.0));
    for slice in [3, 4, 2] {
        pixels(&mut state, slice);
    }
    let requests = state.apply(Command::SelectSlice(5));
    assert_eq!(wanted(&requests), [5, 6, 1, 0], "3, 4 and 2 are here");
    assert!(!requests.iter().any(|r| matches!(r, Request::Classify(_))), "it has no pixels yet");
    assert!(wanted(&state.apply(Command::SelectSlice(4))).contains(&5));
}

#[test]
fn pixels_far_from_the_slice_shown_make_room() {
    let mut state = with_models();
    // Slices of 2 MiB in a memory of 64.
    let mut long = (*outline("a", 100, 2.0)).clone();
    for leaf in &mut long.slices {
        (leaf.header.width, leaf.header.height) = (1024, 512);
    }
    let requests = open_outline(&mut state, Arc::new(long));
    state.settings.memory_mib = 64;
    let asked = wanted(&state.apply(Command::SelectSlice(51)));
    assert_eq!((asked.len(), asked[0]), (32, 51), "and no more than there is room for");
    assert_eq!(wanted(&requests).len(), 100, "2048 MiB had room for all");
    for &slice in &asked {
        pixels(&mut state, slice);
    }
    assert_eq!(shown(&state).slices_here(), 32);
    state.apply(Command::SelectSlice(0));
    let here = |state: &State, slice| shown(state).slice_at(slice).is_some();
    assert!(here(&state, 50), "the middle one stands for the series in the list");
    assert!(!here(&state, 51) && !here(&state, 66));
    assert!(shown(&state).slices_here() <= 32);
}

#[test]
fn a_slice_that_cannot_be_read_says_why_and_the_others_are_shown() {
    let mut state = with_models();
    open_outline(&mut state, outline("a", 3, 2.0));
    let scan = shown(&state).key();
    let result = Err("a: it is cut short; copy it again".to_owned());
    state.receive(Response::SliceRead { scan, result });
    assert_eq!(shown(&state).failure(), Some("a: it is cut short; copy it again"));
    assert!(matches!(&state.session.prediction, Load::Failed(why) if why.contains("cut short")));
    assert!(state.session.is_settled());
    assert_eq!(wanted(&state.apply(Command::NextSlice)), [2, 0], "it is not tried again");
}

#[test]
fn a_series_that_takes_the_place_of_a_closed_one_is_read() {
    let mut state = with_models();
    for name in ["a", "b", "c"] {
        open_outline(&mut state, outline(name, 3, 2.0));
    }
    state.apply(Command::TwoPanes);
    let beside = |state: &State| state.session.in_pane(1).map(OpenSeries::key);
    let closed = beside(&state).expect("two are shown").series;
    let requests = state.apply(Command::CloseSeriesNumbered(closed));
    let taken = beside(&state).expect("the third is shown");
    let read = |request: &Request| match request {
        Request::ReadSlices { wanted } => wanted[..2].iter().any(|(scan, _)| *scan == taken),
        _ => false,
    };
    assert!(requests.iter().any(read), "{requests:?}");
}

#[test]
fn a_series_that_grows_stays_where_it_is_looked_at() {
    let mut state = with_models();
    let whole = outline("a", 9, 2.0);
    let part = whole.with_slices(whole.slices[4..7].to_vec());
    let id = open_id(&state.apply(Command::Open(vec!["a".into()])));
    let found = |outline| Ok(Found::Outline(outline));
    state.receive(Response::Opened { id, result: found(Arc::new(part)) });
    pixels(&mut state, 1);
    state.apply(Command::SelectSlice(0));
    state.apply(Command::SelectSlice(1));
    let number = shown(&state).number;
    let requests = state.receive(Response::Opened { id, result: found(whole) });
    let open = shown(&state);
    assert_eq!((open.slice, open.series.slices.len()), (5, 9));
    assert!(open.slice().is_some(), "its pixels are still here");
    assert!(!wanted(&requests).contains(&5));
    assert_eq!(state.session.series.len(), 1);

    // What was under way for the first slice of the part is none of the whole.
    let late = Slice::new(4, 4, vec![99.0; 16], Depth::Wide);
    let scan = ScanKey { series: number, slice: 0 };
    state.receive(Response::SliceRead { scan, result: Ok(Arc::new(late)) });
    assert!(shown(&state).slice_at(0).is_none(), "a slice of another place was shown");
}

#[test]
fn a_series_that_nobody_went_through_yet_is_shown_at_its_middle_as_it_grows() {
    let mut state = with_models();
    let whole = outline("a", 9, 2.0);
    let id = open_id(&state.apply(Command::Open(vec!["a".into()])));
    for slices in [1, 4, 9] {
        let part = Arc::new(whole.with_slices(whole.slices[..slices].to_vec()));
        state.receive(Response::Opened { id, result: Ok(Found::Outline(part)) });
        assert_eq!(shown(&state).slice, slices / 2);
    }
}

#[test]
fn series_stand_with_their_study_in_the_order_of_their_numbers() {
    let mut state = with_models();
    let of_study = |name: &str, study: &str, number: i64| {
        let mut series = (*outline(name, 1, 1.0)).clone();
        series.about.study_uid = Some(study.into());
        series.about.series_number = Some(number);
        Arc::new(series)
    };
    for (name, study, number) in
        [("a3", "a", 3), ("b1", "b", 1), ("a1", "a", 1), ("b2", "b", 2), ("a2", "a", 2)]
    {
        open_outline(&mut state, of_study(name, study, number));
    }
    open(&mut state, series("photo.png", 1));
    let names: Vec<String> = state.session.series.iter().map(OpenSeries::title).collect();
    assert_eq!(names, ["a1", "a2", "a3", "b1", "b2", "photo.png"]);
}

#[test]
fn files_that_are_left_out_are_counted_once_and_listed() {
    let mut state = with_models();
    let id = open_id(&state.apply(Command::Open(vec!["folder".into()])));
    for name in ["a.txt", "b.pdf"] {
        let error = OpenError {
            path: name.into(),
            found: "this is no scan".into(),
            remedy: "leave it".into(),
        };
        state.receive(Response::Opened { id, result: Ok(Found::LeftOut(error)) });
    }
    assert_eq!(state.notices.history().len(), 0);
    state.receive(Response::OpenDone { id });
    assert_eq!(state.notices.history().len(), 1);
    assert!(state.notices.history()[0].message.starts_with("2 files are not shown"));
    assert!(state.session.left_out[1].to_string().starts_with("b.pdf: this is no scan"));
}

#[test]
fn panes_show_what_is_open_and_only_the_active_one_is_classified() {
    let mut state = with_models();
    open(&mut state, series("1.png", 3));
    let asked = classify(open(&mut state, series("2.png", 3)));
    answer(&mut state, &asked, 1);
    assert!(state.apply(Command::TwoPanes).is_empty(), "the same scan is active");
    assert_eq!(state.session.in_pane(1).map(OpenSeries::name).as_deref(), Some("1.png"));
    let asked = classify(state.apply(Command::ActivatePane(1)));
    assert_eq!(shown(&state).name(), "1.png");
    answer(&mut state, &asked, 1);
    open(&mut state, series("3.png", 3));
    let names = |state: &State| {
        let name = |cell| state.session.in_pane(cell).map(OpenSeries::name).unwrap_or_default();
        [name(0), name(1)]
    };
    assert_eq!(names(&state), ["2.png", "3.png"], "a new one takes the active pane");
    state.apply(Command::CloseSeries);
    assert_eq!(names(&state), ["2.png", "1.png"], "a closed one makes way for another");
    state.apply(Command::CloseSeries);
    assert_eq!(names(&state), ["2.png", ""]);
    assert_eq!(shown(&state).name(), "2.png");
}

#[test]
fn linked_panes_go_to_the_same_place_in_the_patient() {
    let mut state = with_models();
    open_outline(&mut state, outline("thin", 31, 1.0));
    open_outline(&mut state, outline("thick", 7, 5.0));
    state.apply(Command::TwoPanes);
    state.apply(Command::SelectSlice(1));
    let slice_of = |state: &State, cell| state.session.in_pane(cell).unwrap().slice;
    assert_eq!([slice_of(&state, 0), slice_of(&state, 1)], [1, 5], "both at 5 mm");
    state.apply(Command::ActivatePane(1));
    state.apply(Command::SelectSlice(23));
    assert_eq!(slice_of(&state, 0), 5, "25 mm is nearest to 23 mm");

    let links = Links { scroll: false, ..state.settings.links };
    state.apply(Command::SetLinks(links));
    state.apply(Command::SelectSlice(0));
    assert_eq!(slice_of(&state, 0), 5);
}

#[test]
fn scans_of_unknown_place_go_on_by_as_many_slices() {
    let mut state = with_models();
    open(&mut state, series("1.nii", 9));
    open(&mut state, series("2.nii", 5));
    state.apply(Command::TwoPanes);
    assert_eq!((shown(&state).slice, state.session.in_pane(1).unwrap().slice), (2, 4));
    state.apply(Command::SelectSlice(0));
    assert_eq!(state.session.in_pane(1).unwrap().slice, 2);
}

#[test]
fn zoom_and_window_go_along_as_far_as_they_are_linked() {
    let mut state = with_models();
    open(&mut state, series("1.nii", 9));
    open(&mut state, series("2.nii", 5));
    state.apply(Command::TwoPanes);
    let (before, window) =
        (state.session.in_pane(1).unwrap().window, Window { center: 3.0, width: 2.0 });
    state.apply(Command::ZoomIn);
    state.apply(Command::SetWindow(window));
    let other = state.session.in_pane(1).unwrap();
    assert_eq!((other.view, other.window), (shown(&state).view, before));
    let links = Links { zoom: false, window: true, ..state.settings.links };
    state.apply(Command::SetLinks(links));
    state.apply(Command::ZoomIn);
    state.apply(Command::SetWindow(Window { center: 4.0, ..window }));
    let other = state.session.in_pane(1).unwrap();
    assert_ne!(other.view, shown(&state).view);
    assert_eq!(other.window, shown(&state).window);
}

#[test]
fn three_planes_are_linked_by_their_cross() {
    let mut state = with_models();
    open_outline(&mut state, outline("a", 7, 2.0));
    state.apply(Command::TogglePlanes);
    assert_eq!(shown(&state).planes.as_ref().unwrap().cross, [2, 2]);
    state.apply(Command::SetCross([3, 0, 6]));
    assert_eq!((shown(&state).planes.as_ref().unwrap().cross, shown(&state).slice), ([3, 0], 6));
    state.apply(Command::SetCross([99, 99, 99]));
    assert_eq!((shown(&state).planes.as_ref().unwrap().cross, shown(&state).slice), ([3, 3], 6));
    let view = View::default().zoomed(2.0);
    state.apply(Command::SetPlaneView(1, view));
    assert_eq!(shown(&state).planes.as_ref().unwrap().views, [View::default(), view]);
    assert_eq!(shown(&state).view, View::default());
    state.apply(Command::TogglePlanes);
    assert!(shown(&state).planes.is_none());
}

#[test]
fn what_has_no_planes_across_says_so() {
    let mut state = with_models();
    open(&mut state, series("photo.png", 1));
    state.apply(Command::TogglePlanes);
    assert!(shown(&state).planes.is_none());
    assert!(state.notices.history()[0].message.starts_with("photo.png has one slice only"));
}

/// The request to classify the other slices, if there is one.
fn sweep(requests: &[Request]) -> Option<&ClassifySeries> {
    requests.iter().find_map(|request| match request {
        Request::ClassifySeries(series) => Some(series),
        _ => None,
    })
}

#[test]
fn the_other_slices_are_classified_outwards_from_the_one_that_is_shown() {
    let mut state = with_models();
    let requests = open(&mut state, series("a.nii", 5));
    let sweep = sweep(&requests).expect("the others are asked about").clone();
    let order: Vec<usize> = sweep.slices.iter().map(|(scan, _)| scan.slice).collect();
    assert_eq!(order, [3, 1, 4, 0]);
    assert_eq!(state.session.slices_to_classify(), 4);
    answer(&mut state, &classify(requests), 1);
    for (index, (scan, _)) in sweep.slices.into_iter().enumerate() {
        let result = match index {
            3 => Err("it cannot be read".to_owned()),
            _ => Ok(prediction(2)),
        };
        state.receive(Response::OfSeries { id: sweep.id, scan, result });
    }
    assert!(state.session.is_settled());
    let profile = Profile::of(&state.session).unwrap();
    let known: Vec<usize> = profile.slices().map(|(slice, _)| slice).collect();
    assert_eq!(known, [1, 2, 3, 4], "one could not be read");
    assert_eq!(profile.at(2).unwrap().predicted, 1);

    let requests = state.apply(Command::NextSlice);
    assert!(self::sweep(&requests).is_none(), "once is enough");
    assert_eq!(state.session.prediction.ready().unwrap().predicted, 2, "known already");
}

#[test]
fn another_model_asks_anew_and_late_answers_of_the_first_are_dropped() {
    let mut state = with_models();
    let first = sweep(&open(&mut state, series("a.nii", 3))).unwrap().clone();
    let requests = state.apply(Command::SelectModel("z.safetensors".into()));
    let second = sweep(&requests).unwrap();
    assert_eq!((second.slices.len(), &second.checkpoint), (2, &"z.safetensors".into()));
    let scan = first.slices[0].0;
    state.receive(Response::OfSeries { id: first.id, scan, result: Ok(prediction(0)) });
    assert!(Profile::of(&state.session).is_none());
    assert_eq!(state.session.slices_to_classify(), 2);
}

#[test]
fn a_reader_may_want_the_slice_only_that_is_shown() {
    let mut state = with_models();
    open(&mut state, series("a.nii", 3));
    let requests = state.apply(Command::ClassifyWhole(false));
    assert!(sweep(&requests).unwrap().slices.is_empty(), "what is left is called off");
    assert_eq!(state.session.slices_to_classify(), 0);
    assert!(sweep(&open(&mut state, series("b.nii", 3))).is_none());
    assert_eq!(sweep(&state.apply(Command::ClassifyWhole(true))).unwrap().slices.len(), 2);
}

#[test]
fn slices_whose_pixels_are_away_are_read_by_who_classifies() {
    let mut state = with_models();
    assert!(sweep(&open_outline(&mut state, outline("a", 3, 2.0))).is_none(), "first the picture");
    let requests = pixels(&mut state, 1);
    let slices = &sweep(&requests).unwrap().slices;
    assert!(slices.iter().all(|(_, pixels)| matches!(pixels, Pixels::InFile(_))));
}

#[test]
fn cine_passes_over_no_slice_that_is_still_read() {
    let mut state = with_models();
    open_outline(&mut state, outline("a", 3, 2.0));
    state.apply(Command::ToggleCine);
    state.apply(Command::CineStep());
    assert_eq!(shown(&state).slice, 1, "its pixels are not here");
    (0..3).for_each(|slice| _ = pixels(&mut state, slice));
    let mut seen = Vec::new();
    for _ in 0..4 {
        state.apply(Command::CineStep());
        seen.push(shown(&state).slice);
    }
    assert_eq!(seen, [2, 0, 1, 2]);
    state.apply(Command::ToggleCine);
    state.apply(Command::CineStep());
    assert_eq!((shown(&state).slice, state.session.cine), (2, None));
}

#[test]
fn cine_ends_with_its_series() {
    let mut state = with_models();
    open(&mut state, series("photo.png", 1));
    state.apply(Command::ToggleCine);
    assert!(state.session.cine.is_none(), "nothing to go through");
    open(&mut state, series("a.nii", 3));
    state.apply(Command::ToggleCine);
    assert!(state.session.cine.is_some());
    state.apply(Command::PreviousSeries);
    state.apply(Command::CineStep());
    assert!(state.session.cine.is_none());
}
