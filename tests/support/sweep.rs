//! Plays one conversation over and over, each time with another fault, and tells what came of it.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use spn_doctor::directory::Directory;
use spn_doctor::input::ldap::{self, Live, Settings};
use spn_doctor::judge::judge;
use spn_doctor::judge::remedy::setspn::Dialect;
use spn_doctor::report::{Report, Source, Verdict};

use super::proxy::{Disturbance, Fault, Proxy, Way};
use super::server::own_address;

/// A server behind a bad line, perhaps a good one to turn to, and the answer that both have.
pub(crate) struct Scene {
    server: SocketAddr,
    second: Option<SocketAddr>,
    /// How the server is named, where its address will not do.
    host: String,
    /// The port of the domain controller, where the bad line leads to its global catalog.
    controller: Option<u16>,
    settings: Settings,
    right: String,
    requests: Vec<u8>,
    replies: Vec<u8>,
}

/// One fault, and whether there is another server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) disturbance: Disturbance,
    pub(crate) alone: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exactly what an undisturbed run says: exit 0 or 1, and rightly so.
    Right,
    /// An error, or a result that says that it is incomplete: exit 2.
    None(String),
    /// Another answer, taken for whole: a false 0 or 1.
    Wrong(String),
}

/// How many came to what.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) right: usize,
    pub(crate) none: usize,
    pub(crate) wrong: Vec<String>,
    /// The conversation did not come to the byte: encryption makes some bytes more or fewer.
    pub(crate) unreached: usize,
    pub(crate) slowest: Duration,
}

impl Tally {
    /// The faults that happened.
    pub(crate) fn cases(&self) -> usize {
        self.right + self.none + self.wrong.len()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cases, slowest) = (self.cases(), self.slowest.as_secs_f32());
        let (right, none, wrong) = (self.right, self.none, self.wrong.len());
        write!(f, "{cases} faults: {right} right, {none} exit 2, {wrong} wrong; slowest {slowest:.1} s")
    }
}

/// Whether nothing is to be left out.
pub(crate) fn all() -> bool {
    std::env::var("SPN_DOCTOR_FAULTS").is_ok_and(|value| value == "all")
}

impl Scene {
    pub(crate) fn new(server: SocketAddr, second: Option<SocketAddr>, settings: Settings) -> Self {
        Self::named(&server.ip().to_string(), server, second, settings)
    }

    pub(crate) fn named(host: &str, server: SocketAddr, second: Option<SocketAddr>, settings: Settings) -> Self {
        Self::blank(host, server, second, settings).undisturbed()
    }

    /// A good line to a domain controller at every loopback address, a bad one to the global catalog of its forest.
    pub(crate) fn of_a_catalog(controller: u16, catalog: SocketAddr, settings: Settings) -> Self {
        Self { controller: Some(controller), ..Self::blank("", catalog, None, settings) }.undisturbed()
    }

    fn blank(host: &str, server: SocketAddr, second: Option<SocketAddr>, settings: Settings) -> Self {
        let (right, requests, replies) = Default::default();
        Self { server, second, host: host.to_owned(), controller: None, settings, right, requests, replies }
    }

    /// Listens to a conversation in which nothing goes wrong.
    fn undisturbed(mut self) -> Self {
        let (proxy, servers) = self.line(own_address(), None);
        let live = ldap::read(&patient(&self.settings, servers), &mut ()).expect("nothing is wrong yet");
        let (right, verdict) = answer(&live);
        assert_eq!(verdict, Verdict::Findings, "{:?}", live.reading.gaps);
        self.right = right;
        self.requests = proxy.heard(Way::Requests);
        self.replies = proxy.heard(Way::Replies);
        self
    }

    /// The bad line, and the servers to name to the program. A catalog needs an address of its own: its port is given.
    fn line(&self, own: Ipv4Addr, disturbance: Option<Disturbance>) -> (Proxy, Vec<String>) {
        const CATALOGUE: u16 = 3268;
        if let Some(controller) = self.controller {
            let proxy = Proxy::between(SocketAddr::new(own.into(), CATALOGUE), self.server, disturbance);
            return (proxy, vec![format!("{own}:{controller}")]);
        }
        let proxy = Proxy::between(SocketAddr::new(self.server.ip(), 0), self.server, disturbance);
        let servers = vec![format!("{}:{}", self.host, proxy.address.port())];
        (proxy, servers)
    }

    /// What goes this way when nothing is disturbed.
    pub(crate) fn heard(&self, way: Way) -> &[u8] {
        match way {
            Way::Requests => &self.requests,
            Way::Replies => &self.replies,
        }
    }

    /// Plays it once; also whether the fault happened, and how long it took.
    fn play(&self, case: Case, own: Ipv4Addr, slowly: bool) -> (Outcome, bool, Duration) {
        let (proxy, mut servers) = self.line(own, Some(case.disturbance));
        if !case.alone {
            servers.extend(self.second.map(|second| second.to_string()));
        }
        let settings =
            if slowly { patient(&self.settings, servers) } else { Settings { servers, ..self.settings.clone() } };
        let started = Instant::now();
        let outcome = match ldap::read(&settings, &mut ()) {
            Err(error) => Outcome::None(error.to_string()),
            Ok(live) => self.judge(&live),
        };
        let took = started.elapsed();
        // Some for a machine that has other things to do.
        assert!(took < settings.timeout + Duration::from_secs(5), "{case:?} took {took:?}");
        (outcome, proxy.happened(), took)
    }

