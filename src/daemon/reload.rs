//! Taking rules in: at the start, on SIGHUP, and when the files change. Whole or not at all; the last good ones are kept,
//! and a failure is told in log, metric, `/readyz` and to the operators, once for each state of the files.

use super::rules::{Proposed, Rules, RulesError, Source};
use super::{chain, tell_operators};
use crate::clock;
use crate::intake::http::{Health, InForce, ReloadFailure, Words};
use crate::metrics::Metrics;
use crate::store::Store;
use crate::store::versions::files_hash;
use crate::text::Lang;
use crate::text::show;
use crate::time::Instant;
use arc_swap::ArcSwapOption;
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::{error, info, warn};

/// Fewer days of cover than this are told of, again and again.
const COVER_DAYS_MIN: i64 = crate::calendar::read::COVER_DAYS_MIN;
/// Of a failed reload so many problems are shown.
const SHOWN: usize = 20;
const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;

/// Keeps the rules in force.
pub struct Reloader {
    /// The store.
    pub store: Store,
    /// Where files come from.
    pub source: Source,
    /// What intake reads with.
    pub words: Arc<ArcSwapOption<Words>>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How the daemon is.
    pub health: Arc<Health>,
    /// In what language problems are told.
    pub lang: Lang,
    seen: Option<Seen>,
    /// The state of the files whose failure the operators were told of last; none once rules were taken.
    told: Option<Seen>,
    cover_looked: Option<Instant>,
    cover_told: Option<Instant>,
}

/// The files at the last look: their hash, or that they could not be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Files([u8; 32]),
    Unreadable,
}

impl Reloader {
    /// Before the first look.
    pub fn new(
        store: Store,
        source: Source,
        words: Arc<ArcSwapOption<Words>>,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
        lang: Lang,
    ) -> Reloader {
        Reloader {
            store,
            source,
            words,
            metrics,
            health,
            lang,
            seen: None,
            told: None,
            cover_looked: None,
            cover_told: None,
        }
    }

    /// The rules at the start: the files' where they are right, else what was in force. An error: there are none.
    pub async fn first(&mut self) -> Result<Arc<Rules>, RulesError> {
        self.seen = Some(self.look());
        let now = clock::now();
        let proposed = self.source.propose(&self.store, now).await;
        let loaded = self.source.load(&self.store).await;
        match (proposed, loaded) {
            (Ok(proposed), Ok(rules)) => {
                let rules = Arc::new(rules);
                self.taken(&rules, &proposed, now);
                Ok(rules)
            }
            (Err(failure), Ok(rules)) => {
                let rules = Arc::new(rules);
                self.in_force(&rules);
                self.refused(&failure, &rules, now).await;
                Ok(rules)
            }
            // Nothing is in force yet: what is wrong with the files is what the operator has to know.
            (Err(failure), Err(RulesError::None)) | (_, Err(failure)) => Err(failure),
        }
    }

    /// Looks whether the files changed; new rules where they did and were taken.
    pub async fn look_again(&mut self, rules: &Rules) -> Option<Arc<Rules>> {
        let seen = self.look();
        if self.seen.replace(seen) == Some(seen) {
            return None;
        }
        self.reload(rules).await
    }

    /// Reloads, changed or not; new rules where they were taken.
    pub async fn reload(&mut self, rules: &Rules) -> Option<Arc<Rules>> {
        let now = clock::now();
        self.seen = Some(self.look());
        match self.take(rules, now).await {
            Ok(Some(rules)) => Some(rules),
            Ok(None) => {
                self.told = None;
                self.reported(true, None, now);
                None
            }
            Err(failure) => {
                self.refused(&failure, rules, now).await;
                None
            }
        }
    }

    async fn take(&mut self, rules: &Rules, now: Instant) -> Result<Option<Arc<Rules>>, RulesError> {
        let proposed = self.source.propose(&self.store, now).await?;
        if proposed == Proposed::Known {
            // Orders that were set aside are tried again: perhaps what failed was not the rules.
            self.store.retry_set_aside(now).await?;
            info!(version = rules.number, "the rules are those in force already");
            return Ok(None);
        }
        let rules = Arc::new(self.source.load(&self.store).await?);
        self.store.retry_set_aside(now).await?;
        self.taken(&rules, &proposed, now);
        Ok(Some(rules))
    }

