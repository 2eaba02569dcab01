//! A KDC that says what a test wants, on loopback: a good one, and every kind of bad one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::crypto::{AES256, Key};
use super::der::{self, Fields, GENERAL_STRING, application, integer, list, number, time};
use super::messages::Credential;
use super::principal::Principal;
use super::tickets::{Login, Tickets};
use super::{Config, Failure};
use crate::directory::kerberos_error as code;
use crate::input::ber::{OCTETS, element};

const REALM: &[u8] = b"CONTOSO.COM";
const SPN: &str = "SMTPSVC/ex01.contoso.com";
const LATER: u64 = 4_000_000_000;

pub(super) fn session() -> Key {
    Key::new(AES256, &[7; 32]).unwrap()
}

fn alice() -> Principal {
    Principal::user("alice", "CONTOSO.COM")
}

/// What a good KDC makes of a request, unless a test wants it otherwise.
#[derive(Clone)]
struct Reply {
    client: Principal,
    /// The name within what is encrypted.
    server: Principal,
    /// The name on the ticket.
    named: Principal,
    nonce: i32,
    key: Key,
    session: (i32, Vec<u8>),
    end: u64,
}

impl Reply {
    fn good(request: &Request) -> Self {
        let server = Principal::service(&request.name, REALM);
        let session = (AES256, vec![9; 32]);
        Self {
            client: alice(),
            named: server.clone(),
            server,
            nonce: request.nonce,
            key: self::session(),
            session,
            end: LATER,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let string = |text: &[u8]| element(GENERAL_STRING, &[text]);
        let octets = |bytes: &[u8]| element(OCTETS, &[bytes]);
        let sealed = list(&[(0, integer(18)), (1, integer(3)), (2, octets(b"nobody reads this"))]);
        let ticket = [(0, integer(5)), (1, string(&self.named.realm)), (2, self.named.encoded()), (3, sealed)];
        let ticket = element(application(1), &[&list(&ticket)]);
        let (etype, bytes) = &self.session;
        let part = list(&[
            (0, list(&[(0, integer(*etype)), (1, octets(bytes))])),
            (1, element(0x30, &[])),
            (2, integer(self.nonce)),
            (4, der::flags(0)),
            (5, time(1)),
            (7, time(self.end)),
            (9, string(&self.server.realm)),
            (10, self.server.encoded()),
        ]);
        let part = self.key.encrypt(8, &element(application(26), &[&part])).unwrap();
        let part = list(&[(0, integer(self.key.etype())), (2, octets(&part))]);
        let fields = [
            (0, integer(5)),
            (1, integer(13)),
            (3, string(&self.client.realm)),
            (4, self.client.encoded()),
            (5, ticket),
            (6, part),
        ];
        element(application(13), &[&list(&fields)])
    }
}

fn error(code: i32, more: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut fields = vec![(0, integer(5)), (1, integer(30)), (4, time(1_000_000)), (5, integer(5)), (6, integer(code))];
    fields.extend(more.iter().cloned());
    fields.sort_by_key(|(number, _)| *number);
    fields.extend([(9, element(GENERAL_STRING, &[REALM])), (10, Principal::service(SPN, REALM).encoded())]);
    fields.sort_by_key(|(number, _)| *number);
    element(application(30), &[&list(&fields)])
}

/// What of a request a KDC answers to.
struct Request {
    name: String,
    nonce: i32,
    is_login: bool,
    has_proof: bool,
}

impl Request {
    fn parse(bytes: &[u8]) -> Self {
        let is_login = bytes[0] == application(10);
        let fields = Fields::of_message(bytes[0], bytes).unwrap();
        let body = Fields::of(fields.get(4).unwrap()).unwrap();
        let parts = der::strings(Fields::of(body.get(3).unwrap()).unwrap().get(1).unwrap()).unwrap();
        let name = parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>().join("/");
        let nonce = number(body.get(7).unwrap()).unwrap();
        Self { name, nonce, is_login, has_proof: fields.optional(3).is_some() }
    }
}

/// What a good KDC answers to a request with the number 0.
pub(super) fn good_answer() -> Vec<u8> {
    Reply::good(&Request { name: SPN.to_owned(), nonce: 0, is_login: false, has_proof: true }).bytes()
}

/// What a KDC does.
#[derive(Clone)]
enum Act {
    /// One reply, behind its length.
    Send(Vec<u8>),
    /// Sends these bytes as they are, without a length before.
    Raw(Vec<u8>),
    Silence,
}

type Script = Arc<dyn Fn(&Request) -> Act + Send + Sync>;

/// Plays a KDC; its address, and how often it was asked.
async fn play(script: Script) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let script = script.clone();
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let length = stream.read_u32().await.unwrap();
                let mut request = vec![0; length.try_into().unwrap()];
                stream.read_exact(&mut request).await.unwrap();
                match script(&Request::parse(&request)) {
                    Act::Send(bytes) => {
                        let _ = stream.write_all(&u32::try_from(bytes.len()).unwrap().to_be_bytes()).await;
                        let _ = stream.write_all(&bytes).await;
                    }
                    Act::Raw(bytes) => drop(stream.write_all(&bytes).await),
                    Act::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
                }
            });
        }
    });
    (address, asked)
}

