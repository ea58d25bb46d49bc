//! The decision on a request, and which statements make it.
//!
//! Sources: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic", "Permissions boundaries
//! for IAM entities", "Session policies"; AWS Organizations User Guide, "SCP evaluation" and "RCP evaluation".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Answer, Missing};
use super::context::Request;
use super::document::{Effect, Statement};
use super::near_miss::{self, NearMiss};
use super::policies::{Content, Kind, Layer, LayerName, Policies, Policy};
use super::statement::{Judged, Setting, judge};

/// What is decided.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Every layer that must allow does, and none denies.
    Allowed,
    /// No statement denies, and one that would have to allow is lacking.
    ImplicitDeny,
    /// A statement denies.
    ExplicitDeny,
    /// It depends on what is not known.
    Unknown,
}

/// Where a statement stands.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct StatementRef {
    /// The layer.
    pub layer: LayerName,
    /// What kind of policy.
    pub kind: Kind,
    /// The policy's name or ARN.
    pub policy: String,
    /// The group that has the policy, for those of groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The index of the statement in the document, from 0.
    pub index: usize,
    /// Its `Sid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

/// A statement, quoted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// Where it stands.
    pub at: StatementRef,
    /// As it is written.
    pub statement: Value,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The action.
    pub action: String,
    /// The resource's ARN.
    pub resource: String,
    /// The decision. A layer that nobody read leaves it unknown, unless the others settle it.
    pub decision: Decision,
    /// The decision if those layers that the account's owner can seldom read (the session's policies, the organisation's)
    /// neither deny nor limit as far as they were not read. A caller who shows this one names them: they are in
    /// `missing`.
    pub if_unread_pass: Decision,
    /// The statements that decide: those that allow, those that deny, or those that depend on what is not known.
    pub deciding: Vec<Quote>,
    /// Which layers would have to allow and do not, of an implicit deny.
    pub lacking: Vec<LayerName>,
    /// The statements of those layers that nearly allow, nearest first.
    pub near_misses: Vec<NearMiss>,
    /// What would settle an unknown decision.
    pub missing: Vec<Missing>,
}

/// Decides a request.
#[must_use]
pub fn evaluate(policies: &Policies, request: &Request) -> Outcome {
    let read = Read::new(policies, request);
    let strict = read.combine(request, false);
    let decision = strict.decision();
    let lenient = read.combine(request, true).decision();
    let missing = match decision {
        Decision::Unknown => strict.missing(),
        _ => Vec::new(),
    };
    let lacking = if lenient == Decision::ImplicitDeny {
        read.lacking(request)
    } else {
        Vec::new()
    };
    Outcome {
        action: request.action.clone(),
        resource: request.resource.to_string(),
        decision,
        if_unread_pass: lenient,
        deciding: read.deciding(lenient),
        near_misses: near_miss::find(&read.layers, &lacking, request),
        lacking,
        missing,
    }
}

/// A statement, judged.
pub(super) struct Applied<'a> {
    pub at: (&'a Policy, usize),
    pub layer: LayerName,
    pub statement: &'a Statement,
    pub judged: Judged,
}

impl Applied<'_> {
    pub fn place(&self) -> StatementRef {
        let (policy, index) = self.at;
        StatementRef {
            layer: self.layer,
            kind: policy.kind,
            policy: policy.name.clone(),
            group: policy.group.clone(),
            index,
            sid: self.statement.sid.clone(),
        }
    }

    fn quote(&self) -> Quote {
        Quote {
            at: self.place(),
            statement: self.statement.json.clone(),
        }
    }
}

/// A layer, judged.
pub(super) struct JudgedLayer<'a> {
    pub name: LayerName,
    /// What is not known of the layer's own policies.
    unknown: Vec<Missing>,
    pub statements: Vec<Applied<'a>>,
    /// Whether nothing limits because there is no such layer.
    absent: bool,
    unread: bool,
}

impl<'a> JudgedLayer<'a> {
    fn new(name: LayerName, layer: &'a Layer, request: &Request, bounded: &Answer) -> Self {
        let mut unknown = Vec::new();
        let mut statements = Vec::new();
        for policy in layer.policies() {
            match &policy.content {
                Content::Unknown { why } => unknown.push(Missing::Policy {
                    kind: policy.kind,
                    name: policy.name.clone(),
                    why: why.clone(),
                }),
                Content::Known(document) => {
                    let setting = Setting {
                        kind: policy.kind,
                        document,
                        request,
                        bounded,
                    };
                    statements.extend(document.statements.iter().enumerate().map(
                        |(index, statement)| Applied {
                            at: (policy, index),
                            layer: name,
                            statement,
                            judged: judge(statement, setting),
                        },
                    ));
                }
            }
        }
        let unread = *layer == Layer::Unread;
        if unread {
            unknown.push(Missing::Layer { name });
        }
        Self {
            name,
            unknown,
            statements,
            absent: *layer == Layer::Absent,
            unread,
        }
    }

    fn any(&self, effect: Effect, applies: impl Fn(&Judged) -> Answer) -> Answer {
        let statements = self
            .statements
            .iter()
            .filter(|one| one.statement.effect == effect);
        let unknown = self.unknown.iter().cloned().map(Answer::lacks);
        Answer::any(statements.map(|one| applies(&one.judged)).chain(unknown))
    }

    fn allows(&self) -> Answer {
        self.any(Effect::Allow, Judged::applies)
    }

    fn denies(&self) -> Answer {
        self.any(Effect::Deny, Judged::applies)
    }

