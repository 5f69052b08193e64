//! The directory (通讯录), `rules/directory.yaml`: who stands behind a name in `remind`, `notify` and `route`, and how each is
//! reached.
//!
//! A recipient is looked up under a *place*: the department that has the order, that department's parent, or the value of
//! an order attribute; one without `of` is the same everywhere. The place is fixed when something is decided, the people
//! when it is sent, so that a new liaison gets what was decided before. Meaning: language.md §5.

pub mod read;

use crate::policy::roster::read::Rosters;
use crate::policy::roster::{Duty, Member};
use crate::policy::vocabulary::Value;
use crate::symbol::Symbol;
use crate::text::want;
use crate::time::Instant;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Who stands behind every name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// The recipients by name.
    pub recipients: BTreeMap<Arc<str>, Recipient>,
    /// The departments by name.
    pub departments: BTreeMap<Arc<str>, Department>,
    /// The other sections, by the order attribute after which each is named, then by that attribute's value.
    pub sections: BTreeMap<Arc<str>, BTreeMap<Arc<str>, People>>,
    /// Who is on duty, by the names of the rosters.
    pub rosters: Rosters,
}

/// People by the recipient that they are.
pub type People = BTreeMap<Arc<str>, Vec<Person>>;

/// A name that rules may tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipient {
    /// What people read.
    pub title: String,
    /// Under what it is looked up; none: it is the same everywhere.
    pub of: Option<Of>,
    /// The channels by which it is reached, the preferred one first; empty: whatever its people have an address for.
    pub channels: Vec<Arc<str>>,
    /// What goes to it is told in full to named persons only: groups and SMS are told that something waits.
    pub confidential: bool,
    /// Those behind it everywhere, or where no section names anybody.
    pub people: Vec<Person>,
    /// The roster that says who is on duty.
    pub roster: Option<OnDuty>,
}

/// Which roster says who a recipient is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnDuty {
    /// The same wherever it is looked up.
    Everywhere(Arc<str>),
    /// One at each of these places; elsewhere nobody takes turns.
    At(BTreeMap<Arc<str>, Arc<str>>),
}

impl OnDuty {
    /// The roster at a place.
    pub fn at(&self, place: Option<&str>) -> Option<&Arc<str>> {
        match self {
            OnDuty::Everywhere(roster) => Some(roster),
            OnDuty::At(places) => places.get(place?),
        }
    }

    /// All of them.
    pub fn rosters(&self) -> Vec<&Arc<str>> {
        match self {
            OnDuty::Everywhere(roster) => vec![roster],
            OnDuty::At(places) => places.values().collect(),
        }
    }
}

/// Under what a recipient is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// The department that has the order.
    Department,
    /// That department's parent.
    Parent,
    /// The value of this order attribute.
    Attribute(Arc<str>),
}

/// A department (承办单位).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Department {
    /// The department or region above it.
    pub parent: Option<Arc<str>>,
    /// Its people by recipient.
    pub people: People,
}

/// A person and how to reach them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// As letters address them.
    pub name: Arc<str>,
    /// Mobile number, for SMS.
    pub mobile: Option<Arc<str>>,
    /// Mailbox.
    pub email: Option<Arc<str>>,
    /// User id in 粤政易.
    pub yuezhengyi: Option<Arc<str>>,
}

impl Directory {
    /// The place under which a recipient is looked up for an order as it is now: none where it is the same everywhere, or
    /// where the order does not say.
    pub fn place(&self, recipient: &str, department: Option<&str>, attributes: &[(Symbol, Value)]) -> Option<Arc<str>> {
        match self.recipients.get(recipient)?.of.as_ref()? {
            Of::Department => department.map(Arc::from),
            Of::Parent => self.departments.get(department?)?.parent.clone(),
            Of::Attribute(name) => attribute_text(attributes, name),
        }
    }