fn tickets(kdc: &str, identity: super::Identity) -> Tickets {
    tickets_of(&[kdc], identity)
}

fn tickets_of(kdcs: &[&str], identity: super::Identity) -> Tickets {
    let kdcs: Vec<_> = kdcs.iter().map(|&kdc| kdc.to_owned()).collect();
    let kdcs = HashMap::from([("CONTOSO.COM".to_owned(), kdcs.clone()), ("EMEA.COM".to_owned(), kdcs)]);
    Tickets::of(Config { kdcs, ..Config::default() }, identity, Duration::from_millis(400))
}

pub(super) fn tgt() -> Credential {
    let server = Principal::tickets_of(REALM, REALM);
    Credential { client: alice(), server, key: session(), end: LATER, ticket: element(application(1), &[&list(&[])]) }
}

/// What comes of asking such a KDC for a ticket.
fn ask(script: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Result<Credential, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (kdc, _) = play(Arc::new(script)).await;
        let tickets = tickets(&kdc, super::Identity::Current);
        tickets.remember(Login { tgt: tgt(), offset: 0 }).await;
        tickets.for_service(SPN, "127.0.0.1").await
    })
}

/// The words for why there is none.
fn words(failure: Failure) -> String {
    match failure {
        Failure::Credentials(trouble) | Failure::Unheard(trouble) => {
            assert!(trouble.advice().is_some(), "{trouble}");
            trouble.what().to_owned()
        }
        Failure::Refused(refusal) => format!("error {}", refusal.code),
    }
}

#[test]
fn a_good_kdc_gives_a_ticket() {
    let ticket = ask(|request| Act::Send(Reply::good(request).bytes())).unwrap();
    assert_eq!(
        (ticket.server.to_string().as_str(), ticket.key.bytes()),
        ("SMTPSVC/ex01.contoso.com@CONTOSO.COM", &[9; 32][..])
    );
}

#[test]
fn a_reply_to_another_question_or_from_somebody_else_is_not_believed() {
    type Change = fn(&mut Reply);
    let changes: [(Change, &str); 8] = [
        (|reply| reply.nonce ^= 1, "belongs to another question"),
        (|reply| reply.client = Principal::user("mallory", "CONTOSO.COM"), "belongs to another question"),
        (|reply| reply.client = Principal::user("alice", "EVIL.COM"), "belongs to another question"),
        (|reply| reply.named = Principal::service("SMTPSVC/other.contoso.com", REALM), "belongs to another question"),
        (|reply| reply.key = Key::new(AES256, &[8; 32]).unwrap(), "was changed on the way"),
        (
            |reply| reply.key = Key::new(17, &[7; 16]).unwrap(),
            "encryption type that this program does not support (AES128)",
        ),
        (|reply| reply.session = (23, vec![1; 16]), "encryption type that this program does not support (RC4)"),
        (
            |reply| {
                reply.server = Principal::service("SMTPSVC/other.contoso.com", REALM);
                reply.named = reply.server.clone();
            },
            "belongs to another question",
        ),
    ];
    for (change, expected) in changes {
        let said = ask(move |request| {
            let mut reply = Reply::good(request);
            change(&mut reply);
            Act::Send(reply.bytes())
        });
        let said = words(said.unwrap_err());
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn a_reply_cut_or_changed_anywhere_is_an_error_or_the_same_ticket() {
    let answered = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let script = answered.clone();
        let good = good_answer().len();
        let place = Arc::new(AtomicUsize::new(0));
        let at = place.clone();
        let (kdc, _) = play(Arc::new(move |request| {
            let mut bytes = Reply::good(request).bytes();
            let number = at.load(Ordering::Relaxed);
            let (place, kind) = (number / 4, number % 4);
            match (kind, bytes.get_mut(place)) {
                (0, _) => bytes.truncate(place),
                (1, Some(byte)) => *byte ^= 1,
                (2, Some(byte)) => *byte ^= 0x80,
                (_, Some(byte)) => *byte = 0xff,
                (_, None) => {}
            }
            script.lock().unwrap().push(number);
            Act::Send(bytes)
        }))
        .await;
        let tickets = tickets(&kdc, super::Identity::Current);
        tickets.remember(Login { tgt: tgt(), offset: 0 }).await;
        let mut believed = 0;
        // The last 60 bytes or so are encrypted, so every one of them counts.
        for number in 0..good * 4 {
            place.store(number, Ordering::Relaxed);
            if let Ok(ticket) = tickets.for_service(SPN, "127.0.0.1").await {
                believed += 1;
                // Only what is in clear and not ours can have been changed: the ticket itself, which nobody but the service reads.
                assert_eq!((ticket.key.bytes(), ticket.end), (&[9; 32][..], LATER), "{number}");
                assert!(ticket.server.is_called_like(&Principal::service(SPN, REALM)));
            }
        }
        println!("{} changed replies, {believed} believed", good * 4);
        assert!(believed < good);
    });
    assert!(answered.lock().unwrap().len() > 1000);
}

