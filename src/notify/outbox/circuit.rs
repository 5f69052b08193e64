//! Channels that go on failing are left alone for a while and then tried with one message: a dead gateway is not asked by
//! every notice, and one that comes back is not met by all of them.
//!
//! What opened and closed is kept in the store; counting up to it is not, which at worst costs a few attempts after a start.

use super::hold;
use super::pace::LONGEST_ASKED;
use crate::store::rates::Pause;
use crate::time::Instant;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// So many failures in a row open a circuit: a gateway that fails at random seldom has as many.
const FAILURES_MAX: u32 = 10;
/// The first pause, doubled each time.
const PAUSE_FIRST_MS: i64 = 30_000;
/// The longest pause.
const PAUSE_MAX_MS: i64 = 10 * 60_000;
/// What is asked for longer than this is not waited for where there is another way.
pub(super) const WAITED_FOR_MS: i64 = 3_600_000;
/// A trial takes no longer than this; where nothing was heard of it, another is made.
const TRIAL_MS: i64 = 60_000;
/// While a trial is under way, the others look again so soon: most trials have ended by then.
const LOOK_AT_TRIAL_MS: i64 = 5_000;

/// The circuits of all channels.
#[derive(Debug, Default)]
pub(super) struct Circuits(HashMap<Arc<str>, Circuit>);

#[derive(Debug, Default)]
struct Circuit {
    failures: u32,
    since: Option<Instant>,
    open: Option<Pause>,
    trial_until: Option<Instant>,
}

/// What became of a circuit by an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It was opened, or stays open for longer.
    Paused(Pause),
    /// It works again.
    Ended(Arc<str>),
}

impl Circuits {
    /// As the store has them.
    pub(super) fn restored(pauses: Vec<Pause>) -> Circuits {
        let circuit = |pause: Pause| (Arc::from(pause.channel.as_str()), Circuit::restored(pause));
        Circuits(pauses.into_iter().map(circuit).collect())
    }

    /// Whether something may be sent by a channel now; where not, until when. Once a pause is over, one message tries it.
    pub(super) fn admit(&mut self, channel: &Arc<str>, now: Instant) -> Result<(), Instant> {
        let Some(circuit) = self.0.get_mut(channel) else { return Ok(()) };
        let Some(pause) = &circuit.open else { return Ok(()) };
        if let Some(until) = circuit.closed_until(pause, now) {
            return Err(until);
        }
        circuit.trial_until = Some(now.plus_ms(TRIAL_MS));
        Ok(())
    }

    /// Until when a channel is left alone because it fails, or asked for a long pause; none: it is not, or is to be tried. One
    /// that asked for a short pause is waited for instead, by who has not waited for long.
    pub(super) fn left_alone(&self, channel: &str, has_waited: bool, now: Instant) -> Option<Instant> {
        let circuit = self.0.get(channel)?;
        let is_left =
            |pause: &&Pause| has_waited || pause.times > 0 || pause.until.ms_since(pause.since) > WAITED_FOR_MS;
        circuit.closed_until(circuit.open.as_ref().filter(is_left)?, now)
    }

    /// Why nothing is sent by a channel until an instant, as operators read it; none: it is not paused.
    pub(super) fn why(&self, channel: &str, until: Instant) -> Option<String> {
        let pause = self.0.get(channel)?.open.as_ref()?;
        let (shown, why) = (hold::shown(until), &pause.why);
        Some(match pause.times {
            0 => format!("网关要求{shown}以后再发：{why}"),
            _ => format!("渠道连续失败，暂停到{shown}再试：{why}"),
        })
    }

    /// The other side answered, whatever it said: it is there.
    pub(super) fn answered(&mut self, channel: &Arc<str>) -> Option<Change> {
        let circuit = self.0.get_mut(channel)?;
        let was_open = circuit.open.is_some();
        *circuit = Circuit::default();
        was_open.then(|| Change::Ended(Arc::clone(channel)))
    }

    /// It asked for a pause: it is there, but has had enough.
    pub(super) fn asked(&mut self, channel: &Arc<str>, why: &str, asked: Duration, now: Instant) -> Option<Change> {
        let ms = i64::try_from(asked.min(LONGEST_ASKED).as_millis()).unwrap_or(i64::MAX);
        let (since, until) = (now, now.plus_ms(ms));
        let circuit = self.0.entry(Arc::clone(channel)).or_default();
        if ms == 0 || circuit.open.as_ref().is_some_and(|pause| until <= pause.until) {
            return None;
        }
        let pause = Pause { channel: channel.to_string(), since, until, times: 0, why: why.to_owned() };
        *circuit = Circuit { open: Some(pause.clone()), ..Circuit::default() };
        Some(Change::Paused(pause))
    }

    /// All that are paused.
    pub(super) fn all(&self) -> Vec<Pause> {
        let mut pauses: Vec<Pause> = self.0.values().filter_map(|circuit| circuit.open.clone()).collect();
        pauses.sort_by(|a, b| a.channel.cmp(&b.channel));
        pauses
    }

    /// It did not do what was asked, and may later.
    pub(super) fn failed(&mut self, channel: &Arc<str>, why: &str, now: Instant) -> Option<Change> {
        let circuit = self.0.entry(Arc::clone(channel)).or_default();
        circuit.failures += 1;
        let since = *circuit.since.get_or_insert(now);
        if circuit.open.is_none() && circuit.failures < FAILURES_MAX {
            return None;
        }
        // Others that were under way when it opened say nothing new.
        if circuit.open.as_ref().is_some_and(|pause| now < pause.until) {
            return None;
        }
        let times = circuit.open.as_ref().map_or(0, |pause| pause.times) + 1;
        let pause_ms = (PAUSE_FIRST_MS << (times - 1).min(10)).min(PAUSE_MAX_MS);
        let until = now.plus_ms(pause_ms);
        let pause = Pause { channel: channel.to_string(), since, until, times, why: why.to_owned() };
        circuit.open = Some(pause.clone());
        circuit.trial_until = None;
        Some(Change::Paused(pause))
    }
}

