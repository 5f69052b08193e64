//! The outbox: notices are queued with their decision, claimed with a lease, and settled once.
//!
//! A lease, not a lock: a crashed claim ends by itself. Only the holder of the newest token settles, so that a stalled
//! sender cannot overwrite what another finished. What was delivered is a fact and is recorded with or without the lease.

pub(super) mod read;

use super::decided::Fresh;
use super::error::StoreError;
use super::ledger::{self, Content, Hash, Kind, Link};
use super::prepared::Said;
use super::rows;
use super::writer::Writing;
use crate::notify::channel::{Forms, OwnForms};
use crate::notify::notice::{QueuedNotice, Target};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// A notice by its number.
pub type NoticeId = i64;

/// A notice as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its number.
    pub id: NoticeId,
    /// What was queued.
    pub queued: QueuedNotice,
    /// How it stands.
    pub state: NoticeState,
    /// When it is next to be tried; while it is being sent, when its lease ends.
    pub due_at: Instant,
    /// How often it was claimed; counted at the claim, so that a channel that kills us uses up its attempts.
    pub attempt: u32,
    /// When it was settled.
    pub settled_at: Option<Instant>,
    /// Why it was not sent, or not yet.
    pub reason: Option<String>,
    /// What was tried, in the order tried.
    pub deliveries: Vec<Delivery>,
}

/// A notice that only the holder of the token may settle.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The notice.
    pub notice: Notice,
    /// Which claim this is.
    pub token: Token,
}

/// Which claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub(super) i64);

/// How a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoticeState {
    /// It waits, or is being sent.
    Queued,
    /// Everybody behind it was told.
    Sent,
    /// It cannot be sent as it is: a person has to look.
    Failed,
    /// It was tried as often as it may be.
    GivenUp,
    /// It said nothing any more.
    Expired,
}

impl NoticeState {
    const ALL: [NoticeState; 5] =
        [NoticeState::Queued, NoticeState::Sent, NoticeState::Failed, NoticeState::GivenUp, NoticeState::Expired];

    /// Its name in the store and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeState::Queued => "queued",
            NoticeState::Sent => "sent",
            NoticeState::Failed => "failed",
            NoticeState::GivenUp => "given-up",
            NoticeState::Expired => "expired",
        }
    }
}

/// An attempt at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which attempt of the notice it belongs to.
    pub attempt: u32,
    /// The channel's name.
    pub channel: Arc<str>,
    /// The address in the channel's own form; personal.
    pub address: Arc<str>,
    /// When it ended.
    pub at: Instant,
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// Why, where it was not taken.
    pub detail: Option<String>,
    /// By what the other side knows it.
    pub provider_id: Option<String>,
}

/// How an attempt at one address ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// The other side took it.
    Accepted,
    /// Not delivered; trying again can help.
    Transient,
    /// Not delivered; trying again cannot help.
    Permanent,
    /// Perhaps delivered.
    Unknown,
}

impl DeliveryOutcome {
    const ALL: [DeliveryOutcome; 4] =
        [DeliveryOutcome::Accepted, DeliveryOutcome::Transient, DeliveryOutcome::Permanent, DeliveryOutcome::Unknown];

    /// Its name in the store and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryOutcome::Accepted => "accepted",
            DeliveryOutcome::Transient => "transient",
            DeliveryOutcome::Permanent => "permanent",
            DeliveryOutcome::Unknown => "unknown",
        }
    }
}

/// How a claim ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Everybody behind it was told.
    Sent,
    /// It is tried again, not before an instant.
    Retry {
        /// When.
        due_at: Instant,
        /// Why.
        reason: String,
        /// Whether this attempt counts: one that was put off before anything was tried does not.
        counts: bool,
    },
    /// It cannot be sent as it is.
    Failed {
        /// Why.
        reason: String,
    },
    /// It was tried as often as it may be.
    GivenUp {
        /// Why.
        reason: String,
    },
    /// It said nothing any more.
    Expired,
}

/// Whether a settlement held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is durable.
    Settled,
    /// The lease had ended, and another claim or settlement came first.
    Lost,
}

/// What a health page and the metrics show of the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxHealth {
    /// Notices that wait or are being sent.
    pub queued: u64,
    /// Since when the longest-waiting of them is due.
    pub oldest_due: Option<Instant>,
    /// Notices that a person has to look at.
    pub failed: u64,
    /// Notices that were tried in vain.
    pub given_up: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TargetTwin<'a> {
    Recipient { recipient: Cow<'a, str>, place: Option<Cow<'a, str>> },
    Channel(Cow<'a, str>),
}

