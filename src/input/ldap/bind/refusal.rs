//! What a server means when it refuses a bind.

use crate::directory::text::printable;
use crate::input::ldap::failure::{Failure, Trouble};
use crate::input::ldap::wire::messages::Outcome;

/// The failure behind the result of a bind or of StartTLS.
pub(crate) fn refused(outcome: &Outcome, request: &str) -> Failure {
    let said = format!("{} ({})", outcome.code, printable(outcome.text.trim()));
    match outcome.code {
        8 | 13 => Failure::last(
            format!("the server refuses a bind without encryption: {said}"),
            "leave out --insecure-plaintext: LDAPS, --starttls and Kerberos all encrypt",
        ),
        49 => credentials(&outcome.text, &said),
        7 => Failure::last(
            format!("the server does not know this way of authenticating: {said}"),
            "use --auth simple, or ask another server with --server",
        ),
        51 => Failure::server(format!("the server is busy: {said}")),
        // Its own trouble, and not ours with it.
        1 | 2 | 3 | 11 | 80 => Failure::Server(
            Trouble::new(format!("the server cannot answer {request}: {said}"))
                .hint("its text says why; try another with --server"),
        ),
        52 => Failure::Server(
            Trouble::new(format!("the server cannot serve {request} now: {said}"))
                .hint("a domain controller without a certificate cannot do TLS; Kerberos on port 389 needs none"),
        ),
        _ => Failure::last(
            format!("the server refused {request}: {said}"),
            "the server's text says why; its event log may say more",
        ),
    }
}

/// Active Directory says in the text what is wrong with the credentials (`data 52e`).
fn credentials(text: &str, said: &str) -> Failure {
    let reason = text.split("data ").nth(1).and_then(|rest| rest.split([',', ' ']).next()).unwrap_or_default();
    let (what, hint) = match reason.to_ascii_lowercase().as_str() {
        "525" => ("there is no such user", "write the user as user@contoso.com or CONTOSO\\user"),
        "530" | "531" => ("the account may not log on at this time or from here", "ask its administrator"),
        "532" | "773" => ("the password has expired or must be changed", "change it, then try again"),
        "533" => ("the account is disabled", "use another, or have it enabled"),
        "701" => ("the account has expired", "use another, or have it extended"),
        "775" => ("the account is locked out", "wait, or have it unlocked"),
        _ => (
            "the user name or the password is wrong",
            "write the user as user@contoso.com or CONTOSO\\user, and check the password; it was sent once only",
        ),
    };
    Failure::last(format!("{what}: {said}"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_directory_tells_why_credentials_are_wrong() {
        let text = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 775, v2580";
        let outcome = Outcome { code: 49, text: text.to_owned(), token: None };
        let Failure::Final(trouble) = refused(&outcome, "the bind") else { panic!() };
        assert!(trouble.what().starts_with("the account is locked out"));
    }
}
