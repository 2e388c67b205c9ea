//! The audit of whole data sets: what is there, which scans are the same, where that matters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::compare::{How, Kind};
use super::fingerprint::Fingerprint;
use super::patients::KnownPersons;
use super::persons::ProbablePersons;
use super::reading::read_each;
use super::search::{Pair, join, pairs};
use crate::dataset::folder::{self, DatasetError, class_name};

/// The side of a data set that a scan is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Training,
    Testing,
}

/// A scan of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    pub path: PathBuf,
    /// `None` where the class folders lie in neither `Training` nor `Testing`.
    pub split: Option<Side>,
    /// The name of its class folder.
    pub class: String,
}

/// A scan that cannot be read.
#[derive(Clone, Debug, Serialize)]
pub struct Unreadable {
    pub path: PathBuf,
    /// One sentence.
    pub reason: String,
}

/// Two scans that were found to be the same one.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    pub first: PathBuf,
    pub second: PathBuf,
    pub kind: Kind,
    pub similarity: f32,
    pub how: How,
}

/// Scans that are all the same one.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// That of its loosest link.
    pub kind: Kind,
    /// That of its loosest link.
    pub similarity: f32,
    /// In the order of the data set.
    pub members: Vec<Member>,
    /// True where it has members of different classes.
    pub label_conflict: bool,
    /// The pairs that make it a group; of identical scans, each with the next.
    pub pairs: Vec<Link>,
}

/// A scan to test on that is also there to train on.
#[derive(Clone, Debug, Serialize)]
pub struct Leak {
    pub test: Member,
    /// The best of its twins.
    pub training: Member,
    pub kind: Kind,
    /// Of these two; `None` where they are the same scan only by way of a third.
    pub similarity: Option<f32>,
    pub how: Option<How>,
    /// That third scan: a copy of the test scan.
    pub by_way_of: Option<PathBuf>,
}

/// How many scans there are of something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count<T> {
    #[serde(flatten)]
    pub of: T,
    pub images: usize,
}

/// A class on one side of a data set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClassOf {
    pub split: Option<Side>,
    pub class: String,
}

/// Columns and rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// Scans that were read.
    pub images: usize,
    pub unreadable: Vec<Unreadable>,
    pub groups: Vec<Group>,
    pub test_images_with_training_twin: usize,
    /// Groups with members of different classes.
    pub label_conflicts: usize,
    pub leaks: Vec<Leak>,
    pub classes: Vec<Count<ClassOf>>,
    /// The commonest first.
    pub sizes: Vec<Count<Size>>,
    /// Scans that were in colour.
    pub not_grey: Vec<PathBuf>,
    /// What a table of patients says; `None` without one.
    pub known_persons: Option<KnownPersons>,
    /// Scans that probably show the same person; not duplicates.
    pub probable_persons: ProbablePersons,
    #[serde(skip)]
    pub spent: Spent,
}

/// The time that an audit took.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// Reading every scan once, and nothing else: what its threads spent on that, shared among them.
    /// Identical files are read once, and count as often as they are there.
    pub reading: Duration,
    pub all: Duration,
}

/// The scans of a data set: class folders, in `Training` and `Testing` or in neither. A folder that
/// is itself called one of these is that side.
///
/// # Errors
/// Those of [`folder::read`].
pub fn find(root: &Path) -> Result<Vec<Member>, DatasetError> {
    let dataset = folder::read(root)?;
    let side = |folder: &Path| match folder.file_name()?.to_str()?.to_lowercase().as_str() {
        "training" => Some(Side::Training),
        "testing" => Some(Side::Testing),
        _ => None,
    };
    let split = if root.join("Training").is_dir() { Some(Side::Training) } else { side(root) };
    let member = |split| {
        let folders = &dataset.folders;
        move |scan: &folder::Labelled| Member {
            path: scan.path.clone(),
            split,
            class: folders[scan.class].clone(),
        }
    };
    let training = dataset.training.iter().map(member(split));
    Ok(training.chain(dataset.testing.iter().map(member(Some(Side::Testing)))).collect())
}

