//! Checkpoints: what a chain by itself does not show, a signature over all of them does.

use super::ledger::{fill, tamper};
use super::{NOW, event};
use duban::store::ledger::bundle;
use duban::store::ledger::checkpoint::CheckpointError;
use duban::store::ledger::keys::{PublicKey, SigningKey};
use duban::store::ledger::tree::Torn;
use duban::store::ledger::verify::{Broken, Fault, Verdict};
use duban::store::{Role, Store};
use duban::text::Lang;
use std::path::{Path, PathBuf};

struct Signed {
    folder: tempfile::TempDir,
    key: SigningKey,
}

impl Signed {
    /// The store of `fill`, signed once, with more events after it, signed again: event 1 of o3, event 6 of o1.
    async fn new() -> Signed {
        let folder = tempfile::tempdir().unwrap();
        let signed = Signed { key: SigningKey::parse(&SigningKey::generate()).unwrap(), folder };
        fill(&signed.path()).await;
        signed.checkpoint().await.unwrap();
        let store = Store::open(&signed.path(), Role::Tool).await.unwrap();
        let events = vec![event("o3", "e5", "received"), event("o1", "e6", "completed")];
        store.append_events(events, NOW).await.unwrap();
        store.close().await;
        signed.checkpoint().await.unwrap();
        signed
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("duban.db")
    }

    /// Signs; the number, if there was something to sign.
    async fn checkpoint(&self) -> Result<Option<u64>, CheckpointError> {
        let store = Store::open(&self.path(), Role::Tool).await.unwrap();
        let made = store.make_checkpoint(&self.key, chrono_tz::Asia::Shanghai, NOW).await;
        store.close().await;
        Ok(made?.map(|made| made.said.number))
    }

    async fn verdict(&self, keys: &[PublicKey]) -> Verdict {
        Store::open(&self.path(), Role::Reader).await.unwrap().verify_ledger(keys).await.unwrap()
    }

    #[track_caller]
    fn broken(verdict: Verdict) -> Broken {
        match verdict {
            Verdict::Broken(broken) => broken,
            holds @ Verdict::Holds(_) => panic!("{holds:?}"),
        }
    }

