//! 粤政易: errcode decides, tokens are shared and renewed, texts are split, and rates are kept by waiting.

mod forms;
pub mod live;

use crate::fakes::*;
use duban::config::channels::yuezhengyi as options;
use duban::demo::sinks::gateway::{Gateway, Received, Reply};
use duban::notify::channel::{Channel, Message, Outcome};
use duban::notify::yuezhengyi::app::App;
use duban::notify::yuezhengyi::robot::Robot;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

const TOKEN: &str = "/cgi-bin/gettoken";
const SEND: &str = "/cgi-bin/message/send";
const ROBOT: &str = "/cgi-bin/webhook/send";

async fn robot(gateway: &Arc<Gateway>) -> Robot {
    let url = format!("{}{ROBOT}?key=s3cret-key", serve_http(gateway).await);
    let files = Files::new();
    let options = options::Robot {
        webhook: files.secret("robot", &url),
        per_minute: 20,
        mention: None,
        forms: options::FormOfKind::default(),
        headers: vec![],
        way: way(),
    };
    Robot::open(&options).unwrap()
}

async fn app(gateway: &Arc<Gateway>) -> App {
    let files = Files::new();
    let options = options::App {
        base_url: serve_http(gateway).await,
        corp_id: "ww0".into(),
        agent_id: 1_000_002,
        secret: files.secret("yzy", "s3cret-app"),
        attach_dossier: false,
        forms: options::FormOfKind::default(),
        headers: vec![],
        way: way(),
    };
    App::open(&options).unwrap()
}

async fn robot_when(reply: Reply) -> Outcome {
    deliver(&robot(&scripted_gateway([(ROBOT, reply)])).await, &message("n1", "")).await
}

async fn app_when(path: &'static str, reply: Reply) -> Outcome {
    deliver(&app(&scripted_gateway([(path, reply)])).await, &message("n1", "a01")).await
}

