//! A proxy that carries one connection, and does one thing wrong at one byte of one of its ways.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Requests,
    Replies,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is closed, both ways, before this byte.
    Close,
    /// This way ends before this byte; the other stays open.
    Truncate,
    /// Nothing more comes this way, and nothing is closed.
    Stall,
    /// This byte and what follows it come late.
    Delay,
    /// These bits of the byte are changed.
    Flip(u8),
    /// Another byte comes in its place.
    Replace(u8),
    /// The byte comes twice.
    Duplicate,
    /// The byte is lost.
    Drop,
}

impl Fault {
    /// Whether what arrives is not what was sent.
    pub(crate) fn corrupts(self) -> bool {
        matches!(self, Self::Flip(_) | Self::Replace(_) | Self::Duplicate | Self::Drop)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Disturbance {
    pub(crate) way: Way,
    pub(crate) at: usize,
    pub(crate) fault: Fault,
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    disturbance: Option<Disturbance>,
    happened: AtomicBool,
    requests: Mutex<Vec<u8>>,
    replies: Mutex<Vec<u8>>,
}

impl Proxy {
    /// Listens here, and carries the first connection to there.
    pub(crate) fn between(here: SocketAddr, there: SocketAddr, disturbance: Option<Disturbance>) -> Self {
        let listener = bind(here);
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            disturbance,
            happened: AtomicBool::new(false),
            requests: Mutex::default(),
            replies: Mutex::default(),
        });
        let carrying = shared.clone();
        thread::spawn(move || {
            let Ok((client, _)) = listener.accept() else { return };
            drop(listener);
            let Ok(server) = TcpStream::connect(there) else { return };
            carry(&client, &server, &carrying);
        });
        Self { address, shared }
    }

    /// Whether the conversation came to the byte at all.
    pub(crate) fn happened(&self) -> bool {
        self.shared.happened.load(Ordering::Relaxed)
    }

    /// What came in this way.
    pub(crate) fn heard(&self, way: Way) -> Vec<u8> {
        self.shared.heard(way).lock().unwrap().clone()
    }
}

impl Shared {
    fn heard(&self, way: Way) -> &Mutex<Vec<u8>> {
        match way {
            Way::Requests => &self.requests,
            Way::Replies => &self.replies,
        }
    }
}

/// A full sweep takes ports faster than the system gives back those that were used, which takes it a minute: then it waits.
fn bind(here: SocketAddr) -> TcpListener {
    let started = Instant::now();
    loop {
        match TcpListener::bind(here) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && started.elapsed().as_secs() < 120 => {
                thread::sleep(Duration::from_millis(100));
            }
            bound => return bound.unwrap(),
        }
    }
}

fn carry(client: &TcpStream, server: &TcpStream, shared: &Shared) {
    for stream in [client, server] {
        let _ = stream.set_nodelay(true);
    }
    thread::scope(|scope| {
        scope.spawn(|| pump(client, server, Way::Requests, shared));
        pump(server, client, Way::Replies, shared);
    });
}

/// Carries one way until it ends.
fn pump(mut from: &TcpStream, mut to: &TcpStream, way: Way, shared: &Shared) {
    let (mut buffer, mut passed, mut silent) = (vec![0; 16 << 10], 0, false);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let piece = &buffer[..count];
        shared.heard(way).lock().unwrap().extend_from_slice(piece);
        let due = shared.disturbance.filter(|due| due.way == way && (passed..passed + count).contains(&due.at));
        let (before, after) = piece.split_at(due.map_or(count, |due| due.at - passed));
        passed += count;
        if !silent && to.write_all(before).is_err() {
            break;
        }
        let Some(due) = due else { continue };
        shared.happened.store(true, Ordering::Relaxed);
        let late = match due.fault {
            Fault::Close => {
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                return;
            }
            Fault::Truncate => {
                let _ = to.shutdown(Shutdown::Write);
                None
            }
            Fault::Stall => None,
            Fault::Delay => {
                thread::sleep(Duration::from_millis(5));
                Some(after.to_vec())
            }
            Fault::Flip(bits) => Some([&[after[0] ^ bits], &after[1..]].concat()),
            Fault::Replace(byte) => Some([&[byte], &after[1..]].concat()),
            Fault::Duplicate => Some([&after[..1], after].concat()),
            Fault::Drop => Some(after[1..].to_vec()),
        };
        silent = late.is_none();
        if late.is_some_and(|late| to.write_all(&late).is_err()) {
            break;
        }
    }
    // The end of one way is passed on; whoever has nothing more to say ends the other.
    let _ = to.shutdown(Shutdown::Write);
}
