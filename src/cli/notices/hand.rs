//! `duban notices retry`, `cancel` and `done`: what people do, each in the ledger with who.

use super::list::numbered;
use super::{Book, Failure, words};
use crate::clock;
use crate::notify::told;
use crate::store::outbox::hand::{CallEnded, Handled};
use crate::store::outbox::{CallState, NoticeState};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct RetryArgs {
    /// 通知的编号，或它的键，可以是几条 [notices, by number or key]
    #[arg(value_name = "N", required = true)]
    notices: Vec<String>,
    /// 谁要再发，记入台账 [who]
    #[arg(long, value_name = "NAME", value_parser = words)]
    by: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct CancelArgs {
    /// 通知的编号，或它的键，可以是几条 [notices, by number or key]
    #[arg(value_name = "N", required = true)]
    notices: Vec<String>,
    /// 谁取消，记入台账 [who]
    #[arg(long, value_name = "NAME", value_parser = words)]
    by: String,
    /// 为什么，记入台账 [why]
    #[arg(long, value_name = "TEXT", value_parser = words)]
    note: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct DoneArgs {
    /// 电话的编号，见 duban notices calls [the call's number]
    #[arg(value_name = "N")]
    call: i64,
    /// 谁打的，记入台账 [who]
    #[arg(long, value_name = "NAME", value_parser = words)]
    by: String,
    /// 说明，记入台账 [a note]
    #[arg(long, value_name = "TEXT", value_parser = words)]
    note: Option<String>,
}

pub(super) async fn retry(book: &Book, args: &RetryArgs) -> Result<ExitCode, Failure> {
    let mut worst = 0;
    for named in &args.notices {
        let handled = match book.store.find_notice(named).await? {
            Some(notice) => (notice.id, book.store.retry_notice(notice.id, &args.by, clock::now()).await?),
            None => (0, Handled::Unknown),
        };
        worst = worst.max(tell_retried(book, named, handled));
    }
    Ok(ExitCode::from(worst))
}

fn tell_retried(book: &Book, named: &str, (id, handled): (i64, Handled)) -> u8 {
    match handled {
        Handled::Done => {
            let name = numbered(book, id);
            println!(
                "{}",
                book.say(
                    format!("{name}：已排入再发，服务几秒内发送"),
                    format!("{name}: to be sent again within seconds")
                )
            );
            0
        }
        Handled::Unknown => unknown(book, named),
        Handled::Not(state) => refuse(
            book,
            id,
            state,
            ("只有未送达、不明、已过时的可以再发", "only what failed, is unknown or expired is tried again"),
        ),
    }
}

pub(super) async fn cancel(book: &Book, args: &CancelArgs) -> Result<ExitCode, Failure> {
    let mut worst = 0;
    for named in &args.notices {
        let Some(notice) = book.store.find_notice(named).await? else {
            worst = worst.max(unknown(book, named));
            continue;
        };
        let handled = book.store.cancel_notice(notice.id, &args.by, &args.note, clock::now()).await?;
        worst = worst.max(tell_cancelled(book, named, notice.id, handled));
    }
    Ok(ExitCode::from(worst))
}

fn tell_cancelled(book: &Book, named: &str, id: i64, handled: Handled) -> u8 {
    match handled {
        Handled::Done => {
            let name = numbered(book, id);
            println!("{}", book.say(format!("{name}：已取消"), format!("{name}: cancelled")));
            0
        }
        Handled::Unknown => unknown(book, named),
        Handled::Not(state) => refuse(
            book,
            id,
            state,
            ("只有待发送、未送达、不明的可以取消", "only what is queued, failed or unknown is taken back"),
        ),
    }
}

fn unknown(book: &Book, named: &str) -> u8 {
    eprintln!("{}", book.say(format!("错误：没有通知“{named}”"), format!("error: there is no notice `{named}`")));
    2
}

fn refuse(book: &Book, id: i64, state: NoticeState, (zh, en): (&str, &str)) -> u8 {
    let (name, state) = (numbered(book, id), told::state(state, book.lang));
    eprintln!("{}", book.say(format!("{name}：{state}，{zh}"), format!("{name}: {state}; {en}")));
    1
}

pub(super) async fn done(book: &Book, args: &DoneArgs) -> Result<ExitCode, Failure> {
    let ended = book.store.end_call(args.call, &args.by, args.note.as_deref(), clock::now()).await?;
    let id = args.call;
    Ok(match ended {
        CallEnded::Done(call) => {
            let party = &call.party;
            println!(
                "{}",
                book.say(format!("电话{id}：已记下，已告知{party}"), format!("call {id}: noted, {party} was told"))
            );
            ExitCode::SUCCESS
        }
        CallEnded::Unknown => {
            eprintln!("{}", book.say(format!("错误：没有电话{id}"), format!("error: there is no call {id}")));
            ExitCode::from(2)
        }
        CallEnded::Not(call) => {
            let by = call.by.unwrap_or_default();
            let (zh, en) = match call.state {
                CallState::Done => (format!("电话{id}：{by}已打过"), format!("call {id}: {by} made it before")),
                _ => (
                    format!("电话{id}：不用再打，其他渠道已经送到或通知已取消"),
                    format!("call {id} is closed: they were reached, or the notice was cancelled"),
                ),
            };
            eprintln!("{}", book.say(zh, en));
            ExitCode::from(1)
        }
    })
}
