//! LDAP messages (RFC 4511) as they come off a connection: cut out of the stream, and checked before anything else sees them.
//!
//! The client library trusts what a server sends: it keeps a message of any length, descends into nested values until the
//! stack ends, and panics at an element that is missing. So it gets to see only whole messages of the few shapes that a
//! search is answered with.

use crate::input::ber::{self, BOOLEAN, ENUMERATED, Elements, Extent, INTEGER, Malformed, OCTETS, SEQUENCE, SET};

/// More than any domain controller sends in one message: its own limit is 10 MB, and an object has 1 MB at most.
const LONGEST: usize = 16 << 20;

/// More elements than any message has: of one attribute Active Directory sends 5,000 values at most. Each takes two bytes on
/// the wire and a hundred in memory.
const MOST_PARTS: usize = 1 << 18;

pub(crate) const BIND_RESPONSE: u8 = 0x61;
/// Search result entry.
pub(crate) const ENTRY: u8 = 0x64;
/// Search result done.
pub(crate) const DONE: u8 = 0x65;
/// Search result reference.
pub(crate) const REFERENCE: u8 = 0x73;
/// Extended response; with message id 0 the notice that the server hangs up.
pub(crate) const EXTENDED_RESPONSE: u8 = 0x78;
const CONTROLS: u8 = 0xa0;
const REFERRAL: u8 = 0xa3;

/// Why what a server sent cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It is no LDAP message.
    Malformed,
    /// A message longer than any that makes sense.
    TooLong(usize),
    /// A message of more elements than any has.
    TooManyParts,
    /// A reply to something that was not asked, or was answered already.
    Unasked,
    /// The server says that it hangs up, and why.
    Disconnected(String),
}

impl From<Malformed> for Unusable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("it sent something that is no LDAP message"),
            Self::TooLong(length) => write!(f, "it sent a message of {length} bytes, the limit is {LONGEST}"),
            Self::TooManyParts => write!(f, "it sent a message of more than {MOST_PARTS} parts"),
            Self::Unasked => f.write_str("it sent a reply to a request that was never made, or was answered already"),
            Self::Disconnected(why) if why.is_empty() => f.write_str("it hung up"),
            Self::Disconnected(why) => write!(f, "it hung up: {why}"),
        }
    }
}

impl std::error::Error for Unusable {}

/// Cuts a stream into messages, wherever it was split.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    buffer: Vec<u8>,
    start: usize,
}

impl Messages {
    /// Takes in what was received.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message; none until more was received.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Unusable> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        if rest.first().is_some_and(|tag| *tag != SEQUENCE) {
            return Err(Unusable::Malformed);
        }
        let Some(extent) = Extent::of(rest)? else { return Ok(None) };
        let length = extent.header.saturating_add(extent.content);
        if length > LONGEST {
            return Err(Unusable::TooLong(length));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.start;
        self.start += length;
        Ok(self.buffer.get(start..self.start))
    }

    /// Whether there is nothing that does not belong to a message already handed out.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }
}

/// An `LDAPMessage` (RFC 4511, section 4.1.1) in its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// Which request it belongs to.
    pub(crate) id: u32,
    pub(crate) operation: u8,
    /// The operation's content.
    pub(crate) content: &'a [u8],
    controls: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// Takes a whole message apart.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Elements::new(Elements::new(bytes).expect(SEQUENCE)?);
        let id = ber::number(parts.expect(INTEGER)?)?;
        let (operation, content) = parts.next()?;
        let controls = parts.optional(CONTROLS)?;
        // A domain controller puts the name of its notice of disconnection here, outside the operation.
        if id != 0 {
            parts.end()?;
        }
        Ok(Self { id, operation, content, controls })
    }

    /// Checks that this is one of the answers to a search, and to the one that was asked last.
    pub(crate) fn check_search_reply(&self, asked: u32) -> Result<(), Unusable> {
        self.check_id(asked)?;
        self.check_size()?;
        match self.operation {
            ENTRY => check_entry(self.content)?,
            // A reference to nowhere hides what it stands for.
            REFERENCE if self.content.is_empty() => return Err(Unusable::Malformed),
            REFERENCE => check_texts(self.content)?,
            DONE => drop(Outcome::parse(self.content)?),
            _ => return Err(Unusable::Malformed),
        }
        Ok(self.controls.map_or(Ok(()), check_controls)?)
    }

    /// Checks that the client library need not make more of this than fits into memory.
    fn check_size(&self) -> Result<(), Unusable> {
        let parts = ber::count(self.content)? + ber::count(self.controls.unwrap_or_default())?;
        if parts > MOST_PARTS { Err(Unusable::TooManyParts) } else { Ok(()) }
    }

    /// Checks that this belongs to the request of this number, which is 0 for none, and is no farewell.
    pub(crate) fn check_id(&self, asked: u32) -> Result<(), Unusable> {
        if self.id == 0 && self.operation == EXTENDED_RESPONSE {
            let outcome = Outcome::parse(self.content);
            return Err(Unusable::Disconnected(outcome.map(|outcome| outcome.text).unwrap_or_default()));
        }
        if self.id == asked && self.id != 0 { Ok(()) } else { Err(Unusable::Unasked) }
    }
}

