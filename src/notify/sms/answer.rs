//! What the answers of gateways mean: a table of codes for each gateway, and one reading of what no table knows.
//!
//! Gateways are not idempotent, so only a code that says that nothing was sent allows another attempt; an answer that
//! nobody can read leaves it unknown. A reason shows a code only where it looks like one: it could hold a number.

use super::super::channel::{Outcome, Reach, Trouble};
use super::super::http::Answer;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What becomes of a message that a gateway answered with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not sent; trying again can help.
    Again,
    /// The same, after so many seconds.
    After(u64),
    /// The same, of this number alone: others may be written to meanwhile.
    NumberAfter(u64),
    /// Not sent; trying again cannot help, or not today.
    Never,
    /// It may have been sent.
    Unknown,
}

/// A code of a gateway; one that ends in `*` stands for all that begin so.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    text: &'static str,
    fate: Fate,
    /// What it means.
    what: &'static str,
    /// What an operator is to do about it.
    remedy: &'static str,
    /// How far it reaches; none: it is about the one message.
    reach: Option<Reach>,
}

/// A code that is about the message, or passes by itself.
pub const fn about_one(text: &'static str, fate: Fate, what: &'static str) -> Code {
    Code { text, fate, what, remedy: "", reach: None }
}

/// A code by which some messages are not sent until an operator mends it.
pub const fn about_some(text: &'static str, fate: Fate, what: &'static str, remedy: &'static str) -> Code {
    Code { text, fate, what, remedy, reach: Some(Reach::Some) }
}

/// A code by which no message is sent until an operator mends it.
pub const fn about_all(text: &'static str, fate: Fate, what: &'static str, remedy: &'static str) -> Code {
    Code { text, fate, what, remedy, reach: Some(Reach::Channel) }
}

/// The codes of a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// What people call it.
    pub gateway: &'static str,
    pub known: &'static [Code],
}

/// What an answer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// What an operator has to mend.
    pub trouble: Option<Trouble>,
}

impl Verdict {
    /// It was taken.
    pub fn accepted(provider_id: Option<&str>) -> Verdict {
        let provider_id = provider_id.filter(|id| !id.is_empty()).map(ToOwned::to_owned);
        Verdict { outcome: Outcome::Accepted { provider_id }, trouble: None }
    }
}

/// What came up at a gateway since it was last asked.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<Vec<Trouble>>);

impl Troubles {
    /// The outcome of an attempt; its trouble is kept until it is asked for.
    pub fn settled(&self, verdict: Verdict) -> Outcome {
        self.lock().extend(verdict.trouble);
        verdict.outcome
    }

    /// All that came up.
    pub fn take(&self) -> Vec<Trouble> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Codes {
    /// What becomes of a message that was answered with a code other than that it was taken.
    pub fn verdict(&self, code: &str, answer: &Answer) -> Verdict {
        let fate = self.find(code).map_or_else(|| fate(answer.status), |known| known.fate);
        self.verdict_of(code, fate, answer)
    }

    /// The same where the answer says more of what becomes of it than its code.
    pub fn verdict_of(&self, code: &str, fate: Fate, answer: &Answer) -> Verdict {
        let outcome = self.of_fate(fate, &self.words(code), answer.retry_after);
        Verdict { outcome, trouble: self.find(code).and_then(|known| self.trouble(code, known)) }
    }

    /// A code with what it means, for an operator's log.
    pub fn said(&self, code: &str) -> String {
        format!("{}：{}", self.gateway, self.words(code))
    }

    /// What becomes of a message whose answer is none that the gateway's documents know.
    pub fn unreadable(&self, answer: &Answer) -> Verdict {
        let (words, remedy) = match answer.status {
            200..=299 => ("答复不是约定的格式，可能已发出", ""),
            300..=399 => ("要求转往别处，不予跟随", "核对渠道的地址"),
            401 | 403 => ("不许访问", "核对渠道的地址和密钥，请对方放行本机的出口地址"),
            404 | 405 => ("没有这个接口", "核对渠道的地址"),
            429 => ("请求太频繁", ""),
            500..=599 => ("网关出错", ""),
            _ => ("拒收", ""),
        };
        let fate = if (200..=299).contains(&answer.status) { Fate::Unknown } else { fate(answer.status) };
        let code = format!("HTTP {}", answer.status);
        let outcome = self.of_fate(fate, &format!("{code}，{words}"), answer.retry_after);
        let trouble = Trouble {
            what: format!("{}：{words}", self.gateway),
            code: code.into(),
            remedy: remedy.into(),
            reach: Reach::Channel,
        };
        Verdict { outcome, trouble: Some(trouble).filter(|trouble| !trouble.remedy.is_empty()) }
    }

    /// The table's entry for a code.
    pub fn find(&self, code: &str) -> Option<&'static Code> {
        let fits = |known: &&Code| match known.text.strip_suffix('*') {
            Some(start) => code.starts_with(start),
            None => code == known.text,
        };
        self.known.iter().find(fits)
    }

