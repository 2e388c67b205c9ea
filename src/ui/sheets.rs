//! Sheets over the window: keys, notices, about, a path to open.

use std::path::PathBuf;

use egui::{Frame, Id, Key, Modal, RichText, TextEdit, Ui};

use super::{
    Screen, calibration, command_palette, export_sheets, key_sheet, notifications, tag_sheet, theme,
};
use crate::state::{Command, PathOf, Sheet};
use crate::worker::job::{ExportKind, TestSource};

/// Draws the sheet that is open, if one is.
pub fn show(ui: &Ui, screen: &mut Screen) {
    if screen.state.session.sheet != Some(Sheet::Palette) {
        command_palette::forget(ui);
    }
    if screen.state.session.sheet != Some(Sheet::Tags) {
        tag_sheet::forget(ui);
    }
    let sheet = screen.state.session.sheet.filter(|sheet| *sheet != Sheet::Window);
    let Some(sheet) = sheet else { return };
    let frame = Frame::window(ui.style()).inner_margin(20);
    let modal = Modal::new(Id::unique("sheet")).frame(frame).show(ui.ctx(), |ui| {
        let (title, width) = match sheet {
            Sheet::Palette => ("Command palette", 620.0),
            Sheet::Keys => ("Keys and mouse", 940.0),
            Sheet::Tags => ("File header", 940.0),
            Sheet::Window => return,
            Sheet::Notices => ("Notices", 520.0),
            Sheet::LeftOut => ("Files left out", 720.0),
            Sheet::About => ("About MRIMaster", 460.0),
            Sheet::Calibrate => ("Calibrate", 360.0),
            Sheet::Picture => ("Save or copy a picture", 400.0),
            Sheet::Deidentify => ("Save a de-identified copy", 460.0),
            Sheet::EnterPath(of) => (path_title(of), 480.0),
        };
        ui.set_width(f32::min(width, ui.ctx().content_rect().width() - 60.0));
        ui.heading(title);
        ui.add_space(6.0);
        match sheet {
            Sheet::Palette => command_palette::show(ui, screen),
            Sheet::Keys => key_sheet::show(ui, screen),
            Sheet::Tags => tag_sheet::show(ui, screen),
            Sheet::Window => {}
            Sheet::Notices => notifications::history(ui, screen),
            Sheet::LeftOut => left_out(ui, screen),
            Sheet::About => about(ui),
            Sheet::Calibrate => calibration::sheet(ui, screen),
            Sheet::Picture => export_sheets::picture(ui, screen),
            Sheet::Deidentify => export_sheets::copies(ui, screen),
            Sheet::EnterPath(of) => enter_path(ui, screen, of),
        }
        // Those that ask for something have their buttons in a row.
        if matches!(sheet, Sheet::Keys | Sheet::Notices | Sheet::About) {
            ui.add_space(6.0);
            close(ui, screen);
        }
    });
    if modal.should_close() {
        screen.ask(Command::Show(None));
    }
}

pub(super) fn close(ui: &mut Ui, screen: &mut Screen) {
    if ui.button("Close").clicked() {
        screen.ask(Command::Show(None));
    }
}

/// Files that are not shown, and why.
fn left_out(ui: &mut Ui, screen: &Screen) {
    let reasons = &screen.state.session.left_out;
    if reasons.is_empty() {
        ui.label("Every file that was opened is shown.");
        return;
    }
    let (small, dim) = (theme::small(), theme::tokens(ui).dim);
    let room = ui.ctx().content_rect().height() - 200.0;
    let area = egui::ScrollArea::vertical().max_height(room).auto_shrink([false, true]);
    area.show_rows(ui, 34.0, reasons.len(), |ui, rows| {
        for reason in &reasons[rows] {
            let name = reason.path.file_name().unwrap_or(reason.path.as_os_str());
            let why = format!("{}; {}", reason.found, reason.remedy);
            ui.vertical(|ui| {
                ui.set_height(34.0);
                ui.spacing_mut().item_spacing.y = 1.0;
                ui.add(egui::Label::new(name.to_string_lossy()).truncate());
                let why = RichText::new(why).font(small.clone()).color(dim);
                ui.add(egui::Label::new(why).truncate());
            })
            .response
            .on_hover_text(reason.to_string());
        }
    });
}

