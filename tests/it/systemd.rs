//! The unit as systemd reads it.

use std::process::Command;

/// The unit with a program that is there, and only where systemd is.
fn unit() -> Option<(tempfile::TempDir, String)> {
    Command::new("systemd-analyze").arg("--version").output().ok()?;
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/duban.service")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.service");
    std::fs::write(&path, text.replace("/usr/bin/duban", env!("CARGO_BIN_EXE_duban"))).unwrap();
    let path = path.to_str().unwrap().to_owned();
    Some((folder, path))
}

/// What systemd says of the unit; nothing where there is no systemd.
#[track_caller]
fn analyze(arguments: &[&str]) -> String {
    let Some((_folder, unit)) = unit() else {
        eprintln!("ignored: there is no systemd-analyze here");
        return String::new();
    };
    let output = Command::new("systemd-analyze").args(arguments).arg(&unit).output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).join("\n");
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn the_unit_is_understood() {
    let said = analyze(&["verify"]);
    assert!(!said.contains("duban.service"), "{said}");
}

#[test]
fn the_unit_exposes_no_more_than_1_5() {
    analyze(&["security", "--offline=true", "--threshold=15"]);
}
