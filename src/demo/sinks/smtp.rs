//! A mail server that keeps what it gets and delivers nothing.
//!
//! It speaks as much SMTP (RFC 5321) as a client needs, over any stream: who owns the listener may put TLS around it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// Longer lines, and mails of more lines, are nothing that a channel sends.
const LINES_MAX: usize = 100_000;

/// A mail as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Headers and body, lines ended by a bare line feed, dots unstuffed.
    pub content: String,
}

/// An answer other than the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// This line, such as `550 5.1.1 no such user`. After 221 and 421 the server hangs up.
    Line(String),
    /// None: the connection is closed.
    Close,
    /// None: the connection stays open and silent.
    Silence,
}

/// Asked before every answer, with the command's line (`CONNECT` for the greeting, `.` for the end of the content).
type Say = dyn Fn(&str) -> Option<Reply> + Send + Sync;

/// The server's state, shared by its connections.
pub struct SmtpSink {
    say: Box<Say>,
    offers_starttls: bool,
    mails: Mutex<Vec<Mail>>,
    commands: Mutex<Vec<String>>,
}

/// How a conversation ended.
pub enum Ended<S> {
    /// One side hung up.
    Closed,
    /// The client is about to begin TLS on this stream.
    StartTls(S),
}

/// What one connection has said so far.
#[derive(Default)]
struct Session {
    from: String,
    to: Vec<String>,
    is_encrypted: bool,
}

enum Next {
    Go(String),
    HangUp(Option<String>),
    Content,
    StartTls,
}

impl SmtpSink {
    /// A server that takes everything.
    pub fn taking_all() -> SmtpSink {
        SmtpSink::saying(|_| None)
    }

