//! Files of templates: where they lie, how they are cut into sections, and what is wrong with them.
//!
//! `KIND.txt` has all four forms; `POLICY/KIND.txt` those that read otherwise under that policy. Under a section's heading may
//! stand the name of a channel: that form, by that channel alone.

use super::known::{Known, trials};
use super::{Form, Names, Slot, environment};
use crate::notify::notice::NoticeKind;
use crate::policy::directory::read::{Address, UNKNOWN_CHANNEL, USUAL_CHANNELS, aliased};
use crate::text::Text;
use crate::text::nearest::nearest;
use crate::text::place::{Place, Source};
use crate::text::problem::{Problem, Problems, Severity};
use crate::text::want::{self, Word};
use crate::text::yaml;
use minijinja::Environment;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The greatest size of a file.
const BYTES_MAX: u64 = 256 << 10;

/// A file, and the policy in whose folder it lies.
pub(super) struct Found {
    pub(super) source: Arc<Source>,
    pub(super) policy: Option<Arc<str>>,
}

/// The files in a folder of templates and in its policies' folders, by name; a folder that is not there has none.
pub(super) fn find(folder: &Path, names: &Names<'_>, problems: &mut Problems) -> Vec<Found> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for path in entries(folder, problems) {
        if path.is_dir() { folders.push(path) } else { files.push(path) }
    }
    let mut found = read_all(&files, None, problems);
    for folder in folders {
        let policy = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files: Vec<PathBuf> = entries(&folder, problems).into_iter().filter(|path| !path.is_dir()).collect();
        if names.knows_policy(&policy) {
            found.extend(read_all(&files, Some(&policy.into()), problems));
        } else {
            problems.push(unknown_policy(&folder, &policy, names));
        }
    }
    found
}

fn read_all(files: &[PathBuf], policy: Option<&Arc<str>>, problems: &mut Problems) -> Vec<Found> {
    let read = files.iter().filter_map(|path| Some(Found { source: source(path, problems)?, policy: policy.cloned() }));
    read.collect()
}

fn entries(folder: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(yaml::unreadable(&folder.display().to_string(), &error));
            return Vec::new();
        }
    };
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        !name.starts_with('.') && !name.ends_with('~') && path.extension().is_none_or(|extension| extension != "md")
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_ours).collect();
    paths.sort();
    paths
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

fn unknown_policy(folder: &Path, policy: &str, names: &Names<'_>) -> Problem {
    let place = Place::whole(&Source::new(folder.display().to_string(), ""));
    let known = names.policies.iter().flatten().map(String::as_str);
    want::unknown_word(Word { text: policy, place: &place }, "unknown-policy", ("规则", "policy"), known)
}

/// What a file of templates holds. Each section's text is as long as the file up to its end, the rest blanked out, so that
/// places in it are places in the file.
pub(super) struct TemplateFile<'a> {
    source: &'a Arc<Source>,
    known: &'a Known,
    pub(super) kind: NoticeKind,
    policy: Option<Arc<str>>,
    sections: Vec<(Section, String)>,
}

/// One form, by every channel or by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) form: Form,
    pub(super) channel: Option<Arc<str>>,
}

impl<'a> TemplateFile<'a> {
    pub(super) fn read(
        found: &'a Found,
        known: &'a Known,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> Option<TemplateFile<'a>> {
        let source = &found.source;
        let kind = kind_of(source, problems);
        let headings = headings(source, names, problems);
        check_sections(found, &headings, problems);
        let end = |at: usize| headings.get(at + 1).map_or(source.text.len(), |next| next.start);
        let sections = headings.iter().enumerate().filter_map(|(at, heading)| {
            let section = heading.section.clone()?;
            Some((section, blanked(&source.text, heading.end, end(at))))
        });
        let sections: Vec<_> = sections.collect();
        // What is wrong with its sections is said of a file of an unknown kind, too.
        let file = TemplateFile {
            source,
            known,
            kind: kind.unwrap_or(NoticeKind::Notify),
            policy: found.policy.clone(),
            sections,
        };
        file.check(problems);
        kind.map(|_| file)
    }

    /// Names what is wrong with each section; where there is none, with the file as a whole.
    fn check(&self, problems: &mut Problems) {
        if self.sections.is_empty() {
            self.check_text(Form::Mail, &self.source.text, problems);
        }
        for (section, text) in &self.sections {
            self.check_text(section.form, text, problems);
        }
    }

    fn check_text(&self, form: Form, text: &str, problems: &mut Problems) {
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

    /// Compiles each section; what was compiled.
    pub(super) fn compile_into(&self, environment: &mut Environment<'static>, problems: &mut Problems) -> Vec<Slot> {
        let mut slots = Vec::new();
        for (Section { form, channel }, text) in &self.sections {
            let slot = Slot { kind: self.kind, form: *form, policy: self.policy.clone(), channel: channel.clone() };
            match environment.add_template_owned(slot.name(), unblanked(text)) {
                Ok(()) => slots.push(slot),
                Err(error) => problems.push(self.failed("template-syntax", &error)),
            }
        }
        slots
    }
}

/// The place of a variable's first use in a section.
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
    /// None: it names none, which has been said; what stands under it belongs to nothing.
    section: Option<Section>,
    start: usize,
    end: usize,
}

/// The lines `=== 短信 ===` and `=== 短信 sms-mas ===` of a file.
fn headings(source: &Arc<Source>, names: &Names<'_>, problems: &mut Problems) -> Vec<Heading> {
    let mut headings = Vec::new();
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let end = start + line.len();
        let inner = line.trim().strip_prefix("===").and_then(|rest| rest.strip_suffix("==="));
        if let Some(inner) = inner {
            let section =
                section(inner.trim(), &Place::new(source, start, start + line.trim_end().len()), names, problems);
            headings.push(Heading { section, start, end });
        }
        start = end;
    }
    headings
}

