//! An embedded MSK-like cluster with faults, for demos, tests and a user's own client.
//!
//! Real sockets, real TLS, the Kafka messages that clients need to log in and look around, and
//! tokens that are really verified. Each fault is made the way the real one happens.

pub mod behaviour;
mod broker;
mod certificates;
mod data;
mod dns;
mod fault;
mod limit;
mod log;
mod messages;
mod page;
mod reader;
mod schedule;
mod scram;
mod session;
mod verify;

pub use fault::{FaultSpec, LAB_FAULTS, LAB_VARIANTS, LabFault};
pub use limit::LoginRate;
pub use page::page;
pub use schedule::Schedule;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The user that a listener for SCRAM knows; the password is the secret access key.
pub const SCRAM_USER: &str = "lab";
/// The region of the lab's cluster.
pub const REGION: &str = "eu-west-1";
/// `socket.listen.backlog.size` of Kafka, connections.
const BACKLOG: i32 = 50;

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
    /// Between `b-N` and `kafka.REGION.amazonaws.com` in the brokers' names: the cluster's name and what
    /// MSK adds to it.
    pub cluster: String,
    /// Seed of what varies: the time beyond that delay, the cluster's id.
    pub seed: u64,
    /// The credentials that the brokers know; made up when there are none.
    pub credentials: Option<Credentials>,
    /// The logins that LIM-01 lets through.
    pub login_rate: LoginRate,
    /// How long LIM-05 holds a connection before it closes it.
    pub throttle_delay: Duration,
    /// The topics that exist, with a partition per broker.
    pub topics: Vec<String>,
    /// Which connections meet the faults, and how late answers are.
    pub schedule: Schedule,
    /// The only version of TLS that brokers speak; `None`: both.
    pub tls: Option<TlsVersion>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Default for LabConfig {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); 3],
            advertise: Advertise::Addresses,
            faults: Vec::new(),
            dns: None,
            failed_authentication_delay: Duration::from_millis(100),
            cluster: "demo.abc123.c2".to_owned(),
            seed: 1,
            credentials: None,
            login_rate: LoginRate::default(),
            throttle_delay: Duration::from_secs(1),
            topics: vec!["lab".to_owned()],
            schedule: Schedule::default(),
            tls: None,
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

/// What the brokers of a lab have taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Connections.
    pub connections: usize,
    /// Logins.
    pub logins: usize,
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
    /// A fault that is no connection's is to be made on some of them.
    #[error(
        "{0} is there or not, whatever the connection: leave out --after and --share, or the fault"
    )]
    NotOfConnections(String),
}

/// A running lab; it ends when dropped.
pub struct Lab {
    cluster: Arc<Cluster>,
    ca_pem: String,
    dns: Option<SocketAddr>,
    /// The ports of brokers that are down: bound, so that nobody else takes them, and refusing.
    _down: Vec<Socket>,
    stop: CancellationToken,
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What every connection of the lab needs to know.
struct Cluster {
    /// Of [`LabConfig`].
    name: String,
    brokers: Vec<LabBroker>,
    advertise: Advertise,
    faults: Vec<FaultSpec>,
    credentials: Credentials,
    delay: Duration,
    throttle_delay: Duration,
    login_rate: LoginRate,
    topics: Vec<String>,
    log: log::Log,
    schedule: Schedule,
    tls: Option<TlsVersion>,
    seed: u64,
    /// A broker that clients are sent to and that is not there (CLU-09, CLU-18-elsewhere).
    ghost: Option<SocketAddr>,
    /// Connections whose task panicked.
    panics: AtomicUsize,
    /// Connections that were taken.
    connections: AtomicUsize,
    /// Logins that were judged.
    logins: AtomicUsize,
}

impl Lab {
    /// Starts the lab on the current tokio runtime.
    ///
    /// # Errors
    /// When a listener cannot be opened or a fault names no broker of the lab.
    pub async fn start(config: LabConfig) -> Result<Self, LabError> {
        let count = config.listen.len();
        let stranger = config
            .faults
            .iter()
            .find(|spec| spec.broker.is_some_and(|id| id < 1 || id > count));
        if let Some(spec) = stranger {
            return Err(LabError::NoSuchBroker(spec.to_string()));
        }
        let unfit = config
            .faults
            .iter()
            .find(|spec| config.schedule.spares() && !spec.fault.is_of_connections());
        if let Some(spec) = unfit {
            return Err(LabError::NotOfConnections(spec.to_string()));
        }
        let hit = |fault, id| has(&config.faults, fault, id, count);
        let mut sockets = Vec::new();
        let mut brokers = Vec::new();
        for (id, address) in (1..).zip(&config.listen) {
            let (socket, address) = bind(*address)?;
            let number = i32::try_from(id).unwrap_or(i32::MAX);
            brokers.push(LabBroker {
                id: number,
                name: broker_name(number, &config.cluster),
                address,
                alive: !hit(LabFault::Clu03, id),
            });
            sockets.push((socket, hit(LabFault::Tcp02, id)));
        }
        let mut down = Vec::new();
        let mut ghost = None;
        let of_a_ghost = [LabFault::Clu09, LabFault::Clu18Elsewhere];
        let wants_ghost = config.faults.iter().any(|s| of_a_ghost.contains(&s.fault));
        if let Some(first) = brokers.first().filter(|_| wants_ghost) {
            let (socket, address) = bind(SocketAddr::new(first.address.ip(), 0))?;
            down.push(socket);
            ghost = Some(address);
        }
        let cluster = Arc::new(Cluster {
            name: config.cluster,
            brokers,
            advertise: config.advertise,
            faults: config.faults,
            credentials: config.credentials.unwrap_or_else(made_up_credentials),
            delay: config.failed_authentication_delay,
            throttle_delay: config.throttle_delay,
            login_rate: config.login_rate,
            topics: config.topics,
            log: log::Log::new(),
            schedule: config.schedule,
            tls: config.tls,
            seed: config.seed,
            ghost,
            panics: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            logins: AtomicUsize::new(0),
        });
        let proxy = cluster.makes(LabFault::Tls12Trusted) || cluster.makes(LabFault::ListenerProxy);
        let authorities = certificates::Authorities::new(proxy)?;
        let stop = CancellationToken::new();
        for (broker, (socket, refuses)) in cluster.brokers.iter().zip(sockets) {
            if refuses || !broker.alive {
                down.push(socket);
                continue;
            }
            let listener = listen(socket, broker.address)?;
            broker::Door::new(broker, &cluster, &authorities)?.start(listener, stop.clone());
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
            cluster,
            ca_pem: authorities.pem(),
            dns,
            _down: down,
            stop,
        })
    }

