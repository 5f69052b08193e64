//! The rules directory as a whole: which files are what, and which policy builds on which.
//!
//! Every file is read to its end whatever is wrong with another. A rule set exists only if no file has an error.

use crate::calendar::read::Calendars;
use crate::policy::directory::read::{self as directory, Channels};
use crate::policy::directory::{Directory, OnDuty};
use crate::policy::model::{Policy, RuleSet};
use crate::policy::read::places::Places;
use crate::policy::read::{Reader, inherit, vocabulary};
use crate::policy::roster::read as roster;
use crate::policy::vocabulary::Vocabulary;
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::nearest::nearest;
use crate::text::place::{Place, Source};
use crate::text::problem::{Problem, Problems, Severity};
use crate::text::tree::Node;
use crate::text::want::{self, Word};
use crate::text::yaml;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the files hold.
#[derive(Debug)]
pub struct Loaded {
    /// The rules; none if any file has an error.
    pub rules: Option<RuleSet>,
    /// The words, as far as they could be read.
    pub vocabulary: Arc<Vocabulary>,
    /// Whether the vocabulary could be read at all; without it nothing is said of words.
    pub has_vocabulary: bool,
    /// Who is told, as far as it could be read.
    pub directory: Directory,
    /// Where the directory's names stand.
    pub directory_places: directory::Places,
    /// Where the rosters' names stand.
    pub roster_places: roster::Places,
    /// Whether there is a directory that could be read at all.
    pub has_directory: bool,
    /// The calendars, as far as they could be read.
    pub calendars: Arc<Calendars>,
    /// The ids of all policies, abstract ones and those with an error included.
    pub ids: BTreeSet<String>,
    /// Everything that is wrong; what only matters in the long run is found by [`judge`](crate::policy::judge).
    pub problems: Problems,
    /// Every policy without an error, abstract ones left out, and where its parts stand.
    pub(crate) read: Vec<(Arc<Policy>, Places)>,
    /// The rules that say nothing of what they rest on, those of policies with an error elsewhere included.
    pub(crate) unfounded: Vec<Place>,
    /// What the files say, for comparing two versions of them.
    pub(crate) said: Said,
}

/// What the files say, as trees.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The vocabulary.
    pub(crate) vocabulary: Option<Node>,
    /// The directory.
    pub(crate) directory: Option<Node>,
    /// The policies that govern orders, by id, each with what it builds on laid under it.
    pub(crate) policies: Vec<(String, Node)>,
}

const DIRECTORY: &str = "directory.yaml";

const ROSTERS: &str = "rosters.yaml";

/// The files that are read before the policies.
const READ_BEFORE: [&str; 3] = ["vocabulary.yaml", DIRECTORY, ROSTERS];

/// A policy as its file gives it.
struct Written {
    id: String,
    root: Node,
}

/// Reads the rules and the calendars. `channels`: those of the configuration, if one is at hand.
pub(crate) fn load(rules: &Path, calendars: &Path, channels: &Channels) -> Loaded {
    let mut problems = Problems::new();
    let version = Version::of_calendars(calendars);
    let calendars = Arc::new(crate::calendar::read::load(calendars, &mut problems));
    load_over(rules, calendars, version, channels, problems)
}

