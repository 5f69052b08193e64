//! What a `text_notice` card may hold: the fields of the documentation and no others, each within the length given for it.

use serde_json::{Map, Value};

/// Why a card would be refused or not be shown whole.
pub fn check(card: &Value) -> Result<(), String> {
    let card = Part::of(card, "template_card")?;
    card.only(&[
        "card_type",
        "source",
        "main_title",
        "quote_area",
        "sub_title_text",
        "horizontal_content_list",
        "jump_list",
        "card_action",
    ])?;
    if card.text("card_type", 20)? != "text_notice" {
        return Err("card_type".into());
    }
    if let Some(source) = card.part("source")? {
        source.only(&["desc", "desc_color"])?;
        source.text("desc", 13)?;
        source.one_of("desc_color", &[0, 1, 2, 3])?;
    }
    let title = card.part("main_title")?.ok_or("main_title is missing")?;
    title.only(&["title", "desc"])?;
    if title.text("title", 26)?.is_empty() && card.text("sub_title_text", 112)?.is_empty() {
        return Err("neither a title nor a text".into());
    }
    title.text("desc", 30)?;
    if let Some(quote) = card.part("quote_area")? {
        quote.only(&["title", "quote_text"])?;
        quote.text("quote_text", 112)?;
    }
    card.text("sub_title_text", 112)?;
    card.list("horizontal_content_list", 6)?.iter().try_for_each(row)?;
    card.list("jump_list", 3)?.iter().try_for_each(jump)?;
    let action = card.part("card_action")?.ok_or("card_action is missing")?;
    action.only(&["type", "url"])?;
    action.one_of("type", &[1])?;
    action.address()
}

fn row(row: &Value) -> Result<(), String> {
    let row = Part::of(row, "horizontal_content_list")?;
    row.only(&["type", "keyname", "value", "userid"])?;
    if row.text("keyname", 5)?.is_empty() {
        return Err("keyname is missing".into());
    }
    row.text("value", 26)?;
    match row.0.get("type").and_then(Value::as_u64) {
        None | Some(0) => Ok(()),
        Some(3) if !row.text("userid", 64)?.is_empty() => Ok(()),
        _ => Err("horizontal_content_list.type".into()),
    }
}

fn jump(jump: &Value) -> Result<(), String> {
    let jump = Part::of(jump, "jump_list")?;
    jump.only(&["type", "title", "url"])?;
    jump.one_of("type", &[1])?;
    if jump.text("title", 13)?.is_empty() {
        return Err("jump_list.title".into());
    }
    jump.address()
}

struct Part<'a>(&'a Map<String, Value>);

impl<'a> Part<'a> {
    fn of(value: &'a Value, name: &str) -> Result<Part<'a>, String> {
        value.as_object().map(Part).ok_or_else(|| format!("{name} is no object"))
    }

    fn only(&self, known: &[&str]) -> Result<(), String> {
        let unknown = self.0.keys().find(|key| !known.contains(&key.as_str()));
        unknown.map_or(Ok(()), |key| Err(format!("unknown field {key}")))
    }

    fn part(&self, name: &str) -> Result<Option<Part<'a>>, String> {
        self.0.get(name).map(|value| Part::of(value, name)).transpose()
    }

    fn list(&self, name: &str, max: usize) -> Result<&'a [Value], String> {
        let Some(value) = self.0.get(name) else { return Ok(&[]) };
        let list = value.as_array().ok_or_else(|| format!("{name} is no list"))?;
        if list.len() > max { Err(format!("{name} has more than {max}")) } else { Ok(list) }
    }

    fn text(&self, name: &str, max: usize) -> Result<&'a str, String> {
        let Some(value) = self.0.get(name) else { return Ok("") };
        let text = value.as_str().ok_or_else(|| format!("{name} is no text"))?;
        if text.chars().count() > max { Err(format!("{name} exceeds {max}")) } else { Ok(text) }
    }

    fn one_of(&self, name: &str, values: &[u64]) -> Result<(), String> {
        let found = self.0.get(name).and_then(Value::as_u64);
        if found.is_some_and(|found| values.contains(&found)) { Ok(()) } else { Err(name.into()) }
    }

    fn address(&self) -> Result<(), String> {
        if self.text("url", 2048)?.starts_with("http") { Ok(()) } else { Err("url".into()) }
    }
}
