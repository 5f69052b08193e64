//! What the answers of gateways mean: a table of codes for each gateway, and one reading of what no table knows.
//!
//! Gateways are not idempotent, so only a code that says that nothing was sent allows another attempt; an answer that
//! nobody can read leaves it unknown. A reason shows a code only where it looks like one: it could hold a number.

use super::super::channel::Outcome;
use super::super::http::Answer;
use std::time::Duration;

/// What becomes of a message that a gateway answered with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not sent; trying again can help.
    Again,
    /// The same, after so many seconds.
    After(u64),
    /// Not sent; trying again cannot help, or not today.
    Never,
    /// It may have been sent.
    Unknown,
}

/// A code of a gateway; one that ends in `*` stands for all that begin so.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    pub code: &'static str,
    pub fate: Fate,
    /// What it means, and what is to be done about it.
    pub words: &'static str,
}

/// The codes of a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// What people call it.
    pub gateway: &'static str,
    pub known: &'static [Code],
}

pub const fn code(code: &'static str, fate: Fate, words: &'static str) -> Code {
    Code { code, fate, words }
}

impl Codes {
    /// The outcome of a message that was answered with a code other than that it was taken.
    pub fn outcome(&self, code: &str, answer: &Answer) -> Outcome {
        match self.find(code) {
            Some(known) => self.of_fate(known.fate, &said(code, known.words), answer.retry_after),
            None => self.of_fate(fate(answer.status), &said(code, "文档里没有的答复码"), answer.retry_after),
        }
    }

    /// The same where the answer says more of what becomes of it than its code.
    pub fn outcome_of(&self, code: &str, fate: Fate, answer: &Answer) -> Outcome {
        let words = self.find(code).map_or("文档里没有的答复码", |known| known.words);
        self.of_fate(fate, &said(code, words), answer.retry_after)
    }

    /// A code with what it means.
    pub fn said(&self, code: &str) -> String {
        let words = self.find(code).map_or("文档里没有的答复码", |known| known.words);
        format!("{}：{}", self.gateway, said(code, words))
    }

    /// The outcome of a message whose answer is none that the gateway's documents know.
    pub fn unreadable(&self, answer: &Answer) -> Outcome {
        let words = match answer.status {
            200..=299 => "答复不是约定的格式，可能已发出",
            300..=399 => "要求转往别处，不予跟随，请核对地址",
            429 => "请求太频繁",
            500..=599 => "网关出错",
            _ => "拒收",
        };
        let fate = if (200..=299).contains(&answer.status) { Fate::Unknown } else { fate(answer.status) };
        self.of_fate(fate, &format!("HTTP {}，{words}", answer.status), answer.retry_after)
    }

    /// The table's entry for a code.
    pub fn find(&self, code: &str) -> Option<&'static Code> {
        let fits = |known: &&Code| match known.code.strip_suffix('*') {
            Some(start) => code.starts_with(start),
            None => code == known.code,
        };
        self.known.iter().find(fits)
    }

    fn of_fate(&self, fate: Fate, said: &str, asked: Option<Duration>) -> Outcome {
        let reason = format!("{}：{said}", self.gateway);
        match fate {
            Fate::Again => Outcome::Transient { reason, retry_after: asked },
            Fate::After(seconds) => {
                Outcome::Transient { reason, retry_after: asked.or(Some(Duration::from_secs(seconds))) }
            }
            Fate::Never => Outcome::Permanent { reason },
            Fate::Unknown => Outcome::Unknown { reason },
        }
    }
}

/// By the status alone: 408, 429 and 503 say that nothing was done; any other 5xx says nothing of what was done.
fn fate(status: u16) -> Fate {
    match status {
        408 | 425 | 429 | 503 => Fate::Again,
        500..=599 => Fate::Unknown,
        _ => Fate::Never,
    }
}

fn said(code: &str, words: &str) -> String {
    if is_code(code) { format!("{code}（{words}）") } else { words.to_owned() }
}

/// Whether a text looks like a code, not like a number or a sentence.
pub fn is_code(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (1..=80).contains(&text.len())
        && digits < 11
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: Codes = Codes {
        gateway: "某网关",
        known: &[code("Busy", Fate::After(60), "繁忙"), code("Auth.*", Fate::Never, "密钥不对")],
    };

    fn answer(status: u16) -> Answer {
        Answer { status, retry_after: None, body: Vec::new() }
    }

    #[test]
    fn a_code_of_the_table_decides_whatever_the_status() {
        let busy = Outcome::Transient {
            reason: "某网关：Busy（繁忙）".into(),
            retry_after: Some(Duration::from_mins(1)),
        };
        assert_eq!(CODES.outcome("Busy", &answer(200)), busy);
        assert_eq!(CODES.outcome("Auth.NoKey", &answer(500)), Outcome::permanent("某网关：Auth.NoKey（密钥不对）"));
    }

    #[test]
    fn what_no_table_knows_is_final_but_for_failures_of_the_gateway() {
        let reason = |code| format!("某网关：{code}（文档里没有的答复码）");
        assert_eq!(CODES.outcome("New", &answer(200)), Outcome::permanent(reason("New")));
        assert_eq!(CODES.outcome("New", &answer(500)), Outcome::unknown(reason("New")));
        assert_eq!(CODES.outcome("13800138000 错误", &answer(200)), Outcome::permanent("某网关：文档里没有的答复码"));
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_unknown_unless_its_status_says_that_nothing_was_done() {
        for status in [200, 500, 502, 504] {
            assert!(matches!(CODES.unreadable(&answer(status)), Outcome::Unknown { .. }), "{status}");
        }
        for status in [429, 503, 408] {
            assert!(matches!(CODES.unreadable(&answer(status)), Outcome::Transient { .. }), "{status}");
        }
        for status in [302, 400, 401, 404] {
            assert!(matches!(CODES.unreadable(&answer(status)), Outcome::Permanent { .. }), "{status}");
        }
    }
}
