//! Rows in the cursor's order, some at a time.
//!
//! The operator's query stands in a subquery; around it are the columns as texts, the range, the order and the limit. Every
//! value is a parameter that is brought into its column's type. Within one cursor value rows are told apart by the keys;
//! where there are none, a page that ends within a value is asked for again together with the rest of that value.

use super::answer::{Column, Fetched, Value};
use super::position::Position;
use super::server::{Dialect, Server};
use crate::config::sources::Sql;
use crate::source::look::LookError;
use crate::text::Text;
use std::collections::HashSet;

/// Where rows have no keys, so many of one cursor value are read together.
const ALIKE_MAX: u32 = 200_000;

/// A stretch of the cursor's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    lower: Option<Bound>,
    /// Up to here, included.
    upper: Option<Value>,
}

/// From where on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bound {
    /// This value and everything greater.
    From(Value),
    /// Everything greater than this value.
    Above(Value),
    /// Everything behind this row.
    Behind(Position),
}

impl Range {
    pub(super) fn all() -> Range {
        Range { lower: None, upper: None }
    }

    /// From what an operator wrote on.
    pub(super) fn starting(text: &str) -> Range {
        let start = Value { kind: super::answer::Kind::Text, text: text.to_owned() };
        Range { lower: Some(Bound::From(start)), upper: None }
    }

    /// Between two values, both included.
    pub(super) fn between(from: Value, to: Position) -> Range {
        Range { lower: Some(Bound::From(from)), upper: Some(to.cursor) }
    }

    /// What was not read when all up to a position was.
    pub(super) fn behind(head: Position) -> Range {
        let lower = match head {
            Position { is_open: true, cursor, .. } => Bound::From(cursor),
            Position { keys, cursor, .. } if keys.is_empty() => Bound::Above(cursor),
            head => Bound::Behind(head),
        };
        Range { lower: Some(lower), upper: None }
    }

    /// The rows of a position: of one key, or of a cursor's value.
    pub(super) fn just(position: Position) -> Range {
        Range { lower: Some(Bound::From(position.cursor.clone())), upper: Some(position.cursor) }
    }
}

/// What is asked of a server.
pub(super) struct Question {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

/// Asks a server for pages.
pub(super) struct Pages<'a> {
    pub(super) sql: &'a Sql,
    pub(super) columns: &'a [Column],
    pub(super) server: &'a mut Server,
}

/// Some rows, in order.
pub(super) struct Page {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Fetched>,
    cursor: usize,
    keys: Vec<usize>,
    /// Whether there may be more behind it.
    is_full: bool,
    /// Where the last row stands that was sent, taken before or not.
    end: Option<Position>,
    /// Rows of the last cursor value, so that they are not taken again with the rest of that value.
    alike: HashSet<[u8; 16]>,
}

impl Page {
    /// Where a row stands.
    pub(super) fn position(&self, row: &Fetched) -> Position {
        let value = |place: &usize| row.0[*place].clone();
        let empty = Value { kind: super::answer::Kind::Text, text: String::new() };
        Position {
            cursor: value(&self.cursor).unwrap_or_else(|| empty.clone()),
            keys: self.keys.iter().map(|place| value(place).unwrap_or_else(|| empty.clone())).collect(),
            is_open: false,
        }
    }

    /// Up to where everything was read once this page is stored, at a row of which this holds. Where rows have no keys, more
    /// of its cursor value may be to come.
    pub(super) fn end(&self, may_be: impl Fn(&Position) -> bool) -> Option<Position> {
        let end = self.end.clone().filter(&may_be);
        let is_last = end.is_some();
        let end = end.or_else(|| self.rows.iter().rev().map(|row| self.position(row)).find(may_be))?;
        Some(Position { is_open: end.keys.is_empty() && (self.is_full || !is_last), ..end })
    }

    /// Which state of a row this is: the cursor's value grows with every change.
    pub(super) fn version<'r>(&self, row: &'r Fetched) -> &'r str {
        row.0[self.cursor].as_ref().map_or("", |value| &value.text)
    }

    /// By what people find a row: its keys, or the cursor's value and what tells it from others of that value.
    pub(super) fn place(&self, row: &Fetched) -> String {
        let named = |place: &usize| {
            let text = row.0[*place].as_ref().map_or("NULL", |value| &value.text);
            format!("{}={text}", self.names[*place])
        };
        if self.keys.is_empty() {
            return format!("{} #{}", named(&self.cursor), hex::encode(&row.hash()[..4]));
        }
        self.keys.iter().map(named).collect::<Vec<_>>().join(" ")
    }
}

