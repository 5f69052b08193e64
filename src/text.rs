//! Text files that operators write: YAML read into a tree that keeps the place of everything, and problems shown at
//! their place.

/// The language of messages to operators and supervisors. Logs and code are English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Lang {
    /// 中文
    #[default]
    Zh,
    /// English
    En,
}
