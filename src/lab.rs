//! An embedded MSK-like cluster with faults, for demos, tests and a user's own client.
//!
//! Real sockets, real TLS, the Kafka messages that clients need to log in and look around, and
//! tokens that are really verified. Each fault is made the way the real one happens.

mod broker;
mod certificates;
mod dns;
mod fault;
mod messages;
mod page;
mod verify;

pub use fault::{FaultSpec, LAB_FAULTS, LabFault};
pub use page::page;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The region of the lab's cluster.
pub const REGION: &str = "eu-west-1";
/// The names of the lab's brokers, after `b-N`.
const DOMAIN: &str = "demo.abc123.c2.kafka.eu-west-1.amazonaws.com";

/// What clients are told to dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advertise {
    /// `b-1.demo…amazonaws.com`: a hosts file, `--resolve` or the lab's DNS server is needed.
    RealNames,
    /// The address that the broker listens on.
    Addresses,
}

/// How the lab is set up.
#[derive(Debug, Clone)]
pub struct LabConfig {
    /// Where each broker listens; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// What clients are told to dial.
    pub advertise: Advertise,
    /// The faults to make.
    pub faults: Vec<FaultSpec>,
    /// Where to answer DNS for the brokers' names.
    pub dns: Option<SocketAddr>,
    /// How long the broker waits before it closes on a failed login:
    /// `connection.failed.authentication.delay.ms`, 100 ms unless set.
    pub failed_authentication_delay: Duration,
    /// Seed of what varies: the time beyond that delay.
    pub seed: u64,
}

impl Default for LabConfig {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); 3],
            advertise: Advertise::Addresses,
            faults: Vec::new(),
            dns: None,
            failed_authentication_delay: Duration::from_millis(100),
            seed: 1,
        }
    }
}

/// One broker of the lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabBroker {
    /// Its id, from 1.
    pub id: i32,
    /// Its MSK-like name.
    pub name: String,
    /// Where it listens; where nothing listens any more when it is down.
    pub address: SocketAddr,
    /// Whether it is alive, as the others see it.
    pub alive: bool,
}

/// Why a lab cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A listener cannot be opened.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Certificates cannot be made.
    #[error("cannot make certificates: {0}")]
    Certificates(#[from] rcgen::Error),
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A fault names a broker that is not there.
    #[error("{0} names a broker that the lab does not have")]
    NoSuchBroker(String),
}

/// A running lab; it ends when dropped.
pub struct Lab {
    brokers: Vec<LabBroker>,
    advertise: Advertise,
    ca_pem: String,
    credentials: Credentials,
    dns: Option<SocketAddr>,
    stop: CancellationToken,
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What every connection of the lab needs to know.
struct Cluster {
    brokers: Vec<LabBroker>,
    advertise: Advertise,
    faults: Vec<FaultSpec>,
    credentials: Credentials,
    delay: Duration,
    seed: u64,
    /// An advertised broker that is not there (CLU-09).
    ghost: Option<SocketAddr>,
}

impl Lab {
    /// Starts the lab on the current tokio runtime.
    ///
    /// # Errors
    /// When a listener cannot be opened or a fault names no broker of the lab.
    pub async fn start(config: LabConfig) -> Result<Self, LabError> {
        for spec in &config.faults {
            if spec
                .broker
                .is_some_and(|id| id < 1 || id > config.listen.len())
            {
                return Err(LabError::NoSuchBroker(spec.to_string()));
            }
        }
        let stop = CancellationToken::new();
        let mut listeners = Vec::new();
        let mut brokers = Vec::new();
        for (index, address) in config.listen.iter().enumerate() {
            let id = i32::try_from(index + 1).unwrap_or(i32::MAX);
            let (listener, address) = listen(*address).await?;
            brokers.push(LabBroker {
                id,
                name: format!("b-{id}.{DOMAIN}"),
                address,
                alive: !has(
                    &config.faults,
                    LabFault::Clu03,
                    index + 1,
                    config.listen.len(),
                ),
            });
            listeners.push(listener);
        }
        let credentials = made_up_credentials();
        let ca = certificates::Authority::new("msk-doctor lab CA")?;
        let ghost = if config
            .faults
            .iter()
            .any(|spec| spec.fault == LabFault::Clu09)
        {
            Some(closed_port(brokers[0].address.ip()).await?)
        } else {
            None
        };
        let cluster = Arc::new(Cluster {
            brokers: brokers.clone(),
            advertise: config.advertise,
            faults: config.faults.clone(),
            credentials: credentials.clone(),
            delay: config.failed_authentication_delay,
            seed: config.seed,
            ghost,
        });
        for (listener, broker) in listeners.into_iter().zip(&brokers) {
            broker::start(listener, broker.clone(), cluster.clone(), &ca, stop.clone())?;
        }
        let dns = match config.dns {
            Some(address) => Some(
                dns::start(address, cluster.clone(), stop.clone())
                    .await
                    .map_err(|source| LabError::Listen { address, source })?,
            ),
            None => None,
        };
        Ok(Self {
            brokers,
            advertise: config.advertise,
            ca_pem: ca.pem(),
            credentials,
            dns,
            stop,
        })
    }

    /// The brokers.
    #[must_use]
    pub fn brokers(&self) -> &[LabBroker] {
        &self.brokers
    }

    /// The bootstrap string.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        let brokers: Vec<String> = self
            .brokers
            .iter()
            .map(|broker| match self.advertise {
                Advertise::Addresses => broker.address.to_string(),
                Advertise::RealNames => format!("{}:{}", broker.name, broker.address.port()),
            })
            .collect();
        brokers.join(",")
    }

    /// The certificate to trust.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The credentials that the brokers know: made up at each start, good for nothing else.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Where the lab answers DNS.
    #[must_use]
    pub fn dns_server(&self) -> Option<SocketAddr> {
        self.dns
    }

    /// Lines for a hosts file.
    #[must_use]
    pub fn hosts(&self) -> String {
        self.brokers.iter().fold(String::new(), |text, broker| {
            format!("{text}{} {}\n", broker.address.ip(), broker.name)
        })
    }
}

/// Whether a fault hits broker number `id` of `count`. A fault of the whole cluster hits all; one
/// of a single broker hits the last unless it names another.
fn has(faults: &[FaultSpec], fault: LabFault, id: usize, count: usize) -> bool {
    faults
        .iter()
        .filter(|spec| spec.fault == fault)
        .any(|spec| match spec.broker {
            Some(wanted) => wanted == id,
            None => !fault.is_of_one_broker() || id == count,
        })
}

impl Cluster {
    fn has(&self, fault: LabFault, broker: &LabBroker) -> bool {
        let id = usize::try_from(broker.id).unwrap_or(0);
        has(&self.faults, fault, id, self.brokers.len())
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), LabError> {
    let failed = |source| LabError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// A port on which nothing listens.
async fn closed_port(ip: IpAddr) -> Result<SocketAddr, LabError> {
    let (listener, address) = listen(SocketAddr::new(ip, 0)).await?;
    drop(listener);
    Ok(address)
}

fn made_up_credentials() -> Credentials {
    let random = |length: usize| -> String {
        let text: String = (0..2)
            .map(|_| uuid::Uuid::new_v4().simple().to_string())
            .collect();
        text[..length].to_uppercase()
    };
    Credentials::new(
        format!("AKIALAB{}", random(13)),
        random(40),
        None,
        None,
        "msk-doctor lab",
    )
}
