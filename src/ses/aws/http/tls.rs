//! TLS to AWS: whose certificates are trusted. Never below TLS 1.2, which is rustls's
//! lowest.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::ses::error::Error;

/// Whose certificates are trusted.
#[derive(Clone, Debug, Default)]
pub(in crate::ses::aws) enum Trust {
    /// Those of the system's authorities.
    #[default]
    System,
    /// Those of the authorities in a file, which comes with what names it.
    Bundle(&'static str, PathBuf),
    /// All.
    Anybody,
}

/// TLS as a client that trusts these.
pub(super) async fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, Error> {
    let crypto = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&crypto));
    let config = config.with_safe_default_protocol_versions();
    let config = config.map_err(|error| Error::Settings {
        reason: format!("TLS cannot be set up: {error}"),
    })?;
    let config = match trust {
        Trust::System => config.with_root_certificates(system().await),
        Trust::Bundle(named_by, path) => {
            let roots = bundle(path).await.map_err(|problem| Error::Settings {
                reason: format!(
                    "cannot use the certificate bundle {} that {named_by} names: {problem}",
                    path.display()
                ),
            })?;
            config.with_root_certificates(roots)
        }
        Trust::Anybody => config
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(crypto))),
    };
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

async fn system() -> RootCertStore {
    let load = || {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "the system's certificates");
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        roots
    };
    tokio::task::spawn_blocking(load)
        .await
        .unwrap_or_else(|_| RootCertStore::empty())
}

async fn bundle(path: &PathBuf) -> Result<RootCertStore, String> {
    let pem = tokio::fs::read(path).await;
    let pem = pem.map_err(|error| error.to_string())?;
    let mut roots = RootCertStore::empty();
    let mut problem = None;
    // Windows' editors begin a file with it.
    let pem = pem.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&pem);
    for certificate in CertificateDer::pem_slice_iter(pem) {
        // One that is not understood does no harm to the others, as in hashicorp/aws.
        let added = match certificate {
            Ok(certificate) => roots.add(certificate).map_err(|error| error.to_string()),
            Err(_) => Err("a certificate in it is cut off, or not in PEM form".to_owned()),
        };
        if let Err(error) = added {
            tracing::warn!(error, path = %path.display(), "a certificate is left out");
            problem = Some(error);
        }
    }
    match roots.is_empty() {
        true => Err(problem.unwrap_or_else(|| "it holds no certificate in PEM form".to_owned())),
        false => Ok(roots),
    }
}

/// Whoever holds the key of the certificate that he shows is trusted.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bundle_may_hold_more_than_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.pem");
        let of = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let (one, other) = (of("x"), of("y"));
        let (pem, more) = (one.cert.pem(), other.cert.pem());
        let odd = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
        for (holds, number) in [
            (pem.replace('\n', "\r\n"), 1),
            (format!("\u{feff}{pem}{more}"), 2),
            (
                format!(
                    "# one\n{pem}\n\nother:\n{}{more}",
                    one.key_pair.serialize_pem()
                ),
                2,
            ),
            (format!("{odd}{pem}"), 1),
            (pem.trim_end().to_owned(), 1),
            (format!("{}{pem}", odd.replace("MAMC", "!!!!")), 1),
            (format!("{pem}-----BEGIN CERTIFICATE-----\nMAMC"), 1),
        ] {
            std::fs::write(&path, &holds).unwrap();
            let roots = bundle(&path).await.map(|roots| roots.len());
            assert_eq!(roots, Ok(number), "{holds}");
        }
    }

    #[tokio::test]
    async fn a_bundle_without_certificates_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.pem");
        let der = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
        for (holds, problem) in [
            (&b""[..], "no certificate in PEM form"),
            (
                b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
                "names: a certificate in it is cut off, or not in PEM form",
            ),
            (der.cert.der(), "no certificate in PEM form"),
        ] {
            std::fs::write(&path, holds).unwrap();
            let trust = Trust::Bundle("`custom_ca_bundle`", path.clone());
            let told = client_config(&trust).await.unwrap_err().to_string();
            assert!(
                told.contains("bundle.pem that `custom_ca_bundle` names") && told.contains(problem),
                "{told}"
            );
        }
    }
}
