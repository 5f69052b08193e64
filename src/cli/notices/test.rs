//! `duban notices test`: sends one marked message through a real channel, to oneself, and says in words what the other side
//! answered. It is no decision's notice: nothing is queued or recorded, and what is confidential is never in it.

use super::found::{Desk, Wanted};
use super::preview;
use crate::cli::{Common, runtime, tell};
use crate::clock;
use crate::config::channels::{Channel, ChannelKind};
use crate::notify::addressed::{self, Reader};
use crate::notify::channel::{self as channel, File, Forms, Message, Outcome, Trouble};
use crate::notify::notice::{NoticeKind, QueuedNotice, Target};
use crate::notify::open;
use crate::notify::rate::kept::Kept;
use crate::notify::rate::{InMemory, Rates};
use crate::notify::sms::params;
use crate::policy::directory::Person;
use crate::policy::directory::read::Address;
use crate::store::{Role, Store};
use crate::text::Lang;
use crate::time::Instant;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// 用一个渠道给自己发一条测试消息，说明网关怎样答复 [sends a marked test message and tells the answer]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 渠道，duban.yaml 里的名字 [the channel]
    #[arg(value_name = "CHANNEL")]
    channel: String,
    /// 发给谁：通讯录里的人名，或地址；群机器人、推送不用写 [a person of the directory, or an address]
    #[arg(long, value_name = "ADDRESS|NAME")]
    to: Option<String>,
    /// 发哪种通知的样子；不写则是一句话 [which kind it looks like; default: one sentence]
    #[arg(long, value_name = "KIND", value_parser = super::kind)]
    kind: Option<NoticeKind>,
    /// 用这张工单最近的决定，不写则用编造的示例 [of this order's newest decision; default: a made-up one]
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
    /// 事件文件；缺省取自存储 [events as JSON lines; default: the store]
    #[arg(long, value_name = "FILE", requires = "order")]
    events: Option<PathBuf>,
    /// 附上这个文件，渠道能带文件时 [with this file, by a channel that takes files]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

const MARK: &str = "测试消息，请勿办理";

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    match send(common, args) {
        Ok(sent) => sent.say(common.lang),
        Err(exit) => exit,
    }
}

/// What the other side answered.
struct Sent {
    channel: Arc<str>,
    outcome: Outcome,
    troubles: Vec<Trouble>,
    is_veiled: bool,
}

fn send(common: &Common, args: &Args) -> Result<Sent, ExitCode> {
    let desk = Desk::open(common)?;
    let configured = preview::channel(&desk, &args.channel, common.lang)?;
    let to = address(&desk, configured, args.to.as_deref(), common.lang)?;
    let now = clock::now();
    let (notice, is_veiled) = notice(common, args, &desk, configured, now)?;
    let message = message(configured, &notice, is_veiled, to, now);
    let message = Message { files: files(args.file.as_deref(), common.lang)?, ..message };
    let sent = deliver(&desk, configured, &message, common.lang);
    let (outcome, troubles) = runtime().block_on(sent)?;
    Ok(Sent { channel: configured.name.clone(), outcome, troubles, is_veiled })
}

async fn deliver(
    desk: &Desk,
    channel: &Channel,
    message: &Message,
    lang: Lang,
) -> Result<(Outcome, Vec<Trouble>), ExitCode> {
    let opened = open::open(&channel.kind, &rates(desk).await).map_err(|error| {
        tell(lang, &error, None);
        ExitCode::from(2)
    })?;
    if !message.files.is_empty() && !opened.takes_files() {
        misused(lang, ("这种渠道带不了文件", "this channel takes no files"), "");
        return Err(ExitCode::from(2));
    }
    let outcome = opened.deliver(message, clock::now()).await;
    Ok((outcome, opened.troubles()))
}

/// What is sent by way of trial counts like everything else, where there is a store to count in.
async fn rates(desk: &Desk) -> Arc<dyn Rates> {
    let path = &desk.config.store;
    if path.exists()
        && let Ok(store) = Store::open(path, Role::Tool).await
    {
        return Arc::new(Kept::new(store));
    }
    Arc::new(InMemory::default())
}

