//! Sending: due notices are claimed, each request is entered before it goes out, and what came of it is settled.
//!
//! Every verb here is one transaction, which concurrent ones share. A request that was entered and whose answer was never
//! recorded becomes an interrupted delivery as soon as somebody else takes the notice: perhaps it went out, perhaps not.

use super::{
    Answer, Awaits, DIGESTED_MAX, Delivery, DeliveryOutcome, Learned, NewCall, NoticeId, NoticeState, Sending, Settled,
    Settlement, Token, delivery_content, receipts,
};
use crate::store::error::StoreError;
use crate::store::ledger::{self, Kind, Link};
use crate::store::orders::numbers;
use crate::store::rows;
use crate::store::writer::Writing;
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is said of a request whose answer the daemon did not live to record.
const INTERRUPTED: &str = "发送途中程序中断，可能已发出";

#[derive(Serialize, Deserialize)]
struct SendingTwin<'a> {
    message: Cow<'a, str>,
    channel: Cow<'a, str>,
    address: Cow<'a, str>,
    party: Cow<'a, str>,
    attempt: u32,
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    awaits: Option<Cow<'a, str>>,
}

impl Sending {
    fn write(&self) -> String {
        let awaits = match self.awaits {
            Awaits::Nothing => None,
            Awaits::Callback => Some("callback".into()),
            Awaits::Asked => Some("asked".into()),
        };
        let twin = SendingTwin {
            message: (&*self.message).into(),
            channel: (&*self.channel).into(),
            address: (&*self.address).into(),
            party: (&*self.party).into(),
            attempt: self.attempt,
            at: self.at.0,
            awaits,
        };
        serde_json::to_string(&twin).expect("texts and numbers can be written")
    }

    fn read(text: &str) -> Option<Sending> {
        let twin: SendingTwin<'_> = serde_json::from_str(text).ok()?;
        let awaits = match twin.awaits.as_deref() {
            Some("callback") => Awaits::Callback,
            Some("asked") => Awaits::Asked,
            _ => Awaits::Nothing,
        };
        Some(Sending {
            message: (&*twin.message).into(),
            channel: (&*twin.channel).into(),
            address: (&*twin.address).into(),
            party: (&*twin.party).into(),
            attempt: twin.attempt,
            at: Instant(twin.at),
            awaits,
        })
    }

    fn interrupted(self) -> Answer {
        let delivery = Delivery {
            attempt: self.attempt,
            channel: self.channel,
            address: self.address,
            at: self.at,
            outcome: DeliveryOutcome::Interrupted,
            detail: Some(INTERRUPTED.into()),
            provider_id: None,
            message: Some(self.message),
            party: Some(self.party),
            receipts: Vec::new(),
        };
        Answer { delivery, awaits: self.awaits }
    }
}

/// What a claim asks for.
pub(in crate::store) struct Claim {
    pub(in crate::store) now: Instant,
    pub(in crate::store) lease_ends_at: Instant,
    pub(in crate::store) limit: u32,
    pub(in crate::store) token: Token,
}

/// Claims what is due, whole bundles at a time.
pub(in crate::store) async fn claim(writing: &mut Writing, claim: &Claim) -> Result<Vec<NoticeId>, StoreError> {
    claim_all(writing, claim).await.map_err(StoreError::failed("claim due notices"))
}

/// A notice that was claimed: its bundle, its target where it goes out as part of a digest, and whether a request was entered.
type ClaimedRow = (NoticeId, Option<NoticeId>, Option<String>, bool);

async fn claim_all(writing: &mut Writing, claim: &Claim) -> Result<Vec<NoticeId>, sqlx::Error> {
    let rows: Vec<ClaimedRow> = sqlx::query_as(include_str!("../sql/claim_due_notices.sql"))
        .bind(claim.now.0)
        .bind(claim.lease_ends_at.0)
        .bind(claim.limit)
        .bind(claim.token.0)
        .fetch_all(&mut writing.conn)
        .await?;
    let mut claimed: Vec<NoticeId> = rows.iter().map(|(id, ..)| *id).collect();
    let mut was_sending = rows.iter().any(|(.., is_sending)| *is_sending);
    let bundles: BTreeSet<NoticeId> = rows.iter().filter_map(|(_, bundle, ..)| *bundle).collect();
    if !bundles.is_empty() {
        let rest = claim_bundles(writing, claim, bundles).await?;
        was_sending |= rest.iter().any(|(_, is_sending)| *is_sending);
        claimed.extend(rest.iter().map(|(id, _)| *id));
    }
    let readers: BTreeSet<&str> = rows.iter().filter_map(|(_, _, target, _)| target.as_deref()).collect();
    if !readers.is_empty() {
        claimed.extend(claim_digests(writing, claim, &readers).await?);
    }
    if was_sending {
        interrupt(writing, &numbers(claimed.iter().copied())).await?;
    }
    claimed.sort_unstable();
    Ok(claimed)
}

