//! Reading `rules/directory.yaml`: every mistake is named, and what is right is kept.
//!
//! A channel is known if the configuration has it, or if it bears one of the usual names: rules are written before, and
//! shared between, configurations. What is usual but not configured is a warning.

use super::{Department, Directory, Of, OnDuty, People, Person, Recipient};
use crate::policy::vocabulary::Vocabulary;
use crate::symbol::Symbol;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Node};
use crate::text::want::{self, Fields, Word};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The kind of address that a channel needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A mailbox: `email`.
    Email,
    /// A mobile number: `mobile`.
    Mobile,
    /// A user id: `yuezhengyi`.
    Yuezhengyi,
    /// None: a group's robot, another system, the console.
    None,
}

/// The channels by name, each with the kind of address that it needs; none: no configuration is at hand.
pub type Channels = Option<BTreeMap<Arc<str>, Address>>;

/// The kind of problem that a channel which is not configured is.
pub const UNKNOWN_CHANNEL: &str = "unknown-channel";

/// The names that channels usually bear, which the directory may use whatever is configured: the kinds, and the names of
/// the sample configuration.
pub const USUAL_CHANNELS: [(&str, Address); 8] = [
    ("yuezhengyi", Address::Yuezhengyi),
    ("sms", Address::Mobile),
    ("email", Address::Email),
    ("mail", Address::Email),
    ("yuezhengyi-group", Address::None),
    ("webhook", Address::None),
    ("order-system", Address::None),
    ("console", Address::None),
];

/// Where the directory's names stand, for warnings about them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The recipients' keys.
    pub recipients: BTreeMap<Arc<str>, Place>,
    /// The departments' keys.
    pub departments: BTreeMap<Arc<str>, Place>,
    /// The other sections' keys, by attribute and value.
    pub sections: BTreeMap<(Arc<str>, Arc<str>), Place>,
}

/// Reads the tree of a directory. Without a vocabulary any name may be that of an order attribute.
pub fn read(
    root: &Node,
    vocabulary: Option<&Vocabulary>,
    channels: &Channels,
    problems: &mut Problems,
) -> (Directory, Places) {
    let mut reader = Reader { vocabulary, channels, directory: Directory::default(), places: Places::default() };
    if !root.is_null()
        && let Some(sections) = want::mapping(root, problems)
    {
        reader.read_sections(sections, problems);
    }
    (reader.directory, reader.places)
}

struct Reader<'a> {
    vocabulary: Option<&'a Vocabulary>,
    channels: &'a Channels,
    directory: Directory,
    places: Places,
}

