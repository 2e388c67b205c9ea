//! Persons from pixels: slices of one synthetic head are linked and those of others are not; on real
//! scans whose persons are known, links are as precise and as many as the docs state.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use mrimaster::dataset::audit::{self, Fingerprint};
use mrimaster::dataset::neighbours;
use mrimaster::dataset::persons::{Appearance, Grouping, LINKED, groups, links};
use mrimaster::dataset::phantom::{LesionKind, Phantom, Plane, View};
use mrimaster::imaging::{self, Depth, Slice};
use rayon::prelude::*;

/// Two stacks of each of `persons` synthetic heads, five slices each, 6 mm apart, with the person.
fn heads(persons: u64) -> Vec<(u64, Fingerprint)> {
    (0..persons)
        .flat_map(|person| [Plane::Axial, Plane::Sagittal].map(|plane| (person, plane)))
        .collect::<Vec<_>>()
        .into_par_iter()
        .flat_map_iter(|(person, plane)| {
            let phantom = Phantom::new(person, LesionKind::ALL[person as usize % 4]);
            let mut view = View::new(plane, -12.0, 128);
            view.slice_spacing_mm = Some(6.0);
            let slices: Vec<_> = view
                .stack(5)
                .iter()
                .map(|view| (person, Fingerprint::of(&phantom.slice(view))))
                .collect();
            slices
        })
        .collect()
}

fn appearances(prints: &[(u64, Fingerprint)]) -> Vec<Option<&Appearance>> {
    prints.iter().map(|(_, print)| print.appearance()).collect()
}

#[test]
fn slices_of_one_synthetic_head_are_linked_and_those_of_others_are_not() {
    let heads = heads(12);
    let seen = appearances(&heads);
    let alone: Vec<usize> = (0..heads.len()).collect();
    let links = links(&seen, &alone);
    let correct = links.iter().filter(|link| heads[link.first].0 == heads[link.second].0).count();
    let linked: BTreeSet<usize> = links.iter().flat_map(|link| [link.first, link.second]).collect();
    println!("{correct} of {} links, {} of {} scans", links.len(), linked.len(), heads.len());
    // The parameters were fitted on real heads; synthetic ones differ less from each other.
    assert!(correct * 100 >= links.len() * 90, "{correct} of {}", links.len());
    assert!(linked.len() * 100 >= heads.len() * 50, "{} of {}", linked.len(), heads.len());
    assert!(links.is_sorted_by(|a, b| a.probability >= b.probability));
    assert!(links.iter().all(|link| link.first < link.second));
    assert!(links.iter().all(|link| (LINKED..=1.0).contains(&link.probability)));
}

#[test]
fn scans_without_content_are_in_no_link_and_no_group() {
    // Largest less smallest value is more than a float holds.
    let mut beyond: Vec<f32> = (0..4096).map(|i| (i % 64) as f32 * 1e36).collect();
    (beyond[7], beyond[2000]) = (f32::MAX, f32::MIN);
    let strange = [
        Slice::new(64, 64, vec![0.0; 4096], Depth::EightBit),
        Slice::new(8, 8, (0..64).map(|i| i as f32).collect(), Depth::EightBit),
        Slice::new(300, 1, (0..300).map(|i| (i % 251) as f32).collect(), Depth::EightBit),
        Slice::new(2, 2, vec![f32::MAX, f32::MIN, 0.0, 1.0], Depth::Wide),
        Slice::new(64, 64, beyond, Depth::Wide),
        Slice::new(32, 32, (0..1024).map(|i| i as f32 * 1e34).collect(), Depth::Wide),
    ];
    let prints: Vec<_> = strange.iter().map(|slice| (0, Fingerprint::of(slice))).collect();
    let alone: Vec<usize> = (0..prints.len()).collect();
    let seen = appearances(&prints);
    assert!(seen[..5].iter().all(Option::is_none), "{seen:?}");
    assert!(links(&seen, &alone).is_empty());
    assert_eq!(groups(&seen, &alone, Grouping::default()), alone);
}

