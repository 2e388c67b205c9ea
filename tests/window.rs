//! The window as a person meets it: found by accessible label, driven by mouse and keys.

#[path = "window/fake.rs"]
mod fake;
#[path = "window/stage.rs"]
mod stage;

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use fake::{Fake, Through, layers, rings};
use mrimaster::app::{App, Start, screenshot};
use mrimaster::imaging::{Depth, Series, Slice};
use mrimaster::state::{Command, ThemeChoice};
use mrimaster::ui::offscreen::Offscreen;
use mrimaster::worker::job::{Request, Response};
use stage::{Dropped, Window};

fn open(path: &Path) -> Result<Series, String> {
    match path.to_str() {
        Some(name) if name.ends_with(".nii") => Ok(rings(name, 9)),
        Some(name) if name.ends_with(".png") => Ok(rings(name, 1)),
        _ => Err(format!("{}: this is text; open a scan instead", path.display())),
    }
}

impl Window {
    /// A window of 1280×720 with these files on its command line.
    fn new(paths: &[&str]) -> Self {
        let mut window = Self::with(paths, Some);
        window.settle();
        window
    }

    /// The same, where `through` decides what becomes of the workers' answers. Not settled: what
    /// waits never rests.
    fn with(paths: &[&str], through: impl Fn(Response) -> Option<Response> + 'static) -> Self {
        let start = Start { paths: paths.iter().map(Into::into).collect(), ..Start::default() };
        Self::start(start, through)
    }

    fn start(start: Start, through: impl Fn(Response) -> Option<Response> + 'static) -> Self {
        Self::stage(start, open, through)
    }

    /// How long the window would sleep if nobody touched it.
    fn rests_for(&self) -> Duration {
        self.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
    }

    fn classified(&self) -> usize {
        let asked = self.asked.borrow();
        asked.iter().filter(|request| matches!(request, Request::Classify(_))).count()
    }
}

#[test]
fn an_opened_file_is_shown_with_four_probabilities() {
    let window = Window::new(&["scan.nii"]);
    assert!(window.shows("scan scan.nii slice 5 of 9"));
    for bar in ["glioma 0.810", "meningioma 0.140", "no tumour 0.020", "pituitary 0.030"] {
        window.harness.get_by_label(bar);
    }
    assert!(window.shows("Not calibrated"), "no probability stands alone");
    assert!(window.shows("Not for diagnostic use"));
}

#[test]
fn a_calibrated_probability_leads_with_what_was_observed_then_the_set_then_the_distance() {
    let mut window = Window::with(&["scan.nii"], |response| Some(fake::measured(response, false)));
    window.settle();
    window.harness.get_by_label("glioma 0.620 uncalibrated 0.810");
    window.harness.get_by_label("pituitary 0.060 uncalibrated 0.030");
    let lines = [
        "When this confident, it was correct in 95 % of test scans (41 of 43)",
        "Cannot be excluded: glioma, meningioma (sets like this held the truth in 91 % of test scans)",
        "Resembles the training scans",
        "Calibrated",
    ];
    let tops = lines.map(|line| window.harness.get_by_label(line).rect().top());
    assert!(tops.is_sorted(), "{tops:?}");
    assert!(!window.shows("Unfamiliar scan") && !window.shows("Not calibrated"));
    window.click("Class to explain");
    assert!(window.shows("Predicted: glioma"));
}

#[test]
fn of_an_unfamiliar_scan_the_reason_is_given_and_no_class_is_presented_as_certain() {
    let mut window = Window::with(&["scan.nii"], |response| Some(fake::measured(response, true)));
    window.settle();
    assert!(window.shows("Unfamiliar scan (turned): do not rely on these numbers"));
    window.harness.get_by_label("glioma 0.620 uncalibrated 0.810");
    assert!(window.shows("Unlike the training scans: turned"));
    assert!(window.shows("Cannot be excluded: glioma, meningioma"));
    window.click("Class to explain");
    assert!(window.shows("Largest logit: glioma"));
    for promise in ["When this confident", "Resembles the training scans", "Predicted: "] {
        assert!(!window.shows(promise), "{promise}");
    }
}

