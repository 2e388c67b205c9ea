//! Pictures that are unlike any training scan, to measure whether they are found.

use tch::{Device, Kind, TchError, Tensor};

/// Scans made strange, and pictures that are no scans, each as many as there are scans: for people
/// the kind, and its greys 0..=255 `[n, 1, size, size]`, as the scans' own are given.
///
/// # Errors
/// Where libtorch fails.
pub fn strangers(greys: &Tensor, seed: i64) -> Result<Vec<(&'static str, Tensor)>, TchError> {
    let greys = greys.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
    let (count, _, size, _) = greys.size4()?;
    tch::manual_seed(seed);
    Ok(vec![
        ("scans upside down", greys.f_flip([2i64, 3])?),
        ("scans turned by a quarter", greys.f_rot90(1, [2i64, 3])?),
        ("inverted scans", greys.f_mul_scalar(-1.0)?.f_add_scalar(255.0)?),
        ("noise", greys.f_rand_like()?.f_mul_scalar(255.0)?),
        ("stripes", stripes(count, size)?),
        ("even grey", even(count, size)?),
    ])
}

/// Waves of any direction, 2 to 40 to a side.
fn stripes(count: i64, size: i64) -> Result<Tensor, TchError> {
    let random = || Tensor::f_rand([count, 1, 1, 1], (Kind::Float, Device::Cpu));
    let along = Tensor::f_linspace(0.0, 1.0, size, (Kind::Float, Device::Cpu))?;
    let (x, y) = (along.f_view([1, 1, 1, size])?, along.f_view([1, 1, size, 1])?);
    let turns = std::f64::consts::TAU;
    let (angle, waves) = (random()? * turns, random()? * 38.0 + 2.0);
    let place = x.f_mul(&angle.f_cos()?)?.f_add(&y.f_mul(&angle.f_sin()?)?)?;
    let phase = place.f_mul(&waves)?.f_add(&random()?)? * turns;
    Ok((phase.f_sin()? + 1.0) * 127.5)
}

fn even(count: i64, size: i64) -> Result<Tensor, TchError> {
    let greys = Tensor::f_linspace(0.0, 255.0, count, (Kind::Float, Device::Cpu))?;
    greys.f_view([count, 1, 1, 1])?.f_repeat([1, 1, size, size])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_pictures_like_the_scans_and_are_not_the_scans() {
        let scans = Tensor::arange(2 * 36, (Kind::Float, Device::Cpu)).view([2, 1, 6, 6]);
        let kinds = strangers(&scans, 1).expect("made");
        for (kind, greys) in &kinds {
            assert_eq!(greys.size(), [2, 1, 6, 6], "{kind}");
            let range = (greys.min().double_value(&[]), greys.max().double_value(&[]));
            assert!(range.0 >= 0.0 && range.1 <= 255.0, "{kind}: {range:?}");
            assert_ne!(greys, &scans, "{kind}");
        }
        let again = strangers(&scans, 1).expect("made");
        assert!(kinds.iter().zip(&again).all(|(one, other)| one.1 == other.1));
    }
}
