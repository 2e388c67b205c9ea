//! Colours of maps: perceptually even, from dark to bright, safe for colour-blind readers.

use egui::Color32;

use crate::state::ColorMap;

/// 256 colours from zero to the top of the scale.
pub fn lut(map: ColorMap) -> &'static [Color32; 256] {
    use std::sync::LazyLock;
    fn build(gradient: colorous::Gradient) -> [Color32; 256] {
        std::array::from_fn(|i| {
            let colorous::Color { r, g, b } = gradient.eval_continuous(i as f64 / 255.0);
            Color32::from_rgb(r, g, b)
        })
    }
    static INFERNO: LazyLock<[Color32; 256]> = LazyLock::new(|| build(colorous::INFERNO));
    static VIRIDIS: LazyLock<[Color32; 256]> = LazyLock::new(|| build(colorous::VIRIDIS));
    static MAGMA: LazyLock<[Color32; 256]> = LazyLock::new(|| build(colorous::MAGMA));
    static CIVIDIS: LazyLock<[Color32; 256]> = LazyLock::new(|| build(colorous::CIVIDIS));
    match map {
        ColorMap::Inferno => &INFERNO,
        ColorMap::Viridis => &VIRIDIS,
        ColorMap::Magma => &MAGMA,
        ColorMap::Cividis => &CIVIDIS,
    }
}

/// The place of a value in the table, where `top` takes the brightest colour.
pub fn index(value: f32, top: f32) -> usize {
    (value / top * 255.0 + 0.5).clamp(0.0, 255.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color32) -> f32 {
        let linear = egui::Rgba::from(color);
        0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
    }

    #[test]
    fn every_map_rises_from_dark_to_bright() {
        for map in ColorMap::ALL {
            let lut = lut(map);
            for i in 0..255 {
                let (here, next) = (luminance(lut[i]), luminance(lut[i + 1]));
                assert!(next > here - 0.005, "{} falls at {i}", map.name());
            }
            assert!(luminance(lut[255]) > luminance(lut[0]) + 0.5);
        }
    }

    #[test]
    fn values_beyond_the_scale_take_its_ends() {
        assert_eq!(index(-1.0, 2.0), 0);
        assert_eq!(index(1.0, 2.0), 128);
        assert_eq!(index(9.0, 2.0), 255);
    }
}
