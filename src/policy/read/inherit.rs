//! `extends`: a policy laid over the one on which it builds. Meaning: language.md §3.
//!
//! Every key not given is taken from the base, maps are merged by key, `null` drops a key, lists and single values are
//! replaced whole. Two keys are not like that: `applies` is both together, and `abstract` is each policy's own.

use crate::text::tree::{Entry, Kind, Node};

/// A policy's tree with its base's laid under it.
pub(crate) fn lay_over(base: &Node, own: &Node) -> Node {
    let mut merged = merge(base, own);
    let Kind::Mapping(entries) = &mut merged.kind else { return merged };
    entries.retain(|entry| entry.key.text != "abstract" || own.get("abstract").is_some());
    if let (Some(below), Some(above)) = (base.get("applies"), own.get("applies")) {
        let both = Node { place: above.place.clone(), kind: Kind::Sequence(both(below, above)) };
        entries.iter_mut().filter(|entry| entry.key.text == "applies").for_each(|entry| entry.value = both.clone());
    }
    merged
}

fn both(below: &Node, above: &Node) -> Vec<Node> {
    [below, above].into_iter().filter(|node| !node.is_null()).cloned().collect()
}

fn merge(base: &Node, own: &Node) -> Node {
    let (Some(below), Some(above)) = (base.mapping(), own.mapping()) else { return own.clone() };
    let mut entries: Vec<Entry> = below.iter().filter_map(|entry| merged_entry(entry, own)).collect();
    entries
        .extend(above.iter().filter(|entry| !entry.value.is_null() && base.entry(&entry.key.text).is_none()).cloned());
    Node { place: own.place.clone(), kind: Kind::Mapping(entries) }
}

fn merged_entry(entry: &Entry, own: &Node) -> Option<Entry> {
    match own.entry(&entry.key.text) {
        None => Some(entry.clone()),
        Some(above) if above.value.is_null() => None,
        Some(above) => Some(Entry { key: above.key.clone(), value: merge(&entry.value, &above.value) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::problem::Problems;
    use crate::text::yaml;

    fn tree(text: &str) -> Node {
        let mut problems = Problems::new();
        let node = yaml::read("a", text.as_bytes(), &mut problems);
        assert!(problems.is_empty());
        node.unwrap()
    }

    /// The tree without its places.
    fn shown(node: &Node) -> String {
        match &node.kind {
            Kind::Null => "null".into(),
            Kind::Scalar(scalar) => scalar.text.clone(),
            Kind::Sequence(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
            Kind::Mapping(entries) => {
                let pairs = entries.iter().map(|entry| format!("{}: {}", entry.key.text, shown(&entry.value)));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[track_caller]
    fn check(base: &str, own: &str, expected: &str) {
        assert_eq!(shown(&lay_over(&tree(base), &tree(own))), expected);
    }

    #[test]
    fn maps_are_merged_lists_replaced_and_null_drops() {
        check("{a: 1, b: {c: 2, d: [3, 4]}}", "{b: {d: [5]}}", "{a: 1, b: {c: 2, d: [5]}}");
        check("{a: {b: 1, c: 2}}", "{a: {b: null}}", "{a: {c: 2}}");
        check("{a: {b: 1}}", "{a: 2}", "{a: 2}");
        check("{a: 1}", "{a: {b: 2}, z: 1, y: null}", "{a: {b: 2}, z: 1}");
        check("{b: 1, a: 2}", "{c: 3, a: 4}", "{b: 1, a: 4, c: 3}");
    }

    #[test]
    fn applies_is_both_together_and_abstract_is_ones_own() {
        check("{applies: {a: 1}}", "{applies: {a: 2}}", "{applies: [{a: 1}, {a: 2}]}");
        check("{applies: {a: 1}}", "{x: 1}", "{applies: {a: 1}, x: 1}");
        check("{applies: {a: 1}}", "{applies: null}", "{}");
        check("{abstract: true, a: 1}", "{a: 2}", "{a: 2}");
        check("{a: 1}", "{abstract: true}", "{a: 1, abstract: true}");
    }
}
