//! Notices as people get them, of cases decided by the shipped rules. The directory has a group in it, everything else is
//! the sample's.

use super::*;
use crate::config::channels::{Way, Webhook};
use crate::engine::decide::decide;
use crate::engine::decision::{Decided, DecisionKind, Regime, Standing};
use crate::notify::render;
use crate::order::body::{Body, BodyReader, Checked};
use crate::order::{Event, History};
use crate::policy;
use crate::policy::model::RuleSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

struct World {
    regime: Regime,
    teller: Teller,
}

fn world(change: impl FnOnce(&mut Directory)) -> World {
    static SHIPPED: LazyLock<(Regime, Directory)> = LazyLock::new(shipped);
    let (regime, mut directory) = SHIPPED.clone();
    change(&mut directory);
    let kinds = vec!["card", "return"];
    let hook = |confidential| Webhook {
        url: String::new(),
        secret: None,
        kinds: kinds.clone(),
        confidential,
        headers: Vec::new(),
        way: Way::default(),
    };
    let channels = [("order-system", true), ("open-system", false)].map(|(name, confidential)| Channel {
        name: name.into(),
        kind: ChannelKind::Webhook(hook(confidential)),
        receipts: None,
    });
    let url = Some("https://duban.example.gov.cn/");
    let teller = Teller::new(directory.into(), Templates::built_in().into(), url, &channels);
    World { regime, teller }
}

fn shipped() -> (Regime, Directory) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loaded = policy::load(&root.join("rules"), &root.join("calendars"), &None);
    let rules = loaded.rules.unwrap_or_else(|| panic!("{:?}", loaded.problems));
    (Regime::always(RuleSet { version: "3".into(), ..rules }.into()), loaded.directory)
}

/// One order's events, `AT TYPE [RECORDED_AT] {ATTRIBUTES}` a line, in the order in which they become known.
fn events(world: &World, lines: &str) -> Vec<Event> {
    let reader = BodyReader::new(&world.regime.versions[0].rules.vocabulary);
    let lines = lines.trim().lines().map(str::trim).enumerate();
    lines.map(|(arrival, line)| event(&reader, arrival as u64, line)).collect()
}

fn event(reader: &BodyReader, arrival: u64, line: &str) -> Event {
    let (words, attributes) =
        line.split_once('{').map_or((line, String::new()), |(words, rest)| (words, format!("{{{rest}")));
    let words: Vec<&str> = words.split_whitespace().collect();
    let at = |word: &str| format!("{word}:00+08:00");
    let recorded = words.get(2).map(|recorded| format!(r#","recorded_at":"{}""#, at(recorded))).unwrap_or_default();
    let attributes = if attributes.is_empty() { "{}".into() } else { attributes };
    let json = format!(
        r#"{{"id":"e{arrival}","order":"ZH-2024-000017","type":"{}","at":"{}"{recorded},"attrs":{attributes}}}"#,
        words[1],
        at(words[0])
    );
    let body = Body::parse(json.as_bytes()).unwrap();
    let Checked::Event(checked) = reader.check(&body).unwrap() else { panic!("a figure") };
    checked.as_history(arrival)
}

/// Decides as the daemon would, at each moment of knowledge and each due, and gathers every notice.
fn told(world: &World, lines: &str, until: &str) -> Vec<QueuedNotice> {
    let until = Instant::parse(&format!("{until}:00+08:00")).unwrap();
    let mut all = events(world, lines);
    all.sort_by_key(|event| event.recorded_at);
    let (mut standing, mut notices, mut known, mut next_due) = (Standing::default(), Vec::new(), 0, None);
    loop {
        let recorded = all.get(known).map(|event| event.recorded_at);
        let Some(now) = recorded.into_iter().chain(next_due).min().filter(|now| *now <= until) else { return notices };
        known = all.partition_point(|event| event.recorded_at <= now);
        let history = History::new("ZH-2024-000017".into(), all[..known].to_vec());
        let decided = decide(&history, &world.regime, &standing, now);
        standing.decisions.extend(decided.new.iter().cloned());
        let scene = Scene {
            history: &history,
            state: &decided.state,
            obligations: &decided.obligations,
            decisions: &standing.decisions,
            regime: &world.regime,
            now,
        };
        for decision in &decided.new {
            notices.extend(world.teller.notices_for(decision, scene, "{}"));
        }
        standing.known = all[..known].iter().map(|event| event.arrival).max();
        standing.decided_until = Some(now);
        next_due = decided.next_due;
    }
}

/// An order of which everything becomes known at once.
struct AtOnce {
    history: History,
    decided: Decided,
}

impl AtOnce {
    fn of(world: &World, lines: &str, now: Instant) -> AtOnce {
        let history = History::new("ZH-2024-000017".into(), events(world, lines));
        let decided = decide(&history, &world.regime, &Standing::default(), now);
        AtOnce { history, decided }
    }
}

fn scene<'a>(world: &'a World, history: &'a History, decided: &'a Decided, now: Instant) -> Scene<'a> {
    let Decided { new, obligations, state, .. } = decided;
    Scene { history, state, obligations, decisions: new, regime: &world.regime, now }
}

