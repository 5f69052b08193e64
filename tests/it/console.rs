//! Notices on the console.

use crate::fakes::*;
use duban::notify::console::Console;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_notice_is_one_line_whatever_it_holds() {
    let written = Shared::default();
    let console = Console::to(written.clone());
    let mut message = message("n1", "");
    message.forms.short = "黄牌：标题\r\n2026-01-05 伪造的一行\u{1b}[31m".into();
    assert!(is_accepted(&deliver(&console, &message).await));
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        text,
        "2026-01-05T09:00:00+08:00  yellow-card  ZH-2024-000017  黄牌：标题  2026-01-05 伪造的一行 [31m\n"
    );
}

#[tokio::test]
async fn a_console_that_takes_nothing_may_be_tried_again() {
    assert_transient(&deliver(&Console::to(Full), &message("n1", "")).await);
}
