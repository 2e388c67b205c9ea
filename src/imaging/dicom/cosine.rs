//! Sequential JPEG with Huffman coding, of 8 and 12 bits per sample (ISO 10918-1, processes 1, 2
//! and 4), which no crate in use decodes at 12 bits.
//!
//! Samples come out as libjpeg's: its accurate integer transform, and its triangle filter where
//! colours have half the columns, or half the rows as well. Components stay what they are: no
//! colours are converted here.

mod bits;
mod transform;
mod upsample;

use self::bits::{Bits, Huffman};
use self::transform::{BLOCK, inverse};
use self::upsample::upsampled;
use crate::imaging::jpeg::marker;

/// Half a sentence that follows "data".
pub(super) type Broken = &'static str;

const CUT: Broken = "ends before its last pixel";
const DAMAGED: Broken = "is broken";

/// Where the coefficients of a block stand in the order in which they are coded.
const ZIGZAG: [u8; BLOCK] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Decodes a picture: bytes, or little-endian words where samples have 12 bits, interleaved. Its
/// size is taken as its head says.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<u8>, Broken> {
    let mut decoder = Decoder::default();
    let mut rest = bytes;
    while let Some(at) = rest.windows(2).position(|w| w[0] == 0xFF && !matches!(w[1], 0 | 0xFF)) {
        let kind = rest[at + 1];
        rest = &rest[at + 2..];
        if matches!(kind, marker::SOI | marker::RST_0..=marker::RST_7) {
            continue;
        }
        if kind == marker::EOI {
            break;
        }
        let length = rest.first_chunk().map_or(0, |&length| u16::from_be_bytes(length).into());
        let segment = rest.get(2..length).ok_or(CUT)?;
        rest = &rest[length..];
        match kind {
            marker::DQT => decoder.read_steps(segment),
            marker::SOF_0 | marker::SOF_1 => decoder.read_frame(segment),
            marker::DHT => decoder.read_codes(segment),
            marker::DRI => segment.first_chunk().map(|&n| decoder.restart = u16::from_be_bytes(n)),
            marker::SOS => {
                rest = decoder.read_scan(segment, rest)?;
                Some(())
            }
            _ => Some(()),
        }
        .ok_or(DAMAGED)?;
    }
    decoder.picture()
}

#[derive(Default)]
struct Decoder {
    /// Quantisation: what a step of each coefficient is worth, in the order of coding.
    steps: [Option<[u16; BLOCK]>; 4],
    /// For means and for the other coefficients.
    codes: [[Option<Huffman>; 4]; 2],
    /// Units between restart markers; zero where there are none.
    restart: u16,
    frame: Option<Frame>,
}

struct Frame {
    width: usize,
    height: usize,
    bits: u32,
    components: Vec<Component>,
}

struct Component {
    id: u8,
    /// Blocks of it in a unit of an interleaved scan, across and down.
    across: usize,
    down: usize,
    steps: usize,
    /// Its own size, without padding.
    width: usize,
    height: usize,
    /// Samples, padded to whole units, in rows of `stride`.
    samples: Vec<u16>,
    stride: usize,
    decoded: bool,
}

