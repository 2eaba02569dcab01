//! A scripted server behind a SASL layer, that splits and packs what it sends in every way, and the whole client against it.

#[path = "../../../tests/support/promised.rs"]
mod promised;

use std::time::Duration;

use anyhow::{Result, ensure};
use ldap3::Scope;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::address::Address;
use super::failure::Failure;
use super::kept::Kept;
use super::search::{SearchRequest, SearchResult};
use super::session::Session;
use super::settings::{Security, Settings};
use super::wire::frames::{self, Frames, frame};
use super::wire::layer::{Layer, Seal, Sealed};
use super::wire::messages::{DONE, ENTRY, Message, Messages};
use crate::input::ber::{self, ENUMERATED, INTEGER, OCTETS, SEQUENCE, SET, element};

/// Stands in for a security context: not secret, but a frame left out, repeated or changed does not open.
#[derive(Default)]
struct Numbered {
    sent: u8,
    opened: u8,
}

impl Seal for Numbered {
    fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>> {
        let number = self.sent;
        self.sent = self.sent.wrapping_add(1);
        let sum = plain.iter().fold(number, |sum, byte| sum.wrapping_add(*byte));
        Ok([&[number, sum], plain.iter().map(|byte| byte ^ 0x5a).collect::<Vec<_>>().as_slice()].concat())
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>> {
        let [number, sum, sealed @ ..] = sealed else { anyhow::bail!("too short") };
        let plain: Vec<u8> = sealed.iter().map(|byte| byte ^ 0x5a).collect();
        ensure!(*number == self.opened, "out of order");
        ensure!(*sum == plain.iter().fold(*number, |sum, byte| sum.wrapping_add(*byte)), "changed");
        self.opened = self.opened.wrapping_add(1);
        Ok(plain)
    }
}

/// How the server sends.
#[derive(Clone, Copy, Debug)]
struct Manner {
    /// Plain bytes in a frame: fewer than a message, or more than several.
    packed: usize,
    /// Bytes on the wire at a time.
    split: usize,
    /// What it does wrong, in the second page.
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    LeaveOut,
    Repeat,
    Change,
    CutShort,
    OverLimit,
    /// One byte of the wire, in a way of its own.
    Byte(usize, Damage),
}

/// What happens to a byte between the server and the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    Flip(u8),
    Zero,
    Twice,
    Lost,
}

const PAGES: usize = 3;
const OBJECTS: usize = 20;

fn message(id: u32, operation: u8, content: &[u8], controls: &[u8]) -> Vec<u8> {
    let operation = element(operation, &[content]);
    element(SEQUENCE, &[&element(INTEGER, &[&ber::digits(id)]), &operation, controls])
}

/// One page: objects of very different sizes, and the end.
fn page(id: u32, number: usize) -> Vec<u8> {
    let mut plain = Vec::new();
    for object in 0..OBJECTS {
        let name = element(OCTETS, &[format!("CN=o{object},CN=p{number},DC=com").as_bytes()]);
        let value = element(OCTETS, &[&vec![b'x'; 1 << (object % 12)]]);
        let attribute = element(SEQUENCE, &[&element(OCTETS, &[b"cn"]), &element(SET, &[&value])]);
        plain.extend(message(id, ENTRY, &[name, element(SEQUENCE, &[&attribute])].concat(), &[]));
    }
    let outcome = [element(ENUMERATED, &[&[0]]), element(OCTETS, &[]), element(OCTETS, &[])].concat();
    let cookie: &[u8] = if number + 1 < PAGES { b"more" } else { b"" };
    let value = element(SEQUENCE, &[&element(INTEGER, &[&[0]]), &element(OCTETS, &[cookie])]);
    let control = element(SEQUENCE, &[&element(OCTETS, &[b"1.2.840.113556.1.4.319"]), &element(OCTETS, &[&value])]);
    plain.extend(message(id, DONE, &outcome, &element(0xa0, &[&control])));
    plain
}

async fn peer(mut stream: DuplexStream, manner: Manner) {
    let (mut seal, mut frames, mut messages) = (Numbered::default(), Frames::default(), Messages::default());
    let (mut number, mut buffer) = (0, [0; 1024]);
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        frames.push(&buffer[..count]);
        while let Some(token) = frames.next().unwrap() {
            messages.push(&seal.open(token).unwrap());
        }
        let Some(id) = messages.next().unwrap().map(|bytes| Message::parse(bytes).unwrap().id) else { continue };
        let fault = if number == 1 { manner.fault } else { Fault::None };
        let wire = sealed(&page(id, number), &mut seal, manner.packed, fault);
        for piece in wire.chunks(manner.split) {
            if stream.write_all(piece).await.is_err() {
                return;
            }
        }
        if fault == Fault::CutShort {
            return;
        }
        number += 1;
    }
}

