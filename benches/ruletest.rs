//! How long `duban test` takes on the shipped packs: `cargo bench --bench ruletest`. Targets: benches/README.md.

use divan::Bencher;
use duban::policy;
use duban::policy::files::Loaded;
use duban::ruletest::TestFile;
use duban::ruletest::fired::{Fired, Share};
use duban::ruletest::judge::Judge;
use duban::ruletest::read::{World, read_file};
use duban::text::Lang;
use duban::text::problem::Problems;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn main() {
    divan::main();
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> Loaded {
    policy::load(&root().join("rules"), &root().join("calendars"), &None)
}

fn files(loaded: &Loaded) -> Vec<TestFile> {
    let world = World::of(loaded).expect("the shipped rules have no errors");
    let listed = std::fs::read_dir(root().join("rules/tests")).expect("tests");
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| read_file(path, &world, &mut Problems::new())).collect()
}

fn judged(loaded: &Loaded, files: &[TestFile]) -> Share {
    let set = loaded.rules.as_ref().expect("the shipped rules have no errors");
    let judge = Judge::new(Arc::new(set.clone()), loaded.directory.titles(), Lang::Zh);
    let mut fired = Fired::default();
    for file in files {
        let judged = judge.judge(file, &mut fired);
        assert!(judged.cases.iter().all(|case| case.failures.is_empty()));
    }
    fired.share_of(&set.policies)
}

/// All that `duban test` does: rules, calendars and tests read, every case judged.
#[divan::bench]
fn test_all_packs(bencher: Bencher) {
    bencher.bench(|| {
        let loaded = rules();
        judged(&loaded, &files(&loaded))
    });
}

#[divan::bench]
fn read_rules_and_calendars(bencher: Bencher) {
    bencher.bench(rules);
}

#[divan::bench]
fn judge_all_packs(bencher: Bencher) {
    let loaded = rules();
    let files = files(&loaded);
    bencher.bench(|| judged(&loaded, &files));
}
