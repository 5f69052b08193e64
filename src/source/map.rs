//! From a row to what would have been sent over HTTP: bodies of events and figures.
//!
//! What a row gives follows from the row, the mapping and the words alone, ids included: the same row gives the same
//! events however often it is read. Values are brought into the form that the vocabulary wants, where that can be done
//! without guessing; what cannot is left as it is, and refused by the one reader of bodies.

mod convert;
mod ids;

use crate::config::sources::mapping::{Constant, EventMap, Field, FigureMap, From, Mapping, Other, When as Condition};
use crate::order::body::{BodyReader, ValueKind};
use crate::source::cell::{Cell, Row};
use crate::source::time::{When, at_local, when};
use crate::text::Text;
use crate::time::Instant;
use chrono::NaiveTime;
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

/// Maps rows of one source under the words in force.
#[derive(Clone, Copy)]
pub struct Mapper<'a> {
    /// What becomes of a row.
    pub mapping: &'a Mapping,
    /// Under what vocabulary.
    pub words: &'a BodyReader,
    /// In what zone times without an offset are, where the mapping does not say.
    pub zone: Tz,
}

/// What a row gave: a body as it would be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The JSON object.
    pub body: String,
    /// Whether its id was made from what it says, because the row has none.
    pub has_made_id: bool,
    /// Which of the mapping's events, or figures behind them, it is.
    pub nth: usize,
}

/// Why a row, or something of it, is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// In which column, where it is one.
    pub column: Option<String>,
    /// What is wrong and what to do. It holds no text of the row.
    pub reason: Text,
}