async fn claim_bundles(
    writing: &mut Writing,
    claim: &Claim,
    bundles: BTreeSet<NoticeId>,
) -> Result<Vec<(NoticeId, bool)>, sqlx::Error> {
    sqlx::query_as(include_str!("../sql/claim_bundles.sql"))
        .bind(numbers(bundles.into_iter()))
        .bind(claim.now.0)
        .bind(claim.lease_ends_at.0)
        .bind(claim.token.0)
        .fetch_all(&mut writing.conn)
        .await
}

async fn claim_digests(
    writing: &mut Writing,
    claim: &Claim,
    readers: &BTreeSet<&str>,
) -> Result<Vec<NoticeId>, sqlx::Error> {
    sqlx::query_scalar(include_str!("../sql/claim_digests.sql"))
        .bind(serde_json::to_string(readers).expect("texts can be written"))
        .bind(claim.lease_ends_at.0)
        .bind(claim.token.0)
        .bind(DIGESTED_MAX)
        .fetch_all(&mut writing.conn)
        .await
}

/// Requests of these notices (a JSON array) that were entered and never answered for become deliveries.
async fn interrupt(writing: &mut Writing, notices: &str) -> Result<(), sqlx::Error> {
    let sql = include_str!("../sql/interrupted_notices.sql");
    let rows: Vec<(NoticeId, String)> = sqlx::query_as(sql).bind(notices).fetch_all(&mut writing.conn).await?;
    for (notice, sending) in rows {
        if let Some(sending) = Sending::read(&sending) {
            record_all(writing, notice, &[sending.interrupted()]).await?;
        }
    }
    sqlx::query(include_str!("../sql/end_sending.sql")).bind(notices).execute(&mut writing.conn).await?;
    Ok(())
}

/// A request that is about to go out for all of a batch.
pub(in crate::store) struct Entering {
    pub(in crate::store) notices: Vec<NoticeId>,
    pub(in crate::store) token: Token,
    pub(in crate::store) answers: Vec<Answer>,
    pub(in crate::store) sending: Sending,
    pub(in crate::store) lease_ends_at: Instant,
}

/// Records what was answered before, and enters the next request, if all are still held.
pub(in crate::store) async fn enter(writing: &mut Writing, entering: &Entering) -> Result<Settled, StoreError> {
    writing.note(entering.sending.at);
    enter_all(writing, entering).await.map_err(StoreError::failed("enter a request"))
}

async fn enter_all(writing: &mut Writing, entering: &Entering) -> Result<Settled, sqlx::Error> {
    for notice in &entering.notices {
        record_all(writing, *notice, &entering.answers).await?;
    }
    let bundle = entering.notices.first().filter(|_| entering.notices.len() > 1);
    let entered = sqlx::query(include_str!("../sql/enter_sending.sql"))
        .bind(numbers(entering.notices.iter().copied()))
        .bind(entering.token.0)
        .bind(entering.sending.write())
        .bind(bundle)
        .bind(entering.lease_ends_at.0)
        .execute(&mut writing.conn)
        .await?;
    Ok(if entered.rows_affected() > 0 { Settled::Settled } else { Settled::Lost })
}

/// What a settlement says.
pub(in crate::store) struct Settling {
    pub(in crate::store) notice: NoticeId,
    pub(in crate::store) token: Token,
    pub(in crate::store) settlement: Settlement,
    pub(in crate::store) learned: Learned,
    pub(in crate::store) now: Instant,
}

pub(in crate::store) async fn settle(writing: &mut Writing, settling: &Settling) -> Result<Settled, StoreError> {
    writing.note(settling.now);
    settle_all(writing, settling).await.map_err(StoreError::failed("settle a notice"))
}

async fn settle_all(writing: &mut Writing, settling: &Settling) -> Result<Settled, sqlx::Error> {
    let Settling { notice, token, settlement, learned, now } = settling;
    record_all(writing, *notice, &learned.answers).await?;
    let (state, look_at, reason, counts, held) = match settlement {
        Settlement::Retry { due_at, reason, counts } => {
            (NoticeState::Queued, Some(*due_at), Some(reason.as_str()), *counts, None)
        }
        Settlement::Held { until, by, reason } => {
            (NoticeState::Queued, Some(*until), Some(reason.as_str()), false, Some(by.as_str()))
        }
        Settlement::Rests { state, look_at, reason, counts } => (*state, *look_at, reason.as_deref(), *counts, None),
    };
    let done = sqlx::query(include_str!("../sql/settle_notice.sql"))
        .bind(notice)
        .bind(token.0)
        .bind(state.as_str())
        .bind(look_at.map(|at| at.0))
        .bind(i64::from(!counts))
        .bind(now.0)
        .bind(reason)
        .bind(held)
        .execute(&mut writing.conn)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(Settled::Lost);
    }
    open_calls(writing, *notice, &learned.calls, *now).await?;
    close_calls(writing, *notice, &learned.reached, *now).await?;
    Ok(Settled::Settled)
}

