//! Templates of notices, `rules/templates/`: one file a kind, four forms in it, and where a policy or a channel reads otherwise,
//! the forms in which it does ([`file`]). Compiled once; rendering is strict (an unknown variable is an error, never an empty
//! place) and bounded by fuel.
//!
//! The most specific template wins, form by form: a policy's own file before those on which it builds, those before the file
//! for all, that before the built-in one; in each file the section of a channel before the one for every channel. A notice is
//! rendered whatever the operator's templates hold: where one fails, the next is used and a warning logged.

mod file;
mod known;

use crate::notify::notice::NoticeKind;
use crate::policy::directory::read::{Address, Channels};
use crate::policy::vocabulary::Vocabulary;
use crate::symbol::Symbol;
use crate::text::place::Source;
use crate::text::problem::Problems;
use file::{Found, TemplateFile};
pub(super) use known::Scope;
use known::known_names;
use minijinja::{Environment, Output, State, UndefinedBehavior, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Steps that one form may take: hundreds of times what the built-in ones need, a few milliseconds at most.
const FUEL: u64 = 50_000;

/// One of the four forms in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

    /// Whether a channel that needs such an address uses it. Groups, other systems and the console use any.
    fn suits(self, address: Address) -> bool {
        match address {
            Address::Email => matches!(self, Form::Subject | Form::Mail),
            Address::Mobile => self == Form::Short,
            Address::Yuezhengyi => self == Form::Markdown,
            Address::None => true,
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

/// Where a template belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    kind: NoticeKind,
    form: Form,
    policy: Option<Arc<str>>,
    channel: Option<Arc<str>>,
}

impl Slot {
    /// Its name among the compiled ones. The form comes first: by it values are written.
    fn name(&self) -> String {
        let [policy, channel] = [&self.policy, &self.channel].map(|name| name.as_deref().unwrap_or_default());
        format!("{}#{}#{policy}#{channel}", self.form.heading(), self.kind.as_str())
    }
}

/// The names that templates may use and be filed under.
#[derive(Clone, Debug)]
pub struct Names<'a> {
    /// With it, an attribute that is not declared, or is personal, is a mistake.
    pub vocabulary: Option<&'a Vocabulary>,
    /// The policies' ids; without them any folder is taken.
    pub policies: Option<BTreeSet<String>>,
    /// The channels of the configuration.
    pub channels: &'a Channels,
    /// Whether it is a mistake that a channel is not configured or has no use for a section. Of templates that were once in
    /// force it is none: nothing goes out by that channel any more.
    pub is_strict: bool,
}

impl Default for Names<'_> {
    /// Any name is taken.
    fn default() -> Self {
        Names { vocabulary: None, policies: None, channels: &None, is_strict: false }
    }
}

impl Names<'_> {
    fn knows_policy(&self, policy: &str) -> bool {
        self.policies.as_ref().is_none_or(|known| known.contains(policy))
    }
}

/// The templates in force: the operator's where they are right, else the built-in ones.
pub struct Templates {
    own: Environment<'static>,
    built_in: Environment<'static>,
    /// Those that read otherwise under a policy or by a channel, by kind.
    special: BTreeMap<NoticeKind, Vec<Slot>>,
    /// The kinds of which some form says what its reader is called.
    naming_reader: BTreeSet<NoticeKind>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}

/// For whom a notice is rendered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) kind: NoticeKind,
    /// The policy and those on which it builds, nearest first; of what concerns no order none.
    pub(super) policies: &'a [Symbol],
}

impl Templates {
    /// The built-in ones alone.
    pub fn built_in() -> Templates {
        let built_in = built_in_environment();
        let naming_reader = naming_reader(&built_in).collect();
        Templates { own: environment(), built_in, special: BTreeMap::new(), naming_reader }
    }

    /// Those in `templates` of a rules directory, with what is wrong with them. A file with a mistake is left out.
    pub fn load(rules: &Path, names: &Names<'_>) -> (Templates, Problems) {
        let known = known_names(names.vocabulary);
        let mut problems = Problems::new();
        let mut templates = Templates::built_in();
        for found in file::find(&rules.join("templates"), names, &mut problems) {
            let mut of_file = Problems::new();
            let file = TemplateFile::read(&found, &known, names, &mut of_file);
            if let Some(file) = file.filter(|_| !of_file.has_errors()) {
                templates.add(&file, &mut of_file);
            }
            problems.append(of_file);
        }
        templates.naming_reader.extend(naming_reader(&templates.own));
        (templates, problems)
    }

    /// Whether a template of this kind says what its reader is called: where not, readers of one part are told the same.
    pub(super) fn names_reader(&self, kind: NoticeKind) -> bool {
        self.naming_reader.contains(&kind)
    }

