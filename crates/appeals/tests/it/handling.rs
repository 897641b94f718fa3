//! 延期 by application and approval, 派单异议 once and decided once: through the pages, with everything that is refused.

use chrono::TimeDelta;
use zhida_appeals::words::Confidentiality;
use zhida_platform::access::Viewer;
use zhida_testkit::{TestDatabase, TestResponse, both_databases};

use crate::journey::supervisor;
use crate::world::{World, clerk, manager, operator};

impl World {
    /// Takes a step by the form of the case page.
    pub(crate) async fn form(
        &self,
        viewer: Viewer,
        id: &str,
        step: &str,
        fields: &[(&str, &str)],
    ) -> TestResponse {
        let version = self.version(id).await.to_string();
        let names: Vec<(String, &str)> = fields
            .iter()
            .map(|(name, value)| (format!("{step}-{name}"), *value))
            .collect();
        let mut all = vec![("version", version.as_str())];
        all.extend(names.iter().map(|(name, value)| (name.as_str(), *value)));
        let path = format!("/appeals/{id}/steps/{step}");
        self.app(viewer).post_form(&path, &all).await
    }

    async fn done(&self, viewer: Viewer, id: &str, step: &str, fields: &[(&str, &str)]) {
        let response = self.form(viewer, id, step, fields).await;
        let _ = response.expect_status(303);
    }

    /// Refused with these words; every text that was typed is still on the page, and nothing happened.
    async fn refused(
        &self,
        viewer: Viewer,
        id: &str,
        (step, fields): (&str, &[(&str, &str)]),
        words: &str,
    ) {
        let before = self.version(id).await;
        let page = self.form(viewer, id, step, fields).await;
        assert!(
            matches!(page.status.as_u16(), 400 | 422),
            "{step}: {}",
            page.status
        );
        assert!(
            page.text().contains(words),
            "{step}: {words}: {}",
            page.text()
        );
        for (_, typed) in fields.iter().filter(|(name, _)| *name == "reason") {
            assert!(
                page.text().contains(typed),
                "{step}: {typed}: {}",
                page.text()
            );
        }
        assert_eq!(self.version(id).await, before, "{step}");
    }

    /// An appeal at 人力资源和社会保障局, under the rules of Quanzhou.
    async fn at_the_body(&self) -> String {
        let id = self
            .appeal(Some(1), "工伤待遇没有到账", Confidentiality::Normal)
            .await
            .case_id;
        let sorted = [("category", "labour/insurance/injury"), ("track", "single")];
        self.done(operator(), &id, "accept", &sorted).await;
        self.done(operator(), &id, "dispatch", &[("note", "请办理")])
            .await;
        id
    }

    pub(crate) async fn quanzhou(&self) {
        let rules = [
            ("preset", "quanzhou"),
            ("tries", "3"),
            ("revision", "0"),
            ("note", "试行"),
            ("place", "山东省济南市"),
        ];
        let done = self
            .app(manager())
            .post_form("/appeals/setup/rules", &rules)
            .await;
        let _ = done.expect_status(303);
    }

