//! Every form of a message against a platform that checks what it is sent.

use crate::fakes::{
    Certificate, Files, after, assert_permanent, assert_transient, assert_unknown, deliver, is_accepted, message,
    reason, serve_http, serve_https, way,
};
use crate::gateways::wecom::{AGENT, CORP, KEY, SECRET, Wecom};
use duban::config::channels::HeaderValue;
use duban::config::channels::yuezhengyi::{self as options, Form, FormOfKind};
use duban::demo::sinks::gateway::Reply;
use duban::notify::channel::{Channel, File, Mention, Message, Outcome, Reach};
use duban::notify::yuezhengyi::app::App;
use duban::notify::yuezhengyi::robot::Robot;
use std::sync::Arc;
use std::time::Duration;

const SEND: &str = "/cgi-bin/message/send";
const UPLOAD: &str = "/cgi-bin/media/upload";
const ROBOT: &str = "/cgi-bin/webhook/send";

async fn app(wecom: &Arc<Wecom>, change: impl FnOnce(&mut options::App)) -> App {
    let files = Files::new();
    let mut options = options::App {
        base_url: serve_http(&wecom.gateway()).await,
        corp_id: CORP.into(),
        agent_id: AGENT,
        secret: files.secret("yzy", SECRET),
        attach_dossier: false,
        forms: FormOfKind::default(),
        headers: vec![],
        way: way(),
    };
    change(&mut options);
    App::open(&options).unwrap()
}

async fn robot(wecom: &Arc<Wecom>, usual: Form) -> Robot {
    let files = Files::new();
    let url = format!("{}{ROBOT}?key={KEY}", serve_http(&wecom.gateway()).await);
    let options = options::Robot {
        webhook: files.secret("robot", &url),
        per_minute: 20,
        mention: None,
        forms: FormOfKind { usual, ..FormOfKind::default() },
        headers: vec![],
        way: way(),
    };
    Robot::open(&options).unwrap()
}

fn of(form: Form) -> impl FnOnce(&mut options::App) {
    move |options| options.forms.usual = form
}

/// A notice as the templates write it.
fn card(id: &str, to: &str) -> Message {
    let mut message = message(id, to);
    message.forms.markdown = "**黄牌　一小时响应逾期**\n工单　ZH-2024-000017（咨询）\n承办　市市场监管局\n应于　5月11日（周六，调休上班）08:50前联系诉求人\n依据　珠府办函〔2023〕64号 二（一）2\n请办　立即联系诉求人并登记\n下一步　5月13日（周一）17:30前仍未联系诉求人，亮红牌并告知分管负责人\n[查看时限计算](https://duban.example.gov.cn/orders/ZH-2024-000017?decision=k)　[提出异议](https://duban.example.gov.cn/orders/ZH-2024-000017/objection?decision=k)".into();
    message
}

fn with_file(message: Message, bytes: &[u8]) -> Message {
    Message { files: vec![File { name: "督办情况说明.html".into(), bytes: bytes.into() }], ..message }
}

#[tokio::test]
async fn each_kind_has_the_form_that_the_configuration_gives_it() {
    let wecom = Wecom::new();
    let by_kind = [("yellow-card", Form::TemplateCard), ("return", Form::Text)];
    let app = app(&wecom, |options| options.forms.by_kind = by_kind.into()).await;
    for kind in ["yellow-card", "return", "remind"] {
        let outcome = deliver(&app, &Message { kind: kind.into(), ..card(kind, "a01") }).await;
        assert!(is_accepted(&outcome), "{kind}: {outcome:?}");
    }
    let delivered = wecom.delivered_to("a01");
    assert_eq!(
        delivered.iter().map(super::super::gateways::wecom::Delivered::kind).collect::<Vec<_>>(),
        ["template_card", "text", "markdown"]
    );
    assert_eq!(delivered[0].content()["main_title"]["title"], "黄牌　一小时响应逾期");
    assert!(
        delivered[1]
            .text()
            .ends_with("提出异议：https://duban.example.gov.cn/orders/ZH-2024-000017/objection?decision=k")
    );
    assert!(!delivered[1].text().contains('*'), "{}", delivered[1].text());
}

