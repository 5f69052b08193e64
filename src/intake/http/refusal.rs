//! What a caller is answered when a request is refused: always JSON, `{"error": "…"}`, and never a word of the request's
//! body or token.

use crate::text::{Lang, Text};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: Text,
    retry_after_s: Option<u16>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: Text) -> Refusal {
        Refusal { status, error, retry_after_s: None }
    }

    /// 400: the request is not what this route takes.
    pub(crate) fn malformed(error: Text) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, error)
    }

    /// 404: there is no such order or decision.
    pub(crate) fn unknown(error: Text) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, error)
    }

    /// 503: the store takes or gives nothing at present; the same request will do later.
    pub(crate) fn unavailable(error: Text) -> Refusal {
        Refusal { retry_after_s: Some(5), ..Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error) }
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn answer(self, lang: Lang) -> Response {
        let mut response =
            (self.status, Json(serde_json::json!({ "error": self.error.in_lang(lang) }))).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"duban\""));
        }
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
