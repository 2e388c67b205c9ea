//! The measurements of the series that is shown, in the dock beside it.

use egui::{Align, Button, Layout, RichText, Ui};

use super::format::{angle, area, length, value};
use super::{Screen, measurements, theme};
use crate::measure::{Address, Kind, Scale, Shape, Values};
use crate::state::{Command, Measurement, OpenSeries};

/// Draws the tools and a line for each measurement; nothing where nobody measures.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let session = &screen.state.session;
    let Some(open) = session.shown() else { return };
    let addresses: Vec<Address> =
        (0..open.series.slices.len()).map(|slice| open.address(slice)).collect();
    let measured = addresses.iter().any(|address| !session.measuring.on(address).is_empty());
    let by_hand = matches!(session.scale(open, open.slice), Scale::ByHand(_));
    if !measured && !by_hand && session.measuring.tool.is_none() {
        return;
    }
    theme::section(ui, "Measurements");
    tools(ui, screen);
    for (slice, address) in addresses.into_iter().enumerate() {
        for shape in session.measuring.on(&address) {
            let measurement = Measurement { address: address.clone(), shape: shape.clone() };
            row(ui, screen, open, slice, measurement);
        }
    }
    if by_hand {
        ui.horizontal(|ui| {
            let text = RichText::new("Calibrated by hand").font(theme::small());
            ui.label(text.color(theme::tokens(ui).warning));
            let hover = "Lengths are again as the file says, or in pixels where it does not say";
            if ui.small_button("Forget").on_hover_text(hover).clicked() {
                screen.ask(Command::CalibrateTo(None));
            }
        });
    }
    ui.add_space(4.0);
}

fn tools(ui: &mut Ui, screen: &mut Screen) {
    let tool = screen.state.session.measuring.tool;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (command, kind) in [
            (Command::MeasureLength, Kind::Length),
            (Command::MeasureAngle, Kind::Angle),
            (Command::MeasureRectangle, Kind::Rectangle),
            (Command::MeasureEllipse, Kind::Ellipse),
        ] {
            let hover = screen.hover(&command);
            let text = RichText::new(kind.name()).font(theme::small());
            let button = ui.add(Button::new(text).selected(tool == Some(kind)));
            let button = button.on_hover_text(hover);
            if button.clicked() {
                screen.ask(command);
            }
        }
    });
}

/// One measurement: what it is, what it comes to, and the slice it lies on.
fn row(
    ui: &mut Ui,
    screen: &mut Screen,
    open: &OpenSeries,
    slice: usize,
    measurement: Measurement,
) {
    let session = &screen.state.session;
    let selected = session.measuring.selected.as_ref() == Some(&measurement);
    let reshaped = session.measuring.reshaped.as_ref().filter(|_| selected);
    let shape = reshaped.unwrap_or(&measurement.shape);
    let mut text = format!("{} {}", shape.kind.name(), size(shape, session.scale(open, slice)));
    if slice == open.slice
        && let Some(found) = measurements::statistics(ui, shape, open)
    {
        text += &format!(", mean {}", value(found.mean as f32));
    }
    let place = format!("slice {}", slice + 1);
    let mut line = |ui: &mut Ui| {
        let delete = ui.small_button("×").on_hover_text("Delete this measurement");
        if delete.clicked() {
            screen.ask(Command::DeleteMeasurementOf(measurement.clone()));
        }
        delete.accessible_name(format!("delete {text}, {place}"));
        let name = RichText::new(&text).font(theme::small());
        let aside = RichText::new(&place).font(theme::small()).color(theme::tokens(ui).dim);
        let button = Button::new(name).right_text(aside).selected(selected).frame(selected);
        let response = ui.add_sized([ui.available_width(), 20.0], button.truncate());
        if response.on_hover_text("Select it, and go to its slice").clicked() {
            screen.ask(Command::SelectSlice(slice));
            screen.ask(Command::SelectMeasurement(Some(measurement.clone())));
        }
    };
    ui.horizontal(|ui| ui.with_layout(Layout::right_to_left(Align::Center), |ui| line(ui)));
}

/// A length, an angle or an area in words.
fn size(shape: &Shape, scale: Scale) -> String {
    match Values::of(shape, scale, None) {
        Values::Length(found) => length(found, scale.unit()),
        Values::Angle(found) => angle(found),
        Values::Region { area: found, .. } => area(found, scale.unit()),
    }
}
