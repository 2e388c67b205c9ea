//! A picture of what augmentation does: one row for each, and a row of all together.

use rand::SeedableRng;
use rand_pcg::Pcg64;
use tch::{Device, Kind, TchError, Tensor};

use super::{ALL, augment};

/// Rows of pictures side by side: greys, `width × height`, row by row. The first row shows `scans`
/// (`[n, 1, size, size]`, greys 0..=255) as they are, each of the next an augmentation of [`ALL`]
/// in its order, and the last all of them together.
///
/// # Errors
/// Where libtorch is out of memory.
pub fn sheet(scans: &Tensor, seed: u64) -> Result<(usize, usize, Vec<u8>), TchError> {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut rows = vec![scans.shallow_clone()];
    for augmentation in ALL {
        let varied = (augmentation.apply)(&scans.f_div_scalar(255.0)?, &mut random)?;
        rows.push(varied.f_clamp(0.0, 1.0)?.f_mul_scalar(255.0)?);
    }
    rows.push(augment(scans, 1.0, &mut random)?);
    let rows: Vec<Tensor> = rows
        .iter()
        // Each row's scans side by side: [n, 1, h, w] to [h, n · w].
        .map(|row| row.f_squeeze_dim(1)?.f_permute([1, 0, 2])?.f_flatten(1, 2))
        .collect::<Result<_, _>>()?;
    let picture = Tensor::f_cat(&rows, 0)?.f_to_device(Device::Cpu)?.f_round()?;
    let (height, width) = picture.size2()?;
    let greys = Vec::<u8>::try_from(picture.f_to_kind(Kind::Uint8)?.f_flatten(0, -1)?)?;
    Ok((width as usize, height as usize, greys))
}
