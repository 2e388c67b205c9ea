//! The three tumours of the data set's classes, as they look after contrast.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use serde::{Deserialize, Serialize};

use super::brain;
use super::noise::{noise, rough};
use super::shapes::*;
use super::tissue::{Point, Tissue};

/// What grows in the phantom.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum LesionKind {
    /// In the white matter: irregular enhancing rim, necrosis, oedema, mass effect.
    Glioma,
    /// On the dura: smooth, evenly bright, with a dural tail.
    Meningioma,
    /// A healthy head.
    None,
    /// Of the pituitary gland, from the sella upwards.
    Pituitary,
}

impl LesionKind {
    /// In the order of the data set's folders.
    pub const ALL: [Self; 4] = [Self::Glioma, Self::Meningioma, Self::None, Self::Pituitary];

    /// The folder of the class, as the data set names it.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Glioma => "glioma_tumor",
            Self::Meningioma => "meningioma_tumor",
            Self::None => "no_tumor",
            Self::Pituitary => "pituitary_tumor",
        }
    }

    /// One word for file names and descriptions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glioma => "glioma",
            Self::Meningioma => "meningioma",
            Self::None => "healthy",
            Self::Pituitary => "pituitary",
        }
    }
}

/// The side of the patient, not of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Left,
    Right,
    Midline,
}

/// A tumour in the average head's coordinates.
#[derive(Clone, Debug)]
pub(crate) struct Lesion {
    pub(crate) kind: LesionKind,
    pub(crate) side: Side,
    pub(crate) centre: Vec3,
    pub(crate) radii: Vec3,
    /// Share of its radius by which it pushes the brain aside.
    push: f32,
    noise: u32,
}

impl Lesion {
    /// A tumour drawn from a seed; `side` overrides the drawn one where the kind has a side.
    pub(crate) fn new(kind: LesionKind, seed: u64, side: Option<Side>) -> Option<Self> {
        let mut rng = Pcg32::seed_from_u64(seed ^ 0x001e_510e);
        let noise: u32 = rng.random();
        let drawn = if rng.random::<bool>() { Side::Left } else { Side::Right };
        let place: usize = rng.random_range(0..4);
        let mut vary = |low: f32, high: f32| low + (high - low) * rng.random::<f32>();
        let side = match (kind, side) {
            (LesionKind::Pituitary, _) => Side::Midline,
            (_, Some(given @ (Side::Left | Side::Right))) => given,
            _ => drawn,
        };
        let sign = if side == Side::Right { -1.0 } else { 1.0 };
        let (centre, radii, push) = match kind {
            LesionKind::None => return None,
            LesionKind::Glioma => {
                let sites = [
                    [30.0, -38.0, 22.0],
                    [32.0, 26.0, 26.0],
                    [42.0, 6.0, -14.0],
                    [29.0, 50.0, 16.0],
                ];
                let site = sites[place];
                let centre = [
                    sign * (site[0] + vary(-3.0, 3.0)),
                    site[1] + vary(-6.0, 6.0),
                    site[2] + vary(-4.0, 4.0),
                ];
                let size = vary(14.0, 20.0);
                let radii = [size, size * vary(0.85, 1.25), size * vary(0.8, 1.1)];
                (centre, radii, 0.5)
            }
            LesionKind::Meningioma => {
                let ways =
                    [[0.9, -0.35, 0.35], [0.75, 0.3, 0.62], [0.42, -0.55, 0.72], [0.3, 0.35, 0.88]];
                let way = ways[place];
                let way = [sign * way[0], way[1] + vary(-0.15, 0.15), way[2] + vary(-0.1, 0.1)];
                let size = vary(13.0, 20.0);
                let (wall, inward) = inner_table([sign * 8.0, 0.0, 10.0], way);
                let centre = add(wall, scale(inward, 0.55 * size));
                (centre, [size, size * vary(0.95, 1.15), size * vary(0.9, 1.05)], 0.75)
            }
            LesionKind::Pituitary => {
                let size = vary(9.5, 14.0);
                let centre = [vary(-1.5, 1.5), -17.0, -28.0 + 0.35 * size];
                (centre, [size * vary(0.9, 1.1), size * 0.92, size * vary(1.15, 1.35)], 0.8)
            }
        };
        Some(Self { kind, side, centre, radii, push, noise })
    }

    fn radius(&self) -> f32 {
        (self.radii[0] + self.radii[1] + self.radii[2]) / 3.0
    }

