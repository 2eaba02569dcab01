//! The conversation with a service once there is a ticket: who each side is, then sealed messages (RFC 4121).

use md5::{Digest as _, Md5};

use super::crypto::{self, Key, MAC, NoRandomness};
use super::messages::{self, Credential, Moment, Refusal, Unusable};
use crate::input::ber::{Elements, OID, element};

/// 1.2.840.113554.1.2.2
const KERBEROS: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
const FRAME: u8 = 0x60;
const REQUEST: [u8; 2] = [1, 0];
const REPLY: [u8; 2] = [2, 0];
const ERROR: [u8; 2] = [3, 0];

/// Mutual, replay, sequence, confidentiality, integrity.
const FLAGS: u32 = 0x3e;
/// The checksum of GSSAPI, which is none but holds the flags.
const CHECKSUM: i32 = 0x8003;

const USE_ACCEPTOR_SEAL: u32 = 22;
const USE_INITIATOR_SEAL: u32 = 24;

const HEADER: usize = 16;
const WRAP: [u8; 2] = [5, 4];
const FROM_ACCEPTOR: u8 = 1;
const SEALED: u8 = 2;
const ACCEPTOR_SUBKEY: u8 = 4;

/// A context that waits for the service to prove itself.
pub(crate) struct Pending {
    session: Key,
    subkey: Key,
    said: Moment,
    sequence: u64,
}

/// A security context (RFC 4121) whose both ends have proved who they are: seals and opens messages, in their order.
pub(crate) struct Context {
    key: Key,
    /// Whether the key is the service's choice.
    is_acceptors: bool,
    /// The number of the next message that goes out.
    next: u64,
    /// The number of the next message that comes in.
    expected: u64,
}

/// Why a message of the service cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The service refuses the ticket.
    Refused(Box<Refusal>),
    /// Its message makes no sense, or was changed.
    Unusable(Unusable),
    /// A message before it was left out or repeated.
    OutOfOrder,
    /// It came in clear, or only signed.
    NotSealed,
}

impl<E: Into<Unusable>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Unusable(error.into())
    }
}

impl Pending {
    /// Begins: the context, and the first token for the service. `channel` ties it to the TLS connection it is made on.
    pub(crate) fn begin(
        ticket: &Credential,
        now: Moment,
        channel: Option<&[u8]>,
    ) -> Result<(Self, Vec<u8>), NoRandomness> {
        let subkey = ticket.key.another()?;
        let mut number = [0; 4];
        crypto::random(&mut number)?;
        // 30 bits: some acceptors read it with a sign.
        let number = u32::from_be_bytes(number) & 0x3fff_ffff;
        let checksum = [&16_u32.to_le_bytes()[..], &bindings(channel), &FLAGS.to_le_bytes()].concat();
        let request = messages::introduce(ticket, (CHECKSUM, checksum), now, &subkey, number)?;
        let token = element(FRAME, &[&element(OID, &[&KERBEROS]), &REQUEST, &request]);
        let pending = Self { session: ticket.key.clone(), subkey, said: now, sequence: number.into() };
        Ok((pending, token))
    }

    /// Ends with the service's token, if it proves that it could read the ticket.
    pub(crate) fn finish(self, token: &[u8]) -> Result<Context, Problem> {
        let (kind, message) = unframed(token)?;
        if kind == ERROR {
            return Err(Problem::Refused(Box::new(messages::refusal(message)?)));
        }
        if kind != REPLY {
            return Err(Unusable::Malformed.into());
        }
        let reply = messages::introduced(&self.session, message)?;
        if reply.now != self.said {
            return Err(Unusable::Other.into());
        }
        let is_acceptors = reply.subkey.is_some();
        let key = reply.subkey.unwrap_or(self.subkey);
        Ok(Context { key, is_acceptors, next: self.sequence, expected: reply.sequence.into() })
    }
}

/// What a service says when it refuses a ticket; none if the token is something else.
pub(crate) fn refusal(token: &[u8]) -> Option<Refusal> {
    let (kind, message) = unframed(token).ok()?;
    if kind == ERROR { messages::refusal(message).ok() } else { None }
}

fn unframed(token: &[u8]) -> Result<([u8; 2], &[u8]), Unusable> {
    let mut elements = Elements::new(token);
    let content = elements.expect(FRAME)?;
    elements.end()?;
    let mut inner = Elements::new(content);
    if inner.expect(OID)? != KERBEROS {
        return Err(Unusable::Malformed);
    }
    let (kind, message) = inner.rest().split_first_chunk::<2>().ok_or(Unusable::Malformed)?;
    Ok((*kind, message))
}

