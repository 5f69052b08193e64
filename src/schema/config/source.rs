//! `sources` of `duban.yaml`.

use crate::config::sources::mapping::Other;
use crate::config::sources::{Encoding, Tls};
use crate::schema::parts::{
    Field, any_of, boolean, described, integer, list, map_of, may, must, nullable, object, one_of, one_or_more, part,
    text, word, word_like,
};
use serde_json::{Value, json};

pub(super) fn source() -> Value {
    any_of(vec![of_kind("sql", "从别的系统的数据库取", sql()), of_kind("folder", "从文件夹取文件", folder())])
}

fn of_kind(kind: &str, title: &str, own: Vec<Field>) -> Value {
    let mut fields = vec![
        must("name", "名字", "也是它的事件的来源；不与别的来源、令牌重名。", word()),
        must("kind", "种类", title, json!({"const": kind})),
        may("every", "多久看一次", "如 1 minute；缺省一分钟。", word()),
        may("timezone", "时区", "不带时差的时间按它；缺省是规则的时区。", word()),
        may("empty", "算作没有", "这些文字等于空，如 [\"-\", \"NULL\"]。", one_or_more(&word())),
        may("events", "事件", "一行产生哪些事件；宽表写几条，各取各的时间列。", list(part("event-of-row"))),
        may("figures", "统计量", "一行产生哪些统计量。", list(part("figure-of-row"))),
    ];
    fields.extend(own);
    described(title, "", object(fields))
}

fn sql() -> Vec<Field> {
    vec![
        must("url", "地址", "mysql://用户@主机:3306/库、postgres://用户@主机:5432/库 或 sqlite:路径。", text()),
        may("password", "口令", "", part("secret")),
        may("socket", "套接字", "本机 MySQL 的套接字文件，或 PostgreSQL 套接字所在的目录。", text()),
        may(
            "tls",
            "加密",
            "verify 加密并核对证书（缺省），encrypt 只加密，off 明文；连本机缺省不加密。",
            one_of(&words(&Tls::WORDS)),
        ),
        may("ca_file", "根证书", "自签证书的根，PEM 文件。", text()),
        must("query", "查询", "一条 SELECT；增量条件、ORDER BY 和 LIMIT 由程序加在外面。", text()),
        must("cursor", "游标列", "随每次新增、修改而增大的列，如 updated_at 或自增编号。", word()),
        may("key", "主键列", "把游标值相同的行区分开的列；一个或几个。", one_or_more(&word())),
        may("overlap", "回看", "如 5 minutes（时间游标）或 1000（数字游标）：晚提交的行不会漏。", word()),
        may("start", "起点", "第一次从哪个游标值读起；不写就从头。", word()),
        may("batch", "一次取多少行", "1 到 10000，缺省 1000。", integer()),
        may("timeout", "超时", "一次查询最多多久，缺省 30 seconds。", word()),
    ]
}

fn folder() -> Vec<Field> {
    vec![
        must("path", "文件夹", "路径相对于本文件；处理过的移到其中的 done、rejected。", text()),
        may("files", "哪些文件", "如 [\"工单*.csv\"]；不写就是全部。", one_or_more(&word())),
        may("encoding", "编码", "auto（缺省）自动辨认。", one_of(&words(&Encoding::WORDS))),
        may("delimiter", "分隔符", "如 \",\"、\";\"、tab；不写就从表头辨认。", word()),
        may("sheet", "工作表", "XLSX 的哪一张；不写就是第一张。", word()),
        may("header", "表头在第几行", "缺省 1。", integer()),
        may("size_max", "最大", "如 64 MB（缺省）；更大的文件不收。", word()),
        may("keep", "留多久", "done、rejected 里的文件留多少天，如 90 days；不写就一直留着。", word()),
        may("rest", "静置多久", "文件这么久没有变化才取，缺省 2 seconds。", word()),
    ]
}

fn words<T>(words: &[(&'static str, T)]) -> Vec<&'static str> {
    words.iter().map(|(word, _)| *word).collect()
}

fn conditions() -> Value {
    map_of(one_or_more(&word()))
}

fn field_or_column() -> Value {
    any_of(vec![word(), part("field")])
}

pub(super) fn event() -> Value {
    let kinds = word_like(&crate::policy::builtin::EVENTS.map(|(name, _)| name));
    object(vec![
        must(
            "type",
            "类型",
            "事件类型，或 { column: 列, values: { 状态: 类型 } }。",
            any_of(vec![kinds, part("field")]),
        ),
        must("order", "工单", "工单号的列。", field_or_column()),
        must("at", "时间", "发生时间的列；这一格空着的行不产生这个事件。", field_or_column()),
        may("recorded_at", "登记时间", "", field_or_column()),
        may("id", "编号", "一列，或几列拼成；不写就由工单、类型、时间算出。", one_or_more(&field_or_column())),
        may("by", "经办人", "", field_or_column()),
        may("when", "条件", "这些列是这些值的行才产生，如 { 状态: [已办结, 已归档] }。", conditions()),
        may("attrs", "属性", "属性: 列。", map_of(field_or_column())),
    ])
}

pub(super) fn figure() -> Value {
    object(vec![
        must("figure", "统计量", "词汇表 figures 里的名字，或 { column: 列 }。", field_or_column()),
        must("day", "日期", "哪一天的。", field_or_column()),
        must("value", "数", "这一格空着的行不产生这个统计量。", field_or_column()),
        may("department", "单位", "哪个单位的；不写就是全部。", field_or_column()),
        may("id", "编号", "一列，或几列拼成；不写就由内容算出。", one_or_more(&field_or_column())),
        may("when", "条件", "这些列是这些值的行才产生。", conditions()),
    ])
}

pub(super) fn field() -> Value {
    any_of(vec![
        object(vec![must("value", "固定的值", "", word())]),
        object(vec![
            must("column", "列", "", word()),
            may("values", "对照", "列里的值: 它的意思；~ 表示没有。", map_of(nullable(word()))),
            may(
                "else",
                "别的值",
                "keep 照原样（缺省），nothing 算没有，refuse 拒收这一行。",
                one_of(&words(&Other::WORDS)),
            ),
            may("format", "时间格式", "如 \"%Y%m%d%H%M%S\"、unix、unix ms；可以写几种。", one_or_more(&text())),
            may("clears", "空着即清除", "true：这一格空着就清除工单的这个属性。", boolean()),
        ]),
    ])
}
