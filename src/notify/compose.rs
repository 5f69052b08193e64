//! From a decision to its notices: who is told, what each reader is asked to do, and when it says nothing any more.
//!
//! The [`Teller`] changes with the rules, the directory and the templates, never with an order. It is called in the
//! transaction that saves a decision, and answers in well under a millisecond.

pub mod afterwards;
pub mod sample;

use crate::calendar::Calendar;
use crate::config::channels::{Channel, ChannelKind};
use crate::engine::decision::{Decision, Key};
use crate::notify::channel::Forms;
use crate::notify::facts::{Facts, Scene, Subject, is_order_confidential, told_to};
use crate::notify::notice::{NoticeKind, QueuedNotice, SALUTATION, Target};
use crate::notify::render::{Reader, Rendering};
use crate::notify::template::Templates;
use crate::notify::variables::Wanted;
use crate::notify::wording::Moment;
use crate::policy::directory::{Directory, Of};
use crate::symbol::Symbol;
use crate::time::Instant;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The recipient who is told of the daemon's own health, if the directory has it.
pub const OPERATORS: &str = "operators";

/// A channel that takes decisions.
#[derive(Clone, Debug)]
struct Taker {
    channel: Arc<str>,
    kinds: Vec<&'static str>,
    takes_confidential: bool,
}

/// What turns decisions into notices.
#[derive(Clone, Debug)]
pub struct Teller {
    directory: Arc<Directory>,
    templates: Arc<Templates>,
    public_url: Option<Arc<str>>,
    /// The channels that take decisions.
    takers: Vec<Taker>,
    /// The facts that templates of SMS gateways name.
    wanted: Wanted,
    /// What stands before a text that is of no order: as it is registered, where the configuration says so.
    signature: Arc<str>,
}

impl Teller {
    /// With the directory and the templates in force, and what the configuration says.
    pub fn new(
        directory: Arc<Directory>,
        templates: Arc<Templates>,
        public_url: Option<&str>,
        channels: &[Channel],
    ) -> Teller {
        let takers = channels.iter().filter_map(|channel| match &channel.kind {
            ChannelKind::Webhook(hook) if !hook.kinds.is_empty() => Some(Taker {
                channel: channel.name.clone(),
                kinds: hook.kinds.clone(),
                takes_confidential: hook.confidential,
            }),
            _ => None,
        });
        let wanted = channels.iter().flat_map(|channel| match &channel.kind {
            ChannelKind::Sms(sms) => sms.variables(),
            _ => BTreeSet::new(),
        });
        Teller {
            directory,
            templates,
            public_url: public_url.map(Arc::from),
            takers: takers.collect(),
            wanted: Wanted::new(wanted),
            signature: registered_signature(channels),
        }
    }

    /// The directory by which it tells.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Whether a decision is pushed to another system, which is told it as JSON.
    pub fn pushes(&self, decision: &Decision) -> bool {
        self.takers.iter().any(|taker| taker.kinds.contains(&decision.kind.name()))
    }

    /// The notices of a decision just made. `json` is the decision as the feed gives it, where it is pushed. A proposal is
    /// told to whoever is to approve it, and to nobody else.
    pub fn notices_for(&self, decision: &Decision, scene: Scene<'_>, json: &str) -> Vec<QueuedNotice> {
        let told = self.telling(decision, scene);
        match decision.approval {
            Some(approver) => told.to_recipients(&[approver], &[]),
            None => told.to_all(json),
        }
    }

