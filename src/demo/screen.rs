//! What a watcher sees: a line for each thing that was decided, with whom it was told.

use crate::calendar::Calendar;
use crate::engine::decision::{Decision, DecisionKind};
use crate::notify::notice::Target;
use crate::notify::wording::day_name;
use crate::policy::directory::Directory;
use crate::policy::model::Colour;
use crate::store::outbox::{Delivery, DeliveryOutcome, Notice};
use crate::time::Instant;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Where lines go.
pub(super) struct Screen<W> {
    out: W,
    is_coloured: bool,
    day: String,
    first_texts: Vec<&'static str>,
}

/// Columns of the label, the order and the department.
const WIDTHS: [usize; 3] = [8, 16, 22];

impl<W: Write> Screen<W> {
    /// An empty screen.
    pub(super) fn new(out: W, is_coloured: bool) -> Screen<W> {
        Screen { out, is_coloured, day: String::new(), first_texts: Vec::new() }
    }

    /// A line of its own.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// A heading.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        let text = self.painted("1", text);
        self.line(&text)
    }

    /// Something that was decided, or approved, with the notices that told of it.
    pub(super) fn decision(&mut self, shown: &Shown<'_>) -> io::Result<()> {
        self.date(shown.at, shown.calendar)?;
        let time = shown.at.in_zone(shown.calendar.zone()).format("%H:%M").to_string();
        let (label, colour) = label(shown.decision, shown.is_approval);
        let label =
            self.painted(colour, &format!(" {label} ")) + &" ".repeat(WIDTHS[0].saturating_sub(label.width() + 2));
        let order = padded(shown.order, WIDTHS[1]);
        let department = padded(shown.department, WIDTHS[2]);
        self.line(&format!("{time} {label} {order} {department} {}", shown.what()))?;
        let told = shown.told();
        if !told.is_empty() {
            let told = self.painted("2", &format!("      → {told}"));
            self.line(&told)?;
        }
        self.first_text(shown)
    }

    /// The day, once, before its first line.
    fn date(&mut self, at: Instant, calendar: &Calendar) -> io::Result<()> {
        let date = calendar.date(at);
        let day = format!("── {}（{}） ", date.format("%-m月%-d日"), day_name(date, calendar));
        if day == self.day {
            return Ok(());
        }
        let rule = "─".repeat(100_usize.saturating_sub(day.width()));
        let line = self.painted("36", &format!("{day}{rule}"));
        self.day = day;
        self.line(&line)
    }

    /// The first notice of each grave kind is shown as its reader got it.
    fn first_text(&mut self, shown: &Shown<'_>) -> io::Result<()> {
        let Some(notice) = shown.notices.iter().find(|notice| !notice.queued.forms.short.is_empty()) else {
            return Ok(());
        };
        let kind = notice.queued.kind.as_str();
        if matches!(kind, "notify" | "remind" | "flag") || self.first_texts.contains(&kind) {
            return Ok(());
        }
        self.first_texts.push(kind);
        let text = self.painted("3", &format!("      短信样式：{}", notice.queued.forms.short));
        self.line(&text)
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A decision as it is shown.
pub(super) struct Shown<'a> {
    pub(super) at: Instant,
    pub(super) calendar: &'a Calendar,
    pub(super) order: &'a str,
    pub(super) department: &'a str,
    pub(super) decision: &'a Decision,
    pub(super) is_approval: bool,
    pub(super) notices: Vec<&'a Notice>,
    pub(super) directory: &'a Directory,
}

impl Shown<'_> {
    /// What fell due, as the notice's first line says it.
    fn what(&self) -> String {
        let markdown =
            self.notices.iter().map(|notice| notice.queued.forms.markdown.as_str()).find(|text| !text.is_empty());
        let Some(markdown) = markdown else { return self.decision.rule.as_str().into() };
        let first = markdown.lines().next().unwrap_or_default().trim_matches('*');
        let is_route = self.decision.kind == DecisionKind::Route;
        let title = first.split_once('　').filter(|_| !is_route).map_or(first, |(_, title)| title);
        let line = |name: &str| {
            markdown.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim_start_matches('　'))
        };
        match line("应于")
            .map(|due| format!("应于{due}"))
            .or_else(|| line("缘由").or_else(|| line("认定")).map(Into::into))
        {
            Some(more) => format!("{title}　{more}"),
            None => title.into(),
        }
    }

    fn told(&self) -> String {
        let each = self.notices.iter().filter_map(|notice| match &notice.queued.target {
            Target::Recipient { recipient, place } => Some(self.reader(notice, recipient, place.as_deref())),
            Target::Channel(_) => None,
        });
        each.collect::<Vec<_>>().join("、")
    }

    /// 专职联络员曹少峰（粤政易）.
    fn reader(&self, notice: &Notice, recipient: &str, place: Option<&str>) -> String {
        let title = self.directory.title(recipient);
        let people = self.directory.people(recipient, place);
        let reached = notice.deliveries.iter().filter(|delivery| delivery.outcome == DeliveryOutcome::Accepted);
        let named = |delivery: &Delivery| {
            let addressed = |address: &Option<_>| address.as_ref() == Some(&delivery.address);
            let person = people
                .iter()
                .find(|person| [&person.mobile, &person.email, &person.yuezhengyi].into_iter().any(addressed));
            format!("{}（{}）", person.map_or("", |person| &*person.name), channel_title(&delivery.channel))
        };
        let reached: Vec<String> = reached.map(named).collect();
        match (reached.is_empty(), &notice.reason) {
            (false, _) => format!("{title}{}", reached.join("")),
            (true, Some(reason)) => format!("{title}（{reason}，稍后再试）"),
            (true, None) => title.into(),
        }
    }
}

fn channel_title(channel: &str) -> &str {
    match channel {
        "mail" => "邮件",
        "sms" => "短信",
        "yuezhengyi" => "粤政易",
        "yuezhengyi-group" => "粤政易群",
        other => other,
    }
}

/// A decision's label and colour.
fn label(decision: &Decision, is_approval: bool) -> (&'static str, &'static str) {
    match &decision.kind {
        _ if is_approval => ("已同意", "97;45"),
        _ if decision.approval.is_some() => ("待审批", "35"),
        DecisionKind::Card(Colour::Yellow) => ("黄牌", "30;43"),
        DecisionKind::Card(Colour::Red) => ("红牌", "97;41"),
        DecisionKind::Return => ("退回", "30;46"),
        DecisionKind::Route => ("呈报", "97;45"),
        DecisionKind::Revoke { .. } => ("撤销", "30;42"),
        DecisionKind::Flag(_) => ("待核", "34"),
        DecisionKind::Remind => ("提醒", "33"),
        DecisionKind::Notify => ("告知", "2"),
    }
}

/// Text in a column of this many cells.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}
