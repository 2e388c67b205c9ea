//! Signed distances, in mm, negative inside, and what shapes are joined with.

/// A point or a direction: left, posterior, superior.
pub(crate) type Vec3 = [f32; 3];

pub(crate) fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn add(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn scale(a: Vec3, s: f32) -> Vec3 {
    a.map(|v| v * s)
}

pub(crate) fn dot(a: Vec3, b: Vec3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn length(a: Vec3) -> f32 {
    dot(a, a).sqrt()
}

/// 0 below `low`, 1 above `high`, smooth between; `low > high` turns it round.
pub(crate) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

pub(crate) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Union of two shapes whose seam is rounded over about `k` mm.
pub(crate) fn join(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// Intersection with a rounded edge.
pub(crate) fn meet(a: f32, b: f32, k: f32) -> f32 {
    -join(-a, -b, k)
}

/// An ellipsoid; exact at its surface, approximate away from it.
pub(crate) fn ellipsoid(p: Vec3, centre: Vec3, radii: Vec3) -> f32 {
    let q = sub(p, centre);
    let a = [q[0] / radii[0], q[1] / radii[1], q[2] / radii[2]];
    let b = [a[0] / radii[0], a[1] / radii[1], a[2] / radii[2]];
    let (k0, k1) = (length(a), length(b));
    if k1 < 1e-9 { -radii[0].min(radii[1]).min(radii[2]) } else { k0 * (k0 - 1.0) / k1 }
}

/// An ellipsoid with fuller shoulders: `fullness` 0 is the ellipsoid, 1 nearly a rounded box.
pub(crate) fn full_ellipsoid(p: Vec3, centre: Vec3, radii: Vec3, fullness: f32) -> f32 {
    let q = sub(p, centre);
    let a = [q[0] / radii[0], q[1] / radii[1], q[2] / radii[2]];
    let b = [a[0] / radii[0], a[1] / radii[1], a[2] / radii[2]];
    let squares = a.map(|v| v * v);
    let (round, boxy) = (length(a), dot(squares, squares).sqrt().sqrt());
    let k1 = length(b);
    if k1 < 1e-9 {
        return -radii[0].min(radii[1]).min(radii[2]);
    }
    round * (mix(round, boxy, fullness) - 1.0) / k1
}

/// A capsule whose radius goes from `ra` at `a` to `rb` at `b`.
pub(crate) fn cone(p: Vec3, (a, ra): (Vec3, f32), (b, rb): (Vec3, f32)) -> f32 {
    let (pa, ba) = (sub(p, a), sub(b, a));
    let t = (dot(pa, ba) / dot(ba, ba)).clamp(0.0, 1.0);
    length(sub(pa, scale(ba, t))) - mix(ra, rb, t)
}

/// The union of the cones along a line of points with radii.
pub(crate) fn tube(p: Vec3, points: &[(Vec3, f32)]) -> f32 {
    points.windows(2).map(|w| cone(p, w[0], w[1])).fold(f32::INFINITY, f32::min)
}
