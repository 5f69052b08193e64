//! The dossier of one order (工单督办情况说明): one self-contained page in Chinese that a department or a court can read. What
//! happened, how each due was counted, what was decided under which clause and version, who was told and what became of it.
//!
//! It says nothing that the explanation, the decisions or the outbox do not hold; attributes of kind `personal` never get in,
//! and addresses only masked. It has no script and needs nothing from outside.

mod counted;
mod decided;
pub(crate) mod texts;
mod timeline;
pub(crate) mod told;

use crate::engine::decision::{Decision, OrderState};
use crate::engine::explain::{Explanation, Known, PolicyStory, explain_formally, main_calendar};
use crate::notify::facts::Scene;
use crate::notify::wording;
use crate::policy::directory::Directory;
use crate::policy::model::RuleSet;
use crate::policy::vocabulary::{Kind, Value as Attribute};
use crate::store::outbox::Notice;
use crate::symbol::Symbol;
use crate::time::Instant;
use chrono_tz::Tz;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a page is made from.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// What is known of the order.
    pub known: &'a Known<'a>,
    /// What recipients are called.
    pub directory: &'a Directory,
    /// Its notices; none where it is told from a file, and so nobody was told of anything.
    pub notices: Option<&'a [Notice]>,
    /// What channels are called: 短信 for the channel `sms`.
    pub channels: &'a BTreeMap<Arc<str>, &'static str>,
    /// The rules' own text as it was when it was decided; may be empty.
    pub texts: &'a str,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum DossierError {
    /// The page's own template does not fit it.
    #[error("failed to write the page")]
    Render(#[from] minijinja::Error),
}

/// The page, as HTML.
pub fn page(material: &Material<'_>) -> Result<String, DossierError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    environment.add_template("page.html", include_str!("dossier/page.html"))?;
    let page = Value::from(Serde(Page::new(material)));
    Ok(environment.get_template("page.html")?.render(context! { page })?)
}

/// Decisions as people are told them: copied are those who exist, which whoever goes with an enterprise or a project does
/// only for an order that names one.
pub(crate) fn as_told(decisions: &[Decision], state: &OrderState, directory: &Directory) -> Vec<Decision> {
    let exists = |name: &Symbol| directory.may_exist(name.as_str(), &state.attributes);
    let told = decisions.iter().cloned();
    told.map(|made| Decision { cc: made.cc.iter().copied().filter(exists).collect(), ..made }).collect()
}

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Pair {
    name: String,
    value: String,
}

impl Pair {
    fn new(name: impl Into<String>, value: impl Into<String>) -> Pair {
        Pair { name: name.into(), value: value.into() }
    }
}

/// Everything that the template shows.
#[derive(Serialize)]
struct Page {
    order: String,
    as_of: String,
    is_from_store: bool,
    /// 北京时间, or the zone's name.
    clock: String,
    about: Vec<Pair>,
    days: Vec<timeline::Day>,
    policies: Vec<PolicyPart>,
    decisions: Vec<decided::DecisionPart>,
    others: Vec<Pair>,
    has_local: bool,
    texts: String,
}

/// What a policy that governs the order made of it.
#[derive(Serialize)]
struct PolicyPart {
    title: String,
    source: String,
    rules: Vec<Pair>,
    obligations: Vec<counted::ObligationPart>,
    silent: Vec<Silent>,
}

/// A rule that did nothing.
#[derive(Serialize)]
struct Silent {
    heading: String,
    reasons: Vec<String>,
}

impl Page {
    fn new(material: &Material<'_>) -> Page {
        let known = material.known;
        let explained = explain_formally(known, &material.directory.titles());
        let decisions = decided::decisions(material);
        let governing: Vec<&PolicyStory> = explained.policies.iter().filter(|story| concerns(story)).collect();
        let policies: Vec<_> = governing.iter().map(|story| policy_part(material, story, &decisions)).collect();
        let has_local = decisions.iter().any(|one| !one.local.is_empty()) || policies.iter().any(PolicyPart::has_local);
        Page {
            order: wording::one_line(&explained.order),
            as_of: formal(known, known.now),
            is_from_store: material.notices.is_some(),
            clock: clock(zone(known)),
            about: about(material, &governing),
            days: timeline::days(material, &explained, &decisions),
            others: others(&explained),
            policies,
            decisions,
            has_local,
            texts: material.texts.trim().to_owned(),
        }
    }
}

impl PolicyPart {
    fn has_local(&self) -> bool {
        self.obligations.iter().any(|one| !one.local.is_empty())
    }
}

/// Whether a policy governs the order, or made something of it while it was in force.
fn concerns(story: &PolicyStory) -> bool {
    story.why_not.is_none() || !story.obligations.is_empty() || !story.decisions.is_empty()
}

