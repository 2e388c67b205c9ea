//! What the network says: a bar for each class, never without what it rests on.

use egui::{Align2, ComboBox, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Screen, format, reliability, theme};
use crate::model::prediction::{DeviceChoice, Prediction};
use crate::state::{Command, Load};

/// Draws model, device and probabilities.
pub fn show(ui: &mut Ui, screen: &mut Screen) {
    let state = screen.state;
    choices(ui, screen);
    ui.add_space(4.0);
    theme::section(ui, "Probabilities");
    match &state.session.prediction {
        Load::Ready(prediction) => bars(ui, screen, prediction),
        Load::Pending(_) => _ = waiting(ui, "Classifying…"),
        Load::Failed(why) => failed(ui, why),
        Load::Idle => idle(ui, screen),
    }
}

fn choices(ui: &mut Ui, screen: &mut Screen) {
    let state = screen.state;
    let gap = ui.spacing().item_spacing.x;
    let device_width = 76.0;
    theme::section(ui, "Model and device");
    ui.horizontal(|ui| {
        let width = ui.available_width() - device_width - gap;
        let chosen = state.session.checkpoint().map(|checkpoint| checkpoint.name());
        let text = chosen.unwrap_or_else(|| "No model".to_owned());
        let combo = ComboBox::from_id_salt("model").selected_text(text).width(width).truncate();
        let combo = combo.show_ui(ui, |ui| {
            for checkpoint in state.session.checkpoints.ready().into_iter().flatten() {
                let selected = state.session.model.as_ref() == Some(&checkpoint.path);
                let hover = format!(
                    "{}\nTrained on: {}\nLimits: {}",
                    checkpoint.path.display(),
                    checkpoint.card.training_data,
                    checkpoint.card.limits
                );
                if ui.selectable_label(selected, checkpoint.name()).on_hover_text(hover).clicked() {
                    screen.ask(Command::SelectModel(checkpoint.path.clone()));
                }
            }
        });
        combo.response.on_hover_text("The network that classifies").accessible_name("Model");

        let device = state.session.device;
        let combo =
            ComboBox::from_id_salt("device").selected_text(device_name(device)).width(device_width);
        let combo = combo.show_ui(ui, |ui| {
            for choice in
                [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Cuda, DeviceChoice::Mps]
            {
                if ui.selectable_label(device == choice, device_name(choice)).clicked() {
                    screen.ask(Command::SelectDevice(choice));
                }
            }
        });
        let hover = "Where it runs: by itself CUDA, else MPS, else the CPU";
        combo.response.on_hover_text(hover).accessible_name("Device");
    });
}

fn device_name(device: DeviceChoice) -> &'static str {
    match device {
        DeviceChoice::Auto => "Auto",
        DeviceChoice::Cpu => "CPU",
        DeviceChoice::Cuda => "CUDA",
        DeviceChoice::Mps => "MPS",
    }
}

fn bars(ui: &mut Ui, screen: &mut Screen, prediction: &Prediction) {
    reliability::header_notice(ui, screen);
    reliability::notice(ui, prediction);
    for index in 0..prediction.classes.len() {
        bar(ui, screen, prediction, index);
    }
    reliability::basis(ui, screen.state.session.checkpoint(), prediction);
    let tokens = theme::tokens(ui);
    let device = format!(
        "{} on {} in {}",
        prediction.model,
        prediction.device,
        format::duration(prediction.elapsed)
    );
    let checkpoint = format!("Weights with SHA-256 {}", prediction.checkpoint_sha256);
    ui.label(RichText::new(device).font(theme::small()).color(tokens.dim))
        .on_hover_text(checkpoint);
}

/// One class: its name, its probability, and the same as a bar.
fn bar(ui: &mut Ui, screen: &mut Screen, prediction: &Prediction, index: usize) {
    let tokens = theme::tokens(ui);
    let class = &prediction.classes[index];
    // Of a scan unlike the training scans no class is put before the others.
    let unfamiliar = prediction.out_of_distribution() == Some(true);
    let first = index == prediction.predicted && !unfamiliar;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::click());
    let number = format::probability(class.best_probability());
    // Where the uncalibrated probability is the one that leads, it is not shown twice.
    let differs = class.calibrated.filter(|&calibrated| calibrated != class.probability);
    let raw = differs.map(|_| format!("uncalibrated {}", format::probability(class.probability)));
    let label = [Some(format!("{} {number}", class.name)), raw.clone()];
    let label = label.into_iter().flatten().collect::<Vec<_>>().join(" ");
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, &label));
    let painter = ui.painter();
    let text = if first { tokens.text } else { tokens.dim };
    let font = egui::FontId::proportional(13.0);
    let line = rect.top() + 8.0;
    let mut x = rect.left();
    if first {
        let tip = pos2(x + 6.0, line);
        let corners = vec![pos2(x, line - 4.0), tip, pos2(x, line + 4.0)];
        let shape = egui::Shape::convex_polygon(corners, tokens.text, egui::Stroke::NONE);
        painter.add(shape);
    }
    x += 11.0;
    painter.text(pos2(x, line), Align2::LEFT_CENTER, &class.name, font.clone(), text);
    painter.text(pos2(rect.right(), line), Align2::RIGHT_CENTER, number, font, text);
    if let Some(raw) = raw {
        // In a column of its own, left of the longest number.
        let at = pos2(rect.right() - 54.0, line + 0.5);
        painter.text(at, Align2::RIGHT_CENTER, raw, theme::small(), tokens.dim);
    }
    let rail =
        Rect::from_min_max(pos2(x, rect.top() + 19.0), pos2(rect.right(), rect.top() + 25.0));
    painter.rect_filled(rail, 2.0, tokens.raised);
    let filled = (rail.width() * class.best_probability().clamp(0.0, 1.0)).max(1.5);
    let bar = Rect::from_min_size(rail.min, vec2(filled, rail.height()));
    let color = theme::class_color(&class.name, index);
    painter.rect_filled(bar, 2.0, if unfamiliar { color.gamma_multiply(0.45) } else { color });
    let meaning = match class.calibrated {
        Some(_) => "calibrated probability, beside the softmax",
        None => "softmax",
    };
    let hover = format!("{label}: {meaning} of the logit {:.3}; a click explains it", class.logit);
    if response.on_hover_text(hover).clicked() {
        screen.ask(Command::ExplainClass(Some(index)));
    }
}

/// A line where something will appear.
pub fn waiting(ui: &mut Ui, text: &str) -> egui::Response {
    ui.horizontal(|ui| {
        ui.add(egui::Spinner::new().size(14.0).color(theme::tokens(ui).accent));
        ui.label(RichText::new(text).color(theme::tokens(ui).dim));
    })
    .response
}

/// Why something did not appear, where it would have.
pub fn failed(ui: &mut Ui, why: &str) {
    ui.label(RichText::new(why).color(theme::tokens(ui).error));
}

fn idle(ui: &mut Ui, screen: &Screen) {
    let session = &screen.state.session;
    let text = match &session.checkpoints {
        Load::Pending(_) => "Looking for models…",
        _ if session.model.is_none() => {
            "No model was found. Put NAME.safetensors with its card NAME.json into the weights \
             folder and start again."
        }
        _ => "Open a scan to classify it.",
    };
    ui.label(RichText::new(text).color(theme::tokens(ui).dim));
}
