//! One broker: accepts, secures, answers, and breaks where it is told to.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::version::{TLS12, TLS13};
use rustls::{ALL_VERSIONS, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::certificates::{AMAZON, Authorities, Authority, Leaf, PROXY};
use super::limit::{Bucket, LoginRate};
use super::log::Log;
use super::messages::{Listed, Listener};
use super::session::{Answer, ESCAPES, Session, Then};
use super::{Advertise, Cluster, LabBroker, LabError, LabFault, SCRAM_USER, TlsVersion};

/// `connections.max.idle.ms`.
const IDLE: Duration = Duration::from_secs(600);
/// What an idle network thread adds to `connection.failed.authentication.delay.ms`: it looks at the delay when
/// its poll returns, 0 to 250 ms later as measured on Kafka 3.9 and 4.4.
const POLL: u64 = 250;
/// How long a closed connection waits for the client's own end, so that an alert is read before a reset.
const LINGER: Duration = Duration::from_secs(1);
/// How late an acceptor with work to do comes to a connection that it closes.
const ACCEPTOR_LATE: Duration = Duration::from_millis(20);
/// Connections that a broker takes under LIM-05-lone, in which one that waited for its throttled neighbours gets in, and the next does not.
const ARRIVALS: LoginRate = LoginRate {
    per_second: 0.6,
    burst: 1.0,
};
/// JDK's answer to clear text on a TLS port: a fatal alert, `internal_error`.
const NOT_TLS: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 80];
/// A fatal alert, `protocol_version` (RFC 8446, 6.2), as a server that stops at TLS 1.0 sends it.
const PROTOCOL_VERSION: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 70];
/// A fatal alert, `handshake_failure`.
const HANDSHAKE_FAILURE: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];
const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.6\r\n";

/// A broker's listener: the broker with its faults, and the same without, for connections that are spared.
pub(super) struct Door {
    faulty: Arc<Broker>,
    healthy: Option<Arc<Broker>>,
    taken: AtomicU64,
}

impl Door {
    pub(super) fn new(
        identity: &LabBroker,
        cluster: &Arc<Cluster>,
        authorities: &Authorities,
    ) -> Result<Self, LabError> {
        let broker = |is_faulty| {
            Broker::new(identity.clone(), cluster.clone(), authorities, is_faulty).map(Arc::new)
        };
        Ok(Self {
            faulty: broker(true)?,
            healthy: cluster
                .schedule
                .spares()
                .then(|| broker(false))
                .transpose()?,
            taken: AtomicU64::new(0),
        })
    }

    /// Starts accepting.
    pub(super) fn start(self, listener: TcpListener, stop: CancellationToken) {
        tokio::spawn(self.accept(listener, stop));
    }

    /// Whom the next connection meets.
    fn next(&self) -> &Arc<Broker> {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let Broker {
            cluster, identity, ..
        } = &*self.faulty;
        cluster.connections.fetch_add(1, Ordering::Relaxed);
        match &self.healthy {
            Some(healthy) if !cluster.schedule.hits(cluster.seed, identity.id, number) => healthy,
            _ => &self.faulty,
        }
    }