    fn telling<'a>(&'a self, decision: &'a Decision, scene: Scene<'a>) -> Told<'a> {
        let (kind, key) = (NoticeKind::of(decision), decision.key.clone());
        Told { teller: self, decision, scene, about: key.clone(), key, kind, at: decision.made_at, waiting: false }
    }

    /// A notice that concerns no order, to a recipient of the directory; none where the directory has no such one. The
    /// key tells one from another: it is queued once.
    pub fn bulletin(&self, bulletin: &Bulletin<'_>) -> Option<QueuedNotice> {
        let Bulletin { key, recipient, title, text, ask, at, calendar, place, expires_at, kind } = *bulletin;
        self.directory.recipients.get(recipient)?;
        let facts = Facts {
            signature: self.signature.to_string(),
            rule: title.into(),
            text: text.into(),
            at: Moment::of(at, calendar, crate::notify::wording::year(at, calendar.zone())),
            salutation: SALUTATION.into(),
            ..Facts::default()
        };
        let reader = Reader { title: self.directory.title(recipient).into(), unit: String::new(), ask: ask.into() };
        Some(QueuedNotice {
            key: format!("{key}:{recipient}").into(),
            order: None,
            decision: None,
            kind,
            target: Target::Recipient { recipient: recipient.into(), place: place.map(Arc::from) },
            at,
            expires_at,
            confidential: false,
            calendar: Some(calendar.spec().name.as_str().into()),
            forms: Rendering::new(&self.templates, kind, &[], &facts, &self.wanted).forms(&reader),
        })
    }

    /// The notice of an incident of the daemon itself; none where the directory has no [`OPERATORS`]. `incident` tells one
    /// incident from another: while it lasts it is told once.
    pub fn health(
        &self,
        incident: &str,
        title: &str,
        text: &str,
        ask: &str,
        at: Instant,
        calendar: &Calendar,
    ) -> Option<QueuedNotice> {
        let key = format!("health:{incident}");
        self.bulletin(&Bulletin {
            key: &key,
            recipient: OPERATORS,
            title,
            text,
            ask,
            at,
            calendar,
            place: None,
            expires_at: None,
            kind: NoticeKind::Health,
        })
    }
}

/// The signature of the first SMS channel that has one; that of orders without a region where none has.
fn registered_signature(channels: &[Channel]) -> Arc<str> {
    let signature = channels.iter().find_map(|channel| match &channel.kind {
        ChannelKind::Sms(sms) => sms.signature(),
        _ => None,
    });
    signature.unwrap_or_else(|| crate::notify::facts::signature("")).into()
}

/// A notice that concerns no order.
#[derive(Clone, Copy)]
pub struct Bulletin<'a> {
    /// By what it is known.
    pub key: &'a str,
    /// To whom it goes.
    pub recipient: &'a str,
    /// What it is about.
    pub title: &'a str,
    /// What it says.
    pub text: &'a str,
    /// What the reader is to do.
    pub ask: &'a str,
    /// When.
    pub at: Instant,
    /// In whose zone instants are shown.
    pub calendar: &'a Calendar,
    /// Under what the recipient is looked up, if not everywhere alike: the date of a duty.
    pub place: Option<&'a str>,
    /// From when on it says nothing any more.
    pub expires_at: Option<Instant>,
    /// Of what kind it is: [`NoticeKind::Health`] or [`NoticeKind::Duty`].
    pub kind: NoticeKind,
}

/// A decision being told.
struct Told<'a> {
    teller: &'a Teller,
    decision: &'a Decision,
    scene: Scene<'a>,
    /// The decision that the store has: of a lifting the one that is lifted.
    about: Key,
    key: Arc<str>,
    kind: NoticeKind,
    at: Instant,
    /// Whether a proposal is told of once more, because it still waits.
    waiting: bool,
}

