//! What a configuration rests on besides itself: files of secrets and of certificates, folders, columns of a query. Reading
//! a configuration asks for none of it, so that tools run where the secrets are not; `duban check` and a daemon that could
//! not start say what is missing, and where it is asked for. No message holds a secret.

use super::Config;
use super::secret::SecretSource;
use crate::notify::http;
use crate::source::folder::names::is_of;
use crate::text::Text;
use crate::text::place::Place;
use crate::text::problem::{Problem, Problems};
use crate::text::want;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// One of them, with where it is asked for.
#[derive(Clone, Debug)]
pub struct Need {
    /// Where.
    pub place: Place,
    /// What.
    pub what: Needed,
}

/// What is needed.
#[derive(Clone, Debug)]
pub enum Needed {
    /// A secret.
    Secret(SecretSource),
    /// A secret that is an address, such as a robot's.
    Address(SecretSource),
    /// A file of certificate authorities.
    Authorities(PathBuf),
    /// A folder in which a source finds its files.
    Folder(Dropped),
    /// A column that a source names, and the columns of its query, which has no such one.
    Column(String, Vec<String>),
}

/// A folder in which a source finds its files.
#[derive(Clone, Debug)]
pub struct Dropped {
    /// The source.
    pub source: String,
    /// The folder.
    pub path: PathBuf,
    /// The patterns of its files; none: all of them.
    pub files: Vec<String>,
}

/// Where the configuration is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// Anywhere: where none of its secrets is, nor a folder for any, they are elsewhere, and nothing is said of them.
    Anywhere,
    /// Where it is to run.
    Here,
}

/// Names what is not there.
pub fn judge(config: &Config, at: Where, problems: &mut Problems) {
    let needs = &config.needs;
    let has_secrets = at == Where::Here || has_any_secret(config);
    for Need { place, what } in needs {
        match what {
            Needed::Secret(source) if has_secrets => secret(source, place, at, false, problems),
            Needed::Address(source) if has_secrets => secret(source, place, at, true, problems),
            Needed::Secret(_) | Needed::Address(_) => {}
            Needed::Authorities(path) => authorities(path, place, problems),
            Needed::Folder(dropped) => folder(dropped, place, problems),
            Needed::Column(name, columns) => problems.push(no_column(name, columns, place)),
        }
    }
    shared_folders(needs, problems);
}

