//! Templates of notices, `rules/templates/`: one file a kind, four forms in it. Compiled once; rendering is strict (an
//! unknown variable is an error, never an empty place) and bounded by fuel.
//!
//! A notice is rendered whatever the operator's templates hold: where one fails, the built-in one of that kind is used and
//! a warning logged.

use crate::notify::facts::{Duty, EventFacts, Fact, Facts, Learned, Next, Revoked};
use crate::notify::notice::NoticeKind;
use crate::notify::wording::Moment;
use crate::policy::vocabulary::{Kind, Vocabulary};
use crate::text::Text;
use crate::text::nearest::nearest;
use crate::text::place::{Place, Source};
use crate::text::problem::{Problem, Problems};
use crate::text::yaml;
use minijinja::value::{Object, Serde};
use minijinja::{Environment, Output, State, UndefinedBehavior, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Steps that one form may take: hundreds of times what the built-in ones need, a few milliseconds at most.
const FUEL: u64 = 50_000;

/// The greatest size of a file.
const BYTES_MAX: u64 = 256 << 10;

/// One of the four forms in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Short,
    Markdown,
    Subject,
    Mail,
}

impl Form {
    const ALL: [Form; 4] = [Form::Short, Form::Markdown, Form::Subject, Form::Mail];

    fn heading(self) -> &'static str {
        match self {
            Form::Short => "短信",
            Form::Markdown => "粤政易",
            Form::Subject => "邮件主题",
            Form::Mail => "邮件",
        }
    }
}

fn built_in(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::YellowCard => include_str!("../../rules/templates/yellow-card.txt"),
        NoticeKind::RedCard => include_str!("../../rules/templates/red-card.txt"),
        NoticeKind::Return => include_str!("../../rules/templates/return.txt"),
        NoticeKind::Route => include_str!("../../rules/templates/route.txt"),
        NoticeKind::Proposal => include_str!("../../rules/templates/proposal.txt"),
        NoticeKind::Remind => include_str!("../../rules/templates/remind.txt"),
        NoticeKind::Notify => include_str!("../../rules/templates/notify.txt"),
        NoticeKind::Revocation => include_str!("../../rules/templates/revocation.txt"),
        NoticeKind::Flag => include_str!("../../rules/templates/flag.txt"),
        NoticeKind::Duty => include_str!("../../rules/templates/duty.txt"),
        NoticeKind::Health => include_str!("../../rules/templates/health.txt"),
    }
}

/// The templates in force: the operator's where they are right, else the built-in ones.
pub struct Templates {
    own: Environment<'static>,
    built_in: Environment<'static>,
    /// The kinds of which some form says what its reader is called.
    naming_reader: BTreeSet<NoticeKind>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}

impl Templates {
    /// The built-in ones alone.
    pub fn built_in() -> Templates {
        Templates::of(environment())
    }

    /// Those in `templates` of a rules directory, with what is wrong with them. A file with a mistake is left out.
    /// With the vocabulary, an attribute that is not declared, or is personal, is a mistake.
    pub fn load(rules: &Path, vocabulary: Option<&Vocabulary>) -> (Templates, Problems) {
        let known = known_names(vocabulary);
        let mut problems = Problems::new();
        let mut own = environment();
        for source in sources(&rules.join("templates"), &mut problems) {
            let mut found = Problems::new();
            let file = TemplateFile::read(&source, &known, &mut found);
            if let Some(file) = file.filter(|_| !found.has_errors()) {
                file.compile_into(&mut own, &mut found);
            }
            problems.append(found);
        }
        (Templates::of(own), problems)
    }