    async fn accept(self, listener: TcpListener, stop: CancellationToken) {
        if self.healthy.is_none() && self.faulty.leaves_connections() {
            // The kernel completes the handshakes; nobody takes the connections.
            stop.cancelled().await;
            return;
        }
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => return,
            };
            // An error here is of one connection (accept(2)), or there are no descriptors left.
            let Ok((tcp, _)) = accepted else {
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            let broker = self.next().clone();
            let connection = tokio::spawn(broker.clone().serve_until(tcp, stop.clone()));
            tokio::spawn(async move {
                if connection.await.is_err_and(|error| error.is_panic()) {
                    broker.cluster.panics.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    }
}

/// A broker and what it needs to know.
pub(super) struct Broker {
    /// Whether the faults of the lab are its own.
    is_faulty: bool,
    identity: LabBroker,
    cluster: Arc<Cluster>,
    /// `None`: a listener in clear text.
    tls: Option<Arc<ServerConfig>>,
    logins: Mutex<Bucket>,
    was_logged_in_to: AtomicBool,
    arrivals: Mutex<Bucket>,
    connections: AtomicU64,
}

impl Broker {
    fn new(
        identity: LabBroker,
        cluster: Arc<Cluster>,
        authorities: &Authorities,
        is_faulty: bool,
    ) -> Result<Self, LabError> {
        let has = |fault| is_faulty && cluster.has(fault, &identity);
        let tls = if has(LabFault::Tls02) {
            None
        } else {
            let versions = match cluster.tls {
                Some(TlsVersion::Tls12) => &[&TLS12],
                Some(TlsVersion::Tls13) => &[&TLS13],
                None => ALL_VERSIONS,
            };
            Some(tls(&identity, authorities, versions, has)?)
        };
        Ok(Self {
            is_faulty,
            tls,
            logins: Mutex::new(Bucket::new(cluster.login_rate)),
            was_logged_in_to: AtomicBool::new(false),
            arrivals: Mutex::new(Bucket::new(ARRIVALS)),
            identity,
            cluster,
            connections: AtomicU64::new(0),
        })
    }

    async fn serve_until(self: Arc<Self>, tcp: TcpStream, stop: CancellationToken) {
        tokio::select! {
            // A client that leaves early is no failure of the broker.
            _ = self.serve(tcp) => {}
            () = stop.cancelled() => {}
        }
    }

    async fn serve(&self, mut tcp: TcpStream) -> io::Result<()> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let is_second = number % 2 == 1;
        if self.has(LabFault::Lim04) || self.has(LabFault::Lim04Second) && is_second {
            // What the client sent before the acceptor came to it is left unread: RST. Over a longer path the FIN is first: as from the
            // brokers that take the ClientHello here.
            let _ = if self.identity.id % 2 == 0 {
                timeout(ACCEPTOR_LATE, tcp.readable()).await
            } else {
                timeout(ACCEPTOR_LATE, read_hello(&mut tcp)).await
            };
            return Ok(());
        }
        if self.leaves_connections() {
            return std::future::pending().await;
        }
        self.be_late(number, 0).await;
        let is_over_its_rate = || {
            let mut rate = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
            !rate.take(SystemTime::now())
        };
        if self.has(LabFault::Lim05) || self.has(LabFault::Lim05Lone) && is_over_its_rate() {
            sleep(self.cluster.throttle_delay).await;
            // Closed as Kafka's acceptor closes: what the client sent is left unread, so that the
            // kernel answers with RST if there was anything, with FIN if not.
            return Ok(());
        }
        tcp.set_nodelay(true)?;
        if self.has(LabFault::Net11) {
            tcp.write_all(SSH).await?;
        }
        if let Some((words, then)) = self.before_tls() {
            read_hello(&mut tcp).await?;
            tcp.write_all(words).await?;
            return end(tcp, then).await;
        }
        match &self.tls {
            None => {
                let then = self.converse(&mut tcp, number).await?;
                end(tcp, then).await
            }
            Some(config) => self.secured(tcp, config, number).await,
        }
    }

    /// Words in answer to the `ClientHello`, and the end, where nothing speaks TLS.
    fn before_tls(&self) -> Option<(&'static [u8], Then)> {
        let rows: [(LabFault, &[u8], Then); 6] = [
            (LabFault::Tcp04, &[], Then::Close),
            (LabFault::Tcp04Reset, &[], Then::Reset),
            (LabFault::Tls06, &PROTOCOL_VERSION, Then::Close),
            (LabFault::Tls06Cipher, &HANDSHAKE_FAILURE, Then::Close),
            (LabFault::Net04, HTTP, Then::Close),
            (LabFault::Net11, &[], Then::Close),
        ];
        rows.into_iter()
            .find(|(fault, _, _)| self.has(*fault))
            .map(|(_, words, then)| (words, then))
    }

    async fn secured(
        &self,
        mut tcp: TcpStream,
        config: &Arc<ServerConfig>,
        number: u64,
    ) -> io::Result<()> {
        let mut first = [0];
        if tcp.peek(&mut first).await? == 1 && first != [0x16] {
            tcp.write_all(&NOT_TLS).await?;
            return end(tcp, Then::Close).await;
        }
        if let Some(then) = self.disliked(&tcp).await? {
            return end(tcp, then).await;
        }
        if self.has(LabFault::Tls13) && is_large(&tcp).await? {
            // Until the client has enough of it.
            let mut unread = [0; 4096];
            while tcp.read(&mut unread).await? > 0 {}
            return Ok(());
        }
        let handshake = TlsAcceptor::from(config.clone())
            .accept(tcp)
            .into_fallible();
        let mut stream = match handshake.await {
            Ok(stream) => stream,
            // The alert is out.
            Err((_, tcp)) => return linger(tcp).await,
        };
        let then = self.converse(&mut stream, number).await?;
        if then == Then::Close {
            drain(stream.get_ref().0);
            return stream.shutdown().await;
        }
        let (tcp, _) = stream.into_inner();
        end(tcp, then).await
    }

    /// The end that something in the `ClientHello` makes.
    async fn disliked(&self, tcp: &TcpStream) -> io::Result<Option<Then>> {
        /// `supported_versions` with TLS 1.3 first (RFC 8446, 4.2.1).
        const OFFERS_13: [u8; 7] = [0, 0x2b, 0, 5, 4, 3, 4];
        let rows: [(LabFault, &[u8], Then); 2] = [
            (LabFault::Tls06Intolerant, &OFFERS_13, Then::Close),
            (LabFault::Net03Name, b".amazonaws.com", Then::Reset),
        ];
        let Some((_, bytes, then)) = rows.into_iter().find(|(fault, _, _)| self.has(*fault)) else {
            return Ok(None);
        };
        let mut hello = vec![0; 4096];
        let read = tcp.peek(&mut hello).await?;
        let found = hello[..read].windows(bytes.len()).any(|part| part == bytes);
        Ok(found.then_some(then))
    }

    /// Answers requests until the connection is to end.
    async fn converse<S>(&self, stream: &mut S, number: u64) -> io::Result<Then>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut session = Session::new(self);
        for step in 1.. {
            let frame = match timeout(IDLE, read_frame(stream, session.max_request())).await {
                Ok(Ok(Some(frame))) => frame,
                Ok(Ok(None)) | Err(_) => return Ok(Then::Close),
                Ok(Err(error)) => return Err(error),
            };
            let Answer { bytes, then } = self.answer(&mut session, &frame).await;
            self.be_late(number, step).await;
            if then == Then::CloseAfterDelay {
                sleep(self.delay(number)).await;
            }
            if let Some(then) = self.hostile(stream).await? {
                return Ok(then);
            }
            stream.write_all(&bytes).await?;
            stream.flush().await?;
            match then {
                Then::Listen | Then::Hold(_) => {}
                Then::Mute(time) => sleep(time).await,
                Then::CloseAfterDelay => return Ok(Then::Close),
                then => return Ok(then),
            }
        }
        Ok(Then::Close)
    }

    /// The answer to a frame: one to a fetch that finds nothing waits for records.
    async fn answer(&self, session: &mut Session<'_>, frame: &[u8]) -> Answer {
        let mut arrivals = self.log().arrivals();
        let began = Instant::now();
        loop {
            let answer = session.on(frame, SystemTime::now());
            let Then::Hold(time) = answer.then else {
                return answer;
            };
            if timeout_at(began + time, arrivals.changed()).await.is_err() {
                return answer;
            }
        }
    }

    /// Answers made to hurt whoever reads them.
    async fn hostile<S>(&self, stream: &mut S) -> io::Result<Option<Then>>
    where
        S: AsyncWrite + Unpin,
    {
        if self.has(LabFault::HostileGarbage) {
            let noise: Vec<u8> = (0..512u32).map(|i| (i * 197 % 251) as u8 | 0x80).collect();
            stream.write_all(&noise).await?;
            return Ok(Some(Then::Close));
        }
        if self.has(LabFault::HostileLength) {
            let length = i32::MAX.to_be_bytes();
            stream
                .write_all(&[&length[..], &[1, 2, 3, 4]].concat())
                .await?;
            return Ok(Some(Then::Silence));
        }
        if self.has(LabFault::HostileDrip) {
            stream.write_all(&[0, 0, 4]).await?;
            loop {
                stream.write_all(&[0]).await?;
                stream.flush().await?;
                sleep(Duration::from_secs(1)).await;
            }
        }
        if self.has(LabFault::HostileEndless) {
            // 7 MiB are announced, and then it never ends.
            stream.write_all(&[0, 0x70, 0, 0]).await?;
            loop {
                stream.write_all(&[0xff; 16 * 1024]).await?;
            }
        }
        Ok(None)
    }

    /// How long a failed login waits: the configured delay, and what the network thread adds.
    fn delay(&self, connection: u64) -> Duration {
        let configured = self.cluster.delay;
        if configured.is_zero() {
            return configured;
        }
        let id = u64::try_from(self.identity.id).unwrap_or(0);
        let mixed =
            (self.cluster.seed ^ (id << 32) ^ connection).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        configured + Duration::from_millis((mixed >> 32) % (POLL + 1))
    }
}

/// What a session asks of its broker.
impl Broker {
    pub(super) fn has(&self, fault: LabFault) -> bool {
        (self.is_faulty || fault.is_of_the_listener()) && self.cluster.has(fault, &self.identity)
    }

