//! Many rows with few statements.
//!
//! A statement's file gives one tuple after `VALUES`; here it is repeated, in a few sizes, so that each size is prepared
//! once. Rows go into the smallest size that holds them; the tuples left over are null, and the statement passes them over.
//! Each statement is a journey to SQLite's thread and back, which costs more than a few nulls. The repeated tuples have
//! anonymous parameters: SQLite finds a named one by a linear search, which thousands of them would pay for.

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Sqlite};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// How many rows one statement takes.
const SIZES: [usize; 4] = [1, 8, 64, 256];

/// A query being bound.
pub(super) type Binding<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Executes a statement for all rows; how many it wrote. Whoever must know which asks for them afterwards, if it is not
/// all: each row that a statement returns costs more than the rest of it.
pub(super) async fn execute<T>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    rows: &[T],
    bind: impl for<'q> Fn(Binding<'q>, &T) -> Binding<'q>,
) -> Result<u64, sqlx::Error> {
    let mut written = 0;
    for chunk in rows.chunks(SIZES[SIZES.len() - 1]) {
        let size = SIZES.into_iter().find(|&size| chunk.len() <= size).unwrap_or(chunk.len());
        let query = sqlx::query(AssertSqlSafe(repeated(sql, size)));
        let query = chunk.iter().fold(query, &bind);
        written += query.execute(&mut *conn).await?.rows_affected();
    }
    Ok(written)
}

type Known = HashMap<(&'static str, usize), Arc<str>>;

fn repeated(sql: &'static str, times: usize) -> Arc<str> {
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry((sql, times)).or_insert_with(|| repeat(sql, times).into()).clone()
}

fn repeat(sql: &str, times: usize) -> String {
    let start = sql.find("VALUES (").expect("the statement has VALUES") + "VALUES ".len();
    let end = start + sql[start..].find(')').expect("the tuple is closed") + 1;
    let tuple = anonymous(&sql[start..end]);
    format!("{}{}{}", &sql[..start], vec![tuple; times].join(", "), &sql[end..])
}

/// A tuple with `?` for each numbered parameter; literals stay.
fn anonymous(tuple: &str) -> String {
    let mut parts = tuple.split('$');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |made, part| made + "?" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuple_is_repeated_between_head_and_tail() {
        let sql = "INSERT INTO t (a, b) SELECT * FROM (VALUES ($1, $2)) WHERE column1 IS NOT NULL";
        let expected = "INSERT INTO t (a, b) SELECT * FROM (VALUES (?, ?), (?, ?)) WHERE column1 IS NOT NULL";
        assert_eq!(repeat(sql, 2), expected);
    }
}
