//! What went wrong, in words, and what to do about it.

use std::fmt;

/// One clear sentence of what went wrong, and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    what: String,
    hint: Option<String>,
}

impl Trouble {
    /// What went wrong.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same sentence in other words.
    #[must_use]
    pub(crate) fn reworded(self, words: impl Fn(&str) -> String) -> Self {
        Self { what: words(&self.what), ..self }
    }

    /// Names the server, where the sentence does not.
    #[must_use]
    pub fn at(mut self, server: &impl fmt::Display) -> Self {
        let server = server.to_string();
        let host = server.rsplit_once(':').map_or(server.as_str(), |(host, _)| host);
        if !self.what.contains(host) {
            self.what = format!("{server}: {}", self.what);
        }
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Trouble {}
