//! Copies of scans that are of another kind than those a network learned from, each with the reason
//! why: what calibration and the out-of-distribution score are fitted and measured on.

mod drawn;
mod geometry;
mod image;
mod intensity;

use rand::Rng;

pub use self::image::Image;

use super::ood::Reason;

/// A kind of shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shift {
    Inverted,
    Quarter,
    UpsideDown,
    TissueInverted,
    OtherCurve,
    Thick,
    Zoomed,
    CutOff,
    Noise,
    Blank,
    Drawing,
    Leaves,
}

impl Shift {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Inverted,
        Self::Quarter,
        Self::UpsideDown,
        Self::TissueInverted,
        Self::OtherCurve,
        Self::Thick,
        Self::Zoomed,
        Self::CutOff,
        Self::Noise,
        Self::Blank,
        Self::Drawing,
        Self::Leaves,
    ];

    /// The name in cards: "turned by a quarter".
    pub fn name(self) -> &'static str {
        match self {
            Self::Inverted => "black and white exchanged",
            Self::Quarter => "turned by a quarter",
            Self::UpsideDown => "upside down",
            Self::TissueInverted => "tissue contrast inverted",
            Self::OtherCurve => "other tissue contrast",
            Self::Thick => "reformatted from thick slices",
            Self::Zoomed => "zoomed to a part",
            Self::CutOff => "cut off or small",
            Self::Noise => "noise",
            Self::Blank => "no head",
            Self::Drawing => "drawings and text",
            Self::Leaves => "pictures with the statistics of photographs",
        }
    }

    /// Why such a scan is out of distribution.
    pub fn reason(self) -> Reason {
        match self {
            Self::Inverted => Reason::Inverted,
            Self::Quarter | Self::UpsideDown => Reason::Turned,
            Self::TissueInverted | Self::OtherCurve => Reason::OtherWeighting,
            Self::Thick => Reason::OtherPlane,
            Self::Zoomed | Self::CutOff => Reason::OtherFieldOfView,
            Self::Noise | Self::Blank => Reason::NoHead,
            Self::Drawing | Self::Leaves => Reason::NoMri,
        }
    }

    /// Whether the copy still shows what the scan shows, so that its class is the scan's.
    pub fn shows_the_scan(self) -> bool {
        !matches!(
            self,
            Self::Zoomed | Self::CutOff | Self::Noise | Self::Blank | Self::Drawing | Self::Leaves
        )
    }

    /// A copy of `scan`, by draws of `random`.
    pub fn of(self, scan: &Image, random: &mut impl Rng) -> Image {
        let side = scan.side();
        match self {
            Self::Inverted => intensity::inverted(scan, random),
            Self::Quarter => geometry::quarter(scan, random),
            Self::UpsideDown => geometry::upside_down(scan, random),
            Self::TissueInverted => intensity::tissue_inverted(scan, random),
            Self::OtherCurve => intensity::other_curve(scan, random),
            Self::Thick => geometry::thick(scan, random),
            Self::Zoomed => geometry::zoomed(scan, random),
            Self::CutOff => geometry::cut_off(scan, random),
            Self::Noise => drawn::noise(side, random),
            Self::Blank => drawn::blank(side, random),
            Self::Drawing => drawn::drawing(side, random),
            Self::Leaves => drawn::leaves(side, random),
        }
    }
}

/// A copy of `scan` that differs as scans of one kind do: a little turned, scaled, moved, mirrored,
/// brighter or darker, blurred, noisy.
pub fn varied(scan: &Image, random: &mut impl Rng) -> Image {
    intensity::varied(&geometry::placed(scan, random), random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    fn scan() -> Image {
        Image::draw(48, |x, y| if x.hypot(0.8 * y) < 0.8 { 0.6 + 0.3 * x + 0.1 * y } else { 0.0 })
    }

    #[test]
    fn every_kind_differs_from_the_scan_has_greys_and_repeats_its_draws() {
        for shift in Shift::ALL {
            for seed in 0..8 {
                let draw = || shift.of(&scan(), &mut Pcg64::seed_from_u64(seed));
                let copy = draw();
                assert_eq!(copy.side(), 48, "{shift:?}");
                assert!(copy.greys().iter().all(|grey| (0.0..=1.0).contains(grey)), "{shift:?}");
                assert_eq!(copy, draw(), "{shift:?}");
                let plain = scan();
                let apart = copy.greys().iter().zip(plain.greys()).map(|(a, b)| (a - b).abs());
                assert!(apart.sum::<f32>() / 48.0 / 48.0 > 0.01, "{shift:?} seed {seed}");
            }
        }
    }

    #[test]
    fn a_quarter_turn_four_times_and_a_half_turn_twice_change_nothing_much() {
        let mut image = scan();
        let mut counts = [0; 2];
        for seed in 0..40 {
            let turned = Shift::Quarter.of(&image, &mut Pcg64::seed_from_u64(seed));
            // The left edge, dark, goes to the top or to the bottom.
            let top: f32 = turned.greys()[..48 * 12].iter().sum();
            let bottom: f32 = turned.greys()[48 * 36..].iter().sum();
            counts[usize::from(top > bottom)] += 1;
        }
        assert!(counts.iter().all(|&count| count > 5), "{counts:?}");
        for _ in 0..2 {
            image = image.resample(|x, y| (-x, -y));
        }
        let plain = scan();
        let apart = image.greys().iter().zip(plain.greys()).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-4);
    }

    #[test]
    fn a_varied_copy_stays_closer_than_any_shift_of_what_is_shown() {
        let distance = |copy: &Image| -> f32 {
            copy.greys().iter().zip(scan().greys()).map(|(a, b)| (a - b).abs()).sum()
        };
        let mean = |make: &dyn Fn(&mut Pcg64) -> Image| -> f32 {
            (0..16).map(|seed| distance(&make(&mut Pcg64::seed_from_u64(seed)))).sum()
        };
        let near = mean(&|random| varied(&scan(), random));
        for shift in [Shift::Inverted, Shift::Quarter, Shift::Zoomed, Shift::CutOff, Shift::Noise] {
            assert!(mean(&|random| shift.of(&scan(), random)) > near, "{shift:?}");
        }
    }
}