#[test]
fn the_scan_is_there_before_any_answer_of_the_model() {
    let window = Window::with(&["scan.nii"], |response| match response {
        Response::Predicted { .. } | Response::Explained { .. } => None,
        other => Some(other),
    });
    assert!(window.shows("scan scan.nii slice 5 of 9"));
    assert!(window.shows("Classifying…"));
    assert!(window.shows(&format!("layer {} conv computing", layers()[48].0.name)));
}

#[test]
fn a_failed_classification_says_why_where_the_bars_would_be() {
    let mut window = Window::with(&["scan.nii"], |response| match response {
        Response::Predicted { id, .. } => {
            let message = "the GPU ran out of memory; choose the CPU".to_owned();
            Some(Response::ClassifyFailed { id, message })
        }
        other => Some(other),
    });
    window.settle();
    let said = window.harness.query_all_by_label_contains("the GPU ran out of memory").count();
    assert_eq!(said, 3, "at the bars, in the strip, and as a toast");
    assert!(window.shows("scan scan.nii slice 5 of 9"));
    window.click("Device");
    window.click("CPU");
    assert_eq!(window.classified(), 2, "another device is another try");
}

#[test]
fn an_empty_window_teaches_and_opens_the_demo_study() {
    let mut window = Window::new(&[]);
    assert!(window.shows("Drop an MRI here"));
    window.press_with(Modifiers::COMMAND, Key::D);
    assert!(window.shows("scan demo.nii slice 13 of 24"));
    assert!(window.shows("Synthetic scan"));
}

#[test]
fn a_click_and_the_brackets_choose_the_layer_on_the_scan() {
    let mut window = Window::new(&["scan.png"]);
    let layers = layers();
    let name = |index: usize| layers[index].0.name.clone();
    assert!(window.shows(&format!("heatmap of {}", name(48))), "the last layer comes first");
    let label = format!("layer {} conv 7×7×1280 max", name(46));
    window.harness.get_by_label_contains(&label).click();
    window.settle();
    assert!(window.shows(&format!("heatmap of {}", name(46))));
    window.press(Key::OpenBracket);
    assert!(window.shows(&format!("heatmap of {}", name(45))));
    window.press(Key::CloseBracket);
    window.press(Key::CloseBracket);
    assert!(window.shows(&format!("heatmap of {}", name(47))));
    assert_eq!(window.classified(), 1, "all layers came in one answer");
}

#[test]
fn a_layer_without_evidence_says_so() {
    let window = Window::new(&["scan.png"]);
    let name = &layers()[45].0.name;
    window.harness.get_by_label_contains(&format!("layer {name} conv 7×7×1280 no positive"));
}

#[test]
fn the_strip_follows_the_chosen_layer() {
    let mut window = Window::new(&["scan.png"]);
    let first = format!("layer {} ", layers()[0].0.name);
    assert!(!window.shows(&first), "49 columns do not fit, and only those in sight are drawn");
    let name = layers()[0].0.name.clone();
    window.app().apply(Command::SelectLayer(name));
    window.settle();
    assert!(window.shows(&first));
}

#[test]
fn another_class_is_explained_and_the_first_again_without_asking() {
    let mut window = Window::new(&["scan.png"]);
    window.click("Class to explain");
    window.click("pituitary");
    assert_eq!(window.app().state().session.evidence.ready().map(|e| e.class), Some(3));
    assert_eq!(window.classified(), 2);
    window.click("Class to explain");
    window.click("glioma");
    assert_eq!(window.app().state().session.evidence.ready().map(|e| e.class), Some(0));
    assert_eq!(window.classified(), 2, "the first answer was kept");
}

#[test]
fn g_takes_the_heatmap_off_and_puts_it_back() {
    let mut window = Window::new(&["scan.png"]);
    assert!(window.shows("heatmap of"));
    window.press(Key::G);
    assert!(!window.shows("heatmap of"));
    window.click("Show on the scan");
    assert!(window.shows("heatmap of"));
}

#[test]
fn a_file_that_cannot_be_opened_becomes_a_toast_and_the_window_stays() {
    let mut window = Window::new(&["scan.png"]);
    window.app().apply(Command::Open(vec!["notes.dcm".into()]));
    window.settle();
    assert!(window.shows("notes.dcm: this is text; open a scan instead"));
    assert!(window.shows("scan scan.png slice 1 of 1, heatmap of"));
    window.click("Dismiss");
    assert!(!window.shows("notes.dcm"));
    window.click("1 notice");
    assert!(window.shows("Error: notes.dcm: this is text"), "the history keeps it");
    window.press(Key::Escape);
    assert!(!window.shows("notes.dcm"));
}

