//! Agenda, task list and minutes as files.

use zhida_testkit::{block_on, sqlite};

use crate::world::{World, neighbour, supervisor};

#[test]
fn each_paper_is_written_in_both_formats_and_recorded() {
    block_on(async {
        let world = World::new(sqlite().await).await;
        let here = world.held().await;
        world.given(&here).await;
        let app = world.app(supervisor());
        for paper in ["agenda", "tasks", "minutes"] {
            let pdf = app
                .get(&format!("{here}/papers/{paper}.pdf"))
                .await
                .expect_status(200);
            assert!(pdf.bytes.starts_with(b"%PDF"), "{paper}");
            assert_eq!(pdf.header("content-type"), "application/pdf");
            let docx = app
                .get(&format!("{here}/papers/{paper}.docx"))
                .await
                .expect_status(200);
            assert!(docx.bytes.starts_with(b"PK"), "{paper}");
            assert!(
                docx.header("content-disposition")
                    .contains("filename*=UTF-8''%E4%BC%81")
            );
        }
        let _ = app
            .get(&format!("{here}/papers/agenda.exe"))
            .await
            .expect_status(404);
        let _ = world
            .app(neighbour())
            .get(&format!("{here}/papers/agenda.pdf"))
            .await
            .expect_status(404);
        let sql = "SELECT COUNT(*) FROM audit_event WHERE action = 'meeting.print'";
        assert_eq!(world.count(sql).await, 6);
    });
}
