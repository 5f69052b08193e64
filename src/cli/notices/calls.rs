//! `duban notices calls`: a list to call by.

use super::json::call_view_json;
use super::{Book, Failure, Format};
use crate::notify::told;
use crate::store::outbox::CallState;
use crate::store::outbox::search::CallView;
use std::io::Write;
use std::process::ExitCode;

/// Nobody calls more in a day.
const LIMIT: u32 = 1000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 连同打过的和不用再打的 [those made and closed, too]
    #[arg(long)]
    all: bool,
    /// 输出形式 [form]
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn calls(book: &Book, args: &Args) -> Result<ExitCode, Failure> {
    let state = (!args.all).then_some(CallState::Open);
    let calls = book.store.calls(state, LIMIT).await?;
    if calls.is_empty() {
        eprintln!("{}", book.say("没有待打的电话", "nobody is to be called"));
    }
    let mut out = std::io::stdout().lock();
    for view in &calls {
        match args.format {
            Format::Jsonl => writeln!(out, "{}", call_view_json(view, book.zone))?,
            Format::Table => write!(out, "{}", entry(book, view))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whom to call at which number, and below it what to say and why.
fn entry(book: &Book, view: &CallView) -> String {
    let CallView { call, notice } = view;
    let number = call.number.as_deref().map_or_else(|| book.say("（通讯录里没有号码）", "(no number)"), Into::into);
    let state = match call.state {
        CallState::Open => String::new(),
        state => format!("  {}", told::call_state(state, book.lang)),
    };
    let by = call.by.as_deref().map(|by| format!("  {by}")).unwrap_or_default();
    let head = format!(
        "{}  {}  {number}  {}  {}{state}{by}",
        call.id,
        call.party,
        book.reader(&notice.queued.target),
        book.minute(call.at)
    );
    let (say, why) = (book.say("说", "say"), book.say("因", "why"));
    format!("{head}\n    {say}  {}\n    {why}  {}\n", notice.queued.forms.short, call.why)
}
