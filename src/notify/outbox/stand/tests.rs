//! Where somebody with 粤政易 first and SMS second stands, as a table: what was tried and heard, minute by minute.

use super::*;
use crate::calendar::span::Span;
use crate::store::outbox::ReceiptSource;

/// `yzy unknown@3 +delivered`: by that channel, so it ended, in that minute; what its receipts say.
fn delivery(said: &str) -> Delivery {
    let mut words = said.split_whitespace();
    let channel = words.next().unwrap();
    let (outcome, minute) = words.next().unwrap().split_once('@').unwrap();
    let outcome = match outcome {
        "accepted" => DeliveryOutcome::Accepted,
        "transient" => DeliveryOutcome::Transient,
        "permanent" => DeliveryOutcome::Permanent,
        "unknown" => DeliveryOutcome::Unknown,
        "interrupted" => DeliveryOutcome::Interrupted,
        other => panic!("{other}"),
    };
    let receipt = |word: &str| KeptReceipt {
        at: Instant(0),
        known_at: Instant(0),
        source: ReceiptSource::Callback,
        outcome: if word == "+delivered" { ReceiptOutcome::Delivered } else { ReceiptOutcome::Failed },
        detail: None,
    };
    Delivery {
        attempt: 1,
        channel: channel.into(),
        address: "a".into(),
        at: minutes(minute.parse().unwrap()),
        outcome,
        detail: Some("why".into()),
        provider_id: None,
        message: Some("m".into()),
        party: Some("甲".into()),
        receipts: words.map(receipt).collect(),
    }
}

fn minutes(minutes: i64) -> Instant {
    Instant(minutes * 60_000)
}

fn party() -> Party {
    let way = |channel: &str| Way { channel: channel.into(), address: "a".into() };
    Party { name: "甲".into(), key: "甲".into(), mobile: None, ways: vec![way("yzy"), way("sms")] }
}

/// A world in which 粤政易 recognises repeats, and SMS is as said.
struct World {
    sms: Nature,
    care: Care<'static>,
    forgiven: usize,
}

const SILENT: Nature = Nature { repeats: false, repeats_ms: None, proves: false, receipts: false, asked: false };
const POSTING: Nature = Nature { receipts: true, ..SILENT };
const ASKED: Nature = Nature { asked: true, ..POSTING };
const TWICE: Care<'_> = Care { twice: true, calls: true, within: Some(Span::Elapsed(600_000)), calendar: None };
const ONCE: Care<'_> = Care { twice: false, ..TWICE };
const FOR_EVER: Care<'_> = Care { within: None, ..ONCE };

fn world(sms: Nature, care: Care<'static>) -> World {
    World { sms, care, forgiven: 0 }
}

impl World {
    #[track_caller]
    fn check(&self, tried: &[&str], minute: i64, expected: &str) {
        let deliveries: Vec<Delivery> = tried.iter().map(|said| delivery(said)).collect();
        let sms = self.sms;
        let facts = Facts {
            deliveries: &deliveries,
            forgiven: self.forgiven,
            calls: &[],
            care: self.care,
            nature: Box::new(move |channel| if channel == "yzy" { Nature { repeats: true, ..SILENT } } else { sms }),
            paused: Box::new(|_| None),
            now: minutes(minute),
        };
        let party = party();
        let shown = match stand(&party, &facts) {
            Stand::Paused { .. } => "paused".into(),
            Stand::Told(truth) => format!("{truth:?}"),
            Stand::Waiting { until, truth } => format!("{truth:?} until {}", until.0 / 60_000),
            Stand::Next(way) => format!("next {}", way.channel),
            Stand::Exhausted { truth: Some(truth), .. } => format!("exhausted, {truth:?}"),
            Stand::Exhausted { truth: None, reason } => format!("exhausted: {reason}"),
        };
        assert_eq!(shown, expected, "{tried:?} in minute {minute}");
    }
}

