//! What is wrong with another system's database, in words that tell an operator what to do.
//!
//! What a server says about our question is shown; what it says about a value is not, because it repeats the value.

use crate::config::secret::SecretError;
use crate::config::sources::Sql;
use crate::daemon::chain;
use crate::text::Text;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectFailure {
    /// The password.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The server, or the way there.
    #[error(transparent)]
    Server(#[from] sqlx::Error),
}

/// Why the source cannot be reached.
pub(super) fn cannot_connect(failure: &ConnectFailure, sql: &Sql) -> Text {
    let title = sql.database.title();
    let error = match failure {
        ConnectFailure::Secret(error) => {
            let why = error.said();
            return Text::new(format!("口令读不出来：{}", why.zh), format!("the password cannot be read: {}", why.en));
        }
        ConnectFailure::Server(error) => error,
    };
    let why = told(error);
    let hint = hint(error);
    Text::new(
        format!("连不上 {title}：{}{}", why.zh, hint.zh),
        format!("cannot connect to {title}: {}{}", why.en, hint.en),
    )
}

fn hint(error: &sqlx::Error) -> Text {
    let is_of_certificate = chain(error).contains("certificate");
    match (error, code(error).as_str()) {
        (sqlx::Error::Tls(_) | sqlx::Error::Io(_), _) if is_of_certificate || matches!(error, sqlx::Error::Tls(_)) => {
            Text::new(
                "；证书由自己的机构签发的写 ca_file，服务器不支持加密而网络可信的写 tls: off",
                "; give `ca_file` for an authority of your own, or write `tls: off` where the network is trusted",
            )
        }
        (sqlx::Error::Io(_), _) => {
            Text::new("；请检查地址、端口和防火墙", "; look at the address, the port and the firewall")
        }
        (_, "28000" | "28P01" | "1045") => {
            Text::new("；请检查用户、口令和允许的来源地址", "; look at user, password and the addresses allowed")
        }
        (_, "3D000" | "1049" | "42000") => {
            Text::new("；请检查库名和权限", "; look at the database's name and your rights")
        }
        _ => Text::new("", ""),
    }
}

/// Why a question was not answered.
pub(super) fn cannot_read(error: &sqlx::Error) -> Text {
    match code(error).as_str() {
        // Statement timeouts of PostgreSQL, MariaDB and MySQL.
        "57014" | "70100" | "1969" | "3024" => took_too_long(),
        _ => {
            let why = told(error);
            Text::new(format!("查询失败：{}", why.zh), format!("the query failed: {}", why.en))
        }
    }
}

/// Why an answer was not waited for.
pub(super) fn took_too_long() -> Text {
    Text::new(
        "查询超时；请给游标列建索引、写小 batch 或写大 timeout",
        "the query took too long: index the cursor column, lower `batch` or raise `timeout`",
    )
}

/// What a server says, unless it says it of a value: SQLSTATE's class 22.
fn told(error: &sqlx::Error) -> Text {
    match (error, error.as_database_error()) {
        (_, Some(_)) if code(error).starts_with("22") => {
            let code = code(error);
            Text::new(
                format!("有一个值转换不了（SQLSTATE {code}）"),
                format!("a value cannot be converted (SQLSTATE {code})"),
            )
        }
        (_, Some(said)) => Text::new(said.message().to_owned(), said.message().to_owned()),
        (sqlx::Error::Io(source), None) => Text::new(unreachable(source), chain(error)),
        (_, None) => Text::new(chain(error), chain(error)),
    }
}

/// Why a connection could not be made or ended, in Chinese.
fn unreachable(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    let said = match error.kind() {
        ErrorKind::ConnectionRefused => "对方拒绝连接",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => "连接断了",
        ErrorKind::UnexpectedEof => "对方断开了连接",
        ErrorKind::TimedOut => "超时",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "网络不通",
        ErrorKind::NotFound => "地址或文件不存在",
        ErrorKind::PermissionDenied => "没有权限",
        _ => return error.to_string(),
    };
    said.to_owned()
}

fn code(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|error| Some(error.code()?.into_owned()));
    code.unwrap_or_default()
}
