//! Certificates that must be refused, each with its own message, and one that must not.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use spn_doctor::input::ldap::{self, Auth, Secret, Security, Settings};
use spn_doctor::trouble::Trouble;

type Ca = CertifiedIssuer<'static, KeyPair>;

fn ca() -> Ca {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificate(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Serves TLS with this certificate, and answers every bind with `invalidCredentials`.
fn serve(certificate: CertificateDer<'static>, key: &KeyPair) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let mut tls = Stream::new(&mut connection, &mut socket);
            let refused = [0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0a, 0x01, 49, 0x04, 0x00, 0x04, 0x00];
            if tls.read(&mut [0; 1024]).is_ok() {
                let _ = tls.write_all(&refused);
            }
        }
    });
    address
}

fn with_hint(error: &anyhow::Error) -> String {
    let trouble = error.downcast_ref::<Trouble>().unwrap();
    format!("{}\nhint: {}", trouble.what(), trouble.advice().unwrap())
}

/// What a client says that trusts this CA, and asks for `localhost`.
fn said(trusted: &Ca, params: &CertificateParams, issuer: Option<&Ca>) -> String {
    let key = KeyPair::generate().unwrap();
    let signed =
        issuer.map_or_else(|| params.self_signed(&key).unwrap(), |issuer| params.signed_by(&key, issuer).unwrap());
    let address = serve(signed.der().clone(), &key);
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    ca_file.as_file().write_all(trusted.pem().as_bytes()).unwrap();
    let settings = settings(address, ca_file.path().to_owned());
    let error = with_hint(&ldap::read(&settings, &mut ()).unwrap_err());
    let skipping = Settings { insecure_skip_certificate_check: true, ..settings };
    let skipped = ldap::read(&skipping, &mut ()).unwrap_err().to_string();
    assert!(skipped.contains("the password is wrong"), "{skipped}");
    error
}

fn settings(address: SocketAddr, ca_file: PathBuf) -> Settings {
    Settings {
        servers: vec![format!("localhost:{}", address.port())],
        auth: Auth::Simple { user: "alice".to_owned(), password: Secret::new("hunter2".to_owned()) },
        security: Security::Ldaps,
        ca_file: Some(ca_file),
        step_timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

#[test]
fn a_certificate_of_a_trusted_ca_is_accepted() {
    let trusted = ca();
    let said = said(&trusted, &certificate("localhost"), Some(&trusted));
    assert!(said.contains("the user name or the password is wrong"), "{said}");
}

#[test]
fn each_wrong_certificate_is_refused_with_its_own_message() {
    let trusted = ca();
    let mut expired = certificate("localhost");
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut future = certificate("localhost");
    future.not_before = date_time_ymd(2090, 1, 1);
    for (said, expected) in [
        (said(&trusted, &expired, Some(&trusted)), "the certificate of localhost has expired"),
        (said(&trusted, &future, Some(&trusted)), "the certificate of localhost is not valid yet"),
        (
            said(&trusted, &certificate("dc1.contoso.com"), Some(&trusted)),
            "the certificate of localhost is for another name than localhost",
        ),
        (
            said(&trusted, &certificate("localhost"), Some(&ca())),
            "the certificate of localhost comes from an issuer that is not trusted",
        ),
        (
            said(&trusted, &certificate("localhost"), None),
            "the certificate of localhost is self-signed, and not trusted",
        ),
    ] {
        assert!(said.starts_with(expected) && said.contains("\nhint: "), "{expected}: {said}");
        assert!(!said.contains("hunter2"));
    }
}
