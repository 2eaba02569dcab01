//! The messages of Kerberos, as far as a client needs them (RFC 4120, section 5).

use zeroize::Zeroizing;

use super::crypto::{Changed, Key, NoRandomness};
use super::der::{self, Fields, GENERAL_STRING, application, content, flags, integer, list, number, seconds, time};
use super::principal::Principal;
use crate::directory::kerberos_error;
use crate::input::ber::{Elements, Malformed, OCTETS, SEQUENCE, element};

/// `TGS-REP` and `AS-REP`.
const TICKET_REPLY: [u8; 2] = [application(13), application(11)];
const ERROR: u8 = application(30);
const TICKET: u8 = application(1);

/// `canonicalize`: the KDC may answer with the name it knows, or refer to another realm.
const CANONICALIZE: u32 = 0x0001_0000;
/// `mutual-required` of an AP-REQ.
const MUTUAL: u32 = 0x2000_0000;

/// Uses of keys (RFC 4120, section 7.5.1).
const USE_TIMESTAMP: u32 = 1;
const USE_REPLY_TO_CLIENT: u32 = 3;
const USE_REQUEST_CHECKSUM: u32 = 6;
const USE_REQUEST_AUTHENTICATOR: u32 = 7;
const USE_REPLY_TO_SESSION: u32 = 8;
const USE_AUTHENTICATOR: u32 = 11;
const USE_MUTUAL: u32 = 12;

/// Kinds of data before the answer.
const PA_TGS_REQ: i32 = 1;
const PA_ENC_TIMESTAMP: i32 = 2;
const PA_ETYPE_INFO2: i32 = 19;
/// The encryption types that a service takes, as the KDC has it ([MS-KILE] 2.2.8).
const PA_SUPPORTED_ENCTYPES: i32 = 165;

/// A moment, as Kerberos tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Seconds since 1970.
    pub(crate) seconds: u64,
    /// Microseconds within the second.
    pub(crate) micros: u32,
}

/// A ticket with what it takes to use it.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) client: Principal,
    pub(crate) server: Principal,
    pub(crate) key: Key,
    /// Seconds since 1970.
    pub(crate) end: u64,
    /// The bytes of the ticket; passed on as they came.
    pub(crate) ticket: Vec<u8>,
}

/// What stands in clear on a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The encryption type of the service's key.
    pub(crate) etype: i32,
    /// The number of that key; none on tickets of other realms.
    pub(crate) kvno: Option<u32>,
}

/// What a client wants from a KDC.
pub(crate) struct Wish<'a> {
    /// The name that a ticket is wanted for.
    pub(crate) server: &'a Principal,
    /// Encryption types of the session key, the preferred first.
    pub(crate) etypes: &'a [i32],
    /// Chosen by us, repeated by the KDC: 31 bits.
    pub(crate) nonce: u32,
}

/// The latest time that there is, so that the KDC decides how long a ticket lasts.
const FOR_EVER: &str = "20370913024805Z";

impl Wish<'_> {
    /// `KDC-REQ-BODY`.
    fn body(&self, client: Option<&Principal>) -> Vec<u8> {
        let etypes: Vec<Vec<u8>> = self.etypes.iter().map(|etype| integer(*etype)).collect();
        let mut fields = vec![(0, flags(CANONICALIZE))];
        fields.extend(client.map(|client| (1, client.encoded())));
        fields.extend([
            (2, element(GENERAL_STRING, &[&self.server.realm])),
            (3, self.server.encoded()),
            (5, time(der::seconds_of(FOR_EVER).unwrap_or_default())),
            (7, integer(i32::try_from(self.nonce).unwrap_or_default())),
            (8, element(SEQUENCE, &[&etypes.concat()])),
        ]);
        list(&fields)
    }
}

fn request(number: u8, before: &[(i32, Vec<u8>)], body: Vec<u8>) -> Vec<u8> {
    let data = |(kind, value): &(i32, Vec<u8>)| list(&[(1, integer(*kind)), (2, element(OCTETS, &[value]))]);
    let data: Vec<Vec<u8>> = before.iter().map(data).collect();
    let mut fields = vec![(1, integer(5)), (2, integer(number.into()))];
    if !data.is_empty() {
        fields.push((3, element(SEQUENCE, &[&data.concat()])));
    }
    fields.push((4, body));
    element(application(number), &[&list(&fields)])
}

/// `EncryptedData`.
fn encrypted(key: &Key, usage: u32, plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
    Ok(list(&[(0, integer(key.etype())), (2, element(OCTETS, &[&key.encrypt(usage, plain)?]))]))
}

