//! The real daemon before a platform that checks what it is sent.

use crate::daemon::harness::{As, Daemon, Site, event, from_now, wait_for};
use crate::gateways::wecom::{AGENT, CORP, Delivered, KEY, SECRET, Wecom};
use base64::Engine;
use duban::demo::sinks::gateway::{Gateway, Reply};
use duban::demo::sinks::smtp::{Mail, SmtpSink};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const DIRECTORY: &str = r"
recipients:
  handler: { title: 经办人, of: department }
  liaison: { title: 专职联络员, of: department, channels: [yuezhengyi, mail] }
  group: { title: 工作群, channels: [yuezhengyi-group] }
  supervision: { title: 督查室, channels: [yuezhengyi], people: [ { name: 丙, yuezhengyi: c03 } ] }
  discipline: { title: 纪委监委, channels: [yuezhengyi, yuezhengyi-group, mail, screen], confidential: true, people: [ { name: 丁, yuezhengyi: d04, email: d@example.gov.cn } ] }
  discipline-group: { title: 纪委监委工作群, channels: [yuezhengyi-group, screen], confidential: true }
  operators: { title: 运维, channels: [mail], people: [ { name: 戊, email: ops@example.gov.cn } ] }
departments:
  甲局:
    people:
      handler: [ { name: 乙, yuezhengyi: b02 } ]
      liaison: [ { name: 甲, yuezhengyi: a01, email: a@example.gov.cn } ]
";

const POLICY: &str = r#"
policy: quick
title: 快速响应
calendar: always
effective: "2020-01-01"
applies: {}
deadlines:
  response:
    title: 五分钟响应
    clause: 一
    start: received
    stop: contacted
    within: 5 minutes
    ladder:
      - { at: due, card: yellow, notify: [liaison, group] }
reactions:
  report: { title: 慢作为呈报, clause: 二, upon: reviewed, when: { finding: 慢作为 }, route: supervision }
  hand-over: { title: 不作为移送, clause: 三, upon: reviewed, when: { finding: 不作为 }, route: [discipline, discipline-group] }
"#;

/// The platform and a mail relay, and a site whose channels lead to them.
pub struct World {
    _runtime: Runtime,
    pub wecom: Arc<Wecom>,
    pub mail: Arc<SmtpSink>,
    pub hook: Arc<Gateway>,
    pub site: Site,
}

/// `app` and `robot` are further settings of those channels.
pub fn world(app: &str, robot: &str) -> World {
    let runtime = Runtime::new().unwrap();
    let (wecom, mail, hook) = (Wecom::new(), Arc::new(SmtpSink::taking_all()), Arc::new(Gateway::taking_all()));
    let bind = || runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let [platform, smtp, other] = [bind(), bind(), bind()];
    let [at, mail_at, hook_at] = [&platform, &smtp, &other].map(|one| one.local_addr().unwrap().port());
    runtime.spawn(wecom.gateway().serve(platform));
    runtime.spawn(Arc::clone(&mail).serve(smtp));
    runtime.spawn(Arc::clone(&hook).serve(other));
    let site = Site::new();
    let channels = format!(
        r#"
public_url: "https://duban.example.gov.cn"
channels:
  yuezhengyi: {{ kind: yuezhengyi, base_url: "http://127.0.0.1:{at}", corp_id: {CORP}, agent_id: {AGENT}, secret: {{ file: secrets/yzy }}{app} }}
  yuezhengyi-group: {{ kind: yuezhengyi, webhook: {{ file: secrets/robot }}{robot} }}
  mail: {{ kind: email, url: "smtp://127.0.0.1:{mail_at}", starttls: never, from: "notice@example.gov.cn" }}
  screen: {{ kind: console }}
  order-system: {{ kind: webhook, url: "http://127.0.0.1:{hook_at}/decisions", kinds: [route] }}
"#
    );
    let config = site.read("duban.yaml");
    let before = config.split("channels:").next().unwrap();
    site.write("duban.yaml", &format!("{}{channels}", before.trim_end()));
    site.write("secrets/yzy", SECRET);
    site.write("secrets/robot", &format!("http://127.0.0.1:{at}/cgi-bin/webhook/send?key={KEY}"));
    site.write("rules/directory.yaml", DIRECTORY);
    site.write("rules/quick.yaml", POLICY);
    let vocabulary = site.read("rules/vocabulary.yaml");
    let vocabulary = vocabulary.replace("[慢作为, 无]", "[慢作为, 不作为, 无]");
    site.write(
        "rules/vocabulary.yaml",
        &vocabulary.replace("  caller:", "  confidential: { title: 保密, kind: boolean }\n  caller:"),
    );
    World { _runtime: runtime, wecom, mail, hook, site }
}