    fn add(&mut self, file: &TemplateFile<'_>, problems: &mut Problems) {
        let special = file.compile_into(&mut self.own, problems).into_iter();
        let special = special.filter(|slot| slot.policy.is_some() || slot.channel.is_some());
        self.special.entry(file.kind).or_default().extend(special);
    }

    /// The channels that have templates of their own in a case.
    pub(super) fn channels(&self, case: Case<'_>) -> BTreeSet<Arc<str>> {
        let own = self.special.get(&case.kind).into_iter().flatten();
        own.filter(|slot| case.has(slot)).filter_map(|slot| slot.channel.clone()).collect()
    }

    /// Renders one form; blank lines and white space around lines are left out.
    pub(super) fn render(&self, case: Case<'_>, form: Form, facts: &Value) -> String {
        self.render_best(&self.names(case, form, None), facts)
    }

    /// Renders one form as a channel has it; none where it reads as by every other channel.
    pub(super) fn render_by(&self, case: Case<'_>, form: Form, channel: &str, facts: &Value) -> Option<String> {
        let (own, plain) = (self.names(case, form, Some(channel)), self.names(case, form, None));
        (own.first() != plain.first()).then(|| self.render_best(&own, facts))
    }

    /// The names of those that fit, the most specific first; the last is that of the built-in one, too.
    fn names(&self, case: Case<'_>, form: Form, channel: Option<&str>) -> Vec<String> {
        let plain = Slot { kind: case.kind, form, policy: None, channel: None };
        let Some(special) = self.special.get(&case.kind).filter(|special| !special.is_empty()) else {
            return vec![plain.name()];
        };
        let files = case.policies.iter().map(|policy| Some(policy.as_str())).chain([None]);
        let slots = files.flat_map(|policy| {
            let of_file = special.iter().filter(move |slot| slot.form == form && slot.policy.as_deref() == policy);
            let by_channel =
                of_file.clone().filter(move |slot| slot.channel.is_some() && slot.channel.as_deref() == channel);
            by_channel.chain(of_file.filter(|slot| slot.channel.is_none()))
        });
        slots.map(Slot::name).chain([plain.name()]).collect()
    }

    fn render_best(&self, names: &[String], facts: &Value) -> String {
        for name in names {
            let Ok(template) = self.own.get_template(name) else { continue };
            match template.render(facts.clone()) {
                Ok(text) => return tidy(&text),
                Err(error) => {
                    tracing::warn!(template = %name, error = %first_line(&error), "a template failed, using the next one");
                }
            }
        }
        let name = names.last().map_or("", String::as_str);
        let rendered = self.built_in.get_template(name).and_then(|template| template.render(facts.clone()));
        match rendered {
            Ok(text) => tidy(&text),
            Err(error) => {
                tracing::error!(template = %name, error = %first_line(&error), "a built-in template failed");
                String::new()
            }
        }
    }
}

impl Case<'_> {
    fn has(&self, slot: &Slot) -> bool {
        slot.policy.as_deref().is_none_or(|of| self.policies.iter().any(|policy| policy.as_str() == of))
    }
}

/// The kinds of which a template says what its reader is called.
fn naming_reader(environment: &Environment<'static>) -> impl Iterator<Item = NoticeKind> {
    let naming =
        environment.templates().filter(|(_, template)| template.undeclared_variables(false).contains("reader"));
    naming.filter_map(|(name, _)| NoticeKind::parse(name.split('#').nth(1)?))
}

