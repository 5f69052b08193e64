//! The rules and calendars that a command runs on: those of the flags, else of the configuration, else `rules` and
//! `calendars` here. Warnings are left to `duban check`; with an error no command goes on.

use super::Common;
use crate::policy;
use crate::policy::directory::Directory;
use crate::policy::model::RuleSet;
use crate::text::problem::{Problems, Severity};
use std::path::PathBuf;
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
    /// The rules; where they have errors, these have been told and the exit code is given.
    pub(crate) fn load_rules(&self) -> Result<Rules, ExitCode> {
        let (rules, calendars) = self.directories()?;
        let loaded = policy::load(&rules, &calendars, &None);
        match loaded.rules {
            Some(set) => Ok(Rules { set: Arc::new(set), directory: loaded.directory }),
            None => Err(self.refuse(errors_of(&loaded.problems))),
        }
    }

    /// The configuration is asked only for what no flag says.
    fn directories(&self) -> Result<(PathBuf, PathBuf), ExitCode> {
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