    /// Whether anybody can stand behind a recipient for such an order: not where it goes with an attribute that the order
    /// does not have.
    pub fn may_exist(&self, recipient: &str, attributes: &[(Symbol, Value)]) -> bool {
        match self.recipients.get(recipient).map(|known| (&known.of, &known.people)) {
            Some((Some(Of::Attribute(name)), people)) => {
                !people.is_empty() || attribute_text(attributes, name).is_some()
            }
            _ => true,
        }
    }

    /// Those who stand behind a recipient at a place; nobody where no section names anybody.
    pub fn people(&self, recipient: &str, place: Option<&str>) -> &[Person] {
        let Some(known) = self.recipients.get(recipient) else { return &[] };
        let there = place.and_then(|place| self.people_at(known.of.as_ref()?, place, recipient));
        there.filter(|people| !people.is_empty()).unwrap_or(&known.people)
    }

    /// Those who stand behind a recipient at an instant: of one with a roster whoever is on duty then, else whoever is next;
    /// where the place is a duty ([`duty_place`]), whoever has that. Nobody being on the roster, those of the place.
    pub fn people_on(&self, recipient: &str, place: Option<&str>, now: Instant) -> Vec<Person> {
        let on_duty = self.duty(recipient, place, now).map(|duty| self.behind(recipient, &duty.member));
        on_duty.filter(|people| !people.is_empty()).unwrap_or_else(|| self.people(recipient, place).to_vec())
    }

    fn duty(&self, recipient: &str, place: Option<&str>, now: Instant) -> Option<Duty> {
        let named = place
            .and_then(|place| place.split_once(DUTY))
            .and_then(|(roster, date)| Some((roster, want::parse_date(date)?)));
        if let Some((roster, date)) = named {
            return self.rosters.get(roster)?.duty_on(date);
        }
        let roster = self.recipients.get(recipient)?.roster.as_ref()?.at(place)?;
        self.rosters.get(roster)?.at(now).map(|(duty, _)| duty)
    }

    /// The recipients that are whoever a roster says.
    pub fn on_roster(&self, roster: &str) -> impl Iterator<Item = (&Arc<str>, &Recipient)> {
        let is_of = |known: &Recipient| known.roster.iter().flat_map(OnDuty::rosters).any(|name| **name == *roster);
        let named: Vec<_> = self.recipients.iter().filter(|(_, known)| is_of(known)).collect();
        named.into_iter()
    }

    /// Whoever a member of a roster is to a recipient: of a unit those listed there for it, else its liaison.
    pub fn behind(&self, recipient: &str, member: &Member) -> Vec<Person> {
        match member {
            Member::Person(person) => vec![person.clone()],
            Member::Unit(unit) => {
                let people = |name: &str| self.departments.get(unit)?.people.get(name).filter(|list| !list.is_empty());
                people(recipient).or_else(|| people("liaison")).cloned().unwrap_or_default()
            }
        }
    }

    /// Everybody who stands anywhere in it, rosters included; who stands twice comes twice.
    pub fn everybody(&self) -> Vec<&Person> {
        let own = self.recipients.values().flat_map(|known| &known.people);
        let listed = self.departments.values().map(|department| &department.people);
        let listed = listed.chain(self.sections.values().flat_map(BTreeMap::values));
        let listed = listed.flat_map(BTreeMap::values).flatten();
        let on_rosters =
            self.rosters.values().flat_map(|roster| roster.turn.iter().chain(roster.swaps.values())).filter_map(
                |member| match member {
                    Member::Person(person) => Some(person),
                    Member::Unit(_) => None,
                },
            );
        own.chain(listed).chain(on_rosters).collect()
    }

    /// Those who stand behind a recipient for an order as it is now.
    pub fn resolve(&self, recipient: &str, department: Option<&str>, attributes: &[(Symbol, Value)]) -> &[Person] {
        self.people(recipient, self.place(recipient, department, attributes).as_deref())
    }

    /// What people read in a recipient's stead: its title, or its name where it is not known.
    pub fn title<'a>(&'a self, recipient: &'a str) -> &'a str {
        self.recipients
            .get(recipient)
            .map(|known| known.title.as_str())
            .filter(|title| !title.is_empty())
            .unwrap_or(recipient)
    }

