//! Starting and stopping an authority.

use crate::{
    error::StartError,
    journal::Saved,
    keeper::Keeper,
    policy::Policy,
    state::State,
    store::Store,
    tasks::{self, Shell},
};
use mixwell_net::{
    clock::Clock,
    keys::{Identity, LinkKey},
    randomness::Randomness,
    runtime::pass_on,
};
use std::{path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// An authority that has not started: its policy, keys, listeners and data folder.
#[derive(Debug)]
pub struct AuthorityBuilder {
    policy: Policy,
    identity: Arc<Identity>,
    link: LinkKey,
    listeners: Vec<TcpListener>,
    data_folder: Option<PathBuf>,
    randomness: Randomness,
}

impl AuthorityBuilder {
    /// An authority with a policy, made of [`Settings`](crate::Settings), and its own keys. Both
    /// keys have to be those that the policy's authorities list for it.
    pub fn new(
        policy: impl Into<Policy>,
        identity: impl Into<Arc<Identity>>,
        link: LinkKey,
        randomness: Randomness,
    ) -> Self {
        Self {
            policy: policy.into(),
            identity: identity.into(),
            link,
            listeners: Vec::new(),
            data_folder: None,
            randomness,
        }
    }

    /// Adds a socket that accepts connections of nodes, clients and other authorities.
    #[must_use]
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Sets the folder of the authority's [`Store`]. One process alone may use it
    /// ([`mixwell_net::files`] has a lock). Without a folder, an authority that restarts in the
    /// middle of a round takes no part in it.
    #[must_use]
    pub fn data_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_folder = Some(folder.into());
        self
    }

    /// Starts the authority's tasks on the current tokio runtime, which needs timers and sockets
    /// enabled.
    ///
    /// # Errors
    /// The keys are not those that the policy lists, or the data folder cannot be used.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<AuthorityHandle, StartError> {
        let Self { policy, identity, link, listeners, data_folder, randomness } = self;
        let id = identity.id();
        let listed = policy.authorities.by_id(id).ok_or(StartError::NotListed(id))?;
        if listed.peer.link_key != link.public() {
            return Err(StartError::LinkKey(id));
        }
        let (store, saved) = match data_folder {
            Some(folder) => {
                let (store, saved) = Store::open(&folder, &policy.authorities)?;
                (Some(store), saved)
            }
            None => (None, Saved::default()),
        };
        let clock = Clock::new(policy.period);
        let state = State::new(identity, policy, clock.now(), randomness.rng(), saved);
        let shell = Shell { id, link, clock, listeners, randomness, keeper: Keeper::new(state, store) };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(tasks::run(shell, async {
            // a dropped handle stops the authority too
            let _ = stopped.await;
        }));
        Ok(AuthorityHandle { stop, task })
    }
}

/// A running authority. Dropping the handle stops the authority without waiting for its tasks.
#[derive(Debug)]
pub struct AuthorityHandle {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl AuthorityHandle {
    /// Stops the authority and waits until its connections are closed and its tasks have ended.
    ///
    /// # Panics
    /// If one of the tasks has panicked.
    pub async fn stop(self) {
        let Self { stop, task } = self;
        // the error says that the tasks have ended already
        let _ = stop.send(());
        pass_on(task.await);
    }
}
