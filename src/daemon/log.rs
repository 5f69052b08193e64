//! The log: lines on stderr, JSON, or the journal. Plain facts in English, never a token, a number or a body.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The journal where systemd connected it to stderr, else lines.
    Auto,
    /// Lines on stderr.
    Text,
    /// A JSON object a line on stderr.
    Json,
    /// The systemd journal.
    Journal,
}

/// Starts the log. `DUBAN_LOG` says what is logged, `info` by default.
pub fn start(format: Format) {
    let filter = EnvFilter::try_from_env("DUBAN_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let registry = tracing_subscriber::registry().with(filter);
    let wants_journal = format == Format::Journal || (format == Format::Auto && is_journal());
    // A log that was started before, by a test or the demo, stays.
    let _ = match tracing_journald::layer().ok().filter(|_| wants_journal) {
        Some(journal) => registry.with(journal).try_init(),
        None if format == Format::Json => {
            registry.with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr)).try_init()
        }
        None => {
            let lines = tracing_subscriber::fmt::layer().with_target(false).with_writer(std::io::stderr);
            registry.with(lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))).try_init()
        }
    };
}

/// Whether systemd connected stderr to the journal: `$JOURNAL_STREAM` names the very file that stderr is, and is inherited
/// by processes whose stderr is another.
fn is_journal() -> bool {
    use std::os::unix::fs::MetadataExt;
    let stderr = std::fs::metadata("/proc/self/fd/2").map(|file| format!("{}:{}", file.dev(), file.ino()));
    matches!((stderr, std::env::var("JOURNAL_STREAM")), (Ok(stderr), Ok(stream)) if stderr == stream)
}