    fn of(own: Environment<'static>) -> Templates {
        let built_in = built_in_environment();
        let names = |environment: &Environment<'static>, kind, form| {
            let template = environment.get_template(&name(kind, form));
            template.is_ok_and(|template| template.undeclared_variables(false).contains("reader"))
        };
        let of_kind = |kind| Form::ALL.into_iter().any(|form| names(&own, kind, form) || names(&built_in, kind, form));
        let naming_reader = NoticeKind::ALL.into_iter().filter(|kind| of_kind(*kind)).collect();
        Templates { own, built_in, naming_reader }
    }

    /// Whether a template of this kind says what its reader is called: where not, readers of one part are told the same.
    pub(super) fn names_reader(&self, kind: NoticeKind) -> bool {
        self.naming_reader.contains(&kind)
    }

    /// Renders one form; blank lines and white space around lines are left out.
    pub(super) fn render(&self, kind: NoticeKind, form: Form, facts: &Value) -> String {
        let name = name(kind, form);
        if let Ok(template) = self.own.get_template(&name) {
            match template.render(facts.clone()) {
                Ok(text) => return tidy(&text),
                Err(error) => {
                    tracing::warn!(template = %name, error = %first_line(&error), "a template failed, using the built-in one");
                }
            }
        }
        let rendered = self.built_in.get_template(&name).and_then(|template| template.render(facts.clone()));
        match rendered {
            Ok(text) => tidy(&text),
            Err(error) => {
                tracing::error!(template = %name, error = %first_line(&error), "a built-in template failed");
                String::new()
            }
        }
    }
}

/// What is wrong with the templates of a rules directory.
pub fn problems(rules: &Path, vocabulary: Option<&Vocabulary>) -> Problems {
    Templates::load(rules, vocabulary).1
}

fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !tidy.is_empty() {
            tidy.push('\n');
        }
        tidy.push_str(line);
    }
    tidy
}

fn first_line(error: &minijinja::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn name(kind: NoticeKind, form: Form) -> String {
    format!("{}#{}", kind.as_str(), form.heading())
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_debug(false);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_formatter(format_value);
    environment
}

/// What comes from outside cannot become markup in 粤政易: a mention, a link, a colour.
fn format_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if state.name().ends_with(Form::Markdown.heading())
        && let Some(text) = value.as_str()
    {
        return Ok(out.write_str(&defused(text))?);
    }
    minijinja::escape_formatter(out, state, value)
}

fn defused(text: &str) -> String {
    let wide = |c| match c {
        '<' => '＜',
        '>' => '＞',
        '[' => '［',
        ']' => '］',
        '*' => '＊',
        '`' => '｀',
        other => other,
    };
    if text.contains(['<', '>', '[', ']', '*', '`']) { text.chars().map(wide).collect() } else { text.to_owned() }
}

fn built_in_environment() -> Environment<'static> {
    let (mut environment, known) = (environment(), known_names(None));
    for kind in NoticeKind::ALL {
        let source = Source::new(kind.as_str(), built_in(kind));
        let mut problems = Problems::new();
        if let Some(file) = TemplateFile::read(&source, &known, &mut problems) {
            file.compile_into(&mut environment, &mut problems);
        }
        // A test holds that there is none.
        debug_assert!(problems.is_empty(), "{problems:?}");
    }
    environment
}

/// The files in a folder of templates, by name; a folder that is not there has none.
fn sources(folder: &Path, problems: &mut Problems) -> Vec<Arc<Source>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(yaml::unreadable(&folder.display().to_string(), &error));
            return Vec::new();
        }
    };
    let is_template = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        !name.starts_with('.')
            && !name.ends_with('~')
            && path.extension().is_none_or(|extension| extension != "md")
            && !path.is_dir()
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_template).collect();
    paths.sort();
    paths.iter().filter_map(|path| source(path, problems)).collect()
}

fn source(path: &Path, problems: &mut Problems) -> Option<Arc<Source>> {
    let shown = path.display().to_string();
    let size = std::fs::metadata(path).map_or(0, |known| known.len());
    if size > BYTES_MAX {
        let message = Text::new("模板超过 256 KiB", "the template is larger than 256 KiB");
        problems.push(Problem::error(&Place::whole(&Source::new(shown, "")), "too-large", message));
        return None;
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Some(Source::new(shown, text.replace("\r\n", "\n"))),
        Err(error) => {
            problems.push(yaml::unreadable(&shown, &error));
            None
        }
    }
}

/// A file cut into its forms. Each form's text is as long as the file up to its end, the rest blanked out, so that places
/// in it are places in the file.
struct TemplateFile<'a> {
    source: &'a Arc<Source>,
    known: &'a Known,
    kind: Option<NoticeKind>,
    forms: Vec<(Form, String)>,
}