/// An order whose card falls a moment from now.
pub fn soon(order: &str) -> Value {
    event(&format!("received-{order}"), order, "received", &from_now(300 - 5 * 60_000))
}

/// An order that is reviewed with a finding.
pub fn reviewed(order: &str, finding: &str) -> Value {
    json!([event(&format!("received-{order}"), order, "received", &from_now(0)), {
        "id": format!("reviewed-{order}"), "order": order, "type": "reviewed", "at": from_now(1), "attrs": { "finding": finding }
    }])
}

/// A mail's subject, its encoded words decoded, its spaces left out.
pub fn subject(mail: &Mail) -> String {
    let start = mail.content.find("Subject: ").expect("a subject") + "Subject: ".len();
    let lines = mail.content[start..].lines().enumerate();
    let folded = lines.take_while(|(number, line)| *number == 0 || line.starts_with(' ')).map(|(_, line)| line.trim());
    folded.flat_map(str::split_whitespace).map(word).collect::<Vec<_>>().concat()
}

fn word(word: &str) -> String {
    let Some(inner) = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?=")) else {
        return word.to_owned();
    };
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(inner).unwrap()).unwrap()
}

fn first_to(world: &World, user: &str) -> Delivered {
    wait_for(|| world.wecom.delivered_to(user).into_iter().next())
}

fn notice(daemon: &Daemon<'_>, order: &str, to: &str, state: &str) -> Value {
    wait_for(|| {
        let order = daemon.get(As::Root, &format!("/api/v1/orders/{order}")).json();
        let notices = order["notices"].as_array()?;
        notices.iter().find(|notice| notice["to"] == to && notice["state"] == state).cloned()
    })
}

#[test]
fn a_card_reaches_the_liaison_and_the_group_where_the_departments_people_are_called() {
    let world = world(", forms: { yellow-card: template_card }", "");
    let daemon = world.site.start();
    daemon.send(&soon("ZH-1"));
    let card = first_to(&world, "a01");
    assert_eq!(card.kind(), "template_card");
    let action = card.content()["card_action"]["url"].as_str().unwrap();
    assert!(action.starts_with("https://duban.example.gov.cn/orders/ZH-1?decision="), "{action}");
    let group = first_to(&world, "");
    assert!(group.text().starts_with("**黄牌") && group.text().ends_with("\n<@b02><@a01>"), "{}", group.text());
    notice(&daemon, "ZH-1", "liaison", "accepted");
}

#[test]
fn nobody_is_called_where_the_configuration_says_so() {
    let world = world("", ", mention: false, form: text");
    let daemon = world.site.start();
    daemon.send(&soon("ZH-1"));
    let group = first_to(&world, "");
    assert!(group.kind() == "text" && group.content().get("mentioned_list").is_none(), "{}", group.body);
}

#[test]
fn a_route_takes_the_orders_page_along() {
    let world = world(", attach_dossier: true", "");
    let daemon = world.site.start();
    daemon.send(&reviewed("ZH-1", "慢作为"));
    let delivered = wait_for(|| Some(world.wecom.delivered_to("c03")).filter(|all| all.len() == 2));
    assert_eq!(delivered.iter().map(Delivered::kind).collect::<Vec<_>>(), ["markdown", "file"]);
    let file = delivered[1].file.as_ref().unwrap();
    let page = String::from_utf8(file.bytes.clone()).unwrap();
    assert_eq!(file.name, "工单ZH-1督办情况说明.html");
    assert!(page.starts_with("<!") && page.contains("ZH-1") && page.contains("慢作为呈报"), "{page}");
}

