//! Operators are told that people are to be called: of the first at once, of further ones together, now and then. It names
//! nobody and no number: what it says may go to a group. Of what is confidential it says only how much there is.

use super::rules::Rules;
use crate::notify::told;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::outbox::search::CallView;
use crate::text::Lang;
use crate::time::Instant;
use std::collections::BTreeSet;

/// While calls go on opening, operators hear of them no more often.
const TELL_EVERY_MS: i64 = 10 * 60 * 1000;
/// So many are named.
const NAMED: usize = 5;
/// So many are counted.
const COUNTED: u32 = 1000;

/// When it was last told.
#[derive(Default)]
pub(super) struct Calling {
    told: Option<Instant>,
}

impl Calling {
    /// Tells of calls that opened since the last time.
    pub(super) async fn tell(&mut self, store: &Store, rules: &Rules, now: Instant) -> Result<(), StoreError> {
        if self.told.is_some_and(|told| now.ms_since(told).abs() < TELL_EVERY_MS) {
            return Ok(());
        }
        let calls = store.untold_calls(COUNTED).await?;
        let Some(last) = calls.last() else { return Ok(()) };
        self.told = Some(now);
        let incident = format!("calls-{}", last.call.id);
        let (title, ask) = (
            format!("{}人待电话告知", calls.len()),
            "执行 duban notices calls 查看该打给谁、说什么，打完执行 duban notices done 编号 --by 姓名",
        );
        super::tell_operators(store, rules, &incident, (&title, &text(&calls, rules), ask), now).await?;
        store.calls_told(last.call.id).await
    }
}

/// 工单ZH-1黄牌通知：专职联络员（市市场监管局）.
fn text(calls: &[CallView], rules: &Rules) -> String {
    let one = |view: &CallView| {
        let queued = &view.notice.queued;
        let order = queued.order.as_deref().map(|order| format!("工单{order}")).unwrap_or_default();
        let title = rules.teller.directory().title(queued.target.name());
        format!("{order}{}：{title}", told::kind(queued.kind, Lang::Zh))
    };
    let (confidential, open): (Vec<_>, Vec<_>) = calls.iter().partition(|view| view.notice.queued.confidential);
    let mut named: Vec<String> = Vec::new();
    for line in open.into_iter().map(one) {
        if !named.contains(&line) {
            named.push(line);
        }
    }
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    if more > 0 {
        named.push(format!("另有{more}件"));
    }
    let secret: BTreeSet<_> = confidential.iter().map(|view| view.notice.id).collect();
    if !secret.is_empty() {
        named.push(format!("{}件保密事项", secret.len()));
    }
    format!("以下通知各渠道都没有送到：{}", named.join("；"))
}