impl<'a> TemplateFile<'a> {
    fn read(source: &'a Arc<Source>, known: &'a Known, problems: &mut Problems) -> Option<TemplateFile<'a>> {
        let kind = kind_of(source, problems);
        let headings = headings(source, problems);
        for form in Form::ALL {
            let found = headings.iter().filter(|heading| heading.form == form);
            match found.count() {
                1 => {}
                0 => problems.push(missing_form(source, form)),
                _ => problems.push(repeated_form(source, form)),
            }
        }
        let end = |at: usize| headings.get(at + 1).map_or(source.text.len(), |next| next.start);
        let forms = headings
            .iter()
            .enumerate()
            .map(|(at, heading)| (heading.form, blanked(&source.text, heading.end, end(at))));
        let forms: Vec<_> = forms.collect();
        let file = TemplateFile { source, known, kind, forms };
        file.check(problems);
        kind.map(|_| file)
    }

    /// Names what is wrong with each form; where there is none, with the file as a whole.
    fn check(&self, problems: &mut Problems) {
        if self.forms.is_empty() {
            self.check_form(Form::Mail, &self.source.text, problems);
        }
        for (form, text) in &self.forms {
            self.check_form(*form, text, problems);
        }
    }

    fn check_form(&self, form: Form, text: &str, problems: &mut Problems) {
        let environment = environment();
        let template = match environment.template_from_named_str(form.heading(), text) {
            Ok(template) => template,
            Err(error) => return problems.push(self.failed("template-syntax", &error)),
        };
        let unknown = self.unknown_variables(&template, text);
        if !unknown.is_empty() {
            return unknown.into_iter().for_each(|problem| problems.push(problem));
        }
        // What undeclared variables do not show (a loop's own, an unknown filter) shows when it is rendered.
        let trials = trials();
        let failed = trials.iter().find_map(|facts| template.render(facts.clone()).err());
        if let Some(error) = failed {
            problems.push(self.failed("template-fails", &error));
        }
    }

    fn unknown_variables(&self, template: &minijinja::Template<'_, '_>, text: &str) -> Vec<Problem> {
        let known = self.known;
        let mut unknown: Vec<String> =
            template.undeclared_variables(true).into_iter().filter(|name| !known.has(name)).collect();
        unknown.sort();
        unknown.into_iter().map(|name| unknown_variable(self.source, text, &name, known)).collect()
    }

    fn failed(&self, code: &'static str, error: &minijinja::Error) -> Problem {
        let detail = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
        let place = match (error.range(), error.line()) {
            (Some(range), _) => Place::new(self.source, range.start, range.end),
            (None, Some(line)) => line_place(self.source, line),
            (None, None) => Place::whole(self.source),
        };
        let (zh, en) = match code {
            "template-syntax" => ("模板写法有误", "the template does not parse"),
            _ => ("模板渲染不出来", "the template does not render"),
        };
        let hint = Text::new("对照同目录 README.md 和自带模板改正", "compare with the built-in templates");
        Problem::error(&place, code, Text::new(format!("{zh}：{detail}"), format!("{en}: {detail}"))).hint(hint)
    }

    fn compile_into(&self, environment: &mut Environment<'static>, problems: &mut Problems) {
        let Some(kind) = self.kind else { return };
        for (form, text) in &self.forms {
            if let Err(error) = environment.add_template_owned(name(kind, *form), unblanked(text)) {
                problems.push(self.failed("template-syntax", &error));
            }
        }
    }
}

/// The place of a variable's first use in a form.
fn unknown_variable(source: &Arc<Source>, text: &str, name: &str, known: &Known) -> Problem {
    let at = text.find(name).or_else(|| text.find(name.rsplit('.').next().unwrap_or(name)));
    let place = at.map_or_else(|| Place::whole(source), |at| Place::new(source, at, at + name.len()));
    let message = Text::new(format!("没有名为“{name}”的变量"), format!("there is no variable `{name}`"));
    let hint = if let Some(word) = nearest(name, known.names.iter().map(String::as_str)) {
        Text::new(format!("是不是“{word}”？"), format!("did you mean `{word}`?"))
    } else {
        let names: Vec<&str> = known.names.iter().filter(|name| !name.contains('.')).map(String::as_str).collect();
        Text::new(format!("可以用：{}", names.join("、")), format!("one of: {}", names.join(", ")))
    };
    Problem::error(&place, "unknown-variable", message).hint(hint)
}

struct Heading {
    form: Form,
    start: usize,
    end: usize,
}

