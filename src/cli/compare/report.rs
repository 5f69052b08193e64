//! The report that one shows before a rule is switched on: headline figures, what of the rules changed, departments, rules,
//! named examples.

use super::Sides;
use super::examples::Cases;
use super::gather::Part;
use crate::cli::columns::rows;
use crate::engine::compare::Sort;
use crate::engine::compare::tally::{Row, Sum};
use crate::policy::changes::say;
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::time::Instant;
use chrono::Datelike;
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

/// So many departments are listed, those with most differences first.
const DEPARTMENTS: usize = 40;

/// What was compared, in words.
pub(super) struct Heading {
    pub(super) old: String,
    pub(super) new: String,
    /// The history, or the orders.
    pub(super) over: String,
    /// What is said where nothing differs.
    pub(super) alike: &'static str,
}

/// Writes one report.
pub(super) struct Report<'a> {
    pub(super) sides: &'a Sides,
    pub(super) part: &'a Part,
    pub(super) lang: Lang,
    pub(super) colours: bool,
}

impl Report<'_> {
    pub(super) fn write(&self, heading: &Heading, cases: &Cases<'_>, out: &mut impl Write) -> io::Result<()> {
        self.heading(heading, out)?;
        self.headline(heading.alike, out)?;
        self.rules_changed(out)?;
        if !self.part.tally.all.differs() {
            return Ok(());
        }
        self.departments(out)?;
        self.rules(out)?;
        self.told(out)?;
        self.left_out(out)?;
        self.examples(cases, out)
    }

    fn either<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn bold(&self, text: &str) -> String {
        if self.colours { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn section(&self, title: (&str, &str), out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n{}", self.bold(self.either(title.0, title.1)))
    }

    fn heading(&self, heading: &Heading, out: &mut impl Write) -> io::Result<()> {
        let title = self.either("规则对照（试算，不发送任何通知）", "Comparison of rules (nothing is sent)");
        writeln!(out, "{}", self.bold(title))?;
        writeln!(out, "  {}{}", self.either("原：", "old: "), heading.old)?;
        writeln!(out, "  {}{}", self.either("新：", "new: "), heading.new)?;
        writeln!(out, "  {}", heading.over)
    }

    /// What one would say first.
    fn headline(&self, alike: &str, out: &mut impl Write) -> io::Result<()> {
        self.section(("要点", "In short"), out)?;
        let tally = &self.part.tally;
        if !tally.all.differs() && tally.governed == 0 {
            return writeln!(out, "  {alike}");
        }
        let mut lines = vec![self.affected()];
        if tally.governed > 0 {
            let name = self.either("改由另一份规则管辖的工单", "orders under another policy");
            lines.push(vec![name.to_owned(), tally.governed.to_string()]);
        }
        lines.extend(self.dues(&tally.all));
        let (before, now) = tally.all.overdue;
        lines.push(vec![
            self.either("逾期的时限", "obligations late or overdue").to_owned(),
            format!("{before} → {now}"),
            signed(before, now),
        ]);
        for sort in Sort::ALL {
            let sum = tally.all.of(sort);
            let is_grave = matches!(sort, Sort::Red | Sort::Yellow | Sort::Return | Sort::Route);
            if sum.differs() || (is_grave && sum.old > 0) {
                lines.push(self.sum_line(sort_name(sort, self.lang), sum));
            }
        }
        // The last column is a sentence: it stands to the left.
        let more: Vec<String> =
            lines.iter_mut().map(|line| if line.len() > 3 { line.remove(3) } else { String::new() }).collect();
        for (line, more) in rows(&lines).iter().zip(more) {
            writeln!(out, "  {}", format!("{line}  {more}").trim_end())?;
        }
        Ok(())
    }

    fn affected(&self) -> Vec<String> {
        let tally = &self.part.tally;
        #[expect(clippy::cast_precision_loss, reason = "a share to one decimal")]
        let share = 100.0 * tally.affected as f64 / tally.orders.max(1) as f64;
        let of = match self.lang {
            Lang::Zh => format!("共 {} 张，占 {share:.1}%", tally.orders),
            Lang::En => format!("of {}, {share:.1}%", tally.orders),
        };
        vec![self.either("受影响的工单", "orders affected").to_owned(), tally.affected.to_string(), String::new(), of]
    }

    fn dues(&self, row: &Row) -> Vec<Vec<String>> {
        let sum = &row.obligations;
        let mut lines = Vec::new();
        let mut line = |name: (&str, &str), count: u64, more: String| {
            if count > 0 {
                lines.push(vec![self.either(name.0, name.1).to_owned(), count.to_string(), String::new(), more]);
            }
        };
        let ways = match self.lang {
            Lang::Zh => format!("提前 {}，推后 {}", row.earlier, row.later),
            Lang::En => format!("{} earlier, {} later", row.earlier, row.later),
        };
        line(("到期改变的时限", "dues that move"), sum.moves, ways);
        line(("新出现的时限", "obligations that appear"), sum.appear, String::new());
        line(("不再有的时限", "obligations that disappear"), sum.disappear, String::new());
        line(("由暂定转为确定的到期", "provisional dues that become final"), row.settled, String::new());
        lines
    }

    fn sum_line(&self, name: &str, sum: &Sum) -> Vec<String> {
        let parts = [
            (sum.appear, "新出现", "appear"),
            (sum.disappear, "不再有", "disappear"),
            (sum.moves, "时刻改变", "move"),
            (sum.changes, "内容改变", "change"),
        ];
        let parts = parts.into_iter().filter(|(count, _, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, zh, en)| match self.lang {
                Lang::Zh => format!("{zh} {count}"),
                Lang::En => format!("{count} {en}"),
            })
            .collect();
        let more = parts.join(self.either("，", ", "));
        vec![name.to_owned(), format!("{} → {}", sum.old, sum.new), signed(sum.old, sum.new), more]
    }

    fn rules_changed(&self, out: &mut impl Write) -> io::Result<()> {
        self.section(("规则改了什么", "What changed in the rules"), out)?;
        let lines = say::lines(&self.sides.changes, self.lang);
        if lines.is_empty() {
            let nothing =
                ("规则、词汇表、通讯录和日历都没有不同。", "Rules, vocabulary, directory and calendars are the same.");
            return writeln!(out, "  {}", self.either(nothing.0, nothing.1));
        }
        lines.iter().try_for_each(|line| writeln!(out, "  {line}"))
    }

    fn departments(&self, out: &mut impl Write) -> io::Result<()> {
        self.section(("各单位", "By department"), out)?;
        let mut rows: Vec<(&Option<Arc<str>>, &Row)> =
            self.part.tally.departments.iter().filter(|(_, row)| row.differs()).collect();
        rows.sort_by_key(|(name, row)| (std::cmp::Reverse(weight(row)), (*name).clone()));
        let more = rows.len().saturating_sub(DEPARTMENTS);
        let nobody = self.either("（未转派）", "(none yet)").to_owned();
        let named = rows.iter().take(DEPARTMENTS);
        let named = named.map(|(name, row)| (name.as_ref().map_or(nobody.clone(), ToString::to_string), *row));
        self.table(("单位", "department"), &named.collect::<Vec<_>>(), out)?;
        match (more, self.lang) {
            (0, _) => Ok(()),
            (more, Lang::Zh) => writeln!(out, "  另有 {more} 个单位"),
            (more, Lang::En) => writeln!(out, "  and {more} more"),
        }
    }

    fn rules(&self, out: &mut impl Write) -> io::Result<()> {
        self.section(("各条规则", "By rule"), out)?;
        let differing: BTreeMap<_, _> = self.part.tally.rules.iter().filter(|(_, row)| row.differs()).collect();
        let several = differing.keys().any(|(policy, _)| differing.keys().any(|(other, _)| other != policy));
        let name = |(policy, rule): &(&'static str, &'static str)| {
            let title = self.rule_title(policy, rule);
            if several { format!("{policy} {title}") } else { title }
        };
        let named: Vec<(String, &Row)> = differing.iter().map(|(rule, row)| (name(rule), *row)).collect();
        self.table(("规则", "rule"), &named, out)?;
        let has_other = |row: &Row| row.decisions.iter().any(|sum| sum.moves + sum.changes > 0);
        if !named.iter().any(|(_, row)| has_other(row)) {
            return Ok(());
        }
        let legend = (
            "（2→3 为改前和改后；~1 为另有 1 个时刻或内容不同）",
            "(2→3: before and after; ~1: one more at another time, or otherwise different)",
        );
        writeln!(out, "  {}", self.either(legend.0, legend.1))
    }

    /// Who would be told more, or less.
    fn told(&self, out: &mut impl Write) -> io::Result<()> {
        let differing: Vec<_> = self.part.tally.told.iter().filter(|(_, sum)| sum.differs()).collect();
        if differing.is_empty() {
            return Ok(());
        }
        self.section(("通知谁（提醒、告知和决定，抄送不计）", "Who is told (copies left out)"), out)?;
        let head = [("对象", "recipient"), ("改前", "before"), ("改后", "after"), ("", "")];
        let mut lines = vec![head.map(|(zh, en)| self.either(zh, en).to_owned()).to_vec()];
        for (name, sum) in differing {
            let title = self.sides.recipients.get(*name).filter(|_| self.lang == Lang::Zh);
            let name = title.map_or_else(|| (*name).to_owned(), |title| format!("{title}（{name}）"));
            lines.push(vec![name, sum.old.to_string(), sum.new.to_string(), signed(sum.old, sum.new)]);
        }
        rows(&lines).iter().try_for_each(|line| writeln!(out, "  {}", line.trim_end()))
    }

    /// The steps that would never fire, because an edit moves them into the past.
    fn left_out(&self, out: &mut impl Write) -> io::Result<()> {
        let left_out = &self.part.tally.left_out;
        if left_out.is_empty() {
            return Ok(());
        }
        let title = (
            "已过时刻、不再补作的阶梯（要补作，在规则里写 catch_up: true）",
            "Steps left out as past (`catch_up: true` in the policy makes them)",
        );
        self.section(title, out)?;
        for ((policy, rule, step), count) in left_out {
            writeln!(out, "  {policy} {} / {step}  {count}", self.rule_title(policy, rule))?;
        }
        Ok(())
    }

    fn rule_title(&self, policy: &str, rule: &str) -> String {
        let title = self.sides.title(Symbol::new(policy), Symbol::new(rule));
        match self.lang {
            Lang::Zh if title != rule => format!("{title}（{rule}）"),
            _ => rule.to_owned(),
        }
    }

    /// A row each; a column only where something in it differs.
    fn table(&self, head: (&str, &str), named: &[(String, &Row)], out: &mut impl Write) -> io::Result<()> {
        let columns = self.columns();
        let shown: Vec<&Column<'_>> =
            columns.iter().filter(|column| named.iter().any(|(_, row)| (column.differs)(row))).collect();
        let first = std::iter::once(self.either(head.0, head.1).to_owned());
        let mut lines = vec![first.chain(shown.iter().map(|column| column.name.clone())).collect::<Vec<_>>()];
        for (name, row) in named {
            let cells = shown.iter().map(|column| (column.cell)(row));
            lines.push(std::iter::once(name.clone()).chain(cells).collect());
        }
        rows(&lines).iter().try_for_each(|line| writeln!(out, "  {}", line.trim_end()))
    }

    fn columns(&self) -> Vec<Column<'_>> {
        let either = |zh: &str, en: &str| self.either(zh, en).to_owned();
        let mut columns = vec![
            Column::count(either("到期提前", "earlier"), |row| row.earlier),
            Column::count(either("推后", "later"), |row| row.later),
            Column::count(either("新增时限", "new dues"), |row| row.obligations.appear),
            Column::count(either("不再有", "gone dues"), |row| row.obligations.disappear),
            Column {
                name: either("逾期", "late"),
                differs: Box::new(|row| row.overdue.0 != row.overdue.1),
                cell: Box::new(|row| arrow(row.overdue.0, row.overdue.1)),
            },
        ];
        columns.extend(Sort::ALL.map(|sort| Column {
            name: sort_name(sort, self.lang).to_owned(),
            differs: Box::new(move |row| row.of(sort).differs()),
            cell: Box::new(move |row| sum_cell(row.of(sort))),
        }));
        columns
    }

    fn examples(&self, cases: &Cases<'_>, out: &mut impl Write) -> io::Result<()> {
        let all: Vec<_> = self.part.examples.0.values().flatten().collect();
        if all.is_empty() {
            return Ok(());
        }
        self.section(("举例", "Examples"), out)?;
        for example in all {
            cases.lines(example).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
        }
        Ok(())
    }
}

