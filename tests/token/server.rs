//! An HTTP server of a few lines, on a free port of this machine.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// What the server says to a request.
pub enum Answer {
    /// A status line's code, headers of one line each, and a body.
    Http(u16, Vec<String>, String),
    /// Nothing, for longer than any test waits.
    Silence,
}

/// Starts a server that answers every request (its head and whatever of the body came with it) by `answer`; its URL.
pub fn start(answer: impl Fn(&str) -> Answer + Send + Sync + Copy + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, answer));
        }
    });
    url
}

fn serve(mut stream: TcpStream, answer: impl Fn(&str) -> Answer) {
    let mut request = String::new();
    let mut buffer = [0; 8192];
    while !is_whole(&request) {
        let Ok(length @ 1..) = stream.read(&mut buffer) else {
            return;
        };
        request.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    match answer(&request) {
        Answer::Http(status, headers, body) => {
            let mut response = format!("HTTP/1.1 {status} Status\r\nconnection: close\r\n");
            for header in headers {
                let _ = write!(response, "{header}\r\n");
            }
            let _ = write!(response, "content-length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(response.as_bytes());
        }
        Answer::Silence => thread::sleep(Duration::from_secs(60)),
    }
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap_or(0));
    body.len() >= length
}
