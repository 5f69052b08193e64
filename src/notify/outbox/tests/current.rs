//! What changed after a notice was queued, and who was told already.

use super::*;
use crate::engine::decision::DecisionKind;
use crate::policy::model::Colour;
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;

fn decision(key: &str, kind: DecisionKind) -> Decision {
    let word = Symbol::new("card");
    Decision {
        key: key.into(),
        at: START,
        made_at: START,
        policy: word,
        rule: word,
        step: word,
        round: 1,
        occurrence: 1,
        kind,
        to: vec![],
        cc: vec![],
        due: None,
        department: None,
        approval: None,
        clause: None,
        version: "1".into(),
    }
}

fn card(key: &str) -> Decision {
    decision(key, DecisionKind::Card(Colour::Red))
}

fn revoking(key: &str, card: &str) -> Decision {
    decision(key, DecisionKind::Revoke { revokes: "card", revoked: card.into(), reason: "补登".into() })
}

/// A notice of a decision.
fn of(decision: &str, words: &str, recipient: &str) -> QueuedNotice {
    QueuedNotice { decision: Some(decision.into()), ..notice(words, recipient) }
}

fn revocation(decision: &str, recipient: &str) -> QueuedNotice {
    QueuedNotice { kind: NoticeKind::Revocation, at: START.plus_ms(1000), ..of(decision, "撤销", recipient) }
}

fn pushed(decision: &str, words: &str) -> QueuedNotice {
    let notice = of(decision, words, "push");
    let forms = Forms { json: words.into(), ..Forms::default() };
    QueuedNotice { target: Target::Channel("order-system".into()), forms, ..notice }
}

impl World {
    async fn decide(&self, order: &str, new: Vec<Decision>, notices: Vec<QueuedNotice>) {
        self.decide_order(order, (new, OrderState::default()), notices).await;
    }
}

fn shorts(fake: &Fake) -> Vec<String> {
    fake.sent().into_iter().map(|message| message.forms.short).collect()
}

#[tokio::test]
async fn a_card_that_nobody_was_told_of_is_not_told_once_it_is_revoked() {
    let world = world([transient()]).await;
    world.queue_of_order("ZH-1", vec![]).await;
    world.decide("ZH-1", vec![card("c1")], vec![of("c1", "红牌", "liaison")]).await;
    world.send_at(0).await;
    world.decide("ZH-1", vec![revoking("r1", "c1")], vec![revocation("r1", "liaison")]).await;
    world.send_all().await;
    assert_eq!(shorts(&world.sms), ["【珠海12345】红牌。", "【珠海12345】撤销。"]);
    let kept = world.kept().await;
    assert_eq!((kept.state, kept.is_open), (NoticeState::Cancelled, false));
    assert_eq!(kept.reason.as_deref(), Some("决定已撤销，未发出"));
}

#[tokio::test]
async fn a_card_that_a_person_lifted_before_it_went_out_is_not_told_and_nobody_is_to_call() {
    let world = world(std::iter::repeat_n(transient(), 3)).await;
    world.bearings.send_replace(directory(vec![Person { email: None, ..person("张三", "13800000001") }]));
    world.queue_of_order("ZH-1", vec![]).await;
    world.decide("ZH-1", vec![card("c1")], vec![of("c1", "红牌", "liaison")]).await;
    world.send_at(0).await;
    world.send_at(3_600).await;
    assert_eq!(world.kept().await.calls.len(), 1);
    // Of a lifting the notice is about the decision itself.
    world.decide("ZH-1", vec![], vec![revocation("c1", "liaison")]).await;
    world.send_all().await;
    let kept = world.kept().await;
    assert_eq!(kept.state, NoticeState::Cancelled);
    assert_eq!(kept.calls[0].state, crate::store::outbox::CallState::Closed);
}

#[tokio::test]
async fn a_card_that_may_have_arrived_is_seen_through_though_it_is_revoked() {
    let world = world([Outcome::unknown("no answer")]).await;
    world.queue_of_order("ZH-1", vec![]).await;
    world.decide("ZH-1", vec![card("c1")], vec![of("c1", "红牌", "liaison")]).await;
    world.send_at(0).await;
    world.decide("ZH-1", vec![revoking("r1", "c1")], vec![revocation("r1", "liaison")]).await;
    world.send_all().await;
    assert_ne!(world.kept().await.state, NoticeState::Cancelled);
}