    fn judge(&self, live: &Live) -> Outcome {
        match answer(live) {
            (_, Verdict::Incomplete) => Outcome::None("incomplete".to_owned()),
            (answer, _) if answer == self.right => Outcome::Right,
            (answer, _) => Outcome::Wrong(answer),
        }
    }

    /// Whether there must be an answer, whatever happens to the first server.
    fn must_be_right(&self, case: Case) -> bool {
        match case.disturbance.fault {
            Fault::Delay => true,
            fault => !fault.corrupts() && !case.alone && self.second.is_some(),
        }
    }

    fn outcome(&self, case: Case, own: Ipv4Addr) -> (Outcome, bool, Duration) {
        let (outcome, happened, took) = self.play(case, own, false);
        if !matches!(outcome, Outcome::None(_)) || happened && !self.must_be_right(case) {
            return (outcome, happened, took);
        }
        // An answer is due. A busy machine may have been slower than the short time allowed; then more must help.
        match self.play(case, own, true) {
            (Outcome::None(error), happened, _) if !happened || self.must_be_right(case) => {
                (Outcome::Wrong(format!("no answer: {error}")), happened, took)
            }
            (outcome, happened, _) => (outcome, happened, took),
        }
    }
}

fn patient(settings: &Settings, servers: Vec<String>) -> Settings {
    let (step_timeout, timeout) = (Duration::from_secs(25), Duration::from_secs(60));
    Settings { servers, step_timeout, timeout, ..settings.clone() }
}

/// Everything that was read and judged, as text.
fn answer(live: &Live) -> (String, Verdict) {
    let directory = Directory::new(&live.reading);
    let report = Report::new(&judge(&directory), Source::Ldif { files: Vec::new() }, Dialect::default());
    let mut entries: Vec<String> = live
        .reading
        .entries()
        .map(|entry| {
            let mut values: Vec<String> = entry.attributes().map(|values| format!("{values:?}")).collect();
            values.sort();
            format!("{} {values:?}", entry.dn)
        })
        .collect();
    entries.sort();
    (format!("{}\n{}", serde_json::to_string(&report).unwrap(), entries.join("\n")), report.verdict)
}

/// Plays all cases, many at a time: most of them wait for something.
pub(crate) fn sweep(scene: &Scene, cases: &[Case], threads: usize) -> Tally {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let own = own_address();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (outcome, happened, took) = scene.outcome(*case, own);
                    let mut tally = tally.lock().unwrap();
                    tally.slowest = tally.slowest.max(took);
                    match outcome {
                        Outcome::Wrong(answer) => tally.wrong.push(format!("{case:?}: {answer}")),
                        _ if !happened => tally.unreached += 1,
                        Outcome::Right => tally.right += 1,
                        Outcome::None(_) => tally.none += 1,
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

/// Every so many bytes, and the first two of each message: before the first, the one before it is whole.
pub(crate) fn every(length: usize, step: usize, phase: usize, boundaries: &[usize]) -> Vec<usize> {
    let near = boundaries.iter().flat_map(|at| [*at, at + 1]);
    let mut offsets: Vec<usize> = (phase % step..length).step_by(step).chain(near).filter(|at| *at < length).collect();
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}

/// Where messages begin: LDAP messages, TLS records, or sealed frames after them.
pub(crate) fn boundaries(bytes: &[u8]) -> Vec<usize> {
    let (mut at, mut found) = (0, Vec::new());
    while let Some(length) = bytes.get(at..).and_then(length) {
        found.push(at);
        at += length;
    }
    found
}

fn length(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [0x30, ..] => header(bytes).map(|(header, content)| header + content),
        [0x14..=0x17, 3, _, high, low, ..] => Some(5 + usize::from(u16::from_be_bytes([high, low]))),
        [0, a, b, c, ..] => Some(4 + usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap()),
        _ => None,
    }
}

/// How long the header of a BER element is, and its content.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let first = *bytes.get(1)?;
    let digits = if first & 0x80 == 0 { 0 } else { usize::from(first & 0x7f) };
    let content = bytes.get(2..2 + digits)?.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
    Some((2 + digits, if digits == 0 { usize::from(first) } else { content }))
}

/// For every byte of LDAP messages, whether it is a tag or a length, and not part of a value.
pub(crate) fn structure(bytes: &[u8]) -> Vec<bool> {
    let mut structure = vec![false; bytes.len()];
    mark(bytes, 0, &mut structure);
    structure
}

fn mark(bytes: &[u8], start: usize, structure: &mut [bool]) {
    const CONSTRUCTED: u8 = 0x20;
    let mut at = 0;
    while let Some((header, content)) = header(&bytes[at..]) {
        structure[start + at..start + at + header].fill(true);
        let inner = &bytes[at + header..at + header + content];
        if bytes[at] & CONSTRUCTED != 0 {
            mark(inner, start + at + header, structure);
        }
        at += header + content;
    }
}
