//! Drafts and submissions, on both databases.

use zhida_forms::{
    Answer, Answers, Draft, Drafts, Error, FileRef, Filled, Mark, Save, Saved, Start, fill,
};
use zhida_platform::access::Viewer;
use zhida_platform::audit;
use zhida_platform::clock::{Clock, FixedClock};
use zhida_platform::db;
use zhida_platform::keys::KeyBytes;
use zhida_platform::paging::PageRequest;
use zhida_platform::seal::Sealer;
use zhida_rules::Facts;
use zhida_testkit::{TestDatabase, both_databases};

use crate::gallery::ENTERPRISE;
use crate::world::{World, answers, day, form, known};

const PURPOSE: &str = "redemption/apply/1/2026";

fn me() -> Viewer {
    Viewer::officer("甲")
}

fn start(purpose: &str) -> Start<'_> {
    Start {
        enterprise: ENTERPRISE,
        purpose,
        form: "digest",
        answers: answers(&[("a", "一")]),
        marks: Vec::new(),
    }
}

async fn opened(drafts: &Drafts) -> Draft {
    drafts
        .open(&me(), &start(PURPOSE))
        .await
        .expect("opened")
        .draft
}

fn save<'a>(draft: &'a Draft, version: i64, tab: &'a str, text: &str) -> Save<'a> {
    Save {
        draft: &draft.id,
        version,
        tab,
        answers: answers(&[("a", text)]),
    }
}

async fn saved(drafts: &Drafts, save: &Save<'_>) -> Draft {
    match drafts.save(&me(), save).await.expect("saved") {
        Saved::Kept(draft) => draft,
        Saved::Stale(_) => panic!("stale"),
    }
}

async fn stale(drafts: &Drafts, save: &Save<'_>) -> Draft {
    match drafts.save(&me(), save).await.expect("kept aside") {
        Saved::Stale(draft) => draft,
        Saved::Kept(_) => panic!("not stale"),
    }
}

async fn records(world: &World) -> Vec<String> {
    let query = audit::Query {
        oldest_first: true,
        ..audit::Query::default()
    };
    let found = audit::list(&world.db, &query, &PageRequest::default()).await;
    found
        .expect("listed")
        .items
        .into_iter()
        .map(|record| record.action)
        .collect()
}

async fn a_second_start_opens_the_first(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let first = drafts.open(&me(), &start(PURPOSE)).await.expect("opened");
    assert!(first.is_new && first.draft.version == 1);
    let second = drafts.open(&me(), &start(PURPOSE)).await.expect("opened");
    assert!(!second.is_new);
    assert_eq!(second.draft, first.draft);
    let other = drafts.open(&me(), &start("else")).await.expect("opened");
    assert_ne!(other.draft.id, first.draft.id);
    let lines = drafts.of_enterprise(ENTERPRISE).await.expect("listed");
    assert_eq!(lines.len(), 2);
    assert!(
        drafts
            .of_enterprise("91330502MA2B4XK91X")
            .await
            .expect("listed")
            .is_empty()
    );
}

async fn many_starts_at_once_make_one_draft(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let opening =
        (0..8).map(|_| async { drafts.open(&me(), &start(PURPOSE)).await.expect("opened") });
    let all = futures::future::join_all(opening).await;
    assert_eq!(all.iter().filter(|opened| opened.is_new).count(), 1);
    assert!(all.iter().all(|opened| opened.draft.id == all[0].draft.id));
}

async fn a_save_counts_up_and_the_same_again_changes_nothing(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let draft = opened(drafts).await;
    let second = saved(drafts, &save(&draft, 1, "x", "二")).await;
    assert_eq!((second.version, second.answers.text("a")), (2, "二"));
    assert_eq!(drafts.get(&draft.id).await.expect("there"), second);
    // a refreshed page of an older version that changes nothing is no conflict
    let same = saved(drafts, &save(&draft, 1, "y", "二")).await;
    assert_eq!(same.version, 2);
}

