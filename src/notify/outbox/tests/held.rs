//! What waits though nothing hinders it, what is gathered, and channels that are left alone.

use super::*;
use crate::calendar::ClockTime;
use crate::config::notices::Hours;
use crate::store::outbox::HeldBy;

/// START is 20:53:20 in China.
fn keeping(world: World, notices: Notices) -> World {
    let World { store, outbox, asker, bearings, sms, mail, robot } = world;
    World { store, outbox: outbox.seeing_through(notices), asker, bearings, sms, mail, robot }
}

fn one_by_one() -> Notices {
    Notices { digest: None, ..Notices::default() }
}

fn numbered(count: usize) -> Vec<QueuedNotice> {
    (1..=count).map(|number| notice(&format!("黄牌{number}"), "liaison")).collect()
}

#[tokio::test]
async fn after_an_outage_a_reader_gets_one_message_that_tells_everything() {
    let world = world([]).await;
    world.queue(numbered(8)).await;
    assert_eq!(world.send_at(0).await, 8);
    let sent = world.sms.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].forms.short.contains("8件通知待阅"), "{}", sent[0].forms.short);
    for number in 1..=8 {
        assert!(sent[0].forms.text.contains(&format!("黄牌{number}。")), "{}", sent[0].forms.text);
    }
    let notices = world.store.notices(&[1, 2, 3, 4, 5, 6, 7, 8]).await.unwrap();
    assert!(notices.iter().all(|notice| notice.state == NoticeState::Accepted), "{notices:?}");
    assert_eq!(world.store.next_notice().await.unwrap(), None);
}

#[tokio::test]
async fn a_reader_who_has_had_five_messages_gets_the_rest_together_when_ten_minutes_have_passed() {
    let world = world([]).await;
    for (second, one) in (0..).zip(numbered(8)) {
        world.queue(vec![QueuedNotice { at: START.plus_ms(second * 1000), ..one }]).await;
        world.send_at(second).await;
    }
    assert_eq!(world.sms.sent().len(), 5);
    let held = world.store.notices(&[6, 7, 8]).await.unwrap();
    assert!(held.iter().all(|notice| notice.held == Some(HeldBy::Digest)), "{held:?}");
    assert_eq!(held[0].reason.as_deref(), Some("该收件人短时间内已收到5条，其余合并为一条，等到5月6日21:03:20"));
    assert_eq!(world.send_at(599).await, 0);
    assert_eq!(world.send_at(602).await, 3);
    let sent = world.sms.sent();
    assert_eq!(sent.len(), 6);
    assert!(sent[5].forms.short.contains("3件通知待阅"), "{}", sent[5].forms.short);
}

#[tokio::test]
async fn at_a_months_end_a_reader_of_five_hundred_notices_gets_a_handful_of_messages() {
    let world = world([]).await;
    world.queue(numbered(500)).await;
    while world.send_at(0).await > 0 {}
    assert_eq!(world.sms.sent().len(), 5);
    world.send_all().await;
    let sent = world.sms.sent();
    assert_eq!(sent.len(), 6, "what was held goes out as one");
    let rest = 500 - sent[..5].iter().map(|message| message.forms.text.matches(". 黄牌").count()).sum::<usize>();
    assert!(sent[5].forms.short.contains(&format!("{rest}件通知待阅")), "{}", sent[5].forms.short);
    let notices = world.store.notices(&(1..=500).collect::<Vec<_>>()).await.unwrap();
    assert!(notices.iter().all(|notice| notice.state == NoticeState::Accepted));
}

#[tokio::test]
async fn what_was_told_together_once_is_told_together_again_under_the_same_id() {
    let world = world([transient()]).await;
    world.queue(numbered(7)).await;
    world.send_at(0).await;
    world.queue(vec![notice("红牌", "liaison")]).await;
    world.send_all().await;
    let sent = world.sms.sent();
    assert_eq!(sent[0].id, sent.iter().rfind(|message| message.forms.short.contains("7件")).unwrap().id);
    assert_eq!(sent.iter().filter(|message| message.forms.short.contains("红牌")).count(), 1);
}

