//! The rules and calendars that a command runs on: those of the flags, else of the configuration, else `rules` and
//! `calendars` here. Warnings are left to `duban check`; with an error no command goes on.

use super::Common;
use crate::config::Config;
use crate::policy;
use crate::policy::directory::Directory;
use crate::policy::directory::read::Channels;
use crate::policy::files::Loaded;
use crate::policy::model::RuleSet;
use crate::text::problem::{Problems, Severity};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Rules without errors.
#[derive(Debug)]
pub(crate) struct Rules {
    /// What decides.
    pub(crate) set: Arc<RuleSet>,
    /// Who is told.
    pub(crate) directory: Directory,
}

impl Common {
    /// The rules with all that is known of them, and where they are; where they have errors, these have been told and the
    /// exit code is given.
    pub(crate) fn load_all(&self) -> Result<(PathBuf, Loaded), ExitCode> {
        let (rules, calendars) = self.directories()?;
        let loaded = policy::load(&rules, &calendars, &None);
        match loaded.rules {
            Some(_) => Ok((rules, loaded)),
            None => Err(self.refuse(errors_of(&loaded.problems))),
        }
    }

    /// The rules; where they have errors, these have been told and the exit code is given.
    pub(crate) fn load_rules(&self) -> Result<Rules, ExitCode> {
        let (rules, calendars) = self.directories()?;
        let (set, loaded) = self.load_files(&rules, &calendars)?;
        Ok(Rules { set, directory: loaded.directory })
    }

    /// The rules of these directories, and what else was read there; where they have errors, these have been told.
    pub(super) fn load_files(&self, rules: &Path, calendars: &Path) -> Result<(Arc<RuleSet>, Loaded), ExitCode> {
        let mut loaded = policy::load(rules, calendars, &self.channels());
        match loaded.rules.take() {
            Some(set) => Ok((Arc::new(set), loaded)),
            None => Err(self.refuse(errors_of(&loaded.problems))),
        }
    }

    /// The channels of the configuration, if there is one that can be read: a directory may name any of them. What is wrong
    /// with the configuration is no matter of the rules.
    fn channels(&self) -> Channels {
        let flag = self.config.as_deref();
        match Config::load(flag, &mut Problems::new()) {
            Some(config) => config.addresses(),
            None => Config::named_channels(flag).flatten(),
        }
    }

    /// The configuration is asked only for what no flag says.
    pub(super) fn directories(&self) -> Result<(PathBuf, PathBuf), ExitCode> {
        if let (Some(rules), Some(calendars)) = (&self.rules, &self.calendars) {
            return Ok((rules.clone(), calendars.clone()));
        }
        let config = self.config()?;
        Ok((config.rules, config.calendars))
    }
}

fn errors_of(all: &Problems) -> Problems {
    let mut errors = Problems::new();
    for problem in all.iter().filter(|problem| problem.severity == Severity::Error) {
        errors.push(problem.clone());
    }
    errors
}
