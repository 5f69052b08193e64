//! A notice's short form as the text of an SMS: one line, the signature (签名) once, no longer than gateways take.

use super::segments;
use crate::config::channels::sms::Signature;

/// What is sent, and what it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What the gateway is given.
    pub text: String,
    /// Its length as carriers count it, the signature included.
    pub length: usize,
}

impl Text {
    /// A text to which the gateway adds a signature.
    pub(super) fn of(text: String, signature: &str) -> Text {
        Text { length: segments::length(signature, &text), text }
    }

    /// As how many segments it is sent and charged.
    pub fn segments(&self) -> usize {
        segments::segments(self.length)
    }

    /// Puts down how long the message is and as how many segments it goes; nothing of what it says.
    pub(super) fn note(&self, id: &str) {
        tracing::debug!(notice.id = id, length = self.length, segments = self.segments(), "sending an SMS");
    }
}

/// The text of a short form; an error says why it cannot be sent.
pub fn text(short: &str, signature: &Signature) -> Result<Text, String> {
    let line = one_line(short);
    let (own, rest) = split_signature(&line);
    let (text, added) = match signature {
        Signature::AsWritten => (line.clone(), ""),
        Signature::ByGateway(known) => (rest.to_owned(), known.as_deref().unwrap_or(own)),
        Signature::ByText(signature) => (format!("{signature}{rest}"), ""),
    };
    let length = segments::length(added, &text);
    match length {
        0 => Err("短信没有内容".into()),
        1..=segments::LENGTH_MAX => Ok(Text { text, length }),
        _ => Err(format!("短信超过{}字", segments::LENGTH_MAX)),
    }
}

/// A text that is one line: an SMS has no other, and a line break may end a gateway's field.
fn one_line(text: &str) -> String {
    let text: String = text.trim().chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    text.trim().to_owned()
}

/// 【…】 at the beginning, and the rest.
fn split_signature(line: &str) -> (&str, &str) {
    let end =
        line.strip_prefix('【').and_then(|inner| inner.find('】')).map(|at| at + '【'.len_utf8() + '】'.len_utf8());
    line.split_at(end.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(signature: &Signature, expected: &str, length: usize) {
        let made = text("【珠海12345】黄牌：\r\n工单【1】。", signature).unwrap();
        assert_eq!((made.text.as_str(), made.length), (expected, length), "{signature:?}");
    }

    #[test]
    fn the_signature_stands_in_front_once_whoever_puts_it_there() {
        check(&Signature::AsWritten, "【珠海12345】黄牌：  工单【1】。", 20);
        check(&Signature::ByGateway(None), "黄牌：  工单【1】。", 20);
        check(&Signature::ByGateway(Some("【政务】".into())), "黄牌：  工单【1】。", 15);
        check(&Signature::ByText("【政务】".into()), "【政务】黄牌：  工单【1】。", 15);
        let unsigned = text("黄牌", &Signature::ByText("【政务】".into())).unwrap();
        assert_eq!((unsigned.text.as_str(), unsigned.length), ("【政务】黄牌", 6));
    }

    #[test]
    fn what_is_longer_than_gateways_take_or_empty_is_not_sent() {
        let by_gateway = Signature::ByGateway(Some("【珠海12345】".into()));
        assert_eq!(text(&"长".repeat(491), &by_gateway).unwrap().segments(), 8);
        assert_eq!(text(&"长".repeat(492), &by_gateway).unwrap_err(), "短信超过500字");
        assert!(text(" \n", &Signature::AsWritten).is_err());
    }
}
