//! From an event at the API to a message at a gateway: the real daemon, real channels, local sinks.

use crate::daemon::harness::{As, Daemon, Site, event, from_now, wait_for};
use duban::demo::sinks::gateway::{Gateway, Received, Reply};
use duban::demo::sinks::smtp::SmtpSink;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The sinks, on a runtime of their own, and a site whose channels lead to them.
struct World {
    _runtime: Runtime,
    gateway: Arc<Gateway>,
    mail: Arc<SmtpSink>,
    site: Site,
}

const DIRECTORY: &str = r#"
recipients:
  liaison: { title: 专职联络员, of: department, channels: [sms, mail] }
  supervisor: { title: 热线主管, channels: [mail], people: [ { name: 丙, email: c@example.gov.cn } ] }
  discipline: { title: 纪委监委, channels: [mail], confidential: true, people: [ { name: 丁, email: d@example.gov.cn } ] }
departments:
  甲局: { people: { liaison: [ { name: 甲, mobile: "13800000000", email: a@example.gov.cn } ] } }
"#;

fn world(say: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static) -> World {
    let runtime = Runtime::new().unwrap();
    let (gateway, mail) = (Arc::new(Gateway::saying(say)), Arc::new(SmtpSink::taking_all()));
    let bind = || runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let (http, smtp) = (bind(), bind());
    let (http_port, smtp_port) = (http.local_addr().unwrap().port(), smtp.local_addr().unwrap().port());
    runtime.spawn(Arc::clone(&gateway).serve(http));
    runtime.spawn(Arc::clone(&mail).serve(smtp));
    let site = Site::new();
    let config = site.read("duban.yaml");
    let channels = format!(
        r#"
  sms:
    kind: sms
    driver: http
    request: {{ url: "http://127.0.0.1:{http_port}/sms", headers: {{ Content-Type: application/json }}, body: '{{"to": {{{{ mobile | tojson }}}}, "text": {{{{ text | tojson }}}}, "id": {{{{ id | tojson }}}}}}' }}
    accepted: {{ field: /code, equals: "0" }}
  mail: {{ kind: email, url: "smtp://127.0.0.1:{smtp_port}", starttls: never, from: "notice@example.gov.cn" }}
  order-system: {{ kind: webhook, url: "http://127.0.0.1:{http_port}/decisions", secret: {{ file: secrets/system }}, kinds: [card, route] }}
"#
    );
    site.write("duban.yaml", &format!("{}{channels}", config.trim_end()));
    site.write("rules/directory.yaml", DIRECTORY);
    World { _runtime: runtime, gateway, mail, site }
}

/// An order whose card falls a moment from now.
fn soon(order: &str) -> Value {
    event(&format!("received-{order}"), order, "received", &from_now(300 - 5 * 60_000))
}

/// What an order's page says of the notice to the liaison.
fn liaison_notice(daemon: &Daemon<'_>, order: &str) -> Option<Value> {
    let order = daemon.get(As::Root, &format!("/api/v1/orders/{order}")).json();
    order["notices"].as_array()?.iter().find(|notice| notice["to"] == "liaison").cloned()
}

#[test]
fn a_card_reaches_the_liaison_and_the_order_system() {
    let world = world(|_| None);
    let daemon = world.site.start();
    daemon.send(&soon("ZH-1"));
    let sms = wait_for(|| world.gateway.received_at("/sms").first().map(Received::json));
    assert_eq!(sms["to"], "13800000000");
    let text = sms["text"].as_str().unwrap();
    assert!(text.starts_with("【12345热线】黄牌：工单ZH-1未在") && text.contains("依据《快速响应》一"), "{text}");
    assert!(text.encode_utf16().count() <= 140);
    let pushed = wait_for(|| world.gateway.received_at("/decisions").first().cloned());
    let (decision, key) =
        (pushed.json(), daemon.get(As::Root, "/api/v1/decisions").json()["decisions"][0]["key"].clone());
    assert_eq!(
        (&decision["kind"], &decision["card"], &decision["order"]),
        (&json!("card"), &json!("yellow"), &json!("ZH-1"))
    );
    assert_eq!((&decision["key"], pushed.header("idempotency-key")), (&key, key.as_str()));
    assert!(pushed.header("x-duban-signature").is_some_and(|signature| signature.starts_with("sha256=")));
    assert!(world.mail.mails().is_empty(), "the preferred channel worked");
}

