//! Whose rights are judged.

use crate::aws::files::key_of;
use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::lambda::GetFunctionConfiguration;
use crate::case::{Asked, Case, ClientKind, IdentityFacts};
use crate::checks::function::function;
use crate::iam::{Principal, PrincipalKind};
use crate::vpc::{Gap, World};

/// Who asks the brokers, and what limits the session.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The role or user.
    pub principal: Principal,
    /// Whether a service made the session: those have no session policies.
    pub made_by_service: bool,
}

/// The identity of the case's client. `None` where nothing tells it; an error where it is of a kind that has no policies of
/// its own.
#[must_use]
pub fn identity(case: &Case, facts: &Snapshot) -> Option<Result<Identity, Gap>> {
    let world = World::new(facts, &[]);
    let function = function(case, &world);
    let role = case.client.role.as_deref();
    if let Some(function) =
        function.filter(|own| role.is_none_or(|role| own.role.as_deref() == Some(role)))
    {
        let named = |identity: Identity| Identity {
            principal: identity.principal.with_session(&function.function_name),
            ..identity
        };
        return of_function(facts, function).map(|identity| identity.map(named));
    }
    if let Some(arn) = role {
        return Some(read(facts, arn));
    }
    if case.client.kind != ClientKind::Machine {
        return None;
    }
    let caller = || {
        facts
            .known(|facts| &facts.caller)
            .map(|(_, caller)| &caller.arn)
            .next()
    };
    match &case.identity {
        IdentityFacts::Known { arn, .. } => Some(read(facts, arn)),
        // Whoever asked AWS is who is meant, where nobody logs in.
        _ if case.asked == Asked::Iam => caller().map(|arn| read(facts, arn)),
        _ => None,
    }
}

/// A function's role, as a service assumes it; `None` where the facts do not say it.
#[must_use]
pub fn of_function(
    facts: &Snapshot,
    function: &GetFunctionConfiguration,
) -> Option<Result<Identity, Gap>> {
    let by_service = |identity: Identity| Identity {
        principal: known(facts, identity.principal),
        made_by_service: true,
    };
    let role = function.role.as_deref()?;
    Some(read(facts, role).map(by_service))
}

fn read(facts: &Snapshot, arn: &str) -> Result<Identity, Gap> {
    let principal = Principal::from_arn(arn).map_err(|error| Gap {
        what: format!("what {arn} may do: {error}"),
        needs: "a role or user of IAM".to_owned(),
    })?;
    let mut principal = known(facts, principal);
    if principal.is_role() {
        // Whoever makes a session may give it tags.
        principal.tags = None;
    }
    Ok(Identity {
        principal,
        made_by_service: false,
    })
}

/// The principal with what `iam:GetRole` or `iam:GetUser` told of it.
fn known(facts: &Snapshot, principal: Principal) -> Principal {
    let key = key_of(&principal.name);
    let told = if principal.is_role() {
        facts
            .known(|facts| &facts.roles)
            .map(|(found, answer)| (found, &answer.role))
            .find(|(found, role)| *found == key || role.role_name == principal.name)
            .map(|(_, role)| (&role.arn, &role.role_id, &role.tags))
    } else {
        facts
            .known(|facts| &facts.users)
            .map(|(found, answer)| (found, &answer.user))
            .find(|(found, user)| *found == key || user.user_name == principal.name)
            .map(|(_, user)| (&user.arn, &user.user_id, &user.tags))
    };
    let Some((arn, id, tags)) = told else {
        return principal;
    };
    // A namesake of another account is somebody else.
    let Ok(known) = principal.clone().with_identity(arn, id.as_deref()) else {
        return principal;
    };
    let tags = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone()));
    known.with_tags(tags.collect())
}

impl Identity {
    /// Whether STS named this very identity.
    #[must_use]
    pub fn is(&self, seen: &IdentityFacts) -> bool {
        let IdentityFacts::Known { arn, .. } = seen else {
            return false;
        };
        Principal::from_arn(arn).is_ok_and(|seen| {
            (seen.is_role(), &seen.account, &seen.name)
                == (
                    self.principal.is_role(),
                    &self.principal.account,
                    &self.principal.name,
                )
        })
    }

    /// Whether it is a user with keys of its own, whose requests no session limits.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.principal.kind == PrincipalKind::User
    }

    /// The ARN, or the name where the path is not known.
    #[must_use]
    pub fn name(&self) -> String {
        let principal = &self.principal;
        principal.arn().unwrap_or_else(|| {
            let kind = if principal.is_role() { "role" } else { "user" };
            format!("{kind} {} of account {}", principal.name, principal.account)
        })
    }
}
