//! The sources of the file.

mod folder;
mod mapping;
mod sql;

use super::{Base, way};
use crate::config::Token;
use crate::config::sources::{Source, SourceKind};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields, Word, report};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// A source is looked at no more often than every second and at least every day.
const EVERY_SECONDS: (u64, u64) = (1, 24 * 3600);
const EVERY: Duration = Duration::from_mins(1);

#[derive(Clone, Copy)]
enum Kind {
    Sql,
    Folder,
}

/// Every source, in the file's order.
pub(super) fn sources(node: &Node, base: &Base<'_>, tokens: &[Token], problems: &mut Problems) -> Vec<Source> {
    let mut names: HashSet<Arc<str>> = tokens.iter().map(|token| Arc::clone(&token.name)).collect();
    let items = want::list(node, problems).unwrap_or_default();
    items.iter().filter_map(|item| source(item, base, &mut names, problems)).collect()
}

fn source(node: &Node, base: &Base<'_>, names: &mut HashSet<Arc<str>>, problems: &mut Problems) -> Option<Source> {
    let mut fields = Fields::of(node, problems)?;
    let name = fields.required("name", problems).and_then(|node| name(want::word(node, problems)?, names, problems));
    let choices = [("sql", Kind::Sql), ("folder", Kind::Folder)];
    let kind = fields.required("kind", problems).and_then(|node| want::one_of(node, &choices, problems));
    let every = fields.optional("every").and_then(|node| way::elapsed(node, EVERY_SECONDS, problems));
    // What a source of an unknown kind says besides is not known to be right.
    let kind = kind?;
    let mapping = mapping::mapping(&mut fields, problems);
    let kind = match kind {
        Kind::Sql => sql::sql(&mut fields, base, problems).map(|sql| SourceKind::Sql(Box::new(sql))),
        Kind::Folder => folder::folder(&mut fields, base, problems).map(SourceKind::Folder),
    };
    if matches!(kind, Some(SourceKind::Sql(_))) && mapping.is_none() && node.get("events").is_none() {
        problems.push(want::missing(node.head(), "events"));
    }
    fields.finish(problems);
    let text = node.in_one_line();
    Some(Source { name: name?, every: every.unwrap_or(EVERY), kind: kind?, mapping, text })
}

/// A name under which no other source or token sends: ids are unique within it.
fn name(word: Word<'_>, names: &mut HashSet<Arc<str>>, problems: &mut Problems) -> Option<Arc<str>> {
    let is_usable = !word.text.trim().is_empty() && !word.text.chars().any(char::is_control);
    if !is_usable || word.text.chars().count() > 64 {
        let message = Text::new("此处应为 1 至 64 个字的名字", "expected a name of 1 to 64 characters");
        let hint = Text::new("例如 热线库", "such as `hotline-db`");
        return report(Problem::error(word.place, "malformed-name", message).hint(hint), problems);
    }
    let name: Arc<str> = word.text.into();
    if !names.insert(Arc::clone(&name)) {
        let message = Text::new("已有来源或令牌用了这个名字", "a source or a token has this name");
        let hint = Text::new("事件按名字区分来源，请改名", "it is the source of their events: give it another");
        problems.push(Problem::error(word.place, "duplicate-name", message).hint(hint));
    }
    Some(name)
}
