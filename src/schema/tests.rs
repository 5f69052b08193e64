//! The schemas and the readers held against each other over every file that is here.

use super::Kind;
use crate::text::problem::Problems;
use crate::text::tree::{self, Node};
use crate::text::want::asked::{self, Asked};
use crate::text::yaml;
use crate::{config, policy, ruletest};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A value under a schema: the part of draft-07 that the schemas use. What is not known here panics.
fn is_valid(schema: &Value, node: &Node, root: &Value) -> bool {
    let Some(schema) = schema.as_object() else { return schema.as_bool().unwrap_or(false) };
    schema.iter().all(|(keyword, said)| keyword_holds(keyword, said, schema, node, root))
}

fn keyword_holds(
    keyword: &str,
    said: &Value,
    schema: &serde_json::Map<String, Value>,
    node: &Node,
    root: &Value,
) -> bool {
    let valid = |schema: &Value| is_valid(schema, node, root);
    let number = || node.scalar().and_then(tree::Scalar::number);
    match keyword {
        "title" | "description" | "examples" | "definitions" | "$schema" | "then" | "else" => true,
        "$ref" => valid(resolved(said, root)),
        "type" => types(said).iter().any(|one| is_of_type(one, node)),
        "enum" => said.as_array().unwrap().iter().any(|value| equals(value, node)),
        "const" => equals(said, node),
        "anyOf" => said.as_array().unwrap().iter().any(valid),
        "oneOf" => said.as_array().unwrap().iter().filter(|one| valid(one)).count() == 1,
        "allOf" => said.as_array().unwrap().iter().all(valid),
        "if" => valid(&schema[if valid(said) { "then" } else { "else" }]),
        "minimum" => number().is_none_or(|number| number >= said.as_f64().unwrap()),
        "maximum" => number().is_none_or(|number| number <= said.as_f64().unwrap()),
        "minItems" => node.sequence().is_none_or(|items| items.len() as u64 >= said.as_u64().unwrap()),
        "minProperties" => node.mapping().is_none_or(|entries| entries.len() as u64 >= said.as_u64().unwrap()),
        "items" => node.sequence().is_none_or(|items| items.iter().all(|item| is_valid(said, item, root))),
        "required" => node
            .mapping()
            .is_none_or(|_| said.as_array().unwrap().iter().all(|key| node.get(key.as_str().unwrap()).is_some())),
        "pattern" => {
            node.scalar().is_none_or(|scalar| !scalar.is_text() || matches(said.as_str().unwrap(), &scalar.text))
        }
        "properties" | "patternProperties" | "additionalProperties" => {
            keyword == "properties" && schema.contains_key("additionalProperties")
                || node.mapping().is_none_or(|entries| {
                    entries
                        .iter()
                        .all(|entry| of_key(schema, &entry.key.text).is_none_or(|of| is_valid(of, &entry.value, root)))
                })
        }
        unknown => panic!("the check does not know `{unknown}`"),
    }
}

fn types(said: &Value) -> Vec<&str> {
    said.as_array()
        .map_or_else(|| vec![said.as_str().unwrap()], |list| list.iter().map(|one| one.as_str().unwrap()).collect())
}

fn is_of_type(name: &str, node: &Node) -> bool {
    let scalar = node.scalar();
    match name {
        "null" => node.is_null(),
        "object" => node.mapping().is_some(),
        "array" => node.sequence().is_some(),
        "string" => scalar.is_some_and(tree::Scalar::is_text),
        "boolean" => scalar.is_some_and(|scalar| scalar.boolean().is_some()),
        "number" => scalar.is_some_and(|scalar| scalar.number().is_some()),
        "integer" => scalar.and_then(tree::Scalar::number).is_some_and(|number| number.fract() == 0.0),
        unknown => panic!("the check does not know the type `{unknown}`"),
    }
}

