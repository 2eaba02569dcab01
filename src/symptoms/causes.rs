//! What else than an SPN makes Kerberos between Exchange servers fail, and how to check each.

/// A cause that no SPN shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The clocks of two computers differ by more than Kerberos allows.
    Clock,
    /// A domain controller does not know of a change yet.
    Replication,
    /// No encryption type in common, or no key of it.
    EncryptionTypes,
    /// The account is disabled, has expired, or its password is another one than the computer has.
    Account,
    /// The KDC cannot be reached.
    Ports,
    /// Another receive connector than the one meant takes the connection.
    Connector,
    /// The receive connector does not offer Kerberos to clients.
    Gssapi,
    /// The sender does not count as an Exchange server, or may not submit mail.
    Membership,
    /// The domain controller refuses, or takes, names that are held twice.
    Uniqueness,
    /// Whoever runs the command may not write the SPN.
    Permission,
    /// The client connects under another name than the server announces.
    Alias,
    /// A server connects to itself with NTLM, under another name than its own.
    Loopback,
    /// Extended Protection, or a device between both ends that changes the connection.
    Interception,
    /// Certificates, of which SPNs say nothing.
    Certificate,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Clock,
        Self::Replication,
        Self::EncryptionTypes,
        Self::Account,
        Self::Ports,
        Self::Connector,
        Self::Gssapi,
        Self::Membership,
        Self::Uniqueness,
        Self::Permission,
        Self::Alias,
        Self::Loopback,
        Self::Interception,
        Self::Certificate,
    ];

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Replication => "replication",
            Self::EncryptionTypes => "encryption-types",
            Self::Account => "account",
            Self::Ports => "ports",
            Self::Connector => "connector",
            Self::Gssapi => "gssapi",
            Self::Membership => "membership",
            Self::Uniqueness => "uniqueness",
            Self::Permission => "permission",
            Self::Alias => "alias",
            Self::Loopback => "loopback",
            Self::Interception => "interception",
            Self::Certificate => "certificate",
        }
    }

    /// What it is, in a sentence.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Clock => "The clocks of the two servers or of a domain controller differ by more than five minutes.",
            Self::Replication => {
                "The SPN was changed recently, and the change has not reached the domain controller that was asked, or the client still remembers the failure."
            }
            Self::EncryptionTypes => {
                "The account and the domain controller have no encryption type in common. Since 2026, domain controllers issue only AES tickets to an account without msDS-SupportedEncryptionTypes (CVE-2026-20833); an account whose password is older than its domain's support for AES has no AES keys."
            }
            Self::Account => {
                "The server's computer account is disabled or has expired, or its password no longer matches the computer's."
            }
            Self::Ports => {
                "A firewall blocks Kerberos (port 88, TCP and UDP) between a server and the domain controllers."
            }
            Self::Connector => {
                "A receive connector with a narrow remote IP range, usually for relay, takes the connection, and does not offer Exchange Server authentication."
            }
            Self::Gssapi => {
                "The receive connector offers Integrated Windows authentication without Kerberos: EnableAuthGSSAPI is off."
            }
            Self::Membership => {
                "The sending server's account is not in the group Exchange Servers, or the connector does not grant that group its permissions."
            }
            Self::Uniqueness => {
                "Domain controllers refuse a name that another object already holds, unless dSHeuristics turns that check off."
            }
            Self::Permission => {
                "The user who ran the command may not write servicePrincipalName on the account, or the prompt was not elevated."
            }
            Self::Alias => {
                "The client connects to an alias or a load-balanced name, and so asks for a ticket for that name and not for the one the connector announces."
            }
            Self::Loopback => {
                "The server connects to itself under another name with NTLM, which Windows refuses (loopback check)."
            }
            Self::Interception => {
                "A firewall or proxy inspects SMTP and changes the connection, or Extended Protection is required on one side only."
            }
            Self::Certificate => {
                "The certificate of one side is missing, expired or not trusted. This has nothing to do with SPNs."
            }
        }
    }

    /// The command or the place that shows whether it is this.
    #[must_use]
    pub fn check(self) -> &'static str {
        match self {
            Self::Clock => "w32tm /monitor",
            Self::Replication => "repadmin /replsummary",
            Self::EncryptionTypes => "klist get SMTPSVC/<FQDN>",
            Self::Account => "nltest /sc_verify:<domain>",
            Self::Ports => "Test-NetConnection <domain controller> -Port 88",
            Self::Connector => {
                "Get-ReceiveConnector -Server <server> | Format-List Name,Bindings,RemoteIPRanges,AuthMechanism"
            }
            Self::Gssapi => "Get-ReceiveConnector -Server <server> | Format-List Name,AuthMechanism,EnableAuthGSSAPI",
            Self::Membership => "Get-ADPrincipalGroupMembership <server>$",
            Self::Uniqueness => "setspn -F -Q <SPN>",
            Self::Permission => "whoami /groups",
            Self::Alias => "nslookup <name>",
            Self::Loopback => r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0 /v BackConnectionHostNames",
            Self::Interception => "Get-ReceiveConnector -Server <server> | Format-List Name,ExtendedProtectionPolicy",
            Self::Certificate => {
                "Get-ExchangeCertificate -Server <server> | Format-List Subject,Services,NotAfter,Status"
            }
        }
    }
}