impl Reader<'_> {
    fn read_sections(&mut self, sections: &[Entry], problems: &mut Problems) {
        // The recipients come first wherever they stand: the other sections use their names.
        for section in sections.iter().filter(|section| section.key.text == "recipients") {
            self.read_recipients(&section.value, problems);
        }
        for section in sections {
            match section.key.text.as_str() {
                "recipients" => {}
                "departments" => self.read_departments(&section.value, problems),
                name if self.is_section(name) => self.read_section(name, &section.value, problems),
                name => problems.push(self.unknown_section(name, &section.key.place)),
            }
        }
    }

    fn is_section(&self, name: &str) -> bool {
        self.is_attribute(name)
            || self.directory.recipients.values().any(|known| known.of == Some(Of::Attribute(name.into())))
    }

    fn is_attribute(&self, name: &str) -> bool {
        let declares = |words: &Vocabulary| Symbol::find(name).is_some_and(|name| words.order.contains_key(&name));
        self.vocabulary.is_none_or(declares)
    }

    fn attributes(&self) -> impl Iterator<Item = &'static str> {
        self.vocabulary.into_iter().flat_map(|words| words.order.keys()).map(|attribute| attribute.as_str())
    }

    fn unknown_section(&self, name: &str, place: &Place) -> Problem {
        let mut known: Vec<&str> = vec!["recipients", "departments"];
        known.extend(self.attributes());
        want::unknown_key(place, name, &known)
    }

    fn read_recipients(&mut self, node: &Node, problems: &mut Problems) {
        for Entry { key, value } in entries(node, problems) {
            let recipient = self.recipient(value, &key.place, problems);
            self.places.recipients.insert(key.text.as_str().into(), key.place.clone());
            self.directory.recipients.insert(key.text.as_str().into(), recipient);
        }
    }

    fn recipient(&self, node: &Node, key: &Place, problems: &mut Problems) -> Recipient {
        if node.is_null() {
            return Recipient::default();
        }
        let Some(fields) = Fields::of(node, problems) else { return Recipient::default() };
        let mut fields = fields.at(key);
        let title = fields.optional("title").and_then(|node| want::text(node, problems)).unwrap_or_default().into();
        let of = fields.optional("of").and_then(|node| self.of(node, problems));
        let channels = fields.optional("channels").map(|node| self.channels(node, problems)).unwrap_or_default();
        let confidential = fields.optional("confidential").and_then(|node| want::boolean(node, problems));
        let roster = fields.optional("roster").and_then(|node| on_duty(node, problems));
        let listed = fields.optional("people");
        fields.finish(problems);
        let people = listed.map(|node| self.people(node, &channels, problems)).unwrap_or_default();
        let confidential = confidential.unwrap_or(false);
        Recipient { title, of, channels, confidential, people, roster }
    }

    fn of(&self, node: &Node, problems: &mut Problems) -> Option<Of> {
        let written = want::word(node, problems)?;
        match written.text {
            "department" => Some(Of::Department),
            "parent" => Some(Of::Parent),
            name if self.is_attribute(name) => Some(Of::Attribute(name.into())),
            _ => {
                let known = ["department", "parent"].into_iter().chain(self.attributes());
                want::report(
                    want::unknown_word(written, "unknown-attribute", ("工单属性", "order attribute"), known),
                    problems,
                )
            }
        }
    }

    fn channels(&self, node: &Node, problems: &mut Problems) -> Vec<Arc<str>> {
        let written = want::words(node, problems);
        written.iter().filter(|word| self.knows_channel(**word, problems)).map(|word| word.text.into()).collect()
    }

    fn knows_channel(&self, word: Word<'_>, problems: &mut Problems) -> bool {
        let configured = self.channels.as_ref().is_some_and(|known| known.contains_key(word.text));
        let usual = USUAL_CHANNELS.iter().any(|(name, _)| *name == word.text);
        if !configured && usual && self.channels.is_some() && aliased(word.text, self.channels).is_none() {
            problems.push(unconfigured(word));
        }
        if configured || usual {
            return true;
        }
        let known = self.channels.iter().flat_map(|known| known.keys().map(|name| &**name));
        let known = known.chain(USUAL_CHANNELS.iter().map(|(name, _)| *name));
        problems.push(want::unknown_word(word, UNKNOWN_CHANNEL, ("渠道", "channel"), known));
        false
    }

    fn read_departments(&mut self, node: &Node, problems: &mut Problems) {
        for Entry { key, value } in entries(node, problems) {
            let name: Arc<str> = key.text.as_str().into();
            let mut department = Department::default();
            if !value.is_null()
                && let Some(fields) = Fields::of(value, problems)
            {
                let mut fields = fields.at(&key.place);
                let parent = fields.optional("parent").and_then(|node| want::word(node, problems));
                department.parent = parent.map(|word| word.text.into());
                let people = fields.optional("people");
                fields.finish(problems);
                let fits = |of: &Of| matches!(of, Of::Department | Of::Parent);
                department.people =
                    people.map(|node| self.people_by_recipient(node, &fits, problems)).unwrap_or_default();
            }
            self.places.departments.insert(name.clone(), key.place.clone());
            self.directory.departments.insert(name, department);
        }
    }

    fn read_section(&mut self, attribute: &str, node: &Node, problems: &mut Problems) {
        let fits = |of: &Of| matches!(of, Of::Attribute(name) if &**name == attribute) || *of == Of::Parent;
        for Entry { key, value } in entries(node, problems) {
            let (section, name): (Arc<str>, Arc<str>) = (attribute.into(), key.text.as_str().into());
            let mut people = People::default();
            if !value.is_null()
                && let Some(fields) = Fields::of(value, problems)
            {
                let mut fields = fields.at(&key.place);
                let listed = fields.optional("people");
                fields.finish(problems);
                people = listed.map(|node| self.people_by_recipient(node, &fits, problems)).unwrap_or_default();
            }
            self.places.sections.insert((section.clone(), name.clone()), key.place.clone());
            self.directory.sections.entry(section).or_default().insert(name, people);
        }
    }

    fn people_by_recipient(&self, node: &Node, fits: &dyn Fn(&Of) -> bool, problems: &mut Problems) -> People {
        let mut people = People::default();
        for Entry { key, value } in entries(node, problems) {
            let Some(recipient) = self.directory.recipients.get(key.text.as_str()) else {
                let known = self.directory.recipients.keys().map(|name| &**name);
                let written = Word { text: &key.text, place: &key.place };
                problems.push(want::unknown_word(written, "unknown-recipient", ("收件人", "recipient"), known));
                continue;
            };
            if !recipient.of.as_ref().is_some_and(fits) && recipient.roster.is_none() {
                problems.push(misplaced(&key.text, recipient, &key.place));
            }
            people.insert(key.text.as_str().into(), self.people(value, &recipient.channels, problems));
        }
        people
    }

    fn people(&self, node: &Node, channels: &[Arc<str>], problems: &mut Problems) -> Vec<Person> {
        let Some(listed) = (if node.is_null() { None } else { want::list(node, problems) }) else { return Vec::new() };
        let mut people = Vec::new();
        for item in listed {
            if let Some(person) = person(item, problems) {
                self.check_reach(&person, channels, item, problems);
                self.check_mobile(&person, channels, item, problems);
                people.push(person);
            }
        }
        people
    }

    fn check_reach(&self, person: &Person, channels: &[Arc<str>], item: &Node, problems: &mut Problems) {
        let needed: BTreeSet<&str> = channels.iter().filter_map(|name| self.missing_for(person, name)).collect();
        let reachable = channels.iter().any(|name| self.missing_for(person, name).is_none());
        if reachable || channels.is_empty() && person.has_address() {
            return;
        }
        let needed = if needed.is_empty() { BTreeSet::from(["mobile", "email", "yuezhengyi"]) } else { needed };
        let needed = needed.into_iter().collect::<Vec<_>>();
        let message = Text::new(
            format!("“{}”没有任何可用渠道的地址，通知送不到", person.name),
            format!("`{}` has no address for any of the channels, so no notice reaches them", person.name),
        );
        let hint = Text::new(format!("补上 {} 之一", needed.join("、")), format!("add one of {}", needed.join(", ")));
        problems.push(Problem::warning(item.head(), "no-address", message).hint(hint));
    }

    /// What a gateway would refuse: a landline, or a number with a digit too few.
    fn check_mobile(&self, person: &Person, channels: &[Arc<str>], item: &Node, problems: &mut Problems) {
        let configured = self.channels.iter().flat_map(|known| known.keys());
        let is_sms = |name: &Arc<str>| address_of(name, self.channels) == Some(Address::Mobile);
        let goes_by_sms =
            if channels.is_empty() { configured.into_iter().any(is_sms) } else { channels.iter().any(is_sms) };
        let Some(number) = person.mobile.as_deref().filter(|number| goes_by_sms && !is_mobile(number)) else { return };
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let message = Text::new(
            format!("这个号码不是手机号（{digits}位），短信网关会拒收"),
            format!("this is no mobile number ({digits} digits): gateways refuse it"),
        );
        let hint = Text::new(
            "手机号是 1 开头的 11 位；座机收不到短信，请改正，或给这个人换渠道",
            "a mobile number has 11 digits beginning with 1; a landline takes no SMS: correct it, or use another channel",
        );
        let place = item.get("mobile").map_or(item.head(), |node| &node.place);
        problems.push(Problem::warning(place, "odd-mobile", message).hint(hint));
    }

    /// The field that a person lacks for a channel; none where it can carry a notice to them.
    fn missing_for(&self, person: &Person, channel: &str) -> Option<&'static str> {
        let address = address_of(channel, self.channels)?;
        if person.address(address).is_some() { None } else { address.field() }
    }
}

