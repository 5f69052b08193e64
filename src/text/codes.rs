//! What each kind of problem means and what is done about it: what `duban check --explain` tells and docs/check.zh.md
//! lists. A problem whose code is not here is a mistake of ours, found by the first test that meets it.

use crate::text::Text;

/// A kind of problem.
#[derive(Debug)]
pub struct Code {
    /// The stable word, such as `unknown-key`.
    pub code: &'static str,
    zh: &'static str,
    en: &'static str,
}

impl Code {
    /// What it means and what is done about it.
    pub fn meaning(&self) -> Text {
        Text::new(self.zh, self.en)
    }
}

/// The kind with this code.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.binary_search_by(|known| known.code.cmp(code)).ok().map(|place| &CODES[place])
}

const fn code(code: &'static str, zh: &'static str, en: &'static str) -> Code {
    Code { code, zh, en }
}

/// Every kind of problem, by code.
pub static CODES: &[Code] = &[
    code(
        "about-nothing",
        "规则测试的一条预期没有说是关于什么的。写上决定的种类（如 黄牌）、规则（rule）或时刻。",
        "An expectation of a rule test is about nothing: give a kind of decision, a rule or an instant.",
    ),
    code(
        "accepts-nothing",
        "accept 里认可的提醒，这条规则并没有。改正后忘了删的，删去即可。",
        "`accept` answers a warning that this rule does not give: remove it.",
    ),
    code(
        "alias",
        "YAML 的别名（*名字）没有对应的锚点（&名字），或展开后太大。写出内容，不用别名。",
        "A YAML alias has no anchor, or grows too large: write the content itself.",
    ),
    code(
        "before-too-long",
        "提前提醒的时长比期限本身还长，一开始就已过了，永远不会提醒。缩短 before。",
        "A `before` step is longer than its deadline and can never fire: shorten it.",
    ),
    code(
        "calendar-never-opens",
        "日历没有一天上班，任何期限都数不出来。补上 hours。",
        "The calendar never opens, so nothing can be counted: give `hours`.",
    ),
    code(
        "card-without-page",
        "粤政易渠道要发卡片，但没有 public_url，卡片无处可点开，会改发 markdown。写上 public_url，或不用卡片。",
        "A channel sends cards, but without `public_url` there is nothing that they could open: markdown is sent instead.",
    ),
    code(
        "circle",
        "几样东西互相引用成了一个圈（extends、阶梯、条件名）。断开其中一处。",
        "Things refer to each other in a circle: break it at one place.",
    ),
    code(
        "conflict",
        "两个键不能同时写，例如 by 与 within、each 与 restart_on。留下想要的一个。",
        "Two keys exclude each other, such as `by` and `within`: keep the one that is meant.",
    ),
    code(
        "contradiction",
        "配置里的两处互相矛盾，例如用了 smtps 又要求 starttls。按提示改一处。",
        "Two settings contradict each other: change one as the hint says.",
    ),
    code(
        "documents",
        "一个文件里写了多份 YAML（中间有 ---）。每份规则一个文件。",
        "A file holds several YAML documents: write one a file.",
    ),
    code(
        "duplicate-calendar",
        "两个文件的日历重名。改其中一个的 calendar。",
        "Two calendars have one name: rename one.",
    ),
    code(
        "duplicate-id",
        "规则测试里两个事件用了同一个 id。改其中一个。",
        "Two events of a test have one id: change one.",
    ),
    code(
        "duplicate-key",
        "同一处把一个键写了两次，后写的不会悄悄盖掉先写的。删去一个。",
        "A key stands twice in one place: remove one; none silently wins.",
    ),
    code(
        "duplicate-name",
        "配置里两样东西重名。改其中一个。",
        "Two things of the configuration have one name: rename one.",
    ),
    code("duplicate-policy", "两份规则的 policy 相同。每份规则一个编号。", "Two policies have one id: rename one."),
    code(
        "duplicate-rule",
        "一份规则里，期限和反应不能重名：牌和通知按规则名区分。改其中一个。",
        "A deadline and a reaction have one name: decisions are known by it. Rename one.",
    ),
    code(
        "duplicate-section",
        "一个通知模板里同名的一节写了两次。删去一节。",
        "A template has a section twice: remove one.",
    ),
    code(
        "duplicate-step",
        "一条阶梯里有两步的名字相同（例如都是 notify）。给其中一步写 id。",
        "Two steps of a ladder have one name: give one an `id`.",
    ),
    code("duplicate-value", "取值清单里一个值写了两次。删去一个。", "A list of values has one twice: remove one."),
    code("empty-list", "清单是空的。至少写一项，或删去这个键。", "A list is empty: give an entry or remove the key."),
    code("encoding", "文件不是 UTF-8 编码。另存为 UTF-8。", "The file is not UTF-8: save it as UTF-8."),
    code(
        "exclusive",
        "两条期限的条件互相排斥，而条件所看的属性中途可能变化：变了之后两条可能都不管或都管。看一眼是否是想要的；\
         是，就在规则里写 accept: { exclusive: 原因 }。",
        "Two deadlines exclude each other on an attribute that can change between their starts. If it is meant, answer with \
         `accept: { exclusive: why }`.",
    ),
    code(
        "extends-cycle",
        "日历互相继承成了一个圈。断开其中一处。",
        "Calendars extend each other in a circle: break it.",
    ),
    code(
        "hidden",
        "后写的永远轮不到：前面的一项已经包括了它（within 的一项、阶梯的一步）。调换顺序或删去。",
        "An entry or step can never be reached behind an earlier one: reorder or remove it.",
    ),
    code("key", "映射的键不是文字（例如是列表）。键写成文字。", "A key is not text: write it as text."),
    code(
        "malformed-address",
        "号码、邮箱或监听地址写得不对。按提示的样子写。",
        "A phone number, mail or listen address is malformed: write it like the hint's.",
    ),
    code(
        "malformed-condition",
        "条件写得不对。条件是“事实: 期望”，期望可以是一个值、一列值、{ not: … }、{ at_least: 数 }、{ present: true }。",
        "A condition is malformed: it is `fact: expectation`, see docs/language.md.",
    ),
    code(
        "malformed-covers",
        "covers 应写成 \"2018-01-01..2026-12-31\"。",
        "`covers` is written \"2018-01-01..2026-12-31\".",
    ),
    code(
        "malformed-cron",
        "cron 应是五段，星期用英文缩写，如 \"0 9 * * mon-fri\"。",
        "A cron text has five fields, weekdays by name.",
    ),
    code(
        "malformed-date",
        "日期应写成 \"2024-05-11\"，放在引号里，而且确有这一天。",
        "A date is written \"2024-05-11\".",
    ),
    code(
        "malformed-day",
        "日历里的一天应写 rest、work 或 open 之一；定时任务的 day 应写如 first working day of month。",
        "A calendar's day has `rest`, `work` or `open`; a schedule's `day` reads like `first working day of month`.",
    ),
    code("malformed-duration", "时长应写成如 6h30m。", "A duration is written like 6h30m."),
    code(
        "malformed-format",
        "时间格式看不懂。用 strftime 的字母，如 \"%Y-%m-%d %H:%M:%S\"，或 unix、unix ms。",
        "A format of a time has unknown letters: write like \"%Y-%m-%d %H:%M:%S\", or `unix`, `unix ms`.",
    ),
    code(
        "malformed-header",
        "HTTP 头的名字或值里有不能用的字符。",
        "An HTTP header's name or value has characters that it cannot have.",
    ),
    code(
        "malformed-instant",
        "时刻应带时差，如 \"2026-11-21T00:00:00+08:00\"。",
        "An instant has an offset: \"2026-11-21T00:00:00+08:00\".",
    ),
    code(
        "malformed-interval",
        "时段应写成 \"08:30-12:00\"，先开后关，不跨午夜。",
        "An interval is written \"08:30-12:00\" and does not cross midnight.",
    ),
    code("malformed-mailbox", "发件人应写成 \"名称 <地址@域名>\"。", "A mailbox is written \"Name <address@domain>\"."),
    code(
        "malformed-name",
        "名字里有不能用的字符，或太长。",
        "A name has characters that it cannot have, or is too long.",
    ),
    code("malformed-number", "这里要一个数，而且在允许的范围内。", "A number within the range is wanted here."),
    code(
        "malformed-pointer",
        "JSON 指针应以 / 开头，如 /data/code。",
        "A JSON pointer begins with /, such as /data/code.",
    ),
    code(
        "malformed-query",
        "来源的查询应是一条 SELECT，不带分号。增量条件、ORDER BY 和 LIMIT 由程序加在外面。",
        "A source's query is one SELECT without a semicolon; what is new, the order and the limit are added around it.",
    ),
    code("malformed-size", "大小应写成如 64 MB。", "A size is written like 64 MB."),
    code(
        "malformed-span",
        "时长应写成如 1 working hour、4个工作日、24小时、1日。",
        "A span reads like `1 working hour`, `4 working days`, `24 hours`, `1 day`.",
    ),
    code("malformed-status", "HTTP 状态码是 100 到 599 的数。", "An HTTP status is a number from 100 to 599."),
    code(
        "malformed-store",
        "数据库应写成 sqlite:路径 或 postgres://用户@主机/库。",
        "A store is `sqlite:PATH` or `postgres://user@host/db`.",
    ),
    code(
        "malformed-template",
        "请求模板写得不对：括号没有配对，变量或过滤器不认识，或填进内容后不是合法的 JSON（变量要写 | tojson）。",
        "A request's template does not parse, uses an unknown filter, or gives broken JSON once it is filled in.",
    ),
    code("malformed-time", "钟点应写成 \"09:00\"，放在引号里。", "A time is written \"09:00\"."),
    code(
        "malformed-url",
        "网址写得不对，或协议不是 http、https（邮件：smtp、smtps）。",
        "A URL is malformed or of a scheme that is not taken.",
    ),
    code(
        "misplaced-recipient",
        "通讯录里，这个名字按别的东西查找，写在这里永远查不到。移到提示的那一节。",
        "A recipient stands where it is never looked up: move it to the section that the hint names.",
    ),
    code(
        "missing-certificates",
        "ca_file 写的证书文件不在，或里面没有 PEM 证书，服务启动不了。放上对方的根证书，或改正路径。",
        "The file of `ca_file` is not there or holds no certificate in PEM form, so that the daemon cannot start.",
    ),
    code("missing-field", "缺了必须写的键。补上。", "A required key is missing: add it."),
    code(
        "missing-file",
        "少了必需的文件（词汇表、通讯录或目录）。补上，或检查 --rules、--calendars。",
        "A needed file is missing.",
    ),
    code(
        "missing-folder",
        "来源的文件夹不在，上级也不在（多半是路径写错），或写的不是文件夹。改正路径，或先建好。",
        "The folder of a source is not there, nor the one above it, or it is no folder: correct the path, or make it.",
    ),
    code(
        "missing-secret",
        "密钥的文件不在、是空的或读不出来，服务启动不了。放好文件（权限 600，归服务账户），或改正路径。密钥都不在这台机器上的（连放密钥的文件夹也没有），检查时不提。",
        "The file of a secret is not there, empty or unreadable, so that the daemon cannot start. Where a machine has none of the secrets, nor a folder for them, nothing is said.",
    ),
    code(
        "missing-section",
        "通知模板少了一节（短信、markdown、邮件各要一节）。补上。",
        "A template lacks a section: add it.",
    ),
    code(
        "never",
        "这条规则或这一步永远不会触发，例如条件自相矛盾，或起算和停止是同一件事。按提示改。",
        "A rule or step can never fire: see the hint.",
    ),
    code(
        "never-held",
        "红牌、退回、移送不能压到某个时间再发。删去这一行。",
        "Red cards, returns and routes are never held back for hours: leave the line out.",
    ),
    code("never-runs", "定时任务永远不会运行，例如 2 月 30 日。改日期。", "A schedule never runs: change its day."),
    code(
        "no-address",
        "收件人没有任何可用的地址：渠道要手机就要有 mobile，要邮箱就要有 email。补上。",
        "A person has no address for any of their channels: add one.",
    ),
    code(
        "no-clause",
        "规则既没有 clause（条款）也没有标 local（本市设定），单位有异议时无从引用。补一个。",
        "A rule cites no clause and is not marked `local`: add one.",
    ),
    code(
        "no-due",
        "期限没有写限多久：within、by、due_from 至少写一个。",
        "A deadline has no due: give `within`, `by` or `due_from`.",
    ),
    code(
        "no-liaison",
        "承办单位没有专职联络员，没有写收件人的牌没有人可告知。补一名 liaison。",
        "A department has no liaison: add one.",
    ),
    code("no-policy", "目录里没有一份规则。放一份进来，或检查 --rules。", "There is no policy in the directory."),
    code("no-reason", "认可一个提醒要写原因。补上原因。", "Answering a warning needs a reason: write it."),
    code(
        "no-template",
        "有几种通知没有配置短信模板，只收模板的网关发不了它们。逐一写上模板，或写 default；确定不发短信的写 种类: false。",
        "Some kinds of notices have no template, so that a gateway that takes only templates cannot send them: give each one, or `default`, or `KIND: false`.",
    ),
    code("no-time", "规则测试的一个事件没有写时刻。", "An event of a rule test has no time."),
    code(
        "nobody",
        "某地区（或单位）没有人在这个名字后面，通知送不到任何人。在通讯录里补上。",
        "Nobody stands behind a recipient somewhere: add them to the directory.",
    ),
    code(
        "not-checked",
        "因为词汇表或日历读不出来，这些文件没有检查。先改正那一个。",
        "These files were not checked, since one that they rest on cannot be read: mend that first.",
    ),
    code(
        "nothing-expected",
        "规则测试的一个用例既没有 expect 也没有 never，永远会通过。补上。",
        "A test expects nothing and cannot fail: add `expect` or `never`.",
    ),
    code(
        "nothing-to-fill",
        "有几种通知不关工单，它们的短信模板里的变量一个也没有，发出去都是“无”。给它们单列模板，变量用 rule、text、ask、reader、at.text。",
        "Some kinds of notices have none of the facts that their SMS template names: give them a template of their own.",
    ),
    code(
        "odd-mobile",
        "走短信的人，号码不是 1 开头的 11 位手机号（例如座机、少一位），短信网关会拒收。改正，或换渠道。",
        "A person who is reached by SMS has a number that is no mobile number: correct it, or use another channel.",
    ),
    code(
        "overlapping-intervals",
        "同一天的两个开放时段重叠。改其中一个。",
        "Two opening intervals overlap: change one.",
    ),
    code("overlapping-seasons", "两个季节重叠。改其中一个的起止。", "Two seasons overlap: change one."),
    code(
        "personal-condition",
        "条件问到了来电人的姓名或号码的内容。个人信息只能问有没有：{ present: true }，内容可依法删除，不能决定亮牌。",
        "A condition asks what a personal value is: rules may ask only whether it is there.",
    ),
    code(
        "recorded-early",
        "登记时刻早于发生时刻。更正其中一个。",
        "An event is recorded before it happened: correct one.",
    ),
    code(
        "reserved-name",
        "这个名字是语言自己的（如 round、happened），属性不能用。换一个。",
        "The name is a fact of the language: choose another.",
    ),
    code(
        "secret-in-text",
        "口令直接写在配置里了。改用 { file: 路径 }、{ credential: 名字 } 或 { env: 名字 }，并把泄露过的口令换掉。",
        "A secret stands in the text: use `{ file }`, `{ credential }` or `{ env }`, and change it.",
    ),
    code(
        "shared-folder",
        "两个来源收同一个文件夹里的同样的文件，谁先看到谁拿走。各用一个文件夹，或用 files 分开。",
        "Two sources take the same files of one folder: give each its own, or part them by `files`.",
    ),
    code(
        "short-cover",
        "日历已知的假期安排不足 60 天，之后的到期都是暂定。国务院办公厅公布后，用 duban calendar import 补上。",
        "Fewer than 60 days of official holidays are known; dues beyond are provisional. Import the new arrangement.",
    ),
    code(
        "signature-in-template",
        "签名（【】）由短信网关加，模板正文和变量里不能有。删去。",
        "The gateway adds the signature (【】): a template's text and parameters have none. Leave it out.",
    ),
    code(
        "syntax",
        "YAML 写法不对，例如缩进、冒号、引号。看标出的地方和它上面一行。",
        "The YAML is malformed: look at the place and the line above.",
    ),
    code("tag", "用了 YAML 标签（!!）。删去标签。", "A YAML tag is used: remove it."),
    code("template-fails", "通知模板套用样例时出错。按提示改。", "A template fails when it is rendered with a sample."),
    code(
        "template-mismatch",
        "短信模板的 params 与登记的正文（text）里的变量对不上。改其中一处。",
        "A template's `params` do not fit the places in its registered `text`: mend one of them.",
    ),
    code(
        "template-syntax",
        "通知模板写法不对，例如 {{ 没有配对。",
        "A template does not parse, such as an unclosed {{.",
    ),
    code("too-deep", "YAML 嵌套太深，不予读取。", "The YAML is nested too deeply."),
    code(
        "too-large",
        "文件或模板太大，不予读取（规则文件最多 4 MiB）。",
        "The file or template is too large (rule files: 4 MiB).",
    ),
    code(
        "too-many",
        "这个文件的问题超过一千个，其余不列。先改正列出的。",
        "A file has more than a thousand problems: mend those listed first.",
    ),
    code(
        "unconfigured-channel",
        "通讯录用到的渠道，配置里没有。在 duban.yaml 的 channels 里补上，或改名。",
        "The directory names a channel that the configuration lacks.",
    ),
    code(
        "unknown-attribute",
        "词汇表里没有这个属性。看提示里最接近的，或在 vocabulary.yaml 里声明。",
        "The attribute is not declared: see the nearest, or declare it.",
    ),
    code(
        "unknown-attribute-value",
        "这个值不在属性的取值清单里。看提示，或在词汇表里加上。",
        "The value is not in the attribute's list.",
    ),
    code("unknown-calendar", "没有这个日历。看提示里最接近的，或补一个日历文件。", "There is no such calendar."),
    code("unknown-channel", "没有这个渠道。看提示里最接近的，或在 duban.yaml 里配置。", "There is no such channel."),
    code(
        "unknown-column",
        "来源写的游标、主键或映射的列，查询里没有。改正列名，或在查询里加上这一列。",
        "A source names a column (cursor, key or mapping) that its query does not give.",
    ),
    code("unknown-deadline", "这份规则里没有这个期限。看提示里最接近的。", "The policy has no such deadline."),
    code("unknown-event", "规则测试里没有这个 id 的事件。", "The test has no event of that id."),
    code(
        "unknown-event-type",
        "没有这种事件。看提示里最接近的，或在词汇表的 events 里声明。",
        "There is no such event type: see the nearest, or declare it.",
    ),
    code(
        "unknown-figure",
        "词汇表的 figures 里没有这个统计量。看提示里最接近的，或在词汇表里声明。",
        "The vocabulary has no such figure: see the nearest, or declare it under `figures`.",
    ),
    code(
        "unknown-key",
        "不认识的键，多半是拼写错误。看提示里最接近的。",
        "The key is not known, most likely misspelt: see the nearest.",
    ),
    code("unknown-ladder", "没有这个名字的阶梯。看提示，或在 ladders 里写上。", "There is no ladder of that name."),
    code("unknown-policy", "没有这份规则。看提示里最接近的。", "There is no such policy."),
    code(
        "unknown-recipient",
        "通讯录里没有这个收件人。看提示里最接近的，或在 recipients 里加上。",
        "The directory has no such recipient.",
    ),
    code(
        "unknown-roster",
        "通讯录里写的轮值表，rosters.yaml 里没有，当班的人找不到。看提示里最接近的，或在 rosters.yaml 里登记。",
        "The directory names a roster that rosters.yaml does not have, so nobody is on duty.",
    ),
    code("unknown-rule", "这份规则里没有这条。看提示里最接近的。", "The policy has no such rule."),
    code("unknown-section", "通知模板里没有这种节。看提示。", "A template has no such section."),
    code("unknown-step", "这条期限的阶梯里没有这一步。看提示。", "The ladder has no such step."),
    code(
        "unknown-template",
        "没有这种通知。模板文件名看提示。",
        "There is no such kind of notice: see the hint for names.",
    ),
    code("unknown-term", "词汇表里没有这个条件名。看提示，或在 terms 里写上。", "The vocabulary has no such term."),
    code(
        "unknown-timezone",
        "没有这个时区。写 IANA 名字，如 Asia/Shanghai。",
        "There is no such time zone: write an IANA name.",
    ),
    code("unknown-value", "这里只能写列出的几个值。看提示。", "Only the values listed are taken here."),
    code(
        "unknown-variable",
        "通知或请求模板里没有这个变量。看提示里最接近的。",
        "The template has no such variable: see the nearest.",
    ),
    code(
        "unreadable",
        "文件读不出来，例如没有权限。检查权限和磁盘。",
        "The file cannot be read: check rights and the disk.",
    ),
    code(
        "unsuited-section",
        "通知模板的这一段写给了一个用不着它的渠道，例如给邮件渠道写短信。看提示里这个渠道用的段。",
        "A template's section is for a channel that has no use for it, such as an SMS for a mail channel: see the hint.",
    ),
    code("unsupported", "这一项这个版本还不支持。按提示的办法写。", "This version does not support it: see the hint."),
    code(
        "unverified-tls",
        "不核对对方的证书（danger_accept_invalid_certs），谁都可以冒充对方。把对方的根证书写进 ca_file，删去这一行。",
        "The other side's certificate is not checked (`danger_accept_invalid_certs`): anyone may pose as it. Use `ca_file` and remove that line.",
    ),
    code(
        "url-in-parameter",
        "短信模板的变量里不能有网址，网关会拒收。删去，或把固定的网址登记在模板正文里。",
        "A template's parameter holds an address, which gateways refuse: leave it out, or register a fixed one in the template's text.",
    ),
    code("wrong-type", "类型不对，例如要一列却写了一个字。看提示要什么。", "The type is wrong: see what is wanted."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_so_that_each_is_found() {
        assert!(CODES.is_sorted_by(|one, other| one.code < other.code), "codes are sorted, each once");
        assert!(CODES.iter().all(|known| find(known.code).is_some_and(|found| found.code == known.code)));
    }
}
