//! `driver: aliyun`: 阿里云短信服务.

use super::super::{Base, way};
use super::templates::{Shape, required};
use super::{bare_signature, base_url, named};
use crate::config::channels::sms::SmsAliyun;
use crate::text::problem::Problems;
use crate::text::want::Fields;

pub(super) fn aliyun(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<SmsAliyun> {
    let base_url = base_url(fields, "https://dysmsapi.aliyuncs.com", problems);
    let access_key_id = named(fields, "access_key_id", problems);
    let access_key_secret = fields.required("access_key_secret", problems).and_then(|node| base.secret(node, problems));
    let signature = fields.required("signature", problems).and_then(|node| bare_signature(node, problems));
    let templates = required(fields, Shape::Named, problems);
    let way = way::way(fields, base, problems);
    Some(SmsAliyun {
        base_url,
        access_key_id: access_key_id?,
        access_key_secret: access_key_secret?,
        signature: signature?,
        templates: templates?,
        way,
    })
}