/// Scans of the data set's training side whose person is known: path, index, and the person as the
/// smallest index of its slices.
fn known(data: &Path) -> Vec<(PathBuf, u32, u32)> {
    let root = data.join("sartaj");
    let index = neighbours::read(&data.join("tumor_boxes.csv")).expect("an index");
    let table = std::fs::read_to_string(data.join("figshare_patients.csv")).expect("a table");
    let runs: Vec<(u32, u32, String)> = table
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |i: usize| fields[i].parse::<u32>().expect("a number");
            // A trailing letter is another examination of the same person.
            let person = fields[2].trim_end_matches(|c: char| c.is_ascii_alphabetic());
            (number(0), number(1), person.to_owned())
        })
        .collect();
    let mut smallest: HashMap<&str, u32> = HashMap::new();
    for (first, _, person) in &runs {
        let index = smallest.entry(person).or_insert(*first);
        *index = (*index).min(*first);
    }
    let set = mrimaster::dataset::folder::read(&root).expect("a data set");
    set.training
        .iter()
        .filter_map(|scan| {
            let index = index.of(scan.path.strip_prefix(&root).expect("inside"))?;
            let run = runs.iter().find(|run| (run.0..=run.1).contains(&index))?;
            Some((scan.path.clone(), index, smallest[run.2.as_str()]))
        })
        .collect()
}

/// Persons of the half on which nothing was chosen, as [`known`] names them; see docs/PERSONS.md.
const REPORTED: &str = include_str!("reference/persons/reported.txt");

#[test]
#[ignore = "needs the data set; cargo test --release --test persons -- --ignored --nocapture"]
fn links_between_real_scans_are_as_precise_and_as_many_as_stated() {
    let data = std::env::var_os("MRIMASTER_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let known = known(&data);
    assert!(known.len() > 2000, "{}: {} scans with a person", data.display(), known.len());
    let prints: Vec<Fingerprint> = known
        .par_iter()
        .map(|(path, ..)| Fingerprint::of(&imaging::open(path).expect("it opens").slices[0]))
        .collect();
    let seen: Vec<_> = prints.iter().map(Fingerprint::appearance).collect();
    // The audit's groups, and what the index says is one slice.
    let mut first: HashMap<u32, usize> = HashMap::new();
    let same_slice: Vec<Option<usize>> = known
        .iter()
        .enumerate()
        .map(|(i, (_, index, _))| Some(*first.entry(*index).or_insert(i)))
        .collect();
    let duplicates = mrimaster::dataset::split::join_groups(&audit::groups(&prints), &same_slice);

    let reported: BTreeSet<u32> =
        REPORTED.lines().map(|line| line.parse().expect("an index")).collect();
    let asked: BTreeSet<usize> = (0..known.len())
        .filter(|&i| duplicates[i] == i && reported.contains(&known[i].2))
        .collect();
    let links = links(&seen, &duplicates);
    let of_half: Vec<_> = links
        .iter()
        .filter(|link| asked.contains(&link.first) || asked.contains(&link.second))
        .collect();
    let measure = |from: f32| {
        let links: Vec<_> = of_half.iter().filter(|link| link.probability >= from).collect();
        let correct =
            links.iter().filter(|link| known[link.first].2 == known[link.second].2).count();
        let covered: BTreeSet<usize> =
            links.iter().flat_map(|link| [link.first, link.second]).collect();
        let covered = covered.intersection(&asked).count();
        let result = (correct as f64 / links.len() as f64, covered as f64 / asked.len() as f64);
        println!(
            "from {from}: {} links of {} scans, precision {:.4}, coverage {:.4}",
            links.len(),
            asked.len(),
            result.0,
            result.1
        );
        result
    };
    for (from, precision, coverage) in [(LINKED, 0.98, 0.95), (0.9, 0.99, 0.93), (0.95, 0.99, 0.88)]
    {
        let measured = measure(from);
        assert!(measured.0 >= precision && measured.1 >= coverage, "{from}: {measured:?}");
    }

    let grouped = groups(&seen, &duplicates, Grouping::default());
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for (scan, &group) in grouped.iter().enumerate() {
        *sizes.entry(group).or_default() += usize::from(duplicates[scan] == scan);
    }
    let largest = sizes.values().copied().max().unwrap_or(0);
    println!("{} groups, the largest of {largest} distinct scans", sizes.len());
    assert!(largest <= Grouping::default().limit);
}