/// The lines `=== 短信 ===` of a file.
fn headings(source: &Arc<Source>, problems: &mut Problems) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let end = start + line.len();
        let inner = line.trim().strip_prefix("===").and_then(|rest| rest.strip_suffix("==="));
        if let Some(inner) = inner {
            match Form::ALL.into_iter().find(|form| form.heading() == inner.trim()) {
                Some(form) => headings.push(Heading { form, start, end }),
                None => problems.push(unknown_heading(&Place::new(source, start, end - 1), inner.trim())),
            }
        }
        start = end;
    }
    headings
}

fn unknown_heading(place: &Place, written: &str) -> Problem {
    let message = Text::new(format!("没有名为“{written}”的段"), format!("there is no section `{written}`"));
    let names = Form::ALL.map(|form| format!("=== {} ===", form.heading())).join("、");
    Problem::error(place, "unknown-section", message)
        .hint(Text::new(format!("可以写：{names}"), format!("one of: {names}")))
}

fn missing_form(source: &Arc<Source>, form: Form) -> Problem {
    let heading = form.heading();
    let message = Text::new(format!("缺少“{heading}”一段"), format!("the section `{heading}` is missing"));
    let hint = Text::new(
        format!("加上一行“=== {heading} ===”和它的内容"),
        format!("add a line `=== {heading} ===` and its text"),
    );
    Problem::error(&Place::whole(source), "missing-section", message).hint(hint)
}

fn repeated_form(source: &Arc<Source>, form: Form) -> Problem {
    let heading = form.heading();
    let message = Text::new(format!("“{heading}”一段写了不止一次"), format!("the section `{heading}` is there twice"));
    Problem::error(&Place::whole(source), "duplicate-section", message).hint(Text::new("只留一段", "keep one"))
}

/// The kind that a file's name says.
fn kind_of(source: &Arc<Source>, problems: &mut Problems) -> Option<NoticeKind> {
    let stem = Path::new(&source.path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let kind = NoticeKind::parse(&stem);
    if kind.is_none() {
        let known = NoticeKind::ALL.map(NoticeKind::as_str);
        let message = Text::new(format!("没有名为“{stem}”的通知"), format!("there is no notice `{stem}`"));
        let hint = match nearest(&stem, known) {
            Some(name) => Text::new(format!("文件名是不是“{name}.txt”？"), format!("did you mean `{name}.txt`?")),
            None => Text::new(
                format!("文件名可以是：{}（.txt）", known.join("、")),
                format!("one of: {}", known.join(", ")),
            ),
        };
        problems.push(Problem::error(&Place::whole(source), "unknown-template", message).hint(hint));
    }
    kind
}

/// The text up to `end`, all before `start` turned to blanks of the same length.
fn blanked(text: &str, start: usize, end: usize) -> String {
    let blanks = text[..start].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
    blanks.chain(text[start..end].chars()).collect()
}

/// Without the blanks of blank lines, which each rendering would write out and take away again. Lines keep their numbers.
fn unblanked(text: &str) -> String {
    let kept = |line: &str| if line.trim().is_empty() { String::new() } else { line.to_owned() };
    text.split('\n').map(kept).collect::<Vec<_>>().join("\n")
}

fn line_place(source: &Arc<Source>, line: usize) -> Place {
    let start: usize = source.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let length = source.text[start..].lines().next().unwrap_or_default().len();
    Place::new(source, start, start + length)
}

/// The names that templates may use, `next.at.brief` among them.
struct Known {
    names: BTreeSet<String>,
    /// Without a vocabulary, any order attribute may be named.
    any_attribute: bool,
}

impl Known {
    fn has(&self, name: &str) -> bool {
        let attribute = self.any_attribute && name.starts_with("attributes.");
        attribute || self.names.contains(name) || FUNCTIONS.contains(&name)
    }
}

/// Functions that templates may call.
const FUNCTIONS: [&str; 4] = ["range", "dict", "namespace", "debug"];

fn known_names(vocabulary: Option<&Vocabulary>) -> Known {
    let mut names = BTreeSet::new();
    collect_names(&serde_json::to_value(full()).unwrap_or_default(), "", &mut names);
    let shown = vocabulary.into_iter().flat_map(|vocabulary| vocabulary.order.values());
    let shown = shown.filter(|attribute| attribute.kind != Kind::Personal);
    names.extend(shown.map(|attribute| format!("attributes.{}", attribute.name)));
    Known { names, any_attribute: vocabulary.is_none() }
}

fn collect_names(value: &serde_json::Value, prefix: &str, names: &mut BTreeSet<String>) {
    if let serde_json::Value::Object(map) = value {
        for (key, inner) in map {
            let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            collect_names(inner, &name, names);
            names.insert(name);
        }
    }
}

/// Facts as templates see them.
pub(super) fn variables(facts: &Facts) -> Value {
    let attributes = Value::from_object(Attributes(facts.attributes.clone()));
    minijinja::context! { attributes, ..Value::from(Serde(facts)) }
}

/// The order's attributes: one that it has not is empty. Which names are declared is asked when a template is checked.
#[derive(Debug)]
struct Attributes(BTreeMap<String, String>);

impl Object for Attributes {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(Value::from(self.0.get(key.as_str()?).cloned().unwrap_or_default()))
    }
}

