//! Calls of the IAM API: roles, users and groups with their policies, and the policy simulator.

use std::time::Duration;

use aws_sdk_iam::Client;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::time::timeout;

use super::{Clients, Merge, Refusal, call, key_of, one};
use crate::aws::snapshot::{Facts, iam};
use crate::iam::ResourceType;
use crate::iam::actions::{Action, find};

/// Who has policies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// A role, by its name.
    Role(String),
    /// A user.
    User(String),
    /// A group of users.
    Group(String),
}

/// What tells the rights of somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    /// The role or user itself.
    Itself(Holder),
    /// Its managed policies.
    Attached(Holder),
    /// The names of its own policies.
    OwnNames(Holder),
    /// One of its own.
    Own(Holder, String),
    /// The groups of a user.
    Groups(String),
    /// A managed policy.
    Policy(String),
    /// A version of one.
    Version(String, String),
    /// What the simulator says.
    Simulated(Simulation),
}

/// A question to the policy simulator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Simulation {
    /// The role's or user's ARN, with its path.
    pub principal: String,
    /// `cluster`, `topic` or `group`.
    pub of: ResourceType,
    /// The ARNs of the resources.
    pub resources: Vec<String>,
}

impl Simulation {
    /// The key of the answer.
    fn key(&self) -> String {
        let name = self.principal.rsplit('/').next().unwrap_or_default();
        format!("{}.{}", key_of(name), self.of.as_str())
    }

    /// What clients and pollers do with such a resource.
    fn actions(&self) -> Vec<String> {
        let names: &[&str] = match self.of {
            ResourceType::Cluster => &[
                "Connect",
                "DescribeCluster",
                "DescribeClusterDynamicConfiguration",
                "WriteDataIdempotently",
            ],
            ResourceType::Topic => &["DescribeTopic", "ReadData", "WriteData"],
            ResourceType::Group => &["AlterGroup", "DescribeGroup"],
            ResourceType::TransactionalId => &["AlterTransactionalId", "DescribeTransactionalId"],
        };
        let actions = names.iter().filter_map(|name| find(name));
        actions.map(Action::full_name).collect()
    }
}

impl Right {
    /// Asks, for at most `left`.
    pub async fn make(self, clients: &Clients, left: Duration, late: Refusal) -> Merge {
        use Holder::{Group, Role, User};
        let client = &clients.iam;
        match self {
            Right::Itself(Role(name)) => {
                call!(role(client, &name), roles, key_of(&name), left, late)
            }
            Right::Itself(User(name) | Group(name)) => {
                call!(user(client, &name), users, key_of(&name), left, late)
            }
            Right::Attached(Role(name)) => {
                let call = attached_to_role(client, &name);
                call!(call, attached_role_policies, key_of(&name), left, late)
            }
            Right::Attached(User(name)) => {
                let call = attached_to_user(client, &name);
                call!(call, attached_user_policies, key_of(&name), left, late)
            }
            Right::Attached(Group(name)) => {
                let call = attached_to_group(client, &name);
                call!(call, attached_group_policies, key_of(&name), left, late)
            }
            Right::OwnNames(Role(name)) => {
                let call = names_of_role(client, &name);
                call!(call, role_policy_names, key_of(&name), left, late)
            }
            Right::OwnNames(User(name)) => {
                let call = names_of_user(client, &name);
                call!(call, user_policy_names, key_of(&name), left, late)
            }
            Right::OwnNames(Group(name)) => {
                let call = names_of_group(client, &name);
                call!(call, group_policy_names, key_of(&name), left, late)
            }
            Right::Own(Role(of), policy) => {
                let key = format!("{}.{}", key_of(&of), key_of(&policy));
                call!(
                    own_of_role(client, &of, &policy),
                    role_policies,
                    key,
                    left,
                    late
                )
            }
            Right::Own(User(of), policy) => {
                let key = format!("{}.{}", key_of(&of), key_of(&policy));
                call!(
                    own_of_user(client, &of, &policy),
                    user_policies,
                    key,
                    left,
                    late
                )
            }
            Right::Own(Group(of), policy) => {
                let key = format!("{}.{}", key_of(&of), key_of(&policy));
                call!(
                    own_of_group(client, &of, &policy),
                    group_policies,
                    key,
                    left,
                    late
                )
            }
            Right::Groups(name) => {
                call!(
                    groups(client, &name),
                    user_groups,
                    key_of(&name),
                    left,
                    late
                )
            }
            Right::Policy(arn) => call!(policy(client, &arn), policies, key_of(&arn), left, late),
            Right::Version(arn, version) => {
                let call = policy_version(client, &arn, &version);
                call!(call, policy_versions, key_of(&arn), left, late)
            }
            Right::Simulated(simulation) => {
                let key = simulation.key();
                call!(simulated(client, &simulation), simulations, key, left, late)
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
            permissions_boundary: boundary(role.permissions_boundary),
            role_id: Some(role.role_id),
            tags: tags(role.tags),
            role_name: role.role_name,
            arn: role.arn,
        },
    })
}