/// A notice in all its forms.
fn show(notice: &QueuedNotice) -> String {
    let Forms { short, markdown, subject, text, .. } = &notice.forms;
    let length = render::length(short);
    assert!(length <= render::SHORT_MAX, "{length}: {short}");
    assert!(
        links(text).iter().all(|link| notice.forms.links.iter().any(|known| known == link)),
        "each address is a link"
    );
    let mut shown = format!("── {} → {}\n", notice.kind.as_str(), notice.target.name());
    write!(shown, "短信（{length}字）\n{short}\n\n粤政易\n{markdown}\n\n邮件\n主题：{subject}\n{text}").unwrap();
    shown.replace(SALUTATION, "［某某同志：］")
}

fn links(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || "（：".contains(c)).filter(|word| word.starts_with("https://")).collect()
}

#[track_caller]
fn of<'a>(notices: &'a [QueuedNotice], kind: NoticeKind, recipient: &str) -> &'a QueuedNotice {
    let found = notices.iter().find(|notice| notice.kind == kind && notice.target.name() == recipient);
    found.unwrap_or_else(|| {
        let all: Vec<_> = notices.iter().map(|notice| (notice.kind.as_str(), notice.target.name())).collect();
        panic!("no {kind:?} to {recipient} in {all:?}")
    })
}

const SIGNED_FRIDAY: &str = r#"
2024-05-10T16:30 received {"region":"珠海市","subject":"市场主体","category":"咨询","caller":"王小明","caller_phone":"13912345678"}
2024-05-10T16:40 dispatched {"department":"市市场监管局"}
2024-05-10T16:50 signed
"#;

const REDONE: &str = r#"
2024-05-06T09:00 received {"region":"珠海市","subject":"市场主体","category":"投诉"}
2024-05-06T09:05 dispatched {"department":"市市场监管局"}
2024-05-06T09:10 signed
2024-05-06T09:30 contacted
2024-05-07T10:00 completed
2024-05-09T09:50 called_back {"satisfaction":"不满意","method":"人工","reached":true}
2024-05-09T10:00 contacted
2024-05-10T10:00 completed
2024-05-10T15:00 called_back {"satisfaction":"不满意","method":"人工","reached":true}
2024-05-11T10:00 reviewed {"finding":"慢作为","by":"12345热线诉求跟踪小组"}
"#;

#[test]
fn a_dispatch_is_told_to_the_liaison_with_what_it_sets_going() {
    let notices = told(&world(|_| {}), SIGNED_FRIDAY, "2024-05-10T16:50");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::Notify, "liaison")));
}

#[test]
fn a_reminder_says_how_much_is_left() {
    let notices = told(&world(|_| {}), SIGNED_FRIDAY, "2024-05-11T08:30");
    let remind = of(&notices, NoticeKind::Remind, "handler");
    assert_eq!(remind.expires_at, Instant::parse("2024-05-11T08:50:00+08:00"));
    insta::assert_snapshot!(show(remind));
}

#[test]
fn a_yellow_card_tells_the_due_with_the_make_up_day_and_what_comes_next() {
    let notices = told(&world(|_| {}), SIGNED_FRIDAY, "2024-05-11T08:50");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::YellowCard, "liaison")));
}

