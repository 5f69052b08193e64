//! A month of made-up orders: mostly handled as they should be, some late, some never, some badly, a few told of late.
//!
//! The same seed tells the same story. Events carry only what the vocabulary declares.

use super::city::City;
use super::dice::Dice;
use crate::calendar::Counting;
use crate::calendar::span::Span;
use crate::policy::vocabulary::Vocabulary;
use crate::symbol::Symbol;
use crate::time::Instant;
use chrono::{Datelike, NaiveDate, NaiveTime};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// An event of the story.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Planned {
    /// When it becomes known.
    pub(super) known_at: Instant,
    /// As it is sent.
    pub(super) body: String,
}

/// The whole month of so many orders, in the order in which it becomes known.
pub(super) fn tell(cities: &[City], vocabulary: &Vocabulary, month: NaiveDate, orders: u32, seed: u64) -> Vec<Planned> {
    let mut planned = Vec::new();
    for number in 1..=orders {
        let Some(city) = cities.get(number as usize % cities.len().max(1)) else { continue };
        let order = format!("{}-{}-{number:06}", city.prefix, month.year());
        let dice = Dice::new(seed, &order);
        let mut teller = Teller { city, vocabulary, order, dice, planned: Vec::new(), late_ms: 0 };
        teller.order(month);
        planned.extend(teller.planned);
    }
    planned.sort_by(|a, b| (a.known_at, &a.body).cmp(&(b.known_at, &b.body)));
    planned
}

struct Teller<'a> {
    city: &'a City,
    vocabulary: &'a Vocabulary,
    order: String,
    dice: Dice,
    planned: Vec<Planned>,
    /// How long after it happened the next event becomes known.
    late_ms: i64,
}

const MINUTE_MS: i64 = 60_000;

