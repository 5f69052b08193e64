//! `JUnit` XML: what continuous integration systems read.
//!
//! A file of tests is a suite, a case a test case, each expectation that failed one `failure`; what is wrong with the
//! files themselves is a suite of its own, so that no system takes a broken file for a passing one. No times: a case takes
//! some microseconds, and the same tests give the same document.

use super::Run;
use crate::ruletest::judge::{Failure, Judged, JudgedCase};
use crate::text::problem::{Problem, Severity};
use crate::text::{Lang, show};
use std::fmt::Write as _;

pub(super) fn document(run: &Run) -> String {
    let errors: Vec<&Problem> = run.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    let cases = || run.judged.iter().flat_map(|file| &file.cases);
    let failed = cases().filter(|case| !case.failures.is_empty()).count();
    let tests = cases().count() + errors.len();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites tests=\"{tests}\" failures=\"{failed}\" errors=\"{}\">", errors.len());
    run.judged.iter().for_each(|file| suite(&mut xml, file));
    if !errors.is_empty() {
        broken(&mut xml, &errors);
    }
    xml + "</testsuites>\n"
}

fn suite(xml: &mut String, file: &Judged) {
    let failed = file.cases.iter().filter(|case| !case.failures.is_empty()).count();
    let (name, tests) = (escaped(&file.path), file.cases.len());
    let _ = writeln!(xml, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\">");
    file.cases.iter().for_each(|case| test_case(xml, file, case));
    xml.push_str("  </testsuite>\n");
}

fn test_case(xml: &mut String, file: &Judged, case: &JudgedCase) {
    let (line, _) = case.place.line_column();
    let (name, class, path) = (escaped(&case.name), escaped(file.policy.as_str()), escaped(&file.path));
    let _ = write!(xml, "    <testcase name=\"{name}\" classname=\"{class}\" file=\"{path}\" line=\"{line}\"");
    if case.failures.is_empty() {
        xml.push_str("/>\n");
        return;
    }
    xml.push_str(">\n");
    case.failures.iter().for_each(|failure| failure_of(xml, failure));
    xml.push_str("    </testcase>\n");
}

fn failure_of(xml: &mut String, failure: &Failure) {
    let message = escaped(&failure.message);
    let text = std::iter::once(format!("{}: {}", failure.place, failure.message));
    let text: Vec<String> = text.chain(failure.arithmetic.iter().cloned()).collect();
    let _ = writeln!(xml, "      <failure message=\"{message}\">{}</failure>", escaped(&text.join("\n")));
}

fn broken(xml: &mut String, errors: &[&Problem]) {
    let count = errors.len();
    let _ = writeln!(xml, "  <testsuite name=\"duban test\" tests=\"{count}\" failures=\"0\" errors=\"{count}\">");
    for problem in errors {
        let text = escaped(&show::brief(problem, Lang::Zh));
        let name = escaped(&problem.place.source.path);
        let _ = writeln!(
            xml,
            "    <testcase name=\"{name}\" classname=\"duban test\"><error message=\"{text}\"/></testcase>"
        );
    }
    xml.push_str("  </testsuite>\n");
}

/// A text as XML takes it, in attributes too; what XML 1.0 cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => {}
            control if control.is_control() && u32::from(control) < 0x20 => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_that_a_test_is_called_breaks_the_document() {
        assert_eq!(escaped("a<b> & \"c\"\u{1}\n甲"), "a&lt;b&gt; &amp; &quot;c&quot;&#10;甲");
    }
}
