//! 华为云消息&短信, from a card to the platform and back: the real daemon against a fake of the platform.

use crate::gateways::city::{City, after_fault, attempts, post_receipts, slow, soon, wait_for_state};
use crate::gateways::huawei::Huawei;
use duban::demo::sinks::gateway::Reply;
use serde_json::json;
use std::sync::Arc;

const SMS: &str = r#"
    kind: sms
    driver: huawei
    base_url: "{base}"
    app_key: demo-key
    app_secret: { file: secrets/sms }
    sender: "8824110605"
    signature: 示例12345
    status_callback: { file: secrets/callback }
    timeout: 2 seconds
    receipts: { token: { file: secrets/receipts } }
    templates:
      default: { id: 8ff55eac1d0b478ab3c06c3c6a492300, params: ["{{ order }}", "{{ act }}"], text: "工单${TXT_20}已亮${TXT_6}。" }
"#;

const CALLBACK: &str = "https://duban.example.gov.cn/api/v1/receipts/sms/token-of-receipts";

fn city(fake: &Arc<Huawei>) -> City {
    let city = City::new(Arc::clone(fake), SMS);
    city.site.write("secrets/callback", CALLBACK);
    city
}

#[test]
fn a_card_is_a_form_with_its_template_authenticated_as_the_vendor_wants() {
    let fake = Arc::new(Huawei::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(attempts(&daemon, "ZH-1", 1), ["sms accepted"]);
    let [sent] = &fake.sent()[..] else { panic!("{:?}", fake.sent()) };
    let field = |name: &str| sent.get(name).map(String::as_str);
    assert_eq!((field("to"), field("templateParas")), (Some("+8613800000000"), Some(r#"["ZH-1","黄牌"]"#)));
    assert_eq!((field("statusCallback"), field("signature")), (Some(CALLBACK), Some("示例12345")));
}

#[test]
fn receipts_are_taken_as_forms() {
    let fake = Arc::new(Huawei::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    wait_for_state(&daemon, "ZH-1", "accepted");
    let own = fake.sent()[0]["extend"].clone();
    let report = format!(
        "sequence=1&total=1&updateTime=2026-01-05T01%3A02%3A03Z&source=2&smsMsgId=2ea20735-f856-4376-afbf-570bd70a46ee_0&status=DELIVRD&extend={own}&to=%2B8613800000000"
    );
    let form = "application/x-www-form-urlencoded";
    assert_eq!(post_receipts(&daemon, "token-of-receipts", form, &report).0, 200);
    wait_for_state(&daemon, "ZH-1", "delivered");
}

#[test]
fn a_report_that_names_only_the_platforms_id_is_found_by_it() {
    let fake = Arc::new(Huawei::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    wait_for_state(&daemon, "ZH-1", "accepted");
    let report = "sequence=1&total=1&smsMsgId=2ea20735-f856-4376-afbf-570bd70a46ee_0&status=EXPIRED&source=1";
    assert_eq!(post_receipts(&daemon, "token-of-receipts", "application/x-www-form-urlencoded", report).0, 200);
    assert_eq!(attempts(&daemon, "ZH-1", 2)[1], "mail accepted");
}

#[test]
fn refusals_are_told_apart_by_their_code() {
    for (reply, expected) in [
        (
            Reply::ok(r#"{"code":"E000000","description":""}"#),
            "sms unknown: 华为云短信：E000000（华为云出错，可能已发出）",
        ),
        (
            Reply::ok(r#"{"code":"E000510","result":[{"status":"E200015"}]}"#),
            "sms transient: 华为云短信：E200015（待发送的短信太多）",
        ),
        (
            Reply::status(401, r#"{"code":"E000024"}"#),
            "sms permanent: 华为云短信：E000024（鉴权有误（X-WSSE）：核对 app_key、app_secret）",
        ),
        (Reply::status(404, ""), "sms permanent: 华为云短信：HTTP 404，没有这个接口"),
        (Reply::ok("[]"), "sms unknown: 华为云短信：HTTP 200，答复不是约定的格式，可能已发出"),
        (slow(), "sms unknown: 已发出，规定时间内没有答复：可能已送达"),
    ] {
        let (_, shown) = after_fault(city(&Arc::default()), reply, 1);
        assert_eq!(shown[0], expected);
    }
}

#[test]
fn a_wrong_key_or_template_is_refused_in_words() {
    let said = |change: &dyn Fn(&City)| {
        let city = city(&Arc::default());
        change(&city);
        let daemon = city.site.start();
        daemon.send(&soon("ZH-1"));
        attempts(&daemon, "ZH-1", 2).remove(0)
    };
    let wrong_key = said(&|city| city.site.write("secrets/sms", "another\n"));
    assert_eq!(wrong_key, "sms permanent: 华为云短信：E000024（鉴权有误（X-WSSE）：核对 app_key、app_secret）");
    let wrong_template = said(&|city| {
        let config = city.site.read("duban.yaml");
        city.site.write("duban.yaml", &config.replace("8ff55eac1d0b478ab3c06c3c6a492300", "another"));
    });
    assert_eq!(wrong_template, "sms permanent: 华为云短信：E200030（模板未启用或不存在：核对模板的 id）");
}

#[test]
fn a_long_message_has_arrived_when_each_of_its_segments_has() {
    let fake = Arc::new(Huawei::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&json!([soon("ZH-1"), soon("ZH-2")]));
    for order in ["ZH-1", "ZH-2"] {
        wait_for_state(&daemon, order, "accepted");
    }
    let sent = fake.sent();
    let own = |order: &str| sent.iter().find(|sent| sent["templateParas"].contains(order)).unwrap()["extend"].clone();
    let report = |order: &str, sequence: u8, status: &str| {
        let body =
            format!("sequence={sequence}&total=2&source=2&smsMsgId=id-{order}&status={status}&extend={}", own(order));
        let form = "application/x-www-form-urlencoded";
        assert_eq!(post_receipts(&daemon, "token-of-receipts", form, &body).0, 200);
    };
    report("ZH-1", 2, "DELIVRD");
    report("ZH-1", 2, "DELIVRD");
    report("ZH-2", 2, "DELIVRD");
    assert_eq!(wait_for_state(&daemon, "ZH-1", "accepted")["state"], "accepted");
    report("ZH-1", 1, "DELIVRD");
    wait_for_state(&daemon, "ZH-1", "delivered");
    report("ZH-2", 1, "UNDELIV");
    assert_eq!(attempts(&daemon, "ZH-2", 2)[1], "mail accepted");
}
