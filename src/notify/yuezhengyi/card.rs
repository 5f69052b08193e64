//! A notice as a card (文本通知模版卡片), made from its markdown: the bold line is the title, `键　值` lines are rows, 依据 is the
//! quotation, the links open the order's page. So a card says what the markdown says, operators' own included.
//!
//! Every part keeps within the length that the platform gives for it, in characters; what is too long for its part goes
//! into the text beneath, and only what has no room there either is shortened, at a sentence where there is one: the card
//! opens the page that has it all. Lengths: 企业微信 developer documentation, path 99110.

use super::markup::{self, Line, Link};
use crate::notify::channel::Mention;
use serde_json::{Value, json};

pub(super) const TITLE_MAX: usize = 26;
pub(super) const DESC_MAX: usize = 30;
pub(super) const SOURCE_MAX: usize = 13;
pub(super) const KEY_MAX: usize = 5;
pub(super) const VALUE_MAX: usize = 26;
pub(super) const ROWS_MAX: usize = 6;
pub(super) const TEXT_MAX: usize = 112;
pub(super) const JUMPS_MAX: usize = 3;
pub(super) const JUMP_MAX: usize = 13;
/// The platform gives no length for it: as much as the text beneath may have.
pub(super) const QUOTE_MAX: usize = 112;
/// The row that a reader asks for first when a decision is disputed.
const QUOTED: &str = "依据";
/// So many rows are kept for those whom it concerns.
const MENTIONS_MAX: usize = 2;
const RED: u8 = 2;
const GREY: u8 = 0;

/// A card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    title: String,
    desc: String,
    quote: String,
    rows: Vec<(String, String)>,
    text: String,
    url: String,
    jumps: Vec<Link>,
    source: String,
    is_red: bool,
    mentions: Vec<Mention>,
}

impl Card {
    /// The card of a markdown text; none where it is several notices, has no title, or leads nowhere: a card must open
    /// something. `short` gives the sender's signature.
    pub fn of(markdown: &str, short: &str, kind: &str, mentions: &[Mention]) -> Option<Card> {
        if markdown.trim().contains("\n\n") {
            return None;
        }
        let mentions: Vec<Mention> = mentions.iter().take(MENTIONS_MAX).cloned().collect();
        let mut parts = Parts::default();
        markdown.lines().for_each(|line| parts.take(markup::line(line)));
        let mut links = parts.links.into_iter();
        let mut card = Card {
            url: links.next()?.url,
            jumps: links.filter(|link| chars(&link.title) <= JUMP_MAX).take(JUMPS_MAX).collect(),
            source: shortened(markup::signature(short), SOURCE_MAX),
            is_red: kind == "red-card",
            rows: Vec::new(),
            title: String::new(),
            desc: String::new(),
            quote: String::new(),
            text: String::new(),
            mentions,
        };
        let (first, more) = parts.titles.split_first().filter(|(first, _)| !first.is_empty())?;
        card.entitle(first);
        card.fill(parts.rows, [more, &parts.texts].concat());
        Some(card)
    }

    /// A title too long for its place gives its latter half to the description: 黄牌, and 一小时响应逾期.
    fn entitle(&mut self, title: &str) {
        let halves = title.split_once(markup::GAP).filter(|_| chars(title) > TITLE_MAX);
        let (title, rest) = halves.unwrap_or((title, ""));
        self.title = shortened(title, TITLE_MAX);
        self.desc = shortened(rest, DESC_MAX);
    }

    fn fill(&mut self, rows: Vec<(String, String)>, mut texts: Vec<String>) {
        for (key, value) in rows {
            if key == QUOTED && self.quote.is_empty() && chars(&value) <= QUOTE_MAX {
                self.quote = value;
            } else if chars(&value) <= VALUE_MAX && self.rows.len() + self.mentions.len() < ROWS_MAX {
                self.rows.push((key, value));
            } else {
                texts.push(format!("{key}：{value}"));
            }
        }
        self.text = shortened(&texts.join("\n"), TEXT_MAX);
    }

    /// As it is laid out on a phone, a line each.
    pub fn lines(&self) -> Vec<String> {
        let gap = markup::GAP;
        let mut lines = vec![format!("来源{gap}{}", self.source), format!("标题{gap}{}", self.title)];
        lines.push(format!("说明{gap}{}", self.desc));
        lines.push(format!("引用{gap}{}", self.quote));
        lines.push(format!("正文{gap}{}", self.text.replace('\n', "\n          ")));
        lines.retain(|line| !line.ends_with(gap));
        lines.extend(self.rows.iter().map(|(key, value)| format!("{key}{gap}{value}")));
        lines.extend(self.mentions.iter().map(|one| format!("联系人{gap}@{}", one.name)));
        lines.push(format!("点开{gap}{}", self.url));
        lines.extend(self.jumps.iter().map(|link| format!("另有{gap}{} {}", link.title, link.url)));
        lines
    }

    /// As the platform wants it.
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|(key, value)| json!({ "keyname": key, "value": value }));
        let named = self.mentions.iter().map(|one| {
            json!({ "type": 3, "keyname": "联系人", "value": shortened(&one.name, VALUE_MAX), "userid": &*one.id })
        });
        let rows: Vec<Value> = rows.chain(named).collect();
        let mut card = json!({
            "card_type": "text_notice",
            "main_title": { "title": self.title },
            "card_action": { "type": 1, "url": self.url },
        });
        let jumps = self.jumps.iter().map(|link| json!({ "type": 1, "title": link.title, "url": link.url }));
        let jumps: Vec<Value> = jumps.collect();
        let colour = if self.is_red { RED } else { GREY };
        let parts = [
            ("source", !self.source.is_empty(), json!({ "desc": self.source, "desc_color": colour })),
            ("quote_area", !self.quote.is_empty(), json!({ "title": QUOTED, "quote_text": self.quote })),
            ("sub_title_text", !self.text.is_empty(), json!(self.text)),
            ("horizontal_content_list", !rows.is_empty(), json!(rows)),
            ("jump_list", !jumps.is_empty(), json!(jumps)),
        ];
        for (name, _, part) in parts.into_iter().filter(|(_, there, _)| *there) {
            card[name] = part;
        }
        if !self.desc.is_empty() {
            card["main_title"]["desc"] = json!(self.desc);
        }
        card
    }
}