    /// What recipients are called.
    pub fn titles(&self) -> BTreeMap<Symbol, String> {
        self.recipients.iter().map(|(name, known)| (Symbol::new(name), known.title.clone())).collect()
    }

    /// Whether any of these recipients is confidential.
    pub fn is_confidential(&self, recipients: &[Symbol]) -> bool {
        recipients.iter().any(|name| self.recipients.get(name.as_str()).is_some_and(|known| known.confidential))
    }

    fn people_at(&self, of: &Of, place: &str, recipient: &str) -> Option<&[Person]> {
        let department = || self.departments.get(place).map(|department| &department.people);
        let people = match of {
            Of::Department => department(),
            Of::Attribute(name) => self.sections.get(name).and_then(|section| section.get(place)),
            // A parent is a department, or a region: whichever section has it.
            Of::Parent => department().or_else(|| self.sections.values().find_map(|section| section.get(place))),
        };
        people?.get(recipient).map(Vec::as_slice)
    }
}

/// The text of an order attribute; none where it is absent or no text.
pub(crate) fn attribute_text(attributes: &[(Symbol, Value)], name: &str) -> Option<Arc<str>> {
    match attributes.iter().find(|(known, _)| known.as_str() == name)? {
        (_, Value::Text(text)) => Some(text.clone()),
        (_, Value::Word(word)) => Some(word.as_str().into()),
        _ => None,
    }
}

const DUTY: &str = "@";

/// The place under which whoever has a duty is looked up, whoever that will be when it is sent.
pub fn duty_place(roster: &str, date: chrono::NaiveDate) -> String {
    format!("{roster}{DUTY}{date}")
}

/// A recipient whom nobody stands behind at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vacancy {
    /// The recipient.
    pub recipient: Arc<str>,
    /// The department, or the attribute's value; none: nowhere at all.
    pub place: Option<Arc<str>>,
}

impl Directory {
    /// Those of the recipients asked about whom nobody stands behind: for `of: department` at each department, for an
    /// attribute at each value given for it (those that the policies let in, or else those that have a section).
    /// A recipient whose channels are groups' robots, as `is_group` says, needs nobody behind it.
    pub fn vacancies<'a>(
        &self,
        asked: impl IntoIterator<Item = &'a str>,
        values: &HashMap<Arc<str>, Vec<Arc<str>>>,
        is_group: impl Fn(&str) -> bool,
    ) -> Vec<Vacancy> {
        let told = |id: &&str| self.recipients.get(*id).is_some_and(|known| !known.is_staffless(&is_group));
        let vacant = asked.into_iter().filter(told).flat_map(|id| self.vacant_places(id, values));
        let mut found: Vec<Vacancy> = vacant.collect();
        found.sort();
        found.dedup();
        found
    }

    fn vacant_places(&self, id: &str, values: &HashMap<Arc<str>, Vec<Arc<str>>>) -> Vec<Vacancy> {
        let vacancy = |place| Vacancy { recipient: id.into(), place };
        let places: Vec<Arc<str>> = match &self.recipients[id].of {
            None if self.people(id, None).is_empty() => return vec![vacancy(None)],
            None => return Vec::new(),
            Some(Of::Department) => self.departments.keys().cloned().collect(),
            Some(Of::Parent) => self.departments.values().filter_map(|known| known.parent.clone()).collect(),
            Some(Of::Attribute(name)) => values.get(name).cloned().unwrap_or_else(|| self.section_places(name)),
        };
        places
            .into_iter()
            .filter(|place| self.people(id, Some(place)).is_empty() && !self.has_roster_at(id, place))
            .map(|place| vacancy(Some(place)))
            .collect()
    }

    fn has_roster_at(&self, id: &str, place: &str) -> bool {
        self.recipients[id].roster.as_ref().is_some_and(|roster| roster.at(Some(place)).is_some())
    }

    fn section_places(&self, attribute: &str) -> Vec<Arc<str>> {
        self.sections.get(attribute).map(|section| section.keys().cloned().collect()).unwrap_or_default()
    }
}

