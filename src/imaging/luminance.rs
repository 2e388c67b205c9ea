//! Colour and transparency to one grey value per pixel, alike for every reader.

/// What is said of a scan whose pixels were truly coloured.
pub(crate) const COLOUR_NOTE: &str =
    "The file is in colour; only its luminance is shown and classified.";

/// What is said of a scan that was see-through somewhere.
pub(crate) const ALPHA_NOTE: &str =
    "The file is transparent in places; it is shown and classified on black.";

/// Channels further apart than this share of the range are colour; below it, they are the
/// traces that JPEG leaves on grey.
const TINT: f32 = 16.0 / 255.0;

/// Grey values of a picture, and what was lost on the way.
pub(crate) struct Grey {
    pub values: Vec<f32>,
    pub notes: Vec<String>,
}

/// Grey values of interleaved samples: 1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGB and
/// alpha; `white` is the largest value of a sample. Where R = G = B the value is exactly that.
///
/// Luminance is that of ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B), rounded as Pillow's
/// `convert("L")` rounds it, so that the same scan gives the same values there.
pub(crate) fn grey<T: Copy + Into<u32>>(samples: &[T], channels: usize, white: u32) -> Grey {
    let (mut coloured, mut see_through) = (false, false);
    let tint = (TINT * white as f32) as u32;
    let values = samples
        .chunks_exact(channels)
        .map(|pixel| {
            let value = match *pixel {
                [r, g, b] | [r, g, b, _] => {
                    let (r, g, b) = (r.into(), g.into(), b.into());
                    coloured |= r.max(g).max(b) - r.min(g).min(b) > tint;
                    luminance(r, g, b)
                }
                _ => pixel[0].into(),
            };
            match *pixel {
                [_, alpha] | [_, _, _, alpha] => {
                    let alpha: u32 = alpha.into();
                    see_through |= alpha < white;
                    let composed = u64::from(value) * u64::from(alpha) + u64::from(white / 2);
                    (composed / u64::from(white)) as f32
                }
                _ => value as f32,
            }
        })
        .collect();
    let notes = [(coloured, COLOUR_NOTE), (see_through, ALPHA_NOTE)];
    Grey {
        values,
        notes: notes.iter().filter(|(said, _)| *said).map(|(_, note)| note.to_string()).collect(),
    }
}

/// BT.601 in 16-bit fixed point; the weights add up to one.
fn luminance(r: u32, g: u32, b: u32) -> u32 {
    let sum = u64::from(r) * 19_595 + u64::from(g) * 38_470 + u64::from(b) * 7_471;
    ((sum + 0x8000) >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_in_three_channels_stays_exact_and_is_not_called_colour() {
        let samples: Vec<u16> = (0..=65_535).flat_map(|v| [v; 3]).collect();
        let grey = grey(&samples, 3, 65_535);
        assert!(grey.values.iter().enumerate().all(|(v, &grey)| v as f32 == grey));
        assert!(grey.notes.is_empty());
    }

    #[test]
    fn colour_is_weighted_and_said() {
        let grey = grey(&[255u8, 0, 0, 0, 255, 0, 0, 0, 255], 3, 255);
        assert_eq!(grey.values, [76.0, 150.0, 29.0]);
        assert_eq!(grey.notes, [COLOUR_NOTE]);
    }

    #[test]
    fn transparency_is_composed_on_black_and_said() {
        let grey = grey(&[200u8, 255, 200, 128, 200, 0], 2, 255);
        assert_eq!(grey.values, [200.0, 100.0, 0.0]);
        assert_eq!(grey.notes, [ALPHA_NOTE]);
    }
}