    async fn due(&self, id: &str) -> String {
        self.shown(operator(), id).await["due"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

async fn whoever_has_no_step_is_not_sent_to_any(db: TestDatabase) {
    let world = World::new(db).await;
    let id = &world.at_the_body().await;
    for (viewer, steps) in [(clerk(0), true), (manager(), false)] {
        let page = world.app(viewer).get(&format!("/appeals/{id}")).await;
        let page = page.expect_status(200);
        for part in ["href=\"#steps\"", "id=\"steps\""] {
            assert_eq!(page.text().contains(part), steps, "{part}: {}", page.text());
        }
    }
}

async fn a_body_objects_once_within_a_working_day_and_it_is_decided_once(db: TestDatabase) {
    let world = World::new(db).await;
    world.quanzhou().await;
    let id = &world.at_the_body().await;
    let page = world
        .app(clerk(0))
        .get(&format!("/appeals/{id}"))
        .await
        .expect_status(200);
    assert!(page.text().contains("派单异议"));
    world
        .refused(
            clerk(0),
            id,
            ("object", &[("reason", " ")]),
            "派单异议的理由",
        )
        .await;
    let due = world.due(id).await;
    world
        .done(clerk(0), id, "object", &[("reason", "应由供电公司办理")])
        .await;
    let told =
        "SELECT COUNT(*) FROM message WHERE event = 'appeals.reminder' AND recipient = 'operator'";
    assert_eq!(world.count(told).await, 1);
    // once; the body does not decide itself, nor does it answer while it is contested
    world
        .refused(
            clerk(0),
            id,
            ("object", &[("reason", "再说一次")]),
            "派单异议正在裁定",
        )
        .await;
    let own = (
        "settle_objection",
        &[("department", ""), ("reason", "我们自己裁定")][..],
    );
    world
        .refused(clerk(0), id, own, "派单异议由诉求登记人员或者督查人员裁定")
        .await;
    let unknown = (
        "settle_objection",
        &[("department", "没有的局"), ("reason", "应由它办理")][..],
    );
    world
        .refused(operator(), id, unknown, "没有找到单位“没有的局”")
        .await;
    let moved = [("department", "供电公司"), ("reason", "属供电责任")];
    world.done(operator(), id, "settle_objection", &moved).await;
    let shown = world.shown(operator(), id).await;
    assert_eq!(shown["row"]["head"]["holder_name"], "供电公司");
    // decided once, by whomever; nobody objects again
    for viewer in [operator(), supervisor()] {
        let again = (
            "settle_objection",
            &[("department", ""), ("reason", "换一个说法")][..],
        );
        world
            .refused(viewer, id, again, "没有待裁定的派单异议")
            .await;
    }
    world
        .refused(
            clerk(1),
            id,
            ("object", &[("reason", "也不归我们")]),
            "已经裁定，不得再次提出",
        )
        .await;
    // the first body keeps seeing it, and has no step left
    let page = world
        .app(clerk(0))
        .get(&format!("/appeals/{id}"))
        .await
        .expect_status(200);
    assert!(!page.text().contains("/steps/reply"), "{}", page.text());

    // not upheld: the body stays, and so does its due date
    let kept = &world.at_the_body().await;
    assert_eq!(world.due(kept).await, due);
    world
        .done(clerk(0), kept, "object", &[("reason", "不归我们")])
        .await;
    world
        .done(
            supervisor(),
            kept,
            "settle_objection",
            &[("department", ""), ("reason", "归你们")],
        )
        .await;
    let shown = world.shown(operator(), kept).await;
    assert_eq!(shown["row"]["head"]["holder_name"], "人力资源和社会保障局");
    assert_eq!(world.due(kept).await, due);
    world
        .refused(
            clerk(0),
            kept,
            ("object", &[("reason", "还是不归我们")]),
            "已经裁定，不得再次提出",
        )
        .await;

    // too late: the window of one working day is over at the end of the next one
    let late = &world.at_the_body().await;
    let just = &world.at_the_body().await;
    world.clock.pass(TimeDelta::hours(37));
    world
        .done(clerk(0), just, "object", &[("reason", "次日二十三点")])
        .await;
    world.clock.pass(TimeDelta::hours(2));
    let words = "派单异议须在收到后 1 个工作日 内提出，已于 2026年11月24日 24:00 截止";
    world
        .refused(clerk(0), late, ("object", &[("reason", "来晚了")]), words)
        .await;
}

both_databases!(
    whoever_has_no_step_is_not_sent_to_any,
    a_body_objects_once_within_a_working_day_and_it_is_decided_once
);

async fn more_time_is_applied_for_in_time_and_granted_before_it_is_over(db: TestDatabase) {
    let world = World::new(db).await;
    world.quanzhou().await;
    let id = &world.at_the_body().await;
    assert_eq!(world.due(id).await, "2026年12月2日（周三）24:00");
    let asks = [("amount", "5"), ("reason", "要等上级批复")];
    // who may not; too much; nothing said; no number
    world
        .refused(operator(), id, ("extend", &asks), "这一步由主办单位办理")
        .await;
    let too_much = [("amount", "8"), ("reason", "要很久")];
    world
        .refused(
            clerk(0),
            id,
            ("extend", &too_much),
            "每次最多延期 7 个工作日",
        )
        .await;
    world
        .refused(
            clerk(0),
            id,
            ("extend", &[("amount", "5"), ("reason", "")]),
            "请写明为什么要延期",
        )
        .await;
    world
        .refused(
            clerk(0),
            id,
            ("extend", &[("amount", "几天"), ("reason", "不好说")]),
            "请写延长多少",
        )
        .await;
    // asked for: nothing moves until it is decided, and nobody asks twice
    world.done(clerk(0), id, "extend", &asks).await;
    assert_eq!(world.due(id).await, "2026年12月2日（周三）24:00");
    world
        .refused(clerk(0), id, ("extend", &asks), "正在等审批")
        .await;
    let page = world
        .app(operator())
        .get(&format!("/appeals/{id}"))
        .await
        .expect_status(200);
    assert!(
        page.text().contains("审批延期申请") && page.text().contains("要等上级批复（待审批）"),
        "{}",
        page.text()
    );
    let yes = [("granted", "yes"), ("reason", "情况属实")];
    world
        .refused(
            clerk(0),
            id,
            ("settle_extension", &yes),
            "延期由诉求登记人员或者督查人员审批",
        )
        .await;
    world
        .refused(
            operator(),
            id,
            ("settle_extension", &[("granted", "yes"), ("reason", "")]),
            "请写明审批的理由",
        )
        .await;
    let unchosen = (
        "settle_extension",
        &[("granted", ""), ("reason", "没选")][..],
    );
    world.refused(operator(), id, unchosen, "没有填完整").await;
    // on the last day it is too late to ask, not to decide what was asked in time
    world.clock.pass(TimeDelta::days(9));
    world.done(operator(), id, "settle_extension", &yes).await;
    assert_eq!(world.due(id).await, "2026年12月9日（周三）24:00");
    let shown = world.shown(operator(), id).await;
    assert!(
        shown["history"].to_string().contains("延期 5 个工作日"),
        "{shown}"
    );
    // decided once; and there is one extension only
    world
        .refused(
            supervisor(),
            id,
            ("settle_extension", &yes),
            "没有待审批的延期申请",
        )
        .await;
    world
        .refused(clerk(0), id, ("extend", &asks), "最多延期 1 次，已用完")
        .await;

    // refused: the due date stays, and it can be asked for again while there is time
    world.clock.pass(TimeDelta::days(-9));
    let id = &world.at_the_body().await;
    world.done(clerk(0), id, "extend", &asks).await;
    let no = [("granted", "no"), ("reason", "可以先答复")];
    world.done(supervisor(), id, "settle_extension", &no).await;
    assert_eq!(world.due(id).await, "2026年12月2日（周三）24:00");
    world.done(clerk(0), id, "extend", &asks).await;
    // over: nothing that is overdue is extended, and what was asked lapses with it
    world.clock.pass(TimeDelta::days(10));
    world
        .refused(
            operator(),
            id,
            ("settle_extension", &yes),
            "时限已过，不能再延期",
        )
        .await;
    assert_eq!(world.due(id).await, "2026年12月2日（周三）24:00");
    let other = &world.at_the_body().await;
    world.clock.pass(TimeDelta::days(9));
    world
        .refused(
            clerk(0),
            other,
            ("extend", &asks),
            "延期须在到期前 1 个工作日 提出，现已来不及",
        )
        .await;
}

both_databases!(more_time_is_applied_for_in_time_and_granted_before_it_is_over);
