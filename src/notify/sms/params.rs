//! The parameters of templates registered with a gateway, as templates over a notice's facts.
//!
//! A fact that a notice has not is empty. What gateways refuse in a parameter never gets there: an empty one is sent as
//! 无, one that is too long is cut and ends in …, an address (URL) that came from outside becomes …, brackets of a
//! signature become others.

use super::super::channel::Message;
use super::super::open::OpenError;
use super::super::variables;
use crate::config::channels::sms::{CONFIDENTIAL, DIGEST, SmsTemplate, SmsTemplates};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Enough for any parameter, and the end of a loop that has none.
const FUEL: u64 = 20_000;
/// Sent in place of nothing.
const NOTHING: &str = "无";
/// Stands where something was left out.
const LEFT_OUT: &str = "…";

/// What is wrong with a parameter as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It does not parse, or cannot be filled in.
    Syntax(String),
    /// There is no such variable.
    Unknown(String),
    /// It is or holds an address.
    Url,
    /// It holds a signature, which the gateway adds.
    Signature,
}

/// The variables that a parameter names. Of a confidential notice there are few.
pub fn variables(source: &str, confidential: bool) -> Result<Vec<String>, Mistake> {
    let environment = environment();
    let template = environment.template_from_str(source).map_err(|error| Mistake::Syntax(told(&error)))?;
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.retain(|name| !environment.globals().any(|(known, _)| known == name));
    names.sort();
    for name in &names {
        check(name, confidential)?;
    }
    // An unknown filter shows only when it is used.
    let sample = names.iter().map(|name| (Arc::from(name.as_str()), "甲".to_owned())).collect();
    let filled = template.render(nested(&sample)).map_err(|error| Mistake::Syntax(told(&error)))?;
    // What only another notice brings out shows in what is written.
    let written = written(source);
    match () {
        () if [&filled, &written].into_iter().any(|text| without_urls(text) != *text) => Err(Mistake::Url),
        () if filled.contains(['【', '】']) || written.contains(['【', '】']) => Err(Mistake::Signature),
        () => Ok(names),
    }
}

/// What a template can say of its own, in whatever branch: the text between its tags, and the texts quoted in them. What
/// stands for a fact is an x, so that an address around one is still one.
fn written(source: &str) -> String {
    let mut written = String::new();
    let mut rest = source;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        let (text, tag) = rest.split_at(start);
        let close = match &tag[..2] {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = tag.find(close).map_or(tag.len(), |end| end + 2);
        written.push_str(text);
        written.push_str(if close == "}}" { "x" } else { " " });
        if close != "#}" {
            quoted_into(&mut written, &tag[..end]);
        }
        rest = &tag[end..];
    }
    written + rest
}

/// Adds the quoted texts of a tag, each by itself.
fn quoted_into(written: &mut String, tag: &str) {
    let mut rest = tag;
    while let Some(start) = rest.find(['"', '\'']) {
        let (quote, inner) = (&rest[start..=start], &rest[start + 1..]);
        let Some(end) = inner.find(quote) else { return };
        written.push(' ');
        written.push_str(&inner[..end]);
        written.push(' ');
        rest = &inner[end + 1..];
    }
}

fn check(name: &str, confidential: bool) -> Result<(), Mistake> {
    let is_known = if confidential { variables::CONFIDENTIAL.contains(&name) } else { variables::is_known(name) };
    match name {
        "url" | "objection_url" => Err(Mistake::Url),
        "signature" => Err(Mistake::Signature),
        _ if is_known => Ok(()),
        _ => Err(Mistake::Unknown(name.to_owned())),
    }
}

/// The templates of a channel, compiled.
pub struct Registered {
    templates: SmsTemplates,
    environment: Environment<'static>,
}

/// A template with its parameters filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled<'a> {
    /// The gateway's name for it.
    pub id: &'a str,
    /// Names, or numbers from 1, and values, in the configuration's order.
    pub params: Vec<(&'a str, String)>,
    /// Its text, as registered, where the configuration has it.
    pub text: Option<&'a str>,
}

impl Filled<'_> {
    /// The values in their order.
    pub fn values(&self) -> Vec<&str> {
        self.params.iter().map(|(_, value)| value.as_str()).collect()
    }
}

