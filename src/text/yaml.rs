//! YAML files read into a tree of places.
//!
//! The event parser beneath `serde-saphyr` is used directly: deserialization would stop at a file's first structural
//! mistake and forget whether a scalar was quoted. Bounds hold whatever a file contains: 4 MiB of text, 250 000 values
//! (what aliases stand for included), 64 levels. A file beyond them is refused with a problem, never read in part.

use crate::text::Text;
use crate::text::place::{Place, Source};
use crate::text::problem::{Problem, Problems};
use crate::text::tree::{Entry, Key, Kind, Node, Scalar};
use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, Tag};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod syntax;

/// The greatest size of a file, in bytes.
pub const BYTES_MAX: usize = 4 << 20;
const NODES_MAX: usize = 250_000;
const DEPTH_MAX: usize = 64;

/// Reads a file; an empty one is a null. None: it could not be read, and why has been put into the problems.
pub fn read_file(path: &Path, problems: &mut Problems) -> Option<Node> {
    let shown = path.display().to_string();
    match bytes_of(path) {
        Ok(bytes) => read(&shown, &bytes, problems),
        Err(error) => {
            problems.push(unreadable(&shown, &error));
            None
        }
    }
}

/// The YAML files of a folder by name, hidden ones left out; a folder that cannot be listed is a problem and has none.
pub fn files_in(folder: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = listed.unwrap_or_else(|error| {
        problems.push(unreadable(&folder.display().to_string(), &error));
        Vec::new()
    });
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(|path| is_yaml(path)).collect();
    files.sort();
    files
}

fn is_yaml(path: &Path) -> bool {
    let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !is_hidden && path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The problem of a file or folder that cannot be read.
pub fn unreadable(path: &str, error: &std::io::Error) -> Problem {
    let place = Place::whole(&Source::new(path, ""));
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    let message = if missing {
        Text::new(format!("找不到“{path}”"), format!("`{path}` is not there"))
    } else {
        Text::new(format!("无法读取“{path}”：{error}"), format!("`{path}` cannot be read: {error}"))
    };
    Problem::error(&place, "unreadable", message)
        .hint(Text::new("检查路径是否正确、文件是否存在且有读取权限", "check the path and the permissions"))
}

/// At most one byte more than is allowed. What is no regular file (a pipe, a device) could block or never end.
fn bytes_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the bytes of a file under the name by which it is shown.
pub fn read(path: &str, bytes: &[u8], problems: &mut Problems) -> Option<Node> {
    if bytes.len() > BYTES_MAX {
        let place = Place::whole(&Source::new(path, ""));
        problems.push(
            Problem::error(&place, "too-large", Text::new("文件超过 4 MiB，不予读取", "the file is larger than 4 MiB"))
                .hint(Text::new("把它拆成几个文件", "split it into several files")),
        );
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => read_text(&Source::new(path, text.strip_prefix('\u{feff}').unwrap_or(text)), problems),
        Err(error) => {
            problems.push(not_utf8(path, bytes, error.valid_up_to()));
            None
        }
    }
}

/// The place is that of the first byte that is wrong, in the text with such bytes replaced.
fn not_utf8(path: &str, bytes: &[u8], valid: usize) -> Problem {
    let source = Source::new(path, String::from_utf8_lossy(bytes));
    let place = Place::new(&source, valid, valid + '\u{fffd}'.len_utf8());
    let message = Text::new("文件不是 UTF-8 编码", "the file is not UTF-8");
    Problem::error(&place, "encoding", message).hint(Text::new(
        "用编辑器把文件另存为 UTF-8（旧系统导出的文件多为 GBK）",
        "save the file as UTF-8 (exports of older systems are often GBK)",
    ))
}

/// Reads a text already at hand.
pub fn read_text(source: &Arc<Source>, problems: &mut Problems) -> Option<Node> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder::new(source, problems);
    for step in Parser::new_from_str_with_options(&source.text, options) {
        let taken = match step {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(builder.syntax(&error)),
        };
        if let Err(problem) = taken {
            builder.problems.push(*problem);
            return None;
        }
    }
    Some(builder.root.unwrap_or(Node { place: Place::whole(source), kind: Kind::Null }))
}