#[test]
fn where_the_gateway_refuses_the_number_a_mail_goes_out_at_once() {
    let world = world(|request| (request.uri.path() == "/sms").then(|| Reply::ok(r#"{"code":"no such number"}"#)));
    let daemon = world.site.start();
    daemon.send(&soon("ZH-1"));
    let mail = wait_for(|| world.mail.mails().first().cloned());
    assert_eq!(mail.to, ["a@example.gov.cn"]);
    let notice = wait_for(|| liaison_notice(&daemon, "ZH-1").filter(|notice| notice["state"] == "accepted"));
    assert_eq!(notice["kind"], "yellow-card");
}

#[test]
fn a_route_is_told_to_whoever_approves_and_to_its_own_once_it_is_approved() {
    let world = world(|_| None);
    let daemon = world.site.start();
    daemon.send(&json!([event("e1", "ZH-1", "received", &from_now(0)), {
        "id": "e2", "order": "ZH-1", "type": "reviewed", "at": from_now(1), "attrs": { "finding": "慢作为" }
    }]));
    wait_for(|| world.mail.mails().iter().any(|mail| mail.to == ["c@example.gov.cn"]).then_some(()));
    assert!(world.gateway.received_at("/decisions").is_empty(), "nothing is fed before it is approved");
    let order = daemon.get(As::Desk, "/api/v1/orders/ZH-1").json();
    let key = order["decisions"][0]["key"].as_str().unwrap().to_owned();
    let answer = daemon.post(As::Desk, &format!("/api/v1/decisions/{key}/approve"), &json!({ "by": "主任" }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    wait_for(|| world.mail.mails().iter().any(|mail| mail.to == ["d@example.gov.cn"]).then_some(()));
    wait_for(|| {
        world.gateway.received_at("/decisions").first().map(|pushed| assert_eq!(pushed.json()["kind"], "route"))
    });
}

#[test]
fn killed_while_it_sends_it_tells_everybody_and_hardly_anybody_twice() {
    const ORDERS: usize = 40;
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let world = world(move |request| {
        let is_sms = request.uri.path() == "/sms";
        is_sms.then(|| counted.fetch_add(1, Ordering::Relaxed));
        is_sms.then(|| Reply::After(std::time::Duration::from_millis(20)))
    });
    let orders: Vec<String> = (0..ORDERS).map(|number| format!("ZH-{number}")).collect();
    let config = world.site.read("duban.yaml");
    world.site.write("duban.yaml", &format!("{}\nnotices: {{ digest: never }}\n", config.trim_end()));
    let daemon = world.site.start();
    daemon.send(&orders.iter().map(|order| soon(order)).collect());
    wait_for(|| (count.load(Ordering::Relaxed) >= ORDERS / 4).then_some(()));
    daemon.kill();
    let daemon = world.site.start();
    let told =
        || world.gateway.received_at("/sms").iter().map(|request| request.json()["id"].to_string()).collect::<Vec<_>>();
    wait_for(|| (told().iter().collect::<BTreeSet<_>>().len() == ORDERS).then_some(()));
    for order in &orders {
        wait_for(|| liaison_notice(&daemon, order).filter(|notice| notice["state"] == "accepted"));
    }
    // What was on its way when it was killed goes out again under the same id, by which a gateway knows it.
    assert!(told().len() <= ORDERS * 2, "{}", told().len());
    assert_eq!(told().iter().collect::<BTreeSet<_>>().len(), ORDERS);
}

#[test]
fn a_heap_of_cards_reaches_a_liaison_in_a_few_messages_that_name_every_order() {
    const ORDERS: usize = 30;
    let world = world(|_| None);
    let daemon = world.site.start();
    let orders: Vec<String> = (0..ORDERS).map(|number| format!("ZH-{number}")).collect();
    daemon.send(&orders.iter().map(|order| soon(order)).collect());
    for order in &orders {
        wait_for(|| liaison_notice(&daemon, order).filter(|notice| notice["state"] != "sent"));
    }
    let sent = world.gateway.received_at("/sms");
    assert!(!sent.is_empty() && sent.len() <= 6, "{} messages", sent.len());
    let told = |order: &String| {
        let notice = liaison_notice(&daemon, order).unwrap();
        match notice["state"].as_str().unwrap() {
            "queued" => assert!(notice["reason"].as_str().unwrap().contains("合并为一条，等到"), "{notice}"),
            state => assert_eq!(state, "accepted", "{notice}"),
        }
    };
    orders.iter().for_each(told);
}
