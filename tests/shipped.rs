//! What comes with the program is whole: weights that fit their cards, and a README that says what is true.

use std::collections::BTreeMap;
use std::path::Path;

use mrimaster::dataset::split_file::{self, Part};
use mrimaster::imaging;
use mrimaster::model::checkpoint;
use mrimaster::model::classifier::Classifier;
use mrimaster::model::prediction::{DeviceChoice, Prediction};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_shipped_checkpoint_loads_and_classifies_a_demo_scan() {
    let (found, refused) = checkpoint::list(&root().join("weights"));
    assert!(!found.is_empty() && refused.is_empty(), "{refused:?}");
    let scan = root().join("assets/demo/dicom/0012.dcm");
    let slice = &imaging::open(&scan).expect("a demo scan").slices[0];
    for info in found {
        let classifier = Classifier::from_checkpoint(&info, DeviceChoice::Cpu).expect("it loads");
        let (prediction, _) = classifier.classify(slice).expect("classified");
        assert_eq!(prediction.classes.len(), 4);
        // Without anything to explain the answer is the same, to rounding: batch norms are folded.
        let alone = classifier.predict(slice).expect("classified");
        assert_eq!(alone.predicted, prediction.predicted);
        for (alone, class) in alone.classes.iter().zip(&prediction.classes) {
            assert!((alone.logit - class.logit).abs() <= 1e-4, "{}: {class:?}", info.name());
        }
        let score = |prediction: &Prediction| prediction.ood.expect("measured").score;
        assert!((score(&alone) - score(&prediction)).abs() <= 1e-3, "{}", info.name());
        assert!(info.card.limits.contains("Not for diagnostic use"), "{}", info.name());
        assert!(info.card.metrics.contains_key("test_all_accuracy"), "{}", info.name());
    }
}

/// The splits of the shipped weights share neither a person nor a duplicate between training,
/// validation and testing.
#[test]
fn no_person_and_no_duplicate_is_on_two_sides_of_a_shipped_split() {
    let shipped = checkpoint::list(&root().join("weights")).0;
    assert!(shipped[0].card.persons.is_some(), "the first was validated by person");
    // The others say on their cards that they were not.
    for info in shipped.into_iter().filter(|info| info.card.persons.is_some()) {
        let split = info.path.with_extension("split.csv");
        let rows = split_file::read(&split).expect("a split beside the weights");
        let (mut groups, mut persons) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            if matches!(row.split, Part::DuplicateInTesting | Part::PersonInTesting) {
                continue;
            }
            let (name, path) = (info.name(), row.path.display());
            let side = *groups.entry(row.group).or_insert(row.split);
            assert_eq!(side, row.split, "{name}: the group of {path} is on two sides");
            if let Some(person) = &row.person {
                let side = *persons.entry(person.clone()).or_insert(row.split);
                assert_eq!(side, row.split, "{name}: the person of {path} is on two sides");
            }
        }
        let known = |part| rows.iter().filter(|r| r.split == part && r.person.is_some()).count();
        assert!(known(Part::Training) > 1000 && known(Part::Validation) > 300, "{}", info.name());
    }
}

#[test]
fn the_readme_gives_the_figures_of_the_cards() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a README");
    for info in checkpoint::list(&root().join("weights")).0 {
        for name in ["validation_accuracy", "test_all_accuracy", "test_no_copy_accuracy"] {
            let figure = format!("{:.1} %", info.card.metrics[name] * 100.0);
            assert!(readme.contains(&figure), "{name} of {} is {figure}", info.name());
        }
    }
    // Every picture it shows is there.
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if !link.starts_with("http") && !link.starts_with('#') {
            assert!(root().join(link).exists(), "{link} is not there");
        }
    }
}