    /// Ends the lab, as dropping it does.
    pub fn shutdown(self) {
        drop(self);
    }

    /// The topics that exist.
    #[must_use]
    pub fn topics(&self) -> &[String] {
        &self.cluster.topics
    }

    /// The brokers.
    #[must_use]
    pub fn brokers(&self) -> &[LabBroker] {
        &self.cluster.brokers
    }

    /// The bootstrap string.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        let each = |broker: &LabBroker| match self.cluster.advertise {
            Advertise::Addresses => broker.address.to_string(),
            Advertise::RealNames => format!("{}:{}", broker.name, broker.address.port()),
        };
        let brokers: Vec<String> = self.brokers().iter().map(each).collect();
        brokers.join(",")
    }

    /// `HOST:PORT:ADDRESS` for each broker, as curl's `--resolve` takes it.
    #[must_use]
    pub fn resolve_entries(&self) -> Vec<String> {
        let entry = |broker: &LabBroker| {
            let (port, ip) = (broker.address.port(), broker.address.ip());
            format!("{}:{port}:{ip}", broker.name)
        };
        self.brokers().iter().map(entry).collect()
    }

    /// The region that tokens are to be signed for.
    #[must_use]
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// How many connections ended in a panic: anything but 0 is a bug of the lab.
    #[must_use]
    pub fn connection_panics(&self) -> usize {
        self.cluster.panics.load(Ordering::Relaxed)
    }

    /// How many connections the brokers have taken, and how many logins they have judged.
    #[must_use]
    pub fn taken(&self) -> Taken {
        Taken {
            connections: self.cluster.connections.load(Ordering::Relaxed),
            logins: self.cluster.logins.load(Ordering::Relaxed),
        }
    }

    /// The certificate to trust.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The credentials that the brokers know: made up at each start, good for nothing else.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.cluster.credentials
    }

    /// Where the lab answers DNS.
    #[must_use]
    pub fn dns_server(&self) -> Option<SocketAddr> {
        self.dns
    }

    /// Lines for a hosts file.
    #[must_use]
    pub fn hosts(&self) -> String {
        self.brokers().iter().fold(String::new(), |text, broker| {
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
    /// The name of broker `id`, whether it is there or not.
    fn broker_name(&self, id: i32) -> String {
        broker_name(id, &self.name)
    }

    /// Whether a fault is made anywhere.
    fn makes(&self, fault: LabFault) -> bool {
        self.faults.iter().any(|spec| spec.fault == fault)
    }

    fn has(&self, fault: LabFault, broker: &LabBroker) -> bool {
        let id = usize::try_from(broker.id).unwrap_or(0);
        has(&self.faults, fault, id, self.brokers.len())
    }
}

/// The MSK-like name of broker `id`.
fn broker_name(id: i32, cluster: &str) -> String {
    format!("b-{id}.{cluster}.kafka.{REGION}.amazonaws.com")
}

/// Takes an address without listening on it: connections are refused.
fn bind(address: SocketAddr) -> Result<(Socket, SocketAddr), LabError> {
    let bind = || {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        // A port that was asked for may be in TIME-WAIT; a free one is not, and is to stay ours.
        socket.set_reuse_address(cfg!(unix) && address.port() != 0)?;
        socket.bind(&address.into())?;
        let bound = socket.local_addr()?.as_socket().unwrap_or(address);
        Ok((socket, bound))
    };
    bind().map_err(|source| LabError::Listen { address, source })
}

fn listen(socket: Socket, address: SocketAddr) -> Result<TcpListener, LabError> {
    let listen = || {
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket.into())
    };
    listen().map_err(|source| LabError::Listen { address, source })
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
