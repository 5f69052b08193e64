//! Running what is scheduled: asked with `now`, kept in rows, one job after the other beside the loop.
//!
//! A job's last instant that has come and has no row yet is run; of several that were missed only the last, marked late.
//! A run that fails is tried again some times; one that a crash left behind, too. Nothing runs while the clock is held.

mod duty;

use super::rules::Rules;
use crate::audit::{AuditError, Auditor};
use crate::calendar::Calendar;
use crate::clock;
use crate::metrics::Metrics;
use crate::notify::compose::Bulletin;
use crate::notify::notice::NoticeKind;
use crate::policy::directory::duty_place;
use crate::policy::roster::{Duty, Roster};
use crate::schedule::{Job, Named, Schedule, When};
use crate::store::Store;
use crate::store::backup::backup;
use crate::store::error::StoreError;
use crate::store::jobs::{Ended, Run};
use crate::store::ledger::checkpoint::Checkpoint;
use crate::time::Instant;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

/// It is looked no more often than this.
const LOOK_EVERY_MS: i64 = 1000;
/// A run that begins later than this after its instant is made up.
const LATE_MS: i64 = 60_000;
/// So long nobody else tries a run.
const LEASE_MS: i64 = 10 * 60_000;
/// A failed run is tried again after this, times the attempts.
const AGAIN_MS: i64 = 60_000;
const ATTEMPTS_MAX: u32 = 5;

/// How often checkpoints are made where nothing else is said.
const CHECKPOINTS: &str = "*/5 * * * *";

/// What runs jobs. Clones are the same.
#[derive(Clone)]
pub struct Worker {
    /// The store.
    pub store: Store,
    /// What signs checkpoints, if there is a key.
    pub auditor: Option<Auditor>,
    /// What is run, when.
    pub schedules: Arc<[Schedule]>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// The loop's side of it: starts the work, and waits for nothing.
pub struct Jobs {
    worker: Worker,
    looked: Option<Instant>,
    running: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Jobs {
    /// Before the first look.
    pub fn new(worker: Worker) -> Jobs {
        Jobs { worker, looked: None, running: None }
    }

    /// Runs what is due, unless the last look is still at it; what went wrong with the store meanwhile.
    pub async fn look(&mut self, rules: &Arc<Rules>, now: Instant) -> Result<(), StoreError> {
        if self.looked.is_some_and(|looked| now.ms_since(looked).abs() < LOOK_EVERY_MS) {
            return Ok(());
        }
        if let Some(running) = self.running.take_if(|running| running.is_finished()) {
            running.await.unwrap_or_else(|ended| {
                error!(error = %ended, "a scheduled job ended unexpectedly");
                Ok(())
            })?;
        }
        if self.running.is_none() {
            self.looked = Some(now);
            let (worker, rules) = (self.worker.clone(), Arc::clone(rules));
            self.running = Some(tokio::spawn(async move { worker.run_due(&rules, now).await }));
        }
        Ok(())
    }
}

/// The schedules of a configuration, and checkpoints as often as is usual where there is a key and nothing else is said.
pub fn schedules(configured: &[Schedule], has_key: bool) -> Arc<[Schedule]> {
    let makes_checkpoints = |schedule: &Schedule| matches!(&schedule.job, Job::Checkpoint { tell } if tell.is_empty());
    let mut schedules = configured.to_vec();
    if has_key && !schedules.iter().any(makes_checkpoints) {
        let when = When::Cron(CHECKPOINTS.parse().expect("the fields are right"));
        schedules.push(Schedule {
            name: "checkpoints".into(),
            job: Job::Checkpoint { tell: Vec::new() },
            when,
            calendar: None,
        });
    }
    schedules.into()
}

impl Worker {
    /// A worker whose runs are counted nowhere yet.
    pub fn new(store: Store, auditor: Option<Auditor>, schedules: Arc<[Schedule]>) -> Worker {
        Worker { store, auditor, schedules, metrics: Arc::default() }
    }

    /// Runs every job that is due, one after the other: those of the configuration, and the reminders of the rosters.
    pub async fn run_due(&self, rules: &Rules, now: Instant) -> Result<(), StoreError> {
        for schedule in self.schedules.iter() {
            self.run_if_due(&Task::Scheduled(schedule), rules, now).await?;
        }
        for roster in rules.teller.directory().rosters.values().filter(|roster| roster.remind.is_some()) {
            self.run_if_due(&Task::Remind(roster), rules, now).await?;
        }
        Ok(())
    }

