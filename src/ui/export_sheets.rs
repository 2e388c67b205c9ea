//! Sheets for what is taken out of the reading room: a picture, a de-identified copy.

use egui::{Id, RichText, Ui};

use super::sheets::close;
use super::{Screen, format, theme};
use crate::state::{Command, Extent, PathOf, PictureSize};

/// What a picture is to hold, and where it goes.
pub(super) fn picture(ui: &mut Ui, screen: &mut Screen) {
    let before = screen.state.settings.picture;
    let mut options = before;
    ui.checkbox(&mut options.heatmap, "Heatmap")
        .on_hover_text("Of the chosen layer, as on the screen");
    ui.checkbox(&mut options.labels, "Labels and ruler")
        .on_hover_text("Window, slice and layer, orientation letters, ruler and colour bar");
    ui.checkbox(&mut options.measurements, "Measurements")
        .on_hover_text("What was measured on this slice");
    ui.add_space(6.0);
    for size in PictureSize::ALL {
        ui.radio_value(&mut options.size, size, size.name());
    }
    if options != before {
        screen.ask(Command::SetPicture(options));
    }
    ui.add_space(6.0);
    caution(
        ui,
        "The patient's name and number and the name of the file are left out. Text that is burned into \
         the scan's own pixels stays.",
    );
    ui.horizontal(|ui| {
        if ui.button("Save…").on_hover_text("Choose the PNG file to write").clicked() {
            screen.ask(Command::Show(None));
            screen.ask(Command::ChoosePlace(PathOf::Picture));
        }
        if ui.button("Copy").on_hover_text("Put it on the clipboard").clicked() {
            screen.ask(Command::Show(None));
            screen.ask(Command::CopyPicture);
        }
        close(ui, screen);
    });
}

/// What a de-identified copy is, how much is copied, and where to.
pub(super) fn copies(ui: &mut Ui, screen: &mut Screen) {
    let Some(open) = screen.state.session.shown() else { return };
    let slices = open.series.slices.len();
    let id = Id::unique("how much is copied");
    let mut slice_only = ui.data(|data| data.get_temp::<bool>(id)).unwrap_or(false);
    ui.label(
        "Copies the DICOM files with the Basic Application Level Confidentiality Profile (PS3.15 \
         Annex E): names, numbers, dates, descriptions and private attributes are gone, UIDs are \
         new, pixels stay as they are.",
    );
    ui.add_space(6.0);
    ui.radio_value(
        &mut slice_only,
        false,
        format!("The whole series, {}", format::count(slices, "slice")),
    );
    ui.radio_value(&mut slice_only, true, "The slice that is shown");
    ui.add_space(6.0);
    caution(
        ui,
        "Look at every copy before you hand it on: text that is burned into the pixels stays, and a \
         head can be known by its face.",
    );
    ui.data_mut(|data| data.insert_temp(id, slice_only));
    ui.horizontal(|ui| {
        let choose = ui.button("Choose folder…");
        if choose.on_hover_text("The copies get a new folder in it").clicked() {
            let extent = if slice_only { Extent::Slice } else { Extent::Series };
            screen.ask(Command::Show(None));
            screen.ask(Command::ChoosePlace(PathOf::Copies(extent)));
        }
        close(ui, screen);
    });
}

fn caution(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).font(theme::small()).color(theme::tokens(ui).warning));
    ui.add_space(6.0);
}
