//! Queueing: each notice once, by its key, chained where its order is, or in `system`.

use super::NoticeId;
use crate::notify::notice::QueuedNotice;
use crate::store::decided::Fresh;
use crate::store::error::StoreError;
use crate::store::ledger::{self, Content, Hash, Kind, Link};
use crate::store::prepared::Said;
use crate::store::rows;
use crate::store::writer::Writing;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A notice to be written.
struct NewRow<'a> {
    id: NoticeId,
    order: Option<(i64, &'a str)>,
    notice: &'a QueuedNotice,
    said: &'a Said,
    /// The notice that has its words.
    said_in: Option<NoticeId>,
}

impl NewRow<'_> {
    fn content(&self) -> Hash {
        let (notice, order) = (self.notice, self.order.map(|(_, id)| id));
        let decision = notice.decision.as_deref();
        let expires_at = notice.expires_at.map(|at| at.0);
        content(&Contents {
            id: self.id,
            key: &notice.key,
            order,
            decision,
            kind: notice.kind.as_str(),
            target: &self.said.target,
            at: notice.at.0,
            expires_at,
            confidential: notice.confidential,
            forms: self.said.hash,
        })
    }
}

/// What of a notice never changes.
pub(in crate::store) struct Contents<'a> {
    pub(in crate::store) id: NoticeId,
    pub(in crate::store) key: &'a str,
    pub(in crate::store) order: Option<&'a str>,
    pub(in crate::store) decision: Option<&'a str>,
    pub(in crate::store) kind: &'a str,
    pub(in crate::store) target: &'a str,
    pub(in crate::store) at: i64,
    pub(in crate::store) expires_at: Option<i64>,
    pub(in crate::store) confidential: bool,
    /// The hash of its words.
    pub(in crate::store) forms: Hash,
}

/// The hash of a notice's content, as it is chained and verified.
pub(in crate::store) fn content(notice: &Contents<'_>) -> Hash {
    Content::of(Kind::Notice)
        .number(notice.id)
        .text(notice.key)
        .maybe_text(notice.order)
        .maybe_text(notice.decision)
        .text(notice.kind)
        .text(notice.target)
        .number(notice.at)
        .maybe_number(notice.expires_at)
        .number(i64::from(notice.confidential))
        .hashed(&notice.forms)
        .hash()
}

/// Queues the notices of decisions that are being saved.
pub(in crate::store) async fn queue(writing: &mut Writing, fresh: &mut [Fresh<'_>]) -> Result<(), sqlx::Error> {
    let mut rows: Vec<NewRow<'_>> = Vec::new();
    for (prepared, _) in fresh.iter() {
        let (saved, before) = (&prepared.saved, rows.len());
        for (notice, said) in saved.notices.iter().zip(&prepared.said) {
            writing.numbers.notice += 1;
            let (id, order) = (writing.numbers.notice, Some((saved.order.nr, &*saved.order.order)));
            let said_in = said.as_before.map(|place| rows[before + place].id);
            rows.push(NewRow { id, order, notice, said, said_in });
        }
    }
    let queued = insert(writing, &rows).await?;
    let mut places: HashMap<i64, &mut Link> = HashMap::new();
    for (prepared, link) in fresh.iter_mut() {
        places.insert(prepared.saved.order.nr, link);
    }
    for row in rows.iter().filter(|row| queued.contains(&row.id)) {
        let Some(link) = row.order.and_then(|(nr, _)| places.get_mut(&nr)) else { continue };
        **link =
            writing.chain(row.order.map_or(ledger::SYSTEM, |(nr, _)| nr), **link, Kind::Notice, row.id, row.content());
    }
    Ok(())
}

/// Queues notices that concern no order; how many were new.
pub(in crate::store) async fn queue_others(writing: &mut Writing, notices: &[QueuedNotice]) -> Result<u64, StoreError> {
    let said: Vec<Said> = notices.iter().map(Said::of).collect();
    let mut rows = Vec::new();
    for (notice, said) in notices.iter().zip(&said) {
        writing.numbers.notice += 1;
        rows.push(NewRow { id: writing.numbers.notice, order: None, notice, said, said_in: None });
    }
    let queued = insert(writing, &rows).await.map_err(StoreError::failed("queue notices"))?;
    for row in rows.iter().filter(|row| queued.contains(&row.id)) {
        writing.chain_system(Kind::Notice, row.id, row.content());
    }
    Ok(queued.len() as u64)
}

async fn insert(writing: &mut Writing, rows: &[NewRow<'_>]) -> Result<HashSet<NoticeId>, sqlx::Error> {
    let sql = include_str!("../sql/insert_notices.sql");
    let queued = rows::execute(&mut writing.conn, sql, rows, |query, row| {
        query
            .bind(row.id)
            .bind(row.notice.key.clone())
            .bind(row.order.map(|(nr, _)| nr))
            .bind(row.notice.decision.clone())
            .bind(row.notice.kind.as_str())
            .bind(row.said.target.clone())
            .bind(row.notice.at.0)
            .bind(row.notice.expires_at.map(|at| at.0))
            .bind(row.notice.confidential)
            .bind(if row.said_in.is_some() { Arc::default() } else { row.said.forms.clone() })
            .bind(row.notice.at.0)
            .bind(row.said_in)
            .bind(row.notice.calendar.clone())
    })
    .await?;
    if queued == rows.len() as u64 {
        return Ok(rows.iter().map(|row| row.id).collect());
    }
    let first = rows.first().map_or(NoticeId::MAX, |row| row.id);
    let queued = sqlx::query_scalar(include_str!("../sql/notices_from.sql")).bind(first).fetch_all(&mut writing.conn);
    let queued: HashSet<NoticeId> = queued.await?.into_iter().collect();
    say_themselves(writing, rows, &queued).await?;
    Ok(queued)
}

/// A notice whose words were to be in one that had been queued before has them itself.
async fn say_themselves(
    writing: &mut Writing,
    rows: &[NewRow<'_>],
    queued: &HashSet<NoticeId>,
) -> Result<(), sqlx::Error> {
    let is_left = |row: &&NewRow<'_>| queued.contains(&row.id) && row.said_in.is_some_and(|id| !queued.contains(&id));
    for row in rows.iter().filter(is_left) {
        let query = sqlx::query(include_str!("../sql/say_itself.sql")).bind(row.id).bind(row.said.forms.clone());
        query.execute(&mut writing.conn).await?;
    }
    Ok(())
}