    /// Where the tissue at `p` lay before the tumour pushed it there. The skull does not move.
    pub(crate) fn displaced(&self, p: Vec3, cavity: f32) -> Vec3 {
        let from_centre = sub(p, self.centre);
        let reach = dot(from_centre, from_centre) / (self.radius() * self.radius());
        if reach > 16.0 {
            return p;
        }
        let fall = 1.0 / (1.0 + 0.45 * reach);
        let fade = smoothstep(16.0, 6.0, reach) * smoothstep(0.0, 9.0, -cavity);
        add(self.centre, scale(from_centre, 1.0 - self.push * fall * fall * fade))
    }

    /// Signed distance to the tumour itself: its enhancing part and what that encloses.
    pub(crate) fn distance(&self, p: Vec3, cavity: f32) -> f32 {
        match self.kind {
            LesionKind::Glioma => {
                let body = ellipsoid(p, self.centre, self.radii);
                if body > 14.0 {
                    return body;
                }
                body + 0.36 * self.radius() * rough(p, 1.3 * self.radius(), self.noise)
            }
            LesionKind::Meningioma => {
                let body = ellipsoid(p, self.centre, self.radii);
                let lobes = 1.2 * noise(p, 9.0, self.noise);
                meet(body + lobes, cavity + 0.3, 1.0)
            }
            LesionKind::Pituitary => {
                let [x, y, _] = self.centre;
                let waist = 0.62 * self.radii[0];
                let sella = ellipsoid(p, [x, y, -35.0], [waist + 3.0, waist + 2.0, 8.0]);
                let above = ellipsoid(p, self.centre, self.radii);
                join(sella, above, 3.0) + 0.9 * noise(p, 8.0, self.noise)
            }
            LesionKind::None => f32::INFINITY,
        }
    }

    /// Paints the tumour over what is there.
    pub(crate) fn paint(&self, point: &mut Point, p: Vec3, cavity: f32) {
        let distance = self.distance(p, cavity);
        if distance > 40.0 {
            return;
        }
        let texture = rough(p, 6.0, self.noise ^ 0x5);
        match self.kind {
            LesionKind::Glioma => {
                if cavity > 0.0 {
                    return;
                }
                // Oedema runs along the white matter and spares the cortex.
                let reach = 11.0 + 9.0 * noise(p, 21.0, self.noise ^ 0x1);
                let oedema = smoothstep(reach + 2.0, reach - 4.0, distance);
                point.wash(Tissue::Oedema, oedema * (0.1 + 0.8 * point.white));
                let rim = 3.8 + 4.2 * noise(p, 12.0, self.noise ^ 0x2);
                point.glaze(Tissue::GliomaRim, distance, (0.84 + 0.32 * texture).clamp(0.3, 1.0));
                let core = distance + rim.max(1.4);
                point.fill(Tissue::Necrosis, core);
                let strands = smoothstep(0.25, 0.6, texture);
                point.wash(Tissue::GliomaRim, 0.25 * strands * point.coverage(core));
            }
            LesionKind::Meningioma => {
                // A thin cleft of CSF, then the tumour; the tail tapers along the dura.
                point.glaze(Tissue::Csf, (distance - 0.6).abs().max(cavity + 1.5) - 0.7, 0.7);
                point.fill(Tissue::Meningioma, distance);
                point
                    .wash(Tissue::GreyMatter, (0.14 * texture).max(0.0) * point.coverage(distance));
                let taper = smoothstep(26.0, 2.0, distance);
                let tail = (cavity + 1.0).abs() - 1.5 * taper;
                point.glaze(Tissue::Meningioma, tail, taper.min(0.9));
            }
            LesionKind::Pituitary => {
                point.fill(Tissue::Adenoma, distance);
                let inside = point.coverage(distance);
                point.wash(Tissue::Meningioma, (0.5 * texture).clamp(0.0, 0.6) * inside);
                point.wash(Tissue::GreyMatter, (-0.45 * texture).clamp(0.0, 0.5) * inside);
            }
            LesionKind::None => {}
        }
    }
}

/// Where a ray from inside the skull meets its wall, and the direction inwards there.
fn inner_table(from: Vec3, way: Vec3) -> (Vec3, Vec3) {
    let way = scale(way, 1.0 / length(way));
    let (mut inside, mut outside) = (0.0, 130.0);
    for _ in 0..30 {
        let middle = 0.5 * (inside + outside);
        if brain::cavity(add(from, scale(way, middle))) < 0.0 {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    let wall = add(from, scale(way, inside));
    let slope: Vec3 = std::array::from_fn(|axis| {
        let mut step = [0.0; 3];
        step[axis] = 0.5;
        brain::cavity(add(wall, step)) - brain::cavity(sub(wall, step))
    });
    (wall, scale(slope, -1.0 / length(slope)))
}