async fn open_calls(
    writing: &mut Writing,
    notice: NoticeId,
    calls: &[NewCall],
    now: Instant,
) -> Result<(), sqlx::Error> {
    for call in calls {
        sqlx::query(include_str!("../sql/open_call.sql"))
            .bind(notice)
            .bind(&*call.party)
            .bind(call.number.as_deref())
            .bind(&call.why)
            .bind(now.0)
            .execute(&mut writing.conn)
            .await?;
    }
    Ok(())
}

async fn close_calls(
    writing: &mut Writing,
    notice: NoticeId,
    reached: &[Arc<str>],
    now: Instant,
) -> Result<(), sqlx::Error> {
    for party in reached {
        let close = sqlx::query(include_str!("../sql/close_call.sql"));
        close.bind(notice).bind(&**party).bind(now.0).execute(&mut writing.conn).await?;
    }
    Ok(())
}

/// Records what was delivered, and chains it: in its order's chain, or in `system`.
async fn record_all(writing: &mut Writing, notice: NoticeId, answers: &[Answer]) -> Result<(), sqlx::Error> {
    if answers.is_empty() {
        return Ok(());
    }
    let (nr, mut link) = chain_of(writing, notice).await?;
    let mut rows = Vec::with_capacity(answers.len());
    for Answer { delivery, awaits } in answers {
        writing.numbers.delivery += 1;
        let id = writing.numbers.delivery;
        link = writing.chain(nr, link, Kind::Delivery, id, delivery_content(id, notice, delivery));
        rows.push((id, delivery, *awaits));
    }
    insert_deliveries(writing, notice, &rows).await?;
    for (id, delivery, awaits) in rows {
        link = receipts::await_one(writing, notice, (nr, link), (id, delivery), awaits).await?;
    }
    end_chain(writing, nr, link).await
}

/// The chain of a notice's order as it stands; that of `system` where it has none.
pub(super) async fn chain_of(writing: &mut Writing, notice: NoticeId) -> Result<(i64, Link), sqlx::Error> {
    let chain = sqlx::query(include_str!("../sql/chain_of_notice.sql")).bind(notice).fetch_optional(&mut writing.conn);
    Ok(match chain.await? {
        Some(row) => (row.try_get(0)?, Link { count: row.try_get(1)?, head: ledger::hash_of(&row, 2)? }),
        None => (ledger::SYSTEM, writing.system),
    })
}

/// Keeps how far a chain goes now.
pub(super) async fn end_chain(writing: &mut Writing, nr: i64, link: Link) -> Result<(), sqlx::Error> {
    if nr == ledger::SYSTEM {
        writing.system = link;
        return Ok(());
    }
    let update = sqlx::query(include_str!("../sql/update_chain.sql"));
    update.bind(nr).bind(link.count).bind(&link.head[..]).execute(&mut writing.conn).await?;
    Ok(())
}

async fn insert_deliveries(
    writing: &mut Writing,
    notice: NoticeId,
    rows: &[(i64, &Delivery, Awaits)],
) -> Result<(), sqlx::Error> {
    let sql = include_str!("../sql/insert_deliveries.sql");
    rows::execute(&mut writing.conn, sql, rows, |query, (id, delivery, _)| {
        query
            .bind(*id)
            .bind(notice)
            .bind(delivery.attempt)
            .bind(delivery.channel.clone())
            .bind(delivery.address.clone())
            .bind(delivery.at.0)
            .bind(delivery.outcome.as_str())
            .bind(delivery.detail.clone())
            .bind(delivery.provider_id.clone())
            .bind(delivery.message.clone())
            .bind(delivery.party.clone())
    })
    .await?;
    Ok(())
}

/// The leases of a daemon that is gone, and what it had just entered.
pub(in crate::store) async fn release(writing: &mut Writing) -> Result<(), StoreError> {
    release_all(writing).await.map_err(StoreError::failed("release leases"))
}

async fn release_all(writing: &mut Writing) -> Result<(), sqlx::Error> {
    let ids: Vec<NoticeId> =
        sqlx::query_scalar(include_str!("../sql/sending_notices.sql")).fetch_all(&mut writing.conn).await?;
    if !ids.is_empty() {
        interrupt(writing, &numbers(ids.into_iter())).await?;
    }
    sqlx::query(include_str!("../sql/release_leases.sql")).execute(&mut writing.conn).await?;
    Ok(())
}
