//! From the file's tree to a [`Config`], naming every mistake on the way.

mod channel;
mod notices;
mod receipts;
pub mod sms;
mod source;
mod way;

use super::needs::{Need, Needed};
use super::secret::SecretSource;
use super::{Config, Reminding, Scope, Token};
use crate::audit::AuditConfig;
use crate::calendar::span::Span;
use crate::schedule;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems, Severity};
use crate::text::tree::Node;
use crate::text::want::{self, Fields};
use crate::time::Instant;
use std::cell::RefCell;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Nobody is reminded more often than this.
const REMIND_MS_MIN: i64 = 60_000;

/// Where paths in the file start, and what the file rests on so far.
pub(super) struct Base<'a> {
    directory: &'a Path,
    needs: RefCell<Vec<Need>>,
}

impl Base<'_> {
    fn path(&self, node: &Node, problems: &mut Problems) -> Option<PathBuf> {
        want::text(node, problems).map(|text| self.file(text))
    }

    /// Notes what the file rests on.
    fn needs(&self, place: &Place, what: Needed) {
        self.needs.borrow_mut().push(Need { place: place.clone(), what });
    }

    /// A file of certificate authorities.
    fn authorities(&self, node: &Node, problems: &mut Problems) -> Option<PathBuf> {
        let path = self.path(node, problems)?;
        self.needs(&node.place, Needed::Authorities(path.clone()));
        Some(path)
    }

    /// A secret.
    fn secret(&self, node: &Node, problems: &mut Problems) -> Option<SecretSource> {
        let source = self.secret_source(node, problems)?;
        self.needs(node.head(), Needed::Secret(source.clone()));
        Some(source)
    }

    /// A secret that is an address as a whole.
    fn secret_address(&self, node: &Node, problems: &mut Problems) -> Option<SecretSource> {
        let source = self.secret_source(node, problems)?;
        self.needs(node.head(), Needed::Address(source.clone()));
        Some(source)
    }

    /// A path as written, from where paths in the file start.
    fn file(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// `{ file: … }`, `{ credential: … }` or `{ env: … }`; a secret in the text itself is refused, and not repeated.
    fn secret_source(&self, node: &Node, problems: &mut Problems) -> Option<SecretSource> {
        if node.mapping().is_none() {
            return want::report(secret_in_text(&node.place), problems);
        }
        let mut fields = Fields::of(node, problems)?;
        let given = [
            fields.optional("file").and_then(|node| Some(SecretSource::File(self.path(node, problems)?))),
            fields.optional("credential").and_then(|node| Some(SecretSource::Credential(file_name(node, problems)?))),
            fields.optional("env").and_then(|node| Some(SecretSource::Env(want::word(node, problems)?.text.into()))),
        ];
        let count = ["file", "credential", "env"].iter().filter(|key| node.get(key).is_some()).count();
        fields.finish(problems);
        if count == 1 {
            return given.into_iter().flatten().next();
        }
        want::report(one_place(node.head()), problems)
    }
}

/// Reads the whole file; none where an error was named.
pub(super) fn config(root: &Node, path: &Path, problems: &mut Problems) -> Option<Config> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let base = Base { directory, needs: RefCell::default() };
    let before = errors(problems);
    let mut fields = Fields::of(root, problems)?;
    let defaults = Config::defaults(Some(path));
    let store = fields.optional("store").and_then(|node| store(node, &base, problems));
    let rules = fields.optional("rules").and_then(|node| base.path(node, problems));
    let calendars = fields.optional("calendars").and_then(|node| base.path(node, problems));
    let listen = fields.optional("listen").and_then(|node| listen(node, problems));
    let public_url = fields.optional("public_url").and_then(|node| way::url(node, &["http", "https"], problems));
    let tokens = fields.optional("tokens").map(|node| tokens(node, &base, problems));
    let channels = fields.optional("channels").map(|node| channel::channels(node, &base, problems));
    let tell_from = fields.optional("tell_from").and_then(|node| instant(node, problems));
    let approvals = fields.optional("approvals").map(|node| approvals(node, problems));
    let notices = fields.optional("notices").and_then(|node| notices::notices(node, problems));
    let known = tokens.as_deref().unwrap_or_default();
    let sources = fields.optional("sources").map(|node| source::sources(node, &base, known, problems));
    let audit = fields.optional("audit").and_then(|node| audit(node, &base, problems));
    let schedules = fields.optional("schedules").map(|node| schedule::read::schedules(node, directory, problems));
    fields.finish(problems);
    let store = store.unwrap_or(defaults.store);
    let beside = super::checkpoints_beside(&store);
    let mut audit = audit.unwrap_or_default();
    if audit.file.as_os_str().is_empty() {
        audit.file = beside;
    }
    (errors(problems) == before).then(|| Config {
        path: Some(path.to_owned()),
        store,
        rules: rules.unwrap_or(defaults.rules),
        calendars: calendars.unwrap_or(defaults.calendars),
        listen: listen.unwrap_or(defaults.listen),
        public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
        tokens: tokens.unwrap_or_default(),
        channels: channels.unwrap_or_default(),
        tell_from,
        approvals: approvals.unwrap_or(defaults.approvals),
        notices: notices.unwrap_or_default(),
        audit,
        schedules: schedules.unwrap_or_default(),
        sources: sources.unwrap_or_default(),
        needs: base.needs.take(),
    })
}

