//! Bearer tokens and what each may do.
//!
//! Only digests are kept, and they are compared in constant time and all of them, so that neither memory nor timing
//! tells a token.

use super::refusal::Refusal;
use crate::config::secret::{Fingerprint, Secret, SecretError};
use crate::config::{Scope, Token};
use crate::text::Text;
use axum::http::{HeaderMap, StatusCode, header};
use std::sync::Arc;

/// All tokens of the API.
#[derive(Default)]
pub struct Tokens {
    known: Vec<Known>,
}

struct Known {
    token: Fingerprint,
    caller: Caller,
}

/// Who calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's name: the source of its events, the actor in the ledger.
    pub name: Arc<str>,
    scopes: Arc<[Scope]>,
}

impl Tokens {
    /// Reads every token that the configuration names.
    pub fn read(tokens: &[Token]) -> Result<Tokens, SecretError> {
        let known = tokens.iter().map(|token| Ok(Known::new(token, &token.token.read()?)));
        Ok(Tokens { known: known.collect::<Result<_, SecretError>>()? })
    }

    /// Whether there is none, so that nobody can call.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The caller whose token the request bears, if it may do this: else 401 or 403.
    pub(crate) fn admit(&self, headers: &HeaderMap, scope: Scope) -> Result<Caller, Refusal> {
        let caller = bearer(headers).and_then(|token| self.find(token)).ok_or_else(unauthorized)?;
        if caller.may(scope) { Ok(caller) } else { Err(forbidden(scope)) }
    }

    fn find(&self, token: &str) -> Option<Caller> {
        // Every token is compared, so that the time taken does not tell which one was nearly right.
        let matching = self.known.iter().filter(|known| known.token.is_of(token));
        matching.fold(None, |_, known| Some(known.caller.clone()))
    }
}

impl Known {
    fn new(token: &Token, secret: &Secret) -> Known {
        let caller = Caller { name: Arc::clone(&token.name), scopes: token.scopes.clone().into() };
        Known { token: Fingerprint::of(secret), caller }
    }
}

impl Caller {
    /// Whether its token holds this scope, or all of them.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|&held| held == scope || held == Scope::Admin)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized() -> Refusal {
    let text =
        Text::new("缺少或无效的令牌：请带上 Authorization: Bearer …", "no valid token: send Authorization: Bearer …");
    Refusal::new(StatusCode::UNAUTHORIZED, text)
}

fn forbidden(scope: Scope) -> Refusal {
    let scope = scope.as_str();
    let zh = format!("此令牌没有“{scope}”权限");
    Refusal::new(StatusCode::FORBIDDEN, Text::new(zh, format!("this token lacks the scope `{scope}`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::secret::SecretSource;
    use axum::http::HeaderValue;

    fn tokens() -> Tokens {
        let known =
            [("system", "alpha", Scope::Intake), ("root", "omega", Scope::Admin)].map(|(name, secret, scope)| {
                let token =
                    Token { name: name.into(), scopes: vec![scope], token: SecretSource::Env("not read".to_owned()) };
                Known::new(&token, &Secret::from(secret.to_owned()))
            });
        Tokens { known: known.into() }
    }

    #[track_caller]
    fn check(authorization: Option<&str>, scope: Scope, expected: Result<&str, u16>) {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let admitted = tokens().admit(&headers, scope);
        let admitted = admitted.as_ref().map(|caller| &*caller.name).map_err(|refusal| refusal.status().as_u16());
        assert_eq!(admitted, expected, "{authorization:?} {scope:?}");
    }

    #[test]
    fn a_token_opens_what_its_scopes_say_and_nothing_else() {
        check(Some("Bearer alpha"), Scope::Intake, Ok("system"));
        check(Some("bearer  alpha "), Scope::Intake, Ok("system"));
        check(Some("Bearer alpha"), Scope::Read, Err(403));
        check(Some("Bearer omega"), Scope::Supervise, Ok("root"));
        check(Some("Bearer alph"), Scope::Intake, Err(401));
        check(Some("Bearer "), Scope::Intake, Err(401));
        check(Some("Basic alpha"), Scope::Intake, Err(401));
        check(None, Scope::Intake, Err(401));
    }
}
