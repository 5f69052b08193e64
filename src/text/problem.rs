//! Problems: what is wrong with a file, where, and what to write instead.

use crate::text::Text;
use crate::text::codes;
use crate::text::place::Place;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The files cannot be used.
    Error,
    /// They can, but a person should look.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// Its kind, a stable word for machines such as `unknown-key`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, one sentence without a full stop.
    pub message: Text,
    /// What to write instead.
    pub hint: Option<Text>,
    /// Other places that belong to it, each with what it is.
    pub related: Vec<(Place, Text)>,
    /// Whether the text at its place must not be shown, because there is a secret in it.
    pub is_veiled: bool,
}

impl Problem {
    /// An error.
    pub fn error(place: &Place, code: &'static str, message: Text) -> Problem {
        debug_assert!(codes::find(code).is_some(), "`{code}` is not in text/codes.rs: say there what it means");
        let place = place.clone();
        Problem { place, code, severity: Severity::Error, message, hint: None, related: Vec::new(), is_veiled: false }
    }

    /// A warning.
    pub fn warning(place: &Place, code: &'static str, message: Text) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(place, code, message) }
    }

    /// With what to write instead.
    #[must_use]
    pub fn hint(self, hint: Text) -> Problem {
        Problem { hint: Some(hint), ..self }
    }

    /// With another place that belongs to it.
    #[must_use]
    pub fn related(mut self, place: &Place, label: Text) -> Problem {
        self.related.push((place.clone(), label));
        self
    }
}

/// All problems found so far, of all files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems {
    list: Vec<Problem>,
    seen: HashSet<Key>,
    of_file: HashMap<String, usize>,
}

/// So many problems of one file are told: one with more is not what it says it is.
const OF_FILE_MAX: usize = 1000;

fn too_many(last: &Problem) -> Problem {
    let message = Text::new("这个文件的问题太多，其余不再列出", "too many problems in this file: the rest is left out");
    let hint = Text::new("先改正上面的问题，再检查一遍", "mend those above and check again");
    Problem::error(&last.place, "too-many", message).hint(hint)
}

type Key = (String, usize, &'static str, String);

fn key(problem: &Problem) -> Key {
    let Problem { place, code, message, .. } = problem;
    (place.source.path.clone(), place.start, code, message.en.clone())
}

impl Problems {
    /// None yet.
    pub fn new() -> Problems {
        Problems::default()
    }

    /// Adds one; the same problem at the same place is kept once (a base policy is read once for each that extends it).
    pub fn push(&mut self, problem: Problem) {
        if !self.seen.insert(key(&problem)) {
            return;
        }
        let known = self.of_file.entry(problem.place.source.path.clone()).or_default();
        *known += 1;
        match (*known).cmp(&OF_FILE_MAX) {
            Ordering::Less => self.list.push(problem),
            Ordering::Equal => self.list.push(too_many(&problem)),
            Ordering::Greater => {}
        }
    }

    /// Takes one back that turned out to be the same mistake as another.
    pub fn withdraw(&mut self, problem: &Problem) {
        self.list.retain(|known| known != problem);
        self.seen.remove(&key(problem));
    }

    /// Adds all of another collection.
    pub fn append(&mut self, other: Problems) {
        other.list.into_iter().for_each(|problem| self.push(problem));
    }

    /// Veils all problems that would show a line of one of this kind.
    pub fn veil(&mut self, code: &str) {
        let line = |place: &Place| (place.source.path.clone(), place.line_column().0);
        let of_code = self.list.iter().filter(|problem| problem.code == code);
        let secret: HashSet<(String, usize)> = of_code.map(|problem| line(&problem.place)).collect();
        for problem in &mut self.list {
            let places = problem.related.iter().map(|(place, _)| place).chain([&problem.place]);
            let shown: Vec<(String, usize)> = places.map(line).collect();
            let lies_between = |(path, line): &(String, usize)| {
                let of_file = shown.iter().filter(|(of, _)| of == path).map(|(_, line)| line);
                of_file.clone().min() <= Some(line) && Some(line) <= of_file.max()
            };
            problem.is_veiled |= secret.iter().any(lies_between);
        }
    }

    /// All of them, by file and place.
    pub fn sorted(mut self) -> Vec<Problem> {
        self.list.sort_by(|a, b| {
            (&a.place.source.path, a.place.start, a.severity).cmp(&(&b.place.source.path, b.place.start, b.severity))
        });
        self.list
    }

    /// In the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.iter().any(|problem| problem.severity == Severity::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::place::Source;

    #[test]
    fn the_same_problem_is_kept_once_and_a_file_has_a_thousand_at_most() {
        let source = Source::new("a.yaml", "x".repeat(5000));
        let problem = |at| Problem::warning(&Place::new(&source, at, at), "never", Text::new("错", "wrong"));
        let mut problems = Problems::new();
        problems.push(problem(1));
        problems.push(problem(1));
        assert_eq!((problems.len(), problems.has_errors()), (1, false));
        (0..5000).for_each(|at| problems.push(problem(at)));
        assert_eq!((problems.len(), problems.has_errors()), (1000, true));
        assert_eq!(problems.iter().last().map(|last| last.code), Some("too-many"));
    }
}