/// A warning does not keep a configuration from being used.
fn errors(problems: &Problems) -> usize {
    problems.iter().filter(|problem| problem.severity == Severity::Error).count()
}

/// `sqlite:PATH`, or the same as `{ url: … }`.
fn store(node: &Node, base: &Base<'_>, problems: &mut Problems) -> Option<PathBuf> {
    let node = match node.get("url") {
        Some(url) => {
            let mut fields = Fields::of(node, problems)?;
            fields.ignore("url");
            let _ = fields.optional("password").map(|node| base.secret(node, problems));
            fields.finish(problems);
            url
        }
        None => node,
    };
    let text = want::text(node, problems)?;
    if text.starts_with("postgres:") || text.starts_with("postgresql:") {
        return want::report(no_postgres(&node.place), problems);
    }
    match text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
        Some(path) if !path.is_empty() => Some(base.directory.join(path)),
        _ => want::report(malformed_store(&node.place), problems),
    }
}

/// `audit: { key: …, public_keys: [ … ], file: … }`; an empty file: beside the store.
fn audit(node: &Node, base: &Base<'_>, problems: &mut Problems) -> Option<AuditConfig> {
    let mut fields = Fields::of(node, problems)?;
    let key = fields.optional("key").and_then(|node| base.secret(node, problems));
    let public = fields.optional("public_keys").map(want::one_or_more).unwrap_or_default();
    let public_keys = public.iter().filter_map(|node| base.path(node, problems)).collect();
    let file = fields.optional("file").and_then(|node| base.path(node, problems)).unwrap_or_default();
    fields.finish(problems);
    Some(AuditConfig { key, public_keys, file })
}

/// `approvals: { remind_after: 1 working day, remind_every: 1 working day }`, or `remind: false`.
fn approvals(node: &Node, problems: &mut Problems) -> Option<Reminding> {
    let mut fields = Fields::of(node, problems)?;
    let is_off = fields.optional("remind").and_then(|node| want::boolean(node, problems)) == Some(false);
    let usual = Reminding::default();
    let mut span = |name, usual| match fields.optional(name) {
        Some(node) => reminding_span(node, problems).unwrap_or(usual),
        None => usual,
    };
    let (after, every) = (span("remind_after", usual.after), span("remind_every", usual.every));
    fields.finish(problems);
    (!is_off).then_some(Reminding { after, every })
}

/// A span that is not nothing: reminders without a pause would never end.
fn reminding_span(node: &Node, problems: &mut Problems) -> Option<Span> {
    let span = want::text(node, problems)?.parse::<Span>().ok();
    let is_short = |span: &Span| match *span {
        Span::WorkingTime(ms) | Span::Elapsed(ms) => ms < REMIND_MS_MIN,
        Span::WorkingDays(days) | Span::NaturalDays(days) => days == 0,
    };
    span.filter(|span| !is_short(span)).or_else(|| {
        let message = Text::new("此处应为不短于1分钟的时长", "expected a span of a minute or more");
        let hint = Text::new("例如 1个工作日、4个工作小时", "such as 1 working day or 4 working hours");
        want::report(Problem::error(&node.place, "malformed-span", message).hint(hint), problems)
    })
}

fn listen(node: &Node, problems: &mut Problems) -> Option<SocketAddr> {
    let text = want::word(node, problems)?.text;
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let found = numeric.as_deref().unwrap_or(text).parse().ok();
    found.or_else(|| {
        let message = Text::new("此处应为“地址:端口”", "expected `ADDRESS:PORT`");
        let hint = Text::new("例如 127.0.0.1:8100；对外经由反向代理", "such as 127.0.0.1:8100, behind a reverse proxy");
        want::report(Problem::error(&node.place, "malformed-address", message).hint(hint), problems)
    })
}