fn boundary(
    found: Option<aws_sdk_iam::types::AttachedPermissionsBoundary>,
) -> Option<iam::PermissionsBoundary> {
    found.map(|boundary| iam::PermissionsBoundary {
        permissions_boundary_arn: boundary.permissions_boundary_arn,
    })
}

fn tags(found: Option<Vec<aws_sdk_iam::types::Tag>>) -> Vec<iam::Tag> {
    let tags = found.unwrap_or_default().into_iter().map(|tag| iam::Tag {
        key: tag.key,
        value: tag.value,
    });
    tags.collect()
}

async fn user(client: &Client, name: &str) -> Result<iam::GetUser, Refusal> {
    let output = client.get_user().user_name(name).send().await?;
    let user = output
        .user
        .ok_or_else(|| Refusal::Failed("it has no \"User\"".to_owned()))?;
    Ok(iam::GetUser {
        user: iam::User {
            user_name: user.user_name,
            arn: user.arn,
            user_id: Some(user.user_id),
            permissions_boundary: boundary(user.permissions_boundary),
            tags: tags(user.tags),
        },
    })
}

/// The lists of policies of a role, a user and a group: the API has each thrice.
macro_rules! policies_of {
    ($holder:ident: $attached:ident $list_attached:ident $Attached:ident, $names:ident $list_names:ident $Names:ident, $own:ident $get:ident $Own:ident, $field:ident) => {
        async fn $attached(client: &Client, name: &str) -> Result<iam::$Attached, Refusal> {
            let mut answer = iam::$Attached::default();
            let mut pages = client.$list_attached().$field(name).into_paginator().send();
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

        async fn $names(client: &Client, name: &str) -> Result<iam::$Names, Refusal> {
            let mut answer = iam::$Names::default();
            let mut pages = client.$list_names().$field(name).into_paginator().send();
            while let Some(page) = pages.next().await {
                answer.policy_names.extend(page?.policy_names);
            }
            Ok(answer)
        }

        async fn $own(client: &Client, name: &str, policy: &str) -> Result<iam::$Own, Refusal> {
            let request = client.$get().$field(name).policy_name(policy);
            let output = request.send().await?;
            Ok(iam::$Own {
                policy_document: Some(document(&output.policy_document)?),
                $field: output.$field,
                policy_name: output.policy_name,
            })
        }
    };
}

policies_of!(role: attached_to_role list_attached_role_policies ListAttachedRolePolicies,
    names_of_role list_role_policies ListRolePolicies, own_of_role get_role_policy GetRolePolicy, role_name);
policies_of!(user: attached_to_user list_attached_user_policies ListAttachedUserPolicies,
    names_of_user list_user_policies ListUserPolicies, own_of_user get_user_policy GetUserPolicy, user_name);
policies_of!(group: attached_to_group list_attached_group_policies ListAttachedGroupPolicies,
    names_of_group list_group_policies ListGroupPolicies, own_of_group get_group_policy GetGroupPolicy, group_name);

async fn groups(client: &Client, name: &str) -> Result<iam::ListGroupsForUser, Refusal> {
    let mut answer = iam::ListGroupsForUser::default();
    let mut pages = client
        .list_groups_for_user()
        .user_name(name)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let groups = page?.groups.into_iter();
        answer.groups.extend(groups.map(|group| iam::Group {
            group_name: group.group_name,
            arn: group.arn,
        }));
    }
    Ok(answer)
}

async fn simulated(
    client: &Client,
    simulation: &Simulation,
) -> Result<iam::SimulatePrincipalPolicy, Refusal> {
    let mut answer = iam::SimulatePrincipalPolicy::default();
    let request = client
        .simulate_principal_policy()
        .policy_source_arn(&simulation.principal)
        .set_action_names(Some(simulation.actions()))
        .set_resource_arns(Some(simulation.resources.clone()));
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let results = page?.evaluation_results.unwrap_or_default().into_iter();
        answer.evaluation_results.extend(results.map(result));
    }
    Ok(answer)
}

fn result(found: aws_sdk_iam::types::EvaluationResult) -> iam::EvaluationResult {
    let statement = |found: aws_sdk_iam::types::Statement| iam::MatchedStatement {
        source_policy_id: found.source_policy_id,
        source_policy_type: found
            .source_policy_type
            .map(|kind| kind.as_str().to_owned()),
    };
    let matched = found.matched_statements.unwrap_or_default().into_iter();
    iam::EvaluationResult {
        matched_statements: matched.map(statement).collect(),
        eval_action_name: found.eval_action_name,
        eval_resource_name: found.eval_resource_name,
        eval_decision: found.eval_decision.as_str().to_owned(),
        missing_context_values: found.missing_context_values.unwrap_or_default(),
        organizations_decision_detail: found.organizations_decision_detail.map(|detail| {
            iam::OrganizationsDecisionDetail {
                allowed_by_organizations: Some(detail.allowed_by_organizations),
            }
        }),
        permissions_boundary_decision_detail: found.permissions_boundary_decision_detail.map(
            |detail| iam::PermissionsBoundaryDecisionDetail {
                allowed_by_permissions_boundary: Some(detail.allowed_by_permissions_boundary),
            },
        ),
    }
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
