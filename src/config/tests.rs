use super::channels::sms::Sms;
use super::channels::{ChannelKind, MailSecurity};
use super::*;
use crate::text::Lang;
use crate::text::show::{brief, human};
use std::time::Duration;

const WHOLE: &str = r#"
store: sqlite:data/duban.db
rules: rules
calendars: cal
listen: 127.0.0.1:8100
public_url: https://duban.example.gov.cn/
tokens:
  - { name: order-system, scopes: [intake, read], token: { file: secrets/order-system } }
  - { name: desk, scopes: [read, supervise], token: { credential: desk-token } }
channels:
  mail: { kind: email, url: "smtps://notice@mail.example.gov.cn:465", password: { credential: smtp }, from: "12345热线 <notice@example.gov.cn>" }
  sms:
    kind: sms
    driver: http
    request: { method: POST, url: "http://127.0.0.1:9000/sms", headers: { X-Key: { file: secrets/sms } }, body: '{"to": {{ mobile | tojson }}, "text": {{ text | tojson }}, "id": {{ id | tojson }}}' }
    accepted: { status: 200, field: /code, equals: "0" }
    retry: { statuses: [429, 500, 502, 503, 504], field: /code, equals: ["busy"] }
  yuezhengyi: { kind: yuezhengyi, base_url: "https://qyapi.weixin.qq.com", corp_id: ww0, agent_id: 1000002, secret: { credential: yzy } }
  yuezhengyi-group: { kind: yuezhengyi, webhook: { credential: robot-url } }
  order-system: { kind: webhook, url: "http://127.0.0.1:9000/decisions", secret: { file: secrets/hook }, kinds: [card, return, route, revoke] }
  here: { kind: console }
sources: []
schedules: []
tell_from: "2026-11-21T00:00:00+08:00"
"#;

fn read(text: &str) -> (Option<Config>, Problems) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("duban.yaml");
    std::fs::write(&path, text).unwrap();
    let mut problems = Problems::new();
    let config = Config::read(&path, &mut problems);
    (config, problems)
}

