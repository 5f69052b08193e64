//! A real daemon's folder whose SMS go to a fake gateway, and whose mails go to a sink: whoever cannot be told by SMS is
//! told by mail.

use crate::daemon::harness::{As, Daemon, Site, event, from_now, wait_for};
use crate::fakes::{Certificate, serve_https};
use duban::demo::sinks::gateway::{Gateway, Received, Reply};
use duban::demo::sinks::smtp::SmtpSink;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const DIRECTORY: &str = r#"
recipients:
  liaison: { title: 专职联络员, of: department, channels: [sms, mail] }
  supervisor: { title: 热线主管, channels: [mail], people: [ { name: 丙, email: c@example.gov.cn } ] }
  discipline: { title: 纪委监委, channels: [sms, mail], confidential: true, people: [ { name: 丁, mobile: "13900000000", email: d@example.gov.cn } ] }
departments:
  甲局: { people: { liaison: [ { name: 甲, mobile: "13800000000", email: a@example.gov.cn } ] } }
"#;

/// A vendor's gateway: from a request to its answer.
pub trait Fake: Send + Sync + 'static {
    fn answer(&self, request: &Received) -> Reply;
}

impl<F: Fake + ?Sized> Fake for Arc<F> {
    fn answer(&self, request: &Received) -> Reply {
        (**self).answer(request)
    }
}

/// A daemon's folder with an SMS channel to a fake.
pub struct City {
    _runtime: Runtime,
    pub gateway: Arc<Gateway>,
    pub mail: Arc<SmtpSink>,
    pub site: Site,
    faults: Arc<Mutex<VecDeque<Reply>>>,
}

impl City {
    /// With the channel `sms` as configured; `{base}` in it is the fake's address.
    pub fn new(fake: impl Fake, sms: &str) -> City {
        City::reached_by(fake, sms, |runtime, gateway| {
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            let port = listener.local_addr().unwrap().port();
            runtime.spawn(Arc::clone(gateway).serve(listener));
            format!("http://127.0.0.1:{port}")
        })
    }

    /// The same over HTTPS, by a certificate.
    pub fn behind(certificate: &Certificate, fake: impl Fake, sms: &str) -> City {
        City::reached_by(fake, sms, |runtime, gateway| runtime.block_on(serve_https(gateway, certificate)))
    }

    fn reached_by(fake: impl Fake, sms: &str, serve: impl Fn(&Runtime, &Arc<Gateway>) -> String) -> City {
        let runtime = Runtime::new().unwrap();
        let faults: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let queue = Arc::clone(&faults);
        let gateway = Gateway::saying(move |request| {
            let fault = queue.lock().unwrap().pop_front();
            Some(fault.unwrap_or_else(|| fake.answer(request)))
        });
        let (gateway, mail) = (Arc::new(gateway), Arc::new(SmtpSink::taking_all()));
        let base = serve(&runtime, &gateway);
        let smtp = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let smtp_port = smtp.local_addr().unwrap().port();
        runtime.spawn(Arc::clone(&mail).serve(smtp));
        let site = Site::new();
        let channels = format!(
            "  sms: {}\n  mail: {{ kind: email, url: \"smtp://127.0.0.1:{smtp_port}\", starttls: never, from: \"notice@example.gov.cn\" }}\n",
            sms.trim_end().replace("{base}", &base)
        );
        site.write("duban.yaml", &format!("{}\n{channels}", site.read("duban.yaml").trim_end()));
        site.write("rules/directory.yaml", DIRECTORY);
        site.write("secrets/sms", "demo-Secret-1\n");
        site.write("secrets/receipts", "token-of-receipts\n");
        City { _runtime: runtime, gateway, mail, site, faults }
    }

    /// The gateway's next answer is this one, whatever it is asked.
    pub fn fails_with(self, reply: Reply) -> City {
        self.faults.lock().unwrap().push_back(reply);
        self
    }

    /// Everything that the gateway received.
    pub fn received(&self) -> Vec<Received> {
        self.gateway.received()
    }
}

/// An order whose yellow card falls a moment from now.
pub fn soon(order: &str) -> Value {
    event(&format!("received-{order}"), order, "received", &from_now(300 - 5 * 60_000))
}

/// What an order's page says of the notice to a recipient.
pub fn notice(daemon: &Daemon<'_>, order: &str, to: &str) -> Option<Value> {
    let order = daemon.get(As::Root, &format!("/api/v1/orders/{order}")).json();
    order["notices"].as_array()?.iter().find(|notice| notice["to"] == to).cloned()
}

/// The attempts at the liaison, as `channel outcome: why`, once there are so many.
pub fn attempts(daemon: &Daemon<'_>, order: &str, count: usize) -> Vec<String> {
    let deliveries = wait_for(|| {
        let notice = notice(daemon, order, "liaison")?;
        let deliveries = notice["deliveries"].as_array()?.clone();
        (deliveries.len() >= count).then_some(deliveries)
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let shown = deliveries.iter().map(|one| {
        let (channel, outcome, why) = (text(&one["channel"]), text(&one["outcome"]), text(&one["detail"]));
        if why.is_empty() { format!("{channel} {outcome}") } else { format!("{channel} {outcome}: {why}") }
    });
    shown.collect()
}

/// What becomes of a card when the gateway answers this first: so many attempts at the liaison.
pub fn after_fault(city: City, reply: Reply, count: usize) -> (City, Vec<String>) {
    let city = city.fails_with(reply);
    let shown = {
        let daemon = city.site.start();
        daemon.send(&soon("ZH-1"));
        attempts(&daemon, "ZH-1", count)
    };
    (city, shown)
}

/// What a gateway posts to the daemon as receipts of the channel `sms`: the status, and what it is thanked with.
pub fn post_receipts(daemon: &Daemon<'_>, token: &str, content_type: &str, body: &str) -> (u16, String) {
    let headers = format!("Content-Type: {content_type}\r\n");
    let path = format!("/api/v1/receipts/sms/{token}");
    let answer = daemon.ask(As::Nobody, "POST", &path, &headers, body.as_bytes()).unwrap();
    (answer.status, answer.body)
}

/// Waits until the notice to the liaison is in a state.
pub fn wait_for_state(daemon: &Daemon<'_>, order: &str, state: &str) -> Value {
    wait_for(|| notice(daemon, order, "liaison").filter(|notice| notice["state"] == state))
}

/// A gateway that says nothing before a time-out of two seconds has passed.
pub fn slow() -> Reply {
    Reply::After(Duration::from_secs(4))
}

/// A slow clue (慢作为), which goes to a confidential recipient once it is approved.
pub fn clue(order: &str) -> Value {
    json!([event(&format!("received-{order}"), order, "received", &from_now(0)), {
        "id": format!("reviewed-{order}"), "order": order, "type": "reviewed", "at": from_now(1), "attrs": { "finding": "慢作为" }
    }])
}

/// Approves the order's proposal.
pub fn approve(daemon: &Daemon<'_>, order: &str) {
    let key = wait_for(|| {
        let order = daemon.get(As::Desk, &format!("/api/v1/orders/{order}")).json();
        order["decisions"].as_array()?.first()?["key"].as_str().map(ToOwned::to_owned)
    });
    let answer = daemon.post(As::Desk, &format!("/api/v1/decisions/{key}/approve"), &json!({ "by": "主任" }));
    assert_eq!(answer.status, 200, "{}", answer.body);
}
