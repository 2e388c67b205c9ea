//! `mrimaster audit`: copies, leaks, contradictory labels and probable persons of data sets, as text,
//! JSON and files.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use crate::dataset::audit::{Audit, Kind, KnownPersons, Member, SAME, Side, audit, find};
use crate::dataset::patients::PatientTables;
use crate::system::files::write_whole;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Data sets: folders of class folders, with or without Training and Testing above them
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    #[command(flatten)]
    tables: PatientTables,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
    /// Write audit.json, groups.csv, leaks.csv and persons.csv into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Audits data sets.
///
/// # Errors
/// A folder that is not a data set, and one that cannot be written to. What is wrong with scans is
/// no error but the answer.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let cannot_write = |path: &Path| {
        format!("{}: it cannot be written; make room or choose another folder", path.display())
    };
    // Now, not after the work.
    if let Some(out) = &options.out {
        std::fs::create_dir_all(out)
            .and_then(|()| tempfile::tempfile_in(out))
            .with_context(|| cannot_write(out))?;
    }
    let mut scans = Vec::new();
    for folder in &options.folders {
        scans.extend(find(folder)?);
    }
    // Paths of a table are relative to one data set.
    let (patients, _) = options.tables.read(&options.folders[0])?;
    let members = scans.clone();
    // A folder that is named twice, or lies in another, does not make its scans copies.
    let mut seen = std::collections::HashSet::new();
    scans
        .retain(|scan| seen.insert(scan.path.canonicalize().unwrap_or_else(|_| scan.path.clone())));
    let bar = ProgressBar::new(scans.len() as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30} {pos}/{len} scans  {per_sec}  {eta} left")
    {
        bar.set_style(style);
    }
    let mut found = audit(scans, &|| bar.inc(1));
    if options.tables.patients.is_some() {
        found.add_patients(members.iter(), &patients);
    }
    bar.finish_and_clear();
    let json = serde_json::to_string_pretty(&found)
        .context("the audit cannot be written as JSON; rename scans whose names are not UTF-8")?;
    if let Some(out) = &options.out {
        let write = |name: &str, bytes: &[u8]| {
            let path = out.join(name);
            write_whole(&path, bytes).with_context(|| cannot_write(&path))
        };
        write("audit.json", json.as_bytes())?;
        write("groups.csv", &groups(&found)?)?;
        write("leaks.csv", &leaks(&found)?)?;
        write("persons.csv", &persons(&found)?)?;
    }
    let text = if options.json { json + "\n" } else { text(&found) };
    std::io::stdout().write_all(text.as_bytes())?;
    let (reading, all) = (found.spent.reading.as_secs_f64(), found.spent.all.as_secs_f64());
    eprintln!(
        "{all:.1} s, {:.2} times as long as reading every scan once ({reading:.1} s)",
        all / reading
    );
    Ok(())
}

fn side(member: &Member) -> &'static str {
    side_name(member.split)
}

fn side_name(side: Option<Side>) -> &'static str {
    match side {
        Some(Side::Training) => "training",
        Some(Side::Testing) => "testing",
        None => "",
    }
}

/// Every member of every group.
fn groups(audit: &Audit) -> anyhow::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["group", "kind", "similarity", "label_conflict", "path", "split", "class"])?;
    for (number, group) in audit.groups.iter().enumerate() {
        for member in &group.members {
            csv.write_record([
                &number.to_string(),
                group.kind.name(),
                &format!("{:.4}", group.similarity),
                &group.label_conflict.to_string(),
                &member.path.to_string_lossy(),
                side(member),
                &member.class,
            ])?;
        }
    }
    Ok(csv.into_inner()?)
}

/// Every test scan with a twin in training, and that twin.
fn leaks(audit: &Audit) -> anyhow::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "test_path",
        "test_class",
        "training_path",
        "training_class",
        "kind",
        "similarity",
        "how",
        "by_way_of",
    ])?;
    for leak in &audit.leaks {
        csv.write_record([
            &*leak.test.path.to_string_lossy(),
            &leak.test.class,
            &*leak.training.path.to_string_lossy(),
            &leak.training.class,
            leak.kind.name(),
            &leak.similarity.map_or_else(String::new, |similarity| format!("{similarity:.4}")),
            &leak.how.map_or_else(String::new, |how| how.to_string()),
            &leak.by_way_of.as_deref().map_or_else(Default::default, Path::to_string_lossy),
        ])?;
    }
    Ok(csv.into_inner()?)
}

/// Every pair of scans that probably show the same person.
fn persons(audit: &Audit) -> anyhow::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["first", "second", "probability", "between_splits"])?;
    for link in &audit.probable_persons.links {
        csv.write_record([
            &*link.first.to_string_lossy(),
            &*link.second.to_string_lossy(),
            &format!("{:.4}", link.probability),
            &link.between_splits.to_string(),
        ])?;
    }
    Ok(csv.into_inner()?)
}

/// The summary, then what it is made of.
fn text(audit: &Audit) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_text(&mut text, audit);
    text
}