/// What is sent before it is marked, and whether it must say no more than that something waits.
fn notice(
    common: &Common,
    args: &Args,
    desk: &Desk,
    channel: &Channel,
    now: Instant,
) -> Result<(QueuedNotice, bool), ExitCode> {
    let Some(order) = &args.order else {
        let kind = args.kind.or_else(|| registered(channel));
        return Ok((kind.map_or_else(|| plain(desk, now), |kind| desk.teller.sample(kind, now)), false));
    };
    let wanted = Wanted { order, kind: args.kind, policy: None, events: args.events.as_ref() };
    let found = desk.find(common, wanted)?;
    let told = found.notices.into_iter().find(|notice| matches!(notice.target, Target::Recipient { .. }));
    // Whoever tries a channel out is not whom a confidential order may be told to.
    let told = told.unwrap_or_else(|| desk.teller.sample(found.kind, now));
    let is_veiled = told.confidential;
    Ok((told, is_veiled))
}

/// Of a gateway that takes only registered templates, the first kind that has one.
fn registered(channel: &Channel) -> Option<NoticeKind> {
    let ChannelKind::Sms(sms) = &channel.kind else { return None };
    let templates = sms.templates()?;
    NoticeKind::ALL.into_iter().find(|kind| templates.of(kind.as_str()).is_some())
}

/// One sentence that says what it is.
fn plain(desk: &Desk, now: Instant) -> QueuedNotice {
    let said = "这是督办程序发出的测试消息，收到即说明这个渠道能用";
    let text = format!("{said}。");
    let sample = desk.teller.sample(NoticeKind::Health, now);
    let forms = Forms {
        short: format!("【12345热线】{text}"),
        markdown: format!("**渠道测试**\n{text}"),
        subject: "渠道测试".into(),
        text,
        variables: sample.forms.variables.clone(),
        ..Forms::default()
    };
    QueuedNotice { forms, order: None, ..sample }
}

fn message(channel: &Channel, notice: &QueuedNotice, is_veiled: bool, to: String, now: Instant) -> Message {
    let is_group = channel.kind.address() == Address::None;
    let forms = if is_veiled {
        Forms { variables: notice.forms.variables.clone(), ..addressed::veiled(&notice.forms.short) }
    } else {
        addressed::forms(&[notice], Reader { channel: &channel.name, is_group, name: "" })
    };
    let message = Message {
        id: format!("test-{}", now.0).into(),
        kind: notice.kind.as_str().into(),
        // No mail of it is to hang together with a real order's.
        order: notice.order.as_ref().filter(|_| !is_veiled).map(|order| format!("test-{order}").into()),
        to,
        at: now,
        forms: marked(forms),
        ..Message::default()
    };
    let variables = match &channel.kind {
        ChannelKind::Sms(sms) => sms.templates().map(|templates| params::marked(templates, &message, "测试")),
        _ => None,
    };
    let variables = variables.unwrap_or_else(|| message.forms.variables.clone());
    Message { forms: Forms { variables, ..message.forms }, ..message }
}

/// Nobody takes it for a real one, in whatever form and on whatever screen.
fn marked(forms: Forms) -> Forms {
    let after_signature = forms.short.find('】').map_or(0, |end| end + '】'.len_utf8());
    let (signature, said) = forms.short.split_at(after_signature);
    Forms {
        short: format!("{signature}{MARK}：{said}"),
        markdown: format!("**{MARK}**\n{}", forms.markdown),
        subject: format!("【测试】{}", forms.subject),
        text: format!("{MARK}。\n{}", forms.text),
        json: String::new(),
        ..forms
    }
}

fn files(path: Option<&Path>, lang: Lang) -> Result<Vec<File>, ExitCode> {
    let Some(path) = path else { return Ok(Vec::new()) };
    match std::fs::read(path) {
        Ok(bytes) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(vec![File { name, bytes: bytes.into() }])
        }
        Err(error) => {
            eprintln!("{}: {}: {error}", if lang == Lang::Zh { "错误" } else { "error" }, path.display());
            Err(ExitCode::from(2))
        }
    }
}

