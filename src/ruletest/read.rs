//! Reading test files: every mistake is named at its place, and what is right is kept.

mod expected;
mod given;
mod time;

use super::{Case, Expected, Given, TestFile, words};
use crate::engine::decision::Outcome;
use crate::policy::directory::Directory;
use crate::policy::files::Loaded;
use crate::policy::model::Policy;
use crate::policy::vocabulary::{Value, Vocabulary};
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::nearest::nearest;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Word};
use crate::text::yaml;
use crate::time::Instant;
use std::path::Path;
use std::sync::Arc;

/// What test files are read with.
#[derive(Debug)]
pub struct World<'a> {
    /// Those without an error.
    policies: Vec<&'a Arc<Policy>>,
    /// Whether these are all: where not, a policy that is not among them is no mistake of the test.
    is_complete: bool,
    vocabulary: &'a Vocabulary,
    /// None where there is none, and nothing can be said about recipients.
    directory: Option<&'a Directory>,
}

impl<'a> World<'a> {
    /// What was read; none where the vocabulary could not be, and nothing can be said about tests.
    pub fn of(loaded: &'a Loaded) -> Option<World<'a>> {
        let policies = loaded.read.iter().map(|(policy, _)| policy).collect();
        let directory = loaded.has_directory.then_some(&loaded.directory);
        let (is_complete, vocabulary) = (!loaded.problems.has_errors(), &*loaded.vocabulary);
        loaded.has_vocabulary.then_some(World { policies, is_complete, vocabulary, directory })
    }
}

/// What is wrong with the tests of a rules directory, if it has any.
pub fn problems(rules: &Path, world: &World<'_>) -> Problems {
    let mut problems = Problems::new();
    let folder = rules.join("tests");
    if folder.is_dir() {
        for path in yaml::files_in(&folder, &mut problems) {
            read_file(&path, world, &mut problems);
        }
    }
    problems
}

/// Reads a file of tests; none where it is not even known what it tests.
pub fn read_file(path: &Path, world: &World<'_>, problems: &mut Problems) -> Option<TestFile> {
    let root = yaml::read_file(path, problems)?;
    read(&root, &path.display().to_string(), world, problems)
}

fn read(root: &Node, path: &str, world: &World<'_>, problems: &mut Problems) -> Option<TestFile> {
    let entries = want::mapping(root, problems)?;
    let keys = Keys::of(entries, &FILE_KEYS, problems);
    let place = root.head();
    let policy = keys.required("test", place, problems).and_then(|node| policy_named(node, world, problems));
    let cases = keys.required("cases", place, problems).and_then(|node| want::list(node, problems));
    let (policy, cases) = (policy?, cases.unwrap_or_default());
    let mut reader = Reader { world, policy, problems };
    let order = keys.get("order").map(|node| reader.order(node)).unwrap_or_default();
    let cases = cases.iter().filter_map(|node| reader.case(node, &order)).collect();
    Some(TestFile { path: path.to_owned(), policy: Arc::clone(policy), cases })
}

pub(crate) const FILE_KEYS: [&str; 3] = ["test", "order", "cases"];
pub(crate) const CASE_KEYS: [&str; 7] = ["name", "order", "given", "until", "governs", "expect", "never"];

fn policy_named<'a>(node: &Node, world: &World<'a>, problems: &mut Problems) -> Option<&'a Arc<Policy>> {
    let name = want::word(node, problems)?;
    let found = world.policies.iter().find(|policy| policy.id.as_str() == name.text || policy.title == name.text);
    if found.is_none() && world.is_complete {
        let known = world.policies.iter().map(|policy| policy.id.as_str());
        problems.push(want::unknown_word(name, "unknown-policy", ("规则", "policy"), known));
    }
    found.copied()
}

/// The entries of a mapping whose keys may be Chinese.
struct Keys<'n> {
    known: Vec<(&'static str, &'n Entry)>,
    /// As they are written.
    unknown: Vec<&'n str>,
}

impl<'n> Keys<'n> {
    fn of(entries: &'n [Entry], known: &[&'static str], problems: &mut Problems) -> Keys<'n> {
        let mut keys = Keys { known: Vec::new(), unknown: Vec::new() };
        for entry in entries {
            let key = words::key(&entry.key.text);
            match known.iter().find(|known| **known == key) {
                Some(key) if keys.known.iter().any(|(seen, _)| seen == key) => problems.push(twice(entry, key)),
                Some(key) => keys.known.push((*key, entry)),
                None => {
                    problems.push(want::unknown_key(&entry.key.place, &entry.key.text, known));
                    keys.unknown.push(&entry.key.text);
                }
            }
        }
        keys
    }

    fn get(&self, key: &str) -> Option<&'n Node> {
        let found = self.known.iter().find(|(known, _)| *known == key);
        found.map(|(_, entry)| &entry.value).filter(|value| !value.is_null())
    }

    /// One that is misspelt has been told of already.
    fn required(&self, key: &'static str, place: &Place, problems: &mut Problems) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() && !self.unknown.iter().any(|unknown| nearest(unknown, [key]).is_some()) {
            problems.push(want::missing(place, key));
        }
        found
    }
}

fn twice(entry: &Entry, key: &str) -> Problem {
    let message = Text::new(format!("“{key}”写了两次"), format!("`{key}` is given twice"));
    Problem::error(&entry.key.place, "duplicate-key", message).hint(Text::new("只留一个", "keep one of them"))
}

/// Attributes that the first event carries unless it says otherwise.
type Order = Vec<(Symbol, Value)>;

/// Reads the cases of one file.
struct Reader<'a, 'p> {
    world: &'p World<'a>,
    policy: &'a Policy,
    problems: &'p mut Problems,
}

