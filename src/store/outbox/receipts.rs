//! Receipts: what the other side says later of a message, matched with the deliveries that it is of, recorded once and
//! chained; and which messages are asked about when.
//!
//! A receipt may come before the answer that names its message is recorded: it is kept for an hour as a stray, and found
//! when the answer is. A receipt of another system's message, sent through the same account, stays a stray and goes.

use super::sending::{chain_of, end_chain};
use super::{Awaits, Delivery, DeliveryOutcome, KeptReceipt, NoticeId, ReceiptSource, outcome_name};
use crate::notify::channel::{Asked, Receipt, ReceiptOf, ReceiptOutcome};
use crate::store::error::StoreError;
use crate::store::ledger::{Content, Hash, Kind, Link};
use crate::store::writer::Writing;
use crate::time::Instant;
use sqlx::Row;
use std::sync::Arc;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// So long a message is asked about; gateways hold a message no longer for a telephone that is off.
pub const ASKED_FOR_MS: i64 = 72 * HOUR;
/// The pauses before each question; the last is repeated.
const PAUSES: [i64; 10] =
    [30 * SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR];
/// Of what may not have been sent at all, the first question comes sooner: whoever waits for it is not told yet.
const FIRST_OF_UNKNOWN: i64 = 5 * SECOND;
/// So long a stray is kept.
const STRAY_FOR_MS: i64 = HOUR;

/// What became of receipts that were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiptsTaken {
    /// That a message arrived, and it was not known.
    pub delivered: u64,
    /// That it did not, and it was not known.
    pub failed: u64,
    /// Known before.
    pub repeated: u64,
    /// Of no message that is known.
    pub unknown: u64,
}

/// A question that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The channel's name.
    pub channel: Arc<str>,
    /// The question.
    pub asked: Asked,
}

/// The pause after so many questions.
fn pause(asked: i64) -> i64 {
    let place = usize::try_from(asked).unwrap_or_default().min(PAUSES.len() - 1);
    PAUSES[place]
}

fn may_have_arrived(outcome: DeliveryOutcome) -> bool {
    matches!(outcome, DeliveryOutcome::Accepted | DeliveryOutcome::Unknown | DeliveryOutcome::Interrupted)
}

/// A delivery that is just recorded: what was said of it already is taken, else it is asked about.
pub(super) async fn await_one(
    writing: &mut Writing,
    notice: NoticeId,
    (nr, mut link): (i64, Link),
    (id, delivery): (i64, &Delivery),
    awaits: Awaits,
) -> Result<Link, sqlx::Error> {
    if awaits == Awaits::Nothing || !may_have_arrived(delivery.outcome) {
        return Ok(link);
    }
    let strays = strays_of(writing, delivery).await?;
    for stray in &strays {
        link = insert(writing, (nr, link), id, stray).await?.unwrap_or(link);
        sqlx::query(include_str!("../sql/look_again.sql")).bind(notice).execute(&mut writing.conn).await?;
    }
    if strays.is_empty() && awaits == Awaits::Asked {
        let is_taken = delivery.outcome == DeliveryOutcome::Accepted;
        let first = if is_taken { pause(0) } else { FIRST_OF_UNKNOWN };
        sqlx::query(include_str!("../sql/insert_awaited.sql"))
            .bind(id)
            .bind(delivery.at.0 + first)
            .bind(delivery.at.0 + ASKED_FOR_MS)
            .execute(&mut writing.conn)
            .await?;
    }
    Ok(link)
}

/// What was said of a message before it was known here.
async fn strays_of(writing: &mut Writing, delivery: &Delivery) -> Result<Vec<KeptReceipt>, sqlx::Error> {
    let rows = sqlx::query(include_str!("../sql/take_strays.sql"))
        .bind(&*delivery.channel)
        .bind(delivery.message.as_deref())
        .bind(delivery.provider_id.as_deref())
        .fetch_all(&mut writing.conn)
        .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| {
        Ok(KeptReceipt {
            at: Instant(row.try_get(0)?),
            known_at: Instant(row.try_get(1)?),
            source: ReceiptSource::Callback,
            outcome: read_outcome(row.try_get(2)?).unwrap_or(ReceiptOutcome::Failed),
            detail: row.try_get(3)?,
        })
    };
    rows.iter().map(read).collect()
}

/// The outcome of this name.
pub(super) fn read_outcome(name: &str) -> Option<ReceiptOutcome> {
    [ReceiptOutcome::Delivered, ReceiptOutcome::Failed].into_iter().find(|outcome| outcome_name(*outcome) == name)
}