#[tokio::test]
async fn a_robot_sends_every_form_and_calls_those_whom_it_concerns() {
    for form in Form::ALL {
        let wecom = Wecom::new();
        let mentions = vec![Mention { id: "a01".into(), name: "张三".into() }];
        let outcome = deliver(&robot(&wecom, form).await, &Message { mentions, ..card("n1", "") }).await;
        assert!(is_accepted(&outcome), "{form:?}: {outcome:?}");
        let [group] = &wecom.delivered_to("")[..] else { panic!("{form:?}") };
        assert_eq!(group.kind(), form.as_str());
        assert!(group.body.to_string().contains("a01"), "{form:?}: {}", group.body);
    }
}

#[tokio::test]
async fn long_texts_are_cut_to_what_each_form_may_have() {
    let wecom = Wecom::new();
    let mut long = message("n1", "a01");
    long.forms.markdown = vec!["督办事项一二三四五六七八九十".repeat(4); 40].join("\n");
    assert!(is_accepted(&deliver(&robot(&wecom, Form::Text).await, &long).await));
    let parts = wecom.delivered_to("");
    assert!(parts.len() == 4 && parts.iter().all(|part| part.text().len() <= 2048), "{}", parts.len());
    assert!(is_accepted(&deliver(&app(&wecom, of(Form::Text)).await, &long).await));
    assert_eq!(wecom.delivered_to("a01").len(), 4);
}

#[tokio::test]
async fn where_a_deployment_does_not_take_a_form_the_next_plainer_one_goes_out_at_once_and_from_then_on() {
    let wecom = Wecom::new();
    wecom.without("template_card");
    let card_app = app(&wecom, of(Form::TemplateCard)).await;
    assert!(is_accepted(&deliver(&card_app, &card("n1", "a01")).await));
    wecom.without("markdown");
    assert!(is_accepted(&deliver(&card_app, &card("n2", "a01")).await));
    let kinds: Vec<_> = wecom.delivered().iter().map(|one| one.kind().to_owned()).collect();
    assert_eq!(kinds, ["markdown", "text"]);
    assert_eq!(wecom.requests(SEND), 4, "what was refused once is not tried again");
    assert!(is_accepted(&deliver(&card_app, &card("n3", "a01")).await));
    assert_eq!(wecom.requests(SEND), 5);
    wecom.without("text");
    assert_permanent(&deliver(&card_app, &card("n4", "a01")).await);
}

#[tokio::test]
async fn a_file_is_uploaded_once_and_goes_to_everybody_after_the_words() {
    let wecom = Wecom::new();
    let app = app(&wecom, |_| {}).await;
    for (id, to) in [("n1", "a01"), ("n2", "b02")] {
        let outcome = deliver(&app, &with_file(card(id, to), "<html>说明</html>".as_bytes())).await;
        assert!(is_accepted(&outcome), "{outcome:?}");
        let delivered = wecom.delivered_to(to);
        assert_eq!(
            delivered.iter().map(super::super::gateways::wecom::Delivered::kind).collect::<Vec<_>>(),
            ["markdown", "file"]
        );
        let file = delivered[1].file.as_ref().unwrap();
        assert_eq!((file.name.as_str(), &*file.bytes), ("督办情况说明.html", "<html>说明</html>".as_bytes()));
    }
    assert_eq!(wecom.requests(UPLOAD), 1);
    wecom.forget_media();
    assert!(is_accepted(&deliver(&app, &with_file(card("n3", "a01"), "<html>说明</html>".as_bytes())).await));
    assert_eq!(wecom.requests(UPLOAD), 2, "what the platform forgot is uploaded again");
    let three_days = after(3 * 24 * 3600);
    assert!(is_accepted(&app.deliver(&with_file(card("n4", "a01"), "<html>说明</html>".as_bytes()), three_days).await));
    assert_eq!(wecom.requests(UPLOAD), 3, "what has ended by then is not tried");
}

#[tokio::test]
async fn a_robot_uploads_beside_its_own_address() {
    let wecom = Wecom::new();
    let outcome = deliver(&robot(&wecom, Form::Markdown).await, &with_file(card("n1", ""), b"12345")).await;
    assert!(is_accepted(&outcome), "{outcome:?}");
    assert_eq!(wecom.delivered_to("")[1].file.as_ref().unwrap().bytes, b"12345");
}

