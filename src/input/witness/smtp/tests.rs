use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const LIMIT: Duration = Duration::from_secs(5);
const BANNER: &str = "220 ex01.contoso.com Microsoft ESMTP MAIL Service ready at Thu, 26 Nov 2026 12:00:00 +0100\r\n";

/// What a server does, step by step.
#[derive(Clone, Copy)]
enum Step {
    /// Says this, byte by byte if that is so.
    Say(&'static str),
    Dribble(&'static str),
    /// Waits for a command that begins like this.
    Hear(&'static str),
    /// Begins TLS.
    Tls,
    /// Says nothing for longer than anybody waits.
    Sleep,
}

async fn play<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Say(text) => stream.write_all(text.as_bytes()).await.unwrap(),
            Step::Dribble(text) => {
                for byte in text.bytes() {
                    stream.write_all(&[byte]).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
            Step::Hear(expected) => {
                let mut line = Vec::new();
                while !line.ends_with(b"\r\n") {
                    line.push(stream.read_u8().await.unwrap());
                }
                assert!(String::from_utf8_lossy(&line).starts_with(expected), "{line:?}");
            }
            Step::Tls => unreachable!("only between two parts"),
            Step::Sleep => tokio::time::sleep(Duration::from_secs(60)).await,
        }
        stream.flush().await.unwrap();
    }
}

fn acceptor() -> TlsAcceptor {
    let certified = rcgen::generate_simple_self_signed(["ex01".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn heard(steps: &'static [Step], limit: Duration) -> Result<Heard, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let parts: Vec<&[Step]> = steps.split(|step| matches!(step, Step::Tls)).collect();
            play(&mut stream, parts[0]).await;
            if let Some(within) = parts.get(1) {
                let mut stream = acceptor().accept(stream).await.unwrap();
                play(&mut stream, within).await;
                let _ = stream.shutdown().await;
            }
        });
        let heard = ask("127.0.0.1", port, limit).await;
        server.abort();
        heard
    })
}

#[test]
fn an_endpoint_is_heard_before_and_within_tls() {
    let heard = heard(
        &[
            Step::Say(BANNER),
            Step::Hear("EHLO "),
            Step::Dribble(
                "250-ex01.contoso.com Hello [192.0.2.9]\r\n250-SIZE 37748736\r\n250-STARTTLS\r\n250 X-ANONYMOUSTLS\r\n",
            ),
            Step::Hear("STARTTLS"),
            Step::Say("220 2.0.0 SMTP server ready\r\n"),
            Step::Tls,
            Step::Hear("EHLO "),
            Step::Say("250-ex01.contoso.com Hello\r\n250-AUTH GSSAPI NTLM LOGIN\r\n250 X-EXPS GSSAPI NTLM\r\n"),
            Step::Hear("QUIT"),
            Step::Say("221 bye\r\n"),
        ],
        LIMIT,
    )
    .unwrap();
    assert_eq!(heard.announces, "ex01.contoso.com");
    assert_eq!(heard.offers, ["SIZE 37748736", "STARTTLS", "X-ANONYMOUSTLS"]);
    assert_eq!(heard.offers_within_tls.unwrap(), ["AUTH GSSAPI NTLM LOGIN", "X-EXPS GSSAPI NTLM"]);
    assert_eq!(heard.clock, Some(1_795_690_800));
}

#[test]
fn an_endpoint_without_tls_is_heard_once() {
    let heard = heard(
        &[
            Step::Say("220-first\r\n"),
            Step::Say("220 ex01 ready\n"),
            Step::Hear("EHLO "),
            Step::Say("250 ex01\r\n"),
            Step::Hear("QUIT"),
        ],
        LIMIT,
    )
    .unwrap();
    assert_eq!(heard, Heard { announces: "ex01".to_owned(), offers: vec![], offers_within_tls: None, clock: None });
}

#[test]
fn tls_that_is_refused_or_broken_leaves_what_was_said_in_clear() {
    const START: [Step; 4] =
        [Step::Say(BANNER), Step::Hear("EHLO "), Step::Say("250-ex01\r\n250 STARTTLS\r\n"), Step::Hear("STARTTLS")];
    const REFUSED: &[Step] =
        &[START[0], START[1], START[2], START[3], Step::Say("454 4.7.0 no\r\n"), Step::Hear("QUIT")];
    const BROKEN: &[Step] = &[START[0], START[1], START[2], START[3], Step::Say("220 go\r\n"), Step::Hear("")];
    assert_eq!(heard(REFUSED, LIMIT).unwrap().offers_within_tls, None);
    // The server hears a handshake as a line, sooner or later, and closes the connection.
    let broken = heard(BROKEN, Duration::from_millis(500));
    assert!(broken.is_err() || broken.unwrap().offers_within_tls.is_none());
}

#[test]
fn what_was_said_before_tls_never_counts_as_said_within() {
    let said = heard(
        &[
            Step::Say(BANNER),
            Step::Hear("EHLO "),
            Step::Say("250-ex01\r\n250 STARTTLS\r\n"),
            Step::Hear("STARTTLS"),
            Step::Say("220 go\r\n250-evil.example\r\n250 X-EXPS GSSAPI\r\n"),
            Step::Sleep,
        ],
        LIMIT,
    );
    assert!(said.unwrap_err().what().contains("before it begins TLS"));
}

#[test]
fn every_odd_server_is_one_clear_error_in_time() {
    let lines = |steps: &'static [Step], expected: &str| {
        let trouble = heard(steps, Duration::from_millis(700)).unwrap_err();
        assert!(trouble.what().contains(expected), "{expected}: {trouble}");
        assert!(trouble.advice().is_some() && !trouble.what().contains('\u{1b}'));
    };
    lines(&[Step::Say("421 4.3.2 too busy\u{1b}[31m\r\n")], "greets with 421 4.3.2 too busy");
    lines(&[Step::Say("554 no\r\n")], "greets with 554 no");
    lines(&[Step::Say(BANNER), Step::Hear("EHLO "), Step::Say("502 5.5.1 what?\r\n")], "answers EHLO with 502");
    lines(&[], "closed the connection before it answered");
    lines(&[Step::Say("220 ex01")], "closed the connection before it answered");
    lines(&[Step::Sleep], "does not answer within 0.7 seconds");
    lines(&[Step::Say("\u{0}\u{1}\u{2}\u{3}\r\n"), Step::Sleep], "no reply of SMTP");
    lines(&[Step::Say("SSH-2.0-OpenSSH\r\n"), Step::Sleep], "no reply of SMTP");
    lines(&[Step::Say("22\r\n"), Step::Sleep], "no reply of SMTP");
    lines(&[Step::Say(const { super_long() }), Step::Sleep], "without end");
}

