//! A message as a mail.
//!
//! But for its date, everything in it follows from the message: two attempts are the same mail. What other systems sent (an order's
//! title in a subject) cannot end a header or start another: control characters are taken out before anything is encoded.

use super::super::channel::{File, Message};
use super::super::open::OpenError;
use super::super::render;
use crate::time::Instant;
use chrono::FixedOffset;
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A subject is cut here: lists show less.
const SUBJECT_CHARS_MAX: usize = 200;
const CHINA_OFFSET_S: i32 = 8 * 3600;

/// Who writes.
pub struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl Sender {
    pub fn parse(from: &str, reply_to: Option<&str>) -> Result<Sender, OpenError> {
        let mailbox = |key, text: &str| text.parse::<Mailbox>().map_err(|_| OpenError::Mailbox { key });
        let reply_to = reply_to.map(|text| mailbox("reply_to", text)).transpose()?;
        Ok(Sender { from: mailbox("from", from)?, reply_to })
    }

    pub fn address(&self) -> &Address {
        &self.from.email
    }

    pub fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// The mail to one address, dated when it is sent: one that was held up must not hide among older mails.
    pub fn letter(
        &self,
        message: &Message,
        to: Address,
        now: Instant,
    ) -> Result<lettre::Message, lettre::error::Error> {
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject(&message.forms.subject))
            .message_id(Some(self.id("notice", &message.id)))
            .date(system_time(now));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if let Some(order) = &message.order {
            let root = self.id("order", order);
            builder = builder.in_reply_to(root.clone()).references(root);
        }
        let letter = parts(message, builder)?;
        Ok(self.with_machine_headers(letter, message, now))
    }

    /// What of it a reader or a filter sees, as it reads.
    pub fn headers(&self, message: &Message) -> Vec<(&'static str, String)> {
        let mut headers = vec![("From", self.from.to_string())];
        headers.extend(self.reply_to.iter().map(|reply_to| ("Reply-To", reply_to.to_string())));
        headers.push(("Subject", subject(&message.forms.subject)));
        headers.push(("Message-ID", self.id("notice", &message.id)));
        headers.extend(message.order.iter().map(|order| ("References", self.id("order", order))));
        headers.push(("List-Id", self.list(&message.kind)));
        headers
    }

    fn list(&self, kind: &str) -> String {
        format!("<{}.duban.{}>", atom(kind), self.domain())
    }

    /// So that no holiday reply comes back, filters can tell kinds apart, and the date is in local time.
    fn with_machine_headers(&self, mut letter: lettre::Message, message: &Message, now: Instant) -> lettre::Message {
        let headers = [
            ("Date", date(now)),
            ("Auto-Submitted", "auto-generated".into()),
            ("X-Auto-Response-Suppress", "All".into()),
            ("List-Id", self.list(&message.kind)),
        ];
        for (name, value) in headers {
            let name = HeaderName::new_from_ascii_str(name);
            letter.headers_mut().insert_raw(HeaderValue::new(name, value));
        }
        letter
    }

    fn id(&self, what: &str, id: &str) -> String {
        format!("<{what}-{}@{}>", atom(id), self.domain())
    }
}

/// Reads a person's address; nothing but the bare address is taken.
pub fn address(text: &str) -> Option<Address> {
    text.trim().parse().ok()
}

fn parts(message: &Message, builder: lettre::message::MessageBuilder) -> Result<lettre::Message, lettre::error::Error> {
    let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body(&message.forms.text));
    let html = render::html(&message.forms.text, &message.forms.links);
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(body(&html));
    // lettre draws a boundary at random; ours follows from the message, like everything else in it.
    let boundary = format!("duban-{}", digest(&message.id));
    let words = MultiPart::alternative().boundary(boundary.clone()).singlepart(text).singlepart(html);
    if message.files.is_empty() {
        return builder.multipart(words);
    }
    let all = MultiPart::mixed().boundary(format!("{boundary}-files")).multipart(words);
    let all = message.files.iter().fold(all, |all, file| all.singlepart(attachment(file)));
    builder.multipart(all)
}

fn attachment(file: &File) -> SinglePart {
    let name: String = file.name.chars().filter(|char| !char.is_control()).collect();
    let is_page = Path::new(&name).extension().is_some_and(|end| end.eq_ignore_ascii_case("html"));
    let kind = if is_page { "text/html; charset=utf-8" } else { "application/octet-stream" };
    let kind = ContentType::parse(kind).expect("both are content types");
    Attachment::new(name).body(file.bytes.to_vec(), kind)
}

/// One line without control characters.
fn subject(text: &str) -> String {
    let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    line.trim().chars().take(SUBJECT_CHARS_MAX).collect()
}

/// Lines ended as mail ends them, without other control characters.
fn body(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let clean: String = text.chars().filter(|char| !char.is_control() || matches!(char, '\n' | '\t')).collect();
    clean.replace('\n', "\r\n")
}

/// An id as part of a Message-ID: itself where it may stand there, else a hash of it.
fn atom(id: &str) -> String {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !id.is_empty() && id.len() <= 64 && id.bytes().all(may_stand) { id.to_owned() } else { digest(id) }
}

fn digest(id: &str) -> String {
    hex::encode(&Sha256::digest(id.as_bytes())[..16])
}

fn date(at: Instant) -> String {
    let zone = FixedOffset::east_opt(CHINA_OFFSET_S).expect("eight hours are an offset");
    at.utc().with_timezone(&zone).to_rfc2822()
}

