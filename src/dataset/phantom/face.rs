//! Everything outside the brain's cavity: skull, scalp, orbits, nose, sinuses, jaw and neck.

use super::individual::Individual;
use super::noise::{noise, rough};
use super::shapes::*;
use super::tissue::{Point, Tissue};

/// The surface of the head.
pub(crate) fn skin(p: Vec3, cavity: f32, who: &Individual) -> f32 {
    let m = [p[0].abs(), p[1], p[2]];
    let vault = cavity - who.skull - who.scalp - 0.8 * noise(p, 40.0, who.noise ^ 0x101);
    let temple = ellipsoid(m, [56.0, -22.0, -18.0], [22.0, 44.0, 48.0]);
    let mut outer = join(vault, temple, 12.0);
    if p[2] < 12.0 {
        let face = full_ellipsoid(p, [0.0, -52.0, -66.0], [62.0, 50.0, 66.0], 0.3);
        let nose = tube(
            m,
            &[
                ([0.0, -94.0, -20.0], 7.0),
                ([0.0, -106.0, -50.0], 9.5),
                ([0.0, -100.0, -58.0], 12.0),
            ],
        );
        let neck = full_ellipsoid([p[0], p[1], 0.0], [0.0, 22.0, 0.0], [60.0, 66.0, 60.0], 0.3);
        let neck = meet(neck, p[2] + 40.0, 20.0);
        let eyelid = ellipsoid(m, [32.0, -80.0, -32.0], [19.0, 12.0, 14.0]);
        let socket = ellipsoid(m, [24.0, -106.0, -28.0], [10.0, 10.0, 8.0]);
        outer = join(outer, face, 16.0);
        outer = meet(outer, -socket, 9.0);
        outer = join(outer, join(nose, eyelid, 8.0), 7.0);
        outer = join(outer, neck, 22.0);
        let ear = ellipsoid(m, [77.0 + 0.30 * (p[1] - 12.0), 18.0, -30.0], [3.8, 14.0, 25.0]);
        outer = join(outer, ear, 5.0);
    }
    outer
}

/// Paints what lies between skin and dura. `cavity` and `skin` are signed distances.
pub(crate) fn paint(point: &mut Point, p: Vec3, cavity: f32, skin: f32, who: &Individual) {
    use Tissue::*;
    let seed = who.noise;
    let m = [p[0].abs(), p[1], p[2]];
    let grain = noise(p, 7.0, seed ^ 0x111);
    point.fill(Skin, skin);
    point.fill(Muscle, skin + 1.6);
    // Fat below the skin: thin over the forehead, thick over cheeks and neck.
    let low = smoothstep(-10.0, -70.0, p[2]);
    let fat = (who.scalp - 1.8).min(3.4) + 4.5 * low * smoothstep(-100.0, 10.0, p[1]) + 0.6 * grain;
    let shell = (-skin - 1.6).min(fat + 1.6 + skin);
    point.fill(Fat, -shell);
    if skin < -3.0 {
        soft_tissue(point, p, m, skin, seed);
    }
    skull(point, p, m, cavity, grain, who);
    if p[1] < 14.0 && p[2] < 14.0 {
        facial_spaces(point, p, m, skin, seed);
    }
    if p[2] < -58.0 {
        spine(point, p, m);
    }
}

/// Muscles of the jaw and the neck with fat between them.
fn soft_tissue(point: &mut Point, p: Vec3, m: Vec3, skin: f32, seed: u32) {
    use Tissue::*;
    if p[2] > 20.0 {
        return;
    }
    let planes = rough([m[0], p[1], 0.5 * p[2]], 22.0, seed ^ 0x121);
    let depth = smoothstep(-4.0, -9.0, skin) * smoothstep(5.0, -25.0, p[2]);
    point.wash(Fat, 0.45 * depth * smoothstep(0.12, 0.02, planes.abs()));
    point.wash(Fascia, 0.5 * depth * smoothstep(0.25, 0.5, planes));
    // Fat of the cheek and the spaces behind the upper jaw.
    let buccal = ellipsoid(m, [46.0, -48.0, -62.0], [9.0, 18.0, 22.0]);
    point.glaze(Fat, buccal + 9.0 * planes, 0.5);
    let parotid = ellipsoid(m, [60.0, 4.0, -68.0], [10.0, 14.0, 22.0]);
    point.glaze(Fat, parotid + 4.0 * planes, 0.55);
}

