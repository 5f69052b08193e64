//! What is heard of messages after they were sent, and what is done until then.

use super::*;
use crate::store::outbox::{Call, CallState, ReceiptSource};

const MINUTE: i64 = 60;

/// SMS whose gateway posts receipts.
async fn posting(script: impl IntoIterator<Item = Outcome>) -> World {
    let mut sender = Sender::default();
    sender.hear_by("sms".into(), Some(&Secret::from("token".to_owned())), false);
    world_of(Fake::answering(script), sender).await
}

/// SMS whose gateway can be asked, and knows nothing yet.
async fn asked(script: impl IntoIterator<Item = Outcome>) -> World {
    let mut sender = Sender::default();
    sender.hear_by("sms".into(), None, true);
    let script = Mutex::new(script.into_iter().collect());
    world_of(Arc::new(Fake { script, known: Some(Mutex::default()), ..Fake::default() }), sender).await
}

fn accepted(id: &str) -> Outcome {
    Outcome::Accepted { provider_id: Some(id.into()) }
}

fn receipt(of: ReceiptOf, outcome: ReceiptOutcome) -> Receipt {
    Receipt { of, to: None, at: START.plus_ms(1), outcome, detail: Some("MK:0001".into()) }
}

impl World {
    /// The gateway posts, in this second.
    async fn hear(&self, of: ReceiptOf, outcome: ReceiptOutcome, second: i64) {
        let now = START.plus_ms(second * 1000);
        let receipts = vec![receipt(of, outcome)];
        self.store.take_receipts("sms", ReceiptSource::Callback, receipts, now).await.unwrap();
    }

    /// Everything is done that is due until this second, questions included; how the notice stands then.
    async fn until(&self, second: i64) -> (NoticeState, bool) {
        let end = START.plus_ms(second * 1000);
        loop {
            let (notice, ask) = (self.store.next_notice().await.unwrap(), self.store.next_ask().await.unwrap());
            match [notice, ask].into_iter().flatten().min().filter(|next| *next <= end) {
                Some(now) if ask == Some(now) => self.asker.ask_due(now).await.unwrap(),
                Some(now) => drop(self.outbox.send_due(now.max(START)).await.unwrap()),
                None => break,
            }
        }
        let kept = self.kept().await;
        (kept.state, kept.is_open)
    }

    async fn call(&self) -> Option<Call> {
        self.kept().await.calls.into_iter().next()
    }

    async fn ledger_holds(&self) {
        let verdict = self.store.verify_ledger(&[]).await.unwrap();
        assert!(matches!(verdict, crate::store::ledger::verify::Verdict::Holds(_)), "{verdict:?}");
    }
}

fn provider(id: &str) -> ReceiptOf {
    ReceiptOf::Provider(id.into())
}

use NoticeState::{Accepted, Delivered, Failed, Unknown};
use ReceiptOutcome as Heard;

