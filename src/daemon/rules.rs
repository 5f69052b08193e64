//! The rules in force: what is in the store decides, the files only propose.
//!
//! A reload reads the files once, checks exactly what it read, and keeps that whole as a numbered version with the instant
//! from which it is in force, or changes nothing. A version whose deciding part (policies, vocabulary, calendars) is that
//! of the one before, because only the directory or a template changed, is kept too, but makes no step in the regime.

pub(crate) mod files;

use crate::calendar::Calendar;
use crate::calendar::read::Calendars;
use crate::config::Config;
use crate::config::channels::{Channel, addresses};
use crate::engine::compare::Lineage;
use crate::engine::decision::{InForce, Regime};
use crate::intake::http::Words;
use crate::notify::compose::Teller;
use crate::notify::template::{self, Names, Templates};
use crate::order::body::BodyReader;
use crate::policy;
use crate::policy::changes::{Changes, changes, say};
use crate::policy::directory::read::{Address, Channels, UNKNOWN_CHANNEL};
use crate::policy::files::Loaded;
use crate::policy::model::RuleSet;
use crate::policy::vocabulary::Vocabulary;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::versions::{Files, Version};
use crate::symbol::Symbol;
use crate::text::Lang;
use crate::text::problem::Problems;
use crate::time::Instant;
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Where rules come from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The rules directory.
    pub rules: PathBuf,
    /// The calendars directory.
    pub calendars: PathBuf,
    addresses: Channels,
    channels: Arc<[Channel]>,
    public_url: Option<Arc<str>>,
}

/// The rules in force, ready to decide by.
pub struct Rules {
    /// All versions, each with the instant from which it was in force.
    pub regime: Arc<Regime>,
    /// The newest version's words, for intake and for reading what was stored.
    pub words: Arc<Words>,
    /// What turns decisions into notices.
    pub teller: Teller,
    /// The calendars in use, by name.
    pub calendars: Vec<(String, Arc<Calendar>)>,
    /// The version's number in the store.
    pub number: u32,
    /// From when it is in force.
    pub since: Instant,
    /// Its files.
    pub files: Files,
    /// What was in force before the newest step of the regime; none: there is but one.
    pub(super) before: Option<Before>,
}

/// What was in force before the newest step of the regime.
pub(super) struct Before {
    /// All versions but the newest.
    pub(super) regime: Regime,
    /// Which rules of the newest were which.
    pub(super) lineage: Lineage,
    /// From when the newest is in force.
    pub(super) from: Instant,
}

/// What an edit changes, as it is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Rules, words, calendars and people.
    #[serde(flatten)]
    pub changes: Changes,
    /// Other files: templates, rosters, indicators.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

impl Summary {
    /// What changed, a line each.
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let mut lines = say::lines(&self.changes, lang);
        if !self.files.is_empty() {
            let (head, comma) = match lang {
                Lang::Zh => ("文件：", "、"),
                Lang::En => ("files: ", ", "),
            };
            lines.push(format!("{head}{}", self.files.join(comma)));
        }
        lines
    }
}

/// Why rules were not taken.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The files have errors, or cannot be read.
    #[error("the rules have errors")]
    Problems(Box<Problems>),
    /// The files changed while they were read, again and again.
    #[error("the rules change while they are read")]
    Unsteady,
    /// A version in the store cannot be read by this program any more.
    #[error("version {0} of the rules in the store cannot be read by this program")]
    OldVersion(u32, Box<Problems>),
    /// There is no version in the store, and none in the files.
    #[error("there are no rules in the store")]
    None,
    /// A folder for checking cannot be used.
    #[error("failed to lay out the rules for checking")]
    LayOut(#[source] std::io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a reload found.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposed {
    /// The files are those in force.
    Known,
    /// They became this version, which changes so much; none where it is the first.
    Taken(u32, Option<Box<Summary>>),
}

impl Source {
    /// The directories and channels of a configuration.
    pub fn new(config: &Config) -> Source {
        Source {
            rules: config.rules.clone(),
            calendars: config.calendars.clone(),
            addresses: addresses(&config.channels),
            channels: config.channels.clone().into(),
            public_url: config.public_url.as_deref().map(Into::into),
        }
    }

