//! Gateways as their vendors describe them, and not as our drivers see them: signatures are computed anew and compared,
//! limits are kept, and whatever breaks their rules is refused as they would refuse it.

pub mod aliyun;
pub mod city;
pub mod described;
pub mod huawei;
pub mod mas;
pub mod tencent;
pub mod wecom;

use std::collections::BTreeMap;

/// A form, or a query.
pub fn decoded(text: &str) -> BTreeMap<String, String> {
    let mut url = reqwest::Url::parse("http://form/").unwrap();
    url.set_query(Some(text));
    url.query_pairs().into_owned().collect()
}