impl Mapper<'_> {
    /// Everything that a row gives. `version` tells states of the row apart, where the source knows them: a figure that is
    /// corrected back to what it was is then known as a later one.
    pub fn map(&self, row: &Row<'_>, version: Option<&str>) -> Vec<Result<Made, RowProblem>> {
        let events = self.mapping.events.iter().map(|map| self.event(map, row).transpose());
        let figures = self.mapping.figures.iter().map(|map| self.figure(map, row, version).transpose());
        let made = events.chain(figures).enumerate();
        made.filter_map(|(nth, made)| Some(made?.map(|made| Made { nth, ..made }))).collect()
    }

    /// The column from which a field or attribute of what was made comes.
    pub fn column(&self, nth: usize, name: &str) -> Option<&str> {
        let field = match self.mapping.events.get(nth) {
            Some(map) => event_field(map, name),
            None => figure_field(self.mapping.figures.get(nth - self.mapping.events.len())?, name),
        };
        field?.column()
    }

    fn zone(&self) -> Tz {
        self.mapping.zone.unwrap_or(self.zone)
    }

    fn event(&self, map: &EventMap, row: &Row<'_>) -> Result<Option<Made>, RowProblem> {
        if !self.holds(&map.when, row) {
            return Ok(None);
        }
        let (kind, at) = (self.cell(&map.kind, row)?, self.cell(&map.at, row)?);
        if kind == Cell::Empty || at == Cell::Empty {
            return Ok(None);
        }
        let (kind, at) = (kind.written(), self.moment(&map.at, &at)?);
        let order = self.needed(&map.order, row)?.written();
        let given = self.id(&map.id, row)?;
        let mut body = Map::new();
        body.insert("id".into(), given.clone().unwrap_or_else(|| ids::event(&order, &kind, at)).into());
        body.insert("order".into(), order.into());
        body.insert("at".into(), at.rfc3339(self.zone()).into());
        if let Some(field) = &map.recorded_at
            && let cell = self.cell(field, row)?
            && cell != Cell::Empty
        {
            body.insert("recorded_at".into(), self.moment(field, &cell)?.rfc3339(self.zone()).into());
        }
        let attributes = self.attributes(map, &kind, row)?;
        body.insert("type".into(), kind.into());
        if !attributes.is_empty() {
            body.insert("attrs".into(), attributes.into());
        }
        Ok(Some(Made { body: Value::Object(body).to_string(), has_made_id: given.is_none(), nth: 0 }))
    }

    fn attributes(&self, map: &EventMap, kind: &str, row: &Row<'_>) -> Result<Map<String, Value>, RowProblem> {
        let mut attributes = Map::new();
        for (name, field) in &map.attributes {
            let value = match self.cell(field, row)? {
                Cell::Empty if !field.clears => continue,
                Cell::Empty => Value::Null,
                cell => self.json(&cell, self.words.wants(kind, name), field)?,
            };
            attributes.insert(name.clone(), value);
        }
        Ok(attributes)
    }

    fn figure(&self, map: &FigureMap, row: &Row<'_>, version: Option<&str>) -> Result<Option<Made>, RowProblem> {
        if !self.holds(&map.when, row) {
            return Ok(None);
        }
        let (figure, value) = (self.cell(&map.figure, row)?, self.cell(&map.value, row)?);
        if figure == Cell::Empty || value == Cell::Empty {
            return Ok(None);
        }
        let day = match when(&self.needed(&map.day, row)?, &map.day.formats, self.zone()) {
            Some(When::On(date)) => date.to_string(),
            Some(When::At(at)) => at.in_zone(self.zone()).date_naive().to_string(),
            None => return Err(no_time(&map.day, "日期", "a date")),
        };
        let department = match &map.department {
            Some(field) => self.cell(field, row)?.written(),
            None => String::new(),
        };
        let value = self.json(&value, Some(ValueKind::Number), &map.value)?;
        let (figure, given) = (figure.written(), self.id(&map.id, row)?);
        let made = || ids::figure(&figure, &day, &department, &value.to_string(), version);
        let mut body =
            json!({ "id": given.clone().unwrap_or_else(made), "figure": figure, "day": day, "value": value });
        if !department.is_empty() {
            body["department"] = department.into();
        }
        Ok(Some(Made { body: body.to_string(), has_made_id: given.is_none(), nth: 0 }))
    }

    fn json(&self, cell: &Cell, wanted: Option<ValueKind>, field: &Field) -> Result<Value, RowProblem> {
        if wanted == Some(ValueKind::Number) && convert::is_too_long(cell) {
            return Err(RowProblem { column: field.column().map(Into::into), reason: too_long() });
        }
        Ok(convert::json(cell, wanted, &field.formats, self.zone()))
    }

    fn holds(&self, conditions: &[Condition], row: &Row<'_>) -> bool {
        let is = |condition: &Condition| {
            let cell = row.cell(&condition.column).map(|cell| self.unless_empty(cell).written()).unwrap_or_default();
            condition.is.contains(&cell)
        };
        conditions.iter().all(is)
    }

    /// What a field holds for this row. A column that is not there holds nothing: whether there are all is looked at once,
    /// for all rows.
    fn cell(&self, field: &Field, row: &Row<'_>) -> Result<Cell, RowProblem> {
        let column = match &field.from {
            From::Constant(constant) => return Ok(of_constant(constant)),
            From::Column(column) => column,
        };
        let cell = row.cell(column).map_or(Cell::Empty, |cell| self.unless_empty(cell));
        if let Cell::Unreadable(reason) = cell {
            return Err(RowProblem { column: Some(column.clone()), reason });
        }
        let written = if field.values.is_empty() { String::new() } else { cell.written() };
        if let Some(meant) = field.values.iter().find(|meant| meant.written == written) {
            return Ok(of_constant(&meant.means));
        }
        match field.other {
            _ if cell == Cell::Empty => Ok(Cell::Empty),
            Other::Keep => Ok(cell),
            Other::Nothing => Ok(Cell::Empty),
            Other::Refuse => Err(not_among(column, &written)),
        }
    }

    fn unless_empty(&self, cell: &Cell) -> Cell {
        match cell {
            Cell::Text(text) if self.mapping.empty.contains(text) => Cell::Empty,
            cell => cell.clone(),
        }
    }

    fn needed(&self, field: &Field, row: &Row<'_>) -> Result<Cell, RowProblem> {
        match self.cell(field, row)? {
            Cell::Empty => Err(RowProblem { column: field.column().map(Into::into), reason: nothing_there() }),
            cell => Ok(cell),
        }
    }

    fn id(&self, parts: &[Field], row: &Row<'_>) -> Result<Option<String>, RowProblem> {
        let cells: Result<Vec<String>, RowProblem> =
            parts.iter().map(|part| self.needed(part, row).map(|cell| cell.written())).collect();
        Ok(Some(cells?.join("|")).filter(|_| !parts.is_empty()))
    }

    fn moment(&self, field: &Field, cell: &Cell) -> Result<Instant, RowProblem> {
        match when(cell, &field.formats, self.zone()) {
            Some(When::At(at)) => Ok(at),
            // Whoever says that there is a date alone, means its beginning.
            Some(When::On(date)) if !field.formats.is_empty() => {
                Ok(at_local(date.and_time(NaiveTime::default()), self.zone()))
            }
            Some(When::On(_)) => Err(RowProblem { column: field.column().map(Into::into), reason: no_time_of_day() }),
            None => Err(no_time(field, "时间", "a time")),
        }
    }
}