/// Where it goes: a person's address of the channel's kind, or what was given as one.
fn address(desk: &Desk, channel: &Channel, to: Option<&str>, lang: Lang) -> Result<String, ExitCode> {
    let kind = channel.kind.address();
    let refuse = |what: (&str, &str), hint: &str| {
        misused(lang, what, hint);
        Err(ExitCode::from(2))
    };
    match (kind, to) {
        (Address::None, _) => Ok(String::new()),
        (_, None) => refuse(("要写发给谁：--to", "`--to` is missing"), "写通讯录里自己的名字，或自己的地址"),
        (kind, Some(to)) => {
            let people = desk.teller.directory().everybody();
            let named: Vec<&Person> = people.into_iter().filter(|person| *person.name == *to).collect();
            let addresses: BTreeSet<&str> = named.iter().filter_map(|person| person.address(kind)).collect();
            match (addresses.len(), named.is_empty()) {
                (1, _) => Ok(addresses.first().map(ToString::to_string).unwrap_or_default()),
                (0, false) => {
                    refuse(("这个人没有这个渠道的地址", "this person has no address for it"), "换个渠道，或直接写地址")
                }
                (0, true) if looks_like(kind, to) => Ok(to.to_owned()),
                (0, true) => refuse(
                    (
                        "通讯录里没有叫这个名字的人，它也不是这个渠道的地址",
                        "nobody of that name is in the directory, and it is no address",
                    ),
                    "写 directory.yaml 里的人名，或手机号、邮箱、粤政易账号",
                ),
                _ => refuse(("通讯录里叫这个名字的不止一人", "several people have that name"), "直接写地址"),
            }
        }
    }
}

fn looks_like(kind: Address, text: &str) -> bool {
    match kind {
        Address::Email => text.contains('@'),
        Address::Mobile => text.len() >= 5 && text.bytes().all(|byte| byte.is_ascii_digit() || b"+- ".contains(&byte)),
        Address::Yuezhengyi => text.is_ascii() && !text.contains(char::is_whitespace),
        Address::None => true,
    }
}

fn misused(lang: Lang, (zh, en): (&str, &str), hint: &str) {
    match lang {
        Lang::Zh if hint.is_empty() => eprintln!("错误: {zh}"),
        Lang::Zh => eprintln!("错误: {zh}\n提示: {hint}"),
        Lang::En => eprintln!("error: {en}"),
    }
}

impl Sent {
    /// What the other side answered, in words; whether it took the message.
    fn say(&self, lang: Lang) -> ExitCode {
        let channel = &self.channel;
        if self.is_veiled {
            match lang {
                Lang::Zh => println!("这张工单是保密的，测试消息只说有事项待查阅"),
                Lang::En => println!("the order is confidential: the test said only that something waits"),
            }
        }
        let (zh, en) = match &self.outcome {
            channel::Outcome::Accepted { provider_id } => {
                let id = provider_id.as_ref().map(|id| format!("，消息号 {id}")).unwrap_or_default();
                (
                    format!("渠道 {channel} 收下了测试消息{id}。收下不等于送到，请在手机上或邮箱里看一眼"),
                    format!("the channel `{channel}` took the test message{id}; look whether it arrived"),
                )
            }
            Outcome::Deferred { .. } => (
                format!("渠道 {channel} 这一分钟的条数用完了，没有发；过一分钟再试"),
                format!("the channel `{channel}` has no room this minute: nothing was sent"),
            ),
            Outcome::Transient { reason, .. } | Outcome::Limited { reason, .. } => (
                format!("渠道 {channel} 没有发成，可以再试：{reason}"),
                format!("the channel `{channel}` failed, try again: {reason}"),
            ),
            Outcome::Permanent { reason } => (
                format!("渠道 {channel} 被拒，不改不会成：{reason}"),
                format!("the channel `{channel}` was refused: {reason}"),
            ),
            Outcome::Unknown { reason } => (
                format!("渠道 {channel} 发出去了，不知道送到没有：{reason}"),
                format!("the channel `{channel}` sent it, and nobody knows: {reason}"),
            ),
        };
        println!("{}", if lang == Lang::Zh { zh } else { en });
        for trouble in &self.troubles {
            println!("{}：{}。请{}", trouble.code, trouble.what, trouble.remedy);
        }
        let is_fine = matches!(self.outcome, Outcome::Accepted { .. }) && self.troubles.is_empty();
        ExitCode::from(u8::from(!is_fine))
    }
}
