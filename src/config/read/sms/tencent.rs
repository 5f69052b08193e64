//! `driver: tencent`: 腾讯云短信.

use super::super::{Base, way};
use super::templates::{Shape, required};
use super::{bare_signature, base_url, named};
use crate::config::channels::sms::{PerNumber, SmsTencent};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};

pub(super) fn tencent(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<SmsTencent> {
    let base_url = base_url(fields, "https://sms.tencentcloudapi.com", problems);
    let region = fields.optional("region").and_then(|node| want::word(node, problems));
    let secret_id = named(fields, "secret_id", problems);
    let secret_key = fields.required("secret_key", problems).and_then(|node| base.secret(node, problems));
    let app_id = named(fields, "app_id", problems);
    let signature = fields.required("signature", problems).and_then(|node| bare_signature(node, problems));
    let per_number = fields.optional("per_number").and_then(|node| per_number(node, problems)).unwrap_or_default();
    let templates = required(fields, Shape::Ordered, problems);
    let way = way::way(fields, base, problems);
    Some(SmsTencent {
        base_url,
        region: region.map_or("ap-guangzhou", |word| word.text).to_owned(),
        secret_id: secret_id?,
        secret_key: secret_key?,
        app_id: app_id?,
        signature: signature?,
        per_number,
        templates: templates?,
        way,
    })
}

/// `per_number: { half_minute: 1, hour: 5, day: 10 }`, as the console's 频率限制 has it.
fn per_number(node: &Node, problems: &mut Problems) -> Option<PerNumber> {
    let mut fields = Fields::of(node, problems)?;
    let mut count = |name| fields.optional(name).and_then(|node| count(node, problems));
    let read = PerNumber { half_minute: count("half_minute"), hour: count("hour"), day: count("day") };
    fields.finish(problems);
    Some(read)
}

fn count(node: &Node, problems: &mut Problems) -> Option<u32> {
    let number = want::integer(node, problems)?;
    (1..=10_000).contains(&number).then_some(number).or_else(|| {
        let message = Text::new("此处应为 1 至 10000", "expected 1 to 10000");
        let hint = Text::new("按腾讯云控制台“频率限制”里的填", "as the console has it");
        want::report(Problem::error(&node.place, "malformed-number", message).hint(hint), problems)
    })
}