fn instant(node: &Node, problems: &mut Problems) -> Option<Instant> {
    let text = want::text(node, problems)?;
    Instant::parse(text).or_else(|| {
        let message = Text::new("此处应为带时区的时刻", "expected an instant with its offset");
        let hint = Text::new("例如 \"2026-11-21T00:00:00+08:00\"", "such as \"2026-11-21T00:00:00+08:00\"");
        want::report(Problem::error(&node.place, "malformed-instant", message).hint(hint), problems)
    })
}

fn tokens(node: &Node, base: &Base<'_>, problems: &mut Problems) -> Vec<Token> {
    let mut names = HashSet::new();
    let items = want::list(node, problems).unwrap_or_default();
    items.iter().filter_map(|item| token(item, base, &mut names, problems)).collect()
}

fn token<'a>(node: &'a Node, base: &Base<'_>, names: &mut HashSet<&'a str>, problems: &mut Problems) -> Option<Token> {
    let mut fields = Fields::of(node, problems)?;
    let name = fields.required("name", problems).and_then(|node| want::word(node, problems));
    let scopes = fields.required("scopes", problems).map(|node| scopes(node, problems));
    let token = fields.required("token", problems).and_then(|node| base.secret(node, problems));
    fields.finish(problems);
    let name = name?;
    if !names.insert(name.text) {
        let message = Text::new("有两个令牌同名", "two tokens have this name");
        let hint = Text::new("事件按令牌的名字区分来源，请改名", "it is the source of their events: give it another");
        problems.push(Problem::error(name.place, "duplicate-name", message).hint(hint));
    }
    Some(Token { name: name.text.into(), scopes: scopes?, token: token? })
}

fn scopes(node: &Node, problems: &mut Problems) -> Vec<Scope> {
    let choices = Scope::ALL.map(|scope| (scope.as_str(), scope));
    let items = want::one_or_more(node);
    if items.is_empty() {
        let message = Text::new("没有权限的令牌什么也不能做", "a token without a scope can do nothing");
        let hint = Text::new("可以写：intake、read、supervise、admin", "one of: intake, read, supervise, admin");
        problems.push(Problem::error(&node.place, "missing-field", message).hint(hint));
    }
    items.iter().filter_map(|item| want::one_of(item, &choices, problems)).collect()
}

/// A credential is a file in one directory: a name with a slash would leave it.
fn file_name(node: &Node, problems: &mut Problems) -> Option<String> {
    let name = want::word(node, problems)?.text;
    if !name.contains('/') && name != ".." && !name.is_empty() {
        return Some(name.to_owned());
    }
    let message = Text::new("凭据名不能含“/”", "a credential's name has no slash");
    let hint = Text::new("写 systemd 单元里 LoadCredential= 的名字", "write the name that LoadCredential= gives it");
    want::report(Problem::error(&node.place, "malformed-name", message).hint(hint), problems)
}

/// A secret that stands in the configuration itself. The message does not repeat it.
fn secret_in_text(place: &Place) -> Problem {
    let message = Text::new("密钥不能直接写在配置里", "a secret must not stand in the configuration itself");
    let hint = Text::new(
        "写 { file: 路径 }、{ credential: 名称 }（systemd）或 { env: 变量名 }",
        "write { file: PATH }, { credential: NAME } (systemd) or { env: NAME }",
    );
    Problem::error(place, "secret-in-text", message).hint(hint)
}

fn one_place(place: &Place) -> Problem {
    let message = Text::new("密钥应只有一个出处", "a secret has exactly one place");
    let hint = Text::new("file、credential、env 三者写其一", "write one of file, credential and env");
    Problem::error(place, "missing-field", message).hint(hint)
}

fn no_postgres(place: &Place) -> Problem {
    let message = Text::new("此版本只支持 SQLite 存储", "this version keeps its store in SQLite only");
    let hint = Text::new("例如 sqlite:data/duban.db", "such as sqlite:data/duban.db");
    Problem::error(place, "unsupported", message).hint(hint)
}

fn malformed_store(place: &Place) -> Problem {
    let message = Text::new("此处应为存储的地址", "expected the store's address");
    let hint = Text::new("例如 sqlite:data/duban.db", "such as sqlite:data/duban.db");
    Problem::error(place, "malformed-store", message).hint(hint)
}
