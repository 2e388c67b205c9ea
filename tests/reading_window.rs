//! The reading room: panes, cine, the curve along a series, pixels that come late.

#[path = "window/fake.rs"]
#[allow(dead_code)]
mod fake;
#[path = "window/stage.rs"]
#[allow(dead_code)]
mod stage;

use std::path::Path;
use std::sync::Arc;

use egui::{Key, Modifiers, pos2};
use fake::rings;
use mrimaster::app::Start;
use mrimaster::imaging::{Found, OpenError, Place, Series, Slice, Source};
use mrimaster::state::Command;
use mrimaster::worker::job::{Request, Response, ScanKey};
use stage::Window;

fn open(path: &Path) -> Result<Series, String> {
    let name = path.to_string_lossy();
    Ok(rings(&name, if name.ends_with(".nii") { 9 } else { 1 }))
}

fn start(paths: &[&str]) -> Start {
    Start { paths: paths.iter().map(Into::into).collect(), ..Start::default() }
}

impl Window {
    fn new(paths: &[&str]) -> Self {
        Self::with(paths, Some)
    }

    fn with(paths: &[&str], through: impl Fn(Response) -> Option<Response> + 'static) -> Self {
        let mut window = Self::stage(start(paths), open, through);
        window.settle();
        window
    }
}

mod panes {
    use super::*;

    #[test]
    fn the_menu_sets_series_side_by_side_and_one_alone_again() {
        let mut window = Window::new(&["a.nii", "b.nii", "c.nii"]);
        assert!(!window.shows("scan b.nii"), "one series at first");
        window.click("Panes 1×1");
        window.click("2 by 2 panes");
        for label in ["scan a.nii slice 5 of 9", "scan b.nii", "scan c.nii", "empty pane 4"] {
            assert!(window.shows(label), "{label}");
        }
        assert_eq!(window.painted("Empty").len(), 1);
        let (a, b) = (window.pane("scan a.nii"), window.pane("scan b.nii"));
        assert!(a.right() <= b.left() && a.top() == b.top());
        window.click("Panes 2×2");
        window.click("1 by 1 panes");
        assert!(window.shows("scan a.nii") && !window.shows("scan b.nii"));
        assert!(!window.shows("link slices"), "there is nothing to link");
    }

    #[test]
    fn a_click_or_the_wheel_makes_a_pane_the_active_one() {
        let mut window = Window::new(&["a.nii", "b.nii", "c.nii"]);
        window.app().apply(Command::FourPanes);
        window.settle();
        window.click_on(window.pane("scan b.nii").center());
        assert_eq!(window.shown().name(), "b.nii");
        assert!(window.shows("scan b.nii slice 5 of 9, heatmap of"), "keys and docks are for it");
        window.turn_wheel(window.pane("scan c.nii").center(), -1.0, Modifiers::NONE);
        assert_eq!(window.shown().name(), "c.nii");
        assert!(window.shows("scan c.nii slice 6 of 9, heatmap of"));
        window.press(Key::ArrowDown);
        assert!(window.shows("scan c.nii slice 7 of 9"));
    }

    #[test]
    fn a_series_of_the_list_goes_into_the_active_pane() {
        let mut window = Window::new(&["a.nii", "b.nii", "c.nii"]);
        for command in [Command::TwoPanes, Command::ToggleLayers] {
            window.app().apply(command);
        }
        window.settle();
        window.click_on(window.pane("scan b.nii").center());
        window.click("series c.nii");
        assert!(window.shows("scan a.nii") && window.shows("scan c.nii"));
        assert!(!window.shows("scan b.nii"));
        window.click("series a.nii");
        assert_eq!(window.shown().name(), "a.nii", "it has a pane, which becomes the active one");
        assert!(window.shows("scan c.nii"));
    }

    #[test]
    fn an_empty_pane_says_how_it_is_filled() {
        let mut window = Window::new(&["a.nii"]);
        window.app().apply(Command::TwoPanes);
        window.settle();
        window.click("empty pane 2");
        assert_eq!(window.painted("Choose a series in the list").len(), 1);
        assert!(window.painted("Empty").is_empty());
        window.app().apply(Command::Open(vec!["b.nii".into()]));
        window.settle();
        assert!(window.shows("scan a.nii") && window.shows("scan b.nii slice 5 of 9, heatmap of"));
    }