fn write_text(text: &mut String, audit: &Audit) -> std::fmt::Result {
    let of_kind = |kind| audit.groups.iter().filter(|group| group.kind == kind).count();
    let tests: usize = audit
        .classes
        .iter()
        .filter(|class| class.of.split == Some(Side::Testing))
        .map(|class| class.images)
        .sum();
    writeln!(text, "{:>6}  scans", audit.images)?;
    for class in &audit.classes {
        writeln!(
            text,
            "{:>6}    {:<9} {}",
            class.images,
            side_name(class.of.split),
            class.of.class
        )?;
    }
    writeln!(text, "{:>6}  groups of the same scan", audit.groups.len())?;
    for (kind, what) in [
        (Kind::File, "identical files"),
        (Kind::Pixels, "identical pixels"),
        (Kind::Near, "resized, encoded again, cropped, padded, brightened, darkened or mirrored"),
    ] {
        writeln!(text, "{:>6}    {what}", of_kind(kind))?;
    }
    writeln!(text, "{:>6}  of {tests} test scans are also in training", audit.leaks.len())?;
    writeln!(text, "{:>6}  groups with contradictory labels", audit.label_conflicts)?;
    writeln!(text, "{:>6}  scans that cannot be read", audit.unreadable.len())?;
    writeln!(text, "{:>6}  scans that are not grey", audit.not_grey.len())?;
    let sizes: Vec<String> = audit
        .sizes
        .iter()
        .take(3)
        .map(|size| format!("{}×{} ({})", size.of.width, size.of.height, size.images))
        .collect();
    writeln!(text, "{:>6}  sizes, the commonest {}", audit.sizes.len(), sizes.join(", "))?;
    writeln!(
        text,
        "\nThe same scan: detail correlates by {SAME} or more once one head is laid over the other."
    )?;

    write_known_persons(text, audit)?;
    write_persons(text, audit)?;

    section(
        text,
        "Contradictory labels",
        audit.groups.iter().filter(|group| group.label_conflict).map(|group| {
            let members: Vec<String> =
                group.members.iter().map(|member| shown(&member.path)).collect();
            format!("{} {:.3}: {}", group.kind.name(), group.similarity, members.join("  =  "))
        }),
    )?;
    section(
        text,
        "Test scans that are also in training",
        audit.leaks.iter().map(|leak| {
            let pair = format!("{}  =  {}", shown(&leak.test.path), shown(&leak.training.path));
            match (leak.similarity, leak.how, &leak.by_way_of) {
                (_, _, Some(third)) => format!("{pair}  by way of {}", shown(third)),
                (Some(similarity), Some(how), _) if leak.kind == Kind::Near => {
                    format!("{pair}  {similarity:.3} ({how})")
                }
                _ => format!("{pair}  identical {}", leak.kind.name()),
            }
        }),
    )?;
    let alike = audit.groups.iter().filter(|group| group.kind == Kind::Near);
    section(
        text,
        "The same scan, changed",
        alike.flat_map(|group| &group.pairs).filter(|pair| pair.kind == Kind::Near).map(|pair| {
            format!(
                "{}  =  {}  {:.3} ({})",
                shown(&pair.first),
                shown(&pair.second),
                pair.similarity,
                pair.how
            )
        }),
    )?;
    section(
        text,
        "Not readable",
        audit.unreadable.iter().map(|scan| scan.reason.replace(char::is_control, "?")),
    )?;
    section(text, "Not grey", audit.not_grey.iter().map(|path| shown(path)))
}

/// What a table of patients says.
fn write_known_persons(text: &mut String, audit: &Audit) -> std::fmt::Result {
    let Some(known) = &audit.known_persons else { return Ok(()) };
    let KnownPersons { images, persons, persons_between_splits, .. } = known;
    let tests = &known.test_images_with_training_person;
    writeln!(text, "\nPersons, by the table of patients")?;
    writeln!(text, "{images:>6}  of {} scans show {persons} known persons", audit.images)?;
    writeln!(text, "{persons_between_splits:>6}  persons are in training and in testing")?;
    writeln!(
        text,
        "{:>6}  test scans show a person in training; {} of them have no duplicate there",
        tests.len(),
        known.of_these_without_duplicate
    )?;
    writeln!(
        text,
        "{:>6}  training scans show a person in testing",
        known.training_images_of_these
    )?;
    section(text, "Test scans of a person in training", tests.iter().map(|path| shown(path)))
}

/// What the audit found of persons, apart from duplicates.
fn write_persons(text: &mut String, audit: &Audit) -> std::fmt::Result {
    let persons = &audit.probable_persons;
    writeln!(text, "\nProbably the same person (estimated from pixels; not duplicates)")?;
    writeln!(
        text,
        "{:>6}  of {} distinct scans are linked to another, from a probability of {} on",
        persons.linked_images, persons.images, persons.linked_from
    )?;
    writeln!(
        text,
        "{:>6}  links, {} of them between training and testing",
        persons.links.len(),
        persons.links_between_splits
    )?;
    writeln!(
        text,
        "{:>6}  test scans are linked to a training scan",
        persons.test_images_with_training_person
    )?;
    let largest = persons.groups.iter().map(|group| group.members.len()).max().unwrap_or(0);
    writeln!(
        text,
        "{:>6}  groups for a split, with duplicates; the largest has {largest} scans; {} are on both sides",
        persons.groups.len(),
        persons.groups.iter().filter(|group| group.between_splits).count()
    )?;
    section(
        text,
        "Probably the same person in training and testing",
        persons.links.iter().filter(|link| link.between_splits).map(|link| {
            format!("{}  ~  {}  {:.3}", shown(&link.first), shown(&link.second), link.probability)
        }),
    )
}

/// A heading and its lines, where there are any.
fn section(
    text: &mut String,
    heading: &str,
    lines: impl Iterator<Item = String>,
) -> std::fmt::Result {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        writeln!(text, "\n{heading}")?;
    }
    lines.try_for_each(|line| writeln!(text, "  {line}"))
}

/// A name may hold line ends or a terminal's commands.
fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "?")
}
