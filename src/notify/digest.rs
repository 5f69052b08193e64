//! Notices of many orders to one reader as one message: a list first, the gravest on top, then each in full, in a mail of
//! many only the gravest. Nothing is left unsaid but what a form has no room for, and that is counted.

use crate::notify::channel::Forms;
use crate::notify::notice::{NoticeKind, QueuedNotice, SALUTATION};
use crate::notify::render::{SHORT_MAX, length, signature};
use crate::notify::told;
use crate::notify::variables;
use crate::text::Lang;

/// So many stand in full in a mail, which lists all of them.
const FULL_MAX: usize = 50;
/// So many are listed on a telephone.
const LISTED_MAX: usize = 30;

/// The forms of one message for all of these; the notices are sorted, the gravest first.
pub(super) fn digest(notices: &[&QueuedNotice]) -> Forms {
    let Some(first) = notices.first() else { return Forms::default() };
    let (count, kinds) = (notices.len(), kinds(notices));
    let signature = signature(&first.forms.short);
    let is_confidential = notices.iter().any(|notice| notice.confidential);
    Forms {
        short: if is_confidential {
            format!("{signature}有{count}件事项待查阅。")
        } else {
            short(signature, count, &kinds, &first.forms.subject)
        },
        markdown: markdown(notices, &kinds),
        subject: if is_confidential {
            format!("{signature}{count}件事项待查阅")
        } else {
            format!("{signature}{count}件通知（{kinds}）")
        },
        text: text(notices, &kinds),
        links: links(notices),
        json: String::new(),
        variables: variables::digested(&notices.iter().map(|one| &one.forms.variables).collect::<Vec<_>>(), &kinds),
        ..Forms::default()
    }
}

/// 红牌通知2件、黄牌通知9件.
fn kinds(notices: &[&QueuedNotice]) -> String {
    let count = |kind: NoticeKind| notices.iter().filter(|notice| notice.kind == kind).count();
    let counted = NoticeKind::ALL.into_iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0);
    counted.map(|(kind, count)| format!("{}{count}件", told::kind(kind, Lang::Zh))).collect::<Vec<_>>().join("、")
}

fn short(signature: &str, count: usize, kinds: &str, gravest: &str) -> String {
    let head = format!("{signature}{count}件通知待阅：{kinds}");
    let tail = "请登录查看并办理。";
    let full = format!("{head}；最急的一件：{gravest}。{tail}");
    if length(&full) <= SHORT_MAX { full } else { format!("{head}。{tail}") }
}

fn markdown(notices: &[&QueuedNotice], kinds: &str) -> String {
    let line = |notice: &&QueuedNotice| {
        let subject = plain(&notice.forms.subject);
        match notice.forms.links.last() {
            Some(link) => format!("{subject}　[查看]({link})"),
            None => subject,
        }
    };
    let mut lines: Vec<String> = notices.iter().take(LISTED_MAX).map(line).collect();
    lines.extend(rest(notices, LISTED_MAX).map(|rest| format!("其余{rest}件请登录查看。")));
    format!("**{}件通知　{kinds}**\n{}", notices.len(), lines.join("\n"))
}

/// How many there are beyond those that are shown.
fn rest(notices: &[&QueuedNotice], shown: usize) -> Option<usize> {
    notices.len().checked_sub(shown).filter(|rest| *rest > 0)
}

/// A subject as part of a list in 粤政易, where brackets would begin a link.
fn plain(subject: &str) -> String {
    subject.replace('[', "［").replace(']', "］")
}

fn text(notices: &[&QueuedNotice], kinds: &str) -> String {
    let list = notices.iter().enumerate().map(|(at, notice)| format!("{}. {}", at + 1, notice.forms.subject));
    let list = list.collect::<Vec<_>>().join("\n");
    let mut full: Vec<String> =
        notices.iter().take(FULL_MAX).map(|notice| without_greeting(&notice.forms.text)).collect();
    full.extend(rest(notices, FULL_MAX).map(|rest| format!("其余{rest}件见上面的清单，详情请登录查看。")));
    format!("{SALUTATION}\n以下{}件通知合并发送：{kinds}。\n{list}\n\n{}", notices.len(), full.join("\n\n"))
}

fn without_greeting(text: &str) -> String {
    text.lines().filter(|line| !line.contains(SALUTATION)).collect::<Vec<_>>().join("\n")
}

