//! One question to one KDC, and its answer, over TCP (RFC 4120, section 7.2.2).

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::directory::text::printable;
use crate::input::net;
use crate::trouble::Trouble;

const PORT: u16 = 88;
/// More bytes than any answer has: a ticket grows with the groups of its holder, and 64 KiB of those are the most there can be.
const LONGEST: u32 = 256 << 10;

/// Asks a KDC, given as `HOST[:PORT]`.
pub(super) async fn exchange(kdc: &str, request: &[u8], limit: Duration) -> Result<Vec<u8>, Trouble> {
    let asked = tokio::time::timeout(limit, ask(kdc, request, limit)).await;
    asked.unwrap_or_else(|_| {
        let what = format!("the KDC {} does not answer within {} seconds", printable(kdc), limit.as_secs_f32());
        Err(Trouble::new(what).hint("check port 88 of the domain controller, and firewalls on the way"))
    })
}

async fn ask(kdc: &str, request: &[u8], limit: Duration) -> Result<Vec<u8>, Trouble> {
    const PORTS: &str = "check that this is a domain controller: its KDC listens on port 88";
    let (host, port) = address(kdc);
    let broken = |what: &str| {
        Trouble::new(format!("the KDC {} {what}", printable(kdc))).hint("its event log may say why; ask another one")
    };
    let lost = |error: std::io::Error| broken(&format!("closed the connection: {error}"));
    let mut stream = net::connect(host, port, limit, PORTS).await?;
    let length = u32::try_from(request.len()).map_err(|_| broken("cannot be asked that much"))?;
    // In one piece: some KDCs take what comes first for all of it.
    stream.write_all(&[&length.to_be_bytes()[..], request].concat()).await.map_err(lost)?;
    let length = stream.read_u32().await.map_err(lost)?;
    if length > LONGEST {
        return Err(broken("sent something that is no Kerberos message"));
    }
    let mut reply = vec![0; usize::try_from(length).unwrap_or_default()];
    stream.read_exact(&mut reply).await.map_err(lost)?;
    Ok(reply)
}

/// Host and port of `HOST[:PORT]`, `[IPv6]:PORT` or a bare address. krb5.conf also allows a protocol before it.
fn address(kdc: &str) -> (&str, u16) {
    // A remark may stand behind it.
    let kdc = kdc.split_whitespace().next().unwrap_or_default();
    let kdc = kdc.rsplit_once('/').map_or(kdc, |(_, rest)| rest);
    let (host, port) = match kdc.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None if kdc.matches(':').count() == 1 => {
            kdc.split_once(':').map_or((kdc, None), |(host, port)| (host, Some(port)))
        }
        None => (kdc, None),
    };
    (host, port.and_then(|port| port.parse().ok()).unwrap_or(PORT))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_kdc_is_named_with_or_without_its_port() {
        for (text, expected) in [
            ("dc1.contoso.com", ("dc1.contoso.com", 88)),
            ("dc1:1088", ("dc1", 1088)),
            ("tcp/dc1", ("dc1", 88)),
            ("[::1]:1088", ("::1", 1088)),
            ("::1", ("::1", 88)),
        ] {
            assert_eq!(address(text), expected);
        }
    }
}
