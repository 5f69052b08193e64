//! `duban check`: every problem of every file at once.

use super::Common;
use crate::clock;
use crate::config::needs::{self, Where};
use crate::config::{Config, channels};
use crate::daemon::rules::template_names;
use crate::notify::template;
use crate::policy::directory::read::UNKNOWN_CHANNEL;
use crate::policy::{self, judge};
use crate::ruletest::{self, read::World};
use crate::schedule;
use crate::source;
use crate::text::codes::{self, CODES, Code};
use crate::text::nearest::nearest;
use crate::text::problem::{Problem, Problems, Severity};
use crate::text::{Lang, Text, show};
use crate::time::Instant;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// 检查规则、词汇表、通讯录、模板、日历与配置，一次列出全部问题
/// [check rules, vocabulary, directory, templates, calendars and configuration]
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// 说明某一种问题的意思和改法，不写编号则全部列出，不检查文件
    /// [tell what a kind of problem means, or every kind; checks nothing]
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = EVERY)]
    explain: Option<String>,
    /// 有警告也算不通过 [warnings fail, too]
    #[arg(long)]
    strict: bool,
    /// 按这一时刻检查，默认现在 [check as of this instant, RFC 3339; default: now]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Instant>,
    /// 输出格式 [output format]
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// In place of a code: every kind of problem is explained.
const EVERY: &str = "all";

/// How problems are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// 给人看 [for people]
    Human,
    /// 给编辑器 [for editors: one JSON array]
    Json,
}

fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text).ok_or_else(|| {
        "时刻要带时区，如 2024-05-06T09:00:00+08:00 [an instant has an offset, such as 2024-05-06T09:00:00+08:00]"
            .into()
    })
}

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    if let Some(code) = &args.explain {
        return explain(code, common.lang);
    }
    let (problems, policies) = check(common, args.at.unwrap_or_else(clock::now));
    let written = match args.format {
        Format::Human => human(&problems, policies, common.lang),
        Format::Json => json(&problems, common.lang),
    };
    // A reader that has gone (`| head`) wants no more: what was found is still said by the exit code.
    let _ = written;
    exit_code(&problems, args.strict)
}

/// Tells what one kind of problem means, or all of them.
fn explain(code: &str, lang: Lang) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let mut tell = |known: &Code| writeln!(out, "{}\n    {}", known.code, known.meaning().in_lang(lang));
    let told = match code {
        EVERY => CODES.iter().try_for_each(tell),
        code => match codes::find(code) {
            Some(known) => tell(known),
            None => return unknown_code(code, lang),
        },
    };
    // A reader that has gone (`| head`) wants no more.
    let _ = told;
    ExitCode::SUCCESS
}

fn unknown_code(code: &str, lang: Lang) -> ExitCode {
    let near = nearest(code, CODES.iter().map(|known| known.code));
    let message = Text::new(format!("没有“{code}”这种问题"), format!("there is no problem `{code}`"));
    let hint = near.map(|near| Text::new(format!("是不是 {near}？"), format!("did you mean `{near}`?")));
    eprintln!("error: {}", message.in_lang(lang));
    if let Some(hint) = hint {
        eprintln!("hint: {}", hint.in_lang(lang));
    }
    ExitCode::from(2)
}

/// Every problem, by place, and how many policies there are.
fn check(common: &Common, now: Instant) -> (Vec<Problem>, usize) {
    let mut problems = Problems::new();
    let config = Config::load(common.config.as_deref(), &mut problems);
    // With an error in the configuration the channels that it names are still those that a directory may name.
    let named = match &config {
        Some(config) => Some(config.addresses()),
        None => Config::named_channels(common.config.as_deref()),
    };
    let knows_channels = named.is_some();
    let addresses = named.flatten();
    let folder = |flag: &Option<std::path::PathBuf>, configured: Option<&Path>, default: &str| {
        flag.clone().or_else(|| configured.map(Path::to_owned)).unwrap_or_else(|| default.into())
    };
    let rules = folder(&common.rules, config.as_ref().map(|config| config.rules.as_path()), "rules");
    let calendars = folder(&common.calendars, config.as_ref().map(|config| config.calendars.as_path()), "calendars");
    let mut loaded = policy::load(&rules, &calendars, &addresses);
    judge::judge(&mut loaded, &addresses, now);
    let policies = loaded.policies();
    problems.append(template::problems(&rules, &template_names(&loaded, &addresses)));
    if let Some(config) = config.as_ref().filter(|_| loaded.has_vocabulary) {
        config.check_with(&loaded.vocabulary, &mut problems);
    }
    if let Some(world) = World::of(&loaded) {
        problems.append(ruletest::read::problems(&rules, &world));
    }
    let sources = config.as_ref().map(|config| &config.sources[..]).unwrap_or_default();
    if loaded.has_vocabulary {
        source::judge::judge(sources, &loaded.vocabulary, &mut problems);
    }
    let schedules = config.as_ref().map(|config| &config.schedules[..]).unwrap_or_default();
    schedule::read::check_calendars(schedules, &loaded.calendars, &mut problems);
    if loaded.has_directory {
        let recipients = loaded.directory.recipients.keys().map(|name| &**name);
        schedule::read::check_recipients(schedules, &recipients, &mut problems);
    }
    if let Some(config) = &config {
        let directory = loaded.has_directory.then_some(&loaded.directory);
        channels::judge::judge(&config.channels, config.public_url.is_some(), directory, &mut problems);
        needs::judge(config, Where::Anywhere, &mut problems);
    }
    problems.append(loaded.problems);
    let mut problems = problems.sorted();
    problems.retain(|problem| knows_channels || problem.code != UNKNOWN_CHANNEL);
    (problems, policies)
}

fn exit_code(problems: &[Problem], strict: bool) -> ExitCode {
    let is_unreadable = problems.iter().any(|problem| problem.code == "unreadable");
    let is_wrong = problems.iter().any(|problem| strict || problem.severity == Severity::Error);
    match (is_unreadable, is_wrong) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::SUCCESS,
    }
}

fn human(problems: &[Problem], policies: usize, lang: Lang) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let colour = std::io::stdout().is_terminal();
    for problem in problems {
        writeln!(out, "{}", show::human(problem, lang, colour))?;
    }
    writeln!(out, "{}", summary(problems, policies, lang))?;
    out.flush()
}

fn summary(problems: &[Problem], policies: usize, lang: Lang) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    let counted = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    match (lang, problems.is_empty()) {
        (Lang::Zh, true) => format!("检查通过：{policies}份规则，没有发现问题"),
        (Lang::En, true) => format!("{}, no problems", counted(policies, "policy").replace("policys", "policies")),
        (Lang::Zh, false) => format!("{errors}个错误，{warnings}个警告"),
        (Lang::En, false) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    }
}

fn json(problems: &[Problem], lang: Lang) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let objects: Vec<String> = problems.iter().map(|problem| show::json(problem, lang)).collect();
    match objects.as_slice() {
        [] => writeln!(out, "[]")?,
        objects => writeln!(out, "[\n{}\n]", objects.join(",\n"))?,
    }
    out.flush()
}
