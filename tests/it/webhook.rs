//! Decisions pushed to another system.

use crate::fakes::*;
use duban::config::channels::{HeaderValue, Webhook as Options};
use duban::demo::sinks::gateway::{Gateway, Reply};
use duban::notify::channel::Outcome;
use duban::notify::webhook::Webhook;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{LOCATION, RETRY_AFTER};
use std::sync::Arc;
use std::time::Duration;

fn options(base: &str) -> Options {
    Options {
        url: format!("{base}/decisions"),
        secret: None,
        kinds: vec!["card"],
        confidential: true,
        headers: vec![],
        way: way(),
    }
}

async fn when(reply: Reply) -> Outcome {
    let gateway = scripted_gateway([("/decisions", reply)]);
    let webhook = Webhook::open(&options(&serve_http(&gateway).await)).unwrap();
    deliver(&webhook, &message("k1", "")).await
}

#[tokio::test]
async fn a_decision_is_posted_as_it_stands_with_its_key_and_a_signature_over_the_body() {
    let files = Files::new();
    let gateway = Arc::new(Gateway::taking_all());
    let options = Options {
        secret: Some(files.secret("hook", "hook-secret\n")),
        headers: vec![("Authorization".into(), HeaderValue::Secret(files.secret("token", "Bearer t0ken")))],
        ..options(&serve_http(&gateway).await)
    };
    let webhook = Webhook::open(&options).unwrap();
    assert!(is_accepted(&deliver(&webhook, &message("k1", "")).await));
    let [request] = &gateway.received()[..] else { panic!("{:?}", gateway.received()) };
    assert_eq!(request.body, r#"{"is":"decision","key":"k1"}"#);
    assert_eq!(request.header("idempotency-key"), Some("k1"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), Some("Bearer t0ken"));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"hook-secret").unwrap();
    mac.update(request.body.as_bytes());
    let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(request.header("x-duban-signature"), Some(expected.as_str()));
}

#[tokio::test]
async fn a_notice_of_no_decision_says_what_it_is() {
    let gateway = Arc::new(Gateway::taking_all());
    let webhook = Webhook::open(&options(&serve_http(&gateway).await)).unwrap();
    let mut message = message("h1", "");
    message.forms.json.clear();
    message.order = None;
    assert!(is_accepted(&deliver(&webhook, &message).await));
    let body = gateway.received()[0].json();
    assert_eq!((body["is"].as_str(), body["id"].as_str(), body["order"].as_str()), (Some("notice"), Some("h1"), None));
    assert_eq!(gateway.received()[0].header("x-duban-signature"), None, "nothing to sign with");
}

#[tokio::test]
async fn the_status_says_what_became_of_it() {
    for status in [200, 201, 202, 204] {
        assert!(is_accepted(&when(Reply::status(status, "")).await), "{status}");
    }
    for status in [408, 425, 429, 500, 502, 503, 504, 301, 307, 401, 403, 404, 405, 410] {
        assert_transient(&when(Reply::status(status, "")).await);
    }
    for status in [400, 409, 413, 422] {
        assert_permanent(&when(Reply::status(status, "")).await);
    }
    let reply = Reply::With { status: 503, header: Some((RETRY_AFTER, "7".into())), body: String::new() };
    let Outcome::Transient { retry_after, .. } = when(reply).await else { panic!("not transient") };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn without_an_answer_it_is_unknown_and_without_a_connection_it_was_not_sent() {
    assert_unknown(&when(Reply::After(Duration::from_secs(2))).await);
    let hanging_up = Webhook::open(&options(&format!("http://{}", serve_hanging_up().await))).unwrap();
    assert_unknown(&deliver(&hanging_up, &message("k1", "")).await);
    let absent = Webhook::open(&options(&format!("http://{}", nobody().await))).unwrap();
    assert_transient(&deliver(&absent, &message("k1", "")).await);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Arc::new(Gateway::taking_all());
    let base = serve_http(&elsewhere).await;
    let to = format!("{base}/decisions");
    let gateway = Arc::new(Gateway::saying(move |_| {
        Some(Reply::With { status: 307, header: Some((LOCATION, to.clone())), body: String::new() })
    }));
    let webhook = Webhook::open(&options(&serve_http(&gateway).await)).unwrap();
    let outcome = deliver(&webhook, &message("k1", "")).await;
    assert_transient(&outcome);
    assert!(reason(&outcome).contains("url"), "{outcome:?}");
    assert!(elsewhere.received().is_empty(), "{base} was asked");
}
