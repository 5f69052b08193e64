use super::*;
use crate::policy::vocabulary::{Attribute, EventType, Figure, Kind, Value, Vocabulary};
use crate::symbol::Symbol;
use crate::text::Lang;

fn attribute(name: &str, kind: Kind) -> (Symbol, Attribute) {
    let name = Symbol::new(name);
    (name, Attribute { name, title: name.to_string(), kind })
}

fn words(list: &[&str]) -> Kind {
    Kind::OneOf(list.iter().map(|word| Symbol::new(word)).collect())
}

fn kind(name: &str, attributes: Vec<(Symbol, Attribute)>) -> (Symbol, EventType) {
    let name = Symbol::new(name);
    (name, EventType { name, title: name.to_string(), attributes: attributes.into_iter().collect() })
}

fn reader() -> BodyReader {
    let figure = Symbol::new("三方通话");
    BodyReader::new(&Vocabulary {
        order: [
            attribute("category", words(&["咨询", "投诉"])),
            attribute("department", Kind::Department),
            attribute("joint", Kind::Boolean),
            attribute("score", Kind::Number),
            attribute("next_reply_by", Kind::Instant),
            attribute("planned_on", Kind::Date),
            attribute("level", words(&["1", "2"])),
        ]
        .into_iter()
        .collect(),
        events: [
            kind("received", vec![]),
            kind("retracted", vec![]),
            kind("extended", vec![]),
            kind(
                "called_back",
                vec![attribute("satisfaction", words(&["满意", "不满意"])), attribute("level", Kind::Text)],
            ),
        ]
        .into_iter()
        .collect(),
        figures: [(
            figure,
            Figure { name: figure, title: "三方通话量".into(), unit: Some("次".into()), per: "day".into() },
        )]
        .into_iter()
        .collect(),
        ..Vocabulary::default()
    })
}

/// An event with these fields laid over a good one's; `null` takes one away.
fn sent(fields: &str) -> String {
    let mut event =
        serde_json::json!({"id": "e1", "order": "O1", "type": "received", "at": "2024-05-06T09:00:00+08:00"});
    let fields: serde_json::Value = serde_json::from_str(fields).expect("fields of a test");
    for (name, value) in fields.as_object().expect("an object") {
        event[name] = value.clone();
    }
    event.to_string()
}

fn refusal_of(text: &str) -> String {
    let read = |text: &str| -> Result<(), BodyError> {
        let body = Body::parse(text.as_bytes())?.believed()?;
        reader().check(&body).map(drop)
    };
    match read(text) {
        Ok(()) => "accepted".into(),
        Err(error) => format!("{} / {error}", error.message(Lang::Zh)),
    }
}

#[track_caller]
fn attributes_of(fields: &str) -> Vec<(&'static str, Value)> {
    let text = sent(fields);
    let body = Body::parse(text.as_bytes()).expect("a good body");
    let Checked::Event(event) = reader().check(&body).expect("a good event") else { panic!("an event was sent") };
    event.attributes.into_iter().map(|(name, value)| (name.as_str(), value)).collect()
}

#[test]
fn an_event_is_read_with_all_that_it_carries() {
    let text = r#"{"id":"e-000123","order":"ZH-2024-000017","type":"received","at":"2024-05-06T09:00:00.1239+08:00",
        "recorded_at":"2024-05-06T01:00:03Z","attrs":{"department":"市市场监管局","category":"\u6295诉","joint":true}}"#;
    let body = Body::parse(text.as_bytes()).expect("a good body");
    let Checked::Event(event) = reader().check(&body).expect("a good event") else { panic!("an event was sent") };
    let event = event.as_history(7);
    assert_eq!(&*event.id, "e-000123");
    assert_eq!(event.at, Instant(1_714_957_200_123));
    assert_eq!(event.recorded_at, Instant(1_714_957_203_000));
    assert_eq!(event.arrival, 7);
    assert_eq!(event.attribute("department".into()), Some(&Value::Text("市市场监管局".into())));
    assert_eq!(event.attribute("category".into()), Some(&Value::Word("投诉".into())));
    assert_eq!(event.attribute("joint".into()), Some(&Value::Boolean(true)));
}

