//! The play: from one event or due to the next, what the daemon does at each, and what a watcher sees of it.

use super::city::{City, cities};
use super::screen::{Screen, Shown};
use super::stage::{Directories, Stage, StageError, TOKEN};
use super::story::{self, Planned};
use super::summary::{self, Summary};
use crate::calendar::Counting;
use crate::calendar::span::Span;
use crate::engine::decision::{Decision, DecisionKind};
use crate::intake::body::ItemReader;
use crate::notify::notice::Target;
use crate::store::error::StoreError;
use crate::store::orders::OrderRef;
use crate::store::outbox::Notice;
use crate::store::view::OrderView;
use crate::time::Instant;
use chrono::{Months, NaiveDate, NaiveTime};
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// How the demo is played.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which rules.
    pub directories: Directories,
    /// Whether it ends by itself when the month is over.
    pub is_once: bool,
    /// Which story.
    pub seed: u64,
    /// So many seconds of the month pass in one; none: as fast as they can.
    pub speed: Option<f64>,
    /// How many orders the month has.
    pub orders: u32,
    /// Whether lines have colour.
    pub is_coloured: bool,
}

/// Why the play ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The stage could not be set up.
    #[error(transparent)]
    Stage(Box<StageError>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody watches any more.
    #[error("failed to write to the terminal")]
    Write(#[from] io::Error),
    /// The rules name no city, or the directory no department.
    #[error("the rules govern nobody: there is nothing to play")]
    NobodyGoverned,
}

/// A watcher is kept waiting for no longer than this.
const PAUSE_MAX: Duration = Duration::from_millis(400);
/// A proposal is approved so many working minutes after it is made.
const APPROVED_AFTER_MS: i64 = 180 * 60_000;
/// More orders than this never fall due at one instant here.
const DUE_MAX: u32 = 10_000;

/// Plays the month, and leaves the desk open unless it is played once.
pub async fn run(options: &Options, out: impl Write) -> Result<(), DemoError> {
    let month = NaiveDate::from_ymd_opt(2024, 5, 1).unwrap_or_default();
    let start = Instant(month.and_time(NaiveTime::MIN).and_utc().timestamp_millis()).plus_ms(-24 * 3_600_000);
    let stage = Stage::set_up(&options.directories, start).await.map_err(|error| DemoError::Stage(Box::new(error)))?;
    let mut screen = Screen::new(out, options.is_coloured);
    let mut play = Play::new(&stage, options, month)?;
    play.introduce(&mut screen, options)?;
    play.month(&mut screen, options).await?;
    play.sum_up(&mut screen).await?;
    if options.is_once {
        return Ok(());
    }
    screen.line(&format!("\n接口仍然开着：http://{}，令牌 {TOKEN}，例如", stage.address))?;
    screen.line(&format!(
        "  curl -H 'Authorization: Bearer {TOKEN}' http://{}/api/v1/decisions?limit=3",
        stage.address
    ))?;
    screen.line("按 Ctrl-C 结束。")?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

struct Play<'a> {
    stage: &'a Stage,
    cities: Vec<City>,
    /// What is still to become known, by when.
    coming: BTreeMap<(Instant, usize), String>,
    end: Instant,
    seen: HashSet<Arc<str>>,
    told: HashSet<i64>,
    orders: HashSet<Arc<str>>,
    number: usize,
}

impl<'a> Play<'a> {
    fn new(stage: &'a Stage, options: &Options, month: NaiveDate) -> Result<Play<'a>, DemoError> {
        let rules = &stage.rules.words.rules;
        let cities = cities(rules, stage.rules.teller.directory());
        let Some(first) = cities.first() else { return Err(DemoError::NobodyGoverned) };
        let next_month = month.checked_add_months(Months::new(1)).unwrap_or(month);
        let end = first.calendar.at(next_month, NaiveTime::MIN);
        let planned = story::tell(&cities, &rules.vocabulary, month, options.orders, options.seed);
        let (coming, seen, told, orders) = (BTreeMap::new(), HashSet::new(), HashSet::new(), HashSet::new());
        let mut play = Play { stage, cities, coming, end, seen, told, orders, number: 0 };
        for event in planned {
            play.plan(event);
        }
        Ok(play)
    }

    fn plan(&mut self, event: Planned) {
        self.number += 1;
        self.coming.insert((event.known_at, self.number), event.body);
    }

    fn introduce<W: Write>(&self, screen: &mut Screen<W>, options: &Options) -> Result<(), DemoError> {
        let regions: Vec<&str> =
            self.cities.iter().map(|city| &*city.region).filter(|region| !region.is_empty()).collect();
        let policies: Vec<String> = self
            .stage
            .rules
            .words
            .rules
            .policies
            .iter()
            .map(|policy| format!("{}（{}）", policy.title, policy.id))
            .collect();
        screen.heading(&format!(
            "督办演示　2024年5月　{}　{} 件工单　种子 {}",
            regions.join("、"),
            options.orders,
            options.seed
        ))?;
        screen.line(&format!("规则：{}", policies.join("、")))?;
        screen.line("工单是编的，人员是通讯录样例；短信、邮件、粤政易都发给本机的接收端，不出本机。")?;
        Ok(())
    }

    async fn month<W: Write>(&mut self, screen: &mut Screen<W>, options: &Options) -> Result<(), DemoError> {
        let mut before = None;
        while let Some(now) = self.next().await?.filter(|now| *now <= self.end) {
            if let (Some(speed), Some(before)) = (options.speed, before) {
                pace(now, before, speed).await;
            }
            before = Some(now);
            self.take_events(now).await?;
            let due = self.stage.store.due_orders(now, DUE_MAX).await?;
            self.stage.decider.decide_due(&self.stage.rules, now, || true).await?;
            self.send(now).await?;
            self.show(&due, now, screen).await?;
        }
        Ok(())
    }

    /// When something happens next.
    async fn next(&self) -> Result<Option<Instant>, StoreError> {
        let event = self.coming.first_key_value().map(|((at, _), _)| *at);
        let due = self.stage.store.next_due().await?;
        let notice = self.stage.store.next_notice().await?;
        Ok([event, due, notice].into_iter().flatten().min())
    }

    async fn take_events(&mut self, now: Instant) -> Result<(), StoreError> {
        let source = story::source();
        let words = &self.stage.rules.words.reader;
        let reader = ItemReader { words, source: &source, now, is_history: false };
        let mut events = Vec::new();
        while let Some(entry) = self.coming.first_entry().filter(|entry| entry.key().0 <= now) {
            // What the vocabulary does not allow is refused here as at the API.
            events.extend(reader.read(entry.remove().as_bytes()).ok().map(|item| item.event));
        }
        if !events.is_empty() {
            self.stage.store.append_events(events, now).await?;
        }
        Ok(())
    }

    async fn send(&self, now: Instant) -> Result<(), StoreError> {
        while self.stage.store.next_notice().await?.is_some_and(|due| due <= now) {
            self.stage.outbox.send_due(now).await?;
        }
        Ok(())
    }

    async fn show<W: Write>(
        &mut self,
        due: &[OrderRef],
        now: Instant,
        screen: &mut Screen<W>,
    ) -> Result<(), DemoError> {
        let mut due: Vec<&OrderRef> = due.iter().collect();
        due.sort_by_key(|order| order.order.clone());
        for order in due {
            self.orders.insert(order.order.clone());
            if let Some(view) = self.stage.store.order_view(&order.order).await? {
                self.show_order(&view, now, screen)?;
            }
        }
        Ok(())
    }

    fn show_order<W: Write>(
        &mut self,
        view: &OrderView,
        now: Instant,
        screen: &mut Screen<W>,
    ) -> Result<(), DemoError> {
        let Some(city) = self.cities.iter().find(|city| view.order.starts_with(&city.prefix)).cloned() else {
            return Ok(());
        };
        for fed in &view.decisions {
            let decision = &fed.decision;
            let news: Vec<&Notice> = view.notices.iter().filter(|notice| self.is_news(notice, decision)).collect();
            let is_new = self.seen.insert(decision.key.clone());
            if !is_new && news.is_empty() {
                continue;
            }
            self.told.extend(news.iter().map(|notice| notice.id));
            if is_new && decision.approval.is_some() {
                self.approve(view, decision, now, &city);
            }
            let department = decision.department.as_deref().map_or_else(|| summary::department(view), str::to_owned);
            let at = if is_new { decision.at } else { now };
            let (calendar, directory) = (&*city.calendar, &**self.stage.rules.teller.directory());
            let (order, department) = (&*view.order, department.as_str());
            let is_approval = !is_new;
            screen.decision(&Shown {
                at,
                calendar,
                order,
                department,
                decision,
                is_approval,
                notices: news,
                directory,
            })?;
        }
        Ok(())
    }

    fn is_news(&self, notice: &Notice, decision: &Decision) -> bool {
        let of_it = notice.queued.decision.as_ref() == Some(&decision.key);
        let to_people = matches!(notice.queued.target, Target::Recipient { .. });
        of_it && to_people && !self.told.contains(&notice.id)
    }

    /// Somebody looks at a proposal and agrees, some hours later.
    fn approve(&mut self, view: &OrderView, decision: &Decision, now: Instant, city: &City) {
        if matches!(decision.kind, DecisionKind::Route | DecisionKind::Return) {
            let at = city.calendar.due(now, Span::WorkingTime(APPROVED_AFTER_MS), Counting::NextDay).at;
            self.plan(story::approval(&view.order, &decision.key, at, city));
        }
    }

    async fn sum_up<W: Write>(&self, screen: &mut Screen<W>) -> Result<(), DemoError> {
        let mut summary = Summary::default();
        let mut orders: Vec<&Arc<str>> = self.orders.iter().collect();
        orders.sort();
        for order in orders {
            if let Some(view) = self.stage.store.order_view(order).await? {
                summary.add(&view);
            }
        }
        screen.line("")?;
        screen.heading("本月汇总（按时、逾期按时限义务计）")?;
        for line in summary.lines() {
            screen.line(&line)?;
        }
        screen.line(&format!("送达：{}", summary::delivered(&self.stage.gateway, &self.stage.mail)))?;
        Ok(())
    }
}

async fn pace(now: Instant, before: Instant, speed: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a pause need not be exact")]
    let seconds = now.ms_since(before) as f64 / 1000.0 / speed.max(1.0);
    tokio::time::sleep(Duration::from_secs_f64(seconds.max(0.0)).min(PAUSE_MAX)).await;
}