/// Tables and diploë of the vault; the base and the petrous bones.
fn skull(point: &mut Point, p: Vec3, m: Vec3, cavity: f32, grain: f32, who: &Individual) {
    use Tissue::*;
    let seed = who.noise;
    let base = smoothstep(-12.0, -34.0, p[2]);
    let neck = smoothstep(-56.0, -70.0, p[2]);
    let thick = who.skull * (1.0 + 0.22 * noise(p, 30.0, seed ^ 0x131)) - 2.5 * neck;
    // Below the base the skull has no even shell.
    let bone = cavity - thick + 4.0 * base * (0.3 - grain);
    point.fill(CorticalBone, bone);
    let table = 1.6 - 0.2 * grain;
    let diploe = (table - cavity).max(cavity - thick + table);
    point.glaze(Marrow, diploe + 0.5 * base, (0.75 + 0.3 * grain).clamp(0.0, 1.0));

    if p[2] < 0.0 && p[2] > -75.0 {
        // Petrous pyramids and mastoids: dense bone, air cells.
        let petrous = cone(m, ([18.0, 2.0, -38.0], 7.0), ([58.0, 26.0, -42.0], 14.0));
        let outside = point.coverage(-cavity);
        let mastoid = ellipsoid(m, [58.0, 28.0, -48.0], [13.0, 15.0, 18.0]);
        let cells = smoothstep(-0.1, 0.2, rough(m, 9.0, seed ^ 0x132));
        let dense = point.coverage(petrous.min(mastoid)) * outside;
        point.wash(CorticalBone, dense);
        point.wash(Marrow, 0.35 * dense * (1.0 - cells));
        let canal = cone(m, ([46.0, 14.0, -38.0], 3.0), ([70.0, 14.0, -37.0], 2.6));
        point.fill(Air, canal);
        // Clivus and the body of the sphenoid: fatty marrow in a thin shell.
        let clivus = cone(p, ([0.0, -16.0, -44.0], 9.0), ([0.0, 0.0, -64.0], 6.0));
        point.wash(CorticalBone, point.coverage(clivus - 1.2) * outside);
        point.wash(Marrow, 0.95 * point.coverage(clivus + 0.6) * outside);
        let wing = ellipsoid(m, [34.0, -42.0, -30.0], [20.0, 4.0, 8.0]);
        point.wash(CorticalBone, point.coverage(wing - 1.0) * outside);
        point.wash(Marrow, 0.8 * point.coverage(wing + 1.0) * outside);
        let condyle = ellipsoid(m, [50.0, -2.0, -52.0], [8.0, 6.0, 8.0]);
        point.fill(CorticalBone, condyle - 1.2);
        point.fill(Marrow, condyle);
    }
}

