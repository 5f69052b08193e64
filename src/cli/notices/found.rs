//! The newest decision of a kind of an order, and the notices that tell of it: from the store or from a file, in the words of
//! the templates and the directory as the files have them now.

use crate::cli::simulate::{read_log, report};
use crate::cli::{Common, runtime};
use crate::clock;
use crate::config::Config;
use crate::daemon::reload::said;
use crate::daemon::rules::{Rules, RulesError, Source, template_names};
use crate::daemon::story::Story;
use crate::dossier::as_told;
use crate::engine::decide::decide_watched;
use crate::engine::decision::{Decided, Decision, Regime};
use crate::notify::compose::Teller;
use crate::notify::facts::Scene;
use crate::notify::notice::{NoticeKind, QueuedNotice};
use crate::notify::template::Templates;
use crate::order::History;
use crate::order::body::BodyReader;
use crate::order::log::Log;
use crate::policy::model::RuleSet;
use crate::store::error::StoreError;
use crate::store::{Role, Store};
use crate::text::{Lang, Text};
use crate::time::Instant;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) order: &'a str,
    /// None: whatever was decided last.
    pub(super) kind: Option<NoticeKind>,
    pub(super) policy: Option<&'a str>,
    pub(super) events: Option<&'a PathBuf>,
}

/// The newest decision of a kind and its notices, as they would go out.
pub(super) struct Found {
    pub(super) kind: NoticeKind,
    pub(super) decision: Decision,
    pub(super) notices: Vec<QueuedNotice>,
}

/// What the files say now: the words, the people, the channels.
pub(super) struct Desk {
    pub(super) config: Config,
    pub(super) teller: Teller,
    set: Arc<RuleSet>,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
enum FindError {
    #[error("failed to read the store")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rules(#[from] RulesError),
}

impl Desk {
    /// Reads rules, directory, templates and configuration; what is wrong with them has been told.
    pub(super) fn open(common: &Common) -> Result<Desk, ExitCode> {
        let config = common.config()?;
        let (set, loaded) = common.load_files(&config.rules, &config.calendars)?;
        let addresses = config.addresses();
        let (templates, problems) = Templates::load(&config.rules, &template_names(&loaded, &addresses));
        if !problems.is_empty() {
            // A template with a mistake is left out; what is shown is what would go out without it.
            let _ = common.refuse(problems);
        }
        let directory = Arc::new(loaded.directory);
        let teller = Teller::new(directory, templates.into(), config.public_url.as_deref(), &config.channels);
        Ok(Desk { config, teller, set })
    }

    /// Finds it; what is missing has been told.
    pub(super) fn find(&self, common: &Common, wanted: Wanted<'_>) -> Result<Found, ExitCode> {
        match wanted.events {
            Some(events) => self.find_in_file(common, wanted, events),
            None => runtime().block_on(self.find_in_store(common, wanted)),
        }
    }

    fn find_in_file(&self, common: &Common, wanted: Wanted<'_>, events: &Path) -> Result<Found, ExitCode> {
        let log = read_log(events, &BodyReader::new(&self.set.vocabulary)).map_err(|error| {
            crate::cli::tell(common.lang, &error, None);
            ExitCode::from(2)
        })?;
        report(events, &log, common.lang);
        let unknown = || not_there(wanted.order, common.lang);
        let end = log.last_recorded_at.ok_or_else(unknown)?;
        let last = self.in_file(&log, wanted.order, end).ok_or_else(unknown)?;
        let (kind, decision) = choose(&last.decisions, wanted, common.lang)?;
        let then = self.in_file(&log, wanted.order, decision.made_at).unwrap_or(last);
        Ok(self.told(kind, decision, &then))
    }

    fn in_file(&self, log: &Log, order: &str, now: Instant) -> Option<Known> {
        let place = log.orders().iter().position(|known| **known == *order)?;
        let history = log.history(place, now)?;
        let regime = Arc::new(Regime::always(Arc::clone(&self.set)));
        let (decided, _) = decide_watched(&history, &regime, now);
        let decisions = as_told(&decided.new, &decided.state, self.teller.directory());
        Some(Known { history, decided, decisions, regime, now })
    }

    async fn find_in_store(&self, common: &Common, wanted: Wanted<'_>) -> Result<Found, ExitCode> {
        let lang = common.lang;
        let opened = async {
            let store = Store::open(&self.config.store, Role::Reader).await?;
            let rules = Source::new(&self.config).load(&store).await?;
            Ok::<_, FindError>((store, rules))
        };
        let (store, rules) = opened.await.map_err(|error| failed(&error, lang))?;
        let at = async |until| {
            let found = Story::of(&store, &rules, wanted.order, until, lang).await;
            found.map_err(|error| failed(&error.into(), lang)).map(|found| found.map(|found| Known::of(found, &rules)))
        };
        let last = at(Some(clock::now())).await?.ok_or_else(|| not_there(wanted.order, lang))?;
        let (kind, decision) = choose(&last.decisions, wanted, lang)?;
        let then = at(Some(decision.made_at)).await?.unwrap_or(last);
        Ok(self.told(kind, decision, &then))
    }