/// Reads scans and finds what is wrong among them; of a scan of several slices, the middle one.
/// `progress` is called once for each scan.
pub fn audit(scans: Vec<Member>, progress: &(dyn Fn() + Sync)) -> Audit {
    let began = Instant::now();
    let paths: Vec<&Path> = scans.iter().map(|member| member.path.as_path()).collect();
    let opened = read_each(&paths, progress);
    let reading: Duration = opened.iter().map(|opened| opened.reading).sum();
    let (mut members, mut prints, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sizes, mut not_grey) = (BTreeMap::<Size, usize>::new(), Vec::new());
    for (member, opened) in scans.into_iter().zip(opened) {
        match opened.read {
            Ok(read) => {
                *sizes.entry(read.size).or_default() += 1;
                if read.coloured {
                    not_grey.push(member.path.clone());
                }
                members.push(member);
                prints.push(read.print);
            }
            Err(reason) => unreadable.push(Unreadable { path: member.path, reason }),
        }
    }
    let mut sizes: Vec<_> = sizes.into_iter().map(|(of, images)| Count { of, images }).collect();
    sizes.sort_by_key(|size| std::cmp::Reverse(size.images));
    let mut classes = BTreeMap::<ClassOf, usize>::new();
    for member in &members {
        let of = ClassOf { split: member.split, class: member.class.clone() };
        *classes.entry(of).or_default() += 1;
    }
    let found = Found::new(&members, &prints);
    let (groups, leaks) = (found.groups(), found.leaks());
    let probable_persons = ProbablePersons::find(&members, &prints, &found.root);
    Audit {
        images: members.len(),
        unreadable,
        test_images_with_training_twin: leaks.len(),
        label_conflicts: groups.iter().filter(|group| group.label_conflict).count(),
        groups,
        leaks,
        classes: classes.into_iter().map(|(of, images)| Count { of, images }).collect(),
        sizes,
        not_grey,
        known_persons: None,
        probable_persons,
        spent: Spent {
            reading: reading / u32::try_from(rayon::current_num_threads()).unwrap_or(1),
            all: began.elapsed(),
        },
    }
}

/// Scans, their fingerprints, and which are the same.
struct Found<'a> {
    members: &'a [Member],
    prints: &'a [Fingerprint],
    /// The first member of each scan's group.
    root: Vec<usize>,
    /// Indices of the members of each group of two or more.
    groups: Vec<Vec<usize>>,
    /// The pairs of each of these groups.
    pairs: Vec<Vec<Pair>>,
}

impl<'a> Found<'a> {
    fn new(members: &'a [Member], prints: &'a [Fingerprint]) -> Self {
        let found = pairs(prints);
        let root = join(prints.len(), found.iter().map(|pair| (pair.first, pair.second)));
        let mut groups: BTreeMap<usize, (Vec<usize>, Vec<_>)> = BTreeMap::new();
        for (scan, &root) in root.iter().enumerate() {
            groups.entry(root).or_default().0.push(scan);
        }
        for pair in found {
            groups.entry(root[pair.first]).or_default().1.push(pair);
        }
        let (groups, pairs) = groups.into_values().filter(|(members, _)| members.len() > 1).unzip();
        Self { members, prints, root, groups, pairs }
    }

