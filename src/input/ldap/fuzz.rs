//! Bytes of an enemy for what reads the live connection: frames, messages, objects.

use super::wire::frames::{Frames, frame};
use super::wire::messages::{DONE, ENTRY, Message, Messages, REFERENCE};
use crate::input::ber::{self, ENUMERATED, Extent, INTEGER, OCTETS, SEQUENCE, SET, element};
use crate::input::mutate::Mutator;

const WORDS: &[&str] = &["\0", "\x01", "\x04\0", "\x30", "\x31", "\x7f", "0\u{80}", "\0\0\0\x04", "a;range=0-1"];

fn message(operation: u8, parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &[&element(INTEGER, &[&ber::digits(7)]), &element(operation, parts)])
}

fn corpus() -> Vec<Vec<u8>> {
    let octets = |text: &str| element(OCTETS, &[text.as_bytes()]);
    let values = element(SET, &[&octets("HOST/x"), &octets("SMTPSVC/x")]);
    let attributes = ["servicePrincipalName", "servicePrincipalName;range=0-1", "cn"]
        .map(|name| element(SEQUENCE, &[&octets(name), &values]));
    let attributes = element(SEQUENCE, &[&attributes.concat()]);
    let messages = [
        message(ENTRY, &[&octets("CN=a,DC=com"), &attributes]),
        message(REFERENCE, &[&octets("ldap://child.contoso.com/DC=child")]),
        message(DONE, &[&element(ENUMERATED, &[&[0]]), &octets(""), &octets("fine")]),
    ];
    messages.iter().cloned().chain([messages.concat(), frame(&messages.concat()), Vec::new()]).collect()
}

#[test]
fn frames_lose_nothing_and_keep_no_more_than_they_were_given() {
    let tried = Mutator::new(WORDS).run(&corpus(), |bytes| {
        let mut frames = Frames::default();
        let mut consumed = Vec::new();
        for piece in bytes.chunks(1 + bytes.len() / 3) {
            frames.push(piece);
            while let Ok(Some(token)) = frames.next() {
                consumed.extend(frame(token));
            }
        }
        assert!(bytes.starts_with(&consumed), "{bytes:?}");
        assert_eq!(frames.is_empty(), consumed == bytes);
    });
    assert!(tried > 0);
}

#[test]
fn a_message_that_passes_the_check_is_read_by_the_client_library_without_a_panic() {
    let tried = Mutator::new(WORDS).run(&corpus(), |bytes| {
        let mut messages = Messages::default();
        messages.push(bytes);
        while let Ok(Some(whole)) = messages.next() {
            let whole = whole.to_vec();
            assert_eq!(
                Extent::of(&whole).map(|extent| extent.map(|extent| extent.header + extent.content)),
                Ok(Some(whole.len()))
            );
            let Ok(message) = Message::parse(&whole) else { continue };
            if message.check_search_reply(7).is_ok() && message.operation == ENTRY {
                objects(&whole);
            }
        }
    });
    assert!(tried > 0);
}

/// Reads a message as the client library does, then as an object.
fn objects(whole: &[u8]) {
    let Ok((_, tag)) = ldap3::asn1::parse_tag(whole) else {
        panic!("the client library refuses what passed: {whole:?}")
    };
    let mut fields = tag.expect_constructed().unwrap().into_iter();
    let operation = fields.nth(1).unwrap();
    let Some(super::response::Response::Entry(found)) = super::response::Response::read(operation) else {
        panic!("no object: {whole:?}")
    };
    let _ = found.unfinished();
    let _ = found.entry().map(|entry| entry.cut_off());
    assert!(found.weight() < 100 * whole.len() + 100);
}
