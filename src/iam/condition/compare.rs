//! The types of values that operators compare, and how.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, Month, OffsetDateTime};

use crate::iam::answer::{Answer, Missing};
use crate::iam::context::Context;
use crate::iam::document::Version;
use crate::iam::matching::{Token, matches};
use crate::iam::variable::{Expanded, Reading, expand};

/// What kind of comparison an operator makes, before it is negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// `StringEquals`.
    String,
    /// `StringEqualsIgnoreCase`.
    StringIgnoreCase,
    /// `StringLike`.
    StringLike,
    /// `Numeric…`.
    Numeric(Order),
    /// `Date…`.
    Date(Order),
    /// `Bool`.
    Bool,
    /// `BinaryEquals`.
    Binary,
    /// `IpAddress`.
    Ip,
    /// `ArnEquals` and `ArnLike`, which are the same.
    Arn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn fits(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    fn parse(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "equals" => (Self::Equal, false),
            "notequals" => (Self::Equal, true),
            "lessthan" => (Self::Less, false),
            "lessthanequals" => (Self::LessOrEqual, false),
            "greaterthan" => (Self::Greater, false),
            "greaterthanequals" => (Self::GreaterOrEqual, false),
            _ => return None,
        })
    }
}

/// A value of a policy compared with one of a request.
pub(super) struct Compared {
    pub matches: Answer,
    /// A variable in the policy's value that the request has no key for.
    pub absent: Option<Missing>,
}

impl From<bool> for Compared {
    fn from(matches: bool) -> Self {
        Self {
            matches: Answer::from(matches),
            absent: None,
        }
    }
}

impl Comparison {
    /// From the name of an operator in lower case, without set and `IfExists`; and whether it is negated.
    pub fn parse(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "stringequals" => (Self::String, false),
            "stringnotequals" => (Self::String, true),
            "stringequalsignorecase" => (Self::StringIgnoreCase, false),
            "stringnotequalsignorecase" => (Self::StringIgnoreCase, true),
            "stringlike" => (Self::StringLike, false),
            "stringnotlike" => (Self::StringLike, true),
            "bool" => (Self::Bool, false),
            "binaryequals" => (Self::Binary, false),
            "ipaddress" => (Self::Ip, false),
            "notipaddress" => (Self::Ip, true),
            "arnequals" | "arnlike" => (Self::Arn, false),
            "arnnotequals" | "arnnotlike" => (Self::Arn, true),
            other => {
                if let Some(order) = other.strip_prefix("numeric") {
                    let (order, negated) = Order::parse(order)?;
                    (Self::Numeric(order), negated)
                } else {
                    let (order, negated) = Order::parse(other.strip_prefix("date")?)?;
                    (Self::Date(order), negated)
                }
            }
        })
    }

    /// Whether a request's value can be written beside others.
    pub fn is_a_list(self) -> bool {
        matches!(
            self,
            Self::String | Self::StringIgnoreCase | Self::StringLike | Self::Ip | Self::Arn
        )
    }

    /// Compares a value of a policy with one of a request.
    ///
    /// # Errors
    ///
    /// The value that is not of the operator's type.
    pub fn compare(
        self,
        written: &str,
        value: &str,
        version: Version,
        context: &Context,
    ) -> Result<Compared, String> {
        let expanded = |wildcards| {
            expand(
                written,
                Reading {
                    version,
                    context,
                    wildcards,
                },
            )
        };
        match self {
            Self::String | Self::StringLike => {
                let pattern = expanded(self == Self::StringLike);
                Ok(Compared {
                    matches: pattern.matched(|tokens| matches(tokens, value).into()),
                    absent: pattern.absent(),
                })
            }
            Self::StringIgnoreCase => {
                let pattern = expanded(false);
                let value = value.to_lowercase();
                Ok(Compared {
                    matches: pattern.matched(|tokens| matches(&lower_case(tokens), &value).into()),
                    absent: pattern.absent(),
                })
            }
            Self::Arn => arn(&expanded(true), written, value),
            Self::Bool => {
                let pattern = expanded(false);
                if let Some(absent) = pattern.absent() {
                    return Ok(Compared {
                        matches: Answer::No,
                        absent: Some(absent),
                    });
                }
                let written = pattern.literal().ok_or_else(|| written.to_owned())?;
                Ok((boolean(&written)? == boolean(value)?).into())
            }
            Self::Numeric(order) => {
                let ordering = number(value)?.partial_cmp(&number(written)?);
                Ok(ordering.is_some_and(|ordering| order.fits(ordering)).into())
            }
            Self::Date(order) => Ok(order.fits(date(value)?.cmp(&date(written)?)).into()),
            Self::Binary => Ok((binary(value)? == binary(written)?).into()),
            Self::Ip => Ok(network(written)?.contains(&address(value)?).into()),
        }
    }
}

fn lower_case(tokens: &[Token]) -> Vec<Token> {
    let mut lower = Vec::with_capacity(tokens.len());
    for token in tokens {
        match token {
            Token::Char(c) => lower.extend(c.to_lowercase().map(Token::Char)),
            Token::One | Token::Any => lower.push(*token),
        }
    }
    lower
}

/// Segment by segment: a wildcard does not reach over a colon, but in the sixth.
fn arn(pattern: &Expanded, written: &str, value: &str) -> Result<Compared, String> {
    let fields: Vec<&str> = value.splitn(6, ':').collect();
    if fields.len() != 6 || fields[0] != "arn" {
        return Err(value.to_owned());
    }
    let segments: Vec<&[Token]> = pattern
        .tokens
        .splitn(6, |token| *token == Token::Char(':'))
        .collect();
    if segments.len() != 6 {
        return Err(written.to_owned());
    }
    Ok(Compared {
        matches: pattern.matched(|_| {
            segments
                .iter()
                .zip(&fields)
                .all(|(segment, field)| matches(segment, field))
                .into()
        }),
        absent: pattern.absent(),
    })
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(text.to_owned()),
    }
}

/// An integer or decimal. `f64` takes "inf" and "nan" too, which no policy means.
fn number(text: &str) -> Result<f64, String> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    text.parse()
        .ok()
        .filter(|number: &f64| text.chars().all(plain) && number.is_finite())
        .ok_or_else(|| text.to_owned())
}

/// The forms of <https://www.w3.org/TR/NOTE-datetime>, or seconds since 1970. Four digits could be either: refused.
fn date(text: &str) -> Result<OffsetDateTime, String> {
    let wrong = || text.to_owned();
    if text.len() != 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = text.parse().map_err(|_| wrong())?;
        return OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| wrong());
    }
    if text.contains('T') {
        return OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(text, &Iso8601::DEFAULT))
            .map_err(|_| wrong());
    }
    day(text)
        .map(|date| date.midnight().assume_utc())
        .ok_or_else(wrong)
}

/// `2026-11` or `2026-11-23`.
fn day(text: &str) -> Option<Date> {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-').unwrap_or((rest, "01"));
    if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

fn binary(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|_| text.to_owned())
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map(|address: IpAddr| address.to_canonical())
        .map_err(|_| text.to_owned())
}

fn network(text: &str) -> Result<IpNet, String> {
    match text.parse() {
        Ok(network) => Ok(network),
        Err(_) => text
            .parse()
            .map(|address: IpAddr| IpNet::from(address))
            .map_err(|_| text.to_owned()),
    }
}
