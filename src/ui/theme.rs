//! How the window looks: one set of tokens, dark and light. No colour is written anywhere else.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, vec2};

use crate::state::ThemeChoice;
use crate::system::palette;

/// Colours by what they mean.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// Behind docks and menus.
    pub panel: Color32,
    /// Fields and buttons on a panel.
    pub raised: Color32,
    /// Under the pointer.
    pub hovered: Color32,
    /// Hairlines between things.
    pub line: Color32,
    pub text: Color32,
    /// Labels, units, what steps back.
    pub dim: Color32,
    /// What is selected.
    pub accent: Color32,
    /// Behind what is selected.
    pub accent_fill: Color32,
    pub warning: Color32,
    pub error: Color32,
}

const DARK: Tokens = Tokens {
    panel: Color32::from_rgb(0x0f, 0x11, 0x14),
    raised: Color32::from_rgb(0x1b, 0x1f, 0x24),
    hovered: Color32::from_rgb(0x27, 0x2c, 0x33),
    line: Color32::from_rgb(0x25, 0x2a, 0x31),
    text: Color32::from_rgb(0xd8, 0xdc, 0xe1),
    dim: Color32::from_rgb(0x93, 0x9b, 0xa6),
    accent: Color32::from_rgb(0x7f, 0xa8, 0xff),
    accent_fill: Color32::from_rgb(0x23, 0x33, 0x55),
    warning: Color32::from_rgb(0xe6, 0xb0, 0x4c),
    error: Color32::from_rgb(0xf2, 0x73, 0x73),
};

const LIGHT: Tokens = Tokens {
    panel: Color32::from_rgb(0xf3, 0xf4, 0xf6),
    raised: Color32::from_rgb(0xff, 0xff, 0xff),
    hovered: Color32::from_rgb(0xe3, 0xe7, 0xec),
    line: Color32::from_rgb(0xd3, 0xd8, 0xde),
    text: Color32::from_rgb(0x1c, 0x20, 0x26),
    dim: Color32::from_rgb(0x56, 0x5f, 0x6b),
    accent: Color32::from_rgb(0x1f, 0x55, 0xc9),
    accent_fill: Color32::from_rgb(0xd4, 0xe1, 0xfb),
    warning: Color32::from_rgb(0x8f, 0x5b, 0x00),
    error: Color32::from_rgb(0xb8, 0x23, 0x23),
};

/// Behind the scan, in both themes: nothing there competes with it.
pub const CANVAS: Color32 = Color32::from_rgb(0x05, 0x06, 0x07);
/// Text on the scan.
pub const ON_SCAN: Color32 = Color32::from_rgb(0xd2, 0xd7, 0xdd);
/// Less important text on the scan.
pub const ON_SCAN_DIM: Color32 = Color32::from_rgb(0x9a, 0xa3, 0xae);
/// Warnings on the scan.
pub const ON_SCAN_WARNING: Color32 = DARK.warning;
/// What is selected, on the scan.
pub const ON_SCAN_ACCENT: Color32 = DARK.accent;
/// Measurements on the scan; no map and no class has this colour.
pub const ON_SCAN_MEASURE: Color32 = Color32::from_rgb(0x62, 0xe6, 0xf2);
/// The measurement in hand.
pub const ON_SCAN_CHOSEN: Color32 = Color32::from_rgb(0xff, 0xff, 0xff);
/// Gaps between two views.
pub const ON_SCAN_LINE: Color32 = DARK.line;

/// Corners of buttons, fields and toasts.
pub const CORNER: u8 = 4;

/// The tokens of the theme a `Ui` is drawn in.
pub fn tokens(ui: &egui::Ui) -> &'static Tokens {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// The colour of a class, one everywhere whatever order a model has them in.
pub fn class_color(name: &str, index: usize) -> Color32 {
    place_color(palette::place(name, index))
}

/// The colour of a place in the palette of classes.
pub fn place_color(place: usize) -> Color32 {
    let [red, green, blue] = palette::color(place);
    Color32::from_rgb(red, green, blue)
}

/// Small text: labels, units, corner texts.
pub fn small() -> FontId {
    FontId::new(11.5, FontFamily::Proportional)
}

/// The smallest text there is: headers of the layer strip.
pub fn tiny() -> FontId {
    FontId::new(10.0, FontFamily::Proportional)
}

/// A heading of a dock's section.
pub fn section(ui: &mut egui::Ui, text: &str) {
    let color = tokens(ui).dim;
    ui.label(egui::RichText::new(text).font(small()).color(color).strong());
}

