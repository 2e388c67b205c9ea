//! What a head is made of, and how bright each tissue is in each contrast: the tissue table.

use serde::{Deserialize, Serialize};

/// The weighting of a scan.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Contrast {
    /// T1-weighted after gadolinium.
    #[default]
    T1c,
    T1,
    T2,
    Flair,
}

impl Contrast {
    /// As a series description names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::T1c => "T1 post-contrast",
            Self::T1 => "T1",
            Self::T2 => "T2",
            Self::Flair => "FLAIR",
        }
    }
}

macro_rules! tissues {
    ($($(#[$doc:meta])* $name:ident: $t1c:literal $t1:literal $t2:literal $flair:literal;)*) => {
        /// A tissue, or what else is in a head.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Tissue { $($(#[$doc])* $name,)* }

        /// Signal of every tissue: T1c, T1, T2, FLAIR; subcutaneous fat on T1 is about 1.
        const TABLE: &[[f32; 4]] = &[$([$t1c, $t1, $t2, $flair],)*];
    };
}

tissues! {
    Air:            0.00 0.00 0.00 0.00;
    Skin:           0.52 0.42 0.30 0.30;
    Fat:            0.92 0.96 0.62 0.60;
    Muscle:         0.36 0.33 0.20 0.24;
    /// Fasciae, galea and the other things between muscles.
    Fascia:         0.30 0.24 0.12 0.14;
    CorticalBone:   0.05 0.05 0.04 0.05;
    /// Diploë and the fatty marrow of the skull base.
    Marrow:         0.50 0.55 0.32 0.32;
    /// Enhancing mucosa of the nose and the sinuses.
    Mucosa:         0.60 0.40 0.80 0.62;
    Vitreous:       0.14 0.13 1.00 0.12;
    Lens:           0.34 0.34 0.14 0.20;
    Sclera:         0.50 0.36 0.22 0.26;
    /// Muscles of the eye, which enhance.
    EyeMuscle:      0.68 0.36 0.28 0.30;
    Nerve:          0.46 0.47 0.36 0.40;
    Csf:            0.13 0.12 0.98 0.08;
    GreyMatter:     0.37 0.37 0.54 0.58;
    WhiteMatter:    0.475 0.50 0.38 0.46;
    DeepGrey:       0.415 0.41 0.46 0.54;
    Pallidum:       0.445 0.45 0.34 0.46;
    Dura:           0.58 0.30 0.20 0.25;
    /// Veins and arteries with contrast agent; flow voids without.
    Vessel:         0.88 0.20 0.12 0.14;
    /// Choroid plexus and pineal gland.
    Choroid:        0.80 0.36 0.62 0.56;
    Pituitary:      0.76 0.44 0.46 0.50;
    GliomaRim:      0.84 0.38 0.64 0.72;
    Necrosis:       0.20 0.22 0.90 0.50;
    Oedema:         0.315 0.33 0.84 0.94;
    Meningioma:     0.84 0.39 0.56 0.60;
    Adenoma:        0.70 0.38 0.60 0.60;
}

/// The signal of every tissue in one contrast.
#[derive(Clone, Copy)]
pub(crate) struct Palette(usize);

impl Palette {
    pub(crate) fn new(contrast: Contrast) -> Self {
        Self(contrast as usize)
    }

    pub(crate) fn signal(self, tissue: Tissue) -> f32 {
        TABLE[tissue as usize][self.0]
    }
}

/// One point of the head being painted, the tissues one over the other.
pub(crate) struct Point {
    palette: Palette,
    /// Where a surface passes at distance d, coverage is `0.5 − d × sharpness`: partial volume.
    sharpness: f32,
    pub(crate) signal: f32,
    /// Coverage by white matter, which oedema follows.
    pub(crate) white: f32,
}

impl Point {
    /// A point in the air; surfaces are `blur_mm` wide.
    pub(crate) fn new(palette: Palette, blur_mm: f32) -> Self {
        Self { palette, sharpness: 1.0 / blur_mm, signal: 0.0, white: 0.0 }
    }

    /// How much of the point's voxel lies inside a surface at a signed distance, 0..=1.
    pub(crate) fn coverage(&self, distance: f32) -> f32 {
        (0.5 - distance * self.sharpness).clamp(0.0, 1.0)
    }

    /// Paints the inside of a shape.
    pub(crate) fn fill(&mut self, tissue: Tissue, distance: f32) {
        self.wash(tissue, self.coverage(distance));
    }

    /// Paints a shape thinly.
    pub(crate) fn glaze(&mut self, tissue: Tissue, distance: f32, strength: f32) {
        self.wash(tissue, self.coverage(distance) * strength);
    }

    /// Paints with a coverage of 0..=1.
    pub(crate) fn wash(&mut self, tissue: Tissue, coverage: f32) {
        if coverage > 0.0 {
            self.signal += (self.palette.signal(tissue) - self.signal) * coverage;
            let white = if tissue == Tissue::WhiteMatter { 1.0 } else { 0.0 };
            self.white += (white - self.white) * coverage;
        }
    }
}