#[tokio::test]
async fn another_system_is_pushed_an_orders_decisions_in_the_order_made() {
    let world = world([]).await;
    let (busy, ok) = (transient(), Outcome::Accepted { provider_id: None });
    world.robot.script.lock().unwrap().extend([busy, ok.clone()]);
    world.queue_of_order("ZH-1", vec![]).await;
    world.decide("ZH-1", vec![card("c1")], vec![pushed("c1", "card")]).await;
    world.send_at(0).await;
    world.decide("ZH-1", vec![revoking("r1", "c1")], vec![pushed("r1", "revoke")]).await;
    world.send_at(1).await;
    let waiting = world.store.notices(&[2]).await.unwrap().remove(0);
    assert_eq!(waiting.reason.as_deref(), Some("等这张工单前一条推送送达后再推"));
    world.send_all().await;
    let pushed: Vec<_> = world.robot.sent().into_iter().map(|message| message.forms.json).collect();
    assert_eq!(pushed, ["card", "card", "revoke"]);
    let notices = world.store.notices(&[1, 2]).await.unwrap();
    assert!(notices.iter().all(|notice| notice.state == NoticeState::Accepted), "{notices:?}");
}

#[tokio::test]
async fn an_order_that_became_confidential_after_a_notice_was_queued_is_told_as_such() {
    let world = world([]).await;
    world.queue_of_order("ZH-1", vec![]).await;
    let notices = vec![of("c1", "红牌", "liaison"), of("c1", "红牌", "group")];
    world.decide("ZH-1", vec![card("c1")], notices).await;
    let attributes = vec![(Symbol::new("confidential"), Value::Boolean(true))];
    world.decide_order("ZH-1", (vec![], OrderState { attributes, ..OrderState::default() }), vec![]).await;
    world.send_at(0).await;
    assert_eq!(shorts(&world.sms), ["【珠海12345】有1件督办事项待查阅。"]);
    assert!(world.sms.sent()[0].confidential);
    let group = world.robot.sent().remove(0);
    assert_eq!((group.forms.markdown.as_str(), group.order), ("【珠海12345】有1件督办事项待查阅。", None));
}

/// The liaison and the handler are the same person.
fn two_roles() -> Arc<Bearings> {
    let bearings = directory(vec![person("张三", "13800000001")]);
    let mut directory = (*bearings.directory).clone();
    let liaison = directory.recipients.get("liaison").unwrap().clone();
    directory.recipients.insert("handler".into(), liaison);
    let department = directory.departments.get_mut("甲局").unwrap();
    department.people.insert("handler".into(), vec![person("张三", "13800000001")]);
    Arc::new(Bearings::of(Arc::new(directory)))
}

fn to_both(decision: &str) -> Vec<QueuedNotice> {
    let target = |recipient: &str| Target::Recipient { recipient: recipient.into(), place: Some("甲局".into()) };
    ["handler", "liaison"]
        .map(|recipient| QueuedNotice { target: target(recipient), ..of(decision, decision, recipient) })
        .into()
}

#[tokio::test]
async fn who_is_two_recipients_of_a_decision_is_told_once_and_both_notices_count_as_told() {
    let world = world([transient()]).await;
    world.bearings.send_replace(two_roles());
    world.queue_of_order("ZH-1", vec![]).await;
    world.decide("ZH-1", vec![card("c1")], to_both("c1")).await;
    world.send_all().await;
    let told = world.store.notices(&[1, 2]).await.unwrap();
    assert!(told.iter().all(|notice| notice.state == NoticeState::Accepted), "{told:?}");
    assert_eq!(told[0].deliveries.last().unwrap().message, told[1].deliveries.last().unwrap().message);
    assert_eq!(world.sms.sent().len(), 2, "once refused, once taken");
    world.decide("ZH-1", vec![card("c2")], to_both("c2")).await;
    world.send_all().await;
    assert_eq!(world.sms.sent().len(), 3, "of another decision they are told, once");
}
