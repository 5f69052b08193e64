//! `duban notices preview`: how a notice reads, in every form, as it would go out. Nothing is sent.

use super::found::{Desk, Found, Wanted};
use super::shown::Shown;
use crate::cli::Common;
use crate::clock;
use crate::config::channels::Channel;
use crate::notify::notice::{NoticeKind, QueuedNotice, Target};
use crate::policy::directory::read::aliased;
use crate::text::Lang;
use crate::text::want;
use chrono_tz::Asia::Shanghai;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// 看一种通知发出去是什么样：一张工单上最近一次这种决定，各种形式各写一遍；什么也不发
/// [how a notice reads, in every form; nothing is sent]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 哪种通知，如 red-card 或 红牌 [which kind, such as `red-card`]
    #[arg(value_name = "KIND", value_parser = super::kind)]
    kind: NoticeKind,
    /// 工单编号；不写则用编造的示例 [the order's id; without it a made-up sample]
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
    /// 只看这份规则作的决定 [only decisions under this policy]
    #[arg(long, value_name = "POLICY", requires = "order")]
    policy: Option<String>,
    /// 只看这个渠道 [only this channel]
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// 给谁看的，通讯录里的名字；缺省是第一个 [for which recipient; default: the first]
    #[arg(long, value_name = "RECIPIENT", requires = "order")]
    to: Option<String>,
    /// 事件文件，每行一个 JSON；`-` 为标准输入；缺省取自存储 [events as JSON lines; default: the store]
    #[arg(long, value_name = "FILE", requires = "order")]
    events: Option<PathBuf>,
}

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    match shown(common, args) {
        Ok(text) => {
            // A reader that has gone (`| head`) wants no more.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(exit) => exit,
    }
}

fn shown(common: &Common, args: &Args) -> Result<String, ExitCode> {
    let desk = Desk::open(common)?;
    let channels = channels(&desk, args.channel.as_deref(), common.lang)?;
    let all_forms = args.channel.is_none();
    let Some(order) = &args.order else {
        let notice = desk.teller.sample(args.kind, clock::now());
        let head = format!("{}　编造的示例，不是哪张工单\n\n", args.kind.title());
        return Ok(head + &Shown { notice: &notice, name: "张三", channels, all_forms }.text());
    };
    let wanted = Wanted { order, kind: Some(args.kind), policy: args.policy.as_deref(), events: args.events.as_ref() };
    let found = desk.find(common, wanted)?;
    let notice = chosen(&found, args.to.as_deref(), common.lang)?;
    let name = name(&desk, notice);
    let head = head(&desk, &found, notice, &name);
    Ok(head + &Shown { notice, name: &name, channels, all_forms }.text())
}

fn channels<'d>(desk: &'d Desk, only: Option<&str>, lang: Lang) -> Result<Vec<&'d Channel>, ExitCode> {
    match only {
        None => Ok(desk.config.channels.iter().collect()),
        Some(name) => channel(desk, name, lang).map(|channel| vec![channel]),
    }
}

/// The channel of a name, as the directory may name it, too.
pub(super) fn channel<'d>(desk: &'d Desk, name: &str, lang: Lang) -> Result<&'d Channel, ExitCode> {
    let addresses = desk.config.addresses();
    let configured = aliased(name, &addresses);
    let found = configured.and_then(|name| desk.config.channels.iter().find(|known| known.name == *name));
    found.ok_or_else(|| {
        let known = desk.config.channels.iter().map(|known| &*known.name);
        let hint = want::instead(name, known);
        match lang {
            Lang::Zh => eprintln!("错误: 没有配置渠道“{name}”\n提示: {}", hint.in_lang(lang)),
            Lang::En => eprintln!("error: there is no channel `{name}`\nhint: {}", hint.in_lang(lang)),
        }
        ExitCode::from(2)
    })
}

/// The notice to a recipient, or the first to people.
fn chosen<'f>(found: &'f Found, to: Option<&str>, lang: Lang) -> Result<&'f QueuedNotice, ExitCode> {
    let mut people = found.notices.iter().filter(|notice| matches!(notice.target, Target::Recipient { .. }));
    let fits = |notice: &&QueuedNotice| to.is_none_or(|to| notice.target.name() == to);
    if let Some(notice) = people.clone().find(fits) {
        return Ok(notice);
    }
    let names: Vec<&str> = people.by_ref().map(|notice| notice.target.name()).collect();
    let hint = want::instead(to.unwrap_or_default(), names);
    match lang {
        Lang::Zh => eprintln!("错误: 这条通知不发给“{}”\n提示: {}", to.unwrap_or_default(), hint.in_lang(lang)),
        Lang::En => eprintln!("error: `{}` is not told of it\nhint: {}", to.unwrap_or_default(), hint.in_lang(lang)),
    }
    Err(ExitCode::from(2))
}

/// Whoever stands behind the recipient now; a group has no name.
fn name(desk: &Desk, notice: &QueuedNotice) -> String {
    let Target::Recipient { recipient, place } = &notice.target else { return String::new() };
    let people = desk.teller.directory().people_on(recipient, place.as_deref(), clock::now());
    people.first().map(|person| person.name.to_string()).unwrap_or_default()
}

/// What it tells of, and to whom.
fn head(desk: &Desk, found: &Found, notice: &QueuedNotice, name: &str) -> String {
    let made = &found.decision;
    let secret = if notice.confidential { "　保密" } else { "" };
    let what = format!(
        "{}　{}　{}　第{}轮{secret}",
        found.kind.title(),
        made.at.rfc3339(Shanghai),
        [made.policy.as_str(), made.rule.as_str(), made.step.as_str()].join("/"),
        made.round
    );
    let others = found.notices.iter().filter(|other| other.key != notice.key);
    let others: Vec<String> = others.map(|other| titled(desk, other)).collect();
    let others =
        if others.is_empty() { String::new() } else { format!("　另发：{}（--to 看）", others.join("、")) };
    let reader = if name.is_empty() { "（名下没有人）" } else { name };
    format!("{what}\n收件人　{}：{reader}{others}\n\n", titled(desk, notice))
}

/// 专职联络员（liaison，市市场监管局）.
fn titled(desk: &Desk, notice: &QueuedNotice) -> String {
    match &notice.target {
        Target::Channel(channel) => format!("系统 {channel}"),
        Target::Recipient { recipient, place } => {
            let place = place.as_ref().map(|place| format!("，{place}")).unwrap_or_default();
            format!("{}（{recipient}{place}）", desk.teller.directory().title(recipient))
        }
    }
}
