//! `receipts:` of a channel: how it hears what became of what it sent.

use super::GatewayRequest;
use crate::config::secret::SecretSource;

/// How a channel hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// `token`: by what the other side shows that it may post receipts; none: it may not.
    pub token: Option<SecretSource>,
    /// `poll`: whether receipts are asked for, where the other side can be asked.
    pub polls: bool,
}

/// What the receipts of a gateway look like that is described by templates (`driver: http`). Pointers are JSON pointers into
/// one receipt; a form that is posted is read as an object of its fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// `each`: where in what is posted or answered the receipts are, one or a list; none: it is one itself, or a list.
    pub each: Option<String>,
    /// `id`: the gateway's id of the message, as `accepted: { id: … }` gave it.
    pub id: Option<String>,
    /// `own_id`: ours, echoed.
    pub own_id: Option<String>,
    /// `to`: the number.
    pub to: Option<String>,
    /// `state`: what became of it.
    pub state: String,
    /// `delivered`: the states of a message that arrived.
    pub delivered: Vec<String>,
    /// `failed`: those of one that did not; empty: all others. A state that is neither says nothing yet.
    pub failed: Vec<String>,
    /// `detail`: why it did not arrive.
    pub detail: Option<String>,
    /// `at`: when.
    pub at: Option<String>,
    /// `thanks`: what the gateway wants to read when its post was taken; default `{}`.
    pub thanks: Option<String>,
    /// `ask`: the question for one message, over [`ASK_VARIABLES`]; the answer looks like a post. None: it cannot be asked.
    pub ask: Option<GatewayRequest>,
}

/// What a question names.
pub const ASK_VARIABLES: [&str; 3] = ["mobile", "id", "provider_id"];
