//! The inside of the skull: cerebrum with its folds, ventricles, nuclei, cerebellum, brainstem.
//!
//! Places are mm from the middle of the brain in an average head, after the usual atlases: the
//! frontal pole at 85 in front, the vertex at 78 above, the temporal base at 42 below.

use super::individual::Individual;
use super::noise::{noise, noise_with_gradient, rough};
use super::shapes::*;
use super::tissue::{Point, Tissue};

/// The vault that holds the cerebrum: an egg, narrower in front.
fn dome(p: Vec3) -> f32 {
    let egg = 1.0 + 0.0010 * (p[1] - 12.0) - 0.000_012 * (p[1] - 12.0) * (p[1] - 12.0);
    full_ellipsoid([p[0] / egg, p[1], p[2]], [0.0, 3.0, 14.0], [70.0, 89.0, 67.0], 0.30)
}

/// Height of the tentorium, the roof of the posterior fossa.
fn tentorium(ax: f32, y: f32) -> f32 {
    2.0 - 0.40 * ax - 0.30 * (y - 32.0).max(0.0)
}

/// The bottom of the cerebrum: frontal base, temporal base, suprasellar region, tentorium.
fn floor(ax: f32, y: f32) -> f32 {
    let middle = mix(-15.0, -43.0, smoothstep(9.0, 22.0, ax)) + 0.012 * (ax - 38.0) * (ax - 38.0);
    let frontal = -21.0 + 5.0 * smoothstep(8.0, 30.0, ax);
    let ridge = -8.0 + 0.5 * ax;
    let front = smoothstep(-34.0, -44.0, y);
    let back = smoothstep(ridge - 6.0, ridge + 12.0, y);
    mix(mix(middle, frontal, front), tentorium(ax, y), back)
}

/// The space inside the skull.
pub(crate) fn cavity(p: Vec3) -> f32 {
    let ax = p[0].abs();
    let cerebral = meet(dome(p), 0.8 * (floor(ax, p[1]) - 1.8 - p[2]), 8.0);
    let fossa = full_ellipsoid(p, [0.0, 48.0, -34.0], [56.0, 42.0, 31.0], 0.2);
    let suprasellar = ellipsoid(p, [0.0, -15.0, -19.0], [14.0, 12.0, 10.0]);
    let stem = ellipsoid(p, [0.0, 9.0, -34.0], [21.0, 17.0, 30.0]);
    let canal = cone(p, ([0.0, 16.0, -55.0], 15.0), ([0.0, 24.0, -125.0], 10.5));
    let back = join(join(fossa, stem, 8.0), canal, 10.0);
    join(join(cerebral, suprasellar, 5.0), back, 4.0)
}

/// Paints everything inside the skull. `depth` is [`cavity`] of the undisplaced point, negative.
pub(crate) fn paint(point: &mut Point, p: Vec3, depth: f32, who: &Individual) {
    point.fill(Tissue::Csf, depth);
    let side = if p[0] > 0.0 { 1 } else { 2 };
    let m = [p[0].abs(), p[1], p[2]];
    let tent = tentorium(m[0], m[1]);
    if p[2] < tent + 8.0 {
        hindbrain(point, p, m, tent, who);
    }
    let hull = meet(dome(p) + 2.2 + who.sulcus, 0.8 * (floor(m[0], m[1]) - p[2]), 8.0);
    if hull < 1.5 {
        cerebrum(point, p, m, hull, side, who);
    }
    membranes(point, p, m, tent, depth, who);
}

/// Cortex, white matter and what lies in them.
fn cerebrum(point: &mut Point, p: Vec3, m: Vec3, hull: f32, side: u32, who: &Individual) {
    let seed = who.noise;
    let pial = pial_depth(p, m, hull, side, who);
    point.fill(Tissue::GreyMatter, -pial);
    let wobble = noise(p, 9.0, seed ^ 0x11);
    let cortex = 2.5 + 0.7 * wobble;
    // The border of the cortex is soft: myelin fades into it.
    point.wash(Tissue::WhiteMatter, smoothstep(cortex - 0.8, cortex + 1.0, pial));
    if m[0] < 50.0 && m[1].abs() < 66.0 && p[2] > -34.0 && p[2] < 40.0 {
        deep_structures(point, p, m, wobble, who);
    }
}

