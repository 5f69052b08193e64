//! The access token of an application. One serves all senders of an application, whatever channels of the configuration
//! they belong to: it is fetched by one while the others wait, kept until shortly before it expires, and fetched again once
//! when the platform says that it no longer holds (it may end a token early).
//!
//! The platform refuses those who ask often. So refused credentials and "too often" are remembered for a minute, and a token
//! that was renewed because the one before was refused is not renewed again within that minute.

use super::{Refused, errcode};
use crate::time::Instant;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

/// A token is renewed so long before it expires.
const EXPIRY_MARGIN_MS: i64 = 300_000;
/// After a refusal the platform is not asked for another token for so long.
const PAUSE_MS: i64 = 60_000;

/// The answer to `gettoken`.
#[derive(Deserialize)]
pub struct Answer {
    access_token: String,
    expires_in: i64,
}

/// What is known of an application's token.
#[derive(Default)]
pub struct Tokens(tokio::sync::Mutex<Cached>);

#[derive(Default)]
enum Cached {
    #[default]
    Nothing,
    Token {
        text: Arc<str>,
        until: Instant,
        /// Until when it is not renewed however often it is refused.
        steady_until: Instant,
    },
    /// The platform gave none, with this code.
    Refused { code: i64, until: Instant },
}

type Known = Vec<([u8; 32], Weak<Tokens>)>;

impl Tokens {
    /// Those of an application: the same for whoever names the same address, corporation and secret.
    pub fn of(base: &str, corp_id: &str, secret: &str) -> Arc<Tokens> {
        static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
        let mut digest = Sha256::new();
        for part in [base, corp_id, secret] {
            digest.update(part);
            digest.update([0]);
        }
        let key: [u8; 32] = digest.finalize().into();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, tokens)| tokens.strong_count() > 0);
        if let Some(tokens) = known.iter().find(|(of, _)| *of == key).and_then(|(_, tokens)| tokens.upgrade()) {
            return tokens;
        }
        let tokens = Arc::<Tokens>::default();
        known.push((key, Arc::downgrade(&tokens)));
        tokens
    }

    /// The token that holds now, unless it is the one that was just refused.
    pub async fn get<F>(
        &self,
        refused: Option<&str>,
        now: Instant,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<str>, Refused>
    where
        F: Future<Output = Result<Answer, Refused>>,
    {
        let mut cached = self.0.lock().await;
        let is_renewal = match &*cached {
            Cached::Token { text, until, .. } if *until > now && refused != Some(text) => return Ok(Arc::clone(text)),
            Cached::Token { steady_until, .. } if refused.is_some() && *steady_until > now => {
                return Err(Refused::Errcode(errcode::TOKEN_INVALID));
            }
            Cached::Refused { code, until } if *until > now => return Err(Refused::Errcode(*code)),
            _ => refused.is_some(),
        };
        *cached = Cached::Nothing;
        match fetch().await {
            Ok(answer) => {
                let text: Arc<str> = answer.access_token.into();
                let until = now.plus_ms(answer.expires_in.saturating_mul(1000).saturating_sub(EXPIRY_MARGIN_MS));
                let steady_until = if is_renewal { now.plus_ms(PAUSE_MS) } else { now };
                *cached = Cached::Token { text: Arc::clone(&text), until, steady_until };
                Ok(text)
            }
            Err(refusal) => {
                if let Refused::Errcode(code) = refusal {
                    *cached = Cached::of_refusal(code, now);
                }
                Err(refusal)
            }
        }
    }
}

impl Cached {
    /// Refused credentials and "too often" are remembered; what may pass in a moment is not.
    fn of_refusal(code: i64, now: Instant) -> Cached {
        let may_pass = matches!(errcode::verdict(code), errcode::Verdict::Later { .. }) && !errcode::is_rate(code);
        if may_pass { Cached::Nothing } else { Cached::Refused { code, until: now.plus_ms(PAUSE_MS) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_one_application_share_its_token() {
        let one = Tokens::of("https://p.example/", "ww0", "s");
        assert!(Arc::ptr_eq(&one, &Tokens::of("https://p.example/", "ww0", "s")));
        for (base, corp_id, secret) in
            [("https://q.example/", "ww0", "s"), ("https://p.example/", "ww1", "s"), ("https://p.example/", "ww0", "t")]
        {
            assert!(!Arc::ptr_eq(&one, &Tokens::of(base, corp_id, secret)));
        }
    }
}
