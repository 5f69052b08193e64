//! `driver: huawei`: 华为云消息&短信.

use super::super::{Base, way};
use super::templates::{Shape, required};
use super::{bare_signature, base_url, named};
use crate::config::channels::sms::SmsHuawei;
use crate::text::problem::Problems;
use crate::text::want::Fields;

pub(super) fn huawei(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<SmsHuawei> {
    let base_url = base_url(fields, "https://smsapi.cn-north-4.myhuaweicloud.com:443", problems);
    let app_key = named(fields, "app_key", problems);
    let app_secret = fields.required("app_secret", problems).and_then(|node| base.secret(node, problems));
    let sender = named(fields, "sender", problems);
    let signature = fields.optional("signature").and_then(|node| bare_signature(node, problems));
    let status_callback = fields.optional("status_callback").and_then(|node| base.secret_address(node, problems));
    let templates = required(fields, Shape::Ordered, problems);
    let way = way::way(fields, base, problems);
    Some(SmsHuawei {
        base_url,
        app_key: app_key?,
        app_secret: app_secret?,
        sender: sender?,
        signature,
        status_callback,
        templates: templates?,
        way,
    })
}
