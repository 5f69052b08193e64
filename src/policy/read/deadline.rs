//! Deadlines (时限). Meaning: language.md §3.

use crate::calendar::Counting;
use crate::policy::condition::Condition;
use crate::policy::model::{Deadline, Extends, Limit, Origin, Pauses, StartAtLatest, Step, Stop, Within};
use crate::policy::read::ladder::Rung;
use crate::policy::read::scalars::{self, clock_time, own_origin, positive_span, span};
use crate::policy::read::{Reader, condition, empty_list};
use crate::policy::vocabulary::Kind as AttributeKind;
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::Problem;
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields, Word};

/// What to write instead of an extension by nothing.
const NO_EXTENSION: (&str, &str) =
    ("不许延期的，删去 extends（或写 extends: false）", "where nothing may be extended remove `extends`");

/// What a policy gives all its deadlines.
pub(crate) struct Common<'n> {
    /// The ladders with a name.
    pub(crate) ladders: Option<&'n Node>,
    /// Whether deadlines pause that do not say so themselves.
    pub(crate) pauses: Option<&'n Node>,
}

impl Reader<'_> {
    pub(crate) fn deadline(&mut self, entry: &Entry, common: &Common<'_>) -> Option<Deadline> {
        let (id, before) = (Symbol::new(&entry.key.text), self.problems.len());
        let mut fields = Fields::of(&entry.value, self.problems)?.at(&entry.key.place);
        let title = self.title(&mut fields);
        let origin = scalars::origin(&mut fields, self.problems);
        let start = fields.required("start", self.problems);
        let start = start.map(|node| self.event_types(node)).unwrap_or_default();
        let when = fields.optional("when");
        let when = self.when(when, &start);
        let (each, restart_on) = self.repetition(&mut fields);
        let stop = fields.required("stop", self.problems);
        let stop = stop.map(|node| self.stops(node)).unwrap_or_default();
        let pauses = fields.optional("pauses").or(common.pauses);
        let deadline = Deadline {
            id,
            was: scalars::was(&mut fields, self.problems),
            title,
            start_at_latest: self.start_at_latest(&mut fields, &origin),
            each,
            restart_on,
            order_scope: self.order_scope(&mut fields),
            count_from: self.count_from(&mut fields),
            matching: self.matching(&mut fields, &start, &stop),
            stop,
            limit: self.limit(&mut fields, id, &origin, &start),
            counting: self.counting(&mut fields),
            pauses: pauses.and_then(|node| self.pauses(node)),
            extends: fields.optional("extends").and_then(|node| self.extends(node, &origin)),
            ladder: self.steps(&mut fields, id, common, &origin, &start),
            start,
            when,
            origin,
        };
        self.accept(&mut fields, entry, id);
        fields.finish(self.problems);
        self.note_unfounded(&deadline.origin, &entry.key.place, before);
        self.places.rules.insert(id, entry.key.place.clone());
        Some(deadline)
    }

    fn steps(
        &mut self,
        fields: &mut Fields<'_>,
        id: Symbol,
        common: &Common<'_>,
        origin: &Origin,
        start: &[Symbol],
    ) -> Vec<Step> {
        let Some(node) = fields.optional("ladder") else { return Vec::new() };
        let rung = Rung { named: common.ladders, origin, at_hand: start };
        let (steps, places) = self.ladder(node, &rung).into_iter().unzip();
        self.places.steps.insert(id, places);
        steps
    }

    /// `each` and `restart_on`, which exclude each other.
    fn repetition(&mut self, fields: &mut Fields<'_>) -> (bool, Vec<Symbol>) {
        let each = scalars::flag(fields, "each", self.problems);
        let node = fields.optional("restart_on");
        if let Some(node) = node.filter(|_| each) {
            let message = Text::new("each 与 restart_on 不能同时写", "`each` and `restart_on` exclude each other");
            let hint = Text::new(
                "每次都另起一条时限用 each；重新起算同一条用 restart_on",
                "`each` opens one at every start; `restart_on` begins the one anew",
            );
            self.report(Problem::error(node.head(), "conflict", message).hint(hint));
        }
        let is_none = |node: &&Node| !node.sequence().is_some_and(<[Node]>::is_empty);
        (each, node.filter(is_none).map(|node| self.event_types(node)).unwrap_or_default())
    }

    fn order_scope(&mut self, fields: &mut Fields<'_>) -> bool {
        let node = fields.optional("scope");
        node.and_then(|node| want::one_of(node, &[("round", false), ("order", true)], self.problems)).unwrap_or(false)
    }

    fn count_from(&mut self, fields: &mut Fields<'_>) -> Option<Symbol> {
        let word = want::word(fields.optional("count_from")?, self.problems)?;
        self.event_type(word)
    }

    /// The name of an attribute that the start event may carry.
    /// `match`: an attribute that the start has, and of what stops at least one type.
    fn matching(&mut self, fields: &mut Fields<'_>, start: &[Symbol], stop: &[Stop]) -> Option<Symbol> {
        let node = fields.optional("match")?;
        let name = self.attribute_named(node, start)?;
        let has = |kind: &Symbol| {
            let of_event = self.vocabulary.events.get(kind).is_some_and(|event| event.attributes.contains_key(&name));
            of_event || self.vocabulary.order.contains_key(&name)
        };
        if !stop.is_empty() && !stop.iter().flat_map(Stop::kinds).any(has) {
            self.report(never_matches(node, name, stop));
        }
        Some(name)
    }

    fn attribute_named(&mut self, node: &Node, start: &[Symbol]) -> Option<Symbol> {
        let word = want::word(node, self.problems)?;
        let known = Symbol::find(word.text).filter(|name| !self.declarations(*name, start).is_empty());
        match known {
            None => self.unknown_attribute(word),
            Some(name) => {
                let declarations = self.declarations(name, start);
                if declarations.iter().any(|declared| declared.kind == AttributeKind::Personal) {
                    self.report(condition::personal(word));
                }
            }
        }
        known
    }

    fn unknown_attribute(&mut self, word: Word<'_>) {
        let vocabulary = self.vocabulary;
        let of_events = vocabulary.events.values().flat_map(|event| event.attributes.keys());
        let names = vocabulary.order.keys().chain(of_events).map(|name| name.as_str());
        self.report(want::unknown_word(word, "unknown-attribute", ("属性", "attribute"), names));
    }

    fn start_at_latest(&mut self, fields: &mut Fields<'_>, rule: &Origin) -> Option<StartAtLatest> {
        let entry = fields.entry("start_at_latest").filter(|entry| !entry.value.is_null())?;
        let mut fields = Fields::of(&entry.value, self.problems)?.at(&entry.key.place);
        let event = fields.required("event", self.problems);
        let after = fields.required("after", self.problems);
        let origin = own_origin(&mut fields, rule, self.problems);
        fields.finish(self.problems);
        let events = event.map(|node| self.event_types(node))?;
        Some(StartAtLatest { events, after: span(after?, self.problems), origin })
    }

    fn stops(&mut self, node: &Node) -> Vec<Stop> {
        if node.sequence().is_some_and(<[Node]>::is_empty) {
            self.report(empty_list(node));
        }
        want::one_or_more(node).iter().filter_map(|item| self.stop(item)).collect()
    }

    /// An event type, `{ event, when }`, or `{ every: [types] }`.
    fn stop(&mut self, node: &Node) -> Option<Stop> {
        if node.mapping().is_none() {
            let word = want::word(node, self.problems)?;
            return self.event_type(word).map(|event| Stop::Event(event, Condition::Always));
        }
        let mut fields = Fields::of(node, self.problems)?;
        if let Some(every) = fields.optional("every") {
            let types = self.event_types(every);
            fields.finish(self.problems);
            return Some(Stop::Every(types));
        }
        let event = fields.required("event", self.problems).and_then(|node| want::word(node, self.problems));
        let event = event.and_then(|word| self.event_type(word));
        let when = fields.optional("when");
        let when = self.when(when, event.as_slice());
        fields.finish(self.problems);
        event.map(|event| Stop::Event(event, when))
    }

    /// How many times something may be extended: at least once.
    fn times(&mut self, node: &Node) -> Option<u32> {
        let times = want::integer(node, self.problems)?;
        if times == 0 {
            self.report(no_times(node));
        }
        Some(times)
    }

    /// At least one of `within`, `by`, `due_from`; `by` excludes the others.
    fn limit(&mut self, fields: &mut Fields<'_>, id: Symbol, rule: &Origin, start: &[Symbol]) -> Limit {
        let (within, by) = (fields.optional("within"), fields.optional("by"));
        let is_due_from = fields.optional("due_from").is_some();
        let due_from = fields.optional("due_from").and_then(|node| self.attribute_named(node, start));
        let entries = within.map(|node| self.within(node, id, rule, start)).unwrap_or_default();
        match (by, due_from) {
            (Some(node), _) => {
                if within.is_some() || is_due_from {
                    self.report(by_excludes(node));
                }
                Limit::By(clock_time(node, self.problems))
            }
            (None, Some(attribute)) => Limit::DueFrom(attribute, entries),
            (None, None) => {
                let misspelt = ["within", "by", "due_from"].iter().any(|key| fields.has_slip_of(key));
                if within.is_none() && !is_due_from && !misspelt {
                    self.report(without_due(fields.head()));
                }
                Limit::Within(entries)
            }
        }
    }

    fn within(&mut self, node: &Node, id: Symbol, rule: &Origin, start: &[Symbol]) -> Vec<Within> {
        if node.sequence().is_some_and(<[Node]>::is_empty) {
            self.report(empty_list(node));
        }
        let items = want::one_or_more(node);
        self.places.within.insert(id, items.iter().map(|item| item.head().clone()).collect());
        items.iter().filter_map(|item| self.within_entry(item, rule, start)).collect()
    }

    fn within_entry(&mut self, node: &Node, rule: &Origin, start: &[Symbol]) -> Option<Within> {
        if node.mapping().is_none() {
            let (when, origin) = (Condition::Always, rule.clone());
            return Some(Within { when, is: span(node, self.problems), origin });
        }
        let mut fields = Fields::of(node, self.problems)?;
        let when = fields.optional("when");
        let when = self.when(when, start);
        let is = fields.required("is", self.problems);
        let origin = own_origin(&mut fields, rule, self.problems);
        fields.finish(self.problems);
        Some(Within { when, is: span(is?, self.problems), origin })
    }

    fn counting(&mut self, fields: &mut Fields<'_>) -> Counting {
        let ways = [
            ("next_day", Counting::NextDay),
            ("same_day", Counting::SameDay),
            ("deemed", Counting::Deemed),
            ("elapsed", Counting::Elapsed),
        ];
        let node = fields.optional("counting");
        node.and_then(|node| want::one_of(node, &ways, self.problems)).unwrap_or_default()
    }

    /// `true`, `false`, or a map of `when` and `at_most`.
    fn pauses(&mut self, node: &Node) -> Option<Pauses> {
        if node.mapping().is_none() {
            let pauses = want::boolean(node, self.problems)?;
            return pauses.then_some(Pauses { when: Condition::Always, at_most: None });
        }
        let mut fields = Fields::of(node, self.problems)?;
        let when = fields.optional("when");
        let when = self.when(when, &[Symbol::new("suspended")]);
        let at_most = fields.optional("at_most").map(|node| span(node, self.problems));
        scalars::origin(&mut fields, self.problems);
        fields.finish(self.problems);
        Some(Pauses { when, at_most })
    }

    /// A map of bounds, `true` for none, or a span: at most so much.
    fn extends(&mut self, node: &Node, rule: &Origin) -> Option<Extends> {
        let plain = |at_most| {
            let when = Condition::Always;
            Extends { at_most, times: None, when, origin: rule.clone() }
        };
        if let Some(scalar) = node.scalar() {
            return match scalar.boolean() {
                Some(may) => may.then(|| plain(None)),
                None => Some(plain(Some(positive_span(node, NO_EXTENSION, self.problems)))),
            };
        }
        let mut fields = Fields::of(node, self.problems)?;
        let at_most = fields.optional("at_most");
        let at_most = at_most.map(|node| positive_span(node, NO_EXTENSION, self.problems));
        let times = fields.optional("times").and_then(|node| self.times(node));
        let when = fields.optional("when");
        let when = self.when(when, &[Symbol::new("extended")]);
        let origin = own_origin(&mut fields, rule, self.problems);
        fields.finish(self.problems);
        Some(Extends { at_most, times, when, origin })
    }
}

