//! Text files that operators write: YAML read into a tree that keeps the place of everything, and problems shown at
//! their place.
//!
//! A reader of such a file never stops at its first mistake: it takes a [`tree::Node`], asks for what it needs with
//! [`want`] and [`want::Fields`], and every mistake lands in one [`problem::Problems`]. What is returned as `None` has
//! been named there. Nothing here reads a clock.

pub mod codes;
pub mod nearest;
pub mod place;
pub mod problem;
pub mod show;
pub mod tree;
pub mod want;
pub mod yaml;

/// The language of messages to operators and supervisors. Logs and code are English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Lang {
    /// 中文
    #[default]
    Zh,
    /// English
    En,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// 中文.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A sentence in both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }

    /// The sentence in one of them.
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}
