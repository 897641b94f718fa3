//! Who stands above a body.

use uuid::Uuid;
use zhida_people::{Directory, PlaceKey};
use zhida_platform::cases::Hierarchy as _;
use zhida_platform::db::Tx;
use zhida_platform::messages::{AddressBook as _, Recipient};
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, organisation, system};

/// The names above a body, level by level; `-` where nobody is.
async fn above(db: &TestDatabase, book: &Directory, body: Uuid) -> String {
    let chain = db.write(|tx: Tx| async move { book.above(&tx, &[body]).await });
    let chain = chain.await.unwrap();
    let name = |level: &Option<zhida_casework::escalation::Superior>| match level {
        Some(superior) => {
            let person = superior.person.as_ref().unwrap();
            format!("{} {}", superior.organisation.name, person.name)
        }
        None => "-".to_owned(),
    };
    let levels: Vec<String> = chain.0[&body].iter().map(name).collect();
    levels.join("，")
}

async fn the_leader_or_supervisor_of_each_body_up_to_the_root_stands_above(db: TestDatabase) {
    let world = World::new(&db).await;
    let book = &Directory::new(world.clock.clone());
    let below = async |parent: Uuid, name: &str, division: &str| {
        let form = organisation(&world.people, Some(parent), name, division);
        let made = world.people.create_organisation(&system(), &form).await;
        made.unwrap().id
    };
    let district = below(world.bureau.id, "样例区发展和改革局", "330302").await;
    let office = below(district, "样例区政策科", "330302").await;
    assert_eq!(above(&db, book, office).await, "-，-，-");

    let seat = async |login: &str, body: Uuid, role: &str| {
        let person = world.person(login, &format!("人{login}")).await;
        world.seat(person, PlaceKey::Organisation(body), role).await
    };
    seat("clerk", office, "clerk").await;
    seat("watch", district, "supervisor").await;
    assert_eq!(
        above(&db, book, office).await,
        "-，样例区发展和改革局 人watch，-",
        "a clerk is in charge of nothing"
    );
    let head = seat("head", district, "leader").await;
    seat("mayor", world.bureau.id, "leader").await;
    assert_eq!(
        above(&db, book, office).await,
        "-，样例区发展和改革局 人head，样例市发展和改革局 人mayor",
        "a leader comes before a supervisor"
    );
    assert_eq!(
        above(&db, book, world.bureau.id).await,
        "样例市发展和改革局 人mayor"
    );
    let ended = world.people.end_seat(&system(), head.id, "调离").await;
    ended.unwrap();
    assert_eq!(
        above(&db, book, district).await,
        "样例区发展和改革局 人watch，样例市发展和改革局 人mayor",
        "whoever has left stands above nobody"
    );
    assert_eq!(
        above(&db, book, Uuid::from_u128(9)).await,
        "",
        "no such body"
    );

    // the body itself is told through all who work there, but not through the platform's administrators
    let told = async |body: Uuid| {
        let id = &body.to_string();
        let found =
            db.write(|tx: Tx| async move { book.contacts(&tx, Recipient::Organisation(id)).await });
        found.await.unwrap().len()
    };
    assert_eq!(told(office).await, 1);
    assert_eq!(told(district).await, 1);
    assert_eq!(told(world.bureau.id).await, 1);
}

both_databases!(the_leader_or_supervisor_of_each_body_up_to_the_root_stands_above,);
