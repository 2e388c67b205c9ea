//! Files that are broken, hostile or something else: each gives one line that names it, and
//! nothing panics, hangs or allocates what the file cannot hold.

use std::fs;
use std::path::{Path, PathBuf};

use mrimaster::imaging::{Found, Rescale, Series, find_each, open, open_all, read_slice};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use tempfile::TempDir;

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/readers");
    let mut paths: Vec<PathBuf> = [folder.clone(), folder.join("refused"), folder.join("series")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("the fixtures are there"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|e| e != "json"))
        .collect();
    paths.sort();
    paths
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/readers").join(name))
        .unwrap()
}

/// What every opening must keep to, whatever it was given.
#[track_caller]
fn checked(path: &Path) -> Result<Series, String> {
    find_each(&[path.to_owned()], &|| false, &mut |found| {
        if let Ok(Found::Outline(outline)) = found {
            assert!(!outline.slices.is_empty(), "{}: no slices", path.display());
            for place in outline.slices.iter().filter_map(|leaf| leaf.place.as_ref()) {
                let _ = read_slice(place);
            }
        }
    });
    match open(path) {
        Ok(series) => {
            assert!(!series.slices.is_empty(), "{}: no slices", path.display());
            for slice in &series.slices {
                assert_eq!(slice.stored.len(), slice.width * slice.height, "{}", path.display());
                assert!(slice.stored.iter().all(|v| v.is_finite()), "{}", path.display());
                assert!(slice.rescale.slope.is_finite() && slice.rescale.intercept.is_finite());
                assert!(slice.window.is_none_or(|w| w.width > 0.0 && w.center.is_finite()));
            }
            Ok(series)
        }
        Err(error) => {
            let text = error.to_string();
            assert_eq!(text.lines().count(), 1, "{text:?}");
            assert!(text.starts_with(&path.display().to_string()), "{text:?}");
            assert!(text.contains("; "), "found and remedy: {text:?}");
            Err(text)
        }
    }
}

#[track_caller]
fn refused(folder: &TempDir, name: &str, bytes: &[u8], word: &str) {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let error = checked(&path).expect_err(name);
    assert!(error.contains(word), "{word:?} is not in: {error}");
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn places_without_a_readable_file() {
    let folder = folder();
    let gone = folder.path().join("gone [1] ü.dcm");
    assert!(checked(&gone).unwrap_err().contains("no such file"));
    assert!(checked(folder.path()).unwrap_err().contains("folder"));
    #[cfg(unix)]
    {
        let link = folder.path().join("link.png");
        std::os::unix::fs::symlink(&gone, &link).unwrap();
        assert!(checked(&link).unwrap_err().contains("link"));
        assert!(checked(Path::new("/dev/zero")).unwrap_err().contains("regular file"));
    }
}

#[cfg(unix)]
#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("secret.png");
    fs::write(&path, fixture("grey.png")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        eprintln!("skipped: this user may read every file");
        return;
    }
    assert!(checked(&path).unwrap_err().contains("not allowed"));
}

#[test]
fn empty_and_random_files_under_every_extension() {
    let folder = folder();
    let mut random = Pcg64Mcg::seed_from_u64(7);
    for extension in ["dcm", "nii", "nii.gz", "jpg", "png", "tif", "bmp", "ima", ""] {
        refused(&folder, &format!("empty.{extension}"), b"", "empty");
        for length in [1, 3, 8, 131, 132, 348, 1000, 20_000] {
            let bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
            let path = folder.path().join(format!("random{length}.{extension}"));
            fs::write(&path, bytes).unwrap();
            checked(&path).expect_err("random bytes are no scan");
        }
    }
}

