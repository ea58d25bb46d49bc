//! Whether one statement applies to a request, element by element.

use super::answer::{Answer, Missing};
use super::context::Request;
use super::document::{
    Document, Effect, Listed, PrincipalElement, Statement, Version, WrittenPrincipal,
};
use super::matching::{Token, action_matches, matches, matches_in_segments};
use super::policies::Kind;
use super::principal::PrincipalKind;
use super::variable::{Reading, expand};

/// Where a statement stands and what is asked of it.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub kind: Kind,
    pub document: &'a Document,
    pub request: &'a Request,
    /// Whether the principal has a permissions boundary: `NotPrincipal` then denies it whoever is named.
    pub bounded: &'a Answer,
}

/// What each element says.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub principal: PrincipalMatch,
    pub action: Answer,
    pub resource: Answer,
    pub conditions: Vec<Answer>,
    /// Elements that are not modelled.
    pub others: Answer,
}

impl Judged {
    /// Whether the statement applies.
    pub fn applies(&self) -> Answer {
        self.without_principal().and(self.principal.any())
    }

    /// Whether it applies, not looking at the principal.
    pub fn without_principal(&self) -> Answer {
        Answer::all(
            [&self.action, &self.resource, &self.others]
                .into_iter()
                .chain(&self.conditions)
                .cloned(),
        )
    }
}

/// By which of its names a statement means the principal: it matters for what else can limit the request (IAM User Guide,
/// "Policy evaluation logic", on resource-based policies and implicit denies in other policy types).
#[derive(Debug, Clone)]
pub(super) struct PrincipalMatch {
    /// Everybody, the session, or the user: nothing of the identity's side limits it.
    pub direct: Answer,
    /// The role: limited by boundary and session policies.
    pub role: Answer,
    /// The account: it delegates, the identity's own policies must allow.
    pub account: Answer,
}

impl PrincipalMatch {
    pub fn any(&self) -> Answer {
        Answer::any([self.direct.clone(), self.role.clone(), self.account.clone()])
    }

    fn only(direct: Answer) -> Self {
        Self {
            direct,
            role: Answer::No,
            account: Answer::No,
        }
    }
}

/// Judges a statement.
pub(super) fn judge(statement: &Statement, setting: Setting<'_>) -> Judged {
    let request = setting.request;
    let version = setting.document.version;
    Judged {
        principal: principal(statement, setting),
        action: action(&statement.action, &request.action),
        resource: resource(&statement.resource, version, request),
        conditions: statement
            .conditions
            .iter()
            .map(|condition| condition.holds(version, &request.context))
            .collect(),
        others: Answer::all(
            statement
                .unknown
                .iter()
                .chain(&setting.document.unknown)
                .map(|element| {
                    Answer::lacks(Missing::Element {
                        element: element.clone(),
                    })
                }),
        ),
    }
}

fn action(listed: &Listed, action: &str) -> Answer {
    let found = listed
        .patterns
        .iter()
        .any(|pattern| action_matches(pattern, action));
    Answer::from(found != listed.not)
}

fn resource(listed: &Listed, version: Version, request: &Request) -> Answer {
    let arn = request.resource.to_string();
    let reading = Reading {
        version,
        context: &request.context,
        wildcards: true,
    };
    let found = Answer::any(listed.patterns.iter().map(|pattern| {
        if begins_otherwise(pattern, &arn) {
            return Answer::No;
        }
        let expanded = expand(pattern, reading);
        if let Some(missing) = expanded.absent().filter(|_| listed.not) {
            return Answer::lacks(missing);
        }
        if version == Version::V2012 && variable_too_early(pattern) {
            return Answer::lacks(Missing::Variable {
                variable: pattern.clone(),
            });
        }
        expanded.matched(|tokens| resource_matches(tokens, pattern, &arn))
    }));
    if listed.not { found.negated() } else { found }
}

/// Whether a pattern without variables begins with characters that the ARN does not: most patterns of most policies are
/// about something else, and need not be taken apart to see it.
fn begins_otherwise(pattern: &str, arn: &str) -> bool {
    let written = pattern.split(['*', '?']).next().unwrap_or_default();
    let common = written.len().min(arn.len());
    !pattern.contains("${") && written.as_bytes()[..common] != arn.as_bytes()[..common]
}

/// Whether one pattern of a `Resource` element matches an ARN.
///
/// The whole text is matched. AWS's page promises that a `*` that ends its segment matches beyond colons, and that fields
/// which are missing at the end are taken as `*`; of other wildcards it says only that they are within a segment.
pub(super) fn resource_matches(tokens: &[Token], pattern: &str, arn: &str) -> Answer {
    let colons = tokens
        .iter()
        .filter(|token| **token == Token::Char(':'))
        .count();
    let completed =
        (colons < 5 && tokens.starts_with(&[Token::Char('a'), Token::Char('r')])).then(|| {
            let missing = (colons..5).flat_map(|_| [Token::Char(':'), Token::Any]);
            tokens.iter().copied().chain(missing).collect::<Vec<_>>()
        });
    let written = |tokens: &[Token]| match matches(tokens, arn) {
        false => Answer::No,
        true if matches_in_segments(tokens, arn) => Answer::Yes,
        true => Answer::lacks(Missing::Pattern {
            pattern: pattern.to_owned(),
        }),
    };
    let found = written(tokens);
    match completed {
        Some(completed) if !found.is_yes() => found.or(written(&completed)),
        _ => found,
    }
}

