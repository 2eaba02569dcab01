//! A connection to a host, whichever of its addresses answers.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

use super::dns;
use crate::directory::text::printable;
use crate::trouble::Trouble;

/// Connects to the first of the host's addresses that answers. Each gets its share of the time: an address that swallows
/// everything, as IPv6 does behind many a firewall, leaves some for the next.
///
/// `ports` says which port the service has, to whoever gave a wrong one.
pub(crate) async fn connect(host: &str, port: u16, limit: Duration, ports: &str) -> Result<TcpStream, Trouble> {
    let unknown = |error: io::Error| {
        let what = format!("the host {} is not known: {error}", printable(host));
        Trouble::new(what).hint("check the name, and which DNS server this machine asks")
    };
    let found = tokio::time::timeout(limit, dns::addresses(host, port)).await;
    let candidates = found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(unknown)?;
    let share = limit / u32::try_from(candidates.len()).unwrap_or(u32::MAX).max(1);
    let mut last = None;
    for candidate in candidates {
        let connected = tokio::time::timeout(share, TcpStream::connect(candidate)).await;
        match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                // Requests are short, and each waits for its reply.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
    Err(unreachable(host, port, &error, ports))
}

fn unreachable(host: &str, port: u16, error: &io::Error, ports: &str) -> Trouble {
    let host = printable(host);
    if error.kind() == io::ErrorKind::ConnectionRefused {
        Trouble::new(format!("nothing listens on port {port} of {host}: {error}")).hint(ports)
    } else {
        Trouble::new(format!("{host}:{port} cannot be reached: {error}"))
            .hint("check the network, and firewalls on the way")
    }
}