fn sealed(plain: &[u8], seal: &mut Numbered, packed: usize, fault: Fault) -> Vec<u8> {
    let mut tokens: Vec<Vec<u8>> = plain.chunks(packed).map(|piece| frame(&seal.seal(piece).unwrap())).collect();
    let middle = tokens.len() / 2;
    match fault {
        Fault::None | Fault::Byte(..) => {}
        Fault::LeaveOut => drop(tokens.remove(middle)),
        Fault::Repeat => tokens.insert(middle, tokens[middle].clone()),
        Fault::Change => *tokens[middle].last_mut().unwrap() ^= 1,
        Fault::CutShort => tokens.truncate(middle),
        Fault::OverLimit => tokens.insert(middle, (frames::LONGEST + 1).to_be_bytes().to_vec()),
    }
    let mut wire = tokens.concat();
    match fault {
        Fault::CutShort => wire.push(0),
        Fault::Byte(at, Damage::Flip(bits)) => wire[at] ^= bits,
        Fault::Byte(at, Damage::Zero) => wire[at] = 0,
        Fault::Byte(at, Damage::Twice) => wire.insert(at, wire[at]),
        Fault::Byte(at, Damage::Lost) => drop(wire.remove(at)),
        _ => {}
    }
    wire
}

async fn search(manner: Manner, peer_limit: u32, filter: &str) -> Result<SearchResult, Failure> {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let served = tokio::spawn(peer(theirs, manner));
    let layer = Layer::Sealed(Sealed::new(Box::new(Numbered::default()), peer_limit).unwrap());
    let address = Address::parse("dc1", Security::Sealed).unwrap();
    // Where a length grew, the client waits for what never comes.
    let waits = if matches!(manner.fault, Fault::Byte(..)) { 300 } else { 5000 };
    let settings = Settings { step_timeout: Duration::from_millis(waits), ..Settings::default() };
    let mut session = Session::start(ours, layer, &address, &settings, Kept::default()).await?;
    let request = SearchRequest { base: "DC=com", scope: Scope::Subtree, filter, attributes: &["cn"] };
    let result = session.search(&request, &mut ()).await;
    served.abort();
    result
}

fn run(manner: Manner) -> Result<SearchResult, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(search(manner, 1 << 16, "(cn=*)"))
}

#[test]
fn nothing_is_lost_however_frames_are_packed_and_split() {
    let whole = page(1, 0).len();
    for packed in [1, 2, 3, 7, 50, 51, 300, 1000, whole / 2, whole - 1, whole] {
        for split in [1, 3, 4, 5, 64, 1000, usize::MAX] {
            if packed < 3 && split < 4 {
                continue;
            }
            let manner = Manner { packed, split, fault: Fault::None };
            assert_eq!(run(manner).unwrap().entries.len(), PAGES * OBJECTS, "{manner:?}");
        }
    }
}

#[test]
fn frames_left_out_repeated_changed_cut_or_too_long_are_an_error() {
    for (fault, said) in [
        (Fault::LeaveOut, "a sealed reply could not be opened: out of order"),
        (Fault::Repeat, "a sealed reply could not be opened: out of order"),
        (Fault::Change, "a sealed reply could not be opened: changed"),
        (Fault::CutShort, "it closed the connection in the middle of a reply"),
        (Fault::OverLimit, "it sent a sealed frame of 16777216 bytes"),
    ] {
        for packed in [40, 500] {
            let Err(Failure::Server(trouble)) = run(Manner { packed, split: 100, fault }) else { panic!("{fault:?}") };
            assert!(trouble.what().contains(said), "{fault:?}: {trouble}");
        }
    }
}

#[test]
fn a_request_longer_than_the_peer_takes_goes_out_in_several_frames() {
    let terms = vec!["(cn=a-name-of-some-length)"; 500].concat();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let manner = Manner { packed: 100, split: 100, fault: Fault::None };
    let result = runtime.block_on(search(manner, 300, &format!("(|{terms})")));
    assert_eq!(result.unwrap().entries.len(), PAGES * OBJECTS);
    assert!(Sealed::new(Box::new(Numbered::default()), 200).is_err());
}

#[test]
fn a_byte_changed_in_any_place_of_a_sealed_reply_is_never_believed() {
    const PACKED: usize = 300;
    let everything = std::env::var("SPN_DOCTOR_FAULTS").is_ok_and(|value| value == "all");
    let whole = run(Manner { packed: PACKED, split: usize::MAX, fault: Fault::None }).unwrap().entries;
    let length = sealed(&page(1, 1), &mut Numbered::default(), PACKED, Fault::None).len();
    let (mut cases, mut refused) = (0, 0);
    for damage in [Damage::Flip(1), Damage::Flip(0x80), Damage::Zero, Damage::Twice, Damage::Lost] {
        for at in (0..length).step_by(if everything { 1 } else { 29 }).chain([1, 2, 3, length - 1]) {
            let manner = Manner { packed: PACKED, split: usize::MAX, fault: Fault::Byte(at, damage) };
            cases += 1;
            match run(manner) {
                Ok(result) => assert_eq!(result.entries, whole, "{manner:?}"),
                Err(_) => refused += 1,
            }
        }
    }
    println!("changed, sealed: {cases} faults: {} right, {refused} refused", cases - refused);
    assert!(refused > cases / 2);
    promised::at_least("bytes changed, doubled or lost under a seal", cases, everything);
}
