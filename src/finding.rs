//! What is wrong, in the terms of the directory: what the checks produce and the report is made of.

use crate::model::account::Account;
use crate::model::exchange::Endpoint;
use crate::model::spn::Spn;
use crate::remedy::Remedy;
use crate::requirements::Judged;

/// How bad a finding is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Mail stops, or will as soon as Kerberos is needed.
    Error,
    /// Authentication falls back or will fail under some conditions.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// One thing wrong: one per code, server and SPN.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The code of the check.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The names of the servers concerned, sorted.
    pub servers: Vec<String>,
    /// The names of the endpoints concerned, sorted.
    pub endpoints: Vec<String>,
    /// The SPN concerned.
    pub spn: Option<Spn>,
    /// The DNs of those who hold it, sorted.
    pub holders: Vec<String>,
    /// What is wrong, in one or two sentences.
    pub message: String,
    /// What to do about it.
    pub remedy: Remedy,
}

impl Finding {
    /// A finding without servers, endpoints, SPN or holders yet.
    pub fn new(code: &'static str, severity: Severity, message: impl Into<String>, remedy: Remedy) -> Self {
        Self {
            code,
            severity,
            servers: Vec::new(),
            endpoints: Vec::new(),
            spn: None,
            holders: Vec::new(),
            message: message.into(),
            remedy,
        }
    }

    /// Names a server.
    #[must_use]
    pub fn server(self, judged: &Judged<'_>) -> Self {
        self.servers([judged])
    }

    /// Names servers.
    #[must_use]
    pub fn servers<'a>(mut self, servers: impl IntoIterator<Item = &'a Judged<'a>>) -> Self {
        self.servers.extend(servers.into_iter().map(|judged| judged.server.names.netbios.clone()));
        sort(&mut self.servers);
        self
    }

    /// Names endpoints.
    #[must_use]
    pub fn endpoints<'a>(mut self, endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Self {
        self.endpoints.extend(endpoints.into_iter().map(|endpoint| endpoint.name.clone()));
        sort(&mut self.endpoints);
        self
    }

    /// Names the SPN and who holds it.
    #[must_use]
    pub fn spn<'a>(mut self, spn: &Spn, holders: impl IntoIterator<Item = &'a Account>) -> Self {
        self.spn = Some(spn.clone());
        self.holders.extend(holders.into_iter().map(|holder| holder.dn.to_string()));
        sort(&mut self.holders);
        self
    }
}

fn sort(texts: &mut [String]) {
    crate::model::text::sort_folded(texts, String::as_str);
}
