//! `duban.yaml`.

mod sms;
mod source;

use super::parts::{
    any_of, boolean, clock_time, described, integer, list, map_of, may, must, must_not_be_null, object, one_of,
    one_or_more, part, span, text, word,
};
use crate::config::Scope;
use crate::config::channels::DECISION_KINDS;
use crate::config::channels::yuezhengyi::Form;
use crate::config::notices::NEVER_HELD;
use crate::notify::notice::NoticeKind;
use crate::notify::told;
use crate::schedule::Job;
use crate::text::Lang;
use serde_json::{Value, json};

pub(super) fn schema() -> Value {
    let mut schema = object(vec![
        may("store", "数据库", "如 sqlite:data/duban.db；路径相对于本文件。", any_of(vec![text(), part("store")])),
        may("rules", "规则目录", "缺省 rules。", text()),
        may("calendars", "日历目录", "缺省 calendars。", text()),
        may(
            "listen",
            "监听地址",
            "地址:端口；对外请放在有 TLS 的反向代理后面。",
            json!({"type": "string", "examples": ["127.0.0.1:8100"]}),
        ),
        may("public_url", "对外地址", "通知里的链接用它。", text()),
        may("tokens", "令牌", "每个来访系统一个。", list(part("token"))),
        may("channels", "渠道", "名字到渠道；通讯录用这些名字。", map_of(part("channel"))),
        may(
            "tell_from",
            "从何时起通知",
            "这个时刻以前的决定只留存，不通知任何人；缺省是数据库第一次启动的时刻。",
            json!({"type": "string", "examples": ["2026-11-21T00:00:00+08:00"]}),
        ),
        may("approvals", "催办同意", "等着同意的移送、退回，多久没有答复就催，以后多久催一次。", part("approvals")),
        may("notices", "通知的跟踪", "怎样才算送到：要不要再发、等多久换渠道、最后打不打电话。", part("notices")),
        may("sources", "主动拉取", "别的系统的数据库和投放文件的文件夹，见 docs/sources.md。", list(part("source"))),
        may("schedules", "定时任务", "检查点等。", list(part("schedule"))),
        may("audit", "台账", "检查点的签名密钥，和另存一份的文件。", part("audit")),
    ]);
    schema["definitions"] = json!({
        "secret": secret(),
        "store": object(vec![must("url", "地址", "如 sqlite:data/duban.db。", text()), may("password", "口令", "", part("secret"))]),
        "token": token(),
        "channel": channel(),
        "headers": map_of(any_of(vec![word(), part("secret")])),
        "request": request(),
        "answer": answer(),
        "named_templates": sms::templates(&sms::named()),
        "ordered_templates": sms::templates(&sms::ordered()),
        "schedule": schedule(),
        "audit": audit(),
        "approvals": approvals(),
        "notices": notices(),
        "receipts": receipts(),
        "source": source::source(),
        "event-of-row": source::event(),
        "figure-of-row": source::figure(),
        "field": source::field(),
    });
    schema
}

fn secret() -> Value {
    let mut secret = object(vec![
        must_not_be_null("file", "文件", "口令所在的文件（权限 600）。", text()),
        must_not_be_null("credential", "systemd 凭据", "单元里 LoadCredential= 的名字。", word()),
        must_not_be_null("env", "环境变量", "变量名。", word()),
    ]);
    secret["oneOf"] = json!([{"required": ["file"]}, {"required": ["credential"]}, {"required": ["env"]}]);
    secret["description"] = "密钥不写在配置里，只写到哪里去取：{ file: … }、{ credential: … } 或 { env: … }".into();
    secret
}

fn token() -> Value {
    let scopes = one_or_more(&one_of(&Scope::ALL.map(Scope::as_str)));
    object(vec![
        must("name", "名字", "也是它送来的事件的来源；同一来源内事件 id 不能重复。", word()),
        must("scopes", "权限", "intake 送事件，read 查看，supervise 签收、同意、撤销，admin 全部。", scopes),
        must("token", "令牌", "", part("secret")),
    ])
}

fn kind(word: &str, title: &str, mut fields: Vec<super::parts::Field>) -> Value {
    fields.push(must("kind", "种类", title, json!({"const": word})));
    described(title, "", object(fields))
}

fn way() -> Vec<super::parts::Field> {
    vec![
        may("timeout", "超时", "1 秒到 10 分钟，如 10 seconds。", word()),
        may("proxy", "代理", "如 http://10.0.0.1:3128。", text()),
        may("ca_file", "根证书", "自签证书的根，PEM 文件。", text()),
        may("danger_accept_invalid_certs", "不核对证书", "危险：谁都可以冒充对方。应改用 ca_file。", boolean()),
    ]
}

fn with_way(mut fields: Vec<super::parts::Field>) -> Vec<super::parts::Field> {
    fields.extend(way());
    fields
}