/// The newest version's rules.
fn newest<'a>(known: &Known<'a>) -> &'a RuleSet {
    &known.regime.versions.last().expect("a regime has a version").rules
}

fn zone(known: &Known<'_>) -> Tz {
    main_calendar(known, newest(known)).map_or(chrono_tz::Asia::Shanghai, crate::calendar::Calendar::zone)
}

/// 2024年5月11日（周六，劳动节调休上班）08:50.
fn formal(known: &Known<'_>, at: Instant) -> String {
    main_calendar(known, newest(known))
        .map_or_else(|| at.rfc3339(chrono_tz::UTC), |calendar| calendar.formal_moment(at))
}

fn clock(zone: Tz) -> String {
    if zone == chrono_tz::Asia::Shanghai { "北京时间".into() } else { format!("{} 当地时间", zone.name()) }
}

fn scene<'a>(known: &Known<'a>) -> Scene<'a> {
    Scene {
        history: known.history,
        state: &known.decided.state,
        obligations: &known.decided.obligations,
        decisions: known.decisions,
        regime: known.regime,
        now: known.now,
    }
}

/// Which order it is and how it stands.
fn about(material: &Material<'_>, governing: &[&PolicyStory]) -> Vec<Pair> {
    let (known, state) = (material.known, &material.known.decided.state);
    let vocabulary = &newest(known).vocabulary;
    let mut about = Vec::new();
    for (name, value) in &state.attributes {
        let Some(declared) = vocabulary.order.get(name).filter(|declared| declared.kind != Kind::Personal) else {
            continue;
        };
        let title = if declared.title.is_empty() { name.as_str() } else { &declared.title };
        about.extend(shown(value, zone(known)).map(|value| Pair::new(title, value)));
    }
    let ended = if state.ended { "已终结" } else { "未终结" };
    about.push(Pair::new("办理情况", format!("第{}轮，{ended}", state.round)));
    let titles: Vec<_> = governing.iter().map(|story| title(known, story.id).0).collect();
    about.push(Pair::new("适用规则", if titles.is_empty() { "无".into() } else { titles.join("；") }));
    about
}

/// A mark that does not apply is no part of the order's description.
fn shown(value: &Attribute, zone: Tz) -> Option<String> {
    if *value == Attribute::Boolean(false) { None } else { wording::value(value, zone) }
}

/// A policy's title and document.
fn title(known: &Known<'_>, id: Symbol) -> (String, String) {
    // A policy that is no more as the last version had it.
    let versions = known.regime.versions.iter().rev();
    let policy = versions.flat_map(|version| &version.rules.policies).find(|policy| policy.id == id);
    policy.map_or_else(
        || (id.to_string(), String::new()),
        |policy| (policy.title.clone(), policy.source.clone().unwrap_or_default()),
    )
}

fn policy_part(material: &Material<'_>, story: &PolicyStory, decisions: &[decided::DecisionPart]) -> PolicyPart {
    let (title, source) = title(material.known, story.id);
    let silent = story.silent.iter();
    PolicyPart {
        rules: versions(material.known, story.id),
        obligations: story
            .obligations
            .iter()
            .map(|story| counted::obligation(material.known, story, &source, decisions))
            .collect(),
        silent: silent.map(|rule| Silent { heading: rule.heading.clone(), reasons: rule.reasons.clone() }).collect(),
        title,
        source,
    }
}

/// The versions of a policy, each with the instant from which it was in force.
fn versions(known: &Known<'_>, id: Symbol) -> Vec<Pair> {
    let has = known.regime.versions.iter().filter_map(|version| {
        let policy = version.rules.policies.iter().find(|policy| policy.id == id)?;
        let since = if version.from > Instant::BEGINNING {
            policy.calendar.formal_moment(version.from)
        } else {
            wording::whole_date(policy.effective)
        };
        let calendar = &policy.calendar.spec().name;
        let said = format!("规则 {id}，自{since}起施行；工作日历 {calendar}");
        Some(Pair::new(version_name(&version.rules.version), said))
    });
    has.collect()
}

/// 第3版; of files that no store has numbered, 版本 and their hash.
fn version_name(version: &str) -> String {
    let is_number = version.chars().all(|c| c.is_ascii_digit());
    if is_number { format!("第{version}版") } else { format!("版本 {version}") }
}

/// The policies that do not govern the order, each with why.
fn others(explained: &Explanation) -> Vec<Pair> {
    let others = explained.policies.iter().filter(|story| !concerns(story));
    let others = others.filter_map(|story| Some((story, story.why_not.as_ref()?)));
    others.map(|(story, why)| Pair::new(story.heading.clone(), why.clone())).collect()
}
