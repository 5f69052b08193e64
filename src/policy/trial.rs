//! A small rules directory for tests, in which single lines are written otherwise.

use crate::calendar::read::{self, Calendars};
use crate::policy;
use crate::policy::directory::read::Channels;
use crate::policy::files::{Loaded, Version, load_over};
use crate::text::problem::{Problem, Problems};
use crate::text::{Lang, show};
use crate::time::Instant;
use std::sync::{Arc, OnceLock};

pub(crate) const FILES: [(&str, &str); 4] = [
    ("calendars/zh.yaml", CALENDAR),
    ("rules/vocabulary.yaml", VOCABULARY),
    ("rules/directory.yaml", DIRECTORY),
    ("rules/p.yaml", POLICY),
];

const CALENDAR: &str = r#"calendar: zh
timezone: Asia/Shanghai
covers: "2020-01-01..2030-12-31"
hours: [ { days: [mon, tue, wed, thu, fri], open: ["08:30-12:00", "14:30-17:30"] } ]
"#;

const VOCABULARY: &str = r"order:
  region: text
  category: { title: 诉求类别, one_of: [咨询, 求助, 投诉] }
  department: department
  joint: boolean
  amount: number
events:
  called_back: { title: 回访, attrs: { satisfaction: [满意, 基本满意, 不满意], reached: boolean } }
  staged_reply: { attrs: { next_reply_by: instant } }
  missed_call: { title: 漏接来电, attrs: { call: text } }
  call_returned: { title: 回拨, attrs: { call: text } }
counts:
  dissatisfied: { title: 不满意次数, event: called_back, when: { satisfaction: 不满意 }, after: completed }
terms:
  不满意: { satisfaction: 不满意 }
figures:
  三方通话: { title: 三方通话量, unit: 次, per: day }
";

const DIRECTORY: &str = r#"recipients:
  handler: { title: 经办人, of: department }
  liaison: { title: 专职联络员, of: department }
  supervision-office: { title: 督查室, of: region }
  hotline-supervisor: { title: 主管, people: [ { name: 丙, mobile: "13800000003" } ] }
departments:
  甲局: { people: { handler: [ { name: 甲, mobile: "13800000001" } ], liaison: [ { name: 乙, mobile: "13800000002" } ] } }
region:
  珠海市: { people: { supervision-office: [ { name: 丁, mobile: "13800000004" } ] } }
"#;

const POLICY: &str = r#"policy: p
title: 时效
source: 文〔2024〕1号
calendar: zh
effective: "2024-01-01"
applies: { region: 珠海市 }
ladders:
  黄红牌:
    - { at: due, card: yellow, notify: [handler, liaison] }
    - { after: 1 working day, card: red, notify: hotline-supervisor }
deadlines:
  response:
    title: 响应
    clause: 二
    start: [signed, returned]
    stop: [contacted, completed]
    within: 1 working hour
    ladder: [ { before: 20 working minutes, remind: handler }, 黄红牌 ]
  completion:
    title: 办结
    clause: 二
    start: dispatched
    stop: completed
    within:
      - { when: { category: 咨询 }, is: 2 working days }
      - { is: 4 working days }
    extends: { at_most: 4 working days, times: 1, when: { reason: { present: true } }, local: true }
    ladder: 黄红牌
  reply:
    title: 阶段答复
    clause: 三
    start: staged_reply
    stop: completed
    each: true
    due_from: next_reply_by
reactions:
  redo:
    title: 退回
    clause: 三
    upon: called_back
    when: [ 不满意, { joint: { not: true } } ]
    return: true
    notify: liaison
"#;

/// Compiling a calendar takes a while without optimization, and it is mostly the same.
static CALENDARS: OnceLock<(Arc<Calendars>, Version)> = OnceLock::new();

/// What is read when the files say otherwise: a fragment of some file replaced by another text. A fragment that is not
/// there is an error of the test. A replacement whose first part names a file (`rules/q.yaml`) is that file's content.
pub(crate) fn load(changes: &[(&str, &str)], channels: &Channels) -> Loaded {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files: Vec<(String, String)> = FILES.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    for (written, instead) in changes {
        if written.starts_with("rules/") || written.starts_with("calendars/") {
            files.retain(|(name, _)| name != written);
            files.push(((*written).to_owned(), (*instead).to_owned()));
        } else {
            let file = files.iter_mut().find(|(_, text)| text.contains(written)).expect("the fragment is there");
            file.1 = file.1.replacen(written, instead, 1);
        }
    }
    for name in ["rules", "calendars"] {
        std::fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    for (name, text) in files.iter().filter(|(_, text)| text != "(none)") {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let (rules, calendars) = (folder.path().join("rules"), folder.path().join("calendars"));
    if files.iter().any(|(name, text)| name == "calendars/zh.yaml" && text != CALENDAR) {
        return policy::load(&rules, &calendars, channels);
    }
    let read = || (Arc::new(read::load(&calendars, &mut Problems::new())), Version::of_calendars(&calendars));
    let (calendars, version) = CALENDARS.get_or_init(read).clone();
    load_over(&rules, calendars, version, channels, Problems::new())
}

/// A token of the text replaced, dropped or doubled.
pub(crate) fn mutated(text: &str, at: usize, instead: &str) -> String {
    let starts: Vec<usize> = text.char_indices().filter(|(_, c)| !c.is_alphanumeric()).map(|(at, _)| at).collect();
    let number = at % (starts.len() - 1);
    format!("{} {instead}{}", &text[..starts[number]], &text[starts[number + 1]..])
}

/// What `check` says of it, one line a problem, as of an instant.
pub(crate) fn says_at(changes: &[(&str, &str)], now: &str) -> String {
    let mut loaded = load(changes, &None);
    policy::judge::judge(&mut loaded, &None, Instant::parse(now).expect("an instant"));
    shown(&loaded.problems.sorted())
}

/// What `check` says of it in 2024, one line a problem.
pub(crate) fn says(changes: &[(&str, &str)]) -> String {
    says_at(changes, "2024-06-01T00:00:00+08:00")
}

fn shown(problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| {
        let line = show::brief(problem, Lang::Zh);
        let folder = line.find("/rules").or(line.find("/calendars")).map_or(0, |at| at + 1);
        line[folder..].to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
