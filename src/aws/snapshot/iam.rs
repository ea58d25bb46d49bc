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
        assume_role_policy_document: Option<Value>,
        permissions_boundary: Option<PermissionsBoundary>,
    }
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
    /// `GetPolicy`.
    GetPolicy { policy: Policy, }
    /// A managed policy.
    Policy { policy_name: String, arn: String, default_version_id: Option<String>, }
    /// `GetPolicyVersion`.
    GetPolicyVersion { policy_version: PolicyVersion, }
    /// A version of a managed policy.
    PolicyVersion { document: Option<Value>, version_id: Option<String>, is_default_version: bool, }
}
