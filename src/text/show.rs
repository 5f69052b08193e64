//! Problems as people and editors read them.

use crate::text::Lang;
use crate::text::place::Place;
use crate::text::problem::{Problem, Severity};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

/// One problem with its line and the place marked, several lines long, ended by a line break.
pub fn human(problem: &Problem, lang: Lang, colour: bool) -> String {
    if problem.is_veiled {
        return format!("{}\n", brief(problem, lang));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.decor_style(DecorStyle::Ascii).term_width(160).render(&[group(problem, lang)]);
    text.push('\n');
    text
}

fn group(problem: &Problem, lang: Lang) -> Group<'_> {
    let level = level_of(problem.severity, lang);
    let title = level.primary_title(problem.message.in_lang(lang)).id(problem.code);
    let (near, far): (Vec<_>, Vec<_>) = problem.related.iter().partition(|(other, _)| is_near(other, &problem.place));
    let mut marks = vec![(&problem.place, None)];
    marks.extend(near.iter().map(|(place, label)| (place, Some(label.in_lang(lang)))));
    let mut group = title.element(snippet(&marks));
    for (place, label) in far {
        group = group.element(snippet(&[(place, Some(label.in_lang(lang)))]));
    }
    match &problem.hint {
        Some(hint) => group.element(Level::HELP.with_name(help_of(lang)).message(hint.in_lang(lang))),
        None => group,
    }
}

/// So many lines apart, places of one file are still shown as one piece of it.
const NEAR: usize = 100;

fn is_near(a: &Place, b: &Place) -> bool {
    a.source == b.source && a.line_column().0.abs_diff(b.line_column().0) <= NEAR
}

/// A piece of a file with places in it marked: the one without a label is what it is about. Only the lines between them
/// are handed on, so that showing many problems of a large file does not take their product.
fn snippet<'a>(marks: &[(&'a Place, Option<&'a str>)]) -> Snippet<'a, Annotation<'a>> {
    let source = &marks[0].0.source;
    let first = marks.iter().map(|(place, _)| place.start).min().unwrap_or_default();
    let last = marks.iter().map(|(place, _)| first_line(place).end).max().unwrap_or_default();
    let start = source.text[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = source.text[last..].find('\n').map_or(source.text.len(), |at| last + at);
    let annotations = marks.iter().map(|(place, label)| {
        let kind = if label.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
        let line = first_line(place);
        kind.span(line.start - start..line.end - start).label(*label)
    });
    Snippet::source(&source.text[start..end])
        .line_start(source.line_column(start).0)
        .path(&source.path)
        .annotations(annotations.collect::<Vec<_>>())
}

/// What is marked: a place that goes over several lines is marked in its first.
fn first_line(place: &Place) -> std::ops::Range<usize> {
    let line = place.text().lines().next().unwrap_or_default();
    place.start..place.start + line.len()
}

fn level_of(severity: Severity, lang: Lang) -> Level<'static> {
    match (severity, lang) {
        (Severity::Error, Lang::Zh) => Level::ERROR.with_name("错误"),
        (Severity::Error, Lang::En) => Level::ERROR.with_name("error"),
        (Severity::Warning, Lang::Zh) => Level::WARNING.with_name("警告"),
        (Severity::Warning, Lang::En) => Level::WARNING.with_name("warning"),
    }
}

fn help_of(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "建议",
        Lang::En => "hint",
    }
}

/// One problem in one line, for logs and lists: `FILE:LINE:COLUMN: 错误[code]: what; what to write instead`.
pub fn brief(problem: &Problem, lang: Lang) -> String {
    let name = match (problem.severity, lang) {
        (Severity::Error, Lang::Zh) => "错误",
        (Severity::Warning, Lang::Zh) => "警告",
        (Severity::Error, Lang::En) => "error",
        (Severity::Warning, Lang::En) => "warning",
    };
    let joint = if lang == Lang::Zh { "；" } else { "; " };
    let hint = problem.hint.as_ref().map_or(String::new(), |hint| format!("{joint}{}", hint.in_lang(lang)));
    format!("{}: {name}[{}]: {}{hint}", problem.place, problem.code, problem.message.in_lang(lang))
}

