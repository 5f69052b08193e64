//! The month by department, as a table.

use super::screen::padded;
use super::sinks::gateway::Gateway;
use super::sinks::smtp::SmtpSink;
use crate::engine::decision::{Decision, DecisionKind, Outcome};
use crate::policy::model::Colour;
use crate::policy::vocabulary::Value;
use crate::store::view::OrderView;
use std::collections::{BTreeMap, HashSet};

/// What is counted of a department.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    orders: u32,
    met: u32,
    late: u32,
    yellow: u32,
    red: u32,
    returns: u32,
    routes: u32,
}

/// The counts of all departments.
#[derive(Debug, Default)]
pub(super) struct Summary {
    rows: BTreeMap<String, Row>,
    decisions: usize,
    revoked: usize,
}

const HEAD: [&str; 8] = ["承办单位", "工单", "按时", "逾期", "黄牌", "红牌", "退回重办", "呈报移送"];
const NAME_WIDTH: usize = 24;
const WIDTH: usize = 9;

impl Summary {
    /// Adds an order as it stands at the end. What was revoked counts for nothing.
    pub(super) fn add(&mut self, order: &OrderView) {
        let decisions: Vec<&Decision> = order.decisions.iter().map(|fed| &fed.decision).collect();
        let revoked: HashSet<&str> = decisions.iter().filter_map(|decision| revoked(decision)).collect();
        self.decisions += decisions.len();
        self.revoked += revoked.len();
        let own = department(order);
        self.rows.entry(own.clone()).or_default().orders += 1;
        for obligation in &order.obligations {
            let row = self.row(obligation.department.as_deref(), &own);
            match obligation.outcome {
                Outcome::Met => row.met += 1,
                Outcome::Late | Outcome::Overdue => row.late += 1,
                Outcome::Open | Outcome::Suspended | Outcome::Cancelled => {}
            }
        }
        for decision in decisions.iter().filter(|decision| !revoked.contains(&*decision.key)) {
            let row = self.row(decision.department.as_deref(), &own);
            match decision.kind {
                DecisionKind::Card(Colour::Yellow) => row.yellow += 1,
                DecisionKind::Card(Colour::Red) => row.red += 1,
                DecisionKind::Return => row.returns += 1,
                DecisionKind::Route => row.routes += 1,
                _ => {}
            }
        }
    }

    fn row(&mut self, department: Option<&str>, own: &str) -> &mut Row {
        self.rows.entry(department.unwrap_or(own).to_owned()).or_default()
    }

    /// The table's lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut total = Row::default();
        let mut lines = vec![columns(HEAD[0], &HEAD[1..].iter().map(ToString::to_string).collect::<Vec<_>>())];
        for (name, row) in &self.rows {
            lines.push(columns(name, &row.cells()));
            total.add(row);
        }
        lines.push(columns("合计", &total.cells()));
        lines.push(format!("共作出决定 {} 项，其中撤销 {} 项。", self.decisions, self.revoked));
        lines
    }
}

impl Row {
    fn numbers(&self) -> [u32; 7] {
        [self.orders, self.met, self.late, self.yellow, self.red, self.returns, self.routes]
    }

    fn cells(&self) -> Vec<String> {
        self.numbers().iter().map(ToString::to_string).collect()
    }

    fn add(&mut self, other: &Row) {
        let [orders, met, late, yellow, red, returns, routes] = other.numbers();
        self.orders += orders;
        self.met += met;
        self.late += late;
        self.yellow += yellow;
        self.red += red;
        self.returns += returns;
        self.routes += routes;
    }
}

fn revoked(decision: &Decision) -> Option<&str> {
    match &decision.kind {
        DecisionKind::Revoke { revoked, .. } => Some(revoked),
        _ => None,
    }
}

/// The department that has an order at the end.
pub(super) fn department(order: &OrderView) -> String {
    let found = order.state.attributes.iter().find(|(name, _)| name.as_str() == "department");
    match found {
        Some((_, Value::Text(name))) => name.to_string(),
        _ => "（未转派）".into(),
    }
}

fn columns(name: &str, cells: &[String]) -> String {
    use unicode_width::UnicodeWidthStr;
    let cells = cells.iter().map(|cell| format!("{}{cell}", " ".repeat(WIDTH.saturating_sub(cell.width()))));
    format!("{}{}", padded(name, NAME_WIDTH), cells.collect::<String>())
}

/// What the sinks took.
pub(super) fn delivered(gateway: &Gateway, mail: &SmtpSink) -> String {
    let sms = gateway.received_at("/sms");
    let mut ids: HashSet<String> = HashSet::new();
    ids.extend(sms.iter().filter_map(|request| request.json()["id"].as_str().map(str::to_owned)));
    let again = sms.len() - ids.len();
    format!(
        "粤政易 {} 条、短信 {} 条（网关忙 {again} 次，均已重发）、邮件 {} 封、推送工单平台 {} 次。",
        gateway.received_at("/cgi-bin/message/send").len() + gateway.received_at("/cgi-bin/webhook/send").len(),
        ids.len(),
        mail.mails().len(),
        gateway.received_at("/decisions").len(),
    )
}