/// Records a receipt and chains it; none: it was known.
async fn insert(
    writing: &mut Writing,
    (nr, link): (i64, Link),
    delivery: i64,
    receipt: &KeptReceipt,
) -> Result<Option<Link>, sqlx::Error> {
    let id = writing.numbers.receipt + 1;
    let done = sqlx::query(include_str!("../sql/insert_receipt.sql"))
        .bind(id)
        .bind(delivery)
        .bind(receipt.at.0)
        .bind(receipt.known_at.0)
        .bind(receipt.source.as_str())
        .bind(outcome_name(receipt.outcome))
        .bind(receipt.detail.as_deref())
        .execute(&mut writing.conn)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    writing.numbers.receipt = id;
    sqlx::query(include_str!("../sql/end_awaiting.sql")).bind(delivery).execute(&mut writing.conn).await?;
    let content = receipt_content(&Contents {
        id,
        delivery,
        at: receipt.at.0,
        known_at: receipt.known_at.0,
        source: receipt.source.as_str(),
        outcome: outcome_name(receipt.outcome),
        detail: receipt.detail.as_deref(),
    });
    Ok(Some(writing.chain(nr, link, Kind::Receipt, id, content)))
}

/// What a receipt says, as its row has it.
pub(in crate::store) struct Contents<'a> {
    pub(in crate::store) id: i64,
    pub(in crate::store) delivery: i64,
    pub(in crate::store) at: i64,
    pub(in crate::store) known_at: i64,
    pub(in crate::store) source: &'a str,
    pub(in crate::store) outcome: &'a str,
    pub(in crate::store) detail: Option<&'a str>,
}

/// The hash of a receipt's content, as it is chained and verified.
pub(in crate::store) fn receipt_content(receipt: &Contents<'_>) -> Hash {
    Content::of(Kind::Receipt)
        .number(receipt.id)
        .number(receipt.delivery)
        .number(receipt.at)
        .number(receipt.known_at)
        .text(receipt.source)
        .text(receipt.outcome)
        .maybe_erasable(receipt.detail)
        .hash()
}

/// Receipts of a channel as they came.
pub(in crate::store) struct Taking {
    pub(in crate::store) channel: Arc<str>,
    pub(in crate::store) source: ReceiptSource,
    pub(in crate::store) receipts: Vec<Receipt>,
    pub(in crate::store) now: Instant,
}

pub(in crate::store) async fn take(writing: &mut Writing, taking: &Taking) -> Result<ReceiptsTaken, StoreError> {
    writing.note(taking.now);
    take_all(writing, taking).await.map_err(StoreError::failed("take receipts"))
}

async fn take_all(writing: &mut Writing, taking: &Taking) -> Result<ReceiptsTaken, sqlx::Error> {
    let mut taken = ReceiptsTaken::default();
    for receipt in &taking.receipts {
        let found = deliveries_of(writing, &taking.channel, receipt).await?;
        if found.is_empty() {
            keep_stray(writing, taking, receipt).await?;
            taken.unknown += 1;
            continue;
        }
        let mut is_new = false;
        for (delivery, notice) in found {
            is_new |= take_one(writing, taking, receipt, delivery, notice).await?;
        }
        match receipt.outcome {
            _ if !is_new => taken.repeated += 1,
            ReceiptOutcome::Delivered => taken.delivered += 1,
            ReceiptOutcome::Failed => taken.failed += 1,
        }
    }
    Ok(taken)
}

async fn take_one(
    writing: &mut Writing,
    taking: &Taking,
    receipt: &Receipt,
    delivery: i64,
    notice: NoticeId,
) -> Result<bool, sqlx::Error> {
    let kept = KeptReceipt {
        at: receipt.at,
        known_at: taking.now,
        source: taking.source,
        outcome: receipt.outcome,
        detail: receipt.detail.clone(),
    };
    let (nr, link) = chain_of(writing, notice).await?;
    let Some(link) = insert(writing, (nr, link), delivery, &kept).await? else { return Ok(false) };
    end_chain(writing, nr, link).await?;
    let poke = sqlx::query(include_str!("../sql/poke_notice.sql")).bind(notice).bind(taking.now.0);
    poke.execute(&mut writing.conn).await?;
    Ok(true)
}

/// The deliveries that a receipt is of, each with its notice: of one message the newest attempt for each notice.
async fn deliveries_of(
    writing: &mut Writing,
    channel: &str,
    receipt: &Receipt,
) -> Result<Vec<(i64, NoticeId)>, sqlx::Error> {
    let (sql, name) = match &receipt.of {
        ReceiptOf::Provider(id) => (include_str!("../sql/deliveries_of_provider.sql"), id),
        ReceiptOf::Message(id) => (include_str!("../sql/deliveries_of_message.sql"), id),
    };
    let rows: Vec<(i64, NoticeId, String)> =
        sqlx::query_as(sql).bind(channel).bind(&**name).fetch_all(&mut writing.conn).await?;
    let named = receipt.to.as_deref().map(tail);
    let is_named = |row: &&(i64, NoticeId, String)| named.is_none_or(|named| tail(&row.2) == named);
    let fitting: Vec<_> = rows.iter().filter(is_named).collect();
    // Some gateways name the number masked: of a message to one address only there is nothing to tell apart.
    let is_one = rows.windows(2).all(|pair| pair[0].2 == pair[1].2);
    let chosen = if fitting.is_empty() && is_one { rows.iter().collect() } else { fitting };
    Ok(chosen.into_iter().map(|(delivery, notice, _)| (*delivery, *notice)).collect())
}