/// Whether any secret's file is there, or at least a folder of its own for it.
fn has_any_secret(config: &Config) -> bool {
    let beside = config.path.as_deref().map(folder_of);
    config.needs.iter().any(|need| match &need.what {
        Needed::Secret(SecretSource::File(path)) | Needed::Address(SecretSource::File(path)) => {
            path.exists() || (folder_of(path).is_dir() && Some(folder_of(path)) != beside)
        }
        _ => false,
    })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn secret(source: &SecretSource, place: &Place, at: Where, is_address: bool, problems: &mut Problems) {
    let path = match source {
        SecretSource::File(path) => path.clone(),
        SecretSource::Credential(name) => match std::env::var_os("CREDENTIALS_DIRECTORY") {
            Some(folder) => PathBuf::from(folder).join(name),
            None if at == Where::Here => return problems.push(no_credentials(name, place)),
            // Only what systemd starts sees them.
            None => return,
        },
        SecretSource::Env(name) => {
            if at == Where::Here && std::env::var(name).is_err() {
                problems.push(no_variable(name, place));
            }
            return;
        }
    };
    let is_file = matches!(source, SecretSource::File(_));
    let wrong = match std::fs::read_to_string(&path) {
        Ok(text) if text.trim_end().is_empty() => Text::new("是空的", "is empty"),
        Ok(text) if is_address && http::url(text.trim_end()).is_none() => {
            return problems.push(no_address(&path, place));
        }
        Ok(_) => return,
        Err(error) if error.kind() == ErrorKind::NotFound => Text::new("不在", "is not there"),
        // Whoever checks need not be the one who runs.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && at == Where::Anywhere => return,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Text::new("没有权限读", "may not be read"),
        Err(_) => Text::new("读不出来，或不是文字", "cannot be read, or is no text"),
    };
    let problem = no_secret(&path, &wrong, place);
    problems.push(if is_file || at == Where::Here {
        problem
    } else {
        Problem { severity: crate::text::problem::Severity::Warning, ..problem }
    });
}

fn no_secret(path: &Path, wrong: &Text, place: &Place) -> Problem {
    let shown = path.display();
    let message =
        Text::new(format!("密钥的文件 {shown} {}", wrong.zh), format!("the secret's file {shown} {}", wrong.en));
    let hint = Text::new(
        "把密钥写进这个文件（权限 600，归运行服务的账户），或改正这里的路径",
        "put the secret into that file (mode 600, owned by the service's account), or correct the path",
    );
    Problem::error(place, "missing-secret", message).hint(hint)
}

fn no_credentials(name: &str, place: &Place) -> Problem {
    let message = Text::new(
        format!("没有 $CREDENTIALS_DIRECTORY，凭据“{name}”无处可读"),
        format!("$CREDENTIALS_DIRECTORY is not set, so the credential `{name}` stands nowhere"),
    );
    let hint = Text::new(
        format!("在 systemd 单元里写 LoadCredential={name}:路径；手工运行时改用 {{ file: 路径 }}"),
        format!("write LoadCredential={name}:PATH in the systemd unit; by hand use {{ file: PATH }}"),
    );
    Problem::error(place, "missing-secret", message).hint(hint)
}

fn no_variable(name: &str, place: &Place) -> Problem {
    let message = Text::new(format!("环境变量“{name}”没有设"), format!("the variable `{name}` is not set"));
    let hint =
        Text::new("在服务的环境里设好它，或改用 { file: 路径 }", "set it for the service, or use { file: PATH }");
    Problem::error(place, "missing-secret", message).hint(hint)
}

fn no_address(path: &Path, place: &Place) -> Problem {
    let shown = path.display();
    let message =
        Text::new(format!("{shown} 里的不是完整的网址"), format!("what stands in {shown} is no whole address"));
    let hint =
        Text::new("文件里只写一行：https://… 的完整地址", "the file holds one line: the whole address, https://…");
    Problem::error(place, "malformed-url", message).hint(hint)
}

fn authorities(path: &Path, place: &Place, problems: &mut Problems) {
    let shown = path.display();
    let message = match std::fs::read(path) {
        Ok(pem) if reqwest::Certificate::from_pem_bundle(&pem).is_ok_and(|found| !found.is_empty()) => return,
        Ok(_) => {
            Text::new(format!("{shown} 里没有 PEM 格式的证书"), format!("{shown} holds no certificate in PEM form"))
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return,
        Err(_) => {
            Text::new(format!("证书文件 {shown} 不在，或读不出来"), format!("{shown} is not there, or unreadable"))
        }
    };
    let hint = Text::new(
        "放上对方的根证书（PEM，以 -----BEGIN CERTIFICATE----- 开头），或改正路径",
        "put the other side's authority there (PEM), or correct the path",
    );
    problems.push(Problem::error(place, "missing-certificates", message).hint(hint));
}

fn folder(dropped: &Dropped, place: &Place, problems: &mut Problems) {
    let path = &dropped.path;
    let shown = path.display();
    if path.exists() && !path.is_dir() {
        let message = Text::new(format!("{shown} 不是文件夹"), format!("{shown} is no folder"));
        let hint = Text::new(
            "写文件夹的路径，文件名的样子写在 files",
            "write a folder's path; names of files stand under `files`",
        );
        problems.push(Problem::error(place, "missing-folder", message).hint(hint));
    } else if !path.exists() && folder_of(path).try_exists().is_ok_and(|exists| !exists) {
        let message = Text::new(
            format!("文件夹 {shown} 不在，它的上级也不在"),
            format!("neither the folder {shown} nor the one above it is there"),
        );
        let hint = Text::new(
            "检查路径；没有写错的，先建好并让服务账户可以读写",
            "look at the path; if it is right, make the folder and let the service's account write there",
        );
        problems.push(Problem::warning(place, "missing-folder", message).hint(hint));
    }
}

/// Two sources that take the same files: which of them comes first takes each.
fn shared_folders(needs: &[Need], problems: &mut Problems) {
    let folders: Vec<(&Place, &Dropped)> = needs
        .iter()
        .filter_map(|need| match &need.what {
            Needed::Folder(dropped) => Some((&need.place, dropped)),
            _ => None,
        })
        .collect();
    for (number, (place, dropped)) in folders.iter().enumerate() {
        let Some((first, other)) = folders[..number].iter().find(|(_, other)| is_shared(dropped, other)) else {
            continue;
        };
        let message = Text::new(
            format!("来源“{}”和“{}”收同一个文件夹里的同样的文件，谁先看到谁拿走", other.source, dropped.source),
            format!(
                "`{}` and `{}` take the same files of one folder, whichever comes first",
                other.source, dropped.source
            ),
        );
        let hint = Text::new(
            "各用一个文件夹，或用 files 写明各收哪些文件，互不重叠",
            "give each a folder of its own, or say under `files` which are whose, without overlap",
        );
        let problem = Problem::error(place, "shared-folder", message).hint(hint);
        problems.push(problem.related(first, Text::new("另一个在这里", "the other one")));
    }
}

fn is_shared(one: &Dropped, other: &Dropped) -> bool {
    let takes_all = one.files.is_empty() || other.files.is_empty();
    // A pattern that takes another's own text takes what that one takes.
    let overlaps = |pattern: &String| other.files.iter().any(|known| is_of(pattern, known) || is_of(known, pattern));
    real(&one.path) == real(&other.path) && (takes_all || one.files.iter().any(overlaps))
}

fn real(path: &Path) -> PathBuf {
    let plain = || path.components().filter(|part| *part != Component::CurDir).collect();
    path.canonicalize().unwrap_or_else(|_| plain())
}

fn no_column(name: &str, columns: &[String], place: &Place) -> Problem {
    let message = Text::new(format!("查询里没有列“{name}”"), format!("the query gives no column `{name}`"));
    Problem::error(place, "unknown-column", message).hint(want::instead(name, columns.iter().map(String::as_str)))
}
