//! ACS3-HMAC-SHA256: how calls of 阿里云 are signed (`help.aliyun.com/document_detail/2593177.html`).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";
/// The headers that are signed, which are all, in their order.
const SIGNED_HEADERS: &str = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";

/// A call: a POST whose parameters stand in the query, without a body.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The host, with the port where it is not the scheme's own.
    pub host: &'a str,
    /// The path.
    pub path: &'a str,
    /// `SendSms`.
    pub action: &'a str,
    /// The API's version.
    pub version: &'a str,
    /// The instant, in UTC: `2026-01-05T01:02:03Z`. At most 15 minutes off.
    pub date: &'a str,
    /// Used once.
    pub nonce: &'a str,
    /// The parameters, as [`canonical_query`] writes them.
    pub query: &'a str,
}

impl Call<'_> {
    /// The headers that are signed, by name.
    pub fn headers(&self) -> [(&'static str, String); 6] {
        [
            ("host", self.host.to_owned()),
            ("x-acs-action", self.action.to_owned()),
            ("x-acs-content-sha256", sha256("")),
            ("x-acs-date", self.date.to_owned()),
            ("x-acs-signature-nonce", self.nonce.to_owned()),
            ("x-acs-version", self.version.to_owned()),
        ]
    }

    /// The header `Authorization`.
    pub fn authorization(&self, key_id: &str, secret: &str) -> String {
        format!("{ALGORITHM} Credential={key_id},SignedHeaders={SIGNED_HEADERS},Signature={}", self.signature(secret))
    }

    fn signature(&self, secret: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(format!("{ALGORITHM}\n{}", self.hashed_request()).as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// The hash of the canonical request.
    fn hashed_request(&self) -> String {
        let headers = self.headers();
        let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}:{}", value.trim())).collect();
        let Call { path, query, .. } = self;
        sha256(&format!("POST\n{path}\n{query}\n{}\n\n{SIGNED_HEADERS}\n{}", headers.join("\n"), sha256("")))
    }
}

/// Parameters sorted by name, names and values percent-encoded by RFC 3986.
pub fn canonical_query(parameters: &[(&str, &str)]) -> String {
    let mut encoded: Vec<_> = parameters.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    encoded.sort();
    encoded.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "YourAccessKeySecret";

    /// The vendor's own example, whose values were recomputed.
    const RUN_INSTANCES: Call<'static> = Call {
        host: "ecs.cn-shanghai.aliyuncs.com",
        path: "/",
        action: "RunInstances",
        version: "2014-05-26",
        date: "2023-10-26T10:22:32Z",
        nonce: "3156853299f313e23d1673dc12e1703d",
        query: "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai",
    };

    #[test]
    fn the_vendors_example_has_its_signature() {
        let (hashed, signature) = (RUN_INSTANCES.hashed_request(), RUN_INSTANCES.signature(SECRET));
        assert_eq!(hashed, "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259");
        assert_eq!(signature, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
    }

    #[test]
    fn the_vendors_older_example_has_its_signature() {
        let older = Call { date: "2023-10-26T09:01:01Z", nonce: "d410180a5abf7fe235dd9b74aca91fc0", ..RUN_INSTANCES };
        assert_eq!(older.signature(SECRET), "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804");
    }

    #[test]
    fn an_sms_has_the_known_query_and_signature() {
        let query = canonical_query(&[
            ("PhoneNumbers", "13800138000"),
            ("SignName", "示例12345"),
            ("TemplateCode", "SMS_100000001"),
            ("TemplateParam", r#"{"no":"ZH20260105001","card":"红牌"}"#),
            ("OutId", "evt-0001"),
        ]);
        assert_eq!(
            query,
            "OutId=evt-0001&PhoneNumbers=13800138000&SignName=%E7%A4%BA%E4%BE%8B12345&TemplateCode=SMS_100000001&TemplateParam=%7B%22no%22%3A%22ZH20260105001%22%2C%22card%22%3A%22%E7%BA%A2%E7%89%8C%22%7D"
        );
        let call = Call {
            host: "dysmsapi.aliyuncs.com",
            path: "/",
            action: "SendSms",
            version: "2017-05-25",
            date: "2026-01-05T01:02:03Z",
            nonce: "00000000000000000000000000000001",
            query: &query,
        };
        assert_eq!(call.hashed_request(), "7fa090a75e685bb57286d3d3c4d6794728b0257b2330a22fd200d0e18d21241b");
        let signature = "01b3d9635d48e4b923c6710d68fa64d9a084116d9b5118373d2f381aa995fb19";
        assert_eq!(
            call.authorization("YourAccessKeyId", SECRET),
            format!("ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders={SIGNED_HEADERS},Signature={signature}")
        );
    }

    #[test]
    fn a_body_that_is_empty_has_the_known_hash() {
        assert_eq!(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
