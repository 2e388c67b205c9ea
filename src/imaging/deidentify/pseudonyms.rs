//! New names for what is told apart by old ones.

use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

/// The names of one export: the same old one becomes the same new one. From the new ones nobody finds
/// the old ones again, since the secret they were made with is gone after the export.
#[derive(Clone, Debug)]
pub struct Pseudonyms {
    secret: [u8; 32],
}

impl Pseudonyms {
    /// Others than ever before.
    pub fn random() -> Self {
        let mut secret = [0; 32];
        OsRng.try_fill_bytes(&mut secret).expect("the operating system gives random numbers");
        Self { secret }
    }

    /// A UID below 2.25 (PS3.5 B.2).
    pub(super) fn uid(&self, old: &str) -> String {
        // The version and variant bits of a UUID of one's own making (RFC 9562).
        let bits =
            (self.digest("uid", old) & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
        format!("2.25.{bits}")
    }

    /// A word of 13 characters that every text value may hold.
    pub(super) fn word(&self, old: &str) -> String {
        format!("ANON_{:08X}", self.digest("word", old) as u32)
    }

    fn digest(&self, purpose: &str, old: &str) -> u128 {
        let digest = Sha256::new()
            .chain_update(self.secret)
            .chain_update(purpose)
            .chain_update(old)
            .finalize();
        digest[..16].iter().fold(0, |bits, &byte| bits << 8 | u128::from(byte))
    }
}