#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct FormsTwin<'a> {
    short: Cow<'a, str>,
    markdown: Cow<'a, str>,
    subject: Cow<'a, str>,
    text: Cow<'a, str>,
    links: Vec<Cow<'a, str>>,
    json: Cow<'a, str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    own: BTreeMap<Cow<'a, str>, OwnTwin<'a>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct OwnTwin<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    short: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
}

impl OwnTwin<'_> {
    fn of(forms: &OwnForms) -> OwnTwin<'_> {
        let OwnForms { short, markdown, subject, text } = forms;
        let [short, markdown, subject, text] =
            [short, markdown, subject, text].map(|form| form.as_deref().map(Cow::from));
        OwnTwin { short, markdown, subject, text }
    }

    fn read(self) -> OwnForms {
        let OwnTwin { short, markdown, subject, text } = self;
        let [short, markdown, subject, text] = [short, markdown, subject, text].map(|form| form.map(Cow::into_owned));
        OwnForms { short, markdown, subject, text }
    }
}

pub(super) fn write_target(target: &Target) -> String {
    let twin = match target {
        Target::Recipient { recipient, place } => {
            TargetTwin::Recipient { recipient: (&**recipient).into(), place: place.as_deref().map(Cow::from) }
        }
        Target::Channel(channel) => TargetTwin::Channel((&**channel).into()),
    };
    serde_json::to_string(&twin).expect("texts can be written")
}

fn read_target(text: &str) -> Option<Target> {
    Some(match serde_json::from_str(text).ok()? {
        TargetTwin::Recipient { recipient, place } => {
            Target::Recipient { recipient: (&*recipient).into(), place: place.as_deref().map(Arc::from) }
        }
        TargetTwin::Channel(channel) => Target::Channel((&*channel).into()),
    })
}

pub(super) fn write_forms(forms: &Forms) -> String {
    let twin = FormsTwin {
        short: forms.short.as_str().into(),
        markdown: forms.markdown.as_str().into(),
        subject: forms.subject.as_str().into(),
        text: forms.text.as_str().into(),
        links: forms.links.iter().map(|link| link.as_str().into()).collect(),
        json: forms.json.as_str().into(),
        variables: forms.variables.iter().map(|(name, text)| ((&**name).into(), text.as_str().into())).collect(),
        own: forms.own.iter().map(|(channel, own)| ((&**channel).into(), OwnTwin::of(own))).collect(),
    };
    serde_json::to_string(&twin).expect("texts can be written")
}

fn read_forms(text: &str) -> Option<Forms> {
    let twin: FormsTwin<'_> = serde_json::from_str(text).ok()?;
    Some(Forms {
        short: twin.short.into_owned(),
        markdown: twin.markdown.into_owned(),
        subject: twin.subject.into_owned(),
        text: twin.text.into_owned(),
        links: twin.links.into_iter().map(Cow::into_owned).collect(),
        json: twin.json.into_owned(),
        variables: twin.variables.into_iter().map(|(name, text)| ((&*name).into(), text.into_owned())).collect(),
        own: twin.own.into_iter().map(|(channel, own)| ((&*channel).into(), own.read())).collect(),
    })
}

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
pub(super) struct Contents<'a> {
    pub(super) id: NoticeId,
    pub(super) key: &'a str,
    pub(super) order: Option<&'a str>,
    pub(super) decision: Option<&'a str>,
    pub(super) kind: &'a str,
    pub(super) target: &'a str,
    pub(super) at: i64,
    pub(super) expires_at: Option<i64>,
    pub(super) confidential: bool,
    /// The hash of its words.
    pub(super) forms: Hash,
}

/// The hash of a notice's content, as it is chained and verified.
pub(super) fn content(notice: &Contents<'_>) -> Hash {
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
pub(super) async fn queue(writing: &mut Writing, fresh: &mut [Fresh<'_>]) -> Result<(), sqlx::Error> {
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
pub(super) async fn queue_others(writing: &mut Writing, notices: &[QueuedNotice]) -> Result<u64, StoreError> {
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
    let sql = include_str!("sql/insert_notices.sql");
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
    })
    .await?;
    if queued == rows.len() as u64 {
        return Ok(rows.iter().map(|row| row.id).collect());
    }
    let first = rows.first().map_or(NoticeId::MAX, |row| row.id);
    let queued = sqlx::query_scalar(include_str!("sql/notices_from.sql")).bind(first).fetch_all(&mut writing.conn);
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
        let query = sqlx::query(include_str!("sql/say_itself.sql")).bind(row.id).bind(row.said.forms.clone());
        query.execute(&mut writing.conn).await?;
    }
    Ok(())
}

/// What a claim asks for.
pub(super) struct Claim {
    pub(super) now: Instant,
    pub(super) lease_ends_at: Instant,
    pub(super) limit: u32,
    pub(super) token: Token,
}