fn equals(value: &Value, node: &Node) -> bool {
    match value {
        Value::Null => node.is_null(),
        Value::Bool(flag) => node.scalar().and_then(tree::Scalar::boolean) == Some(*flag),
        Value::String(text) => node.scalar().is_some_and(|scalar| scalar.is_text() && scalar.text == *text),
        other => panic!("the check does not compare {other}"),
    }
}

/// The patterns that the schemas use: `\d` repeated, and what stands between.
fn matches(pattern: &str, text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    match pattern {
        r"^\d{4}-\d{2}-\d{2}$" => shape == "9999-99-99",
        r"^\d{2}-\d{2}$" => shape == "99-99",
        r"^\d{2}:\d{2}$" => shape == "99:99",
        r"^\d{2}:\d{2}-\d{2}:\d{2}$" => shape == "99:99-99:99",
        r"^(\d+h)?(\d+m)?$" => shape.trim_matches('9') == "h" || shape.ends_with('m'),
        r"^\s*\d{4}-\d{2}-\d{2}\s*\.\.\s*\d{4}-\d{2}-\d{2}\s*$" => shape.replace(' ', "") == "9999-99-99..9999-99-99",
        unknown => panic!("the check does not know the pattern `{unknown}`"),
    }
}

fn resolved<'s>(reference: &Value, root: &'s Value) -> &'s Value {
    let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
    root.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"))
}

/// The schema of a key's value; none: anything may stand there.
fn of_key<'s>(schema: &'s serde_json::Map<String, Value>, key: &str) -> Option<&'s Value> {
    let known = schema.get("properties").and_then(|properties| properties.get(key));
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    let by_pattern = || patterns?.iter().find(|(pattern, _)| matches(pattern, key)).map(|(_, of)| of);
    known.or_else(by_pattern).or_else(|| schema.get("additionalProperties"))
}

/// The schemas of mappings that apply to a mapping: of alternatives those under which it is valid.
fn of_mapping<'s>(schema: &'s Value, node: &Node, root: &'s Value, found: &mut Vec<&'s Value>) {
    let Some(keywords) = schema.as_object() else { return };
    if keywords.contains_key("properties") || keywords.contains_key("additionalProperties") {
        found.push(schema);
    }
    if let Some(reference) = keywords.get("$ref") {
        of_mapping(resolved(reference, root), node, root, found);
    }
    for of in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        of_mapping(of, node, root, found);
    }
    for of in keywords.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        if is_valid(of, node, root) {
            of_mapping(of, node, root, found);
        }
    }
}

/// The item schemas that apply to a list.
fn of_items<'s>(schema: &'s Value, root: &'s Value, found: &mut Vec<&'s Value>) {
    let Some(keywords) = schema.as_object() else { return };
    found.extend(keywords.get("items"));
    if let Some(reference) = keywords.get("$ref") {
        of_items(resolved(reference, root), root, found);
    }
    for key in ["allOf", "anyOf"] {
        for of in keywords.get(key).and_then(Value::as_array).into_iter().flatten() {
            of_items(of, root, found);
        }
    }
}

/// Compares what the readers asked for with what the schemas have, mapping by mapping.
struct Compared<'a> {
    asked: &'a Asked,
    root: &'a Value,
    /// The keys of the closed schemas that were met, each as one text.
    met: BTreeSet<String>,
    wrong: Vec<String>,
}

fn keys_of(schema: &Value) -> BTreeSet<&str> {
    schema["properties"].as_object().map(|keys| keys.keys().map(String::as_str).collect()).unwrap_or_default()
}

