//! Opening channels: configuration becomes something that can send. Secrets and CA files are read here, once, and
//! templates of requests compiled: what is wrong with them is known at the start, not at the first notice.

use super::channel::Channel;
use super::console::Console;
use super::email::Email;
use super::rate::Rates;
use super::sms::aliyun::Aliyun;
use super::sms::described::Described;
use super::sms::huawei::Huawei;
use super::sms::mas::Mas;
use super::sms::tencent::Tencent;
use super::webhook::Webhook;
use super::yuezhengyi::app::App;
use super::yuezhengyi::robot::Robot;
use crate::config::channels::sms::Sms;
use crate::config::channels::{self as config, ChannelKind, HeaderValue};
use crate::config::secret::SecretError;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue as Value};
use std::path::PathBuf;
use std::sync::Arc;

/// Why a channel cannot be opened. No text holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A secret cannot be read.
    #[error("failed to read a secret")]
    Secret(#[from] SecretError),
    /// The file of certificate authorities cannot be read.
    #[error("failed to read `ca_file` {path}")]
    ReadCaFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file of certificate authorities holds none.
    #[error("`ca_file` {path} holds no certificate in PEM form")]
    BadCaFile {
        /// The file.
        path: PathBuf,
    },
    /// The proxy is no address.
    #[error("`proxy` is no address of a proxy such as http://10.0.0.1:3128")]
    Proxy(#[source] reqwest::Error),
    /// The HTTP client cannot be built.
    #[error("failed to set up the HTTP client")]
    HttpClient(#[source] reqwest::Error),
    /// An address is none.
    #[error("`{key}` is no http:// or https:// address")]
    Url {
        /// The key; its value may be a secret.
        key: &'static str,
    },
    /// A header's name or value is none.
    #[error("header `{0}` is no HTTP header, or its value holds a line break")]
    Header(String),
    /// A request's template does not parse, or names an unknown variable.
    #[error("`{key}`: {problem}")]
    Template {
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A mailbox is none.
    #[error("`{key}` is no mailbox such as `12345热线 <notice@example.gov.cn>`")]
    Mailbox {
        /// The key.
        key: &'static str,
    },
    /// The mail relay's TLS cannot be set up.
    #[error("failed to set up TLS for mail")]
    MailTls(#[source] lettre::transport::smtp::Error),
}

/// Opens a channel as configured; what it sends is counted in `rates`, where the other side limits it.
pub fn open(kind: &ChannelKind, rates: &Arc<dyn Rates>) -> Result<Arc<dyn Channel>, OpenError> {
    let rates = Arc::clone(rates);
    Ok(match kind {
        ChannelKind::Email(email) => Arc::new(Email::open(email)?),
        ChannelKind::Sms(sms) => return open_sms(sms, rates),
        ChannelKind::YuezhengyiApp(app) => Arc::new(App::open(app)?.counting_in(rates)),
        ChannelKind::YuezhengyiRobot(robot) => Arc::new(Robot::open(robot)?.counting_in(rates)),
        ChannelKind::Webhook(webhook) => Arc::new(Webhook::open(webhook)?),
        ChannelKind::Console => Arc::new(Console::stdout()),
    })
}

/// Says loudly that a channel takes whoever answers for its other side.
pub fn warn_of_danger(channel: &config::Channel) {
    if channel.kind.way().is_some_and(|way| way.accept_invalid_certs) {
        tracing::warn!(
            channel = &*channel.name,
            "certificates are NOT checked (danger_accept_invalid_certs): anyone may pose as the other side"
        );
    }
}

fn open_sms(sms: &Sms, rates: Arc<dyn Rates>) -> Result<Arc<dyn Channel>, OpenError> {
    Ok(match sms {
        Sms::Http(http) => Arc::new(Described::open(http)?),
        Sms::Mas(mas) => Arc::new(Mas::open(mas)?),
        Sms::Aliyun(aliyun) => Arc::new(Aliyun::open(aliyun)?.counting_in(rates)),
        Sms::Tencent(tencent) => Arc::new(Tencent::open(tencent)?.counting_in(rates)),
        Sms::Huawei(huawei) => Arc::new(Huawei::open(huawei)?),
    })
}

/// Reads headers as configured, secrets included; those never show in `Debug`.
pub(super) fn headers(configured: &[(String, HeaderValue)]) -> Result<HeaderMap, OpenError> {
    let mut headers = HeaderMap::new();
    for (name, value) in configured {
        headers.insert(header_name(name)?, header_value(name, value)?);
    }
    Ok(headers)
}

pub(super) fn header_name(name: &str) -> Result<HeaderName, OpenError> {
    HeaderName::try_from(name).map_err(|_| OpenError::Header(name.into()))
}

fn header_value(name: &str, value: &HeaderValue) -> Result<Value, OpenError> {
    match value {
        HeaderValue::Text(text) => Value::from_bytes(text.as_bytes()).map_err(|_| OpenError::Header(name.into())),
        HeaderValue::Secret(source) => secret_header(name, source.read()?.expose()),
    }
}

pub(super) fn secret_header(name: &str, secret: &str) -> Result<Value, OpenError> {
    let mut value = Value::from_bytes(secret.as_bytes()).map_err(|_| OpenError::Header(name.into()))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::channels::sms::{Signature, SmsHttp};
    use crate::config::channels::{Answer, Email, GatewayRequest, MailSecurity, Way, Webhook, yuezhengyi};
    use crate::config::secret::SecretSource;
    use crate::notify::rate::InMemory;
    use std::time::Duration;

    fn kinds(secret: &SecretSource) -> [ChannelKind; 6] {
        let url = "https://gateway.example/".to_owned();
        let way = Way::default;
        [
            ChannelKind::Email(Email {
                host: "mail.example".into(),
                port: 465,
                security: MailSecurity::Tls,
                user: Some("notice".into()),
                password: Some(secret.clone()),
                from: "notice@example.gov.cn".into(),
                reply_to: None,
                attach_dossier: false,
                ca_file: None,
                timeout: Duration::from_secs(30),
            }),
            ChannelKind::Sms(Sms::Http(Box::new(SmsHttp {
                request: GatewayRequest {
                    method: "POST".into(),
                    url: url.clone(),
                    headers: vec![("X-Key".into(), HeaderValue::Secret(secret.clone()))],
                    body: None,
                },
                accepted: Answer::default(),
                retry: Answer::default(),
                signature: Signature::AsWritten,
                receipts: None,
                way: way(),
            }))),
            ChannelKind::YuezhengyiApp(yuezhengyi::App {
                base_url: url.clone(),
                corp_id: "ww0".into(),
                agent_id: 1,
                secret: secret.clone(),
                attach_dossier: false,
                forms: yuezhengyi::FormOfKind::default(),
                headers: vec![],
                way: way(),
            }),
            ChannelKind::YuezhengyiRobot(yuezhengyi::Robot {
                webhook: secret.clone(),
                per_minute: 20,
                mention: None,
                forms: yuezhengyi::FormOfKind::default(),
                headers: vec![],
                way: way(),
            }),
            ChannelKind::Webhook(Webhook {
                url,
                secret: Some(secret.clone()),
                kinds: vec![],
                confidential: true,
                headers: vec![],
                way: way(),
            }),
            ChannelKind::Console,
        ]
    }

    fn in_memory() -> Arc<dyn Rates> {
        Arc::new(InMemory::default())
    }

    #[test]
    fn every_kind_opens_and_applications_and_other_systems_recognise_repeats() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "https://robot.example/send?key=1").unwrap();
        let opened = kinds(&SecretSource::File(file.path().into())).map(|kind| open(&kind, &in_memory()).unwrap());
        assert_eq!(
            opened.map(|channel| (channel.kind(), channel.recognises_repeats())),
            [
                ("email", false),
                ("sms", false),
                ("yuezhengyi", true),
                ("yuezhengyi", false),
                ("webhook", true),
                ("console", true)
            ]
        );
    }

    #[test]
    fn a_secret_that_is_not_there_is_known_at_the_start() {
        let [with_secret @ .., console] = kinds(&SecretSource::Env("DUBAN_NO_SUCH_SECRET".into()));
        for kind in &with_secret {
            assert!(matches!(open(kind, &in_memory()).err(), Some(OpenError::Secret(_))), "{kind:?}");
        }
        assert!(open(&console, &in_memory()).is_ok());
    }
}