#[tokio::test]
async fn a_file_that_is_refused_does_not_undo_the_words_and_the_operators_hear_of_it() {
    let wecom = Wecom::new();
    let app = app(&wecom, |_| {}).await;
    assert!(is_accepted(&deliver(&app, &with_file(card("n1", "a01"), b"1234")).await));
    assert_eq!((wecom.delivered().len(), wecom.requests(UPLOAD)), (1, 0));
    let [trouble] = &app.troubles()[..] else { panic!("one trouble") };
    assert_eq!((&*trouble.code, trouble.reach), ("附件", Reach::Some));
    assert!(trouble.what.contains("不足 5 字节"), "{trouble:?}");
    wecom.then_errcode(UPLOAD, 40006);
    assert!(is_accepted(&deliver(&app, &with_file(card("n2", "a01"), b"12345")).await));
    assert!(app.troubles()[0].what.contains("附件大小"));
}

#[tokio::test]
async fn where_an_upload_fails_for_a_while_the_words_are_not_said_again() {
    for reply in [Reply::Cut, Reply::After(Duration::from_secs(2)), Reply::status(502, ""), Reply::ok("<html>")] {
        let wecom = Wecom::new();
        let app = app(&wecom, |_| {}).await;
        wecom.then(UPLOAD, reply.clone());
        assert_transient(&deliver(&app, &with_file(card("n1", "a01"), b"12345")).await);
        assert!(is_accepted(&deliver(&app, &with_file(card("n1", "a01"), b"12345")).await), "{reply:?}");
        let kinds: Vec<_> = wecom.delivered().iter().map(|one| one.kind().to_owned()).collect();
        assert_eq!(kinds, ["markdown", "file"], "{reply:?}");
    }
}

#[tokio::test]
async fn what_is_confidential_cannot_be_forwarded_where_the_platform_can_see_to_that() {
    let wecom = Wecom::new();
    let app = app(&wecom, of(Form::Text)).await;
    let secret = Message { confidential: true, ..with_file(card("n1", "a01"), b"12345") };
    assert!(is_accepted(&deliver(&app, &secret).await));
    assert!(is_accepted(&deliver(&app, &card("n2", "a01")).await));
    let safe: Vec<_> = wecom.delivered().iter().map(|one| one.body["safe"] == 1).collect();
    assert_eq!(safe, [true, true, false]);
}

#[tokio::test]
async fn what_an_operator_has_to_mend_is_said_with_what_to_do() {
    let wecom = Wecom::new();
    let app = app(&wecom, |_| {}).await;
    for (code, reach, remedy) in [
        (60020, Reach::Channel, "企业可信IP"),
        (40056, Reach::Channel, "agent_id"),
        (48002, Reach::Channel, "权限"),
        (60011, Reach::Some, "可见范围"),
    ] {
        wecom.then_errcode(SEND, code);
        let outcome = deliver(&app, &card(&code.to_string(), "a01")).await;
        assert_permanent(&outcome);
        assert!(reason(&outcome).contains(remedy), "{outcome:?}");
        let [trouble] = &app.troubles()[..] else { panic!("{code}: one trouble") };
        assert_eq!((&*trouble.code, trouble.reach), (&*format!("errcode {code}"), reach));
        assert!(trouble.remedy.contains(remedy), "{trouble:?}");
    }
    assert!(is_accepted(&deliver(&app, &card("n1", "a01")).await));
    assert!(app.troubles().is_empty());
    let unknown = deliver(&app, &card("n2", "nobody")).await;
    assert!(reason(&unknown).contains("81013") && app.troubles()[0].remedy.contains("directory.yaml"));
    let partly = deliver(&app, &card("n3", "a01|nobody")).await;
    assert!(reason(&partly).contains("其余已送达") && app.troubles().len() == 1, "{partly:?}");
}

#[tokio::test]
async fn a_removed_robot_is_a_trouble_of_the_channel() {
    let wecom = Wecom::new();
    wecom.remove_robot();
    let robot = robot(&wecom, Form::Markdown).await;
    assert!(reason(&deliver(&robot, &card("n1", "")).await).contains("移出群"));
    assert_eq!(robot.troubles()[0].reach, Reach::Channel);
}