async fn a_stale_tab_loses_nothing(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let draft = opened(drafts).await;
    saved(drafts, &save(&draft, 1, "x", "这边")).await;
    let both = stale(drafts, &save(&draft, 1, "y", "那边")).await;
    assert_eq!((both.version, both.answers.text("a")), (2, "这边"));
    let aside = &both.asides[0];
    assert_eq!(
        (aside.tab.as_str(), aside.base, aside.answers.text("a")),
        ("y", 1, "那边")
    );
    // what the same tab writes later takes the place of what it wrote before; another tab's has its own
    stale(drafts, &save(&draft, 1, "y", "那边更多")).await;
    let three = stale(drafts, &save(&draft, 1, "z", "第三处")).await;
    let texts: Vec<&str> = three
        .asides
        .iter()
        .map(|aside| aside.answers.text("a"))
        .collect();
    assert_eq!(texts, ["那边更多", "第三处"]);
    // a choice ends it
    let settled = drafts
        .settle(&me(), &draft.id, 2, "y", &["a".to_owned()])
        .await
        .expect("settled");
    assert_eq!(
        (
            settled.version,
            settled.answers.text("a"),
            settled.asides.len()
        ),
        (3, "那边更多", 1)
    );
    let kept = drafts
        .settle(&me(), &draft.id, 3, "z", &[])
        .await
        .expect("settled");
    assert_eq!((kept.answers.text("a"), kept.asides.len()), ("那边更多", 0));
    let expected = [
        "forms.open",
        "forms.save",
        "forms.keep_aside",
        "forms.keep_aside",
        "forms.keep_aside",
        "forms.settle",
        "forms.settle",
    ];
    assert_eq!(records(&world).await, expected);
}

async fn a_tab_whose_answer_got_lost_is_not_stale(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let draft = opened(drafts).await;
    for text in ["二", "三", "四"] {
        // the tab never heard of a newer version
        saved(drafts, &save(&draft, 1, "x", text)).await;
    }
    let last = drafts.get(&draft.id).await.expect("there");
    assert_eq!((last.version, last.answers.text("a")), (4, "四"));
    // but once another has saved, it is
    saved(drafts, &save(&draft, 4, "y", "五")).await;
    stale(drafts, &save(&draft, 4, "x", "六")).await;
    // and its own later saves start from there
    saved(drafts, &save(&draft, 5, "y", "七")).await;
}

async fn of_savers_at_once_one_wins_and_all_are_kept(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let draft = &opened(drafts).await;
    let tabs: Vec<String> = (0..6).map(|n| format!("tab{n}")).collect();
    let saving = tabs.iter().map(|tab| async move {
        drafts
            .save(&me(), &save(draft, 1, tab, tab))
            .await
            .expect("saved or kept")
    });
    let all = futures::future::join_all(saving).await;
    assert_eq!(
        all.iter()
            .filter(|saved| matches!(saved, Saved::Kept(_)))
            .count(),
        1
    );
    let after = drafts.get(&draft.id).await.expect("there");
    let mut texts: Vec<String> = after
        .asides
        .iter()
        .map(|a| a.answers.text("a").to_owned())
        .collect();
    texts.push(after.answers.text("a").to_owned());
    texts.sort();
    assert_eq!(texts, tabs, "nothing was lost");
}

