//! What came of the tests, for people and for programs.

use super::Run;
use crate::ruletest::fired::{Counted, Part};
use crate::ruletest::judge::{Failure, Judged, JudgedCase};
use crate::text::Lang;
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};

pub(super) fn human(run: &Run, lang: Lang) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for file in &run.judged {
        write_file(&mut out, file, lang)?;
    }
    write_sums(&mut out, run, lang)?;
    write_share(&mut out, run, lang)?;
    out.flush()
}

fn write_file(out: &mut impl Write, file: &Judged, lang: Lang) -> io::Result<()> {
    let failed = file.cases.iter().filter(|case| !case.failures.is_empty()).count();
    let mark = if failed == 0 { "✓" } else { "✗" };
    let (cases, path) = (file.cases.len(), &file.path);
    match (lang, failed) {
        (Lang::Zh, 0) => writeln!(out, "{mark} {path}  {cases}个用例")?,
        (Lang::Zh, failed) => writeln!(out, "{mark} {path}  {cases}个用例，{failed}个不符")?,
        (Lang::En, 0) => writeln!(out, "{mark} {path}  {}", counted(cases, "case"))?,
        (Lang::En, failed) => writeln!(out, "{mark} {path}  {}, {failed} failed", counted(cases, "case"))?,
    }
    for case in &file.cases {
        for failure in &case.failures {
            write_failure(out, case, failure, lang)?;
        }
    }
    Ok(())
}

fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn write_failure(out: &mut impl Write, case: &JudgedCase, failure: &Failure, lang: Lang) -> io::Result<()> {
    let colon = if lang == Lang::Zh { "：" } else { ": " };
    writeln!(out, "{}: {}{colon}{}", failure.place, case.name, failure.message)?;
    for line in &failure.arithmetic {
        writeln!(out, "      {line}")?;
    }
    Ok(())
}

fn write_sums(out: &mut impl Write, run: &Run, lang: Lang) -> io::Result<()> {
    let (all, failed) = sums(run);
    match lang {
        Lang::Zh if failed == 0 && all > 0 => writeln!(out, "{all}个用例全部相符"),
        Lang::Zh => writeln!(out, "{all}个用例，{}个相符，{failed}个不符", all - failed),
        Lang::En => writeln!(out, "{}, {} passed, {failed} failed", counted(all, "case"), all - failed),
    }
}

fn sums(run: &Run) -> (usize, usize) {
    let cases = || run.judged.iter().flat_map(|file| &file.cases);
    (cases().count(), cases().filter(|case| !case.failures.is_empty()).count())
}

fn write_share(out: &mut impl Write, run: &Run, lang: Lang) -> io::Result<()> {
    let share = percent(run);
    let (rules, steps) = (of(run.share.rules), of(run.share.steps));
    match lang {
        Lang::Zh => writeln!(out, "触发过的规则和步骤：{share}（规则 {rules}，步骤 {steps}）")?,
        Lang::En => writeln!(out, "rules and steps that fired: {share} (rules {rules}, steps {steps})")?,
    }
    if run.share.silent.is_empty() {
        return Ok(());
    }
    match lang {
        Lang::Zh => writeln!(out, "没有用例触发的：")?,
        Lang::En => writeln!(out, "fired by no test:")?,
    }
    run.share.silent.iter().try_for_each(|part| writeln!(out, "  {}", named(run, *part, lang)))
}

fn percent(run: &Run) -> String {
    let tenths = run.share.tenths_of_percent();
    match tenths % 10 {
        0 => format!("{}%", tenths / 10),
        tenth => format!("{}.{tenth}%", tenths / 10),
    }
}

fn of(counted: Counted) -> String {
    format!("{}/{}", counted.fired, counted.all)
}

/// `zhuhai-124 completion/red 办结`.
fn named(run: &Run, part: Part, lang: Lang) -> String {
    let id = match part.step {
        Some(step) => format!("{} {}/{step}", part.policy, part.rule),
        None => format!("{} {}", part.policy, part.rule),
    };
    // Titles are Chinese; English readers get the id.
    let title = title(run, part).filter(|_| lang == Lang::Zh);
    title.map(|title| format!("{id}（{title}）")).unwrap_or(id)
}

fn title(run: &Run, part: Part) -> Option<&str> {
    let policy = run.policies.iter().find(|policy| policy.id == part.policy)?;
    let deadline = policy.deadlines.iter().find(|rule| rule.id == part.rule).map(|rule| &rule.title);
    let reaction = || policy.reactions.iter().find(|rule| rule.id == part.rule).map(|rule| &rule.title);
    deadline.or_else(reaction).map(String::as_str)
}

pub(super) fn json(run: &Run) -> io::Result<()> {
    let (all, failed) = sums(run);
    let share = &run.share;
    let silent = share.silent.iter().map(|part| {
        let mut object = json!({ "policy": part.policy.as_str(), "rule": part.rule.as_str() });
        if let Some(step) = part.step {
            object["step"] = json!(step.as_str());
        }
        object
    });
    #[allow(clippy::cast_precision_loss)] // at most 1000
    let percent = share.tenths_of_percent() as f64 / 10.0;
    let document = json!({
        "cases": all,
        "failed": failed,
        "files": run.judged.iter().map(file_json).collect::<Vec<_>>(),
        "share": percent,
        "rules": { "fired": share.rules.fired, "all": share.rules.all },
        "steps": { "fired": share.steps.fired, "all": share.steps.all },
        "silent": silent.collect::<Vec<_>>(),
    });
    let mut out = io::stdout().lock();
    writeln!(out, "{document:#}")
}

fn file_json(file: &Judged) -> Value {
    let cases = file.cases.iter().map(|case| {
        let failures = case.failures.iter().map(|failure| {
            let (line, column) = failure.place.line_column();
            json!({ "line": line, "column": column, "message": failure.message, "arithmetic": failure.arithmetic })
        });
        let line = case.place.line_column().0;
        json!({ "name": case.name, "line": line, "failures": failures.collect::<Vec<_>>() })
    });
    json!({ "file": file.path, "policy": file.policy.as_str(), "cases": cases.collect::<Vec<_>>() })
}