/// What both kinds of 粤政易 channels say.
fn with_forms(mut fields: Vec<super::parts::Field>) -> Vec<super::parts::Field> {
    let form = || one_of(&Form::ALL.map(Form::as_str));
    let by_kind = NoticeKind::ALL.map(|kind| may(kind.as_str(), kind.title(), "", form()));
    fields.push(may("form", "消息形式", "text、markdown（缺省）或 template_card（卡片）。", form()));
    fields.push(may("forms", "各种通知的形式", "如 { red-card: template_card }。", object(by_kind.into())));
    fields.push(may("headers", "请求头", "本地部署前面的网关要求的。", part("headers")));
    with_way(fields)
}

fn channel() -> Value {
    any_of(vec![
        kind(
            "email",
            "邮件",
            vec![
                must("url", "服务器", "smtps://用户@主机:465，或 smtp://…。", text()),
                must("from", "发件人", "如 12345热线 <notice@example.gov.cn>。", text()),
                may("reply_to", "回信地址", "", text()),
                may("password", "口令", "", part("secret")),
                must_not_be_null(
                    "starttls",
                    "STARTTLS",
                    "required（缺省）或 never（内网明文中继）；只用于 smtp://。",
                    one_of(&["required", "never"]),
                ),
                may("attach_dossier", "附情况说明", "呈报、移送时，把工单督办情况说明作为附件发给本人。", boolean()),
                may("timeout", "超时", "如 30 seconds。", word()),
                may("ca_file", "根证书", "", text()),
            ],
        ),
        sms::described(),
        sms::mas(),
        sms::aliyun(),
        sms::tencent(),
        sms::huawei(),
        kind(
            "yuezhengyi",
            "粤政易应用消息",
            with_forms(vec![
                may("base_url", "地址", "本地部署的地址。", text()),
                must("corp_id", "企业号", "", word()),
                must("agent_id", "应用号", "", integer()),
                must("secret", "密钥", "", part("secret")),
                may("attach_dossier", "附情况说明", "呈报、移送时，把工单督办情况说明作为文件发给本人。", boolean()),
            ]),
        ),
        kind(
            "yuezhengyi",
            "粤政易群机器人",
            with_forms(vec![
                must("webhook", "机器人地址", "整个地址就是密钥。", part("secret")),
                may("per_minute", "每分钟最多", "1 到 1000，缺省 20。", integer()),
                may(
                    "mention",
                    "在群里提醒谁",
                    "收件人的名字，提醒承办单位的这些人；缺省 handler 和 liaison，不提醒写 false。",
                    any_of(vec![boolean(), one_or_more(&word())]),
                ),
            ]),
        ),
        kind(
            "webhook",
            "推送给系统",
            with_way(vec![
                must("url", "地址", "", text()),
                may("secret", "签名密钥", "X-Duban-Signature 是正文的 HMAC-SHA256。", part("secret")),
                may("kinds", "哪些决定", "不写就只推通讯录里点名的。", one_or_more(&one_of(&DECISION_KINDS))),
                may(
                    "confidential",
                    "保密的推不推",
                    "缺省 true：工单平台要照着执行；false：保密工单的决定不推。",
                    boolean(),
                ),
                may("headers", "请求头", "", part("headers")),
            ]),
        ),
        kind("console", "屏幕", Vec::new()),
    ])
}

fn request() -> Value {
    object(vec![
        may("method", "方法", "缺省 POST。", one_of(&["GET", "POST", "PUT"])),
        must("url", "地址", "模板，可用 mobile、text、id。", text()),
        may("headers", "请求头", "", part("headers")),
        may("body", "正文", "模板，可用 mobile、text、id，如 '{\"to\": {{ mobile | tojson }}}'。", text()),
    ])
}

fn answer() -> Value {
    let statuses = || one_or_more(&json!({"type": "integer", "minimum": 100, "maximum": 599}));
    object(vec![
        may("status", "状态码", "", statuses()),
        may("statuses", "状态码", "", statuses()),
        may("field", "看哪一项", "JSON 指针，如 /code；与 equals 一起写。", text()),
        may("equals", "等于", "一个或几个值。", one_or_more(&word())),
        may("id", "网关的编号", "JSON 指针，网关用它指这条短信；有回执的要写。", text()),
    ])
}

/// A schedule of each job: what every schedule says, and what that job needs besides.
fn schedule() -> Value {
    any_of(Job::WORDS.map(of_job).into())
}

