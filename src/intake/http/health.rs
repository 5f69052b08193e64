//! `/healthz`, `/readyz` and `/metrics`: how the daemon is, for supervisors and monitoring. No token is asked for, so
//! nothing is told here that concerns an order beyond its id.

use super::Api;
use super::refusal::Refusal;
use crate::clock;
use crate::metrics::OrderCount;
use crate::store::error::StoreError;
use crate::store::outbox::NoticeState;
use crate::text::Text;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::{error, info};

/// An order is expected to be `received` so long after its first event.
pub(crate) const RECEIVED_WITHIN_MS: i64 = 10 * 60 * 1000;
/// So many odd orders are named.
const NAMED_MAX: u32 = 20;
/// Counting goes through the store, so it is done no more often than this.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// The same failure of the store is logged no more often than this.
const LOG_EVERY: Duration = Duration::from_secs(30);
/// Without a tick for so long, the daemon is not ready.
const TICK_AGE_MAX: Duration = Duration::from_secs(30);

/// How the daemon is: written by its loops, shown by `/readyz`.
#[derive(Default)]
pub struct Health {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    detail: Detail,
    last_tick: Option<Duration>,
    store_failure_logged: Option<Duration>,
    counted: Option<Duration>,
    /// By source, when nothing of it was last left waiting, or when it was first looked at.
    at_end: BTreeMap<String, Duration>,
}

/// What `/readyz` shows beside the questions it asks itself.
#[derive(Clone, Debug, Default, Serialize)]
struct Detail {
    /// The version of the rules in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<InForce>,
    /// Why the last reload was refused; none where it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    reload_failure: Option<ReloadFailure>,
    /// Why decisions are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
    /// Days of official arrangement left, by calendar.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    calendar_cover_days: BTreeMap<String, i64>,
    /// Why notices have nobody to go to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients_vacant: Vec<String>,
    /// What an operator has to mend at channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels_troubled: Vec<String>,
    /// How each source is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sources: BTreeMap<String, SourceHealth>,
    /// Which channels are paused and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channels_paused: Vec<String>,
    /// What the store answered when it last failed; none once it works again.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_failure: Option<String>,
}

/// The version of the rules in force.
#[derive(Clone, Debug, Serialize)]
pub struct InForce {
    /// Its number in the store.
    pub version: i64,
    /// Since when, RFC 3339.
    pub since: String,
}

/// How a source is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceHealth {
    /// Why it cannot be read; none: it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Rows or files that are refused and wait for a person.
    pub refused: u64,
}

/// Why a reload was refused.
#[derive(Clone, Debug, Serialize)]
pub struct ReloadFailure {
    /// When, RFC 3339.
    pub at: String,
    /// Each problem with its place.
    pub problems: Vec<String>,
}

impl Health {
    /// Rules are in force.
    pub fn rules_loaded(&self, rules: InForce) {
        self.lock().detail.rules = Some(rules);
    }

    /// How the last reload went: none where it was taken.
    pub fn reloaded(&self, failure: Option<ReloadFailure>) {
        self.lock().detail.reload_failure = failure;
    }

    /// Whether and why decisions are held.
    pub fn clock_held(&self, why: Option<String>) {
        self.lock().detail.clock = why;
    }

    /// How many days of official arrangement each calendar still has.
    pub fn covered(&self, days: BTreeMap<String, i64>) {
        self.lock().detail.calendar_cover_days = days;
    }

    /// Why notices have nobody to go to, each recipient once.
    pub fn vacant(&self, reasons: Vec<String>) {
        self.lock().detail.recipients_vacant = reasons;
    }

    /// What an operator has to mend at channels, a line each.
    pub fn troubled(&self, troubles: Vec<String>) {
        self.lock().detail.channels_troubled = troubles;
    }

    /// A source was looked at, and perhaps to its end.
    pub fn source_looked(&self, name: &str, health: SourceHealth, is_at_end: bool) {
        let (mut inner, now) = (self.lock(), clock::monotonic());
        inner.detail.sources.insert(name.to_owned(), health);
        let at_end = inner.at_end.entry(name.to_owned()).or_insert(now);
        if is_at_end {
            *at_end = now;
        }
    }

    /// For each source, for how long something of it may have been left waiting.
    fn source_lags(&self) -> Vec<(String, Duration)> {
        let (inner, now) = (self.lock(), clock::monotonic());
        inner.at_end.iter().map(|(name, at)| (name.clone(), now.saturating_sub(*at))).collect()
    }

    /// Which channels are paused and why.
    pub fn paused(&self, reasons: Vec<String>) {
        self.lock().detail.channels_paused = reasons;
    }

