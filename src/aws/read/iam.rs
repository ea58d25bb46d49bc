//! Calls of the IAM API: a role and its policies.

use std::time::Duration;

use aws_sdk_iam::Client;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::time::timeout;

use super::{Clients, Merge, Refusal, call, key_of, one};
use crate::aws::snapshot::{Facts, iam};

/// What tells the rights of a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    /// The role.
    Role(String),
    /// Its managed policies.
    Attached(String),
    /// The names of its own policies.
    OwnNames(String),
    /// One of its own, by the role's name and the policy's.
    Own(String, String),
    /// A managed policy.
    Policy(String),
    /// A version of one.
    Version(String, String),
}

impl Right {
    /// Asks, for at most `left`.
    pub async fn make(self, clients: &Clients, left: Duration, late: Refusal) -> Merge {
        let client = &clients.iam;
        match self {
            Right::Role(name) => call!(role(client, &name), roles, key_of(&name), left, late),
            Right::Attached(name) => {
                let call = attached(client, &name);
                call!(call, attached_role_policies, key_of(&name), left, late)
            }
            Right::OwnNames(name) => {
                let call = own_names(client, &name);
                call!(call, role_policy_names, key_of(&name), left, late)
            }
            Right::Own(role, policy) => {
                let key = format!("{}.{}", key_of(&role), key_of(&policy));
                call!(own(client, &role, &policy), role_policies, key, left, late)
            }
            Right::Policy(arn) => call!(policy(client, &arn), policies, key_of(&arn), left, late),
            Right::Version(arn, version) => {
                let call = policy_version(client, &arn, &version);
                call!(call, policy_versions, key_of(&arn), left, late)
            }
        }
    }
}

/// A document as the API has it, encoded for URLs (RFC 3986).
fn document(encoded: &str) -> Result<Value, Refusal> {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&text)
        .map_err(|error| Refusal::Failed(format!("the policy cannot be read: {error}")))
}

async fn role(client: &Client, name: &str) -> Result<iam::GetRole, Refusal> {
    let output = client.get_role().role_name(name).send().await?;
    let role = output
        .role
        .ok_or_else(|| Refusal::Failed("it has no \"Role\"".to_owned()))?;
    Ok(iam::GetRole {
        role: iam::Role {
            assume_role_policy_document: role
                .assume_role_policy_document
                .as_deref()
                .map(document)
                .transpose()?,
            permissions_boundary: role.permissions_boundary.map(|boundary| {
                iam::PermissionsBoundary {
                    permissions_boundary_arn: boundary.permissions_boundary_arn,
                }
            }),
            role_name: role.role_name,
            arn: role.arn,
        },
    })
}

async fn attached(client: &Client, name: &str) -> Result<iam::ListAttachedRolePolicies, Refusal> {
    let mut answer = iam::ListAttachedRolePolicies::default();
    let request = client.list_attached_role_policies().role_name(name);
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let policies = page?.attached_policies.unwrap_or_default().into_iter();
        answer
            .attached_policies
            .extend(policies.map(|policy| iam::AttachedPolicy {
                policy_name: policy.policy_name.unwrap_or_default(),
                policy_arn: policy.policy_arn.unwrap_or_default(),
            }));
    }
    Ok(answer)
}

async fn own_names(client: &Client, name: &str) -> Result<iam::ListRolePolicies, Refusal> {
    let mut answer = iam::ListRolePolicies::default();
    let mut pages = client
        .list_role_policies()
        .role_name(name)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        answer.policy_names.extend(page?.policy_names);
    }
    Ok(answer)
}

async fn own(client: &Client, role: &str, policy: &str) -> Result<iam::GetRolePolicy, Refusal> {
    let output = client
        .get_role_policy()
        .role_name(role)
        .policy_name(policy)
        .send()
        .await?;
    Ok(iam::GetRolePolicy {
        policy_document: Some(document(&output.policy_document)?),
        role_name: output.role_name,
        policy_name: output.policy_name,
    })
}

async fn policy(client: &Client, arn: &str) -> Result<iam::GetPolicy, Refusal> {
    let output = client.get_policy().policy_arn(arn).send().await?;
    let policy = output
        .policy
        .ok_or_else(|| Refusal::Failed("it has no \"Policy\"".to_owned()))?;
    Ok(iam::GetPolicy {
        policy: iam::Policy {
            policy_name: policy.policy_name.unwrap_or_default(),
            arn: policy.arn.unwrap_or_default(),
            default_version_id: policy.default_version_id,
        },
    })
}

async fn policy_version(
    client: &Client,
    arn: &str,
    version: &str,
) -> Result<iam::GetPolicyVersion, Refusal> {
    let output = client
        .get_policy_version()
        .policy_arn(arn)
        .version_id(version)
        .send()
        .await?;
    let found = output
        .policy_version
        .ok_or_else(|| Refusal::Failed("it has no \"PolicyVersion\"".to_owned()))?;
    Ok(iam::GetPolicyVersion {
        policy_version: iam::PolicyVersion {
            document: found.document.as_deref().map(document).transpose()?,
            version_id: found.version_id,
            is_default_version: found.is_default_version,
        },
    })
}
