//! What `duban check` says of channels that are right by themselves: what they ask for and will not get.

use super::yuezhengyi::FormOfKind;
use super::{Channel, ChannelKind};
use crate::policy::directory::Directory;
use crate::text::Text;
use crate::text::problem::{Problem, Problems, Severity};
use crate::text::want::{self, Word};

/// Warns of cards that lead nowhere, and of recipients to be named in groups whom the directory does not have (where there
/// is one that could be read).
pub fn judge(channels: &[Channel], has_pages: bool, directory: Option<&Directory>, problems: &mut Problems) {
    for channel in channels {
        match &channel.kind {
            ChannelKind::YuezhengyiApp(app) => cards(&app.forms, has_pages, problems),
            ChannelKind::YuezhengyiRobot(robot) => {
                cards(&robot.forms, has_pages, problems);
                let Some(directory) = directory else { continue };
                for named in robot.mention.iter().flatten() {
                    mentioned(Word { text: &named.name, place: &named.place }, directory, problems);
                }
            }
            _ => {}
        }
    }
}

fn cards(forms: &FormOfKind, has_pages: bool, problems: &mut Problems) {
    let Some(place) = forms.cards_at.as_ref().filter(|_| !has_pages) else { return };
    let message = Text::new(
        "卡片要有链接可以点开，没有 public_url 就没有链接：改发 markdown",
        "a card must open something, and without `public_url` there is no page: markdown is sent instead",
    );
    let hint = Text::new("在 duban.yaml 里写上 public_url", "give `public_url`");
    problems.push(Problem::warning(place, "card-without-page", message).hint(hint));
}

fn mentioned(name: Word<'_>, directory: &Directory, problems: &mut Problems) {
    if directory.recipients.contains_key(name.text) {
        return;
    }
    let known = directory.recipients.keys().map(|name| &**name);
    let problem = want::unknown_word(name, "unknown-recipient", ("收件人", "recipient"), known);
    problems.push(Problem { severity: Severity::Warning, ..problem });
}