    /// Reads and checks the files, and keeps them as the version in force from now on.
    pub async fn propose(&self, store: &Store, now: Instant) -> Result<Proposed, RulesError> {
        let source = self.clone();
        let checked = tokio::task::spawn_blocking(move || source.checked()).await;
        let (files, loaded) = checked.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let summary = self.summary(store, &files, &loaded).await?;
        let json = summary.as_ref().map(|summary| serde_json::to_string(summary).expect("texts can be written"));
        let kept = store.put_changes(files, json, now).await?;
        Ok(if kept.is_new { Proposed::Taken(kept.number, summary.map(Box::new)) } else { Proposed::Known })
    }

    /// What the files change of what is in force; none where nothing is, or where this program can read it no more.
    async fn summary(&self, store: &Store, files: &Files, now: &Loaded) -> Result<Option<Summary>, RulesError> {
        let Some(newest) = store.newest_version().await? else { return Ok(None) };
        if newest.files == *files {
            return Ok(Some(Summary::default()));
        }
        let before = self.load_files(&newest.files)?;
        if before.problems.has_errors() {
            return Ok(None);
        }
        Ok(Some(Summary { changes: changes(&before, now), files: others(&newest.files, files) }))
    }

    /// The files, if what was read of them has no error.
    fn checked(&self) -> Result<(Files, Loaded), RulesError> {
        // What is checked is read where operators know it, so that problems name its place; what is kept is read beside it.
        // If both are not the same, someone is writing.
        for _ in 0..5 {
            let loaded = policy::load(&self.rules, &self.calendars, &self.addresses);
            let templates = template::problems(&self.rules, &template_names(&loaded, &self.addresses));
            let Some(rules) = loaded.rules.as_ref().filter(|_| !templates.has_errors()) else {
                let mut problems = loaded.problems;
                problems.append(templates);
                return Err(RulesError::Problems(Box::new(problems)));
            };
            let files = files::read(&self.rules, &self.calendars).map_err(RulesError::LayOut)?;
            let again = self.load_files(&files)?;
            if again.rules.as_ref().is_some_and(|again| again.version == rules.version) {
                return Ok((files, again));
            }
        }
        Err(RulesError::Unsteady)
    }

