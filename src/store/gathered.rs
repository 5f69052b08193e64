//! Many rows as few: a statement strings its rows together, and they are taken apart here.
//!
//! Each row that SQLite's thread hands over wakes whoever waits for it, which costs more than the row itself: what is
//! asked by the thousand is gathered into one text by `group_concat`. Columns are parted by the character U+001F, rows by
//! U+001E; JSON and ids hold neither. Where that does not hold, or the text would be larger than SQLite makes them, the
//! answer is none, and the caller asks row by row.

use super::error::{SQLITE_TOOBIG, code};
use sqlx::sqlite::SqliteConnection;
use std::str::FromStr;

/// The columns of one row, taken from the front.
pub(super) struct Columns<'r>(std::str::Split<'r, char>);

impl<'r> Columns<'r> {
    pub(super) fn text(&mut self) -> Option<&'r str> {
        self.0.next()
    }

    pub(super) fn number<N: FromStr>(&mut self) -> Option<N> {
        self.0.next()?.parse().ok()
    }

    /// A number, or nothing where the column is empty.
    #[expect(clippy::option_option, reason = "no such column, an empty one, a number: three cases")]
    pub(super) fn maybe_number(&mut self) -> Option<Option<i64>> {
        match self.0.next()? {
            "" => Some(None),
            number => number.parse().ok().map(Some),
        }
    }
}

/// All rows of a statement that asks for a list, given as JSON; none where they cannot be gathered.
pub(super) async fn fetch<T>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    list: &str,
    read: impl Fn(&mut Columns<'_>) -> Option<T>,
) -> Result<Option<Vec<T>>, sqlx::Error> {
    let texts: Vec<Option<String>> = match sqlx::query_scalar(sql).bind(list).fetch_all(conn).await {
        Err(error) if code(&error) == Some(SQLITE_TOOBIG) => return Ok(None),
        texts => texts?,
    };
    let gathered: Option<Vec<Vec<T>>> = texts.iter().flatten().map(|text| rows(text, &read)).collect();
    Ok(gathered.map(|texts| texts.into_iter().flatten().collect()))
}

/// Takes a text of rows apart; none where it is none.
pub(super) fn rows<T>(text: &str, read: impl Fn(&mut Columns<'_>) -> Option<T>) -> Option<Vec<T>> {
    text.split('\u{1e}').map(|row| whole(row, &read)).collect()
}

/// Reads a row of which nothing may be left over.
fn whole<T>(row: &str, read: impl Fn(&mut Columns<'_>) -> Option<T>) -> Option<T> {
    let mut columns = Columns(row.split('\u{1f}'));
    read(&mut columns).filter(|_| columns.0.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_apart_and_what_is_no_row_is_refused() {
        let read = |columns: &mut Columns<'_>| {
            Some((columns.number::<i64>()?, columns.maybe_number()?, columns.text()?.to_owned()))
        };
        let good = "1\u{1f}\u{1f}a\u{1e}2\u{1f}7\u{1f}";
        assert_eq!(rows(good, read), Some(vec![(1, None, "a".to_owned()), (2, Some(7), String::new())]));
        assert_eq!(rows("1\u{1f}2", read), None);
        assert_eq!(rows("1\u{1f}2\u{1f}a\u{1f}b", read), None);
        assert_eq!(rows("x\u{1f}2\u{1f}a", read), None);
    }
}