    /// A server whose answers may be others than the usual.
    pub fn saying(say: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> SmtpSink {
        SmtpSink { say: Box::new(say), offers_starttls: false, mails: Mutex::default(), commands: Mutex::default() }
    }

    /// The same, with STARTTLS on offer.
    #[must_use]
    pub fn offering_starttls(mut self) -> SmtpSink {
        self.offers_starttls = true;
        self
    }

    /// Serves plain connections until the future is dropped.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let sink = Arc::clone(&self);
            tokio::spawn(async move { sink.converse(stream, false).await.map(drop) });
        }
    }

    /// Everything taken so far.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.mails).clone()
    }

    /// Every command so far, in order, `CONNECT` for each connection.
    pub fn commands(&self) -> Vec<String> {
        lock(&self.commands).clone()
    }

    /// Holds one conversation. On an encrypted stream there is no greeting after STARTTLS: `is_encrypted` says so.
    pub async fn converse<S>(&self, stream: S, is_encrypted: bool) -> std::io::Result<Ended<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut stream = BufReader::new(stream);
        let mut session = Session { is_encrypted, ..Session::default() };
        if !is_encrypted && !self.greet(&mut stream).await? {
            return Ok(Ended::Closed);
        }
        while let Some(line) = line(&mut stream).await? {
            match self.answer(&mut session, &line) {
                Next::Go(reply) => write(&mut stream, &reply).await?,
                Next::StartTls => {
                    write(&mut stream, "220 go ahead").await?;
                    return Ok(Ended::StartTls(stream.into_inner()));
                }
                Next::Content => {
                    write(&mut stream, "354 end with a dot").await?;
                    if !self.take(&mut stream, &mut session).await? {
                        break;
                    }
                }
                Next::HangUp(reply) => {
                    hang_up(&mut stream, reply).await?;
                    break;
                }
            }
        }
        Ok(Ended::Closed)
    }

    /// Greets a client over a stream that is encrypted from its first byte, then goes on as usual.
    pub async fn converse_over_tls<S>(&self, stream: S) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut stream = stream;
        if self.greet(&mut stream).await? {
            self.converse(stream, true).await?;
        }
        Ok(())
    }

    async fn greet<S: AsyncWrite + Unpin>(&self, stream: &mut S) -> std::io::Result<bool> {
        match self.next("CONNECT", "220 sink ready") {
            Next::Go(reply) => write(stream, &reply).await.map(|()| true),
            Next::HangUp(reply) => hang_up(stream, reply).await.map(|()| false),
            Next::Content | Next::StartTls => Ok(false),
        }
    }

    fn answer(&self, session: &mut Session, line: &str) -> Next {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => self.next(line, &self.extensions(session)),
            "MAIL" => {
                *session = Session { from: path(line), is_encrypted: session.is_encrypted, ..Session::default() };
                self.next(line, "250 sender ok")
            }
            "RCPT" => self.recipient(session, line),
            "DATA" => match self.next(line, "354") {
                Next::Go(reply) if reply == "354" => Next::Content,
                other => other,
            },
            "STARTTLS" if self.offers_starttls => match self.next(line, "220") {
                Next::Go(reply) if reply == "220" => Next::StartTls,
                other => other,
            },
            "AUTH" => self.next(line, "235 welcome"),
            "RSET" | "NOOP" => self.next(line, "250 ok"),
            "QUIT" => self.next(line, "221 bye"),
            _ => self.next(line, "502 not understood"),
        }
    }

    fn extensions(&self, session: &Session) -> String {
        let starttls = if self.offers_starttls && !session.is_encrypted { "250-STARTTLS\r\n" } else { "" };
        format!("250-sink\r\n{starttls}250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
    }

    fn recipient(&self, session: &mut Session, line: &str) -> Next {
        let next = self.next(line, "250 recipient ok");
        if matches!(&next, Next::Go(reply) if reply.starts_with('2')) {
            session.to.push(path(line));
        }
        next
    }

    /// Takes the content; whether the conversation goes on.
    async fn take<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        session: &mut Session,
    ) -> std::io::Result<bool> {
        let Some(content) = content(stream).await? else { return Ok(false) };
        let kept = lock(&self.mails).len() + 1;
        let reply = match self.next(".", &format!("250 2.0.0 queued as {kept}")) {
            Next::Go(reply) => reply,
            Next::HangUp(reply) => return hang_up(stream, reply).await.map(|()| false),
            Next::Content | Next::StartTls => return Ok(false),
        };
        if reply.starts_with('2') {
            let Session { from, to, .. } = std::mem::take(session);
            lock(&self.mails).push(Mail { from, to, content });
        }
        write(stream, &reply).await.map(|()| true)
    }

    fn next(&self, line: &str, usual: &str) -> Next {
        lock(&self.commands).push(line.to_owned());
        let reply = (self.say)(line).unwrap_or_else(|| Reply::Line(usual.to_owned()));
        match reply {
            Reply::Line(line) if line.starts_with("221") || line.starts_with("421") => Next::HangUp(Some(line)),
            Reply::Line(line) => Next::Go(line),
            Reply::Close => Next::HangUp(None),
            Reply::Silence => Next::HangUp(Some(String::new())),
        }
    }
}

/// Closes after a last line; an empty one stands for silence, which lasts as long as the client bears it.
async fn hang_up<S: AsyncWrite + Unpin>(stream: &mut S, reply: Option<String>) -> std::io::Result<()> {
    match reply.as_deref() {
        Some("") => std::future::pending().await,
        Some(line) => write(stream, line).await?,
        None => {}
    }
    stream.shutdown().await
}

async fn content<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut content = String::new();
    for _ in 0..LINES_MAX {
        match line(stream).await? {
            None => return Ok(None),
            Some(line) if line == "." => return Ok(Some(content)),
            Some(line) => {
                content.push_str(line.strip_prefix('.').unwrap_or(&line));
                content.push('\n');
            }
        }
    }
    Ok(None)
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = stream.read_until(b'\n', &mut bytes).await?;
    let line = String::from_utf8_lossy(&bytes);
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// What stands between the angle brackets.
fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(path, _)| path.to_owned()).unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