#[tokio::test]
async fn accepted_is_delivered_once_its_receipt_says_so() {
    let world = posting([accepted("m1")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    assert_eq!(world.until(0).await, (Accepted, true));
    world.hear(provider("m1"), Heard::Delivered, MINUTE).await;
    assert_eq!(world.until(MINUTE).await, (Delivered, false));
    assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (1, 0));
    let kept = world.kept().await;
    assert_eq!(kept.deliveries[0].receipts[0].outcome, Heard::Delivered);
    assert_eq!(world.until(10_000).await, (Delivered, false), "and that is that");
    world.ledger_holds().await;
}

#[tokio::test]
async fn what_a_receipt_says_has_failed_goes_by_the_next_channel_at_once() {
    let world = posting([accepted("m1")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.until(0).await;
    world.hear(provider("m1"), Heard::Failed, 20).await;
    assert_eq!(world.until(20).await, (Accepted, false));
    assert_eq!(world.mail.to(), ["13800000001@example.gov.cn"]);
}

#[tokio::test]
async fn what_no_receipt_is_heard_of_in_time_goes_by_the_next_channel_and_a_late_receipt_is_shown() {
    let world = posting([accepted("m1")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    assert_eq!(world.until(30 * MINUTE - 1).await, (Accepted, true));
    assert!(world.mail.sent().is_empty());
    assert_eq!(world.until(30 * MINUTE).await, (Accepted, false));
    assert_eq!(world.mail.sent().len(), 1);
    world.hear(provider("m1"), Heard::Delivered, 40 * MINUTE).await;
    assert_eq!(world.until(40 * MINUTE).await, (Delivered, false));
    assert_eq!(world.mail.sent().len(), 1);
}

#[tokio::test]
async fn whom_no_channel_reaches_somebody_is_to_call_and_a_late_receipt_closes_that() {
    let world = posting([accepted("m1")]).await;
    world.mail.script.lock().unwrap().push_back(Outcome::permanent("no such mailbox"));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    assert_eq!(world.until(30 * MINUTE).await, (Accepted, false), "it may still have arrived");
    let call = world.call().await.unwrap();
    assert_eq!((&*call.party, call.number.as_deref(), call.state), ("张三", Some("13800000001"), CallState::Open));
    assert_eq!(call.why, "no such mailbox");
    world.hear(provider("m1"), Heard::Delivered, 40 * MINUTE).await;
    assert_eq!(world.until(40 * MINUTE).await, (Delivered, false));
    assert_eq!(world.call().await.unwrap().state, CallState::Closed);
    world.ledger_holds().await;
}

#[tokio::test]
async fn whoever_was_called_was_told() {
    let world = posting([Outcome::permanent("no such number")]).await;
    world.mail.script.lock().unwrap().push_back(Outcome::permanent("no such mailbox"));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    assert_eq!(world.until(0).await, (Failed, false));
    let call = world.call().await.unwrap();
    world.store.end_call(call.id, "李四", Some("已转告"), START.plus_ms(5_000)).await.unwrap();
    assert_eq!(world.until(5).await, (Delivered, false));
    world.ledger_holds().await;
}

#[tokio::test]
async fn a_gateway_that_is_dead_for_too_long_has_somebody_call_while_it_is_tried_on() {
    let world = posting(std::iter::repeat_n(transient(), 12)).await;
    world.bearings.send_replace(directory(vec![Person { email: None, ..person("张三", "13800000001") }]));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.until(30 * MINUTE - 1).await;
    assert_eq!(world.call().await, None);
    let (state, is_open) = world.until(30 * MINUTE).await;
    assert!(is_open, "{state:?}: it is tried on");
    assert_eq!(world.call().await.unwrap().state, CallState::Open);
    assert_eq!(world.until(5 * 3600).await.0, Accepted);
    assert_eq!(world.call().await.unwrap().state, CallState::Open, "nobody knows whether it arrived");
    let message = world.sms.sent()[0].id.clone();
    world.hear(ReceiptOf::Message(message), Heard::Delivered, 5 * 3600).await;
    assert_eq!(world.until(5 * 3600).await.0, Delivered);
    assert_eq!(world.call().await.unwrap().state, CallState::Closed, "it worked after all");
}

#[tokio::test]
async fn a_reminder_has_nobody_called() {
    let world = posting([Outcome::permanent("no such number")]).await;
    world.mail.script.lock().unwrap().push_back(Outcome::permanent("no such mailbox"));
    world.queue(vec![QueuedNotice { kind: NoticeKind::Remind, ..notice("提醒", "liaison") }]).await;
    assert_eq!(world.until(0).await, (Failed, false));
    assert_eq!(world.call().await, None);
}

#[tokio::test]
async fn what_got_no_answer_is_asked_about_and_not_sent_again() {
    let world = asked([Outcome::unknown("timed out")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    assert_eq!(world.until(10 * MINUTE).await, (Unknown, true));
    world.sms.known.as_ref().unwrap().lock().unwrap().push(receipt(provider(""), Heard::Delivered));
    assert_eq!(world.until(20 * MINUTE).await, (Delivered, false));
    assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (1, 0));
    assert_eq!(world.kept().await.deliveries[0].receipts[0].source, ReceiptSource::Asked);
    assert_eq!(world.store.next_ask().await.unwrap(), None, "nobody asks any more");
}

#[tokio::test]
async fn what_got_no_answer_is_sent_again_under_the_same_id_once_the_gateway_says_that_it_failed() {
    let world = asked([Outcome::unknown("timed out")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.until(0).await;
    world.sms.known.as_ref().unwrap().lock().unwrap().push(receipt(provider(""), Heard::Failed));
    world.until(MINUTE).await;
    let ids: Vec<_> = world.sms.sent().into_iter().map(|message| message.id).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
}

#[tokio::test]
async fn a_reminder_without_an_answer_goes_by_the_next_channel_where_nobody_can_be_asked() {
    let world = world([Outcome::unknown("timed out")]).await;
    world.queue(vec![QueuedNotice { kind: NoticeKind::Remind, ..notice("提醒", "liaison") }]).await;
    assert_eq!(world.until(0).await, (Accepted, false));
    assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (1, 1));
}

#[tokio::test]
async fn questions_end_after_three_days_and_what_nobody_knows_stays_so() {
    let world = asked([accepted("m1")]).await;
    let flag = QueuedNotice { kind: NoticeKind::Remind, ..notice("提醒", "liaison") };
    world.queue(vec![flag]).await;
    assert_eq!(world.until(80 * 3600).await, (Accepted, false));
    assert_eq!(world.store.next_ask().await.unwrap(), None);
}

#[tokio::test]
async fn a_receipt_that_comes_before_the_answer_is_recorded_is_found_with_it() {
    let world = posting([accepted("m1")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.hear(provider("m1"), Heard::Delivered, 0).await;
    assert_eq!(world.until(0).await, (Delivered, false));
    world.ledger_holds().await;
}

#[tokio::test]
async fn a_receipt_that_comes_while_a_notice_is_claimed_is_looked_at_when_it_is_settled() {
    let world = posting([accepted("m1")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.until(0).await;
    let due = START.plus_ms(30 * MINUTE * 1000);
    let claimed = world.store.claim_due_notices(due, due.plus_ms(60_000), 1).await.unwrap().remove(0);
    world.hear(provider("m1"), Heard::Delivered, 30 * MINUTE).await;
    let rests = Settlement::rests(Accepted);
    world.store.settle_notice((claimed.notice.id, claimed.token), rests, vec![], due).await.unwrap();
    assert_eq!(world.until(30 * MINUTE).await, (Delivered, false));
}

#[tokio::test]
async fn the_same_receipt_again_changes_nothing_and_of_two_the_good_news_counts() {
    let world = posting([accepted("m1")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.until(0).await;
    for _ in 0..2 {
        world.hear(provider("m1"), Heard::Delivered, 1).await;
    }
    world.hear(provider("m1"), Heard::Failed, 2).await;
    world.hear(provider("m9"), Heard::Delivered, 2).await;
    assert_eq!(world.until(2).await, (Delivered, false));
    assert_eq!(world.kept().await.deliveries[0].receipts.len(), 2);
    assert!(world.mail.sent().is_empty());
    world.ledger_holds().await;
}

#[tokio::test]
async fn who_came_later_is_not_told_of_what_was_accepted_before() {
    let world = posting([accepted("m1")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.until(0).await;
    world.bearings.send_replace(directory(vec![person("新来的", "13800000009")]));
    world.hear(provider("m1"), Heard::Delivered, 5).await;
    assert_eq!(world.until(3600).await, (Delivered, false));
    assert_eq!(world.sms.to(), ["13800000001"]);
}

#[tokio::test]
async fn what_a_person_has_tried_again_forgets_what_failed_and_tells_nobody_twice() {
    let world = posting([accepted("m1"), Outcome::permanent("no such number"), accepted("m2")]).await;
    world.bearings.send_replace(directory(vec![
        Person { email: None, ..person("张三", "13800000001") },
        Person { email: None, ..person("李四", "13800000002") },
    ]));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.hear(provider("m1"), Heard::Delivered, 0).await;
    assert_eq!(world.until(0).await, (Failed, false));
    let by = world.store.retry_notice(1, "王五", START.plus_ms(60_000)).await.unwrap();
    assert_eq!(by, crate::store::outbox::hand::Handled::Done);
    assert_eq!(world.until(MINUTE).await.0, Accepted);
    assert_eq!(world.sms.to(), ["13800000001", "13800000002", "13800000002"]);
    world.hear(provider("m2"), Heard::Delivered, 2 * MINUTE).await;
    assert_eq!(world.until(2 * MINUTE).await.0, Delivered);
    assert_eq!(world.call().await.unwrap().state, CallState::Closed);
    world.ledger_holds().await;
}

#[tokio::test]
async fn what_a_person_takes_back_is_not_sent() {
    let world = posting([]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    let claimed = world.store.claim_due_notices(START, START.plus_ms(60_000), 1).await.unwrap().remove(0);
    world.store.cancel_notice(1, "王五", "发错了", START).await.unwrap();
    let held = (vec![claimed.notice.id], claimed.token);
    let entered = world.store.enter_sending(held, vec![], sending("m", "13800000001"), START).await.unwrap();
    assert_eq!(entered, Settled::Lost);
    assert_eq!(world.until(10_000).await, (NoticeState::Cancelled, false));
    assert_eq!(world.kept().await.reason.as_deref(), Some("王五：发错了"));
    assert!(world.sms.sent().is_empty());
    world.ledger_holds().await;
}
