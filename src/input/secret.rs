//! Passwords.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A password: never shown, kept once, and wiped from memory when it is no longer needed.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes over a password.
    #[must_use]
    pub fn new(password: String) -> Self {
        Self(Arc::new(Zeroizing::new(password)))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
