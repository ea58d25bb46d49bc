//! A DNS server for the brokers' names: A records, no AAAA, and its own faults.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA};
use hickory_proto::rr::{RData, Record, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::sync::CancellationToken;

use super::{Cluster, LabFault};

/// What MSK's own records have, seconds.
const TTL: u32 = 60;

/// Answers on `address`, UDP and TCP; gives the address with its port.
pub(super) async fn start(
    address: SocketAddr,
    cluster: Arc<Cluster>,
    stop: CancellationToken,
) -> io::Result<SocketAddr> {
    let (udp, tcp) = bind(address).await?;
    let address = udp.local_addr()?;
    tokio::spawn(over_udp(udp, cluster.clone(), stop.clone()));
    tokio::spawn(over_tcp(tcp, cluster, stop));
    Ok(address)
}

/// One port for UDP and TCP: a port that is free for the one may be taken for the other.
async fn bind(address: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut tries = if address.port() == 0 { 100 } else { 1 };
    loop {
        let udp = UdpSocket::bind(address).await?;
        tries -= 1;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            Err(error) => return Err(error),
        }
    }
}

async fn over_udp(socket: UdpSocket, cluster: Arc<Cluster>, stop: CancellationToken) {
    let mut buffer = [0; 4096];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = stop.cancelled() => return,
        };
        if let Ok((length, client)) = received
            && let Some(answer) = answer(&buffer[..length], &cluster)
        {
            let _ = socket.send_to(&answer, client).await;
        }
    }
}

async fn over_tcp(listener: TcpListener, cluster: Arc<Cluster>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((mut stream, _)) = accepted else {
            continue;
        };
        let (cluster, stop) = (cluster.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                _ = over_stream(&mut stream, &cluster) => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

async fn over_stream(stream: &mut TcpStream, cluster: &Cluster) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await?;
        if let Some(answer) = answer(&question, cluster) {
            let length = u16::try_from(answer.len()).unwrap_or(u16::MAX);
            let framed = [&length.to_be_bytes()[..], &answer].concat();
            stream.write_all(&framed).await?;
        }
    }
}

fn answer(question: &[u8], cluster: &Cluster) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?;
    let is_question = question.metadata.message_type == MessageType::Query
        && question.metadata.op_code == OpCode::Query;
    if !is_question {
        return None;
    }
    let mut reply = Message::response(question.metadata.id, OpCode::Query);
    reply.add_query(query.clone());
    // As a resolver: glibc takes an empty answer without this bit for a lame server's.
    reply.metadata.recursion_desired = question.metadata.recursion_desired;
    reply.metadata.recursion_available = true;
    let name = query.name().to_ascii().to_ascii_lowercase();
    let name = name.trim_end_matches('.');
    // The ghost has a name as well: it resolves, and nothing listens there.
    let ghost = cluster.ghost.map(|ghost| {
        (
            cluster.broker_name(i32::try_from(cluster.brokers.len() + 1).unwrap_or(i32::MAX)),
            ghost.ip(),
        )
    });
    let known = cluster
        .brokers
        .iter()
        .find(|broker| broker.name == name)
        .map(|broker| (Some(broker), broker.address.ip()))
        .or_else(|| {
            ghost
                .filter(|(ghost, _)| ghost == name)
                .map(|(_, ip)| (None, ip))
        });
    let Some((broker, ip)) = known else {
        reply.metadata.response_code = ResponseCode::NXDomain;
        return reply.to_vec().ok();
    };
    let has = |fault| broker.is_some_and(|broker| cluster.has(fault, broker));
    if has(LabFault::Dns02Silence) {
        return None;
    }
    if has(LabFault::Dns01) {
        reply.metadata.response_code = ResponseCode::NXDomain;
    } else if has(LabFault::Dns02) {
        reply.metadata.response_code = ResponseCode::ServFail;
    } else if !has(LabFault::Dns03) {
        let data = match (query.query_type(), ip) {
            (RecordType::A, IpAddr::V4(ip)) => Some(RData::A(A(ip))),
            (RecordType::AAAA, IpAddr::V6(ip)) => Some(RData::AAAA(AAAA(ip))),
            _ => None,
        };
        if let Some(data) = data {
            reply.add_answer(Record::from_rdata(query.name().clone(), TTL, data));
        }
    }
    reply.to_vec().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_free_port_is_free_for_both() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        // Taken for TCP, free for UDP: about one in sixty of the ports that the kernel gives.
        let mut taken = Vec::new();
        for _ in 0..500 {
            taken.push(TcpListener::bind(any).await.expect("a listener"));
        }
        for _ in 0..400 {
            let (udp, tcp) = bind(any).await.expect("a port");
            let (udp, tcp) = (udp.local_addr(), tcp.local_addr());
            assert_eq!(udp.expect("an address"), tcp.expect("an address"));
        }
        let taken = taken[0].local_addr().expect("an address");
        assert!(bind(taken).await.is_err(), "a port that was asked for");
    }
}