impl Reader<'_, '_> {
    fn order(&mut self, node: &Node) -> Order {
        let entries = want::mapping(node, self.problems).unwrap_or_default();
        entries.iter().filter_map(|entry| self.attribute(entry, None)).collect()
    }

    fn case(&mut self, node: &Node, order: &Order) -> Option<Case> {
        let before = self.problems.len();
        let keys = Keys::of(want::mapping(node, self.problems)?, &CASE_KEYS, self.problems);
        let place = node.head();
        let name = keys.required("name", place, self.problems);
        let name_place = name.map_or(place, |node| &node.place).clone();
        let name = name.and_then(|node| want::word(node, self.problems)).map(|word| word.text.to_owned());
        let own = keys.get("order").map(|node| self.order(node)).unwrap_or_default();
        let given = keys.required("given", &name_place, self.problems).map(|node| self.given(node));
        let given = with_order(given.unwrap_or_default(), [own, order.clone()].concat());
        let governs = keys.get("governs").and_then(|node| want::boolean(node, self.problems)).unwrap_or(true);
        let expect = keys.get("expect").map(|node| self.expected(node)).unwrap_or_default();
        let never = keys.get("never").map(|node| self.expected(node)).unwrap_or_default();
        let until = keys.get("until").and_then(|node| self.time_of(node));
        if governs && keys.get("expect").is_none() && keys.get("never").is_none() {
            self.problems.push(nothing_expected(&name_place));
        }
        let until = until.unwrap_or_else(|| until_of(&given, &[&expect[..], &never].concat()));
        let name = name?;
        (self.problems.len() == before).then_some(Case {
            name,
            place: name_place,
            given,
            until,
            governs,
            expect,
            never,
        })
    }

    /// A list of entries; one alone may stand for it.
    fn items<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        if node.sequence().is_some_and(<[Node]>::is_empty) {
            self.problems.push(empty(node));
        }
        want::one_or_more(node)
    }

    /// A rule of the policy by its id or title.
    fn rule(&mut self, word: Word<'_>) -> Option<Symbol> {
        let found = self.find_rule(word.text);
        found.or_else(|| {
            let known = self.rules().map(|(id, _)| id.as_str());
            let problem = want::unknown_word(word, "unknown-rule", ("时限或反应", "deadline or reaction"), known);
            want::report(problem, self.problems)
        })
    }

    fn find_rule(&self, word: &str) -> Option<Symbol> {
        let by_id = self.rules().find(|(id, _)| id.as_str() == word);
        by_id.or_else(|| self.rules().find(|(_, title)| *title == word)).map(|(id, _)| id)
    }

    fn rules(&self) -> impl Iterator<Item = (Symbol, &str)> {
        let deadlines = self.policy.deadlines.iter().map(|rule| (rule.id, rule.title.as_str()));
        deadlines.chain(self.policy.reactions.iter().map(|rule| (rule.id, rule.title.as_str())))
    }

    /// A recipient by its name or title.
    fn find_recipient(&self, word: &str) -> Option<Symbol> {
        let Some(directory) = self.world.directory else { return Symbol::find(word) };
        let by_name = directory.recipients.keys().find(|name| &***name == word);
        let by_title = || directory.recipients.iter().find(|(_, known)| known.title == word).map(|(name, _)| name);
        by_name.or_else(by_title).map(|name| Symbol::new(name))
    }

    fn recipient(&mut self, word: Word<'_>) -> Option<Symbol> {
        let found = self.find_recipient(word.text);
        found.or_else(|| {
            let known = self.world.directory.iter().flat_map(|known| known.recipients.keys()).map(|name| &**name);
            let problem = want::unknown_word(word, "unknown-recipient", ("通知对象", "recipient"), known);
            want::report(problem, self.problems)
        })
    }

    fn recipients(&mut self, node: &Node) -> Vec<Symbol> {
        let words = want::words(node, self.problems);
        words.into_iter().filter_map(|word| self.recipient(word)).collect()
    }
}

fn nothing_expected(place: &Place) -> Problem {
    let message = Text::new("这个用例什么也不检验", "this case expects nothing");
    let hint = Text::new("写 expect（应有）或 never（不应有）", "add `expect` or `never`");
    Problem::error(place, "nothing-expected", message).hint(hint)
}

fn empty(node: &Node) -> Problem {
    let message = Text::new("列表是空的", "the list is empty");
    let hint = Text::new("至少写一项，或删去这个键", "name at least one, or remove the key");
    Problem::error(&node.place, "empty-list", message).hint(hint)
}

/// The first event carries what is said of the order, unless it says otherwise itself.
fn with_order(mut given: Vec<Given>, order: Order) -> Vec<Given> {
    let first = given.iter_mut().map(|given| &mut given.event).min_by_key(|event| (event.at, event.arrival));
    let Some(first) = first else { return given };
    for (name, value) in order {
        if first.attribute(name).is_none() {
            first.attributes.push((name, value));
        }
    }
    given
}

/// Where no `until` is given: when all is known and all that is expected should have come.
fn until_of(given: &[Given], expected: &[Expected]) -> Instant {
    let known = given.iter().map(|given| given.event.recorded_at.max(given.event.at));
    let is_past = |outcome: Option<Outcome>| matches!(outcome, Some(Outcome::Overdue | Outcome::Late));
    let come = expected.iter().flat_map(|expected| {
        let due = expected.due.filter(|_| is_past(expected.outcome));
        [expected.at, expected.made_at, expected.stopped_at, due].into_iter().flatten()
    });
    known.chain(come).max().unwrap_or(Instant::BEGINNING)
}

#[cfg(test)]
mod tests;
