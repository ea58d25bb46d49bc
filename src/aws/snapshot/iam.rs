//! Answers of the IAM API (version 2010-05-08): the fields that are used, under their own names. Documents of policies are
//! JSON, as the AWS CLI prints them; the API itself encodes them for URLs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ec2::models;

models! {
    /// `GetRole`.
    GetRole { role: Role, }
    /// A role: its ARN has the path that an assumed role's has lost.
    Role {
        role_name: String,
        arn: String,
        role_id: Option<String>,
        assume_role_policy_document: Option<Value>,
        permissions_boundary: Option<PermissionsBoundary>,
        tags: Vec<Tag>,
    }
    /// A tag.
    Tag { key: String, value: String, }
    /// The most that a role may be allowed.
    PermissionsBoundary { permissions_boundary_arn: Option<String>, }
    /// `ListAttachedRolePolicies`.
    ListAttachedRolePolicies { attached_policies: Vec<AttachedPolicy>, }
    /// A managed policy of a role.
    AttachedPolicy { policy_name: String, policy_arn: String, }
    /// `ListRolePolicies`.
    ListRolePolicies { policy_names: Vec<String>, }
    /// `GetRolePolicy`.
    GetRolePolicy { role_name: String, policy_name: String, policy_document: Option<Value>, }
    /// `GetUser`.
    GetUser { user: User, }
    /// A user.
    User {
        user_name: String,
        arn: String,
        user_id: Option<String>,
        permissions_boundary: Option<PermissionsBoundary>,
        tags: Vec<Tag>,
    }
    /// `ListAttachedUserPolicies`.
    ListAttachedUserPolicies { attached_policies: Vec<AttachedPolicy>, }
    /// `ListUserPolicies`.
    ListUserPolicies { policy_names: Vec<String>, }
    /// `GetUserPolicy`.
    GetUserPolicy { user_name: String, policy_name: String, policy_document: Option<Value>, }
    /// `ListGroupsForUser`.
    ListGroupsForUser { groups: Vec<Group>, }
    /// A group of users.
    Group { group_name: String, arn: String, }
    /// `ListAttachedGroupPolicies`.
    ListAttachedGroupPolicies { attached_policies: Vec<AttachedPolicy>, }
    /// `ListGroupPolicies`.
    ListGroupPolicies { policy_names: Vec<String>, }
    /// `GetGroupPolicy`.
    GetGroupPolicy { group_name: String, policy_name: String, policy_document: Option<Value>, }
    /// `SimulatePrincipalPolicy`.
    SimulatePrincipalPolicy { evaluation_results: Vec<EvaluationResult>, }
    /// What the simulator says of one action on one resource.
    EvaluationResult {
        eval_action_name: String,
        eval_resource_name: Option<String>,
        eval_decision: String,
        matched_statements: Vec<MatchedStatement>,
        missing_context_values: Vec<String>,
        organizations_decision_detail: Option<OrganizationsDecisionDetail>,
        permissions_boundary_decision_detail: Option<PermissionsBoundaryDecisionDetail>,
    }
    /// A statement that decided.
    MatchedStatement { source_policy_id: Option<String>, source_policy_type: Option<String>, }
    /// What the organisation's policies do; there only where the account is in an organisation.
    OrganizationsDecisionDetail { allowed_by_organizations: Option<bool>, }
    /// What the permissions boundary does; there only where there is one.
    PermissionsBoundaryDecisionDetail { allowed_by_permissions_boundary: Option<bool>, }
    /// `GetPolicy`.
    GetPolicy { policy: Policy, }
    /// A managed policy.
    Policy { policy_name: String, arn: String, default_version_id: Option<String>, }
    /// `GetPolicyVersion`.
    GetPolicyVersion { policy_version: PolicyVersion, }
    /// A version of a managed policy.
    PolicyVersion { document: Option<Value>, version_id: Option<String>, is_default_version: bool, }
}