const fn super_long() -> &'static str {
    match std::str::from_utf8(&[b'a'; 4000]) {
        Ok(text) => text,
        Err(_) => "",
    }
}

#[test]
fn a_banner_of_endless_lines_ends() {
    const MANY: &[Step] = &[Step::Say("220-a\r\n"); 200];
    let trouble = heard(MANY, LIMIT).unwrap_err();
    assert!(trouble.what().contains("without end"), "{trouble}");
}

#[test]
fn times_are_read_wherever_they_stand() {
    for (text, expected) in [
        ("ready at Thu, 26 Nov 2026 12:00:00 +0100", Some(1_795_690_800)),
        ("ready at Thu, 26 Nov 2026 11:00:00 GMT", Some(1_795_690_800)),
        ("1 Jan 1970 00:00:00 +0000", Some(0)),
        ("1 Jan 1970 00:00:00 -2359", Some(86_340)),
        ("99 Nov 2026 12:00:00 +0100", None),
        ("26 Nov 20260 12:00:00 +0100", None),
        ("26 Nov 2026 12:00:00 +9900", None),
        ("26 Nov 2026 12:00:00", None),
        ("26 \u{fc}\u{fc} 2026 12:00:00 +0100", None),
    ] {
        assert_eq!(time(text), expected, "{text}");
    }
}
