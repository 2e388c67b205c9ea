//! The noise and the sharpness of a scan: its power by spatial frequency, which follows from the
//! acquisition matrix, the filter and the noise of an examination rather than from the anatomy.

use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Bands of each direction, from 1/64 of the highest frequency to the highest, each wider than the
/// one before by the same factor.
const BANDS: usize = 16;
/// Number of values of [`spectrum`].
pub(super) const LENGTH: usize = 2 * BANDS;
/// Lines of each direction that are transformed, spread evenly; an even number.
const LINES: usize = 128;
/// Pixels of a line that are transformed at most, the middle ones.
const LONGEST: usize = 2048;
/// Shorter lines have no bands.
const SHORTEST: usize = 16;

/// The logarithm of the mean power of rows in [`BANDS`] bands of frequency, then of columns. Values
/// are expected on the scale 0..=255. `None` where a side has fewer than 16 pixels.
pub(super) fn spectrum(values: &[f32], width: usize) -> Option<[f32; LENGTH]> {
    let height = values.len() / width.max(1);
    if width < SHORTEST || height < SHORTEST {
        return None;
    }
    let mut bands = [0.0; LENGTH];
    let rows = power(width, height, |line, at| values[line * width + at]);
    let columns = power(height, width, |line, at| values[at * width + line]);
    let (across, down) = bands.split_at_mut(BANDS);
    for (bands, power) in [(across, rows), (down, columns)] {
        for (band, value) in bands.iter_mut().enumerate() {
            *value = (mean_in_band(&power, band) + 1e-3).ln();
        }
    }
    Some(bands)
}

/// The mean power at the frequencies 0 to the highest of `lines` lines of `length` pixels, per
/// pixel, of the lines and pixels that [`LINES`] and [`LONGEST`] allow.
fn power(length: usize, lines: usize, value: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let used = length.min(LONGEST);
    let start = (length - used) / 2;
    let fft: Arc<dyn Fft<f32>> = FftPlanner::new().plan_fft_forward(used);
    let mut scratch = vec![Complex32::default(); fft.get_inplace_scratch_len()];
    let mut buffer = vec![Complex32::default(); used];
    let mut power = vec![0.0f32; used / 2 + 1];
    let count = lines.min(LINES) & !1;
    for pair in 0..count / 2 {
        // Two real lines in one complex transform: |Z(k)|² + |Z(−k)|² is twice the sum of both.
        let line = |i: usize| (2 * pair + i) * lines / count;
        let (first, second) = (line(0), line(1));
        for (at, both) in buffer.iter_mut().enumerate() {
            *both = Complex32::new(value(first, start + at), value(second, start + at));
        }
        fft.process_with_scratch(&mut buffer, &mut scratch);
        for (k, power) in power.iter_mut().enumerate() {
            *power += (buffer[k].norm_sqr() + buffer[(used - k) % used].norm_sqr()) / 2.0;
        }
    }
    let scale = 1.0 / (count * used) as f32;
    power.iter_mut().for_each(|power| *power *= scale);
    power
}

fn mean_in_band(power: &[f32], band: usize) -> f32 {
    let highest = (power.len() - 1) as f32;
    let edge = |band: usize| (highest / 64.0 * 64f32.powf(band as f32 / BANDS as f32)) as usize;
    let from = edge(band).clamp(1, power.len() - 1);
    let to = edge(band + 1).clamp(from + 1, power.len());
    power[from..to].iter().sum::<f32>() / (to - from) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    #[test]
    fn a_wave_is_in_the_band_of_its_frequency_and_direction() {
        // 40 waves over 256 columns: band 16 · log64(40 / 2) = 11.5.
        let wave = |i: usize| 128.0 + 100.0 * (TAU * 40.0 * (i % 256) as f32 / 256.0).sin();
        let values: Vec<f32> = (0..256 * 128).map(wave).collect();
        let spectrum = spectrum(&values, 256).expect("large enough");
        let strongest = (0..LENGTH).max_by(|&a, &b| spectrum[a].total_cmp(&spectrum[b]));
        assert_eq!(strongest, Some(11));
        // Parseval: 100² / 2 over both signs of the frequency, 256 / 2 of it at each.
        let edges = |band: f32| (2.0 * 64f32.powf(band / 16.0)) as usize;
        let expected = 2500.0 * 256.0 / (edges(12.0) - edges(11.0)) as f32;
        assert!((spectrum[11] - expected.ln()).abs() < 0.01, "{} {}", spectrum[11], expected.ln());
    }

    #[test]
    fn small_scans_have_none_and_odd_sizes_have_one() {
        assert!(spectrum(&[1.0; 15 * 40], 15).is_none());
        assert!(spectrum(&[1.0; 40 * 15], 40).is_none());
        assert!(spectrum(&[], 0).is_none());
        let values: Vec<f32> = (0..17 * 31).map(|i| (i * i % 97) as f32).collect();
        assert!(spectrum(&values, 17).is_some_and(|bands| bands.iter().all(|b| b.is_finite())));
    }
}
