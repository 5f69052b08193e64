//! Mail to one person at a time: a refused recipient is that one's affair.
//!
//! A mail that is tried again is the same mail to the byte, Message-ID included. Hardly a relay and no mailbox drops a repeat
//! for that: whose mail is sent twice has it twice. What was refused or broken off before the content went out was not
//! delivered for certain; what broke off after is unknown.

mod letter;
mod relay;

use super::channel::{Channel, Message, Outcome};
use super::open::OpenError;
use crate::config::channels::Email as Options;
use crate::time::Instant;
use futures_util::future::BoxFuture;
use letter::Sender;
use relay::{Relay, Route};

/// `kind: email`.
pub struct Email {
    sender: Sender,
    relay: Relay,
    attach_dossier: bool,
}

impl Email {
    /// Reads the password and the CA file; connects to nothing yet.
    pub fn open(options: &Options) -> Result<Email, OpenError> {
        let sender = Sender::parse(&options.from, options.reply_to.as_deref())?;
        let relay = Relay::open(options, sender.domain())?;
        Ok(Email { sender, relay, attach_dossier: options.attach_dossier })
    }

    async fn send(&self, message: &Message, now: Instant) -> Outcome {
        let Some(to) = letter::address(&message.to) else {
            return Outcome::permanent("收件人没有可用的邮箱地址");
        };
        match self.sender.letter(message, to.clone(), now) {
            Ok(letter) => {
                let route = Route { from: self.sender.address(), to: &to };
                self.relay.send(route, &letter.formatted(), now).await
            }
            Err(_) => Outcome::permanent("邮件写不成：收件人或发件人地址有误"),
        }
    }
}

/// The headers of a message's mail that a reader or a filter sees, each with its text as it reads.
///
/// # Errors
/// The configured sender is no mailbox.
pub fn headers(options: &Options, message: &Message) -> Result<Vec<(&'static str, String)>, OpenError> {
    Ok(Sender::parse(&options.from, options.reply_to.as_deref())?.headers(message))
}

impl Channel for Email {
    fn kind(&self) -> &'static str {
        "email"
    }

    fn deliver<'a>(&'a self, message: &'a Message, now: Instant) -> BoxFuture<'a, Outcome> {
        Box::pin(self.send(message, now))
    }

    fn takes_files(&self) -> bool {
        true
    }

    fn attaches_dossier(&self) -> bool {
        self.attach_dossier
    }
}
