//! The rules' own text, as it was when each decision was made: from the version kept in the store, whatever the files say
//! now.
//!
//! A rule is shown as it stands in its file, with the comments right above it, where documents are quoted; one that a layer
//! changes is shown in each of the files that say something of it, and so are the ladders with a name that it uses.

use crate::engine::decision::Decision;
use crate::store::versions::Version;
use crate::text::Lang;
use crate::text::problem::Problems;
use crate::text::tree::{Entry, Node};
use crate::text::yaml;
use crate::time::Instant;
use chrono_tz::Tz;
use std::collections::BTreeSet;
use std::fmt::Write;

const SECTIONS: [&str; 2] = ["deadlines", "reactions"];

/// The texts of the rules by which these decisions were made, by version; empty where there is none.
pub(crate) fn texts(decisions: &[Decision], versions: &[Version], zone: Tz, lang: Lang) -> String {
    let mut told = String::new();
    for version in versions {
        let number = version.number.to_string();
        let made = decisions.iter().filter(|decision| *decision.version == *number);
        let rules: BTreeSet<(&str, &str)> = made.map(|made| (made.policy.as_str(), made.rule.as_str())).collect();
        let files = Files::of(version);
        let blocks: Vec<String> = rules.iter().flat_map(|(policy, rule)| files.blocks(policy, rule)).collect();
        if !blocks.is_empty() {
            let _ = writeln!(told, "  {}", heading(version, zone, lang));
            told.push_str(&blocks.concat());
        }
    }
    if told.is_empty() {
        return told;
    }
    let title = match lang {
        Lang::Zh => "规则原文（作出决定时的那一版）",
        Lang::En => "The rules as they were when it was decided",
    };
    format!("\n{title}\n{told}")
}

fn heading(version: &Version, zone: Tz, lang: Lang) -> String {
    let shown = |at: Instant| at.in_zone(zone).format("%Y-%m-%d %H:%M").to_string();
    let (number, since) = (version.number, shown(version.in_force));
    match lang {
        Lang::Zh => format!("第 {number} 版，{since} 起执行"),
        Lang::En => format!("version {number}, in force since {since}"),
    }
}

/// The policies of a version, each with its file.
struct Files(Vec<(String, Node)>);

impl Files {
    fn of(version: &Version) -> Files {
        let is_policy = |name: &str| name.starts_with("rules/") && name.matches('/').count() == 1;
        let read = version.files.iter().filter(|(name, _)| is_policy(name)).filter_map(|(name, text)| {
            let root = yaml::read(name, text.as_bytes(), &mut Problems::new())?;
            let id = root.get("policy")?.scalar()?.text.clone();
            Some((id, root))
        });
        Files(read.collect())
    }

    /// What the policy, and those on which it builds, say of a rule and of the ladders that it uses.
    fn blocks(&self, policy: &str, rule: &str) -> Vec<String> {
        let chain = self.chain(policy);
        let entries: Vec<&Entry> =
            chain.iter().flat_map(|root| SECTIONS.iter().filter_map(|key| root.get(key)?.entry(rule))).collect();
        let ladders: BTreeSet<&str> =
            entries.iter().filter_map(|entry| entry.value.get("ladder")).flat_map(named).collect();
        let used = chain.iter().flat_map(|root| {
            let known = root.get("ladders").and_then(Node::mapping).unwrap_or_default();
            known.iter().filter(|entry| ladders.contains(entry.key.text.as_str()))
        });
        entries.iter().copied().chain(used).map(block).collect()
    }

    fn chain(&self, policy: &str) -> Vec<&Node> {
        let mut chain: Vec<&Node> = Vec::new();
        let mut next = Some(policy.to_owned());
        while let Some((_, root)) = next.and_then(|id| self.0.iter().find(|(known, _)| *known == id)) {
            if chain.iter().any(|seen| std::ptr::eq(*seen, root)) {
                break;
            }
            chain.push(root);
            next = root.get("extends").and_then(Node::scalar).map(|scalar| scalar.text.clone());
        }
        chain
    }
}

/// The ladders with a name that a ladder uses.
fn named(ladder: &Node) -> Vec<&str> {
    let items = ladder.sequence().unwrap_or(std::slice::from_ref(ladder));
    items.iter().filter_map(Node::scalar).map(|scalar| scalar.text.as_str()).collect()
}

/// An entry as it stands in its file: with the comments right above it, up to the next line that is no deeper.
fn block(entry: &Entry) -> String {
    let place = &entry.key.place;
    let lines: Vec<&str> = place.source.text.lines().collect();
    let at = place.line_column().0 - 1;
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = lines.get(at).map_or(0, |line| depth(line));
    let comments = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with('#')).count();
    let is_within = |line: &&&str| line.trim().is_empty() || depth(line) > own;
    let below = lines[at + 1..].iter().take_while(is_within).count();
    let mut shown: Vec<&str> = lines[at - comments..=at + below].to_vec();
    while shown.last().is_some_and(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        shown.pop();
    }
    let mut text = format!("    {}:{}\n", place.source.path, at + 1);
    for line in shown {
        let _ = writeln!(text, "      {}", line.get(own.min(depth(line))..).unwrap_or(line));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "policy: p\nladders:\n  两级:\n    - { at: due, card: yellow }\ndeadlines:\n  # “一小时内响应”\n  response:\n    title: 响应\n\n    # 阶梯照两级\n    ladder: 两级\n\n  # 另一条\n  other: { title: 别的 }\n";
    const LAYER: &str = "policy: q\nextends: p\ndeadlines:\n  response: { within: 5 minutes }\n";

    #[test]
    fn a_rule_is_shown_with_its_comments_its_layer_and_its_ladder() {
        let files = [("rules/p.yaml", BASE), ("rules/q.yaml", LAYER), ("rules/templates/x.txt", "policy: p")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let version = Version { number: 2, in_force: Instant(0), files };
        insta::assert_snapshot!(Files::of(&version).blocks("q", "response").concat(), @r#"
    rules/q.yaml:4
      response: { within: 5 minutes }
    rules/p.yaml:7
      # “一小时内响应”
      response:
        title: 响应
      
        # 阶梯照两级
        ladder: 两级
    rules/p.yaml:3
      两级:
        - { at: due, card: yellow }
    "#);
        assert_eq!(Files::of(&version).blocks("p", "gone"), Vec::<String>::new());
    }
}
