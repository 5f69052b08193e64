//! One turn of the loop: judge the clock, decide what is due, say when to look again.
//!
//! `tick` is handed both clocks' readings, so whole days are simulated by handing it later ones. It is repeatable: what it
//! did is in the store, what it did not do is still due.

use super::decide::Decider;
use super::rules::Rules;
use super::systemd;
use crate::clock::{Guard, Hold, Reading, Step};
use crate::store::error::StoreError;
use crate::text::Lang;
use crate::time::Instant;
use std::sync::{Arc, PoisonError};
use tracing::{info, warn};

/// After a change of the rules so many orders are marked due at once.
const MARKED: u32 = 2000;

/// The journal's word for what a new version did to the orders open then.
const RULES_APPLIED: &str = "rules-applied";

/// What a tick found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticked {
    /// How many orders were decided.
    pub decided: usize,
    /// When the next order is due; none: not before the next event.
    pub next_due: Option<Instant>,
    /// Whether there is more to do at once.
    pub is_unfinished: bool,
    /// Whether decisions are held because of the clock.
    pub is_held: bool,
}

/// The loop's own state between ticks.
pub struct Ticker {
    decider: Decider,
    guard: Option<Guard>,
    held: Option<Hold>,
}

impl Ticker {
    /// Before the first tick, which judges the clock by the store alone.
    pub fn new(decider: Decider) -> Ticker {
        Ticker { decider, guard: None, held: None }
    }

    /// One turn. `read` reads both clocks; `between` is asked after each batch whether to go on.
    pub async fn tick(
        &mut self,
        rules: &Arc<Rules>,
        read: impl Fn() -> Reading,
        mut between: impl FnMut() -> bool,
    ) -> Result<Ticked, StoreError> {
        let reading = self.judge(read, rules).await?;
        if self.held.is_some() {
            return Ok(Ticked { decided: 0, next_due: None, is_unfinished: false, is_held: true });
        }
        let now = reading.wall;
        let store = &self.decider.store;
        let is_marking = store.mark_some_due(now, MARKED).await?;
        let mut is_stopped = false;
        let go_on = || {
            systemd::worked();
            is_stopped = !between();
            !is_stopped
        };
        let decided = self.decider.decide_due(rules, now, go_on).await?;
        let next_due = store.next_due().await?;
        let is_unfinished = is_marking || is_stopped;
        if !is_unfinished {
            self.tell_moves(rules, now).await?;
        }
        Ok(Ticked { decided, next_due, is_unfinished, is_held: false })
    }

    /// Once every open order was decided by the newest rules: tells what these did to them, in log and ledger, and to the
    /// operators where any due is another.
    async fn tell_moves(&self, rules: &Rules, now: Instant) -> Result<(), StoreError> {
        let moves = std::mem::take(&mut *self.decider.moves.lock().unwrap_or_else(PoisonError::into_inner));
        if moves.orders == 0 {
            return Ok(());
        }
        let (store, version) = (&self.decider.store, rules.number);
        let dues = moves.lines(rules, Lang::En).join("; ");
        info!(version, orders = moves.orders, dues, "{}", moves.headline(version, Lang::En));
        store.record(RULES_APPLIED, &moves.json(version, rules.words.zone).to_string(), now).await?;
        if !moves.any() {
            return Ok(());
        }
        let (title, text) = (moves.headline(version, Lang::Zh), moves.lines(rules, Lang::Zh).join("；"));
        let incident = format!("rules-{version}-{}", now.0);
        let ask = "核对这些工单的新期限；逐张的算法用 duban explain 工单号 查看";
        super::tell_operators(store, rules, &incident, (&title, &text, ask), now).await
    }

    /// Judges the clock, and tells of every change.
    async fn judge(&mut self, read: impl Fn() -> Reading, rules: &Rules) -> Result<Reading, StoreError> {
        let store = &self.decider.store;
        let accepted = store.clock_acceptance().await?;
        // The store first: what it holds was stored before the clock is read.
        let newest = store.newest_instant().await?;
        let reading = read();
        let hold = match &mut self.guard {
            Some(guard) => guard.observe(reading, newest, accepted),
            None => self.guard.insert(Guard::start(reading, newest, accepted)).hold(),
        };
        match (self.held, hold) {
            (None, Some(hold)) => self.held_back(hold, reading.wall, rules).await?,
            (Some(_), None) => {
                info!("the clock is trusted again, deciding goes on");
                self.decider.health.clock_held(None);
            }
            _ => {}
        }
        self.held = hold;
        self.decider.metrics.set_clock_held(hold.is_some());
        Ok(reading)
    }

    async fn held_back(&self, hold: Hold, now: Instant, rules: &Rules) -> Result<(), StoreError> {
        let why = said(hold.step);
        warn!(
            why,
            "the clock stepped: events are taken, decisions are held until it has run true for 5 minutes or an operator says `duban clock accept`"
        );
        self.decider.health.clock_held(Some(why.clone()));
        let (title, ask) = (
            "时钟异常，已暂停作出决定",
            "核对服务器时间；确认无误后执行 duban clock accept，否则时钟正常运行 5 分钟后自动恢复",
        );
        let text = chinese(hold.step);
        let incident = format!("clock-{}", now.0);
        super::tell_operators(&self.decider.store, rules, &incident, (title, &text, ask), now).await
    }
}

fn said(step: Step) -> String {
    match step {
        Step::Forward(ms) => format!("the clock jumped {} seconds ahead", ms / 1000),
        Step::Behind(ms) => format!("the clock is {} seconds behind the newest instant in the store", ms / 1000),
    }
}

fn chinese(step: Step) -> String {
    match step {
        Step::Forward(ms) => format!("系统时钟向前跳了 {} 秒", ms / 1000),
        Step::Behind(ms) => format!("系统时钟比已存储的最新时刻慢 {} 秒", ms / 1000),
    }
}