/// What every reply ends in: a code and a text, and for a bind the server's part of the SASL exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The result code, 0 for success.
    pub(crate) code: u32,
    /// `diagnosticMessage`, as the server wrote it.
    pub(crate) text: String,
    /// `serverSaslCreds`.
    pub(crate) token: Option<Vec<u8>>,
}

impl Outcome {
    /// Reads an `LDAPResult` and what may follow it.
    pub(crate) fn parse(content: &[u8]) -> Result<Self, Malformed> {
        const TOKEN: u8 = 0x87;
        let mut parts = Elements::new(content);
        let code = ber::number(parts.expect(ENUMERATED)?)?;
        text(parts.expect(OCTETS)?)?;
        let text = text(parts.expect(OCTETS)?)?.to_owned();
        parts.optional(REFERRAL)?.map_or(Ok(()), check_texts)?;
        let mut token = None;
        while !parts.is_empty() {
            match parts.next()? {
                (TOKEN, content) => token = Some(content.to_vec()),
                (0x8a | 0x8b, content) => drop(std::str::from_utf8(content).map_err(|_| Malformed)?),
                _ => return Err(Malformed),
            }
        }
        Ok(Self { code, text, token })
    }
}

fn text(content: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(content).map_err(|_| Malformed)
}

fn check_texts(content: &[u8]) -> Result<(), Malformed> {
    let mut texts = Elements::new(content);
    while !texts.is_empty() {
        text(texts.expect(OCTETS)?)?;
    }
    Ok(())
}

fn check_entry(content: &[u8]) -> Result<(), Malformed> {
    let mut parts = Elements::new(content);
    text(parts.expect(OCTETS)?)?;
    let mut attributes = Elements::new(parts.expect(SEQUENCE)?);
    parts.end()?;
    while !attributes.is_empty() {
        let mut attribute = Elements::new(attributes.expect(SEQUENCE)?);
        text(attribute.expect(OCTETS)?)?;
        let mut values = Elements::new(attribute.expect(SET)?);
        attribute.end()?;
        while !values.is_empty() {
            values.expect(OCTETS)?;
        }
    }
    Ok(())
}