/// The kind of address that a channel needs: as configured, else as its usual name says.
pub fn address_of(channel: &str, channels: &Channels) -> Option<Address> {
    let configured = channels.as_ref().and_then(|known| known.get(channel)).copied();
    configured.or_else(|| USUAL_CHANNELS.iter().find(|(name, _)| *name == channel).map(|(_, address)| *address))
}

/// The configured channel meant by a name of the directory: the one that bears it, else, for the name of a kind that
/// reaches persons (`email`, `mail`, `sms`, `yuezhengyi`), the first of that kind.
pub fn aliased<'a>(name: &str, channels: &'a Channels) -> Option<&'a Arc<str>> {
    let channels = channels.as_ref()?;
    if let Some((configured, _)) = channels.get_key_value(name) {
        return Some(configured);
    }
    let (_, address) = USUAL_CHANNELS[..4].iter().find(|(usual, _)| *usual == name)?;
    channels.iter().find(|(_, kind)| *kind == address).map(|(configured, _)| configured)
}

impl Address {
    /// The key of a person under which it stands.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Address::Email => Some("email"),
            Address::Mobile => Some("mobile"),
            Address::Yuezhengyi => Some("yuezhengyi"),
            Address::None => None,
        }
    }
}

impl Person {
    /// Their address of a kind; of the kind that needs none, the empty one.
    pub fn address(&self, kind: Address) -> Option<&str> {
        match kind {
            Address::Email => self.email.as_deref(),
            Address::Mobile => self.mobile.as_deref(),
            Address::Yuezhengyi => self.yuezhengyi.as_deref(),
            Address::None => Some(""),
        }
    }

