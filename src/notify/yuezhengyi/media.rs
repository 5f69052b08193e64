//! Files are uploaded before they are sent: the platform gives an id, under which the same file goes to everybody for the
//! next three days. A file is uploaded once in that time; an id that the platform no longer knows is asked for anew.

use super::{Refused, call};
use crate::notify::channel::File;
use crate::time::Instant;
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Fewer bytes are refused.
pub const BYTES_MIN: usize = 5;
/// So are more.
pub const BYTES_MAX: usize = 20 << 20;
/// An id holds for three days; an hour less, so that none ends while a message is on its way.
const HOLDS_MS: i64 = (3 * 24 - 1) * 3_600_000;
/// More are not remembered: they would be uploaded again.
const KNOWN_MAX: usize = 200;

/// The ids of what was uploaded of late.
#[derive(Default)]
pub struct Media(Mutex<HashMap<[u8; 32], Known>>);

struct Known {
    id: Arc<str>,
    until: Instant,
}

#[derive(Deserialize)]
struct Uploaded {
    media_id: String,
}

/// Why a file cannot be sent.
pub fn unfit(file: &File) -> Option<String> {
    match file.bytes.len() {
        ..BYTES_MIN => Some("附件不足 5 字节，平台不收".into()),
        BYTES_MIN..=BYTES_MAX => None,
        _ => Some("附件超过 20 MB，平台不收".into()),
    }
}

impl Media {
    /// The id of a file that was uploaded and still holds.
    pub fn known(&self, file: &File, now: Instant) -> Option<Arc<str>> {
        let known = self.lock();
        known.get(&digest(file)).filter(|known| known.until > now).map(|known| Arc::clone(&known.id))
    }

    /// Forgets an id that the platform does not know.
    pub fn forget(&self, file: &File) {
        self.lock().remove(&digest(file));
    }

    /// Uploads a file by a request that has everything but the body.
    pub async fn upload(&self, request: RequestBuilder, file: &File, now: Instant) -> Result<Arc<str>, Refused> {
        let boundary = format!("duban-{}", hex::encode(&digest(file)[..16]));
        let kind = format!("multipart/form-data; boundary={boundary}");
        let request = request.header(CONTENT_TYPE, kind).body(form(file, &boundary));
        let id: Arc<str> = call::<Uploaded>(request, now).await?.media_id.into();
        let mut known = self.lock();
        known.retain(|_, known| known.until > now);
        if known.len() < KNOWN_MAX {
            known.insert(digest(file), Known { id: Arc::clone(&id), until: now.plus_ms(HOLDS_MS) });
        }
        Ok(id)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One field `media`, with the length beside the name as the platform's documentation has it. The name is written as it is:
/// readers see it so, and percent-encoded it would be shown encoded.
fn form(file: &File, boundary: &str) -> Vec<u8> {
    let name: String = file.name.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\' | '/')).collect();
    let length = file.bytes.len();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{name}\"; filelength={length}\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), &file.bytes, format!("\r\n--{boundary}--\r\n").as_bytes()].concat()
}

/// The name counts: readers see it.
fn digest(file: &File) -> [u8; 32] {
    Sha256::new().chain_update(&file.name).chain_update([0]).chain_update(&file.bytes).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: usize) -> File {
        File { name: "说明.html".into(), bytes: vec![b'x'; bytes].into() }
    }

    #[test]
    fn what_the_platform_would_refuse_is_not_uploaded() {
        assert!(unfit(&file(4)).is_some() && unfit(&file(BYTES_MAX + 1)).is_some());
        assert!(unfit(&file(5)).is_none() && unfit(&file(BYTES_MAX)).is_none());
    }

    #[test]
    fn a_name_cannot_end_its_header() {
        let file = File { name: "a\"\r\nX: 1/../b.html".into(), ..file(5) };
        let form = String::from_utf8(form(&file, "b")).unwrap();
        assert!(
            form.starts_with(
                "--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"aX: 1..b.html\"; filelength=5\r\n"
            ),
            "{form}"
        );
        assert!(form.ends_with("\r\n\r\nxxxxx\r\n--b--\r\n"), "{form}");
    }
}
