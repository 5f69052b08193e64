//! `GET /api/v1/orders/{order}`: one order's whole story.
//!
//! What is not declared is shown nowhere. Attributes of kind `personal`, and the addresses to which notices went, are
//! shown to scope `admin` alone.

use super::refusal::Refusal;
use super::tokens::Caller;
use super::{Api, Words};
use crate::clock;
use crate::config::Scope;
use crate::engine::decide::decide_watched;
use crate::engine::decision::{Decided, Obligation};
use crate::engine::explain::{Known, ObligationStory, explain};
use crate::engine::trace::{Note, Seen};
use crate::intake::body::history;
use crate::notify::told;
use crate::order::History;
use crate::order::body::Body;
use crate::policy::vocabulary::{Kind, Value};
use crate::store::event::StoredEvent;
use crate::store::outbox::{Call, Delivery, KeptReceipt, Notice, outcome_name};
use crate::store::view::OrderView;
use crate::symbol::Symbol;
use crate::text::{Lang, Text};
use crate::time::Instant;
use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Tree, json};
use std::sync::Arc;

pub(super) async fn show(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Path(order): Path<String>,
) -> Response {
    match shown(&api, &caller, &order).await {
        Ok(shown) => Json(shown).into_response(),
        Err(refusal) => refusal.answer(api.lang),
    }
}

async fn shown(api: &Api, caller: &Caller, order: &str) -> Result<Tree, Refusal> {
    let words = api.words.load_full().ok_or_else(super::no_words)?;
    let view = api.store.order_view(order).await.map_err(|error| api.health.store_failed(api, &error))?;
    let view = view.ok_or_else(|| Refusal::unknown(Text::new("没有这张工单", "there is no such order")))?;
    let shower = Shower { words: &words, lang: api.lang, is_entitled: caller.may(Scope::Admin) };
    Ok(tokio::task::block_in_place(|| shower.order(&view)))
}

/// Shows an order to one caller.
struct Shower<'a> {
    words: &'a Words,
    lang: Lang,
    is_entitled: bool,
}

/// An order decided again as it was last decided, for what is not kept: why, and how it was counted.
struct SeenAgain {
    history: History,
    decided: Decided,
    notes: Vec<Note>,
    now: Instant,
}

impl SeenAgain {
    fn new(view: &OrderView, words: &Words) -> SeenAgain {
        let history = history(&view.order, &view.events, &words.reader);
        let now = view.decided_until.unwrap_or_else(clock::now);
        let (decided, notes) = decide_watched(&history, &words.regime, now);
        SeenAgain { history, decided, notes, now }
    }
}

