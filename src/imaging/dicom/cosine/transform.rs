//! The inverse cosine transform of libjpeg's `jidctint.c`, bit for bit: Loeffler, Ligtenberg and
//! Moschytz's algorithm in integers.

/// Coefficients, and samples, of a block: row by row, 8 × 8.
pub(super) const BLOCK: usize = 64;

/// Binary places of the factors.
const PLACES: u32 = 13;

/// Samples of a block of coefficients, for samples of `bits` (8 or 12).
pub(super) fn inverse(coefficients: &[i32; BLOCK], bits: u32) -> [u16; BLOCK] {
    // Places that are kept between the passes; one less at 12 bits, as libjpeg does.
    let kept = if bits == 8 { 2 } else { 1 };
    let mut block = coefficients.map(i64::from);
    for column in 0..8 {
        pass(&mut block, column, 8, PLACES - kept);
    }
    for row in 0..8 {
        pass(&mut block, row * 8, 1, PLACES + kept + 3);
    }
    let (middle, white) = (1 << (bits - 1), (1 << bits) - 1);
    block.map(|value| (value + middle).clamp(0, white) as u16)
}

/// Transforms eight values that lie `step` apart, and drops `places`, rounded.
fn pass(block: &mut [i64; BLOCK], first: usize, step: usize, places: u32) {
    let [s0, s1, s2, s3, s4, s5, s6, s7]: [i64; 8] =
        std::array::from_fn(|n| block[first + n * step]);
    let z = (s2 + s6) * 4_433;
    let (even2, even3) = (z - s6 * 15_137, z + s2 * 6_270);
    let (even0, even1) = ((s0 + s4) << PLACES, (s0 - s4) << PLACES);
    let (a0, a3, a1, a2) = (even0 + even3, even0 - even3, even1 + even2, even1 - even2);

    let z5 = (s7 + s3 + s5 + s1) * 9_633;
    let (z1, z2) = ((s7 + s1) * -7_373, (s5 + s3) * -20_995);
    let (z3, z4) = ((s7 + s3) * -16_069 + z5, (s5 + s1) * -3_196 + z5);
    let b0 = s7 * 2_446 + z1 + z3;
    let b1 = s5 * 16_819 + z2 + z4;
    let b2 = s3 * 25_172 + z2 + z3;
    let b3 = s1 * 12_299 + z1 + z4;

    let half = 1 << (places - 1);
    let sums = [a0 + b3, a1 + b2, a2 + b1, a3 + b0, a3 - b0, a2 - b1, a1 - b2, a0 - b3];
    for (n, sum) in sums.into_iter().enumerate() {
        block[first + n * step] = (sum + half) >> places;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_alone_is_an_even_block() {
        let mut coefficients = [0; BLOCK];
        coefficients[0] = 80;
        assert_eq!(inverse(&coefficients, 8), [138; BLOCK]);
        assert_eq!(inverse(&coefficients, 12), [2058; BLOCK]);
        coefficients[0] = i32::MIN;
        assert_eq!(inverse(&coefficients, 12), [0; BLOCK]);
    }

    /// ISO 10918-1, A.3.3, in floating point.
    #[test]
    fn the_integers_are_within_one_of_the_definition() {
        let mut coefficients = [0; BLOCK];
        for (n, value) in [(0, 300), (1, -90), (8, 41), (10, 33), (27, -12), (63, 7)] {
            coefficients[n] = value;
        }
        let cosine = |x: usize, u: usize| {
            let scale = if u == 0 { 0.5f64.sqrt() } else { 1.0 };
            scale * ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0).cos() / 2.0
        };
        let samples = inverse(&coefficients, 8);
        for (at, &sample) in samples.iter().enumerate() {
            let exact: f64 = (0..BLOCK)
                .map(|n| f64::from(coefficients[n]) * cosine(at % 8, n % 8) * cosine(at / 8, n / 8))
                .sum();
            assert!((f64::from(sample) - (exact + 128.0)).abs() <= 1.0, "{at}");
        }
    }
}