impl Told<'_> {
    fn to_all(&self, json: &str) -> Vec<QueuedNotice> {
        let mut notices = self.to_recipients(told_to(self.decision), &self.decision.cc);
        notices.extend(self.to_systems(json));
        notices
    }

    fn to_recipients(&self, to: &[Symbol], cc: &[Symbol]) -> Vec<QueuedNotice> {
        let Some(subject) = Subject::of(self.decision, self.scene) else {
            tracing::error!(order = %self.scene.history.order, decision = %self.key, "no version of the rules has the policy of a decision");
            return Vec::new();
        };
        let mut facts = subject.facts(&self.teller.directory);
        facts.confidential = is_order_confidential(self.scene.state) || self.is_confidential();
        facts.salutation = SALUTATION.into();
        (facts.url, facts.objection_url) = self.links();
        if self.waiting {
            facts.waiting = format!("{}提请，尚未答复", subject.moment(self.decision.made_at).text);
        }
        let policies = subject.policies();
        let rendering = Rendering::new(&self.teller.templates, self.kind, &policies, &facts, &self.teller.wanted);
        let calendar: Arc<str> = subject.policy.calendar.spec().name.as_str().into();
        let mut told: Vec<Symbol> = Vec::new();
        let mut notices = Vec::new();
        for (at, &recipient) in to.iter().chain(cc).enumerate() {
            // Whoever is only copied may be nobody; who must be told and is nobody is queued, given up and shown.
            let copied = at >= to.len();
            if !(told.contains(&recipient) || copied && self.people_are_missing(recipient)) {
                told.push(recipient);
                let notice = self.to_recipient(recipient, self.role(recipient, to, copied), &facts, &rendering);
                notices.push(QueuedNotice { calendar: Some(calendar.clone()), ..notice });
            }
        }
        notices
    }

    /// What goes to a confidential recipient is confidential to whoever else is told of it.
    fn is_confidential(&self) -> bool {
        let named = [self.decision.to.as_slice(), &self.decision.cc].concat();
        self.teller.directory.is_confidential(&named)
    }

    fn links(&self) -> (String, String) {
        let Some(base) = &self.teller.public_url else { return Default::default() };
        let order = encoded(&self.scene.history.order);
        let page = format!("{}/orders/{order}", base.trim_end_matches('/'));
        let decision = encoded(&self.about);
        (format!("{page}?decision={decision}"), format!("{page}/objection?decision={decision}"))
    }

    fn place(&self, recipient: Symbol) -> Option<Arc<str>> {
        let department = self.scene.department(self.decision);
        self.teller.directory.place(recipient.as_str(), department.as_deref(), &self.scene.state.attributes)
    }

    fn people_are_missing(&self, recipient: Symbol) -> bool {
        let directory = &self.teller.directory;
        let place = self.place(recipient);
        let needs_people = directory
            .recipients
            .get(recipient.as_str())
            .is_none_or(|known| known.of.is_some() && known.roster.is_none());
        needs_people && directory.people(recipient.as_str(), place.as_deref()).is_empty()
    }

    fn to_recipient(&self, recipient: Symbol, role: Role, facts: &Facts, rendering: &Rendering<'_>) -> QueuedNotice {
        let own = matches!(role, Role::Doer | Role::Head) && self.is_of_department(recipient);
        let reader = Reader {
            title: self.teller.directory.title(recipient.as_str()).into(),
            unit: if own { "你单位".into() } else { facts.department.clone() },
            ask: ask(self.kind, role, facts),
        };
        QueuedNotice {
            key: format!("{}:{recipient}", self.key).into(),
            order: Some(self.scene.history.order.clone()),
            decision: Some(self.about.clone()),
            kind: self.kind,
            target: Target::Recipient { recipient: recipient.as_str().into(), place: self.place(recipient) },
            at: self.at,
            expires_at: self.expires_at(facts),
            confidential: facts.confidential,
            calendar: None,
            forms: rendering.forms(&reader),
        }
    }

    /// A reminder of what is still to come says nothing any more once that has come.
    fn expires_at(&self, facts: &Facts) -> Option<Instant> {
        self.decision.due.filter(|_| self.kind == NoticeKind::Remind && facts.phase == "before")
    }

    fn to_systems(&self, json: &str) -> Vec<QueuedNotice> {
        let kind = self.decision.kind.name();
        let is_secret = is_order_confidential(self.scene.state) || self.is_confidential();
        let wants_it = |taker: &&Taker| taker.kinds.contains(&kind) && (taker.takes_confidential || !is_secret);
        let takers = self.teller.takers.iter().filter(wants_it);
        takers
            .map(|Taker { channel, .. }| QueuedNotice {
                key: format!("{}>{channel}", self.key).into(),
                order: Some(self.scene.history.order.clone()),
                decision: Some(self.about.clone()),
                kind: self.kind,
                target: Target::Channel(channel.clone()),
                at: self.at,
                expires_at: None,
                confidential: false,
                calendar: None,
                forms: Forms { json: json.to_owned(), ..Forms::default() },
            })
            .collect()
    }

    fn is_of_department(&self, recipient: Symbol) -> bool {
        let known = self.teller.directory.recipients.get(recipient.as_str());
        known.is_some_and(|known| known.of == Some(Of::Department))
    }

    /// What part a recipient has in a decision.
    fn role(&self, recipient: Symbol, to: &[Symbol], copied: bool) -> Role {
        let of = self.teller.directory.recipients.get(recipient.as_str()).and_then(|known| known.of.as_ref());
        let title = self.teller.directory.title(recipient.as_str());
        let heads = title.contains("负责人") || title.contains("领导") || recipient.as_str().contains("head");
        let departments_are_told = to.iter().any(|name| self.is_of_department(*name));
        match of {
            _ if copied => Role::Observer,
            Some(Of::Department) if heads => Role::Head,
            Some(Of::Department) => Role::Doer,
            Some(Of::Parent) => Role::Head,
            // What the hotline itself is to do is told to it first.
            _ if !departments_are_told && to.first() == Some(&recipient) => Role::Doer,
            _ => Role::Observer,
        }
    }
}

