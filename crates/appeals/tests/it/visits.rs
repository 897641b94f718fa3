//! Several voices wait for a return visit on one page: each form is its own, by the names and ids of its fields.

use zhida_appeals::words::Confidentiality;
use zhida_testkit::{TestDatabase, both_databases};

use crate::world::{World, operator};

async fn each_voice_has_a_form_of_its_own(db: TestDatabase) {
    let world = World::new(db).await;
    let mut made = Vec::new();
    for number in 1..=3 {
        let one = world.appeal(Some(number), "二号大街停电", Confidentiality::Normal);
        made.push(one.await);
    }
    let id = &made[0].case_id;
    for other in &made[1..] {
        let into = [
            ("number", made[0].number.as_str()),
            ("reason", "同一次停电"),
        ];
        let merged = world.form(operator(), &other.case_id, "merge", &into).await;
        let _ = merged.expect_status(303);
    }
    world.handled(id).await;
    // that no id stands twice is asserted of every page
    let page = world.app(operator()).get(&format!("/appeals/{id}")).await;
    let page = page.expect_status(200);
    for name in [
        "visit-way",
        "visit-satisfaction",
        "visit-resolved",
        "visit-words",
    ] {
        for end in ["", ".2", ".3"] {
            let field = format!("id=\"{name}{end}\" name=\"{name}{end}\"");
            assert!(page.text().contains(&field), "{field}: {}", page.text());
        }
    }
    // what is wrong with the second stands there, and what was chosen in it
    let second = world.voice(&made[1].case_id).await;
    let said = |words| {
        [
            ("voice", second.as_str()),
            ("way.2", "door"),
            ("satisfaction.2", "not"),
            ("resolved.2", "no"),
            ("words.2", words),
        ]
    };
    let refused = world.form(operator(), id, "visit", &said("")).await;
    let refused = refused.expect_status(400);
    for part in [
        "href=\"#visit-words.2\"",
        "id=\"visit-words.2-error\"",
        "<option value=\"not\" selected>",
    ] {
        assert!(refused.text().contains(part), "{part}: {}", refused.text());
    }
    assert!(!refused.text().contains("id=\"visit-words-error\""));
    let done = world.form(operator(), id, "visit", &said("还在停电")).await;
    let _ = done.expect_status(303);
    let sql = "SELECT COUNT(*) FROM appeal_visit WHERE way = 'door' AND satisfaction = 'not' AND words = '还在停电'";
    assert_eq!(world.count(sql).await, 1);
}

both_databases!(each_voice_has_a_form_of_its_own);
