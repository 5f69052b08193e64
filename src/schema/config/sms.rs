//! `kind: sms`, by its driver.

use super::super::parts::{
    Field, any_of, boolean, described as titled, integer, list, map_of, may, must, object, one_of, part, text, word,
};
use super::{kind, with_way};
use crate::config::channels::sms::{CONFIDENTIAL, DEFAULT, DIGEST};
use crate::notify::notice::NoticeKind;
use serde_json::{Value, json};

/// A driver with its own keys.
fn driver(name: &str, title: &str, description: &str, mut fields: Vec<Field>) -> Value {
    fields.push(must("driver", "驱动", description, json!({"const": name})));
    fields.push(may("receipts", "回执", "怎样得知送到了没有。", part("receipts")));
    kind("sms", title, with_way(fields))
}

fn signature() -> Vec<Field> {
    vec![
        may("signature", "签名", "按登记的写，如 【珠海12345】。", text()),
        may(
            "signature_by",
            "签名由谁加",
            "gateway：网关自己加，发出的内容不带；text：由本程序写在最前面。",
            one_of(&["gateway", "text"]),
        ),
    ]
}

pub(super) fn described() -> Value {
    let mut fields = vec![
        must("request", "请求", "怎样发。", part("request")),
        must("accepted", "算收下", "网关怎样回答才算收下。", part("answer")),
        may("retry", "值得再试", "怎样回答值得再试；其余都算被拒。", part("answer")),
    ];
    fields.extend(signature());
    driver("http", "短信：任意网关", "http：任何能用一次 HTTP 请求发送的网关。", fields)
}

pub(super) fn mas() -> Value {
    let mut fields = vec![
        must("url", "地址", "普通短信或模板短信的接口，整个写上，如 http://112.35.1.155:1992/sms/norsubmit。", text()),
        must("ec_name", "企业名称", "与开户时一字不差。", word()),
        must("ap_id", "接口账号用户名", "", word()),
        must("secret_key", "接口账号密码", "", part("secret")),
        must("sign", "签名编码", "在云MAS的“接口管理”里查到的编码，不是签名的文字。", word()),
        may("add_serial", "扩展码", "精确匹配的账号写 \"\" 或不写；服务代码加扩展码不超过20位。", word()),
        may("secret_in_body", "正文里带密码", "有的平台要；缺省 false。", boolean()),
        may(
            "templates",
            "模板",
            "写了就是模板短信：每种通知用哪个登记过的模板，变量填什么。",
            part("ordered_templates"),
        ),
        param_length_max(),
    ];
    fields.extend(signature());
    driver("mas", "短信：云MAS", "mas：中国移动云MAS。", fields)
}

pub(super) fn aliyun() -> Value {
    let fields = vec![
        may("base_url", "地址", "缺省 https://dysmsapi.aliyuncs.com。", text()),
        must("access_key_id", "AccessKey ID", "", word()),
        must("access_key_secret", "AccessKey Secret", "", part("secret")),
        must("signature", "签名", "审核通过的签名，如 珠海12345。", text()),
        must("templates", "模板", "每种通知用哪个登记过的模板，变量填什么。", part("named_templates")),
        param_length_max(),
    ];
    driver("aliyun", "短信：阿里云", "aliyun：阿里云短信服务。", fields)
}

pub(super) fn tencent() -> Value {
    let fields = vec![
        may("base_url", "地址", "缺省 https://sms.tencentcloudapi.com。", text()),
        may("region", "地域", "缺省 ap-guangzhou。", word()),
        must("secret_id", "SecretId", "", word()),
        must("secret_key", "SecretKey", "", part("secret")),
        must("app_id", "应用", "SmsSdkAppId，如 \"1400006666\"。", word()),
        must("signature", "签名", "审核通过的签名，如 珠海12345。", text()),
        must("templates", "模板", "每种通知用哪个登记过的模板，变量填什么。", part("ordered_templates")),
        param_length_max(),
        per_number(),
    ];
    driver("tencent", "短信：腾讯云", "tencent：腾讯云短信。", fields)
}

pub(super) fn huawei() -> Value {
    let fields = vec![
        may("base_url", "地址", "缺省 https://smsapi.cn-north-4.myhuaweicloud.com:443。", text()),
        must("app_key", "APP_Key", "", word()),
        must("app_secret", "APP_Secret", "", part("secret")),
        must("sender", "通道号", "如 \"8824110605***\"。", word()),
        may("signature", "签名", "通用模板必填，其他模板不写。", text()),
        may(
            "status_callback",
            "状态报告地址",
            "整个地址里有令牌，是密钥；不写则按控制台里应用的设置。",
            part("secret"),
        ),
        must("templates", "模板", "每种通知用哪个登记过的模板，变量填什么。", part("ordered_templates")),
        param_length_max(),
    ];
    driver("huawei", "短信：华为云", "huawei：华为云消息&短信，只供2025年以前的老客户。", fields)
}

fn per_number() -> Field {
    let counts = object(vec![
        may("half_minute", "30秒", "30秒内最多几条。", integer()),
        may("hour", "1小时", "1小时内最多几条。", integer()),
        may("day", "1天", "24小时内最多几条。", integer()),
    ]);
    may("per_number", "单个号码的条数", "控制台“频率限制”里同一号码的条数；不写不计。", counts)
}

fn param_length_max() -> Field {
    may("param_length_max", "变量最长", "4 到 500 字，缺省 35；超过的截短，末尾是“…”。", integer())
}

/// By kind of notice.
pub(super) fn templates(params: &Value) -> Value {
    let template = || {
        any_of(vec![
            object(vec![
                must("id", "模板编号", "网关给的编号。", word()),
                may("params", "变量", "每个是通知变量的模板，如 \"{{ order }}\"。", params.clone()),
                may("text", "登记的正文", "只供 duban check 核对变量、计算长短。", text()),
            ]),
            json!({"const": false}),
        ])
    };
    let of = |kind: &'static str| {
        let title = match kind {
            CONFIDENTIAL => "保密的通知，不论哪种：只有 act、text 两个变量。",
            DIGEST => "合并发送的几件通知：另有 count、kinds 两个变量。",
            DEFAULT => "没有单列的各种通知（保密的除外）。",
            _ => "false：这种通知不发短信。",
        };
        may(kind, kind, title, template())
    };
    object(NoticeKind::ALL.into_iter().map(NoticeKind::as_str).chain([CONFIDENTIAL, DIGEST, DEFAULT]).map(of).collect())
}

/// Parameters by their names.
pub(super) fn named() -> Value {
    titled("变量", "按名字。", map_of(word()))
}

/// Parameters in their order.
pub(super) fn ordered() -> Value {
    titled("变量", "按顺序。", list(word()))
}
