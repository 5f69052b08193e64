//! `driver: tencent`: 腾讯云短信.

use super::super::{Base, way};
use super::templates::{Shape, required};
use super::{bare_signature, base_url, named};
use crate::config::channels::sms::SmsTencent;
use crate::text::problem::Problems;
use crate::text::want::{self, Fields};

pub(super) fn tencent(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<SmsTencent> {
    let base_url = base_url(fields, "https://sms.tencentcloudapi.com", problems);
    let region = fields.optional("region").and_then(|node| want::word(node, problems));
    let secret_id = named(fields, "secret_id", problems);
    let secret_key = fields.required("secret_key", problems).and_then(|node| base.secret(node, problems));
    let app_id = named(fields, "app_id", problems);
    let signature = fields.required("signature", problems).and_then(|node| bare_signature(node, problems));
    let templates = required(fields, Shape::Ordered, problems);
    let way = way::way(fields, base, problems);
    Some(SmsTencent {
        base_url,
        region: region.map_or("ap-guangzhou", |word| word.text).to_owned(),
        secret_id: secret_id?,
        secret_key: secret_key?,
        app_id: app_id?,
        signature: signature?,
        templates: templates?,
        way,
    })
}
