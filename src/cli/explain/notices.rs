//! Who was told of an order's decisions, by which channel, and whether it arrived: the story's last part.

use crate::daemon::rules::Rules;
use crate::notify::notice::Target;
use crate::notify::told;
use crate::store::outbox::{Delivery, Notice};
use crate::text::Lang;
use crate::time::Instant;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// What the part is made from.
pub(super) struct Material<'a> {
    pub(super) rules: &'a Rules,
    /// What channels are called.
    pub(super) channels: &'a BTreeMap<Arc<str>, &'static str>,
    pub(super) lang: Lang,
}

impl Material<'_> {
    /// The part; empty where nobody was told.
    pub(super) fn part(&self, notices: &[Notice]) -> String {
        if notices.is_empty() {
            return String::new();
        }
        let mut part = self.either("\n通知与送达\n", "\nNotices\n").to_owned();
        for notice in notices {
            self.notice(notice, &mut part);
        }
        part
    }

    fn notice(&self, notice: &Notice, part: &mut String) {
        let queued = &notice.queued;
        let (at, kind) = (self.minute(queued.at), told::kind(queued.kind, self.lang));
        let colon = self.either("：", ": ");
        let stands = told::standing(notice, self.lang);
        let _ = writeln!(part, "  {at} {kind} → {}{colon}{stands}", self.reader(&queued.target));
        for delivery in &notice.deliveries {
            self.delivery(delivery, part);
        }
    }

    fn delivery(&self, delivery: &Delivery, part: &mut String) {
        let channel = match (self.lang, self.channels.get(&delivery.channel)) {
            (Lang::Zh, Some(title)) => (*title).to_owned(),
            _ => delivery.channel.to_string(),
        };
        let address = told::masked(&delivery.address);
        let space = if address.is_empty() { "" } else { " " };
        let (at, outcome) = (self.minute(delivery.at), told::outcome(delivery, self.lang));
        let _ = writeln!(part, "    {at} {channel}{space}{address} {outcome}");
        for receipt in &delivery.receipts {
            let _ = writeln!(part, "      {} {}", self.minute(receipt.at), told::receipt(receipt, self.lang));
        }
    }

    /// 专职联络员（市市场监管局）.
    fn reader(&self, target: &Target) -> String {
        match target {
            Target::Recipient { recipient, place } => {
                let title = match self.lang {
                    Lang::Zh => self.rules.teller.directory().title(recipient),
                    Lang::En => recipient,
                };
                let place = place.as_deref().map(|place| match self.lang {
                    Lang::Zh => format!("（{place}）"),
                    Lang::En => format!(" ({place})"),
                });
                format!("{title}{}", place.unwrap_or_default())
            }
            Target::Channel(channel) => format!("{}{channel}", self.either("对接系统 ", "system ")),
        }
    }

    fn minute(&self, at: Instant) -> String {
        at.in_zone(self.rules.words.zone).format("%Y-%m-%d %H:%M").to_string()
    }

    fn either(&self, zh: &'static str, en: &'static str) -> &'static str {
        if self.lang == Lang::Zh { zh } else { en }
    }
}
