//! A process that is killed while it writes leaves nothing half-done, and nothing that it had answered for is lost.

use super::outbox::notice;
use super::{NOW, card, decided, event, holds, saved};
use duban::store::decided::SavedOrder;
use duban::store::{Role, Store};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const FOLDER: &str = "DUBAN_TEST_CRASH";
/// Events of one request: stored together or not at all.
const TOGETHER: usize = 7;

/// Not a test of its own: the process that is killed. It says what was answered, request by request.
#[tokio::test]
#[ignore = "run by `a_killed_writer_leaves_nothing_half_done`"]
async fn a_writer_to_be_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Store::open(&Path::new(&folder).join("duban.db"), Role::Daemon).await.unwrap();
    let first = store.counts(NOW).await.unwrap().orders;
    for n in first.. {
        let order = format!("o{n}");
        let events = (0..TOGETHER).map(|e| event(&order, &format!("e{n}-{e}"), "received")).collect();
        store.append_events(events, NOW).await.unwrap();
        say("stored", &order);
        let due = store.due_orders(NOW, 10).await.unwrap();
        let loaded = store.load_orders(&due).await.unwrap();
        let decided = loaded.iter().map(|loaded| {
            let key = format!("k-{}", loaded.order.order);
            let notices = vec![notice(&format!("{key}/handler"), Some(&key))];
            SavedOrder { notices, ..saved(loaded, decided(vec![card(&key)], None)) }
        });
        store.save_decided(decided.collect::<Vec<_>>()).await.unwrap();
        say("decided", &order);
    }
}

fn say(what: &str, order: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {order}").and_then(|()| out.flush()).unwrap();
}

#[tokio::test]
async fn a_killed_writer_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duban.db");
    let mut answered = Vec::new();
    for lines in [1, 8, 13, 22, 35] {
        answered.extend(kill_after(folder.path(), lines));
        let store = Store::open(&path, Role::Daemon).await.unwrap();
        holds(&store).await;
        for line in &answered {
            let (what, order) = line.split_once(' ').unwrap();
            let view = store.order_view(order).await.unwrap().expect(line);
            assert!(what == "stored" || view.decisions.len() == 1, "{line}");
        }
        let orders = store.counts(NOW).await.unwrap().orders;
        for n in 0..orders {
            let view = store.order_view(&format!("o{n}")).await.unwrap().unwrap();
            assert_eq!(view.events.len(), TOGETHER);
            assert_eq!((view.decisions.len(), view.obligations.len()), (view.notices.len(), view.notices.len()));
        }
        store.close().await;
    }
    assert!(answered.iter().any(|line| line.starts_with("decided")));
}

/// Runs the writer and kills it (SIGKILL) after so many answers; all answers that it got out.
fn kill_after(folder: &Path, lines: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::crash::a_writer_to_be_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let is_answer = |line: &String| line.starts_with("stored ") || line.starts_with("decided ");
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).filter(is_answer);
    let mut answered: Vec<String> = out.by_ref().take(lines).collect();
    child.kill().unwrap();
    answered.extend(out);
    child.wait().unwrap();
    assert!(answered.len() >= lines, "the writer ended by itself");
    answered
}