#[test]
fn ways_are_tried_in_the_order_of_preference() {
    let world = world(SILENT, TWICE);
    world.check(&[], 0, "next yzy");
    world.check(&["yzy accepted@0"], 0, "Accepted");
    world.check(&["yzy permanent@0"], 0, "next sms");
    world.check(&["yzy permanent@0", "sms accepted@0"], 0, "Accepted");
    world.check(&["yzy permanent@0", "sms permanent@0"], 0, "exhausted: why");
    world.check(&["yzy transient@0"; 3], 0, "next yzy");
    world.check(&["yzy transient@0"; 4], 0, "next sms");
    world.check(&["yzy transient@0", "sms accepted@0"], 0, "Accepted");
    world.check(&["yzy unknown@0", "yzy unknown@0"], 0, "next yzy");
}

#[test]
fn what_goes_on_failing_for_longer_than_its_kind_may_wait_gives_way_to_the_next() {
    let world = world(SILENT, TWICE);
    world.check(&["yzy transient@0"], 9, "next yzy");
    world.check(&["yzy transient@0"], 10, "next sms");
    world.check(&["yzy transient@0", "sms transient@1"], 20, "next sms");
}

#[test]
fn accepted_is_told_where_nothing_more_is_to_be_heard_and_waited_for_where_it_is() {
    let by_sms = |rest: &'static str| ["yzy permanent@0", rest];
    world(SILENT, TWICE).check(&by_sms("sms accepted@1"), 60, "Accepted");
    let posting = world(POSTING, TWICE);
    posting.check(&by_sms("sms accepted@1"), 1, "Accepted until 11");
    posting.check(&by_sms("sms accepted@1"), 11, "exhausted, Accepted");
    posting.check(&by_sms("sms accepted@1 +delivered"), 11, "Delivered");
    posting.check(&by_sms("sms accepted@1 +failed"), 1, "exhausted: 回执：未送达");
    posting.check(&by_sms("sms accepted@1 +failed +delivered"), 1, "Delivered");
    world(POSTING, FOR_EVER).check(&by_sms("sms accepted@1"), 9999, "Accepted");
}

#[test]
fn what_is_unknown_is_asked_for_and_not_sent_again() {
    let by_sms = |rest: &'static str| ["yzy permanent@0", rest];
    for care in [TWICE, ONCE] {
        let asked = world(ASKED, care);
        asked.check(&by_sms("sms unknown@0"), 0, "Unknown until 10");
        asked.check(&by_sms("sms unknown@0"), 10, "exhausted, Unknown");
        asked.check(&by_sms("sms unknown@0 +delivered"), 0, "Delivered");
        asked.check(&by_sms("sms unknown@0 +failed"), 0, "next sms");
    }
    world(ASKED, FOR_EVER).check(&by_sms("sms unknown@0"), 29, "Unknown until 30");
    world(ASKED, FOR_EVER).check(&by_sms("sms unknown@0"), 30, "Unknown");
}

#[test]
fn what_is_unknown_and_cannot_be_asked_for_is_sent_again_once_where_twice_is_better_than_never() {
    let twice = world(SILENT, TWICE);
    twice.check(&["yzy permanent@0", "sms unknown@0"], 0, "next sms");
    twice.check(&["yzy permanent@0", "sms unknown@0", "sms unknown@0"], 0, "exhausted, Unknown");
    let once = world(SILENT, ONCE);
    once.check(&["yzy permanent@0", "sms unknown@0"], 0, "exhausted, Unknown");
    let posting = world(POSTING, ONCE);
    posting.check(&["yzy permanent@0", "sms unknown@0"], 0, "Unknown until 10");
    posting.check(&["yzy permanent@0", "sms unknown@0"], 10, "exhausted, Unknown");
}

