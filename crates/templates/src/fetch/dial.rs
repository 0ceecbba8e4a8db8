//! Dialling: one look-up, a verdict on every answer, a connection to one of those very addresses.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::address::admit;
use super::target::{Target, Transport};
use super::{FetchRefused, FetchRules, FetcherError, Trouble};

/// How many addresses of one name are tried.
const ADDRESSES_MAX: usize = 4;

pub(super) struct Dialler {
    tls: TlsConnector,
}

impl std::fmt::Debug for Dialler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialler").finish_non_exhaustive()
    }
}

impl Dialler {
    pub(super) fn new(rules: &FetchRules) -> Result<Dialler, FetcherError> {
        let endpoint = rules.s3_endpoint.as_ref();
        if let Some(wrong) = endpoint.filter(|url| !matches!(url.scheme(), "http" | "https")) {
            return Err(FetcherError::S3Endpoint(wrong.to_string()));
        }
        Ok(Dialler {
            tls: tls(&rules.authorities)?,
        })
    }

    pub(super) async fn dial(
        &self,
        target: &Target,
        rules: &FetchRules,
    ) -> Result<Stream, Trouble> {
        let answers = resolve(&target.host, target.port).await?;
        let Some(addresses) = admit(answers, target.trust, rules) else {
            return Err(FetchRefused::AddressNotAllowed {
                url: target.shown.clone(),
            }
            .into());
        };
        let tcp = connect(&addresses).await?;
        match target.transport {
            Transport::Plain => Ok(Stream::Plain(tcp)),
            Transport::Tls => {
                let name = server_name(&target.host)?;
                let tls = self
                    .tls
                    .connect(name, tcp)
                    .await
                    .map_err(|_| Trouble::Transport)?;
                Ok(Stream::Tls(Box::new(tls)))
            }
        }
    }
}

/// TLS by Mozilla's list of authorities and these.
pub(crate) fn tls(authorities: &[CertificateDer<'static>]) -> Result<TlsConnector, FetcherError> {
    // Mozilla's list and not the machine's: a fresh Debian has no certificate authorities at all.
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for authority in authorities {
        roots
            .add(authority.clone())
            .map_err(FetcherError::Authority)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(FetcherError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn resolve(host: &Host<String>, port: u16) -> Result<Vec<SocketAddr>, Trouble> {
    let name = match host {
        Host::Ipv4(ip) => return Ok(vec![SocketAddr::from((*ip, port))]),
        Host::Ipv6(ip) => return Ok(vec![SocketAddr::from((*ip, port))]),
        Host::Domain(name) => name,
    };
    let answers = lookup_host((name.as_str(), port))
        .await
        .map_err(|_| Trouble::Transport)?;
    Ok(answers.collect())
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Trouble> {
    for address in addresses.iter().take(ADDRESSES_MAX) {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Ok(stream);
        }
    }
    Err(Trouble::Transport)
}

fn server_name(host: &Host<String>) -> Result<ServerName<'static>, Trouble> {
    match host {
        Host::Ipv4(ip) => Ok(ServerName::IpAddress((*ip).into())),
        Host::Ipv6(ip) => Ok(ServerName::IpAddress((*ip).into())),
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| Trouble::Transport),
    }
}

/// A connection with or without TLS.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