    #[test]
    fn what_is_opened_goes_into_the_empty_pane_that_is_active() {
        let mut window = Window::new(&["a.nii"]);
        window.app().apply(Command::FourPanes);
        window.settle();
        window.click("empty pane 4");
        window.app().apply(Command::Open(vec!["b.nii".into()]));
        window.settle();
        assert!(window.shows("empty pane 2") && window.shows("empty pane 3"));
        assert!(!window.shows("empty pane 4") && window.shows("scan b.nii"));
    }

    #[test]
    fn the_series_that_is_left_alone_is_classified() {
        let mut window = Window::new(&["a.nii"]);
        window.app().apply(Command::TwoPanes);
        window.settle();
        window.click("empty pane 2");
        assert!(!window.shows("glioma 0.810"), "there is nothing to classify");
        window.app().apply(Command::OnePane);
        window.settle();
        assert!(window.shows("scan a.nii") && window.shows("glioma 0.810"));
    }

    #[test]
    fn linked_panes_scroll_zoom_and_window_together_and_others_do_not() {
        let mut window = Window::new(&["a.nii", "b.nii"]);
        window.app().apply(Command::TwoPanes);
        window.settle();
        let other = |window: &mut Window| {
            let session = &window.app().state().session;
            session.in_pane(1).expect("b.nii is there").clone()
        };
        let before = other(&mut window);
        let over = window.pane("scan a.nii").center();
        window.turn_wheel(over, -2.0, Modifiers::NONE);
        assert!(window.shows("scan a.nii slice 7") && window.shows("scan b.nii slice 7"));
        window.turn_wheel(over, 1.0, Modifiers::COMMAND | Modifiers::CTRL);
        assert!(other(&mut window).view.zoom > 1.0);
        assert_eq!(other(&mut window).view, window.shown().view);

        let darker = |window: &mut Window| {
            window.app().apply(Command::DarkWindow);
            window.settle();
            window.shown().window
        };
        assert_ne!(darker(&mut window), before.window);
        assert_eq!(other(&mut window).window, before.window, "windows are linked on request");
        window.click("link window");
        window.app().apply(Command::FirstWindow);
        let darker = darker(&mut window);
        assert_eq!(other(&mut window).window, darker);

        for link in ["link slices", "link zoom", "link window"] {
            window.click(link);
        }
        let before = other(&mut window);
        window.turn_wheel(over, 1.0, Modifiers::NONE);
        window.turn_wheel(over, 1.0, Modifiers::COMMAND | Modifiers::CTRL);
        window.app().apply(Command::FullWindow);
        window.settle();
        assert!(window.shows("scan a.nii slice 6") && window.shows("scan b.nii slice 7"));
        let after = other(&mut window);
        assert_eq!((after.view, after.window), (before.view, before.window));
    }
}

mod cine {
    use super::*;

    /// A frame every sixteenth of a second.
    fn window(through: impl Fn(Response) -> Option<Response> + 'static) -> Window {
        let mut window = Window::stage_by(1.0 / 16.0, start(&["a.nii"]), open, through);
        window.settle();
        window
    }

    /// Begins or stops cine, and draws until that is done.
    fn press_c(window: &mut Window) {
        window.harness.key_press(Key::C);
        window.harness.run_steps(2);
    }

    fn slices(window: &mut Window, frames: usize) -> Vec<usize> {
        let next = |_| {
            window.harness.run_steps(1);
            window.shown().slice
        };
        (0..frames).map(next).collect()
    }

    #[test]
    fn it_goes_as_fast_as_the_toolbar_says_begins_again_and_stops() {
        let mut window = window(Some);
        window.click("Cine rate");
        window.harness.event(egui::Event::Text("8".into()));
        window.settle();
        window.press(Key::Enter);
        assert_eq!(window.app().state().settings.cine.rate, 8.0);
        press_c(&mut window);
        let before = window.shown().slice;
        let seen = slices(&mut window, 16);
        assert_eq!((before + 8) % 9, seen[15], "eight slices in a second: {seen:?}");
        assert!(seen.windows(2).all(|pair| (pair[0] + 1) % 9 == pair[1] || pair[0] == pair[1]));
        press_c(&mut window);
        let stopped = window.shown().slice;
        assert!(slices(&mut window, 16).iter().all(|&slice| slice == stopped));
    }

