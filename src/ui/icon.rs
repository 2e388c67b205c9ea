//! The picture of the program in task bars: a head, and a map over it.

use egui::{Color32, IconData};

use super::colormap;
use crate::state::ColorMap;

/// Made when it is needed: there is no file to lose.
pub fn icon() -> IconData {
    const SIDE: u32 = 64;
    let lut = colormap::lut(ColorMap::Inferno);
    let pixel = |i: u32| {
        let at = |n: u32| (n as f32 + 0.5) / SIDE as f32 * 2.0 - 1.0;
        let (x, y) = (at(i % SIDE), at(i / SIDE));
        let head = (x / 0.78).hypot(y / 0.94);
        let heat = 1.0 - (x + 0.22).hypot(y + 0.12) / 0.5;
        match head {
            h if h > 1.0 => Color32::TRANSPARENT,
            h if h > 0.88 => Color32::from_gray(0xd8),
            _ if heat > 0.15 => lut[colormap::index(heat, 1.0)],
            _ => Color32::from_gray(0x4a),
        }
    };
    let rgba = (0..SIDE * SIDE).flat_map(|i| pixel(i).to_srgba_unmultiplied()).collect();
    IconData { rgba, width: SIDE, height: SIDE }
}
