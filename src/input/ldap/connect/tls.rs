//! TLS: whose certificates are trusted, and what is wrong with one that is not.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::directory::text::printable;
use crate::input::ber::{Elements, Malformed, OID, SEQUENCE};
use crate::input::ldap::failure::{Failure, Trouble};
use crate::input::ldap::settings::Settings;
use crate::input::ldap::wire::relay::Stream;

/// What every TLS connection of a run needs.
#[derive(Clone)]
pub(crate) struct Trust {
    roots: Arc<RootCertStore>,
    anything_goes: bool,
}

impl Trust {
    /// Reads the certificates that are trusted.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Trouble> {
        let roots = match &settings.ca_file {
            _ if settings.insecure_skip_certificate_check => RootCertStore::empty(),
            Some(file) => roots_of_file(file)?,
            None => roots_of_system()?,
        };
        Ok(Self { roots: Arc::new(roots), anything_goes: settings.insecure_skip_certificate_check })
    }

    /// Begins with TLS, whoever the other side is: for what anybody may hear.
    pub(crate) async fn blindly<S: Stream>(host: &str, stream: S) -> Result<TlsStream<S>, Trouble> {
        let anyone = Self { roots: Arc::new(RootCertStore::empty()), anything_goes: true };
        anyone.handshake(host, stream).await.map_err(Failure::trouble)
    }

    /// Begins with TLS.
    pub(in crate::input::ldap) async fn handshake<S: Stream>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsStream<S>, Failure> {
        let verifier = Arc::new(self.verifier()?);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::server(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Failure::server(format!("{host:?} is no name that a certificate could be for")))?;
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        connected.map_err(|error| refused(&error, host, &verifier))
    }

    fn verifier(&self) -> Result<Verifier, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let schemes = provider.signature_verification_algorithms;
        let checks = if self.anything_goes {
            None
        } else {
            let built = WebPkiServerVerifier::builder_with_provider(self.roots.clone(), provider).build();
            Some(built.map_err(|error| Failure::server(format!("certificates cannot be checked: {error}")))?)
        };
        Ok(Verifier { checks, schemes, seen: Mutex::default() })
    }
}

fn roots_of_file(file: &Path) -> Result<RootCertStore, Trouble> {
    let shown = printable(&file.display().to_string());
    let unreadable = |error: &dyn std::fmt::Display| {
        Trouble::new(format!("the certificates in {shown} cannot be read: {error}"))
            .hint("--ca-file takes PEM, as text: -----BEGIN CERTIFICATE-----")
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))? {
        roots.add(certificate.map_err(|error| unreadable(&error))?).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() { Err(unreadable(&"there is none")) } else { Ok(roots) }
}

fn roots_of_system() -> Result<RootCertStore, Trouble> {
    let mut roots = RootCertStore::empty();
    // Some of the system's certificates may be odd; the others count all the same.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let hint = "give the certificate of the domain's CA with --ca-file";
        return Err(Trouble::new("the system has no certificates that could be trusted").hint(hint));
    }
    Ok(roots)
}

/// rustls's own check, that also keeps the certificate it refused, to say what is wrong with it.
#[derive(Debug)]
struct Verifier {
    /// None where the settings say that any certificate will do.
    checks: Option<Arc<WebPkiServerVerifier>>,
    schemes: rustls::crypto::WebPkiSupportedAlgorithms,
    seen: Mutex<Vec<u8>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = end_entity.to_vec();
        let Some(checks) = &self.checks else { return Ok(ServerCertVerified::assertion()) };
        checks.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.supported_schemes()
    }
}

/// What is wrong, in the order in which an administrator would look.
fn refused(error: &io::Error, host: &str, verifier: &Verifier) -> Failure {
    const WHERE: &str = if cfg!(windows) {
        "give the CA that issued it with --ca-file, or let an administrator put it into this machine's Trusted Root Certification Authorities"
    } else {
        "give the CA that issued it with --ca-file; `openssl s_client -showcerts` shows it"
    };
    let Some(cause) = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) else {
        return Failure::Server(
            Trouble::new(format!("TLS could not be agreed on: {}", printable(&error.to_string())))
                .hint("the server may not speak TLS on this port; LDAPS is port 636, --starttls and Kerberos use 389"),
        );
    };
    let rustls::Error::InvalidCertificate(wrong) = cause else {
        return Failure::Server(
            Trouble::new(format!("TLS could not be agreed on: {}", printable(&cause.to_string())))
                .hint("the server may not speak TLS on this port, or only versions older than 1.2"),
        );
    };
    let seen = verifier.seen.lock().unwrap_or_else(PoisonError::into_inner);
    let self_signed = is_self_signed(&seen);
    let (what, hint) = match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("has expired".to_owned(), "have it renewed; and check this machine's clock")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("is not valid yet".to_owned(), "check this machine's clock")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            format!("is for another name than {host}"),
            "give a name that its subjectAltName lists as --server; the subject's common name does not count",
        ),
        CertificateError::Revoked => ("was revoked".to_owned(), "have it replaced"),
        _ if self_signed => {
            ("is self-signed, and not trusted".to_owned(), "give it with --ca-file, or have a CA issue one")
        }
        // A bad signature: there is a trusted CA of that name, but another one signed.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            ("comes from an issuer that is not trusted".to_owned(), WHERE)
        }
        other => (format!("cannot be accepted ({})", printable(&other.to_string())), WHERE),
    };
    Failure::last(format!("the certificate of {host} {what}"), hint)
}

/// Whether issuer and subject of a certificate are the same (RFC 5280, section 4.1).
fn is_self_signed(certificate: &[u8]) -> bool {
    let names = || -> Result<bool, Malformed> {
        let mut parts = Elements::new(Elements::new(Elements::new(certificate).expect(SEQUENCE)?).expect(SEQUENCE)?);
        parts.optional(0xa0)?;
        parts.next()?;
        parts.expect(SEQUENCE)?;
        let issuer = parts.expect(SEQUENCE)?;
        parts.expect(SEQUENCE)?;
        Ok(issuer == parts.expect(SEQUENCE)?)
    };
    names().unwrap_or(false)
}

/// What ties a bind to the TLS connection it is made on: a digest of the server's certificate (RFC 5929, section 4.1).
pub(crate) fn channel_binding<S>(stream: &TlsStream<S>) -> Option<Vec<u8>> {
    let certificate = stream.get_ref().1.peer_certificates()?.first()?;
    let algorithm =
        match signature_algorithm(certificate).ok()? {
            // With RSA and ECDSA: SHA-384, SHA-512; SHA-256 stands in for all that is weaker.
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c]
            | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03] => &digest::SHA384,
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d]
            | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04] => &digest::SHA512,
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04 | 0x05 | 0x0b]
            | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]
            | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02] => &digest::SHA256,
            // RSASSA-PSS and whatever comes next: no digest is agreed on.
            _ => return None,
        };
    Some([b"tls-server-end-point:", digest::digest(algorithm, certificate).as_ref()].concat())
}

fn signature_algorithm(certificate: &[u8]) -> Result<&[u8], Malformed> {
    let mut parts = Elements::new(Elements::new(certificate).expect(SEQUENCE)?);
    parts.expect(SEQUENCE)?;
    Elements::new(parts.expect(SEQUENCE)?).expect(OID)
}