fn section(written: &str, place: &Place, names: &Names<'_>, problems: &mut Problems) -> Option<Section> {
    let (heading, channel) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
    let Some(form) = Form::ALL.into_iter().find(|form| form.heading() == heading) else {
        return want::report(unknown_heading(place, written), problems);
    };
    match channel.trim() {
        "" => Some(Section { form, channel: None }),
        channel => Some(Section { form, channel: Some(known_channel(channel, form, place, names, problems)) }),
    }
}

/// The configured name of a channel; that it is not known or does not take that form is said.
fn known_channel(name: &str, form: Form, place: &Place, names: &Names<'_>, problems: &mut Problems) -> Arc<str> {
    let Some(channels) = names.channels else { return name.into() };
    let Some(configured) = aliased(name, names.channels) else {
        if names.is_strict {
            problems.push(unknown_channel(name, place, channels.keys().map(|name| &**name)));
        }
        return name.into();
    };
    if names.is_strict && !channels.get(configured).is_none_or(|address| form.suits(*address)) {
        problems.push(unsuited(configured, form, channels[configured], place));
    }
    Arc::clone(configured)
}

/// A name that is usual but not configured is a warning: templates are shared between configurations.
fn unknown_channel<'k>(name: &str, place: &Place, known: impl Iterator<Item = &'k str>) -> Problem {
    let problem = want::unknown_word(Word { text: name, place }, UNKNOWN_CHANNEL, ("渠道", "channel"), known);
    let is_usual = USUAL_CHANNELS.iter().any(|(usual, _)| *usual == name);
    if is_usual { Problem { severity: Severity::Warning, ..problem } } else { problem }
}

fn unsuited(channel: &str, form: Form, address: Address, place: &Place) -> Problem {
    let heading = form.heading();
    let message = Text::new(
        format!("渠道“{channel}”不用“{heading}”这一段"),
        format!("the channel `{channel}` has no use for the section `{heading}`"),
    );
    let suited: Vec<String> = Form::ALL
        .into_iter()
        .filter(|form| form.suits(address))
        .map(|form| format!("=== {} {channel} ===", form.heading()))
        .collect();
    let hint = Text::new(format!("可以写：{}", suited.join("、")), format!("one of: {}", suited.join(", ")));
    Problem::error(place, "unsuited-section", message).hint(hint)
}

fn unknown_heading(place: &Place, written: &str) -> Problem {
    let message = Text::new(format!("没有名为“{written}”的段"), format!("there is no section `{written}`"));
    let names = Form::ALL.map(|form| format!("=== {} ===", form.heading())).join("、");
    Problem::error(place, "unknown-section", message).hint(Text::new(
        format!("可以写：{names}；只给一个渠道用的，后面加渠道的名字，如 === 短信 sms ==="),
        format!("one of: {names}; for one channel with its name, such as === 短信 sms ==="),
    ))
}

/// A kind's own file has every form; none stands twice anywhere.
fn check_sections(found: &Found, headings: &[Heading], problems: &mut Problems) {
    let source = &found.source;
    let sections: Vec<&Section> = headings.iter().filter_map(|heading| heading.section.as_ref()).collect();
    for form in Form::ALL.into_iter().filter(|_| found.policy.is_none()) {
        if !sections.iter().any(|section| section.form == form && section.channel.is_none()) {
            problems.push(missing_form(source, form));
        }
    }
    if found.policy.is_some() && headings.is_empty() {
        problems.push(no_form(source));
    }
    for (at, section) in sections.iter().enumerate() {
        let before = sections[..at].iter().filter(|other| other == &section).count();
        if before == 1 {
            problems.push(repeated(source, section));
        }
    }
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

fn no_form(source: &Arc<Source>) -> Problem {
    let message = Text::new("文件里一段也没有", "the file has no section");
    let hint = Text::new(
        "写上与众不同的那几段，如“=== 短信 ===”；没写的段用外面同名文件的",
        "write the sections that read otherwise, such as `=== 短信 ===`; the others are those of the file outside",
    );
    Problem::error(&Place::whole(source), "missing-section", message).hint(hint)
}

fn repeated(source: &Arc<Source>, section: &Section) -> Problem {
    let heading = match &section.channel {
        Some(channel) => format!("{} {channel}", section.form.heading()),
        None => section.form.heading().to_owned(),
    };
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
