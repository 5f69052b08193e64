//! Rows that are fetched, as operators see it: the real binary, real files and real servers.

mod folder;
mod servers;
mod sql;

use crate::daemon::harness::{As, Daemon, Site, wait_for};
use serde_json::Value;

/// The usual configuration of a site with these sources.
pub fn with_sources(site: &Site, sources: &str) {
    let config = site.read("duban.yaml");
    site.write("duban.yaml", &format!("{config}sources:\n{sources}"));
}

/// The events of an order that are stored, by type.
pub fn kinds_of(daemon: &Daemon<'_>, order: &str) -> Vec<String> {
    let shown = daemon.get(As::System, &format!("/api/v1/orders/{order}"));
    if shown.status != 200 {
        return Vec::new();
    }
    let events = shown.json()["events"].as_array().cloned().unwrap_or_default();
    events.iter().map(|event| event["type"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Waits until an order has events of just these types.
#[track_caller]
pub fn wait_for_kinds(daemon: &Daemon<'_>, order: &str, kinds: &[&str]) {
    wait_for(|| (kinds_of(daemon, order) == kinds).then_some(()));
}

/// Waits until a counter of a source has come to a number.
#[track_caller]
pub fn wait_for_count(daemon: &Daemon<'_>, source: &str, result: &str, number: f64) {
    let line = format!("duban_source_events_total{{source=\"{source}\",result=\"{result}\"}}");
    wait_for(|| (daemon.metric(&line) == Some(number)).then_some(()));
}

/// Waits until an order has been decided with this attribute.
#[track_caller]
pub fn wait_for_attribute(daemon: &Daemon<'_>, order: &str, attribute: &str, value: &str) {
    let shown = || daemon.get(As::System, &format!("/api/v1/orders/{order}")).json()["attributes"][attribute].clone();
    wait_for(|| (shown() == value).then_some(()));
}

/// How a source is, as `/readyz` tells.
pub fn health(daemon: &Daemon<'_>, source: &str) -> Value {
    daemon.get(As::Nobody, "/readyz").json()["sources"][source].clone()
}
