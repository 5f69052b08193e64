//! What the platform's error codes mean for a message, and for the operator who has to mend it.
//! Source: 企业微信 developer documentation, 全局错误码 (path 90313) and 消息推送 (path 99110).

use crate::notify::channel::{Reach, Trouble};
use std::time::Duration;

/// Whether trying again helps.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// After this pause it may.
    Later { reason: String, after: Duration },
    /// It does not.
    Never { reason: String },
}

const BUSY: Duration = Duration::from_secs(5);
/// The platform counts by the minute.
const NEXT_MINUTE: Duration = Duration::from_mins(1);
/// The access token does not hold.
pub const TOKEN_INVALID: i64 = 40014;
/// Someone among the receivers is not known or not in the application's visible range.
pub const RECEIVER_INVALID: i64 = 81013;

/// The access token is invalid or has expired: to be fetched anew.
pub fn is_token(code: i64) -> bool {
    matches!(code, TOKEN_INVALID | 42001)
}

/// Too many messages for now.
pub fn is_rate(code: i64) -> bool {
    matches!(code, 45009 | 45033)
}

/// The deployment does not take messages of this form.
pub fn is_form(code: i64) -> bool {
    code == 40008
}

/// The id under which a file was uploaded is not known any more.
pub fn is_media(code: i64) -> bool {
    code == 40007
}

/// What a code other than 0 means.
pub fn verdict(code: i64) -> Verdict {
    let (after, meaning) = match code {
        -1 => (BUSY, "平台繁忙"),
        6000 => (BUSY, "平台数据冲突"),
        45009 => (NEXT_MINUTE, "发送过于频繁，等下一分钟"),
        45033 => (NEXT_MINUTE, "并发过多，等下一分钟"),
        TOKEN_INVALID | 42001 => (BUSY, "access_token 失效，重新获取后仍被拒"),
        other => return Verdict::Never { reason: never(other) },
    };
    Verdict::Later { reason: format!("粤政易 errcode {code}：{meaning}"), after }
}

fn never(code: i64) -> String {
    let mistake = mistake(code);
    let what = mistake.what;
    if mistake.remedy.is_empty() {
        format!("粤政易 errcode {code}：{what}")
    } else {
        format!("粤政易 errcode {code}：{what}：请{}", mistake.remedy)
    }
}

/// What an operator has to mend; none where the message itself is what was wrong.
pub fn trouble(code: i64) -> Option<Trouble> {
    let Mistake { what, remedy, reach } = mistake(code);
    let code = format!("errcode {code}").into();
    Some(Trouble { code, what: what.into(), remedy: remedy.into(), reach: reach? })
}

/// What is wrong, what is to be done, and how far it reaches.
struct Mistake {
    what: &'static str,
    remedy: &'static str,
    reach: Option<Reach>,
}

const fn of_channel(what: &'static str, remedy: &'static str) -> Mistake {
    Mistake { what, remedy, reach: Some(Reach::Channel) }
}

const fn of_some(what: &'static str, remedy: &'static str) -> Mistake {
    Mistake { what, remedy, reach: Some(Reach::Some) }
}

const fn of_message(what: &'static str) -> Mistake {
    Mistake { what, remedy: "", reach: None }
}

fn mistake(code: i64) -> Mistake {
    match code {
        93000 => of_channel("机器人的 webhook 地址无效，机器人可能已被移出群", "在群里重新添加并更换地址"),
        93004 | 93017 => of_channel("机器人已停用", "在群里重新启用"),
        93008 => of_channel("机器人不在群里", "在群里重新添加并更换地址"),
        40001 | 40091 => of_channel("应用的 secret 不对", "核对 secret，重置过的要换成新的"),
        40013 => of_channel("corp_id 不对", "核对 corp_id"),
        40056 => of_channel("agent_id 不对", "核对 agent_id"),
        301_002 => of_channel("这个 secret 不能用这个 agent_id", "核对 secret 和 agent_id 是否同一个应用的"),
        60020 => of_channel(
            "本机出口地址不在“企业可信IP”中",
            "在管理后台把它加进该应用的企业可信IP；经代理的，加代理的出口地址",
        ),
        48002 => of_channel("应用没有调用这个接口的权限", "在管理后台为该应用开通发消息的权限"),
        60011 => of_some("收件人不在应用的可见范围", "在管理后台调整该应用的可见范围"),
        RECEIVER_INVALID => of_some(
            "收件人都不存在或不在应用的可见范围",
            "核对 directory.yaml 里的 yuezhengyi 账号，并在管理后台调整可见范围",
        ),
        82001 => of_message("没有指定收件人"),
        40008 => of_message("消息类型不被接受"),
        40007 => of_message("附件的 media_id 已失效"),
        40058 => of_message("内容或参数超出平台限制"),
        40035 => of_message("参数不合平台要求"),
        44001 => of_message("附件是空的"),
        45001 | 40006 => of_message("附件大小不合平台要求"),
        45002 => of_message("内容超出平台限制"),
        _ => of_message("平台拒收，请按错误码查企业微信全局错误码"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_and_frequent_are_tried_again_and_mistakes_are_not() {
        for code in [-1, 45009, 45033] {
            assert!(matches!(verdict(code), Verdict::Later { .. }), "{code}");
        }
        for code in [93000, 40001, 40013, 40056, 60020, 48002, 60011, 81013, 82001, 40008, 40058, 40035, 99999] {
            assert!(matches!(verdict(code), Verdict::Never { .. }), "{code}");
        }
    }

    #[test]
    fn the_reason_tells_an_operator_what_to_do() {
        let reason =
            "粤政易 errcode 93000：机器人的 webhook 地址无效，机器人可能已被移出群：请在群里重新添加并更换地址";
        assert_eq!(verdict(93000), Verdict::Never { reason: reason.into() });
    }

    #[test]
    fn what_an_operator_can_mend_is_a_trouble_and_what_a_message_got_wrong_is_none() {
        for code in [93000, 40001, 40013, 40056, 40091, 60020, 48002] {
            assert_eq!(trouble(code).map(|trouble| trouble.reach), Some(Reach::Channel), "{code}");
        }
        for code in [60011, 81013] {
            assert_eq!(trouble(code).map(|trouble| trouble.reach), Some(Reach::Some), "{code}");
        }
        for code in [-1, 45009, 40058, 40008, 82001, 12345] {
            assert_eq!(trouble(code), None, "{code}");
        }
    }
}