impl Pages<'_> {
    /// The first rows of a range.
    pub(super) async fn first(&mut self, range: &Range, limit: u32) -> Result<Page, LookError> {
        self.ask(range, limit, HashSet::new()).await
    }

    /// The rows behind a page; none: it was the last.
    pub(super) async fn next(&mut self, range: &Range, page: Page) -> Result<Option<Page>, LookError> {
        let Some(end) = page.end.filter(|_| page.is_full) else { return Ok(None) };
        if !end.keys.is_empty() {
            let rest = Range { lower: Some(Bound::Behind(end)), upper: range.upper.clone() };
            return self.ask(&rest, self.sql.batch, HashSet::new()).await.map(Some);
        }
        // More than those known to be alike, or the same would come again.
        let limit = u32::try_from(page.alike.len()).unwrap_or(u32::MAX).saturating_mul(4).max(self.sql.batch);
        if limit > ALIKE_MAX {
            return Err(LookError::Source(too_many_alike(&self.sql.cursor)));
        }
        let rest = Range { lower: Some(Bound::From(end.cursor)), upper: range.upper.clone() };
        self.ask(&rest, limit, page.alike).await.map(Some)
    }

    /// Asks for rows of a range, without those that are known.
    async fn ask(&mut self, range: &Range, limit: u32, known: HashSet<[u8; 16]>) -> Result<Page, LookError> {
        let place = |name: &str| self.columns.iter().position(|column| column.name == name).unwrap_or_default();
        let (cursor, keys) = (place(&self.sql.cursor), self.sql.keys.iter().map(|key| place(key)).collect());
        let question = Question::of(self.server.dialect(), self.sql, self.columns, range, limit);
        let rows = self.server.fetch(question, self.columns).await?;
        let names = self.columns.iter().map(|column| column.name.clone()).collect();
        let is_full = rows.len() as u64 >= u64::from(limit);
        let mut page = Page { names, rows, cursor, keys, is_full, end: None, alike: HashSet::new() };
        page.end = page.rows.last().map(|row| page.position(row));
        let is_alike = |row: &&Fetched| row.0[cursor] == page.rows.last().and_then(|last| last.0[cursor].clone());
        page.alike = page.rows.iter().rev().take_while(is_alike).map(Fetched::hash).collect();
        page.rows.retain(|row| !known.contains(&row.hash()));
        Ok(page)
    }
}

impl Question {
    /// Asks for the rows of a range, in the cursor's order.
    fn of(dialect: Dialect, sql: &Sql, columns: &[Column], range: &Range, limit: u32) -> Question {
        let mut asking = Asking { dialect, columns, values: Vec::new() };
        let selected: Vec<String> = columns.iter().map(|column| asking.selected(column)).collect();
        let mut conditions = vec![format!("{} IS NOT NULL", asking.named(&sql.cursor))];
        conditions.extend(range.lower.as_ref().map(|bound| asking.above(bound, &sql.cursor, &sql.keys)));
        conditions.extend(range.upper.as_ref().map(|value| asking.compared(&sql.cursor, "<=", value)));
        let order: Vec<String> = std::iter::once(&sql.cursor).chain(&sql.keys).map(|name| asking.named(name)).collect();
        let text = format!(
            "SELECT {}\nFROM (\n{}\n) AS duban_rows\nWHERE {}\nORDER BY {}\nLIMIT {limit}",
            selected.join(", "),
            sql.query,
            conditions.join(" AND "),
            order.join(", "),
        );
        Question { text, values: asking.values }
    }
}

/// A question being put together.
struct Asking<'a> {
    dialect: Dialect,
    columns: &'a [Column],
    values: Vec<Value>,
}

impl Asking<'_> {
    fn named(&self, column: &str) -> String {
        format!("duban_rows.{}", self.dialect.quoted(column))
    }

    fn selected(&self, column: &Column) -> String {
        let text = self.dialect.as_text(&self.named(&column.name), column.kind);
        let name = self.dialect.quoted(&column.name);
        format!("{text} AS {name}")
    }

    /// The column against a value, brought into the column's type.
    fn compared(&mut self, column: &str, how: &str, value: &Value) -> String {
        let known = self.columns.iter().find(|known| known.name == column);
        // In SQLite every value has its own type; elsewhere the column's counts, whatever was typed.
        let kind = known.map_or(value.kind, |known| self.dialect.kind_of(known.kind, value.kind));
        self.values.push(Value { kind, text: value.text.clone() });
        format!("{} {how} {}", self.named(column), self.dialect.parameter(self.values.len(), kind))
    }

    fn above(&mut self, bound: &Bound, cursor: &str, keys: &[String]) -> String {
        match bound {
            Bound::From(value) => self.compared(cursor, ">=", value),
            Bound::Above(value) => self.compared(cursor, ">", value),
            Bound::Behind(position) => {
                // The first condition says nothing new; servers find an index by it.
                let first = self.compared(cursor, ">=", &position.cursor);
                let behind = self.behind(&[&[cursor.to_owned()], keys].concat(), &position.row());
                format!("{first} AND {behind}")
            }
        }
    }

    /// Rows behind one, column by column: `a > x OR (a = x AND b > y)`.
    fn behind(&mut self, columns: &[String], values: &[Value]) -> String {
        let ([column, columns @ ..], [value, values @ ..]) = (columns, values) else { return "FALSE".to_owned() };
        let greater = self.compared(column, ">", value);
        if columns.is_empty() {
            return greater;
        }
        let same = self.compared(column, "=", value);
        let rest = self.behind(columns, values);
        format!("({greater} OR ({same} AND {rest}))")
    }
}