impl Registered {
    /// Compiles every parameter.
    pub fn compile(templates: &SmsTemplates) -> Result<Registered, OpenError> {
        let mut environment = environment();
        for param in templates.params() {
            let problem = |error: minijinja::Error| super::request::problem("templates", told(&error));
            environment.add_template_owned(param.value.clone(), param.value.clone()).map_err(problem)?;
        }
        Ok(Registered { templates: templates.clone(), environment })
    }

    /// The template for a message, filled in; an error says why there is none.
    pub fn fill(&self, message: &Message) -> Result<Filled<'_>, String> {
        let facts = &message.forms.variables;
        let word = word(message);
        let template = self.templates.of(word).ok_or_else(|| format!("没有给这种通知（{word}）配置短信模板"))?;
        let mut named = template.params.iter().flat_map(|param| &param.variables);
        if facts.is_empty() && named.any(|name| variables::always_has(&message.kind, name)) {
            return Err("通知写成时还没有配置这个模板渠道，没有可填的变量".into());
        }
        let text = template.text.as_deref();
        Ok(Filled { id: &template.id, params: self.params(template, facts)?, text })
    }

    fn params<'a>(
        &self,
        template: &'a SmsTemplate,
        facts: &BTreeMap<Arc<str>, String>,
    ) -> Result<Vec<(&'a str, String)>, String> {
        let nested = nested(facts);
        let filled = template.params.iter().map(|param| {
            let rendered = self.environment.get_template(&param.value).and_then(|value| value.render(nested.clone()));
            let rendered =
                rendered.map_err(|error| format!("短信模板的变量 {} 填不出来：{}", param.name, error.kind()))?;
            Ok((param.name.as_str(), fit(&rendered, self.templates.param_length_max)))
        });
        filled.collect()
    }
}

/// A message's variables with a mark before the first textual parameter of its template: a registered template has no room
/// for one but in what is filled in. Where no parameter is textual it is the first that has a variable.
pub fn marked(templates: &SmsTemplates, message: &Message, mark: &str) -> BTreeMap<Arc<str>, String> {
    let mut facts = message.forms.variables.clone();
    let Some(template) = templates.of(word(message)) else { return facts };
    let firsts = template.params.iter().filter_map(|param| {
        let text_of = |name: &&String| facts.get(name.as_str()).is_some_and(|text| !text.is_empty());
        let place = |name: &&String| param.value.find(name.as_str());
        param.variables.iter().filter(text_of).min_by_key(place).or_else(|| param.variables.iter().min_by_key(place))
    });
    let firsts: Vec<&String> = firsts.collect();
    let is_textual = |name: &&&String| {
        let text = facts.get(name.as_str()).map_or("", String::as_str);
        let is_moment = ["brief", "full", "text", "day", "time"].iter().any(|form| name.ends_with(&format!(".{form}")));
        !is_moment && text.chars().any(char::is_alphabetic)
    };
    let chosen = firsts.iter().find(is_textual).or(firsts.first());
    if let Some(name) = chosen {
        let text = facts.entry(Arc::from(name.as_str())).or_default();
        text.insert_str(0, mark);
    }
    facts
}

/// By which word of `templates` a message's template is found.
fn word(message: &Message) -> &str {
    let is = |mark: &str| message.forms.variables.contains_key(mark);
    match () {
        () if is(variables::IS_CONFIDENTIAL) => CONFIDENTIAL,
        () if is(variables::IS_DIGEST) => DIGEST,
        () => &message.kind,
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // A fact that a notice has not: a next step, a due.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.add_filter("cut", |text: String, length: usize| cut(&text, length));
    environment
}

/// Facts as templates see them: `due.brief` is `brief` of `due`.
fn nested(facts: &BTreeMap<Arc<str>, String>) -> Value {
    let mut whole = Map::new();
    for (name, text) in facts {
        let mut at = &mut whole;
        let mut parts = name.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                at.insert(part.to_owned(), text.clone().into());
                break;
            }
            let inner = at.entry(part).or_insert_with(|| Json::Object(Map::new()));
            let Some(inner) = inner.as_object_mut() else { break };
            at = inner;
        }
    }
    Value::from(Serde(&whole))
}