#[test]
fn what_is_unknown_goes_by_the_next_way_at_once_where_no_receipt_can_come_else_after_its_kinds_time() {
    let by_yzy_as = |yzy: Nature, tried: &[&str], minute: i64| {
        let deliveries: Vec<Delivery> = tried.iter().map(|said| delivery(said)).collect();
        let facts = Facts {
            deliveries: &deliveries,
            forgiven: 0,
            calls: &[],
            care: ONCE,
            nature: Box::new(move |channel| if channel == "yzy" { yzy } else { SILENT }),
            paused: Box::new(|_| None),
            now: minutes(minute),
        };
        matches!(stand(&party(), &facts), Stand::Next(way) if &*way.channel == "sms")
    };
    assert!(by_yzy_as(SILENT, &["yzy unknown@0"], 0));
    assert!(!by_yzy_as(POSTING, &["yzy unknown@0"], 9));
    assert!(by_yzy_as(POSTING, &["yzy unknown@0"], 10));
    let knowing = Nature { repeats: true, ..SILENT };
    assert!(!by_yzy_as(knowing, &["yzy unknown@0", "yzy unknown@9"], 9), "it is tried again");
    assert!(by_yzy_as(knowing, &["yzy unknown@0", "yzy unknown@9"], 10));
}

#[test]
fn repeats_are_recognised_no_longer_than_the_other_side_says() {
    let half_an_hour = Nature { repeats: true, repeats_ms: Some(30 * 60_000), ..SILENT };
    let twice = world(half_an_hour, TWICE);
    let tried = ["yzy permanent@0", "sms unknown@0", "sms unknown@5", "sms unknown@20"];
    twice.check(&tried, 29, "next sms");
    twice.check(&tried, 30, "exhausted, Unknown");
    twice.check(&tried[..2], 30, "next sms");
    world(half_an_hour, ONCE).check(&tried[..2], 30, "exhausted, Unknown");
}

#[test]
fn what_a_crash_interrupted_is_asked_for_first_and_then_sent_again_whatever_its_kind() {
    let interrupted = ["yzy permanent@0", "sms interrupted@0"];
    world(SILENT, ONCE).check(&interrupted, 0, "next sms");
    world(POSTING, ONCE).check(&interrupted, 0, "next sms");
    world(ASKED, ONCE).check(&interrupted, 1, "Unknown until 2");
    world(ASKED, ONCE).check(&interrupted, 2, "next sms");
    world(SILENT, ONCE).check(&["yzy interrupted@0"], 0, "next yzy");
}

#[test]
fn a_channel_whose_answer_proves_it_needs_no_receipt() {
    let proving = world(Nature { proves: true, ..SILENT }, TWICE);
    proving.check(&["yzy permanent@0", "sms accepted@0"], 0, "Delivered");
}

#[test]
fn what_lies_before_a_person_had_it_tried_again_holds_nobody_up() {
    let again = World { forgiven: 2, ..world(SILENT, ONCE) };
    again.check(&["yzy permanent@0", "sms unknown@0"], 5, "next yzy");
    again.check(&["yzy permanent@0", "sms unknown@0 +delivered"], 5, "Delivered");
    again.check(&["yzy permanent@0", "sms unknown@0", "yzy permanent@5"], 5, "next sms");
}

#[test]
fn whoever_was_called_was_told() {
    let call = Call {
        id: 1,
        notice: 1,
        party: "甲".into(),
        number: None,
        why: String::new(),
        at: Instant(0),
        state: CallState::Done,
        ended_at: None,
        by: None,
        note: None,
    };
    let open = Call { state: CallState::Open, ..call.clone() };
    let stands = |calls: &[Call]| {
        let facts = Facts {
            deliveries: &[delivery("yzy permanent@0"), delivery("sms permanent@0")],
            forgiven: 0,
            calls,
            care: TWICE,
            nature: Box::new(|_| SILENT),
            paused: Box::new(|_| None),
            now: minutes(1),
        };
        stand(&party(), &facts) == Stand::Told(Truth::Delivered)
    };
    assert!(stands(&[call]) && !stands(&[open]));
}