    /// Whether it lets the request through, as a layer that only limits.
    fn passes(&self) -> Answer {
        if self.absent {
            Answer::Yes
        } else {
            self.allows()
        }
    }
}

impl JudgedLayer<'_> {
    /// The same, with the simulator's word for the organisation's policies where they were not read; `lenient` takes a
    /// layer that is seldom read as one that lets everything through.
    fn passes_as_read(&self, request: &Request, lenient: bool) -> Answer {
        if self.unread && is_seldom_read(self.name) {
            let witness = request.allowed_by_organizations;
            if let (LayerName::ServiceControl { .. }, Some(allows)) = (self.name, witness) {
                return Answer::from(allows);
            }
            if lenient {
                return Answer::Yes;
            }
        }
        self.passes()
    }

    /// Whether it denies, read in the same way.
    fn denies_as_read(&self, request: &Request, lenient: bool) -> Answer {
        let witnessed = matches!(self.name, LayerName::ServiceControl { .. })
            && request.allowed_by_organizations.is_some();
        if self.unread && is_seldom_read(self.name) && (lenient || witnessed) {
            return Answer::No;
        }
        self.denies()
    }
}

/// All layers, judged.
struct Read<'a> {
    layers: Vec<JudgedLayer<'a>>,
}

/// Whether a request is allowed, were it not denied, and whether it is denied.
struct Combined {
    allow: Answer,
    deny: Answer,
}

impl Combined {
    fn decision(&self) -> Decision {
        match (&self.deny, &self.allow) {
            (Answer::Yes, _) => Decision::ExplicitDeny,
            // Whatever the open deny is: the request does not pass.
            (_, Answer::No) => Decision::ImplicitDeny,
            (Answer::No, Answer::Yes) => Decision::Allowed,
            _ => Decision::Unknown,
        }
    }

    fn missing(&self) -> Vec<Missing> {
        let mut missing: Vec<Missing> = self
            .deny
            .missing()
            .chain(self.allow.missing())
            .cloned()
            .collect();
        missing.sort();
        missing.dedup();
        missing
    }
}

impl<'a> Read<'a> {
    fn new(policies: &'a Policies, request: &Request) -> Self {
        let bounded = match &policies.boundary {
            Layer::Absent => Answer::No,
            Layer::Read(_) => Answer::Yes,
            Layer::Unread => Answer::lacks(Missing::Layer {
                name: LayerName::Boundary,
            }),
        };
        Self {
            layers: policies
                .layers()
                .map(|(name, layer)| JudgedLayer::new(name, layer, request, &bounded))
                .collect(),
        }
    }

    fn layer(&self, name: LayerName) -> Option<&JudgedLayer<'a>> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    fn combine(&self, request: &Request, lenient: bool) -> Combined {
        let allows = |name| self.layer(name).map_or(Answer::No, JudgedLayer::allows);
        let passes = |name| {
            self.layer(name)
                .map_or(Answer::Yes, |layer| layer.passes_as_read(request, lenient))
        };
        let by = |effect: fn(&Judged) -> Answer| {
            self.layer(LayerName::Cluster)
                .map_or(Answer::No, |layer| layer.any(Effect::Allow, effect))
        };
        let identity = allows(LayerName::Identity);
        let limits = passes(LayerName::Boundary).and(passes(LayerName::Session));
        let own = if request.same_account() {
            let direct = by(|j| j.without_principal().and(j.principal.direct.clone()));
            let role = by(|j| j.without_principal().and(j.principal.role.clone()));
            direct.or(identity.or(role).and(limits))
        } else {
            identity.and(limits).and(by(Judged::applies))
        };
        let organisations = self
            .layers
            .iter()
            .filter(|layer| is_of_organisation(layer.name))
            .map(|layer| layer.passes_as_read(request, lenient));
        let denials = self
            .layers
            .iter()
            .map(|layer| layer.denies_as_read(request, lenient));
        Combined {
            allow: Answer::all(organisations).and(own),
            deny: Answer::any(denials),
        }
    }

    /// The layers without which an implicit deny would not be.
    fn lacking(&self, request: &Request) -> Vec<LayerName> {
        let lacks = |layer: &&JudgedLayer<'_>| match layer.name {
            LayerName::Identity => layer.allows().is_no(),
            LayerName::Cluster => !request.same_account() && layer.allows().is_no(),
            _ => layer.passes_as_read(request, true).is_no(),
        };
        self.layers
            .iter()
            .filter(lacks)
            .map(|layer| layer.name)
            .collect()
    }

    fn deciding(&self, decision: Decision) -> Vec<Quote> {
        let fits = |one: &&Applied<'_>| {
            let applies = one.judged.applies();
            match decision {
                Decision::Allowed => one.statement.effect == Effect::Allow && applies.is_yes(),
                Decision::ExplicitDeny => one.statement.effect == Effect::Deny && applies.is_yes(),
                Decision::Unknown => applies.missing().next().is_some(),
                Decision::ImplicitDeny => false,
            }
        };
        let statements = self.layers.iter().flat_map(|layer| &layer.statements);
        statements.filter(fits).map(Applied::quote).collect()
    }
}

/// Session policies are passed when a session is made and shown nowhere; the organisation's belong to another account.
fn is_seldom_read(name: LayerName) -> bool {
    name == LayerName::Session || is_of_organisation(name)
}

fn is_of_organisation(name: LayerName) -> bool {
    matches!(
        name,
        LayerName::ServiceControl { .. } | LayerName::ResourceControl { .. }
    )
}
