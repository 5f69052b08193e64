//! What operators are told of what they have to mend, and what they are not told: the real daemon.

use crate::daemon::harness::{As, Site, wait_for};
use crate::gateways::city::{City, Fake, approve, clue, soon};
use crate::gateways::decoded;
use duban::demo::sinks::gateway::{Received, Reply};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

const OPERATOR: &str = "13700000000";

const DIRECTORY: &str = r#"
recipients:
  liaison: { title: 专职联络员, of: department, channels: [mail] }
  supervisor: { title: 热线主管, channels: [mail], people: [ { name: 丙, email: c@example.gov.cn } ] }
  operators: { title: 系统管理员, channels: [sms], people: [ { name: 运维, mobile: "13700000000" } ] }
  discipline: { title: 纪委监委, channels: [sms], confidential: true, people: [ { name: 丁, mobile: "13900000000" } ] }
departments:
  甲局: { people: { liaison: [ { name: 甲, email: a@example.gov.cn } ] } }
"#;

const TEXTS: &str = r#"
    kind: sms
    driver: http
    request: { url: "{base}/send", body: '{"to": {{ mobile | tojson }}, "text": {{ text | tojson }}}' }
    accepted: { field: /code, equals: "0" }
"#;

/// A gateway that takes every SMS in its vendor's words, but none to the discipline commission; the order system behind
/// the same address answers so, the first times.
struct World {
    taken: String,
    hook: (u16, usize),
    pushed: AtomicUsize,
}

impl World {
    fn taking(taken: &str) -> World {
        World { taken: taken.into(), hook: (200, 0), pushed: AtomicUsize::new(0) }
    }
}