impl Decoder {
    fn read_steps(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&head, rest)) = segment.split_first() {
            let wide = head >> 4 != 0;
            let (values, after) = rest.split_at_checked(if wide { 2 * BLOCK } else { BLOCK })?;
            let step = |n: usize| match wide {
                true => u16::from_be_bytes([values[2 * n], values[2 * n + 1]]),
                false => values[n].into(),
            };
            *self.steps.get_mut(usize::from(head & 15))? = Some(std::array::from_fn(step));
            segment = after;
        }
        Some(())
    }

    fn read_codes(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&head, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_first_chunk()?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, after) = rest.split_at_checked(symbols)?;
            let code = Huffman::new(counts, symbols)?;
            let codes = self.codes.get_mut(usize::from(head >> 4))?;
            *codes.get_mut(usize::from(head & 15))? = Some(code);
            segment = after;
        }
        Some(())
    }

    fn read_frame(&mut self, segment: &[u8]) -> Option<()> {
        let (&[bits, y1, y0, x1, x0, count], rest) = segment.split_first_chunk()?;
        let [width, height] =
            [[x1, x0], [y1, y0]].map(|pair| usize::from(u16::from_be_bytes(pair)));
        let components: &[[u8; 3]] = rest.as_chunks().0.get(..usize::from(count))?;
        let factors = |component: &[u8; 3]| [component[1] >> 4, component[1] & 15].map(usize::from);
        let fits = |component| factors(component).iter().all(|factor| (1..=4).contains(factor));
        if self.frame.is_some()
            || !matches!(bits, 8 | 12)
            || !matches!(count, 1 | 3)
            || !components.iter().all(fits)
        {
            return None;
        }
        let most = |n: usize| components.iter().map(|c| factors(c)[n]).max().unwrap_or(1);
        let (across, down) = (most(0), most(1));
        let (units, unit_rows) = (width.div_ceil(8 * across), height.div_ceil(8 * down));
        let component = |component: &[u8; 3]| {
            let [h, v] = factors(component);
            let stride = units * h * 8;
            Component {
                id: component[0],
                across: h,
                down: v,
                steps: component[2].into(),
                width: (width * h).div_ceil(across),
                height: (height * v).div_ceil(down),
                samples: vec![0; stride * unit_rows * v * 8],
                stride,
                decoded: false,
            }
        };
        let components = components.iter().map(component).collect();
        self.frame = Some(Frame { width, height, bits: bits.into(), components });
        Some(())
    }

    /// Decodes a scan, of which `segment` is the head, and gives what follows it.
    fn read_scan<'a>(&mut self, segment: &[u8], data: &'a [u8]) -> Result<&'a [u8], Broken> {
        let frame = self.frame.as_mut().ok_or(DAMAGED)?;
        let (&count, rest) = segment.split_first().ok_or(DAMAGED)?;
        let members: &[[u8; 2]] = rest.as_chunks().0.get(..count.into()).ok_or(DAMAGED)?;
        let mut parts = Vec::new();
        for &[id, tables] in members {
            let number = frame.components.iter().position(|c| c.id == id).ok_or(DAMAGED)?;
            let code =
                |kind: usize, number: u8| self.codes[kind].get(usize::from(number))?.as_ref();
            parts.push(Part {
                component: number,
                mean: code(0, tables >> 4).ok_or(DAMAGED)?,
                others: code(1, tables & 15).ok_or(DAMAGED)?,
                steps: self
                    .steps
                    .get(frame.components[number].steps)
                    .and_then(Option::as_ref)
                    .ok_or(DAMAGED)?,
                last_mean: 0,
            });
        }
        let first = frame.components.get(parts.first().ok_or(DAMAGED)?.component).ok_or(DAMAGED)?;
        // A component alone is coded block by block, without padding to whole units.
        let alone = parts.len() == 1;
        let (columns, rows) = match alone {
            true => (first.width.div_ceil(8), first.height.div_ceil(8)),
            false => (
                first.stride / (8 * first.across),
                first.samples.len() / first.stride.max(1) / (8 * first.down),
            ),
        };
        let restart = usize::from(self.restart);
        let mut bits = Bits::new(data);
        for unit in 0..columns * rows {
            if restart != 0 && unit != 0 && unit.is_multiple_of(restart) {
                bits.restart()?;
                parts.iter_mut().for_each(|part| part.last_mean = 0);
            }
            let (column, row) = (unit % columns, unit / columns);
            for part in &mut parts {
                let component = &mut frame.components[part.component];
                let (across, down) =
                    if alone { (1, 1) } else { (component.across, component.down) };
                for block in 0..across * down {
                    let x = 8 * (column * across + block % across);
                    let y = 8 * (row * down + block / across);
                    component.put(x, y, &inverse(&part.block(&mut bits)?, frame.bits));
                }
            }
            bits.check()?;
        }
        for part in parts {
            frame.components[part.component].decoded = true;
        }
        Ok(bits.rest())
    }

    /// The samples of all components, in their place.
    fn picture(self) -> Result<Vec<u8>, Broken> {
        let frame = self.frame.filter(|frame| frame.components.iter().all(|c| c.decoded));
        let Some(Frame { width, height, bits, components }) = frame else {
            return Err(CUT);
        };
        let most =
            |factor: fn(&Component) -> usize| components.iter().map(factor).max().unwrap_or(1);
        let (across, down) = (most(|c| c.across), most(|c| c.down));
        let planes: Vec<Vec<u16>> = components
            .iter()
            .map(|c| {
                let rows = c.samples.chunks_exact(c.stride.max(1)).take(c.height);
                let cropped = rows.flat_map(|row| &row[..c.width]).copied().collect();
                upsampled(cropped, c.width, [across, c.across], [down, c.down], [width, height])
            })
            .collect();
        let samples =
            (0..width * height).flat_map(|pixel| planes.iter().map(move |plane| plane[pixel]));
        Ok(match bits {
            8 => samples.map(|sample| sample as u8).collect(),
            _ => samples.flat_map(u16::to_le_bytes).collect(),
        })
    }
}

impl Component {
    fn put(&mut self, x: usize, y: usize, block: &[u16; BLOCK]) {
        let rows = self.samples[y * self.stride..].chunks_mut(self.stride);
        for (into, row) in rows.zip(block.chunks_exact(8)) {
            into[x..x + 8].copy_from_slice(row);
        }
    }
}

/// A component's part in a scan.
struct Part<'a> {
    component: usize,
    mean: &'a Huffman,
    others: &'a Huffman,
    steps: &'a [u16; BLOCK],
    last_mean: i32,
}

impl Part<'_> {
    /// The coefficients of the next block, ISO 10918-1, F.2.2.
    fn block(&mut self, bits: &mut Bits) -> Result<[i32; BLOCK], Broken> {
        let mut block = [0; BLOCK];
        // Coefficients have sixteen bits, whatever broken data makes of them.
        let worth = |value: i32, step: u16| i32::from(value as i16).wrapping_mul(step.into());
        let size = u32::from(bits.symbol(self.mean)?);
        if size > 16 {
            return Err(DAMAGED);
        }
        self.last_mean = self.last_mean.wrapping_add(bits.number(size));
        block[0] = worth(self.last_mean, self.steps[0]);
        let mut at = 1;
        while at < BLOCK {
            let symbol = bits.symbol(self.others)?;
            let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            match (zeros, size) {
                (15, 0) => at += 16,
                (_, 0) => break,
                _ => {
                    at += zeros;
                    let place = *ZIGZAG.get(at).ok_or(DAMAGED)?;
                    block[usize::from(place)] = worth(bits.number(size), self.steps[at]);
                    at += 1;
                }
            }
        }
        Ok(block)
    }
}
