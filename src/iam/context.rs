//! A request and its context: what is known of each condition key, and what is known to be absent.
//!
//! Source: IAM User Guide, "AWS global condition context keys".

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::actions::{Action, Names};
use super::arn::{Arn, ClusterArn};
use super::principal::{Principal, PrincipalKind};

/// What is known of a condition key in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "known", rename_all = "kebab-case")]
pub enum Known {
    /// Nothing.
    Nothing,
    /// The request does not have it.
    Absent,
    /// The request has it; its value is not known.
    Present,
    /// Its values: one, or several for a multivalued key.
    Values {
        /// Never empty.
        values: Vec<String>,
    },
}

/// The condition keys of a request. Names of keys are compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    keys: BTreeMap<String, Known>,
    /// Families of keys all of whose members are in `keys`: `aws:principaltag/`.
    complete: BTreeSet<String>,
}

impl Context {
    /// What is known of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Known {
        let key = key.to_lowercase();
        if let Some(known) = self.keys.get(&key) {
            return known.clone();
        }
        if self.complete.iter().any(|family| key.starts_with(family)) {
            return Known::Absent;
        }
        Known::Nothing
    }

    /// Sets a key's only value.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_all(key, [value.into()]);
    }

    /// Sets the values of a multivalued key; none at all is the same as an absent key.
    pub fn set_all(&mut self, key: &str, values: impl IntoIterator<Item = String>) {
        let values: Vec<String> = values.into_iter().collect();
        let known = if values.is_empty() {
            Known::Absent
        } else {
            Known::Values { values }
        };
        self.keys.insert(key.to_lowercase(), known);
    }

    /// Says that the request does not have a key.
    pub fn set_absent(&mut self, key: &str) {
        self.keys.insert(key.to_lowercase(), Known::Absent);
    }

    /// Says that the request has a key, of unknown value.
    pub fn set_present(&mut self, key: &str) {
        self.keys.insert(key.to_lowercase(), Known::Present);
    }

    /// Forgets what was known of a key.
    pub fn forget(&mut self, key: &str) {
        self.keys.insert(key.to_lowercase(), Known::Nothing);
    }

    /// Sets all tags of a family, `aws:ResourceTag` for example: a tag that is not among them is absent.
    pub fn set_tags(&mut self, family: &str, tags: &BTreeMap<String, String>) {
        for (tag, value) in tags {
            self.set(&format!("{family}/{tag}"), value);
        }
        self.complete.insert(format!("{}/", family.to_lowercase()));
    }

    /// Sets `aws:CurrentTime` and `aws:EpochTime`.
    pub fn set_time(&mut self, now: OffsetDateTime) {
        if let Ok(text) = now.format(&Rfc3339) {
            self.set("aws:CurrentTime", text);
        }
        self.set("aws:EpochTime", now.unix_timestamp().to_string());
    }
}

/// What is asked: may this principal do this on that resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// The action with its prefix: `kafka-cluster:Connect`.
    pub action: String,
    /// The resource.
    pub resource: Arn,
    /// What is known of the condition keys.
    pub context: Context,
    /// What `iam:SimulatePrincipalPolicy` said of the organisation's policies for just this request,
    /// `AllowedByOrganizations`: it stands in for service control policies that were not read.
    pub allowed_by_organizations: Option<bool>,
}

impl Request {
    /// A request with those condition keys that follow from who asks for what: `aws:PrincipalArn`,
    /// `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:PrincipalTag/…`, `aws:userid`, `aws:username`,
    /// `aws:ResourceAccount`, `aws:RequestedRegion`, `aws:SecureTransport` (MSK takes IAM logins over TLS only) and the
    /// keys of requests that a service makes for somebody, which this is not.
    #[must_use]
    pub fn new(principal: Principal, action: &str, resource: Arn) -> Self {
        let mut context = Context::default();
        about_principal(&mut context, &principal);
        if !resource.account.is_empty() {
            context.set("aws:ResourceAccount", &resource.account);
        }
        if !resource.region.is_empty() {
            context.set("aws:RequestedRegion", &resource.region);
        }
        context.set("aws:SecureTransport", "true");
        context.set("aws:PrincipalIsAWSService", "false");
        context.set("aws:ViaAWSService", "false");
        for key in [
            "aws:CalledVia",
            "aws:CalledViaFirst",
            "aws:CalledViaLast",
            "aws:SourceArn",
            "aws:SourceAccount",
            "aws:PrincipalServiceName",
            "aws:PrincipalServiceNamesList",
        ] {
            context.set_absent(key);
        }
        Self {
            principal,
            action: action.to_owned(),
            resource,
            context,
            allowed_by_organizations: None,
        }
    }

    /// A request for an action on a cluster, or on what of it the action works on; none if that has no name.
    #[must_use]
    pub fn on_cluster(
        principal: &Principal,
        action: &Action,
        cluster: &ClusterArn,
        names: &Names<'_>,
    ) -> Option<Self> {
        let resource = action.on(cluster, names)?.arn();
        Some(Self::new(principal.clone(), &action.full_name(), resource))
    }

    /// Whether the resource belongs to the principal's account. One whose ARN names no account, `*` for example, is taken for
    /// the principal's own.
    #[must_use]
    pub fn same_account(&self) -> bool {
        [self.principal.account.as_str(), ""].contains(&self.resource.account.as_str())
    }
}

fn about_principal(context: &mut Context, principal: &Principal) {
    match principal.arn() {
        Some(arn) => context.set("aws:PrincipalArn", arn),
        None => context.set_present("aws:PrincipalArn"),
    }
    context.set("aws:PrincipalAccount", &principal.account);
    match &principal.kind {
        PrincipalKind::Role { session } => {
            context.set("aws:PrincipalType", "AssumedRole");
            context.set_absent("aws:username");
            context.set_present("aws:TokenIssueTime");
            match (&principal.id, session) {
                (Some(id), Some(session)) => context.set("aws:userid", format!("{id}:{session}")),
                _ => context.set_present("aws:userid"),
            }
        }
        PrincipalKind::User => {
            context.set("aws:PrincipalType", "User");
            context.set("aws:username", &principal.name);
            match &principal.id {
                Some(id) => context.set("aws:userid", id),
                None => context.set_present("aws:userid"),
            }
        }
    }
    if let Some(tags) = &principal.tags {
        context.set_tags("aws:PrincipalTag", tags);
    }
}
