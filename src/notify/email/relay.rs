//! The conversation with the mail relay, command by command, over a few connections that are kept.
//!
//! lettre's own pool does not say in which phase a conversation broke off, and its commands have no time limit; both
//! decide here whether a mail may be tried again, so the commands are sent one by one.

use super::super::channel::Outcome;
use super::super::http::why;
use super::super::open::OpenError;
use crate::config::channels::{Email as Options, MailSecurity};
use crate::config::secret::SecretSource;
use crate::time::Instant;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Servers hang up on idle clients after minutes; before that a kept connection saves a handshake.
const IDLE_MS_MAX: i64 = 60_000;
const IDLE_MAX: usize = 4;
const QUEUE_ID_CHARS_MAX: usize = 120;

/// The relay and the connections kept to it.
pub struct Relay {
    host: String,
    port: u16,
    timeout: Duration,
    security: MailSecurity,
    tls: TlsParameters,
    hello: ClientId,
    credentials: Option<Credentials>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// From whom to whom.
#[derive(Clone, Copy)]
pub struct Route<'a> {
    pub from: &'a Address,
    pub to: &'a Address,
}

/// Why a conversation ended early.
enum Broken {
    /// Before the content went out: not delivered for certain.
    Before(Stop),
    /// While it went out or after: only an answer says what became of it.
    After(Stop),
}

enum Stop {
    Smtp(Error),
    TimedOut,
    NeedsSmtpUtf8,
}

impl Relay {
    pub fn open(options: &Options, domain: &str) -> Result<Relay, OpenError> {
        Ok(Relay {
            host: options.host.clone(),
            port: options.port,
            timeout: options.timeout,
            security: options.security,
            tls: tls(&options.host, options.ca_file.as_deref())?,
            hello: ClientId::Domain(domain.to_owned()),
            credentials: credentials(options.user.as_deref(), options.password.as_ref())?,
            idle: Mutex::default(),
        })
    }

    /// Sends one mail over a kept connection, or a new one.
    pub async fn send(&self, route: Route<'_>, content: &[u8], now: Instant) -> Outcome {
        let mut connection = match self.connection(now).await {
            Ok(connection) => connection,
            Err(stop) => return outcome(Broken::Before(stop)),
        };
        match self.converse(&mut connection, route, content).await {
            Ok(answer) => {
                self.keep(connection, now);
                Outcome::Accepted { provider_id: queue_id(&answer) }
            }
            Err(broken) => {
                if broken.is_refusal() {
                    self.keep(connection, now);
                }
                outcome(broken)
            }
        }
    }

    async fn connection(&self, now: Instant) -> Result<AsyncSmtpConnection, Stop> {
        while let Some(mut connection) = self.take_idle(now) {
            // RSET asks whether it still lives and forgets what an earlier refusal left open.
            if matches!(self.limited(connection.command(Rset)).await, Ok(answer) if answer.is_positive()) {
                return Ok(connection);
            }
        }
        let mut connection = self.limited(self.connect()).await?;
        if let Some(credentials) = &self.credentials {
            self.limited(connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials)).await?;
        }
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let at = (self.host.as_str(), self.port);
        let wrapper = (self.security == MailSecurity::Tls).then(|| self.tls.clone());
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(at, Some(self.timeout), &self.hello, wrapper, None).await?;
        if self.security == MailSecurity::StartTls {
            // Where the server does not offer it this is an error, and nothing has been said in the clear but EHLO.
            connection.starttls(self.tls.clone(), &self.hello).await?;
        }
        Ok(connection)
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        route: Route<'_>,
        content: &[u8],
    ) -> Result<Response, Broken> {
        self.address(connection, route).await.map_err(Broken::Before)?;
        self.limited(connection.message(content)).await.map_err(Broken::After)
    }

    async fn address(&self, connection: &mut AsyncSmtpConnection, route: Route<'_>) -> Result<(), Stop> {
        let options = parameters(connection, route)?;
        self.limited(connection.command(Mail::new(Some(route.from.clone()), options))).await?;
        self.limited(connection.command(Rcpt::new(route.to.clone(), vec![]))).await?;
        self.limited(connection.command(Data)).await.map(drop)
    }

    async fn limited<T>(&self, step: impl Future<Output = Result<T, Error>>) -> Result<T, Stop> {
        match tokio::time::timeout(self.timeout, step).await {
            Ok(ended) => ended.map_err(Stop::Smtp),
            Err(_) => Err(Stop::TimedOut),
        }
    }

    fn take_idle(&self, now: Instant) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| (0..IDLE_MS_MAX).contains(&now.ms_since(*since)));
        idle.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection, now: Instant) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !connection.has_broken() && idle.len() < IDLE_MAX {
            idle.push((connection, now));
        }
    }
}

