//! Other sides that fail in chosen ways: sinks with scripts, TLS around them, connections that are cut.

use duban::config::channels::Way;
use duban::config::secret::SecretSource;
use duban::demo::sinks::gateway::{self, Gateway, Received};
use duban::demo::sinks::smtp::{self, Ended, SmtpSink};
use duban::notify::channel::{Channel, Forms, Message, Outcome};
use duban::time::Instant;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

/// The instant at which every test begins: a Monday, 09:00.
pub const NOW: Instant = Instant(1_767_574_800_000);

/// So many seconds after [`NOW`].
pub fn after(seconds: i64) -> Instant {
    NOW.plus_ms(seconds * 1000)
}

/// A message with every form.
pub fn message(id: &str, to: &str) -> Message {
    Message {
        id: id.into(),
        kind: "yellow-card".into(),
        order: Some("ZH-2024-000017".into()),
        to: to.into(),
        at: NOW,
        forms: Forms {
            short: "【珠海12345】黄牌：工单ZH-2024-000017未按时联系诉求人。".into(),
            markdown: "**黄牌　一小时响应逾期**\n工单　ZH-2024-000017".into(),
            subject: "【黄牌】工单ZH-2024-000017".into(),
            text: "工单ZH-2024-000017未按时联系诉求人。".into(),
            json: r#"{"is":"decision","key":"k1"}"#.into(),
            ..Forms::default()
        },
        ..Message::default()
    }
}

/// The reason of an outcome that has one.
pub fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Transient { reason, .. }
        | Outcome::Limited { reason, .. }
        | Outcome::Permanent { reason }
        | Outcome::Unknown { reason } => reason,
        Outcome::Accepted { .. } | Outcome::Deferred { .. } => panic!("no failure: {outcome:?}"),
    }
}

pub fn is_accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { .. })
}

#[track_caller]
pub fn assert_transient(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Transient { .. } | Outcome::Limited { .. }), "{outcome:?}");
}

#[track_caller]
pub fn assert_permanent(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Permanent { .. }), "{outcome:?}");
}

#[track_caller]
pub fn assert_unknown(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
}

/// Delivers at [`NOW`].
pub async fn deliver(channel: &dyn Channel, message: &Message) -> Outcome {
    channel.deliver(message, NOW).await
}

/// Files that live as long as a test: secrets and certificates.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Files {
        Files(tempfile::tempdir().unwrap())
    }

    pub fn holding(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn secret(&self, name: &str, text: &str) -> SecretSource {
        SecretSource::File(self.holding(name, text))
    }
}

/// A way that gives up soon.
pub fn way() -> Way {
    Way { timeout: Duration::from_millis(400), ..Way::default() }
}

/// Answers in turn, then the usual ones. Each waits for a request that its key fits: a command's start for mail, a path
/// for HTTP.
pub struct Script<R>(Mutex<VecDeque<(&'static str, R)>>);

impl<R> Script<R> {
    pub fn new(answers: impl IntoIterator<Item = (&'static str, R)>) -> Script<R> {
        Script(Mutex::new(answers.into_iter().collect()))
    }

    fn next(&self, fits: impl Fn(&str) -> bool) -> Option<R> {
        let mut answers = self.0.lock().unwrap();
        let place = answers.iter().position(|(key, _)| fits(key))?;
        answers.remove(place).map(|(_, answer)| answer)
    }
}

pub fn scripted_smtp(answers: impl IntoIterator<Item = (&'static str, smtp::Reply)>) -> SmtpSink {
    let script = Script::new(answers);
    SmtpSink::saying(move |line| script.next(|key| line.starts_with(key)))
}

pub fn scripted_gateway(answers: impl IntoIterator<Item = (&'static str, gateway::Reply)>) -> Arc<Gateway> {
    let script = Script::new(answers);
    Arc::new(Gateway::saying(move |request: &Received| script.next(|key| request.uri.path() == key)))
}

pub fn line(text: &str) -> smtp::Reply {
    smtp::Reply::Line(text.into())
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Serves a gateway over plain HTTP; its base URL.
pub async fn serve_http(gateway: &Arc<Gateway>) -> String {
    let (listener, address) = listener().await;
    tokio::spawn(Arc::clone(gateway).serve(listener));
    format!("http://{address}")
}

/// Serves a gateway over HTTPS with this certificate; its base URL by name.
pub async fn serve_https(gateway: &Arc<Gateway>, certificate: &Certificate) -> String {
    let (listener, address) = listener().await;
    let tls = TlsListener { listener, acceptor: certificate.acceptor() };
    tokio::spawn(axum::serve(tls, Arc::clone(gateway).router()).into_future());
    format!("https://localhost:{}", address.port())
}

/// Serves a mail sink in the clear; its port.
pub async fn serve_smtp(sink: &Arc<SmtpSink>) -> u16 {
    let (listener, address) = listener().await;
    tokio::spawn(Arc::clone(sink).serve(listener));
    address.port()
}

/// Serves a mail sink that speaks TLS from the first byte; its port.
pub async fn serve_smtps(sink: &Arc<SmtpSink>, certificate: &Certificate) -> u16 {
    let (listener, address) = listener().await;
    let (sink, acceptor) = (Arc::clone(sink), certificate.acceptor());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (sink, acceptor) = (Arc::clone(&sink), acceptor.clone());
            tokio::spawn(async move { sink.converse_over_tls(acceptor.accept(stream).await?).await });
        }
    });
    address.port()
}

/// Serves a mail sink that upgrades to TLS when asked; its port.
pub async fn serve_starttls(sink: &Arc<SmtpSink>, certificate: &Certificate) -> u16 {
    let (listener, address) = listener().await;
    let (sink, acceptor) = (Arc::clone(sink), certificate.acceptor());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse_and_upgrade(Arc::clone(&sink), acceptor.clone(), stream));
        }
    });
    address.port()
}

async fn converse_and_upgrade(sink: Arc<SmtpSink>, acceptor: TlsAcceptor, stream: TcpStream) -> std::io::Result<()> {
    if let Ended::StartTls(stream) = sink.converse(stream, false).await? {
        sink.converse(acceptor.accept(stream).await?, true).await?;
    }
    Ok(())
}

/// A server that takes the connection, reads what comes, and hangs up without a word; its address.
pub async fn serve_hanging_up() -> SocketAddr {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                use tokio::io::AsyncReadExt;
                let _ = stream.read(&mut [0; 16_384]).await;
            });
        }
    });
    address
}

/// A server that answers a connection's first request only, and hangs up at the second: as it looks to a client whose
/// request crosses the server's closing of an idle connection. Its address.
pub async fn serve_first_requests() -> SocketAddr {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_once(stream));
        }
    });
    address
}

async fn answer_once(mut stream: TcpStream) -> std::io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"code\":\"0\",\"errcode\":0}";
    stream.read(&mut [0; 16_384]).await.map(drop)?;
    stream.write_all(ANSWER).await?;
    stream.read(&mut [0; 16_384]).await.map(drop)
}

/// An address at which nobody listens.
pub async fn nobody() -> SocketAddr {
    listener().await.1
}

/// A certificate signed by nobody but itself.
pub struct Certificate {
    pub pem: String,
    acceptor: TlsAcceptor,
}

impl Certificate {
    /// For this name.
    pub fn of(name: &str) -> Certificate {
        duban::notify::http::install_tls();
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key);
        Certificate { pem: made.cert.pem(), acceptor: TlsAcceptor::from(Arc::new(config.unwrap())) }
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