/// What templates are tried with: everything there, and as little as there may be.
fn trials() -> [Value; 2] {
    [variables(&full()), variables(&Facts::default())]
}

fn full() -> Facts {
    let word = || "甲".to_owned();
    let moment = || Moment { full: word(), text: word(), brief: word(), day: word(), time: word(), iso: word() };
    Facts {
        due: Some(moment()),
        made: Some(moment()),
        stopped: Some(moment()),
        next: Some(Next { at: moment(), what: word(), to: word() }),
        event: Some(EventFacts {
            title: word(),
            at: moment(),
            finding: word(),
            facts: vec![Fact { title: word(), value: word() }],
            by: word(),
        }),
        duties: vec![Duty { duty: word(), due: moment() }],
        revoked: Some(Revoked { act: word(), verb: "所亮", at: moment() }),
        learned: vec![Learned { act: word(), at: moment(), recorded: word() }],
        ..Facts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;
    use crate::text::show::brief;

    fn say(file: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("templates")).unwrap();
        std::fs::write(folder.path().join("templates").join(file), text).unwrap();
        let shown: Vec<String> =
            problems(folder.path(), None).sorted().iter().map(|problem| brief(problem, Lang::Zh)).collect();
        shown.join("\n").replace(&folder.path().display().to_string(), "rules")
    }

    fn with_mail(mail: &str) -> String {
        format!(
            "{{# 注释 #}}\n=== 短信 ===\n{{{{ order }}}}\n=== 粤政易 ===\n甲\n=== 邮件主题 ===\n乙\n=== 邮件 ===\n{mail}\n"
        )
    }

    #[test]
    fn the_built_in_templates_have_no_problem() {
        for kind in NoticeKind::ALL {
            assert_eq!(say(&format!("{}.txt", kind.as_str()), built_in(kind)), "", "{kind:?}");
        }
    }

    #[test]
    fn a_template_that_does_not_parse_is_named_at_its_place() {
        insta::assert_snapshot!(say("yellow-card.txt", &with_mail("{% if due %}没有结束")));
    }

    #[test]
    fn an_unknown_variable_is_named_with_the_nearest_known_one() {
        insta::assert_snapshot!(say(
            "return.txt",
            &with_mail("工单{{ ordr }}，{{ next.at.brif }}，{{ attributes.enterprise }}")
        ));
    }

    #[test]
    fn what_shows_only_when_rendered_is_found_too() {
        insta::assert_snapshot!(say("flag.txt", &with_mail("{% for d in duties %}{{ d.duty }}{{ d.du }}{% endfor %}")));
        insta::assert_snapshot!(say(
            "flag.txt",
            &with_mail("{% for i in range(9000) %}{% for j in range(9000) %}{% endfor %}{% endfor %}")
        ));
    }

    #[test]
    fn a_file_of_an_unknown_name_or_without_sections_is_named() {
        insta::assert_snapshot!(say("yelow-card.txt", &with_mail("")));
        insta::assert_snapshot!(say("flag.txt", "{{ ordr }}"));
        insta::assert_snapshot!(say("flag.txt", &with_mail("").replace("=== 邮件主题 ===", "=== 主题 ===")));
    }

    #[test]
    fn what_comes_from_outside_is_no_markup_in_yuezhengyi() {
        let facts = Facts { order: "<@all>[x](http://x)".into(), ..full() };
        let text = Templates::built_in().render(NoticeKind::Flag, Form::Markdown, &variables(&facts));
        assert!(text.contains("＜@all＞［x］(http://x)") && !text.contains("<@all>"), "{text}");
    }
}