    async fn run_if_due(&self, task: &Task<'_>, rules: &Rules, now: Instant) -> Result<(), StoreError> {
        let name = task.name();
        let newest = self.store.newest_run(&name, now).await?;
        let is_open = newest.outcome.is_none();
        let at = if is_open {
            (newest.lease_ends_at <= now).then_some(newest.at)
        } else {
            task.last_in(rules, newest.at, now)
        };
        let Some(at) = at else { return Ok(()) };
        let late = if is_open { newest.late } else { now.ms_since(at) > LATE_MS };
        let run = self.store.claim_run(&name, (at, late), now, now.plus_ms(LEASE_MS)).await?;
        let Some(run) = run else { return Ok(()) };
        let ended = self.carry_out(task, &run, rules, now).await;
        let result = match &ended {
            Ended::Done(_) => "done",
            Ended::Retry(..) => "retried",
            Ended::Failed(_) => "failed",
        };
        self.metrics.count_job(&name, result);
        self.store.end_run(run, ended, clock::now().max(now)).await
    }

    async fn carry_out(&self, task: &Task<'_>, run: &Run, rules: &Rules, now: Instant) -> Ended {
        let done = match task {
            Task::Scheduled(schedule) => match &schedule.job {
                Job::Checkpoint { tell } => self.checkpoint(tell, run, rules, now).await,
                Job::Backup { to, keep } => self.backup(to, *keep, run, rules).await,
            },
            Task::Remind(roster) => self.remind(roster, run, rules, now).await,
        };
        match done {
            Ok(detail) => {
                info!(job = run.job, late = run.late, detail, "a scheduled job is done");
                Ended::Done(detail)
            }
            Err(failure) => {
                let why = super::chain(&*failure);
                warn!(job = run.job, attempt = run.attempt, error = why, "a scheduled job failed");
                if run.attempt < ATTEMPTS_MAX {
                    Ended::Retry(why, now.plus_ms(AGAIN_MS * i64::from(run.attempt)))
                } else {
                    Ended::Failed(why)
                }
            }
        }
    }

    async fn checkpoint(&self, tell: &[Named], run: &Run, rules: &Rules, now: Instant) -> Result<String, Failure> {
        let Some(auditor) = &self.auditor else { return Ok("no key is configured".into()) };
        let made = match auditor.checkpoint(rules.words.zone, now).await {
            Ok(made) => made,
            Err(error) => {
                if error.is_alarm() {
                    self.raise_alarm(&error, rules, now).await?;
                }
                return Err(error.into());
            }
        };
        let detail =
            made.as_ref().map_or("nothing changed".to_owned(), |made| format!("checkpoint {}", made.said.number));
        if !tell.is_empty()
            && let Some(newest) = self.store.newest_checkpoint().await?
        {
            self.tell(tell, &newest, run, rules).await?;
        }
        Ok(detail)
    }

    /// Copies the store into a folder, under the run's instant: what is there already was copied by an attempt before.
    async fn backup(&self, to: &Path, keep: Option<u32>, run: &Run, rules: &Rules) -> Result<String, Failure> {
        std::fs::create_dir_all(to)?;
        let name = run.at.in_zone(rules.words.zone).format("duban-%Y%m%d-%H%M%S.db").to_string();
        let file = to.join(&name);
        if !file.exists() {
            backup(self.store.path(), &file).await?;
        }
        if let Some(keep) = keep {
            remove_old_copies(to, keep)?;
        }
        Ok(name)
    }

    /// Sends a checkpoint to people who keep it where nobody of ours can change it.
    async fn tell(&self, to: &[Named], checkpoint: &Checkpoint, run: &Run, rules: &Rules) -> Result<(), StoreError> {
        let Some(calendar) = calendar_of(None, rules) else { return Ok(()) };
        let said = &checkpoint.said;
        let text = format!(
            "检查点{}，签到台账第{}条。请原样保存本行，核验时用：\n{}",
            said.number,
            said.entries,
            checkpoint.line()
        );
        let notices = to.iter().filter_map(|to| {
            rules.teller.bulletin(&Bulletin {
                key: &format!("checkpoint:{}:{}", run.job, run.at.0),
                recipient: &to.name,
                title: "台账检查点",
                text: &text,
                ask: "无需处理，请妥善保存",
                at: run.at,
                calendar,
                place: None,
                expires_at: None,
                kind: NoticeKind::Health,
            })
        });
        self.store.queue_notices(notices.collect()).await.map(|_| ())
    }

