//! The ledger: whatever is changed, taken out, put in or moved is found, and named.

use super::outbox::{delivery, told};
use super::{NOW, event};
use duban::store::ledger::Kind;
use duban::store::ledger::verify::{Broken, Fault, Held, Verdict};
use duban::store::outbox::{DeliveryOutcome, NoticeState, Settlement};
use duban::store::{Role, Store};
use duban::text::Lang;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;
use std::process::Command;

/// A store with an entry of every kind. Its ledger, by entry: event 1 of o1; decision 1, notice 1; event 2 of o2 and
/// (number 3 was a conflict) event 4 of o1; delivery 1; version 1; journal 1; event 5 of o2.
pub async fn fill(path: &Path) {
    let store = Store::open(path, Role::Daemon).await.unwrap();
    told(&store).await;
    let refused = event("o1", "e1", "signed");
    let taken = vec![event("o2", "e2", "received"), refused, event("o1", "e3", "signed")];
    store.append_events(taken, NOW).await.unwrap();
    let claimed = store.claim_due_notices(NOW, NOW, 1).await.unwrap().remove(0);
    let deliveries = vec![delivery(DeliveryOutcome::Accepted)];
    let rests = Settlement::rests(NoticeState::Accepted);
    store.settle_notice((claimed.notice.id, claimed.token), rests, deliveries, NOW).await.unwrap();
    store.put_version([("policy.yaml".to_owned(), "policy: p".to_owned())].into(), NOW).await.unwrap();
    store.record("exported", "{}", NOW).await.unwrap();
    store.append_events(vec![event("o2", "e4", "signed")], NOW).await.unwrap();
    store.close().await;
}

pub async fn tamper(path: &Path, tampering: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).foreign_keys(false);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    let done = sqlx::query(tampering).execute(&mut conn).await.unwrap();
    assert!(tampering.is_empty() || done.rows_affected() > 0, "nothing was tampered with");
    conn.close().await.unwrap();
}

async fn verdict_after(tampering: &'static str) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.db");
    fill(&path).await;
    tamper(&path, tampering).await;
    Store::open(&path, Role::Reader).await.unwrap().verify_ledger(&[]).await.unwrap()
}

#[track_caller]
fn broken(verdict: Verdict) -> Broken {
    match verdict {
        Verdict::Broken(broken) => broken,
        holds @ Verdict::Holds(_) => panic!("{holds:?}"),
    }
}

/// The fault, the chain, the entry's number, and the row.
async fn check(tampering: &'static str, fault: Fault, chain: &str, entry: u64, row: (Kind, i64)) {
    let found = broken(verdict_after(tampering).await);
    let entry = (entry > 0).then_some(entry);
    assert_eq!((found.fault, &*found.chain, found.entry, found.row), (fault, chain, entry, Some(row)), "{tampering}");
}

#[tokio::test]
async fn an_untouched_ledger_holds() {
    assert_eq!(verdict_after("").await, Verdict::Holds(Held { entries: 9, chains: 3, unsigned: 9, ..Held::default() }));
}

#[tokio::test]
async fn a_changed_row_of_any_kind_is_found_and_named() {
    use Fault::RowChanged;
    let body = "UPDATE events SET body = replace(body, 'o1', 'o3') WHERE seq = 1";
    check(body, RowChanged, "o1", 1, (Kind::Event, 1)).await;
    check("UPDATE events SET recorded_at = recorded_at - 1 WHERE seq = 4", RowChanged, "o1", 5, (Kind::Event, 4)).await;
    check("UPDATE events SET order_nr = 2 WHERE seq = 1", RowChanged, "o1", 1, (Kind::Event, 1)).await;
    check("UPDATE decisions SET at = at + 1", RowChanged, "o1", 2, (Kind::Decision, 1)).await;
    check("UPDATE notices SET forms = '{}'", RowChanged, "o1", 3, (Kind::Notice, 1)).await;
    check("UPDATE deliveries SET outcome = 'unknown'", RowChanged, "o1", 6, (Kind::Delivery, 1)).await;
    check("UPDATE versions SET in_force = 0", RowChanged, "system", 7, (Kind::Version, 1)).await;
    check("UPDATE journal SET what = 'imported'", RowChanged, "system", 8, (Kind::Journal, 1)).await;
}

