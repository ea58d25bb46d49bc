//! The proof of a path from a client to a broker and back, over sets: what AWS's documents say that security groups,
//! network ACLs, routes and links do with every packet of a connection. Pure: facts in, paths out.
//!
//! What is not modelled is unknown, never reachable.

mod acl;
mod broker;
mod client;
mod endpoint;
mod group;
mod path;
mod public_access;
mod question;
pub mod repair;
mod route;
pub mod space;
mod stage;
#[cfg(test)]
mod tests;
mod transit;
mod travel;
mod vpn;
mod world;

pub use broker::{
    Access, BrokerSide, Closed, Listener, addresses, bootstrap, brokers, brokers_names, cluster,
    usual_port,
};
pub use client::{ClientSide, From, FromError, client_vpcs, clients, configuration};
pub use path::prove;
pub use question::{Proof, Question, access, answer};
pub use route::gives_internet;
pub use world::{World, acls};

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fact that is not known.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Gap {
    /// What is not known, and why.
    pub what: String,
    /// What would make it known: an IAM action, mostly.
    pub needs: String,
}

/// A direction of a connection.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the client to the broker.
    Forward,
    /// Back to the client.
    Return,
}

/// The rule that blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Rule {
    /// The number of a network ACL's rule.
    Number(i64),
    /// The destination of a route.
    Route(String),
}

/// Something that stops packets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blocker {
    /// The most specific code of the catalogue that the facts prove.
    pub code: String,
    /// Which way the packets go that it stops.
    pub direction: Direction,
    /// Where one looks: the ACL, the route table, the gateway or link; for groups the interface, where there is one.
    pub resource: Option<String>,
    /// The groups, where groups block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The rule, where one can be named.
    pub rule: Option<Rule>,
    /// What it does, in words.
    pub detail: String,
}

/// One place that packets pass, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// Which way.
    pub direction: Direction,
    /// What is there: `security group`, `network ACL`, `route`, …
    pub what: String,
    /// Its id.
    pub resource: String,
    /// What it does.
    pub detail: String,
    /// Whether packets pass.
    pub passes: Passes,
}

/// Whether packets pass a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Passes {
    /// All of them.
    Yes,
    /// Only some.
    Some,
    /// None.
    No,
    /// It is not known.
    Unknown,
}

/// The verdict on a path.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PathVerdict {
    /// Every packet passes, and its answer.
    Reachable,
    /// Only for some source ports or source addresses.
    Partial,
    /// It depends on what is not known.
    Unknown,
    /// No packet passes, or no answer.
    Blocked,
}

/// Where a path begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathFrom {
    /// The client's subnet.
    pub subnet: Option<String>,
    /// The client's interface.
    pub interface: Option<String>,
    /// The client's groups.
    pub security_groups: Vec<String>,
    /// The client's addresses.
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<IpNet>,
}

/// Where a path ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathTo {
    /// The broker's number.
    pub broker: Option<i32>,
    /// The broker's name.
    pub name: Option<String>,
    /// The broker's interface.
    pub interface: Option<String>,
    /// Its address.
    pub address: std::net::IpAddr,
    /// The listener's port.
    pub port: u16,
}

/// A path, proved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// Where it begins.
    pub from: PathFrom,
    /// Where it ends.
    pub to: PathTo,
    /// The verdict.
    pub verdict: PathVerdict,
    /// The source ports that work from every source address that works: `1024-32767`.
    pub source_ports: Vec<String>,
    /// The source addresses that work, where not all do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub source_addresses: Vec<IpNet>,
    /// All that stops packets.
    pub blockers: Vec<Blocker>,
    /// What is not known and matters.
    pub unknown: Vec<Gap>,
    /// What would stop packets and is not proven to, where the verdict is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspects: Vec<Blocker>,
    /// What does not hurt this client and would hurt another: blocked ports outside its range.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Blocker>,
    /// The way, place by place.
    pub hops: Vec<Hop>,
}
