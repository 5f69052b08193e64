//! An explanation as a text for a terminal or a letter: headings, and lines set in below them.

use super::{Explanation, ObligationStory, PolicyStory, SilentRule};
use crate::text::Lang;
use std::fmt;

/// What the parts are called.
struct Headings {
    order: &'static str,
    events: &'static str,
    governs: &'static str,
    governs_not: &'static str,
    obligations: &'static str,
    steps: &'static str,
    decisions: &'static str,
    silent: &'static str,
    nothing: &'static str,
    colon: &'static str,
}

const CHINESE: Headings = Headings {
    order: "工单",
    events: "经过",
    governs: "适用",
    governs_not: "不适用",
    obligations: "时限",
    steps: "阶梯",
    decisions: "已作决定",
    silent: "没有触发的规则",
    nothing: "（无）",
    colon: "：",
};

const ENGLISH: Headings = Headings {
    order: "Order",
    events: "What happened",
    governs: "Governs",
    governs_not: "Does not govern",
    obligations: "Deadlines",
    steps: "steps",
    decisions: "Decisions",
    silent: "Rules that did not fire",
    nothing: "(none)",
    colon: ": ",
};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings = match self.lang {
            Lang::Zh => &CHINESE,
            Lang::En => &ENGLISH,
        };
        writeln!(f, "{} {}", headings.order, self.order)?;
        writeln!(f, "{}\n\n{}", self.state, headings.events)?;
        write_lines(f, 2, &self.events)?;
        self.policies.iter().try_for_each(|policy| write_policy(f, headings, policy))
    }
}

/// What a policy made of an order that it governs no more.
fn write_former(f: &mut fmt::Formatter<'_>, headings: &Headings, policy: &PolicyStory) -> fmt::Result {
    if !policy.obligations.is_empty() {
        writeln!(f, "\n  {}", headings.obligations)?;
        policy.obligations.iter().try_for_each(|obligation| write_obligation(f, headings, obligation))?;
    }
    if !policy.decisions.is_empty() {
        writeln!(f, "\n  {}", headings.decisions)?;
        write_lines(f, 4, &policy.decisions)?;
    }
    Ok(())
}

fn write_policy(f: &mut fmt::Formatter<'_>, headings: &Headings, policy: &PolicyStory) -> fmt::Result {
    if let Some(why_not) = &policy.why_not {
        writeln!(f, "\n{}{}{}", headings.governs_not, headings.colon, policy.heading)?;
        write_lines(f, 2, std::slice::from_ref(why_not))?;
        return write_former(f, headings, policy);
    }
    writeln!(f, "\n{}{}{}", headings.governs, headings.colon, policy.heading)?;
    write_lines(f, 2, &policy.rounds)?;
    writeln!(f, "\n  {}", headings.obligations)?;
    policy.obligations.iter().try_for_each(|obligation| write_obligation(f, headings, obligation))?;
    if policy.obligations.is_empty() {
        writeln!(f, "  {}", headings.nothing)?;
    }
    writeln!(f, "\n  {}", headings.decisions)?;
    write_lines(f, 4, &policy.decisions)?;
    if policy.decisions.is_empty() {
        writeln!(f, "    {}", headings.nothing)?;
    }
    if !policy.silent.is_empty() {
        writeln!(f, "\n  {}", headings.silent)?;
    }
    policy.silent.iter().try_for_each(|rule| write_silent(f, rule))
}

fn write_obligation(f: &mut fmt::Formatter<'_>, headings: &Headings, told: &ObligationStory) -> fmt::Result {
    writeln!(f, "  ● {}", told.heading)?;
    if !told.origin.is_empty() {
        writeln!(f, "      {}", told.origin)?;
    }
    write_lines(f, 6, &told.arithmetic)?;
    if !told.steps.is_empty() {
        writeln!(f, "      {}", headings.steps)?;
        write_lines(f, 8, &told.steps)?;
    }
    Ok(())
}

fn write_silent(f: &mut fmt::Formatter<'_>, rule: &SilentRule) -> fmt::Result {
    writeln!(f, "  ○ {}", rule.heading)?;
    write_lines(f, 6, &rule.reasons)
}

fn write_lines(f: &mut fmt::Formatter<'_>, indent: usize, lines: &[String]) -> fmt::Result {
    lines.iter().try_for_each(|line| writeln!(f, "{:indent$}{line}", ""))
}
