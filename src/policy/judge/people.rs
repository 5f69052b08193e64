//! Warnings about those who are told: whoever nobody stands behind.

use super::View;
use super::conditions::demands;
use crate::policy::condition::{Expectation, Fact};
use crate::policy::directory::read::{Address, Channels, address_of};
use crate::policy::directory::{Directory, Of, OnDuty};
use crate::policy::files::{Loaded, unknown_roster};
use crate::policy::model::{Action, ActionKind};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::want::Word;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

const LIAISON: &str = "liaison";

impl View<'_> {
    /// Recipients whom nobody stands behind where this policy needs them. Those copied are told where they exist.
    pub(super) fn people(&self, loaded: &Loaded, channels: &Channels, problems: &mut Problems) {
        let directory = &loaded.directory;
        let is_group = |name: &str| address_of(name, channels) == Some(Address::None);
        let asked: BTreeSet<Symbol> = self.actions().flat_map(told).collect();
        let values = self.values_let_in();
        for name in asked {
            let place = self.named_at(name);
            if !directory.recipients.contains_key(name.as_str()) {
                problems.push(not_listed(&place));
                continue;
            }
            let rosters = directory.recipients[name.as_str()].roster.iter().flat_map(OnDuty::rosters);
            // With a file of rosters it has been told where the directory names it.
            for roster in rosters
                .filter(|roster| loaded.roster_places.rosters.is_empty() && !directory.rosters.contains_key(*roster))
            {
                problems.push(unknown_roster(Word { text: roster, place: &place }, []));
            }
            for vacancy in directory.vacancies([name.as_str()], &values, is_group) {
                if !is_of_departments(directory, name) {
                    problems.push(nobody(&place, directory, name, vacancy.place.as_deref()));
                }
            }
            if is_nowhere(directory, name, &is_group) {
                problems.push(nobody(&place, directory, name, None));
            }
        }
    }

    fn actions(&self) -> impl Iterator<Item = &Action> {
        let steps = self.policy.deadlines.iter().flat_map(|deadline| &deadline.ladder);
        let reactions = self.policy.reactions.iter().flat_map(|reaction| &reaction.actions);
        steps.flat_map(|step| &step.actions).chain(reactions)
    }

    fn named_at(&self, name: Symbol) -> Place {
        let named = self.places.recipients.iter().find(|(known, _)| *known == name);
        let rule = || self.policy.deadlines.iter().map(|deadline| deadline.id).next();
        let rule = || rule().or_else(|| self.policy.reactions.iter().map(|reaction| reaction.id).next());
        named.map_or_else(|| rule().map_or_else(|| self.place(name), |id| self.place(id)), |(_, place)| place.clone())
    }

    /// The values that the order attributes of an order under this policy may have at its first event, where it says.
    fn values_let_in(&self) -> HashMap<Arc<str>, Vec<Arc<str>>> {
        let demands = demands(&self.policy.applies);
        let listed = demands.into_iter().filter_map(|(fact, expectation)| match (fact, expectation) {
            (Fact::Attribute(name), Expectation::OneOf(values)) => Some((name.as_str().into(), texts(&values))),
            _ => None,
        });
        listed.collect()
    }
}

/// Whom an action tells; a card that names nobody is told to the department's liaison.
fn told(action: &Action) -> Vec<Symbol> {
    match action.kind {
        ActionKind::Card(_) if action.to.is_empty() => vec![Symbol::new(LIAISON)],
        _ => action.to.iter().chain(&action.cc).chain(&action.approval).copied().collect(),
    }
}

fn texts(values: &[Value]) -> Vec<Arc<str>> {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(Arc::clone(text)),
        Value::Word(word) => Some(word.as_str().into()),
        _ => None,
    };
    values.iter().filter_map(text).collect()
}

/// Whether a recipient is looked up under departments, of which no policy says which ones it needs.
fn is_of_departments(directory: &Directory, name: Symbol) -> bool {
    let of = directory.recipients.get(name.as_str()).and_then(|known| known.of.as_ref());
    matches!(of, Some(Of::Department | Of::Parent))
}

/// Whether nobody stands behind a recipient in any department or section.
fn is_nowhere(directory: &Directory, name: Symbol, is_group: &impl Fn(&str) -> bool) -> bool {
    let name = name.as_str();
    let Some(known) = directory.recipients.get(name) else { return false };
    let is_robot = !known.channels.is_empty() && known.channels.iter().all(|channel| is_group(channel));
    if known.of.is_none() || known.roster.is_some() || is_robot || !known.people.is_empty() {
        return false;
    }
    let has = |people: &crate::policy::directory::People| people.get(name).is_some_and(|people| !people.is_empty());
    let in_departments = directory.departments.values().any(|department| has(&department.people));
    !in_departments && !directory.sections.values().flat_map(|section| section.values()).any(has)
}

fn nobody(place: &Place, directory: &Directory, name: Symbol, at: Option<&str>) -> Problem {
    let title = directory.title(name.as_str());
    let (zh, en) = at.map_or((String::new(), String::new()), |at| (format!("在“{at}”"), format!(" at `{at}`")));
    let message = Text::new(
        format!("“{name}”（{title}）{zh}没有登记任何人，通知送不到"),
        format!("nobody stands behind `{name}`{en}: no notice arrives"),
    );
    let hint = Text::new("在通讯录 directory.yaml 里登记人员", "list people for it in directory.yaml");
    Problem::warning(place, "nobody", message).hint(hint)
}

fn not_listed(place: &Place) -> Problem {
    let message = Text::new(
        "没有写 notify 的黄红牌告知专职联络员 liaison，而通讯录里没有 liaison",
        "a card without `notify` goes to `liaison`, whom the directory does not know",
    );
    let hint = Text::new(
        "在 directory.yaml 的 recipients 里加上 liaison，或给亮牌写上 notify",
        "add `liaison` to `recipients` in directory.yaml, or give the card a `notify`",
    );
    Problem::warning(place, "nobody", message).hint(hint)
}

/// Every card goes to a department's liaison, so each department needs one.
pub(super) fn departments_without_liaison(loaded: &Loaded, problems: &mut Problems) {
    let directory = &loaded.directory;
    let of = directory.recipients.get(LIAISON).and_then(|known| known.of.as_ref());
    if of != Some(&Of::Department) {
        return;
    }
    for vacancy in directory.vacancies([LIAISON], &HashMap::new(), |_| false) {
        let Some(department) = vacancy.place else { continue };
        let Some(place) = loaded.directory_places.departments.get(&department) else { continue };
        let message = Text::new(
            format!("单位“{department}”没有专职联络员（liaison），黄红牌送不到"),
            format!("the department `{department}` has no liaison: cards do not arrive"),
        );
        let hint = Text::new("在它的 people 下登记 liaison", "list one under its `people`");
        problems.push(Problem::warning(place, "no-liaison", message).hint(hint));
    }
}
