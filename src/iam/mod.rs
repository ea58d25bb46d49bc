//! What IAM decides: may this identity do this on that cluster, topic, group or transactional id, and which statement says
//! so. Pure: policies and a request in, a decision out.
//!
//! What is not known or not modelled makes the answer unknown, never a yes and never a no.
//!
//! ```text
//! Document ─> Policy ─> Layer ─> Policies ─┐
//! Principal, action, ARN ─────> Request ───┴─> evaluate ─> Outcome ─> fix ─> Policies, changed ─> evaluate
//! ```

pub mod actions;
mod answer;
mod arn;
mod condition;
mod context;
mod document;
mod evaluate;
pub mod fix;
mod matching;
mod near_miss;
mod policies;
mod principal;
mod statement;
mod variable;

pub use answer::{Answer, Missing};
pub use arn::{Arn, ArnError, ClusterArn, MskResource, ResourceType};
pub use condition::Condition;
pub use context::{Context, Known, Request};
pub use document::{
    Document, DocumentError, Effect, Listed, PrincipalElement, Problem, Statement, Version,
    WrittenPrincipal,
};
pub use evaluate::{Decision, Outcome, Quote, StatementRef, evaluate};
pub use near_miss::{Difference, Flaw, NearMiss, Part};
pub use policies::{Content, Kind, Layer, LayerName, Policies, Policy};
pub use principal::{Principal, PrincipalKind};