    async fn broken_after(tampering: &[&'static str]) -> Broken {
        let signed = Signed::new().await;
        for one in tampering {
            tamper(&signed.path(), one).await;
        }
        Signed::broken(signed.verdict(&[signed.key.public()]).await)
    }
}

async fn store_file(path: &Path) -> Store {
    Store::open(path, Role::Reader).await.unwrap()
}

#[tokio::test]
async fn what_is_signed_holds_and_nothing_is_signed_twice() {
    let signed = Signed::new().await;
    assert_eq!(signed.checkpoint().await.unwrap(), None, "nothing has changed");
    let Verdict::Holds(held) = signed.verdict(&[signed.key.public()]).await else { panic!() };
    assert_eq!((held.entries, held.chains, held.checkpoints, held.unsigned), (11, 4, 2, 0));
    assert!(held.is_signature_checked);
    let Verdict::Holds(held) = signed.verdict(&[]).await else { panic!() };
    assert!(!held.is_signature_checked);
    let store = Store::open(&signed.path(), Role::Tool).await.unwrap();
    store.append_events(vec![event("o3", "e7", "signed")], NOW).await.unwrap();
    store.close().await;
    let Verdict::Holds(held) = signed.verdict(&[]).await else { panic!() };
    assert_eq!((held.entries, held.unsigned), (12, 1));
}

/// Takes an order's last entry with its row, and mends everything that the chains themselves would show.
const CUT: [&str; 4] = [
    "DELETE FROM events WHERE seq = 7",
    "DELETE FROM ledger WHERE entry = 11",
    "UPDATE orders SET chain_count = chain_count - 1,
                       chain_head = (SELECT hash FROM ledger WHERE chain = 1 ORDER BY n DESC LIMIT 1)
     WHERE id = 'o1'",
    "UPDATE orders SET last_seq = 4 WHERE id = 'o1'",
];

#[tokio::test]
async fn a_chain_cut_with_all_traces_is_found_by_a_checkpoint_and_named() {
    let found = Signed::broken_after(&CUT).await;
    assert_eq!((found.fault, &*found.chain, found.place, found.checkpoint), (Fault::SignedCut, "o1", Some(6), Some(2)));
    insta::assert_snapshot!(found.text(Lang::Zh), @"链“o1”第6条：检查点签过的记录被截去（检查点2 签了 6 条，现只有 5 条）。");
    // Without the tree's rows the chain cannot be named, but that something is gone is still found.
    let found = Signed::broken_after(&[&CUT[..], &["DELETE FROM tree"]].concat()).await;
    assert_eq!((found.fault, found.checkpoint), (Fault::CheckpointDiffers, Some(2)));
}

#[tokio::test]
async fn a_whole_order_taken_out_of_the_middle_is_found() {
    // o3 with all its rows, entries renumbered so that no gap shows.
    let taken = [
        "DELETE FROM ledger WHERE entry = 10",
        "UPDATE ledger SET entry = 10 WHERE entry = 11",
        "DELETE FROM events WHERE seq = 6",
        "DELETE FROM orders WHERE id = 'o3'",
    ];
    let found = Signed::broken_after(&taken).await;
    assert_eq!((found.fault, found.checkpoint), (Fault::SignedCut, Some(2)));
}

#[tokio::test]
async fn a_chain_written_anew_is_found_by_a_checkpoint_and_named() {
    let signed = Signed::new().await;
    rewrite(&signed.path()).await;
    let found = Signed::broken(signed.verdict(&[signed.key.public()]).await);
    assert_eq!((found.fault, &*found.chain, found.place), (Fault::SignedDiffers, "o3", Some(1)));
    assert_eq!(found.checkpoint, Some(2));
}

/// Changes o3's event, and computes its chain anew as the program does.
async fn rewrite(path: &Path) {
    use sha2::{Digest, Sha256};
    let hash =
        |parts: &[&[u8]]| -> Vec<u8> { parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize().to_vec() };
    let body = r#"{"id":"e5","order":"o3","type":"withdrawn"}"#;
    let text = |text: &str| [&(text.len() as u64).to_be_bytes()[..], text.as_bytes()].concat();
    let content = [
        b"event\0".to_vec(),
        6_i64.to_be_bytes().to_vec(),
        text("hotline"),
        text("e5"),
        [vec![1], text("o3")].concat(),
        text("received"),
        NOW.0.to_be_bytes().to_vec(),
        NOW.0.to_be_bytes().to_vec(),
        hash(&[body.as_bytes()]),
    ];
    let content = hash(&content.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let head = hash(&[&hash(&[b"duban ledger\0order o3"]), &content]);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut conn = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    let done = [
        sqlx::query("UPDATE events SET body = $1, salt = NULL WHERE seq = 6").bind(body),
        sqlx::query("UPDATE ledger SET content = $1, hash = $2 WHERE entry = 10").bind(content).bind(head.clone()),
        sqlx::query("UPDATE orders SET chain_head = $1 WHERE id = 'o3'").bind(head),
    ];
    for query in done {
        assert_eq!(query.execute(&mut conn).await.unwrap().rows_affected(), 1);
    }
    sqlx::Connection::close(conn).await.unwrap();
}

/// The limit that is stated: before a checkpoint has signed it, what is written anew with all traces is not found.
#[tokio::test]
async fn what_is_written_anew_before_it_is_signed_is_not_found() {
    let signed = Signed::new().await;
    tamper(&signed.path(), "DELETE FROM checkpoints WHERE number = 2").await;
    tamper(&signed.path(), "DELETE FROM tree").await;
    rewrite(&signed.path()).await;
    assert!(matches!(signed.verdict(&[signed.key.public()]).await, Verdict::Holds(_)));
}

#[tokio::test]
async fn forged_altered_and_missing_checkpoints_are_found_and_named() {
    let forged = Signed::broken_after(&["UPDATE checkpoints SET signature = zeroblob(64) WHERE number = 2"]).await;
    assert_eq!((forged.fault, forged.checkpoint), (Fault::CheckpointForged, Some(2)));
    let missing = Signed::broken_after(&["DELETE FROM checkpoints WHERE number = 1"]).await;
    assert_eq!((missing.fault, missing.checkpoint), (Fault::CheckpointMissing, Some(1)));
    let moved = Signed::broken_after(&["UPDATE checkpoints SET entries = 8 WHERE number = 1"]).await;
    assert_eq!((moved.fault, moved.checkpoint), (Fault::CheckpointAltered, Some(1)));
    let said = "UPDATE checkpoints SET text = replace(text, 'entries 9', 'entries 8'), entries = 8 WHERE number = 1";
    let said = Signed::broken_after(&[said]).await;
    assert_eq!((said.fault, said.checkpoint), (Fault::CheckpointForged, Some(1)));
    let tree = Signed::broken_after(&["UPDATE tree SET body = zeroblob(640) WHERE level = 0"]).await;
    assert_eq!((tree.fault, tree.checkpoint), (Fault::TreeAltered, Some(2)));
    let signed = Signed::new().await;
    let other = SigningKey::parse(&SigningKey::generate()).unwrap().public();
    let found = Signed::broken(signed.verdict(&[other]).await);
    assert_eq!((found.fault, found.checkpoint), (Fault::CheckpointForged, Some(1)));
    assert!(found.text(Lang::En).contains("none of those given"), "{}", found.text(Lang::En));
}

#[tokio::test]
async fn nothing_is_signed_once_the_ledger_is_not_what_was_signed() {
    let signed = Signed::new().await;
    for one in CUT {
        tamper(&signed.path(), one).await;
    }
    let store = Store::open(&signed.path(), Role::Tool).await.unwrap();
    let refused = store.make_checkpoint(&signed.key, chrono_tz::Asia::Shanghai, NOW).await.unwrap_err();
    assert!(matches!(refused, CheckpointError::Torn(Torn::Shorter { last: 10, known: 11 })), "{refused:?}");
    // New entries hide the ledger's length, but not that they do not follow.
    store.append_events(vec![event("o2", "e8", "completed"), event("o1", "e9", "completed")], NOW).await.unwrap();
    let refused = store.make_checkpoint(&signed.key, chrono_tz::Asia::Shanghai, NOW).await.unwrap_err();
    let torn = Torn::Broken { chain: "o1".into(), entry: 12, count: 6 };
    assert!(matches!(&refused, CheckpointError::Torn(found) if *found == torn), "{refused:?}");
    store.close().await;
}

#[tokio::test]
async fn one_order_is_checked_by_itself_and_against_what_was_signed() {
    let signed = Signed::new().await;
    let keys = [signed.key.public()];
    let store = store_file(&signed.path()).await;
    let Some(Verdict::Holds(held)) = store.verify_order("o1", &keys).await.unwrap() else { panic!() };
    assert_eq!((held.entries, held.checkpoints, held.unsigned), (6, 1, 0));
    assert_eq!(store.verify_order("o9", &keys).await.unwrap(), None);
    for (tampering, fault) in [
        (&CUT[..], Fault::SignedCut),
        (&["UPDATE decisions SET at = at + 1"], Fault::RowChanged),
        (&["DELETE FROM deliveries"], Fault::RowMissing),
        (
            &[
                "INSERT INTO events SELECT 99, source, 'f', 1, type, at, recorded_at, digest, body, salt, NULL FROM events LIMIT 1",
            ],
            Fault::RowInserted,
        ),
        (&["UPDATE checkpoints SET signature = zeroblob(64)"], Fault::CheckpointForged),
        (&["UPDATE tree SET body = zeroblob(640) WHERE level = 0"], Fault::TreeAltered),
        (&["DELETE FROM tree WHERE level = 0"], Fault::TreeAltered),
    ] {
        let signed = Signed::new().await;
        for one in tampering {
            tamper(&signed.path(), one).await;
        }
        let store = store_file(&signed.path()).await;
        let found = store.verify_order("o1", &[signed.key.public()]).await.unwrap().unwrap();
        assert_eq!(Signed::broken(found).fault, fault, "{tampering:?}");
    }
}

async fn export(signed: &Signed, order: Option<&str>, withheld: bool) -> String {
    let mut bundle = Vec::new();
    let store = store_file(&signed.path()).await;
    store.export(order, &move |_, _| withheld, &mut bundle).await.unwrap().unwrap();
    String::from_utf8(bundle).unwrap()
}

#[tokio::test]
async fn a_bundle_is_checked_without_the_store() {
    let signed = Signed::new().await;
    let keys = [signed.key.public()];
    for withheld in [false, true] {
        let one = export(&signed, Some("o1"), withheld).await;
        let Verdict::Holds(held) = bundle::verify(one.as_bytes(), &keys).unwrap() else { panic!("{one}") };
        assert_eq!((held.entries, held.chains, held.checkpoints, held.unsigned), (6, 1, 1, 0));
        assert_eq!(held.withheld, if withheld { 3 } else { 0 }, "the events");
        assert_eq!(one.contains("completed\\\"}"), !withheld, "{one}");
        let all = export(&signed, None, withheld).await;
        let Verdict::Holds(held) = bundle::verify(all.as_bytes(), &keys).unwrap() else { panic!("{all}") };
        assert_eq!((held.entries, held.chains, held.checkpoints, held.unsigned), (11, 4, 2, 0));
    }
}

#[tokio::test]
async fn a_bundle_that_was_tampered_with_is_found() {
    let signed = Signed::new().await;
    let keys = [signed.key.public()];
    let one = export(&signed, Some("o1"), false).await;
    let fault = |text: String| match bundle::verify(text.as_bytes(), &keys) {
        Ok(verdict) => Some(Signed::broken(verdict).fault),
        Err(_) => None,
    };
    let lines: Vec<&str> = one.lines().collect();
    let without = |gone: usize| {
        let kept = lines.iter().enumerate().filter(|(place, _)| *place != gone).map(|(_, line)| *line);
        kept.collect::<Vec<_>>().join("\n")
    };
    let replaced = |from: &str, to: &str| {
        assert!(one.contains(from), "{from}");
        one.replacen(from, to, 1)
    };
    assert_eq!(fault(replaced("\"outcome\":\"accepted\"", "\"outcome\":\"unknown\"")), Some(Fault::RowChanged));
    assert_eq!(fault(without(3)), Some(Fault::EntryMissing));
    assert_eq!(fault(without(7)), Some(Fault::SignedCut));
    assert_eq!(fault(without(1)), Some(Fault::CheckpointMissing), "without a proof nothing is signed");
    assert_eq!(fault(replaced("\"n\":2", "\"n\":3")), Some(Fault::EntryMissing));
    let mut swapped = lines.clone();
    swapped.swap(3, 4);
    assert_eq!(fault(swapped.join("\n")), Some(Fault::EntryMissing));
    let doubled = [&lines[..4], &lines[3..]].concat();
    assert_eq!(fault(doubled.join("\n")), Some(Fault::EntryInserted));
    assert_eq!(fault(replaced("number 2", "number 3")), Some(Fault::CheckpointForged));
    assert_eq!(fault(replaced("\"count\":6", "\"count\":5")), Some(Fault::CheckpointDiffers));
    assert_eq!(fault(without(8)), None, "its end is missing: it cannot be read");
    assert_eq!(fault("{}".into()), None);
    // With its body taken out, an event is not what was exported.
    let body = replaced("\"body\":\"{\\\"id\\\":\\\"e1", "\"bodi\":\"{\\\"id\\\":\\\"e1");
    assert_eq!(fault(body), Some(Fault::RowChanged));
    // The whole ledger without one of its checkpoints.
    let all = export(&signed, None, false).await;
    let without: Vec<&str> = all.lines().filter(|line| !line.contains("number 1\\n")).collect();
    assert_eq!(fault(without.join("\n")), Some(Fault::CheckpointMissing));
}

/// A tree that grows in slices has the root that a tree built at once has, and proves every chain.
#[tokio::test]
async fn many_chains_are_signed_as_they_change() {
    let signed =
        Signed { key: SigningKey::parse(&SigningKey::generate()).unwrap(), folder: tempfile::tempdir().unwrap() };
    let store = Store::open(&signed.path(), Role::Daemon).await.unwrap();
    for round in 0..3 {
        let events = (0..700 - round * 200).map(|n| event(&format!("o{n}"), &format!("{round}-{n}"), "received"));
        store.append_events(events.collect(), NOW).await.unwrap();
        assert!(store.make_checkpoint(&signed.key, chrono_tz::Asia::Shanghai, NOW).await.unwrap().is_some());
    }
    store.close().await;
    let keys = [signed.key.public()];
    let Verdict::Holds(held) = signed.verdict(&keys).await else { panic!() };
    assert_eq!((held.entries, held.checkpoints, held.unsigned), (700 + 500 + 300, 3, 0));
    for order in ["o0", "o15", "o16", "o255", "o256", "o699"] {
        let one = export(&signed, Some(order), false).await;
        assert!(matches!(bundle::verify(one.as_bytes(), &keys).unwrap(), Verdict::Holds(_)), "{order}");
    }
}
