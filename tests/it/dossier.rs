//! `duban explain ORDER --html FILE`: the page that a department or a court reads.

use crate::daemon::harness::{As, Site, event, from_now, wait_for};
use crate::program::{Run, duban};
use serde_json::json;

/// Signed on a Friday at 16:50 before a Saturday that is worked, and the caller never contacted.
const SIGNED_FRIDAY: &str = r#"{"id":"e-0001","order":"ZH-2024-000017","type":"received","at":"2024-05-10T16:30:00+08:00","attrs":{"region":"珠海市","subject":"市场主体","category":"咨询","caller":"王小明","caller_phone":"13912345678"}}
{"id":"e-0002","order":"ZH-2024-000017","type":"dispatched","at":"2024-05-10T16:40:00+08:00","attrs":{"department":"市市场监管局"}}
{"id":"e-0003","order":"ZH-2024-000017","type":"signed","at":"2024-05-10T16:50:00+08:00"}
"#;
/// The contact was made in time, and registered after the yellow card.
const CONTACT_REGISTERED_LATE: &str = r#"{"id":"e-0004","order":"ZH-2024-000017","type":"contacted","at":"2024-05-11T08:40:00+08:00","recorded_at":"2024-05-11T09:20:00+08:00"}
"#;

fn page(events: &str, until: &str) -> Run {
    duban(&["explain", "ZH-2024-000017", "--events", "-", "--until", until, "--html", "-"], events)
}

/// The version is a hash of the files: it changes with every edit of the packs.
fn without_version(page: &str) -> String {
    let mut parts = page.split("版本");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let hash = part.trim_start().chars().take_while(char::is_ascii_hexdigit).collect::<String>();
        let shown = if hash.len() == 12 { part.replacen(&hash, "…", 1) } else { part.to_owned() };
        told.push_str("版本");
        told.push_str(&shown);
    }
    told
}

#[test]
fn the_contested_card_is_laid_out_on_one_page() {
    let run = page(SIGNED_FRIDAY, "2024-05-14T09:00:00+08:00");
    assert_eq!((run.exit, run.errors.as_str()), (0, ""));
    insta::assert_snapshot!(without_version(&run.output));
}

#[test]
fn the_page_stands_alone_and_names_no_caller() {
    let page = page(SIGNED_FRIDAY, "2024-05-14T09:00:00+08:00").output;
    for foreign in ["<script", "http://", "https://", "<link", "<img", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(!page.contains("王小明") && !page.contains("13912345678"));
}

#[test]
fn what_came_from_outside_stays_text() {
    let events = SIGNED_FRIDAY.replace("市市场监管局", "<script>alert(1)</script>");
    let page = page(&events, "2024-05-14T09:00:00+08:00").output;
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"));
}

#[test]
fn a_card_that_was_revoked_is_shown_with_why() {
    let events = format!("{SIGNED_FRIDAY}{CONTACT_REGISTERED_LATE}");
    let page = page(&events, "2024-05-11T09:20:00+08:00").output;
    for part in [
        "已撤销",
        "撤销黄牌",
        "联系诉求人发生于5月11日（周六，劳动节调休上班）08:40，登记于09:20",
        "2024年5月11日（周六，劳动节调休上班）09:20登记",
    ] {
        assert!(page.contains(part), "{part}:\n{page}");
    }
}

#[test]
fn a_page_that_cannot_be_written_is_said() {
    let run =
        duban(&["explain", "ZH-2024-000017", "--events", "-", "--html", "no/such/folder/page.html"], SIGNED_FRIDAY);
    assert_eq!(run.exit, 2);
    assert!(run.errors.contains("no/such/folder/page.html"), "{}", run.errors);
}

#[test]
fn from_the_store_it_tells_who_was_told_and_who_lifted_it() {
    let site = Site::new();
    let daemon = site.start();
    let mut received = event("e1", "O1", "received", &from_now(300 - 5 * 60_000));
    received["attrs"] = json!({ "department": "甲局", "caller": "张三" });
    assert_eq!(daemon.send(&received).status, 200);
    let card = wait_for(|| daemon.feed("", 0).0.into_iter().find(|made| made["kind"] == "card"));
    let key = card["key"].as_str().unwrap().to_owned();
    let answer = daemon.post(
        As::Desk,
        &format!("/api/v1/decisions/{key}/withdraw"),
        &json!({ "by": "李主任", "note": "系统故障" }),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    let page = wait_for(|| {
        let run = site.output(&["explain", "O1", "--html", "page.html"]);
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let page = site.read("page.html");
        let is_told = page.matches("渠道已接收").count() >= 3;
        is_told.then_some(page)
    });
    for part in ["黄牌通知", "撤销通知", "专职联络员（甲局）", "控制台", "已人工撤销", "李主任：系统故障", "第1版"]
    {
        assert!(page.contains(part), "{part}:\n{page}");
    }
    assert!(!page.contains("张三"));
    let told = String::from_utf8(site.output(&["explain", "O1"]).stdout).unwrap();
    assert!(told.contains("人工撤销：李主任，系统故障"), "{told}");
}