impl Teller<'_> {
    fn order(&mut self, month: NaiveDate) {
        if self.hears("missed_call") && self.dice.percent(8) {
            return self.missed_call(month);
        }
        let received = self.receive(month);
        let Some(dispatched) = self.dispatch(received) else { return };
        let begun = self.begin(dispatched);
        let Some(completed) = self.handle(begun) else { return };
        let mut completed = completed;
        for round in 1..=3 {
            let Some(redo_from) = self.call_back(completed, round) else { return };
            let Some(again) = self.redo(redo_from) else { return };
            completed = again;
        }
    }

    /// A call that nobody took: an order of its own.
    fn missed_call(&mut self, month: NaiveDate) {
        let at = self.arrival(month);
        let call = format!("{}-call", self.order);
        self.event("missed_call", at, json!({ "region": &*self.city.region, "subject": "市场主体", "call": call }));
        if self.dice.percent(80) {
            let returned = at.plus_ms(self.dice.between(20, 1380) * MINUTE_MS);
            self.event("call_returned", returned, json!({ "call": call, "result_told": true }));
        }
    }

    /// When an order comes in: mostly on a working day and while the hotline is busiest.
    fn arrival(&mut self, month: NaiveDate) -> Instant {
        let day = loop {
            let day = month + chrono::Days::new(u64::try_from(self.dice.between(0, 27)).unwrap_or(0));
            if self.city.calendar.is_working_day(day) || self.dice.percent(20) {
                break day;
            }
        };
        let minute = if self.dice.percent(88) {
            self.dice.between(8 * 60, 17 * 60 + 40)
        } else {
            self.dice.between(18 * 60, 23 * 60)
        };
        let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::try_from(minute * 60).unwrap_or(0), 0);
        self.city.calendar.at(day, time.unwrap_or(NaiveTime::MIN))
    }

    fn receive(&mut self, month: NaiveDate) -> Instant {
        let at = self.arrival(month);
        let category = self.dice.weighted(&[("咨询", 35), ("求助", 25), ("投诉", 25), ("建议", 10), ("举报", 5)]);
        let mut attributes = json!({
            "region": &*self.city.region, "subject": "市场主体", "category": category,
            "channel": self.dice.weighted(&[("企业专线", 6), ("微信端企业专栏", 3), ("走访", 1)]),
            "urgency": self.dice.weighted(&[("一般", 8), ("紧急", 2)]),
            "caller": "（演示用，不是真人）", "caller_phone": "13800000000",
        });
        if let Some(enterprise) = self.city.enterprises.clone().first().filter(|_| self.dice.percent(12)) {
            attributes["enterprise"] = json!(&**enterprise);
        }
        if self.dice.percent(5) {
            let mark = self.dice.weighted(&[
                ("complex", 3),
                ("cross_department", 3),
                ("joint", 2),
                ("city_level", 2),
                ("provincial_power", 1),
            ]);
            attributes[mark] = json!(true);
        }
        self.event("received", at, attributes);
        at
    }

    /// None: the hotline answered by itself.
    fn dispatch(&mut self, received: Instant) -> Option<Instant> {
        let minutes = if self.dice.percent(94) { self.dice.between(2, 13) } else { self.dice.between(20, 90) };
        if self.dice.percent(8) {
            self.event("replied", self.working(received, minutes), json!({}));
            return None;
        }
        let at = if self.city.dispatches_at_night {
            received.plus_ms(minutes * MINUTE_MS)
        } else {
            self.working(received, minutes)
        };
        let department = self.department();
        self.event("dispatched", at, json!({ "department": department }));
        if !self.dice.percent(6) {
            return Some(at);
        }
        let declined = self.working(at, self.dice.clone().between(8, 40));
        self.event("declined", declined, json!({}));
        let transferred = self.working(declined, self.dice.clone().between(5, 60));
        let department = self.department();
        self.event("transferred", transferred, json!({ "department": department }));
        Some(transferred)
    }

    fn department(&mut self) -> String {
        self.dice.one_of(&self.city.departments).map(ToString::to_string).unwrap_or_default()
    }

    /// Signs and contacts; from when it is handled.
    fn begin(&mut self, dispatched: Instant) -> Instant {
        let signing = match self.dice.between(1, 100) {
            1..=86 => Some(self.dice.between(2, 12)),
            87..=95 => Some(self.dice.between(18, 110)),
            _ => None,
        };
        let signed = signing.map(|minutes| self.working(dispatched, minutes));
        if let Some(signed) = signed {
            self.event("signed", signed, json!({}));
        }
        let from = signed.unwrap_or(dispatched);
        let contact = match self.dice.between(1, 100) {
            1..=84 => Some(self.dice.between(6, 52)),
            85..=95 => Some(self.dice.between(65, 420)),
            _ => None,
        };
        let Some(minutes) = contact else { return from };
        let contacted = self.working(from, minutes);
        // Some offices act in time and tell of it late: their card is revoked.
        self.late_ms = if minutes <= 52 && self.dice.percent(6) { self.dice.between(30, 75) * MINUTE_MS } else { 0 };
        self.event("contacted", contacted, json!({ "contact_given": true }));
        let minutes = if self.dice.percent(88) { self.dice.between(5, 50) } else { self.dice.between(120, 300) };
        let arrived = self.working(contacted, minutes);
        self.event("arrived", arrived, json!({}));
        contacted
    }

    /// Reports and completes; none: it never is.
    fn handle(&mut self, begun: Instant) -> Option<Instant> {
        if self.dice.percent(85) {
            let minutes = self.dice.between(60, 380);
            self.event("feedback", self.working(begun, minutes), json!({}));
        }
        let minutes = match self.dice.between(1, 100) {
            1..=72 => self.dice.between(90, 700),
            73..=88 => self.dice.between(700, 1500),
            89..=96 => self.dice.between(1500, 2900),
            _ => return None,
        };
        if minutes > 1200 && self.dice.percent(60) {
            let asked = self.working(begun, self.dice.clone().between(300, 700));
            self.event(
                "extended",
                asked,
                json!({ "by": "2个工作日", "reason": "需现场核查", "approver": "分管负责人" }),
            );
        }
        self.report_stages(begun, minutes);
        let completed = self.working(begun, minutes);
        let outcome = self.dice.weighted(&[("解决", 7), ("解释说明", 2), ("服务确认", 1)]);
        self.event("completed", completed, json!({ "outcome": outcome }));
        if self.hears("replied") && self.dice.percent(90) {
            let replied = self.working(completed, self.dice.clone().between(10, 380));
            self.event("replied", replied, json!({}));
        }
        Some(completed)
    }

    /// What takes long is told of in stages, where the city asks for that.
    fn report_stages(&mut self, begun: Instant, minutes: i64) {
        if minutes > 600 && self.hears("staged_reply") && self.dice.percent(80) {
            let at = self.working(begun, 500);
            self.event("staged_reply", at, json!({}));
        }
        if minutes > 1700 && self.hears("follow_through") && self.dice.percent(70) {
            let at = self.working(begun, 1600);
            let next = at.plus_ms(3 * 24 * 60 * MINUTE_MS);
            let next = next.rfc3339(self.city.calendar.zone());
            self.event("follow_through", at, json!({ "next_reply_by": next }));
        }
    }

    /// Calls back; from when it is handled again, if the caller is dissatisfied and that returns it.
    fn call_back(&mut self, completed: Instant, round: u32) -> Option<Instant> {
        let minutes = if self.dice.percent(90) { self.dice.between(60, 700) } else { self.dice.between(800, 1700) };
        let at = self.working(completed, minutes);
        let dissatisfied = if round == 1 { 11 } else { 45 };
        let satisfaction = if self.dice.percent(dissatisfied) {
            self.dice.weighted(&[("不满意", 4), ("非常不满意", 1)])
        } else {
            self.dice.weighted(&[("非常满意", 3), ("满意", 5), ("基本满意", 2)])
        };
        self.event("called_back", at, json!({ "satisfaction": satisfaction, "method": "人工", "reached": true }));
        if !satisfaction.contains("不满意") {
            return None;
        }
        if round >= 2 {
            self.review(at);
        }
        self.city.returns.then_some(at)
    }

    fn review(&mut self, at: Instant) {
        let at = self.working(at, self.dice.clone().between(90, 520));
        let findings =
            [("办理不实", 3), ("办理不合理", 2), ("慢作为", 2), ("不作为", 1), ("推诿扯皮", 1), ("无问题", 3)];
        let finding = self.dice.weighted(&findings);
        self.event("reviewed", at, json!({ "finding": finding, "by": "诉求跟踪小组" }));
    }

    fn redo(&mut self, from: Instant) -> Option<Instant> {
        let minutes = if self.dice.percent(85) { self.dice.between(8, 55) } else { self.dice.between(70, 300) };
        let contacted = self.working(from, minutes);
        self.event("contacted", contacted, json!({ "contact_given": true }));
        let arrived = self.working(contacted, self.dice.clone().between(5, 40));
        self.event("arrived", arrived, json!({}));
        self.handle(contacted)
    }

    /// Whether the city's rules listen for such events.
    fn hears(&self, kind: &str) -> bool {
        Symbol::find(kind).is_some_and(|kind| self.city.heard.contains(&kind))
    }

    /// So many working minutes later.
    fn working(&self, from: Instant, minutes: i64) -> Instant {
        self.city.calendar.due(from, Span::WorkingTime(minutes * MINUTE_MS), Counting::NextDay).at
    }

    /// Adds an event, if the vocabulary has its type, with those of its attributes that it declares.
    fn event(&mut self, kind: &str, at: Instant, attributes: Json) {
        let late_ms = std::mem::take(&mut self.late_ms);
        let Some(declared) = Symbol::find(kind).and_then(|kind| self.vocabulary.events.get(&kind)) else { return };
        let is_declared = |name: &String| {
            let name = Symbol::find(name);
            name.is_some_and(|name| {
                declared.attributes.contains_key(&name) || self.vocabulary.order.contains_key(&name)
            })
        };
        let attributes: Map<String, Json> = match attributes {
            Json::Object(given) => given.into_iter().filter(|(name, _)| is_declared(name)).collect(),
            _ => Map::new(),
        };
        let id = format!("{}-{}", self.order, self.planned.len() + 1);
        let at_text = at.rfc3339(self.city.calendar.zone());
        let body = json!({ "id": id, "order": self.order, "type": kind, "at": at_text, "attrs": attributes });
        self.planned.push(Planned { known_at: at.plus_ms(late_ms), body: body.to_string() });
    }
}

/// A person's approval of a proposal.
pub(super) fn approval(order: &str, decision: &str, at: Instant, city: &City) -> Planned {
    let at_text = at.rfc3339(city.calendar.zone());
    let attributes = json!({ "decision": decision, "by": "热线主管", "note": "同意" });
    let id = format!("{order}-approved-{decision}");
    let body = json!({ "id": id, "order": order, "type": "approved", "at": at_text, "attrs": attributes });
    Planned { known_at: at, body: body.to_string() }
}

/// The source under which the story's events are stored.
pub(super) fn source() -> Arc<str> {
    "demo".into()
}