/// What part a reader has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Does what is asked for.
    Doer,
    /// Sees to it that their people do.
    Head,
    /// Knows, and follows.
    Observer,
}

/// What a reader is asked to do, one clause.
fn ask(kind: NoticeKind, role: Role, facts: &Facts) -> String {
    let duty = facts.duty.as_str();
    match (kind, role) {
        (NoticeKind::Proposal, _) => "审阅后在工单页答复同意或不同意".into(),
        (NoticeKind::Revocation, _) => "按撤销后的情况办理，原通知作废".into(),
        (NoticeKind::Flag | NoticeKind::Route, Role::Observer) => "知悉".into(),
        (NoticeKind::Flag, _) => "核实情况，在工单页登记处理意见".into(),
        (NoticeKind::Route, _) => "按职责核查处理，并反馈处理结果".into(),
        (NoticeKind::Return, Role::Observer) => "跟踪重办情况".into(),
        (NoticeKind::Return, Role::Head) => format!("督促{}", by_then(facts, "重新办理")),
        (NoticeKind::Return, Role::Doer) => {
            format!("于{}", by_then(facts, "时限内重新办理")).replace("于时限内", "在时限内")
        }
        (_, Role::Observer) if facts.phase == "event" || duty.is_empty() => "知悉".into(),
        _ if facts.stopped.is_some() => "核对登记的时间，如有误在工单页提出".into(),
        (NoticeKind::Notify, Role::Doer) if facts.phase == "event" && facts.duties.is_empty() => "知悉并办理".into(),
        (NoticeKind::Notify, Role::Doer) if facts.phase == "event" => format!("于{}", by_then(facts, "办理")),
        (_, Role::Head) if facts.phase == "event" || duty.is_empty() => "督促办理".into(),
        (_, Role::Doer) if duty.is_empty() => "尽快办理并登记".into(),
        (NoticeKind::RedCard, Role::Head) => format!("于今日内督促{duty}并登记"),
        (NoticeKind::RedCard, Role::Doer) => format!("于今日内{duty}并登记"),
        (NoticeKind::Remind, Role::Head) => format!("督促按时{duty}"),
        (NoticeKind::Remind, Role::Doer) => format!("按时{duty}并登记"),
        (_, Role::Head) => format!("督促立即{duty}并登记"),
        (_, Role::Doer) => format!("立即{duty}并登记"),
        (_, Role::Observer) => format!("督促承办单位{duty}"),
    }
}

/// 5月9日11:00前联系诉求人，5月13日17:30前办结: what began, each by its due.
fn by_then(facts: &Facts, otherwise: &str) -> String {
    let each = |duty: &crate::notify::facts::Duty| format!("{}前{}", duty.due.brief, duty.duty);
    let listed = facts.duties.iter().map(each).collect::<Vec<_>>().join("，");
    if listed.is_empty() { otherwise.into() } else { listed }
}

/// Percent-encoded for a path or a query.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod cases;