async fn what_is_kept_is_sealed_and_damage_is_found(db: TestDatabase) {
    let world = World::new(db).await;
    let sealing = world
        .db
        .handle()
        .with_sealer(Sealer::new(&[KeyBytes::new([7; 32])]));
    let folder = tempfile::tempdir().expect("a folder");
    let config = zhida_platform::files::FilesConfig {
        folder: folder.path().display().to_string(),
        ..zhida_platform::config::Config::default().files
    };
    let clock = std::sync::Arc::new(FixedClock::on(day()));
    let files = zhida_platform::files::FileStore::open(&config, clock.clone()).expect("opened");
    let drafts = Drafts::new(sealing.clone(), clock, files);
    let draft = opened(&drafts).await;
    saved(&drafts, &save(&draft, 1, "x", "6222021234567890128")).await;
    let sql = "SELECT COUNT(*) FROM form_draft WHERE content LIKE $1";
    let found = db::query_count(sealing.conn(), sql, ["%6222%".into()])
        .await
        .expect("counted");
    assert_eq!(found, 0, "the account number is not readable at rest");
    assert_eq!(
        drafts
            .get(&draft.id)
            .await
            .expect("there")
            .answers
            .text("a"),
        "6222021234567890128"
    );
    let sql = "UPDATE form_draft SET content = content || 'x' WHERE id = $1";
    let id = draft.id.clone();
    sealing
        .write(|tx| {
            let id = id.clone();
            async move { db::execute(&tx, sql, [id.into()]).await }
        })
        .await
        .expect("damaged");
    let told = drafts.get(&draft.id).await.expect_err("damaged");
    assert!(matches!(told, Error::Damaged(_)), "{told}");
    assert!(told.to_string().contains("校验值"), "{told}");
}

async fn a_draft_is_sent_in_rounds(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let first = sent(&world, &opened(drafts).await).await;
    assert_eq!(first.round, 1);
    assert!(
        drafts
            .find(ENTERPRISE, PURPOSE)
            .await
            .expect("asked")
            .is_none(),
        "it was moved"
    );
    let marks = vec![Mark {
        path: "a".to_owned(),
        words: "请补全".to_owned(),
        by: "某局".to_owned(),
    }];
    let again = Start {
        answers: first.filled.answers.clone(),
        marks: marks.clone(),
        ..start(PURPOSE)
    };
    let draft = drafts.open(&me(), &again).await.expect("opened").draft;
    assert_eq!(
        (draft.marks.clone(), draft.answers.text("a")),
        (marks, "一")
    );
    let draft = saved(drafts, &save(&draft, 1, "x", "一二")).await;
    assert_eq!(draft.marks.len(), 1, "marks stay while it is saved");
    let second = sent(&world, &draft).await;
    assert_eq!(second.round, 2);
    let rounds = drafts
        .submissions(world.db.conn(), "case-1")
        .await
        .expect("listed");
    assert_eq!(rounds, [first, second]);
}

async fn newer_marks_reach_a_draft_that_is_there(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let draft = opened(drafts).await;
    saved(drafts, &save(&draft, 1, "x", "二")).await;
    let marks = vec![Mark {
        path: "a".to_owned(),
        words: "请补全".to_owned(),
        by: "某局".to_owned(),
    }];
    let again = Start {
        marks: marks.clone(),
        ..start(PURPOSE)
    };
    for _ in 0..2 {
        let found = drafts.open(&me(), &again).await.expect("opened").draft;
        assert_eq!(
            (found.version, found.answers.text("a"), &found.marks),
            (2, "二", &marks)
        );
    }
    let plain = drafts
        .open(&me(), &start(PURPOSE))
        .await
        .expect("opened")
        .draft;
    assert_eq!(plain.marks, marks);
    // no tab is out of date by it
    saved(drafts, &save(&draft, 2, "x", "三")).await;
    assert_eq!(
        records(&world).await,
        ["forms.open", "forms.save", "forms.mark"]
    );
}

async fn saves_of_one_sitting_are_one_record(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let draft = opened(drafts).await;
    for version in 1..=5 {
        let text = format!("第 {version} 次");
        saved(drafts, &save(&draft, version, "x", &text)).await;
    }
    let expected = ["forms.open", "forms.save"];
    assert_eq!(records(&world).await, expected);
    // another person begins, and an hour passes
    let other = Viewer::officer("同事");
    let theirs = save(&draft, 6, "x", "同事写的");
    let kept = drafts.save(&other, &theirs).await.expect("saved");
    assert!(matches!(kept, Saved::Kept(_)), "{kept:?}");
    let sql = "UPDATE form_draft SET recorded_at = '2020-01-01T00:00:00.000000Z'";
    let back = world
        .db
        .write(|tx| async move { db::execute(&tx, sql, []).await });
    assert_eq!(back.await.expect("set"), 1);
    let theirs = save(&draft, 7, "x", "一小时后");
    let _ = drafts.save(&other, &theirs).await.expect("saved");
    let expected = ["forms.open", "forms.save", "forms.save", "forms.save"];
    assert_eq!(records(&world).await, expected);
    // whoever had it before is named with the version that was reached
    let sql = "SELECT COUNT(*) FROM audit_event WHERE action = 'forms.save' AND value_before LIKE '%\"version\":6%'
               AND actor = '同事'";
    let named = db::query_count(world.db.conn(), sql, []).await;
    assert_eq!(named.expect("counted"), 1);
}

