//! What an edit changes: policies, rules, words and calendars, from one state of the files to another.
//!
//! Compared is what the files say, not how: order of keys, comments and quotes change nothing, and a policy is taken with
//! what it builds on laid under it, so that an edit of a base shows at whatever builds on it. Of the directory only the
//! places are told, never who stands there.

mod days;
pub mod say;

use crate::policy::files::{Loaded, Said};
use crate::text::tree::{Entry, Kind, Node};
use serde::Serialize;
use std::collections::BTreeSet;

/// What an edit changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Changes {
    /// Policies that govern orders, abstract ones left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyChange>,
    /// Keys of the vocabulary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vocabulary: Vec<KeyChange>,
    /// Calendars; those that change alike are told together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<CalendarChange>,
    /// Keys of the directory, without what stands there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directory: Vec<String>,
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

/// A policy that an edit changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyChange {
    /// What became of it.
    pub what: What,
    /// Its id.
    pub id: String,
    /// What people read.
    pub title: String,
    /// The policy on which one that came builds: its keys and rules are compared with that one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Its own keys, rules left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyChange>,
    /// Its deadlines and reactions; none where all of it came or went, and builds on nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleChange>,
}

/// A deadline or reaction that an edit changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleChange {
    /// What became of it.
    pub what: What,
    /// Its id.
    pub id: String,
    /// Its id before, where the edit renames it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What people read.
    pub title: String,
    /// Which of its keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyChange>,
}

/// A key that says something else: `extends.times`, `within[2].is`. Without both texts it is a ladder with a name that the rule uses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyChange {
    /// The key, with those above it.
    pub key: String,
    /// What stood there; none: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What stands there now; none: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Calendars that an edit changes alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalendarChange {
    /// What became of them.
    pub what: What,
    /// Their names.
    pub calendars: Vec<String>,
    /// Hours, seasons, cover and the like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyChange>,
    /// Single dates, ascending, `2026-10-10`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<KeyChange>,
}

/// What changed from one state of the files to another.
pub fn changes(old: &Loaded, new: &Loaded) -> Changes {
    let mut directory = Vec::new();
    differ("", old.said.directory.as_ref(), new.said.directory.as_ref(), &mut directory);
    let mut vocabulary = Vec::new();
    differ("", old.said.vocabulary.as_ref(), new.said.vocabulary.as_ref(), &mut vocabulary);
    Changes {
        policies: policies(&old.said, &new.said),
        vocabulary,
        calendars: days::calendars(&old.calendars, &new.calendars),
        directory: directory.into_iter().map(|change| change.key).collect(),
    }
}

impl Changes {
    /// Whether nothing changed that decides or tells.
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }

    /// The change of a rule, by its policy's and its own id.
    pub fn rule(&self, policy: &str, rule: &str) -> Option<&RuleChange> {
        let policy = self.policies.iter().find(|change| change.id == policy)?;
        policy.rules.iter().find(|change| change.id == rule || change.was.as_deref() == Some(rule))
    }

    /// How many rules came, changed and went. A policy that came or went is not counted by its rules.
    pub fn counts(&self) -> (usize, usize, usize) {
        let all = || self.policies.iter().flat_map(|policy| &policy.rules);
        let count = |what| all().filter(|rule| rule.what == what).count();
        (count(What::Added), count(What::Changed), count(What::Removed))
    }
}

fn policies(old: &Said, new: &Said) -> Vec<PolicyChange> {
    let known =
        |said: &'_ Said, id: &str| said.policies.iter().find(|(known, _)| known == id).map(|(_, tree)| tree.clone());
    let gone = old.policies.iter().filter(|(id, _)| known(new, id).is_none());
    let gone = gone.map(|(id, tree)| whole(What::Removed, id, tree));
    let now = new.policies.iter().filter_map(|(id, tree)| match known(old, id) {
        None => Some(came(new, id, tree)),
        Some(before) => policy(id, &before, tree),
    });
    now.chain(gone).collect()
}

fn whole(what: What, id: &str, tree: &Node) -> PolicyChange {
    let (keys, rules) = (Vec::new(), Vec::new());
    PolicyChange { what, id: id.to_owned(), title: title(tree), base: None, keys, rules }
}

/// A policy that came: with what it makes otherwise than the one on which it builds.
fn came(said: &Said, id: &str, tree: &Node) -> PolicyChange {
    let base = tree.get("extends").and_then(Node::scalar).map(|scalar| scalar.text.clone());
    let below = said.policies.iter().find(|(known, _)| Some(known) == base.as_ref());
    let change = below.and_then(|(_, below)| policy(id, below, tree));
    let what = What::Added;
    PolicyChange { what, base: below.and(base), ..change.unwrap_or_else(|| whole(what, id, tree)) }
}

/// Each policy's own: no change by itself.
const OWN: [&str; 3] = ["policy", "extends", "abstract"];

const SECTIONS: [&str; 2] = ["deadlines", "reactions"];