#[test]
fn files_of_other_kinds_are_called_by_their_kind() {
    let folder = folder();
    refused(
        &folder,
        "text.dcm",
        b"Dear colleague,\nthank you for the referral.\n",
        "this is a text file; open a",
    );
    refused(&folder, "paper.dcm", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj", "PDF");
    refused(&folder, "study.nii", b"PK\x03\x04\x14\0\0\0\x08\0", "zip");
    refused(&folder, "other.nii.gz", &gzipped(b"no volume in here"), "gzip");
    refused(&folder, "disc.dcm", &[&[0; 128][..], b"DICM"].concat(), "DICOM");
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn pictures_that_promise_more_than_they_hold() {
    let folder = folder();
    let mut png = fixture("grey.png");
    png[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let crc = png_crc(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    refused(&folder, "huge.png", &png, "60000×60000");

    // Within what the program reads, and still beyond what so few bytes can hold.
    png[16..20].copy_from_slice(&8_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&8_000u32.to_be_bytes());
    let crc = png_crc(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    refused(&folder, "large.png", &png, "cannot hold");

    let mut jpeg = fixture("grey.jpg");
    let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
    refused(&folder, "huge.jpg", &jpeg, "65535×65535");
}

/// A decoder takes memory for every pixel of the header before it finds that they are not there.
#[test]
fn jpegs_that_promise_more_than_they_hold() {
    let folder = folder();
    for (name, start) in [("grey.jpg", [0xFF, 0xC0]), ("progressive.jpg", [0xFF, 0xC2])] {
        let mut jpeg = fixture(name);
        let frame = jpeg.windows(2).position(|w| w == start).unwrap();
        let side = 8_000u16.to_be_bytes();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[side, side].concat());
        // A comment makes it 50 KB long.
        let comment = [&[0xFF, 0xFE], &50_000u16.to_be_bytes()[..], &[b' '; 49_998]].concat();
        jpeg.splice(2..2, comment);
        refused(&folder, name, &jpeg, "cannot hold");
    }
}

/// What is missing would be shown as even grey.
#[test]
fn a_jpeg_that_is_cut_is_refused() {
    let folder = folder();
    let names =
        ["grey.jpg", "rgb_grey.jpg", "progressive.jpg", "rgb.jpg", "cmyk.jpg", "turned.jpg"];
    for name in names {
        let whole = fixture(name);
        assert_eq!(whole[whole.len() - 2..], [0xFF, 0xD9], "{name} ends with its end marker");
        let path = folder.path().join(name);
        for length in (0..whole.len() - 16).step_by(9).chain(whole.len() - 16..whole.len()) {
            fs::write(&path, &whole[..length]).unwrap();
            checked(&path).expect_err(&format!("{name} cut to {length} bytes"));
        }
    }
}

/// A marker amid coded data, as a bad sector leaves it: what follows cannot be decoded.
#[test]
fn a_jpeg_with_a_hole_is_refused() {
    let folder = folder();
    let mut bytes = fixture("grey.jpg");
    let middle = bytes.len() - 300;
    bytes[middle..middle + 100].fill(0xFF);
    bytes[middle + 100] = 0x30;
    refused(&folder, "hole.jpg", &bytes, "JPEG");
}

/// A page costs an entry of a hundred bytes, and every page would unpack the same strip.
#[test]
fn pages_that_share_their_bytes() {
    const SIDE: u32 = 1024;
    const PAGES: usize = 16;
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut deflate, &vec![0; (SIDE * SIDE) as usize]).unwrap();
    let strip = deflate.finish().unwrap();
    let first_page = 8 + strip.len() as u32;
    let mut tiff = [b"II\x2A\0", &first_page.to_le_bytes()[..], &strip].concat();
    let long = 4u16;
    let fields = [
        (256, SIDE),
        (257, SIDE),
        (258, 8),
        (259, 8), // deflate
        (262, 1),
        (273, 8), // where the strip begins
        (278, SIDE),
        (279, strip.len() as u32),
    ];
    for page in 1..=PAGES {
        tiff.extend((fields.len() as u16).to_le_bytes());
        for (tag, value) in fields {
            tiff.extend([(tag as u16).to_le_bytes(), long.to_le_bytes()].concat());
            tiff.extend([1u32.to_le_bytes(), value.to_le_bytes()].concat());
        }
        let next = if page < PAGES { tiff.len() as u32 + 4 } else { 0 };
        tiff.extend(next.to_le_bytes());
    }
    let folder = folder();
    let path = folder.path().join("shared.tif");
    fs::write(&path, &tiff).unwrap();
    let series = checked(&path).unwrap();
    assert!(series.slices.len() < PAGES, "{} pages of {} bytes", series.slices.len(), tiff.len());
    assert!(series.notes.iter().any(|note| note.contains("left out")), "{:?}", series.notes);
}

/// CRC-32 of a PNG chunk, its type included.
fn png_crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn volumes_whose_header_lies() {
    let folder = folder();
    let sound = fixture("i2.nii");
    let with = |at: usize, bytes: &[u8]| {
        let mut broken = sound.clone();
        broken[at..at + bytes.len()].copy_from_slice(bytes);
        broken
    };
    let dims = |dims: [i16; 8]| dims.map(i16::to_le_bytes).concat();
    for (name, content) in [
        ("negative", dims([3, -7, 6, 5, 1, 1, 1, 1])),
        ("zero", dims([3, 7, 0, 5, 1, 1, 1, 1])),
        ("none", dims([0, 7, 6, 5, 1, 1, 1, 1])),
    ] {
        refused(&folder, &format!("{name}.nii"), &with(40, &content), "dimensions");
    }
    let most = dims([7, i16::MAX, i16::MAX, i16::MAX, i16::MAX, i16::MAX, i16::MAX, i16::MAX]);
    refused(&folder, "overflow.nii", &with(40, &most), "more than");
    refused(&folder, "more.nii", &with(40, &dims([3, 700, 600, 50, 1, 1, 1, 1])), "promises");
    refused(
        &folder,
        "more.nii.gz",
        &gzipped(&with(40, &dims([3, 700, 600, 50, 1, 1, 1, 1]))),
        "promises",
    );
    refused(&folder, "type.nii", &with(70, &77i16.to_le_bytes()), "voxel type 77");
    refused(&folder, "offset.nii", &with(108, &1e9f32.to_le_bytes()), "1e9 bytes into");
    let offset = gzipped(&with(108, &1e30f32.to_le_bytes()));
    refused(&folder, "offset.nii.gz", &offset, "1e30 bytes into");
    // The sum at the end proves the content; without it nothing does.
    let mut summed = gzipped(&sound);
    let sum = summed.len() - 8;
    summed[sum] ^= 1;
    refused(&folder, "sum.nii.gz", &summed, "checksum");
    let cut = gzipped(&sound);
    refused(&folder, "cut.nii.gz", &cut[..cut.len() - 3], "checksum");
    let mut broken = gzipped(&sound);
    let middle = broken.len() / 2;
    broken[middle..].iter_mut().for_each(|byte| *byte ^= 0x55);
    fs::write(folder.path().join("broken.nii.gz"), broken).unwrap();
    checked(&folder.path().join("broken.nii.gz")).expect_err("a broken gzip");
    // NaN in the affine and the offset harms nothing.
    let path = folder.path().join("nan.nii");
    fs::write(&path, with(280, &[f32::NAN.to_le_bytes(); 4].concat())).unwrap();
    assert!(checked(&path).unwrap().slices[0].orientation.is_none());
}

#[test]
fn dicom_files_whose_lengths_lie() {
    let folder = folder();
    let sound = fixture("explicit_u16.dcm");
    let pixels = sound.windows(4).position(|w| w == [0xE0, 0x7F, 0x10, 0]).unwrap();
    let mut broken = sound.clone();
    broken[pixels + 8..pixels + 12].copy_from_slice(&0xFFFF_FFF0u32.to_le_bytes());
    refused(&folder, "long.dcm", &broken, "ends before its last pixel");
    broken.truncate(pixels + 200);
    refused(&folder, "long and cut.dcm", &broken, "ends before its last pixel");

    // Sequences nested without end would overflow the stack of a recursive parser.
    let mut nested = sound[..pixels].to_vec();
    for _ in 0..200_000 {
        nested.extend([0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        nested.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
    }
    refused(&folder, "nested.dcm", &nested, "nest");
}

/// A compressed frame that says that it is larger than its DICOM header does.
#[test]
fn a_codestream_that_contradicts_its_header() {
    let folder = folder();
    for (name, marker, size) in
        [("j2k_u8.dcm", &[0xFF, 0x4F, 0xFF, 0x51][..], 8), ("jpeg70_u8.dcm", &[0xFF, 0xC3], 5)]
    {
        let mut bytes = fixture(name);
        let at = bytes.windows(marker.len()).position(|w| w == marker).unwrap();
        bytes[at + size..at + size + 2].copy_from_slice(&[0x7F, 0xFF]);
        refused(&folder, name, &bytes, "33×36");
    }
}

/// Each frame alone might be blank; all of them together are a trap.
#[test]
fn frames_that_a_few_bytes_cannot_hold() {
    let folder = folder();
    let mut bytes = fixture("rle_frames.dcm");
    for element in [[0x28, 0, 0x10, 0], [0x28, 0, 0x11, 0]] {
        let at = bytes.windows(4).position(|w| w == element).unwrap();
        bytes[at + 8..at + 10].copy_from_slice(&4_000u16.to_le_bytes());
    }
    refused(&folder, "frames.dcm", &bytes, "cannot hold");
}

/// Numbers that are sound as they are written and not as they are kept.
#[test]
fn dicom_numbers_beyond_the_range_of_single_precision() {
    let folder = folder();
    let with = |name: &str, tag: [u8; 4], text: &str| {
        let mut bytes = fixture("rescale_sigmoid.dcm");
        let at = bytes.windows(4).position(|w| w == tag);
        let element =
            [&tag[..], b"DS", &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat();
        let (from, to) = match at {
            Some(at) => (at, at + 8 + usize::from(bytes[at + 6])),
            // Before the rows, where its number has its place.
            None => {
                let rows = bytes.windows(4).position(|w| w == [0x28, 0, 0x10, 0]).unwrap();
                (rows, rows)
            }
        };
        bytes.splice(from..to, element);
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        checked(&path).unwrap().slices[0].as_ref().clone()
    };
    let (spacing, slope) = ([0x28, 0, 0x30, 0], [0x28, 0, 0x53, 0x10]);
    assert!(with("sound.dcm", spacing, "0.5\\0.25").spacing.is_some());
    assert_eq!(with("small.dcm", spacing, "1e-50\\1e-50").spacing, None);
    assert_eq!(with("large.dcm", spacing, "1e300\\1e300 ").spacing, None);
    assert_eq!(with("slope.dcm", slope, "1e-50 ").rescale, Rescale::IDENTITY);
    assert_eq!(with("steep.dcm", slope, "1e300 ").rescale, Rescale::IDENTITY);
}

/// The count of segments of an RLE frame, which a decoder would allocate for.
#[test]
fn an_rle_frame_with_a_million_segments() {
    let folder = folder();
    let mut bytes = fixture("rle_u16.dcm");
    let pixels = bytes.windows(4).position(|w| w == [0xE0, 0x7F, 0x10, 0]).unwrap();
    // Behind the element's head, the offset table and the fragment's head.
    let frame = (pixels + 12..).step_by(2).find(|&at| bytes[at..at + 4] == [2, 0, 0, 0]).unwrap();
    bytes[frame..frame + 4].copy_from_slice(&[0xFF; 4]);
    refused(&folder, "segments.dcm", &bytes, "RLE");
}

#[test]
fn one_bad_file_does_not_lose_the_others() {
    let folder = folder();
    let paths: Vec<PathBuf> = [
        ("a.png", fixture("grey.png")),
        ("b.png", b"nothing".to_vec()),
        ("c.dcm", fixture("explicit_u8.dcm")),
    ]
    .into_iter()
    .map(|(name, bytes)| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    })
    .collect();
    let opened: Vec<bool> = open_all(&paths).iter().map(Result::is_ok).collect();
    assert_eq!(opened, [true, false, true]);
}

/// Cut anywhere, a file is refused or, where nothing needed is missing, read.
#[test]
fn every_fixture_cut_at_many_lengths() {
    let folder = folder();
    for path in fixtures() {
        let whole = fs::read(&path).unwrap();
        let name = path.file_name().unwrap();
        let cut = folder.path().join(name);
        for part in 0..24 {
            fs::write(&cut, &whole[..whole.len() * part / 24]).unwrap();
            let _ = checked(&cut);
        }
    }
}

#[test]
fn every_fixture_with_bytes_overwritten() {
    let folder = folder();
    let mut random = Pcg64Mcg::seed_from_u64(1);
    for path in fixtures() {
        let whole = fs::read(&path).unwrap();
        let broken = folder.path().join(path.file_name().unwrap());
        for round in 0..24 {
            let mut bytes = whole.clone();
            // Heads decide most, so half of the rounds strike the first bytes only.
            let reach = if round % 2 == 0 { bytes.len() } else { bytes.len().min(600) };
            for _ in 0..1 + round / 4 {
                let at = random.random_range(0..reach);
                bytes[at] = match random.random_range(0..4) {
                    0 => 0,
                    1 => 0xFF,
                    2 => bytes[at] ^ (1 << random.random_range(0..8)),
                    _ => random.random(),
                };
            }
            fs::write(&broken, &bytes).unwrap();
            let _ = checked(&broken);
        }
    }
}