#[test]
fn a_red_card_goes_to_the_head_with_the_whole_arithmetic() {
    let notices = told(&world(|_| {}), SIGNED_FRIDAY, "2024-05-13T17:30");
    insta::assert_snapshot!("head", show(of(&notices, NoticeKind::RedCard, "department-head")));
    insta::assert_snapshot!("supervisor", show(of(&notices, NoticeKind::RedCard, "hotline-supervisor")));
}

#[test]
fn a_return_says_why_and_by_when_anew() {
    let notices = told(&world(|_| {}), REDONE, "2024-05-09T09:50");
    insta::assert_snapshot!("liaison", show(of(&notices, NoticeKind::Return, "liaison")));
    insta::assert_snapshot!("group", show(of(&notices, NoticeKind::Return, "tracking-group")));
}

#[test]
fn a_referral_to_discipline_inspection_is_full_to_the_person_and_veiled_elsewhere() {
    let notices = told(&world(|_| {}), REDONE, "2024-05-11T10:00");
    let route = of(&notices, NoticeKind::Route, "discipline-inspection");
    assert!(route.confidential);
    assert_eq!(route.forms.short, "【珠海12345】有1件移送事项待查阅。");
    insta::assert_snapshot!(show(route));
}

#[test]
fn a_report_to_the_supervision_office_is_told_in_full() {
    let notices = told(&world(|_| {}), &REDONE.replace("慢作为", "办理不实"), "2024-05-11T10:00");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::Route, "supervision-office")));
}

#[test]
fn a_card_that_late_knowledge_refutes_is_revoked_with_the_reason() {
    let late = format!("{SIGNED_FRIDAY}2024-05-11T08:40 contacted 2024-05-11T09:20");
    let notices = told(&world(|_| {}), &late, "2024-05-11T09:20");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::Revocation, "liaison")));
}

#[test]
fn a_card_that_a_person_lifts_is_told_to_whoever_had_it() {
    let world = world(|_| {});
    let now = Instant::parse("2024-05-11T09:00:00+08:00").unwrap();
    let AtOnce { history, decided } = AtOnce::of(&world, SIGNED_FRIDAY, now);
    let scene = scene(&world, &history, &decided, now);
    let card = decided.new.iter().find(|decision| matches!(decision.kind, DecisionKind::Card(_))).unwrap();
    let lifting = afterwards::lifting(card, now, "系统故障致无法登记");
    let lifted = world.teller.notices_on_lifting(card, &lifting, scene, true, "{}");
    insta::assert_snapshot!(show(of(&lifted, NoticeKind::Revocation, "handler")));
}

#[test]
fn what_was_done_before_the_card_was_made_is_said() {
    let late = r#"
        2024-05-10T16:30 received 2024-05-11T10:00 {"region":"珠海市","subject":"市场主体","category":"咨询"}
        2024-05-10T16:40 dispatched 2024-05-11T10:00 {"department":"市市场监管局"}
        2024-05-11T09:10 completed 2024-05-11T10:00
    "#;
    let notices = told(&world(|_| {}), late, "2024-05-11T10:00");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::YellowCard, "liaison")));
}

/// Everything becomes known at once, days after.
fn told_at_once(world: &World, lines: &str, now: &str) -> Vec<QueuedNotice> {
    let now = Instant::parse(&format!("{now}:00+08:00")).unwrap();
    let AtOnce { history, decided } = AtOnce::of(world, lines, now);
    let scene = scene(world, &history, &decided, now);
    decided.new.iter().flat_map(|decision| world.teller.notices_for(decision, scene, "{}")).collect()
}

#[test]
fn what_became_known_after_a_card_does_not_speak_against_it_in_its_own_notice() {
    let late = format!("{SIGNED_FRIDAY}2024-05-11T08:40 contacted 2024-05-11T09:20");
    let notices = told_at_once(&world(|_| {}), &late, "2024-05-11T09:20");
    let card = show(of(&notices, NoticeKind::YellowCard, "liaison"));
    assert!(card.contains("逾期") && !card.contains("实际"), "{card}");
    assert!(show(of(&notices, NoticeKind::Revocation, "liaison")).contains("登记于09:20"));
}