/// `AS-REQ`: asks for a ticket to ask for others, with a key where the KDC wants proof first.
pub(crate) fn login(
    client: &Principal,
    wish: &Wish<'_>,
    proof: Option<(&Key, Moment)>,
) -> Result<Vec<u8>, NoRandomness> {
    let mut before = Vec::new();
    if let Some((key, now)) = proof {
        let stamp = list(&[(0, time(now.seconds)), (1, integer(i32::try_from(now.micros).unwrap_or_default()))]);
        before.push((PA_ENC_TIMESTAMP, encrypted(key, USE_TIMESTAMP, &stamp)?));
    }
    Ok(request(10, &before, wish.body(Some(client))))
}

/// `TGS-REQ`: asks for a ticket, with one that allows it.
pub(crate) fn ask(tgt: &Credential, wish: &Wish<'_>, now: Moment) -> Result<Vec<u8>, NoRandomness> {
    let body = wish.body(None);
    let checksum = (tgt.key.checksum_type(), tgt.key.checksum(USE_REQUEST_CHECKSUM, &body));
    let said = Authenticator { checksum, now, subkey: None, sequence: None };
    let proof = said.request(tgt, USE_REQUEST_AUTHENTICATOR, 0)?;
    Ok(request(12, &[(PA_TGS_REQ, proof)], body))
}

/// What a client proves with a ticket that it is there now.
struct Authenticator<'a> {
    checksum: (i32, Vec<u8>),
    now: Moment,
    subkey: Option<&'a Key>,
    sequence: Option<u32>,
}

impl Authenticator<'_> {
    /// `AP-REQ`.
    fn request(&self, with: &Credential, usage: u32, options: u32) -> Result<Vec<u8>, NoRandomness> {
        let (kind, sum) = &self.checksum;
        let mut fields = vec![
            (0, integer(5)),
            (1, element(GENERAL_STRING, &[&with.client.realm])),
            (2, with.client.encoded()),
            (3, list(&[(0, integer(*kind)), (1, element(OCTETS, &[sum]))])),
            (4, integer(i32::try_from(self.now.micros).unwrap_or_default())),
            (5, time(self.now.seconds)),
        ];
        let key = |key: &Key| list(&[(0, integer(key.etype())), (1, element(OCTETS, &[key.bytes()]))]);
        fields.extend(self.subkey.map(|subkey| (6, key(subkey))));
        fields.extend(self.sequence.map(|number| (7, integer(i32::try_from(number).unwrap_or_default()))));
        let plain = Zeroizing::new(element(application(2), &[&list(&fields)]));
        let fields = [
            (0, integer(5)),
            (1, integer(14)),
            (2, flags(options)),
            (3, with.ticket.clone()),
            (4, encrypted(&with.key, usage, &plain)?),
        ];
        Ok(element(application(14), &[&list(&fields)]))
    }
}

/// `AP-REQ` to a service that has to prove itself in turn.
pub(crate) fn introduce(
    with: &Credential,
    checksum: (i32, Vec<u8>),
    now: Moment,
    subkey: &Key,
    sequence: u32,
) -> Result<Vec<u8>, NoRandomness> {
    let said = Authenticator { checksum, now, subkey: Some(subkey), sequence: Some(sequence) };
    said.request(with, USE_AUTHENTICATOR, MUTUAL)
}

/// What a service says to prove itself: `AP-REP`.
#[derive(Debug)]
pub(crate) struct Introduced {
    pub(crate) now: Moment,
    pub(crate) subkey: Option<Key>,
    pub(crate) sequence: u32,
}

/// Why an answer cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It is no message of Kerberos, or not the one that belongs here.
    Malformed,
    /// It was changed on the way, or made by somebody without the key.
    Changed,
    /// It answers another question.
    Other,
    /// It rests on an encryption type that we do not know.
    Etype(i32),
}

impl From<Malformed> for Unusable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<Changed> for Unusable {
    fn from(_: Changed) -> Self {
        Self::Changed
    }
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("it sent something that is no Kerberos message"),
            Self::Changed => {
                f.write_str("its answer was changed on the way, or does not come from a domain controller")
            }
            Self::Other => f.write_str("its answer belongs to another question"),
            Self::Etype(etype) => {
                write!(
                    f,
                    "it uses an encryption type that this program does not support ({})",
                    kerberos_error::etype(*etype)
                )
            }
        }
    }
}

/// Reads the `AP-REP` to a request that was made with this ticket.
pub(crate) fn introduced(with: &Key, reply: &[u8]) -> Result<Introduced, Unusable> {
    let fields = Fields::of_message(application(15), reply)?;
    let plain = decrypted(with, USE_MUTUAL, fields.get(2)?)?;
    let fields = Fields::of_message(application(27), &plain)?;
    let subkey = fields.optional(2).map(key).transpose()?;
    let sequence = fields.optional(3).map(number).transpose()?.unwrap_or_default();
    let now = Moment { seconds: seconds(fields.get(0)?)?, micros: micros(fields.get(1)?)? };
    Ok(Introduced { now, subkey, sequence: u32::from_be_bytes(sequence.to_be_bytes()) })
}

