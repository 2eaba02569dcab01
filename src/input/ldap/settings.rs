//! How a directory is to be reached: plain settings, whoever gathered them.

use std::path::PathBuf;
use std::time::Duration;

use super::failure::Trouble;
use crate::directory::schema::Purpose;
use crate::directory::text::{clipped, printable};
pub use crate::input::kerberos::Identity;
use crate::input::secret::Secret;

/// Where the directory is, who asks, and how long it may take.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The domain whose controllers are looked up in DNS; from the environment if absent.
    pub domain: Option<String>,
    /// `HOST[:PORT]`, tried in order; with any, none is looked up.
    pub servers: Vec<String>,
    /// Whom the servers take us for.
    pub auth: Auth,
    /// What protects the connection.
    pub security: Security,
    /// The certificates (PEM) that a server's must descend from, instead of those the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Takes any certificate: whoever sits on the network can read everything, the password too.
    pub insecure_skip_certificate_check: bool,
    /// What the objects are wanted for, and so which attributes are asked for.
    pub purpose: Purpose,
    /// How many objects a server may send at a time.
    pub page_size: u32,
    /// How long one step may take: a connection, a bind, a page.
    pub step_timeout: Duration,
    /// How long everything may take.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            domain: None,
            servers: Vec::new(),
            auth: Auth::default(),
            security: Security::default(),
            ca_file: None,
            insecure_skip_certificate_check: false,
            purpose: Purpose::Check,
            page_size: 1000,
            step_timeout: Duration::from_secs(20),
            timeout: Duration::from_secs(300),
        }
    }
}

impl Settings {
    /// Refuses what cannot work, or would not be what was meant.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        match (&self.auth, self.security) {
            (Auth::Simple { .. } | Auth::Anonymous, Security::Sealed) => {
                Err(Trouble::new("only Kerberos can seal a connection by itself").hint("use LDAPS or --starttls"))
            }
            // A server takes a bind without a password for an anonymous one, and says that it succeeded (RFC 4513, 5.1.2).
            (Auth::Simple { password, .. } | Auth::Kerberos(Identity::Password { password, .. }), _)
                if password.reveal().is_empty() =>
            {
                Err(Trouble::new("the password is empty").hint("for no authentication at all use --auth anonymous"))
            }
            (Auth::Simple { user, .. } | Auth::Kerberos(Identity::Password { user, .. }), _) if user.is_empty() => {
                Err(Trouble::new("the user name is empty").hint("write it as user@contoso.com or CONTOSO\\user"))
            }
            _ => Ok(()),
        }
    }
}

/// How the program binds (RFC 4513).
#[derive(Clone, Debug)]
pub enum Auth {
    /// Somebody whom Kerberos knows.
    Kerberos(Identity),
    /// A name and its password.
    Simple {
        /// `user@contoso.com`, `CONTOSO\user` or a DN.
        user: String,
        /// Goes to the server as it is, so only over TLS.
        password: Secret,
    },
    /// A bind without name and password. To nobody Active Directory shows little more than the rootDSE, unless `dSHeuristics` allows it.
    Anonymous,
}

impl Default for Auth {
    fn default() -> Self {
        Self::Kerberos(Identity::Current)
    }
}

impl Auth {
    /// What a server says, as it may be shown: without the password, which the server may know, and not at any length.
    pub(super) fn discreet(&self, said: &str) -> String {
        const MOST: usize = 1000;
        printable(clipped(&self.without_password(said), MOST).trim())
    }

    /// The same at its full length, for what has yet to be read.
    pub(super) fn without_password(&self, said: &str) -> String {
        let (Self::Simple { password, .. } | Self::Kerberos(Identity::Password { password, .. })) = self else {
            return said.to_owned();
        };
        if password.reveal().is_empty() { said.to_owned() } else { said.replace(password.reveal(), "…") }
    }
}

/// What protects the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Kerberos itself seals every message, on port 389. Only with [`Auth::Kerberos`].
    #[default]
    Sealed,
    /// TLS from the first byte, port 636.
    Ldaps,
    /// TLS on port 389, asked for before anything else.
    StartTls,
    /// Nothing: everything can be read and changed on the way, the password too. Not with Kerberos, which always seals.
    InsecurePlaintext,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let auth = Auth::Simple { user: "alice".to_owned(), password: Secret::new("hunter2".to_owned()) };
        assert!(!format!("{auth:?}").contains("hunter2"));
    }
}
