//! Whose rights are judged.

use crate::aws::files::key_of;
use crate::aws::snapshot::Snapshot;
use crate::aws::snapshot::lambda::GetFunctionConfiguration;
use crate::case::{Case, ClientKind, IdentityFacts};
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
    if let Some(function) = function(case, &world) {
        let named = |identity: Identity| Identity {
            principal: identity.principal.with_session(&function.function_name),
            ..identity
        };
        return of_function(facts, function).map(|identity| identity.map(named));
    }
    if let Some(arn) = &case.client.role {
        return Some(read(facts, arn));
    }
    match &case.identity {
        IdentityFacts::Known { arn, .. } if case.client.kind == ClientKind::Machine => {
            Some(read(facts, arn))
        }
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
        made_by_service: true,
        ..identity
    };
    let role = function.role.as_deref()?;
    Some(read(facts, role).map(by_service))
}

fn read(facts: &Snapshot, arn: &str) -> Result<Identity, Gap> {
    let principal = Principal::from_arn(arn).map_err(|error| Gap {
        what: format!("what {arn} may do: {error}"),
        needs: "a role or user of IAM".to_owned(),
    })?;
    Ok(Identity {
        principal: known(facts, principal),
        made_by_service: false,
    })
}

/// The principal with what `iam:GetRole` or `iam:GetUser` told of it.
fn known(facts: &Snapshot, principal: Principal) -> Principal {
    if !principal.is_role() {
        return principal;
    }
    let key = key_of(&principal.name);
    let role = facts
        .known(|facts| &facts.roles)
        .find(|(found, answer)| *found == key || answer.role.role_name == principal.name)
        .map(|(_, answer)| &answer.role);
    let Some(role) = role else {
        return principal;
    };
    principal
        .clone()
        .with_identity(&role.arn, None)
        .unwrap_or(principal)
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
