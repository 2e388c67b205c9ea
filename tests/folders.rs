//! Folders, zip archives and DICOMDIRs: what is found in them, in which order, and what is left out;
//! none that is broken or hostile does harm.

#[path = "support/zip.rs"]
mod zip;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use mrimaster::imaging::{
    Found, OpenError, Outline, Series, find_each, open, open_all, read_slice,
};
use tempfile::TempDir;

use self::zip::{Member, zip};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(fixture_path(name)).unwrap()
}

fn fixture_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/readers").join(name)
}

/// A folder with these files; names may lead into folders below it.
fn folder_of(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// A grey picture that nothing else is like.
fn picture(number: u8) -> Vec<u8> {
    sized_picture(number, 20)
}

fn sized_picture(number: u8, width: u32) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = image::GrayImage::from_pixel(width, 10, image::Luma([number]));
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[derive(Default)]
struct Looked {
    outlines: Vec<Arc<Outline>>,
    whole: Vec<Arc<Series>>,
    left_out: Vec<OpenError>,
    errors: Vec<OpenError>,
}

impl Looked {
    fn through(paths: &[PathBuf]) -> Self {
        let mut looked = Self::default();
        find_each(paths, &|| false, &mut |found| match found {
            Ok(Found::Outline(outline)) => looked.outlines.push(outline),
            Ok(Found::Whole(series)) => looked.whole.push(series),
            Ok(Found::LeftOut(error)) => looked.left_out.push(error),
            Err(error) => looked.errors.push(error),
        });
        looked
    }

    /// Of everything that was not shown: the file's name, and why.
    fn unseen(&self) -> Vec<(String, &str)> {
        let errors = self.left_out.iter().chain(&self.errors);
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        errors.map(|error| (name(&error.path), error.found.as_str())).collect()
    }

    #[track_caller]
    fn only_error(&self) -> String {
        assert!(self.outlines.is_empty() && self.whole.is_empty(), "nothing is to be shown");
        assert_eq!(self.errors.len(), 1, "{:?}", self.unseen());
        let text = self.errors[0].to_string();
        assert_eq!(text.lines().count(), 1, "{text}");
        text
    }
}

/// The value of the first pixel of every slice, read from its place.
fn values(outline: &Outline) -> Vec<f32> {
    let places = outline.slices.iter().map(|leaf| leaf.place.as_ref().unwrap());
    places.map(|place| read_slice(place).unwrap().stored[0]).collect()
}

#[test]
fn a_folder_is_gone_through_with_all_that_is_below_it() {
    let slices = ["a", "b", "c", "d"].map(|name| fixture(&format!("series/{name}.dcm")));
    let folder = folder_of(&[
        ("volume.nii.gz", &fixture("i2.nii.gz")),
        ("study/one/4", &slices[3]),
        ("study/one/1", &slices[0]),
        ("study/two/2", &slices[1]),
        ("study/two/deep/3", &slices[2]),
        (".hidden.png", &picture(1)),
        ("study/.DS_Store", b"Bud1"),
        ("study/report.txt", b"All is well."),
        ("study/two/film.avi", b"RIFF\0\0\0\x01AVI "),
        ("study/two/broken.png", &picture(2)[..40]),
    ]);
    let looked = Looked::through(&[folder.path().to_owned()]);
    assert_eq!(looked.whole.len(), 2, "the volume and the series");
    assert_eq!(looked.whole[0].format, "NIfTI-1");
    let heights: Vec<f32> =
        looked.whole[1].slices.iter().map(|slice| slice.position.unwrap()[2]).collect();
    assert_eq!(heights, [0.0, 5.5, 11.0, 16.5], "one series, whatever the folders");
    let unseen = looked.unseen();
    assert_eq!(unseen.len(), 2, "{unseen:?}");
    assert!(unseen[0].0 == "broken.png" && unseen[0].1.contains("PNG"), "{unseen:?}");
    assert!(unseen[1].0 == "film.avi" && unseen[1].1.contains("no scan"), "{unseen:?}");
    assert!(looked.errors.is_empty(), "nobody named these files");

    let opened = open_all(&[folder.path().to_owned()]);
    assert_eq!(opened.iter().filter(|result| result.is_ok()).count(), 2);
    assert_eq!(opened.len(), 2, "what is no scan is passed over");
}

#[test]
fn pictures_of_a_folder_are_scrolled_through_in_the_order_of_their_names() {
    let pictures: Vec<(String, Vec<u8>)> =
        [10u8, 9, 1, 100, 2].map(|n| (format!("head/image{n}.png"), picture(n))).to_vec();
    let mut files: Vec<(&str, &[u8])> =
        pictures.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let (wide, other) = (sized_picture(7, 30), picture(50));
    files.push(("head/image5.png", &wide));
    files.push(("other/x.png", &other));
    let folder = folder_of(&files);
    let looked = Looked::through(&[folder.path().to_owned()]);
    assert_eq!(looked.outlines.len(), 1, "pixels are read when they are wanted");
    let outline = &looked.outlines[0];
    assert_eq!(values(outline), [1.0, 2.0, 9.0, 10.0, 100.0]);
    assert_eq!(outline.description.as_deref(), Some("head"));
    let alone: Vec<f32> = looked.whole.iter().map(|series| series.slices[0].stored[0]).collect();
    assert_eq!(alone, [7.0, 50.0], "of another size, and of another folder");

    let whole = open_all(&[folder.path().to_owned()]);
    let lengths: Vec<usize> = whole.iter().map(|s| s.as_ref().unwrap().slices.len()).collect();
    assert_eq!(lengths, [5, 1, 1]);

    let named: Vec<PathBuf> =
        ["image1.png", "image2.png"].map(|name| folder.path().join("head").join(name)).to_vec();
    assert_eq!(Looked::through(&named).whole.len(), 2, "who names pictures sees them apart");
}

#[test]
fn where_nothing_is_found_one_sentence_says_so() {
    let empty = folder_of(&[("a/readme.txt", b"nothing")]);
    let error = Looked::through(&[empty.path().to_owned()]).only_error();
    assert!(error.contains("no scan in this folder"), "{error}");

    let archive = folder_of(&[("empty.zip", &zip(&[]))]);
    let error = Looked::through(&[archive.path().join("empty.zip")]).only_error();
    assert!(error.contains("no scan in this zip archive"), "{error}");

    let others = folder_of(&[("a.bin", b"\0\x01\x02"), ("b.bin", b"\0\x01\x02")]);
    let looked = Looked::through(&[others.path().to_owned()]);
    let error = looked.only_error();
    assert!(error.contains("no scan in it (a.bin and 1 more"), "{error}");
    assert_eq!(looked.left_out.len(), 2);
    assert!(open_all(&[others.path().to_owned()])[0].is_err());

    let gone = others.path().join("gone");
    assert!(Looked::through(&[gone]).only_error().contains("no such file"));
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_circles_end() {
    let folder = folder_of(&[("a/1.png", &picture(1))]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/again")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("a/gone.png")).unwrap();
    let looked = Looked::through(&[folder.path().to_owned()]);
    assert_eq!((looked.whole.len(), looked.unseen().len()), (1, 0));
}

#[test]
fn an_archive_is_read_as_the_folder_that_was_packed() {
    let volume = fixture("i2.nii");
    let members = [
        Member::deflated("head/image10.png", &picture(10)),
        Member::stored("head/image9.png", &picture(9)),
        Member::deflated("__MACOSX/head/._image9.png", b"\0\x05\x16\x07"),
        Member::deflated("volume.nii", &volume),
        Member::deflated("series/b.dcm", &fixture("series/b.dcm")),
        Member::stored("series/a.dcm", &fixture("series/a.dcm")),
        Member::stored("DICOMDIR", b"not looked into"),
        Member::stored("inner.zip", &zip(&[Member::stored("a.png", &picture(3))])),
    ];
    let folder = folder_of(&[("study.zip", &zip(&members))]);
    let archive = folder.path().join("study.zip");
    // Named, or met in a folder.
    for path in [archive.clone(), folder.path().to_owned()] {
        let looked = Looked::through(&[path]);
        assert_eq!(looked.outlines.len(), 1);
        assert_eq!(values(&looked.outlines[0]), [9.0, 10.0]);
        let place = looked.outlines[0].slices[0].place.as_ref().unwrap();
        assert_eq!(place.source.path(), archive.join("head/image9.png"));
        let lengths: Vec<usize> = looked.whole.iter().map(|series| series.slices.len()).collect();
        assert_eq!(lengths, [5, 2], "the volume, and two slices of one series");
        let alone = open(&fixture_path("i2.nii")).unwrap();
        assert_eq!(looked.whole[0].slices, alone.slices, "their identities, too");
        let unseen = looked.unseen();
        assert_eq!(unseen.len(), 1, "{unseen:?}");
        assert!(unseen[0].0 == "inner.zip" && unseen[0].1.contains("zip archive"), "{unseen:?}");
    }
}

#[test]
fn an_archive_that_lies_does_no_harm() {
    let whole = picture(1);
    let zeros = vec![0; 1 << 20];
    let hostile: [(&str, Member); 6] = [
        ("leads out", Member::stored("../../leads out", &whole)),
        ("cannot hold", Member { size: 1 << 29, ..Member::deflated("bomb.png", &whole) }),
        ("1 GiB", Member { size: u32::MAX - 1, ..Member::deflated("huge.png", &whole) }),
        // It unpacks to more than it says.
        ("not what was packed", Member { size: 60, ..Member::deflated("more.png", &whole) }),
        ("encrypted", Member { flags: 1, ..Member::stored("secret.png", &whole) }),
        ("method", Member { method: 12, ..Member::stored("bzip2.png", &whole) }),
    ];
    for (why, member) in hostile {
        let folder = folder_of(&[("a.zip", &zip(&[member, Member::stored("b.png", &picture(2))]))]);
        let looked = Looked::through(&[folder.path().join("a.zip")]);
        assert_eq!(looked.whole.len(), 1, "{why}: the sound one is shown");
        let unseen = looked.unseen();
        assert!(unseen.len() == 1 && unseen[0].1.contains(why), "{why}: {unseen:?}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{why}: nothing is unpacked to the disk");
    }
    let absolute = folder_of(&[("a.zip", &zip(&[Member::stored("/etc/a.png", &whole)]))]);
    let archive = absolute.path().join("a.zip");
    let looked = Looked::through(std::slice::from_ref(&archive));
    assert_eq!(looked.whole[0].path, archive.join("etc/a.png"), "it stays in the archive");
    let wrong_sum = Member { crc: 7, ..Member::stored("sum.png", &whole) };
    let folder = folder_of(&[
        ("sum.zip", &zip(&[wrong_sum])),
        // A thousand times smaller than what is in it, and no scan by its first bytes.
        ("zeros.zip", &zip(&[Member::deflated("zeros", &zeros)])),
    ]);
    let error = Looked::through(&[folder.path().join("sum.zip")]).only_error();
    assert!(error.contains("not what was packed"), "{error}");
    let error = Looked::through(&[folder.path().join("zeros.zip")]).only_error();
    assert!(error.contains("no scan"), "{error}");
}

#[test]
fn an_archive_cut_or_damaged_anywhere_is_told() {
    let members = [
        Member::deflated("a.png", &picture(1)),
        Member::stored("b.dcm", &fixture("explicit_u8.dcm")),
    ];
    let whole = zip(&members);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    for end in (4..whole.len()).step_by(13) {
        fs::write(&path, &whole[..end]).unwrap();
        let looked = Looked::through(std::slice::from_ref(&path));
        assert!(!looked.unseen().is_empty(), "cut at {end}");
    }
    for at in (0..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xFF;
        fs::write(&path, &damaged).unwrap();
        let looked = Looked::through(std::slice::from_ref(&path));
        let found = looked.outlines.len() + looked.whole.len() + looked.unseen().len();
        assert!(found > 0, "byte {at}");
    }
}

/// A DICOMDIR that lists these files.
fn dicomdir(listed: &[&str]) -> Vec<u8> {
    let mut records = vec![InMemDicomObject::from_element_iter([DataElement::new(
        tags::DIRECTORY_RECORD_TYPE,
        VR::CS,
        PrimitiveValue::from("PATIENT"),
    )])];
    records.extend(listed.iter().map(|path| {
        let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        InMemDicomObject::from_element_iter([
            DataElement::new(tags::DIRECTORY_RECORD_TYPE, VR::CS, PrimitiveValue::from("IMAGE")),
            DataElement::new(tags::REFERENCED_FILE_ID, VR::CS, PrimitiveValue::Strs(parts.into())),
        ])
    }));
    let sequence =
        DataElement::new(tags::DIRECTORY_RECORD_SEQUENCE, VR::SQ, DataSetSequence::from(records));
    let file = InMemDicomObject::from_element_iter([sequence])
        .with_meta(
            FileMetaTableBuilder::new()
                .media_storage_sop_class_uid(uids::MEDIA_STORAGE_DIRECTORY_STORAGE)
                .media_storage_sop_instance_uid("1.2.3")
                .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN),
        )
        .unwrap();
    let mut bytes = Vec::new();
    file.write_all(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_dicomdir_opens_the_files_it_lists() {
    let directory = dicomdir(&["IMAGES/A", "IMAGES/B", "IMAGES/GONE", "../SECRET"]);
    let disc = [
        ("disc/dicomdir", &directory[..]),
        // As a disc is often read: in lower case.
        ("disc/images/a", &fixture("series/a.dcm")),
        ("disc/images/b", &fixture("series/b.dcm")),
        ("disc/images/not_listed", &fixture("series/c.dcm")),
        ("SECRET", &fixture("series/d.dcm")),
    ];
    let folder = folder_of(&disc);
    let looked = Looked::through(&[folder.path().join("disc/dicomdir")]);
    assert_eq!((looked.outlines.len(), looked.whole.len()), (0, 1));
    assert_eq!(looked.whole[0].slices.len(), 2);
    assert!(looked.errors.is_empty());
    let unseen = looked.unseen();
    assert_eq!(unseen.len(), 2, "{unseen:?}");
    assert!(unseen[0].0 == "GONE" && unseen[0].1.contains("not there"), "{unseen:?}");

    // The folder around it is gone through as any other.
    let looked = Looked::through(&[folder.path().join("disc")]);
    assert_eq!(looked.whole[0].slices.len(), 3);
    assert!(looked.unseen().is_empty(), "{:?}", looked.unseen());
}

#[test]
fn a_dicomdir_without_its_files_is_told() {
    let folder = folder_of(&[
        ("DICOMDIR", &dicomdir(&["A", "B"])),
        ("empty/DICOMDIR", &dicomdir(&[])),
        ("cut/DICOMDIR", &dicomdir(&["A", "B"])[..400]),
    ]);
    let error = |name: &str| Looked::through(&[folder.path().join(name)]).only_error();
    assert!(error("DICOMDIR").contains("none of the 2 files"));
    assert!(error("empty/DICOMDIR").contains("lists no files"));
    assert!(error("cut/DICOMDIR").contains("DICOM"));
}

#[test]
fn a_pair_is_one_volume_whichever_file_is_opened() {
    let (header, pixels) = (fixture("pair.hdr"), fixture("pair.img"));
    let folder = folder_of(&[("a.HDR", &header), ("a.img", &pixels)]);
    let paths = ["a.HDR", "a.img"].map(|name| folder.path().join(name));
    let whole = open(&fixture_path("two.nii")).unwrap();
    let values = |series: &Series| -> Vec<f32> {
        series.slices.iter().flat_map(|slice| slice.stored.clone()).collect()
    };
    for path in &paths {
        let pair = open(path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(values(&pair), values(&whole));
        assert_eq!(pair.slices[1].position, whole.slices[1].position);
    }
    assert_eq!(Looked::through(&paths).whole.len(), 1, "both were named");
    assert_eq!(Looked::through(&[folder.path().to_owned()]).whole.len(), 1);

    let members = [Member::deflated("x/a.hdr", &header), Member::deflated("x/a.img", &pixels)];
    let folder = folder_of(&[("pair.zip", &zip(&members))]);
    let looked = Looked::through(&[folder.path().join("pair.zip")]);
    assert_eq!(values(&looked.whole[0]), values(&whole));
    assert!(looked.unseen().is_empty());
}

#[test]
fn every_volume_of_a_file_is_a_series() {
    let path = fixture_path("four.nii");
    let first = open(&path).unwrap();
    let volumes: Vec<Series> = open_all(&[path]).into_iter().map(Result::unwrap).collect();
    assert_eq!(volumes.len(), 3);
    assert_eq!(first.slices, volumes[0].slices);
    for (number, series) in volumes.iter().enumerate() {
        let description = format!("volume {} of 3", number + 1);
        assert_eq!(series.description.as_ref(), Some(&description));
        let apart = series.slices[2].stored[7] - first.slices[2].stored[7];
        assert_eq!(apart, number as f32, "every volume is one brighter than the last");
    }
    let identities = volumes.iter().flat_map(|series| &series.slices).map(|s| &s.identity);
    let different: std::collections::HashSet<_> = identities.collect();
    assert_eq!(different.len(), 15);

    // What is there of a file that was cut is shown, and said.
    let whole = fixture("four.nii");
    let folder = folder_of(&[("cut.nii", &whole[..whole.len() - 9])]);
    let volumes = open_all(&[folder.path().join("cut.nii")]);
    assert_eq!(volumes.len(), 2);
    let notes = &volumes[0].as_ref().unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("ends in volume 3 of 3")), "{notes:?}");
}