    /// Reminds whoever is to be on duty. A duty that has begun meanwhile needs no reminder any more.
    async fn remind(&self, roster: &Roster, run: &Run, rules: &Rules, now: Instant) -> Result<String, Failure> {
        let of_roster: Vec<&str> = rules.teller.directory().on_roster(&roster.name).map(|(name, _)| &**name).collect();
        let duties = duty::announced(roster, run.at, run.at);
        let to_come: Vec<&Duty> = duties.iter().filter(|duty| now < roster.begins(duty)).collect();
        let notices = to_come.iter().flat_map(|duty| {
            let key = format!("roster:{}:{}", roster.name, duty.date);
            let (text, place) = (duty::said(roster, duty), duty_place(&roster.name, duty.date));
            let bulletin = |recipient: &&str| {
                rules.teller.bulletin(&Bulletin {
                    key: &key,
                    recipient,
                    title: &roster.title,
                    text: &text,
                    ask: "请按时到岗；有事不能到岗的，请提前换班并告知热线",
                    at: run.at,
                    calendar: &roster.calendar,
                    place: Some(&place),
                    expires_at: Some(roster.begins(duty)),
                    kind: NoticeKind::Duty,
                })
            };
            of_roster.iter().filter_map(bulletin).collect::<Vec<_>>()
        });
        let queued = self.store.queue_notices(notices.collect()).await?;
        Ok(format!("{} of {} duties announced, {queued} notices queued", to_come.len(), duties.len()))
    }

    async fn raise_alarm(&self, alarm: &AuditError, rules: &Rules, now: Instant) -> Result<(), StoreError> {
        let why = super::chain(alarm);
        error!(error = why, "the ledger is not what was signed: nothing is signed until a person has looked");
        let text = format!("台账与已签的检查点不符，已停止签发检查点：{why}");
        let ask = "立即运行 duban audit verify 查明，保存好数据库文件和检查点文件，不要覆盖";
        let incident = format!("ledger-{}", now.0.div_euclid(24 * 3_600_000));
        super::tell_operators(&self.store, rules, &incident, ("台账校验异常", &text, ask), now).await
    }
}

/// What is run.
enum Task<'a> {
    /// What the configuration schedules.
    Scheduled(&'a Schedule),
    /// The reminders of a roster.
    Remind(&'a Roster),
}

impl Task<'_> {
    /// By what its runs are known in the store.
    fn name(&self) -> String {
        match self {
            Task::Scheduled(schedule) => schedule.name.to_string(),
            Task::Remind(roster) => format!("roster:{}", roster.name),
        }
    }

    /// The last instant in `(after, until]`.
    fn last_in(&self, rules: &Rules, after: Instant, until: Instant) -> Option<Instant> {
        match self {
            Task::Scheduled(schedule) => schedule.when.last_in(calendar(schedule, rules)?, after, until),
            Task::Remind(roster) => {
                let reminded = |duty: &Duty| roster.reminded(duty).filter(|at| after < *at && *at <= until);
                duty::announced(roster, after.max(until.plus_ms(-duty::MADE_UP_MS)), until)
                    .iter()
                    .filter_map(reminded)
                    .max()
            }
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Takes away all but the newest copies; what has another name is none of ours.
fn remove_old_copies(folder: &Path, keep: u32) -> std::io::Result<()> {
    let is_copy = |name: &str| {
        let stamp = name.strip_prefix("duban-").and_then(|name| name.strip_suffix(".db")).unwrap_or_default();
        stamp.len() == 15 && stamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    let mut copies = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_copy) {
            copies.push(entry.path());
        }
    }
    copies.sort();
    let old = copies.len().saturating_sub(keep as usize);
    copies[..old].iter().try_for_each(std::fs::remove_file)
}

/// The calendar by which a schedule is read; none: there is none of that name now.
fn calendar<'r>(schedule: &Schedule, rules: &'r Rules) -> Option<&'r Calendar> {
    let found = calendar_of(schedule.calendar.as_ref().map(|named| &*named.name), rules);
    if found.is_none() {
        warn!(job = &*schedule.name, "the calendar of a schedule is not there, so it does not run");
    }
    found
}

fn calendar_of<'r>(name: Option<&str>, rules: &'r Rules) -> Option<&'r Calendar> {
    match name {
        Some(name) => rules.calendars.iter().find(|(known, _)| known == name).map(|(_, calendar)| &**calendar),
        None => rules.words.rules.policies.first().map(|policy| &*policy.calendar),
    }
}