/// For lettre's own idea of the date: where a mail has none it would ask the clock.
fn system_time(at: Instant) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.0).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::channel::Forms;
    use proptest::prelude::*;

    fn message() -> Message {
        Message {
            id: "a1b2".into(),
            kind: "red-card".into(),
            order: Some("ZH-2024-000017".into()),
            to: "zhang@example.gov.cn".into(),
            at: Instant::parse("2024-05-13T17:30:00+08:00").unwrap(),
            forms: Forms {
                subject: "【红牌】工单ZH-2024-000017".into(),
                text: "张三同志：\n请办。".into(),
                ..Forms::default()
            },
            ..Message::default()
        }
    }

    fn written(message: &Message) -> String {
        let sender = Sender::parse("12345热线 <notice@example.gov.cn>", Some("desk@example.gov.cn")).unwrap();
        let letter = sender.letter(message, address(&message.to).unwrap(), message.at).unwrap();
        String::from_utf8(letter.formatted()).unwrap()
    }

    #[test]
    fn a_mail_follows_from_its_message_to_the_byte() {
        insta::assert_snapshot!(written(&message()).replace("\r\n", "\n"));
        assert_eq!(written(&message()), written(&message()));
    }

    #[test]
    fn a_file_goes_with_the_mail_and_the_mail_still_follows_from_its_message() {
        let files = vec![File { name: "工单ZH-1\r\nX: 1说明.html".into(), bytes: b"<html>1</html>"[..].into() }];
        let with_file = Message { files, ..message() };
        let mail = written(&with_file);
        assert_eq!(mail, written(&with_file));
        assert!(mail.contains("multipart/mixed") && mail.contains("multipart/alternative"), "{mail}");
        let attached = mail.split("Content-Disposition: attachment").nth(1).unwrap();
        assert!(attached.contains("filename*") && !attached.contains("\r\nX: 1"), "{attached}");
    }

    #[test]
    fn a_subject_is_one_line_and_a_body_has_no_control_characters() {
        assert_eq!(subject(" 标题\r\nBcc: eve@example.com\u{0}\t "), "标题  Bcc: eve@example.com");
        assert_eq!(subject(&"长".repeat(300)).chars().count(), 200);
        assert_eq!(body("一\n二\r\n三\u{1b}[31m\t四"), "一\r\n二\r\n三[31m\t四");
    }

    #[test]
    fn nothing_in_a_message_can_start_a_header() {
        let mut message = message();
        message.forms.subject = "标题\r\nBcc: eve@example.com\r\n\r\n<b>".into();
        message.kind = "x>\r\nX-Evil: 1".into();
        message.order = Some("1>\r\nX-Evil: 2".into());
        message.id = "2>\r\nX-Evil: 3".into();
        let written = written(&message);
        let (headers, _) = written.split_once("\r\n\r\n").unwrap();
        for line in headers.split("\r\n") {
            let name = line.split(':').next().unwrap_or_default();
            assert!(!["bcc", "x-evil"].contains(&name.to_ascii_lowercase().as_str()), "{headers}");
        }
        assert!(headers.contains("List-Id: <"), "{headers}");
    }

    proptest! {
        #[test]
        fn whatever_others_wrote_a_mail_has_our_headers_and_no_others(
            subject in "\\PC{0,80}|[\\x00-\\x20:<>@=?a-z督办🚨]{0,300}",
            order in "[\\x00-\\x7f督办]{0,40}",
            id in "[\\x00-\\x7f督办]{0,40}",
            text in "[\\x00-\\x7f督办.]{0,300}",
        ) {
            let mut message = message();
            message.forms.subject = subject;
            message.forms.text = text;
            message.order = Some(order.into());
            message.id = id.into();
            let written = written(&message);
            prop_assert!(written.is_ascii());
            prop_assert!(written.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
            let (headers, _) = written.split_once("\r\n\r\n").unwrap();
            let names = headers.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
            let names: Vec<&str> = names.map(|line| line.split_once(':').map_or(line, |(name, _)| name)).collect();
            prop_assert_eq!(names, HEADERS);
        }
    }

    const HEADERS: [&str; 13] = [
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "Reply-To",
        "In-Reply-To",
        "References",
        "MIME-Version",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "List-Id",
        "Content-Type",
    ];

    #[test]
    fn a_long_chinese_subject_is_cut_into_encoded_words_of_whole_characters() {
        let mut message = message();
        message.forms.subject = "督办".repeat(60);
        let written = written(&message);
        let start = written.find("Subject: ").unwrap();
        let subject: String = written[start..]
            .split("\r\n")
            .enumerate()
            .take_while(|(line, text)| *line == 0 || text.starts_with(' '))
            .map(|(_, text)| text)
            .collect();
        let words: Vec<&str> = subject.trim_start_matches("Subject: ").split_whitespace().collect();
        let decoded: String = words.iter().map(|word| decoded(word)).collect();
        assert_eq!(decoded, "督办".repeat(60));
    }

    fn decoded(word: &str) -> String {
        use base64::Engine;
        assert!(word.len() <= 75, "{word}");
        let inner = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?=")).unwrap();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(inner).unwrap()).unwrap()
    }

    #[test]
    fn an_address_is_bare_and_one() {
        assert!(address(" zhang@example.gov.cn ").is_some());
        for bad in ["", "zhang", "a@b\r\nRCPT TO:<c@d>", "a@example.cn, b@example.cn", "<a@example.cn> NOTIFY=NEVER"] {
            assert!(address(bad).is_none(), "{bad}");
        }
    }
}
