//! The other side of a conversation: a service that answers as RFC 4121 says, and one that does not.

use super::crypto::{AES128, AES256, Key};
use super::der::{Fields, application, integer, list, number, time};
use super::gss::{Context, Pending, Problem};
use super::messages::{Credential, Moment, Unusable};
use super::principal::Principal;
use crate::input::ber::{Elements, OCTETS, OID, element};

const NOW: Moment = Moment { seconds: 1_795_694_400, micros: 42 };
const KERBEROS: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
const FIRST: u64 = 500;

pub(super) fn ticket(etype: i32) -> Credential {
    let key = Key::new(etype, &vec![7; if etype == AES256 { 32 } else { 16 }]).unwrap();
    let server = Principal::service("ldap/dc1.contoso.com", b"CONTOSO.COM");
    let ticket = element(application(1), &[&list(&[])]);
    Credential { client: Principal::user("alice", "CONTOSO.COM"), server, key, end: u64::MAX, ticket }
}

fn framed(kind: [u8; 2], message: &[u8]) -> Vec<u8> {
    element(0x60, &[&element(OID, &[&KERBEROS]), &kind, message])
}

/// `AP-REP`.
fn proof(with: &Key, now: Moment, subkey: Option<&Key>, sequence: u64) -> Vec<u8> {
    let octets = |bytes: &[u8]| element(OCTETS, &[bytes]);
    let mut fields = vec![(0, time(now.seconds)), (1, integer(now.micros.try_into().unwrap()))];
    fields.extend(subkey.map(|key| (2, list(&[(0, integer(key.etype())), (1, octets(key.bytes()))]))));
    fields.push((3, integer(sequence.try_into().unwrap())));
    let plain = element(application(27), &[&list(&fields)]);
    let part = list(&[(0, integer(with.etype())), (2, octets(&with.encrypt(12, &plain).unwrap()))]);
    element(application(15), &[&list(&[(0, integer(5)), (1, integer(15)), (2, part)])])
}

/// A token of the acceptor, sealed or not, rotated as Windows does.
pub(super) fn token(key: &Key, sealed: bool, extra: u16, rotation: u16, number: u64, plain: &[u8]) -> Vec<u8> {
    let flags = 1 | 4 | if sealed { 2 } else { 0 };
    let header = |extra: u16, rotation: u16| {
        [&[5, 4, flags, 0xff][..], &extra.to_be_bytes(), &rotation.to_be_bytes(), &number.to_be_bytes()].concat()
    };
    let (mut body, extra) = if sealed {
        let filled = [plain, &vec![0; extra.into()], &header(extra, 0)].concat();
        (key.encrypt(22, &filled).unwrap(), extra)
    } else {
        let covered = [plain, &header(0, 0)].concat();
        ([plain, &key.checksum(22, &covered)].concat(), 12)
    };
    let by = usize::from(rotation) % body.len();
    body.rotate_right(by);
    [header(extra, rotation), body].concat()
}

pub(super) fn established(etype: i32) -> (Context, Key) {
    let ticket = ticket(etype);
    let (pending, first) = Pending::begin(&ticket, NOW, None).unwrap();
    // What was sent can be read by whoever has the key.
    let mut inner = Elements::new(Elements::new(&first).expect(0x60).unwrap());
    assert_eq!(inner.expect(OID).unwrap(), KERBEROS);
    let request = Fields::of_message(application(14), &inner.rest()[2..]).unwrap();
    let part = Fields::of(request.get(4).unwrap()).unwrap();
    let sealed = Elements::new(part.get(2).unwrap()).expect(OCTETS).unwrap();
    let plain = ticket.key.decrypt(11, sealed).unwrap();
    let authenticator = Fields::of_message(application(2), &plain).unwrap();
    assert_eq!(number(authenticator.get(4).unwrap()).unwrap(), 42);
    let subkey = ticket.key.another().unwrap();
    let reply = framed([2, 0], &proof(&ticket.key, NOW, Some(&subkey), FIRST));
    (pending.finish(&reply).unwrap(), subkey)
}