impl Shower<'_> {
    fn order(&self, view: &OrderView) -> Tree {
        let decisions = view.decisions.iter().map(|fed| self.words.decision(&view.order, &fed.decision));
        let seen = SeenAgain::new(view, self.words);
        let mut shown = json!({
            "order": &*view.order,
            "round": view.state.round,
            "ended": view.state.ended,
            "received": view.state.received,
            "policies": view.state.policies.iter().map(|policy| policy.as_str()).collect::<Vec<_>>(),
            "attributes": self.attributes(None, view.state.attributes.iter()),
            "events": view.events.iter().map(|event| self.event(event)).collect::<Vec<_>>(),
            "rounds": self.rounds(&seen),
            "obligations": self.obligations(view, &seen),
            "decisions": decisions.collect::<Vec<_>>(),
            "notices": view.notices.iter().map(|notice| self.notice(notice)).collect::<Vec<_>>(),
            "is_behind": view.is_behind,
        });
        let more = [
            ("decided_until", view.decided_until.map(|at| self.instant(at))),
            ("next_due", view.next_due.map(|at| self.instant(at))),
            ("set_aside", view.set_aside.as_ref().map(|(why, _)| why.clone())),
        ];
        for (name, value) in more.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            shown[name] = value.into();
        }
        shown
    }

    /// When each round opened, and by what.
    fn rounds(&self, seen: &SeenAgain) -> Vec<Tree> {
        let Some(first) = seen.history.events().first() else { return Vec::new() };
        let mut rounds = vec![json!({ "round": 1, "opened": self.instant(first.at), "event": &*first.id })];
        for note in &seen.notes {
            let Seen::RoundOpened { event, decision } = &note.seen else { continue };
            let mut round = json!({ "round": note.round, "opened": self.instant(note.at) });
            for (name, by) in [("event", event), ("decision", decision)] {
                if let Some(by) = by {
                    round[name] = (**by).into();
                }
            }
            // Each policy sees the round open.
            if !rounds.contains(&round) {
                rounds.push(round);
            }
        }
        rounds
    }

    /// The obligations as they stand, each with the arithmetic of its due.
    fn obligations(&self, view: &OrderView, seen: &SeenAgain) -> Vec<Tree> {
        let known = Known {
            history: &seen.history,
            regime: &self.words.regime,
            decided: &seen.decided,
            decisions: &seen.decided.new,
            notes: &seen.notes,
            now: seen.now,
        };
        let explained = explain(&known, &self.words.titles, self.lang);
        let stories: Vec<&ObligationStory> = explained.policies.iter().flat_map(|policy| &policy.obligations).collect();
        let shown = view.obligations.iter().map(|obligation| {
            let mut shown = json!(self.words.obligation(&view.order, obligation));
            let story = stories.iter().find(|story| is_same(&story.obligation, obligation));
            shown["arithmetic"] = story.map(|story| story.arithmetic.clone()).unwrap_or_default().into();
            shown
        });
        shown.collect()
    }

    fn event(&self, event: &StoredEvent) -> Tree {
        let kind = Symbol::find(&event.kind);
        let attributes = match Body::parse(event.body.as_bytes()) {
            Ok(Body::Event(body)) => {
                let restored = self.words.reader.restore(&body);
                self.attributes(kind, restored.attributes.iter())
            }
            _ => Tree::Object(Map::new()),
        };
        json!({
            "id": &*event.id,
            "source": &*event.source,
            "type": &*event.kind,
            "at": self.instant(event.at),
            "recorded_at": self.instant(event.recorded_at),
            "attrs": attributes,
        })
    }

    fn attributes<'v>(&self, event: Option<Symbol>, values: impl Iterator<Item = &'v (Symbol, Value)>) -> Tree {
        let shown = values.filter(|(name, _)| self.is_entitled || !self.is_personal(event, *name));
        Tree::Object(shown.map(|(name, value)| (name.as_str().to_owned(), self.value(value))).collect())
    }

    /// Whether a name is of kind `personal`, as the event declares it, else as the order does.
    fn is_personal(&self, event: Option<Symbol>, name: Symbol) -> bool {
        let vocabulary = &self.words.rules.vocabulary;
        let of_event = event.and_then(|event| vocabulary.events.get(&event)?.attributes.get(&name));
        of_event.or_else(|| vocabulary.order.get(&name)).is_some_and(|declared| declared.kind == Kind::Personal)
    }

    fn value(&self, value: &Value) -> Tree {
        match value {
            Value::Text(text) => (**text).into(),
            Value::Word(word) => word.as_str().into(),
            Value::Number(number) => self::number(*number),
            Value::Boolean(truth) => (*truth).into(),
            Value::Instant(at) => self.instant(*at).into(),
            Value::Date(date) => date.to_string().into(),
            Value::Null => Tree::Null,
        }
    }

    fn notice(&self, notice: &Notice) -> Tree {
        let mut shown = json!({
            "key": &*notice.queued.key,
            "kind": notice.queued.kind.as_str(),
            "to": notice.queued.target.name(),
            "at": self.instant(notice.queued.at),
            "state": notice.state.as_str(),
            "attempt": notice.attempt,
            "text": notice.queued.forms.short,
            "stands": told::standing(notice, self.lang),
            "deliveries": notice.deliveries.iter().map(|one| self.delivery(one)).collect::<Vec<_>>(),
            "calls": notice.calls.iter().map(|one| self.call(one)).collect::<Vec<_>>(),
        });
        let more = [
            ("decision", notice.queued.decision.as_ref().map(ToString::to_string)),
            ("settled_at", notice.settled_at.map(|at| self.instant(at))),
            ("reason", notice.reason.clone()),
        ];
        for (name, value) in more.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            shown[name] = value.into();
        }
        shown
    }

    fn delivery(&self, delivery: &Delivery) -> Tree {
        let mut shown = json!({
            "channel": &*delivery.channel,
            "at": self.instant(delivery.at),
            "attempt": delivery.attempt,
            "outcome": delivery.outcome.as_str(),
        });
        if let Some(detail) = &delivery.detail {
            shown["detail"] = detail.as_str().into();
        }
        if let Some(message) = &delivery.message {
            shown["message"] = (**message).into();
        }
        if !delivery.receipts.is_empty() {
            shown["receipts"] = delivery.receipts.iter().map(|one| self.receipt(one)).collect();
        }
        if self.is_entitled {
            shown["address"] = (*delivery.address).into();
        }
        shown
    }

    fn receipt(&self, receipt: &KeptReceipt) -> Tree {
        let mut shown = json!({
            "at": self.instant(receipt.at),
            "known_at": self.instant(receipt.known_at),
            "source": receipt.source.as_str(),
            "outcome": outcome_name(receipt.outcome),
        });
        if let Some(detail) = &receipt.detail {
            shown["detail"] = detail.as_str().into();
        }
        shown
    }

    /// A call as everybody may see it: whom and at which number is for those who call.
    fn call(&self, call: &Call) -> Tree {
        let mut shown = json!({
            "id": call.id,
            "at": self.instant(call.at),
            "state": call.state.as_str(),
            "why": call.why,
        });
        let more = [
            ("ended_at", call.ended_at.map(|at| self.instant(at))),
            ("by", call.by.clone()),
            ("note", call.note.clone()),
        ];
        for (name, value) in more.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            shown[name] = value.into();
        }
        shown
    }

    fn instant(&self, at: Instant) -> String {
        at.rfc3339(self.words.zone)
    }
}

fn is_same(one: &Obligation, other: &Obligation) -> bool {
    let of = |it: &Obligation| (it.policy, it.rule, it.round, it.occurrence);
    of(one) == of(other)
}

/// A number as people write it: a whole one without a fraction.
fn number(number: f64) -> Tree {
    const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT_BELOW {
        #[allow(clippy::cast_possible_truncation)] // whole, and small enough to be exact
        return (number as i64).into();
    }
    number.into()
}
