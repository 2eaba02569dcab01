//! What the error codes of Kerberos mean (RFC 4120, section 7.5.9), in words.

pub(crate) const CLIENT_UNKNOWN: i32 = 6;
/// The service is not known, or several accounts hold its name.
pub(crate) const SERVICE_UNKNOWN: i32 = 7;
/// No key of the service has an encryption type that was asked for.
pub(crate) const NO_ETYPE: i32 = 14;
pub(crate) const WRONG_PASSWORD: i32 = 24;
/// The first answer to every login: who one is has to be proved (pre-authentication).
pub(crate) const PROOF_WANTED: i32 = 25;
pub(crate) const EXPIRED: i32 = 32;
/// The clocks are too far apart.
pub(crate) const SKEW: i32 = 37;
/// Another realm is the right one to ask.
pub(crate) const WRONG_REALM: i32 = 68;

/// Whether a refusal says nothing of the name that was asked for: it is about whoever asks (an expired ticket, clocks, a disabled user) or
/// about the KDC itself.
#[must_use]
pub(crate) fn is_about_something_else(code: i32) -> bool {
    matches!(
        code,
        1 | CLIENT_UNKNOWN | 18 | 20 | 21 | 23 | 29 | 31 | EXPIRED | 33
            ..=36 | SKEW | 41 | 44 | 50 | 52 | 60 | WRONG_REALM
    )
}

/// Whether a refusal says that nobody can get a ticket to the name: it is not known, not unique, or its account has no key, has expired or
/// is disabled.
#[must_use]
pub(crate) fn is_about_the_name(code: i32) -> bool {
    matches!(code, 2 | SERVICE_UNKNOWN | 8 | 9 | NO_ETYPE | 19)
}

/// Whether a refusal to log in is about whoever logs in, so that no other KDC would say otherwise: only such a one is final.
#[must_use]
pub(crate) fn is_about_the_client(code: i32) -> bool {
    matches!(code, 1 | CLIENT_UNKNOWN | 9 | 12 | NO_ETYPE | 18 | 23 | WRONG_PASSWORD | PROOF_WANTED | WRONG_REALM)
}

/// What an encryption type is called.
#[must_use]
pub(crate) fn etype(number: i32) -> String {
    match number {
        18 => "AES256".to_owned(),
        17 => "AES128".to_owned(),
        23 => "RC4".to_owned(),
        1 | 3 => "DES".to_owned(),
        other => format!("encryption type {other}"),
    }
}

/// A clause that can stand behind "the KDC refuses:".
#[must_use]
pub(crate) fn meaning(code: i32) -> &'static str {
    match code {
        1 => "the client's entry in the database has expired",
        2 => "the service's entry in the database has expired",
        CLIENT_UNKNOWN => "the client is not known",
        SERVICE_UNKNOWN => "the service principal name is not known, or several accounts hold it",
        8 => "several accounts have this name",
        9 => "the client or the service has no key",
        12 => "the KDC's policy rejects the request",
        13 => "the KDC cannot do what was asked for",
        NO_ETYPE => "the account has no key of an encryption type that was asked for",
        16 => "the KDC does not support this kind of proof",
        18 => "the client's account is disabled, locked out, or outside of its hours",
        19 => "the service's account is disabled",
        20 => "the ticket was revoked",
        21 | 33 => "the ticket is not valid yet; the clocks may differ",
        23 => "the password has expired",
        WRONG_PASSWORD => "the password is wrong",
        PROOF_WANTED => "the KDC wants proof of the client's identity first",
        27 => "the account takes tickets from user to user only",
        29 => "the KDC cannot reach another that it needs",
        31 => "the ticket cannot be opened with the service's key",
        EXPIRED => "the ticket has expired",
        34 => "the request was seen before",
        35 => "the ticket is for another service",
        36 => "ticket and request name different clients",
        SKEW => "the clocks are too far apart",
        41 => "the request was changed on the way",
        50 => "the checksum is of an unsuitable kind",
        52 => "the answer is too long for this way",
        60 => "the KDC has an error of its own",
        WRONG_REALM => "another realm is the right one to ask",
        _ => "the KDC refuses",
    }
}
