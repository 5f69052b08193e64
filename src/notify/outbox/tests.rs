//! The outbox against channels that answer as told, on a real store.

use super::*;
use crate::config::secret::Secret;
use crate::engine::decision::{Decided, Decision, OrderState};
use crate::notify::channel::{
    AskError, Asked, Channel, Forms, Message, PostError, Posted, Receipt, ReceiptOf, ReceiptOutcome, Receipts,
};
use crate::notify::notice::{NoticeKind, QueuedNotice, SALUTATION, Target};
use crate::policy::directory::read::Address;
use crate::policy::directory::{Department, Of, Person, Recipient};
use crate::store::decided::{Saved, SavedOrder};
use crate::store::event::{NewEvent, Subject};
use crate::store::outbox::{Awaits, Delivery, DeliveryOutcome, Notice, Sending};
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

mod current;
mod heard;
mod held;
mod waiting;

/// A channel that answers as its script says, then accepts.
#[derive(Default)]
struct Fake {
    script: Mutex<VecDeque<Outcome>>,
    sent: Mutex<Vec<Message>>,
    repeats: bool,
    /// What it knows of messages when it is asked; none: it cannot be asked.
    known: Option<Mutex<Vec<Receipt>>>,
}

impl Receipts for Fake {
    fn read(&self, _: &Posted<'_>) -> Result<Vec<Receipt>, PostError> {
        Ok(Vec::new())
    }

    fn ask<'a>(&'a self, asked: &'a Asked, _: Instant) -> Option<BoxFuture<'a, Result<Vec<Receipt>, AskError>>> {
        let known = self.known.as_ref()?.lock().unwrap();
        let of = ReceiptOf::Message(asked.id.clone());
        let found: Vec<Receipt> = known.iter().cloned().map(|receipt| Receipt { of: of.clone(), ..receipt }).collect();
        Some(Box::pin(async move { Ok(found) }))
    }
}

impl Fake {
    fn answering(script: impl IntoIterator<Item = Outcome>) -> Arc<Fake> {
        Arc::new(Fake { script: Mutex::new(script.into_iter().collect()), ..Fake::default() })
    }

    fn sent(&self) -> Vec<Message> {
        self.sent.lock().unwrap().clone()
    }

    fn to(&self) -> Vec<String> {
        self.sent().into_iter().map(|message| message.to).collect()
    }
}

impl Channel for Fake {
    fn kind(&self) -> &'static str {
        "fake"
    }

    fn deliver<'a>(&'a self, message: &'a Message, _now: Instant) -> BoxFuture<'a, Outcome> {
        self.sent.lock().unwrap().push(message.clone());
        let answer = self.script.lock().unwrap().pop_front();
        Box::pin(async move { answer.unwrap_or(Outcome::Accepted { provider_id: None }) })
    }

    fn recognises_repeats(&self) -> bool {
        self.repeats
    }

    fn receipts(&self) -> Option<&dyn Receipts> {
        Some(self)
    }
}

struct World {
    store: Store,
    outbox: Outbox,
    asker: asking::Asker,
    bearings: watch::Sender<Arc<Bearings>>,
    sms: Arc<Fake>,
    mail: Arc<Fake>,
    robot: Arc<Fake>,
}

const START: Instant = Instant(1_715_000_000_000);

fn person(name: &str, number: &str) -> Person {
    let (mobile, email) = (Some(number.into()), Some(format!("{number}@example.gov.cn").into()));
    Person { name: name.into(), mobile, email, yuezhengyi: None }
}

fn directory(liaisons: Vec<Person>) -> Arc<Bearings> {
    let recipient = |of, channels: &[&str]| Recipient {
        of,
        channels: channels.iter().map(|name| Arc::from(*name)).collect(),
        ..Recipient::default()
    };
    let people = BTreeMap::from([("liaison".into(), liaisons)]);
    Arc::new(Bearings::of(Arc::new(Directory {
        recipients: BTreeMap::from([
            ("liaison".into(), recipient(Some(Of::Department), &["sms", "mail"])),
            ("group".into(), recipient(None, &["robot"])),
        ]),
        departments: BTreeMap::from([("甲局".into(), Department { parent: None, people })]),
        ..Directory::default()
    })))
}

