//! Requests to gateways, and how each ended: answered, not sent, or sent without an answer.
//!
//! Whether a request left this machine decides between "try again" and "it may have been delivered", so the two are
//! told apart here, once, for all channels over HTTP. Redirects are not followed (a body would be lost or a secret
//! carried elsewhere), the environment's proxies are not used, an answer is read up to a limit. No error holds a URL:
//! a URL may be a secret.

use super::channel::Outcome;
use super::open::OpenError;
use crate::config::channels::Way;
use crate::time::Instant;
use reqwest::{Certificate, Client, ClientBuilder, Proxy, RequestBuilder, Response, Url, header, redirect};
use std::error::Error;
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

/// An answer longer than this is cut: no gateway has that much to say.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Shorter than the shortest keep-alive of usual servers.
const IDLE_MAX: Duration = Duration::from_secs(4);
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The pause that `Retry-After` asks for.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why nothing came back. The texts are safe to log.
#[derive(Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The request is none that can be sent.
    Invalid(String),
    /// The other side never got it.
    NotSent(String),
    /// It may have got it.
    Lost(String),
}

impl From<NoAnswer> for Outcome {
    fn from(none: NoAnswer) -> Outcome {
        match none {
            NoAnswer::Invalid(reason) => Outcome::permanent(reason),
            NoAnswer::NotSent(reason) => Outcome::transient(reason),
            NoAnswer::Lost(reason) => Outcome::unknown(reason),
        }
    }
}

/// Makes rustls use ring, once a process: building a client without a provider would panic.
pub fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error says that somebody installed one before: then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// A client that goes the configured way and keeps connections for the next request.
pub fn client(way: &Way) -> Result<Client, OpenError> {
    builder(way)?.pool_idle_timeout(IDLE_MAX).build().map_err(OpenError::HttpClient)
}

/// A client that connects anew for each request. A request over a kept connection that the other side is just closing
/// looks like one that was sent and lost: those who cannot send twice do without.
pub fn client_connecting_anew(way: &Way) -> Result<Client, OpenError> {
    builder(way)?.pool_max_idle_per_host(0).build().map_err(OpenError::HttpClient)
}

fn builder(way: &Way) -> Result<ClientBuilder, OpenError> {
    install_tls();
    let mut builder = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_MAX.min(way.timeout / 2))
        .timeout(way.timeout)
        .user_agent(concat!("duban/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = &way.proxy {
        builder = builder.proxy(Proxy::all(proxy).map_err(|error| OpenError::Proxy(error.without_url()))?);
    }
    if let Some(path) = &way.ca_file {
        builder = builder.tls_certs_merge(authorities(path)?);
    }
    if way.accept_invalid_certs {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder)
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, OpenError> {
    let pem = std::fs::read(path).map_err(|source| OpenError::ReadCaFile { path: path.into(), source })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(OpenError::BadCaFile { path: path.into() }),
    }
}

/// Reads an address to which requests can go: `http` or `https` with a host.
pub fn url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The host as requests to an address name it: with the port where that is not the scheme's own.
pub fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Something that is used once: 32 hexadecimal digits.
pub fn nonce() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    hex::encode(bytes)
}

/// Sends once and reads the answer.
pub async fn send(request: RequestBuilder, now: Instant) -> Result<Answer, NoAnswer> {
    let response = request.send().await.map_err(|error| no_answer(&error))?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| pause(value.to_str().ok()?, now));
    Ok(Answer { status, retry_after, body: body(response).await? })
}

async fn body(mut response: Response) -> Result<Vec<u8>, NoAnswer> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            body.truncate(ANSWER_BYTES_MAX);
            break;
        }
    }
    Ok(body)
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let why = why(error);
    if error.is_builder() {
        NoAnswer::Invalid("请求不合规范，未发出（地址或请求头有误）".into())
    } else if error.is_connect() {
        NoAnswer::NotSent(format!("未能连上：{why}"))
    } else if error.is_timeout() {
        NoAnswer::Lost("已发出，规定时间内没有答复：可能已送达".into())
    } else {
        NoAnswer::Lost(format!("已发出，答复中断（{why}）：可能已送达"))
    }
}

/// What lies at the bottom of an error, in words that name no address.
pub fn why(error: &(dyn Error + 'static)) -> &'static str {
    let mut deepest = "连接出错";
    let mut next = Some(error);
    while let Some(error) = next {
        deepest = known(error).unwrap_or(deepest);
        next = error.source();
    }
    deepest
}

fn known(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return error.is_dns().then_some("域名解析不了").or(error.is_timeout().then_some("超时"));
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(tls_failure(error));
    }
    let error = error.downcast_ref::<std::io::Error>()?;
    // What an I/O error wraps, perhaps another one, is not among its sources.
    let wrapped = error.get_ref().and_then(|inner| known(inner));
    wrapped.or_else(|| io_failure(error.kind()))
}

fn tls_failure(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext};
    match error {
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => "对方的证书已过期",
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "对方的证书不是这个域名的"
        }
        rustls::Error::InvalidCertificate(_) => "对方的证书不受信任（私有证书请配置 ca_file）",
        _ => "TLS 握手失败",
    }
}

fn io_failure(kind: std::io::ErrorKind) -> Option<&'static str> {
    use std::io::ErrorKind as Kind;
    Some(match kind {
        Kind::ConnectionRefused => "对方拒绝连接",
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => "对方断开了连接",
        Kind::TimedOut => "超时",
        Kind::HostUnreachable | Kind::NetworkUnreachable => "网络不通",
        _ => return None,
    })
}

/// `Retry-After`, in seconds or as a date, at most an hour.
fn pause(value: &str, now: Instant) -> Option<Duration> {
    let seconds = value.trim().parse::<u64>().ok().or_else(|| {
        let until = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?;
        u64::try_from(until.timestamp_millis().saturating_sub(now.0) / 1000).ok()
    });
    seconds.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_as_a_date() {
        let now = Instant::parse("2026-01-05T09:00:00+08:00").unwrap();
        assert_eq!(pause("30", now), Some(Duration::from_secs(30)));
        assert_eq!(pause("Mon, 05 Jan 2026 01:02:00 GMT", now), Some(Duration::from_mins(2)));
        assert_eq!(pause("Mon, 05 Jan 2026 00:00:00 GMT", now), None);
        assert_eq!(pause("99999999", now), Some(RETRY_AFTER_MAX));
        assert_eq!(pause("soon", now), None);
    }

    #[test]
    fn only_http_addresses_with_a_host_are_taken() {
        assert!(url("https://gateway.example/sms?x=1").is_some());
        assert!(url("ftp://gateway.example/").is_none());
        assert!(url("gateway.example").is_none());
    }

    #[test]
    fn the_reason_is_found_inside_an_io_error() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        assert_eq!(why(&std::io::Error::other(std::io::Error::other(tls))), "对方的证书已过期");
        assert_eq!(why(&std::io::Error::from(std::io::ErrorKind::ConnectionRefused)), "对方拒绝连接");
    }
}