fn micros(field: &[u8]) -> Result<u32, Malformed> {
    u32::try_from(number(field)?).ok().filter(|micros| *micros < 1_000_000).ok_or(Malformed)
}

/// `EncryptedData`, opened.
fn decrypted(with: &Key, usage: u32, field: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let fields = Fields::of(field)?;
    let etype = number(fields.get(0)?)?;
    if etype != with.etype() {
        return Err(Unusable::Etype(etype));
    }
    let mut cipher = Elements::new(fields.get(2)?);
    Ok(with.decrypt(usage, cipher.expect(OCTETS)?)?)
}

/// `EncryptionKey`.
fn key(field: &[u8]) -> Result<Key, Unusable> {
    let fields = Fields::of(field)?;
    let etype = number(fields.get(0)?)?;
    Key::new(etype, content(fields.get(1)?)?).ok_or(Unusable::Etype(etype))
}

/// A message of a KDC, as far as it can be read without a key.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    /// A ticket, still closed.
    Reply(Reply<'a>),
    /// `KRB-ERROR`: it is not signed, so anybody on the way can send it.
    Refused(Refusal),
}

/// A refusal: `KRB-ERROR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The error code (RFC 4120, section 7.5.9).
    pub(crate) code: i32,
    /// The clock of the KDC.
    pub(crate) now: Moment,
    /// The realm that the client belongs to, where the KDC knows better.
    pub(crate) realm: Option<Vec<u8>>,
    /// How a password becomes a key, where the KDC wants proof: encryption type, salt, rounds.
    pub(crate) ways: Vec<Way>,
    /// The NTSTATUS that Windows adds.
    pub(crate) status: Option<u32>,
    /// Whether it is none, but a ticket for the realm that is to be asked.
    pub(crate) is_referral: bool,
}

/// How a password becomes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) etype: i32,
    pub(crate) salt: Option<Vec<u8>>,
    pub(crate) rounds: u32,
}

/// `AS-REP` or `TGS-REP`, not opened yet.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    client: Principal,
    ticket: &'a [u8],
    named: Principal,
    /// What stands in clear on the ticket.
    pub(crate) seal: Seal,
    /// `EncryptedData` for the client.
    part: &'a [u8],
    /// How the password became the key; only in answers to a login.
    pub(crate) ways: Vec<Way>,
}

/// Reads what a KDC sent.
pub(crate) fn answer(bytes: &[u8]) -> Result<Answer<'_>, Unusable> {
    match bytes.first() {
        Some(tag) if TICKET_REPLY.contains(tag) => Ok(Answer::Reply(reply(*tag, bytes)?)),
        Some(&ERROR) => Ok(Answer::Refused(refusal(bytes)?)),
        _ => Err(Unusable::Malformed),
    }
}

fn reply(tag: u8, bytes: &[u8]) -> Result<Reply<'_>, Unusable> {
    let fields = Fields::of_message(tag, bytes)?;
    let client = Principal::parse(fields.get(4)?, content(fields.get(3)?)?)?;
    let ticket = fields.get(5)?;
    let outside = Fields::of_message(TICKET, ticket)?;
    let named = Principal::parse(outside.get(2)?, content(outside.get(1)?)?)?;
    let sealed = Fields::of(outside.get(3)?)?;
    let kvno = sealed.optional(1).map(number).transpose()?;
    let seal = Seal { etype: number(sealed.get(0)?)?, kvno: kvno.map(|kvno| u32::from_be_bytes(kvno.to_be_bytes())) };
    let ways = fields.optional(2).map(ways).transpose()?.unwrap_or_default();
    Ok(Reply { client, ticket, named, seal, part: fields.get(6)?, ways })
}

/// What the sealed part of a reply tells, checked against what was asked.
#[derive(Debug)]
pub(crate) struct Opened {
    /// What it takes to use it; the key may be of a type that we do not know.
    pub(crate) credential: Result<Credential, i32>,
    pub(crate) server: Principal,
    /// What the KDC holds of the service's encryption types, as in `msDS-SupportedEncryptionTypes`.
    pub(crate) etypes: Option<u32>,
}

