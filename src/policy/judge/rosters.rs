//! Warnings about rosters: units behind whom nobody stands, and reminders that reach nobody.

use crate::policy::files::Loaded;
use crate::policy::roster::Member;
use crate::text::Text;
use crate::text::problem::{Problem, Problems};

/// Units that take turns and have nobody, and rosters that remind whom no recipient names.
pub(super) fn unstaffed(loaded: &Loaded, problems: &mut Problems) {
    let directory = &loaded.directory;
    if !loaded.has_directory {
        return;
    }
    for (roster, unit, place) in &loaded.roster_places.units {
        let member = Member::Unit(unit.clone());
        let has_people = |recipient: &str| !directory.behind(recipient, &member).is_empty();
        let mut recipients = directory.on_roster(roster).peekable();
        let is_staffed = if recipients.peek().is_none() {
            has_people("liaison")
        } else {
            recipients.all(|(name, _)| has_people(name))
        };
        if !is_staffed {
            let message = Text::new(
                format!("轮到“{unit}”时没有人：通讯录里它没有专职联络员，也没有为这个轮值登记人员"),
                format!(
                    "nobody stands behind `{unit}`: it has no liaison in the directory, nor people for this roster"
                ),
            );
            let hint = Text::new(
                "在 directory.yaml 的 departments 里登记它的人员（单位名要一字不差）",
                "list its people under `departments` in directory.yaml (by exactly this name)",
            );
            problems.push(Problem::warning(place, "nobody", message).hint(hint));
        }
    }
    for (name, roster) in &directory.rosters {
        let Some(place) = loaded.roster_places.rosters.get(name) else { continue };
        if roster.remind.is_some() && directory.on_roster(name).next().is_none() {
            let message = Text::new(
                format!("轮值“{name}”要提醒，但通讯录里没有以它为 roster 的通知对象，提醒送不到"),
                format!("`{name}` reminds, but no recipient of the directory has it as its `roster`"),
            );
            let hint = Text::new(
                format!("在 directory.yaml 的 recipients 里加上 {name}: {{ title: …, roster: {name}, channels: […] }}"),
                format!(
                    "add `{name}: {{ title: …, roster: {name}, channels: […] }}` to `recipients` in directory.yaml"
                ),
            );
            problems.push(Problem::warning(place, "nobody", message).hint(hint));
        }
    }
}