    fn words(&self, code: &str) -> String {
        let words = match self.find(code) {
            Some(Code { what, remedy: "", .. }) => (*what).to_owned(),
            Some(Code { what, remedy, .. }) => format!("{what}：{remedy}"),
            None => "文档里没有的答复码".into(),
        };
        if is_code(code) { format!("{code}（{words}）") } else { words }
    }

    fn trouble(&self, code: &str, known: &Code) -> Option<Trouble> {
        let what = format!("{}：{}", self.gateway, known.what);
        Some(Trouble { code: code.into(), what, remedy: known.remedy.into(), reach: known.reach? })
    }

    fn of_fate(&self, fate: Fate, said: &str, asked: Option<Duration>) -> Outcome {
        let reason = format!("{}：{said}", self.gateway);
        match fate {
            Fate::Again => Outcome::Transient { reason, retry_after: asked },
            Fate::After(seconds) => {
                Outcome::Transient { reason, retry_after: asked.or(Some(Duration::from_secs(seconds))) }
            }
            Fate::NumberAfter(seconds) => {
                Outcome::Limited { reason, retry_after: asked.unwrap_or(Duration::from_secs(seconds)) }
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
        known: &[about_one("Busy", Fate::After(60), "繁忙"), about_all("Auth.*", Fate::Never, "密钥不对", "核对密钥")],
    };

    fn answer(status: u16) -> Answer {
        Answer { status, retry_after: None, body: Vec::new() }
    }

    fn outcome(code: &str, status: u16) -> Outcome {
        CODES.verdict(code, &answer(status)).outcome
    }

    #[test]
    fn a_code_of_the_table_decides_whatever_the_status() {
        let busy = Outcome::Transient {
            reason: "某网关：Busy（繁忙）".into(),
            retry_after: Some(Duration::from_mins(1)),
        };
        assert_eq!(outcome("Busy", 200), busy);
        assert_eq!(outcome("Auth.NoKey", 500), Outcome::permanent("某网关：Auth.NoKey（密钥不对：核对密钥）"));
    }

    #[test]
    fn an_operator_is_told_what_only_they_can_mend() {
        let trouble = CODES.verdict("Auth.NoKey", &answer(200)).trouble.unwrap();
        assert_eq!((&*trouble.code, &*trouble.what, &*trouble.remedy), ("Auth.NoKey", "某网关：密钥不对", "核对密钥"));
        assert_eq!(CODES.verdict("Busy", &answer(200)).trouble, None);
        assert_eq!(CODES.unreadable(&answer(404)).trouble.unwrap().remedy, "核对渠道的地址");
        assert_eq!(CODES.unreadable(&answer(200)).trouble, None);
    }

    #[test]
    fn what_no_table_knows_is_final_but_for_failures_of_the_gateway() {
        let reason = |code| format!("某网关：{code}（文档里没有的答复码）");
        assert_eq!(outcome("New", 200), Outcome::permanent(reason("New")));
        assert_eq!(outcome("New", 500), Outcome::unknown(reason("New")));
        assert_eq!(outcome("13800138000 错误", 200), Outcome::permanent("某网关：文档里没有的答复码"));
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_unknown_unless_its_status_says_that_nothing_was_done() {
        let unreadable = |status| CODES.unreadable(&answer(status)).outcome;
        for status in [200, 500, 502, 504] {
            assert!(matches!(unreadable(status), Outcome::Unknown { .. }), "{status}");
        }
        for status in [429, 503, 408] {
            assert!(matches!(unreadable(status), Outcome::Transient { .. }), "{status}");
        }
        for status in [302, 400, 401, 404] {
            assert!(matches!(unreadable(status), Outcome::Permanent { .. }), "{status}");
        }
    }
}
