//! How bad a finding is.

/// How bad a finding is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Kerberos authentication fails, and with it mail between Exchange servers.
    Error,
    /// Authentication falls back, or fails under some conditions.
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
