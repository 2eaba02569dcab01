//! The manual of a finding code.

/// What `explain CODE` prints. Every text is one or more paragraphs, without line breaks inside them.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// What the finding says, in a few words.
    pub title: &'static str,
    /// What was compared with what, and by whose rule.
    pub checked: &'static str,
    /// What it does to mail.
    pub impact: &'static str,
    /// How to put it right.
    pub fix: &'static str,
    /// What right the remedy needs, and who has it by default.
    pub permissions: &'static str,
    /// When the finding may be wrong.
    pub false_positives: &'static str,
    /// Where this is written down.
    pub sources: &'static [&'static str],
}

/// The permission to write a custom SPN.
pub(super) const WRITE_SPN: &str = "Write servicePrincipalName on the account: Domain Admins, or a delegated right. Use an elevated prompt. A computer can write only its own names to its account (validated write to service principal name), never a custom name.";

/// The permission to change a connector.
pub(super) const ORGANIZATION_MANAGEMENT: &str =
    "Organization Management, to change a connector. On Exchange 2003: Exchange Administrator.";

/// Where Microsoft describes the failure.
pub(super) const SMTP_KERBEROS: &[&str] = &[
    "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
    "Microsoft KB 914137: events 1706 and 7004 on an Exchange 2003 server with several SMTP virtual servers",
];