fn of_job(word: &str) -> Value {
    let (title, own) = match word {
        "checkpoint" => (
            "签台账的检查点",
            vec![may("tell", "发给谁", "检查点发给通讯录里的这些人保存。", one_or_more(&self::word()))],
        ),
        "backup" => (
            "备份数据库",
            vec![
                must("to", "备份到", "目录；路径相对于本文件。", text()),
                may("keep", "留几份", "只留最新的这么多份；不写则都留着。", integer()),
            ],
        ),
        _ => ("", Vec::new()),
    };
    let mut fields = vec![
        must("run", "做什么", title, json!({"const": word})),
        may("name", "名字", "执行与否按名字记录；缺省是 run 的词，同名的要另起。", self::word()),
        may("at", "时刻", "一个或几个，如 \"09:00\"。与 day 一起写，或改写 cron。", one_or_more(&clock_time())),
        may("day", "哪天", "每天、工作日、周一、15、每月第一个工作日……，或它们的列表。", one_or_more(&self::word())),
        may("cron", "五个字段", "分 时 日 月 星期，星期写名称，如 \"0 9 * * mon-fri\"。", text()),
        may("calendar", "日历", "按哪份日历的时区和工作日；缺省是第一份规则的日历。", self::word()),
    ];
    fields.extend(own);
    described(title, "", object(fields))
}

fn approvals() -> Value {
    object(vec![
        may("remind", "催不催", "false：不催。", boolean()),
        may("remind_after", "多久催第一次", "如 1个工作日。", span()),
        may("remind_every", "以后多久催一次", "如 1个工作日。", span()),
    ])
}

fn notices() -> Value {
    let kinds = || one_or_more(&one_of(&NoticeKind::ALL.map(NoticeKind::as_str)));
    let within = any_of(vec![one_of(&["never"]), span()]);
    let within =
        NoticeKind::ALL.map(|kind| must_not_be_null(kind.as_str(), told::kind(kind, Lang::Zh), "", within.clone()));
    let may_be_held = NoticeKind::ALL.into_iter().filter(|kind| !NEVER_HELD.contains(kind));
    let hours: Vec<_> = may_be_held
        .map(|kind| {
            must_not_be_null(kind.as_str(), told::kind(kind, Lang::Zh), "", any_of(vec![one_of(&["working"]), text()]))
        })
        .collect();
    let digest = object(vec![
        may("after", "多少条以后", "缺省 5。", integer()),
        may("within", "多久之内", "如 10分钟。", span()),
    ]);
    object(vec![
        may(
            "twice",
            "宁重勿缺",
            "发出去没有答复、又问不到回执时再发一次的种类；缺省除 remind、duty 以外都是。",
            kinds(),
        ),
        may(
            "deliver_within",
            "多久没有送达就换下一个渠道",
            "只用于有回执的渠道；按种类写，如 red-card: 10分钟，never 是一直等。缺省红牌和告警10分钟，其余30分钟，提醒一直等。",
            object(within.into()),
        ),
        may(
            "call",
            "最后打电话",
            "各渠道都送不到时列入待打电话的种类；缺省除 remind、duty、health 以外都是。",
            kinds(),
        ),
        may(
            "hours",
            "什么时间才发",
            "按种类写：working 只在工作时间，\"08:00-21:00\" 只在每天这段时间。红牌、退回、移送不能压后。",
            object(hours),
        ),
        may(
            "digest",
            "合并",
            "同一收件人 within 之内收到 after 条以后，其余的合成一条。缺省 5 条、10 分钟；never 不合并。",
            any_of(vec![one_of(&["never"]), digest]),
        ),
    ])
}

fn hearing() -> Vec<super::parts::Field> {
    vec![
        may("token", "回执令牌", "网关推送回执的地址是 /api/v1/receipts/渠道名/令牌。", part("secret")),
        may("poll", "查询回执", "网关可以查询的，隔一阵问一次；缺省 true。", boolean()),
    ]
}

/// Of a gateway that is described by templates.
fn receipts() -> Value {
    let mut fields = hearing();
    fields.extend([
        may("each", "各条在哪里", "JSON 指针，如 /reports；不写则整个正文是一条，或就是一个列表。", text()),
        may("id", "网关的编号", "JSON 指针；accepted 里的 id 写网关答复中同一个编号。", text()),
        may("own_id", "我方的编号", "JSON 指针；网关把模板里的 id 原样带回的。", text()),
        may("to", "号码", "JSON 指针。", text()),
        must("state", "状态", "JSON 指针。", text()),
        must("delivered", "算送达", "这些状态算送达，如 DELIVRD。", one_or_more(&word())),
        may("failed", "算失败", "这些状态算没有送达；不写则其余都算。", one_or_more(&word())),
        may("detail", "原因", "JSON 指针。", text()),
        may("at", "时刻", "JSON 指针；2026-01-05 09:02:03、20260105090203 或秒数都认得。", text()),
        may("thanks", "答复", "收到推送后答复网关的正文；缺省 {}。", text()),
        may(
            "ask",
            "查询",
            "怎样查询一条短信的回执，答复与推送同形；模板可用 mobile、id、provider_id。",
            part("request"),
        ),
    ]);
    object(fields)
}

fn audit() -> Value {
    object(vec![
        may("key", "签名密钥", "duban audit keygen 生成的私钥。", part("secret")),
        may("public_keys", "公钥", "核验用；换过密钥的把旧的也留着。", one_or_more(&text())),
        may("file", "检查点文件", "另存一份，只添不改；缺省在数据库旁边。", text()),
    ])
}
