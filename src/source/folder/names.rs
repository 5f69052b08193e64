//! Which files are ours, by their names.

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// A JSON value a line.
    Lines,
    /// One JSON object, or an array.
    Json,
    /// Columns between delimiters.
    Csv,
    /// A workbook.
    Xlsx,
    /// A workbook of the old kind, which we do not read.
    Xls,
    /// Anything else.
    Unknown,
}

impl FileKind {
    pub(super) fn of(name: &str) -> FileKind {
        match name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).as_deref() {
            Some("jsonl" | "ndjson") => FileKind::Lines,
            Some("json") => FileKind::Json,
            Some("csv" | "tsv" | "txt") => FileKind::Csv,
            Some("xlsx" | "xlsm") => FileKind::Xlsx,
            Some("xls" | "et" | "xlsb" | "ods") => FileKind::Xls,
            _ => FileKind::Unknown,
        }
    }
}

/// Names that programs give to what is not yet whole, or is nobody's.
pub(super) fn is_passing(name: &str) -> bool {
    const ENDS: [&str; 9] =
        [".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", "~"];
    let lower = name.to_ascii_lowercase();
    name.starts_with('.') || name.starts_with("~$") || ENDS.iter().any(|end| lower.ends_with(end))
}

/// Whether a name is of a pattern, in which `*` is any text and `?` any character. Letters of ASCII match in either case.
pub fn is_of(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    matches(&pattern, &name)
}

/// Greedy, going back to the last star: never more than pattern times name steps.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while of < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[of] => (at, of) = (at + 1, of + 1),
            _ => {
                let Some((behind, reached)) = star else { return false };
                star = Some((behind, reached + 1));
                (at, of) = (behind + 1, reached + 1);
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_stars_and_question_marks() {
        for (pattern, name) in [
            ("*.csv", "工单.CSV"),
            ("工单*.csv", "工单0506.csv"),
            ("工单????.xlsx", "工单0506.xlsx"),
            ("*", "x"),
            ("a*b*c", "aXbYbZc"),
        ] {
            assert!(is_of(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.csv", "工单.xlsx"), ("工单????.xlsx", "工单056.xlsx"), ("", "x"), ("a*b", "ac")]
        {
            assert!(!is_of(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_being_written_or_nobody_s_is_left() {
        for name in [".hidden", "~$工单.xlsx", "a.csv.part", "a.csv.TMP", "a.csv~", "a.crdownload"] {
            assert!(is_passing(name), "{name}");
        }
        assert!(!is_passing("a.csv") && !is_passing("tmp.csv"));
    }
}