impl Compared<'_> {
    fn walk(&mut self, schema: &Value, node: &Node) {
        if let Some(entries) = node.mapping() {
            let mut of = Vec::new();
            of_mapping(schema, node, self.root, &mut of);
            let is_closed = of
                .iter()
                .any(|schema| schema["additionalProperties"] == false && schema.get("patternProperties").is_none());
            let keys: BTreeSet<&str> = of.iter().flat_map(|schema| keys_of(schema)).collect();
            let asked = entries
                .first()
                .and_then(|first| self.asked.get(&(first.key.place.source.path.clone(), first.key.place.start)));
            if let Some(asked) = asked.filter(|_| is_closed) {
                self.met.extend(of.iter().map(|schema| format!("{:?}", keys_of(schema))));
                if *asked != keys {
                    let (more, less): (Vec<_>, Vec<_>) =
                        (asked.difference(&keys).collect(), keys.difference(asked).collect());
                    self.wrong.push(format!("{}: only read: {more:?}, only in the schema: {less:?}", node.head()));
                }
            }
            for entry in entries {
                for schema in of.iter().filter_map(|schema| of_key(schema.as_object()?, &entry.key.text)) {
                    self.walk(schema, &entry.value);
                }
            }
        }
        let mut of = Vec::new();
        of_items(schema, self.root, &mut of);
        for item in node.sequence().unwrap_or_default() {
            for schema in &of {
                self.walk(schema, item);
            }
        }
    }
}

/// The folders of rules with their calendars, and their configuration if they have one.
fn corpora() -> Vec<(PathBuf, PathBuf, Option<PathBuf>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.to_owned(), root.join("tests/data/language"), root.join("tests/data/every-key")];
    for parent in ["docs/examples", "tests/data/histories"] {
        let listed = std::fs::read_dir(root.join(parent)).unwrap();
        folders.extend(listed.map(|entry| entry.unwrap().path()).filter(|path| is_sample(path)));
    }
    folders.sort();
    let of = |folder: PathBuf| {
        (folder.join("rules"), folder.join("calendars"), Some(folder.join("duban.yaml")).filter(|file| file.exists()))
    };
    folders.into_iter().map(of).collect()
}

/// Of the hundred histories every tenth: they are of one make.
fn is_sample(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder.join("rules").is_dir() && (!name.contains('-') || name.ends_with('7'))
}

fn kind_of(path: &Path) -> Kind {
    let folder = path.parent().and_then(Path::file_name).unwrap().to_str().unwrap();
    match (folder, path.file_name().unwrap().to_str().unwrap()) {
        ("tests", _) => Kind::RuleTest,
        ("calendars", _) => Kind::Calendar,
        (_, "vocabulary.yaml") => Kind::Vocabulary,
        (_, "directory.yaml") => Kind::Directory,
        (_, "rosters.yaml") => Kind::Rosters,
        (_, "duban.yaml") => Kind::Config,
        _ => Kind::Policy,
    }
}

fn files(rules: &Path, calendars: &Path, config: Option<&PathBuf>) -> Vec<Node> {
    let mut problems = Problems::new();
    let mut paths: Vec<PathBuf> = config.into_iter().cloned().collect();
    for folder in [rules.to_owned(), rules.join("tests"), calendars.to_owned()] {
        if folder.is_dir() {
            paths.extend(yaml::files_in(&folder, &mut problems));
        }
    }
    paths.iter().map(|path| yaml::read_file(path, &mut problems).unwrap()).collect()
}