/// Gives both themes and the fonts to a context.
pub fn install(ctx: &egui::Context) {
    let mut fonts = egui::FontDefinitions::default();
    // The usual font has no arrows; this one, which comes with it, has.
    fonts.families.entry(FontFamily::Proportional).or_default().push("Hack".into());
    ctx.set_fonts(fonts);
    for (theme, tokens) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| dress(style, tokens, theme == egui::Theme::Dark));
    }
}

/// Makes a context follow the settings.
pub fn choose(ctx: &egui::Context, choice: ThemeChoice) {
    ctx.set_theme(match choice {
        ThemeChoice::Dark => egui::Theme::Dark,
        ThemeChoice::Light => egui::Theme::Light,
    });
}

fn dress(style: &mut egui::Style, tokens: &Tokens, dark: bool) {
    let font = |size| FontId::new(size, FontFamily::Proportional);
    style.text_styles.insert(TextStyle::Body, font(13.0));
    style.text_styles.insert(TextStyle::Button, font(13.0));
    style.text_styles.insert(TextStyle::Small, small());
    style.text_styles.insert(TextStyle::Heading, font(17.0));
    style.animation_time = 0.08;
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;

    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 5.0);
    spacing.button_padding = vec2(8.0, 3.0);
    spacing.interact_size = vec2(28.0, 22.0);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.slider_rail_height = 4.0;
    spacing.icon_width = 15.0;
    spacing.combo_width = 0.0;
    spacing.scroll = egui::style::ScrollStyle::thin();
    spacing.scroll.bar_width = 8.0;
    spacing.scroll.floating_allocated_width = 8.0;

    let mut visuals = if dark { egui::Visuals::dark() } else { egui::Visuals::light() };
    visuals.panel_fill = tokens.panel;
    visuals.window_fill = tokens.panel;
    visuals.extreme_bg_color = if dark { CANVAS } else { tokens.raised };
    visuals.faint_bg_color = tokens.raised;
    visuals.window_stroke = Stroke::new(1.0, tokens.line);
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(6);
    let shade = Color32::from_black_alpha(if dark { 140 } else { 40 });
    visuals.popup_shadow = Shadow { offset: [0, 4], blur: 14, spread: 0, color: shade };
    visuals.window_shadow = Shadow { offset: [0, 8], blur: 28, spread: 0, color: shade };
    visuals.selection.bg_fill = tokens.accent_fill;
    visuals.selection.stroke = Stroke::new(1.0, tokens.accent);
    visuals.hyperlink_color = tokens.accent;
    visuals.warn_fg_color = tokens.warning;
    visuals.error_fg_color = tokens.error;
    visuals.weak_text_color = Some(tokens.dim);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.text_cursor.stroke = Stroke::new(1.5, tokens.accent);

    let widgets = &mut visuals.widgets;
    for widget in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.corner_radius = CornerRadius::same(CORNER);
        widget.expansion = 0.0;
        widget.fg_stroke = Stroke::new(1.0, tokens.text);
        widget.bg_stroke = Stroke::new(1.0, tokens.line);
        widget.bg_fill = tokens.hovered;
        widget.weak_bg_fill = tokens.raised;
    }
    widgets.noninteractive.bg_fill = tokens.panel;
    widgets.noninteractive.weak_bg_fill = tokens.panel;
    widgets.hovered.weak_bg_fill = tokens.hovered;
    widgets.hovered.bg_stroke.color = tokens.dim;
    widgets.active.weak_bg_fill = tokens.accent_fill;
    widgets.active.bg_stroke.color = tokens.accent;
    widgets.open.weak_bg_fill = tokens.hovered;
    style.visuals = visuals;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2 contrast, 1..=21.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |c: Color32| {
            let c = egui::Rgba::from(c);
            0.2126 * c.r() + 0.7152 * c.g() + 0.0722 * c.b() + 0.05
        };
        let (a, b) = (luminance(a), luminance(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn every_text_can_be_read_on_what_is_behind_it() {
        for tokens in [&DARK, &LIGHT] {
            for behind in [tokens.panel, tokens.raised, tokens.hovered] {
                assert!(contrast(tokens.text, behind) > 7.0);
                for text in [tokens.dim, tokens.accent, tokens.warning, tokens.error] {
                    assert!(contrast(text, behind) > 4.5, "{text:?} on {behind:?}");
                }
            }
        }
        for text in [ON_SCAN, ON_SCAN_DIM, ON_SCAN_WARNING, ON_SCAN_ACCENT, ON_SCAN_MEASURE] {
            assert!(contrast(text, CANVAS) > 4.5);
        }
    }

    #[test]
    fn figures_are_tabular() {
        let ctx = egui::Context::default();
        install(&ctx);
        let mut widths = Vec::new();
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            widths = ui.fonts_mut(|fonts| {
                ('0'..='9').map(|digit| fonts.glyph_width(&small(), digit)).collect()
            });
        });
        output.drop_without_applying_deltas();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
    }
}
