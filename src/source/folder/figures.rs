//! Figures of files: of one figure, day and department the newest file's value stands.
//!
//! Ids of figures are made from what they say. A value that is corrected and then corrected back would so be known already,
//! and the wrong one would stand; such a figure gets an id of its own, made from the one that it replaces, so that the same
//! file dropped twice still changes nothing.

use super::content::{Content, FileProblem};
use crate::intake::body::ItemReader;
use crate::source::look::{LookError, Looking};
use crate::source::take::ReadItem;
use crate::store::event::Subject;
use crate::store::sources::FigureKey;
use crate::text::Text;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// So many are asked for at once.
const TOGETHER: usize = 2000;

fn figure(item: &ReadItem) -> Option<(FigureKey, f64)> {
    match &item.event.subject {
        Subject::Figure { figure, day, department, value } => {
            let department = department.as_deref().unwrap_or_default().to_owned();
            Some(((figure.to_string(), day.to_string(), department), *value))
        }
        Subject::Order { .. } => None,
    }
}

/// Rows of one file that give one figure two values.
pub(super) fn contradictions(content: &Content) -> Vec<FileProblem> {
    let mut known: HashMap<FigureKey, f64> = HashMap::new();
    let mut problems = Vec::new();
    for (row, item) in &content.items {
        let Some((key, value)) = figure(item) else { continue };
        let name = key.0.clone();
        #[expect(clippy::float_cmp, reason = "the same digits are the same value")]
        if *known.entry(key).or_insert(value) != value {
            problems.push(FileProblem::of_row(*row, two_values(&name)));
        }
    }
    problems
}

/// Gives those that are known already, but stand no more, ids under which they are new.
pub(super) async fn restate(
    content: &mut Content,
    items: &ItemReader<'_>,
    looking: &Looking<'_>,
) -> Result<(), LookError> {
    let made: Vec<usize> = (0..content.items.len())
        .filter(|place| content.items[*place].1.has_made_id && figure(&content.items[*place].1).is_some())
        .collect();
    for some in made.chunks(TOGETHER) {
        let ids: Vec<&str> = some.iter().map(|place| &*content.items[*place].1.event.id).collect();
        let known: HashSet<String> =
            looking.store.known_ids(items.source, &ids).await?.into_iter().map(|(id, _)| id).collect();
        let keys: Vec<FigureKey> =
            some.iter().filter_map(|place| figure(&content.items[*place].1)).map(|(key, _)| key).collect();
        let in_force = looking.store.figures_in_force(&keys).await?;
        for place in some {
            let item = &mut content.items[*place].1;
            let Some((key, value)) = figure(item) else { continue };
            #[expect(clippy::float_cmp, reason = "the same digits are the same value")]
            let replaced = in_force.get(&key).filter(|standing| standing.value != value);
            if let Some(standing) = replaced.filter(|_| known.contains(&*item.event.id)) {
                rename(item, &format!("{}~{}", item.event.id, standing.seq), items);
            }
        }
    }
    Ok(())
}

fn rename(item: &mut ReadItem, id: &str, items: &ItemReader<'_>) {
    let Ok(mut body) = serde_json::from_str::<Value>(&item.event.body) else { return };
    body["id"] = id.into();
    if let Ok(renamed) = items.read(body.to_string().as_bytes()) {
        item.event = renamed.event;
    }
}

fn two_values(name: &str) -> Text {
    Text::new(
        format!("统计量“{name}”同一天、同一单位在本文件里有两个数"),
        format!("the figure `{name}` has two values for one day and department in this file"),
    )
}
