//! The sources of the file.

mod columns;
mod folder;
mod mapping;
mod sql;

use super::{Base, way};
use crate::config::Token;
use crate::config::needs::{Dropped, Needed};
use crate::config::sources::mapping::Mapping;
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
    match &kind {
        Some(SourceKind::Folder(folder)) => {
            let source = name.as_deref().unwrap_or_default().to_owned();
            let dropped = Dropped { source, path: folder.path.clone(), files: folder.files.clone() };
            base.needs(node.get("path").map_or(node.head(), |path| &path.place), Needed::Folder(dropped));
        }
        Some(SourceKind::Sql(sql)) => columns_of(node, &sql.query, &mapping, base),
        None => {}
    }
    let text = node.in_one_line();
    Some(Source { name: name?, every: every.unwrap_or(EVERY), kind: kind?, mapping, text })
}

/// Notes which of the columns that are named a query does not give, where that can be seen.
fn columns_of(node: &Node, query: &str, mapping: &Mapping, base: &Base<'_>) {
    let Some(columns) = columns::of_query(query) else { return };
    let own = ["cursor", "key"].into_iter().filter_map(|key| node.get(key)).flat_map(want::one_or_more);
    let own = own.filter_map(|node| Some((node.scalar()?.text.as_str(), &node.place)));
    for (name, place) in own.chain(mapping.columns()) {
        // Databases differ in whether letters' cases do.
        if !columns.iter().any(|column| column.to_lowercase() == name.to_lowercase()) {
            base.needs(place, Needed::Column(name.to_owned(), columns.clone()));
        }
    }
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
