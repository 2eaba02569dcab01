//! What goes wrong between us and a server, in words, each with a hint; and whether another server is worth trying.

use std::time::Duration;

pub use crate::trouble::Trouble;

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

    /// The same in other words.
    pub(super) fn reworded(self, words: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Server(trouble) => Self::Server(trouble.reworded(words)),
            Self::Final(trouble) => Self::Final(trouble.reworded(words)),
        }
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