    /// A tick did its work.
    pub fn ticked(&self) {
        let mut inner = self.lock();
        inner.last_tick = Some(clock::monotonic());
        if inner.detail.store_failure.take().is_some() {
            info!("the store works again");
        }
    }

    /// How long ago a tick last did its work.
    pub fn tick_age(&self) -> Option<Duration> {
        self.lock().last_tick.map(|last| clock::monotonic().saturating_sub(last))
    }

    /// Notes that the store failed; it is logged, but not at every request.
    pub fn note_store_failure(&self, error: &StoreError) {
        let mut inner = self.lock();
        let shown = chain(error);
        let is_new = inner.detail.store_failure.as_ref() != Some(&shown);
        let now = clock::monotonic();
        if is_new || inner.store_failure_logged.is_none_or(|last| now.saturating_sub(last) >= LOG_EVERY) {
            error!(error = shown, "the store failed; what was not done is tried again");
            inner.store_failure_logged = Some(now);
        }
        inner.detail.store_failure = Some(shown);
    }

    /// The same, and what a caller is told: that the same request will do later.
    pub(super) fn store_failed(&self, api: &Api, error: &StoreError) -> Refusal {
        api.metrics.store_errors.inc();
        self.note_store_failure(error);
        let [zh, en] = [crate::text::Lang::Zh, crate::text::Lang::En].map(|lang| error.hint(lang));
        Refusal::unavailable(Text::new(
            format!("存储暂不可用，请稍后重发。{zh}"),
            format!("the store is not available, send it again later: {error}; {en}"),
        ))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

pub(super) async fn alive() -> Response {
    Json(serde_json::json!({ "status": "ok" })).into_response()
}

/// Ready: the store answers, rules are loaded, and ticks do their work.
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Response {
    let odd = api.store.orders_set_aside(NAMED_MAX).await;
    let is_store_reachable = odd.is_ok();
    let age = api.health.tick_age();
    let detail = api.health.lock().detail.clone();
    let is_ready = is_store_reachable && detail.rules.is_some() && age.is_some_and(|age| age <= TICK_AGE_MAX);
    let set_aside: Vec<_> = odd
        .unwrap_or_default()
        .first
        .into_iter()
        .map(|(order, _, error)| serde_json::json!({ "order": &*order, "error": error }))
        .collect();
    let mut shown = serde_json::json!({
        "status": if is_ready { "ready" } else { "not ready" },
        "store": if is_store_reachable { "reachable" } else { "unreachable" },
        "tick_age_seconds": age.map(|age| age.as_secs_f64()),
        "orders_set_aside": set_aside,
    });
    if let (Some(shown), Ok(serde_json::Value::Object(detail))) = (shown.as_object_mut(), serde_json::to_value(detail))
    {
        shown.extend(detail);
    }
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(shown)).into_response()
}

pub(super) async fn metrics(State(api): State<Arc<Api>>) -> Response {
    if let Err(error) = count(&api).await {
        let _ = api.health.store_failed(&api, &error);
    }
    if let Some(age) = api.health.tick_age() {
        api.metrics.tick_age.set(age.as_secs_f64());
    }
    for (source, lag) in api.health.source_lags() {
        api.metrics.set_source_lag(&source, lag.as_secs_f64());
    }
    match api.metrics.show() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(_) => Refusal::unavailable(Text::new("指标无法显示", "the metrics cannot be shown")).answer(api.lang),
    }
}

/// Looks up what is counted in the store, unless that was done just now.
async fn count(api: &Api) -> Result<(), StoreError> {
    let now = clock::monotonic();
    {
        let mut inner = api.health.lock();
        if inner.counted.is_some_and(|last| now.saturating_sub(last) < COUNT_EVERY) {
            return Ok(());
        }
        inner.counted = Some(now);
    }
    let counts = api.store.counts(clock::now()).await?;
    let before = clock::now().plus_ms(-RECEIVED_WITHIN_MS);
    let without_received = api.store.orders_without_received(before, 0).await?.count;
    let outbox = api.store.outbox_health().await?;
    for (state, number) in [
        (OrderCount::All, counts.orders),
        (OrderCount::Due, counts.due),
        (OrderCount::SetAside, counts.set_aside),
        (OrderCount::WithoutReceived, without_received),
    ] {
        api.metrics.set_orders(state, number);
    }
    for state in NoticeState::ALL {
        api.metrics.set_notices(state.as_str(), outbox.count(state));
    }
    api.metrics.calls_open.set(i64::try_from(outbox.calls).unwrap_or(i64::MAX));
    Ok(())
}
