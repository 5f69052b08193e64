//! `duban notices show`: what a notice said, what was tried, what was heard of it, and how it stands.

use super::json::{notice_json, with_replies};
use super::{Book, Failure, Format};
use crate::cli::columns::{cells, padded};
use crate::notify::told;
use crate::store::outbox::{Call, Delivery, Notice};
use crate::store::replies::KeptReply;
use std::io::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 通知的编号，或它的键 [the notice's number, or its key]
    #[arg(value_name = "N")]
    notice: String,
    /// 输出形式 [form]
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn show(book: &Book, args: &Args) -> Result<ExitCode, Failure> {
    let Some(notice) = book.store.find_notice(&args.notice).await? else {
        eprintln!("{}", book.say("错误：没有这条通知", "error: there is no such notice"));
        return Ok(ExitCode::from(2));
    };
    let replies = book.store.replies_to(notice.id).await?;
    let mut out = std::io::stdout().lock();
    match args.format {
        Format::Jsonl => writeln!(out, "{}", with_replies(notice_json(&notice, book.zone), &replies, book.zone))?,
        Format::Table => write!(out, "{}", page(book, &notice, &replies))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn page(book: &Book, notice: &Notice, replies: &[KeptReply]) -> String {
    let queued = &notice.queued;
    let kind = told::kind(queued.kind, book.lang);
    let order = queued.order.as_deref().map(|order| format!("  {order}")).unwrap_or_default();
    let first = format!("{}  {kind}{order}\n", super::list::numbered(book, notice.id));
    let since = notice.settled_at.map(|at| book.minute(at));
    let since = since.map(|at| book.say(format!("（{at} 起）"), format!(" (since {at})"))).unwrap_or_default();
    let mut said = vec![
        (book.say("现状", "stands"), format!("{}{since}", told::standing(notice, book.lang))),
        (book.say("收件人", "to"), book.reader(&queued.target)),
        (book.say("作出", "decided"), book.minute(queued.at)),
        (book.say("键", "key"), queued.key.to_string()),
        (book.say("内容", "says"), queued.forms.short.clone()),
    ];
    if notice.is_open {
        said.insert(1, (book.say("下次", "next"), book.minute(notice.due_at)));
    }
    if notice.retries > 0 {
        said.push((book.say("人工再发", "tried again"), notice.retries.to_string()));
    }
    let width = said.iter().map(|(name, _)| cells(name)).max().unwrap_or(0);
    let said = said.iter().filter(|(_, text)| !text.is_empty());
    let mut page: Vec<String> = said.map(|(name, text)| format!("  {}  {text}\n", padded(name, width))).collect();
    page.insert(0, first);
    page.extend(section(&book.say("发送", "sent"), notice.deliveries.iter().flat_map(|one| delivery(book, one))));
    let answered = replies.iter().map(|one| reply(book, one));
    page.extend(section(&book.say("回复", "replies"), answered));
    page.extend(section(&book.say("电话", "calls"), notice.calls.iter().map(|one| call(book, one))));
    page.concat()
}

/// Lines under a heading, where there are any.
fn section(name: &str, lines: impl Iterator<Item = String>) -> Option<String> {
    let lines: Vec<String> = lines.map(|line| format!("    {line}\n")).collect();
    (!lines.is_empty()).then(|| format!("  {name}\n{}", lines.concat()))
}

/// An attempt, and below it what was heard of it.
fn delivery(book: &Book, delivery: &Delivery) -> Vec<String> {
    let whom = delivery.party.as_deref().unwrap_or_default();
    let address = [whom, &*delivery.address].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let provider = delivery.provider_id.as_ref();
    let provider = provider.map(|id| book.say(format!("，对方编号 {id}"), format!(", known there as {id}")));
    let parts = [
        book.minute(delivery.at),
        delivery.channel.to_string(),
        address,
        format!("{}{}", told::outcome(delivery, book.lang), provider.unwrap_or_default()),
    ];
    let line = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
    let receipts = delivery.receipts.iter();
    let heard = receipts.map(|one| format!("  {}  {}", book.minute(one.at), told::receipt(one, book.lang)));
    std::iter::once(line).chain(heard).collect()
}

/// 2024-05-11 08:52  sms  13800000000  收到.
fn reply(book: &Book, reply: &KeptReply) -> String {
    let text = reply.text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}  {}  {}  {text}", book.minute(reply.at), reply.channel, reply.from)
}

fn call(book: &Book, call: &Call) -> String {
    let number = call.number.as_deref().unwrap_or_default();
    let state = told::call_state(call.state, book.lang);
    let by = call.by.as_deref().map(|by| format!("  {by}")).unwrap_or_default();
    let note = call.note.as_deref().map(|note| format!("  {note}")).unwrap_or_default();
    let at = book.minute(call.ended_at.unwrap_or(call.at));
    format!("{}  {state}  {at}  {} {number}  {}{by}{note}", call.id, call.party, call.why)
}