/// A value as gateways take it.
fn fit(rendered: &str, length_max: usize) -> String {
    let plain: String = rendered.chars().map(harmless).collect();
    let plain = without_urls(&plain);
    match plain.trim() {
        "" => NOTHING.to_owned(),
        value => cut(value, length_max),
    }
}

fn harmless(char: char) -> char {
    match char {
        '【' => '「',
        '】' => '」',
        char if char.is_control() => ' ',
        char => char,
    }
}

/// A text of at most so many UTF-16 units; one that was longer ends in ….
fn cut(text: &str, length_max: usize) -> String {
    if text.encode_utf16().count() <= length_max {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut room = length_max.saturating_sub(1);
    for char in text.chars() {
        if char.len_utf16() > room {
            break;
        }
        room -= char.len_utf16();
        kept.push(char);
    }
    kept + LEFT_OUT
}

/// A text without the addresses in it.
fn without_urls(text: &str) -> String {
    super::urls::replaced(text, LEFT_OUT)
}

fn told(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(source: &str, facts: &[(&str, &str)]) -> String {
        let facts = facts.iter().map(|(name, text)| ((*name).into(), (*text).to_owned())).collect();
        fit(&environment().render_str(source, nested(&facts)).unwrap(), 35)
    }

    #[test]
    fn parameters_name_facts_as_the_notices_templates_do() {
        let facts = [
            ("order", "ZH-1"),
            ("due.brief", "5月11日08:50"),
            ("next.at.time", "17:30"),
            ("attributes.region", "珠海市"),
        ];
        assert_eq!(filled("{{ order }}，{{ due.brief }}", &facts), "ZH-1，5月11日08:50");
        assert_eq!(filled("{{ next.at.time }}{{ attributes.region }}", &facts), "17:30珠海市");
        assert_eq!(filled("{{ stopped.brief | default('尚未办理') }}", &facts), "尚未办理");
        assert_eq!(variables("{{ order }}{{ due.brief }}", false), Ok(vec!["due.brief".into(), "order".into()]));
    }

    #[test]
    fn a_parameter_is_what_gateways_take_whatever_the_facts_hold() {
        assert_eq!(filled("{{ reason }}", &[]), "无");
        assert_eq!(filled("{{ text }}", &[("text", &"长".repeat(36))]), "长".repeat(34) + "…");
        assert_eq!(filled("{{ text }}", &[("text", &"长".repeat(35))]), "长".repeat(35));
        assert_eq!(filled("{{ text }}", &[("text", &"𠮷".repeat(18))]), "𠮷".repeat(17) + "…");
        assert_eq!(filled("{{ text | cut(4) }}", &[("text", "市市场监督管理局")]), "市市场…");
        assert_eq!(
            filled("{{ text }}", &[("text", "详见https://a.example.cn/x?y=1，【急】\n请办")]),
            "详见…，「急」 请办"
        );
    }

    #[test]
    fn mistakes_are_known_before_anything_is_sent() {
        for (source, confidential, expected) in [
            ("{{ ordr }}", false, Mistake::Unknown("ordr".into())),
            ("{{ due }}", false, Mistake::Unknown("due".into())),
            ("{{ order }}", true, Mistake::Unknown("order".into())),
            ("{{ url }}", false, Mistake::Url),
            ("见 https://a.example.cn/{{ order }}", false, Mistake::Url),
            ("见 10.1.2.3/x", false, Mistake::Url),
            ("12345.政务", false, Mistake::Url),
            ("{% if duty %}https://a.cn{% endif %}", false, Mistake::Url),
            ("{% if duty %}甲{% else %}12345.政务{% endif %}", false, Mistake::Url),
            ("{{ reason | default('见 t.cn/x') }}", false, Mistake::Url),
            ("{{ order }}.example.cn", false, Mistake::Url),
            ("{% if duty %}【急】{% endif %}", false, Mistake::Signature),
            ("{{ signature }}", false, Mistake::Signature),
            ("【急】", false, Mistake::Signature),
        ] {
            assert_eq!(variables(source, confidential), Err(expected), "{source}");
        }
        assert!(matches!(variables("{{ order", false), Err(Mistake::Syntax(_))));
        assert!(matches!(variables("{{ order | no_such }}", false), Err(Mistake::Syntax(_))));
        assert_eq!(variables("{{ act }}", true), Ok(vec!["act".into()]));
    }
}