    fn has_address(&self) -> bool {
        self.email.is_some() || self.mobile.is_some() || self.yuezhengyi.is_some()
    }
}

/// A person, with an address at least one channel can use.
pub(crate) fn person(node: &Node, problems: &mut Problems) -> Option<Person> {
    let mut fields = Fields::of(node, problems)?;
    let name = fields.required("name", problems).and_then(|node| want::word(node, problems));
    let mobile = fields.optional("mobile").and_then(|node| address(node, &MOBILE, problems));
    let email = fields.optional("email").and_then(|node| address(node, &EMAIL, problems));
    let yuezhengyi = fields.optional("yuezhengyi").and_then(|node| address(node, &YUEZHENGYI, problems));
    fields.ignore("title");
    fields.finish(problems);
    Some(Person { name: name?.text.trim().into(), mobile, email, yuezhengyi })
}

/// How an address must look.
struct Form {
    fits: fn(&str) -> bool,
    what: (&'static str, &'static str),
    example: &'static str,
}

const MOBILE: Form = Form {
    fits: |text| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        (5..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    },
    what: ("手机号", "mobile number"),
    example: "\"13800000000\"",
};
const EMAIL: Form = Form {
    fits: |text| {
        let plain = text.chars().all(|c| c.is_ascii_graphic() && !"<>,;\"\\()".contains(c));
        plain
            && text.len() <= 254
            && matches!(text.split_once('@'), Some((user, host)) if !user.is_empty() && !host.is_empty() && !host.contains('@'))
    },
    what: ("邮箱", "mailbox"),
    example: "a@example.gov.cn",
};
const YUEZHENGYI: Form = Form {
    // `|` separates users, `@all` would tell everybody.
    fits: |text| {
        text.len() <= 64
            && !text.starts_with('@')
            && !text.contains(|c: char| c == '|' || c.is_whitespace() || c.is_control())
    },
    what: ("粤政易账号", "Yuezhengyi user id"),
    example: "a01",
};

fn address(node: &Node, form: &Form, problems: &mut Problems) -> Option<Arc<str>> {
    let written = want::word(node, problems)?;
    if (form.fits)(written.text) {
        return Some(written.text.into());
    }
    let message = Text::new(format!("不是{}", form.what.0), format!("this is no {}", form.what.1));
    let hint = Text::new(format!("写成 {}", form.example), format!("write {}", form.example));
    want::report(Problem::error(written.place, "malformed-address", message).hint(hint), problems)
}

/// Whether it is a mobile number of China, or of a country that is named.
fn is_mobile(number: &str) -> bool {
    let plain: String = number.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    let own = ["+86", "0086", "86"].iter().find_map(|prefix| plain.strip_prefix(prefix)).unwrap_or(&plain);
    let is_own = |digits: &str| digits.len() == 11 && digits.starts_with('1');
    is_own(own) || is_own(&plain) || (plain.starts_with('+') && !plain.starts_with("+86"))
}

/// A roster, or one for each place.
fn on_duty(node: &Node, problems: &mut Problems) -> Option<OnDuty> {
    let Some(places) = node.mapping() else {
        return want::word(node, problems).map(|word| OnDuty::Everywhere(word.text.into()));
    };
    let mut at =
        |entry: &Entry| Some((entry.key.text.as_str().into(), want::word(&entry.value, problems)?.text.into()));
    Some(OnDuty::At(places.iter().filter_map(&mut at).collect()))
}

fn entries<'a>(node: &'a Node, problems: &mut Problems) -> &'a [Entry] {
    if node.is_null() { &[] } else { want::mapping(node, problems).unwrap_or_default() }
}

fn misplaced(name: &str, recipient: &Recipient, place: &Place) -> Problem {
    let of = match &recipient.of {
        None => "—",
        Some(Of::Department) => "department",
        Some(Of::Parent) => "parent",
        Some(Of::Attribute(attribute)) => attribute,
    };
    let message = Text::new(
        format!("“{name}”按 {of} 查找，写在这里查不到"),
        format!("`{name}` is looked up under {of}: nobody finds it here"),
    );
    let hint = match &recipient.of {
        None => Text::new(
            "移到 recipients 中该收件人的 people 下，或给它写上 of",
            "move it to the recipient's own `people`, or give it an `of`",
        ),
        Some(Of::Department | Of::Parent) => Text::new("移到 departments 下", "move it under `departments`"),
        Some(Of::Attribute(attribute)) => {
            Text::new(format!("移到顶层的 {attribute} 下"), format!("move it under the top-level `{attribute}`"))
        }
    };
    Problem::warning(place, "misplaced-recipient", message).hint(hint)
}

