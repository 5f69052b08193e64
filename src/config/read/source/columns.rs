//! The columns that a query gives, where that can be seen without asking the database: a plain list of columns, each with its
//! name. Of anything else nothing is said.

/// Their names; none: they cannot be told.
pub(super) fn of_query(query: &str) -> Option<Vec<String>> {
    let has_comments = query.contains("--") || query.contains("/*") || query.contains('#');
    let list = query.get(..6).filter(|first| first.eq_ignore_ascii_case("select")).filter(|_| !has_comments);
    let items = items(query.get(list?.len()..)?)?;
    items.into_iter().map(name).collect()
}

/// What stands between `SELECT` and its `FROM`, parted at the commas that are in no bracket and no quotes.
fn items(text: &str) -> Option<Vec<&str>> {
    let (mut depth, mut quote, mut from, mut items) = (0_u32, None, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1)?,
            (None, ',') if depth == 0 => {
                items.push(text.get(from..at)?);
                from = at + 1;
            }
            (None, letter) if depth == 0 && letter.is_whitespace() && begins_from(text.get(at..)?) => {
                items.push(text.get(from..at)?);
                return Some(items);
            }
            _ => {}
        }
    }
    None
}

fn begins_from(text: &str) -> bool {
    let text = text.trim_start();
    let word = text.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("from"));
    word && text.get(4..).is_some_and(|rest| rest.starts_with(|letter: char| letter.is_whitespace() || letter == '('))
}

/// `a`, `t.a`, or anything with a name behind: `f(x) AS a`. An expression without a name has one that the database chooses.
fn name(item: &str) -> Option<String> {
    let item = item.trim();
    let words: Vec<&str> = item.split_whitespace().collect();
    let last = match words.as_slice() {
        [one] => one.rsplit('.').next()?,
        [.., word, last] if word.eq_ignore_ascii_case("as") => last,
        _ => return None,
    };
    let bare = last.trim_matches(['"', '`', '[', ']']);
    let is_name =
        !bare.is_empty() && bare.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$');
    (is_name && !bare.starts_with(|letter: char| letter.is_ascii_digit())).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_list_of_columns_is_told() {
        let told = |query: &str| of_query(query).map(|columns| columns.join(","));
        let plain = "SELECT l.id, o.`order_no`,\n state, concat(a, ', ') AS \"两字\", d.name as dept\nFROM l JOIN o";
        assert_eq!(told(plain).as_deref(), Some("id,order_no,state,两字,dept"));
        assert_eq!(told("select a from(select 1) x").as_deref(), Some("a"));
        for unknown in [
            "SELECT * FROM t",
            "SELECT t.* FROM t",
            "SELECT a, b + 1 FROM t",
            "SELECT a b FROM t",
            "SELECT DISTINCT a FROM t",
            "SELECT a -- , b\n FROM t",
            "WITH x AS (SELECT 1) SELECT a FROM x",
            "SELECT 1",
            "SELECT f(a) FROM t",
        ] {
            assert_eq!(told(unknown), None, "{unknown}");
        }
    }
}
