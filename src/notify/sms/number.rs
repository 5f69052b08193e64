//! Numbers as gateways want them. A number that is none is nobody's: it is never sent on.

/// Digits, with `+` before a country's where it is written so.
pub fn number(to: &str) -> Option<String> {
    let number: String = to.chars().filter(|char| !matches!(char, ' ' | '-')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = (5..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

/// As gateways of China's carriers want it: the 11 digits without `+86`.
pub fn domestic(to: &str) -> Option<String> {
    let number = number(to)?;
    let bare =
        ["+86", "0086", "86"].iter().find_map(|prefix| number.strip_prefix(prefix).filter(|rest| is_mobile(rest)));
    match bare {
        Some(bare) => Some(bare.to_owned()),
        None => Some(number),
    }
}

/// In the form of E.164: `+8613800138000`.
pub fn international(to: &str) -> Option<String> {
    let number = domestic(to)?;
    match number {
        mobile if is_mobile(&mobile) => Some(format!("+86{mobile}")),
        written if written.starts_with('+') => Some(written),
        _ => None,
    }
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_digits_with_a_country_before() {
        assert_eq!(number("138 0000-0000").as_deref(), Some("13800000000"));
        assert_eq!(number("+8613800000000").as_deref(), Some("+8613800000000"));
        for bad in ["", "1234", "13800000000,13900000000", "１３８００００００００", "a01", "+"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_chinese_number_is_written_as_each_gateway_wants_it() {
        for to in ["13800138000", "+86 138-0013-8000", "8613800138000", "008613800138000"] {
            assert_eq!(domestic(to).as_deref(), Some("13800138000"), "{to}");
            assert_eq!(international(to).as_deref(), Some("+8613800138000"), "{to}");
        }
        assert_eq!(international("+85251234567").as_deref(), Some("+85251234567"));
        assert_eq!(international("0756-2222222"), None, "a landline has no SMS");
        assert_eq!(domestic("106575297722").as_deref(), Some("106575297722"));
    }
}
