//! What makes one head differ from the next, and where it lies in the scanner.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use super::shapes::Vec3;

/// The traits of one synthetic person.
#[derive(Clone, Debug)]
pub(crate) struct Individual {
    /// Size against the average head, left–right, front–back and up–down.
    size: Vec3,
    /// The left half is wider by this share.
    asymmetry: f32,
    /// Rows turn the scanner's axes into the head's.
    rotation: [Vec3; 3],
    /// Where the middle of the brain lies in the scanner, mm.
    shift: Vec3,
    /// Radius of the lateral ventricles against the average.
    pub(crate) ventricles: f32,
    /// Half the width of a sulcus, mm: more with age.
    pub(crate) sulcus: f32,
    /// Thickness of the skull and of the scalp, mm.
    pub(crate) skull: f32,
    pub(crate) scalp: f32,
    /// For the folds and everything else that is drawn by noise.
    pub(crate) noise: u32,
}

impl Individual {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Pcg32::seed_from_u64(seed);
        let mut vary = |low: f32, high: f32| low + (high - low) * rng.random::<f32>();
        let all = vary(0.95, 1.04);
        Self {
            size: [all * vary(0.98, 1.03), all * vary(0.97, 1.03), all * vary(0.98, 1.02)],
            asymmetry: vary(-0.025, 0.025),
            rotation: rotation(vary(-0.06, 0.06), vary(-0.08, 0.08), vary(-0.05, 0.05)),
            shift: [vary(-3.0, 3.0), vary(-4.0, 4.0), vary(-3.0, 3.0)],
            ventricles: vary(0.75, 1.35),
            sulcus: vary(0.35, 0.95),
            skull: vary(5.5, 7.5),
            scalp: vary(4.5, 8.0),
            noise: rng.random(),
        }
    }

    /// A point in the scanner, as a point of the average head.
    pub(crate) fn to_head(&self, scanner: Vec3) -> Vec3 {
        let q = std::array::from_fn::<f32, 3, _>(|i| scanner[i] - self.shift[i]);
        let mut head = self.rotation.map(|row| row[0] * q[0] + row[1] * q[1] + row[2] * q[2]);
        for (value, size) in head.iter_mut().zip(self.size) {
            *value /= size;
        }
        // Smooth across the middle: the derivative changes, the value does not jump.
        head[0] /= 1.0 + if head[0] > 0.0 { self.asymmetry } else { -self.asymmetry };
        head
    }

    /// Lengths along the head's axes, as this person has them.
    pub(crate) fn sized(&self, lengths: Vec3) -> Vec3 {
        std::array::from_fn(|axis| lengths[axis] * self.size[axis])
    }

    /// The inverse of [`Self::to_head`].
    pub(crate) fn to_scanner(&self, mut head: Vec3) -> Vec3 {
        head[0] *= 1.0 + if head[0] > 0.0 { self.asymmetry } else { -self.asymmetry };
        for (value, size) in head.iter_mut().zip(self.size) {
            *value *= size;
        }
        let r = &self.rotation;
        std::array::from_fn(|i| {
            r[0][i] * head[0] + r[1][i] * head[1] + r[2][i] * head[2] + self.shift[i]
        })
    }
}

/// Turns by small angles, given as sines, about the head's three axes.
fn rotation(about_x: f32, about_y: f32, about_z: f32) -> [Vec3; 3] {
    let cosine = |s: f32| (1.0 - s * s).sqrt();
    let (sx, sy, sz) = (about_x, about_y, about_z);
    let (cx, cy, cz) = (cosine(sx), cosine(sy), cosine(sz));
    [
        [cy * cz, -cy * sz, sy],
        [cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy],
        [sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_into_the_head_and_back_ends_where_it_began() {
        for seed in 0..5 {
            let person = Individual::new(seed);
            let p = [31.0, -45.0, 12.0];
            let back = person.to_scanner(person.to_head(p));
            for axis in 0..3 {
                assert!((back[axis] - p[axis]).abs() < 1e-3, "{back:?}");
            }
        }
    }
}