/// Depth below the pia, mm: negative in a sulcus or a fissure.
fn pial_depth(p: Vec3, m: Vec3, hull: f32, side: u32, who: &Individual) -> f32 {
    let seed = who.noise ^ (side * 0x9e37);
    let w = who.sulcus;
    let depth = -hull;

    // The fissure between the hemispheres goes down to the corpus callosum.
    let meander = 1.2 * noise([p[1], p[2], 0.0], 23.0, who.noise ^ 0x21);
    let callosum = full_ellipsoid([0.0, p[1], p[2]], [0.0, 2.0, 4.0], [50.0, 43.0, 25.0], 0.2);
    let fissure = meet((p[0] + meander).abs() - 0.5 - 0.6 * w, -callosum, 3.0);
    let mut open = fissure;

    // The Sylvian fissure: a cleft from the side, and the space over the insula.
    let bend = 2.5 * noise(p, 17.0, seed ^ 0x22);
    let off = m[2] - (-12.0 + 0.40 * (m[1] + 32.0)) - bend;
    let along = (m[1] + 2.0).abs() - 34.0;
    if m[0] > 22.0 && along < 10.0 {
        let cleft = meet(meet(off.abs() - 0.4 - w, 36.0 - m[0], 2.0), along, 4.0);
        let insula = (m[0] - 37.0 + 0.004 * m[1] * m[1] + 0.03 * off * off + 0.6 * bend).abs();
        let insula = meet(meet(insula - 0.5 - w, off.abs() - 11.0, 3.0), along + 7.0, 4.0);
        open = open.min(join(cleft, insula, 2.0));
    }

    // Folds: the zero lines of noise on the surface, carried inwards from it. Both walls count,
    // that of the convexity and that of the fissures.
    let reach = depth.min(open);
    if reach < 26.0 && hull < 2.0 {
        let core = [20.0, m[1].clamp(-42.0, 46.0), 4.0];
        let out = sub(m, core);
        let surface = add(core, scale(out, 46.0 / length(out).max(6.0)));
        let q = add(scale(surface, 0.4), scale(m, 0.6));
        let warp =
            [noise(q, 24.0, seed ^ 0x31), noise(q, 24.0, seed ^ 0x32), noise(q, 24.0, seed ^ 0x33)];
        let q = add(q, scale(warp, 14.0));
        let deep = 15.5 + 9.0 * warp[0];
        open = open.min(fold(q, 25.0, seed ^ 0x41, w, deep, reach, depth));
        open = open.min(fold(q, 16.0, seed ^ 0x42, w * 0.8, 0.62 * deep, reach, depth));
    }
    depth.min(open)
}

/// Distance to the sulci of one family, negative in them.
fn fold(q: Vec3, cell: f32, seed: u32, width: f32, deep: f32, reach: f32, depth: f32) -> f32 {
    let (value, gradient) = noise_with_gradient(scale(q, 1.0 / cell), seed);
    let across = value.abs() / (dot(gradient, gradient) + 0.05).sqrt() * cell;
    // Widest at the surface, closed at the bottom.
    let half = width * (1.25 - 0.8 * (reach / deep).clamp(0.0, 1.0));
    let gape = 1.2 * width * smoothstep(3.5, -0.5, depth);
    meet(across - half - gape, reach - deep, 3.0)
}

/// Ventricles, basal nuclei, thalami.
fn deep_structures(point: &mut Point, p: Vec3, m: Vec3, wobble: f32, who: &Individual) {
    use Tissue::*;
    // The core of each hemisphere is white where folds cannot reach; between the thalami nothing is.
    let core = ellipsoid(m, [0.0, 2.0, 3.0], [30.0, 37.0, 21.0]);
    point.wash(WhiteMatter, smoothstep(3.0, -5.0, core));

    let turn = |q: Vec3, s: f32| {
        let c = (1.0 - s * s).sqrt();
        [c * q[0] + s * q[1], -s * q[0] + c * q[1], q[2]]
    };
    let b = add(m, scale([wobble, -wobble, wobble], 1.2));
    let putamen = ellipsoid(turn(sub(b, [26.5, -8.0, 1.0]), 0.24), [0.0; 3], [5.0, 17.0, 11.0]);
    let pallidum = ellipsoid(turn(sub(b, [19.5, -5.0, -1.0]), 0.34), [0.0; 3], [4.5, 9.5, 7.0]);
    let thalamus = ellipsoid(turn(sub(b, [11.5, 10.0, 6.0]), 0.42), [0.0; 3], [8.5, 15.5, 9.5]);
    let claustrum = (b[0] - 33.2 + 0.004 * m[1] * m[1]).abs().max((m[1] + 6.0).abs() - 15.0);
    point.glaze(DeepGrey, claustrum.max((m[2] - 2.0).abs() - 10.0) - 0.5, 0.6);
    point.fill(DeepGrey, putamen);
    point.fill(Pallidum, pallidum);
    point.glaze(DeepGrey, thalamus, 0.85);
    let hypothalamus = ellipsoid(p, [0.0, -8.0, -10.0], [8.0, 12.0, 8.0]);
    point.glaze(DeepGrey, hypothalamus, 0.8);
    ventricles(point, p, b, who);
}

