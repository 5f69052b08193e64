//! Mail and pushes when something goes wrong on the way: the real daemon against a relay and a system that cut, refuse for
//! now, or show a certificate that nobody trusts.

use crate::daemon::harness::{As, Daemon, Site, wait_for};
use crate::fakes::{
    Certificate, line, scripted_gateway, scripted_smtp, serve_http, serve_https, serve_smtp, serve_smtps,
};
use crate::gateways::city::soon;
use duban::demo::sinks::gateway;
use duban::demo::sinks::smtp::{self, SmtpSink};
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

const DIRECTORY: &str = "
recipients:
  liaison: { title: 专职联络员, of: department, channels: [mail] }
  supervisor: { title: 热线主管, channels: [mail] }
  discipline: { title: 纪委监委, channels: [mail] }
departments:
  甲局: { people: { liaison: [ { name: 甲, email: a@example.gov.cn } ] } }
";

/// A folder with one more channel, written as YAML.
fn site(channel: &str) -> Site {
    let site = Site::new();
    site.write("duban.yaml", &format!("{}\n  {channel}\n", site.read("duban.yaml").trim_end()));
    site.write("rules/directory.yaml", DIRECTORY);
    site
}

/// The attempts by a channel at an order's card, once there are so many.
fn attempts(daemon: &Daemon<'_>, channel: &str, count: usize) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    wait_for(|| {
        let order = daemon.get(As::Root, "/api/v1/orders/ZH-1").json();
        let notices = order["notices"].as_array()?.iter();
        let all: Vec<Value> =
            notices.flat_map(|notice| notice["deliveries"].as_array().cloned().unwrap_or_default()).collect();
        let shown = all.iter().filter(|one| one["channel"] == channel);
        let shown: Vec<String> =
            shown.map(|one| format!("{}: {}", text(&one["outcome"]), text(&one["detail"]))).collect();
        (shown.len() >= count).then_some(shown)
    })
}

fn mail(port: u16, more: &str) -> String {
    format!(
        "mail: {{ kind: email, url: \"smtp://127.0.0.1:{port}\", starttls: never, from: \"n@example.gov.cn\"{more} }}"
    )
}

/// What becomes of a card's mail when the relay says this first.
fn mailed(command: &'static str, reply: smtp::Reply, count: usize) -> (Vec<String>, Arc<SmtpSink>) {
    let runtime = Runtime::new().unwrap();
    let sink = Arc::new(scripted_smtp([(command, reply)]));
    let site = site(&mail(runtime.block_on(serve_smtp(&sink)), ""));
    let daemon = site.start();
    daemon.send(&soon("ZH-1"));
    (attempts(&daemon, "mail", count), sink)
}

#[test]
fn a_mail_that_the_relay_refuses_for_now_goes_out_later_and_one_for_good_does_not() {
    let (shown, sink) = mailed("RCPT", line("451 4.3.0 try later"), 2);
    assert!(shown[0].starts_with("transient: ") && shown[1].starts_with("accepted: "), "{shown:?}");
    assert_eq!(sink.mails().len(), 1);
    let (shown, sink) = mailed("RCPT", line("550 5.1.1 no such user"), 1);
    assert!(shown[0].starts_with("permanent: "), "{shown:?}");
    assert!(sink.mails().is_empty());
}

#[test]
fn a_mail_cut_before_its_content_was_not_sent_and_one_cut_after_it_may_have_been() {
    let (shown, sink) = mailed("DATA", smtp::Reply::Close, 2);
    assert!(shown[0].starts_with("transient: ") && shown[1].starts_with("accepted: "), "{shown:?}");
    assert_eq!(sink.mails().len(), 1);
    let (shown, _) = mailed(".", smtp::Reply::Close, 1);
    assert!(shown[0].starts_with("unknown: "), "{shown:?}");
}

#[test]
fn a_relay_whose_certificate_nobody_trusts_gets_no_mail() {
    let runtime = Runtime::new().unwrap();
    let (certificate, sink) = (Certificate::of("localhost"), Arc::new(SmtpSink::taking_all()));
    let port = runtime.block_on(serve_smtps(&sink, &certificate));
    let first = |more: &str| {
        let channel =
            format!("mail: {{ kind: email, url: \"smtps://localhost:{port}\", from: \"n@example.gov.cn\"{more} }}");
        let site = site(&channel);
        site.write("ca.pem", &certificate.pem);
        let daemon = site.start();
        daemon.send(&soon("ZH-1"));
        (attempts(&daemon, "mail", 1).remove(0), sink.mails().len())
    };
    let (refused, received) = first("");
    assert!(refused.starts_with("transient: ") && refused.contains("证书"), "{refused}");
    assert_eq!(received, 0);
    let (taken, received) = first(", ca_file: ca.pem");
    assert!(taken.starts_with("accepted: ") && received == 1, "{taken}");
}

#[test]
fn a_push_that_was_cut_is_made_again_under_the_same_key() {
    let runtime = Runtime::new().unwrap();
    let system = scripted_gateway([("/hook", gateway::Reply::Cut)]);
    let base = runtime.block_on(serve_http(&system));
    let site = site(&format!("order-system: {{ kind: webhook, url: \"{base}/hook\", kinds: [card] }}"));
    let daemon = site.start();
    daemon.send(&soon("ZH-1"));
    let shown = attempts(&daemon, "order-system", 2);
    assert!(shown[0].starts_with("unknown: ") && shown[1].starts_with("accepted: "), "{shown:?}");
    let keys: Vec<_> =
        system.received().iter().map(|request| request.header("idempotency-key").map(ToOwned::to_owned)).collect();
    assert!(keys.len() == 2 && keys[0].is_some() && keys[0] == keys[1], "{keys:?}");
}

#[test]
fn a_system_whose_certificate_nobody_trusts_is_pushed_nothing() {
    let runtime = Runtime::new().unwrap();
    let (certificate, system) = (Certificate::of("localhost"), Arc::new(gateway::Gateway::taking_all()));
    let base = runtime.block_on(serve_https(&system, &certificate));
    let first = |more: &str| {
        let site = site(&format!("order-system: {{ kind: webhook, url: \"{base}/hook\", kinds: [card]{more} }}"));
        site.write("ca.pem", &certificate.pem);
        let daemon = site.start();
        daemon.send(&soon("ZH-1"));
        (attempts(&daemon, "order-system", 1).remove(0), system.received().len())
    };
    let (refused, received) = first("");
    assert!(refused.starts_with("transient: 未能连上：对方的证书不受信任"), "{refused}");
    assert_eq!(received, 0);
    assert!(first(", ca_file: ca.pem").0.starts_with("accepted: "));
}
