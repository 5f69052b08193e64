//! From rows to events that can be stored, by the one reader of bodies.

use crate::config::sources::mapping::{Constant, From, Mapping};
use crate::intake::body::{Item, ItemReader, Refused};
use crate::intake::http::ACT_KINDS;
use crate::source::cell::Row;
use crate::source::map::{Mapper, RowProblem};
use crate::store::event::{NewEvent, Subject};
use crate::text::{Lang, Text};

/// Reads rows of one source at one moment.
pub struct RowReader<'a> {
    /// What becomes of a row.
    pub mapper: Mapper<'a>,
    /// The reader of bodies.
    pub items: ItemReader<'a>,
}

/// An event or a figure of a row, ready to be stored.
#[derive(Debug)]
pub struct ReadItem {
    /// As it is stored.
    pub event: NewEvent,
    /// Whether its id was made from what it says: it is then the same event even where its attributes are others.
    pub has_made_id: bool,
    /// How many of its attributes are not declared.
    pub undeclared: u32,
    /// The column of its id, if it has one.
    pub id_column: Option<String>,
}

impl RowReader<'_> {
    /// Everything that a row gives.
    pub fn read(&self, row: &Row<'_>, version: Option<&str>) -> Vec<Result<ReadItem, RowProblem>> {
        let made = self.mapper.map(row, version).into_iter();
        let read = made.map(|made| {
            let made = made?;
            let column = |name: &str| self.mapper.column(made.nth, name).map(str::to_owned);
            let item = self.items.read(made.body.as_bytes()).map_err(|refused| refused_item(&refused, column))?;
            self.without_unasked_acts(item, column("type"), made.has_made_id, column("id"))
        });
        read.collect()
    }

    /// One event or figure in the form in which it is sent over HTTP.
    pub fn read_body(&self, body: &[u8]) -> Result<ReadItem, RowProblem> {
        let column = |name: &str| Some(name.to_owned());
        let item = self.items.read(body).map_err(|refused| refused_item(&refused, column))?;
        self.without_unasked_acts(item, Some("type".into()), false, Some("id".into()))
    }

    /// What people do with a decision comes from a source only where the configuration names it: nobody approves anything
    /// by writing a word into a table.
    fn without_unasked_acts(
        &self,
        item: Item,
        column: Option<String>,
        has_made_id: bool,
        id_column: Option<String>,
    ) -> Result<ReadItem, RowProblem> {
        if let Subject::Order { kind, .. } = &item.event.subject
            && ACT_KINDS.contains(&&**kind)
            && !names_type(self.mapper.mapping, kind)
        {
            return Err(RowProblem { column, reason: acts_are_not_asked_for() });
        }
        let Item { event, undeclared } = item;
        Ok(ReadItem { event, has_made_id, undeclared, id_column })
    }
}

/// Whether the configuration itself names an event type.
fn names_type(mapping: &Mapping, kind: &str) -> bool {
    let is_it = |constant: &Constant| matches!(constant, Constant::Text(text) if text == kind);
    mapping.events.iter().any(|map| {
        let is_constant = matches!(&map.kind.from, From::Constant(constant) if is_it(constant));
        is_constant || map.kind.values.iter().any(|meant| is_it(&meant.means))
    })
}

fn acts_are_not_asked_for() -> Text {
    Text::new(
        "签收督办、同意、不同意、撤销不能由此来源提交；确实要的，在来源配置的 type 里写明",
        "acknowledging, approving, refusing and lifting are not taken from this source unless its configuration names them",
    )
}

/// Why an item is refused, at the column from which it comes.
pub(super) fn refused_item(refused: &Refused, column: impl Fn(&str) -> Option<String>) -> RowProblem {
    let about = match refused {
        Refused::Body(error) => error.about().and_then(&column),
        Refused::Ahead => column("at"),
        Refused::DayAhead => column("day"),
        Refused::Conflict => column("id"),
    };
    RowProblem { column: about, reason: Text::new(refused.message(Lang::Zh), refused.message(Lang::En)) }
}
