//! Bytes of an enemy for what reads Kerberos: answers of a KDC, tokens of a service, caches and keytabs.

use super::cache::tests::cache;
use super::gss_peer::{established, ticket, token};
use super::keytab::tests::keytab;
use super::messages::{self, Answer};
use super::scripted::{good_answer, proof_wanted, session, tgt};
use super::{cache as caches, gss, keytab as keytabs};
use crate::input::ber::element;
use crate::input::mutate::Mutator;

const WORDS: &[&str] =
    &["\0", "\x01", "\x02\x01", "\x18\x0f", "\x1b", "\x30", "\x7f", "0\u{80}", "\0\0\0\x04", "\x05\x04"];

#[test]
fn no_answer_of_a_kdc_makes_the_reader_fail_or_believe_what_was_changed() {
    let good = good_answer();
    let corpus = [good.clone(), proof_wanted(18, 4096), Vec::new()];
    let tried = Mutator::new(WORDS).run(&corpus, |bytes| match messages::answer(bytes) {
        Ok(Answer::Reply(reply)) => {
            let _ = reply.open_login(&session(), 0);
            // What is encrypted says for whom and until when; a change of that is noticed.
            if let Ok(opened) = reply.open_answer(&tgt(), 0) {
                assert_eq!(opened.credential.unwrap().key.bytes(), [9; 32]);
            }
        }
        Ok(Answer::Refused(refusal)) => assert!(refusal.ways.len() <= 16),
        Err(_) => {}
    });
    assert!(tried > 0);
}

#[test]
fn no_token_of_a_service_makes_the_reader_fail() {
    let (mut context, key) = established(18);
    let sealed = token(&key, true, 3, 28, 500, b"reply");
    let framed = element(0x60, &[&[6, 1, 0], &proof_wanted(18, 1)]);
    let tried = Mutator::new(WORDS).run(&[sealed.clone(), framed, Vec::new()], |bytes| {
        let _ = gss::refusal(bytes);
        assert!(messages::introduced(&ticket(18).key, bytes).is_err());
        if bytes != sealed {
            assert!(context.unwrap(true, bytes).is_err());
        }
    });
    assert!(tried > 0);
}

#[test]
fn no_cache_and_no_keytab_makes_the_reader_fail() {
    let tried = Mutator::new(WORDS).run(&[cache(3, 18), cache(4, 23), keytab(), Vec::new()], |bytes| {
        if let Ok(credentials) = caches::count(bytes) {
            assert!(credentials <= bytes.len());
        }
        let _ = keytabs::count(bytes);
    });
    assert!(tried > 0);
}
