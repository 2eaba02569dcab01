//! The cache of a daemon: Heimdal's protocol, which SSSD speaks too. Read only.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::file::{Contents, Reader};
use super::{Cached, Unreadable};

/// Where MIT's library looks for the daemon, unless krb5.conf says otherwise.
pub(super) const SOCKET: &str = "/var/run/.heim_org.h5l.kcm-socket";
/// How long the daemon may take for all answers.
const PATIENCE: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(5) };
/// More than any answer has.
const LONGEST: u32 = 1 << 20;
/// More tickets than anybody holds.
const MOST_CREDENTIALS: usize = 1000;

const GET_PRINCIPAL: u16 = 8;
const GET_CREDENTIAL_LIST: u16 = 9;
const GET_CREDENTIAL: u16 = 10;
const GET_DEFAULT: u16 = 20;
const GET_OFFSET: u16 = 22;

/// Why the daemon's cache cannot be read.
pub(super) enum Trouble {
    /// Nobody listens, or not for long.
    Unreachable(io::Error),
    /// It has no such cache.
    Refused,
    /// What it says makes no sense.
    Unreadable,
}

impl From<Unreadable> for Trouble {
    fn from(_: Unreadable) -> Self {
        Self::Unreadable
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error)
    }
}

/// Reads a cache; the user's default one if none is named.
pub(super) fn read(socket: &str, name: Option<&str>) -> Result<Contents, Trouble> {
    let mut daemon = Daemon::connect(socket)?;
    let name = match name {
        Some(name) => [name.as_bytes(), b"\0"].concat(),
        None => daemon.ask(GET_DEFAULT, &[])?,
    };
    let principal = daemon.ask(GET_PRINCIPAL, &name)?;
    let principal = Reader::new(&principal).principal()?;
    let identifiers = daemon.ask(GET_CREDENTIAL_LIST, &name)?;
    let mut credentials: Vec<Cached> = Vec::new();
    for identifier in identifiers.chunks_exact(16).take(MOST_CREDENTIALS) {
        let credential = daemon.ask(GET_CREDENTIAL, &[&name, identifier].concat())?;
        credentials.push(Reader::new(&credential).credential()?);
    }
    // Not every daemon knows of offsets.
    let offset = daemon.ask(GET_OFFSET, &name).ok().and_then(|bytes| bytes.first_chunk::<4>().copied());
    Ok(Contents { principal, credentials, offset: offset.map_or(0, |bytes| i64::from(i32::from_be_bytes(bytes))) })
}

struct Daemon {
    stream: UnixStream,
    /// When it is waited for no longer.
    until: Instant,
}

impl io::Read for Daemon {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

impl Daemon {
    fn connect(socket: &str) -> io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, until: Instant::now() + PATIENCE })
    }

    fn ask(&mut self, operation: u16, what: &[u8]) -> Result<Vec<u8>, Trouble> {
        let request = [&[2, 0], &operation.to_be_bytes()[..], what].concat();
        let length = u32::try_from(request.len()).map_err(|_| Trouble::Unreadable)?;
        self.stream.write_all(&[&length.to_be_bytes()[..], &request].concat())?;
        let (length, transport) = (self.number()?, self.number()?);
        if transport != 0 || !(4..=LONGEST).contains(&length) {
            return Err(Trouble::Unreadable);
        }
        let refused = self.number()? != 0;
        let mut reply = vec![0; usize::try_from(length - 4).map_err(|_| Trouble::Unreadable)?];
        self.read_exact(&mut reply)?;
        if refused { Err(Trouble::Refused) } else { Ok(reply) }
    }

    fn number(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_daemon_that_speaks_byte_by_byte_is_not_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("kcm");
        let listener = UnixListener::bind(&socket).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let bytes = [&[0, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0; 10_000]].concat();
            bytes.chunks(1).all(|byte| {
                thread::sleep(Duration::from_millis(20));
                stream.write_all(byte).is_ok()
            })
        });
        let begun = Instant::now();
        assert!(matches!(read(socket.to_str().unwrap(), None), Err(Trouble::Unreachable(_))));
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
