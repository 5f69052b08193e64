//! Changes in words, a line each: for the report, the log and the operators.

use super::{CalendarChange, Changes, KeyChange, PolicyChange, RuleChange, What};
use crate::text::Lang;

/// Of a value so many characters are shown.
const SHOWN: usize = 60;
/// Of the dates, people and words that changed so many are named.
const NAMED: usize = 12;

/// Every change, a line each; rules stand indented under their policy.
pub fn lines(changes: &Changes, lang: Lang) -> Vec<String> {
    let say = Say(lang);
    let mut lines = Vec::new();
    for policy in &changes.policies {
        lines.push(say.policy(policy));
        lines.extend(policy.keys.iter().map(|key| format!("  {}", say.key(key))));
        lines.extend(policy.rules.iter().map(|rule| format!("  {}", say.rule(rule))));
    }
    for calendar in &changes.calendars {
        lines.extend(say.calendar(calendar));
    }
    let words: Vec<String> = changes.vocabulary.iter().map(|key| say.key(key)).collect();
    lines.extend(say.listed(("词汇表", "vocabulary"), &words));
    lines.extend(say.listed(("通讯录", "directory"), &changes.directory));
    lines
}

/// A key with what stood and what stands there, as in the lines.
pub fn key(change: &KeyChange, lang: Lang) -> String {
    Say(lang).key(change)
}

struct Say(Lang);

impl Say {
    fn either<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.0 {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn what(&self, what: What) -> &'static str {
        match (what, self.0) {
            (What::Added, Lang::Zh) => "新增",
            (What::Changed, Lang::Zh) => "修改",
            (What::Removed, Lang::Zh) => "删除",
            (What::Added, Lang::En) => "added",
            (What::Changed, Lang::En) => "changed",
            (What::Removed, Lang::En) => "removed",
        }
    }

    fn policy(&self, change: &PolicyChange) -> String {
        let PolicyChange { what, id, title, base, .. } = change;
        match (base, self.0) {
            (None, Lang::Zh) => format!("{}规则 {id}《{title}》", self.what(*what)),
            (None, Lang::En) => format!("policy {id} {}", self.what(*what)),
            (Some(base), Lang::Zh) => format!("{}规则 {id}《{title}》，以 {base} 为基础，不同之处：", self.what(*what)),
            (Some(base), Lang::En) => format!("policy {id} {}, built on {base}, otherwise:", self.what(*what)),
        }
    }

    fn rule(&self, change: &RuleChange) -> String {
        let what = match &change.was {
            Some(was) => format!("{} {was} →", self.either("改名", "renamed")),
            None => self.what(change.what).to_owned(),
        };
        let name = match self.0 {
            Lang::Zh if !change.title.is_empty() => format!("{what} {}（{}）", change.id, change.title),
            _ => format!("{what} {}", change.id),
        };
        let keys: Vec<String> = change.keys.iter().map(|key| self.key(key)).collect();
        if keys.is_empty() {
            name
        } else {
            format!("{name}{}{}", self.either("：", ": "), keys.join(self.either("；", "; ")))
        }
    }

    fn key(&self, change: &KeyChange) -> String {
        let KeyChange { key, old, new } = change;
        let (old, new) = (old.as_deref().map(shortened), new.as_deref().map(shortened));
        match (old, new, self.0) {
            (Some(old), Some(new), _) => format!("{key} {old} → {new}"),
            (None, Some(new), Lang::Zh) => format!("{key} 新写 {new}"),
            (None, Some(new), Lang::En) => format!("{key} is now {new}"),
            (Some(old), None, Lang::Zh) => format!("{key} 不再写（原为 {old}）"),
            (Some(old), None, Lang::En) => format!("{key} is gone (was {old})"),
            (None, None, Lang::Zh) => format!("随 {key} 改变"),
            (None, None, Lang::En) => format!("with {key}"),
        }
    }

    fn calendar(&self, change: &CalendarChange) -> Vec<String> {
        let names = change.calendars.join(self.either("、", ", "));
        let head = match self.0 {
            Lang::Zh => format!("{}日历 {names}", self.what(change.what)),
            Lang::En => format!("calendar {names} {}", self.what(change.what)),
        };
        let keys = change.keys.iter().map(|key| format!("  {}", self.key(key)));
        let days: Vec<String> = change.days.iter().map(|day| self.key(day)).collect();
        let days = self.listed(("日期", "dates"), &days).into_iter().map(|line| format!("  {line}"));
        std::iter::once(head).chain(keys).chain(days).collect()
    }

    fn listed(&self, (zh, en): (&'static str, &'static str), items: &[String]) -> Option<String> {
        let more = items.len().saturating_sub(NAMED);
        let shown = items.iter().take(NAMED).cloned().collect::<Vec<_>>().join(self.either("；", "; "));
        let rest = match (more, self.0) {
            (0, _) => String::new(),
            (more, Lang::Zh) => format!("；另有 {more} 处"),
            (more, Lang::En) => format!("; and {more} more"),
        };
        (!items.is_empty()).then(|| format!("{}{}{shown}{rest}", self.either(zh, en), self.either("：", ": ")))
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(SHOWN).collect::<String>())
    }
}
