//! What is wrong, in the terms of the directory: what the checks produce and the report is made of.

use super::remedy::Remedy;
use super::requirements::{Judged, Requirement};
use super::severity::Severity;
use crate::directory::account::Account;
use crate::directory::endpoint::Endpoint;
use crate::directory::spn::Spn;
use crate::directory::text::sort_folded;

/// One thing wrong: one per code, server and SPN.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which [check](super::checks::Check) found it.
    pub code: &'static str,
    /// The same for all of a code, but where less depends on it here.
    pub severity: Severity,
    /// The names of the servers concerned, sorted.
    pub servers: Vec<String>,
    /// The endpoints concerned, `SERVER\name`, sorted.
    pub endpoints: Vec<String>,
    /// The SPN concerned; none where it is about the server or one of its settings.
    pub spn: Option<Spn>,
    /// The DNs of those who hold it, sorted.
    pub holders: Vec<String>,
    /// What is wrong, in one or two sentences.
    pub message: String,
    /// What of the message is true of this finding alone, beside its servers and its SPN.
    pub evidence: Vec<String>,
    /// What fails because of it, and for whom.
    pub why: String,
    /// What to do about it, the preferred first.
    pub remedies: Vec<Remedy>,
}

impl Finding {
    /// A finding without servers, endpoints, SPN, holders or remedies yet.
    pub fn new(code: &'static str, severity: Severity, message: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            servers: Vec::new(),
            endpoints: Vec::new(),
            spn: None,
            holders: Vec::new(),
            message: message.into(),
            evidence: Vec::new(),
            why: why.into(),
            remedies: Vec::new(),
        }
    }

    /// Adds the server that it is about.
    #[must_use]
    pub fn server(self, judged: &Judged<'_>) -> Self {
        self.servers([judged])
    }

    /// Adds servers that it is about; each is named once.
    #[must_use]
    pub fn servers<'a, 'b: 'a>(mut self, servers: impl IntoIterator<Item = &'a Judged<'b>>) -> Self {
        self.servers.extend(servers.into_iter().map(|judged| judged.server.names.name.clone()));
        sort_folded(&mut self.servers, String::as_str);
        self.servers.dedup();
        self
    }

    /// Names endpoints of a server.
    #[must_use]
    pub fn endpoints<'a>(self, judged: &Judged<'_>, endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Self {
        self.endpoints_of(endpoints.into_iter().map(|endpoint| (judged, endpoint)))
    }

    /// Names endpoints of several servers.
    #[must_use]
    pub(crate) fn endpoints_of<'a, 'b: 'a>(
        mut self,
        endpoints: impl IntoIterator<Item = (&'a Judged<'b>, &'a Endpoint)>,
    ) -> Self {
        let name =
            |(judged, endpoint): (&Judged<'_>, &Endpoint)| format!("{}\\{}", judged.server.names.name, endpoint.name);
        self.endpoints.extend(endpoints.into_iter().map(name));
        sort_folded(&mut self.endpoints, String::as_str);
        self
    }

    /// Names endpoints whose server is not known.
    #[must_use]
    pub fn orphans(mut self, endpoints: &[Endpoint]) -> Self {
        self.endpoints.extend(endpoints.iter().map(|endpoint| endpoint.name.clone()));
        sort_folded(&mut self.endpoints, String::as_str);
        self
    }

    /// Names the SPN and who holds it.
    #[must_use]
    pub fn spn<'a>(mut self, spn: &Spn, holders: impl IntoIterator<Item = &'a Account>) -> Self {
        self.spn = Some(spn.clone());
        self.holders.extend(holders.into_iter().map(|holder| holder.dn.to_string()));
        sort_folded(&mut self.holders, String::as_str);
        self
    }

    /// Names a requirement of a server: its endpoints, its SPN and who holds that.
    #[must_use]
    pub fn about(self, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Self {
        self.server(judged)
            .endpoints(judged, requirement.needs.announced_by.iter().copied())
            .spn(&requirement.spn, requirement.holders.iter().copied())
    }

    /// Tells what is true of this finding alone.
    #[must_use]
    pub fn evidence(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// How much memory it takes together with what a report makes of it, more or less.
    fn weight(&self) -> usize {
        let text = self.message.len() + self.why.len() + self.spn.as_ref().map_or(0, |spn| 2 * spn.as_str().len());
        let lists = [&self.servers, &self.endpoints, &self.holders, &self.evidence].into_iter().flatten();
        let lists: usize = lists.map(|name| 40 + name.len()).sum();
        1000 + 2 * (text + lists) + self.remedies.iter().map(Remedy::weight).sum::<usize>()
    }

    /// Names a way to put it right, after those named before.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<Option<Remedy>>) -> Self {
        self.remedies.extend(remedy.into());
        self
    }
}

/// What was found so far, up to what a report can tell: its text is held in the judgement and in the report at once.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    weight: usize,
}

impl Findings {
    /// Of the 512 MiB that the whole program may take.
    const MOST_BYTES: usize = 160 << 20;

    /// Takes in more, as long as a report can tell of them.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        let mut findings = findings.into_iter();
        while self.weight <= Self::MOST_BYTES
            && let Some(finding) = findings.next()
        {
            self.weight += finding.weight();
            self.list.push(finding);
        }
    }

    /// All of them; none if they are too much.
    pub(super) fn all(self) -> Option<Vec<Finding>> {
        (self.weight <= Self::MOST_BYTES).then_some(self.list)
    }
}
