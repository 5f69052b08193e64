//! `duban schema`, and that what is shipped for editors is what it prints.

use crate::program::duban;
use serde_json::Value;
use std::path::{Path, PathBuf};

const KINDS: [&str; 7] = ["policy", "vocabulary", "directory", "rosters", "calendar", "config", "rule-test"];

#[test]
fn the_shipped_schemas_are_what_the_program_prints() {
    for kind in KINDS {
        let run = duban(&["schema", kind], "");
        assert_eq!(run.exit, 0, "{}", run.errors);
        let schema: Value = serde_json::from_str(&run.output).unwrap();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        let shipped = std::fs::read_to_string(format!("docs/schema/{kind}.json")).unwrap_or_default();
        assert!(shipped == run.output, "docs/schema/{kind}.json is stale: duban schema --out docs/schema");
    }
    let listed = duban(&["schema"], "");
    assert!(KINDS.iter().all(|kind| listed.output.contains(kind)), "{}", listed.output);
    let unknown = duban(&["schema", "policies"], "");
    assert_eq!((unknown.exit, unknown.output.as_str()), (2, ""));
    insta::assert_snapshot!(unknown.errors, @"错误：没有“policies”这一类文件；可以写：calendar、config、directory、policy、rosters、rule-test、vocabulary");
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            continue; // it is looked at where it is
        }
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_shipped_file_names_its_schema_in_its_first_line() {
    let mut files = vec![PathBuf::from("duban.yaml")];
    for folder in ["rules", "calendars", "docs/examples"] {
        yaml_files(Path::new(folder), &mut files);
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let named = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
        let schema = file.parent().unwrap().join(named.unwrap_or_else(|| panic!("{} names none", file.display())));
        let kind = match (file.to_str().unwrap(), file.file_stem().unwrap().to_str().unwrap()) {
            ("duban.yaml", _) => "config",
            (path, _) if path.contains("/tests/") => "rule-test",
            (path, _) if path.contains("calendars/") => "calendar",
            (_, stem @ ("vocabulary" | "directory" | "rosters")) => stem,
            _ => "policy",
        };
        let expected = std::fs::canonicalize(format!("docs/schema/{kind}.json")).unwrap();
        assert_eq!(std::fs::canonicalize(&schema).unwrap(), expected, "{}", file.display());
    }
}

#[test]
fn a_key_that_the_schema_does_not_know_the_program_refuses_too() {
    let schema: Value = serde_json::from_str(&duban(&["schema", "calendar"], "").output).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let folder = tempfile::tempdir().unwrap();
    let text =
        "calendar: zhuhai\ntimezone: Asia/Shanghai\nseason: []\nhours: [ { days: [mon], open: [\"09:00-12:00\"] } ]\n";
    std::fs::write(folder.path().join("zhuhai.yaml"), text).unwrap();
    let run = duban(&["calendar", "show", "zhuhai", "2024", "--calendars", folder.path().to_str().unwrap()], "");
    assert!(run.errors.contains("unknown-key") && run.errors.contains("seasons"), "{}", run.errors);
}