    /// Whether the kernel completes handshakes and nobody takes the connections.
    fn leaves_connections(&self) -> bool {
        self.has(LabFault::Tcp05) || self.has(LabFault::Lim06)
    }

    /// Waits as long as answer number `step` on a connection is late.
    async fn be_late(&self, connection: u64, step: u64) {
        let Cluster { schedule, seed, .. } = &*self.cluster;
        let late = schedule.late(*seed, self.identity.id, connection, step);
        if !late.is_zero() {
            sleep(late).await;
        }
    }

    /// A login is judged.
    pub(super) fn count_login(&self) {
        self.cluster.logins.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the listener wants a login.
    pub(super) fn has_sasl(&self) -> bool {
        self.tls.is_some() && !self.has(LabFault::Sasl27) && !self.has(LabFault::Iam18)
    }

    /// How the listener takes tokens.
    pub(super) fn listener(&self) -> Listener {
        if self.has(LabFault::Sasl07) {
            Listener::Bare
        } else {
            Listener::Framing
        }
    }

    /// The mechanisms that the listener offers.
    pub(super) fn mechanisms(&self) -> &'static [&'static str] {
        const SCRAM: [LabFault; 5] = [
            LabFault::Sasl03,
            LabFault::ListenerScram,
            LabFault::Sasl22,
            LabFault::Sasl23,
            LabFault::Sasl24,
        ];
        if self.has(LabFault::ListenerScram256) {
            &["SCRAM-SHA-256"]
        } else if SCRAM.into_iter().any(|fault| self.cluster.makes(fault)) {
            &["SCRAM-SHA-512"]
        } else if self.has(LabFault::Sasl04) {
            &["AWS_MSK_IAM"]
        } else {
            &["AWS_MSK_IAM", "OAUTHBEARER"]
        }
    }

