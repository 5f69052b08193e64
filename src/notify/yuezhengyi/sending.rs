//! How a message goes out, by an application or by a robot alike: its contents one after another, an attempt going on where
//! the last one stopped.
//!
//! A deployment may not take every form (40008): then the plainer form that says the same is sent, at once, and from then on
//! until the next start. A file that is refused does not undo the words that went before it: they were told, and the
//! operators are told of the file.

use super::media::{self, Media};
use super::outgoing::{Content, Limits, contents};
use super::parts::Progress;
use super::{Refused, Taken, errcode};
use crate::config::channels::yuezhengyi::{Form, FormOfKind};
use crate::notify::channel::{File, Message, Outcome, Reach, Trouble};
use crate::time::Instant;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::warn;

/// More are not kept until they are asked for.
const TROUBLES_MAX: usize = 50;

/// The way to the platform.
pub trait Line: Sync {
    /// What the platform takes.
    const LIMITS: Limits;

    /// Takes room for so many contents, all or none; where there is none, from when there is.
    fn take_room(
        &self,
        message: &Message,
        count: usize,
        now: Instant,
    ) -> impl Future<Output = Result<(), Instant>> + Send;

    /// Posts one content; `media_id` of a file's.
    fn post(
        &self,
        message: &Message,
        content: &Content,
        media_id: Option<&str>,
        now: Instant,
    ) -> impl Future<Output = Result<Taken, Refused>> + Send;

    /// Uploads a file.
    fn upload(
        &self,
        media: &Media,
        file: &File,
        now: Instant,
    ) -> impl Future<Output = Result<Arc<str>, Refused>> + Send;

    /// What came of a message all of which the platform took.
    fn taken(&self, message: &Message, taken: Taken) -> Result<Outcome, (Trouble, Outcome)>;
}

/// What is known of the messages that go out by one channel.
pub struct Sending {
    forms: FormOfKind,
    refused: Mutex<BTreeSet<Form>>,
    progress: Progress,
    media: Media,
    troubles: Mutex<Vec<Trouble>>,
}

/// Where an attempt stopped, and why.
struct Stopped {
    at: usize,
    why: Refused,
}

impl Sending {
    pub fn new(forms: FormOfKind) -> Sending {
        Sending {
            forms,
            refused: Mutex::default(),
            progress: Progress::default(),
            media: Media::default(),
            troubles: Mutex::default(),
        }
    }

    /// Tries once to send a message.
    pub async fn deliver<L: Line>(&self, line: &L, message: &Message, now: Instant) -> Outcome {
        loop {
            let contents = contents(message, self.form(&message.kind), L::LIMITS);
            let done = self.progress.of(&message.id).min(contents.len() - 1);
            if let Err(not_before) = line.take_room(message, contents.len() - done, now).await {
                return Outcome::Deferred { not_before };
            }
            match self.send(line, message, (&contents, done), now).await {
                Ok(taken) => {
                    self.progress.finished(&message.id);
                    return self.taken(line, message, taken);
                }
                Err(stopped) if self.is_form_refused(&stopped, &contents) => {}
                Err(stopped) => return self.stopped(message, &contents, stopped),
            }
        }
    }

    /// What came up since it was last asked.
    pub fn troubles(&self) -> Vec<Trouble> {
        std::mem::take(&mut *lock(&self.troubles))
    }

    /// The form of a kind, or the richest one below it that the deployment takes.
    fn form(&self, kind: &str) -> Form {
        let refused = lock(&self.refused);
        let mut form = self.forms.of(kind);
        while let Some(plainer) = form.plainer().filter(|_| refused.contains(&form)) {
            form = plainer;
        }
        form
    }

    /// Whether a plainer form is to be tried.
    fn is_form_refused(&self, stopped: &Stopped, contents: &[Content]) -> bool {
        let Refused::Errcode(code) = stopped.why else { return false };
        let kind = contents[stopped.at].kind();
        let form = Form::ALL.into_iter().find(|form| form.as_str() == kind);
        let Some(form) = form.filter(|form| errcode::is_form(code) && form.plainer().is_some()) else { return false };
        if lock(&self.refused).insert(form) {
            warn!(
                form = form.as_str(),
                "the platform does not take messages of this form, a plainer one is sent instead"
            );
        }
        true
    }

    async fn send<L: Line>(
        &self,
        line: &L,
        message: &Message,
        (contents, done): (&[Content], usize),
        now: Instant,
    ) -> Result<Taken, Stopped> {
        let mut all = Taken::default();
        for (at, content) in contents.iter().enumerate().skip(done) {
            let ended = match content {
                Content::File(file) => self.send_file(line, message, file, now).await,
                content => line.post(message, content, None, now).await,
            };
            match ended {
                Ok(taken) => all = all.and(taken),
                Err(why) if matches!(content, Content::File(_)) && why.is_final() => self.file_refused(why),
                Err(why) => return Err(Stopped { at, why }),
            }
        }
        Ok(all)
    }

    async fn send_file<L: Line>(
        &self,
        line: &L,
        message: &Message,
        file: &File,
        now: Instant,
    ) -> Result<Taken, Refused> {
        if let Some(reason) = media::unfit(file) {
            return Err(Refused::Unfit(reason));
        }
        let content = Content::File(file.clone());
        if let Some(id) = self.media.known(file, now) {
            match line.post(message, &content, Some(&id), now).await {
                Err(Refused::Errcode(code)) if errcode::is_media(code) => self.media.forget(file),
                ended => return ended,
            }
        }
        let id = line.upload(&self.media, file, now).await.map_err(Refused::before_sending)?;
        line.post(message, &content, Some(&id), now).await
    }

    fn file_refused(&self, why: Refused) {
        if let Refused::Errcode(code) = why {
            lock(&self.troubles).extend(errcode::trouble(code));
        }
        let Outcome::Permanent { reason } = Outcome::from(why) else { return };
        warn!(reason, "a message was taken, the file with it was not");
        let remedy = "按原因处理；文字已经送达，材料可用 duban explain 工单号 --html 生成后另行转交".to_owned();
        self.note(Trouble {
            code: "附件".into(), what: format!("附件没有送到：{reason}"), remedy, reach: Reach::Some
        });
    }

    fn taken<L: Line>(&self, line: &L, message: &Message, taken: Taken) -> Outcome {
        match line.taken(message, taken) {
            Ok(outcome) => outcome,
            Err((trouble, outcome)) => {
                self.note(trouble);
                outcome
            }
        }
    }

    fn stopped(&self, message: &Message, contents: &[Content], Stopped { at, why }: Stopped) -> Outcome {
        debug_assert!(at < contents.len());
        if let Refused::Errcode(code) = why
            && let Some(trouble) = errcode::trouble(code)
        {
            self.note(trouble);
        }
        let outcome = Outcome::from(why);
        match outcome {
            Outcome::Permanent { .. } => self.progress.finished(&message.id),
            _ => self.progress.stopped(&message.id, at),
        }
        outcome
    }

    fn note(&self, trouble: Trouble) {
        let mut troubles = lock(&self.troubles);
        if troubles.len() < TROUBLES_MAX && !troubles.contains(&trouble) {
            troubles.push(trouble);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
