//! Bytes of a text file to text, exactly or not at all.

use crate::config::sources::Encoding;
use crate::text::Text;
use encoding_rs::{GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// The mark as GB18030 writes it, which no standard asks for and some programs put there.
const GB18030_MARK: &[u8] = b"\x84\x31\x95\x33";

/// The text, without a byte order mark. What a mark says goes before what the configuration says.
pub(super) fn decode(bytes: &[u8], encoding: Encoding) -> Result<Cow<'_, str>, Text> {
    if let Some((marked, length)) = encoding_rs::Encoding::for_bom(bytes) {
        return strictly(&bytes[length..], marked);
    }
    if let Some(text) = bytes.strip_prefix(GB18030_MARK) {
        return strictly(text, GB18030);
    }
    match encoding {
        Encoding::Utf8 => strictly(bytes, UTF_8),
        Encoding::Gb18030 => strictly(bytes, GB18030),
        Encoding::Auto => strictly(bytes, UTF_8).or_else(|_| strictly(bytes, GB18030)),
    }
}

fn strictly<'b>(bytes: &'b [u8], encoding: &'static encoding_rs::Encoding) -> Result<Cow<'b, str>, Text> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| malformed(bytes, encoding))
}

fn malformed(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> Text {
    let name = encoding.name();
    // In UTF-16 a line break is no single byte.
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return Text::new(format!("文件不是完好的 {name} 文本"), format!("the file is no whole text of {name}"));
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let is_whole = |line: &&[u8]| encoding.decode_without_bom_handling_and_without_replacement(line).is_some();
    let line = lines.take_while(is_whole).count() + 1;
    Text::new(
        format!("第 {line} 行不是 {name} 文本；请另存为 UTF-8，或在来源配置里写明 encoding"),
        format!("line {line} is no text of {name}: save it as UTF-8, or give its `encoding` in the configuration"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    #[test]
    fn a_mark_decides_then_utf8_then_gb18030() {
        let zh = "工单编号,𠮷";
        let (gb, _, _) = GB18030.encode(zh);
        let with_mark = [b"\xef\xbb\xbf", zh.as_bytes()].concat();
        let wide: Vec<u8> = zh.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = [b"\xff\xfe", &wide[..]].concat();
        let gb_with_mark = [GB18030_MARK, &gb].concat();
        for bytes in [zh.as_bytes(), &gb, &with_mark, &wide, &gb_with_mark] {
            assert_eq!(decode(bytes, Encoding::Auto).unwrap(), zh);
        }
        assert_eq!(decode(&gb, Encoding::Gb18030).unwrap(), zh);
        assert!(decode(&gb, Encoding::Utf8).is_err());
    }

    #[test]
    fn what_is_neither_is_named_by_its_line() {
        let said = decode(b"a,b\n1,2\n\xff\xff,3\n", Encoding::Auto).unwrap_err();
        insta::assert_snapshot!(said.in_lang(Lang::Zh), @"第 3 行不是 gb18030 文本；请另存为 UTF-8，或在来源配置里写明 encoding");
    }
}
