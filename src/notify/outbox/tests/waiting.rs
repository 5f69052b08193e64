//! Limits of one address, pauses that are asked for, and what is said of who waits.

use super::*;

const MINUTE: i64 = 60;

fn limited(minutes: u64) -> Outcome {
    Outcome::Limited {
        reason: "同一号码1小时内的条数已满".into(), retry_after: Duration::from_mins(minutes)
    }
}

fn asked(minutes: u64) -> Outcome {
    Outcome::Transient { reason: "HTTP 429".into(), retry_after: Some(Duration::from_mins(minutes)) }
}

fn two_liaisons() -> Arc<Bearings> {
    directory(vec![person("张三", "13800000001"), person("李四", "13800000002")])
}

impl World {
    /// Everything is done that is due until this second.
    async fn through(&self, second: i64) {
        let end = START.plus_ms(second * 1000);
        while let Some(next) = self.store.next_notice().await.unwrap().filter(|next| *next <= end) {
            self.outbox.send_due(next.max(START)).await.unwrap();
        }
    }

    async fn reason(&self, id: i64) -> String {
        self.store.notices(&[id]).await.unwrap().remove(0).reason.unwrap_or_default()
    }
}

#[tokio::test]
async fn one_numbers_limit_stops_nobody_else_and_is_kept_for_that_number() {
    let world = world([limited(60)]).await;
    world.bearings.send_replace(two_liaisons());
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_at(0).await;
    assert_eq!(world.sms.to(), ["13800000001", "13800000002"]);
    assert!(world.store.pauses().await.unwrap().is_empty(), "the channel works");
    world.queue(vec![notice("又一件", "liaison")]).await;
    world.send_at(1).await;
    assert_eq!(world.sms.to(), ["13800000001", "13800000002", "13800000002"]);
    assert_eq!(world.reason(2).await, "张三：网关要求5月6日21:53:20以后再发：这个号码或账号的条数已满");
    world.through(30 * MINUTE + 10).await;
    let mails = world.mail.to();
    assert_eq!(mails, ["13800000001@example.gov.cn"; 2], "after the kind's time the next way is taken");
    assert_eq!(world.sms.sent().len(), 3);
}

#[tokio::test]
async fn a_pause_of_hours_is_not_waited_for_where_there_is_another_way() {
    for pause in [limited(120), asked(120)] {
        let world = world([pause]).await;
        world.queue(vec![notice("黄牌", "liaison")]).await;
        world.send_at(0).await;
        assert_eq!((world.sms.sent().len(), world.mail.sent().len()), (1, 1));
    }
}

#[tokio::test]
async fn retry_after_is_honoured_as_said_for_all_and_the_reason_says_so() {
    let world = world([asked(10)]).await;
    world.bearings.send_replace(two_liaisons());
    world.queue(vec![QueuedNotice { kind: NoticeKind::Remind, ..notice("提醒", "liaison") }]).await;
    world.send_at(0).await;
    assert_eq!(world.sms.sent().len(), 1, "李四 is not tried");
    let said = world.reason(1).await;
    assert!(said.contains("张三：网关要求5月6日21:03:2") && said.contains("以后再发：HTTP 429"), "{said}");
    assert!(said.contains("李四：网关要求5月6日21:03:20以后再发：HTTP 429"), "{said}");
    world.through(599).await;
    assert_eq!(world.sms.sent().len(), 1);
    world.through(11 * MINUTE + 60).await;
    assert!(world.sms.to().contains(&"13800000002".to_owned()), "{:?}", world.sms.to());
}

#[tokio::test]
async fn once_a_pause_is_over_one_tries_and_the_others_follow_within_seconds() {
    let world = world([asked(1)]).await;
    let outbox = world.outbox.clone().seeing_through(Notices { digest: None, ..Notices::default() });
    world.queue(vec![notice("黄牌", "liaison")]).await;
    outbox.send_due(START).await.unwrap();
    world.queue((1..=4).map(|number| notice(&format!("黄牌{number}"), "liaison")).collect()).await;
    outbox.send_due(START.plus_ms(1_000)).await.unwrap();
    assert_eq!(world.sms.sent().len(), 1, "the pause holds for all");
    for second in [60, 62, 67] {
        outbox.send_due(START.plus_ms(second * 1_000)).await.unwrap();
    }
    assert_eq!(world.sms.sent().len(), 6);
}

#[tokio::test]
async fn who_waits_for_a_pause_for_longer_than_the_kind_may_is_called_though_nothing_is_sent() {
    let world = world([asked(120)]).await;
    world.bearings.send_replace(directory(vec![Person { email: None, ..person("张三", "13800000001") }]));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.through(30 * MINUTE).await;
    assert_eq!(world.sms.sent().len(), 1);
    let kept = world.kept().await;
    assert_eq!(kept.calls.len(), 1, "{kept:?}");
    world.through(121 * MINUTE).await;
    assert_eq!(world.kept().await.state, NoticeState::Accepted);
}

#[tokio::test]
async fn a_mail_without_an_answer_goes_out_once_more_at_the_most_and_then_somebody_calls() {
    let world = world([Outcome::permanent("no such number")]).await;
    world.mail.script.lock().unwrap().extend((0..5).map(|_| Outcome::unknown("cut after DATA")));
    world.queue(vec![notice("黄牌", "liaison")]).await;
    world.send_at(0).await;
    assert_eq!(world.reason(1).await, "张三：已发出，没有答复，可能已送达：cut after DATA");
    world.send_all().await;
    assert_eq!(world.mail.sent().len(), 2);
    let kept = world.kept().await;
    assert_eq!((kept.state, kept.calls.len()), (NoticeState::Unknown, 1), "{kept:?}");
}

#[tokio::test]
async fn what_waits_for_a_dead_channel_says_so_and_that_it_may_have_arrived() {
    let world = world([]).await;
    world.robot.script.lock().unwrap().extend((0..10).map(|_| Outcome::unknown("没有答复")));
    let twice = |number: i32| QueuedNotice { kind: NoticeKind::RedCard, ..notice(&format!("告知{number}"), "group") };
    world.queue((1..=10).map(twice).collect()).await;
    let outbox = world.outbox.clone().seeing_through(Notices { digest: None, ..Notices::default() });
    outbox.send_due(START).await.unwrap();
    outbox.send_due(START.plus_ms(8_000)).await.unwrap();
    let said = world.reason(1).await;
    assert_eq!(said, "已发出，没有答复，可能已送达；渠道连续失败，暂停到5月6日20:53:50再试：没有答复");
}