#[test]
fn a_next_step_that_has_passed_when_it_is_told_is_left_out() {
    let world = world(|_| {});
    let at_the_time = show(of(&told(&world, SIGNED_FRIDAY, "2024-05-11T08:50"), NoticeKind::YellowCard, "liaison"));
    assert!(at_the_time.contains("下一步"), "{at_the_time}");
    let days_after = told_at_once(&world, SIGNED_FRIDAY, "2024-05-14T09:00");
    let days_after = show(of(&days_after, NoticeKind::YellowCard, "liaison"));
    assert!(!days_after.contains("下一步") && !days_after.contains("将亮红牌"), "{days_after}");
}

#[test]
fn what_is_told_in_another_year_is_told_with_its_own() {
    let notices = told_at_once(&world(|_| {}), SIGNED_FRIDAY, "2025-01-02T09:00");
    let card = of(&notices, NoticeKind::RedCard, "department-head");
    for form in [&card.forms.short, &card.forms.markdown, &card.forms.text] {
        assert!(form.contains("2024年5月11日"), "{form}");
    }
}

#[test]
fn a_card_whose_rule_names_nobody_is_told_to_the_liaison_and_so_is_its_revocation() {
    let world = world(|_| {});
    let now = Instant::parse("2024-05-11T09:00:00+08:00").unwrap();
    let AtOnce { history, decided } = AtOnce::of(&world, SIGNED_FRIDAY, now);
    let scene = scene(&world, &history, &decided, now);
    let card = decided.new.iter().find(|decision| matches!(decision.kind, DecisionKind::Card(_))).unwrap();
    let unnamed = Decision { to: Vec::new(), cc: Vec::new(), ..card.clone() };
    let lifting = afterwards::lifting(&unnamed, now, "");
    let kind = DecisionKind::Revoke { revokes: "card", revoked: card.key.clone(), reason: "补登".into() };
    let revocation = Decision { kind, ..unnamed.clone() };
    for notices in [
        world.teller.notices_for(&unnamed, scene, "{}"),
        world.teller.notices_for(&revocation, scene, "{}"),
        world.teller.notices_on_lifting(&unnamed, &lifting, scene, true, "{}"),
    ] {
        let people = notices.iter().filter(|notice| matches!(notice.target, Target::Recipient { .. }));
        assert_eq!(people.map(|notice| notice.target.name()).collect::<Vec<_>>(), ["liaison"]);
    }
}

#[test]
fn a_proposal_that_waits_is_brought_to_mind() {
    let yicheng = r#"
        2024-05-06T09:00 received {"region":"峄城区","category":"求助"}
        2024-05-06T09:05 dispatched {"department":"区市场监管局"}
        2024-05-06T10:00 contacted
        2024-05-06T10:10 arrived
    "#;
    let world = world(|_| {});
    let now = Instant::parse("2024-05-11T17:30:00+08:00").unwrap();
    let AtOnce { history, decided } = AtOnce::of(&world, yicheng, now);
    let scene = scene(&world, &history, &decided, now);
    let proposal = decided.new.iter().find(|decision| decision.approval.is_some()).unwrap();
    let notices = world.teller.notices_on_waiting(proposal, scene, 1, now);
    assert_eq!(notices.len(), 1);
    assert_eq!(&*notices[0].key, format!("{}:waiting-1:hotline-supervisor", proposal.key));
    insta::assert_snapshot!(show(&notices[0]));
}

#[test]
fn working_days_are_told_with_those_left_out() {
    let signed = SIGNED_FRIDAY.replace("咨询", "投诉") + "2024-05-10T17:00 contacted";
    let notices = told(&world(|_| {}), &signed, "2024-05-15T17:30");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::YellowCard, "handler")));
}

#[test]
fn what_the_hotline_itself_has_not_done_is_asked_of_it() {
    let received = r#"2024-05-10T16:30 received {"region":"珠海市","subject":"市场主体","category":"咨询"}"#;
    let notices = told(&world(|_| {}), received, "2024-05-11T12:00");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::Notify, "hotline-duty")));
}

#[test]
fn a_proposal_goes_to_whoever_approves_and_on_approval_to_its_own() {
    let yicheng = r#"
        2024-05-06T09:00 received {"region":"峄城区","category":"求助"}
        2024-05-06T09:05 dispatched {"department":"区市场监管局"}
        2024-05-06T10:00 contacted
        2024-05-06T10:10 arrived
    "#;
    let notices = told(&world(|_| {}), yicheng, "2024-05-11T23:00");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::Proposal, "hotline-supervisor")));
    assert!(notices.iter().all(|notice| notice.target.name() != "discipline-channel"));
}