async fn world(sms: impl IntoIterator<Item = Outcome>) -> World {
    world_of(Fake::answering(sms), Sender::default()).await
}

/// With receipts of SMS, as the sender hears them.
async fn world_of(sms: Arc<Fake>, mut sender: Sender) -> World {
    let store = Store::temporary().await.unwrap();
    let (mail, robot) = (Fake::answering([]), Fake::answering([]));
    sender.add("sms".into(), sms.clone(), Address::Mobile);
    sender.add("mail".into(), mail.clone(), Address::Email);
    sender.add("robot".into(), robot.clone(), Address::None);
    sender.add("order-system".into(), robot.clone(), Address::None);
    let (bearings, receiver) = watch::channel(directory(vec![person("张三", "13800000001")]));
    let sender = Arc::new(sender);
    let asker = asking::Asker::new(store.clone(), sender.clone(), Arc::new(|_, _| {}));
    let outbox = Outbox::new(store.clone(), sender, receiver);
    World { store, outbox, asker, bearings, sms, mail, robot }
}

fn notice(key: &str, recipient: &str) -> QueuedNotice {
    let place = (recipient == "liaison").then(|| "甲局".into());
    QueuedNotice {
        key: format!("{key}:{recipient}").into(),
        order: None,
        decision: None,
        kind: NoticeKind::YellowCard,
        target: Target::Recipient { recipient: recipient.into(), place },
        at: START,
        expires_at: None,
        confidential: false,
        calendar: None,
        forms: Forms {
            short: format!("【珠海12345】{key}。"),
            markdown: format!("**{key}**"),
            subject: key.into(),
            text: format!("{SALUTATION}\n{key}。"),
            json: "{}".into(),
            ..Forms::default()
        },
    }
}

impl World {
    async fn queue(&self, notices: Vec<QueuedNotice>) {
        self.store.queue_notices(notices).await.unwrap();
    }