    fn look(&self) -> Seen {
        self.source.files().as_ref().map(files_hash).map_or(Seen::Unreadable, Seen::Files)
    }

    fn taken(&mut self, rules: &Rules, proposed: &Proposed, now: Instant) {
        self.in_force(rules);
        self.told = None;
        self.reported(true, None, now);
        let policies = rules.words.rules.policies.len();
        let Proposed::Taken(_, Some(summary)) = proposed else {
            info!(version = rules.number, policies, "rules are in force");
            return;
        };
        let (added, changed, removed) = summary.changes.counts();
        let summary = summary.lines(Lang::En).join("; ");
        info!(version = rules.number, policies, added, changed, removed, summary, "changed rules are in force");
    }

    fn in_force(&mut self, rules: &Rules) {
        self.cover_looked = None;
        self.words.store(Some(Arc::clone(&rules.words)));
        self.metrics.set_rules_version(i64::from(rules.number));
        let since = rules.since.rfc3339(rules.words.zone);
        self.health.rules_loaded(InForce { version: i64::from(rules.number), since });
    }

    fn reported(&self, is_taken: bool, failure: Option<ReloadFailure>, now: Instant) {
        self.metrics.reloaded(now, is_taken);
        self.health.reloaded(failure);
    }

    async fn refused(&mut self, failure: &RulesError, rules: &Rules, now: Instant) {
        let problems = said(failure, self.lang);
        error!(
            version = rules.number,
            problems = problems.join("; "),
            "the rules were not taken, those in force are kept"
        );
        let at = now.rfc3339(rules.words.zone);
        let first = problems.first().cloned().unwrap_or_default();
        self.reported(false, Some(ReloadFailure { at, problems }), now);
        // A change of the files and a signal to reload often come together: one mail is enough for both.
        if std::mem::replace(&mut self.told, self.seen) == self.seen {
            return;
        }
        let incident = format!("reload-{}", now.0);
        let text = format!("新的规则文件没有生效，仍按第 {} 版执行：{first}", rules.number);
        let ask = "运行 duban check 查看全部问题，改正后保存即自动重新载入";
        if let Err(error) = tell_operators(&self.store, rules, &incident, ("规则重载失败", &text, ask), now).await
        {
            self.health.note_store_failure(&error);
        }
    }

    /// Tells how far the official arrangement reaches, and warns, again and again, where it ends soon.
    pub async fn tell_cover(&mut self, rules: &Rules, now: Instant) {
        if self.cover_looked.is_some_and(|looked| now.ms_since(looked).abs() < HOUR_MS) {
            return;
        }
        self.cover_looked = Some(now);
        let left = |calendar: &crate::calendar::Calendar| calendar.cover_left_days(now).unwrap_or(0);
        let days: BTreeMap<String, i64> =
            rules.calendars.iter().map(|(name, calendar)| (name.clone(), left(calendar))).collect();
        for (name, days) in &days {
            self.metrics.set_cover(name, *days);
        }
        let short: Vec<String> = days
            .iter()
            .filter(|(_, days)| **days < COVER_DAYS_MIN)
            .map(|(name, days)| format!("{name}（{days} 天）"))
            .collect();
        self.health.covered(days);
        if short.is_empty() || self.cover_told.is_some_and(|told| now.ms_since(told) < DAY_MS) {
            return;
        }
        self.cover_told = Some(now);
        let text = format!("法定安排所剩的天数不多：{}，之后的期限只能暂定", short.join("、"));
        warn!(calendars = short.join(", "), "calendars end soon, dues beyond are provisional");
        // Logged daily, told weekly: it lasts until the next arrangement is published.
        let incident = format!("cover-{}", now.0.div_euclid(WEEK_MS));
        let ask = "在国务院办公厅公布新一年放假安排后，补入 calendars/cn.yaml 并延长其 covers";
        if let Err(error) = tell_operators(&self.store, rules, &incident, ("工作日历将到期", &text, ask), now).await
        {
            self.health.note_store_failure(&error);
        }
    }
}

/// What is wrong, each problem with its place, at most [`SHOWN`].
pub fn said(failure: &RulesError, lang: Lang) -> Vec<String> {
    match failure {
        RulesError::Problems(problems) | RulesError::OldVersion(_, problems) => {
            let shown = problems.clone().sorted().into_iter().map(|problem| show::brief(&problem, lang));
            shown.take(SHOWN).collect()
        }
        other => vec![chain(other)],
    }
}
