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
    /// A device between both ends that changes the connection.
    Interception,
    /// Extended Protection that one side only requires.
    ExtendedProtection,
    /// Certificates, of which SPNs say nothing.
    Certificate,
}

impl Cause {
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
            Self::ExtendedProtection => "extended-protection",
            Self::Certificate => "certificate",
        }
    }

    /// What is the matter then, in one or more sentences.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Clock => {
                "The clocks of the two servers, or of a server and a domain controller, differ by more than five minutes."
            }
            Self::Replication => {
                "The SPN was changed recently, and the change has not replicated to all domain controllers, or the client has cached the failure."
            }
            Self::EncryptionTypes => {
                "The client, the account and the domain controller have no common encryption type. By default, domain controllers with the Windows updates of April 2026 issue only AES tickets for an account without msDS-SupportedEncryptionTypes (CVE-2026-20833). An account whose password is older than AES support in its domain has no AES keys."
            }
            Self::Account => {
                "The server's computer account is disabled or expired, or its password no longer matches the one that the computer uses."
            }
            Self::Ports => {
                "A firewall blocks Kerberos (port 88, TCP and UDP) between a server and the domain controllers."
            }
            Self::Connector => {
                "A receive connector with a narrow remote IP range, usually for relay, accepts the connection, and does not offer Exchange Server authentication."
            }
            Self::Gssapi => {
                "The receive connector offers Integrated Windows authentication without Kerberos: EnableAuthGSSAPI is False."
            }
            Self::Membership => {
                "The sending server's account is not a member of the Exchange Servers group (Exchange 2003: Exchange Domain Servers), or the connector does not grant that group its permissions."
            }
            Self::Uniqueness => {
                "Domain controllers refuse a name that another object already holds, unless dSHeuristics turns off that check."
            }
            Self::Permission => {
                "The user who ran the command does not have permission to write servicePrincipalName on the account, or the prompt was not elevated."
            }
            Self::Alias => {
                "The client connects to an alias or a load-balanced name, so it requests a ticket for that name instead of the one that the connector announces."
            }
            Self::Loopback => {
                "The server connects to itself under another name with NTLM, and Windows refuses that (loopback check)."
            }
            Self::Interception => {
                "A firewall or proxy inspects SMTP and changes the connection: compare the EHLO replies in the protocol logs of both servers."
            }
            Self::ExtendedProtection => {
                "The receive connector requires Extended Protection, and the client or a device in between does not support it."
            }
            Self::Certificate => {
                "The certificate of one server is missing, expired or not trusted. SPNs are not involved."
            }
        }
    }

    /// The command or the place that shows whether it is this.
    #[must_use]
    pub fn check(self) -> &'static str {
        match self {
            Self::Clock => "w32tm /stripchart /computer:<domain controller> /samples:3 /dataonly",
            Self::Replication => "repadmin /replsummary",
            Self::EncryptionTypes => "klist -li 0x3e7 get SMTPSVC/<FQDN>",
            Self::Account => "nltest /server:<server> /sc_verify:<domain>",
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
            Self::Interception => "Get-ReceiveConnector -Server <server> | Format-List Name,ProtocolLoggingLevel",
            Self::ExtendedProtection => {
                "Get-ReceiveConnector -Server <server> | Format-List Name,ExtendedProtectionPolicy"
            }
            Self::Certificate => "Get-ExchangeCertificate | Format-List Subject,Services,NotAfter,Status",
        }
    }
}