/// One problem as a JSON object for editors; lines and columns (in characters) count from 1, the end is exclusive.
pub fn json(problem: &Problem, lang: Lang) -> String {
    let (line, column) = problem.place.line_column();
    let (end_line, end_column) = problem.place.source.line_column(problem.place.end);
    let related = problem.related.iter().map(|(place, label)| {
        let (line, column) = place.line_column();
        JsonRelated { file: &place.source.path, line, column, message: label.in_lang(lang) }
    });
    let object = JsonProblem {
        file: &problem.place.source.path,
        line,
        column,
        end_line,
        end_column,
        severity: if problem.severity == Severity::Error { "error" } else { "warning" },
        code: problem.code,
        message: problem.message.in_lang(lang),
        hint: problem.hint.as_ref().map(|hint| hint.in_lang(lang)),
        related: related.collect(),
    };
    serde_json::to_string(&object).expect("texts and numbers are JSON")
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    severity: &'a str,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<JsonRelated<'a>>,
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::problem::Problems;
    use crate::text::yaml;

    fn duplicate() -> Problem {
        let mut problems = Problems::new();
        yaml::read("规则/p.yaml", "title: 办结\nstop: x\ntitle: 又一次\n".as_bytes(), &mut problems);
        problems.sorted().remove(0)
    }

    #[test]
    fn a_problem_shows_its_line_with_the_place_marked() {
        insta::assert_snapshot!(human(&duplicate(), Lang::Zh, false), @r"
        错误[duplicate-key]: 键“title”在同一处写了两次
         --> 规则/p.yaml:3:1
          |
        1 | title: 办结
          | ----- 第一次写在这里
        2 | stop: x
        3 | title: 又一次
          | ^^^^^
          |
          = 建议: 只保留一个；如果是两样东西，给其中一个换个名字
        ");
        insta::assert_snapshot!(human(&duplicate(), Lang::En, false), @r"
        error[duplicate-key]: the key `title` is written twice in one place
         --> 规则/p.yaml:3:1
          |
        1 | title: 办结
          | ----- first written here
        2 | stop: x
        3 | title: 又一次
          | ^^^^^
          |
          = hint: keep one of them; if they are two things, rename one
        ");
    }

    #[test]
    fn places_far_apart_are_shown_as_two_pieces() {
        let mut problems = Problems::new();
        let text = format!("a: 1\n{}a: 2\n", "# 空\n".repeat(200));
        yaml::read("p.yaml", text.as_bytes(), &mut problems);
        insta::assert_snapshot!(human(&problems.sorted()[0], Lang::Zh, false), @r"
        错误[duplicate-key]: 键“a”在同一处写了两次
           --> p.yaml:202:1
            |
        202 | a: 2
            | ^
            |
           ::: p.yaml:1:1
            |
          1 | a: 1
            | - 第一次写在这里
            |
            = 建议: 只保留一个；如果是两样东西，给其中一个换个名字
        ");
    }

    #[test]
    fn the_place_is_the_same_for_people_and_for_editors() {
        let mut problems = Problems::new();
        yaml::read("p.yaml", "标题: 办结\n甲: {乙: 1, 乙: 2}\n".as_bytes(), &mut problems);
        let problem = problems.sorted().remove(0);
        assert!(human(&problem, Lang::Zh, false).contains("p.yaml:2:11"), "{}", human(&problem, Lang::Zh, false));
        insta::assert_snapshot!(json(&problem, Lang::Zh), @r#"{"file":"p.yaml","line":2,"column":11,"end_line":2,"end_column":12,"severity":"error","code":"duplicate-key","message":"键“乙”在同一处写了两次","hint":"只保留一个；如果是两样东西，给其中一个换个名字","related":[{"file":"p.yaml","line":2,"column":5,"message":"第一次写在这里"}]}"#);
    }

    #[test]
    fn colour_is_there_only_when_asked_for() {
        assert!(human(&duplicate(), Lang::Zh, true).contains('\u{1b}'));
        assert!(!human(&duplicate(), Lang::Zh, false).contains('\u{1b}'));
    }
}
