//! Starting and stopping an authority over sockets.

use crate::{AuthorityBuilder, StartError, tests::net::Net};
use core::error::Error as _;
use mixwell_net::{
    keys::{Identity, LinkKem, LinkKey},
    randomness::Randomness,
};
use mixwell_pki_types::Ed25519;
use std::{fs, sync::Arc};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

fn builder(net: &Net, link: LinkKey) -> AuthorityBuilder {
    AuthorityBuilder::new(net.policy.clone(), Arc::clone(&net.identities[0]), link, Randomness::from_seed(5))
}

#[tokio::test]
async fn a_stopped_authority_accepts_no_connections() {
    let (net, folder) = (Net::new(3), TempDir::new().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let authority = builder(&net, net.link().clone()).listener(listener).data_folder(folder.path()).start().unwrap();
    TcpStream::connect(address).await.unwrap();
    authority.stop().await;
    assert!(folder.path().join("authority").is_dir());
    TcpStream::connect(address).await.unwrap_err();
}

#[tokio::test]
async fn a_dropped_handle_stops_the_authority() {
    let net = Net::new(1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(builder(&net, net.link().clone()).listener(listener).start().unwrap());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn other_keys_and_unusable_folders_are_refused() {
    let (net, folder) = (Net::new(3), TempDir::new().unwrap());
    let mut rng = Randomness::from_seed(6).rng();
    let stranger = Identity::generate(&Ed25519, &mut rng).unwrap();
    let id = stranger.id();
    let refused = AuthorityBuilder::new(net.policy.clone(), stranger, net.link().clone(), Randomness::from_seed(5));
    assert!(matches!(refused.start(), Err(StartError::NotListed(of)) if of == id));
    let other = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
    assert!(matches!(builder(&net, other).start(), Err(StartError::LinkKey(of)) if of == net.id(0)));
    // a file is in the place of the folder
    fs::write(folder.path().join("authority"), b"").unwrap();
    let error = builder(&net, net.link().clone()).data_folder(folder.path()).start().unwrap_err();
    assert!(matches!(error, StartError::Store(_)) && error.source().unwrap().source().is_some(), "{error:?}");
}
