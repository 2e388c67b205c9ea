//! Holds the layers to their order: each module imports only those above it, tch stays below the
//! state and egui above it.

use std::path::{Path, PathBuf};

/// From the files up to the faces of the program.
const LAYERS: [&str; 16] = [
    "system",
    "imaging",
    "measure",
    "dataset",
    "reliability",
    "model",
    "explain",
    "evaluate",
    "train",
    "review",
    "worker",
    "state",
    "ui",
    "app",
    "cli",
    "main",
];
const WITHOUT_TCH: [&str; 9] =
    ["system", "imaging", "measure", "dataset", "reliability", "review", "state", "ui", "app"];
const WITH_EGUI: [&str; 2] = ["ui", "app"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Each source file's layer, name and code without comments.
fn modules() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).expect("under src");
            let first = inside.components().next().expect("a name").as_os_str().to_string_lossy();
            let layer = first.trim_end_matches(".rs").to_owned();
            let code = std::fs::read_to_string(&path).expect("readable");
            let code: Vec<&str> =
                code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (layer, inside.display().to_string(), code.join("\n"))
        })
        .filter(|(layer, ..)| layer != "lib")
        .collect()
}

/// The modules that a piece of code names after `crate::`.
fn imports(code: &str) -> Vec<String> {
    let names = |rest: &str| -> Vec<String> {
        let rest = rest.trim_start();
        let list = match rest.strip_prefix('{') {
            // `use crate::{a::b, c}`: every name at the first level.
            Some(group) => {
                let (mut depth, mut text) = (0, String::new());
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        c if depth == 0 => text.push(c),
                        _ => {}
                    }
                }
                text
            }
            None => rest.to_owned(),
        };
        list.split(',')
            .take(if rest.starts_with('{') { usize::MAX } else { 1 })
            .map(|part| {
                part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
            })
            .collect()
    };
    code.split("crate::").skip(1).flat_map(names).filter(|name: &String| !name.is_empty()).collect()
}

#[test]
fn each_layer_imports_only_those_above_it() {
    let place = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let modules = modules();
    assert!(modules.len() > 20, "the sources were not found");
    for (layer, file, code) in modules {
        let own = place(&layer).unwrap_or_else(|| panic!("{file} is in no layer"));
        for import in imports(&code) {
            // Macros and items at the root have no place in the order.
            let Some(other) = place(&import) else { continue };
            assert!(other <= own, "{file} imports {import}, which lies below it");
        }
    }
}

#[test]
fn tch_and_egui_stay_where_they_belong() {
    for (layer, file, code) in modules() {
        if WITHOUT_TCH.contains(&layer.as_str()) {
            assert!(!code.contains("tch::"), "{file} uses tch");
        }
        if !WITH_EGUI.contains(&layer.as_str()) {
            assert!(!code.contains("egui::") && !code.contains("eframe::"), "{file} uses egui");
        }
    }
}

#[test]
fn the_scan_for_imports_sees_groups_and_paths() {
    let code = "use crate::{imaging::{Series, Slice}, ui};\nlet x = crate::model::card::new();";
    assert_eq!(imports(code), ["imaging", "ui", "model"]);
}