    fn groups(&self) -> Vec<Group> {
        let group = |(members, pairs): (&Vec<usize>, &Vec<Pair>)| {
            let members: Vec<Member> = members.iter().map(|&i| self.members[i].clone()).collect();
            let classes: BTreeSet<String> =
                members.iter().map(|member| class_name(&member.class)).collect();
            let path = |i: usize| self.members[i].path.clone();
            Group {
                kind: pairs.iter().map(|pair| pair.found.kind).max().unwrap_or(Kind::Near),
                similarity: pairs.iter().map(|pair| pair.found.similarity).fold(1.0, f32::min),
                label_conflict: classes.len() > 1,
                members,
                pairs: pairs
                    .iter()
                    .map(|pair| Link {
                        first: path(pair.first),
                        second: path(pair.second),
                        kind: pair.found.kind,
                        similarity: pair.found.similarity,
                        how: pair.found.how,
                    })
                    .collect(),
            }
        };
        self.groups.iter().zip(&self.pairs).map(group).collect()
    }

    /// Every scan to test on in a group with one to train on, with the best of those.
    fn leaks(&self) -> Vec<Leak> {
        let mut leaks = Vec::new();
        for (group, pairs) in self.groups.iter().zip(&self.pairs) {
            let on =
                |side| group.iter().copied().filter(move |&i| self.members[i].split == Some(side));
            for test in on(Side::Testing) {
                let twin = on(Side::Training)
                    .map(|training| (training, self.prints[test].compare(&self.prints[training])))
                    // Those that are copies only by way of a third come last.
                    .min_by(|(_, one), (_, other)| match (one, other) {
                        (Some(a), Some(b)) => {
                            a.kind.cmp(&b.kind).then(b.similarity.total_cmp(&a.similarity))
                        }
                        _ => other.is_some().cmp(&one.is_some()),
                    });
                leaks.extend(twin.map(|(training, found)| Leak {
                    test: self.members[test].clone(),
                    training: self.members[training].clone(),
                    kind: found.map_or(Kind::Near, |found| found.kind),
                    similarity: found.map(|found| found.similarity),
                    how: found.map(|found| found.how),
                    by_way_of: match found {
                        Some(_) => None,
                        None => copy_of(test, pairs).map(|third| self.members[third].path.clone()),
                    },
                }));
            }
        }
        leaks.sort_by(|a, b| a.test.path.cmp(&b.test.path));
        leaks
    }
}

/// The scan most similar to one of those in `pairs`.
fn copy_of(scan: usize, pairs: &[Pair]) -> Option<usize> {
    let other = |pair: &Pair| match scan {
        scan if scan == pair.first => Some((pair.second, pair.found.similarity)),
        scan if scan == pair.second => Some((pair.first, pair.found.similarity)),
        _ => None,
    };
    pairs.iter().filter_map(other).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(other, _)| other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::audit::{How, Match};
    use crate::imaging::{Depth, Slice};

    #[test]
    fn a_leak_by_way_of_a_third_scan_names_it_and_no_similarity() {
        let member = |name: &str, split| Member { path: name.into(), split, class: "a".into() };
        let members = [
            member("test", Some(Side::Testing)),
            member("third", Some(Side::Testing)),
            member("training", Some(Side::Training)),
        ];
        let flat = |value| Fingerprint::of(&Slice::new(4, 4, vec![value; 16], Depth::EightBit));
        let prints = [flat(1.0), flat(2.0), flat(2.0)];
        let found = |kind, similarity| Match { kind, similarity, how: How::default() };
        let pairs = vec![
            Pair { first: 0, second: 1, found: found(Kind::Near, 0.97) },
            Pair { first: 1, second: 2, found: found(Kind::Pixels, 1.0) },
        ];
        let found = Found {
            members: &members,
            prints: &prints,
            root: vec![0; 3],
            groups: vec![vec![0, 1, 2]],
            pairs: vec![pairs],
        };
        let leaks = found.leaks();
        assert_eq!(leaks.len(), 2);
        assert_eq!((leaks[0].similarity, leaks[0].how), (None, None));
        assert_eq!(leaks[0].by_way_of.as_deref(), Some(Path::new("third")));
        assert_eq!((leaks[1].kind, leaks[1].similarity), (Kind::Pixels, Some(1.0)));
        assert_eq!(leaks[1].by_way_of, None);
    }
}
