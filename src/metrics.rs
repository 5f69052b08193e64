//! What the daemon counts and measures, as `GET /metrics` shows it.
//!
//! Counters start at zero with the process; what is counted in the store (orders, notices) is looked up when asked for,
//! so it is right after a restart too. Labels are words of the rule files and of the configuration, never text from
//! outside, so that their number stays bounded.

use crate::store::outbox::receipts::ReceiptsTaken;
use crate::store::replies::RepliesTaken;
use crate::time::Instant;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::atomic::AtomicU64;

type Label<const N: usize> = [(&'static str, String); N];
type Seconds = Gauge<f64, AtomicU64>;

/// Every metric, and the registry that shows them.
pub struct Metrics {
    registry: Registry,
    events: Family<Label<2>, Counter>,
    /// Attributes that came with events and no vocabulary declares.
    pub undeclared_attributes: Counter,
    decisions: Family<Label<1>, Counter>,
    orders: Family<Label<1>, Gauge>,
    notices: Family<Label<1>, Gauge>,
    deliveries: Family<Label<2>, Counter>,
    receipts: Family<Label<2>, Counter>,
    replies: Family<Label<2>, Counter>,
    sms_segments: Family<Label<1>, Counter>,
    jobs: Family<Label<2>, Counter>,
    /// People who are to be called, because no channel reached them.
    pub calls_open: Gauge,
    source_events: Family<Label<2>, Counter>,
    source_up: Family<Label<1>, Gauge>,
    source_refused: Family<Label<1>, Gauge>,
    source_lag: Family<Label<1>, Seconds>,
    /// Recipients to whom notices go and behind whom there is nobody.
    pub vacant: Gauge,
    /// Troubles of whole channels that an operator has to mend.
    pub channels_troubled: Gauge,
    /// Channels that are left alone for a while because they go on failing, or asked for it.
    pub channels_paused: Gauge,
    requests: Family<Label<2>, Counter>,
    reload_ok: Gauge,
    reload_at: Seconds,
    reloads: Family<Label<1>, Counter>,
    rules_version: Gauge,
    /// Seconds since the last tick that did its work.
    pub tick_age: Seconds,
    cover: Family<Label<1>, Gauge>,
    clock_held: Gauge,
    /// Questions to the store that failed.
    pub store_errors: Counter,
    /// Seconds that the newest tick took.
    pub tick_seconds: Seconds,
}

/// How an order stands, as counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderCount {
    /// Known at all.
    All,
    /// Its evaluation failed; tried again after each reload.
    SetAside,
    /// Known for more than 10 minutes, and `received` has not come.
    WithoutReceived,
    /// Due to be decided now.
    Due,
}

/// What became of events that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventResult {
    /// Stored.
    Accepted,
    /// Known before.
    Duplicate,
    /// Refused.
    Rejected,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("duban"),
            events: Family::default(),
            undeclared_attributes: Counter::default(),
            decisions: Family::default(),
            orders: Family::default(),
            notices: Family::default(),
            deliveries: Family::default(),
            receipts: Family::default(),
            replies: Family::default(),
            sms_segments: Family::default(),
            jobs: Family::default(),
            calls_open: Gauge::default(),
            source_events: Family::default(),
            source_up: Family::default(),
            source_refused: Family::default(),
            source_lag: Family::default(),
            vacant: Gauge::default(),
            channels_troubled: Gauge::default(),
            channels_paused: Gauge::default(),
            requests: Family::default(),
            reload_ok: Gauge::default(),
            reload_at: Seconds::default(),
            reloads: Family::default(),
            rules_version: Gauge::default(),
            tick_age: Seconds::default(),
            cover: Family::default(),
            clock_held: Gauge::default(),
            store_errors: Counter::default(),
            tick_seconds: Seconds::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    #[rustfmt::skip] // a table
    fn register(&mut self) {
        let it = &mut self.registry;
        let build: Family<Label<1>, Gauge> = Family::default();
        build.get_or_create(&[("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
        it.register("build", "The version that is running", build);
        it.register("events", "Events and figures sent, by source and result", self.events.clone());
        it.register("undeclared_attributes", "Attributes that no vocabulary declares", self.undeclared_attributes.clone());
        it.register("decisions", "Decisions made since the start, by kind", self.decisions.clone());
        it.register("orders", "Orders in the store, by state", self.orders.clone());
        it.register("notices", "Notices in the store, by state", self.notices.clone());
        it.register("deliveries", "Attempts at single addresses since the start, by channel and outcome", self.deliveries.clone());
        it.register("receipts", "Receipts heard since the start, by channel and result", self.receipts.clone());
        it.register("replies", "Replies of people heard since the start, by channel and result", self.replies.clone());
        it.register("sms_segments", "Segments of SMS that gateways took since the start, by channel", self.sms_segments.clone());
        it.register("jobs", "Scheduled jobs run since the start, by name and result", self.jobs.clone());
        it.register("calls_open", "People who are to be called, because no channel reached them", self.calls_open.clone());
        it.register("source_events", "Events and figures fetched since the start, by source and result", self.source_events.clone());
        it.register("source_up", "Whether a source could be read when it was last looked at", self.source_up.clone());
        it.register("source_refused", "Rows or files of a source that are refused and wait for a person", self.source_refused.clone());
        it.register("source_lag_seconds", "Seconds since nothing of a source was left waiting", self.source_lag.clone());
        it.register("channels_paused", "Channels paused because they go on failing, or asked for it", self.channels_paused.clone());
        it.register("recipients_vacant", "Recipients to whom notices go and behind whom there is nobody", self.vacant.clone());
        it.register("channels_troubled", "Troubles of whole channels that an operator has to mend", self.channels_troubled.clone());
        it.register("http_requests", "Requests answered, by route and status", self.requests.clone());
        it.register("reload_success", "Whether the last reload of the rules was taken", self.reload_ok.clone());
        it.register("reload_timestamp_seconds", "When the rules were last reloaded, or tried to", self.reload_at.clone());
        it.register("reloads", "Reloads since the start, by result", self.reloads.clone());
        it.register("rules_version", "The version of the rules in force", self.rules_version.clone());
        it.register("tick_age_seconds", "Seconds since the last tick that did its work", self.tick_age.clone());
        it.register("tick_duration_seconds", "Seconds that the newest tick took", self.tick_seconds.clone());
        it.register("calendar_cover_days", "Days until the official arrangement ends, by calendar", self.cover.clone());
        it.register("clock_held", "Whether decisions are held because the clock stepped", self.clock_held.clone());
        it.register("store_errors", "Questions to the store that failed", self.store_errors.clone());
    }

    /// Counts events of one source.
    pub fn count_events(&self, source: &str, result: EventResult, number: u64) {
        let result = match result {
            EventResult::Accepted => "accepted",
            EventResult::Duplicate => "duplicate",
            EventResult::Rejected => "rejected",
        };
        if number > 0 {
            self.events.get_or_create(&[("source", source.to_owned()), ("result", result.to_owned())]).inc_by(number);
        }
    }

    /// Counts a decision.
    pub fn count_decision(&self, kind: &str) {
        self.decisions.get_or_create(&[("kind", kind.to_owned())]).inc();
    }

    /// Says how many orders are in a state.
    pub fn set_orders(&self, state: OrderCount, number: u64) {
        let state = match state {
            OrderCount::All => "all",
            OrderCount::SetAside => "set_aside",
            OrderCount::WithoutReceived => "without_received",
            OrderCount::Due => "due",
        };
        self.orders.get_or_create(&[("state", state.to_owned())]).set(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// Says how many notices are in a state.
    pub fn set_notices(&self, state: &str, number: u64) {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.notices.get_or_create(&[("state", state.to_owned())]).set(number);
    }

    /// Counts an attempt at one address.
    pub fn count_delivery(&self, channel: &str, outcome: &str) {
        self.deliveries.get_or_create(&[("channel", channel.to_owned()), ("outcome", outcome.to_owned())]).inc();
    }

    /// Counts receipts of a channel.
    pub fn count_receipts(&self, channel: &str, result: &str, number: u64) {
        if number > 0 {
            let label = [("channel", channel.to_owned()), ("result", result.to_owned())];
            self.receipts.get_or_create(&label).inc_by(number);
        }
    }

    /// Counts what became of receipts that were taken.
    pub fn receipts_taken(&self, channel: &str, taken: ReceiptsTaken) {
        let ReceiptsTaken { delivered, failed, repeated, unknown } = taken;
        for (result, number) in
            [("delivered", delivered), ("failed", failed), ("repeated", repeated), ("unknown", unknown)]
        {
            self.count_receipts(channel, result, number);
        }
    }

    /// Counts what became of replies that were taken.
    pub fn replies_taken(&self, channel: &str, taken: RepliesTaken) {
        let RepliesTaken { known, unknown, repeated } = taken;
        for (result, number) in [("known", known), ("unknown", unknown), ("repeated", repeated)] {
            if number > 0 {
                let label = [("channel", channel.to_owned()), ("result", result.to_owned())];
                self.replies.get_or_create(&label).inc_by(number);
            }
        }
    }

    /// Counts the segments of an SMS that a gateway took.
    pub fn count_segments(&self, channel: &str, segments: usize) {
        self.sms_segments.get_or_create(&[("channel", channel.to_owned())]).inc_by(segments as u64);
    }

    /// Counts a run of a scheduled job.
    pub fn count_job(&self, job: &str, result: &str) {
        self.jobs.get_or_create(&[("job", job.to_owned()), ("result", result.to_owned())]).inc();
    }

    /// Counts what was fetched from a source.
    pub fn count_source(&self, source: &str, result: &str, number: u64) {
        if number > 0 {
            let labels = [("source", source.to_owned()), ("result", result.to_owned())];
            self.source_events.get_or_create(&labels).inc_by(number);
        }
    }

    /// Says how a source is.
    pub fn set_source(&self, source: &str, is_up: bool, refused: u64) {
        let label = [("source", source.to_owned())];
        self.source_up.get_or_create(&label).set(i64::from(is_up));
        self.source_refused.get_or_create(&label).set(i64::try_from(refused).unwrap_or(i64::MAX));
    }

    /// Says since when nothing of a source was left waiting.
    pub fn set_source_lag(&self, source: &str, seconds: f64) {
        self.source_lag.get_or_create(&[("source", source.to_owned())]).set(seconds);
    }

    /// Counts an answered request.
    pub fn count_request(&self, route: &str, status: u16) {
        self.requests.get_or_create(&[("route", route.to_owned()), ("status", status.to_string())]).inc();
    }

    /// Tells of a reload, taken or not.
    pub fn reloaded(&self, at: Instant, is_taken: bool) {
        self.reload_ok.set(i64::from(is_taken));
        #[allow(clippy::cast_precision_loss)] // milliseconds of an age fit
        self.reload_at.set(at.0 as f64 / 1000.0);
        let result = if is_taken { "taken" } else { "refused" };
        self.reloads.get_or_create(&[("result", result.to_owned())]).inc();
    }

    /// Names the version of the rules in force.
    pub fn set_rules_version(&self, number: i64) {
        self.rules_version.set(number);
    }

    /// Says how many days of official arrangement a calendar still has.
    pub fn set_cover(&self, calendar: &str, days: i64) {
        self.cover.get_or_create(&[("calendar", calendar.to_owned())]).set(days);
    }

    /// Says whether the clock guard holds decisions.
    pub fn set_clock_held(&self, is_held: bool) {
        self.clock_held.set(i64::from(is_held));
    }

    /// All of it in the text format.
    pub fn show(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_shown_under_its_labels() {
        let metrics = Metrics::default();
        metrics.count_events("order-system", EventResult::Accepted, 3);
        metrics.count_events("order-system", EventResult::Rejected, 0);
        metrics.count_decision("card");
        metrics.set_orders(OrderCount::WithoutReceived, 2);
        metrics.set_cover("cn", 40);
        let text = metrics.show().unwrap();
        for line in [
            "duban_events_total{source=\"order-system\",result=\"accepted\"} 3",
            "duban_decisions_total{kind=\"card\"} 1",
            "duban_orders{state=\"without_received\"} 2",
            "duban_calendar_cover_days{calendar=\"cn\"} 40",
            "duban_clock_held 0",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("rejected"));
    }
}
