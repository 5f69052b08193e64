//! The places in a registered template's text that its parameters fill: `${no}`, `${1}`, `{1}`.

use crate::config::channels::sms::SmsParam;
use std::collections::BTreeSet;

/// How a text's places differ from its parameters, in Chinese and English; none: they do not.
pub fn differs(text: &str, params: &[SmsParam], named: bool) -> Option<(String, String)> {
    let places = places(text);
    if !named {
        let (here, given) = (places.len(), params.len());
        let differ = (
            format!("模板正文有{here}个变量，params 写了{given}个"),
            format!("the template's text has {here} places, `params` gives {given}"),
        );
        return (here != given).then_some(differ);
    }
    let given: BTreeSet<&str> = params.iter().map(|param| param.name.as_str()).collect();
    let missing: Vec<&str> = places.difference(&given).copied().collect();
    let spare: Vec<&str> = given.difference(&places).copied().collect();
    match (missing.as_slice(), spare.as_slice()) {
        ([], []) => None,
        ([], spare) => {
            let spare = spare.join("、");
            Some((format!("模板正文里没有变量“{spare}”"), format!("the template's text has no `{spare}`")))
        }
        (missing, _) => {
            let missing = missing.join("、");
            Some((format!("缺少模板正文里的变量“{missing}”"), format!("`{missing}` of the template's text is missing")))
        }
    }
}

/// What stands in braces, each once.
fn places(text: &str) -> BTreeSet<&str> {
    let opened = text.split('{').skip(1);
    opened
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.is_empty())
        .collect()
}
