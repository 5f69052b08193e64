//! What the documents promise holds: links lead somewhere, YAML is taken by `duban check`, commands and flags exist.

use duban::config::Config;
use duban::config::channels::ChannelKind;
use duban::config::sources::SourceKind;
use duban::text::codes::CODES;
use duban::text::problem::Problems;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A fenced block of a document: what stands after the fence, and the text.
struct Block {
    place: String,
    info: String,
    text: String,
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let mut dead = Vec::new();
    for document in documents() {
        let text = read(&document);
        let links = links(&text);
        let broken = links.iter().filter(|link| !leads_somewhere(&document, link));
        dead.extend(broken.map(|link| format!("{}: {link}", document.display())));
    }
    assert!(dead.is_empty(), "dead links: {dead:#?}");
}

#[test]
fn rules_and_calendars_in_the_documents_are_taken_by_check() {
    let folder = copy_of_rules();
    let files =
        blocks("yaml").into_iter().filter_map(|block| Some((block.info.split_once(' ')?.1.to_owned(), block.text)));
    let files: Vec<_> = files.collect();
    assert!(!files.is_empty(), "no block names the file that it shows");
    for (name, text) in &files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let output = check(folder.path(), &[]);
    assert!(output.status.success(), "{}", shown(&output));
}

#[test]
fn every_kind_of_problem_is_explained_in_the_documents_as_the_program_explains_it() {
    let page = read(&root().join("docs/check.zh.md"));
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("- ")).collect();
    let known: Vec<String> = CODES.iter().map(|known| format!("- `{}`：{}", known.code, known.meaning().zh)).collect();
    for (listed, known) in listed.iter().zip(&known) {
        assert_eq!(listed, known);
    }
    assert_eq!(listed.len(), known.len(), "kinds of problems");
}

#[test]
fn every_yaml_block_in_the_documents_is_yaml() {
    for block in blocks("yaml") {
        let parsed: Result<serde_json::Value, _> = serde_yaml::from_str(&block.text);
        assert!(parsed.is_ok(), "{}: {}", block.place, parsed.unwrap_err());
    }
}

#[test]
fn every_json_block_in_the_documents_is_json_lines() {
    let lines = blocks("json").into_iter().flat_map(|block| {
        let lines: Vec<_> = block.text.lines().map(|line| (block.place.clone(), line.to_owned())).collect();
        lines
    });
    for (place, line) in lines {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(&line);
        assert!(parsed.is_ok(), "{place}: {line}: {}", parsed.unwrap_err());
    }
}

