//! `duban notices preview` and `duban notices test`: how a notice reads, and what a gateway answers.

use crate::daemon::harness::{Site, event, from_now, wait_for};
use crate::program::{Run, duban};
use crate::yuezhengyi::live::{World, subject, world};
use duban::demo::sinks::gateway::Reply;
use serde_json::json;
use std::process::Output;

/// Signed on a Friday at 16:50 before a Saturday that is worked, and the caller never contacted.
const SIGNED_FRIDAY: &str = r#"{"id":"e-0001","order":"ZH-2024-000017","type":"received","at":"2024-05-10T16:30:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"咨询","caller":"王小明","caller_phone":"13912345678"}}
{"id":"e-0002","order":"ZH-2024-000017","type":"dispatched","at":"2024-05-10T16:40:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"e-0003","order":"ZH-2024-000017","type":"signed","at":"2024-05-10T16:50:00+08:00"}
{"id":"e-0004","order":"ZH-2024-000017","type":"suspended","at":"2024-05-14T16:50:00+08:00"}
"#;

const FOUND_SLOW: &str = r#"{"id":"e-1","order":"ZH-2","type":"received","at":"2024-05-06T09:00:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"投诉"}}
{"id":"e-2","order":"ZH-2","type":"dispatched","at":"2024-05-06T09:05:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"e-3","order":"ZH-2","type":"signed","at":"2024-05-06T09:10:00+08:00"}
{"id":"e-4","order":"ZH-2","type":"contacted","at":"2024-05-06T09:30:00+08:00"}
{"id":"e-5","order":"ZH-2","type":"completed","at":"2024-05-07T10:00:00+08:00"}
{"id":"e-6","order":"ZH-2","type":"called_back","at":"2024-05-09T09:50:00+08:00","attrs":{"satisfaction":"不满意","method":"人工","reached":true}}
{"id":"e-7","order":"ZH-2","type":"contacted","at":"2024-05-09T10:00:00+08:00"}
{"id":"e-8","order":"ZH-2","type":"completed","at":"2024-05-10T10:00:00+08:00"}
{"id":"e-9","order":"ZH-2","type":"called_back","at":"2024-05-10T15:00:00+08:00","attrs":{"satisfaction":"不满意","method":"人工","reached":true}}
{"id":"e-10","order":"ZH-2","type":"reviewed","at":"2024-05-11T10:00:00+08:00","attrs":{"finding":"慢作为","by":"12345热线诉求跟踪小组"}}
"#;

fn preview(arguments: &[&str], events: &str) -> Run {
    duban(&[&["notices", "preview"], arguments].concat(), events)
}

/// The version is a hash of the files, the key one of the version.
fn steady(text: &str) -> String {
    let mut told = String::new();
    for line in text.lines() {
        let line = line.split("版本").map(|part| part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
        let line = line.collect::<Vec<_>>().join("版本");
        let line = line.split("decision=").map(|part| part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
        told.push_str(&line.collect::<Vec<_>>().join("decision="));
        told.push('\n');
    }
    told
}

#[test]
fn the_newest_card_of_an_order_is_shown_in_every_form() {
    let run = preview(&["yellow-card", "--order", "ZH-2024-000017", "--events", "-"], SIGNED_FRIDAY);
    assert_eq!((run.exit, run.errors.as_str()), (0, ""));
    insta::assert_snapshot!(steady(&run.output));
}

#[test]
fn what_was_not_decided_yet_is_said_with_what_there_is() {
    let run = preview(&["退回重办", "--order", "ZH-2024-000017", "--events", "-"], SIGNED_FRIDAY);
    assert_eq!((run.exit, run.output.as_str()), (1, ""));
    insta::assert_snapshot!(run.errors.trim_end(), @"
    错误: 工单“ZH-2024-000017”还没有退回重办
    提示: 可以预览：red-card（红牌）、yellow-card（黄牌）、notify（告知）、remind（提醒）
    ");
    let run = preview(&["red-card", "--order", "ZH-404", "--events", "-"], SIGNED_FRIDAY);
    assert_eq!(run.exit, 2);
    let run = preview(
        &["red-card", "--order", "ZH-2024-000017", "--policy", "zhuhai-zhushitong", "--events", "-"],
        SIGNED_FRIDAY,
    );
    assert!(run.exit == 1 && run.errors.contains("（规则 zhuhai-zhushitong）"), "{}", run.errors);
}

#[test]
fn a_preview_of_what_is_confidential_shows_the_veil_where_it_hangs() {
    let run = preview(&["移送", "--order", "ZH-2", "--events", "-"], FOUND_SLOW);
    assert_eq!(run.exit, 2, "a kind has one name: {}", run.errors);
    let run = preview(&["route", "--order", "ZH-2", "--events", "-"], FOUND_SLOW);
    assert_eq!(run.exit, 0, "{}", run.errors);
    let section = |name: &str| {
        let from = run.output.split(&format!("── {name}")).nth(1).unwrap_or_else(|| panic!("{name}: {}", run.output));
        from.split("── ").next().unwrap().to_owned()
    };
    for veiled in ["短信", "粤政易工作群"] {
        let text = section(veiled);
        assert!(text.contains("【珠海12345】有1件移送事项待查阅。") && !text.contains("ZH-2"), "{text}");
    }
    assert!(section("邮件").contains("Subject: 【珠海12345】有1件移送事项待查阅\n"));
    assert!(section("粤政易 ").contains("慢作为"));
    assert!(run.output.lines().next().unwrap().ends_with("保密"));
}

#[test]
fn another_reader_and_one_channel_can_be_asked_for() {
    let arguments = ["red-card", "--order", "ZH-2024-000017", "--events", "-", "--channel", "sms"];
    let run = preview(&[&arguments[..], &["--to", "hotline-supervisor"]].concat(), SIGNED_FRIDAY);
    assert_eq!(run.output.matches("── ").count(), 1, "{}", run.output);
    assert!(run.output.contains("市市场监管局承办"), "{}", run.output);
    let run = preview(&[&arguments[..], &["--to", "nobody"]].concat(), SIGNED_FRIDAY);
    assert!(run.exit == 2 && run.errors.contains("department-head"), "{}", run.errors);
    let run = preview(&["red-card", "--channel", "smss"], "");
    assert!(run.exit == 2 && run.errors.contains("是不是“sms”"), "{}", run.errors);
}

#[test]
fn without_an_order_a_made_up_one_is_shown_and_templates_are_tried_where_they_lie() {
    let site = Site::new();
    site.write("rules/templates/quick/flag.txt", "=== 短信 ===\n规则自己的：{{ order }}\n");
    site.write("rules/templates/duty.txt", "=== 短信 ===\n{{ ordr }}\n");
    let shown = site.output(&["notices", "preview", "flag"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success() && text.starts_with("待核　编造的示例，不是哪张工单\n"), "{text}");
    assert!(text.contains("（没有配置短信渠道）") && text.contains("示例-0001"), "{text}");
    assert!(text.contains("不能发成卡片"), "no public_url: {text}");
    let errors = String::from_utf8(shown.stderr).unwrap();
    assert!(errors.contains("duty.txt") && errors.contains("unknown-variable"), "{errors}");
}

const ALIYUN: &str = r#"  aliyun: { kind: sms, driver: aliyun, access_key_id: a, access_key_secret: { file: s }, signature: 示例12345, templates: { red-card: { id: SMS_1, params: { no: "{{ order }}", duty: "{{ duty }}" }, text: "工单${no}已亮红牌，请${duty}。" } } }"#;

#[test]
fn a_gateway_of_registered_templates_is_shown_with_what_is_filled_in() {
    let site = Site::new();
    let config = site.read("duban.yaml");
    site.write("duban.yaml", &config.replacen("  here:", &format!("{ALIYUN}\n  here:"), 1));
    let shown = |kind: &str| {
        let output = site.output(&["notices", "preview", kind, "--channel", "aliyun"]);
        String::from_utf8(output.stdout).unwrap()
    };
    let card = shown("red-card");
    let section = card.split_once("── ").unwrap().1;
    insta::assert_snapshot!(section.trim_end(), @"
    短信　aliyun　模板 SMS_1，30字，1条
    no = 示例-0001
    duty = 联系诉求人
    工单示例-0001已亮红牌，请联系诉求人。
    ");
    let flag = shown("flag");
    assert!(flag.contains("发不出去\n没有给这种通知（flag）配置短信模板"), "{flag}");
}

#[test]
fn from_the_store_it_reads_in_the_words_of_the_files() {
    let site = Site::new();
    let daemon = site.start();
    daemon.send(&event("e1", "O1", "received", &from_now(300 - 5 * 60_000)));
    wait_for(|| daemon.feed("", 0).0.into_iter().find(|made| made["kind"] == "card"));
    daemon.kill();
    site.write("rules/templates/quick/yellow-card.txt", "=== 短信 ===\n新的写法：{{ order }}\n");
    let shown = site.output(&["notices", "preview", "黄牌", "--order", "O1"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.contains("新的写法：O1") && text.contains("收件人　专职联络员（liaison，甲局）：甲"), "{text}");
}

fn test(world: &World, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = world.site.output(&[&["notices", "test"], arguments].concat());
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

#[test]
fn a_test_message_goes_through_the_real_channel_and_is_marked_in_every_form() {
    let world = world("", "");
    let (exit, said) = test(&world, &["yuezhengyi", "--to", "甲"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("收下了测试消息，消息号 msg-1"), "{said}");
    let (exit, _) = test(&world, &["yuezhengyi-group", "--kind", "红牌"]);
    assert_eq!(exit, Some(0));
    let (exit, _) = test(&world, &["mail", "--to", "a@example.gov.cn", "--kind", "route"]);
    assert_eq!(exit, Some(0));
    let [person] = &world.wecom.delivered_to("a01")[..] else { panic!("one") };
    assert!(person.text().starts_with("**测试消息，请勿办理**\n"), "{}", person.text());
    let [group] = &world.wecom.delivered_to("")[..] else { panic!("one") };
    assert!(group.text().starts_with("**测试消息，请勿办理**\n**红牌") && group.text().contains("示例-0001"));
    let mails = world.mail.mails();
    assert!(subject(&mails[0]).starts_with("【测试】"), "{}", subject(&mails[0]));
}

#[test]
fn what_the_gateway_refuses_is_said_with_what_to_do() {
    let world = world("", "");
    world.wecom.trust(false);
    let (exit, said) = test(&world, &["yuezhengyi", "--to", "a01"]);
    assert_eq!(exit, Some(1));
    assert!(said.contains("被拒") && said.contains("企业可信IP") && said.contains("请在管理后台"), "{said}");
    world.wecom.trust(true);
    let (exit, said) = test(&world, &["yuezhengyi", "--to", "nobody"]);
    assert!(exit == Some(1) && said.contains("81013") && said.contains("directory.yaml"), "{said}");
    world.wecom.then("/cgi-bin/message/send", Reply::ok("<html>"));
    let (exit, said) = test(&world, &["yuezhengyi", "--to", "a01"]);
    assert!(exit == Some(1) && said.contains("不知道送到没有"), "{said}");
    for (arguments, expected) in [
        (&["yuezhengyi"][..], "--to"),
        (&["yuezhengyi", "--to", "没有此人"], "通讯录里没有叫这个名字的人"),
        (&["yuezhengyi", "--to", "戊"], "没有这个渠道的地址"),
        (&["mail", "--to", "a@example.gov.cn", "--file", "no-such"], "no-such"),
        (&["screen", "--file", "duban.yaml"], "带不了文件"),
        (&["yuezhengyi", "--to", "甲", "--file", "no-such-file"], "no-such-file"),
    ] {
        let (exit, said) = test(&world, arguments);
        assert!(exit == Some(2) && said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn a_file_is_tried_out_by_application_and_robot() {
    let world = world("", "");
    world.site.write("说明.html", "<html>示例</html>");
    for (arguments, to) in [(&["yuezhengyi", "--to", "甲"][..], "a01"), (&["yuezhengyi-group"], "")] {
        let (exit, said) = test(&world, &[arguments, &["--file", "说明.html"]].concat());
        assert_eq!(exit, Some(0), "{said}");
        let file = world.wecom.delivered_to(to)[1].file.clone().unwrap();
        assert_eq!((file.name.as_str(), &*file.bytes), ("说明.html", "<html>示例</html>".as_bytes()));
    }
    world.site.write("空", "1");
    let (exit, said) = test(&world, &["yuezhengyi", "--to", "甲", "--file", "空"]);
    assert!(exit == Some(1) && said.contains("不足 5 字节"), "{said}");
}

#[test]
fn whoever_tries_a_channel_out_reads_nothing_of_a_confidential_order() {
    let world = world("", "");
    let events = json!({ "id": "e1", "order": "ZH-SECRET", "type": "received", "at": "2024-05-06T09:00:00+08:00",
        "attrs": { "department": "甲局", "confidential": true } });
    let later = json!({ "id": "e2", "order": "ZH-SECRET", "type": "reviewed", "at": "2024-05-06T10:00:00+08:00",
        "attrs": { "finding": "无" } });
    world.site.write("events.jsonl", &format!("{events}\n{later}\n"));
    let (exit, said) = test(&world, &["yuezhengyi", "--to", "甲", "--order", "ZH-SECRET", "--events", "events.jsonl"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("这张工单是保密的"), "{said}");
    let text = world.wecom.delivered_to("a01")[0].text().to_owned();
    assert!(text.contains("有1件督办事项待查阅") && !text.contains("ZH-SECRET") && !text.contains("甲局"), "{text}");
}