    /// What the broker knows of a user of SCRAM.
    pub(super) fn scram_password(&self, user: &str) -> Option<String> {
        let known =
            user == SCRAM_USER && !self.has(LabFault::Sasl23) && !self.has(LabFault::Sasl24);
        let right = self.cluster.credentials.secret_access_key();
        known.then(|| {
            if self.has(LabFault::Sasl22) {
                format!("{right} before it was changed")
            } else {
                right.to_owned()
            }
        })
    }

    pub(super) fn is_full_of_escapes(&self) -> bool {
        is_full_of_escapes(|fault| self.has(fault))
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.cluster.credentials
    }

    pub(super) fn id(&self) -> i32 {
        self.identity.id
    }

    pub(super) fn log(&self) -> &Log {
        &self.cluster.log
    }

    pub(super) fn topics(&self) -> &[String] {
        &self.cluster.topics
    }

    /// Whether nobody has logged in here before.
    pub(super) fn is_first_login(&self) -> bool {
        !self.was_logged_in_to.swap(true, Ordering::Relaxed)
    }

    /// Whether one more login is within the broker's limit.
    pub(super) fn takes_a_login(&self, now: SystemTime) -> bool {
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        logins.take(now)
    }

    /// The cluster's id and its brokers, as this one describes them.
    pub(super) fn described(&self) -> (String, Vec<Listed>) {
        let another = u64::from(self.has(LabFault::Clu08));
        let cluster_id = cluster_id(self.cluster.seed, another);
        let mut listed: Vec<Listed> = self
            .cluster
            .brokers
            .iter()
            .filter(|broker| broker.alive)
            .map(|broker| Listed {
                id: broker.id,
                host: match self.cluster.advertise {
                    Advertise::Addresses => broker.address.ip().to_string(),
                    Advertise::RealNames => broker.name.clone(),
                },
                port: broker.address.port(),
            })
            .collect();
        if self.cluster.makes(LabFault::Clu09) {
            listed.extend(self.ghost());
        }
        if self.is_full_of_escapes() {
            for broker in &mut listed {
                broker.host = format!("{ESCAPES}{}", broker.host);
            }
            return (ESCAPES.to_owned(), listed);
        }
        (cluster_id, listed)
    }