/// A number without its country's code; any other address whole.
fn tail(address: &str) -> &str {
    const NATIONAL: usize = 11;
    let is_number = address.len() >= NATIONAL && address.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+');
    if is_number { &address[address.len() - NATIONAL..] } else { address }
}

async fn keep_stray(writing: &mut Writing, taking: &Taking, receipt: &Receipt) -> Result<(), sqlx::Error> {
    let (name, is_ours) = match &receipt.of {
        ReceiptOf::Provider(id) => (id, false),
        ReceiptOf::Message(id) => (id, true),
    };
    sqlx::query(include_str!("../sql/insert_stray.sql"))
        .bind(&*taking.channel)
        .bind(&**name)
        .bind(is_ours)
        .bind(receipt.to.as_deref().unwrap_or_default())
        .bind(receipt.at.0)
        .bind(taking.now.0)
        .bind(outcome_name(receipt.outcome))
        .bind(receipt.detail.as_deref())
        .execute(&mut writing.conn)
        .await?;
    let forget = sqlx::query(include_str!("../sql/forget_strays.sql")).bind(taking.now.0 - STRAY_FOR_MS);
    forget.execute(&mut writing.conn).await?;
    Ok(())
}

/// How many questions are wanted, and when it is.
pub(in crate::store) struct Due {
    pub(in crate::store) now: Instant,
    pub(in crate::store) limit: u32,
}

/// The questions that are due, each once for its message. They are due again after a pause, whatever becomes of them: who
/// asks and dies loses nothing. What was asked about for long enough is forgotten on the way.
pub(in crate::store) async fn due(writing: &mut Writing, due: &Due) -> Result<Vec<Asking>, StoreError> {
    due_now(writing, due).await.map_err(StoreError::failed("find receipts to ask for"))
}

async fn due_now(writing: &mut Writing, due: &Due) -> Result<Vec<Asking>, sqlx::Error> {
    let now = due.now.0;
    sqlx::query(include_str!("../sql/forget_awaited.sql")).bind(now).execute(&mut writing.conn).await?;
    let rows = sqlx::query(include_str!("../sql/due_asks.sql")).bind(now).bind(due.limit);
    let rows = rows.fetch_all(&mut writing.conn).await?;
    let mut asking: Vec<Asking> = Vec::new();
    for row in &rows {
        let (delivery, asked): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let next = sqlx::query(include_str!("../sql/ask_later.sql")).bind(delivery).bind(now + pause(asked + 1));
        next.execute(&mut writing.conn).await?;
        let text = |column: usize| row.try_get::<Option<&str>, _>(column).map(|text| text.map(Arc::from));
        let Some((channel, id, to)) = text(2)?.zip(text(3)?).zip(text(5)?).map(|((a, b), c)| (a, b, c)) else {
            continue;
        };
        let asked = Asked { id, provider_id: text(4)?, to, sent_at: Instant(row.try_get(6)?) };
        let one = Asking { channel, asked };
        if !asking.contains(&one) {
            asking.push(one);
        }
    }
    Ok(asking)
}

/// When the next question is due.
pub(in crate::store) async fn next_ask(readers: &sqlx::SqlitePool) -> Result<Option<Instant>, StoreError> {
    let next: Option<i64> = sqlx::query_scalar(include_str!("../sql/next_ask.sql"))
        .fetch_one(readers)
        .await
        .map_err(StoreError::failed("find the next receipt to ask for"))?;
    Ok(next.map(Instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_grow_rarer_and_span_three_days() {
        assert!(PAUSES.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((pause(0), pause(9), pause(1000)), (30 * SECOND, 4 * HOUR, 4 * HOUR));
        let (mut at, mut count) = (0, 0);
        while at < ASKED_FOR_MS {
            at += pause(count);
            count += 1;
        }
        assert!(count < 30, "{count} questions about one message");
    }

    #[test]
    fn a_number_is_the_same_with_its_country_s_code() {
        assert_eq!(tail("+8613800000000"), tail("13800000000"));
        assert_ne!(tail("13800000001"), tail("13800000000"));
        assert_eq!(tail("a@example.gov.cn"), "a@example.gov.cn");
    }
}