#[test]
fn commands_and_flags_in_the_documents_exist() {
    let mut missing = Vec::new();
    for block in blocks("sh") {
        for line in block.text.lines() {
            let line = line.split(" #").next().unwrap_or_default();
            for words in line.split('|').filter_map(|part| part.trim().strip_prefix("duban ")) {
                missing.extend(unknown_words(words).map(|word| format!("{}: {word} in `duban {words}`", block.place)));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn metrics_in_the_documents_exist() {
    // Families show nothing before they counted something, so the names are looked up where they are registered.
    let source = read(&root().join("src/metrics.rs"));
    let text = read(&root().join("docs/operations.md"));
    let names =
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter_map(|word| word.strip_prefix("duban_"));
    let unknown: Vec<_> = names
        .map(|name| name.trim_end_matches("_total"))
        .filter(|name| !source.contains(&format!("register(\"{name}\"")))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_configuration_in_the_channels_page_is_taken_by_check() {
    let mut kinds = BTreeSet::new();
    let configs = checked_blocks("docs/channels.md");
    for config in &configs {
        kinds.extend(config.channels.iter().map(|channel| match channel.kind {
            ChannelKind::Email(_) => "email",
            ChannelKind::Sms(_) => "sms",
            ChannelKind::YuezhengyiApp(_) => "application",
            ChannelKind::YuezhengyiRobot(_) => "robot",
            ChannelKind::Webhook(_) => "webhook",
            ChannelKind::Console => "console",
        }));
    }
    assert_eq!(Vec::from_iter(kinds), ["application", "console", "email", "robot", "sms", "webhook"]);
    assert!(configs.len() >= 9, "{}", configs.len());
}

#[test]
fn every_configuration_in_the_sources_page_is_taken_by_check() {
    let mut kinds = BTreeSet::new();
    for config in checked_blocks("docs/sources.md") {
        kinds.extend(config.sources.iter().map(|source| match &source.kind {
            SourceKind::Folder(_) => "folder",
            SourceKind::Sql(sql) => sql.database.title(),
        }));
    }
    assert_eq!(Vec::from_iter(kinds), ["MySQL", "folder"]);
}

/// The configurations of a page, each pasted into a folder that has the shipped rules and the files that it names, and
/// found without an error there by `duban check`.
fn checked_blocks(page: &str) -> Vec<Config> {
    let folder = copy_of_rules();
    let certificate = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap().cert.pem();
    let blocks = blocks_of(&root().join(page)).into_iter().filter(|block| block.info == "yaml");
    let checked = blocks.map(|Block { place, text, .. }| {
        for (key, content) in [("file: ", "https://robot.example/send?key=1"), ("ca_file: ", &certificate)] {
            for rest in text.split(key).skip(1) {
                let name = rest.split([' ', '\n', '}', ',']).next().unwrap();
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
        }
        let path = folder.path().join("duban.yaml");
        fs::write(&path, text).unwrap();
        let output = duban(&["check", "--config", path.to_str().unwrap()]);
        assert!(output.status.success(), "{place}: {}", shown(&output));
        Config::read(&path, &mut Problems::new()).unwrap()
    });
    checked.collect()
}

#[test]
fn shipped_rules_and_configuration_have_neither_error_nor_warning() {
    let output = check(&root(), &["--strict", "--at", "2026-01-05T09:00:00+08:00"]);
    assert!(output.status.success(), "{}", shown(&output));
}

// ── documents ──

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let named = ["README.md", "CHANGELOG.md", "rules/templates/README.md"];
    let mut documents: Vec<_> = named.iter().map(|name| root().join(name)).collect();
    documents.extend(files_in(&root().join("docs")).filter(|path| path.extension().is_some_and(|end| end == "md")));
    documents
}

fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fenced blocks of one language in all documents.
fn blocks(language: &str) -> Vec<Block> {
    documents()
        .iter()
        .flat_map(|path| blocks_of(path))
        .filter(|block| block.info.split(' ').next() == Some(language))
        .collect()
}

fn blocks_of(path: &Path) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in read(path).lines().enumerate() {
        // A fence inside a list is indented with it.
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let place = format!("{}:{}", path.file_name().unwrap().display(), number + 1);
                open = Some(Block { place, info: info.trim().to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{}: a block does not end", path.display());
    blocks
}

// ── links ──

/// The targets of `[text](target)` outside blocks.
fn links(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2);
    let after = prose.flat_map(|part| part.split("](").skip(1));
    after.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

fn leads_somewhere(document: &Path, link: &str) -> bool {
    if link.starts_with("https://") || link.starts_with("http://") {
        return true;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { document.to_owned() } else { document.parent().unwrap().join(path) };
    target.exists() && (anchor.is_empty() || headings(&read(&target)).iter().any(|heading| heading == anchor))
}

/// The anchors that a renderer makes of the headings: lower case, punctuation dropped, spaces as hyphens.
fn headings(text: &str) -> Vec<String> {
    let titles = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    titles.map(|title| title.to_lowercase().chars().filter_map(anchor_char).collect()).collect()
}

fn anchor_char(c: char) -> Option<char> {
    match c {
        ' ' => Some('-'),
        _ if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    }
}

// ── the program ──

fn duban(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_duban")).args(arguments).current_dir(root()).output().unwrap()
}

fn check(folder: &Path, more: &[&str]) -> Output {
    let (rules, calendars) = (folder.join("rules"), folder.join("calendars"));
    let folders = ["check", "--rules", rules.to_str().unwrap(), "--calendars", calendars.to_str().unwrap()];
    duban(&[&folders, more].concat())
}

fn shown(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn copy_of_rules() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["rules", "rules/templates", "rules/tests", "calendars"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        for file in files_in(&root().join(name)).filter(|path| path.is_file()) {
            fs::copy(&file, folder.path().join(name).join(file.file_name().unwrap())).unwrap();
        }
    }
    folder
}

/// What of a command line the program's own help does not name: the command, or one of its flags.
fn unknown_words(words: &str) -> impl Iterator<Item = String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let command = words.iter().take_while(|word| word.chars().all(|c| c.is_ascii_lowercase())).count().clamp(1, 2);
    let help = help(&words[..command]).or_else(|| help(&words[..1]));
    let unknown: Vec<String> = match help {
        None => vec![words[0].to_owned()],
        Some(help) => {
            let flags = words.iter().filter(|word| word.starts_with("--"));
            flags.filter(|flag| !help.contains(**flag)).map(ToString::to_string).collect()
        }
    };
    unknown.into_iter()
}

fn help(command: &[&str]) -> Option<String> {
    let output = duban(&[command, &["--help"]].concat());
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}
