//! `kind: sql`: where the database is, what is asked, and how what is new is known.

use super::super::{Base, secret_in_text, way};
use crate::config::sources::{Database, Overlap, Server, Sql, Tls};
use crate::text::Text;
use crate::text::problem::{Problem, Problems};
use crate::text::tree::Node;
use crate::text::want::{self, Fields, report};
use std::net::IpAddr;
use std::time::Duration;

const BATCH: u32 = 1000;
const BATCH_MAX: u32 = 10_000;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads it.
pub(super) fn sql(fields: &mut Fields<'_>, base: &Base<'_>, problems: &mut Problems) -> Option<Sql> {
    let database = fields.required("url", problems).and_then(|node| database(node, base, problems));
    let password = fields.optional("password").and_then(|node| base.secret(node, problems));
    let socket = fields.optional("socket").and_then(|node| want::text(node, problems));
    let tls = fields.optional("tls").map(|node| want::one_of(node, &Tls::WORDS, problems));
    let ca_file = fields.optional("ca_file").and_then(|node| base.authorities(node, problems));
    let query = fields.required("query", problems).and_then(|node| query(node, problems));
    let cursor = fields.required("cursor", problems).and_then(|node| want::word(node, problems));
    let keys = fields.optional("key").map(|node| want::words(node, problems)).unwrap_or_default();
    let overlap = fields.optional("overlap").map(|node| overlap(node, problems));
    let start = fields.optional("start").and_then(|node| want::word(node, problems));
    let batch = fields.optional("batch").map(|node| batch(node, problems));
    let timeout = way::timeout(fields, TIMEOUT, problems);
    let mut database = database?;
    if let Database::MySql(server) | Database::Postgres(server) = &mut database {
        server.password = password;
        if let Some(socket) = socket {
            socket.clone_into(&mut server.host);
        }
    }
    let tls = tls.unwrap_or_else(|| Some(usual_tls(&database)))?;
    Some(Sql {
        database,
        tls,
        ca_file,
        query: query?,
        cursor: cursor?.text.to_owned(),
        keys: keys.into_iter().map(|word| word.text.to_owned()).collect(),
        overlap: overlap.map_or(Some(None), |given| given.map(Some))?,
        start: start.map(|word| word.text.to_owned()),
        batch: batch.unwrap_or(Some(BATCH))?,
        timeout,
    })
}

/// Nobody reads along within one machine; elsewhere whoever wants it plain has to say so.
fn usual_tls(database: &Database) -> Tls {
    match database {
        Database::Sqlite(_) => Tls::Off,
        Database::MySql(server) | Database::Postgres(server) => {
            let is_here = |host: &str| host == "localhost" || host.starts_with('/');
            let is_loopback = server.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            if is_loopback || is_here(&server.host) { Tls::Off } else { Tls::Verify }
        }
    }
}

/// `mysql://user@host:3306/database`, `postgres://…`, or `sqlite:path`.
fn database(node: &Node, base: &Base<'_>, problems: &mut Problems) -> Option<Database> {
    let text = want::text(node, problems)?;
    if let Some(path) = text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
        return if path.is_empty() { malformed(node, problems) } else { Some(Database::Sqlite(base.file(path))) };
    }
    let Ok(url) = reqwest::Url::parse(text) else { return malformed(node, problems) };
    if url.password().is_some() {
        return report(secret_in_text(&node.place), problems);
    }
    let port = match url.scheme() {
        "mysql" | "mariadb" => 3306,
        "postgres" | "postgresql" => 5432,
        _ => return malformed(node, problems),
    };
    let database = way::percent_decoded(url.path().trim_start_matches('/'));
    let host = url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
    if url.username().is_empty() || database.is_empty() || url.query().is_some() {
        return malformed(node, problems);
    }
    let user = way::percent_decoded(url.username());
    let server = Server { host, port: url.port().unwrap_or(port), user, password: None, database };
    Some(if port == 3306 { Database::MySql(server) } else { Database::Postgres(server) })
}

fn malformed<T>(node: &Node, problems: &mut Problems) -> Option<T> {
    let message = Text::new("此处应为数据库的地址", "expected a database's address");
    let hint = Text::new(
        "写成 mysql://用户@主机:3306/库名、postgres://用户@主机:5432/库名 或 sqlite:路径，口令另写在 password",
        "write mysql://user@host:3306/database, postgres://user@host:5432/database or sqlite:PATH; the password stands \
         under `password`",
    );
    report(Problem::error(&node.place, "malformed-store", message).hint(hint), problems)
}

/// A query that can stand in a subquery of ours.
fn query(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = want::text(node, problems)?.trim().trim_end_matches(';').trim_end();
    let first = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
    let has_own_parameters = text.contains(":cursor") || text.contains(":limit");
    if (first == "select" || first == "with") && !text.contains(';') && !has_own_parameters {
        return Some(text.to_owned());
    }
    let message = Text::new("此处应为一条查询", "expected one query");
    let hint = Text::new(
        "写一条 SELECT（不带分号，不必写增量条件、ORDER BY 和 LIMIT，程序会加在外面）",
        "write one SELECT, without a semicolon; what is new, ORDER BY and LIMIT are added around it",
    );
    report(Problem::error(&node.place, "malformed-query", message).hint(hint), problems)
}

/// A time such as `5 minutes`, or a number.
fn overlap(node: &Node, problems: &mut Problems) -> Option<Overlap> {
    if node.scalar().is_some_and(|scalar| scalar.number().is_some()) {
        return want::integer(node, problems).map(|count| Overlap::Count(count.into()));
    }
    way::elapsed(node, (0, 7 * 24 * 3600), problems).map(Overlap::Time)
}

fn batch(node: &Node, problems: &mut Problems) -> Option<u32> {
    let number = want::integer(node, problems)?;
    (1..=BATCH_MAX).contains(&number).then_some(number).or_else(|| {
        let message = Text::new("此处应为 1 至 10000", "expected 1 to 10000");
        let hint = Text::new("缺省 1000", "the default is 1000");
        report(Problem::error(&node.place, "malformed-number", message).hint(hint), problems)
    })
}