fn policy(id: &str, old: &Node, new: &Node) -> Option<PolicyChange> {
    let mut keys = Vec::new();
    for key in keys_of(old, new) {
        if !SECTIONS.contains(&key) && !OWN.contains(&key) {
            differ(key, old.get(key), new.get(key), &mut keys);
        }
    }
    let ladders = Ladders::changed(old.get("ladders"), new.get("ladders"));
    let rules = SECTIONS.iter().flat_map(|section| rules(old.get(section), new.get(section), &ladders));
    let rules: Vec<RuleChange> = rules.collect();
    let changed = !keys.is_empty() || !rules.is_empty();
    let (what, id, title) = (What::Changed, id.to_owned(), title(new));
    changed.then_some(PolicyChange { what, id, title, base: None, keys, rules })
}

fn rules(old: Option<&Node>, new: Option<&Node>, ladders: &Ladders) -> Vec<RuleChange> {
    let entries = |node: Option<&Node>| node.and_then(Node::mapping).unwrap_or_default().to_vec();
    let (old, new) = (entries(old), entries(new));
    let mut kept = BTreeSet::new();
    let mut changes = Vec::new();
    for entry in &new {
        let before = predecessor(&old, entry);
        kept.extend(before.map(|before| before.key.text.as_str()));
        changes.extend(match before {
            None => Some(came_or_went(What::Added, entry)),
            Some(before) => rule(before, entry, ladders),
        });
    }
    let gone = old.iter().filter(|entry| !kept.contains(entry.key.text.as_str()));
    changes.extend(gone.map(|entry| came_or_went(What::Removed, entry)));
    changes
}

/// The rule that this one was: by `was`, else by its name.
fn predecessor<'o>(old: &'o [Entry], new: &Entry) -> Option<&'o Entry> {
    let named = |name: &str| old.iter().find(|entry| entry.key.text == name);
    let was = new.value.get("was").map(names).unwrap_or_default();
    named(&new.key.text).or_else(|| was.iter().find_map(|was| named(was)))
}

fn names(node: &Node) -> Vec<String> {
    let items = node.sequence().unwrap_or(std::slice::from_ref(node));
    items.iter().filter_map(Node::scalar).map(|scalar| scalar.text.clone()).collect()
}

fn came_or_went(what: What, entry: &Entry) -> RuleChange {
    RuleChange { what, id: entry.key.text.clone(), was: None, title: title(&entry.value), keys: Vec::new() }
}

fn rule(old: &Entry, new: &Entry, ladders: &Ladders) -> Option<RuleChange> {
    let mut keys = Vec::new();
    for key in keys_of(&old.value, &new.value).into_iter().filter(|key| *key != "was") {
        differ(key, old.value.get(key), new.value.get(key), &mut keys);
    }
    let used = new.value.get("ladder").map(|ladder| ladders.used_by(ladder)).unwrap_or_default();
    keys.extend(used.into_iter().map(|name| KeyChange { key: format!("ladders.{name}"), old: None, new: None }));
    let was = (old.key.text != new.key.text).then(|| old.key.text.clone());
    let (id, title) = (new.key.text.clone(), title(&new.value));
    (!keys.is_empty() || was.is_some()).then_some(RuleChange { what: What::Changed, id, was, title, keys })
}

/// The ladders with a name that say something else now, by themselves or by one that they use.
struct Ladders(BTreeSet<String>);

impl Ladders {
    fn changed(old: Option<&Node>, new: Option<&Node>) -> Ladders {
        let entries = new.and_then(Node::mapping).unwrap_or_default();
        let own = |entry: &&Entry| {
            let before = old.and_then(|old| old.get(&entry.key.text));
            before.is_none_or(|before| before.in_one_line() != entry.value.in_one_line())
        };
        let mut changed: BTreeSet<String> = entries.iter().filter(own).map(|entry| entry.key.text.clone()).collect();
        loop {
            let users = entries.iter().filter(|entry| mentions(&entry.value, &changed).next().is_some());
            let all: BTreeSet<String> = users.map(|entry| entry.key.text.clone()).chain(changed.clone()).collect();
            if all == changed {
                return Ladders(changed);
            }
            changed = all;
        }
    }

    fn used_by(&self, ladder: &Node) -> Vec<String> {
        mentions(ladder, &self.0).collect()
    }
}

fn mentions(ladder: &Node, of: &BTreeSet<String>) -> impl Iterator<Item = String> {
    names(ladder).into_iter().filter(move |name| of.contains(name))
}

/// Adds each key below this one at which the two say different things.
fn differ(key: &str, old: Option<&Node>, new: Option<&Node>, found: &mut Vec<KeyChange>) {
    let said = |node: Option<&Node>| node.filter(|node| !node.is_null()).map(Node::in_one_line);
    if let (Some(Kind::Mapping(_)), Some(Kind::Mapping(_))) = (old.map(|node| &node.kind), new.map(|node| &node.kind)) {
        let (old, new) = (old.expect("just seen"), new.expect("just seen"));
        for below in keys_of(old, new) {
            let path = if key.is_empty() { below.to_owned() } else { format!("{key}.{below}") };
            differ(&path, old.get(below), new.get(below), found);
        }
        return;
    }
    if let Some((old, new)) = alike_lists(old, new) {
        for (number, (one, other)) in old.iter().zip(new).enumerate() {
            differ(&format!("{key}[{}]", number + 1), Some(one), Some(other), found);
        }
        return;
    }
    let (old, new) = (said(old), said(new));
    if old != new {
        found.push(KeyChange { key: key.to_owned(), old, new });
    }
}