type Stop = Box<Problem>;

/// A collection not yet closed.
struct Open {
    start: usize,
    anchor: usize,
    height: usize,
    parts: Parts,
}

enum Parts {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, seen: HashSet<String>, key: Option<PendingKey> },
}

/// A key whose value has not come yet; with no key where the key was wrong and the entry is left out.
struct PendingKey(Option<Key>);

/// A finished anchored value, how many values it is, and how deep.
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    problems: &'a mut Problems,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    root: Option<Node>,
    documents: usize,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<Source>, problems: &'a mut Problems) -> Builder<'a> {
        let (open, anchors) = (Vec::new(), HashMap::new());
        Builder { source, problems, open, anchors, nodes: 0, root: None, documents: 0 }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text.into_owned(), style, tag.as_deref(), span);
                self.count(1, &node.place)?;
                self.finish(node, anchor, 1)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(span, anchor, tag.as_deref(), Parts::Sequence(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                let parts = Parts::Mapping { entries: Vec::new(), seen: HashSet::new(), key: None };
                self.begin(span, anchor, tag.as_deref(), parts)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    fn document(&mut self, span: Span) -> Result<(), Stop> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let message = Text::new("一个文件里只能有一份 YAML 文档", "a file holds one YAML document");
        Err(Box::new(
            Problem::error(&self.place(span), "documents", message)
                .hint(Text::new("去掉“---”，或拆成两个文件", "remove the `---`, or make it two files")),
        ))
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Node {
        let place = self.place(span);
        let is_string = self.tag(tag, &place) == Some("str");
        let plain = style == ScalarStyle::Plain && !is_string;
        let is_null = plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        let kind = if is_null { Kind::Null } else { Kind::Scalar(Scalar { text, plain }) };
        Node { place, kind }
    }

    /// The core tag, if there is one; any other is reported.
    fn tag<'t>(&mut self, tag: Option<&'t Tag>, place: &Place) -> Option<&'t str> {
        let tag = tag?;
        if tag.handle() == "tag:yaml.org,2002:" {
            return Some(tag.suffix());
        }
        let message = Text::new(
            format!("不认识的 YAML 标签“{}{}”", tag.handle(), tag.suffix()),
            format!("unknown YAML tag `{}{}`", tag.handle(), tag.suffix()),
        );
        let hint = Text::new("去掉标签；以“!”开头的文字要加引号", "remove it; quote a text that begins with `!`");
        self.problems.push(Problem::error(place, "tag", message).hint(hint));
        None
    }

    fn begin(&mut self, span: Span, anchor: usize, tag: Option<&Tag>, parts: Parts) -> Result<(), Stop> {
        let place = self.place(span);
        self.tag(tag, &place);
        self.count(1, &place)?;
        self.deep(1, &place)?;
        self.open.push(Open { start: place.start, anchor, height: 1, parts });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Stop> {
        let Some(Open { start, anchor, height, parts }) = self.open.pop() else { return Ok(()) };
        let kind = match parts {
            Parts::Sequence(items) => Kind::Sequence(items),
            Parts::Mapping { entries, .. } => Kind::Mapping(entries),
        };
        let end = self.place(span).end;
        let place = Place::new(self.source, start, end);
        let trimmed = start + place.text().trim_end().len();
        self.finish(Node { place: Place { end: trimmed, ..place }, kind }, anchor, height)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let place = self.place(span);
        let Some(Anchored { node, size, height }) = self.anchors.get(&anchor) else {
            let message = Text::new("别名指向了包含它自己的内容", "the alias stands inside what it stands for");
            return Err(Box::new(Problem::error(&place, "alias", message)));
        };
        let (node, size, height) = (node.clone(), *size, *height);
        self.count(size, &place)?;
        self.deep(height, &place)?;
        self.finish(node, 0, height)
    }

    fn count(&mut self, more: usize, place: &Place) -> Result<(), Stop> {
        self.nodes += more;
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        let message = Text::new(
            format!("展开别名后超过 {NODES_MAX} 个值，不予读取"),
            format!("more than {NODES_MAX} values, aliases expanded"),
        );
        Err(Box::new(
            Problem::error(place, "too-large", message)
                .hint(Text::new("减少别名（*）的嵌套，或拆成几个文件", "nest fewer aliases (`*`), or split the file")),
        ))
    }

    fn deep(&self, more: usize, place: &Place) -> Result<(), Stop> {
        if self.open.len() + more <= DEPTH_MAX {
            return Ok(());
        }
        let message = Text::new(
            format!("嵌套超过 {DEPTH_MAX} 层，不予读取"),
            format!("nested more than {DEPTH_MAX} levels deep"),
        );
        Err(Box::new(
            Problem::error(place, "too-deep", message)
                .hint(Text::new("检查括号是否配对", "check that the brackets are closed")),
        ))
    }

    /// Puts a finished value where it belongs. A scalar's height is counted as 1, as is an empty collection's.
    fn finish(&mut self, node: Node, anchor: usize, height: usize) -> Result<(), Stop> {
        if anchor != 0 {
            let size = size_of(&node);
            self.count(size, &node.place)?; // the kept copy counts too, or anchors alone could fill the memory
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.height = open.height.max(height + 1);
        match &mut open.parts {
            Parts::Sequence(items) => items.push(node),
            Parts::Mapping { entries, seen, key } => match key.take() {
                None => *key = Some(PendingKey(key_of(node, entries, seen, self.problems))),
                Some(PendingKey(Some(key))) => entries.push(Entry { key, value: node }),
                Some(PendingKey(None)) => {}
            },
        }
        Ok(())
    }

    fn place(&self, span: Span) -> Place {
        let start = span.start.byte_offset().unwrap_or(0);
        Place::new(self.source, start, span.end.byte_offset().unwrap_or(start))
    }

    fn syntax(&self, error: &ScanError) -> Stop {
        let at = error.marker().byte_offset().unwrap_or(self.source.text.len());
        let next = self.source.text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| !c.is_control());
        let place = Place::new(self.source, at, at + next.map_or(0, char::len_utf8));
        Box::new(syntax::problem(&place, error))
    }
}