/// Lateral and third ventricles with caudate, septum, fornix and choroid plexus.
fn ventricles(point: &mut Point, p: Vec3, m: Vec3, who: &Individual) {
    use Tissue::*;
    let v = who.ventricles;
    let flat = |q: Vec3| [q[0], q[1], q[2] * 0.92];
    let body = tube(
        flat(m),
        &[
            (flat([8.5, -36.0, 7.0]), 3.6 * v),
            (flat([7.0, -26.0, 11.0]), 5.0 * v),
            (flat([6.5, -8.0, 17.0]), 4.6 * v),
            (flat([10.0, 14.0, 19.0]), 4.8 * v),
            (flat([23.0, 32.0, 11.0]), 6.3 * v),
            (flat([26.0, 46.0, 5.0]), 3.2 * v),
            (flat([25.0, 58.0, 4.0]), 1.2 * v),
        ],
    );
    let horn = tube(
        m,
        &[
            ([24.0, 32.0, 8.0], 5.0 * v),
            ([32.0, 16.0, -10.0], 2.6 * v),
            ([32.0, -2.0, -20.0], 1.9 * v),
            ([29.0, -10.0, -21.0], 1.8 * v),
        ],
    );
    let hippocampus = tube(
        m,
        &[([24.5, 22.0, -8.0], 2.4), ([26.5, 8.0, -16.0], 4.0), ([25.0, -8.0, -22.0], 6.0)],
    );
    point.glaze(GreyMatter, hippocampus, 0.8);
    let third = {
        let slit = m[0] - 0.8 - 1.3 * (v - 0.5);
        meet(slit, ellipsoid([0.0, p[1], p[2]], [0.0, 0.0, -3.0], [9.0, 16.0, 9.0]), 1.0)
    };
    let caudate = tube(
        m,
        &[
            ([14.5, -28.0, 5.0], 5.6),
            ([14.5, -20.0, 10.0], 5.8),
            ([17.0, 0.0, 17.0], 3.2),
            ([20.0, 18.0, 17.0], 1.8),
        ],
    );
    let septum = 0.45 - m[0];
    point.fill(Csf, join(meet(body, septum, 1.0), horn, 2.0));
    point.fill(DeepGrey, caudate);
    point.fill(WhiteMatter, cone(m, ([1.0, -14.0, 5.0], 1.6), ([4.0, 16.0, 13.0], 2.0)));
    point.fill(Csf, third);
    // The corpus callosum arches over all of it.
    let callosum = full_ellipsoid([0.0, p[1], p[2]], [0.0, 2.0, 4.0], [50.0, 42.0, 24.0], 0.2);
    let arch = (callosum + 3.0).abs() - 2.6;
    point.fill(WhiteMatter, arch.max(m[0] - 7.0).max(3.0 - p[2] - 0.1 * p[1].abs()));
    let frond = 2.0 * noise(p, 3.0, who.noise ^ 0x61);
    let plexus =
        tube(m, &[([21.5, 31.0, 9.0], 2.8), ([14.0, 18.0, 14.5], 1.0), ([5.0, -4.0, 11.5], 0.4)]);
    point.glaze(Choroid, plexus + frond.max(-0.6), 0.85);
    point.fill(Choroid, ellipsoid(p, [0.0, 26.0, 0.0], [3.0, 4.2, 2.8]));
    // Internal cerebral veins.
    let veins = cone(m, ([1.4, 2.0, 7.5], 0.2), ([1.4, 24.0, 6.0], 0.7));
    point.glaze(Vessel, veins, 0.6);
}