impl Circuit {
    /// Until when nothing is sent: the end of the pause, or when to look whether the trial under way has ended; none: it is
    /// to be tried.
    fn closed_until(&self, pause: &Pause, now: Instant) -> Option<Instant> {
        let until = match self.trial_until {
            Some(trial_until) => trial_until.min(now.plus_ms(LOOK_AT_TRIAL_MS)),
            None => pause.until,
        };
        (now < until).then_some(until)
    }

    fn restored(pause: Pause) -> Circuit {
        Circuit { failures: FAILURES_MAX, since: Some(pause.since), open: Some(pause), trial_until: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant(1_700_000_000_000 + seconds * 1000)
    }

    fn failing(times: i64) -> (Circuits, Arc<str>) {
        let (mut circuits, sms) = (Circuits::default(), Arc::from("sms"));
        for second in 0..times {
            circuits.failed(&sms, "连不上", at(second));
        }
        (circuits, sms)
    }

    #[test]
    fn a_channel_is_paused_after_ten_failures_in_a_row_and_then_tried_by_one() {
        let (mut circuits, sms) = failing(9);
        assert_eq!(circuits.admit(&sms, at(9)), Ok(()));
        assert!(matches!(circuits.failed(&sms, "连不上", at(9)), Some(Change::Paused(Pause { times: 1, .. }))));
        assert_eq!(circuits.admit(&sms, at(10)), Err(at(39)));
        assert_eq!(circuits.admit(&sms, at(39)), Ok(()), "one tries it");
        assert_eq!(circuits.admit(&sms, at(40)), Err(at(45)), "the others wait for what it finds");
        assert_eq!(
            circuits.left_alone(&sms, false, at(98)),
            Some(at(99)),
            "or for another trial, where it found nothing"
        );
        assert!(matches!(circuits.answered(&sms), Some(Change::Ended(_))));
        assert_eq!(circuits.admit(&sms, at(41)), Ok(()));
    }

    #[test]
    fn pauses_double_up_to_ten_minutes_while_trials_fail() {
        let (mut circuits, sms) = failing(10);
        let (mut now, mut pauses) = (at(9), vec![30_000]);
        for _ in 0..7 {
            now = circuits.left_alone(&sms, false, now).expect("it is paused");
            assert_eq!(circuits.admit(&sms, now), Ok(()));
            let Some(Change::Paused(pause)) = circuits.failed(&sms, "连不上", now) else {
                panic!("it stays paused")
            };
            pauses.push(pause.until.ms_since(now));
        }
        assert_eq!(pauses, [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000, 600_000]);
    }

    #[test]
    fn an_answer_in_between_begins_the_count_anew_and_stragglers_do_not_prolong_a_pause() {
        let (mut circuits, sms) = failing(9);
        assert_eq!(circuits.answered(&sms), None);
        for second in 10..19 {
            assert_eq!(circuits.failed(&sms, "连不上", at(second)), None);
        }
        assert!(circuits.failed(&sms, "连不上", at(19)).is_some());
        assert_eq!(circuits.failed(&sms, "连不上", at(20)), None);
        assert_eq!(circuits.left_alone(&sms, false, at(20)), Some(at(49)));
    }

    #[test]
    fn who_asks_for_a_pause_gets_it_from_all_as_long_as_asked_up_to_a_day() {
        let (mut circuits, sms) = failing(1);
        assert!(circuits.asked(&sms, "太频繁", Duration::from_secs(20), at(1)).is_some());
        assert_eq!(circuits.asked(&sms, "太频繁", Duration::from_secs(10), at(2)), None, "it waits long enough");
        assert_eq!(circuits.left_alone(&sms, false, at(2)), None, "it is waited for");
        assert_eq!(circuits.admit(&sms, at(2)), Err(at(21)));
        assert_eq!(circuits.why(&sms, at(21)).unwrap(), "网关要求11月15日06:13:41以后再发：太频繁");
        assert_eq!(circuits.admit(&sms, at(21)), Ok(()));
        assert!(circuits.asked(&sms, "太频繁", Duration::from_mins(10), at(22)).is_some());
        assert_eq!(circuits.admit(&sms, at(621)), Err(at(622)));
        assert!(circuits.asked(&sms, "今天够了", Duration::from_hours(99), at(23)).is_some());
        assert_eq!(circuits.left_alone(&sms, false, at(24)), Some(at(23 + 86_400)), "another way is taken meanwhile");
    }

    #[test]
    fn a_start_goes_on_with_what_was_paused() {
        let (mut circuits, sms) = failing(9);
        let Some(Change::Paused(pause)) = circuits.failed(&sms, "连不上", at(4)) else { panic!("paused") };
        let mut restored = Circuits::restored(vec![pause]);
        assert_eq!(restored.admit(&sms, at(5)), Err(at(34)));
        assert_eq!(restored.admit(&sms, at(34)), Ok(()));
        assert!(matches!(restored.failed(&sms, "连不上", at(34)), Some(Change::Paused(Pause { times: 2, .. }))));
    }
}