#[tokio::test]
async fn channels_of_one_application_fetch_one_token() {
    let wecom = Wecom::new();
    let base = serve_http(&wecom.gateway()).await;
    let (one, other) = (
        app(&wecom, |options| options.base_url = base.clone()).await,
        app(&wecom, |options| options.base_url = base.clone()).await,
    );
    assert!(is_accepted(&deliver(&one, &card("n1", "a01")).await));
    assert!(is_accepted(&deliver(&other, &card("n2", "a01")).await));
    wecom.end_token();
    assert!(is_accepted(&deliver(&one, &card("n3", "a01")).await));
    assert!(is_accepted(&deliver(&other, &card("n4", "a01")).await));
    assert_eq!(wecom.tokens_fetched(), 2);
}

#[tokio::test]
async fn a_token_that_is_refused_again_and_again_is_not_fetched_again_and_again() {
    let wecom = Wecom::new();
    let app = app(&wecom, |_| {}).await;
    for number in 0..6 {
        wecom.then_errcode(SEND, 42001);
        wecom.then_errcode(SEND, 42001);
        assert_transient(&deliver(&app, &card(&format!("n{number}"), "a01")).await);
    }
    assert_eq!(wecom.tokens_fetched(), 2);
}

#[tokio::test]
async fn after_45009_no_token_is_asked_for_until_the_next_minute() {
    let wecom = Wecom::new();
    let app = app(&wecom, |_| {}).await;
    wecom.then_errcode("/cgi-bin/gettoken", 45009);
    assert_transient(&deliver(&app, &card("n0", "a01")).await);
    assert_eq!(deliver(&app, &card("n1", "a01")).await, Outcome::Deferred { not_before: after(60) });
    assert_eq!(wecom.requests("/cgi-bin/gettoken"), 1);
    assert!(is_accepted(&app.deliver(&card("n0", "a01"), after(60)).await));
}

#[tokio::test]
async fn a_private_deployment_has_its_own_address_path_header_and_certificate() {
    let wecom = Wecom::new();
    wecom.want_header("x-ca-key", "k1");
    let certificate = Certificate::of("localhost");
    let base = serve_https(&wecom.gateway(), &certificate).await;
    let files = Files::new();
    let ca_file = files.holding("ca.pem", &certificate.pem);
    let key = files.secret("key", "k1");
    let private = |options: &mut options::App| {
        options.base_url.clone_from(&base);
        options.headers = vec![("X-Ca-Key".into(), HeaderValue::Secret(key.clone()))];
        options.way.ca_file = Some(ca_file.clone());
    };
    assert!(is_accepted(&deliver(&app(&wecom, private).await, &with_file(card("n1", "a01"), b"12345")).await));
    let untrusting = app(&wecom, |options| {
        private(options);
        options.way.ca_file = None;
    });
    let outcome = deliver(&untrusting.await, &card("n2", "a01")).await;
    assert_transient(&outcome);
    assert!(reason(&outcome).contains("证书不受信任"), "{outcome:?}");
    let without_key = app(&wecom, |options| {
        private(options);
        options.headers.clear();
    });
    assert_permanent(&deliver(&without_key.await, &card("n3", "a01")).await);
}

#[tokio::test]
async fn whatever_goes_wrong_on_the_way_is_told_apart() {
    for (reply, assert) in [
        (Reply::status(429, "slow down"), assert_transient as fn(&Outcome)),
        (Reply::status(503, ""), assert_transient),
        (Reply::Cut, assert_unknown),
        (Reply::After(Duration::from_secs(2)), assert_unknown),
        (Reply::ok("<html>请先登录</html>"), assert_unknown),
        (Reply::ok(r#"{"code":0,"message":"ok"}"#), assert_unknown),
        (Reply::status(404, "not found"), assert_permanent),
    ] {
        let wecom = Wecom::new();
        let app = app(&wecom, of(Form::TemplateCard)).await;
        wecom.then(SEND, reply);
        assert(&deliver(&app, &card("n1", "a01")).await);
    }
}

#[tokio::test]
async fn after_45009_the_application_waits_for_the_next_minute_whoever_is_next() {
    let wecom = Wecom::new();
    let app = app(&wecom, |_| {}).await;
    wecom.then_errcode(SEND, 45009);
    assert_transient(&deliver(&app, &card("n1", "a01")).await);
    assert_eq!(deliver(&app, &card("n2", "b02")).await, Outcome::Deferred { not_before: after(60) });
    assert_eq!(wecom.requests(SEND), 1);
    assert!(is_accepted(&app.deliver(&card("n2", "b02"), after(60)).await));
}
