//! WSSE as 华为云 wants it (support.huaweicloud.com/api-msgsms/sms_05_0002.html).
//!
//! The vendor's text says Base64 of the SHA-256, its samples and its own program take Base64 of the SHA-256 in
//! hexadecimal: that is what the platform checks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The header `Authorization`, the same for all.
pub const AUTHORIZATION: &str = r#"WSSE realm="SDP",profile="UsernameToken",type="Appkey""#;

/// A user's token, used once.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// The application.
    pub app_key: &'a str,
    /// Used once.
    pub nonce: &'a str,
    /// The instant, in UTC: `2018-02-12T15:30:20Z`. At most 24 hours off.
    pub created: &'a str,
}

impl Token<'_> {
    /// The header `X-WSSE`.
    pub fn header(&self, app_secret: &str) -> String {
        let Token { app_key, nonce, created } = self;
        let digest = self.digest(app_secret);
        format!(r#"UsernameToken Username="{app_key}",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}""#)
    }

    fn digest(&self, app_secret: &str) -> String {
        STANDARD.encode(hex::encode(Sha256::digest(format!("{}{}{app_secret}", self.nonce, self.created))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_known_one() {
        let token =
            Token { app_key: "demo", nonce: "66C92B11FF8A425FB8D4CCFE0ED9ED1F", created: "2018-02-12T15:30:20Z" };
        let digest = "OThlNWM3ZTUzYmEyYjc1MGUyYTEyMDlhMjc2ZWMyMTQ2YjEzOTM0MWU4MzQ4NjM0M2Q4YTZjYWU4NjIzMzI5NA==";
        assert_eq!(
            token.header("demoAppSecret123"),
            format!(
                r#"UsernameToken Username="demo",PasswordDigest="{digest}",Nonce="66C92B11FF8A425FB8D4CCFE0ED9ED1F",Created="2018-02-12T15:30:20Z""#
            )
        );
    }

    #[test]
    fn the_vendors_sample_decodes_to_hexadecimal_digits() {
        let decoded = STANDARD.decode("NDA1MWIw").unwrap();
        assert_eq!(decoded, b"4051b0");
    }
}
