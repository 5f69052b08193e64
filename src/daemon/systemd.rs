//! What systemd is told. Without systemd none of it does anything.

use sd_notify::NotifyState;
use std::time::Duration;

/// The daemon takes events and decides.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// A reload has begun; [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The daemon is ending.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// A tick did its work: the watchdog is content for another while.
pub fn worked() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the watchdog wants to hear of a tick, if there is one.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

fn tell(states: &[NotifyState<'_>]) {
    // Where there is no socket, nobody listens; where it does not answer, nothing can be done about it.
    let _ = sd_notify::notify(states);
}