/// Cerebellum, brainstem, fourth ventricle.
fn hindbrain(point: &mut Point, p: Vec3, m: Vec3, tent: f32, who: &Individual) {
    use Tissue::*;
    let seed = who.noise;
    let lobes = full_ellipsoid(m, [24.0, 52.0, -35.0], [31.0, 34.0, 28.0], 0.15);
    let vermis = ellipsoid(p, [0.0, 46.5, -29.0], [17.0, 27.0, 27.0]);
    let cerebellum = meet(join(lobes, vermis, 15.0), p[2] - tent + 3.0, 4.0);
    if cerebellum < 2.0 {
        // Folia: thin leaves around the horizontal fissure, as a triangle wave.
        let bend = 2.2 * noise(p, 14.0, seed ^ 0x71) + 0.7 * noise(p, 5.0, seed ^ 0x72);
        let away = length([0.5 * m[0], p[1] - 26.0, 0.0]);
        let leaf = 0.24 * (p[2] + 34.0 + bend) * 52.0 / (away + 22.0);
        let wave = 4.0 * (leaf - leaf.floor() - 0.5).abs() - 1.0;
        let crease = smoothstep(0.35, 0.95, wave) * smoothstep(-13.0, -1.0, cerebellum);
        point.fill(GreyMatter, cerebellum + 0.4);
        let medulla = ellipsoid(m, [19.0, 46.0, -35.0], [22.0, 19.0, 14.0]);
        let branch = medulla + 7.0 * wave + 3.0 * noise(p, 8.0, seed ^ 0x73);
        point.wash(WhiteMatter, 0.9 * smoothstep(2.0, -5.0, branch));
        let dentate = (ellipsoid(m, [14.0, 38.0, -35.0], [7.0, 8.0, 4.5])).abs() - 0.7;
        point.glaze(DeepGrey, dentate, 0.6);
        let inside = point.coverage(cerebellum);
        point.wash(Csf, 0.42 * crease * inside);
    }
    let midbrain = ellipsoid(p, [0.0, 10.0, -11.0], [16.5, 13.0, 12.0]);
    let pons = full_ellipsoid(p, [0.0, 5.5, -29.0], [18.0, 13.0, 13.5], 0.2);
    let medulla = tube(
        p,
        &[([0.0, 12.0, -38.0], 9.0), ([0.0, 17.0, -58.0], 7.0), ([0.0, 22.0, -125.0], 5.4)],
    );
    let peduncle = cone(m, ([10.0, 12.0, -30.0], 7.0), ([22.0, 30.0, -34.0], 8.0));
    let stem = join(join(midbrain, pons, 3.0), join(medulla, peduncle, 5.0), 4.0);
    point.fill(WhiteMatter, stem);
    point.glaze(DeepGrey, stem + 1.0, 0.45);
    // Interpeduncular notch, aqueduct, fourth ventricle, and the cisterns around.
    point.fill(Csf, ellipsoid(p, [0.0, -3.5, -14.0], [3.6, 5.0, 6.0]));
    point.fill(Csf, cone(p, ([0.0, 17.0, -4.0], 0.8), ([0.0, 22.0, -22.0], 1.0)));
    let roof = ellipsoid(p, [0.0, 24.0, -32.0], [8.0, 6.0, 11.0]);
    point.fill(Csf, meet(roof, 20.5 + 0.2 * m[0] - p[1], 1.5));
    point.fill(Csf, meet(ellipsoid(p, [0.0, 25.0, -4.0], [14.0, 7.0, 6.0]), 21.5 - p[1], 1.0));
}