/// What is wrong with the templates of a rules directory.
pub fn problems(rules: &Path, names: &Names<'_>) -> Problems {
    Templates::load(rules, names).1
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
    if state.name().starts_with(Form::Markdown.heading())
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
        let found = Found { source: Source::new(kind.as_str(), built_in(kind)), policy: None };
        let mut problems = Problems::new();
        if let Some(file) = TemplateFile::read(&found, &known, &Names::default(), &mut problems) {
            file.compile_into(&mut environment, &mut problems);
        }
        // A test holds that there is none.
        debug_assert!(problems.is_empty(), "{problems:?}");
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::known::full;
    use super::*;
    use crate::notify::facts::Facts;
    use crate::text::Lang;
    use crate::text::show::brief;

    fn say(file: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("templates")).unwrap();
        std::fs::write(folder.path().join("templates").join(file), text).unwrap();
        let shown: Vec<String> = problems(folder.path(), &Names::default())
            .sorted()
            .iter()
            .map(|problem| brief(problem, Lang::Zh))
            .collect();
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

    fn case(kind: NoticeKind, policies: &[Symbol]) -> Case<'_> {
        Case { kind, policies }
    }

    /// A rules directory with these files of templates.
    fn rules(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join("templates").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    const FOR_ALL: &str =
        "=== 短信 ===\n全\n=== 短信 sms-b ===\n全乙\n=== 粤政易 ===\n全\n=== 邮件主题 ===\n全\n=== 邮件 ===\n全\n";

    #[test]
    fn the_most_specific_template_wins_form_by_form() {
        let folder = rules(&[
            ("flag.txt", FOR_ALL),
            ("p/flag.txt", "=== 短信 ===\n规则\n=== 粤政易 group ===\n规则群\n"),
            ("base/flag.txt", "=== 短信 sms-a ===\n底甲\n=== 邮件主题 ===\n底\n"),
        ]);
        let (templates, problems) = Templates::load(folder.path(), &Names::default());
        assert!(problems.is_empty(), "{problems:?}");
        let [p, base, other] = ["p", "base", "other"].map(Symbol::new);
        let facts = Scope::new(&full()).value();
        let rendered = |policies: &[Symbol], form, channel: &str| {
            let case = case(NoticeKind::Flag, policies);
            let by_channel = templates.render_by(case, form, channel, &facts);
            by_channel.map_or_else(|| templates.render(case, form, &facts), |own| format!("{own}!"))
        };
        for (policies, form, channel, expected) in [
            (&[][..], Form::Short, "sms-a", "全"),
            (&[], Form::Short, "sms-b", "全乙!"),
            (&[other], Form::Short, "sms-b", "全乙!"),
            (&[p, base], Form::Short, "sms-a", "规则"),
            (&[p, base], Form::Short, "sms-b", "规则"),
            (&[base], Form::Short, "sms-a", "底甲!"),
            (&[base], Form::Short, "sms-b", "全乙!"),
            (&[p, base], Form::Markdown, "group", "规则群!"),
            (&[p, base], Form::Markdown, "yuezhengyi", "全"),
            (&[p, base], Form::Subject, "mail", "底"),
            (&[p], Form::Subject, "mail", "全"),
        ] {
            assert_eq!(rendered(policies, form, channel), expected, "{policies:?} {form:?} {channel}");
        }
        let channels = |policies: &[Symbol]| templates.channels(case(NoticeKind::Flag, policies));
        assert_eq!(channels(&[]).iter().map(|name| &**name).collect::<Vec<_>>(), ["sms-b"]);
        assert_eq!(channels(&[p]).len(), 2);
        assert!(templates.channels(case(NoticeKind::Duty, &[p])).is_empty(), "nothing extra where nobody asked");
    }

    #[test]
    fn a_special_template_that_fails_leaves_the_word_to_the_one_before_it() {
        let folder = rules(&[("flag.txt", FOR_ALL), ("p/flag.txt", "=== 短信 ===\n{{ attributes.x.y.z }}\n")]);
        let (templates, _) = Templates::load(folder.path(), &Names::default());
        let policies = [Symbol::new("p")];
        assert_eq!(
            templates.render(case(NoticeKind::Flag, &policies), Form::Short, &Scope::new(&full()).value()),
            "全"
        );
    }

    #[test]
    fn mistakes_of_special_templates_are_named_at_their_places() {
        let folder = rules(&[
            ("flag.txt", &FOR_ALL.replace("sms-b", "sms-c")),
            ("zhuhai-123/flag.txt", "=== 短信 ===\n甲\n"),
            ("zhuhai-124/flag.txt", "{# 空 #}\n"),
            ("zhuhai-124/return.txt", "=== 短信 mail ===\n甲\n=== 邮件 mail ===\n乙\n=== 邮件 mail ===\n{{ ordr }}\n"),
            ("zhuhai-124/route.txt", "=== 粤政易 yuezhengyi ===\n甲\n=== 短信 sms ===\n乙\n"),
        ]);
        let channels = [("sms-b", Address::Mobile), ("mail", Address::Email)].map(|(name, of)| (name.into(), of));
        let channels = Some(channels.into());
        let policies = Some(["zhuhai-124".to_owned()].into());
        let names = Names { vocabulary: None, policies, channels: &channels, is_strict: true };
        let problems = problems(folder.path(), &names).sorted();
        let shown: Vec<String> = problems.iter().map(|problem| brief(problem, Lang::Zh)).collect();
        insta::assert_snapshot!(shown.join("\n").replace(&folder.path().display().to_string(), "rules"));
    }

    #[test]
    fn what_comes_from_outside_is_no_markup_in_yuezhengyi() {
        let facts = Facts { order: "<@all>[x](http://x)".into(), ..full() };
        let text =
            Templates::built_in().render(case(NoticeKind::Flag, &[]), Form::Markdown, &Scope::new(&facts).value());
        assert!(text.contains("＜@all＞［x］(http://x)") && !text.contains("<@all>"), "{text}");
    }
}
