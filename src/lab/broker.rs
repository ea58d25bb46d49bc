//! One broker: accepts, secures, answers, and breaks where it is told to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::certificates::{Authority, Leaf};
use super::messages::{self, Listed, Request, Request0};
use super::verify::{Refused, verify};
use super::{Advertise, Cluster, LabBroker, LabError, LabFault};

/// `socket.request.max.bytes` before a login, bytes.
const MAX_REQUEST: usize = 512 * 1024;
/// What stock Kafka says of a token that its validator refuses (RFC 7628, 3.2.2).
const CHALLENGE: &str = r#"{"status":"invalid_token"}"#;
/// Text that would take over a terminal that printed it.
const ESCAPES: &str = "\u{1b}[31m\u{1b}]0;owned\u{7}evil\r\n\u{202e}";

/// Starts accepting.
pub(super) fn start(
    listener: TcpListener,
    broker: LabBroker,
    cluster: Arc<Cluster>,
    ca: &Authority,
    stop: CancellationToken,
) -> Result<(), LabError> {
    let has = |fault| cluster.has(fault, &broker);
    if has(LabFault::Tcp02) || has(LabFault::Clu03) {
        // Dropping the listener closes the port.
        return Ok(());
    }
    let tls = if has(LabFault::Tls02) {
        None
    } else {
        Some(tls(&broker, &cluster, ca)?)
    };
    let broker = Arc::new(Broker {
        identity: broker,
        cluster,
        tls,
        connections: AtomicU64::new(0),
    });
    tokio::spawn(async move {
        if broker.has(LabFault::Tcp05) {
            // The kernel completes the handshakes; nobody takes the connections.
            stop.cancelled().await;
            drop(listener);
            return;
        }
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => return,
            };
            let Ok((tcp, _)) = accepted else { continue };
            let (broker, stop) = (broker.clone(), stop.clone());
            tokio::spawn(async move {
                tokio::select! {
                    // A client that leaves early is no failure of the broker.
                    _ = broker.serve(tcp) => {}
                    () = stop.cancelled() => {}
                }
            });
        }
    });
    Ok(())
}

fn tls(
    broker: &LabBroker,
    cluster: &Cluster,
    ca: &Authority,
) -> Result<Arc<ServerConfig>, LabError> {
    let has = |fault| cluster.has(fault, broker);
    let names = if has(LabFault::Tls05) {
        vec!["other.example.com".to_owned()]
    } else {
        vec![broker.name.clone(), "localhost".to_owned()]
    };
    let address = if has(LabFault::Tls05) {
        std::net::IpAddr::from([192, 0, 2, 1])
    } else {
        broker.address.ip()
    };
    let ends_in = if has(LabFault::Tls14) {
        time::Duration::hours(-1)
    } else {
        time::Duration::days(60)
    };
    let leaf = Leaf {
        names: &names,
        address,
        ends_in,
    };
    let stranger = if has(LabFault::Tls03) {
        Some(Authority::new("Amazon")?)
    } else if has(LabFault::Tls12) {
        Some(Authority::new("Example Corp TLS Inspection")?)
    } else {
        None
    };
    stranger
        .as_ref()
        .unwrap_or(ca)
        .server(&leaf, has(LabFault::Tls07))
}

struct Broker {
    identity: LabBroker,
    cluster: Arc<Cluster>,
    tls: Option<Arc<ServerConfig>>,
    connections: AtomicU64,
}

/// How a connection is to end.
enum Leave {
    /// `close_notify` and FIN.
    Close,
    /// RST.
    Reset,
    /// Not at all: the client gives up first.
    Never,
}

impl Broker {
    fn has(&self, fault: LabFault) -> bool {
        self.cluster.has(fault, &self.identity)
    }

    /// A limit or a restart: the connection ends where an answer to the token is due.
    fn closes_without_words(&self) -> bool {
        self.has(LabFault::Clu02) || self.has(LabFault::Lim07)
    }