    /// Loads every version of the store.
    pub async fn load(&self, store: &Store) -> Result<Rules, RulesError> {
        let versions = store.versions().await?;
        let source = self.clone();
        let loaded = tokio::task::spawn_blocking(move || source.in_force(versions)).await;
        loaded.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn in_force(&self, versions: Vec<Version>) -> Result<Rules, RulesError> {
        let mut regime: Vec<(Arc<str>, InForce)> = Vec::new();
        let mut newest = None;
        for version in versions {
            let mut loaded = self.load_files(&version.files)?;
            let Some(rules) = loaded.rules.take() else {
                return Err(RulesError::OldVersion(version.number, Box::new(loaded.problems)));
            };
            if regime.last().is_none_or(|(known, _)| *known != rules.version) {
                // The first is in force from the beginning: nothing older is known.
                let from = if regime.is_empty() { Instant::BEGINNING } else { version.in_force };
                let deciding = rules.version.clone();
                let rules = Arc::new(RuleSet { version: version.number.to_string().into(), ..rules });
                regime.push((deciding, InForce { from, rules }));
            }
            newest = Some((version, loaded));
        }
        let (version, loaded) = newest.ok_or(RulesError::None)?;
        let templates = Arc::new(load_templates(&version.files, &self.addresses)?);
        let directory = Arc::new(loaded.directory);
        let teller = Teller::new(directory, templates, self.public_url.as_deref(), &self.channels);
        let regime = regime.into_iter().map(|(_, in_force)| in_force).collect();
        Ok(Rules::new(regime, version, &loaded.calendars, teller))
    }

    /// What the files of a version say. A version that was once in force stays readable when a channel that its
    /// directory names is renamed or gone: nothing goes out by that channel any more.
    pub(crate) fn load_files(&self, files: &Files) -> Result<Loaded, RulesError> {
        let folder = files::lay_out(files).map_err(RulesError::LayOut)?;
        let (rules, calendars) = files::places(folder.path());
        let loaded = policy::load(&rules, &calendars, &self.addresses);
        let gone = unknown_channels(&loaded.problems);
        if gone.is_empty() {
            return Ok(loaded);
        }
        let mut addresses = self.addresses.clone().unwrap_or_default();
        addresses.extend(gone.into_iter().map(|name| (name, Address::None)));
        Ok(policy::load(&rules, &calendars, &Some(addresses)))
    }

    /// The vocabulary of the files, where no version is in force yet.
    pub fn vocabulary(&self) -> Result<Arc<Vocabulary>, RulesError> {
        let loaded = policy::load(&self.rules, &self.calendars, &self.addresses);
        loaded.rules.map(|rules| rules.vocabulary).ok_or(RulesError::Problems(Box::new(loaded.problems)))
    }

    /// What the files hold now, for telling whether they changed; none where they cannot be read.
    pub fn files(&self) -> Option<Files> {
        files::read(&self.rules, &self.calendars).ok()
    }
}

impl Rules {
    fn new(versions: Vec<InForce>, version: Version, calendars: &Calendars, teller: Teller) -> Rules {
        let rules = versions.last().map(|newest| Arc::clone(&newest.rules)).expect("a regime has a version");
        let reader = BodyReader::new(&rules.vocabulary);
        let before = before(&versions);
        let regime = Arc::new(Regime { versions });
        let recipients = teller.directory().recipients.iter();
        let titles = recipients.map(|(name, known)| (Symbol::new(name), known.title.clone())).collect();
        let words = Arc::new(Words { reader, zone: zone(&rules), rules, regime: Arc::clone(&regime), titles });
        let calendars = calendars.iter().filter(|(_, calendar)| calendar.ever_opens());
        Rules {
            regime,
            words,
            calendars: calendars.map(|(name, calendar)| (name.to_owned(), Arc::clone(calendar))).collect(),
            teller,
            number: version.number,
            since: version.in_force,
            files: version.files,
            before,
        }
    }
}

fn before(versions: &[InForce]) -> Option<Before> {
    let (newest, older) = versions.split_last()?;
    let lineage = Lineage::of(&older.last()?.rules, &newest.rules);
    Some(Before { regime: Regime { versions: older.to_vec() }, lineage, from: newest.from })
}

/// The files that changed and are neither rules nor words nor calendars, nor the directory.
fn others(old: &Files, new: &Files) -> Vec<String> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let is_other = |name: &&String| name.matches('/').count() > 1 || name.as_str() == "rules/rosters.yaml";
    let changed = names.into_iter().filter(is_other).filter(|name| old.get(*name) != new.get(*name));
    changed.cloned().collect()
}

/// What templates may name, as the rules beside them say.
pub(crate) fn template_names<'a>(loaded: &'a Loaded, channels: &'a Channels) -> Names<'a> {
    let vocabulary = loaded.has_vocabulary.then_some(&*loaded.vocabulary);
    Names { vocabulary, policies: Some(loaded.ids.clone()), channels, is_strict: true }
}

fn load_templates(files: &Files, channels: &Channels) -> Result<Templates, RulesError> {
    let folder = files::lay_out(files).map_err(RulesError::LayOut)?;
    let (rules, _) = files::places(folder.path());
    Ok(Templates::load(&rules, &Names { channels, ..Names::default() }).0)
}

/// In which zone instants are shown that belong to no policy: that of the first.
fn zone(rules: &RuleSet) -> Tz {
    rules.policies.first().map_or(chrono_tz::Asia::Shanghai, |policy| policy.calendar.zone())
}

/// The names of channels that are not configured.
fn unknown_channels(problems: &Problems) -> Vec<Arc<str>> {
    let unknown = problems.iter().filter(|problem| problem.code == UNKNOWN_CHANNEL);
    unknown.map(|problem| problem.place.text().trim_matches(['"', '\'']).into()).collect()
}
