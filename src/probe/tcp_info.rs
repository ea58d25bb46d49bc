//! `TCP_INFO` of tcp(7): what the kernel knows of a connection.

use super::observation::TcpInfo;

/// Reads `TCP_INFO`; `None` where the system has none.
///
/// Fields are taken by their offset in `struct tcp_info` of `linux/tcp.h`, which only ever grows at
/// its end; `libc` declares the older fields only.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "getsockopt(TCP_INFO) has no safe wrapper")]
#[must_use]
pub fn read(socket: &impl std::os::fd::AsRawFd) -> Option<TcpInfo> {
    let mut bytes = [0u8; 256];
    let mut length = libc::socklen_t::try_from(bytes.len()).ok()?;
    // SAFETY: the kernel writes at most `length` bytes, the size of `bytes`, and says how many.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            bytes.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return None;
    }
    let written = bytes.get(..usize::try_from(length).ok()?)?;
    let field = |offset: usize| -> Option<u32> {
        let bytes = written.get(offset..offset + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    };
    Some(TcpInfo {
        snd_mss: field(16)?,
        unacked: field(24)?,
        path_mtu: field(60)?,
        rtt_us: field(68)?,
        total_retrans: field(100)?,
        // Since Linux 5.4.
        out_of_order: field(224).unwrap_or(0),
    })
}

/// Reads `TCP_INFO`; `None` where the system has none.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn read<S>(_socket: &S) -> Option<TcpInfo> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_loopback_connection_has_plausible_figures() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let address = listener.local_addr().expect("an address");
        let socket = TcpStream::connect(address).expect("a connection");
        let info = super::read(&socket).expect("TCP_INFO");
        assert!(
            info.snd_mss >= 536 && info.path_mtu >= info.snd_mss,
            "{info:?}"
        );
        assert!(
            info.rtt_us < 1_000_000 && info.total_retrans == 0 && info.unacked == 0,
            "{info:?}"
        );
    }
}
