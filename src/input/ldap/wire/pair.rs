//! A pair of connected local sockets: the client library wants a socket, and what lies outside it wants the other end.

use std::io;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, StdStream};
use url_of_pair::URL;

/// The library's end, and ours.
pub(crate) async fn connect() -> io::Result<(LdapConnAsync, Ldap, Outside)> {
    let (inside, outside) = pair()?;
    let settings = LdapConnSettings::new().set_std_stream(inside);
    let (driver, ldap) = LdapConnAsync::with_settings(settings, URL).await.map_err(io::Error::from)?;
    Ok((driver, ldap, outside))
}

#[cfg(unix)]
mod url_of_pair {
    pub(super) const URL: &str = "ldapi://pair";
}

#[cfg(not(unix))]
mod url_of_pair {
    pub(super) const URL: &str = "ldap://localhost";
}

/// Our end.
#[cfg(unix)]
pub(crate) type Outside = tokio::net::UnixStream;

#[cfg(unix)]
fn pair() -> io::Result<(StdStream, Outside)> {
    let (inside, outside) = std::os::unix::net::UnixStream::pair()?;
    outside.set_nonblocking(true)?;
    Ok((StdStream::Unix(inside), tokio::net::UnixStream::from_std(outside)?))
}

/// Our end.
#[cfg(not(unix))]
pub(crate) type Outside = tokio::net::TcpStream;

/// Without Unix sockets: a connection over the loopback interface. Another process may connect to the port first, so only
/// the peer that we ourselves are is accepted.
#[cfg(not(unix))]
fn pair() -> io::Result<(StdStream, Outside)> {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let inside = TcpStream::connect(listener.local_addr()?)?;
    loop {
        let (outside, peer) = listener.accept()?;
        if peer == inside.local_addr()? {
            outside.set_nonblocking(true)?;
            outside.set_nodelay(true)?;
            inside.set_nodelay(true)?;
            return Ok((StdStream::Tcp(inside), Outside::from_std(outside)?));
        }
    }
}