impl Fake for World {
    fn answer(&self, request: &Received) -> Reply {
        if request.uri.path() == "/hook" {
            let (status, times) = self.hook;
            let is_wrong = self.pushed.fetch_add(1, Ordering::Relaxed) < times;
            return Reply::status(if is_wrong { status } else { 200 }, "");
        }
        Reply::ok(if said(request).contains("13900000000") { r#"{"code":"9"}"# } else { &self.taken })
    }
}

fn said(request: &Received) -> String {
    let query = decoded(request.uri.query().unwrap_or_default());
    format!("{query:?} {} {:?}", request.body, decoded(&request.body))
}

fn city(world: World, sms: &str) -> City {
    let city = City::new(world, sms);
    city.site.write("rules/directory.yaml", DIRECTORY);
    city
}

/// Pushes cards to the gateway's own address.
fn push_cards(site: &Site, base: &str) {
    let hook = format!("  order-system: {{ kind: webhook, url: \"{base}/hook\", kinds: [card] }}\n");
    site.write("duban.yaml", &format!("{}{hook}", site.read("duban.yaml")));
}

/// The address of the fake, as the configuration has it.
fn base(city: &City) -> String {
    let config = city.site.read("duban.yaml");
    let from = config.find("http://127.0.0.1:").unwrap();
    let length = config[from + 17..].find(|char: char| !char.is_ascii_digit()).unwrap();
    config[from..from + 17 + length].to_owned()
}

/// What operators were sent by SMS.
fn told(city: &City) -> Vec<String> {
    city.received().iter().map(said).filter(|said| said.contains(OPERATOR)).collect()
}

#[test]
fn of_a_confidential_route_that_reaches_nobody_operators_learn_only_that_there_is_one() {
    let city = city(World::taking(r#"{"code":"0"}"#), TEXTS);
    let daemon = city.site.start();
    daemon.send(&clue("ZH-SECRET"));
    approve(&daemon, "ZH-SECRET");
    let alarm = wait_for(|| told(&city).into_iter().find(|said| said.contains("待电话告知")));
    assert!(alarm.contains("【12345热线】运行告警：1人待电话告知。以下通知各渠道都没有送到：1件保密事项。"), "{alarm}");
    for private in ["ZH-SECRET", "纪委", "移送", "甲局"] {
        assert!(!alarm.contains(private), "{alarm}");
    }
    let log = city.site.read("err.log");
    assert!(!log.contains("\"discipline\"") && !log.contains("to=discipline"), "{log}");
}

#[test]
fn that_nobody_stands_behind_a_confidential_recipient_is_said_without_who() {
    let city = city(World::taking(r#"{"code":"0"}"#), TEXTS);
    let vacant = DIRECTORY.replace(
        r#"channels: [sms], confidential: true, people: [ { name: 丁, mobile: "13900000000" } ]"#,
        "of: department, channels: [sms], confidential: true",
    );
    city.site.write("rules/directory.yaml", &vacant);
    let daemon = city.site.start();
    daemon.send(&clue("ZH-SECRET"));
    approve(&daemon, "ZH-SECRET");
    let ready = wait_for(|| Some(daemon.get(As::Nobody, "/readyz").body).filter(|ready| ready.contains("1件保密事项")));
    let log = city.site.read("err.log");
    for private in ["discipline", "纪委", "名下没有人"] {
        assert!(!ready.contains(private) && !log.contains(private), "{ready}\n{log}");
    }
}

#[test]
fn a_push_whose_address_is_wrong_goes_out_once_it_is_right_and_operators_are_told() {
    for status in [404, 401, 302] {
        let city = city(World { hook: (status, 1), ..World::taking(r#"{"code":"0"}"#) }, TEXTS);
        push_cards(&city.site, &base(&city));
        let daemon = city.site.start();
        daemon.send(&soon("ZH-1"));
        let wrong = format!("order-system：HTTP {status}，对方系统：");
        let ready = wait_for(|| Some(daemon.get(As::Nobody, "/readyz").body).filter(|ready| ready.contains(&wrong)));
        assert!(ready.contains("channels_troubled"), "{ready}");
        wait_for(|| told(&city).into_iter().find(|said| said.contains("渠道 order-system 发不出消息")));
        let pushed = || city.received().iter().filter(|request| request.uri.path() == "/hook").count();
        wait_for(|| (pushed() > 1).then_some(()));
        wait_for(|| (!daemon.get(As::Nobody, "/readyz").body.contains(&wrong)).then_some(()));
    }
}

#[test]
fn a_push_that_the_other_side_refuses_for_what_it_says_is_told_and_not_repeated() {
    let city = city(World { hook: (422, 9), ..World::taking(r#"{"code":"0"}"#) }, TEXTS);
    push_cards(&city.site, &base(&city));
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    let alarm = wait_for(|| told(&city).into_iter().find(|said| said.contains("order-system")));
    assert!(alarm.contains("渠道 order-system 有消息没有送到"), "{alarm}");
    let notices =
        String::from_utf8(city.site.output(&["notices", "list", "--channel", "order-system"]).stdout).unwrap();
    assert!(notices.contains("HTTP 422"), "{notices}");
}

/// The channel `sms` as docs/channels.md has it for a driver, at a fake.
fn documented(driver: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/channels.md")).unwrap();
    let blocks = page.split("```yaml\n").filter_map(|block| block.split("```").next());
    let block = blocks.into_iter().find(|block| block.contains(&format!("driver: {driver}\n"))).unwrap();
    let sms = block.split("  sms:\n").nth(1).unwrap();
    let own = |line: &&str| !line.contains("base_url:") && !line.contains("receipts:") && !line.contains("callback:");
    let lines: Vec<&str> = sms.lines().filter(own).collect();
    let lines = lines.join("\n").replace("credential: aliyun-sms", "file: secrets/sms");
    let lines = lines
        .replace("credential: tencent-sms", "file: secrets/sms")
        .replace("credential: huawei-sms", "file: secrets/sms");
    format!("\n{lines}\n    base_url: \"{{base}}\"\n")
}

#[test]
fn operators_are_told_by_the_documented_templates_and_by_a_default_that_has_nothing_of_it() {
    let taken = [
        ("aliyun", json!({ "Code": "OK", "BizId": "1" })),
        ("tencent", json!({ "Response": { "SendStatusSet": [{ "Code": "Ok", "SerialNo": "1" }] } })),
        ("huawei", json!({ "code": "000000", "result": [{ "status": "000000", "smsMsgId": "1" }] })),
    ];
    for (driver, taken) in taken {
        let block = documented(driver);
        let without = block.lines().filter(|line| !line.contains("health:")).collect::<Vec<_>>().join("\n");
        for (block, expected) in [(&block, "渠道 order-system"), (&without, "无")] {
            let city = city(World { hook: (404, 9), ..World::taking(&taken.to_string()) }, block);
            push_cards(&city.site, &base(&city));
            let daemon = city.site.start();
            daemon.send(&soon("ZH-1"));
            let alarm = wait_for(|| told(&city).into_iter().next());
            assert!(alarm.contains(expected), "{driver}: {alarm}");
        }
    }
}

#[test]
fn a_test_by_template_is_marked_whatever_its_parameters_are() {
    let params = r#"params: ["{{ due.brief }}", "{{ department }}", "{{ act }}"]"#;
    let sms = format!(
        r#"
    kind: sms
    driver: tencent
    base_url: "{{base}}"
    secret_id: AKID-demo
    secret_key: {{ file: secrets/sms }}
    app_id: "1400006666"
    signature: 示例12345
    templates:
      red-card: {{ id: "1110", {params} }}
      health: {{ id: "1111", params: ["固定", "{{{{ order }}}}"] }}
"#
    );
    let taken = json!({ "Response": { "SendStatusSet": [{ "Code": "Ok", "SerialNo": "1" }] } });
    let city = city(World::taking(&taken.to_string()), &sms);
    for (kind, expected) in [("red-card", r#"["5月11日08:50","测试示例局","红牌"]"#), ("health", r#"["固定","测试"]"#)]
    {
        let run = city.site.output(&["notices", "test", "sms", "--to", OPERATOR, "--kind", kind]);
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let sent = city.received().pop().unwrap().body;
        assert!(sent.contains(expected), "{sent}");
    }
}