/// What stands in a markdown text.
#[derive(Default)]
struct Parts {
    titles: Vec<String>,
    rows: Vec<(String, String)>,
    texts: Vec<String>,
    links: Vec<Link>,
}

impl Parts {
    fn take(&mut self, line: Line) {
        self.links.extend(line.links);
        let text = line.text;
        if line.is_title {
            self.titles.push(text);
            return;
        }
        match text.split_once(markup::GAP) {
            Some((key, value)) if (1..=KEY_MAX).contains(&chars(key)) && !value.is_empty() => {
                self.rows.push((key.to_owned(), value.to_owned()));
            }
            _ if !text.is_empty() => self.texts.push(text),
            _ => {}
        }
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// The text within a length: as many whole sentences as fill at least half of it, else as many characters; with … for what
/// is left out.
fn shortened(text: &str, max: usize) -> String {
    if chars(text) <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max - 1).collect();
    let ends = |c: char| matches!(c, '。' | '；' | '，' | '\n');
    let whole = kept.rfind(ends).filter(|at| chars(&kept[..*at]) >= max / 2);
    let kept = whole.map_or(&*kept, |at| &kept[..at]);
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const YELLOW: &str = "**黄牌　一小时响应逾期**\n工单　ZH-2024-000017（咨询）\n承办　市市场监管局\n应于　5月11日（周六，调休上班）08:50前联系诉求人\n依据　珠府办函〔2023〕64号 二（一）2\n请办　立即联系诉求人并登记\n下一步　5月13日（周一）17:30前仍未联系诉求人，亮红牌并告知分管负责人\n[查看时限计算](https://d.example/orders/1?decision=k)　[提出异议](https://d.example/orders/1/objection?decision=k)";

    fn card(markdown: &str) -> Option<Value> {
        Card::of(markdown, "【珠海12345】黄牌：…", "yellow-card", &[]).map(|card| card.json())
    }

    #[test]
    fn a_yellow_card_is_a_card_that_opens_the_orders_page() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&card(YELLOW).unwrap()).unwrap());
    }

    #[test]
    fn what_leads_nowhere_or_is_several_notices_is_no_card() {
        assert_eq!(card("**黄牌　一小时响应逾期**\n工单　ZH-2024-000017"), None);
        assert_eq!(card(&format!("{YELLOW}\n\n{YELLOW}")), None);
        assert_eq!(card("有1件督办事项待查阅。\n[查阅](https://d.example/1)"), None);
        assert_eq!(card("**　**\n[查阅](https://d.example/1)"), None);
    }

    #[test]
    fn a_title_too_long_gives_its_latter_half_away() {
        let long = YELLOW.replace("一小时响应逾期", "重大项目和规模以上企业诉求一小时响应时限逾期了一天");
        let card = card(&long).unwrap();
        assert_eq!(card["main_title"]["title"], "黄牌");
        assert_eq!(card["main_title"]["desc"], "重大项目和规模以上企业诉求一小时响应时限逾期了一天");
    }

    #[test]
    fn those_whom_it_concerns_have_rows_of_their_own() {
        let mention = |id: &str| Mention { id: id.into(), name: "张三".into() };
        let mentions = [mention("a01"), mention("a02"), mention("a03")];
        let card = Card::of(YELLOW, "", "red-card", &mentions).unwrap().json();
        let rows = card["horizontal_content_list"].as_array().unwrap();
        let named: Vec<&Value> = rows.iter().filter(|row| row["type"] == 3).map(|row| &row["userid"]).collect();
        assert_eq!((rows.len(), named), (ROWS_MAX, vec![&json!("a01"), &json!("a02")]));
        assert!(card["sub_title_text"].as_str().unwrap().contains("下一步："), "no row is lost: {card}");
    }

    proptest! {
        #[test]
        fn no_part_of_a_card_is_longer_than_the_platform_takes(
            title in "黄[黄牌逾期　]{1,60}",
            lines in proptest::collection::vec("[工单应于依据]{1,7}　[五月，。；a1]{1,200}", 1..12),
        ) {
            let markdown = format!("**{title}**\n{}\n[看](https://d.example/1)", lines.join("\n"));
            let card = card(&markdown).unwrap();
            let length = |value: &Value| value.as_str().map_or(0, chars);
            prop_assert!(length(&card["main_title"]["title"]) <= TITLE_MAX);
            prop_assert!(length(&card["main_title"]["desc"]) <= DESC_MAX);
            prop_assert!(length(&card["sub_title_text"]) <= TEXT_MAX);
            prop_assert!(length(&card["quote_area"]["quote_text"]) <= QUOTE_MAX);
            let rows = card["horizontal_content_list"].as_array().cloned().unwrap_or_default();
            prop_assert!(rows.len() <= ROWS_MAX);
            for row in rows {
                prop_assert!(length(&row["keyname"]) <= KEY_MAX && length(&row["value"]) <= VALUE_MAX, "{row}");
            }
        }
    }
}