fn of_constant(constant: &Constant) -> Cell {
    match constant {
        Constant::Nothing => Cell::Empty,
        Constant::Text(text) => Cell::text(text),
        Constant::Number(number) => Cell::Number(number.clone()),
        Constant::Boolean(value) => Cell::Boolean(*value),
    }
}

fn event_field<'a>(map: &'a EventMap, name: &str) -> Option<&'a Field> {
    match name {
        "id" => map.id.first(),
        "order" => Some(&map.order),
        "type" => Some(&map.kind),
        "at" => Some(&map.at),
        "recorded_at" => map.recorded_at.as_ref(),
        name => map.attributes.iter().find(|(known, _)| known == name).map(|(_, field)| field),
    }
}

fn figure_field<'a>(map: &'a FigureMap, name: &str) -> Option<&'a Field> {
    match name {
        "id" => map.id.first(),
        "figure" => Some(&map.figure),
        "day" => Some(&map.day),
        "value" => Some(&map.value),
        "department" => map.department.as_ref(),
        _ => None,
    }
}

fn nothing_there() -> Text {
    Text::new("这一列是空的，但必须有值", "there is nothing in this column, and there must be")
}

fn too_long() -> Text {
    Text::new(
        "位数太多，作为数字会丢末几位；若是编号，请在词汇表里把这个属性声明为 text",
        "too many digits for a number, which would lose the last: if it is one of those by which something is known, declare \
         the attribute as `text`",
    )
}

fn no_time_of_day() -> Text {
    Text::new(
        "只有日期，没有钟点；若要按当日零点计，请在来源配置里写 format",
        "a date without a time of the day; to take it as midnight, give its `format` in the configuration",
    )
}

fn no_time(field: &Field, zh: &str, en: &str) -> RowProblem {
    let reason = if field.formats.is_empty() {
        Text::new(
            format!("看不懂的{zh}；应为 2024-05-06 09:00:00 这样的写法，别的写法请在来源配置里写 format"),
            format!("not {en} as it is usually written, 2024-05-06 09:00:00: give its `format` in the configuration"),
        )
    } else {
        Text::new(
            format!("{zh}的写法与来源配置里的 format 不符"),
            format!("not {en} as the configuration's `format` says"),
        )
    };
    RowProblem { column: field.column().map(Into::into), reason }
}

/// A word of a code list may be shown; what could be a number by which somebody is known may not.
fn not_among(column: &str, written: &str) -> RowProblem {
    let is_number = written.chars().filter(char::is_ascii_digit).count() >= 6;
    let shown: String = written.chars().filter(|letter| !letter.is_control()).take(20).collect();
    let shown = if is_number || shown.is_empty() { String::new() } else { format!("“{shown}”") };
    let reason = Text::new(
        format!("来源配置的 values 里没有这个值{shown}"),
        format!("`values` in the configuration does not have this value {shown}").trim_end().to_owned(),
    );
    RowProblem { column: Some(column.to_owned()), reason }
}

#[cfg(test)]
mod tests;