fn check_controls(content: &[u8]) -> Result<(), Malformed> {
    let mut controls = Elements::new(content);
    while !controls.is_empty() {
        let mut control = Elements::new(controls.expect(SEQUENCE)?);
        text(control.expect(OCTETS)?)?;
        let critical = control.optional(BOOLEAN)?;
        control.optional(OCTETS)?;
        control.end()?;
        if critical.is_some_and(|critical| critical.len() != 1) {
            return Err(Malformed);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ber::element;

    fn message(id: u32, operation: u8, content: &[u8]) -> Vec<u8> {
        element(SEQUENCE, &[&element(INTEGER, &[&ber::digits(id)]), &element(operation, &[content])])
    }

    fn done(id: u32) -> Vec<u8> {
        let parts = [element(ENUMERATED, &[&[0]]), element(OCTETS, &[]), element(OCTETS, &[b"fine"])];
        message(id, DONE, &parts.concat())
    }

    #[test]
    fn a_stream_is_cut_into_messages_wherever_it_is_split() {
        let stream = [done(1), done(2), done(300)].concat();
        for size in 1..stream.len() {
            let mut messages = Messages::default();
            let mut ids = Vec::new();
            for piece in stream.chunks(size) {
                messages.push(piece);
                while let Some(bytes) = messages.next().unwrap() {
                    ids.push(Message::parse(bytes).unwrap().id);
                }
            }
            assert_eq!(ids, [1, 2, 300], "pieces of {size}");
            assert!(messages.is_empty());
        }
    }

    #[test]
    fn gigantic_and_foreign_messages_are_refused_before_they_are_kept() {
        let next = |bytes: &[u8]| {
            let mut messages = Messages::default();
            messages.push(bytes);
            messages.next().map(|message| message.map(<[u8]>::to_vec))
        };
        assert_eq!(next(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), Err(Unusable::TooLong(0x7fff_ffff + 6)));
        assert_eq!(next(b"HTTP/1.1"), Err(Unusable::Malformed));
        assert_eq!(next(&[0x30, 0x80, 0, 0]), Err(Unusable::Malformed));
        assert_eq!(next(&[0x30]), Ok(None));
    }

    #[test]
    fn only_answers_to_the_search_that_was_asked_pass() {
        let check = |bytes: &[u8], asked| Message::parse(bytes).unwrap().check_search_reply(asked);
        assert_eq!(check(&done(7), 7), Ok(()));
        assert_eq!(check(&done(8), 7), Err(Unusable::Unasked));
        assert_eq!(check(&done(0), 0), Err(Unusable::Unasked));
        assert_eq!(check(&message(7, BIND_RESPONSE, &[]), 7), Err(Unusable::Malformed));
        assert_eq!(check(&message(7, DONE, &[]), 7), Err(Unusable::Malformed));
        let mut nested = element(OCTETS, &[]);
        for _ in 0..100_000 {
            nested = element(SEQUENCE, &[&nested]);
        }
        assert_eq!(
            check(&message(7, ENTRY, &[element(OCTETS, &[b"CN=a"]), nested].concat()), 7),
            Err(Unusable::Malformed)
        );
        let notice = [element(ENUMERATED, &[&[52]]), element(OCTETS, &[]), element(OCTETS, &[b"bye"])].concat();
        assert_eq!(check(&message(0, EXTENDED_RESPONSE, &notice), 7), Err(Unusable::Disconnected("bye".to_owned())));
    }

    #[test]
    fn a_reference_to_nowhere_is_refused() {
        let check = |urls: &[u8]| Message::parse(&message(7, REFERENCE, urls)).unwrap().check_search_reply(7);
        assert_eq!(check(&element(OCTETS, &[b"ldap://dc2"])), Ok(()));
        assert_eq!(check(&[]), Err(Unusable::Malformed));
    }

    /// An operation, and what follows it, with these elements in it.
    type Around<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

    #[test]
    fn messages_of_countless_parts_are_refused_before_they_are_kept() {
        let octets = [OCTETS, 0];
        let outcome = [element(ENUMERATED, &[&[10]]), octets.to_vec(), octets.to_vec()].concat();
        let entry = |attributes: &[u8]| [&element(OCTETS, &[b"CN=a"]), &element(SEQUENCE, &[attributes])[..]].concat();
        let attribute = |values: &[u8]| element(SEQUENCE, &[&octets, &element(SET, &[values])]);
        let operation = |tag, content: Vec<u8>| element(tag, &[&content]);
        // How many other elements each kind of message has, and the whole of it around so many of one unit.
        let kinds: [(usize, Around<'_>, &[u8]); 7] = [
            (5, &|values| operation(ENTRY, entry(&attribute(values))), &octets),
            (2, &|attributes| operation(ENTRY, entry(attributes)), &[SEQUENCE, 4, OCTETS, 0, SET, 0]),
            (
                2,
                &|controls| [operation(ENTRY, entry(&[])), element(CONTROLS, &[controls])].concat(),
                &[SEQUENCE, 2, OCTETS, 0],
            ),
            (
                3,
                &|controls| [operation(DONE, outcome.clone()), element(CONTROLS, &[controls])].concat(),
                &[SEQUENCE, 2, OCTETS, 0],
            ),
            (0, &|urls| element(REFERENCE, &[urls]), &octets),
            (4, &|urls| operation(DONE, [&outcome, &element(REFERRAL, &[urls])[..]].concat()), &octets),
            (3, &|names| operation(DONE, [&outcome, names].concat()), &[0x8a, 0]),
        ];
        for (kind, (more, around, unit)) in kinds.into_iter().enumerate() {
            let check = |times: usize| {
                let bytes = element(SEQUENCE, &[&element(INTEGER, &[&[7]]), &around(&unit.repeat(times))]);
                Message::parse(&bytes).unwrap().check_search_reply(7)
            };
            let most = (MOST_PARTS - more) / ber::count(unit).unwrap();
            assert_eq!(check(most), Ok(()), "{kind}");
            assert_eq!(check(most + 1), Err(Unusable::TooManyParts), "{kind}");
        }
    }

    #[test]
    fn no_bytes_make_the_checks_panic() {
        let whole = done(7);
        for at in 0..whole.len() {
            for byte in 0..=255 {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(message) = Message::parse(&bytes) {
                    let _ = message.check_search_reply(7);
                }
            }
        }
    }
}