    async fn serve(&self, mut tcp: TcpStream) -> io::Result<()> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let _ = tcp.set_nodelay(true);
        if self.has(LabFault::Lim05) {
            sleep(Duration::from_secs(1)).await;
            // What the client sent is left unread, as Kafka leaves it.
            return Ok(());
        }
        let answer: Option<&[u8]> = if self.has(LabFault::Tcp04) {
            Some(b"")
        } else if self.has(LabFault::Net04) {
            Some(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        } else if self.has(LabFault::Net11) {
            Some(b"SSH-2.0-OpenSSH_9.6\r\n")
        } else if self.has(LabFault::Tls06) {
            // A fatal alert, protocol_version (RFC 8446, 6.2), as a server of TLS 1.1 sends it.
            Some(&[0x15, 3, 1, 0, 2, 2, 70])
        } else {
            None
        };
        if let Some(answer) = answer {
            // The first segment holds the ClientHello; what it says does not matter.
            let _ = tcp.read(&mut [0; 4096]).await?;
            tcp.write_all(answer).await?;
            return tcp.shutdown().await;
        }
        let Some(config) = &self.tls else {
            let leave = self.converse(&mut tcp, number).await?;
            return self.leave(leave, tcp, None).await;
        };
        let mut first = [0];
        if tcp.peek(&mut first).await? == 1 && first != [22] {
            // Clear text: alert internal_error, as the JVM's TLS says it, not rustls's own.
            let _read = tcp.read(&mut [0; 4096]).await?;
            tcp.write_all(&[0x15, 3, 3, 0, 2, 2, 80]).await?;
            return tcp.shutdown().await;
        }
        let mut stream = TlsAcceptor::from(config.clone()).accept(tcp).await?;
        let leave = self.converse(&mut stream, number).await?;
        if matches!(leave, Leave::Close) {
            return stream.shutdown().await;
        }
        let (tcp, session) = stream.into_inner();
        self.leave(leave, tcp, Some(session)).await
    }

    async fn leave(
        &self,
        leave: Leave,
        mut tcp: TcpStream,
        session: Option<rustls::ServerConnection>,
    ) -> io::Result<()> {
        match leave {
            Leave::Close => tcp.shutdown().await?,
            // Closing with a linger time of zero sends RST (socket(7), SO_LINGER).
            Leave::Reset => socket2::SockRef::from(&tcp).set_linger(Some(Duration::ZERO))?,
            Leave::Never => {
                let mut rest = [0; 4096];
                while tcp.read(&mut rest).await? > 0 {}
            }
        }
        drop(session);
        Ok(())
    }