impl Recipient {
    /// Whether it needs nobody behind it: a roster says who it is, or all that reaches it are groups.
    fn is_staffless(&self, is_group: &impl Fn(&str) -> bool) -> bool {
        matches!(self.roster, Some(OnDuty::Everywhere(_)))
            || (!self.channels.is_empty() && self.channels.iter().all(|name| is_group(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Person {
        Person { name: name.into(), mobile: Some("13800000000".into()), ..Person::default() }
    }

    fn people(recipient: &str, names: &[&str]) -> People {
        People::from([(recipient.into(), names.iter().map(|name| person(name)).collect())])
    }

    fn recipient(of: Option<Of>, everywhere: &[&str]) -> Recipient {
        Recipient { of, people: everywhere.iter().map(|name| person(name)).collect(), ..Recipient::default() }
    }

    fn directory() -> Directory {
        let region = || Of::Attribute("region".into());
        Directory {
            rosters: Rosters::default(),
            recipients: BTreeMap::from([
                ("liaison".into(), recipient(Some(Of::Department), &[])),
                ("county".into(), recipient(Some(Of::Parent), &[])),
                ("supervision-office".into(), recipient(Some(region()), &["值班"])),
                ("hotline".into(), recipient(None, &["热线"])),
                ("group".into(), Recipient { channels: vec!["robot".into()], ..Recipient::default() }),
            ]),
            departments: BTreeMap::from([
                ("甲局".into(), Department { parent: Some("珠海市".into()), people: people("liaison", &["甲"]) }),
                ("乙局".into(), Department::default()),
            ]),
            sections: BTreeMap::from([(
                "region".into(),
                BTreeMap::from([("珠海市".into(), {
                    let mut both = people("supervision-office", &["督查"]);
                    both.extend(people("county", &["市里"]));
                    both
                })]),
            )]),
        }
    }

    #[track_caller]
    fn check(recipient: &str, department: Option<&str>, region: Option<&str>, expected: &[&str]) {
        let attributes: Vec<_> =
            region.map(|name| (Symbol::new("region"), Value::Text(name.into()))).into_iter().collect();
        let directory = directory();
        let found = directory.resolve(recipient, department, &attributes);
        assert_eq!(found.iter().map(|person| &*person.name).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn people_are_found_under_department_parent_attribute_or_everywhere() {
        check("liaison", Some("甲局"), None, &["甲"]);
        check("liaison", Some("乙局"), None, &[]);
        check("liaison", None, Some("珠海市"), &[]);
        check("county", Some("甲局"), None, &["市里"]);
        check("supervision-office", Some("甲局"), Some("珠海市"), &["督查"]);
        check("hotline", None, None, &["热线"]);
        check("unheard-of", None, None, &[]);
    }

    #[test]
    fn where_no_section_names_anybody_those_behind_the_recipient_itself_are_told() {
        check("supervision-office", None, Some("中山市"), &["值班"]);
        check("supervision-office", None, None, &["值班"]);
    }

    #[test]
    fn a_department_without_liaison_is_a_vacancy_and_a_group_is_none() {
        let found = directory().vacancies(["liaison", "group", "hotline"], &HashMap::new(), |name| name == "robot");
        assert_eq!(found, [Vacancy { recipient: "liaison".into(), place: Some("乙局".into()) }]);
    }

    #[test]
    fn a_region_that_a_policy_lets_in_and_nobody_serves_is_a_vacancy() {
        let mut directory = directory();
        directory.recipients.get_mut("supervision-office").unwrap().people.clear();
        let regions = HashMap::from([("region".into(), vec!["珠海市".into(), "中山市".into()])]);
        let found = directory.vacancies(["supervision-office"], &regions, |_| false);
        assert_eq!(found, [Vacancy { recipient: "supervision-office".into(), place: Some("中山市".into()) }]);
    }
}
