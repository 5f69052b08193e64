//! How one obligation's due came about: its start, its span date by date, and what moved it.
//!
//! A lay-out is shown only where it ends at the due that was decided; otherwise the due stands alone.

use super::Laid;
use super::say::Say;
use crate::calendar::layout::Line;
use crate::calendar::span::Span;
use crate::calendar::{Calendar, Counting};
use crate::engine::trace::{Limited, Move, NotMoved, Opened, OpenedBy};
use crate::order::History;
use crate::policy::model::{Deadline, Origin};
use crate::time::Instant;

/// Writes down an obligation's clock as it is moved.
pub(super) struct Arithmetic<'a> {
    say: &'a Say<'a>,
    calendar: &'a Calendar,
    deadline: &'a Deadline,
    history: &'a History,
    lines: Vec<Laid>,
    due: Option<Instant>,
    /// Whence the running part of the span is counted, and what is counted.
    running: Option<(Instant, Span, Counting)>,
    /// What is to be counted from the resumption.
    left: Option<Span>,
    /// Extensions that have not been used up by a suspension.
    extensions: Vec<Span>,
}

impl<'a> Arithmetic<'a> {
    pub(super) fn new(
        say: &'a Say<'a>,
        calendar: &'a Calendar,
        deadline: &'a Deadline,
        history: &'a History,
    ) -> Arithmetic<'a> {
        let (lines, extensions) = (Vec::new(), Vec::new());
        Arithmetic { say, calendar, deadline, history, lines, due: None, running: None, left: None, extensions }
    }

    pub(super) fn into_lines(self) -> Vec<Laid> {
        self.lines
    }

    /// The due as far as it was laid out.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn open(&mut self, opened: &Opened, at: Instant) {
        let (say, by) = (self.say, self.opened_by(&opened.by));
        let moment = say.moment(at);
        self.put("起", "start", say.either(format!("{moment}，{by}"), format!("{moment}, {by}")));
        if opened.start != at {
            let start = say.moment(opened.start);
            self.put("", "", say.either(format!("从 {start} 起计"), format!("counted from {start}")));
        }
        self.limit(&opened.limit);
        if let Limited::Span { span, counting, .. } = opened.limit {
            self.running = Some((opened.start, span, counting));
            self.left = Some(self.whole(opened.start, span, counting)).filter(|_| opened.due.is_none());
        }
        self.due = opened.due;
        self.lay_out_running();
        self.say_due();
    }

    /// What is counted from a resumption where nothing was counted before.
    fn whole(&self, start: Instant, span: Span, counting: Counting) -> Span {
        if counting == Counting::Elapsed { self.calendar.left(start, span, counting, start) } else { span }
    }

    fn opened_by(&self, by: &OpenedBy) -> String {
        let event = match by {
            OpenedBy::Start(id) | OpenedBy::Restart(id) | OpenedBy::AtLatest(id) => self.event(id),
            OpenedBy::Return(_) => String::new(),
        };
        match by {
            OpenedBy::Start(_) => event,
            OpenedBy::Restart(_) => self.say.either(format!("{event}后重新起算"), format!("restarted by {event}")),
            OpenedBy::Return(_) => self.say.either("退回重办的决定", "a return decision"),
            OpenedBy::AtLatest(_) => {
                let after = self.deadline.start_at_latest.as_ref().map(|latest| latest.after.text(self.say.lang));
                let after = after.unwrap_or_default();
                let own = self.own_origin(self.deadline.start_at_latest.as_ref().map(|latest| &latest.origin));
                self.say.either(
                    format!("{event}之后{after}仍未起算，自行起算{own}"),
                    format!("no start within {after} of {event}{own}"),
                )
            }
        }
    }

    fn event(&self, id: &str) -> String {
        let event = self.history.events().iter().find(|event| &*event.id == id);
        let kind = event.map_or_else(String::new, |event| self.say.kind(event.kind));
        self.say.event(&kind, id)
    }

    fn limit(&mut self, limit: &Limited) {
        let say = self.say;
        let line = match limit {
            Limited::Span { span, counting, entry } => {
                let origin = self.entry_origin(*entry);
                let (span, counting) = (span.text(say.lang), self.counting(*span, *counting));
                format!("{span}{counting}{origin}")
            }
            Limited::By(time) => {
                let time = format!("{:02}:{:02}", time.0 / 60, time.0 % 60);
                say.either(format!("到下一个工作日的 {time}"), format!("the next {time} of a working day"))
            }
            Limited::Given(name) => {
                say.either(format!("由起算事件的“{name}”给出"), format!("as the start event's `{name}` says"))
            }
        };
        self.put("限", "limit", line);
    }

    /// What the entry of `within` says of its own source, where there are several.
    fn entry_origin(&self, entry: usize) -> String {
        use crate::policy::model::Limit;
        let (Limit::Within(entries) | Limit::DueFrom(_, entries)) = &self.deadline.limit else { return String::new() };
        let Some(chosen) = entries.get(entry).filter(|_| entries.len() > 1) else { return String::new() };
        let (number, origin) = (entry + 1, self.say.origin(&chosen.origin));
        let own = if chosen.origin == self.deadline.origin || origin.is_empty() {
            String::new()
        } else {
            self.say.either(format!("，{origin}"), format!(", {origin}"))
        };
        self.say.either(format!("（取第{number}档{own}）"), format!(" (entry {number}{own})"))
    }

    /// What a part of the rule says of its own source, in brackets; nothing where it says what the rule does.
    fn own_origin(&self, origin: Option<&Origin>) -> String {
        let Some(origin) = origin.filter(|origin| **origin != self.deadline.origin) else { return String::new() };
        match self.say.origin(origin) {
            said if said.is_empty() => said,
            said => self.say.either(format!("（{said}）"), format!(" ({said})")),
        }
    }

    fn counting(&self, span: Span, counting: Counting) -> String {
        if !matches!(span, Span::WorkingDays(_)) {
            return String::new();
        }
        match counting {
            Counting::NextDay => self.say.either("（当日不计）", " (the start date is not counted)"),
            Counting::SameDay => self.say.either("（当日计入）", " (the start date is counted)"),
            Counting::Deemed => {
                self.say.either("（非工作时间受理的，视为次一工作日受理）", " (deemed received on a working day)")
            }
            Counting::Elapsed => self.say.either("（按每日工作时长折算）", " (as so much working time)"),
        }
    }

    fn lay_out_running(&mut self) {
        let Some((start, span, counting)) = self.running else { return };
        let Some(due) = self.due else { return };
        let first = self.calendar.due(start, span, counting).at;
        let last = self.extensions.iter().fold(first, |due, span| self.calendar.due_after(due, *span).at);
        if last != due {
            return;
        }
        self.push_lines(&self.calendar.lay_out(start, span, counting));
        let mut from = first;
        for span in self.extensions.clone() {
            self.push_lines(&self.calendar.lay_out_after(from, span));
            from = self.calendar.due_after(from, span).at;
        }
    }

    fn push_lines(&mut self, lines: &[Line]) {
        self.lines.extend(lines.iter().cloned().map(Laid::Counted));
    }

    fn say_due(&mut self) {
        let say = self.say;
        let due = match self.due {
            None => say.either("挂起中，恢复后才能算定", "suspended, known once it is resumed"),
            Some(due) if self.calendar.is_provisional(due) => say.either(
                format!("{}（暂定：该日的放假安排尚未公布）", say.moment(due)),
                format!("{} (provisional: that day's official arrangement is not known yet)", say.moment(due)),
            ),
            Some(due) => say.moment(due),
        };
        self.put("到期", "due", due);
    }

    /// An edit had the due counted anew, by this version's limit and calendar.
    pub(super) fn recounted(
        &mut self,
        at: Instant,
        limit: &Limited,
        due: Option<Instant>,
        version: &str,
        calendar: &'a Calendar,
    ) {
        let moment = self.say.moment(at);
        let rest = self.say.either(
            format!("{moment}起，按规则第{version}版重新计算"),
            format!("counted anew from {moment} on, by version {version} of the rules"),
        );
        self.put("规则变更", "edited", rest);
        self.calendar = calendar;
        self.limit(limit);
        if let (Limited::Span { span, counting, .. }, Some((start, ..))) = (limit, self.running) {
            self.running = Some((start, *span, *counting));
        }
        self.due = due;
        self.lay_out_running();
        self.say_due();
    }

    pub(super) fn moved(&mut self, at: Instant, by: &Move, due: Option<Instant>) {
        match by {
            Move::Suspended { event, left } => self.suspended(at, event.as_deref(), *left),
            Move::Resumed { event } => self.resumed(at, event.as_deref(), due),
            Move::Extended { event, by, in_part } => self.extended(at, event, *by, *in_part, due),
        }
    }

    fn suspended(&mut self, at: Instant, event: Option<&str>, left: Option<Span>) {
        let say = self.say;
        let (moment, event) = (say.moment(at), event.map(|id| self.event(id)).unwrap_or_default());
        let left_text = left.map(|span| span.text(say.lang)).unwrap_or_default();
        let how = say.either(
            format!("{moment} {event}，尚余{left_text}，恢复后再计"),
            format!("{moment} {event}, {left_text} left, counted from the resumption"),
        );
        self.put("挂起", "suspended", how);
        (self.left, self.due) = (left.or(self.left), None);
    }

    fn resumed(&mut self, at: Instant, event: Option<&str>, due: Option<Instant>) {
        let say = self.say;
        let moment = say.moment(at);
        let event = match event {
            Some(id) => self.event(id),
            None => say.either("挂起已满最长时间", "the pause had reached its bound"),
        };
        self.put("恢复", "resumed", format!("{moment} {event}"));
        self.due = due;
        self.running = self.left.take().map(|span| (at, span, Counting::NextDay));
        self.drop_used_extensions();
        self.lay_out_running();
        self.say_due();
    }

    /// A suspension in an extended part has used up what came before it: the rest is what leads to the due.
    fn drop_used_extensions(&mut self) {
        let Some((start, span, counting)) = self.running else { return };
        let first = self.calendar.due(start, span, counting).at;
        let leads_to_due = |rest: &&[Span]| {
            Some(rest.iter().fold(first, |due, span| self.calendar.due_after(due, *span).at)) == self.due
        };
        let rests = (0..=self.extensions.len()).map(|from| &self.extensions[from..]);
        if let Some(rest) = rests.into_iter().find(leads_to_due) {
            self.extensions = rest.to_vec();
        }
    }

    fn extended(&mut self, at: Instant, event: &str, by: Span, in_part: bool, due: Option<Instant>) {
        let say = self.say;
        let (moment, event, length) = (say.moment(at), self.event(event), by.text(say.lang));
        let part =
            if in_part { say.either("（只准到上限）", " (cut to what the bound left)") } else { String::new() };
        let own = self.own_origin(self.deadline.extends.as_ref().map(|extends| &extends.origin));
        let how = say.either(
            format!("{moment} {event}，延长{length}{part}{own}"),
            format!("{moment} {event}, by {length}{part}{own}"),
        );
        self.put("延期", "extended", how);
        if let Some(before) = self.due.filter(|before| Some(self.calendar.due_after(*before, by).at) == due) {
            self.push_lines(&self.calendar.lay_out_after(before, by));
        }
        self.extensions.push(by);
        self.due = due;
        self.say_due();
    }

    pub(super) fn not_moved(&mut self, at: Instant, event: &str, why: &NotMoved) {
        let say = self.say;
        let reason = match why {
            NotMoved::DoesNotPause => say.either("本时限不停表", "this deadline does not pause"),
            NotMoved::DoesNotExtend => say.either("本时限不许延期", "this deadline cannot be extended"),
            NotMoved::When(failing) => {
                let failing = say.failing(failing);
                say.either(format!("条件不成立：{failing}"), format!("its condition does not hold: {failing}"))
            }
            NotMoved::TooLate => say.either("已过到期时刻", "it came too late"),
            NotMoved::UsedUp => say.either("延期次数或总量已用完", "the bound of extensions is used up"),
            NotMoved::NoSpan => say.either(
                "没有写明延长多少，或与上限不同类",
                "`by` is missing, no span, or of another kind than the bound",
            ),
            NotMoved::Fixed => say.either("到期时刻是定死的", "its due is fixed"),
        };
        let event = self.event(event);
        let moment = say.moment(at);
        let how = say.either(format!("{moment} {event}不影响本时限：{reason}"), format!("{moment} {event}: {reason}"));
        self.put("未动", "unmoved", how);
    }

    pub(super) fn not_stopped(&mut self, at: Instant, event: &str, failing: &str) {
        let (say, event) = (self.say, self.event(event));
        let moment = say.moment(at);
        let reason = if failing.is_empty() {
            say.either("不是同一件事（match 不符）", "it belongs to another (`match`)")
        } else {
            failing.to_owned()
        };
        let how = say.either(format!("{moment} {event}不算完成：{reason}"), format!("{moment} by {event}: {reason}"));
        self.put("未止", "not stopped", how);
    }

    pub(super) fn stopped(&mut self, at: Instant, event: &str) {
        let (say, event) = (self.say, self.event(event));
        let moment = say.moment(at);
        let lag = self.due.map(|due| at.ms_since(due));
        let how = match lag {
            None => String::new(),
            Some(late) if late > 0 => {
                let late = say.length(late);
                say.either(format!("，超过期限{late}"), format!(", {late} late"))
            }
            Some(early) => {
                let early = say.length(-early);
                say.either(format!("，距到期还有{early}"), format!(", {early} before the due"))
            }
        };
        self.put("止", "stop", say.either(format!("{moment}，{event}{how}"), format!("{moment}, {event}{how}")));
    }

    /// Adds a line under a name in both languages.
    pub(super) fn put(&mut self, zh: &str, en: &str, rest: String) {
        self.lines.push(Laid::Said(self.say.either(zh, en), rest));
    }
}