/// The digest of the channel bindings (RFC 4121, section 4.1.1.2): no addresses, only the application's data.
fn bindings(channel: Option<&[u8]>) -> [u8; 16] {
    let Some(data) = channel else { return [0; 16] };
    let length = u32::try_from(data.len()).unwrap_or_default().to_le_bytes();
    let mut digest = Md5::new();
    digest.update([0; 16]);
    digest.update(length);
    digest.update(data);
    digest.finalize().into()
}

impl Context {
    /// Wraps a message: sealed, or in clear with a checksum.
    pub(crate) fn wrap(&mut self, sealed: bool, plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let subkey = if self.is_acceptors { ACCEPTOR_SUBKEY } else { 0 };
        let flags = subkey | if sealed { SEALED } else { 0 };
        let bare = header(flags, 0, 0, self.next);
        let message = [plain, &bare].concat();
        let token = if sealed {
            [&bare[..], &self.key.encrypt(USE_INITIATOR_SEAL, &message)?].concat()
        } else {
            let checksum = self.key.checksum(USE_INITIATOR_SEAL, &message);
            let length = u16::try_from(MAC).unwrap_or_default();
            [&header(flags, length, 0, self.next)[..], plain, &checksum].concat()
        };
        self.next = self.next.wrapping_add(1);
        Ok(token)
    }

    /// Opens the next message of the service, which has to be sealed where `sealed` says so.
    pub(crate) fn unwrap(&mut self, sealed: bool, token: &[u8]) -> Result<Vec<u8>, Problem> {
        let (head, body) = token.split_first_chunk::<HEADER>().ok_or(Unusable::Malformed)?;
        let [a, b, flags, 0xff, extra @ ..] = head else { return Err(Unusable::Malformed.into()) };
        let [ec1, ec2, rrc1, rrc2, number @ ..] = extra;
        let (extra, rotation) = (u16::from_be_bytes([*ec1, *ec2]), u16::from_be_bytes([*rrc1, *rrc2]));
        let subkey = if self.is_acceptors { ACCEPTOR_SUBKEY } else { 0 };
        if [*a, *b] != WRAP || flags & FROM_ACCEPTOR == 0 || flags & ACCEPTOR_SUBKEY != subkey {
            return Err(Unusable::Malformed.into());
        }
        let is_sealed = flags & SEALED != 0;
        if sealed && !is_sealed {
            return Err(Problem::NotSealed);
        }
        let mut body = body.to_vec();
        if !body.is_empty() {
            let by = usize::from(rotation) % body.len();
            body.rotate_left(by);
        }
        let number = u64::from_be_bytes(*number);
        let plain = if is_sealed {
            self.opened(*flags, extra, number, &body)?
        } else {
            self.checked(*flags, extra, number, body)?
        };
        // Only now is the number known to be the service's own.
        if number != self.expected {
            return Err(Problem::OutOfOrder);
        }
        self.expected = number.wrapping_add(1);
        Ok(plain)
    }

    /// Sealed: the message, filler, and a copy of the header without rotation.
    fn opened(&self, flags: u8, extra: u16, number: u64, body: &[u8]) -> Result<Vec<u8>, Unusable> {
        let plain = self.key.decrypt(USE_ACCEPTOR_SEAL, body)?;
        let end = plain.len().checked_sub(HEADER).ok_or(Unusable::Malformed)?;
        let (message, copy) = plain.split_at_checked(end).ok_or(Unusable::Malformed)?;
        if copy != header(flags, extra, 0, number) {
            return Err(Unusable::Changed);
        }
        let end = message.len().checked_sub(usize::from(extra)).ok_or(Unusable::Malformed)?;
        Ok(message.get(..end).ok_or(Unusable::Malformed)?.to_vec())
    }

    /// In clear: the message and a checksum over it and the header, both counts zero.
    fn checked(&self, flags: u8, extra: u16, number: u64, mut body: Vec<u8>) -> Result<Vec<u8>, Unusable> {
        let end = body.len().checked_sub(usize::from(extra)).ok_or(Unusable::Malformed)?;
        let checksum = body.split_off(end);
        let covered = [&body[..], &header(flags, 0, 0, number)].concat();
        if checksum.len() != MAC || !self.key.verify(USE_ACCEPTOR_SEAL, &covered, &checksum) {
            return Err(Unusable::Changed);
        }
        Ok(body)
    }
}

fn header(flags: u8, extra: u16, rotation: u16, number: u64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let parts = [&WRAP[..], &[flags, 0xff], &extra.to_be_bytes(), &rotation.to_be_bytes(), &number.to_be_bytes()];
    header.iter_mut().zip(parts.concat()).for_each(|(place, byte)| *place = byte);
    header
}