fn errcode(code: i64) -> Reply {
    Reply::ok(&format!(r#"{{"errcode":{code},"errmsg":"hint: [17], from ip: 10.1.2.3, more at https://example"}}"#))
}

fn long_message(id: &str, to: &str, lines: usize) -> Message {
    let mut message = message(id, to);
    message.forms.markdown = vec!["督办事项一二三四五六七八九十".repeat(4); lines].join("\n");
    message
}

fn contents(requests: &[Received]) -> Vec<String> {
    requests.iter().map(|request| request.json()["markdown"]["content"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_robot_posts_markdown_to_its_webhook() {
    let gateway = Arc::new(Gateway::taking_all());
    let outcome = deliver(&robot(&gateway).await, &message("n1", "")).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: None });
    let [request] = &gateway.received()[..] else { panic!("{:?}", gateway.received()) };
    assert_eq!(request.parameter("key"), Some("s3cret-key"));
    assert_eq!(
        request.json(),
        serde_json::json!({ "msgtype": "markdown",
            "markdown": { "content": "**黄牌　一小时响应逾期**\n工单　ZH-2024-000017" } })
    );
}

#[tokio::test]
async fn errcode_decides_though_the_status_is_200() {
    for code in [-1, 45009, 45033, 6000] {
        assert_transient(&robot_when(errcode(code)).await);
    }
    for code in [93000, 40035, 40058, 12345] {
        assert_permanent(&robot_when(errcode(code)).await);
    }
    let warned = Reply::ok(r#"{"errcode":0,"errmsg":"ok. Warning: wrong json format. "}"#);
    assert!(is_accepted(&robot_when(warned).await));
    let outcome = robot_when(errcode(93000)).await;
    assert!(reason(&outcome).contains("更换地址"), "an operator is told what to do: {outcome:?}");
}

#[tokio::test]
async fn an_answer_without_errcode_comes_from_something_in_between() {
    assert_unknown(&robot_when(Reply::ok("<html>请先登录</html>")).await);
    assert_unknown(&robot_when(Reply::ok(r#"{"code":0}"#)).await);
    assert_transient(&robot_when(Reply::status(502, "bad gateway")).await);
    assert_permanent(&robot_when(Reply::status(404, "not found")).await);
    assert_permanent(&robot_when(Reply::status(302, "")).await);
    assert_unknown(&robot_when(Reply::Cut).await);
    assert_unknown(&robot_when(Reply::After(Duration::from_secs(2))).await);
}

#[tokio::test]
async fn no_reason_holds_the_key_the_secret_or_what_the_platform_wrote() {
    let mut outcomes = vec![];
    for reply in
        [errcode(93000), errcode(-1), Reply::Cut, Reply::After(Duration::from_secs(2)), Reply::status(500, "x")]
    {
        outcomes.push(robot_when(reply.clone()).await);
        outcomes.push(app_when(TOKEN, reply.clone()).await);
        outcomes.push(app_when(SEND, reply).await);
    }
    for outcome in outcomes {
        for private in ["s3cret", "10.1.2.3", "127.0.0.1", "a01", "token-", "黄牌"] {
            assert!(!reason(&outcome).contains(private), "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn the_twenty_first_message_in_a_minute_waits_and_is_not_sent() {
    let gateway = Arc::new(Gateway::taking_all());
    let robot = robot(&gateway).await;
    for second in 0..20 {
        assert!(is_accepted(&robot.deliver(&message(&format!("n{second}"), ""), after(second)).await));
    }
    let late = message("n20", "");
    assert_eq!(robot.deliver(&late, after(20)).await, Outcome::Deferred { not_before: after(60) });
    assert_eq!(gateway.received().len(), 20);
    assert!(is_accepted(&robot.deliver(&late, after(60)).await));
}

#[tokio::test]
async fn senders_at_once_keep_the_rate_together() {
    let gateway = Arc::new(Gateway::taking_all());
    let robot = robot(&gateway).await;
    let messages: Vec<Message> = (0..50).map(|number| message(&format!("n{number}"), "")).collect();
    let outcomes = join_all(messages.iter().map(|message| robot.deliver(message, NOW))).await;
    assert_eq!(outcomes.iter().filter(|outcome| is_accepted(outcome)).count(), 20);
    assert_eq!(gateway.received().len(), 20);
}

#[tokio::test]
async fn after_45009_nobody_sends_until_the_next_minute() {
    let gateway = scripted_gateway([(ROBOT, errcode(45009))]);
    let robot = robot(&gateway).await;
    let outcome = deliver(&robot, &message("n1", "")).await;
    let Outcome::Transient { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(Duration::from_mins(1)));
    assert_eq!(deliver(&robot, &message("n2", "")).await, Outcome::Deferred { not_before: after(60) });
    assert_eq!(gateway.received().len(), 1);
}

#[tokio::test]
async fn a_long_text_goes_out_in_parts_that_the_platform_takes() {
    let gateway = Arc::new(Gateway::taking_all());
    let long = long_message("n1", "a01", 40);
    assert!(is_accepted(&deliver(&robot(&gateway).await, &long).await));
    let parts = contents(&gateway.received_at(ROBOT));
    assert!(parts.len() == 2 && parts.iter().all(|part| part.len() <= 4096), "{}", parts.len());
    assert!(is_accepted(&deliver(&app(&gateway).await, &long).await));
    let parts = contents(&gateway.received_at(SEND));
    assert!(parts.len() == 4 && parts.iter().all(|part| part.len() <= 2048), "{}", parts.len());
    let lines: usize = parts.iter().map(|part| part.lines().count() - 1).sum();
    assert_eq!(lines, 40);
}

#[tokio::test]
async fn parts_go_out_together_or_wait_together() {
    let gateway = Arc::new(Gateway::taking_all());
    let robot = robot(&gateway).await;
    for number in 0..19 {
        assert!(is_accepted(&deliver(&robot, &message(&format!("n{number}"), "")).await));
    }
    assert_eq!(deliver(&robot, &long_message("long", "", 40)).await, Outcome::Deferred { not_before: after(60) });
    assert!(is_accepted(&deliver(&robot, &message("n19", "")).await));
}

#[tokio::test]
async fn an_attempt_goes_on_with_the_part_that_failed() {
    let gateway = scripted_gateway([(ROBOT, Reply::ok(r#"{"errcode":0}"#)), (ROBOT, errcode(-1))]);
    let robot = robot(&gateway).await;
    let long = long_message("n1", "", 40);
    assert_transient(&deliver(&robot, &long).await);
    assert!(is_accepted(&deliver(&robot, &long).await));
    let sent = contents(&gateway.received());
    assert_eq!(sent.len(), 3);
    assert!(sent[0].starts_with("（1/2）") && sent[1].starts_with("（2/2）") && sent[1] == sent[2]);
}

#[tokio::test]
async fn an_application_writes_to_a_person_and_asks_the_platform_to_check_for_repeats() {
    let gateway = Arc::new(Gateway::taking_all());
    let outcome = deliver(&app(&gateway).await, &message("n1", "a01")).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: Some("msg-2".into()) });
    let [request] = &gateway.received_at(SEND)[..] else { panic!("{:?}", gateway.received()) };
    assert_eq!(
        request.json(),
        serde_json::json!({ "touser": "a01", "msgtype": "markdown", "agentid": 1_000_002,
            "markdown": { "content": "**黄牌　一小时响应逾期**\n工单　ZH-2024-000017" },
            "enable_duplicate_check": 1, "duplicate_check_interval": 1800 })
    );
    let [token] = &gateway.received_at(TOKEN)[..] else { panic!("{:?}", gateway.received()) };
    assert_eq!((token.parameter("corpid"), token.parameter("corpsecret")), (Some("ww0"), Some("s3cret-app")));
}

#[tokio::test]
async fn a_second_attempt_sends_the_same_bytes_so_that_the_platform_sees_the_repeat() {
    let gateway = scripted_gateway([(SEND, Reply::Cut)]);
    let app = app(&gateway).await;
    assert_unknown(&deliver(&app, &message("n1", "a01")).await);
    assert!(is_accepted(&deliver(&app, &message("n1", "a01")).await));
    let sent = gateway.received_at(SEND);
    assert_eq!(sent[0].body, sent[1].body);
}

#[tokio::test]
async fn one_token_serves_all_senders_until_shortly_before_it_expires() {
    let gateway = Arc::new(Gateway::taking_all());
    let app = app(&gateway).await;
    let messages: Vec<Message> = (0..16).map(|number| message(&format!("n{number}"), &format!("a{number}"))).collect();
    let outcomes = join_all(messages.iter().map(|message| app.deliver(message, NOW))).await;
    assert!(outcomes.iter().all(is_accepted), "{outcomes:?}");
    assert!(is_accepted(&app.deliver(&message("later", "a01"), after(6899)).await));
    assert_eq!(gateway.received_at(TOKEN).len(), 1);
    assert!(is_accepted(&app.deliver(&message("much-later", "a01"), after(6900)).await));
    assert_eq!(gateway.received_at(TOKEN).len(), 2);
}

#[tokio::test]
async fn a_token_that_was_ended_early_is_renewed_once_and_the_message_sent() {
    for code in [40014, 42001] {
        let gateway = scripted_gateway([(SEND, errcode(code))]);
        let app = app(&gateway).await;
        assert!(is_accepted(&deliver(&app, &message("n1", "a01")).await));
        assert!(is_accepted(&deliver(&app, &message("n2", "a01")).await));
        let tokens: Vec<String> = gateway
            .received_at(SEND)
            .iter()
            .map(|request| request.parameter("access_token").unwrap().to_owned())
            .collect();
        assert_eq!(tokens, ["token-1", "token-2", "token-2"]);
    }
}

#[tokio::test]
async fn senders_whose_token_ends_together_renew_it_once() {
    let gateway = Arc::new(Gateway::saying(|request| {
        (request.parameter("access_token") == Some("token-1")).then(|| errcode(42001))
    }));
    let app = app(&gateway).await;
    let messages: Vec<Message> = (0..8).map(|number| message(&format!("n{number}"), "a01")).collect();
    let outcomes = join_all(messages.iter().map(|message| app.deliver(message, NOW))).await;
    assert!(outcomes.iter().all(is_accepted), "{outcomes:?}");
    assert_eq!(gateway.received_at(TOKEN).len(), 2);
}

#[tokio::test]
async fn a_token_that_never_holds_is_not_asked_for_without_end() {
    let gateway = scripted_gateway([(SEND, errcode(40014)), (SEND, errcode(40014))]);
    let outcome = deliver(&app(&gateway).await, &message("n1", "a01")).await;
    assert_transient(&outcome);
    assert_eq!((gateway.received_at(TOKEN).len(), gateway.received_at(SEND).len()), (2, 2));
}

#[tokio::test]
async fn refused_credentials_are_not_tried_again_for_a_minute() {
    for code in [40001, 40013, 40091] {
        let gateway = scripted_gateway([(TOKEN, errcode(code))]);
        let app = app(&gateway).await;
        assert_permanent(&app.deliver(&message("n1", "a01"), NOW).await);
        assert_permanent(&app.deliver(&message("n2", "a01"), after(59)).await);
        assert_eq!(gateway.received().len(), 1);
        assert!(is_accepted(&app.deliver(&message("n3", "a01"), after(60)).await));
    }
}

#[tokio::test]
async fn a_token_that_could_not_be_fetched_means_that_nothing_was_sent() {
    for reply in
        [errcode(-1), Reply::Cut, Reply::After(Duration::from_secs(2)), Reply::ok("<html>"), Reply::status(503, "")]
    {
        let gateway = scripted_gateway([(TOKEN, reply)]);
        let app = app(&gateway).await;
        assert_transient(&deliver(&app, &message("n1", "a01")).await);
        assert!(is_accepted(&deliver(&app, &message("n1", "a01")).await), "the next attempt fetches it");
    }
}

#[tokio::test]
async fn what_an_application_is_told_is_final_unless_the_platform_is_busy() {
    for code in [60020, 40056, 48002, 60011, 81013, 82001] {
        assert_permanent(&app_when(SEND, errcode(code)).await);
    }
    for code in [-1, 45009, 45033] {
        assert_transient(&app_when(SEND, errcode(code)).await);
    }
    assert!(reason(&app_when(SEND, errcode(60020)).await).contains("企业可信IP"));
}

#[tokio::test]
async fn a_receiver_whom_the_platform_does_not_know_is_told_of_though_errcode_is_0() {
    let partly = Reply::ok(r#"{"errcode":0,"errmsg":"ok","invaliduser":"a02","msgid":"m1"}"#);
    let gateway = scripted_gateway([(SEND, partly)]);
    let outcome = deliver(&app(&gateway).await, &message("n1", "a01|a02")).await;
    assert_permanent(&outcome);
    assert!(reason(&outcome).contains("2个收件人中有1个不存在"), "{outcome:?}");
    assert_eq!(gateway.received_at(SEND)[0].json()["touser"], "a01|a02");
}

#[tokio::test]
async fn nobody_and_everybody_are_no_receivers() {
    let gateway = Arc::new(Gateway::taking_all());
    let app = app(&gateway).await;
    for to in ["", " ", "|", "@all"] {
        assert_permanent(&deliver(&app, &message("n1", to)).await);
    }
    assert!(gateway.received().is_empty());
}

#[tokio::test]
async fn what_the_platform_would_drop_in_silence_is_not_sent() {
    let gateway = Arc::new(Gateway::taking_all());
    let app = app(&gateway).await;
    for number in 0..30 {
        assert!(is_accepted(&deliver(&app, &message(&format!("n{number}"), "a01")).await));
    }
    let one_more = message("n30", "a01");
    assert_eq!(app.deliver(&one_more, after(1)).await, Outcome::Deferred { not_before: after(60) });
    let shared = message("n31", "a02|a01");
    assert_eq!(app.deliver(&shared, after(1)).await, Outcome::Deferred { not_before: after(60) });
    assert!(is_accepted(&app.deliver(&message("n32", "a02"), after(1)).await));
    assert!(is_accepted(&app.deliver(&one_more, after(60)).await));
}
