//! RLE Lossless, PS3.5 annex G: one run-length coded segment for each byte of a sample.

/// Bytes of the head: the number of segments, and where up to fifteen of them begin.
const HEAD: usize = 64;

/// The samples of a frame, little-endian and plane after plane; `None` where the data is broken.
pub(super) fn decode(
    data: &[u8],
    pixels: usize,
    samples: usize,
    bytes_per_sample: usize,
) -> Option<Vec<u8>> {
    let head: Vec<usize> =
        data.get(..HEAD)?.as_chunks().0.iter().map(|&n| u32::from_le_bytes(n) as usize).collect();
    let segments = samples * bytes_per_sample;
    if head[0] != segments || segments >= head.len() {
        return None;
    }
    let mut planes = vec![0; pixels * segments];
    for (number, plane) in planes.chunks_exact_mut(pixels * bytes_per_sample).enumerate() {
        // The highest byte of a sample comes first.
        for byte in 0..bytes_per_sample {
            let segment = 1 + number * bytes_per_sample + byte;
            let end = if segment < segments { head[segment + 1] } else { data.len() };
            let into = plane[bytes_per_sample - 1 - byte..].iter_mut().step_by(bytes_per_sample);
            unpack(data.get(head[segment]..end)?, into)?;
        }
    }
    Some(planes)
}

/// PackBits: literal runs and repeated bytes. Whatever follows the last pixel is padding.
fn unpack<'a>(
    mut segment: &[u8],
    mut into: impl ExactSizeIterator<Item = &'a mut u8>,
) -> Option<()> {
    while into.len() > 0 {
        let (&control, rest) = segment.split_first()?;
        segment = match control {
            0..=127 => {
                let (literal, rest) = rest.split_at_checked(usize::from(control) + 1)?;
                literal.iter().zip(&mut into).for_each(|(&byte, into)| *into = byte);
                rest
            }
            128 => rest,
            _ => {
                let (&byte, rest) = rest.split_first()?;
                into.by_ref().take(257 - usize::from(control)).for_each(|into| *into = byte);
                rest
            }
        };
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(segments: &[&[u8]]) -> Vec<u8> {
        let mut head = vec![segments.len() as u32];
        let mut at = HEAD as u32;
        for segment in segments {
            head.push(at);
            at += segment.len() as u32;
        }
        head.resize(HEAD / 4, 0);
        let head = head.iter().flat_map(|number| number.to_le_bytes());
        head.chain(segments.concat()).collect()
    }

    #[test]
    fn runs_and_literals_make_samples_with_the_high_byte_first() {
        let data = frame(&[&[254, 1], &[2, 7, 8, 9]]);
        assert_eq!(decode(&data, 3, 1, 2).unwrap(), [7, 1, 8, 1, 9, 1]);
        let colours = frame(&[&[255, 1], &[128, 255, 2], &[1, 3, 4, 0]]);
        assert_eq!(decode(&colours, 2, 3, 1).unwrap(), [1, 1, 2, 2, 3, 4]);
    }

    #[test]
    fn broken_frames_are_none() {
        let data = frame(&[&[254, 1], &[2, 7, 8, 9]]);
        assert_eq!(decode(&data, 3, 1, 1), None, "another number of segments");
        assert_eq!(decode(&data, 4, 1, 2), None, "too few pixels");
        for end in 0..data.len() {
            assert_eq!(decode(&data[..end], 3, 1, 2), None, "cut at {end}");
        }
    }
}