#[test]
fn a_path_can_be_typed_where_there_is_no_dialog() {
    let mut window = Window::new(&[]);
    window.click("Open path…");
    window.harness.get_by_label("Path of a scan").focus();
    window.settle();
    window.harness.get_by_label("Path of a scan").type_text("\"typed scan.nii\"");
    window.settle();
    window.press(Key::Enter);
    assert!(window.shows("scan typed scan.nii slice 5 of 9"));
    assert!(!window.shows("Path of a scan"));
}

#[test]
fn dropped_files_are_opened_together() {
    let mut window = Window::new(&[]);
    for name in ["1.png", "2.nii"] {
        window.harness.input_mut().dropped_files.push(Arc::new(Dropped(name.into())));
    }
    window.settle();
    assert!(window.shows("scan 1.png slice 1 of 1"), "the first is shown");
    window.click("series 2.nii");
    assert!(window.shows("scan 2.nii slice 5 of 9"));
}

#[test]
fn typing_a_path_presses_no_shortcuts() {
    let mut window = Window::new(&["scan.png"]);
    window.press_with(Modifiers::COMMAND, Key::L);
    window.press(Key::G);
    window.press(Key::F);
    assert!(window.shows("heatmap of"));
    assert!(window.shows("glioma 0.810"));
}

#[test]
fn arrows_home_and_end_go_through_the_slices() {
    let mut window = Window::new(&["scan.nii"]);
    window.press(Key::ArrowDown);
    assert!(window.shows("slice 6 of 9"));
    window.press(Key::Home);
    assert!(window.shows("slice 1 of 9"));
    window.press(Key::ArrowUp);
    assert!(window.shows("slice 1 of 9"));
    window.press(Key::End);
    assert!(window.shows("slice 9 of 9"));
}

#[test]
fn a_notch_of_the_wheel_is_a_slice_and_with_ctrl_a_zoom() {
    let mut window = Window::new(&["scan.nii"]);
    let middle = window.harness.get_by_label_contains("scan scan.nii").rect().center();
    window.harness.hover_at(middle);
    window.settle();
    let turn = |window: &mut Window, lines: f32, modifiers: Modifiers| {
        window.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: vec2(0.0, lines),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers,
        });
        window.settle();
    };
    turn(&mut window, -1.0, Modifiers::NONE);
    assert!(window.shows("slice 6 of 9"), "downwards: on");
    turn(&mut window, 0.5, Modifiers::NONE);
    assert!(window.shows("slice 6 of 9"), "half a notch is gathered");
    turn(&mut window, 0.5, Modifiers::NONE);
    assert!(window.shows("slice 5 of 9"));
    turn(&mut window, 1.0, Modifiers::COMMAND | Modifiers::CTRL);
    assert!(window.shows("slice 5 of 9"));
    assert!(window.app().state().session.shown().unwrap().view.zoom > 1.0);
}

#[test]
fn layers_are_pinned_beside_the_scan_and_taken_away() {
    let mut window = Window::new(&["scan.png"]);
    let name = |index: usize| layers()[index].0.name.clone();
    window.press(Key::P);
    window.press(Key::OpenBracket);
    window.click("Pin the layer");
    for index in [48, 47] {
        assert!(window.shows(&format!("heatmap of {}, pinned", name(index))));
    }
    window.click(&format!("unpin {}", name(48)));
    assert!(!window.shows(&format!("heatmap of {}, pinned", name(48))));
    window.press_with(Modifiers::SHIFT, Key::P);
    assert!(!window.shows(", pinned"));
}