fn size_of(node: &Node) -> usize {
    match &node.kind {
        Kind::Null | Kind::Scalar(_) => 1,
        Kind::Sequence(items) => 1 + items.iter().map(size_of).sum::<usize>(),
        Kind::Mapping(entries) => 1 + entries.iter().map(|entry| 1 + size_of(&entry.value)).sum::<usize>(),
    }
}

/// The key that a value in a key's place is; none if it cannot be one or is there already, which is then reported.
fn key_of(node: Node, entries: &[Entry], seen: &mut HashSet<String>, problems: &mut Problems) -> Option<Key> {
    let Kind::Scalar(Scalar { text, .. }) = node.kind else {
        let message = Text::new("键必须是一个词，不能为空，也不能是列表或映射", "a key must be a single word");
        problems
            .push(Problem::error(&node.place, "key", message).hint(Text::new("写成“键: 值”", "write `key: value`")));
        return None;
    };
    if !seen.insert(text.clone()) {
        problems.push(duplicate(&text, &node.place, entries));
        return None;
    }
    Some(Key { text, place: node.place })
}

fn duplicate(text: &str, place: &Place, entries: &[Entry]) -> Problem {
    let message =
        Text::new(format!("键“{text}”在同一处写了两次"), format!("the key `{text}` is written twice in one place"));
    let problem = Problem::error(place, "duplicate-key", message).hint(Text::new(
        "只保留一个；如果是两样东西，给其中一个换个名字",
        "keep one of them; if they are two things, rename one",
    ));
    match entries.iter().find(|entry| entry.key.text == text) {
        Some(first) => problem.related(&first.key.place, Text::new("第一次写在这里", "first written here")),
        None => problem,
    }
}

#[cfg(test)]
mod tests;
