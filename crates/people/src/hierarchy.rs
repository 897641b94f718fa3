//! Who stands above a body: its own leader, or supervisor where there is no leader, then those of the bodies above it.

use std::collections::BTreeMap;

use sea_orm::prelude::async_trait::async_trait;
use uuid::Uuid;
use zhida_casework::escalation::Superior;
use zhida_casework::{Chain, Organisation, Person};
use zhida_platform::cases::Hierarchy;
use zhida_platform::db::{self, Tx};

use crate::address_book::Directory;
use crate::store::contacts::{self, Head};

#[async_trait]
impl Hierarchy for Directory {
    async fn above(&self, tx: &Tx, bodies: &[Uuid]) -> db::Result<Chain> {
        let mut chain = BTreeMap::new();
        for body in bodies {
            let heads = contacts::heads(tx, *body, self.today()).await?;
            chain.insert(*body, levels(heads));
        }
        Ok(Chain(chain))
    }
}

/// One a level: the first of those in charge, so that somebody is named and it is always the same.
fn levels(heads: Vec<Head>) -> Vec<Option<Superior>> {
    let mut levels = BTreeMap::new();
    for head in heads {
        levels.entry(head.depth).or_insert_with(|| superior(head));
    }
    levels.into_values().collect()
}

fn superior(head: Head) -> Option<Superior> {
    let person = Person {
        account: head.account?.parse().ok()?,
        name: head.account_name?,
    };
    let organisation = Organisation {
        id: head.organisation.parse().ok()?,
        name: head.organisation_name,
    };
    Some(Superior {
        organisation,
        person: Some(person),
    })
}