#[tokio::test]
async fn hours_hold_their_kinds_and_no_others_and_nothing_that_would_be_too_late_by_then() {
    let hours = Hours::Between(ClockTime(8 * 60), ClockTime(20 * 60));
    let kinds = [NoticeKind::YellowCard, NoticeKind::Remind].map(|kind| (kind, hours));
    let world = keeping(world([]).await, Notices { hours: kinds.into(), ..Notices::default() });
    let remind = QueuedNotice {
        kind: NoticeKind::Remind,
        expires_at: Some(START.plus_ms(3_600_000)),
        ..notice("提醒", "liaison")
    };
    let red = QueuedNotice { kind: NoticeKind::RedCard, ..notice("红牌", "liaison") };
    world.queue(vec![notice("黄牌", "liaison"), remind, red]).await;
    assert_eq!(world.send_at(0).await, 3);
    let told: Vec<String> = world.sms.sent().iter().map(|message| message.kind.to_string()).collect();
    assert!(told.len() == 2 && !told.contains(&"yellow-card".to_owned()), "{told:?}");
    let held = world.kept().await;
    assert_eq!((held.state, held.held), (NoticeState::Queued, Some(HeldBy::Hours)));
    assert_eq!(held.reason.as_deref(), Some("按设定的时间发送，等到5月7日08:00:00"));
    assert_eq!(world.store.next_notice().await.unwrap(), Some(Instant::parse("2024-05-07T08:00:00+08:00").unwrap()));
    world.send_all().await;
    assert_eq!(world.sms.sent().len(), 3);
}

#[tokio::test]
async fn a_dead_channel_is_left_alone_while_another_serves_and_then_tried_by_one() {
    let world = keeping(world(vec![transient(); 11]).await, one_by_one());
    world.queue(numbered(10)).await;
    world.send_at(0).await;
    assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (10, 1), "the tenth goes by mail at once");
    world.queue(vec![notice("又一件", "liaison")]).await;
    world.send_at(1).await;
    assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (10, 2), "and so does the next");
    world.send_at(20).await;
    assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (10, 11), "and so do those that wait");
    assert_eq!(world.store.pauses().await.unwrap()[0].channel, "sms");
    world.queue(numbered(20)[11..].to_vec()).await;
    world.send_at(31).await;
    assert_eq!(world.sms.sent().len(), 11, "one tries it: {:?}", world.sms.to());
}

#[tokio::test]
async fn where_the_only_channel_is_dead_everything_waits_for_it_and_says_so() {
    let world = keeping(world([]).await, one_by_one());
    let dead = || Outcome::transient("连不上");
    world.robot.script.lock().unwrap().extend((0..10).map(|_| dead()));
    world.queue((1..=10).map(|number| notice(&format!("告知{number}"), "group")).collect()).await;
    world.send_at(0).await;
    world.queue((11..=12).map(|number| notice(&format!("告知{number}"), "group")).collect()).await;
    world.send_at(1).await;
    let waiting = world.store.notices(&[12]).await.unwrap().remove(0);
    assert_eq!(waiting.state, NoticeState::Queued);
    assert!(waiting.reason.as_deref().is_some_and(|why| why.contains("暂停到5月6日20:53:50")), "{waiting:?}");
    world.send_all().await;
    assert!(world.store.pauses().await.unwrap().is_empty());
    let notices = world.store.notices(&(1..=12).collect::<Vec<_>>()).await.unwrap();
    assert!(notices.iter().all(|notice| notice.state == NoticeState::Accepted), "{notices:?}");
}

#[tokio::test]
async fn a_pause_holds_across_a_restart() {
    let world = keeping(world([]).await, one_by_one());
    world.robot.script.lock().unwrap().extend((0..10).map(|_| transient()));
    world.queue((1..=10).map(|number| notice(&format!("告知{number}"), "group")).collect()).await;
    world.send_at(0).await;
    let again = Outbox { circuits: Arc::default(), ..world.outbox.clone() };
    again.restore_pauses().await;
    world.queue(vec![notice("又一件", "group")]).await;
    again.send_due(START.plus_ms(1000)).await.unwrap();
    assert_eq!(world.robot.sent().len(), 10);
}