    #[test]
    fn at_the_last_slice_it_does_as_it_is_told() {
        let mut window = window(Some);
        window.click("Cine loop");
        window.click("Once");
        press_c(&mut window);
        let seen = slices(&mut window, 32);
        assert_eq!(seen.last(), Some(&8), "{seen:?}");
        assert!(window.app().state().session.cine.is_none());

        window.click("Cine loop");
        window.click("To and fro");
        press_c(&mut window);
        let seen = slices(&mut window, 48);
        assert!(seen.contains(&0), "{seen:?}");
        assert!(seen.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1), "{seen:?}");
    }

    #[test]
    fn it_waits_for_pixels_and_skips_nothing() {
        let mut window = window(late::headers_only);
        window.read("a.nii", 4);
        press_c(&mut window);
        assert_eq!(slices(&mut window, 32)[31], 5, "the next one, and no farther");
        assert!(window.shows("scan a.nii slice 6 of 9, Reading…"));
        for slice in [7, 6] {
            window.read("a.nii", slice);
        }
        assert_eq!(slices(&mut window, 32)[31], 5, "still the same");
        window.read("a.nii", 5);
        assert_eq!(slices(&mut window, 32)[31], 8);
        assert_eq!(window.classified(), [4, 5, 6, 7], "what was shown, one after another");
    }
}

mod curve {
    use super::*;

    /// The seventh slice speaks most for a glioma, the first is not answered.
    fn answers(response: Response) -> Option<Response> {
        match response {
            Response::OfSeries { scan, .. } if scan.slice == 0 => None,
            Response::OfSeries { id, scan, result: Ok(mut found) } if scan.slice == 6 => {
                let glioma = &mut Arc::make_mut(&mut found).classes[0];
                (glioma.probability, glioma.logit) = (0.95, 3.0);
                Some(Response::OfSeries { id, scan, result: Ok(found) })
            }
            other => Some(other),
        }
    }

    #[test]
    fn it_is_there_for_several_slices_and_tells_them_in_words() {
        let window = Window::with(&["a.nii"], answers);
        assert!(window.shows("Along the series"));
        assert!(window.shows("probabilities of 8 slices: glioma at most 0.95 in slice 7"));
        assert!(window.shows("8 of 9 slices classified"));
        let window = Window::new(&["a.png"]);
        assert!(!window.shows("Along the series") && !window.shows("probabilities of"));
    }

    #[test]
    fn a_click_on_it_goes_to_a_slice() {
        let mut window = Window::with(&["a.nii"], answers);
        let plot = window.pane("probabilities of 8 slices");
        for (at, slice) in [(plot.left() + 2.0, 1), (plot.right() - 2.0, 9), (plot.center().x, 5)] {
            window.click_on(pos2(at, plot.center().y));
            assert!(window.shows(&format!("slice {slice} of 9")), "{slice}");
        }
    }

    #[test]
    fn the_strongest_evidence_is_one_click_away() {
        let mut window = Window::with(&["a.nii"], answers);
        window.click("Strongest evidence for glioma: slice 7");
        assert!(window.shows("scan a.nii slice 7 of 9"));
    }

    #[test]
    fn switched_off_it_calls_the_rest_of_the_series_back() {
        let mut window = Window::with(&["a.nii"], answers);
        let asked = |window: &Window| -> Vec<usize> {
            let asked = window.asked.borrow();
            let series = asked.iter().filter_map(|request| match request {
                Request::ClassifySeries(series) => Some(series.slices.len()),
                _ => None,
            });
            series.collect()
        };
        assert_eq!(asked(&window), [8], "all but the one that is shown");
        window.click("Classify every slice");
        assert_eq!(asked(&window), [8, 0], "an empty request takes its place");
        window.press(Key::ArrowDown);
        assert_eq!(asked(&window), [8, 0]);
        window.click("Classify every slice");
        assert_eq!(asked(&window).len(), 3);
    }
}

mod late {
    use super::*;

    /// Only the headers of what is opened; pixels come when the test reads them.
    pub fn headers_only(response: Response) -> Option<Response> {
        let Response::Opened { id, result: Ok(Found::Whole(series)) } = response else {
            return Some(response);
        };
        let mut outline = series.outline();
        for (frame, leaf) in outline.slices.iter_mut().enumerate() {
            leaf.place = Some(Place { source: Source::file(&series.path), frame });
        }
        Some(Response::Opened { id, result: Ok(Found::Outline(Arc::new(outline))) })
    }

    impl Window {
        fn late(paths: &[&str]) -> Self {
            Self::with(paths, headers_only)
        }

        /// The pixels of a slice of a series come.
        pub fn read(&mut self, file: &str, slice: usize) {
            let pixels = Arc::clone(&open(Path::new(file)).expect("it is known").slices[slice]);
            self.answer_read(file, slice, Ok(pixels));
        }