#[test]
fn the_left_drag_windows_and_the_double_click_fits() {
    let mut window = Window::new(&["scan.png"]);
    let shown = |window: &mut Window| window.app().state().session.shown().unwrap().clone();
    let before = shown(&mut window);
    let middle = window.harness.get_by_label_contains("scan scan.png").rect().center();
    window.harness.drag_at(middle);
    window.harness.step();
    window.harness.hover_at(middle + vec2(60.0, 0.0));
    window.harness.step();
    window.harness.drop_at(middle + vec2(60.0, 0.0));
    window.settle();
    let after = shown(&mut window);
    let (was, is) = (before.window.unwrap(), after.window.unwrap());
    assert!(is.width > was.width, "to the right: wider");
    assert_eq!(is.center, was.center);
    window.press(Key::Plus);
    assert!(shown(&mut window).view.zoom > 1.0);
    window.press(Key::Equals);
    assert_eq!(shown(&mut window).view, before.view);
    window.press(Key::Backspace);
    assert_eq!(shown(&mut window).window, before.window);
}

#[test]
fn a_turned_scan_is_turned_on_the_screen() {
    let half = |_: &Path| {
        let stored = (0..64 * 64).map(|i| if i % 64 < 32 { 200.0 } else { 0.0 }).collect();
        let slice = Slice::new(64, 64, stored, Depth::EightBit);
        Ok(Series { slices: vec![Arc::new(slice)], ..rings("half.png", 1) })
    };
    let mut screen = Offscreen::new(800, 600, 1.0);
    let start = Start { paths: vec!["half.png".into()], ..Start::default() };
    let mut app = App::new(screen.context(), Fake::new(half).0, start);
    app.apply(Command::ToggleDocks);
    app.apply(Command::ToggleOverlay);
    let mut brightness = |app: &mut App| {
        screen.settle(30, |ui| app.show(ui));
        let image = screen.image();
        // Left, right, above and below the middle of the scan.
        [(300, 300), (500, 300), (400, 200), (400, 400)]
            .map(|(x, y)| image.get_pixel(x, y).0[0] > 128)
    };
    let [left, right, ..] = brightness(&mut app);
    assert!(left && !right);
    app.apply(Command::FlipHorizontally);
    let [left, right, ..] = brightness(&mut app);
    assert!(!left && right);
    app.apply(Command::ResetView);
    app.apply(Command::RotateRight);
    let [.., above, below] = brightness(&mut app);
    assert!(above && !below, "the left goes up");
}

#[test]
fn docks_keep_their_size_when_nobody_drags_them() {
    let mut window = Window::new(&["scan.nii"]);
    let before = window.app().state().settings.docks;
    assert_eq!(before, mrimaster::state::Settings::default().docks);
    window.harness.run_steps(30);
    assert_eq!(window.app().state().settings.docks, before);
}

#[test]
fn the_scan_keeps_half_of_a_small_window() {
    let mut window = Window::new(&["scan.nii"]);
    let scan = window.harness.get_by_label_contains("scan scan.nii").rect();
    assert!(scan.width() >= 640.0 && scan.height() >= 300.0, "{scan:?}");
    window.press(Key::F);
    let alone = window.harness.get_by_label_contains("scan scan.nii").rect();
    assert!(alone.width() > 1260.0 && alone.height() > 640.0, "{alone:?}");
}

#[test]
fn a_window_at_rest_asks_for_no_frame() {
    let mut window = Window::new(&["scan.nii"]);
    window.harness.step();
    assert_eq!(window.rests_for(), Duration::MAX);
}

#[test]
fn settings_are_written_a_second_after_the_last_change_and_then_the_window_rests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    let start = || Start { settings: Some(path.clone()), ..Start::default() };
    // Closing the window would write them, too: these windows vanish. A step is a quarter second.
    let kept = |steps: &[usize]| {
        let mut window = Window::start(start(), Some);
        window.settle();
        for &steps in steps {
            window.app().apply(Command::ToggleTheme);
            window.harness.run_steps(steps);
        }
        let rests_for = window.rests_for();
        drop(window);
        (path.exists(), rests_for)
    };
    let (written, rests_for) = kept(&[4]);
    assert!(!written, "a second is not over");
    assert!(rests_for <= Duration::from_secs(1), "it would not wake to write: {rests_for:?}");
    let (written, _) = kept(&[3, 3, 3]);
    assert!(!written, "each change starts the second anew");
    let (written, rests_for) = kept(&[8]);
    assert!(written);
    assert_eq!(rests_for, Duration::MAX);
    assert_eq!(mrimaster::state::Settings::read(&path).0.theme, ThemeChoice::Light);
}

