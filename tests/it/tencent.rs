//! 腾讯云短信, from a card to the service and back: the real daemon against a fake of the service.

use crate::gateways::city::{City, after_fault, attempts, post_receipts, slow, soon, wait_for_state};
use crate::gateways::tencent::{Tencent, failed};
use duban::demo::sinks::gateway::Reply;
use serde_json::json;
use std::sync::Arc;

const SMS: &str = r#"
    kind: sms
    driver: tencent
    base_url: "{base}"
    secret_id: AKID-demo
    secret_key: { file: secrets/sms }
    app_id: "1400006666"
    signature: 示例12345
    timeout: 2 seconds
    receipts: { token: { file: secrets/receipts } }
    templates:
      default: { id: "1110", params: ["{{ order }}", "{{ act }}"], text: "工单{1}已亮{2}。" }
"#;

fn city(fake: &Arc<Tencent>) -> City {
    City::new(Arc::clone(fake), SMS)
}

#[test]
fn a_card_is_sent_by_its_template_signed_as_the_vendor_wants() {
    let fake = Arc::new(Tencent::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(attempts(&daemon, "ZH-1", 1), ["sms accepted"]);
    let [sent] = &fake.sent()[..] else { panic!("{:?}", fake.sent()) };
    assert_eq!((sent.number.as_str(), &sent.params), ("+8613800000000", &json!(["ZH-1", "黄牌"])));
}

#[test]
fn receipts_are_taken_by_callback() {
    let fake = Arc::new(Tencent::default());
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    wait_for_state(&daemon, "ZH-1", "accepted");
    let report = json!([{
        "user_receive_time": "2026-01-05 09:02:03", "nationcode": "86", "mobile": "13800000000", "report_status": "SUCCESS",
        "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": fake.sent()[0].serial,
    }]);
    let thanked = post_receipts(&daemon, "token-of-receipts", "application/json", &report.to_string());
    assert_eq!(thanked, (200, r#"{"result":0,"errmsg":"OK"}"#.to_owned()));
    wait_for_state(&daemon, "ZH-1", "delivered");
}

#[test]
fn a_message_whose_answer_was_lost_is_asked_about_and_not_sent_again() {
    let fake = Arc::new(Tencent::losing_answers(1));
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert!(attempts(&daemon, "ZH-1", 1)[0].starts_with("sms unknown: "));
    wait_for_state(&daemon, "ZH-1", "delivered");
    assert_eq!(fake.sent().len(), 1);
}

#[test]
fn the_state_of_the_number_decides_though_the_call_went_well() {
    let fake = Arc::new(Tencent::without("+8613800000000"));
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(
        attempts(&daemon, "ZH-1", 2),
        [
            "sms permanent: 腾讯云短信：FailedOperation.PhoneNumberInBlacklist（号码在黑名单里（退订过）：联系腾讯云解除）",
            "mail accepted"
        ]
    );
}

#[test]
fn what_is_over_a_numbers_limit_of_the_day_goes_by_the_next_channel() {
    let fake = Arc::new(Tencent::sparing(1));
    let city = city(&fake);
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    assert_eq!(attempts(&daemon, "ZH-1", 1), ["sms accepted"]);
    daemon.send(&soon("ZH-2"));
    let limited = "sms permanent: 腾讯云短信：LimitExceeded.PhoneNumberDailyLimit（同一号码当天的条数已满：在控制台调高频率限制）";
    assert_eq!(attempts(&daemon, "ZH-2", 2), [limited, "mail accepted"]);
    assert_eq!(fake.sent().len(), 1);
}

#[test]
fn refusals_are_told_apart_by_their_code() {
    for (reply, expected) in [
        (
            failed("AuthFailure.SignatureExpire"),
            "sms transient: 腾讯云短信：AuthFailure.SignatureExpire（本机时钟与腾讯云相差5分钟以上：校准时钟）",
        ),
        (failed("InternalError.Timeout"), "sms transient: 腾讯云短信：InternalError.Timeout（腾讯云处理超时，未发出）"),
        (
            failed("InternalError.OtherError"),
            "sms unknown: 腾讯云短信：InternalError.OtherError（腾讯云出错，可能已发出）",
        ),
        (failed("RequestLimitExceeded"), "sms transient: 腾讯云短信：RequestLimitExceeded（请求太频繁）"),
        (
            failed("UnauthorizedOperation.RequestIpNotInWhitelist"),
            "sms permanent: 腾讯云短信：UnauthorizedOperation.RequestIpNotInWhitelist（没有权限，或本机出口地址不在白名单：在控制台授权，加上出口地址）",
        ),
        (Reply::ok("{}"), "sms unknown: 腾讯云短信：HTTP 200，答复不是约定的格式，可能已发出"),
        (Reply::Cut, "sms unknown: 已发出，答复中断（连接出错）：可能已送达"),
        (slow(), "sms unknown: 已发出，规定时间内没有答复：可能已送达"),
    ] {
        let (_, shown) = after_fault(city(&Arc::default()), reply, 1);
        assert_eq!(shown[0], expected);
    }
}

#[test]
fn a_wrong_key_is_refused_in_words() {
    let city = city(&Arc::default());
    city.site.write("secrets/sms", "another\n");
    let daemon = city.site.start();
    daemon.send(&soon("ZH-1"));
    let refused = "sms permanent: 腾讯云短信：AuthFailure.SignatureFailure（密钥有误：核对 secret_id、secret_key）";
    assert_eq!(attempts(&daemon, "ZH-1", 2)[0], refused);
}

#[test]
fn what_one_number_may_be_sent_is_kept_across_a_restart_and_by_trials() {
    let fake = Arc::new(Tencent::default());
    let city = City::new(Arc::clone(&fake), &SMS.replace("timeout:", "per_number: { day: 2 }\n    timeout:"));
    let full = "sms permanent: 腾讯云短信：这个号码24小时内的条数已满（per_number）";
    let first = city.site.start();
    first.send(&soon("ZH-1"));
    assert_eq!(attempts(&first, "ZH-1", 1), ["sms accepted"]);
    let trial = || {
        let run = city.site.output(&["notices", "test", "sms", "--to", "13800000000", "--kind", "yellow-card"]);
        (run.status.code(), String::from_utf8(run.stdout).unwrap())
    };
    let (exit, said) = trial();
    assert_eq!(exit, Some(0), "{said}");
    let (exit, said) = trial();
    assert!(exit == Some(1) && said.contains("这个号码24小时内的条数已满"), "{said}");
    first.kill();
    let second = city.site.start();
    second.send(&soon("ZH-2"));
    assert_eq!(attempts(&second, "ZH-2", 2), [full, "mail accepted"]);
    assert_eq!(fake.sent().len(), 2);
}