fn too_many_alike(cursor: &str) -> Text {
    Text::new(
        format!("游标列 {cursor} 有一个值的行太多，一次读不完；请在来源里写 key（主键列），把它们区分开"),
        format!(
            "too many rows have one value of the cursor column `{cursor}`: give `key`, columns that tell them apart"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::{Database, Tls};
    use crate::source::sql::answer::Kind;
    use std::time::Duration;

    fn asked(dialect: Dialect, range: &Range) -> String {
        let sql = Sql {
            database: Database::Sqlite("a.db".into()),
            tls: Tls::Off,
            ca_file: None,
            query: "SELECT * FROM t -- all".into(),
            cursor: "updated".into(),
            keys: vec!["i`d\"".into()],
            overlap: None,
            start: None,
            batch: 10,
            timeout: Duration::from_secs(1),
        };
        let column = |name: &str, kind| Column { name: name.into(), kind };
        let columns = [column("updated", Kind::Local), column("i`d\"", Kind::Unsigned), column("word", Kind::Text)];
        let question = Question::of(dialect, &sql, &columns, range, 10);
        let values: Vec<&str> = question.values.iter().map(|value| value.text.as_str()).collect();
        format!("{}\n-- {}", question.text, values.join(", "))
    }

    fn behind() -> Range {
        let value = |kind, text: &str| Value { kind, text: text.into() };
        let head = Position {
            cursor: value(Kind::Local, "2024-05-06 09:00:00"),
            keys: vec![value(Kind::Unsigned, "7")],
            is_open: false,
        };
        Range::behind(head)
    }

    #[test]
    fn every_value_is_a_parameter_and_every_name_is_quoted() {
        insta::assert_snapshot!(asked(Dialect::MySql, &behind()), @r#"
        SELECT CAST(duban_rows.`updated` AS CHAR) AS `updated`, CAST(duban_rows.`i``d"` + 0 AS CHAR) AS `i``d"`, CONVERT(duban_rows.`word` USING utf8mb4) AS `word`
        FROM (
        SELECT * FROM t -- all
        ) AS duban_rows
        WHERE duban_rows.`updated` IS NOT NULL AND duban_rows.`updated` >= CAST(? AS DATETIME(6)) AND (duban_rows.`updated` > CAST(? AS DATETIME(6)) OR (duban_rows.`updated` = CAST(? AS DATETIME(6)) AND duban_rows.`i``d"` > CAST(? AS UNSIGNED)))
        ORDER BY duban_rows.`updated`, duban_rows.`i``d"`
        LIMIT 10
        -- 2024-05-06 09:00:00, 2024-05-06 09:00:00, 2024-05-06 09:00:00, 7
        "#);
        insta::assert_snapshot!(asked(Dialect::Postgres, &behind()), @r#"
        SELECT CAST(duban_rows."updated" AS text) AS "updated", CAST(duban_rows."i`d""" AS text) AS "i`d""", CAST(duban_rows."word" AS text) AS "word"
        FROM (
        SELECT * FROM t -- all
        ) AS duban_rows
        WHERE duban_rows."updated" IS NOT NULL AND duban_rows."updated" >= CAST($1 AS timestamp) AND (duban_rows."updated" > CAST($2 AS timestamp) OR (duban_rows."updated" = CAST($3 AS timestamp) AND duban_rows."i`d""" > CAST($4 AS bigint)))
        ORDER BY duban_rows."updated", duban_rows."i`d"""
        LIMIT 10
        -- 2024-05-06 09:00:00, 2024-05-06 09:00:00, 2024-05-06 09:00:00, 7
        "#);
        insta::assert_snapshot!(asked(Dialect::Sqlite, &Range::starting("' OR 1=1 --")), @r#"
        SELECT duban_rows."updated" AS "updated", duban_rows."i`d""" AS "i`d""", duban_rows."word" AS "word"
        FROM (
        SELECT * FROM t -- all
        ) AS duban_rows
        WHERE duban_rows."updated" IS NOT NULL AND duban_rows."updated" >= ?1
        ORDER BY duban_rows."updated", duban_rows."i`d"""
        LIMIT 10
        -- ' OR 1=1 --
        "#);
    }
}
