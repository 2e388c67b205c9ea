//! Weights and inputs by formula, bit for bit those of `tests/reference/weights.py`.

use tch::nn::VarStore;
use tch::{Kind, Tensor};

/// The gain of convolutions in every network but Lite0.
pub const GAIN: f64 = 3.0;

pub fn fnv1a64(name: &str) -> u64 {
    name.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

pub fn splitmix64(x: u64) -> u64 {
    let z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The value c of element `k` of the tensor with the hash `h`: mean 0, variance 1.
fn noise(h: u64, k: usize) -> f64 {
    let u = splitmix64(h.wrapping_add(k as u64));
    let r = (u >> 40) as f64 / (1u64 << 24) as f64;
    (2.0 * r - 1.0) * 3f64.sqrt()
}

fn tensor(name: &str, shape: &[i64], value: impl Fn(f64) -> f64) -> Tensor {
    let hash = fnv1a64(name);
    let count = shape.iter().product::<i64>() as usize;
    let values: Vec<f32> = (0..count).map(|k| value(noise(hash, k)) as f32).collect();
    Tensor::from_slice(&values).view(shape)
}

/// The values of one variable of a network.
pub fn variable(name: &str, shape: &[i64], normed: bool, gain: f64) -> Tensor {
    let kind = name.rsplit('.').next().expect("a name");
    let fan_in = shape.iter().skip(1).product::<i64>().max(1) as f64;
    match (kind, shape.len()) {
        ("running_var", _) => tensor(name, shape, |c| 1.0 + 0.2 * c.abs()),
        ("running_mean", _) => tensor(name, shape, |c| 0.1 * c),
        ("bias", _) if normed => tensor(name, shape, |c| 0.1 * c),
        ("bias", _) => tensor(name, shape, |c| 0.05 * c),
        ("weight", 1) => tensor(name, shape, |c| 1.0 + 0.1 * c),
        ("weight", 2) => tensor(name, shape, |c| c * (1.0 / fan_in).sqrt()),
        ("weight", _) => tensor(name, shape, |c| c * (gain / fan_in).sqrt()),
        _ => panic!("no formula for {name}"),
    }
}

/// Gives every variable of a network its value.
pub fn fill(store: &VarStore, gain: f64) {
    let variables = store.variables();
    tch::no_grad(|| {
        for (name, variable) in &variables {
            let module = name.rsplit_once('.').expect("a name").0;
            let normed = variables.contains_key(&format!("{module}.running_mean"));
            let values = self::variable(name, &variable.size(), normed, gain);
            variable.shallow_clone().copy_(&values);
        }
    });
}

/// The input of a shape `1 × C × H × W`.
pub fn input(shape: &[i64]) -> Tensor {
    let [_, channels, height, width] = shape[..] else { panic!("a batch of pictures") };
    let hash = fnv1a64("input");
    let mut values = Vec::new();
    for _ in 0..channels {
        for i in 0..height {
            for j in 0..width {
                let y = (2 * i + 1 - height) as f64 / height as f64 + 0.25;
                let x = (2 * j + 1 - width) as f64 / width as f64 - 0.25;
                let mound = 1.5 * (1.0 - 2.0 * (y * y + x * x)).max(0.0);
                values.push((0.5 * noise(hash, values.len()) + mound) as f32);
            }
        }
    }
    Tensor::from_slice(&values).view(shape).to_kind(Kind::Float)
}
