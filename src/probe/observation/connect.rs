//! What connecting learns.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::End;

/// What the kernel said of a TCP connection (Linux: `TCP_INFO`, tcp(7)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TcpInfo {
    /// Smoothed round-trip time, microseconds.
    pub rtt_us: u32,
    /// Segments sent again, over the whole connection.
    pub total_retrans: u32,
    /// Segments sent and not acknowledged.
    pub unacked: u32,
    /// Segments that came out of order: a later one came, an earlier one did not.
    pub out_of_order: u32,
    /// The sending maximum segment size, bytes.
    pub snd_mss: u32,
    /// The path's maximum transmission unit as the kernel knows it, bytes.
    pub path_mtu: u32,
}

/// What the connect phase learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectDetail {
    /// Our own address and port, once the kernel chose them.
    pub local: Option<SocketAddr>,
    /// The error's name, `ECONNREFUSED` and the like.
    pub errno: Option<String>,
    /// The kernel's figures once connected.
    pub tcp: Option<TcpInfo>,
    /// The time to live (hop limit) with which the peer's handshake comes, where an experiment looked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hops: Option<u8>,
    /// How the connection fared while nothing was said, where an experiment looked: `silence` when it stayed open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<End>,
}
