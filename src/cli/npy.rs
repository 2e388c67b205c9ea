//! Arrays as NumPy's `.npy`, version 1.0: a header and little-endian float32.

use std::path::Path;

use crate::system::files::write_whole;

/// Writes `values`, row by row, with their shape.
///
/// # Errors
/// Those of the disk.
pub(super) fn write(path: &Path, shape: &[usize], values: &[f32]) -> std::io::Result<()> {
    let sides: String = shape.iter().map(|side| format!("{side}, ")).collect();
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sides.trim_end());
    // Magic, version and length take 10 bytes; the whole header ends on a multiple of 64.
    let padding = 63 - (10 + header.len()) % 64;
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    write_whole(path, &bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_header_is_numpys() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.npy");
        super::write(&path, &[2, 1], &[1.0, -2.5]).expect("written");
        let bytes = std::fs::read(&path).expect("read");
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + length) % 64, 0);
        let header = std::str::from_utf8(&bytes[10..10 + length]).expect("text");
        assert!(header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1,), }"));
        assert_eq!(bytes[10 + length..], [0, 0, 128, 63, 0, 0, 32, 192]);
    }
}