#[test]
fn a_service_that_proves_itself_is_understood_however_it_rotates() {
    for etype in [AES256, AES128] {
        for rotation in [0, 1, 12, 16, 28, 60, 1000, u16::MAX] {
            let (mut context, key) = established(etype);
            let offer = token(&key, false, 12, rotation, FIRST, &[7, 1, 0, 0]);
            assert_eq!(context.unwrap(false, &offer).unwrap(), [7, 1, 0, 0]);
            for (step, length) in [0, 1, 15, 16, 17, 5000].into_iter().enumerate() {
                let plain = vec![3; length];
                let number = FIRST + 1 + u64::try_from(step).unwrap();
                let sealed = token(&key, true, (step % 3).try_into().unwrap(), rotation, number, &plain);
                assert_eq!(context.unwrap(true, &sealed).unwrap(), plain, "{etype} {rotation} {length}");
            }
        }
    }
}

#[test]
fn nothing_changed_repeated_left_out_reflected_or_in_clear_is_believed() {
    let seal = |key: &Key, number| token(key, true, 0, 28, number, b"reply");
    let (_, key) = established(AES256);
    for at in 0..seal(&key, FIRST).len() {
        for value in [1, 0x80] {
            let (mut context, key) = established(AES256);
            let mut changed = seal(&key, FIRST);
            changed[at] ^= value;
            // Only how far it is rotated stands outside of the seal, and another rotation gives nonsense.
            assert!(context.unwrap(true, &changed).is_err(), "{at}");
            assert!(context.unwrap(true, &seal(&key, FIRST)[..at]).is_err());
            // What was refused does not count: the next right one does.
            assert_eq!(context.unwrap(true, &seal(&key, FIRST)).unwrap(), b"reply");
        }
    }
    let (mut context, key) = established(AES256);
    assert_eq!(context.unwrap(true, &seal(&key, FIRST)).unwrap(), b"reply");
    assert_eq!(context.unwrap(true, &seal(&key, FIRST)), Err(Problem::OutOfOrder));
    assert_eq!(context.unwrap(true, &seal(&key, FIRST + 2)), Err(Problem::OutOfOrder));
    assert_eq!(context.unwrap(true, &token(&key, false, 12, 0, FIRST + 1, b"reply")), Err(Problem::NotSealed));
    // What we sent ourselves.
    let ours = context.wrap(true, b"request").unwrap();
    assert_eq!(context.unwrap(true, &ours), Err(Problem::Unusable(Unusable::Malformed)));
    assert_eq!(context.unwrap(true, &seal(&key, FIRST + 1)).unwrap(), b"reply");
}

#[test]
fn a_service_that_does_not_prove_itself_is_not_talked_to() {
    let (good, other) = (ticket(AES256), ticket(AES128));
    let later = Moment { micros: 43, ..NOW };
    let whole = framed([2, 0], &proof(&good.key, NOW, None, FIRST));
    let mut replies = vec![
        framed([2, 0], &proof(&other.key, NOW, None, FIRST)),
        framed([2, 0], &proof(&good.key, later, None, FIRST)),
        framed([1, 0], &proof(&good.key, NOW, None, FIRST)),
        framed([3, 0], b"nonsense"),
        Vec::new(),
    ];
    replies.extend((0..whole.len()).map(|end| whole[..end].to_vec()));
    replies.extend((0..whole.len()).map(|at| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    }));
    let mut believed = 0;
    for reply in replies {
        let (pending, _) = Pending::begin(&good, NOW, Some(b"tls-server-end-point:x")).unwrap();
        believed += usize::from(pending.finish(&reply).is_ok());
    }
    // What stands in clear is read by nobody: the numbers of the protocol's and the key's version, and of the message's kind.
    assert!(believed <= 6, "{believed}");
    let (pending, _) = Pending::begin(&good, NOW, None).unwrap();
    assert!(pending.finish(&whole).is_ok());
}
