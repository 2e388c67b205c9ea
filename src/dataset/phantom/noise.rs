//! Randomness that is the same on every machine: integer hashes and gradient noise made of nothing
//! but additions and multiplications. (`sin`, `exp` and their kin differ between platforms.)

use super::shapes::{Vec3, dot, mix, scale, sub};

/// A well-mixed 32-bit hash of a lattice point and a seed.
fn hash(x: i32, y: i32, z: i32, seed: u32) -> u32 {
    let mut h = (x as u32).wrapping_mul(0x8da6_b343)
        ^ (y as u32).wrapping_mul(0xd816_3841)
        ^ (z as u32).wrapping_mul(0xcb1a_b31f)
        ^ seed.wrapping_mul(0x9e37_79b9);
    h = (h ^ (h >> 16)).wrapping_mul(0x7feb_352d);
    h = (h ^ (h >> 15)).wrapping_mul(0x846c_a68b);
    h ^ (h >> 16)
}

/// A nearly normal number (mean 0, SD 1) for a pixel: the sum of four uniform ones. Its tails end
/// at 3.5 SD, which is where a picture of 256 greys stops telling.
pub(crate) fn normal(x: usize, y: usize, channel: u32, seed: u32) -> f32 {
    let a = hash(x as i32, y as i32, channel as i32, seed);
    let b = hash(x as i32, y as i32, channel as i32, seed ^ 0x68e3_1da4);
    let halves = [a & 0xffff, a >> 16, b & 0xffff, b >> 16];
    let sum: u32 = halves.iter().sum();
    (sum as f32 / 65535.0 - 2.0) * 1.732_050_8
}

/// Gradient noise (Perlin 2002), about −0.9..0.9, with its gradient. One lattice cell is 1.
pub(crate) fn noise_with_gradient(p: Vec3, seed: u32) -> (f32, Vec3) {
    let base = p.map(f32::floor);
    let [ix, iy, iz] = base.map(|v| v as i32);
    let f = [p[0] - base[0], p[1] - base[1], p[2] - base[2]];
    let fade = f.map(|t| t * t * t * (t * (t * 6.0 - 15.0) + 10.0));
    let slope = f.map(|t| 30.0 * t * t * (t * (t - 2.0) + 1.0));

    let (mut value, mut gradient) = (0.0, [0.0; 3]);
    for corner in 0..8 {
        let o = [corner & 1, (corner >> 1) & 1, corner >> 2];
        let g = direction(hash(ix + o[0], iy + o[1], iz + o[2], seed));
        let dot =
            g[0] * (f[0] - o[0] as f32) + g[1] * (f[1] - o[1] as f32) + g[2] * (f[2] - o[2] as f32);
        let mut w = [0.0; 3];
        let mut dw = [0.0; 3];
        for axis in 0..3 {
            (w[axis], dw[axis]) = if o[axis] == 1 {
                (fade[axis], slope[axis])
            } else {
                (1.0 - fade[axis], -slope[axis])
            };
        }
        let weight = w[0] * w[1] * w[2];
        value += weight * dot;
        gradient[0] += weight * g[0] + dw[0] * w[1] * w[2] * dot;
        gradient[1] += weight * g[1] + w[0] * dw[1] * w[2] * dot;
        gradient[2] += weight * g[2] + w[0] * w[1] * dw[2] * dot;
    }
    (value, gradient)
}

/// One of the twelve edge directions of a cube: Perlin's gradients.
fn direction(h: u32) -> Vec3 {
    let a = if h & 1 == 0 { 1.0 } else { -1.0 };
    let b = if h & 2 == 0 { 1.0 } else { -1.0 };
    match (h >> 8) % 3 {
        0 => [a, b, 0.0],
        1 => [a, 0.0, b],
        _ => [0.0, a, b],
    }
}

/// Gradient noise of points in mm, without its gradient; `scale_mm` is the size of a lattice cell.
pub(crate) fn noise(p: Vec3, scale_mm: f32, seed: u32) -> f32 {
    let p = scale(p, 1.0 / scale_mm);
    let base = p.map(f32::floor);
    let [ix, iy, iz] = base.map(|v| v as i32);
    let f = sub(p, base);
    let fade = f.map(|t| t * t * t * (t * (t * 6.0 - 15.0) + 10.0));
    let corner = |x: i32, y: i32, z: i32| {
        let to = [f[0] - x as f32, f[1] - y as f32, f[2] - z as f32];
        dot(direction(hash(ix + x, iy + y, iz + z, seed)), to)
    };
    let edge = |y, z| mix(corner(0, y, z), corner(1, y, z), fade[0]);
    let face = |z| mix(edge(0, z), edge(1, z), fade[1]);
    mix(face(0), face(1), fade[2])
}

/// Three octaves of [`noise`], each half as large and half as strong as the one before.
pub(crate) fn rough(p: Vec3, scale_mm: f32, seed: u32) -> f32 {
    noise(p, scale_mm, seed)
        + 0.5 * noise(p, scale_mm * 0.5, seed ^ 0x51)
        + 0.25 * noise(p, scale_mm * 0.25, seed ^ 0xa3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_value() {
        let p = [3.3, -7.81, 0.46];
        let (value, gradient) = noise_with_gradient(p, 7);
        for axis in 0..3 {
            let mut q = p;
            q[axis] += 1e-3;
            let slope = (noise_with_gradient(q, 7).0 - value) / 1e-3;
            assert!((slope - gradient[axis]).abs() < 0.02, "axis {axis}: {slope} {gradient:?}");
        }
    }

    #[test]
    fn both_noises_are_one() {
        let p = [-3.3, 7.81, 0.46];
        let (value, _) = noise_with_gradient(p, 7);
        assert!((noise(scale(p, 5.0), 5.0, 7) - value).abs() < 1e-4);
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let values: Vec<f32> = (0..10_000).map(|i| normal(i % 100, i / 100, 0, 3)).collect();
        let mean = values.iter().sum::<f32>() / 1e4;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / 1e4;
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.06, "{mean} {variance}");
    }
}