#[test]
fn an_untrusted_address_is_told_to_the_operators_once_and_the_mail_goes_out_meanwhile() {
    let world = world("", "");
    world.wecom.trust(false);
    let daemon = world.site.start();
    for number in 1..=3 {
        daemon.send(&soon(&format!("ZH-{number}")));
    }
    wait_for(|| (world.mail.mails().iter().filter(|mail| mail.to == ["a@example.gov.cn"]).count() == 3).then_some(()));
    let told = || world.mail.mails().into_iter().filter(|mail| mail.to == ["ops@example.gov.cn"]).collect::<Vec<_>>();
    wait_for(|| (told().len() == 1).then_some(()));
    assert_eq!(daemon.metric("duban_channels_troubled"), Some(1.0));
    let ready = daemon.get(As::Nobody, "/readyz").json();
    let line = ready["channels_troubled"][0].as_str().unwrap();
    assert!(line.starts_with("yuezhengyi：errcode 60020，本机出口地址不在“企业可信IP”中"), "{line}");
    let delivery = notice(&daemon, "ZH-1", "liaison", "accepted")["deliveries"][0].clone();
    assert!(delivery.to_string().contains("企业可信IP；经代理的，加代理的出口地址"), "{delivery}");
    // Killed between the mail and its record, it would tell it again, and rightly.
    let list = ["notices", "list", "--to", "operators", "--state", "accepted", "--format", "jsonl"];
    wait_for(|| (!world.site.output(&list).stdout.is_empty()).then_some(()));
    daemon.kill();
    let daemon = world.site.start();
    daemon.send(&soon("ZH-4"));
    wait_for(|| (world.mail.mails().iter().filter(|mail| mail.to == ["a@example.gov.cn"]).count() == 4).then_some(()));
    world.wecom.trust(true);
    daemon.send(&soon("ZH-5"));
    first_to(&world, "a01");
    wait_for(|| (daemon.metric("duban_channels_troubled") == Some(0.0)).then_some(()));
    assert_eq!(told().len(), 1, "a restart does not tell it again");
}

#[test]
fn a_robot_is_never_sent_more_than_its_minute_holds() {
    let world = world("", "");
    let config = world.site.read("duban.yaml");
    world.site.write("duban.yaml", &format!("{}\nnotices: {{ digest: never }}\n", config.trim_end()));
    let daemon = world.site.start();
    daemon.send(&(0..25).map(|number| soon(&format!("ZH-{number}"))).collect());
    wait_for(|| (world.wecom.delivered_to("").len() == 20).then_some(()));
    wait_for(|| (world.wecom.delivered_to("a01").len() == 25).then_some(()));
    assert_eq!(world.wecom.requests("/cgi-bin/webhook/send"), 20, "none was sent to be refused");
    let waiting = || {
        let waits = |number: &i32| {
            let order = daemon.get(As::Root, &format!("/api/v1/orders/ZH-{number}")).json();
            order["notices"].as_array().unwrap().iter().any(|told| told["to"] == "group" && told["state"] != "accepted")
        };
        (0..25).filter(waits).count()
    };
    wait_for(|| (waiting() == 5).then_some(()));
}

#[test]
fn what_the_platform_answers_in_error_does_not_lose_a_card() {
    const SEND: &str = "/cgi-bin/message/send";
    let world = world("", "");
    for reply in [Reply::status(429, ""), Reply::Cut, Reply::ok("<html>")] {
        world.wecom.then(SEND, reply);
    }
    world.wecom.then_errcode(SEND, 42001);
    let daemon = world.site.start();
    daemon.send(&(0..4).map(|number| soon(&format!("ZH-{number}"))).collect());
    wait_for(|| (world.wecom.delivered_to("a01").len() == 4).then_some(()));
    for number in 0..4 {
        notice(&daemon, &format!("ZH-{number}"), "liaison", "accepted");
    }
    assert!(world.mail.mails().is_empty());
}

#[test]
fn a_policy_and_a_channel_may_have_words_of_their_own() {
    let world = world("", "");
    let own = "=== 粤政易 yuezhengyi-group ===\n**群里的话　{{ order }}**\n=== 邮件主题 ===\n规则的主题 {{ order }}\n";
    world.site.write("rules/templates/quick/yellow-card.txt", own);
    world.wecom.then_errcode("/cgi-bin/message/send", 81013);
    let daemon = world.site.start();
    daemon.send(&soon("ZH-1"));
    assert!(first_to(&world, "").text().starts_with("**群里的话　ZH-1**\n<@"));
    let mail = wait_for(|| world.mail.mails().into_iter().find(|mail| mail.to == ["a@example.gov.cn"]));
    assert_eq!(subject(&mail), "规则的主题ZH-1");
    daemon.send(&soon("ZH-2"));
    assert!(first_to(&world, "a01").text().starts_with("**黄牌"), "other channels read as before");
}

