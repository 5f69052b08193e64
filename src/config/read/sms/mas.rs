//! `driver: mas`: 中国移动云MAS.

use super::super::{Base, way};
use super::templates::{Shape, templates};
use super::{named, signature};
use crate::config::channels::sms::{MasContent, Signature, SmsMas};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};

/// The longest code of a sender, the extension included.
const SERIAL_MAX: usize = 20;

pub(super) fn mas(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<SmsMas> {
    let url = fields.required("url", problems).and_then(|node| way::url(node, &["http", "https"], problems));
    let ec_name = named(fields, "ec_name", problems);
    let ap_id = named(fields, "ap_id", problems);
    let secret_key = fields.required("secret_key", problems).and_then(|node| base.secret(node, problems));
    let sign = named(fields, "sign", problems);
    let add_serial = fields.optional("add_serial").and_then(|node| serial(node, problems));
    let secret_in_body = fields.optional("secret_in_body").and_then(|node| want::boolean(node, problems));
    let content = content(fields, problems);
    let way = way::way(fields, base, problems);
    Some(SmsMas {
        url: url?,
        ec_name: ec_name?,
        ap_id: ap_id?,
        secret_key: secret_key?,
        sign: sign?,
        add_serial: add_serial.unwrap_or_default(),
        secret_in_body: secret_in_body.unwrap_or(false),
        content: content?,
        way,
    })
}

/// With `templates` the account is one for templates, to which the platform adds the signature; else it takes texts.
fn content(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<MasContent> {
    let templates = templates(fields, Shape::Ordered, problems);
    let given = fields.entry("signature").or(fields.entry("signature_by"));
    let signature = signature(fields, &Signature::ByGateway(None), problems);
    if matches!(templates, Ok(None)) {
        return Some(MasContent::Text(signature));
    }
    if let Some(entry) = given {
        let message = Text::new("模板短信的签名由平台加", "the platform adds the signature to templates");
        let hint = Text::new("删去 signature 和 signature_by", "remove `signature` and `signature_by`");
        problems.push(Problem::error(&entry.key.place, "conflict", message).hint(hint));
    }
    templates.ok().flatten().map(MasContent::Templates)
}

fn serial(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = want::word(node, problems)?.text;
    if text.len() <= SERIAL_MAX && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let message = Text::new("扩展码是不超过20位的数字", "an extension is at most 20 digits");
    let hint = Text::new("精确匹配的账号写 \"\"", "write \"\" where the code is matched exactly");
    want::report(Problem::error(&node.place, "malformed-number", message).hint(hint), problems)
}