#[test]
fn the_strip_stays_where_it_was_scrolled_while_the_next_slice_is_explained() {
    let slow = Rc::new(Cell::new(false));
    let mut window = Window::with(&["scan.nii"], {
        let slow = Rc::clone(&slow);
        move |response| match response {
            Response::Explained { .. } if slow.get() => None,
            other => Some(other),
        }
    });
    window.settle();
    let column = |index: usize| format!("layer {} ", layers()[index].0.name);
    let place =
        |window: &Window, index| window.harness.get_by_label_contains(&column(index)).rect();
    let over = place(&window, 47).center();
    window.harness.hover_at(over);
    window.settle();
    window.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(2000.0, 0.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    window.settle();
    assert!(!window.shows(&column(48)), "it was scrolled away from the chosen layer");
    let first = (0..48).find(|&index| window.shows(&column(index))).expect("some column");
    let before = place(&window, first);
    slow.set(true);
    window.app().apply(Command::NextSlice);
    window.harness.run_steps(8);
    assert!(window.shows("computing"));
    assert_eq!(place(&window, first), before, "neither scrolled back nor shifted");
}

#[test]
fn answers_without_end_do_not_hold_a_frame_up() {
    struct Endless;
    impl mrimaster::app::Workers for Endless {
        fn send(&self, _: Request) {}
        fn try_recv(&self) -> Option<Response> {
            Some(Response::Notice { message: "again".into() })
        }
    }
    let mut screen = Offscreen::new(800, 600, 1.0);
    let mut app = App::new(screen.context(), Box::new(Endless), Start::default());
    assert!(screen.frame(vec![], |ui| app.show(ui)), "the next frame takes in the rest");
}

#[test]
fn a_picture_tells_what_it_lacks() {
    let picture = |path: &str, patience| {
        let start = Start { paths: vec![path.into()], ..Start::default() };
        screenshot(start, Fake::new(open).0, [640, 480], 1.0, patience)
    };
    let good = picture("scan.nii", Duration::from_secs(60));
    assert!(good.settled && good.errors.is_empty());
    let bad = picture("notes.dcm", Duration::from_secs(60));
    assert_eq!(bad.errors, ["notes.dcm: this is text; open a scan instead"]);

    let start = Start { paths: vec!["scan.nii".into()], ..Start::default() };
    let silent = Through(Fake::new(open).0, |_| None);
    let early = screenshot(start, Box::new(silent), [640, 480], 1.0, Duration::ZERO);
    assert!(!early.settled);
}

#[test]
fn settings_are_kept_and_a_broken_file_is_no_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.json");
    std::fs::write(&settings, "not json").unwrap();
    let ctx = egui::Context::default();
    let start = Start { settings: Some(settings.clone()), ..Start::default() };
    let app = App::new(&ctx, Fake::new(open).0, start);
    assert!(app.state().notices.toasts().next().unwrap().message.contains("settings.json"));

    let begin = || Start { settings: Some(settings.clone()), ..Start::default() };
    let mut app = App::new(&ctx, Fake::new(open).0, begin());
    app.apply(Command::ToggleTheme);
    eframe::App::on_exit(&mut app, None);
    let app = App::new(&ctx, Fake::new(open).0, begin());
    assert_eq!(app.state().settings.theme, ThemeChoice::Light);
    assert!(app.state().notices.history().is_empty());
}

#[test]
fn off_screen_the_scan_is_the_brightest_thing() {
    let start = Start { paths: vec!["scan.nii".into()], ..Start::default() };
    let patience = Duration::from_secs(60);
    let image = screenshot(start, Fake::new(open).0, [1280, 720], 1.0, patience).image;
    assert_eq!(image.dimensions(), (1280, 720));
    let sum = |x: std::ops::Range<u32>, y: std::ops::Range<u32>| {
        let count = (x.len() * y.len()) as f64;
        let pixels = x.flat_map(|x| y.clone().map(move |y| (x, y)));
        pixels.map(|(x, y)| f64::from(image.get_pixel(x, y).0[0])).sum::<f64>() / count
    };
    let (scan, dock) = (sum(460..680, 120..320), sum(1000..1280, 40..700));
    assert!(scan > 2.0 * dock, "the scan {scan}, the dock {dock}");
}
