//! A file as it is uploaded: one part named `media`, with its name and its length.

use super::Media;
use duban::demo::sinks::gateway::Received;

/// The file, or the code by which the upload is refused.
pub fn read(request: &Received) -> Result<Media, (i64, &'static str)> {
    const MALFORMED: (i64, &str) = (44001, "empty media data");
    let kind = request.header("content-type").unwrap_or_default();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").ok_or(MALFORMED)?;
    let body = request.body.strip_prefix(&format!("--{boundary}\r\n")).ok_or(MALFORMED)?;
    let body = body.strip_suffix(&format!("\r\n--{boundary}--\r\n")).ok_or(MALFORMED)?;
    let (head, content) = body.split_once("\r\n\r\n").ok_or(MALFORMED)?;
    let field = |name: &str| head.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    if field("name") != Some("\"media\"") {
        return Err(MALFORMED);
    }
    let length = field("filelength").and_then(|length| length.split('\r').next()?.parse::<usize>().ok());
    if length != Some(content.len()) {
        return Err((40006, "filelength is not that of the file"));
    }
    if !(5..=20 << 20).contains(&content.len()) {
        return Err((40006, "invalid media size"));
    }
    let name = field("filename").ok_or(MALFORMED)?.trim_matches('"').to_owned();
    Ok(Media { name, bytes: content.as_bytes().to_vec() })
}
