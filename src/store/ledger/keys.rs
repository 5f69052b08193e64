//! Keys that sign checkpoints: Ed25519, kept as other tools keep them (PKCS#8 and SPKI in PEM).

use crate::config::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

/// What stands before the 32 bytes of a public key in its SPKI form (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What stands before the 32 bytes of a private key in its PKCS#8 form (RFC 8410), as OpenSSL writes it.
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no PEM of this kind.
    #[error("it is no `{0}` in PEM")]
    NotPem(&'static str),
    /// It is of another algorithm, or damaged.
    #[error("it is no Ed25519 key")]
    NotEd25519,
}

/// The private half.
pub struct SigningKey(Ed25519KeyPair);

/// The public half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl SigningKey {
    /// Makes one; its PEM.
    pub fn generate() -> Secret {
        let mut seed = [0; 32];
        ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut seed)
            .expect("the operating system gives random bytes");
        Secret::from(pem("PRIVATE KEY", &[&PKCS8[..], &seed].concat()))
    }

    /// Reads PEM as `openssl genpkey -algorithm ed25519` writes it.
    pub fn parse(text: &Secret) -> Result<SigningKey, KeyError> {
        let der = body(text.expose(), "PRIVATE KEY")?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(SigningKey).map_err(|_| KeyError::NotEd25519)
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes"))
    }

    /// The signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl PublicKey {
    /// Reads PEM as `openssl pkey -pubout` writes it.
    pub fn parse(text: &str) -> Result<PublicKey, KeyError> {
        let der = body(text, "PUBLIC KEY")?;
        let key = der.strip_prefix(&SPKI).and_then(|key| key.try_into().ok());
        key.map(PublicKey).ok_or(KeyError::NotEd25519)
    }

    /// Its PEM.
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.der())
    }

    /// By what checkpoints name it: the SHA-256 of its SPKI form.
    pub fn id(&self) -> [u8; 32] {
        Sha256::digest(self.der()).into()
    }

    /// Whether it made the signature of this message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }

    fn der(&self) -> Vec<u8> {
        [&SPKI[..], &self.0].concat()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn body(text: &str, label: &'static str) -> Result<Vec<u8>, KeyError> {
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let inner = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).map(|(inner, _)| inner);
    let inner: String = inner.ok_or(KeyError::NotPem(label))?.split_whitespace().collect();
    STANDARD.decode(inner).map_err(|_| KeyError::NotPem(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn keys_are_those_of_rfc_8032_and_of_openssl() {
        let key = SigningKey::parse(&Secret::from(PRIVATE.to_owned())).unwrap();
        assert_eq!(key.public(), PublicKey::parse(PUBLIC).unwrap());
        assert_eq!(key.public().pem(), PUBLIC);
        // RFC 8032, 7.1, test 1: the empty message.
        assert!(
            hex::encode(key.sign(b"")).starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")
        );
    }

    #[test]
    fn a_made_key_signs_and_nothing_else_verifies() {
        let key = SigningKey::parse(&SigningKey::generate()).unwrap();
        let signature = key.sign(b"message");
        assert!(key.public().verifies(b"message", &signature));
        assert!(!key.public().verifies(b"massage", &signature));
        let other = SigningKey::parse(&SigningKey::generate()).unwrap();
        assert!(!other.public().verifies(b"message", &signature));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let parse = |text: &str| SigningKey::parse(&Secret::from(text.to_owned())).unwrap_err();
        assert_eq!(parse("hello"), KeyError::NotPem("PRIVATE KEY"));
        assert_eq!(parse(PUBLIC), KeyError::NotPem("PRIVATE KEY"));
        assert_eq!(parse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"), KeyError::NotEd25519);
        assert_eq!(
            PublicKey::parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
            Err(KeyError::NotEd25519)
        );
    }
}
