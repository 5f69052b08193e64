//! Secrets: where each is to be read, and the value that no log or error ever shows.

use crate::text::Text;
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Where a secret is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// `{ file: PATH }`.
    File(PathBuf),
    /// `{ credential: NAME }`: a file of that name in the directory that systemd names in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
    /// `{ env: NAME }`.
    Env(String),
}

/// A secret's value. It has no way into a log: neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A secret's digest, kept in place of it where somebody else is to show it: memory does not tell it, nor does the time that
/// a comparison takes.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a secret.
    pub fn of(secret: &Secret) -> Fingerprint {
        Fingerprint(Sha256::digest(secret.expose()).into())
    }

    /// Whether that is what somebody shows, told in constant time.
    pub fn is_of(&self, shown: &str) -> bool {
        let shown: [u8; 32] = Sha256::digest(shown).into();
        let difference = self.0.iter().zip(shown).fold(0, |seen, (a, b)| seen | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

/// Why a secret could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read.
    #[error("failed to read the secret in `{path}`")]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// systemd gave no credentials directory.
    #[error("the credential `{0}` is asked for, but $CREDENTIALS_DIRECTORY is not set: add LoadCredential={0}:PATH")]
    NoCredentials(String),
    /// The variable is not set, or not UTF-8.
    #[error("the secret's environment variable `{0}` is not set")]
    ReadEnv(String),
    /// There is nothing in it.
    #[error("the secret in {0} is empty")]
    Empty(SecretSource),
}

impl SecretError {
    /// What is wrong, for operators.
    pub fn said(&self) -> Text {
        let zh = match self {
            SecretError::ReadFile { path, source } => {
                let why = match source.kind() {
                    ErrorKind::NotFound => "不在".to_owned(),
                    ErrorKind::PermissionDenied => "没有权限读".to_owned(),
                    _ => format!("读不出来（{source}）"),
                };
                format!("密钥的文件 {} {why}", path.display())
            }
            SecretError::NoCredentials(name) => {
                format!(
                    "没有 $CREDENTIALS_DIRECTORY，凭据“{name}”无处可读；在 systemd 单元里写 LoadCredential={name}:路径"
                )
            }
            SecretError::ReadEnv(name) => format!("环境变量“{name}”没有设"),
            SecretError::Empty(SecretSource::File(path)) => format!("密钥的文件 {} 是空的", path.display()),
            SecretError::Empty(SecretSource::Credential(name)) => format!("凭据“{name}”是空的"),
            SecretError::Empty(SecretSource::Env(name)) => format!("环境变量“{name}”是空的"),
        };
        let source = match self {
            SecretError::ReadFile { source, .. } => format!(": {source}"),
            _ => String::new(),
        };
        Text::new(zh, format!("{self}{source}"))
    }
}

impl SecretSource {
    /// Reads it; white space at its end is no part of it.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let text = match self {
            SecretSource::File(path) => read_file(path.clone())?,
            SecretSource::Credential(name) => read_file(credential_path(name)?)?,
            SecretSource::Env(name) => std::env::var(name).map_err(|_| SecretError::ReadEnv(name.clone()))?,
        };
        match text.trim_end() {
            "" => Err(SecretError::Empty(self.clone())),
            secret => Ok(Secret(secret.to_owned())),
        }
    }
}

fn credential_path(name: &str) -> Result<PathBuf, SecretError> {
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY");
    directory
        .map(|directory| PathBuf::from(directory).join(name))
        .ok_or_else(|| SecretError::NoCredentials(name.into()))
}

fn read_file(path: PathBuf) -> Result<String, SecretError> {
    std::fs::read_to_string(&path).map_err(|source| SecretError::ReadFile { path, source })
}

impl Secret {
    /// The value itself, for the one place that sends or compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// For tests and the demo, whose secrets are made up on the spot.
impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::File(path) => write!(f, "the file `{}`", path.display()),
            SecretSource::Credential(name) => write!(f, "the credential `{name}`"),
            SecretSource::Env(name) => write!(f, "the variable `{name}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::from("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_secret_file_is_read_without_its_last_line_break() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\n").unwrap();
        assert_eq!(SecretSource::File(file.path().into()).read().unwrap().expose(), "s3cret");
    }

    #[test]
    fn an_empty_or_missing_secret_is_an_error_that_names_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = SecretSource::File(file.path().into()).read().unwrap_err();
        assert!(error.to_string().contains("is empty"), "{error}");
        let error = SecretSource::Env("DUBAN_NO_SUCH_VARIABLE".into()).read().unwrap_err();
        assert!(error.to_string().contains("DUBAN_NO_SUCH_VARIABLE"), "{error}");
        assert_eq!(error.said().zh, "环境变量“DUBAN_NO_SUCH_VARIABLE”没有设");
        let error = SecretSource::File("/nowhere/key".into()).read().unwrap_err();
        assert_eq!(error.said().zh, "密钥的文件 /nowhere/key 不在");
    }
}
