use uuid::Uuid;
use zhida_platform::access::{Origin, Person, Rights, Seat, Viewer};

/// Somebody in a seat of this role, second factor given: of a government body of this division, or
/// of this enterprise.
///
/// # Panics
/// When there is no such role.
#[must_use]
pub fn seated(role: &str, division: Option<&str>, enterprise: Option<&str>) -> Viewer {
    let known = Rights::shipped().role(role);
    assert!(known.is_some(), "no role {role}");
    Viewer::person(Person {
        account: Uuid::from_u128(1),
        name: "张三".to_owned(),
        seat: Some(Seat {
            id: Uuid::from_u128(2),
            organisation: division.map(|_| Uuid::from_u128(3)),
            organisation_name: "某单位".to_owned(),
            role: role.to_owned(),
            division: division.map(str::to_owned),
            enterprise: enterprise.map(str::to_owned),
            on_behalf_of: None,
        }),
        second_factor: true,
        token: None,
        origin: Origin::default(),
    })
}
