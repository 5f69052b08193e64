//! Notices as lines on the daemon's standard output: for trying rules out. It shows what notices say, so it is not for
//! a machine whose journal others read.

use super::channel::{Channel, Message, Outcome};
use crate::time::Instant;
use chrono_tz::Asia::Shanghai;
use futures_util::future::BoxFuture;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the lines go.
type Sink = Arc<Mutex<dyn Write + Send>>;

/// `kind: console`.
pub struct Console {
    sink: Sink,
}

impl Console {
    /// On standard output.
    pub fn stdout() -> Console {
        Console::to(std::io::stdout())
    }

    /// Anywhere else.
    pub fn to(sink: impl Write + Send + 'static) -> Console {
        Console { sink: Arc::new(Mutex::new(sink)) }
    }
}

impl Channel for Console {
    fn kind(&self) -> &'static str {
        "console"
    }

    fn deliver<'a>(&'a self, message: &'a Message, _: Instant) -> BoxFuture<'a, Outcome> {
        let (sink, line) = (Arc::clone(&self.sink), line(message));
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || write(&sink, &line)).await {
                Ok(Ok(())) => Outcome::Accepted { provider_id: None },
                Ok(Err(_)) | Err(_) => Outcome::transient("写不了标准输出"),
            }
        })
    }

    /// A line more on a screen tells nobody twice.
    fn recognises_repeats(&self) -> bool {
        true
    }

    /// It is on the screen.
    fn proves_delivery(&self) -> bool {
        true
    }
}

fn write(sink: &Sink, line: &str) -> std::io::Result<()> {
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    sink.write_all(line.as_bytes())?;
    sink.flush()
}

/// One line whatever the message holds: a title with a line break must not look like a second notice.
fn line(message: &Message) -> String {
    let order = message.order.as_deref().unwrap_or("-");
    let text = format!("{}  {}  {order}  {}", message.at.rfc3339(Shanghai), message.kind, message.forms.short);
    let mut line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    line.push('\n');
    line
}