#[test]
fn every_kind_of_bad_kdc_is_one_clear_error_in_time() {
    type Play = fn(&Request) -> Act;
    let cases: [(Play, &str); 9] = [
        (|_| Act::Silence, "does not answer within 0.4 seconds"),
        (|_| Act::Raw(Vec::new()), "closed the connection"),
        (|_| Act::Raw(vec![0, 0, 1, 0, 1]), "closed the connection"),
        (|_| Act::Raw(vec![0xff; 16]), "no Kerberos message"),
        (|_| Act::Raw(b"HTTP/1.1 400 Bad Request\r\n".to_vec()), "no Kerberos message"),
        (|_| Act::Send(Vec::new()), "no Kerberos message"),
        (|_| Act::Send(vec![0x6d, 0x84, 0xff, 0xff, 0xff, 0xff]), "no Kerberos message"),
        (|_| Act::Send(error(code::SERVICE_UNKNOWN, &[])), "error 7"),
        (|_| Act::Send(error(-5, &[(12, element(OCTETS, &[&[0xff; 300]]))])), "error -5"),
    ];
    for (play, expected) in cases {
        let started = std::time::Instant::now();
        let said = words(ask(play).unwrap_err());
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(started.elapsed() < Duration::from_secs(3));
    }
}

#[test]
fn referrals_are_followed_and_their_loops_end() {
    let to = |realm: &'static [u8]| {
        move |request: &Request| {
            let mut reply = Reply::good(request);
            reply.server = Principal::tickets_of(realm, REALM);
            reply.named = reply.server.clone();
            reply
        }
    };
    let (elsewhere, back) = (to(b"EMEA.COM"), to(REALM));
    // Back and forth without end.
    let count = AtomicUsize::new(0);
    let said = ask(move |request| {
        let mut reply =
            if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { elsewhere(request) } else { back(request) };
        reply.key = if count.load(Ordering::Relaxed) == 1 { session() } else { Key::new(AES256, &[9; 32]).unwrap() };
        Act::Send(reply.bytes())
    });
    assert!(words(said.unwrap_err()).contains("without end"));
    // Once, and the other realm answers.
    let (elsewhere, count) = (to(b"EMEA.COM"), AtomicUsize::new(0));
    let found = ask(move |request| {
        let mut reply =
            if count.fetch_add(1, Ordering::Relaxed) == 0 { elsewhere(request) } else { Reply::good(request) };
        if count.load(Ordering::Relaxed) == 2 {
            reply.key = Key::new(AES256, &[9; 32]).unwrap();
            reply.server.realm = b"EMEA.COM".to_vec();
            reply.named = reply.server.clone();
        }
        Act::Send(reply.bytes())
    });
    assert_eq!(found.unwrap().server.to_string(), "SMTPSVC/ex01.contoso.com@EMEA.COM");
}

#[test]
fn a_referral_proves_nothing_to_whoever_asks_one_kdc() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let said = runtime.block_on(async {
        let (kdc, _) = play(Arc::new(|request: &Request| {
            let mut reply = Reply::good(request);
            reply.server = Principal::tickets_of(b"EMEA.COM", REALM);
            reply.named = reply.server.clone();
            Act::Send(reply.bytes())
        }))
        .await;
        let tickets = tickets(&kdc, super::Identity::Current);
        tickets.remember(Login { tgt: tgt(), offset: 0 }).await;
        tickets.ask(&kdc, &tgt(), SPN, &super::AES).await
    });
    let Err(Failure::Refused(refusal)) = said else { panic!("{said:?}") };
    assert!(refusal.is_referral && refusal.realm.as_deref() == Some(b"EMEA.COM"));
}