    /// Queues notices of an order, as deciding does.
    async fn queue_of_order(&self, order: &str, notices: Vec<QueuedNotice>) {
        let body = format!(r#"{{"id":"e","order":"{order}","type":"received","at":"2024-05-06T09:00:00+08:00"}}"#);
        let subject = Subject::Order { order: order.into(), kind: "received".into() };
        let (source, id, body) = ("test".into(), "e".into(), body.as_str().into());
        let event = NewEvent { source, id, subject, at: START, recorded_at: START, digest: [0; 32], body };
        self.store.append_events(vec![event], START).await.unwrap();
        self.queue_more_of_order(order, notices).await;
    }

    /// Queues further notices of an order.
    async fn queue_more_of_order(&self, order: &str, notices: Vec<QueuedNotice>) {
        self.decide_order(order, (vec![], OrderState::default()), notices).await;
    }

    /// Saves what is decided of an order, with notices.
    async fn decide_order(&self, order: &str, decided: (Vec<Decision>, OrderState), notices: Vec<QueuedNotice>) {
        let found = self.store.find_order(order).await.unwrap().unwrap();
        let loaded = self.store.load_orders(&[found]).await.unwrap().remove(0);
        let (new, state) = decided;
        let decided = Decided { new, obligations: vec![], next_due: None, state };
        let notices = notices.into_iter().map(|notice| QueuedNotice { order: Some(order.into()), ..notice }).collect();
        let saved = SavedOrder {
            order: loaded.order,
            fence: loaded.fence.clone(),
            until: START,
            decided,
            approved: vec![],
            lifted: vec![],
            look_at: None,
            notices,
        };
        assert_eq!(self.store.save_decided(vec![saved]).await.unwrap(), [Saved::Saved]);
    }

    /// The one notice, as it stands.
    async fn kept(&self) -> Notice {
        self.store.notices(&[1]).await.unwrap().remove(0)
    }

    /// Sends at an instant so many seconds after the start; how many notices were due.
    async fn send_at(&self, seconds: i64) -> usize {
        self.outbox.send_due(START.plus_ms(seconds * 1000)).await.unwrap()
    }

    /// The notices that are not sent and wait no more.
    async fn unsent(&self) -> Vec<Notice> {
        self.store.unsent_notices(10).await.unwrap()
    }

    /// Sends again and again, as time passes, until nothing is left to do or a day and a half is over.
    async fn send_all(&self) -> Instant {
        let mut now = START;
        while let Some(next) = self.store.next_notice().await.unwrap() {
            now = next.max(now);
            if now.ms_since(START) > 36 * 3_600_000 {
                break;
            }
            self.outbox.send_due(now).await.unwrap();
        }
        now
    }
}

fn transient() -> Outcome {
    Outcome::transient("the gateway is busy")
}

#[tokio::test]
async fn a_notice_is_sent_once_by_the_preferred_channel_with_the_readers_name() {
    let world = world([]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    assert_eq!((world.send_at(0).await, world.send_at(60).await), (1, 0));
    assert_eq!(world.sms.to(), ["13800000001"]);
    assert!(world.mail.sent().is_empty());
    assert_eq!(world.sms.sent()[0].forms.text, "张三同志：\n黄牌。");
    assert_eq!(world.store.next_notice().await.unwrap(), None);
}

#[tokio::test]
async fn what_fails_for_a_while_is_tried_again_after_growing_pauses_with_the_same_id() {
    let world = world([transient(), transient()]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    let mut dues = Vec::new();
    let mut now = START;
    while let Some(next) = world.store.next_notice().await.unwrap() {
        now = next.max(now);
        dues.push(now.ms_since(START) / 1000);
        world.outbox.send_due(now).await.unwrap();
    }
    assert!(dues[0] == 0 && (5..=6).contains(&dues[1]) && (15..=18).contains(&dues[2]), "{dues:?}");
    let ids: Vec<_> = world.sms.sent().into_iter().map(|message| message.id).collect();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn a_channel_that_asks_for_a_pause_gets_it() {
    let asked = Outcome::Transient { reason: "429".into(), retry_after: Some(Duration::from_mins(5)) };
    let world = world([asked]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_at(0).await;
    let next = world.store.next_notice().await.unwrap().unwrap();
    assert!(next.ms_since(START) >= 300_000);
}

#[tokio::test]
async fn where_the_preferred_way_cannot_work_the_next_one_is_taken_at_once() {
    let world = world([Outcome::permanent("no such number")]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_at(0).await;
    assert_eq!(world.mail.to(), ["13800000001@example.gov.cn"]);
    assert_eq!(world.store.next_notice().await.unwrap(), None);
}

#[tokio::test]
async fn where_the_preferred_way_does_not_work_the_next_one_is_taken_after_a_few_attempts() {
    let world = world(std::iter::repeat_n(transient(), 100)).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_all().await;
    assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (pace::WAY_ATTEMPTS_MAX, 1));
}

#[tokio::test]
async fn who_was_told_is_not_told_again_when_another_has_to_be() {
    let world = world([Outcome::Accepted { provider_id: None }, transient()]).await;
    world.bearings.send_replace(directory(vec![person("张三", "13800000001"), person("李四", "13800000002")]));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_all().await;
    assert_eq!(world.sms.to(), ["13800000001", "13800000002", "13800000002"]);
}

#[tokio::test]
async fn what_nobody_can_be_told_is_failed_with_the_reason() {
    let world = world([Outcome::permanent("no such number")]).await;
    world.mail.script.lock().unwrap().push_back(Outcome::permanent("no such mailbox"));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_all().await;
    let unsent = world.unsent().await;
    assert_eq!((unsent[0].state, unsent[0].reason.as_deref()), (NoticeState::Failed, Some("张三：no such mailbox")));
}

#[tokio::test]
async fn what_never_works_is_given_up_after_more_than_a_day_with_the_reason() {
    let world = world(std::iter::repeat_n(transient(), 100)).await;
    world.mail.script.lock().unwrap().extend(std::iter::repeat_n(transient(), 100));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    let end = world.send_all().await;
    assert!(end.ms_since(START) > 24 * 3_600_000);
    let unsent = world.unsent().await;
    assert_eq!((unsent[0].state, unsent[0].attempt), (NoticeState::Failed, pace::ATTEMPTS_MAX));
    assert_eq!(unsent[0].reason.as_deref(), Some("多次发送未成：张三：the gateway is busy"));
}

#[tokio::test]
async fn a_new_liaison_gets_what_was_decided_before() {
    let world = world([]).await;
    world.bearings.send_replace(directory(vec![]));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_at(0).await;
    assert!(world.sms.sent().is_empty());
    world.bearings.send_replace(directory(vec![person("新来的", "13800000009")]));
    world.send_all().await;
    assert_eq!(world.sms.to(), ["13800000009"]);
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_not_repeated_for_ever_but_for_the_channel_that_knows_repeats() {
    let unknown = || Outcome::unknown("no answer");
    let world = world([unknown(), unknown(), unknown()]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_all().await;
    assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (pace::UNKNOWN_MAX, 1));
}

#[tokio::test]
async fn a_rate_limit_is_kept_by_waiting_and_uses_up_no_attempt() {
    let world = world([]).await;
    let not_before = START.plus_ms(42_000);
    world.robot.script.lock().unwrap().push_back(Outcome::Deferred { not_before });
    world.queue(vec![notice("黄牌", "group")]).await;
    world.send_at(0).await;
    assert_eq!(world.store.next_notice().await.unwrap(), Some(not_before));
    assert_eq!(world.send_at(41).await, 0);
    let claimed = world.store.claim_due_notices(not_before, not_before, 1).await.unwrap();
    assert_eq!(claimed[0].notice.attempt, 1, "the attempt that was put off was taken back");
}

#[tokio::test]
async fn a_reminder_of_what_is_over_is_dropped() {
    let world = world([transient()]).await;
    let expires_at = Some(START.plus_ms(3_000));
    world.queue(vec![QueuedNotice { expires_at, ..notice("提醒", "liaison") }]).await;
    world.send_all().await;
    assert_eq!(world.sms.sent().len(), 1);
    assert!(world.unsent().await.is_empty(), "it is expired, which nobody has to look at");
}

#[tokio::test]
async fn notices_of_one_order_to_one_reader_are_one_message_and_the_gravest_speaks_first() {
    let world = world([]).await;
    let card = notice("黄牌", "liaison");
    let red = QueuedNotice { kind: NoticeKind::RedCard, at: START.plus_ms(30_000), ..notice("红牌", "liaison") };
    let later = QueuedNotice { at: START.plus_ms(200_000), ..notice("后来", "liaison") };
    world.queue_of_order("ZH-1", vec![card, red, later, notice("群", "group")]).await;
    world.send_at(300).await;
    let sent = world.sms.sent();
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert_eq!((&*sent[0].kind, sent[0].forms.short.as_str()), ("red-card", "【珠海12345】红牌。黄牌。"));
    assert_eq!(sent[0].forms.text, "张三同志：\n红牌。\n\n黄牌。");
    assert_eq!(world.robot.sent()[0].forms.text, "各位同志：\n群。");
    assert_eq!(world.store.next_notice().await.unwrap(), None, "each notice is settled");
}

#[tokio::test]
async fn a_group_is_told_of_the_confidential_only_that_it_waits() {
    let world = world([]).await;
    let secret = QueuedNotice { confidential: true, ..notice("黄牌", "group") };
    world
        .queue(vec![QueuedNotice {
            forms: Forms { markdown: "详情".into(), text: "详情".into(), ..secret.forms },
            ..secret
        }])
        .await;
    world.send_at(0).await;
    let forms = world.robot.sent()[0].forms.clone();
    assert!([&forms.short, &forms.markdown, &forms.text].into_iter().all(|form| !form.contains("详情")), "{forms:?}");
}

#[tokio::test]
async fn a_decision_goes_to_another_system_under_its_own_key() {
    let world = world([]).await;
    let pushed = QueuedNotice { target: Target::Channel("order-system".into()), ..notice("黄牌", "liaison") };
    world.queue(vec![pushed]).await;
    world.send_at(0).await;
    assert_eq!((world.robot.sent()[0].to.as_str(), world.robot.sent()[0].forms.json.as_str()), ("", "{}"));
}

/// What a first sender enters for the liaison's SMS before it sends, or dies.
fn sending(message: &str, address: &str) -> Sending {
    Sending {
        message: message.into(),
        channel: "sms".into(),
        address: address.into(),
        party: if address.ends_with('1') { "张三".into() } else { "李四".into() },
        attempt: 1,
        at: START,
        awaits: Awaits::Nothing,
    }
}

#[tokio::test]
async fn after_a_crash_who_answered_is_not_told_again_and_whose_answer_was_swallowed_is_under_the_same_id() {
    let world = world([]).await;
    world.bearings.send_replace(directory(vec![person("张三", "13800000001"), person("李四", "13800000002")]));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    // A first sender tells 张三, records that when it enters the message to 李四, sends that, and dies.
    let claimed = world.store.claim_due_notices(START, START.plus_ms(60_000), 10).await.unwrap().remove(0);
    let held = (vec![claimed.notice.id], claimed.token);
    let first = Delivery {
        attempt: 1,
        channel: "sms".into(),
        address: "13800000001".into(),
        at: START,
        outcome: DeliveryOutcome::Accepted,
        detail: None,
        provider_id: None,
        message: Some("m1".into()),
        party: Some("张三".into()),
        receipts: vec![],
    };
    let ends_at = START.plus_ms(60_000);
    let second = sending("m2", "13800000002");
    let entered = world.store.enter_sending(held, vec![first.into()], second, ends_at).await.unwrap();
    assert_eq!(entered, Settled::Settled);
    assert_eq!(world.send_at(30).await, 0, "the lease is kept");
    assert_eq!(world.send_at(60).await, 1, "and ends by itself");
    assert_eq!(world.sms.to(), ["13800000002"]);
    assert_eq!(world.store.next_notice().await.unwrap(), None);
    // It says in the store what happened.
    let outcomes = |notice: &Notice| notice.deliveries.iter().map(|one| one.outcome).collect::<Vec<_>>();
    let kept = world.kept().await;
    assert_eq!(kept.state, NoticeState::Accepted);
    let accepted = DeliveryOutcome::Accepted;
    assert_eq!(outcomes(&kept), [accepted, DeliveryOutcome::Interrupted, accepted]);
}

#[tokio::test]
async fn what_went_out_as_one_message_goes_out_as_the_same_one_again_whatever_came_since() {
    let world = world([transient()]).await;
    let card = notice("黄牌", "liaison");
    let red = QueuedNotice { kind: NoticeKind::RedCard, at: START.plus_ms(30_000), ..notice("红牌", "liaison") };
    world.queue_of_order("ZH-1", vec![card, red]).await;
    world.send_at(30).await;
    let later = QueuedNotice { at: START.plus_ms(31_000), ..notice("待核", "liaison") };
    world.queue_more_of_order("ZH-1", vec![later]).await;
    world.send_all().await;
    let sent: Vec<_> = world.sms.sent().into_iter().map(|message| (message.id, message.forms.short)).collect();
    assert_eq!(sent[0].1, "【珠海12345】红牌。黄牌。");
    let again: Vec<_> = sent[1..].iter().map(|(id, short)| (*id == sent[0].0, short.as_str())).collect();
    assert!(again.contains(&(true, "【珠海12345】红牌。黄牌。")), "{sent:?}");
    assert!(again.contains(&(false, "【珠海12345】待核。")), "{sent:?}");
}

#[tokio::test]
async fn a_sender_that_was_too_slow_does_not_overwrite_what_another_settled() {
    let world = world([]).await;
    world.queue(vec![notice("黄牌", "liaison")]).await;
    let slow = world.store.claim_due_notices(START, START.plus_ms(1_000), 10).await.unwrap().remove(0);
    assert_eq!(world.send_at(2).await, 1);
    let held = (vec![slow.notice.id], slow.token);
    let entered = world.store.enter_sending(held, vec![], sending("m1", "13800000001"), START).await.unwrap();
    assert_eq!(entered, Settled::Lost, "nor does it send");
    let settlement = Settlement::failed("too late");
    let now = START.plus_ms(3_000);
    let settled = world.store.settle_notice((slow.notice.id, slow.token), settlement, vec![], now).await.unwrap();
    assert_eq!(settled, Settled::Lost);
    assert!(world.unsent().await.is_empty());
}

#[tokio::test]
async fn it_runs_by_itself_and_stops_when_told() {
    let world = world([]).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(world.outbox.clone().run(stop.clone(), Duration::from_secs(1)));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    let told = async {
        while world.sms.sent().is_empty() || world.store.next_notice().await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), told).await.expect("it is sent without being asked");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), running).await.expect("it stops").unwrap();
}
