//! What is explained, and how its maps look.

use egui::{ComboBox, DragValue, RichText, Slider, Ui, pos2, vec2};

use super::format::EVIDENCE_UNIT;
use super::probabilities::{failed, waiting};
use super::{Screen, theme};
use crate::model::prediction::TapPoint;
use crate::state::{ColorMap, Command, Load, Overlay, Scale};

/// Draws the controls.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    ui.add_space(4.0);
    ui.separator();
    theme::section(ui, "Evidence");
    class(ui, screen);
    tap(ui, screen);
    match &screen.state.session.evidence {
        Load::Pending(_) if screen.state.session.prediction.ready().is_some() => {
            waiting(ui, "Making maps…");
        }
        Load::Failed(why) if screen.state.session.prediction.ready().is_some() => failed(ui, why),
        _ => {}
    }

    ui.add_space(4.0);
    ui.separator();
    theme::section(ui, "Heatmap");
    let before = screen.state.settings.overlay;
    let mut overlay = before;
    controls(ui, screen, &mut overlay);
    if overlay != before {
        screen.ask(Command::SetOverlay(overlay));
    }
    ui.add_space(6.0);
    let caution = "A map shows where the network found evidence. It is no causal explanation, and \
                   its extent is not the size of a tumour.";
    ui.label(RichText::new(caution).font(theme::small()).color(theme::tokens(ui).dim));
}

/// A label of one width, so that the controls stand in a column.
fn row(ui: &mut Ui, label: &str, control: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(66.0, 20.0), egui::Sense::hover());
        let at = pos2(rect.left(), rect.center().y);
        let (font, color) = (egui::FontId::proportional(12.5), theme::tokens(ui).dim);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, label, font, color);
        control(ui);
    });
}

fn class(ui: &mut Ui, screen: &mut Screen) {
    let session = &screen.state.session;
    let names: Vec<&str> = match (session.prediction.ready(), session.checkpoint()) {
        (Some(prediction), _) => prediction.classes.iter().map(|c| c.name.as_str()).collect(),
        (None, Some(checkpoint)) => checkpoint.card.classes.iter().map(String::as_str).collect(),
        (None, None) => Vec::new(),
    };
    let prediction = session.prediction.ready();
    let follow = match prediction.and_then(|found| Some((found, names.get(found.predicted)?))) {
        Some((found, name)) if found.out_of_distribution() == Some(true) => {
            format!("Largest logit: {name}")
        }
        Some((_, name)) => format!("Predicted: {name}"),
        None => "Predicted".to_owned(),
    };
    let chosen = session.class;
    let text = match chosen.and_then(|class| names.get(class)) {
        Some(name) => (*name).to_owned(),
        None => follow.clone(),
    };
    row(ui, "Explain", |ui| {
        let width = ui.available_width();
        let combo = ComboBox::from_id_salt("class").selected_text(text).width(width).truncate();
        let combo = combo.show_ui(ui, |ui| {
            if ui.selectable_label(chosen.is_none(), follow).clicked() {
                screen.ask(Command::ExplainClass(None));
            }
            for (index, name) in names.iter().enumerate() {
                if ui.selectable_label(chosen == Some(index), *name).clicked() {
                    screen.ask(Command::ExplainClass(Some(index)));
                }
            }
        });
        let hover = "The class whose evidence is shown";
        combo.response.on_hover_text(hover).accessible_name("Class to explain");
    });
}

fn tap(ui: &mut Ui, screen: &mut Screen) {
    let tap = screen.state.settings.tap;
    row(ui, "Taken at", |ui| {
        for (choice, name, hover) in [
            (TapPoint::Conv, "Convolution", "The output of the convolution itself"),
            (TapPoint::Unit, "Unit", "After the convolution's batch norm and activation"),
        ] {
            if ui.selectable_label(tap == choice, name).on_hover_text(hover).clicked() {
                screen.ask(Command::SetTap(choice));
            }
        }
    });
}

fn controls(ui: &mut Ui, screen: &mut Screen, overlay: &mut Overlay) {
    let hover = screen.hover(&Command::ToggleOverlay);
    ui.checkbox(&mut overlay.on, "Show on the scan").on_hover_text(hover);
    row(ui, "Opacity", |ui| {
        slider(ui, &mut overlay.opacity, "Opacity", "How much the map covers the scan");
    });
    row(ui, "Threshold", |ui| {
        let hover = "Values below this share of the scale's top are not shown over the scan";
        slider(ui, &mut overlay.threshold, "Threshold", hover);
    });
    row(ui, "Colours", |ui| {
        let width = ui.available_width();
        let chosen = overlay.color_map;
        let combo = ComboBox::from_id_salt("colours").selected_text(chosen.name()).width(width);
        let combo = combo.show_ui(ui, |ui| {
            for map in ColorMap::ALL {
                ui.horizontal(|ui| {
                    swatch(ui, screen, map);
                    ui.selectable_value(&mut overlay.color_map, map, map.name());
                });
            }
        });
        let hover = "Perceptually even colours, safe for colour-blind readers";
        combo.response.on_hover_text(hover).accessible_name("Colour map");
    });
    row(ui, "Scale", |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for scale in Scale::ALL {
            ui.selectable_value(&mut overlay.scale, scale, scale.name())
                .on_hover_text(scale.tooltip());
        }
    });
    if overlay.scale == Scale::Absolute {
        row(ui, "Top", |ui| {
            let speed = f64::from(overlay.absolute_max) * 0.02;
            let top = DragValue::new(&mut overlay.absolute_max)
                .range(1e-9..=1e9)
                .speed(speed)
                .custom_formatter(|value, _| super::format::three_digits(value as f32))
                .suffix(format!(" {EVIDENCE_UNIT}"));
            ui.add(top)
                .on_hover_text("The value that takes the brightest colour")
                .accessible_name("Top of the absolute scale");
        });
    }
}

fn slider(ui: &mut Ui, value: &mut f32, name: &str, hover: &str) {
    ui.spacing_mut().slider_width = (ui.available_width() - 64.0).max(40.0);
    let slider = Slider::new(value, 0.0..=1.0)
        .custom_formatter(|value, _| format!("{:.0} %", value * 100.0))
        .custom_parser(|text| {
            text.trim()
                .trim_end_matches('%')
                .trim()
                .parse()
                .ok()
                .map(|percent: f64| percent / 100.0)
        });
    ui.add(slider).on_hover_text(hover).accessible_name(name);
}

fn swatch(ui: &mut Ui, screen: &mut Screen, map: ColorMap) {
    let (rect, _) = ui.allocate_exact_size(vec2(48.0, 12.0), egui::Sense::hover());
    let texture = screen.textures.bar(ui, map);
    // The bar stands upright with its top first; lying, it begins with zero.
    let mut mesh = egui::Mesh::with_texture(texture);
    for (corner, v) in [
        (rect.left_top(), 1.0),
        (rect.right_top(), 0.0),
        (rect.right_bottom(), 0.0),
        (rect.left_bottom(), 1.0),
    ] {
        let (uv, color) = (pos2(0.5, v), egui::Color32::WHITE);
        mesh.vertices.push(egui::epaint::Vertex { pos: corner, uv, color });
    }
    mesh.indices.extend([0, 1, 2, 0, 2, 3]);
    ui.painter().add(mesh);
}