/// `METHOD-DATA` that asks for proof, with a key made in so many rounds.
pub(super) fn proof_wanted(etype: i32, rounds: u32) -> Vec<u8> {
    let octets = |bytes: &[u8]| element(OCTETS, &[bytes]);
    let salt = element(GENERAL_STRING, &[b"CONTOSO.COMalice"]);
    let entry = list(&[(0, integer(etype)), (1, salt), (2, octets(&rounds.to_be_bytes()))]);
    let info = element(0x30, &[&entry]);
    let data = element(0x30, &[&list(&[(1, integer(19)), (2, octets(&info))])]);
    error(code::PROOF_WANTED, &[(12, octets(&data))])
}

fn with_password() -> super::Identity {
    let password = crate::input::secret::Secret::new("hunter2".to_owned());
    super::Identity::Password { user: "alice@contoso.com".to_owned(), password }
}

fn log_in(script: impl Fn(&Request) -> Act + Send + Sync + 'static) -> (String, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (kdc, asked) = play(Arc::new(script)).await;
        let tickets = tickets(&kdc, with_password());
        let said = words(tickets.for_service(SPN, "127.0.0.1").await.unwrap_err());
        assert!(!said.contains("hunter2"));
        (said, asked.load(Ordering::Relaxed))
    })
}

#[test]
fn a_wrong_password_is_tried_once_and_proof_is_given_to_nobody_who_asks_too_much() {
    const UNSAFE: &str = "would not keep the password safe";
    let (said, asked) = log_in(|request| {
        assert!(request.is_login);
        Act::Send(if request.has_proof { error(code::WRONG_PASSWORD, &[]) } else { proof_wanted(18, 4096) })
    });
    assert!(said.contains("the password is wrong (error 24)") && asked == 2, "{said} {asked}");
    // Rounds to keep us busy for hours, and a type that only the weak use.
    for (etype, rounds, expected) in [
        (18, u32::MAX, UNSAFE),
        (18, 0, UNSAFE),
        (17, 4095, UNSAFE),
        (23, 4096, "has no AES key"),
        (3, 4096, "has no AES key"),
    ] {
        let (said, asked) = log_in(move |_| Act::Send(proof_wanted(etype, rounds)));
        assert!(said.contains(expected) && asked == 1, "{said}");
    }
    // Proof, and again, without end.
    let (said, asked) = log_in(|_| Act::Send(proof_wanted(18, 4096)));
    assert!(said.contains("error 25") && asked == 2, "{said} {asked}");
    // From realm to realm.
    let (said, asked) =
        log_in(|_| Act::Send(error(code::WRONG_REALM, &[(7, element(GENERAL_STRING, &[b"EMEA.COM"]))])));
    assert!(said.contains("without end") && asked < 20, "{said}");
    let (said, _) = log_in(|_| Act::Send(error(code::CLIENT_UNKNOWN, &[])));
    assert!(said.starts_with("alice@CONTOSO.COM gets no Kerberos ticket: the client is not known"), "{said}");
}

#[test]
fn a_kdc_that_is_not_well_is_not_held_against_whoever_logs_in() {
    for own in [29, 52, 60, code::SKEW] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (sick, asked) = play(Arc::new(move |_: &Request| Act::Send(error(own, &[])))).await;
            // It is asked again: by then it may be well.
            let alone = tickets(&sick, with_password());
            for times in 1..=2 {
                let failure = alone.for_service(SPN, "127.0.0.1").await.unwrap_err();
                assert!(matches!(failure, Failure::Unheard(_)) && asked.load(Ordering::Relaxed) == times);
                assert!(words(failure).contains(&format!("(error {own})")));
            }
            // And the one beside it knows better.
            let (well, _) = play(Arc::new(|request: &Request| {
                Act::Send(if request.has_proof { error(code::WRONG_PASSWORD, &[]) } else { proof_wanted(18, 4096) })
            }))
            .await;
            let failure = tickets_of(&[&sick, &well], with_password()).for_service(SPN, "127.0.0.1").await.unwrap_err();
            assert!(matches!(failure, Failure::Credentials(_)), "{failure:?}");
        });
    }
}

#[test]
fn an_expired_ticket_is_not_sent_anywhere() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (kdc, asked) = play(Arc::new(|_: &Request| Act::Silence)).await;
        let tickets = tickets(&kdc, super::Identity::Current);
        tickets.remember(Login { tgt: Credential { end: 1_000_000_000, ..tgt() }, offset: 0 }).await;
        let said = words(tickets.for_service(SPN, "127.0.0.1").await.unwrap_err());
        assert!(said.contains("has expired") && asked.load(Ordering::Relaxed) == 0, "{said}");
    });
}
