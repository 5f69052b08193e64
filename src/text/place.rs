//! Where in which file something stands.

use std::fmt;
use std::sync::Arc;

/// A text file as it was read, under the name by which it is shown.
#[derive(PartialEq, Eq)]
pub struct Source {
    /// The path as the user would name it.
    pub path: String,
    /// The whole text, without a byte order mark; empty if it could not be read.
    pub text: String,
    line_starts: Vec<usize>,
}

impl fmt::Debug for Source {
    // The text is left out: a derived form would drown what it is part of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Source {
    /// A text under its name.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Source> {
        let text = text.into();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(Source { path: path.into(), text, line_starts })
    }

    /// Line and column (in characters) of a byte offset, both from 1.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        (line, self.text[start..offset].chars().count() + 1)
    }

    /// The greatest character boundary at or before the offset.
    fn floor(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        (0..=offset).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0)
    }
}

/// A stretch of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// First byte.
    pub start: usize,
    /// The byte after the last one; equal to `start` for a mere point.
    pub end: usize,
}

impl Place {
    /// A stretch of a file, clipped to it.
    pub fn new(source: &Arc<Source>, start: usize, end: usize) -> Place {
        let start = source.floor(start);
        Place { source: Arc::clone(source), start, end: source.floor(end).max(start) }
    }

    /// The start of a file: for what concerns it as a whole.
    pub fn whole(source: &Arc<Source>) -> Place {
        Place::new(source, 0, 0)
    }

    /// Line and column of the first character, both from 1, the column in characters.
    pub fn line_column(&self) -> (usize, usize) {
        self.source.line_column(self.start)
    }

    /// The text that stands there.
    pub fn text(&self) -> &str {
        &self.source.text[self.start..self.end]
    }
}

impl fmt::Display for Place {
    /// `FILE:LINE:COLUMN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.source.path)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_characters() {
        let source = Source::new("甲.yaml", "标题: 办结\nb: c");
        assert_eq!(source.line_column(source.text.find('办').unwrap()), (1, 5));
        assert_eq!(Place::new(&source, source.text.find('c').unwrap(), 99).to_string(), "甲.yaml:2:4");
    }

    #[test]
    fn offsets_beyond_the_text_or_inside_a_character_are_clipped() {
        let source = Source::new("a", "办");
        assert_eq!(source.line_column(1), (1, 1));
        assert_eq!(source.line_column(50), (1, 2));
        assert_eq!(Place::new(&source, 1, 2).text(), "");
    }
}
