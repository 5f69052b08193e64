//! Which conditions exclude each other.

use crate::policy::condition::{Condition, Expectation, Fact};
use crate::policy::vocabulary::Value;

/// Something that must hold for a condition to hold.
pub(super) type Demand = (Fact, Expectation);

/// What a condition certainly demands. There may be more to it (`any`), never less.
pub(super) fn demands(condition: &Condition) -> Vec<Demand> {
    match condition {
        Condition::Always | Condition::Any(_) => Vec::new(),
        Condition::All(parts) => parts.iter().flat_map(demands).collect(),
        Condition::Term(_, term) => demands(term),
        Condition::Fact(fact, expectation) => vec![(fact.clone(), expectation.clone())],
        Condition::Not(part) => denied(part).into_iter().collect(),
    }
}

/// What the denial of a plain condition demands.
fn denied(condition: &Condition) -> Option<Demand> {
    let Condition::Fact(fact, expectation) = condition else {
        let Condition::Term(_, term) = condition else { return None };
        return denied(term);
    };
    let opposite = match expectation {
        Expectation::OneOf(values) => Expectation::NoneOf(values.clone()),
        Expectation::NoneOf(values) => Expectation::OneOf(values.clone()),
        Expectation::Present(present) => Expectation::Present(!present),
        Expectation::AtLeast(_) | Expectation::AtMost(_) => return None,
    };
    Some((fact.clone(), opposite))
}

/// Whether two expectations of one fact can never both be met.
pub(super) fn exclude(a: &Expectation, b: &Expectation) -> bool {
    excludes(a, b) || excludes(b, a)
}

fn excludes(a: &Expectation, b: &Expectation) -> bool {
    use Expectation::{AtLeast, AtMost, NoneOf, OneOf, Present};
    match (a, b) {
        (OneOf(some), OneOf(others)) => some.iter().all(|value| !others.contains(value)),
        (OneOf(some), NoneOf(others)) => some.iter().all(|value| others.contains(value)),
        (OneOf(_) | AtLeast(_) | AtMost(_) | Present(true), Present(false)) => true,
        (AtLeast(least), AtMost(most)) => least > most,
        (OneOf(some), AtLeast(least)) => some.iter().all(|value| number(value).is_some_and(|number| number < *least)),
        (OneOf(some), AtMost(most)) => some.iter().all(|value| number(value).is_some_and(|number| number > *most)),
        _ => false,
    }
}

fn number(value: &Value) -> Option<f64> {
    if let Value::Number(number) = value { Some(*number) } else { None }
}

/// A fact of which a condition demands what cannot be at once.
pub(super) fn contradiction(demands: &[Demand]) -> Option<&Fact> {
    let clashes = |(number, (fact, expectation)): (usize, &Demand)| {
        demands[..number].iter().any(|(other, another)| other == fact && exclude(expectation, another))
    };
    demands.iter().enumerate().find(|&demand| clashes(demand)).map(|(_, (fact, _))| fact)
}

/// How a fact is written.
pub(super) fn name(fact: &Fact) -> String {
    match fact {
        Fact::Attribute(name) | Fact::Count(name) => name.to_string(),
        Fact::Round => "round".into(),
        Fact::Returns => "returns".into(),
        Fact::YellowCards => "yellow_cards".into(),
        Fact::RedCards => "red_cards".into(),
        Fact::InHours => "in_hours".into(),
        Fact::OffDuty => "off_duty".into(),
        Fact::Happened(_) => "happened".into(),
        Fact::Overdue(_) => "overdue".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Expectation::{AtLeast, AtMost, NoneOf, OneOf, Present};

    fn numbers(numbers: &[f64]) -> Vec<Value> {
        numbers.iter().map(|&number| Value::Number(number)).collect()
    }

    #[test]
    fn expectations_that_cannot_both_be_met_exclude_each_other() {
        let one = |values: &[f64]| OneOf(numbers(values));
        let none = |values: &[f64]| NoneOf(numbers(values));
        assert!(exclude(&one(&[1.0]), &one(&[2.0, 3.0])));
        assert!(!exclude(&one(&[1.0, 2.0]), &one(&[2.0, 3.0])));
        assert!(exclude(&none(&[1.0]), &one(&[1.0])));
        assert!(!exclude(&none(&[1.0]), &one(&[1.0, 2.0])));
        assert!(!exclude(&none(&[1.0]), &none(&[2.0])));
        assert!(exclude(&Present(false), &one(&[1.0])));
        assert!(!exclude(&Present(false), &none(&[1.0])));
        assert!(exclude(&AtLeast(3.0), &AtMost(2.0)));
        assert!(!exclude(&AtLeast(2.0), &AtMost(2.0)));
        assert!(exclude(&one(&[1.0]), &AtLeast(2.0)));
    }

    #[test]
    fn what_any_of_several_demands_is_not_certain() {
        let fact = |expectation| Condition::Fact(Fact::Round, expectation);
        let any = Condition::Any(vec![fact(AtLeast(2.0))]);
        let both = Condition::All(vec![any, Condition::Not(Box::new(fact(OneOf(numbers(&[1.0])))))]);
        assert_eq!(demands(&both), [(Fact::Round, NoneOf(numbers(&[1.0])))]);
    }
}