pub(super) async fn claim(writing: &mut Writing, claim: &Claim) -> Result<Vec<NoticeId>, StoreError> {
    let mut claimed: Vec<NoticeId> = sqlx::query_scalar(include_str!("sql/claim_due_notices.sql"))
        .bind(claim.now.0)
        .bind(claim.lease_ends_at.0)
        .bind(claim.limit)
        .bind(claim.token.0)
        .fetch_all(&mut writing.conn)
        .await
        .map_err(StoreError::failed("claim due notices"))?;
    claimed.sort_unstable();
    Ok(claimed)
}

/// What a settlement says.
pub(super) struct Settling {
    pub(super) notice: NoticeId,
    pub(super) token: Token,
    pub(super) settlement: Settlement,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) now: Instant,
}

pub(super) async fn settle(writing: &mut Writing, settling: &Settling) -> Result<Settled, StoreError> {
    record(writing, settling.notice, &settling.deliveries, settling.now).await?;
    let (state, due_at, reason, taken_back) = match &settling.settlement {
        Settlement::Sent => (NoticeState::Sent, None, None, 0),
        Settlement::Retry { due_at, reason, counts } => {
            (NoticeState::Queued, Some(due_at.0), Some(reason), i64::from(!counts))
        }
        Settlement::Failed { reason } => (NoticeState::Failed, None, Some(reason), 0),
        Settlement::GivenUp { reason } => (NoticeState::GivenUp, None, Some(reason), 0),
        Settlement::Expired => (NoticeState::Expired, None, None, 0),
    };
    let settled_at = (state != NoticeState::Queued).then_some(settling.now.0);
    let done = sqlx::query(include_str!("sql/settle_notice.sql"))
        .bind(settling.notice)
        .bind(settling.token.0)
        .bind(state.as_str())
        .bind(due_at)
        .bind(taken_back)
        .bind(settled_at)
        .bind(reason)
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("settle a notice"))?;
    Ok(if done.rows_affected() == 1 { Settled::Settled } else { Settled::Lost })
}

/// Records what was delivered, and chains it: in its order's chain, or in `system`.
pub(super) async fn record(
    writing: &mut Writing,
    notice: NoticeId,
    deliveries: &[Delivery],
    now: Instant,
) -> Result<(), StoreError> {
    writing.note(now);
    if deliveries.is_empty() {
        return Ok(());
    }
    record_all(writing, notice, deliveries).await.map_err(StoreError::failed("record deliveries"))
}

async fn record_all(writing: &mut Writing, notice: NoticeId, deliveries: &[Delivery]) -> Result<(), sqlx::Error> {
    let chain = sqlx::query(include_str!("sql/chain_of_notice.sql")).bind(notice).fetch_optional(&mut writing.conn);
    let (nr, mut link) = match chain.await? {
        Some(row) => (row.try_get(0)?, Link { count: row.try_get(1)?, head: ledger::hash_of(&row, 2)? }),
        None => (ledger::SYSTEM, writing.system),
    };
    let mut rows = Vec::new();
    for delivery in deliveries {
        writing.numbers.delivery += 1;
        let id = writing.numbers.delivery;
        link = writing.chain(nr, link, Kind::Delivery, id, delivery_content(id, notice, delivery));
        rows.push((id, delivery));
    }
    insert_deliveries(writing, notice, &rows).await?;
    if nr == ledger::SYSTEM {
        writing.system = link;
        return Ok(());
    }
    let update = sqlx::query(include_str!("sql/update_chain.sql"));
    update.bind(nr).bind(link.count).bind(&link.head[..]).execute(&mut writing.conn).await?;
    Ok(())
}

async fn insert_deliveries(
    writing: &mut Writing,
    notice: NoticeId,
    rows: &[(i64, &Delivery)],
) -> Result<(), sqlx::Error> {
    let sql = include_str!("sql/insert_deliveries.sql");
    rows::execute(&mut writing.conn, sql, rows, |query, (id, delivery)| {
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
    })
    .await?;
    Ok(())
}

/// The hash of a delivery's content, as it is chained and verified.
pub(super) fn delivery_content(id: i64, notice: NoticeId, delivery: &Delivery) -> Hash {
    Content::of(Kind::Delivery)
        .number(id)
        .number(notice)
        .number(i64::from(delivery.attempt))
        .text(&delivery.channel)
        .erasable(&delivery.address)
        .number(delivery.at.0)
        .text(delivery.outcome.as_str())
        .maybe_text(delivery.detail.as_deref())
        .maybe_text(delivery.provider_id.as_deref())
        .hash()
}

/// The leases of a daemon that is gone.
pub(super) async fn release(writing: &mut Writing) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/release_leases.sql"))
        .execute(&mut writing.conn)
        .await
        .map_err(StoreError::failed("release leases"))?;
    Ok(())
}