#[test]
fn what_is_recorded_nowhere_became_known_when_it_happened() {
    let text = sent("{}");
    let body = Body::parse(text.as_bytes()).expect("a good body");
    let Checked::Event(event) = reader().check(&body).expect("a good event") else { panic!("an event was sent") };
    let event = event.as_history(1);
    assert_eq!(event.recorded_at, event.at);
}

#[test]
fn every_refusal_says_what_is_wrong() {
    let cases = [
        "",
        "not json",
        "[]",
        "7",
        "{\"id\":\"e1\"} {}",
        "{\"id\":\"e1\",\"id\":\"e2\"}",
        &sent(r#"{"attrs":[]}"#),
        &sent(r#"{"attrs":"x"}"#),
        "{}",
        &sent(r#"{"id":null}"#),
        &sent(r#"{"order":null}"#),
        &sent(r#"{"type":null}"#),
        &sent(r#"{"at":null}"#),
        &sent(r#"{"id":7}"#),
        &sent(r#"{"id":" "}"#),
        &sent(&format!(r#"{{"order":"{}"}}"#, "长".repeat(201))),
        &sent(r#"{"order":"a\nb"}"#),
        &sent(r#"{"at":"2024-05-06T09:00:00"}"#),
        &sent(r#"{"at":1714957200}"#),
        &sent(r#"{"recorded_at":"yesterday"}"#),
        &sent(r#"{"recorded_at":"2024-05-06T08:59:59.999+08:00"}"#),
        &sent(r#"{"type":"recieved"}"#),
        &sent(r#"{"type":"spaceship"}"#),
        &sent(r#"{"attrs":{"category":"表扬"}}"#),
        &sent(r#"{"attrs":{"category":5}}"#),
        &sent(r#"{"attrs":{"joint":"true"}}"#),
        &sent(r#"{"attrs":{"score":"7"}}"#),
        &sent(r#"{"attrs":{"department":7}}"#),
        &sent(r#"{"attrs":{"next_reply_by":"2024-05-06T09:00:00"}}"#),
        &sent(r#"{"attrs":{"planned_on":"2024-5-6"}}"#),
        &sent(r#"{"attrs":{"department":["a"]}}"#),
        &sent(r#"{"attrs":{"whatever":{"a":[1]}}}"#),
        &sent(r#"{"type":"retracted"}"#),
        &sent(r#"{"type":"retracted","attrs":{"event":""}}"#),
        r#"{"id":"f1","figure":"三方通话","day":"06.05.2024","value":41}"#,
        r#"{"id":"f1","figure":"三方通话","day":"2024-05-06","value":"41"}"#,
        r#"{"id":"f1","figure":"四方通话","day":"2024-05-06","value":41}"#,
    ];
    let said: Vec<_> = cases.iter().map(|text| refusal_of(text)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let text = b"{\"id\":\"e\xff\",\"order\":\"O1\",\"type\":\"received\",\"at\":\"2024-05-06T09:00:00+08:00\"}";
    assert!(matches!(Body::parse(text), Err(BodyError::NotJson { .. })));
}

#[test]
fn an_id_of_two_hundred_characters_is_taken() {
    assert_eq!(refusal_of(&sent(&format!(r#"{{"order":"{}"}}"#, "长".repeat(200)))), "accepted");
}

#[test]
fn what_is_not_declared_is_counted_and_left_out() {
    let text = sent(r#"{"attrs":{"colour":"red","satisfaction":"满意"},"sender":{"name":"x"}}"#);
    let body = Body::parse(text.as_bytes()).expect("a good body");
    let Checked::Event(event) = reader().check(&body).expect("a good event") else { panic!("an event was sent") };
    assert_eq!((event.attributes.len(), event.undeclared), (0, 3));
}

#[test]
fn null_clears_an_attribute_of_the_order_and_says_nothing_of_the_event() {
    assert_eq!(attributes_of(r#"{"attrs":{"category":null,"reason":null}}"#), [("category", Value::Null)]);
    assert_eq!(attributes_of(r#"{"type":"called_back","attrs":{"satisfaction":null}}"#), []);
}

#[test]
fn what_the_language_reads_itself_needs_no_declaration() {
    let read = attributes_of(r#"{"type":"extended","attrs":{"by":"2 working days","note":3,"reason":"复杂"}}"#);
    let expected = [
        ("by", Value::Text("2 working days".into())),
        ("note", Value::Number(3.0)),
        ("reason", Value::Text("复杂".into())),
    ];
    assert_eq!(read, expected);
}

#[test]
fn an_event_s_own_declaration_goes_before_the_order_s() {
    assert_eq!(attributes_of(r#"{"attrs":{"level":2}}"#), [("level", Value::Word("2".into()))]);
    let own = attributes_of(r#"{"type":"called_back","attrs":{"level":"any"}}"#);
    assert_eq!(own, [("level", Value::Text("any".into()))]);
}

#[test]
fn an_instant_may_be_a_date() {
    let date = attributes_of(r#"{"attrs":{"next_reply_by":"2024-05-06"}}"#);
    assert_eq!(date, [("next_reply_by", Value::Date(NaiveDate::from_ymd_opt(2024, 5, 6).expect("a date")))]);
    let instant = attributes_of(r#"{"attrs":{"next_reply_by":"2024-05-06T09:00:00+08:00"}}"#);
    assert_eq!(instant, [("next_reply_by", Value::Instant(Instant(1_714_957_200_000)))]);
}

#[test]
fn a_figure_is_read() {
    let text = r#"{"id":"f1","figure":"三方通话","day":"2024-05-06","department":"话务一组","value":41}"#;
    let body = Body::parse(text.as_bytes()).expect("a good body");
    let Checked::Figure(figure) = reader().check(&body).expect("a good figure") else { panic!("a figure was sent") };
    assert_eq!((figure.figure.as_str(), figure.department, figure.value), ("三方通话", Some("话务一组"), 41.0));
}

#[test]
fn restoring_leaves_out_what_is_no_longer_declared() {
    let text = sent(r#"{"type":"abolished","attrs":{"category":"表扬","joint":true,"gone":1}}"#);
    let Body::Event(body) = Body::parse(text.as_bytes()).expect("a good body") else { panic!("an event was sent") };
    let reader = reader();
    let event = reader.restore(&body);
    assert_eq!(event.kind.as_str(), "abolished");
    assert_eq!(event.attributes, [(Symbol::new("joint"), Value::Boolean(true))]);
}

#[track_caller]
fn same_content(one: &str, other: &str) -> bool {
    let (one, other) = (sent(one), sent(other));
    let parse = |text: &str| {
        let body = Body::parse(text.as_bytes()).expect("a good body");
        (body.content_digest(), body.content_hash())
    };
    let (one, other) = (parse(&one), parse(&other));
    assert_eq!(one.0 == other.0, one.1 == other.1, "digest and hash agree");
    one.0 == other.0
}

#[test]
fn content_is_the_same_however_it_is_written_and_whenever_it_was_recorded() {
    assert!(same_content("{}", r#"{"recorded_at":"2024-05-07T09:00:00+08:00"}"#));
    assert!(same_content("{}", r#"{"at":"2024-05-06T01:00:00.000Z","attrs":{}}"#));
    assert!(same_content(r#"{"attrs":{"score":2,"joint":true}}"#, r#"{"attrs":{"joint":true,"score":2.0}}"#));
}

#[test]
fn content_differs_where_anything_else_differs() {
    for other in [
        r#"{"order":"O2"}"#,
        r#"{"type":"extended"}"#,
        r#"{"at":"2024-05-06T09:00:00.001+08:00"}"#,
        r#"{"attrs":{"joint":true}}"#,
        r#"{"attrs":{"not_declared":1}}"#,
        r#"{"attrs":{"joint":null}}"#,
        r#"{"sender":"x"}"#,
    ] {
        assert!(!same_content("{}", other), "{other}");
    }
    assert!(!same_content(r#"{"attrs":{"id":440402199001011234}}"#, r#"{"attrs":{"id":440402199001011235}}"#));
}