fn about(ui: &mut Ui) {
    ui.label(format!("Version {}", env!("CARGO_PKG_VERSION")));
    ui.add_space(4.0);
    ui.label(
        "Shows which parts of an MRI a classifier found evidence in, for every one of its \
         convolutional layers.",
    );
    ui.add_space(4.0);
    let warning = theme::tokens(ui).warning;
    ui.label(RichText::new("Not for diagnostic use.").strong().color(warning));
    ui.label(
        "It is no medical device. A probability holds at most for scans like those that it was \
         calibrated on, and a class-activation map is no causal explanation, no localisation and no proof of correctness.",
    );
}

fn path_title(of: PathOf) -> &'static str {
    match of {
        PathOf::Scan => "Open a path",
        PathOf::TestSet => "Open a test set",
        PathOf::MovedTestSet => "Where the test set is now",
        PathOf::Patients => "Open a patients table",
        PathOf::Index => "Open an index table",
        PathOf::Measurements => "Export measurements as CSV",
        PathOf::Export(ExportKind::Csv) => "Export as CSV",
        PathOf::Export(ExportKind::Html) => "Export as HTML",
        PathOf::Export(ExportKind::Figure(_)) => "Save the figure as SVG",
        PathOf::Picture => "Save the picture as PNG",
        PathOf::Copies(_) => "Folder for the de-identified copy",
    }
}

fn enter_path(ui: &mut Ui, screen: &mut Screen, of: PathOf) {
    let id = Id::unique("path to open").with(path_title(of));
    let mut path = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_default();
    let (name, hint, verb) = match of {
        PathOf::Scan => ("Path of a scan", "/folder/scan.dcm", "Open"),
        PathOf::TestSet | PathOf::MovedTestSet => {
            ("Folder of the test set", "/folder/Testing", "Open")
        }
        PathOf::Patients => ("Table of path and patient", "/folder/patients.csv", "Open"),
        PathOf::Index => ("Table of path and index", "/folder/index.csv", "Open"),
        PathOf::Measurements => ("File to write", "/folder/measurements.csv", "Write"),
        PathOf::Export(ExportKind::Csv) => ("File to write", "/folder/cases.csv", "Write"),
        PathOf::Export(ExportKind::Html) => ("File to write", "/folder/report.html", "Write"),
        PathOf::Export(ExportKind::Figure(_)) => ("File to write", "/folder/figure.svg", "Write"),
        PathOf::Picture => ("File to write", "/folder/scan.png", "Write"),
        PathOf::Copies(_) => ("Folder to write into", "/folder", "Write"),
    };
    let field = TextEdit::singleline(&mut path).desired_width(f32::INFINITY).hint_text(hint);
    let response = ui.add(field).accessible_name(name);
    if !response.has_focus() && !response.lost_focus() {
        response.request_focus();
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let trimmed = path.trim().trim_matches(['"', '\'']).to_owned();
    ui.add_space(6.0);
    let buttons = ui.horizontal(|ui| {
        let open = ui.add_enabled(!trimmed.is_empty(), egui::Button::new(verb));
        close(ui, screen);
        open
    });
    let clicked = buttons.inner.clicked();
    if (entered || clicked) && !trimmed.is_empty() {
        screen.ask(command_for(of, trimmed.into()));
        screen.ask(Command::Show(None));
        path.clear();
    }
    ui.data_mut(|data| data.insert_temp(id, path));
}

/// What is done with a path that was typed or chosen.
pub fn command_for(of: PathOf, path: PathBuf) -> Command {
    match of {
        PathOf::Scan => Command::Open(vec![path]),
        // It is kept for the next run, which may start in another folder.
        PathOf::TestSet => Command::Review(TestSource::Folder(absolute(path))),
        PathOf::MovedTestSet => Command::ReviewMoved(absolute(path)),
        PathOf::Patients => Command::SetPatients(Some(absolute(path))),
        PathOf::Index => Command::SetIndex(Some(absolute(path))),
        PathOf::Measurements => Command::WriteMeasurements(path),
        PathOf::Export(kind) => Command::Export(kind, path),
        PathOf::Picture => Command::WritePicture(path),
        PathOf::Copies(extent) => Command::WriteCopies(extent, path),
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}