fn unconfigured(word: Word<'_>) -> Problem {
    let name = word.text;
    let message = Text::new(
        format!("配置里没有渠道“{name}”，通知不会走它"),
        format!("the configuration has no channel `{name}`: nothing goes out by it"),
    );
    let hint = Text::new(
        "在 duban.yaml 的 channels 中加上它，或从这里删去",
        "add it to `channels` in duban.yaml, or remove it here",
    );
    Problem::warning(word.place, "unconfigured-channel", message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;
    use crate::text::show::brief;
    use crate::text::yaml;

    fn vocabulary() -> Vocabulary {
        use crate::policy::vocabulary::{Attribute, Kind};
        let mut vocabulary = Vocabulary::default();
        for name in ["region", "enterprise"] {
            let name = Symbol::new(name);
            vocabulary.order.insert(name, Attribute { name, title: String::new(), kind: Kind::Text });
        }
        vocabulary
    }

    fn read_text(text: &str, channels: &Channels) -> (Directory, String) {
        let mut problems = Problems::new();
        let root = yaml::read("directory.yaml", text.as_bytes(), &mut problems).unwrap();
        let (directory, _) = read(&root, Some(&vocabulary()), channels, &mut problems);
        let shown: Vec<String> = problems.sorted().iter().map(|problem| brief(problem, Lang::Zh)).collect();
        (directory, shown.join("\n"))
    }

    #[test]
    fn a_directory_as_documented_is_read_whole() {
        let (directory, problems) = read_text(
            r#"
recipients:
  liaison: { title: 专职联络员, of: department }
  discipline-inspection: { title: 纪委监委, of: region, channels: [yuezhengyi, sms], confidential: true }
  response-group: { title: 工作群, channels: [yuezhengyi-group] }
  shift-leader: { title: 话务值班长, roster: hotline-shift }
  hotline: { people: [{ name: 丙, mobile: 13800000000 }] }
departments:
  市市场监管局: { parent: 珠海市, people: { liaison: [ { name: 甲, mobile: "13800000000", email: a@example.gov.cn, yuezhengyi: a01 } ] } }
region:
  珠海市: { people: { discipline-inspection: [ { name: 乙, mobile: "13800000001" } ] } }
"#,
            &None,
        );
        assert_eq!(problems, "");
        assert_eq!(&*directory.people("liaison", Some("市市场监管局"))[0].name, "甲");
        assert_eq!(&*directory.people("discipline-inspection", Some("珠海市"))[0].name, "乙");
        assert_eq!(directory.people("hotline", None)[0].mobile.as_deref(), Some("13800000000"));
        assert!(directory.recipients["discipline-inspection"].confidential);
        assert_eq!(directory.departments["市市场监管局"].parent.as_deref(), Some("珠海市"));
    }

    #[test]
    fn every_mistake_is_named_with_its_remedy() {
        let (_, problems) = read_text(
            r"
recipients:
  liaison: { title: 联络员, of: departmnt, chanels: [sms] }
  head: { of: department, channels: [smss, mail] }
departments:
  甲局:
    people:
      liason: [ { name: 甲, mobile: '1' } ]
      head: [ { mobile: 138000, email: 'a b@c' }, { name: 乙, mobile: '13800000000' } ]
regions: {}
",
            &None,
        );
        insta::assert_snapshot!(problems);
    }

    #[test]
    fn a_usual_channel_that_is_not_configured_is_a_warning_unless_another_name_stands_for_its_kind() {
        let channels = Some(BTreeMap::from([("post".into(), Address::Email)]));
        let (directory, problems) = read_text("recipients:\n  a: { channels: [email, sms, post] }\n", &channels);
        insta::assert_snapshot!(problems, @"directory.yaml:2:26: 警告[unconfigured-channel]: 配置里没有渠道“sms”，通知不会走它；在 duban.yaml 的 channels 中加上它，或从这里删去");
        assert_eq!(directory.recipients["a"].channels.len(), 3);
        assert_eq!(aliased("mail", &channels).map(|name| &**name), Some("post"));
        assert_eq!(aliased("sms", &channels), None);
    }
}
