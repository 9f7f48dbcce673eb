//! The conditions that a descriptor must meet to be listed in a document.

use super::{Descriptor, DescriptorFault, address};
use crate::{Epoch, cbor::Kind};

impl Descriptor<'_> {
    /// Checks that the descriptor is well-formed for an epoch. Its own [`epoch`](Self::epoch) is
    /// not compared, as in the reference: the mix keys are decisive.
    ///
    /// # Errors
    /// The first violation and its place.
    pub fn check(&self, epoch: Epoch) -> Result<(), DescriptorFault> {
        let len = self.name.len();
        if !(1..=MAX_NAME_LEN).contains(&len) {
            return Err(DescriptorFault::Name { len });
        }
        if self.link_key.is_empty() {
            return Err(DescriptorFault::NoLinkKey);
        }
        if self.identity_key.is_empty() {
            return Err(DescriptorFault::NoIdentityKey);
        }
        self.check_mix_keys(epoch)?;
        self.check_addresses()?;
        self.check_capabilities()
    }

    fn check_mix_keys(&self, epoch: Epoch) -> Result<(), DescriptorFault> {
        if self.mix_key(epoch).is_none_or(<[u8]>::is_empty) {
            return Err(DescriptorFault::NoMixKey { epoch });
        }
        let range = epoch..=epoch.plus(2);
        match self.mix_keys().find(|(of, _)| !range.contains(of)) {
            Some((of, _)) => Err(DescriptorFault::MixKeyEpoch { of, epoch }),
            None => Ok(()),
        }
    }

    fn check_addresses(&self) -> Result<(), DescriptorFault> {
        if self.addresses().next().is_none() {
            return Err(DescriptorFault::NoAddresses);
        }
        for (transport, (_, addresses)) in self.addresses().enumerate() {
            let mut addresses = addresses.enumerate().peekable();
            if addresses.peek().is_none() {
                return Err(DescriptorFault::EmptyTransport { transport });
            }
            for (index, address) in addresses {
                address::check(address, self.is_gateway).map_err(|fault| DescriptorFault::Address {
                    transport,
                    index,
                    fault,
                })?;
            }
        }
        Ok(())
    }

    fn check_capabilities(&self) -> Result<(), DescriptorFault> {
        for (capability, found) in self.capabilities().enumerate() {
            if !self.is_service {
                return Err(DescriptorFault::CapabilityOffService);
            }
            if found.name().is_empty() {
                return Err(DescriptorFault::CapabilityName { capability });
            }
            let endpoint = found.parameter("endpoint").ok_or(DescriptorFault::NoEndpoint { capability })?;
            let Kind::Text(endpoint) = endpoint.kind() else {
                return Err(DescriptorFault::EndpointNotText { capability });
            };
            let len = endpoint.len();
            if !(1..=MAX_ENDPOINT_LEN).contains(&len) {
                return Err(DescriptorFault::EndpointLength { capability, len });
            }
        }
        Ok(())
    }
}

const MAX_NAME_LEN: usize = 32;

/// The length of a recipient id.
const MAX_ENDPOINT_LEN: usize = 32;
