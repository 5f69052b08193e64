//! What the platform's error codes mean for a message, and for the operator who has to mend it.
//! Source: 企业微信 developer documentation, 全局错误码 (path 90313) and 消息推送 (path 99110).

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

/// The access token is invalid or has expired: to be fetched anew.
pub fn is_token(code: i64) -> bool {
    matches!(code, 40014 | 42001)
}

/// Too many messages for now.
pub fn is_rate(code: i64) -> bool {
    matches!(code, 45009 | 45033)
}

/// What a code other than 0 means.
pub fn verdict(code: i64) -> Verdict {
    let (after, meaning) = match code {
        -1 => (Some(BUSY), "平台繁忙"),
        6000 => (Some(BUSY), "平台数据冲突"),
        45009 => (Some(NEXT_MINUTE), "发送过于频繁，等下一分钟"),
        45033 => (Some(NEXT_MINUTE), "并发过多，等下一分钟"),
        40014 | 42001 => (Some(BUSY), "access_token 失效，重新获取后仍被拒"),
        other => (None, mistake(other)),
    };
    let reason = format!("粤政易 errcode {code}：{meaning}");
    after.map_or_else(
        || Verdict::Never { reason: reason.clone() },
        |after| Verdict::Later { reason: reason.clone(), after },
    )
}

fn mistake(code: i64) -> &'static str {
    match code {
        93000 => "机器人的 webhook 地址无效，机器人可能已被移出群：请在群里重新添加并更换地址",
        93004 | 93017 => "机器人已停用：请在群里重新启用",
        93008 => "机器人不在群里：请在群里重新添加并更换地址",
        40001 | 40091 => "应用的 secret 不对：请核对 secret",
        40013 => "corp_id 不对：请核对 corp_id",
        40056 => "agent_id 不对：请核对 agent_id",
        60020 => "本机出口地址不在“企业可信IP”中：请在管理后台把它加进该应用",
        48002 => "应用没有调用这个接口的权限：请在管理后台开通",
        60011 => "收件人不在应用的可见范围：请在管理后台调整可见范围",
        81013 => "收件人都不存在或不在应用的可见范围：请核对 directory.yaml 里的 yuezhengyi 账号",
        82001 => "没有指定收件人",
        40008 => "消息类型不被接受",
        40058 => "内容或参数超出平台限制",
        40035 => "参数不合平台要求",
        _ => "平台拒收，请按错误码查企业微信全局错误码",
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
        assert_eq!(
            verdict(93000),
            Verdict::Never {
                reason:
                    "粤政易 errcode 93000：机器人的 webhook 地址无效，机器人可能已被移出群：请在群里重新添加并更换地址"
                        .into()
            }
        );
    }
}