#[tokio::test]
async fn a_missing_row_or_entry_is_found_and_named() {
    check("DELETE FROM events WHERE seq = 2", Fault::RowMissing, "o2", 4, (Kind::Event, 2)).await;
    check("DELETE FROM decisions", Fault::RowMissing, "o1", 2, (Kind::Decision, 1)).await;
    check("DELETE FROM ledger WHERE entry = 2", Fault::EntryMissing, "o1", 3, (Kind::Notice, 1)).await;
    check("DELETE FROM ledger WHERE entry = 7", Fault::EntryMissing, "system", 8, (Kind::Journal, 1)).await;
}

#[tokio::test]
async fn an_inserted_row_or_entry_is_found_and_named() {
    let between = "INSERT INTO events SELECT 3, source, 'forged', 1, type, at, recorded_at, digest, body, salt, NULL FROM events LIMIT 1";
    check(between, Fault::RowInserted, "o1", 5, (Kind::Event, 3)).await;
    let after = "INSERT INTO events SELECT 9, source, 'forged', 1, type, at, recorded_at, digest, body, salt, NULL FROM events LIMIT 1";
    check(after, Fault::RowInserted, "", 0, (Kind::Event, 9)).await;
    let entry = "INSERT INTO ledger SELECT 10, chain, n, kind, subject, content, hash FROM ledger WHERE entry = 5";
    check(entry, Fault::EntryInserted, "o1", 10, (Kind::Event, 4)).await;
}

#[tokio::test]
async fn altered_and_reordered_entries_are_found_and_named() {
    let content = "UPDATE ledger SET content = zeroblob(32) WHERE entry = 5";
    check(content, Fault::EntryAltered, "o1", 5, (Kind::Event, 4)).await;
    let swapped = "UPDATE ledger SET (kind, subject, content, hash) =
                   (SELECT kind, subject, content, hash FROM ledger AS other WHERE other.entry = 5 - ledger.entry)
                   WHERE entry IN (2, 3)";
    check(swapped, Fault::EntryAltered, "o1", 2, (Kind::Notice, 1)).await;
    let moved = "UPDATE ledger SET n = 5 - n WHERE entry IN (2, 3)";
    check(moved, Fault::EntryMissing, "o1", 2, (Kind::Decision, 1)).await;
}

#[tokio::test]
async fn a_chain_that_was_cut_off_is_found_by_its_head() {
    let found = broken(verdict_after("UPDATE orders SET chain_count = chain_count - 1 WHERE id = 'o2'").await);
    assert_eq!((found.fault, &*found.chain), (Fault::HeadDiffers, "o2"));
    let found = broken(verdict_after("UPDATE state SET system_head = zeroblob(32)").await);
    assert_eq!((found.fault, &*found.chain), (Fault::HeadDiffers, "system"));
    let said = found.text(Lang::En);
    assert!(
        said.starts_with(
            "chain `system`: the chain does not end as its count and head say (expected 0000000000000000, found "
        ),
        "{said}"
    );
}

/// Runs `duban audit verify` beside a store; its exit and what it says.
async fn audit(tampering: &'static str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    fill(&folder.path().join("duban.db")).await;
    tamper(&folder.path().join("duban.db"), tampering).await;
    std::fs::write(folder.path().join("duban.yaml"), "store: sqlite:duban.db\n").unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(["audit", "verify", "--config", "duban.yaml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

#[tokio::test]
async fn audit_verify_says_what_it_found() {
    assert_eq!(audit("").await, (Some(0), "台账完好：3 条链，9 条记录。没有检查点，未经签名。\n".to_owned()));
    let (exit, changed) = audit("UPDATE decisions SET at = at + 1").await;
    assert_eq!(exit, Some(1));
    let said = "链“o1”第2条（台账序号2），内容为 decision 1：所记内容被改动（应为 ";
    assert!(changed.starts_with(said) && changed.ends_with("）。\n"), "{changed}");
}
