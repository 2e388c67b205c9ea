//! What is kept of a scan to recognise its copies.

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::align::Plane;
use super::perceptual::{self, View};
use super::picture::Picture;
use super::scan_hash::ScanHash;
use crate::imaging::{Depth, Slice};

/// Some 20 KB of a scan, made while it is in memory anyway.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    pub(super) file: Option<u128>,
    pub(super) pixels: u128,
    /// `None` for a flat scan, which is the same as another only where its pixels are.
    pub(super) head: Option<Box<Head>>,
}

/// The head of a scan, and its hashes.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub picture: Picture,
    /// The head at a quarter and at half of its size, as it is and mirrored.
    pub coarse: [[Plane; 2]; 2],
    /// Of the whole first, then of its parts.
    pub views: Vec<View>,
    /// The lowest frequencies of each view.
    pub low: Vec<u64>,
}

impl Fingerprint {
    /// The fingerprint of a slice.
    pub fn of(slice: &Slice) -> Self {
        let head = Picture::of(slice).map(|(picture, frame)| {
            let views = perceptual::views(&picture, &frame);
            let low = views.iter().map(|view| perceptual::low(&view.bits)).collect();
            let full = Plane::new(picture.grey.iter().map(|&value| f32::from(value)));
            let half = full.half();
            let seen = [half.half(), half];
            let coarse = [seen.clone(), seen.map(Plane::mirrored)];
            Box::new(Head { picture, coarse, views, low })
        });
        Self { file: None, pixels: pixels(slice), head }
    }

    /// Remembers the file of the scan too, so that identical files are told from identical pixels.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of_file(mut self, path: &Path) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
        self.file = Some(short(hasher));
        Ok(self)
    }

    /// What can be kept of the scan where the scan itself cannot.
    pub fn hash(&self) -> ScanHash {
        ScanHash { pixels: self.pixels, head: self.head.as_ref().map(|head| head.views[0].bits) }
    }
}

/// Of the size and every stored value.
fn pixels(slice: &Slice) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update((slice.width as u64).to_le_bytes());
    hasher.update((slice.height as u64).to_le_bytes());
    let bytes: Vec<u8> = match slice.depth {
        Depth::EightBit => slice.stored.iter().map(|&value| value as u8).collect(),
        Depth::Wide => slice.stored.iter().flat_map(|value| value.to_le_bytes()).collect(),
    };
    hasher.update(bytes);
    short(hasher)
}

/// The first half of a SHA-256: no two scans ever share it by chance.
fn short(hasher: Sha256) -> u128 {
    let digest = hasher.finalize();
    digest.iter().take(16).fold(0, |number, &byte| number << 8 | u128::from(byte))
}