/// Lists that are told item by item: as long as each other, and of maps where they differ.
fn alike_lists<'n>(old: Option<&'n Node>, new: Option<&'n Node>) -> Option<(&'n [Node], &'n [Node])> {
    let (old, new) = (old?.sequence()?, new?.sequence()?);
    let differing = || old.iter().zip(new).filter(|(one, other)| one.in_one_line() != other.in_one_line());
    let of_maps = differing().all(|(one, other)| one.mapping().is_some() && other.mapping().is_some());
    (old.len() == new.len() && differing().next().is_some() && of_maps).then_some((old, new))
}

/// The keys of both, those of the new one first.
fn keys_of<'n>(old: &'n Node, new: &'n Node) -> Vec<&'n str> {
    let keys = |node: &'n Node| node.mapping().unwrap_or_default().iter().map(|entry| entry.key.text.as_str());
    let mut all: Vec<&str> = keys(new).collect();
    all.extend(keys(old).filter(|key| new.entry(key).is_none()));
    all
}

fn title(node: &Node) -> String {
    node.get("title").and_then(Node::scalar).map(|scalar| scalar.text.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::trial::load;
    use crate::text::Lang;

    fn told(edit: &[(&str, &str)]) -> String {
        let (old, new) = (load(&[], &None), load(edit, &None));
        assert!(new.rules.is_some(), "{:?}", new.problems);
        say::lines(&changes(&old, &new), Lang::Zh).join("\n")
    }

    #[test]
    fn what_reads_the_same_is_no_change() {
        assert_eq!(told(&[]), "");
        assert_eq!(told(&[("title: 响应\n", "title: \"响应\" # 一小时\n")]), "");
    }

    #[test]
    fn rules_that_came_changed_and_went_are_named_with_their_keys() {
        insta::assert_snapshot!(told(&[("within: 1 working hour", "within: 2 working hours\n    counting: same_day")]), @r#"
    修改规则 p《时效》
      修改 response（响应）：within 1 working hour → 2 working hours；counting 新写 same_day
    "#);
        insta::assert_snapshot!(told(&[("  response:\n", "  answer:\n    was: response\n")]), @r#"
    修改规则 p《时效》
      改名 response → answer（响应）
    "#);
        insta::assert_snapshot!(told(&[("  response:\n", "  other:\n")]), @r#"
    修改规则 p《时效》
      新增 other（响应）
      删除 response（响应）
    "#);
    }

    #[test]
    fn a_ladder_with_a_name_changes_every_rule_that_uses_it() {
        insta::assert_snapshot!(told(&[("after: 1 working day, card: red", "after: 2 working days, card: red")]), @r#"
    修改规则 p《时效》
      ladders.黄红牌[2].after 1 working day → 2 working days
      修改 response（响应）：随 ladders.黄红牌 改变
      修改 completion（办结）：随 ladders.黄红牌 改变
    "#);
    }

    #[test]
    fn words_dates_and_people_are_told_and_nobody_by_name() {
        insta::assert_snapshot!(told(&[("category: { title: 诉求类别, one_of: [咨询, 求助, 投诉] }", "category: { title: 类别, one_of: [咨询, 求助, 投诉, 举报] }")]), @"词汇表：order.category.title 诉求类别 → 类别；order.category.one_of [咨询, 求助, 投诉] → [咨询, 求助, 投诉, 举报]");
        insta::assert_snapshot!(told(&[("13800000002", "13900000002")]), @"通讯录：departments.甲局.people.liaison[1].mobile");
        let hours = (
            "\"14:30-17:30\"] } ]",
            "\"14:30-18:00\"] } ]\ndays: { \"2024-05-11\": { work: 劳动节调休 }, \"2024-06-10\": { rest: 端午节 } }",
        );
        insta::assert_snapshot!(told(&[hours]), @r#"
    修改日历 zh
      hours mon,tue,wed,thu,fri 08:30-12:00,14:30-17:30 → mon,tue,wed,thu,fri 08:30-12:00,14:30-18:00
      日期：2024-05-11 新写 班 劳动节调休；2024-06-10 新写 休 端午节
    "#);
    }

    #[test]
    fn a_policy_that_comes_is_told_as_a_whole() {
        let layer = "policy: q\nextends: p\ntitle: 区\napplies: { joint: true }\n";
        insta::assert_snapshot!(told(&[("rules/q.yaml", layer)]), @r#"
    新增规则 q《区》，以 p 为基础，不同之处：
      title 时效 → 区
      applies { region: 珠海市 } → [{ region: 珠海市 }, { joint: true }]
    "#);
    }
}