#[test]
fn every_file_is_valid_under_its_schema_and_the_readers_take_exactly_the_schemas_keys() {
    let schemas: Vec<(Kind, Value)> = Kind::WORDS.map(|(_, kind)| (kind, kind.schema())).into();
    let mut met = BTreeSet::new();
    let mut wrong = Vec::new();
    for (rules, calendars, configuration) in corpora() {
        asked::take();
        let loaded = policy::load(&rules, &calendars, &None);
        if let Some(world) = ruletest::read::World::of(&loaded) {
            ruletest::read::problems(&rules, &world);
        }
        if let Some(path) = &configuration {
            config::Config::load(Some(path), &mut Problems::new());
        }
        let asked = asked::take();
        for node in files(&rules, &calendars, configuration.as_ref()) {
            let kind = kind_of(Path::new(&node.place.source.path));
            let schema = &schemas.iter().find(|(known, _)| *known == kind).unwrap().1;
            if !is_valid(schema, &node, schema) {
                wrong.push(format!("{} is not valid: {}", node.place.source.path, invalid(schema, &node, schema)));
            }
            let mut compared = Compared { asked: &asked, root: schema, met: BTreeSet::new(), wrong: Vec::new() };
            compared.walk(schema, &node);
            met.append(&mut compared.met);
            wrong.append(&mut compared.wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(20)].join("\n"));
    let mut never = Vec::new();
    for (kind, schema) in schemas.iter().filter(|(kind, _)| *kind != Kind::RuleTest) {
        closed(schema, &mut |keys| {
            let is_of_fact = keys.contains("at_least");
            if !is_of_fact && !keys.contains("never") && !met.contains(&format!("{keys:?}")) {
                never.push(format!("{kind:?}: {keys:?}"));
            }
        });
    }
    assert!(never.is_empty(), "no file shows that these are read:\n{}", never.join("\n"));
}

/// The deepest place at which a file is not valid.
fn invalid(schema: &Value, node: &Node, root: &Value) -> String {
    let mut of = Vec::new();
    of_mapping(schema, node, root, &mut of);
    for entry in node.mapping().unwrap_or_default() {
        for schema in of.iter().filter_map(|schema| of_key(schema.as_object()?, &entry.key.text)) {
            if !is_valid(schema, &entry.value, root) {
                return invalid(schema, &entry.value, root);
            }
        }
    }
    let mut of = Vec::new();
    of_items(schema, root, &mut of);
    let items = || node.sequence().unwrap_or_default().iter();
    if let Some((schema, item)) = of
        .iter()
        .flat_map(|schema| items().map(move |item| (schema, item)))
        .find(|(schema, item)| !is_valid(schema, item, root))
    {
        return invalid(schema, item, root);
    }
    format!("{} `{}`", node.head(), node.in_one_line().chars().take(120).collect::<String>())
}

/// Every mapping of a schema that takes no other keys.
fn closed(schema: &Value, tell: &mut impl FnMut(&BTreeSet<&str>)) {
    match schema {
        Value::Object(keywords) => {
            if keywords.get("additionalProperties") == Some(&Value::Bool(false)) && keywords.contains_key("properties")
            {
                tell(&keys_of(schema));
            }
            keywords.values().for_each(|value| closed(value, tell));
        }
        Value::Array(items) => items.iter().for_each(|item| closed(item, tell)),
        _ => {}
    }
}

#[test]
fn an_unknown_key_is_refused_by_every_schema() {
    let schemas: Vec<(Kind, Value)> = Kind::WORDS.map(|(_, kind)| (kind, kind.schema())).into();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/every-key");
    for node in files(&sample.join("rules"), &sample.join("calendars"), Some(&sample.join("duban.yaml"))) {
        let path = &node.place.source.path;
        let kind = kind_of(Path::new(path));
        let schema = &schemas.iter().find(|(known, _)| *known == kind).unwrap().1;
        let text = format!("{}\nzzz: 1\n", node.place.source.text);
        let with_more = yaml::read(path, text.as_bytes(), &mut Problems::new()).unwrap();
        assert!(is_valid(schema, &node, schema) && !is_valid(schema, &with_more, schema), "{path}");
    }
}

#[test]
fn every_key_has_a_title_in_chinese() {
    for (word, kind) in Kind::WORDS {
        named(&kind.schema(), word);
    }
}

fn named(schema: &Value, at: &str) {
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let is_said =
            ["title", "description"].iter().any(|said| value[said].as_str().is_some_and(|text| !text.is_empty()));
        assert!(is_said, "{at}/{key} says nothing");
    }
    match schema {
        Value::Object(keywords) => {
            // What stands under `else` only adds to what is said above it.
            let said = keywords.iter().filter(|(key, _)| key.as_str() != "else");
            said.for_each(|(key, value)| named(value, &format!("{at}/{key}")));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, at)),
        _ => {}
    }
}
