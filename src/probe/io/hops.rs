//! How far packets have come: the time to live of IPv4, the hop limit of IPv6.
//!
//! Linux drops, for a socket that says so, what comes with fewer (`IP_MINTTL`, ip(7); `IPV6_MINHOPCOUNT`), which needs no privileges: RFC
//! 5082 made it for routers. With it a reset can be told from one of another origin.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::time::Instant;

use super::{Shared, within};

/// The least patience with a handshake that may have been dropped.
const LEAST_PATIENCE: Duration = Duration::from_millis(100);

/// Whether packets with a lower time to live than this are dropped from now on.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "setsockopt(IP_MINTTL) has no safe wrapper")]
pub(super) fn set_least(socket: &impl std::os::fd::AsRawFd, hops: u8) -> bool {
    /// linux/in6.h
    const IPV6_MINHOPCOUNT: libc::c_int = 73;
    let value = libc::c_int::from(hops);
    let set = |level, option| {
        let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or_default();
        // SAFETY: the kernel reads `size` bytes, the size of `value`.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                level,
                option,
                (&raw const value).cast(),
                size,
            )
        };
        result == 0
    };
    // A socket of IPv6 takes the first too, for mapped addresses.
    let v4 = set(libc::IPPROTO_IP, libc::IP_MINTTL);
    set(libc::IPPROTO_IPV6, IPV6_MINHOPCOUNT) || v4
}

/// Whether packets with a lower time to live than this are dropped from now on: other systems cannot.
#[cfg(not(target_os = "linux"))]
pub(super) fn set_least<S>(_: &S, _: u8) -> bool {
    false
}

/// The time to live with which the peer's handshake comes; `None` where it cannot be told. Opens some fifteen connections, three at a
/// time, and says nothing on them.
pub(super) async fn find(address: SocketAddr, shared: &Shared) -> Option<u8> {
    let began = Instant::now();
    comes(address, 0, shared.phase_timeout, shared).await?;
    let round_trip = began.elapsed();
    let patience = (round_trip * 4).max(LEAST_PATIENCE);
    // What comes with at least `least` comes; what would need more than `most` does not.
    let (mut least, mut most) = (0_u8, u8::MAX);
    while least < most {
        let step = u8::max(1, (most - least).div_ceil(4));
        let tries =
            [1_u8, 2, 3].map(|times| least.saturating_add(step.saturating_mul(times)).min(most));
        let came =
            futures::future::join_all(tries.map(|hops| comes(address, hops, patience, shared)))
                .await;
        for (hops, came) in tries.into_iter().zip(came) {
            match came {
                Some(()) => least = least.max(hops),
                None => most = most.min(hops - 1),
            }
        }
        if least > most || Instant::now() >= shared.deadline {
            // They did not come in order: something else decides.
            return None;
        }
    }
    // One that was only late would make another's reset of the broker's own: none of several may come.
    let above = least.checked_add(1)?;
    let again = (round_trip * 8).max(LEAST_PATIENCE * 3);
    let controls = [above; 3].map(|hops| comes(address, hops, again, shared));
    let came = futures::future::join_all(controls).await;
    (least > 0 && came.iter().all(Option::is_none)).then_some(least)
}

/// Whether a connection comes about when packets with a lower time to live are dropped.
async fn comes(address: SocketAddr, hops: u8, patience: Duration, shared: &Shared) -> Option<()> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    let socket = socket.ok()?;
    if hops > 0 && !set_least(&socket, hops) {
        return None;
    }
    let until = (Instant::now() + patience).min(shared.deadline);
    let connected = within(&shared.cancel, until, socket.connect(address)).await?;
    connected.ok().map(|_| ())
}
