//! `kind: sms`, by its driver.

mod aliyun;
pub(super) mod http;
mod huawei;
mod mas;
pub mod templates;
mod tencent;

use super::{Base, way};
use crate::config::channels::sms::{Signature, Sms};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};

#[derive(Clone, Copy)]
enum Driver {
    Http,
    Mas,
    Aliyun,
    Tencent,
    Huawei,
}

pub(super) fn sms(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<Sms> {
    let choices = [
        ("http", Driver::Http),
        ("mas", Driver::Mas),
        ("aliyun", Driver::Aliyun),
        ("tencent", Driver::Tencent),
        ("huawei", Driver::Huawei),
    ];
    let driver = fields.required("driver", problems).and_then(|node| want::one_of(node, &choices, problems))?;
    match driver {
        Driver::Http => http::http(fields, base, problems).map(Box::new).map(Sms::Http),
        Driver::Mas => mas::mas(fields, base, problems).map(Sms::Mas),
        Driver::Aliyun => aliyun::aliyun(fields, base, problems).map(Sms::Aliyun),
        Driver::Tencent => tencent::tencent(fields, base, problems).map(Sms::Tencent),
        Driver::Huawei => huawei::huawei(fields, base, problems).map(Sms::Huawei),
    }
}

/// `signature` and `signature_by: gateway | text`; `otherwise` where neither is given.
fn signature(fields: &mut Fields<'_>, otherwise: &Signature, problems: &mut Problems) -> Signature {
    let text = fields.optional("signature").and_then(|node| signature_text(node, problems));
    let by = fields
        .optional("signature_by")
        .and_then(|node| want::one_of(node, &[("gateway", true), ("text", false)], problems));
    match (text, by) {
        (None, None) => otherwise.clone(),
        (text, Some(true)) | (text @ Some(_), None) => Signature::ByGateway(text),
        (Some(text), Some(false)) => Signature::ByText(text),
        (None, Some(false)) => Signature::AsWritten,
    }
}

/// A signature with its brackets, which may be written or not.
fn signature_text(node: &Node, problems: &mut Problems) -> Option<String> {
    bare_signature(node, problems).map(|name| format!("【{name}】"))
}

/// A signature without its brackets.
fn bare_signature(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = want::text(node, problems)?.trim();
    let bare = text.strip_prefix('【').and_then(|rest| rest.strip_suffix('】')).unwrap_or(text);
    if !bare.is_empty() && !bare.contains(['【', '】']) && !bare.chars().any(char::is_control) {
        return Some(bare.to_owned());
    }
    let message = Text::new("此处应为签名", "expected a signature");
    let hint = Text::new("按登记的写，例如 【珠海12345】", "as it is registered, such as 【珠海12345】");
    want::report(Problem::error(&node.place, "malformed-name", message).hint(hint), problems)
}

/// `base_url`, without a slash at its end.
fn base_url(fields: &mut Fields<'_>, otherwise: &str, problems: &mut Problems) -> String {
    let given = fields.optional("base_url").and_then(|node| way::url(node, &["http", "https"], problems));
    given.as_deref().unwrap_or(otherwise).trim_end_matches('/').to_owned()
}

/// A word that is not empty.
fn named(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<String> {
    let node = fields.required(key, problems)?;
    let word = want::word(node, problems)?.text.trim();
    if word.is_empty() { want::report(want::missing(&node.place, key), problems) } else { Some(word.to_owned()) }
}
