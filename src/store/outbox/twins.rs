//! Targets and forms as JSON in the store. What was written stays readable: a member may be added with a default, none renamed.

use crate::notify::channel::{Forms, OwnForms};
use crate::notify::notice::Target;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TargetTwin<'a> {
    Recipient { recipient: Cow<'a, str>, place: Option<Cow<'a, str>> },
    Channel(Cow<'a, str>),
}

#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct FormsTwin<'a> {
    short: Cow<'a, str>,
    markdown: Cow<'a, str>,
    subject: Cow<'a, str>,
    text: Cow<'a, str>,
    links: Vec<Cow<'a, str>>,
    json: Cow<'a, str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    own: BTreeMap<Cow<'a, str>, OwnTwin<'a>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct OwnTwin<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    short: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
}

impl OwnTwin<'_> {
    fn of(forms: &OwnForms) -> OwnTwin<'_> {
        let OwnForms { short, markdown, subject, text } = forms;
        let [short, markdown, subject, text] =
            [short, markdown, subject, text].map(|form| form.as_deref().map(Cow::from));
        OwnTwin { short, markdown, subject, text }
    }

    fn read(self) -> OwnForms {
        let OwnTwin { short, markdown, subject, text } = self;
        let [short, markdown, subject, text] = [short, markdown, subject, text].map(|form| form.map(Cow::into_owned));
        OwnForms { short, markdown, subject, text }
    }
}

pub(in crate::store) fn write_target(target: &Target) -> String {
    let twin = match target {
        Target::Recipient { recipient, place } => {
            TargetTwin::Recipient { recipient: (&**recipient).into(), place: place.as_deref().map(Cow::from) }
        }
        Target::Channel(channel) => TargetTwin::Channel((&**channel).into()),
    };
    serde_json::to_string(&twin).expect("texts can be written")
}

pub(super) fn read_target(text: &str) -> Option<Target> {
    Some(match serde_json::from_str(text).ok()? {
        TargetTwin::Recipient { recipient, place } => {
            Target::Recipient { recipient: (&*recipient).into(), place: place.as_deref().map(Arc::from) }
        }
        TargetTwin::Channel(channel) => Target::Channel((&*channel).into()),
    })
}

pub(in crate::store) fn write_forms(forms: &Forms) -> String {
    let twin = FormsTwin {
        short: forms.short.as_str().into(),
        markdown: forms.markdown.as_str().into(),
        subject: forms.subject.as_str().into(),
        text: forms.text.as_str().into(),
        links: forms.links.iter().map(|link| link.as_str().into()).collect(),
        json: forms.json.as_str().into(),
        variables: forms.variables.iter().map(|(name, text)| ((&**name).into(), text.as_str().into())).collect(),
        own: forms.own.iter().map(|(channel, own)| ((&**channel).into(), OwnTwin::of(own))).collect(),
    };
    serde_json::to_string(&twin).expect("texts can be written")
}

pub(super) fn read_forms(text: &str) -> Option<Forms> {
    let twin: FormsTwin<'_> = serde_json::from_str(text).ok()?;
    Some(Forms {
        short: twin.short.into_owned(),
        markdown: twin.markdown.into_owned(),
        subject: twin.subject.into_owned(),
        text: twin.text.into_owned(),
        links: twin.links.into_iter().map(Cow::into_owned).collect(),
        json: twin.json.into_owned(),
        variables: twin.variables.into_iter().map(|(name, text)| ((&*name).into(), text.into_owned())).collect(),
        own: twin.own.into_iter().map(|(channel, own)| ((&*channel).into(), own.read())).collect(),
    })
}