fn links(notices: &[&QueuedNotice]) -> Vec<String> {
    let mut links: Vec<String> = notices.iter().flat_map(|notice| notice.forms.links.iter().cloned()).collect();
    links.sort();
    links.dedup();
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::notice::Target;
    use crate::time::Instant;

    fn notice(number: usize, kind: NoticeKind) -> QueuedNotice {
        let title = if kind == NoticeKind::RedCard { "红牌" } else { "黄牌" };
        QueuedNotice {
            key: number.to_string().into(),
            order: Some(format!("ZH-{number}").into()),
            decision: Some(number.to_string().into()),
            kind,
            target: Target::Recipient { recipient: "liaison".into(), place: Some("市税务局".into()) },
            at: Instant(0),
            expires_at: None,
            confidential: false,
            calendar: None,
            forms: Forms {
                short: format!("【珠海12345】{title}：工单ZH-{number}未按时联系诉求人。"),
                subject: format!("【{title}】工单ZH-{number} 一小时响应逾期（市税务局）"),
                text: format!("{SALUTATION}\n工单ZH-{number}现亮{title}。\n工单页：https://d/orders/ZH-{number}"),
                links: vec![format!("https://d/orders/ZH-{number}")],
                ..Forms::default()
            },
        }
    }

    fn shown(kinds: &[NoticeKind]) -> Forms {
        let notices: Vec<QueuedNotice> = kinds.iter().enumerate().map(|(at, kind)| notice(at + 1, *kind)).collect();
        digest(&notices.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_digest_lists_what_it_holds_and_then_says_all_of_it() {
        let forms = shown(&[NoticeKind::RedCard, NoticeKind::YellowCard]);
        insta::assert_snapshot!(forms.short, @"【珠海12345】2件通知待阅：红牌通知1件、黄牌通知1件；最急的一件：【红牌】工单ZH-1 一小时响应逾期（市税务局）。请登录查看并办理。");
        insta::assert_snapshot!(forms.subject, @"【珠海12345】2件通知（红牌通知1件、黄牌通知1件）");
        insta::assert_snapshot!(forms.markdown, @r"
        **2件通知　红牌通知1件、黄牌通知1件**
        【红牌】工单ZH-1 一小时响应逾期（市税务局）　[查看](https://d/orders/ZH-1)
        【黄牌】工单ZH-2 一小时响应逾期（市税务局）　[查看](https://d/orders/ZH-2)
        ");
        insta::assert_snapshot!(forms.text.replace(SALUTATION, "［某某同志：］"), @r"
        ［某某同志：］
        以下2件通知合并发送：红牌通知1件、黄牌通知1件。
        1. 【红牌】工单ZH-1 一小时响应逾期（市税务局）
        2. 【黄牌】工单ZH-2 一小时响应逾期（市税务局）

        工单ZH-1现亮红牌。
        工单页：https://d/orders/ZH-1

        工单ZH-2现亮黄牌。
        工单页：https://d/orders/ZH-2
        ");
    }

    #[test]
    fn what_is_confidential_is_only_counted_where_others_may_look() {
        let mut notices = [notice(1, NoticeKind::Route), notice(2, NoticeKind::Route)];
        for notice in &mut notices {
            notice.confidential = true;
        }
        let forms = digest(&notices.iter().collect::<Vec<_>>());
        assert_eq!(forms.short, "【珠海12345】有2件事项待查阅。");
        assert_eq!(forms.subject, "【珠海12345】2件事项待查阅");
    }

    #[test]
    fn its_short_form_is_an_sms_however_many_there_are() {
        let kinds: Vec<NoticeKind> = NoticeKind::ALL.into_iter().cycle().take(500).collect();
        let forms = shown(&kinds);
        assert!(length(&forms.short) <= SHORT_MAX, "{}", forms.short);
        assert!(forms.short.contains("500件"), "{}", forms.short);
    }

    #[test]
    fn a_mail_of_many_lists_them_all_and_a_telephone_the_gravest() {
        let forms = shown(&[NoticeKind::YellowCard; 60]);
        assert!(forms.text.contains("\n60. 【黄牌】工单ZH-60 "), "{}", forms.text);
        assert_eq!(forms.text.matches("现亮黄牌").count(), 50);
        assert!(forms.text.ends_with("\n\n其余10件见上面的清单，详情请登录查看。"), "{}", forms.text);
        assert_eq!(forms.markdown.lines().count(), 1 + 30 + 1);
        assert!(forms.markdown.ends_with("\n其余30件请登录查看。"), "{}", forms.markdown);
    }
}
