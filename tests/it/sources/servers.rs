//! Real database servers: one of each for all tests, started when the first asks for it.
//!
//! `tests/run` starts them beside the build and names them in `DUBAN_TEST_MARIADB` and `DUBAN_TEST_POSTGRES`; a server that
//! runs already is used by naming it there: `URL CA_FILE`, an administrator's. Without either each is started here. Where
//! there is none, its tests say aloud that they were skipped, and `tests/run` counts them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    MariaDb,
    Postgres,
}

/// A server with a database of its own for one test.
#[derive(Clone, Debug)]
pub struct Server {
    pub kind: Kind,
    /// An administrator's URL of this test's database.
    pub url: String,
    /// The authority that signed its certificate.
    pub ca_file: String,
    /// Host and port.
    pub address: String,
    pub database: String,
}

/// Servers that were started here: they end with this process, when their input closes.
static STARTED: Mutex<Vec<Child>> = Mutex::new(Vec::new());

impl Kind {
    fn variable(self) -> &'static str {
        match self {
            Kind::MariaDb => "DUBAN_TEST_MARIADB",
            Kind::Postgres => "DUBAN_TEST_POSTGRES",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kind::MariaDb => "mariadb",
            Kind::Postgres => "postgres",
        }
    }

    fn scheme(self) -> &'static str {
        match self {
            Kind::MariaDb => "mysql",
            Kind::Postgres => "postgres",
        }
    }

    /// The URL and the authority's file of the one server of this kind.
    fn running(self) -> Option<&'static (String, String)> {
        static MARIADB: OnceLock<Option<(String, String)>> = OnceLock::new();
        static POSTGRES: OnceLock<Option<(String, String)>> = OnceLock::new();
        let known = match self {
            Kind::MariaDb => &MARIADB,
            Kind::Postgres => &POSTGRES,
        };
        known.get_or_init(|| named(self).or_else(|| started(self))).as_ref()
    }

    /// A database of its own; none: there is no such server, and that was said aloud.
    pub fn server(self, test: &str) -> Option<Server> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let Some((url, ca_file)) = self.running() else {
            // Not by a macro: what these print is kept from view when a test passes.
            eprintln!("SKIPPED {test}: there is no {} server here", self.word());
            return None;
        };
        let database = format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let (front, _) = url.rsplit_once('/').unwrap();
        let address = front.rsplit_once('@').unwrap().1.to_owned();
        let server = Server {
            kind: self,
            url: format!("{front}/{database}"),
            ca_file: ca_file.clone(),
            address,
            database: database.clone(),
        };
        server.run_in(url, &format!("CREATE DATABASE {database}"));
        Some(server)
    }
}

fn named(kind: Kind) -> Option<(String, String)> {
    pair(&std::env::var(kind.variable()).ok()?)
}

fn pair(line: &str) -> Option<(String, String)> {
    let (url, ca_file) = line.trim().split_once(' ')?;
    Some((url.to_owned(), ca_file.to_owned()))
}

fn started(kind: Kind) -> Option<(String, String)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers");
    let command = Command::new(script).arg(kind.word()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = command.ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    STARTED.lock().unwrap().push(child);
    pair(&line)
}

impl Server {
    /// Runs statements as an administrator, one after the other.
    pub fn run(&self, statements: &str) {
        self.run_in(&self.url, statements);
    }

    fn run_in(&self, url: &str, statements: &str) {
        let mut session = self.session_in(url);
        session.run(statements);
    }

    /// A session of an administrator.
    pub fn session(&self) -> Session {
        self.session_in(&self.url)
    }

    fn session_in(&self, url: &str) -> Session {
        use sqlx::Connection;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(async {
            match self.kind {
                Kind::MariaDb => Open::MariaDb(sqlx::MySqlConnection::connect(url).await.unwrap()),
                Kind::Postgres => Open::Postgres(sqlx::PgConnection::connect(url).await.unwrap()),
            }
        });
        Session { runtime, connection }
    }

    /// The source's `url` and what belongs to it, with the password in the environment of whoever reads it.
    pub fn address(&self) -> String {
        format!(
            "    url: \"{}://admin@{}/{}\"\n    password: {{ env: DUBAN_TEST_PASSWORD }}\n",
            self.kind.scheme(),
            self.address,
            self.database
        )
    }
}

/// A session in which a transaction may be left open.
pub struct Session {
    runtime: tokio::runtime::Runtime,
    connection: Open,
}

enum Open {
    MariaDb(sqlx::MySqlConnection),
    Postgres(sqlx::PgConnection),
}

impl Session {
    /// Runs statements, one after the other.
    pub fn run(&mut self, statements: &str) {
        use sqlx::{AssertSqlSafe, Executor};
        for statement in statements.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
            let statement = statement.trim_end_matches(';').to_owned();
            let ran = self.runtime.block_on(async {
                match &mut self.connection {
                    Open::MariaDb(it) => it.execute(sqlx::raw_sql(AssertSqlSafe(statement.clone()))).await.map(|_| ()),
                    Open::Postgres(it) => it.execute(sqlx::raw_sql(AssertSqlSafe(statement.clone()))).await.map(|_| ()),
                }
            });
            ran.unwrap_or_else(|error| panic!("{error}: {statement:.200}"));
        }
    }
}