/// "You can't use a variable to replace parts of the ARN before the fifth colon".
fn variable_too_early(pattern: &str) -> bool {
    let Some(place) = pattern.find("${") else {
        return false;
    };
    pattern[..place].matches(':').count() < 5
}

fn principal(statement: &Statement, setting: Setting<'_>) -> PrincipalMatch {
    let element = |element: &str| {
        PrincipalMatch::only(Answer::lacks(Missing::Element {
            element: element.to_owned(),
        }))
    };
    match &statement.principal {
        // The principal is whoever the policy is attached to.
        None if !setting.kind.names_principals() => PrincipalMatch::only(Answer::Yes),
        None => element("Principal"),
        Some(written) if !setting.kind.names_principals() => element(if written.not {
            "NotPrincipal"
        } else {
            "Principal"
        }),
        // "Using it with Allow is not supported", and organisations' policies do not have it.
        Some(written) if written.not => {
            if statement.effect == Effect::Allow || setting.kind != Kind::Cluster {
                return element("NotPrincipal");
            }
            PrincipalMatch::only(not_among(written, setting))
        }
        Some(written) => {
            let by = |level| {
                Answer::any(
                    written
                        .principals
                        .iter()
                        .map(|one| names(one, level, setting.request)),
                )
            };
            PrincipalMatch {
                direct: by(Level::Direct),
                role: by(Level::Role),
                account: by(Level::Account),
            }
        }
    }
}

/// `NotPrincipal` with `Deny`: an exception must name the account, the role and the session. Where it names some of them,
/// AWS says only that it "might" deny.
fn not_among(written: &PrincipalElement, setting: Setting<'_>) -> Answer {
    setting
        .bounded
        .clone()
        .or(not_named(written, setting.request))
}

fn not_named(written: &PrincipalElement, request: &Request) -> Answer {
    let by = |level| {
        Answer::any(
            written
                .principals
                .iter()
                .map(|one| names(one, level, request)),
        )
    };
    let account = by(Level::Account);
    let own = by(Level::Direct);
    if written.principals.contains(&WrittenPrincipal::Anyone) {
        return Answer::No;
    }
    let levels = if request.principal.is_role() {
        vec![account, by(Level::Role), own]
    } else {
        vec![account, own]
    };
    if levels.iter().all(Answer::is_no) {
        return Answer::Yes;
    }
    match Answer::all(levels) {
        Answer::Yes => Answer::No,
        Answer::No => Answer::lacks(Missing::Element {
            element: "NotPrincipal".to_owned(),
        }),
        unknown @ Answer::Unknown(_) => unknown,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Direct,
    Role,
    Account,
}

/// Whether a written principal means who asks, by its name of this level.
fn names(written: &WrittenPrincipal, level: Level, request: &Request) -> Answer {
    let text = match written {
        WrittenPrincipal::Anyone => return Answer::from(level == Level::Direct),
        WrittenPrincipal::Aws(text) => text,
        WrittenPrincipal::Other { kind, value } => {
            return match kind.as_str() {
                "Service" | "CanonicalUser" => Answer::No,
                // A session may come from an identity provider: nothing here says which.
                _ if level == Level::Direct => Answer::lacks(Missing::Principal {
                    principal: value.clone(),
                }),
                _ => Answer::No,
            };
        }
    };
    let principal = &request.principal;
    let is_account = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let root = format!(
        "arn:{}:iam::{}:root",
        principal.partition, principal.account
    );
    if level == Level::Account {
        return Answer::from(is_account && *text == principal.account || *text == root);
    }
    if is_account || text.ends_with(":root") && text.starts_with("arn:") {
        return Answer::No;
    }
    let at = |own: Level, answer: Answer| if level == own { answer } else { Answer::No };
    let own_level = match principal.kind {
        PrincipalKind::Role { .. } => Level::Role,
        PrincipalKind::User => Level::Direct,
    };
    if text.contains(['*', '?']) {
        // AWS refuses a part of a name as principal.
        return at(
            Level::Direct,
            Answer::lacks(Missing::Principal {
                principal: text.clone(),
            }),
        );
    }
    if !text.starts_with("arn:") {
        // A unique id: AWS writes it in the place of an ARN whose role or user is gone.
        return at(own_level, unique_id(text, request));
    }
    let Ok(named) = super::principal::Principal::from_arn(text) else {
        return Answer::No;
    };
    if named.account != principal.account
        || named.name != principal.name
        || named.partition != principal.partition
    {
        return Answer::No;
    }
    match (&named.kind, &principal.kind) {
        (PrincipalKind::User, PrincipalKind::User) => {
            at(Level::Direct, Answer::from(named.path == principal.path))
        }
        (PrincipalKind::Role { session: None }, PrincipalKind::Role { .. }) => at(
            Level::Role,
            match &principal.path {
                None => Answer::lacks(Missing::RolePath),
                own => Answer::from(named.path == *own),
            },
        ),
        (PrincipalKind::Role { session }, PrincipalKind::Role { session: own }) => at(
            Level::Direct,
            match own {
                None => Answer::lacks(Missing::SessionName),
                own => Answer::from(session == own),
            },
        ),
        _ => Answer::No,
    }
}

fn unique_id(text: &str, request: &Request) -> Answer {
    match &request.principal.id {
        Some(own) => Answer::from(own == text),
        None if text.starts_with("AROA") || text.starts_with("AIDA") => {
            Answer::lacks(Missing::PrincipalId)
        }
        None => Answer::lacks(Missing::Principal {
            principal: text.to_owned(),
        }),
    }
}