impl Reply<'_> {
    /// Opens an `AS-REP`, and checks that it answers the request with this nonce.
    pub(crate) fn open_login(&self, with: &Key, nonce: u32) -> Result<Opened, Unusable> {
        self.open(with, USE_REPLY_TO_CLIENT, nonce)
    }

    /// Opens the answer to a question that was asked with a ticket.
    pub(crate) fn open_answer(&self, with: &Credential, nonce: u32) -> Result<Opened, Unusable> {
        if self.client != with.client {
            let alike = self.client.is_called_like(&with.client) && self.client.realm == with.client.realm;
            if !alike {
                return Err(Unusable::Other);
            }
        }
        self.open(&with.key, USE_REPLY_TO_SESSION, nonce)
    }

    fn open(&self, with: &Key, usage: u32, nonce: u32) -> Result<Opened, Unusable> {
        let plain = decrypted(with, usage, self.part)?;
        // Some servers put the tag of the other kind of answer.
        let tag = plain.first().copied().filter(|tag| [application(25), application(26)].contains(tag));
        let fields = Fields::of_message(tag.ok_or(Unusable::Malformed)?, &plain)?;
        let repeated = u32::from_be_bytes(number(fields.get(2)?)?.to_be_bytes());
        let server = Principal::parse(fields.get(10)?, content(fields.get(9)?)?)?;
        // What stands on the ticket could have been exchanged on the way; what is encrypted could not.
        if repeated != nonce || server != self.named {
            return Err(Unusable::Other);
        }
        let end = seconds(fields.get(7)?)?;
        let credential = match key(fields.get(0)?) {
            Ok(key) => Ok(Credential {
                client: self.client.clone(),
                server: server.clone(),
                key,
                end,
                ticket: self.ticket.to_vec(),
            }),
            Err(Unusable::Etype(etype)) => Err(etype),
            Err(other) => return Err(other),
        };
        let etypes = fields.optional(12).and_then(supported_etypes);
        Ok(Opened { credential, server, etypes })
    }
}

fn supported_etypes(field: &[u8]) -> Option<u32> {
    let (_, value) = data(field).ok()?.into_iter().find(|(kind, _)| *kind == PA_SUPPORTED_ENCTYPES)?;
    value.try_into().ok().map(u32::from_le_bytes)
}

/// `METHOD-DATA`, kind by kind.
fn data(field: &[u8]) -> Result<Vec<(i32, &[u8])>, Malformed> {
    /// Far more than any KDC sends.
    const MOST: usize = 64;
    let mut elements = Elements::new(Elements::new(field).expect(SEQUENCE)?);
    let mut found = Vec::new();
    while !elements.is_empty() && found.len() < MOST {
        let (_, one) = elements.next()?;
        let whole = element(SEQUENCE, &[one]);
        let kind = number(Fields::of(&whole)?.get(1)?)?;
        let mut parts = Elements::new(one);
        let value = loop {
            let (tag, value) = parts.next()?;
            if tag == 0xa2 {
                break content(value)?;
            }
        };
        found.push((kind, value));
    }
    Ok(found)
}

/// How a password becomes a key, as a KDC tells it (RFC 4120, section 5.2.7.5).
fn ways(field: &[u8]) -> Result<Vec<Way>, Malformed> {
    const USUAL_ROUNDS: u32 = 4096;
    let Some((_, value)) = data(field)?.into_iter().find(|(kind, _)| *kind == PA_ETYPE_INFO2) else {
        return Ok(Vec::new());
    };
    let mut elements = Elements::new(Elements::new(value).expect(SEQUENCE)?);
    let mut ways = Vec::new();
    while !elements.is_empty() && ways.len() < 16 {
        let whole = element(SEQUENCE, &[elements.expect(SEQUENCE)?]);
        let fields = Fields::of(&whole)?;
        let rounds = match fields.optional(2).map(content).transpose()? {
            Some(bytes) => u32::from_be_bytes(bytes.try_into().map_err(|_| Malformed)?),
            None => USUAL_ROUNDS,
        };
        let salt = fields.optional(1).map(content).transpose()?.map(<[u8]>::to_vec);
        ways.push(Way { etype: number(fields.get(0)?)?, salt, rounds });
    }
    Ok(ways)
}

/// Reads a `KRB-ERROR`.
pub(crate) fn refusal(bytes: &[u8]) -> Result<Refusal, Unusable> {
    let fields = Fields::of_message(ERROR, bytes)?;
    let more = fields.optional(12).map(content).transpose()?.unwrap_or_default();
    Ok(Refusal {
        code: number(fields.get(6)?)?,
        now: Moment { seconds: seconds(fields.get(4)?)?, micros: micros(fields.get(5)?)? },
        realm: fields.optional(7).map(content).transpose()?.map(<[u8]>::to_vec),
        ways: ways(more).unwrap_or_default(),
        status: status(more),
        is_referral: false,
    })
}

/// The NTSTATUS in `KERB-ERR-TYPE-EXTENDED` ([MS-KILE] 2.2.1, 2.2.2): data of kind 3, or bare.
fn status(more: &[u8]) -> Option<u32> {
    const EXTENDED: i32 = 3;
    let fields = Fields::of(more).ok()?;
    if number(fields.get(1).ok()?).ok()? != EXTENDED {
        return None;
    }
    let value = content(fields.get(2).ok()?).ok()?;
    value.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
}
