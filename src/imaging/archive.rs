//! Zip archives, whose members are read in memory: nothing is unpacked to the disk.
//!
//! The `zip` crate reads the directory of the archive; members are inflated here, within limits.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::error::Refusal;

/// A member is unpacked whole; larger ones are refused before anything is unpacked.
const MAX_MEMBER_BYTES: u64 = 1 << 30;

/// Bytes that deflate packs into one, at the very most.
const DEFLATE_RATIO: u64 = 1032;

const UNPACK: &str = "unpack the archive and open the files in it";

/// An archive with the directory of its members.
#[derive(Debug)]
pub(super) struct Archive {
    path: PathBuf,
    /// In the order of the directory.
    members: Vec<Member>,
}

/// A file in an archive.
#[derive(Debug)]
struct Member {
    /// Within the archive; it leads nowhere else.
    name: PathBuf,
    /// Where its packed bytes begin.
    start: u64,
    /// Bytes, packed and not.
    packed: u64,
    size: u64,
    crc: u32,
    deflated: bool,
}

/// True for a file that begins as a zip archive does, the empty one too.
pub(super) fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

impl Archive {
    /// Reads the directory. Members that cannot be read are handed to `left_out`, by their names.
    ///
    /// # Errors
    /// If the archive is broken, or holds more than `limit` members.
    pub fn open(
        path: &Path,
        limit: usize,
        left_out: &mut dyn FnMut(&Path, Refusal),
    ) -> Result<Arc<Self>, Refusal> {
        let broken = |error: &dyn std::fmt::Display| {
            Refusal::damaged(format!("this is a zip archive that cannot be read ({error})"))
        };
        let file = File::open(path).map_err(|error| broken(&error))?;
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
        if zip.len() > limit {
            return Err(Refusal::too_large(format!(
                "this is a zip archive of more than {limit} files"
            )));
        }
        let mut members = Vec::new();
        for index in 0..zip.len() {
            let entry = match zip.by_index_raw(index) {
                Ok(entry) => entry,
                Err(error) => {
                    left_out(Path::new("?"), broken(&error));
                    continue;
                }
            };
            if entry.is_dir() {
                continue;
            }
            let member = Member {
                name: match entry.enclosed_name() {
                    Some(name) => name,
                    None => {
                        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
                        left_out(Path::new(&name), leads_out());
                        continue;
                    }
                },
                start: entry.data_start().unwrap_or(u64::MAX),
                packed: entry.compressed_size(),
                size: entry.size(),
                crc: entry.crc32(),
                deflated: entry.compression() == CompressionMethod::DEFLATE,
            };
            let stored = entry.compression() == CompressionMethod::STORE;
            match () {
                () if entry.encrypted() => left_out(&member.name, encrypted()),
                () if !stored && !member.deflated => left_out(&member.name, unread_method()),
                () => members.push(member),
            }
        }
        Ok(Arc::new(Self { path: path.to_owned(), members }))
    }

    /// For people: the archive's path with the member's name behind it.
    pub fn path_of(&self, member: usize) -> PathBuf {
        self.path.join(&self.members[member].name)
    }

    /// The names of the members, within the archive.
    pub fn names(&self) -> impl Iterator<Item = &Path> {
        self.members.iter().map(|member| member.name.as_path())
    }

    /// The first `limit` bytes of a member, or as many as there are. All of them are proven by
    /// their sum.
    pub fn load(&self, member: usize, limit: u64) -> Result<Vec<u8>, Refusal> {
        let member = &self.members[member];
        if member.size == 0 {
            return Err(Refusal::damaged("the file is empty"));
        }
        if member.size > MAX_MEMBER_BYTES {
            return Err(Refusal::new("it is larger than 1 GiB", UNPACK));
        }
        if member.size / DEFLATE_RATIO > member.packed {
            return Err(Refusal::damaged(format!(
                "its archive promises {} bytes, which {} packed ones cannot hold",
                member.size, member.packed
            )));
        }
        let broken =
            || Refusal::damaged("its archive is broken: the content is not what was packed");
        let mut file = File::open(&self.path)
            .map_err(|error| Refusal::new(format!("its archive is gone ({error})"), UNPACK))?;
        file.seek(SeekFrom::Start(member.start)).map_err(|_| broken())?;
        let packed = BufReader::new(file).take(member.packed);
        let limit = limit.min(member.size);
        // Grows as bytes come: a directory's promise alone allocates nothing.
        let mut bytes = Vec::new();
        match member.deflated {
            true => DeflateDecoder::new(packed).take(limit).read_to_end(&mut bytes),
            false => packed.take(limit).read_to_end(&mut bytes),
        }
        .map_err(|_| broken())?;
        let whole = bytes.len() as u64 == member.size;
        let sum = || {
            let mut crc = Crc::new();
            crc.update(&bytes);
            crc.sum()
        };
        match bytes.len() as u64 == limit && (!whole || sum() == member.crc) {
            true => Ok(bytes),
            false => Err(broken()),
        }
    }
}

fn leads_out() -> Refusal {
    Refusal::new("its name leads out of the archive", "do not trust this archive")
}

fn encrypted() -> Refusal {
    Refusal::new("it is encrypted", "unpack the archive with its password and open the files in it")
}

fn unread_method() -> Refusal {
    Refusal::new("it is packed by a method that is not read", UNPACK)
}
