//! The clock of one obligation: from its start to its due, over pauses and extensions (language.md §3).
//!
//! Always the same whether it is kept up event by event or counted anew from the log of what happened to it: an edit of
//! the rules does the latter.

use crate::calendar::span::Span;
use crate::calendar::{Calendar, Counting};
use crate::time::Instant;

/// What gives an obligation its first due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Base {
    /// A given instant (`by`, `due_from`): it is not paused.
    Fixed(Instant),
    /// A span, counted so.
    Counted(Span, Counting),
}

/// What happened to the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happening {
    /// It was suspended.
    Suspended,
    /// It was resumed.
    Resumed,
    /// It was extended by this much.
    Extended(Span),
}

/// A clock, running or suspended.
#[derive(Clone, Debug)]
pub struct DueClock {
    /// What gave the first due.
    pub base: Base,
    /// From when it is counted.
    pub start: Instant,
    /// What happened since, in order: the arithmetic can be laid out from it.
    pub log: Vec<(Instant, Happening)>,
    from: Instant,
    first: Base,
    extensions: Vec<Span>,
    suspended: bool,
}

impl DueClock {
    /// A clock that starts to run.
    pub fn new(start: Instant, base: Base) -> DueClock {
        DueClock { base, start, log: Vec::new(), from: start, first: base, extensions: Vec::new(), suspended: false }
    }

    /// Whether it is suspended.
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Whether suspensions touch it at all.
    pub fn can_pause(&self) -> bool {
        matches!(self.base, Base::Counted(..))
    }

    /// Its due; none while it is suspended.
    pub fn due(&self, calendar: &Calendar) -> Option<Instant> {
        if self.suspended {
            return None;
        }
        let first = self.first_due(calendar);
        Some(self.extensions.iter().fold(first, |due, span| calendar.due_after(due, *span).at))
    }

    fn first_due(&self, calendar: &Calendar) -> Instant {
        match self.first {
            Base::Fixed(at) => at,
            Base::Counted(span, counting) => calendar.due(self.from, span, counting).at,
        }
    }

    /// Suspends it, if it runs and its due has not come; says whether it did.
    pub fn suspend(&mut self, at: Instant, calendar: &Calendar) -> bool {
        let open = self.can_pause() && self.due(calendar).is_some_and(|due| at < due);
        if open {
            self.keep_what_is_left(at, calendar);
            self.suspended = true;
            self.log.push((at, Happening::Suspended));
        }
        open
    }

    fn keep_what_is_left(&mut self, at: Instant, calendar: &Calendar) {
        let Base::Counted(span, counting) = self.first else { return };
        let mut due = calendar.due(self.from, span, counting).at;
        if at < due {
            self.first = Base::Counted(calendar.left(self.from, span, counting, at), Counting::NextDay);
            return;
        }
        while !self.extensions.is_empty() {
            let span = self.extensions.remove(0);
            let next = calendar.due_after(due, span).at;
            if at < next {
                let from = if is_days(span) { due.just_before() } else { due };
                self.first = Base::Counted(calendar.left(from, span, Counting::NextDay, at), Counting::NextDay);
                return;
            }
            due = next;
        }
    }

    /// Suspends it from its very start: the whole is counted from the resumption.
    pub fn suspend_whole(&mut self, calendar: &Calendar) {
        if let Base::Counted(span, counting) = self.first {
            let whole =
                if counting == Counting::Elapsed { calendar.left(self.from, span, counting, self.from) } else { span };
            self.first = Base::Counted(whole, Counting::NextDay);
            self.suspended = true;
            self.log.push((self.start, Happening::Suspended));
        }
    }

    /// What is still to be counted while it is suspended.
    pub fn left(&self) -> Option<Span> {
        match self.first {
            Base::Counted(span, _) if self.suspended => Some(span),
            _ => None,
        }
    }

    /// Resumes it, if it was suspended; says whether it was.
    pub fn resume(&mut self, at: Instant) -> bool {
        let was = self.suspended;
        if was {
            self.from = at;
            self.suspended = false;
            self.log.push((at, Happening::Resumed));
        }
        was
    }

    /// Moves its due (once it is known) by a span.
    pub fn extend(&mut self, at: Instant, span: Span) {
        self.extensions.push(span);
        self.log.push((at, Happening::Extended(span)));
    }

    /// The same clock with another base: counted anew, with all that happened to it.
    #[must_use]
    pub fn recounted(&self, base: Base, pauses: bool, calendar: &Calendar) -> DueClock {
        let mut clock = DueClock::new(self.start, base);
        for &(at, happening) in &self.log {
            match happening {
                Happening::Extended(span) => clock.extend(at, span),
                Happening::Suspended if pauses && at <= clock.start => clock.suspend_whole(calendar),
                Happening::Suspended if pauses => _ = clock.suspend(at, calendar),
                Happening::Resumed if pauses => _ = clock.resume(at),
                Happening::Suspended | Happening::Resumed => {}
            }
        }
        clock
    }
}

fn is_days(span: Span) -> bool {
    matches!(span, Span::WorkingDays(_) | Span::NaturalDays(_))
}
