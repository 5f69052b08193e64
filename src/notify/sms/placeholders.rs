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

/// A text with its places filled: by name where there is such a parameter, else in their order.
pub fn filled(text: &str, params: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let (mut rest, mut place) = (text, 0);
    while let Some((before, inner)) = rest.split_once('{') {
        let Some((name, after)) = inner.split_once('}') else { break };
        let named = params.iter().find(|(known, _)| *known == name.trim());
        let value = named.or_else(|| params.get(place)).map_or("", |(_, value)| value);
        filled.push_str(before.strip_suffix('$').unwrap_or(before));
        filled.push_str(value);
        (rest, place) = (after, place + 1);
    }
    filled + rest
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_by_name_by_number_or_in_their_order() {
        let named = [("card", "黄牌".to_owned()), ("no", "ZH-1".to_owned())];
        assert_eq!(filled("工单${no}已亮${card}。", &named), "工单ZH-1已亮黄牌。");
        let ordered = [("1", "ZH-1".to_owned()), ("2", "黄牌".to_owned())];
        assert_eq!(filled("已亮{2}：工单{1}。", &ordered), "已亮黄牌：工单ZH-1。");
        assert_eq!(filled("工单${TXT_20}已亮${TXT_6}。", &ordered), "工单ZH-1已亮黄牌。");
        assert_eq!(filled("{没有结束", &ordered), "{没有结束");
    }
}