#[track_caller]
fn said(text: &str) -> String {
    let (config, problems) = read(text);
    assert!(config.is_none(), "a configuration with problems is not used");
    let shown = problems.sorted().into_iter().map(|problem| {
        let line = brief(&problem, Lang::En);
        line.rsplit_once("duban.yaml:").map(|(_, rest)| rest.to_owned()).unwrap_or(line)
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_whole_configuration_is_read() {
    let (config, problems) = read(WHOLE);
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let directory = config.path.as_ref().unwrap().parent().unwrap();
    assert_eq!(config.store, directory.join("data/duban.db"));
    assert_eq!(config.calendars, directory.join("cal"));
    assert_eq!(config.public_url.as_deref(), Some("https://duban.example.gov.cn"));
    assert_eq!(config.tokens[0].scopes, [Scope::Intake, Scope::Read]);
    assert_eq!(config.tokens[1].token, SecretSource::Credential("desk-token".into()));
    assert_eq!(config.tell_from, Instant::parse("2026-11-20T16:00:00Z"));
    let names: Vec<&str> = config.channels.iter().map(|channel| &*channel.name).collect();
    assert_eq!(names, ["mail", "sms", "yuezhengyi", "yuezhengyi-group", "order-system", "here"]);
}

#[test]
fn channels_keep_what_their_senders_need() {
    let channels = read(WHOLE).0.unwrap().channels;
    let [mail, sms, app, robot, hook, _] = channels.as_slice() else { panic!("six channels") };
    let ChannelKind::Email(mail) = &mail.kind else { panic!("mail") };
    assert_eq!((mail.host.as_str(), mail.port, mail.security), ("mail.example.gov.cn", 465, MailSecurity::Tls));
    assert_eq!(mail.user.as_deref(), Some("notice"));
    let ChannelKind::Sms(Sms::Http(sms)) = &sms.kind else { panic!("sms") };
    assert_eq!(sms.accepted.field.as_ref().unwrap().equals, ["0"]);
    assert_eq!(sms.retry.statuses.len(), 5);
    assert_eq!(sms.way.timeout, Duration::from_secs(10));
    let ChannelKind::YuezhengyiApp(app) = &app.kind else { panic!("app") };
    assert_eq!((app.corp_id.as_str(), app.agent_id), ("ww0", 1_000_002));
    let ChannelKind::YuezhengyiRobot(robot) = &robot.kind else { panic!("robot") };
    assert_eq!(robot.per_minute, 20);
    let ChannelKind::Webhook(hook) = &hook.kind else { panic!("hook") };
    assert_eq!(hook.kinds, ["card", "return", "route", "revoke"]);
}

#[test]
fn an_empty_file_is_all_defaults() {
    let config = read("").0.unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8100");
    assert!(config.tokens.is_empty() && config.channels.is_empty());
    assert_eq!(config.store.file_name().unwrap(), "duban.db");
}

#[test]
fn flags_win_over_the_file() {
    let config = read("rules: here").0.unwrap().with_directories(Some(Path::new("there")), None);
    assert_eq!(config.rules, Path::new("there"));
}

#[test]
fn a_mail_port_follows_from_how_the_connection_is_secured() {
    for (settings, port) in [
        ("url: \"smtps://mail.example.cn\"", 465),
        ("url: \"smtp://mail.example.cn\"", 587),
        ("url: \"smtp://mail.example.cn\", starttls: never", 25),
        ("url: \"smtp://mail.example.cn:2525\", starttls: never", 2525),
    ] {
        let (config, problems) = read(&format!("channels:\n  m: {{ kind: email, {settings}, from: a@example.cn }}\n"));
        let channels = config.unwrap_or_else(|| panic!("{problems:?}")).channels;
        let ChannelKind::Email(mail) = &channels[0].kind else { panic!("mail") };
        assert_eq!(mail.port, port, "{settings}");
    }
}

#[test]
fn a_secret_in_the_text_is_refused_and_not_repeated() {
    let said = said(concat!(
        "tokens:\n  - { name: a, scopes: read, token: hunter2 }\n",
        "channels:\n",
        "  m: { kind: email, url: \"smtps://u:hunter2@mail.example.cn\", from: a@example.cn, password: hunter2 }\n",
        "  g: { kind: yuezhengyi, webhook: \"https://q.example.cn/?key=hunter2\" }\n",
        "  w: { kind: webhook, url: \"http://h/\", headers: { Authorization: hunter2 } }\n",
        "  x: { kind: webhook, url: \"http://h/\", proxy: \"http://u:hunter2@p/\" }\n",
    ));
    assert_eq!(said.matches("secret-in-text").count(), 6, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn no_problem_shows_a_line_in_which_a_secret_stands() {
    let (_, problems) = read("tokens:\n  - { name: a, scopes: [intak], token: hunter2 }\nlisten: 8100\n");
    let shown: Vec<String> = problems.sorted().iter().map(|problem| human(problem, Lang::En, false)).collect();
    let shown = shown.join("\n");
    assert!(shown.contains("intak") && shown.contains("secret-in-text") && !shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("3 | listen: 8100"), "other lines are shown: {shown}");
}

#[test]
fn every_mistake_is_named_in_one_run_with_what_to_write_instead() {
    insta::assert_snapshot!(said(concat!(
        "stroe: sqlite:a.db\n",
        "listen: 8100\n",
        "public_url: duban.example.cn\n",
        "store: postgres://duban@db/duban\n",
        "tokens:\n",
        "  - { name: a, scopes: [reed], token: { file: a, env: B } }\n",
        "  - { name: a, scopes: [], token: { credential: ../b } }\n",
        "channels:\n",
        "  m: { kind: email, url: \"http://mail\", from: nobody, starttls: perhaps }\n",
        "  s: { kind: sms, driver: http, request: { url: \"http://h/{{ mobil }}\", body: \"{{ text \" }, accepted: { field: code, equals: 0 } }\n",
        "  t: { kind: sms, driver: mas, url: \"mas\", ec_name: 例, sign: a, add_serial: x1, signature: \"【】\", signature_by: me }\n",
        "  y: { kind: yuezhengyi, agent_id: a }\n",
        "  w: { kind: webhook, url: \"http://h/\", kinds: [cards], timeout: 3 days }\n",
        "  p: { kind: pigeon }\n",
        "sources:\n  - { sql: x }\n",
        "schedules: daily\n",
        "tell_from: \"2026-11-21\"\n",
    )));
}

#[test]
fn every_mistake_of_a_source_is_named_at_its_place() {
    insta::assert_snapshot!(said(concat!(
        "tokens:\n  - { name: a, scopes: read, token: { file: a } }\n",
        "sources:\n",
        "  - { name: a, kind: sql, every: 3 days, url: \"mysql://u:hunter2@h/d\", query: \"DELETE FROM x\", cursor: c, events: [] }\n",
        "  - { name: b, kind: sql, url: \"oracle://u@h/d\", query: \"SELECT 1; SELECT 2\", cursor: c, batch: 0, overlap: soon, tls: maybe }\n",
        "  - { name: c, kind: folder, path: p, encoding: big5, delimiter: ab, header: 0, size_max: 3, events: { type: x } }\n",
        "  - { name: d, kind: folder, timezone: Asia/Peking, events: [ { typ: received, order: o, at: { column: t, format: \"%Q\" } } ] }\n",
        "  - { name: d, kind: folder, path: p, figures: [ { figure: x, value: { column: v, else: drop } } ] }\n",
        "  - { name: \"\", kind: pigeon }\n",
    )), @r#"
    4:13: error[duplicate-name]: a source or a token has this name; it is the source of their events: give it another
    4:34: error[malformed-span]: expected a time from 1 second to 24 hours; such as `10 seconds`
    4:47: error[secret-in-text]: a secret must not stand in the configuration itself; write { file: PATH }, { credential: NAME } (systemd) or { env: NAME }
    4:79: error[malformed-query]: expected one query; write one SELECT, without a semicolon; what is new, ORDER BY and LIMIT are added around it
    5:32: error[malformed-store]: expected a database's address; write mysql://user@host:3306/database, postgres://user@host:5432/database or sqlite:PATH; the password stands under `password`
    5:57: error[malformed-query]: expected one query; write one SELECT, without a semicolon; what is new, ORDER BY and LIMIT are added around it
    5:97: error[malformed-number]: expected 1 to 10000; the default is 1000
    5:109: error[malformed-span]: expected a time from 0 seconds to 168 hours; such as `10 seconds`
    5:120: error[unknown-value]: `maybe` cannot stand here; one of: encrypt, off, verify
    6:49: error[unknown-value]: `big5` cannot stand here; one of: auto, gb18030, gb2312, gbk, utf-8
    6:66: error[unknown-value]: expected one delimiter; such as ",", ";", "|" or tab
    6:78: error[malformed-number]: expected 1 to 100; the row in which the columns' names stand; the default is 1
    6:91: error[malformed-size]: expected 1 MB to 1024 MB; such as 64 MB
    6:104: error[wrong-type]: expected a list, found a mapping; write `[a, b]`, or a line `- a` for each
    7:7: error[missing-field]: `path` is missing; add `path: …` here
    7:40: error[unknown-timezone]: there is no time zone `Asia/Peking`; write an IANA name such as Asia/Shanghai
    7:65: error[unknown-key]: unknown key `typ`; did you mean `type`?
    7:115: error[malformed-format]: this is no format of a time; such as "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%d", or `unix`, `unix ms`
    8:13: error[duplicate-name]: a source or a token has this name; it is the source of their events: give it another
    8:52: error[missing-field]: `day` is missing; add `day: …` here
    8:89: error[unknown-value]: `drop` cannot stand here; one of: keep, nothing, refuse
    9:13: error[malformed-name]: expected a name of 1 to 64 characters; such as `hotline-db`
    9:23: error[unknown-value]: `pigeon` cannot stand here; one of: folder, sql
    "#);
}

#[test]
fn an_application_is_no_robot_and_forms_are_of_kinds_that_there_are() {
    insta::assert_snapshot!(said(concat!(
        "channels:\n",
        "  both: { kind: yuezhengyi, webhook: { file: a }, corp_id: ww0, attach_dossier: true }\n",
        "  app: { kind: yuezhengyi, corp_id: ww0, agent_id: 1, secret: { file: a }, mention: [liaison], form: card }\n",
        "  group: { kind: yuezhengyi, webhook: { file: a }, forms: { red_card: text, route: html }, mention: { a: b } }\n",
        "  mail: { kind: email, url: \"smtp://h\", from: a@example.gov.cn, attach_dossier: routes }\n",
        "  hook: { kind: webhook, url: \"http://h/\", confidential: veil }\n",
    )));
}

#[test]
fn the_sample_configuration_is_right() {
    let mut problems = Problems::new();
    let config = Config::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/duban.yaml")), &mut problems);
    assert!(config.is_some(), "{problems:?}");
}

#[test]
fn a_digest_may_gather_for_a_minute_to_a_day_as_its_message_says() {
    for (within, ms) in [
        ("1分钟", 60_000),
        ("10 minutes", 600_000),
        ("24 hours", 86_400_000),
        ("1 day", 86_400_000),
        ("1天", 86_400_000),
    ] {
        let (config, problems) = read(&format!("notices: {{ digest: {{ within: {within} }} }}\n"));
        let digest = config.unwrap_or_else(|| panic!("{within}: {problems:?}")).notices.digest;
        assert_eq!(digest.map(|digest| digest.within_ms), Some(ms), "{within}");
    }
    for within in ["2 days", "25 hours", "30 seconds", "1 working day"] {
        assert!(
            said(&format!("notices: {{ digest: {{ within: {within} }} }}\n")).contains("a minute to a day"),
            "{within}"
        );
    }
}
