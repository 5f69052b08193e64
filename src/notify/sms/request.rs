//! The templates of a gateway's request: URL, header texts and body, over `mobile`, `text` and `id`. A name that is not
//! one of these is refused when the channel is opened. Nothing is escaped by itself, because only the template knows
//! whether it writes JSON (`| tojson`), a query (`| urlencode`) or plain text.

use super::super::open::OpenError;
use minijinja::{Environment, UndefinedBehavior, context};

const FIELDS: [&str; 4] = ["mobile", "text", "id", "provider_id"];
const NAME: &str = "request";
/// Enough for any request, and the end of a loop that has none.
const FUEL: u64 = 100_000;

/// What a template may name; of these only what its configuration lets it.
#[derive(Clone, Copy, Default)]
pub struct Fields<'a> {
    pub mobile: &'a str,
    pub text: &'a str,
    pub id: &'a str,
    pub provider_id: &'a str,
}

/// One compiled template.
pub struct Template {
    environment: Environment<'static>,
    key: String,
}

impl Template {
    pub fn compile(key: &str, source: &str) -> Result<Template, OpenError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.add_template_owned(NAME, source.to_owned()).map_err(|error| problem(key, error.to_string()))?;
        let template = Template { environment, key: key.to_owned() };
        if let Some(name) = template.unknown() {
            return Err(problem(key, format!("unknown variable `{name}`; there are `mobile`, `text` and `id`")));
        }
        // An unknown filter shows only when it is used.
        let sample = Fields { mobile: "13800138000", text: "短信", id: "1", provider_id: "1" };
        template.filled(&sample).map_err(|error| problem(key, error.to_string()))?;
        Ok(template)
    }

    fn unknown(&self) -> Option<String> {
        let template = self.environment.get_template(NAME).ok()?;
        let mut unknown: Vec<String> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|name| !FIELDS.contains(&name.as_str()) && !is_function(&self.environment, name))
            .collect();
        unknown.sort();
        unknown.into_iter().next()
    }

    /// Fills it in. The error names the key and no value.
    pub fn render(&self, fields: &Fields) -> Result<String, String> {
        self.filled(fields).map_err(|error| format!("{} 填不出来：{}", self.key, error.kind()))
    }

    fn filled(&self, fields: &Fields) -> Result<String, minijinja::Error> {
        let Fields { mobile, text, id, provider_id } = *fields;
        self.environment.get_template(NAME)?.render(context! { mobile, text, id, provider_id })
    }
}

fn is_function(environment: &Environment, name: &str) -> bool {
    environment.globals().any(|(known, _)| known == name)
}

pub fn problem(key: &str, problem: String) -> OpenError {
    OpenError::Template { key: key.into(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(source: &str) -> Result<String, String> {
        let template = Template::compile("request.body", source).map_err(|error| error.to_string())?;
        template.render(&Fields { mobile: "13800000000", text: "黄牌\"<&>\n", id: "k-1", ..Fields::default() })
    }

    #[test]
    fn json_and_queries_are_escaped_where_the_template_asks() {
        let body = rendered(r#"{"to": {{ mobile | tojson }}, "text": {{ text | tojson }}}"#).unwrap();
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json, serde_json::json!({ "to": "13800000000", "text": "黄牌\"<&>\n" }));
        assert_eq!(rendered("?t={{ text | urlencode }}").unwrap(), "?t=%E9%BB%84%E7%89%8C%22%3C%26%3E%0A");
        assert_eq!(rendered("{{ id }}/{{ text }}").unwrap(), "k-1/黄牌\"<&>\n");
    }

    #[test]
    fn a_mistake_is_found_before_anything_is_sent() {
        for (source, said) in [
            ("{{ mobil }}", "unknown variable `mobil`"),
            ("{{ mobile ", "syntax error"),
            ("{{ mobile | no_such_filter }}", "no_such_filter"),
            ("{% for i in range(9999) %}{% for j in range(9999) %}{{ id }}{% endfor %}{% endfor %}", "fuel"),
        ] {
            let error = Template::compile("request.body", source).err().expect(source).to_string();
            assert!(error.starts_with("`request.body`") && error.contains(said), "{error}");
        }
    }

    #[test]
    fn an_error_while_filling_in_shows_no_value() {
        let template =
            Template::compile("request.url", "{% if id == '1' %}{{ id }}{% else %}{{ mobile.x.y }}{% endif %}");
        let error = template
            .unwrap()
            .render(&Fields { mobile: "13800000000", text: "t", id: "k-1", ..Fields::default() })
            .unwrap_err();
        assert_eq!(error, "request.url 填不出来：undefined value");
    }
}