#[test]
fn a_flag_asks_for_a_look() {
    let passed = r#"
        2024-05-06T09:00 received {"region":"珠海市","subject":"市场主体","category":"投诉"}
        2024-05-06T09:05 dispatched {"department":"市市场监管局"}
        2024-05-06T09:10 transferred {"department":"市税务局"}
        2024-05-06T09:15 transferred {"department":"市人社局"}
        2024-05-06T09:20 transferred {"department":"市住建局"}
    "#;
    let notices = told(&world(|_| {}), passed, "2024-05-06T09:20");
    insta::assert_snapshot!(show(of(&notices, NoticeKind::Flag, "hotline-supervisor")));
}

#[test]
fn the_daemons_health_is_told_to_its_operators_if_there_are_any() {
    let quiet = world(|directory| drop(directory.recipients.remove(OPERATORS)));
    let calendar = quiet.regime.versions[0].rules.policies[0].calendar.clone();
    let at = Instant::parse("2024-05-10T16:50:00+08:00").unwrap();
    let tell = |world: &World| {
        let text = "规则文件有 2 处错误，继续按原来的规则运行";
        world.teller.health("reload-7", "规则重载失败", text, "运行 duban check 查看并改正", at, &calendar)
    };
    assert_eq!(tell(&quiet), None);
    insta::assert_snapshot!(show(&tell(&world(|_| {})).unwrap()));
}

#[test]
fn other_systems_get_the_kinds_that_they_take() {
    let notices = told(&world(|_| {}), REDONE, "2024-05-11T10:00");
    let pushed = notices.iter().filter(|notice| notice.target == Target::Channel("order-system".into()));
    let kinds: Vec<_> = pushed.map(|notice| (notice.kind, notice.forms.json.as_str())).collect();
    assert_eq!(kinds, [(NoticeKind::Return, "{}"), (NoticeKind::Return, "{}"), (NoticeKind::YellowCard, "{}")]);
}

#[test]
fn no_notice_names_the_caller() {
    let notices = told(&world(|_| {}), SIGNED_FRIDAY, "2024-05-20T17:30");
    assert!(notices.len() > 5);
    for notice in &notices {
        let said = format!("{:?}", notice.forms);
        assert!(!said.contains("王小明") && !said.contains("13912345678"), "{said}");
    }
}

#[test]
fn a_confidential_order_is_veiled_to_groups_and_in_sms() {
    let confidential = SIGNED_FRIDAY.replace(r#""category""#, r#""confidential":true,"category""#);
    let notices = told(&world(|_| {}), &confidential, "2024-05-11T08:50");
    let card = of(&notices, NoticeKind::YellowCard, "liaison");
    assert!(card.confidential);
    assert_eq!(card.forms.short, "【珠海12345】有1件督办事项待查阅。");
    assert!(card.forms.markdown.contains("市市场监管局"), "the person gets it in full");
    let pushed =
        |notices: &[QueuedNotice], to: &str| notices.iter().filter(|notice| notice.target.name() == to).count();
    assert_eq!((pushed(&notices, "order-system"), pushed(&notices, "open-system")), (1, 0));
    let open = told(&world(|_| {}), SIGNED_FRIDAY, "2024-05-11T08:50");
    assert_eq!((pushed(&open, "order-system"), pushed(&open, "open-system")), (1, 1));
}

#[test]
fn a_copied_recipient_without_people_gets_nothing_and_one_with_people_does() {
    let with_enterprise =
        SIGNED_FRIDAY.replace(r#""category""#, r#""enterprise":"示例电子（珠海）有限公司","category""#);
    let notices = told(&world(|_| {}), &with_enterprise, "2024-05-11T08:50");
    of(&notices, NoticeKind::YellowCard, "linked-leader");
    let notices = told(&world(|_| {}), SIGNED_FRIDAY, "2024-05-11T08:50");
    assert!(notices.iter().all(|notice| notice.target.name() != "linked-leader"));
}
