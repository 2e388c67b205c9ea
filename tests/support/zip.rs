//! Zip archives made by hand, so that they may also lie.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A file in an archive, as the archive describes it.
pub struct Member {
    pub name: Vec<u8>,
    pub packed: Vec<u8>,
    pub size: u32,
    pub crc: u32,
    /// 0 stored, 8 deflated.
    pub method: u16,
    pub flags: u16,
}

impl Member {
    pub fn stored(name: &str, content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.into(),
            packed: content.to_vec(),
            size: content.len() as u32,
            crc: crc.sum(),
            method: 0,
            // Names are UTF-8.
            flags: 1 << 11,
        }
    }

    pub fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        Self { packed: encoder.finish().unwrap(), method: 8, ..Self::stored(name, content) }
    }

    /// What the local head and the directory say alike.
    fn head(&self) -> Vec<u8> {
        let numbers = [20, self.flags, self.method, 0, 0x21].map(u16::to_le_bytes).concat();
        let sizes = [self.crc, self.packed.len() as u32, self.size].map(u32::to_le_bytes).concat();
        let lengths = [self.name.len() as u16, 0].map(u16::to_le_bytes).concat();
        [numbers, sizes, lengths].concat()
    }
}

/// The bytes of an archive.
pub fn zip(members: &[Member]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let start = archive.len() as u32;
        archive.extend([b"PK\x03\x04", &member.head()[..], &member.name, &member.packed].concat());
        directory.extend([b"PK\x01\x02\x14\0", &member.head()[..]].concat());
        // No comment, the first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend([&start.to_le_bytes()[..], &member.name].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let sizes = [directory.len() as u32, archive.len() as u32].map(u32::to_le_bytes).concat();
    let end = [b"PK\x05\x06\0\0\0\0", &count[..], &count, &sizes, &[0, 0]].concat();
    [archive, directory, end].concat()
}
