//! TC3-HMAC-SHA256: how calls of 腾讯云 are signed (www.tencentcloud.com/document/product/382/40467).

use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// The content type, which is signed.
pub const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// A call: a POST of JSON to `/`.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `sms`.
    pub service: &'a str,
    /// The host, with the port where it is not the scheme's own.
    pub host: &'a str,
    /// The action, where it is signed, too, as it should be.
    pub action: Option<&'a str>,
    /// Seconds since 1970. At most 5 minutes off.
    pub timestamp: i64,
    /// The body.
    pub body: &'a str,
}

impl Call<'_> {
    /// The header `Authorization`.
    pub fn authorization(&self, secret_id: &str, secret_key: &str) -> String {
        let (scope, headers) = (self.scope(), self.signed_headers());
        let signature = self.signature(secret_key);
        format!("{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={headers}, Signature={signature}")
    }

    fn signature(&self, secret_key: &str) -> String {
        let text = format!("{ALGORITHM}\n{}\n{}\n{}", self.timestamp, self.scope(), self.hashed_request());
        let key = [&*self.date(), self.service, "tc3_request"]
            .into_iter()
            .fold(format!("TC3{secret_key}").into_bytes(), |key, part| hmac(&key, part));
        hex::encode(hmac(&key, &text))
    }

    /// The hash of the canonical request.
    fn hashed_request(&self) -> String {
        let Call { host, body, .. } = self;
        let action = self.action.map(|action| format!("x-tc-action:{}\n", action.to_lowercase())).unwrap_or_default();
        let headers = format!("content-type:{CONTENT_TYPE}\nhost:{host}\n{action}");
        sha256(&format!("POST\n/\n\n{headers}\n{}\n{}", self.signed_headers(), sha256(body)))
    }

    fn signed_headers(&self) -> &'static str {
        if self.action.is_some() { "content-type;host;x-tc-action" } else { "content-type;host" }
    }

    fn scope(&self) -> String {
        format!("{}/{}/tc3_request", self.date(), self.service)
    }

    /// The day in UTC.
    fn date(&self) -> String {
        DateTime::from_timestamp(self.timestamp, 0).unwrap_or_default().format("%Y-%m-%d").to_string()
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vendor's own example, whose values were recomputed.
    const DESCRIBE_INSTANCES: Call<'static> = Call {
        service: "cvm",
        host: "cvm.tencentcloudapi.com",
        action: Some("DescribeInstances"),
        timestamp: 1_551_113_065,
        body: r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
    };

    #[test]
    fn the_vendors_older_example_has_its_signature() {
        let older = Call { action: None, ..DESCRIBE_INSTANCES };
        assert_eq!(sha256(older.body), "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064");
        assert_eq!(older.hashed_request(), "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031");
        let signature = "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c";
        assert_eq!(older.signature("Gu5t9xGARNpq86cd98joQYCN3*******"), signature);
    }

    #[test]
    fn the_vendors_newer_example_has_its_signature() {
        let newer = DESCRIBE_INSTANCES;
        assert_eq!(newer.hashed_request(), "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84");
        let signature = "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f";
        assert_eq!(newer.signature(&"*".repeat(32)), signature);
    }

    #[test]
    fn an_sms_has_the_known_signature() {
        let call = Call {
            service: "sms",
            host: "sms.tencentcloudapi.com",
            action: Some("SendSms"),
            timestamp: 1_767_574_923,
            body: r#"{"PhoneNumberSet":["+8613800138000"],"SmsSdkAppId":"1400006666","SignName":"示例12345","TemplateId":"1110","TemplateParamSet":["ZH20260105001","红牌"],"SessionContext":"evt-0001"}"#,
        };
        assert!(sha256(call.body).starts_with("459396d3") && sha256(call.body).ends_with("fedd0"));
        assert_eq!(call.hashed_request(), "75559228e906099eb0c20f2b4ecc72b6a53604ad20097e7b0dc60d4de3ad4d44");
        assert_eq!(
            call.authorization("AKIDdemo", "demoSecretKey"),
            "TC3-HMAC-SHA256 Credential=AKIDdemo/2026-01-05/sms/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=5d419bec03ff49822e8f04ef347efe05909a3242df6fbdb8f91f55690d00cc17"
        );
    }
}
