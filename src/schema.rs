//! JSON Schemas (draft-07, which YAML editors know best) of every YAML file, with Chinese titles and hover texts.
//!
//! A schema takes whatever the reader of that file takes, and of the keys exactly those that it takes: the tests hold both
//! against each other over every file that is shipped. Words that are an enumeration in the program are listed from there.
//! What only the whole of the files can say (whether a recipient is known, a span parses) is left to `duban check`.

mod calendar;
mod config;
mod directory;
mod parts;
mod policy;
mod rosters;
mod rule_test;
mod vocabulary;

use serde_json::Value;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `rules/*.yaml`.
    Policy,
    /// `rules/vocabulary.yaml`.
    Vocabulary,
    /// `rules/directory.yaml`.
    Directory,
    /// `rules/rosters.yaml`.
    Rosters,
    /// `calendars/*.yaml`.
    Calendar,
    /// `duban.yaml`.
    Config,
    /// `rules/tests/*.yaml`.
    RuleTest,
}

impl Kind {
    /// All of them, by the words of the command line.
    pub const WORDS: [(&str, Kind); 7] = [
        ("policy", Kind::Policy),
        ("vocabulary", Kind::Vocabulary),
        ("directory", Kind::Directory),
        ("rosters", Kind::Rosters),
        ("calendar", Kind::Calendar),
        ("config", Kind::Config),
        ("rule-test", Kind::RuleTest),
    ];

    /// What it is called, and which files are of it.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Kind::Policy => ("规则", "rules/*.yaml"),
            Kind::Vocabulary => ("词汇表", "rules/vocabulary.yaml"),
            Kind::Directory => ("通讯录", "rules/directory.yaml"),
            Kind::Rosters => ("轮值表", "rules/rosters.yaml"),
            Kind::Calendar => ("工作日历", "calendars/*.yaml"),
            Kind::Config => ("配置", "duban.yaml"),
            Kind::RuleTest => ("规则测试", "rules/tests/*.yaml"),
        }
    }

    /// The schema.
    pub fn schema(self) -> Value {
        let mut schema = match self {
            Kind::Policy => policy::schema(),
            Kind::Vocabulary => vocabulary::schema(),
            Kind::Directory => directory::schema(),
            Kind::Rosters => rosters::schema(),
            Kind::Calendar => calendar::schema(),
            Kind::Config => config::schema(),
            Kind::RuleTest => rule_test::schema(),
        };
        let (title, files) = self.title();
        schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
        schema["title"] = format!("督办{title}（{files}）").into();
        schema
    }
}

#[cfg(test)]
mod tests;