    /// Answers requests until the connection is to end.
    async fn converse<S>(&self, stream: &mut S, number: u64) -> io::Result<Leave>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut login = Login {
            done: self.has(LabFault::Sasl27),
            ..Login::default()
        };
        loop {
            let Some(frame) = read_frame(stream).await? else {
                return Ok(Leave::Close);
            };
            if let Some(leave) = self.hostile(stream).await? {
                return Ok(leave);
            }
            if login.bare {
                let left = self.bare_token(stream, &frame, &mut login, number).await?;
                if let Some(leave) = left {
                    return Ok(leave);
                }
                continue;
            }
            let Some(request) = messages::read(&frame) else {
                return Ok(Leave::Close);
            };
            if let Some(leave) = self.answer(stream, &request, &mut login, number).await? {
                return Ok(leave);
            }
        }
    }

    async fn answer<S>(
        &self,
        stream: &mut S,
        request: &Request,
        login: &mut Login,
        number: u64,
    ) -> io::Result<Option<Leave>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let throttle = if self.has(LabFault::Lim08) { 25 } else { 0 };
        match &request.body {
            Request0::ApiVersions if self.has(LabFault::Clu06) => Ok(Some(Leave::Never)),
            Request0::ApiVersions => {
                stream
                    .write_all(&messages::api_versions(request, throttle))
                    .await?;
                Ok(None)
            }
            Request0::SaslHandshake(mechanism) => {
                self.handshake(stream, request, mechanism, login).await
            }
            Request0::SaslAuthenticate(bytes) if login.chosen => {
                self.framed_token(stream, request, bytes, login, number)
                    .await
            }
            Request0::Metadata(topics) if login.done => {
                let topics = topics.clone().unwrap_or_default();
                let (id, listed) = self.listed();
                let answer = messages::metadata(request, &id, &listed, &topics, throttle);
                stream.write_all(&answer).await?;
                Ok(None)
            }
            // Only ApiVersions and SaslHandshake are allowed before a login.
            _ => {
                self.wait(number).await;
                Ok(Some(Leave::Close))
            }
        }
    }

    async fn handshake<S>(
        &self,
        stream: &mut S,
        request: &Request,
        mechanism: &str,
        login: &mut Login,
    ) -> io::Result<Option<Leave>>
    where
        S: AsyncWrite + Unpin,
    {
        if self.has(LabFault::Sasl27) {
            stream
                .write_all(&messages::sasl_handshake(request, 34, &[]))
                .await?;
            return Ok(None);
        }
        let mut offered = if self.has(LabFault::Sasl03) {
            vec!["SCRAM-SHA-512".to_owned()]
        } else if self.has(LabFault::Sasl04) {
            vec!["AWS_MSK_IAM".to_owned()]
        } else {
            vec!["OAUTHBEARER".to_owned()]
        };
        if self.has(LabFault::HostileEscapes) {
            offered.push(ESCAPES.to_owned());
        }
        if offered.iter().any(|name| name == mechanism) {
            login.chosen = true;
            login.bare = request.header.request_api_version == 0;
            stream
                .write_all(&messages::sasl_handshake(request, 0, &offered))
                .await?;
            return Ok(None);
        }
        self.wait(0).await;
        stream
            .write_all(&messages::sasl_handshake(request, 33, &offered))
            .await?;
        Ok(Some(Leave::Close))
    }

    /// What the broker says of a token: the session's time, or words.
    fn judge(&self, message: &[u8]) -> Result<Duration, String> {
        let id = uuid::Uuid::new_v4();
        let refuse = |words: &str| Err(format!("[{id}]: {words}"));
        let verdict = verify(message, &self.cluster.credentials, SystemTime::now());
        if self.has(LabFault::Sasl05) || verdict == Err(Refused::Malformed) {
            return refuse("Invalid authentication payload");
        }
        if self.has(LabFault::Lim01) {
            return refuse("Too many connects");
        }
        if self.has(LabFault::Sasl20) {
            return refuse("Session too short");
        }
        if self.has(LabFault::HostileEscapes) {
            return refuse(ESCAPES);
        }
        match verdict {
            Ok(accepted) if !self.has(LabFault::Iam01) => Ok(accepted.left),
            _ => refuse("Access denied"),
        }
    }

    async fn framed_token<S>(
        &self,
        stream: &mut S,
        request: &Request,
        message: &[u8],
        login: &mut Login,
        number: u64,
    ) -> io::Result<Option<Leave>>
    where
        S: AsyncWrite + Unpin,
    {
        if self.has(LabFault::Sasl26) {
            return Ok(Some(Leave::Never));
        }
        if self.has(LabFault::Net03) {
            return Ok(Some(Leave::Reset));
        }
        if self.closes_without_words() {
            return Ok(Some(Leave::Close));
        }
        if self.has(LabFault::Sasl06) {
            if message == [1] {
                self.wait(number).await;
                let answer = messages::sasl_authenticate(request, 58, CHALLENGE, &[], 0);
                stream.write_all(&answer).await?;
                return Ok(Some(Leave::Close));
            }
            let answer = messages::sasl_authenticate(request, 0, "", CHALLENGE.as_bytes(), 0);
            stream.write_all(&answer).await?;
            return Ok(None);
        }
        match self.judge(message) {
            Ok(left) => {
                let session = i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
                let answer = messages::sasl_authenticate(request, 0, "", &[], session);
                stream.write_all(&answer).await?;
                login.done = true;
                Ok(None)
            }
            Err(words) => {
                // Error 58 waits too: it is sent when the connection is closed.
                self.wait(number).await;
                let answer = messages::sasl_authenticate(request, 58, &words, &[], 0);
                stream.write_all(&answer).await?;
                Ok(Some(Leave::Close))
            }
        }
    }

    /// A token after `SaslHandshake` v0: an empty frame, a challenge, or a close without words.
    async fn bare_token<S>(
        &self,
        stream: &mut S,
        message: &[u8],
        login: &mut Login,
        number: u64,
    ) -> io::Result<Option<Leave>>
    where
        S: AsyncWrite + Unpin,
    {
        if self.has(LabFault::Sasl26) {
            return Ok(Some(Leave::Never));
        }
        if self.has(LabFault::Net03) {
            return Ok(Some(Leave::Reset));
        }
        let dismissed = message == [1];
        if self.has(LabFault::Sasl06) && !dismissed {
            let answer = crate::kafka::messages::with_length(CHALLENGE.as_bytes());
            stream.write_all(&answer).await?;
            return Ok(None);
        }
        if dismissed || self.closes_without_words() || self.judge(message).is_err() {
            self.wait(number).await;
            return Ok(Some(Leave::Close));
        }
        stream.write_all(&[0; 4]).await?;
        (login.bare, login.done) = (false, true);
        Ok(None)
    }

    /// `connection.failed.authentication.delay.ms`, and up to 250 ms until the network thread looks.
    async fn wait(&self, number: u64) {
        let id = u64::try_from(self.identity.id).unwrap_or(0);
        let mixed = (self.cluster.seed ^ (id << 32) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let beyond = if self.cluster.delay.is_zero() {
            0
        } else {
            (mixed >> 32) % 250
        };
        sleep(self.cluster.delay + Duration::from_millis(beyond)).await;
    }

    fn listed(&self) -> (String, Vec<Listed>) {
        let id = if self.has(LabFault::Clu08) {
            "ZyXwVuTsRqPoNmLkJiHgFe"
        } else {
            "AbCdEfGhIjKlMnOpQrStUv"
        };
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
        if let Some(ghost) = self.cluster.ghost {
            let id = i32::try_from(self.cluster.brokers.len() + 1).unwrap_or(i32::MAX);
            let host = match self.cluster.advertise {
                Advertise::Addresses => ghost.ip().to_string(),
                Advertise::RealNames => format!("b-{id}.{}", super::DOMAIN),
            };
            listed.push(Listed {
                id,
                host,
                port: ghost.port(),
            });
        }
        (id.to_owned(), listed)
    }

    /// Answers made to hurt whoever reads them.
    async fn hostile<S>(&self, stream: &mut S) -> io::Result<Option<Leave>>
    where
        S: AsyncWrite + Unpin,
    {
        if self.has(LabFault::HostileGarbage) {
            let noise: Vec<u8> = (0..512u32).map(|i| (i * 197 % 251) as u8 | 0x80).collect();
            stream.write_all(&noise).await?;
            return Ok(Some(Leave::Close));
        }
        if self.has(LabFault::HostileLength) {
            stream
                .write_all(&[0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4])
                .await?;
            return Ok(Some(Leave::Never));
        }
        if self.has(LabFault::HostileDrip) {
            stream.write_all(&[0, 0, 4]).await?;
            for _ in 0..600 {
                stream.write_all(&[0]).await?;
                stream.flush().await?;
                sleep(Duration::from_secs(1)).await;
            }
            return Ok(Some(Leave::Close));
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
}

/// How far a login has come.
#[derive(Debug, Default)]
struct Login {
    /// A mechanism was chosen.
    chosen: bool,
    /// The next frame is a bare token.
    bare: bool,
    /// The client is logged in.
    done: bool,
}

/// A frame without its length; `None` at the end, or when it is too large.
async fn read_frame<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if let Err(error) = stream.read_exact(&mut length).await {
        return if error.kind() == io::ErrorKind::UnexpectedEof {
            Ok(None)
        } else {
            Err(error)
        };
    }
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_REQUEST {
        return Ok(None);
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await?;
    Ok(Some(frame))
}