#[tokio::test]
async fn a_person_behind_many_places_is_one_reader() {
    let world = world([]).await;
    let mut directory = (*directory(vec![person("张三", "13800000001")]).directory).clone();
    let department = directory.departments.get("甲局").unwrap().clone();
    let places: Vec<String> = (1..=60).map(|number| format!("企业{number}")).collect();
    directory.departments.extend(places.iter().map(|place| (place.as_str().into(), department.clone())));
    world.bearings.send_replace(Arc::new(Bearings::of(Arc::new(directory))));
    let of_place = |place: &String| {
        let target = Target::Recipient { recipient: "liaison".into(), place: Some(place.as_str().into()) };
        QueuedNotice { target, ..notice(place, "liaison") }
    };
    for (second, place) in (0..).zip(&places) {
        world.queue(vec![QueuedNotice { at: START.plus_ms(second * 1000), ..of_place(place) }]).await;
        world.send_at(second).await;
    }
    assert_eq!(world.sms.sent().len(), 5);
    world.send_all().await;
    let sent = world.sms.sent();
    assert_eq!(sent.len(), 6, "{:?}", sent.iter().map(|message| &message.forms.short).collect::<Vec<_>>());
    assert!(sent[5].forms.short.contains("55件通知待阅"), "{}", sent[5].forms.short);
    let notices = world.store.notices(&(1..=60).collect::<Vec<_>>()).await.unwrap();
    assert!(notices.iter().all(|notice| notice.state == NoticeState::Accepted), "{notices:?}");
}

#[tokio::test]
async fn what_is_pressing_is_gathered_for_ten_minutes_at_the_most() {
    for kind in [NoticeKind::RedCard, NoticeKind::Route, NoticeKind::Return, NoticeKind::Revocation] {
        let digest = Some(Digest { after: 1, within_ms: 24 * 3_600_000 });
        let world = keeping(world([]).await, Notices { digest, ..Notices::default() });
        world.queue(vec![notice("黄牌", "liaison")]).await;
        world.send_at(0).await;
        let grave = QueuedNotice { kind, at: START.plus_ms(1000), ..notice("急件", "liaison") };
        world.queue(vec![grave]).await;
        world.send_at(1).await;
        world.queue(vec![QueuedNotice { at: START.plus_ms(2000), ..notice("又一件", "liaison") }]).await;
        world.send_at(2).await;
        assert_eq!(world.sms.sent().len(), 1);
        let held = world.store.notices(&[2, 3]).await.unwrap();
        assert_eq!(held[0].due_at, START.plus_ms(601_000), "{held:?}");
        assert_eq!(held[1].due_at, START.plus_ms(24 * 3_600_000));
        world.send_at(601).await;
        let sent = world.sms.sent();
        assert!(sent.len() == 2 && sent[1].forms.short.contains("2件通知待阅"), "{}", sent[1].forms.short);
    }
}

#[tokio::test]
async fn hours_hold_what_failed_and_is_to_be_tried_again() {
    let hours = Hours::Between(ClockTime(8 * 60), ClockTime(21 * 60));
    let configured = Notices { hours: [(NoticeKind::YellowCard, hours)].into(), ..Notices::default() };
    let world = keeping(world(vec![transient(); 8]).await, configured);
    world.bearings.send_replace(directory(vec![Person { email: None, ..person("张三", "13800000001") }]));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    let closes = Instant::parse("2024-05-06T21:00:00+08:00").unwrap();
    let opens = Instant::parse("2024-05-07T08:00:00+08:00").unwrap();
    while let Some(next) = world.store.next_notice().await.unwrap().filter(|next| *next < opens) {
        let before = world.sms.sent().len();
        world.outbox.send_due(next.max(START)).await.unwrap();
        assert!(next < closes || world.sms.sent().len() == before, "sent at {next:?}");
    }
    assert_eq!(world.kept().await.held, Some(HeldBy::Hours));
    assert!(world.sms.sent().len() > 3);
    world.send_all().await;
    assert_eq!(world.kept().await.state, NoticeState::Accepted);
}