/// Reads the rules over calendars that have been read.
pub(crate) fn load_over(
    rules: &Path,
    calendars: Arc<Calendars>,
    version: Version,
    channels: &Channels,
    mut problems: Problems,
) -> Loaded {
    let file = rules.join("vocabulary.yaml");
    let words = required(&file, rules, &mut problems);
    let has_vocabulary = words.as_ref().is_some_and(|root| root.mapping().is_some());
    let (vocabulary, in_terms) = words
        .as_ref()
        .map_or_else(|| (Vocabulary::built_in(), Vec::new()), |root| vocabulary::read(root, &mut problems));
    let listed = file_of(rules, DIRECTORY, &mut problems);
    let rota = file_of(rules, ROSTERS, &mut problems);
    let (rosters, roster_places) =
        rota.as_ref().map_or_else(Default::default, |root| roster::read(root, &calendars, &mut problems));
    let mut people = listed
        .as_ref()
        .map(|root| directory::read(root, has_vocabulary.then_some(&vocabulary), channels, &mut problems));
    if let Some((directory, places)) = &mut people {
        directory.rosters = rosters;
        if rota.is_some() {
            unknown_rosters(directory, places, &roster_places, &mut problems);
        }
    }
    let written = policies(rules, &mut problems);
    if !has_vocabulary && (people.is_some() || !written.is_empty()) {
        problems.push(unchecked(&file));
    }
    let recipients =
        people.as_ref().map(|(directory, _)| directory.recipients.keys().map(ToString::to_string).collect());
    let world = World { vocabulary: &vocabulary, has_vocabulary, recipients, calendars: &calendars };
    let Read { policies: read, unfounded, laid_out } = world.read(&written, &mut problems);
    deadlines_of_terms(&in_terms, &written, &mut problems);
    if rules.is_dir()
        && !rules.join(DIRECTORY).exists()
        && let Some(problem) = no_directory(&rules.join(DIRECTORY), &read)
    {
        problems.push(problem);
    }
    let ids = written.iter().map(|policy| policy.id.clone()).collect();
    let roots = words.iter().chain(written.iter().map(|policy| &policy.root));
    let version = version.with(roots.map(|root| &root.place.source));
    let policies = read.iter().map(|(policy, _)| Arc::clone(policy)).collect();
    let vocabulary = Arc::new(vocabulary);
    let rules = RuleSet { version: version.into(), vocabulary: Arc::clone(&vocabulary), policies };
    let rules = (!problems.has_errors()).then_some(rules);
    let has_directory = people.is_some();
    let (directory, directory_places) = people.unwrap_or_default();
    Loaded {
        rules,
        vocabulary,
        has_vocabulary,
        directory,
        directory_places,
        roster_places,
        has_directory,
        calendars,
        ids,
        problems,
        read,
        unfounded,
        said: Said { vocabulary: words, directory: listed, policies: laid_out },
    }
}

/// The rosters that recipients name and that the file does not have. That is a warning: a directory may be shared with
/// those who have more of them.
fn unknown_rosters(directory: &Directory, at: &directory::Places, known: &roster::Places, problems: &mut Problems) {
    for (name, recipient) in &directory.recipients {
        let mut of_recipient = recipient.roster.iter().flat_map(OnDuty::rosters);
        let unknown = of_recipient.find(|roster| !known.rosters.contains_key(*roster));
        if let Some((roster, place)) = unknown.zip(at.recipients.get(name)) {
            problems.push(unknown_roster(Word { text: roster, place }, known.rosters.keys().map(|name| &**name)));
        }
    }
}

/// The problem of a roster that is not there: whoever is told by it is told by nobody.
pub(crate) fn unknown_roster<'k>(word: Word<'_>, known: impl IntoIterator<Item = &'k str>) -> Problem {
    let problem = want::unknown_word(word, "unknown-roster", ("轮值表（rosters.yaml）", "roster"), known);
    Problem { severity: Severity::Warning, ..problem }
}

/// A file of people, if it is there; one that cannot be read has been reported and knows nobody.
fn file_of(rules: &Path, name: &str, problems: &mut Problems) -> Option<Node> {
    let file = rules.join(name);
    if file.exists() { yaml::read_file(&file, problems) } else { None }
}

impl Loaded {
    /// How many policies govern orders: those without an error, abstract ones left out.
    pub fn policies(&self) -> usize {
        self.read.len()
    }
}

/// A file without which nothing can be said about the others.
fn required(file: &Path, folder: &Path, problems: &mut Problems) -> Option<Node> {
    if !folder.is_dir() {
        return None; // said when its policies are looked for
    }
    if !file.exists() {
        let place = Place::whole(&Source::new(file.display().to_string(), ""));
        let message = Text::new("缺少词汇表 vocabulary.yaml", "the vocabulary, vocabulary.yaml, is missing");
        let hint = Text::new(
            "在规则目录里新建 vocabulary.yaml，声明属性、事件和条件名；可以是空文件",
            "create vocabulary.yaml in the rules directory with attributes, events and terms; it may be empty",
        );
        problems.push(Problem::error(&place, "missing-file", message).hint(hint));
        return None;
    }
    let root = yaml::read_file(file, problems)?;
    let empty = Node { place: root.place.clone(), kind: crate::text::tree::Kind::Mapping(Vec::new()) };
    Some(if root.is_null() { empty } else { root })
}

fn unchecked(vocabulary: &Path) -> Problem {
    let place = Place::whole(&Source::new(vocabulary.display().to_string(), ""));
    let message = Text::new(
        "词汇表读不出来：规则和通讯录里的事件类型、属性和条件名这次没有检查",
        "the vocabulary could not be read: event types, attributes and terms were not checked",
    );
    let hint = Text::new("先改好词汇表，再检查一遍", "mend the vocabulary and check again");
    Problem::warning(&place, "not-checked", message).hint(hint)
}