fn no_times(node: &Node) -> Problem {
    let message = Text::new("times 必须大于零", "`times` must be more than zero");
    Problem::error(&node.place, "malformed-number", message).hint(Text::new(NO_EXTENSION.0, NO_EXTENSION.1))
}

fn by_excludes(node: &Node) -> Problem {
    let message = Text::new("by 不能与 within、due_from 同时写", "`by` excludes `within` and `due_from`");
    let hint = Text::new("只留一种到期的写法", "keep one way of saying when it is due");
    Problem::error(&node.place, "conflict", message).hint(hint)
}

fn without_due(place: &Place) -> Problem {
    let message = Text::new("这条时限没有写何时到期", "this deadline does not say when it is due");
    let hint = Text::new(
        "加上 within: 4个工作日、by: \"09:00\" 或 due_from: 属性",
        "add `within: 4 working days`, `by: \"09:00\"` or `due_from: attribute`",
    );
    Problem::error(place, "no-due", message).hint(hint)
}

/// No event that could stop the deadline carries what `match` compares.
fn never_matches(node: &Node, name: Symbol, stop: &[Stop]) -> Problem {
    let mut kinds: Vec<&str> = stop.iter().flat_map(Stop::kinds).map(|kind| kind.as_str()).collect();
    kinds.dedup();
    let message = Text::new(
        format!("停止的事件（{}）都没有声明属性“{name}”，match 永远不符，时限停不下来", kinds.join("、")),
        format!("none of the stop events ({}) has the attribute `{name}`: nothing ever matches", kinds.join(", ")),
    );
    let hint = Text::new(
        format!("在 vocabulary.yaml 里给停止的事件也声明“{name}”，或换一个 match"),
        format!("declare `{name}` for the stop event in vocabulary.yaml, too, or match by another attribute"),
    );
    Problem::error(&node.place, "unknown-attribute", message).hint(hint)
}