    /// The broker that is not there.
    fn ghost(&self) -> Option<Listed> {
        let ghost = self.cluster.ghost?;
        let id = i32::try_from(self.cluster.brokers.len() + 1).unwrap_or(i32::MAX);
        Some(Listed {
            id,
            host: match self.cluster.advertise {
                Advertise::Addresses => ghost.ip().to_string(),
                Advertise::RealNames => self.cluster.broker_name(id),
            },
            port: ghost.port(),
        })
    }

    /// The coordinator of every group, the first broker, or of every transactional id, the last.
    pub(super) fn coordinator(&self, transaction: bool) -> Option<Listed> {
        if self.has(LabFault::Clu18Elsewhere) {
            return self.ghost();
        }
        let mut brokers = self.described().1.into_iter();
        let own = if transaction {
            brokers.next_back()?
        } else {
            brokers.next()?
        };
        Some(Listed {
            host: if self.has(LabFault::HostileCoordinator) {
                String::new()
            } else {
                own.host
            },
            ..own
        })
    }
}

/// Whether the first record, the `ClientHello`, is larger than a packet of the internet with its headers.
async fn is_large(tcp: &TcpStream) -> io::Result<bool> {
    const PACKET: u16 = 1400;
    let mut head = [0; 5];
    let read = tcp.peek(&mut head).await?;
    Ok(read == head.len() && u16::from_be_bytes([head[3], head[4]]) > PACKET)
}

/// An id as Kafka makes them: 16 bytes in base64.
fn cluster_id(seed: u64, another: u64) -> String {
    let mixed = |n: u64| {
        (seed ^ n)
            .wrapping_add(n)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    let bytes = [mixed(0x5eed + another), mixed(0xfeed + another)].map(u64::to_be_bytes);
    URL_SAFE_NO_PAD.encode(bytes.concat())
}

fn is_full_of_escapes(has: impl Fn(LabFault) -> bool) -> bool {
    has(LabFault::HostileEscapes) || has(LabFault::HostileEscapesLogin)
}

fn tls(
    broker: &LabBroker,
    authorities: &Authorities,
    versions: &[&'static SupportedProtocolVersion],
    has: impl Fn(LabFault) -> bool,
) -> Result<Arc<ServerConfig>, LabError> {
    let stranger = if has(LabFault::Tls03) {
        Some(Authority::new(AMAZON, AMAZON)?)
    } else if has(LabFault::Tls12) {
        Some(Authority::new(PROXY, PROXY)?)
    } else {
        None
    };
    let leaf = Leaf {
        broker,
        of_another: has(LabFault::Tls05),
        expired: has(LabFault::Tls14),
        organization: is_full_of_escapes(&has).then_some(ESCAPES),
    };
    let ca = &authorities.ca;
    let proxy = authorities
        .proxy
        .as_ref()
        .filter(|_| has(LabFault::Tls12Trusted) || has(LabFault::ListenerProxy));
    let issuer = stranger.as_ref().or(proxy).unwrap_or(ca);
    // Whoever issued the broker's certificate, clients' certificates are the lab's own.
    let clients = has(LabFault::Tls07).then_some(ca);
    issuer.server(&leaf, clients, versions)
}

/// Ends a connection without TLS's `close_notify`.
async fn end(mut tcp: TcpStream, then: Then) -> io::Result<()> {
    match then {
        // Closing with a linger time of zero sends RST (socket(7), SO_LINGER).
        Then::Reset => tcp.set_zero_linger(),
        Then::Silence => until_closed(&mut tcp).await,
        _ => {
            drain(&tcp);
            tcp.shutdown().await
        }
    }
}

/// FIN, then reads until the client has closed too or a second has passed: a socket that is closed while
/// bytes are on their way to it sends RST, which can overtake the alert.
async fn linger(mut tcp: TcpStream) -> io::Result<()> {
    tcp.shutdown().await?;
    timeout(LINGER, until_closed(&mut tcp))
        .await
        .unwrap_or(Ok(()))
}

async fn until_closed(tcp: &mut TcpStream) -> io::Result<()> {
    let mut rest = [0; 4096];
    while tcp.read(&mut rest).await? > 0 {}
    Ok(())
}

/// Takes what has come, as Kafka's network thread has by then: unread bytes would turn FIN into RST.
fn drain(tcp: &TcpStream) {
    let mut rest = [0; 4096];
    while tcp.try_read(&mut rest).is_ok_and(|read| read > 0) {}
}

/// Reads one TLS record, or whatever comes first if it is none.
async fn read_hello(tcp: &mut TcpStream) -> io::Result<()> {
    let mut hello = Vec::new();
    while hello.len() < record_length(&hello) {
        if tcp.read_buf(&mut hello).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// How many bytes the first record has, as far as it is known.
fn record_length(bytes: &[u8]) -> usize {
    match bytes {
        [0x16, 3, _, high, low, ..] => 5 + usize::from(u16::from_be_bytes([*high, *low])),
        [] | [0x16] | [0x16, 3] | [0x16, 3, _] | [0x16, 3, _, _] => 5,
        _ => 0,
    }
}

/// A frame without its length; `None` at the end, or when its length is not taken.
async fn read_frame<S: AsyncRead + Unpin>(
    stream: &mut S,
    max: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if let Err(error) = stream.read_exact(&mut length).await {
        return if error.kind() == io::ErrorKind::UnexpectedEof {
            Ok(None)
        } else {
            Err(error)
        };
    }
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > max {
        return Ok(None);
    }
    // Memory is taken for bytes that came, not for bytes that are announced.
    let mut frame = Vec::new();
    let limit = u64::try_from(length).unwrap_or(u64::MAX);
    stream.take(limit).read_to_end(&mut frame).await?;
    Ok((frame.len() == length).then_some(frame))
}
