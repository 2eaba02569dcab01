//! What goes wrong between us and a server, in words, each with a hint; and whether another server is worth trying.

use std::fmt;
use std::time::Duration;

/// One clear sentence of what went wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    what: String,
    hint: Option<String>,
}

impl Trouble {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the server, where the sentence does not.
    pub(super) fn at(mut self, server: &impl fmt::Display) -> Self {
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
        f.write_str(&self.what)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for Trouble {}

/// Why a server could not be read.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The server's own trouble: the next one may do better.
    Server(Trouble),
    /// Any server would say the same, or it is not safe to go on: a wrong password must not be tried until the account is
    /// locked, and a certificate that cannot be trusted is not a reason to ask around.
    Final(Trouble),
}

impl Failure {
    pub(super) fn server(what: impl Into<String>) -> Self {
        Self::Server(Trouble::new(what))
    }

    pub(super) fn last(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Final(Trouble::new(what).hint(hint))
    }

    pub(super) fn trouble(self) -> Trouble {
        match self {
            Self::Server(trouble) | Self::Final(trouble) => trouble,
        }
    }
}

/// Lets one step take only so long.
pub(super) async fn within<T>(
    limit: Duration,
    step: &str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let what = format!("{step} took longer than {} seconds", limit.as_secs_f32());
        Err(Failure::Server(Trouble::new(what).hint("the server or the network stalls; try another with --server")))
    })
}
