//! `duban notices list`.

use super::json::notice_json;
use super::{Book, Failure, Format, kind, state};
use crate::cli::columns::{cells, padded};
use crate::cli::simulate::instant;
use crate::notify::notice::NoticeKind;
use crate::notify::told;
use crate::store::outbox::search::NoticeQuery;
use crate::store::outbox::{Notice, NoticeId, NoticeState};
use crate::time::Instant;
use std::io::Write;
use std::process::ExitCode;

/// So many are asked for at a time.
const PAGE: u32 = 500;
/// So many a table shows where nothing else is said.
const TABLE: usize = 50;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 只要这些状态：queued sent accepted delivered failed unknown expired cancelled，可写几次 [only these states]
    #[arg(long, value_name = "STATE", value_parser = state, value_delimiter = ',')]
    state: Vec<NoticeState>,
    /// 只要这些种类，如 red-card，可写几次 [only these kinds]
    #[arg(long, value_name = "KIND", value_parser = kind, value_delimiter = ',')]
    kind: Vec<NoticeKind>,
    /// 只要走过这个渠道的 [only by this channel]
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// 只要发给这个收件人的：通讯录里的名字、称呼，或人名 [only to this recipient, by name or title, or person]
    #[arg(long, value_name = "RECIPIENT")]
    to: Option<String>,
    /// 只要这张工单的 [only of this order]
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
    /// 只要这个时刻以后的 [only from this instant on]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    since: Option<Instant>,
    /// 最多几条；缺省表格50条，jsonl不限 [at most so many; default: 50 in a table, all as jsonl]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// 输出形式 [form]
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) async fn list(book: &Book, args: &Args) -> Result<ExitCode, Failure> {
    match args.format {
        Format::Table => table(book, args).await?,
        Format::Jsonl => jsonl(book, args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn query(book: &Book, args: &Args) -> NoticeQuery {
    NoticeQuery {
        states: args.state.clone(),
        kinds: args.kind.clone(),
        channel: args.channel.clone(),
        to: args.to.as_deref().map(|to| book.recipients(to)).unwrap_or_default(),
        order: args.order.clone(),
        since: args.since,
        before: None,
    }
}

async fn jsonl(book: &Book, args: &Args) -> Result<(), Failure> {
    let (mut query, mut left) = (query(book, args), args.limit.unwrap_or(usize::MAX));
    let mut out = std::io::stdout().lock();
    while left > 0 {
        let page = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
        let notices = book.store.search_notices(&query, page).await?;
        let Some(last) = notices.last() else { break };
        query.before = Some(last.id);
        left -= notices.len().min(left);
        for notice in &notices {
            writeln!(out, "{}", notice_json(notice, book.zone))?;
        }
    }
    Ok(())
}

async fn table(book: &Book, args: &Args) -> Result<(), Failure> {
    let limit = args.limit.unwrap_or(TABLE);
    let more = u32::try_from(limit.saturating_add(1)).unwrap_or(u32::MAX);
    let mut notices = book.store.search_notices(&query(book, args), more).await?;
    let is_cut = notices.len() > limit;
    notices.truncate(limit);
    if notices.is_empty() {
        eprintln!("{}", book.say("没有这样的通知", "there are no such notices"));
        return Ok(());
    }
    let head = book.say("编号 时间 种类 工单 收件人 现状", "number at kind order to stands");
    let head: Vec<String> = head.split(' ').map(ToOwned::to_owned).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(notices.iter().map(|one| row(book, one))).collect();
    let mut out = std::io::stdout().lock();
    for line in lines(&rows) {
        writeln!(out, "{line}")?;
    }
    if is_cut {
        let zh = format!("只列出最新的{limit}条；要更多用 --limit，要全部用 --format jsonl");
        let en = format!("only the newest {limit}; `--limit` shows more, `--format jsonl` all");
        eprintln!("{}", book.say(zh, en));
    }
    Ok(())
}

fn row(book: &Book, notice: &Notice) -> Vec<String> {
    vec![
        notice.id.to_string(),
        book.minute(notice.queued.at),
        told::kind(notice.queued.kind, book.lang).to_owned(),
        notice.queued.order.as_deref().unwrap_or("-").to_owned(),
        book.reader(&notice.queued.target),
        told::standing(notice, book.lang),
    ]
}

/// Rows in columns, the last one as long as it is.
pub(super) fn lines(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| cells(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let cell = |(column, text): (usize, &String)| {
        if column + 1 == columns { text.clone() } else { padded(text, widths[column]) }
    };
    rows.iter().map(|row| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ")).collect()
}

/// A notice's number, to be told apart from others.
pub(super) fn numbered(book: &Book, id: NoticeId) -> String {
    book.say(format!("通知{id}"), format!("notice {id}"))
}
