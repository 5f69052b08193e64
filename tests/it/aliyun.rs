//! 阿里云短信服务, from a card to the service and back: the real daemon against a fake of the service.

use crate::daemon::harness::wait_for;
use crate::gateways::aliyun::Aliyun;
use crate::gateways::city::{City, after_fault, approve, attempts, clue, post_receipts, slow, soon, wait_for_state};
use duban::demo::sinks::gateway::Reply;
use serde_json::json;
use std::sync::Arc;

const SMS: &str = r#"
    kind: sms
    driver: aliyun
    base_url: "{base}"
    access_key_id: LTAI-demo
    access_key_secret: { file: secrets/sms }
    signature: "【示例12345】"
    timeout: 2 seconds
    receipts: { token: { file: secrets/receipts } }
    templates:
      yellow-card: { id: SMS_100000001, params: { no: "{{ order }}", card: "{{ act }}，{{ duty }}" }, text: "工单${no}已亮${card}，请即办理。" }
      confidential: { id: SMS_100000001, params: { no: 保密, card: "{{ act }}" } }
"#;

fn city(fake: &Arc<Aliyun>) -> City {
    City::new(Arc::clone(fake), SMS)
}

#[test]
fn a_card_is_sent_by_its_template_signed_as_the_vendor_wants() {
    let fake = Arc::new(Aliyun::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(attempts(&daemon, "ZH-1", 1), ["sms accepted"]);
    let [sent] = &fake.sent()[..] else { panic!("{:?}", fake.sent()) };
    assert_eq!((sent.mobile.as_str(), &sent.params["no"]), ("13800000000", &json!("ZH-1")));
    assert!(sent.params["card"].as_str().unwrap().starts_with("黄牌，"), "{}", sent.params);
    assert_eq!(sent.out_id.len(), 32);
    assert_eq!(daemon.metric("duban_sms_segments_total{channel=\"sms\"}"), Some(1.0), "its text is known");
}

#[test]
fn what_is_confidential_says_nothing_of_the_order() {
    let fake = Arc::new(Aliyun::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&clue("ZH-1"));
    approve(&daemon, "ZH-1");
    let sent = wait_for(|| fake.sent().first().cloned());
    assert_eq!((sent.mobile.as_str(), sent.params), ("13900000000", json!({ "no": "保密", "card": "移送事项" })));
}

#[test]
fn a_fact_that_is_an_address_or_too_long_is_sent_as_the_gateway_takes_it() {
    let fake = Arc::new(Aliyun::default());
    let long = SMS.replace(
        "{{ act }}，{{ duty }}",
        "{{ order }}，{% for each in range(5) %}{{ rule }}，{{ duty }}，{% endfor %}",
    );
    let city = City::new(Arc::clone(&fake), &long);
    let daemon = city.site.start();
    daemon.send(&soon("https://evil.example.cn/ZH-1"));
    let sent = wait_for(|| fake.sent().first().cloned());
    let card = sent.params["card"].as_str().unwrap();
    assert_eq!((sent.params["no"].as_str(), card.chars().count()), (Some("…"), 35), "{card}");
    assert!(card.starts_with("…，") && card.ends_with('…'), "{card}");
}

#[test]
fn receipts_are_taken_by_callback_from_whoever_shows_the_token() {
    let fake = Arc::new(Aliyun::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    wait_for_state(&daemon, "ZH-1", "accepted");
    let sent = fake.sent().remove(0);
    let report = json!([{
        "phone_number": sent.mobile, "send_time": "2026-01-05 09:02:00", "report_time": "2026-01-05 09:02:03", "success": true,
        "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1", "biz_id": sent.biz_id, "out_id": sent.out_id,
    }]);
    assert_eq!(post_receipts(&daemon, "wrong", "application/json", &report.to_string()).0, 401);
    let thanked = post_receipts(&daemon, "token-of-receipts", "application/json", &report.to_string());
    assert_eq!(thanked, (200, r#"{"code":0,"msg":"接收成功"}"#.to_owned()));
    wait_for_state(&daemon, "ZH-1", "delivered");
    assert_eq!(post_receipts(&daemon, "token-of-receipts", "application/json", "<xml/>").0, 400);
}

#[test]
fn a_message_that_failed_goes_by_the_next_channel() {
    let fake = Arc::new(Aliyun::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    wait_for_state(&daemon, "ZH-1", "accepted");
    let sent = fake.sent().remove(0);
    let report =
        json!([{ "phone_number": sent.mobile, "success": false, "err_code": "MK:0001", "biz_id": sent.biz_id }]);
    assert_eq!(post_receipts(&daemon, "token-of-receipts", "application/json", &report.to_string()).0, 200);
    let mail = wait_for(|| city.mail.mails().first().cloned());
    assert_eq!(mail.to, ["a@example.gov.cn"]);
}

#[test]
fn a_message_whose_answer_was_lost_is_asked_about_and_not_sent_again() {
    let fake = Arc::new(Aliyun::losing_answers(1));
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    let shown = attempts(&daemon, "ZH-1", 1);
    assert!(shown[0].starts_with("sms unknown: "), "{shown:?}");
    wait_for_state(&daemon, "ZH-1", "delivered");
    assert_eq!(fake.sent().len(), 1);
    let asked = city.received().into_iter().find(|request| request.header("x-acs-action") == Some("QuerySendDetails"));
    assert!(asked.unwrap().uri.query().unwrap().contains("PhoneNumber=13800000000"));
}

#[test]
fn a_wrong_key_is_told_to_the_operators_and_the_mail_goes_out() {
    let fake = Arc::new(Aliyun::default());
    let city = city(&fake);
    city.site.write("secrets/sms", "another\n");
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    let refused = "sms permanent: 阿里云短信：SignatureDoesNotMatch（请求的签名不符：核对 access_key_secret）";
    assert_eq!(attempts(&daemon, "ZH-1", 2)[0], refused);
    let ready = daemon.get(crate::daemon::harness::As::Nobody, "/readyz").body;
    assert!(ready.contains("SignatureDoesNotMatch"), "{ready}");
}

#[test]
fn the_fifty_first_of_a_template_to_a_number_in_a_day_goes_by_the_next_channel_restart_or_not() {
    let fake = Arc::new(Aliyun::default());
    let city = city(&fake);
    city.site.write("duban.yaml", &format!("notices: {{ digest: never }}\n{}", city.site.read("duban.yaml")));
    let order = |number: usize| format!("ZH-{number:02}");
    {
        let daemon = city.site.start();
        daemon.send(&(0..50).map(|number| soon(&order(number))).collect());
        wait_for(|| (fake.sent().len() == 50).then_some(()));
        attempts(&daemon, &order(49), 1);
    }
    let daemon = city.site.start();
    daemon.send(&soon(&order(50)));
    let full = "sms permanent: 阿里云短信：24小时内同一签名、模板、号码已发50条";
    assert_eq!(attempts(&daemon, &order(50), 2), [full, "mail accepted"]);
    let asked = city.received().iter().filter(|request| request.header("x-acs-action") == Some("SendSms")).count();
    assert_eq!(asked, 50, "the service was not asked to refuse it");
}

#[test]
fn refusals_are_told_apart_by_their_code() {
    let refusal = |code: &str, message: &str| Reply::ok(&json!({ "Code": code, "Message": message }).to_string());
    for (reply, expected) in [
        (refusal("isv.AMOUNT_NOT_ENOUGH", ""), "sms permanent: 阿里云短信：isv.AMOUNT_NOT_ENOUGH（余额不足：充值）"),
        (
            refusal("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50"),
            "sms permanent: 阿里云短信：isv.BUSINESS_LIMIT_CONTROL（同一号码发得太密，触发流控）",
        ),
        (refusal("isp.SYSTEM_ERROR", ""), "sms transient: 阿里云短信：isp.SYSTEM_ERROR（阿里云出错，未发出）"),
        (refusal("Throttling.User", ""), "sms transient: 阿里云短信：Throttling.User（请求太频繁）"),
        (Reply::status(429, ""), "sms transient: 阿里云短信：HTTP 429，请求太频繁"),
        (Reply::status(503, ""), "sms transient: 阿里云短信：HTTP 503，网关出错"),
        (Reply::ok("<html>"), "sms unknown: 阿里云短信：HTTP 200，答复不是约定的格式，可能已发出"),
        (slow(), "sms unknown: 已发出，规定时间内没有答复：可能已送达"),
    ] {
        let (_, shown) = after_fault(city(&Arc::default()), reply, 1);
        assert_eq!(shown[0], expected);
    }
}
