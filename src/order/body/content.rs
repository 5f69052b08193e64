//! What of a body makes it the same as another of its id: everything but `recorded_at`.

use super::json::{Number, Scalar};
use super::{Body, EventBody, FigureBody};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};

/// A SHA-256 of a body's content: stable across processes and versions of the vocabulary.
pub type Digest = [u8; 32];

impl Body<'_> {
    /// Two bodies of one id with the same digest are duplicates; with another, the later is refused.
    pub fn content_digest(&self) -> Digest {
        let mut sha = Sha256::new();
        self.content(&mut |bytes| sha.update(bytes));
        sha.finalize().into()
    }

    /// The same comparison within one process, faster.
    pub fn content_hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.content(&mut |bytes| hasher.write(bytes));
        hasher.finish()
    }

    fn content(&self, sink: &mut impl FnMut(&[u8])) {
        match self {
            Body::Event(event) => event_content(event, sink),
            Body::Figure(figure) => figure_content(figure, sink),
        }
    }
}

fn event_content(event: &EventBody<'_>, sink: &mut impl FnMut(&[u8])) {
    sink(b"E");
    for text in [&event.id, &event.order, &event.kind] {
        put(text.as_bytes(), sink);
    }
    sink(&event.at.0.to_le_bytes());
    let mut attributes: Vec<_> = event.attributes.iter().collect();
    attributes.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, value) in attributes {
        put(name.as_bytes(), sink);
        put_scalar(value, sink);
    }
    put_unknown(&event.unknown, sink);
}

fn figure_content(figure: &FigureBody<'_>, sink: &mut impl FnMut(&[u8])) {
    sink(b"F");
    put(figure.id.as_bytes(), sink);
    put(figure.figure.as_bytes(), sink);
    put(figure.day.to_string().as_bytes(), sink);
    put(figure.department.as_deref().unwrap_or_default().as_bytes(), sink);
    sink(&figure.value.to_bits().to_le_bytes());
    put_unknown(&figure.unknown, sink);
}

fn put_unknown(unknown: &[(Cow<'_, str>, &RawValue)], sink: &mut impl FnMut(&[u8])) {
    sink(b"?");
    let mut unknown: Vec<_> = unknown.iter().collect();
    unknown.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, value) in unknown {
        put(name.as_bytes(), sink);
        put(value.get().as_bytes(), sink);
    }
}

fn put_scalar(value: &Scalar<'_>, sink: &mut impl FnMut(&[u8])) {
    match value {
        Scalar::Null => sink(b"n"),
        Scalar::Boolean(true) => sink(b"t"),
        Scalar::Boolean(false) => sink(b"f"),
        Scalar::Number(Number::Whole(number)) => {
            sink(b"i");
            sink(&number.to_le_bytes());
        }
        Scalar::Number(Number::Fraction(number)) => {
            sink(b"d");
            sink(&number.to_bits().to_le_bytes());
        }
        Scalar::Text(text) => {
            sink(b"s");
            put(text.as_bytes(), sink);
        }
        // Refused at the parse.
        Scalar::Compound => sink(b"c"),
    }
}

/// The length comes first, so that no two different contents give the same bytes.
fn put(bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
    sink(&(bytes.len() as u64).to_le_bytes());
    sink(bytes);
}
