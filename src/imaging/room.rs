//! How much one file may hold, counted over all its pictures before any of them is decoded.

use super::error::{MAX_VALUES, Refusal, check_size};

/// What is left for the next pictures of a file.
pub(crate) struct Room {
    pixels: usize,
    /// Of the file.
    bytes: usize,
}

impl Room {
    pub fn of_file(bytes: &[u8]) -> Self {
        Self { pixels: MAX_VALUES, bytes: bytes.len() }
    }

    /// Takes the room of one picture, of which a byte holds `pixels_per_byte` at the very most.
    ///
    /// # Errors
    /// If the picture is larger than what is left: a header promises in ten bytes what would fill
    /// the memory.
    pub fn take(&mut self, width: u32, height: u32, pixels_per_byte: usize) -> Result<(), Refusal> {
        let pixels = check_size(width as usize, height as usize, 1)?;
        let Some(pixels_left) = self.pixels.checked_sub(pixels) else {
            return Err(Refusal::too_large(format!(
                "this is a file of more than the {} million pixels that are read",
                MAX_VALUES / 1_000_000
            )));
        };
        let Some(bytes_left) = self.bytes.checked_sub(pixels / pixels_per_byte) else {
            return Err(Refusal::damaged(format!(
                "its header promises {width}×{height} pixels, which {} bytes cannot hold",
                self.bytes
            )));
        };
        (self.pixels, self.bytes) = (pixels_left, bytes_left);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_share_the_room_of_their_file() {
        let mut room = Room::of_file(&[0; 100]);
        assert!(room.take(80, 10, 10).is_ok());
        assert!(room.take(30, 10, 10).is_err());
        assert!(room.take(20, 10, 10).is_ok());
        assert!(room.take(10, 10, 10).is_err());
    }
}
