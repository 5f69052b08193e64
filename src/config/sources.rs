//! The sources as configured: where rows come from, and what events and figures become of them.
//!
//! A source's name is the name of its events' source, too: within it their ids are unique. Every kind of source shares one
//! [`Mapping`].

pub mod mapping;

use super::secret::SecretSource;
use mapping::Mapping;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A source.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, unique among sources and tokens.
    pub name: Arc<str>,
    /// How often it is looked at.
    pub every: Duration,
    /// Where its rows come from.
    pub kind: SourceKind,
    /// What becomes of a row. Of none: the lines of a folder's files are events and figures themselves.
    pub mapping: Mapping,
    /// Its whole entry in one line: once this is another, what was refused is tried again.
    pub text: String,
}

/// Where a source's rows come from.
#[derive(Clone, Debug)]
pub enum SourceKind {
    /// `kind: sql`: another system's database.
    Sql(Box<Sql>),
    /// `kind: folder`: files that are dropped.
    Folder(Folder),
}

/// `kind: sql`.
#[derive(Clone, Debug)]
pub struct Sql {
    /// Which database.
    pub database: Database,
    /// How the way there is secured.
    pub tls: Tls,
    /// `ca_file`: further certificate authorities (PEM).
    pub ca_file: Option<PathBuf>,
    /// The operator's query. It stands in a subquery of ours, which asks for what is new, in order, in portions.
    pub query: String,
    /// The column by which what is new is known: it grows with every new or changed row.
    pub cursor: String,
    /// Columns that tell rows of one cursor value apart; none: rows of one cursor value are read together.
    pub keys: Vec<String>,
    /// How far behind the newest row is read again, for rows that were committed late; none: as is usual for its kind.
    pub overlap: Option<Overlap>,
    /// From which cursor value on the first time; none: everything.
    pub start: Option<String>,
    /// How many rows are asked for at once.
    pub batch: u32,
    /// How long one answer may take.
    pub timeout: Duration,
}

/// A database.
#[derive(Clone, Debug)]
pub enum Database {
    /// `MySQL` or `MariaDB`.
    MySql(Server),
    /// PostgreSQL.
    Postgres(Server),
    /// A file of SQLite.
    Sqlite(PathBuf),
}

impl Database {
    /// What it is called in messages.
    pub fn title(&self) -> &'static str {
        match self {
            Database::MySql(_) => "MySQL",
            Database::Postgres(_) => "PostgreSQL",
            Database::Sqlite(_) => "SQLite",
        }
    }
}

/// A database server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its host, or the folder of its socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who we are there.
    pub user: String,
    /// And how that is shown.
    pub password: Option<SecretSource>,
    /// The database there.
    pub database: String,
}

/// How the way to a server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Encrypted, the server's certificate checked against its name and a known authority.
    Verify,
    /// Encrypted, the certificate not checked: nobody reads along, but who answers is not known.
    Encrypt,
    /// Plain.
    Off,
}

impl Tls {
    /// The words of the file.
    pub const WORDS: [(&str, Tls); 3] = [("verify", Tls::Verify), ("encrypt", Tls::Encrypt), ("off", Tls::Off)];
}

/// How far behind the newest row is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// For a cursor that is a time: so long.
    Time(Duration),
    /// For a cursor that is a number: so much.
    Count(u64),
}

/// `kind: folder`.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// Which files are ours, by patterns such as `工单*.csv`; none: all of them.
    pub files: Vec<String>,
    /// In what encoding texts are.
    pub encoding: Encoding,
    /// What stands between the columns of a CSV file; none: found from its header.
    pub delimiter: Option<u8>,
    /// The worksheet of an XLSX file; none: the first.
    pub sheet: Option<String>,
    /// In which row the names of the columns stand, from 1.
    pub header: u32,
    /// A larger file is refused.
    pub bytes_max: u64,
    /// A file is taken once it has not changed for so long.
    pub rest: Duration,
    /// Files that were taken or refused are removed after so many days; none: never.
    pub keep_days: Option<u32>,
}

/// In what encoding a text file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// By its byte order mark, else UTF-8 if it is that, else GB18030.
    Auto,
    /// UTF-8.
    Utf8,
    /// GB18030, of which GBK and GB2312 are parts.
    Gb18030,
}

impl Encoding {
    /// The words of the file.
    pub const WORDS: [(&str, Encoding); 5] = [
        ("auto", Encoding::Auto),
        ("utf-8", Encoding::Utf8),
        ("gb18030", Encoding::Gb18030),
        ("gbk", Encoding::Gb18030),
        ("gb2312", Encoding::Gb18030),
    ];
}