/// Orbits, nasal cavity, sinuses, palate, tongue, airway, jaws.
fn facial_spaces(point: &mut Point, p: Vec3, m: Vec3, skin: f32, seed: u32) {
    use Tissue::*;
    orbit(point, m);
    let swell = 2.0 * noise(p, 8.0, seed ^ 0x141);
    if p[2] < -18.0 {
        // Maxillary and sphenoid sinuses: air in thin mucosa.
        let maxillary = ellipsoid(m, [29.0, -70.0, -62.0], [13.0, 17.0, 16.0]) + 0.6 * swell;
        let sphenoid = ellipsoid(p, [1.5, -35.0, -42.0], [13.0, 13.0, 10.0]) + 0.6 * swell;
        let sinuses = maxillary.min(sphenoid);
        point.fill(CorticalBone, sinuses - 1.6);
        point.glaze(Mucosa, sinuses - 0.5, 0.75);
        point.fill(Air, sinuses + 0.6);
        // The nasal cavity: septum, turbinates and air between them.
        let cavity = full_ellipsoid(
            p,
            [0.0, -72.0, -56.0],
            [9.0 - 0.28 * (p[2] + 56.0).clamp(-22.0, 12.0), 30.0, 22.0],
            0.5,
        );
        let cavity = cavity.max(skin + 6.0);
        point.fill(CorticalBone, cavity - 1.0);
        point.fill(Mucosa, cavity);
        point.glaze(Muscle, cavity + 1.5, smoothstep(-0.5, 0.4, noise(p, 9.0, seed ^ 0x146)));
        let scroll = m[0] - 7.5 - 2.0 * noise([m[0], p[1] * 0.35, p[2]], 6.0, seed ^ 0x142);
        let meatus = (scroll.abs() - 0.9).min(
            (m[0] - 3.4 - 1.5 * noise([m[0], 0.4 * p[1], p[2]], 13.0, seed ^ 0x145)).abs() - 0.8,
        );
        let shelf =
            (p[2] + 60.0 + 0.5 * m[0] + 0.004 * (p[1] + 70.0) * (p[1] + 70.0) + 2.0 * swell) / 13.0;
        let gap = ((shelf - shelf.floor() - 0.5).abs() - 0.1) * 13.0;
        point.fill(Air, meatus.min(gap.max(1.2 - m[0])).max(cavity + 1.4));
    }
    // Ethmoid cells between the orbits, frontal sinus above the nose.
    let ethmoid = full_ellipsoid(p, [0.0, -66.0, -30.0], [12.0, 22.0, 9.0], 0.6);
    let cells = noise(p, 8.0, seed ^ 0x143).abs() * 8.0 - 1.0;
    point.fill(Mucosa, ethmoid);
    point.fill(Air, (0.7 - cells).max(ethmoid + 0.8));
    let frontal = ellipsoid(m, [9.0, -91.0, -12.0], [10.0, 4.5, 11.0]) + 0.5 * swell;
    point.fill(CorticalBone, frontal - 1.2);
    point.fill(Air, frontal + 0.4);

    if p[2] < -60.0 {
        let mouth = ellipsoid(p, [0.0, -58.0, -98.0], [24.0, 34.0, 20.0]);
        point.glaze(Muscle, mouth, 0.9);
        let stripes = noise([p[0] * 2.0, p[1] * 0.3, p[2] * 0.3], 7.0, seed ^ 0x144);
        point.glaze(Fat, mouth + 3.0, 0.25 * smoothstep(0.0, 0.5, stripes));
        let palate = (p[2] + 77.0 + 0.006 * (p[1] + 62.0) * (p[1] + 62.0)).abs();
        point.fill(Marrow, palate.max(m[0] - 22.0).max((p[1] + 62.0).abs() - 27.0) - 2.2);
        let arch = (length([m[0], (p[1] + 52.0) * 0.72, 0.0]) - 28.0).abs();
        let teeth = arch.max(p[1] + 40.0);
        let height = (p[2] + 89.0).abs() - 7.0 + 2.0 * swell;
        point.glaze(CorticalBone, meet(teeth - 3.4, height, 5.0), 0.8);
        let jaw = tube(
            m,
            &[
                ([51.0, -4.0, -54.0], 4.0),
                ([49.0, -12.0, -100.0], 6.0),
                ([12.0, -84.0, -118.0], 7.0),
            ],
        );
        point.fill(CorticalBone, jaw - 1.5);
        point.fill(Marrow, jaw);
    }
    // Pharynx.
    let airway = tube(
        p,
        &[([0.0, -34.0, -62.0], 8.0), ([0.0, -20.0, -78.0], 7.0), ([0.0, -14.0, -125.0], 7.0)],
    );
    point.glaze(Mucosa, airway - 2.2, 0.8);
    point.fill(Air, airway);
}

/// Globe, lens, optic nerve and muscles in the fat of the orbit.
fn orbit(point: &mut Point, m: Vec3) {
    use Tissue::*;
    let socket = cone(m, ([32.0, -74.0, -32.0], 16.0), ([13.0, -34.0, -26.0], 4.0));
    if socket > 3.0 {
        return;
    }
    point.fill(CorticalBone, socket - 1.0);
    point.glaze(Fat, socket.max(-90.0 - m[1]), 0.8);
    let apex = [15.0, -38.0, -27.0];
    for offset in [[11.0, 2.0, 0.0], [-9.0, 0.0, 0.0], [1.0, 0.0, 11.0], [1.0, 0.0, -11.0]] {
        let insertion = add([32.0, -70.0, -32.0], offset);
        point.fill(EyeMuscle, cone(m, (insertion, 1.6), (apex, 1.6)));
    }
    point.fill(Nerve, cone(m, ([31.0, -66.0, -32.0], 1.9), ([11.0, -30.0, -22.0], 1.9)));
    let globe = ellipsoid(m, [32.0, -77.0, -32.0], [12.2; 3]);
    point.fill(Sclera, globe);
    point.fill(Vitreous, globe + 1.3);
    point.fill(Lens, ellipsoid(m, [32.0, -85.5, -32.0], [4.6, 2.2, 4.6]));
}

/// Vertebrae and the dens, as far as a head scan shows them.
fn spine(point: &mut Point, p: Vec3, m: Vec3) {
    use Tissue::*;
    let dens = cone(p, ([0.0, 3.0, -76.0], 4.5), ([0.0, 3.0, -100.0], 7.0));
    let arch = ellipsoid(m, [18.0, 12.0, -78.0], [9.0, 9.0, 7.0]);
    let process = ellipsoid(p, [0.0, 50.0, -98.0], [5.0, 12.0, 7.0]);
    let level = (p[2] + 82.0) / 17.0;
    let disc = ((level - level.floor() - 0.5).abs() - 0.42) * -17.0;
    let masses = cone(m, ([17.5, 13.0, -72.0], 7.0), ([17.5, 15.0, -130.0], 7.5)).max(-disc);
    let bone = masses.min(dens).min(arch).min(process);
    point.fill(CorticalBone, bone - 1.4);
    point.fill(Marrow, bone);
}