async fn sent(world: &World, draft: &Draft) -> zhida_forms::Submission {
    let drafts = &world.gallery.drafts;
    let filled = &filled(draft);
    let now = FixedClock::on(day()).now();
    world
        .db
        .write(|tx| async move { drafts.submit(&tx, draft, filled, "case-1", "甲", now).await })
        .await
        .expect("sent")
}

fn filled(draft: &Draft) -> Filled {
    let form = form("  - { id: a, label: 甲, kind: text }\n").expect("well written");
    fill(&form, &draft.answers, &known(&Facts::new())).expect("well filled")
}

async fn what_changed_meanwhile_is_not_sent_or_deleted(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let draft = &opened(drafts).await;
    saved(drafts, &save(draft, 1, "x", "二")).await;
    let (filled, now) = (&filled(draft), FixedClock::on(day()).now());
    let told = world
        .db
        .write(|tx| async move { drafts.submit(&tx, draft, filled, "case-1", "甲", now).await })
        .await
        .expect_err("older");
    assert!(matches!(told, Error::Changed { .. }), "{told}");
    assert!(matches!(
        drafts.discard(&me(), &draft.id, 1).await,
        Err(Error::Changed { .. })
    ));
    drafts.discard(&me(), &draft.id, 2).await.expect("deleted");
    assert!(matches!(drafts.get(&draft.id).await, Err(Error::NoDraft)));
    let gone = drafts.save(&me(), &save(draft, 2, "x", "三")).await;
    assert!(matches!(gone, Err(Error::NoDraft)));
    assert_eq!(
        records(&world).await,
        ["forms.open", "forms.save", "forms.discard"]
    );
}

async fn files_of_others_and_too_much_are_refused(db: TestDatabase) {
    let world = World::new(db).await;
    let drafts = &world.gallery.drafts;
    let draft = opened(drafts).await;
    let mut foreign = Answers::default();
    let file = FileRef {
        file: "0193".to_owned(),
        name: "别人的.pdf".to_owned(),
        bytes: 1,
    };
    foreign
        .fields
        .insert("f".to_owned(), Answer::Files(vec![file]));
    let with = |answers| Save {
        draft: &draft.id,
        version: 1,
        tab: "x",
        answers,
    };
    let told = drafts
        .save(&me(), &with(foreign))
        .await
        .expect_err("refused");
    assert!(told.to_string().contains("别人的.pdf"), "{told}");
    let large = answers(&[("a", &"长".repeat(500_000))]);
    assert!(matches!(
        drafts.save(&me(), &with(large)).await,
        Err(Error::TooLarge)
    ));
    assert_eq!(drafts.get(&draft.id).await.expect("there").version, 1);
}

both_databases!(
    a_second_start_opens_the_first,
    many_starts_at_once_make_one_draft,
    a_save_counts_up_and_the_same_again_changes_nothing,
    a_stale_tab_loses_nothing,
    a_tab_whose_answer_got_lost_is_not_stale,
    of_savers_at_once_one_wins_and_all_are_kept,
    what_is_kept_is_sealed_and_damage_is_found,
    a_draft_is_sent_in_rounds,
    newer_marks_reach_a_draft_that_is_there,
    saves_of_one_sitting_are_one_record,
    what_changed_meanwhile_is_not_sent_or_deleted,
    files_of_others_and_too_much_are_refused,
);