fn tls(host: &str, ca_file: Option<&Path>) -> Result<TlsParameters, OpenError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let pem = std::fs::read(path).map_err(|source| OpenError::ReadCaFile { path: path.into(), source })?;
        let bad = || OpenError::BadCaFile { path: path.into() };
        if !pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
            return Err(bad());
        }
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| bad())?);
    }
    builder.build().map_err(OpenError::MailTls)
}

fn credentials(user: Option<&str>, password: Option<&SecretSource>) -> Result<Option<Credentials>, OpenError> {
    let (Some(user), Some(password)) = (user, password) else { return Ok(None) };
    Ok(Some(Credentials::new(user.to_owned(), password.read()?.expose().to_owned())))
}

fn parameters(connection: &AsyncSmtpConnection, route: Route<'_>) -> Result<Vec<MailParameter>, Stop> {
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if is_ascii(route.from) && is_ascii(route.to) {
        return Ok(vec![]);
    }
    let offered = connection.server_info().supports_feature(Extension::SmtpUtfEight);
    if offered { Ok(vec![MailParameter::SmtpUtfEight]) } else { Err(Stop::NeedsSmtpUtf8) }
}

impl Broken {
    /// Whether the server answered "no" and the connection is as good as before. After 421 it hangs up.
    fn is_refusal(&self) -> bool {
        let (Broken::Before(Stop::Smtp(error)) | Broken::After(Stop::Smtp(error))) = self else { return false };
        error.status().is_some_and(|code| u16::from(code) != 421)
    }
}

fn outcome(broken: Broken) -> Outcome {
    match broken {
        Broken::Before(Stop::NeedsSmtpUtf8) | Broken::After(Stop::NeedsSmtpUtf8) => {
            Outcome::permanent("邮箱地址含非 ASCII 字符，邮件服务器不支持")
        }
        Broken::Before(Stop::TimedOut) => Outcome::transient("邮件服务器超时，正文未发出"),
        Broken::After(Stop::TimedOut) => Outcome::unknown("正文已发出，邮件服务器没有答复：可能已送达"),
        Broken::Before(Stop::Smtp(error)) => refusal(&error).unwrap_or_else(|| before(&error)),
        Broken::After(Stop::Smtp(error)) => refusal(&error)
            .unwrap_or_else(|| Outcome::unknown(format!("正文已发出，答复中断（{}）：可能已送达", why(&error)))),
    }
}

/// What a status code says, if the server gave one: 4xx now not, 5xx never.
fn refusal(error: &Error) -> Option<Outcome> {
    let code = u16::from(error.status()?);
    let enhanced = enhanced_status(error);
    let meaning = meaning(code, enhanced.as_deref());
    let enhanced = enhanced.map(|status| format!(" {status}")).unwrap_or_default();
    let reason = format!("邮件服务器答复 {code}{enhanced}：{meaning}");
    Some(if error.is_transient() { Outcome::transient(reason) } else { Outcome::permanent(reason) })
}

fn before(error: &Error) -> Outcome {
    if error.is_client() {
        return Outcome::permanent("邮件服务器不支持所配置的加密（STARTTLS）或登录方式，未发出");
    }
    Outcome::transient(format!("未能与邮件服务器谈妥，正文未发出：{}", why(error)))
}

/// `5.1.1` and the like (RFC 3463): the only part of a server's text that holds no address.
fn enhanced_status(error: &Error) -> Option<String> {
    let text = std::error::Error::source(error)?.to_string();
    let word = text.split_whitespace().next()?;
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (word.split('.').count() == 3 && word.split('.').all(is_number)).then(|| word.to_owned())
}

fn meaning(code: u16, enhanced: Option<&str>) -> &'static str {
    match (code, enhanced.and_then(|status| status.split_once('.')).map(|(_, rest)| rest)) {
        (_, Some("1.1" | "1.2" | "1.3" | "1.6")) => "收件人地址不存在",
        (_, Some("2.2")) => "收件人邮箱已满",
        (_, Some("2.1")) => "收件人邮箱已停用",
        (_, Some("7.1")) => "被策略拒绝",
        (421, _) => "服务暂停",
        (450 | 451, _) => "暂时不收，稍后再试",
        (452 | 552, _) => "空间不足或邮件太大",
        (530 | 534 | 535, _) => "登录被拒，请查用户名与密码",
        (550 | 551 | 553, _) => "收件人被拒",
        (400..=499, _) => "暂时失败",
        _ => "拒收",
    }
}

/// What the server calls the mail, for looking it up in its log.
fn queue_id(answer: &Response) -> Option<String> {
    let line: String = answer.first_line()?.chars().filter(|char| char.is_ascii_graphic() || *char == ' ').collect();
    let line: String = line.trim().chars().take(QUEUE_ID_CHARS_MAX).collect();
    (!line.is_empty() && !line.contains('@')).then_some(line)
}