        fn answer_read(&mut self, file: &str, slice: usize, result: Result<Arc<Slice>, String>) {
            let session = &self.app().state().session;
            let open = session.series.iter().find(|open| open.name() == file);
            let series = open.expect("it is open").number;
            self.answer(Response::SliceRead { scan: ScanKey { series, slice }, result });
        }

        /// The slices that the model was asked about.
        pub fn classified(&self) -> Vec<usize> {
            let asked = self.asked.borrow();
            let slices = asked.iter().filter_map(|request| match request {
                Request::Classify(asked) => Some(asked.scan.slice),
                _ => None,
            });
            slices.collect()
        }
    }

    #[test]
    fn all_but_the_pixels_is_there_at_once() {
        let mut window = Window::late(&["a.nii", "b.nii"]);
        assert!(window.shows("series a.nii") && window.shows("series b.nii"));
        assert!(window.shows("scan a.nii slice 5 of 9, Reading…"));
        assert_eq!(window.painted("Reading…").len(), 1);
        assert_eq!(window.painted("Slice 5/9").len(), 1);
        assert!(window.classified().is_empty());
        window.read("a.nii", 4);
        assert!(window.shows("scan a.nii slice 5 of 9, heatmap of"));
        assert!(window.painted("Reading…").is_empty());
        assert_eq!(window.classified(), [4]);
    }

    #[test]
    fn a_late_slice_never_replaces_a_newer_one() {
        let mut window = Window::late(&["a.nii"]);
        window.press(Key::ArrowDown);
        window.read("a.nii", 4);
        assert!(window.shows("scan a.nii slice 6 of 9, Reading…"), "another slice came");
        assert!(window.classified().is_empty());
        window.press(Key::ArrowDown);
        window.read("a.nii", 6);
        let seven = window.shown().slice().cloned().expect("it is here");
        window.read("a.nii", 5);
        assert!(window.shows("scan a.nii slice 7 of 9, heatmap of"));
        assert_eq!(window.shown().slice(), Some(&seven));
        assert_eq!(window.classified(), [6]);
    }

    #[test]
    fn planes_across_slices_say_how_many_of_them_are_here() {
        let mut window = Window::late(&["a.nii"]);
        window.press(Key::O);
        assert!(window.shows("scan a.nii across row 33 of 64, Reading…"));
        window.read("a.nii", 4);
        assert!(!window.shows("Reading…"));
        assert_eq!(window.painted("1 of 9 slices read").len(), 2);
        for slice in (0..9).filter(|&slice| slice != 4) {
            window.read("a.nii", slice);
        }
        assert!(window.painted("9 of 9 slices read").is_empty(), "that goes without saying");
        assert!(window.painted("1 of 9 slices read").is_empty());
    }

    #[test]
    fn a_slice_that_cannot_be_read_says_why_in_its_pane() {
        let mut window = Window::late(&["a.nii"]);
        let why = "a.nii: its pixels are cut short; copy it again from where it came from";
        window.answer_read("a.nii", 4, Err(why.into()));
        assert!(window.shows(&format!("scan a.nii slice 5 of 9, {why}")));
        let pane = window.pane("scan a.nii");
        assert!(window.painted(why).iter().any(|at| pane.contains(*at)));
        assert!(window.shows(&format!("Error: {why}")));
        window.press(Key::ArrowUp);
        window.read("a.nii", 3);
        assert!(window.shows("scan a.nii slice 4 of 9, heatmap of"), "the others are shown");
    }
}

#[test]
fn files_that_are_left_out_are_counted_and_listed() {
    let left_out = |response| match response {
        Response::Opened { id, result: Ok(Found::Whole(series)) }
            if series.path != Path::new("a.nii") =>
        {
            let error = OpenError {
                path: series.path.clone(),
                found: "this is text".into(),
                remedy: "open a scan instead".into(),
            };
            Some(Response::Opened { id, result: Ok(Found::LeftOut(error)) })
        }
        other => Some(other),
    };
    let mut window = Window::with(&["a.nii", "read.me", "notes.txt"], left_out);
    assert!(window.shows("scan a.nii slice 5 of 9"));
    assert!(window.shows("Note: 2 files are not shown; Help, “Files left out” says why."));
    window.click("Dismiss");
    window.click("Help");
    let item = window.pane("Files left out").center();
    window.click_on(item);
    for file in ["read.me", "notes.txt"] {
        assert!(window.shows(&format!("{file}: this is text; open a scan instead")), "{file}");
    }
    window.press(Key::Escape);
    assert!(!window.shows("notes.txt"));
    let window = Window::with(&["notes.txt"], left_out);
    assert!(window.shows("Warning: 1 file is not shown"), "nothing else came of it");
}
