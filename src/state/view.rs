//! Which part of a scan is on the screen, and how large.

/// Zoom and pan. Positions are fractions of the scan, so that views of different size can share one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub base: Base,
    /// Times the base, 0.05..=64.
    pub zoom: f32,
    /// The point of the scan in the middle of the view, as fractions of its width and height.
    pub center: [f32; 2],
}

/// What a zoom of 1 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The whole scan just fits.
    Fit,
    /// A pixel of the scan is a pixel of the screen.
    Pixel,
}

impl Default for View {
    fn default() -> Self {
        Self { base: Base::Fit, zoom: 1.0, center: [0.5, 0.5] }
    }
}

impl View {
    const ZOOMS: std::ops::RangeInclusive<f32> = 0.05..=64.0;

    /// One pixel of the scan on one of the screen.
    pub fn actual_size() -> Self {
        Self { base: Base::Pixel, ..Self::default() }
    }

    /// Points of the screen per pixel of the scan, where `fit` of them just fit it
    /// and a point is `pixels_per_point` pixels of the screen.
    pub fn scale(&self, fit: f32, pixels_per_point: f32) -> f32 {
        match self.base {
            Base::Fit => fit * self.zoom,
            Base::Pixel => self.zoom / pixels_per_point,
        }
    }

    /// Zooms about the middle.
    pub fn zoomed(self, factor: f32) -> Self {
        self.zoomed_at(factor, [0.0; 2], 1.0, [1.0; 2])
    }

    /// Zooms so that the point of the scan under the cursor stays under it. `cursor` is its
    /// distance from the middle of the view in points, `scale` points per pixel before the zoom,
    /// `size` the scan's in pixels.
    pub fn zoomed_at(self, factor: f32, cursor: [f32; 2], scale: f32, size: [f32; 2]) -> Self {
        let zoom = (self.zoom * factor).clamp(*Self::ZOOMS.start(), *Self::ZOOMS.end());
        let moved = 1.0 - self.zoom / zoom;
        let center = [0, 1].map(|i| self.center[i] + cursor[i] / (scale * size[i]) * moved);
        Self { zoom, center, ..self }.kept_inside()
    }

    /// Moves the scan by `delta` points at `scale` points per pixel of a scan of `size` pixels.
    pub fn panned(self, delta: [f32; 2], scale: f32, size: [f32; 2]) -> Self {
        let center = [0, 1].map(|i| self.center[i] - delta[i] / (scale * size[i]));
        Self { center, ..self }.kept_inside()
    }

    /// The middle of the view never leaves the scan, so the scan is never lost.
    fn kept_inside(self) -> Self {
        Self { center: self.center.map(|c| c.clamp(0.0, 1.0)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fraction of the scan under a cursor.
    fn under(view: View, cursor: [f32; 2], fit: f32, size: [f32; 2]) -> [f32; 2] {
        let scale = view.scale(fit, 1.0);
        [0, 1].map(|i| view.center[i] + cursor[i] / (scale * size[i]))
    }

    #[test]
    fn what_is_under_the_cursor_stays_under_it() {
        let (fit, size, cursor) = (1.7, [512.0, 400.0], [140.0, -60.0]);
        let before = View::default();
        let after = before.zoomed_at(1.8, cursor, before.scale(fit, 1.0), size);
        let (a, b) = (under(before, cursor, fit, size), under(after, cursor, fit, size));
        assert!((a[0] - b[0]).abs() < 1e-5 && (a[1] - b[1]).abs() < 1e-5, "{a:?} {b:?}");
        assert!((after.zoom - 1.8).abs() < 1e-6);
    }

    #[test]
    fn zoom_and_pan_have_ends() {
        let mut view = View::default();
        (0..100).for_each(|_| view = view.zoomed(2.0));
        assert_eq!(view.zoom, 64.0);
        assert_eq!(view.center, [0.5, 0.5]);
        view = view.panned([1e9, -1e9], 1.0, [10.0, 10.0]);
        assert_eq!(view.center, [0.0, 1.0]);
    }

    #[test]
    fn actual_size_counts_pixels_of_the_screen() {
        assert_eq!(View::actual_size().scale(3.3, 2.0), 0.5);
        assert_eq!(View::default().scale(3.3, 2.0), 3.3);
    }
}