/// A column of the tables.
struct Column<'a> {
    name: String,
    differs: Box<dyn Fn(&Row) -> bool + 'a>,
    cell: Box<dyn Fn(&Row) -> String + 'a>,
}

impl Column<'_> {
    fn count(name: String, of: fn(&Row) -> u64) -> Self {
        Column { name, differs: Box::new(move |row| of(row) > 0), cell: Box::new(move |row| number(of(row))) }
    }
}

fn number(count: u64) -> String {
    if count == 0 { "-".into() } else { count.to_string() }
}

fn arrow(old: u64, new: u64) -> String {
    if old == new { number(old) } else { format!("{old}→{new}") }
}

/// Both sums; those that merely moved or changed beside them.
fn sum_cell(sum: &Sum) -> String {
    let other = sum.moves + sum.changes;
    let shown = if sum.appear > 0 && sum.appear == sum.disappear {
        format!("{} +{}-{}", sum.old, sum.appear, sum.disappear)
    } else {
        arrow(sum.old, sum.new)
    };
    if other == 0 { shown } else { format!("{shown} ~{other}") }
}

fn signed(old: u64, new: u64) -> String {
    match new.cmp(&old) {
        std::cmp::Ordering::Less => format!("-{}", old - new),
        std::cmp::Ordering::Equal => "±0".into(),
        std::cmp::Ordering::Greater => format!("+{}", new - old),
    }
}