/// What nobody but the person may read.
const SECRETS: [&str; 3] = ["ZH-SECRET", "甲局", "不作为"];

#[track_caller]
fn assert_veiled(text: &str) {
    assert!(text.contains("有1件移送事项待查阅"), "{text}");
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
}

#[test]
fn what_is_confidential_is_read_by_the_person_alone() {
    let world = world(", attach_dossier: true", "");
    let daemon = world.site.start();
    daemon.send(&reviewed("ZH-SECRET", "不作为"));
    let delivered = wait_for(|| Some(world.wecom.delivered_to("d04")).filter(|all| all.len() == 2));
    let (words, papers) = (delivered[0].text(), &delivered[1]);
    let (on_a_locked_phone, inside) = words.split_at(words.find("请勿转发").unwrap());
    assert_veiled(on_a_locked_phone);
    assert!(inside.contains("ZH-SECRET") && inside.contains("不作为"), "{words}");
    let file = papers.file.as_ref().unwrap();
    assert_eq!((file.name.as_str(), &papers.body["safe"]), ("督办情况说明.html", &json!(1)));
    assert!(String::from_utf8_lossy(&file.bytes).contains("ZH-SECRET"));
    let group = first_to(&world, "");
    assert_veiled(group.text());
    assert!(!group.text().contains("<@") && world.wecom.delivered_to("").len() == 1, "{}", group.text());
    // Whoever carries decisions out is fed them whole, as by the feed.
    let pushed = wait_for(|| world.hook.received_at("/decisions").into_iter().next()).json();
    assert_eq!((&pushed["kind"], &pushed["order"]), (&json!("route"), &json!("ZH-SECRET")));
    let log = world.site.read("err.log");
    assert!(!log.contains("不作为") && !log.contains("甲局"), "{log}");
}

#[test]
fn where_the_platform_fails_the_mails_subject_and_the_screen_say_no_more() {
    let world = world("", "");
    world.wecom.then_errcode("/cgi-bin/message/send", 81013);
    world.wecom.remove_robot();
    let daemon = world.site.start();
    daemon.send(&reviewed("ZH-SECRET", "不作为"));
    let mail = wait_for(|| world.mail.mails().into_iter().find(|mail| mail.to == ["d@example.gov.cn"]));
    assert_veiled(&subject(&mail));
    let line = wait_for(|| world.site.read("out.log").lines().next().map(str::to_owned));
    assert_veiled(&line);
}

#[test]
fn a_card_of_a_confidential_order_opens_with_a_veil_and_is_merged_with_nothing_open() {
    let world = world(", form: template_card", ", form: template_card");
    let daemon = world.site.start();
    let mut received = soon("ZH-SECRET");
    received["attrs"] = json!({ "department": "甲局", "confidential": true });
    daemon.send(&received);
    let card = first_to(&world, "a01");
    assert_eq!(card.content()["main_title"], json!({ "title": "【12345热线】有1件督办事项待查阅" }));
    assert!(card.content().to_string().contains("ZH-SECRET"), "the person reads the rest: {}", card.body);
    let group = first_to(&world, "");
    assert_eq!((group.kind(), group.text()), ("markdown", "【12345热线】有1件督办事项待查阅。"));
    daemon.send(&json!([
        { "id": "c", "order": "ZH-SECRET", "type": "contacted", "at": from_now(-60_000), "attrs": {} }
    ]));
    let revoked = wait_for(|| world.wecom.delivered_to("").into_iter().nth(1));
    assert_eq!(revoked.text(), "【12345热线】有1件督办事项待查阅。");
}

#[test]
fn many_at_once_are_one_list_that_no_card_cuts_short() {
    let world = world(", form: template_card", ", mention: false");
    let daemon = world.site.start();
    let orders: Vec<String> = (1..=12).map(|number| format!("ZH-{number:02}")).collect();
    daemon.send(&orders.iter().map(|order| soon(order)).collect());
    let told = |user: &str| world.wecom.delivered_to(user).iter().map(|one| one.body.to_string()).collect::<String>();
    for order in &orders {
        wait_for(|| (told("a01").contains(order.as_str()) && told("").contains(order.as_str())).then_some(()));
    }
    let kinds: Vec<String> = world.wecom.delivered_to("a01").iter().map(|one| one.kind().to_owned()).collect();
    assert!(kinds.len() < 12 && kinds.iter().any(|kind| kind == "markdown"), "{kinds:?}");
}