fn no_directory(file: &Path, read: &[(Arc<Policy>, Places)]) -> Option<Problem> {
    let (name, at) = read.iter().flat_map(|(_, places)| &places.recipients).next()?;
    let place = Place::whole(&Source::new(file.display().to_string(), ""));
    let message = Text::new(
        format!("缺少通讯录 directory.yaml，不知道“{name}”是谁"),
        format!("directory.yaml is missing: nobody knows who `{name}` is"),
    );
    let hint = Text::new(
        "在规则目录里新建 directory.yaml，在 recipients 下登记通知对象",
        "create directory.yaml in the rules directory and list the recipients",
    );
    let label = Text::new("规则在这里用到它", "named here");
    Some(Problem::error(&place, "missing-file", message).hint(hint).related(at, label))
}

/// The policies of the directory, by file name; of two with one id the first.
fn policies(folder: &Path, problems: &mut Problems) -> Vec<Written> {
    let mut found: Vec<Written> = Vec::new();
    for path in yaml::files_in(folder, problems) {
        let name = file_name(&path);
        if READ_BEFORE.contains(&name.as_str()) {
            continue;
        }
        let Some(root) = yaml::read_file(&path, problems) else { continue };
        if let Some(policy) = written(root, problems) {
            let twice = found.iter().find(|other| other.id == policy.id).map(|first| defined_twice(&policy, first));
            match twice {
                Some(problem) => problems.push(problem),
                None => found.push(policy),
            }
        }
    }
    found
}

/// A file with `policy:`. One without is none of ours, unless it looks as if the key had been forgotten or misspelt: then
/// it is read under its own name, and reading it says what is wrong with the key.
fn written(root: Node, problems: &mut Problems) -> Option<Written> {
    let id = root.get("policy").and_then(Node::scalar).map(|scalar| scalar.text.clone());
    if id.is_some() || root.mapping().unwrap_or_default().iter().any(|entry| is_of_policies(&entry.key.text)) {
        return Some(Written { id: id.unwrap_or_else(|| root.place.source.path.clone()), root });
    }
    let message = Text::new("这个文件没有 policy，不作为规则读取", "the file has no `policy` and is not read as one");
    let hint = Text::new("在文件开头写“policy: 规则的编号”", "begin the file with `policy: ID`");
    problems.push(Problem::warning(root.head(), "no-policy", message).hint(hint));
    None
}

/// Whether a key shows that a policy was meant.
fn is_of_policies(key: &str) -> bool {
    let keys = ["policy", "deadlines", "reactions", "applies", "effective", "ladders", "abstract"];
    keys.contains(&key) || nearest(key, ["policy"]).is_some()
}

fn defined_twice(policy: &Written, first: &Written) -> Problem {
    let place = |written: &Written| written.root.get("policy").map_or(&written.root.place, |id| &id.place).clone();
    let message =
        Text::new(format!("规则编号“{}”用了两次", policy.id), format!("two policies have the id `{}`", policy.id));
    let hint = Text::new("给其中一份换个编号", "give one of them another id");
    let label = Text::new("另一份在这里", "the other one");
    Problem::error(&place(policy), "duplicate-policy", message).hint(hint).related(&place(first), label)
}

/// What policies are read with.
struct World<'a> {
    vocabulary: &'a Vocabulary,
    has_vocabulary: bool,
    recipients: Option<BTreeSet<String>>,
    calendars: &'a Calendars,
}

/// What the policies hold.
#[derive(Default)]
struct Read {
    policies: Vec<(Arc<Policy>, Places)>,
    unfounded: Vec<Place>,
    laid_out: Vec<(String, Node)>,
}

