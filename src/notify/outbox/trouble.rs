//! What only an operator can mend at a channel: told once an incident, and once more on each further day that it lasts.
//!
//! An incident of a whole channel ends with the first message that the channel takes. One of some receivers (who are not in
//! an application's visible range) has no such end: it is told again when it is met on another day.

use crate::notify::channel::{Reach, Trouble};
use crate::time::Instant;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::{error, info};

const DAY_MS: i64 = 24 * 3_600_000;
/// More are not remembered: they would be told again.
const KNOWN_MAX: usize = 1000;

/// A trouble that is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Troubled {
    /// The channel's name.
    pub channel: Arc<str>,
    /// What is wrong.
    pub trouble: Trouble,
    /// When it was met.
    pub at: Instant,
}

/// Who is told of troubles.
pub trait Listener: Send + Sync {
    /// One came up, or lasts for another day.
    fn told(&self, troubled: Troubled);

    /// What is wrong with whole channels now, a line each; said each time it changes.
    fn standing(&self, troubles: Vec<String>);
}

/// Nobody is told.
pub(super) struct Nobody;

impl Listener for Nobody {
    fn told(&self, _: Troubled) {}

    fn standing(&self, _: Vec<String>) {}
}

/// Under the channel's name and the trouble's code.
type Incidents = BTreeMap<(Arc<str>, Arc<str>), Known>;

/// The troubles that channels met of late.
#[derive(Clone)]
pub(super) struct Troubles {
    known: Arc<Mutex<Incidents>>,
    listener: Arc<dyn Listener>,
}

struct Known {
    trouble: Trouble,
    told_at: Instant,
}

impl Troubles {
    pub(super) fn new(listener: Arc<dyn Listener>) -> Troubles {
        Troubles { known: Arc::default(), listener }
    }

    /// A channel met these.
    pub(super) fn met(&self, channel: &Arc<str>, troubles: Vec<Trouble>, now: Instant) {
        for trouble in troubles {
            let key = (Arc::clone(channel), Arc::clone(&trouble.code));
            let mut known = self.lock();
            if known.get(&key).is_some_and(|known| now.ms_since(known.told_at).abs() < DAY_MS) {
                continue;
            }
            if known.len() < KNOWN_MAX || known.contains_key(&key) {
                known.insert(key, Known { trouble: trouble.clone(), told_at: now });
            }
            self.listener.standing(standing(&known));
            drop(known);
            error!(
                channel = &**channel,
                code = &*trouble.code,
                reason = trouble.what,
                remedy = trouble.remedy,
                "a channel has to be mended by an operator"
            );
            self.listener.told(Troubled { channel: Arc::clone(channel), trouble, at: now });
        }
    }

    /// A channel took a message: it works.
    pub(super) fn works(&self, channel: &Arc<str>) {
        let mut known = self.lock();
        let before = known.len();
        known.retain(|(of, _), known| of != channel || known.trouble.reach == Reach::Some);
        if known.len() < before {
            info!(channel = &**channel, "the channel works again");
            self.listener.standing(standing(&known));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Incidents> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn standing(known: &Incidents) -> Vec<String> {
    let whole = known.iter().filter(|(_, known)| known.trouble.reach == Reach::Channel);
    whole.map(|((channel, code), known)| format!("{channel}：{code}，{}", known.trouble.what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Ear(Mutex<Vec<String>>);

    impl Listener for Ear {
        fn told(&self, troubled: Troubled) {
            self.0.lock().unwrap().push(format!("{} {}", troubled.channel, troubled.trouble.code));
        }

        fn standing(&self, troubles: Vec<String>) {
            self.0.lock().unwrap().push(format!("standing {}", troubles.len()));
        }
    }

    fn trouble(code: &str, reach: Reach) -> Vec<Trouble> {
        vec![Trouble { code: code.into(), what: "甲".into(), remedy: "乙".into(), reach }]
    }

    #[track_caller]
    fn heard(ear: &Ear, expected: &[&str]) {
        assert_eq!(std::mem::take(&mut *ear.0.lock().unwrap()), expected);
    }

    #[test]
    fn an_incident_is_told_once_until_the_channel_works_again_or_a_day_has_passed() {
        let ear = Arc::new(Ear::default());
        let troubles = Troubles::new(ear.clone());
        let (app, start) = (Arc::from("app"), Instant(0));
        for hour in 0..23 {
            troubles.met(&app, trouble("60020", Reach::Channel), start.plus_ms(hour * 3_600_000));
        }
        heard(&ear, &["standing 1", "app 60020"]);
        troubles.met(&app, trouble("60020", Reach::Channel), start.plus_ms(DAY_MS));
        heard(&ear, &["standing 1", "app 60020"]);
        troubles.works(&app);
        troubles.works(&app);
        heard(&ear, &["standing 0"]);
        troubles.met(&app, trouble("60020", Reach::Channel), start.plus_ms(DAY_MS + 1));
        heard(&ear, &["standing 1", "app 60020"]);
    }

    #[test]
    fn that_some_are_not_reached_is_no_standing_trouble_and_does_not_end_when_others_are() {
        let ear = Arc::new(Ear::default());
        let troubles = Troubles::new(ear.clone());
        let app = Arc::from("app");
        troubles.met(&app, trouble("81013", Reach::Some), Instant(0));
        troubles.works(&app);
        troubles.met(&app, trouble("81013", Reach::Some), Instant(1));
        heard(&ear, &["standing 0", "app 81013"]);
    }
}