    /// As it was told when it was made: what became known later is not said.
    fn told(&self, kind: NoticeKind, decision: Decision, known: &Known) -> Found {
        let scene = Scene {
            history: &known.history,
            state: &known.decided.state,
            obligations: &known.decided.obligations,
            decisions: &known.decisions,
            regime: &known.regime,
            now: known.now,
        };
        let notices = if decision.approval.is_some() && kind != NoticeKind::Proposal {
            self.teller.notices_on_approval(&decision, scene, decision.made_at, "")
        } else {
            self.teller.notices_for(&decision, scene, "")
        };
        Found { kind, decision, notices }
    }
}

/// An order as it was known at an instant.
struct Known {
    history: History,
    decided: Decided,
    decisions: Vec<Decision>,
    regime: Arc<Regime>,
    now: Instant,
}

impl Known {
    fn of(story: Story, rules: &Rules) -> Known {
        let Story { history, decided, decisions, now, .. } = story;
        Known { history, decided, decisions, regime: Arc::clone(&rules.regime), now }
    }
}

/// The newest that fits; where there is none, what there is has been told.
fn choose(decisions: &[Decision], wanted: Wanted<'_>, lang: Lang) -> Result<(NoticeKind, Decision), ExitCode> {
    let of_policy = |made: &&Decision| wanted.policy.is_none_or(|policy| made.policy.as_str() == policy);
    let told: Vec<(NoticeKind, &Decision)> =
        decisions.iter().filter(of_policy).flat_map(|made| kinds(made).map(move |kind| (kind, made))).collect();
    let fits = told.iter().filter(|(kind, _)| wanted.kind.is_none_or(|wanted| wanted == *kind));
    match fits.enumerate().max_by_key(|(place, (_, made))| (made.made_at, *place)) {
        Some((_, (kind, made))) => Ok((*kind, (*made).clone())),
        None => Err(none_yet(&told, wanted, lang)),
    }
}

/// The kinds of notices that tell of a decision: of a proposal also what goes out once it is approved.
fn kinds(made: &Decision) -> impl Iterator<Item = NoticeKind> {
    let approved = made.approval.is_some().then(|| NoticeKind::of(&Decision { approval: None, ..made.clone() }));
    [NoticeKind::of(made)].into_iter().chain(approved)
}

fn none_yet(told: &[(NoticeKind, &Decision)], wanted: Wanted<'_>, lang: Lang) -> ExitCode {
    let mut there: Vec<NoticeKind> = told.iter().map(|(kind, _)| *kind).collect();
    there.sort();
    there.dedup();
    let kind = wanted.kind.map_or(("决定", "decision"), |kind| (kind.title(), kind.as_str()));
    let of_policy = wanted.policy.map(|policy| (format!("（规则 {policy}）"), format!(" under `{policy}`")));
    let (of_zh, of_en) = of_policy.unwrap_or_default();
    let message = Text::new(
        format!("工单“{}”还没有{}{of_zh}", wanted.order, kind.0),
        format!("the order `{}` has no {}{of_en} yet", wanted.order, kind.1),
    );
    let listed = |name: fn(&NoticeKind) -> String| there.iter().map(name).collect::<Vec<_>>().join("、");
    let hint = if there.is_empty() {
        Text::new(
            "还没有作过决定；想看样子，不写 --order，用示例预览",
            "nothing was decided yet; to see how it reads leave `--order` out: a sample is shown",
        )
    } else {
        Text::new(
            format!("可以预览：{}", listed(|kind| format!("{}（{}）", kind.as_str(), kind.title()))),
            format!("there are: {}", listed(|kind| kind.as_str().into())),
        )
    };
    let (error, to_do) = if lang == Lang::Zh { ("错误", "提示") } else { ("error", "hint") };
    eprintln!("{error}: {}\n{to_do}: {}", message.in_lang(lang), hint.in_lang(lang));
    ExitCode::from(1)
}

fn not_there(order: &str, lang: Lang) -> ExitCode {
    match lang {
        Lang::Zh => eprintln!("错误: 没有工单“{order}”的事件"),
        Lang::En => eprintln!("error: no event of the order `{order}` is known"),
    }
    ExitCode::from(2)
}

fn failed(error: &FindError, lang: Lang) -> ExitCode {
    let hint = match error {
        FindError::Store(error) | FindError::Rules(RulesError::Store(error)) => error.hint(lang).to_owned(),
        FindError::Rules(failure) => said(failure, lang).join("\n"),
    };
    crate::cli::tell(lang, error, Some(&hint));
    ExitCode::from(2)
}