impl World<'_> {
    fn read(&self, written: &[Written], problems: &mut Problems) -> Read {
        let mut read = Read::default();
        for policy in written {
            self.read_one(policy, written, &mut read, problems);
        }
        read
    }

    fn read_one(&self, policy: &Written, written: &[Written], found: &mut Read, problems: &mut Problems) {
        let chain = ancestry(policy, written, problems);
        let bases: Vec<Symbol> = chain.iter().skip(1).map(|base| Symbol::new(&base.id)).collect();
        let tree = laid_out(&chain);
        let is_abstract = policy.root.get("abstract").filter(|node| !node.is_null());
        let is_abstract = is_abstract.and_then(|node| want::boolean(node, problems)).unwrap_or(false);
        let mut own = Problems::new();
        let mut reader = Reader::new(self.vocabulary, self.recipients.as_ref(), &mut own);
        reader.knows_words = self.has_vocabulary;
        let read = reader.policy(&tree, &bases, self.calendars);
        let mut places = std::mem::take(&mut reader.places);
        for problem in own.iter() {
            if !(is_abstract && is_for_heirs(problem)) {
                problems.push(problem.clone());
            }
        }
        if is_abstract {
            return;
        }
        found.unfounded.append(&mut places.unfounded);
        found.laid_out.push((policy.id.clone(), tree));
        found.policies.extend(read.filter(|_| !own.has_errors()).map(|policy| (Arc::new(policy), places)));
    }
}

/// Terms may ask after the deadlines of whichever policy uses them: one of them must have it.
fn deadlines_of_terms(named: &[(String, Place)], written: &[Written], problems: &mut Problems) {
    let trees = written.iter().map(|policy| laid_out(&ancestry(policy, written, &mut Problems::new())));
    let known: BTreeSet<String> = trees.flat_map(|tree| deadline_ids(&tree)).collect();
    for (name, place) in named.iter().filter(|(name, _)| !known.contains(name)) {
        let (word, known) = (Word { text: name, place }, known.iter().map(String::as_str));
        problems.push(want::unknown_word(word, "unknown-deadline", ("时限（deadlines）", "deadline"), known));
    }
}

fn deadline_ids(tree: &Node) -> Vec<String> {
    let deadlines = tree.get("deadlines").and_then(Node::mapping).unwrap_or_default();
    deadlines.iter().map(|entry| entry.key.text.clone()).collect()
}

/// Whether a problem of an abstract policy is left to those that build on it.
fn is_for_heirs(problem: &Problem) -> bool {
    matches!(problem.code, "missing-field" | "no-due" | "unknown-deadline" | "unknown-ladder")
}

/// A policy and those on which it builds, nearest first, as far as they are known.
fn ancestry<'w>(policy: &'w Written, written: &'w [Written], problems: &mut Problems) -> Vec<&'w Written> {
    let mut chain = vec![policy];
    while let Some(extends) = chain[chain.len() - 1].root.get("extends").filter(|node| !node.is_null()) {
        let Some(word) = want::word(extends, problems) else { break };
        match written.iter().find(|other| other.id == word.text) {
            None => {
                let known = written.iter().map(|other| other.id.as_str());
                problems.push(want::unknown_word(word, "unknown-policy", ("规则", "policy"), known));
                break;
            }
            Some(base) if chain.iter().any(|seen| seen.id == base.id) => {
                problems.push(circle(word));
                break;
            }
            Some(base) => chain.push(base),
        }
    }
    chain
}

fn circle(word: Word<'_>) -> Problem {
    let message = Text::new(
        format!("规则的继承绕成了圈，又回到“{}”", word.text),
        format!("policies extend each other in a circle, back to `{}`", word.text),
    );
    Problem::error(word.place, "circle", message).hint(Text::new("去掉其中一个 extends", "remove one of the `extends`"))
}

fn laid_out(chain: &[&Written]) -> Node {
    let mut policies = chain.iter().rev().map(|written| &written.root);
    let first = policies.next().expect("a policy stands first in its own ancestry").clone();
    policies.fold(first, |base, own| inherit::lay_over(&base, own))
}

/// A short hash of all that decides: the policies, the vocabulary and the calendars. It changes whenever one of them does.
#[derive(Clone)]
pub(crate) struct Version(BTreeMap<(&'static str, String), Vec<u8>>);

impl Version {
    pub(crate) fn of_calendars(folder: &Path) -> Version {
        let files = yaml::files_in(folder, &mut Problems::new());
        let bytes = |path: &PathBuf| std::fs::read(path).unwrap_or_default();
        Version(files.iter().map(|path| (("calendars", file_name(path)), bytes(path))).collect())
    }

    fn with<'s>(mut self, rules: impl Iterator<Item = &'s Arc<Source>>) -> String {
        let named = |source: &Source| (("rules", file_name(Path::new(&source.path))), source.text.clone().into_bytes());
        self.0.extend(rules.map(|source| named(source)));
        let mut hash = Sha256::new();
        for ((folder, name), bytes) in &self.0 {
            hash.update(format!("{folder}/{name}\n{}\n", bytes.len()));
            hash.update(bytes);
        }
        hex::encode(&hash.finalize()[..6])
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