/// Dura, falx, tentorium, sinuses and the larger vessels.
fn membranes(point: &mut Point, p: Vec3, m: Vec3, tent: f32, depth: f32, who: &Individual) {
    use Tissue::*;
    let seed = who.noise;
    let thin = (depth + 0.5).abs() - 0.35;
    point.glaze(Dura, thin, 0.55);
    let (above, behind) = (p[2] - tent, p[1] - 18.0);
    if m[0] < 9.0 && p[2] > -24.0 {
        // The falx stays clear of the corpus callosum.
        let edge = full_ellipsoid([0.0, p[1], p[2]], [0.0, 6.0, 2.0], [50.0, 52.0, 36.0], 0.2);
        point.glaze(Dura, meet(m[0] - 0.45, -edge, 1.0).max(2.0 - above), 0.75);
        // Superior sagittal sinus: a triangle below the vault, larger towards the back.
        let size = 1.6 + 0.022 * (p[1] + 60.0).clamp(0.0, 140.0);
        // Measured from the vault alone: the floor has no such sinus.
        let below = dome(p);
        let sinus = (m[0] * 0.87 - (below + size * 1.5) * 0.5).max(below + 0.6);
        point.fill(Vessel, sinus.max(-above).max(-p[2] - 8.0));
        let straight = cone(p, ([0.0, 34.0, 2.0], 1.3), ([0.0, 84.0, -13.0], 1.9));
        point.fill(Vessel, straight);
        point.fill(Vessel, cone(p, ([0.0, 25.0, 7.0], 1.5), ([0.0, 34.0, 2.0], 1.3)));
    }
    if m[0] > 10.0 && behind > 0.45 * m[0] - 4.0 && p[2] < 0.0 {
        let leaf = (above - 0.8).abs() * 0.9 - 0.45;
        point.glaze(Dura, leaf, 0.7);
        // Transverse sinus, where the tentorium meets the skull.
        let transverse = (above + 1.5).abs().max((depth + 1.8).abs()) - 1.6;
        point.fill(Vessel, transverse.max(48.0 - p[1]));
    }
    if p[2] < 6.0 && p[1] < 12.0 && m[0] < 46.0 {
        let wind = scale([noise(p, 9.0, seed ^ 0x81), noise(p, 9.0, seed ^ 0x82), 0.0], 2.0);
        let q = add(m, wind);
        let carotid = tube(
            q,
            &[([11.0, -8.0, -40.0], 2.4), ([11.5, -20.0, -31.0], 2.3), ([11.0, -18.0, -20.0], 1.9)],
        );
        let sylvian = tube(
            q,
            &[
                ([11.0, -18.0, -20.0], 1.7),
                ([24.0, -20.0, -14.0], 1.4),
                ([37.0, -22.0, -9.0], 1.1),
                ([38.0, -4.0, 1.0], 0.7),
            ],
        );
        let anterior = tube(
            q,
            &[([11.0, -18.0, -20.0], 1.5), ([1.5, -30.0, -14.0], 1.2), ([1.5, -42.0, 2.0], 0.8)],
        );
        let basilar = cone(p, ([0.5, -7.5, -18.0], 1.6), ([-0.8, -3.0, -46.0], 1.7));
        let posterior = tube(
            q,
            &[([0.0, -7.0, -18.0], 1.3), ([14.0, -2.0, -15.0], 1.1), ([20.0, 16.0, -9.0], 0.9)],
        );
        point.fill(Vessel, carotid.min(sylvian).min(anterior).min(basilar).min(posterior));
    }
    // Veins on the convexity: beads of noise just below the dura.
    if depth > -5.5 && p[2] > -10.0 {
        let bead = rough(p, 7.0, seed ^ 0x91);
        point.wash(Vessel, 0.85 * smoothstep(0.62, 0.8, bead) * smoothstep(-5.5, -3.5, depth));
    }
    sella(point, p, who);
}

/// The normal pituitary gland, its stalk and the chiasm.
fn sella(point: &mut Point, p: Vec3, who: &Individual) {
    use Tissue::*;
    if p[0].abs() > 22.0 || p[1] > 2.0 || p[1] < -40.0 || p[2] > -8.0 {
        return;
    }
    let tilt = 0.25 * noise([0.0; 3], 1.7, who.noise ^ 0xb1);
    let stalk = cone(p, ([tilt, -16.0, -31.0], 1.4), ([0.0, -10.0, -15.0], 0.8));
    point.fill(Pituitary, stalk);
    let chiasm = tube(
        [p[0].abs(), p[1], p[2]],
        &[([7.0, -24.0, -19.0], 1.8), ([0.0, -17.0, -17.0], 2.2), ([8.0, -9.0, -14.0], 1.8)],
    );
    point.fill(Nerve, chiasm);
}
