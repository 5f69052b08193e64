//! A channel of kind `yuezhengyi`: with `webhook` it is a group's robot, else an application.

use super::super::{Base, way};
use crate::config::channels::ChannelKind;
use crate::config::channels::yuezhengyi::{App, Form, FormOfKind, Robot};
use crate::notify::notice::NoticeKind;
use crate::schedule::Named;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields};

/// What an application may say and a robot may not, and the other way round.
const OF_APPLICATIONS: [&str; 4] = ["base_url", "corp_id", "agent_id", "attach_dossier"];

/// Reads the channel.
pub(super) fn channel(
    node: &Node,
    fields: &mut Fields<'_>,
    base: &Base<'_>,
    problems: &mut Problems,
) -> Option<ChannelKind> {
    if let Some(webhook) = node.entry("webhook") {
        refuse_mixture(node, webhook, fields, problems);
        return robot(fields, base, problems).map(ChannelKind::YuezhengyiRobot);
    }
    if let Some(mention) = node.entry("mention") {
        fields.ignore("mention");
        let message =
            Text::new("应用消息发给个人，没有可提醒的群成员", "an application writes to persons: it mentions nobody");
        let hint = Text::new("删去 mention；它用于群机器人（webhook）", "remove `mention`: it is a robot's");
        problems.push(Problem::error(&mention.key.place, "conflict", message).hint(hint));
    }
    application(fields, base, problems).map(ChannelKind::YuezhengyiApp)
}

/// A robot has no application's keys: whoever writes both means two channels, or would send to a group what is for persons.
fn refuse_mixture(node: &Node, webhook: &Entry, fields: &mut Fields<'_>, problems: &mut Problems) {
    for key in OF_APPLICATIONS {
        let Some(entry) = node.entry(key) else { continue };
        fields.ignore(key);
        let message = Text::new(
            format!("“{key}”是应用的，“{}”是群机器人的", webhook.key.text),
            format!("`{key}` is an application's, `{}` a robot's", webhook.key.text),
        );
        let hint = Text::new(
            "机器人和应用各配一个渠道；工单材料只随应用消息发给个人",
            "configure a channel for each; dossiers go to persons only, by an application",
        );
        problems.push(Problem::error(&entry.key.place, "conflict", message).hint(hint));
    }
}

fn robot(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<Robot> {
    let webhook = fields.required("webhook", problems).and_then(|node| base.secret_address(node, problems));
    let per_minute = fields.optional("per_minute").and_then(|node| {
        let number = want::integer(node, problems)?;
        (1..=1000).contains(&number).then_some(number).or_else(|| {
            let message = Text::new("此处应为 1 至 1000", "expected 1 to 1000");
            let hint = Text::new("企业微信群机器人每分钟 20 条", "the platform allows a robot 20 a minute");
            want::report(Problem::error(&node.place, "malformed-number", message).hint(hint), problems)
        })
    });
    let mention = fields.entry("mention").map(|entry| mentioned(&entry.value, problems));
    let forms = forms(fields, problems);
    let headers = fields.optional("headers").map(|node| way::headers(node, base, problems)).unwrap_or_default();
    let way = way::way(fields, base, problems);
    Some(Robot { webhook: webhook?, per_minute: per_minute.unwrap_or(20), mention, forms, headers, way })
}

/// Names of recipients; `false` and nothing: nobody.
fn mentioned(node: &Node, problems: &mut Problems) -> Vec<Named> {
    let is_nobody = node.is_null() || node.scalar().and_then(crate::text::tree::Scalar::boolean) == Some(false);
    if is_nobody {
        return Vec::new();
    }
    let named = |word: want::Word<'_>| Named { name: word.text.into(), place: word.place.clone() };
    want::words(node, problems).into_iter().map(named).collect()
}

fn application(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<App> {
    let base_url = fields.optional("base_url").and_then(|node| way::url(node, &["http", "https"], problems));
    let corp_id = fields.required("corp_id", problems).and_then(|node| want::word(node, problems));
    let agent_id = fields.required("agent_id", problems).and_then(|node| want::integer(node, problems));
    let secret = fields.required("secret", problems).and_then(|node| base.secret(node, problems));
    let attach_dossier = fields.optional("attach_dossier").and_then(|node| want::boolean(node, problems));
    let forms = forms(fields, problems);
    let headers = fields.optional("headers").map(|node| way::headers(node, base, problems)).unwrap_or_default();
    let way = way::way(fields, base, problems);
    let base_url = base_url.unwrap_or_else(|| "https://qyapi.weixin.qq.com".to_owned());
    Some(App {
        base_url: base_url.trim_end_matches('/').to_owned(),
        corp_id: corp_id?.text.to_owned(),
        agent_id: agent_id?.into(),
        secret: secret?,
        attach_dossier: attach_dossier.unwrap_or(false),
        forms,
        headers,
        way,
    })
}

/// `form`, and `forms` by the kinds of notices.
fn forms(fields: &mut Fields<'_>, problems: &mut Problems) -> FormOfKind {
    let mut forms = FormOfKind::default();
    if let Some(node) = fields.optional("form") {
        forms.usual = form(node, &mut forms.cards_at, problems).unwrap_or_default();
    }
    if let Some(mut of_kind) = fields.optional("forms").and_then(|node| Fields::of(node, problems)) {
        for kind in NoticeKind::ALL.map(NoticeKind::as_str) {
            let form = of_kind.optional(kind).and_then(|node| form(node, &mut forms.cards_at, problems));
            forms.by_kind.extend(form.map(|form| (kind, form)));
        }
        of_kind.finish(problems);
    }
    forms
}

fn form(node: &Node, cards_at: &mut Option<Place>, problems: &mut Problems) -> Option<Form> {
    let form = want::one_of(node, &Form::ALL.map(|form| (form.as_str(), form)), problems)?;
    if form == Form::TemplateCard {
        cards_at.get_or_insert(node.place.clone());
    }
    Some(form)
}