/// How much differs, for the order of the departments.
fn weight(row: &Row) -> u64 {
    let sums = row.decisions.iter().chain([&row.obligations]);
    sums.map(|sum| sum.appear + sum.disappear + sum.moves + sum.changes).sum()
}

fn sort_name(sort: Sort, lang: Lang) -> &'static str {
    match (sort, lang) {
        (Sort::Red, Lang::Zh) => "红牌",
        (Sort::Yellow, Lang::Zh) => "黄牌",
        (Sort::Return, Lang::Zh) => "退回重办",
        (Sort::Route, Lang::Zh) => "呈报移送",
        (Sort::Flag, Lang::Zh) => "待核",
        (Sort::Notify, Lang::Zh) => "告知",
        (Sort::Remind, Lang::Zh) => "提醒",
        (Sort::Revoke, Lang::Zh) => "撤销",
        (Sort::Red, Lang::En) => "red cards",
        (Sort::Yellow, Lang::En) => "yellow cards",
        (Sort::Return, Lang::En) => "returns",
        (Sort::Route, Lang::En) => "routes",
        (Sort::Flag, Lang::En) => "flags",
        (Sort::Notify, Lang::En) => "notices",
        (Sort::Remind, Lang::En) => "reminders",
        (Sort::Revoke, Lang::En) => "revocations",
    }
}

/// `2024-05-06 周一 09:10`.
pub(super) fn moment(at: Instant, zone: Tz, lang: Lang) -> String {
    let local = at.in_zone(zone);
    let day = local.weekday().num_days_from_monday() as usize;
    let weekday = match lang {
        Lang::Zh => ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][day],
        Lang::En => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day],
    };
    format!("{} {weekday} {}", local.format("%Y-%m-%d"), local.format("%H:%M"))
}

/// `2024-05-06 09:10`.
pub(super) fn short(at: Instant, zone: Tz) -> String {
    at.in_zone(zone).format("%Y-%m-%d %H:%M").to_string()
}
