//! Conditions: operators, and whether one holds in a request.
//!
//! Sources: IAM User Guide, "IAM JSON policy elements: Condition operators", "Conditions with multiple context keys or
//! values" and "Single-valued vs. multivalued context keys".

mod compare;

use super::answer::{Answer, Missing};
use super::context::{Context, Known};
use super::document::Version;
use compare::Comparison;

/// One key under one operator of a `Condition` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator as it is written.
    pub operator: String,
    /// The condition key as it is written.
    pub key: String,
    /// The values; numbers and Booleans as text.
    pub values: Vec<String>,
    parsed: Option<Operator>,
}

/// An operator, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Operator {
    set: Option<Set>,
    test: Test,
    /// `…IfExists`: holds where the key is absent.
    if_exists: bool,
}

/// For multivalued keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    ForAllValues,
    ForAnyValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    /// Whether the key is absent.
    Null,
    /// Whether the key's value compares so, or does not.
    Compare { by: Comparison, negated: bool },
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let (set, rest) = match text.split_once(':') {
            None => (None, text.as_str()),
            Some(("forallvalues", rest)) => (Some(Set::ForAllValues), rest),
            Some(("foranyvalue", rest)) => (Some(Set::ForAnyValue), rest),
            Some(_) => return None,
        };
        if rest == "null" {
            // Neither a set nor IfExists goes with it.
            return set.is_none().then_some(Self {
                set,
                test: Test::Null,
                if_exists: false,
            });
        }
        let (name, if_exists) = match rest.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let (by, negated) = Comparison::parse(name)?;
        Some(Self {
            set,
            test: Test::Compare { by, negated },
            if_exists,
        })
    }
}

impl Condition {
    /// A condition; an operator that does not exist makes it unknown whether it holds.
    #[must_use]
    pub fn new(operator: &str, key: &str, values: Vec<String>) -> Self {
        Self {
            parsed: Operator::parse(operator),
            operator: operator.to_owned(),
            key: key.to_owned(),
            values,
        }
    }

    /// Whether it asks that a value is *not* among those written: another value in the list lets more requests through.
    #[must_use]
    pub fn is_negated(&self) -> bool {
        matches!(
            self.parsed.map(|operator| operator.test),
            Some(Test::Compare { negated: true, .. })
        )
    }

    /// Whether its values are a list in which a further one can be written as it is: texts, ARNs, addresses.
    #[must_use]
    pub(super) fn takes_more_values(&self) -> bool {
        self.parsed.is_some_and(|operator| match operator.test {
            Test::Compare { by, .. } => by.is_a_list(),
            Test::Null => false,
        })
    }

    /// Whether it holds in a request.
    #[must_use]
    pub fn holds(&self, version: Version, context: &Context) -> Answer {
        let Some(operator) = self.parsed else {
            return Answer::lacks(Missing::Operator {
                operator: self.operator.clone(),
            });
        };
        let known = context.get(&self.key);
        let unknown = || {
            Answer::lacks(Missing::Key {
                key: self.key.to_lowercase(),
            })
        };
        let (by, negated) = match operator.test {
            Test::Null => {
                return match known {
                    Known::Nothing => unknown(),
                    Known::Absent => self.is_null(true),
                    Known::Present | Known::Values { .. } => self.is_null(false),
                };
            }
            Test::Compare { by, negated } => (by, negated),
        };
        let values = match known {
            Known::Nothing | Known::Present => return unknown(),
            Known::Absent => return Answer::from(operator.without_key(negated)),
            Known::Values { values } => values,
        };
        let one = |value: &String| {
            let compared = self
                .values
                .iter()
                .map(|written| self.compare(by, negated, written, value, version, context));
            let found = Answer::any(compared);
            if negated { found.negated() } else { found }
        };
        match operator.set {
            // A key that is the empty string counts as an empty set.
            Some(Set::ForAllValues) if values == [""] => Answer::Yes,
            Some(Set::ForAnyValue) if values == [""] => Answer::No,
            Some(Set::ForAllValues) => Answer::all(values.iter().map(one)),
            Some(Set::ForAnyValue) => Answer::any(values.iter().map(one)),
            None => match &values[..] {
                [value] => one(value),
                // Multivalued keys need a set operator: without, AWS does not say.
                _ => Answer::lacks(Missing::Operator {
                    operator: self.operator.clone(),
                }),
            },
        }
    }

    fn compare(
        &self,
        by: Comparison,
        negated: bool,
        written: &str,
        value: &str,
        version: Version,
        context: &Context,
    ) -> Answer {
        match by.compare(written, value, version, context) {
            Ok(compared) => match compared.absent {
                // AWS: "might cause the entire statement to be invalid". A value that does not match must not make a
                // negated condition hold.
                Some(missing) if negated => Answer::lacks(missing),
                _ => compared.matches,
            },
            Err(value) => Answer::lacks(Missing::Value {
                operator: self.operator.clone(),
                value,
            }),
        }
    }

    /// `Null`: whether one of the values is the truth about the key's absence.
    fn is_null(&self, absent: bool) -> Answer {
        Answer::any(
            self.values
                .iter()
                .map(|value| match value.to_lowercase().as_str() {
                    "true" => Answer::from(absent),
                    "false" => Answer::from(!absent),
                    _ => Answer::lacks(Missing::Value {
                        operator: self.operator.clone(),
                        value: value.clone(),
                    }),
                }),
        )
    }
}

impl Operator {
    /// Whether it holds where the request has not the key.
    fn without_key(self, negated: bool) -> bool {
        match self.set {
            _ if self.if_exists => true,
            Some(Set::ForAllValues) => true,
            Some(Set::ForAnyValue) => false,
            None => negated,
        }
    }
}
