//! `/ui-gallery`: every component at work, to look at and to copy from. Served by the demo only.

use askama::Template;
use axum::Router;
use axum::routing::get;
use zhida_platform::thread::{Side, Standing};

use crate::chart::{Caption, Chart, Datum, Tile, bars, funnel, stacked_bar, tile_map};
use crate::exports::{Exports, TemplateLine};
use crate::thread::{Line, ThreadForm, ThreadView};
use crate::{Choice, FormErrors, Frame, Html, Mark, Page, Pager, Tab, Tone};

/// The gallery's routes: `/ui-gallery` (public look) and `/ui-gallery/office` (dense look).
pub fn router() -> Router {
    Router::new()
        .route("/ui-gallery", get(public))
        .route("/ui-gallery/office", get(office))
}

async fn public(frame: Frame) -> Html<GalleryPage> {
    let page = page(&frame)
        .lead("政策页面用到的每一种组件。房间的作者从这里挑选，不另造样式。")
        .notice(Tone::Info, "这是展示组件的页面，内容为示例，不是真实数据。");
    Html(GalleryPage::new(page))
}

async fn office(frame: Frame) -> Html<GalleryPage> {
    Html(GalleryPage::new(page(&frame).office()))
}

fn page(frame: &Frame) -> Page {
    frame
        .page("组件陈列")
        .active("/ui-gallery")
        .crumb("首页", "/")
        .crumb("界面", "/ui-gallery")
}

/// A row of the sample table.
struct Row {
    name: &'static str,
    code: &'static str,
    industry: &'static str,
    revenue: &'static str,
    mark: Mark,
}

#[derive(Template)]
#[template(path = "ui/gallery.html")]
struct GalleryPage {
    page: Page,
    marks: [Mark; 4],
    rows: Vec<Row>,
    tabs: Vec<Tab>,
    exports: Exports,
    pager: Pager,
    errors: FormErrors,
    counties: Vec<Choice>,
    sizes: Vec<Choice>,
    by_industry: Chart,
    by_verdict: Chart,
    flow: Chart,
    by_county: Chart,
    thread: ThreadView,
}

impl GalleryPage {
    fn new(page: Page) -> Self {
        let mut errors = FormErrors::none();
        errors.add("gallery-uscc", "统一社会信用代码应为 18 位，现在是 17 位");
        errors.add("gallery-size", "请选择企业规模");
        Self {
            page,
            marks: Mark::ALL,
            rows: rows(),
            tabs: vec![
                Tab::new("符合", "/ui-gallery?tab=yes", true).count(12),
                Tab::new("只差一项", "/ui-gallery?tab=near", false).count(5),
                Tab::new("信息不足", "/ui-gallery?tab=unknown", false).count(31),
            ],
            exports: exports(),
            pager: Pager {
                summary: "共 1,234 家，本页 20 家".into(),
                first: "/ui-gallery".into(),
                next: "/ui-gallery?after=abc".into(),
            },
            errors,
            counties: ["全部区县", "南湾区", "青溪县", "云岭县"]
                .iter()
                .map(|name| Choice::new(*name, *name, "青溪县"))
                .collect(),
            sizes: vec![
                Choice::new("micro", "微型", "small"),
                Choice::new("small", "小型", "small")
                    .hint("工业：从业人员 20 人及以上，营业收入 300 万元及以上"),
                Choice::new("medium", "中型", "small"),
            ],
            by_industry: by_industry(),
            by_verdict: by_verdict(),
            flow: flow(),
            by_county: by_county(),
            thread: thread(),
        }
    }
}

fn exports() -> Exports {
    let [csv, xlsx] = ["csv", "xlsx"].map(|kind| format!("/ui-gallery/export.{kind}"));
    let template = |name: &str, columns: &str, gone: &str| TemplateLine {
        name: name.to_owned(),
        csv: csv.clone(),
        xlsx: xlsx.clone(),
        columns: columns.to_owned(),
        gone: gone.to_owned(),
        remove: "/ui-gallery".to_owned(),
    };
    let headings = [
        "名称",
        "统一社会信用代码",
        "行业",
        "上年营业收入（万元）",
        "结论",
    ];
    Exports {
        summary: "共 1,234 家".to_owned(),
        templates: vec![
            template("月报", "名称、上年营业收入（万元）", ""),
            template(
                "核对用",
                "统一社会信用代码",
                "“企业规模”一列没有了，不再导出",
            ),
        ],
        columns: headings
            .map(|heading| Choice::new(heading, heading, heading))
            .to_vec(),
        filters: vec![("gallery-county".to_owned(), "青溪县".to_owned())],
        save: "/ui-gallery".to_owned(),
        paths: (csv.clone(), xlsx.clone()),
        csv,
        xlsx,
    }
}

fn thread() -> ThreadView {
    let line = |who: &str, side, words: &str, is_own| Line {
        who: who.to_owned(),
        side,
        when: "2026年11月22日 10:42".to_owned(),
        words: words.to_owned(),
        is_own,
        is_read: is_own,
        files: Vec::new(),
    };
    let standing = Standing {
        awaits: Some(Side::Office),
        unread: 0,
    };
    let form = ThreadForm::new("/ui-gallery", "", "");
    let mut thread = ThreadView::messages(&[], Side::Office, standing, str::to_owned, Some(form));
    thread.lines = vec![
        line("市科技局 王五", Side::Office, "请补充设备的发票。", true),
        line(
            "青溪精密制造有限公司 李四",
            Side::Enterprise,
            "发票下周才能开出，可以先交合同吗？",
            false,
        ),
    ];
    thread
}

fn rows() -> Vec<Row> {
    let row = |name, code, industry, revenue, mark| Row {
        name,
        code,
        industry,
        revenue,
        mark,
    };
    vec![
        row(
            "青溪精密制造有限公司",
            "91990000PDY0000017",
            "通用设备制造业",
            "2,310.50",
            Mark::Yes,
        ),
        row(
            "云岭茶业专业合作社",
            "93990000PDY0000025",
            "农业",
            "186.00",
            Mark::No,
        ),
        row(
            "南湾数智科技有限公司",
            "91990000PDY0000033",
            "软件和信息技术服务业",
            "12,045.80",
            Mark::Unknown,
        ),
        row(
            "北塘物流有限责任公司",
            "91990000PDY0000041",
            "道路运输业",
            "768.20",
            Mark::Manual,
        ),
    ]
}

fn by_industry() -> Chart {
    let data = [
        ("制造业", 4_812),
        ("批发和零售业", 3_977),
        ("软件和信息技术服务业", 1_204),
        ("建筑业", 880),
        ("住宿和餐饮业", 342),
        ("采矿业", 3),
    ]
    .map(|(name, count)| Datum::new(name, count).href(format!("/ui-gallery?industry={name}")));
    bars(
        &Caption::new(
            "符合条件的企业，按行业",
            "制造业最多，4,812 家。",
            "行业",
            "企业数（家）",
        ),
        &data,
    )
}

fn by_verdict() -> Chart {
    let data = [
        (Mark::Yes, 12_408),
        (Mark::No, 21_377),
        (Mark::Unknown, 9_102),
        (Mark::Manual, 1_113),
    ]
    .map(|(mark, count)| Datum::new(mark.label(), count).tone(mark.class()));
    stacked_bar(
        &Caption::new(
            "匹配结论",
            "44,000 家企业中 12,408 家符合。",
            "结论",
            "企业数（家）",
        ),
        &data,
    )
}

fn flow() -> Chart {
    let data = [
        Datum::new("可能符合", 12_408),
        Datum::new("已送达", 11_960),
        Datum::new("已申报", 3_204),
        Datum::new("已兑付", 2_871),
    ];
    funnel(
        &Caption::new(
            "从匹配到兑付",
            "可能符合的 12,408 家中，2,871 家已兑付。",
            "步骤",
            "企业数（家）",
        ),
        &data,
    )
}

fn by_county() -> Chart {
    let tiles = [
        ("云岭县", 1, 0, 310),
        ("北塘区", 2, 0, 1_870),
        ("石门县", 3, 0, 96),
        ("青溪县", 0, 1, 904),
        ("城中区", 1, 1, 4_230),
        ("城东区", 2, 1, 3_412),
        ("海宁湾", 3, 1, 1_055),
        ("西坪县", 0, 2, 0),
        ("南湾区", 1, 2, 2_390),
        ("东港区", 2, 2, 2_012),
    ]
    .map(|(name, column, row, count)| {
        let link = format!("/ui-gallery?county={name}");
        Tile::new(column, row, Datum::new(name, count).href(link))
    });
    tile_map(
        &Caption::new(
            "各区县企业",
            "城中区最多，4,230 家；西坪县还没有数据。",
            "区县",
            "企业数（家）",
        ),
        &tiles,
    )
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;
    use zhida_platform::config::Config;

    use crate::{Shell, with_frame};

    use super::*;

    /// Macros that only other macros call.
    const INNER: [&str; 3] = ["field_label", "described_by", "choices_group"];

    #[test]
    fn every_macro_is_shown_and_explained() {
        let components = include_str!("../templates/ui/components.html");
        let gallery = include_str!("../templates/ui/gallery.html");
        let guide = include_str!("../../../docs/ui.md");
        let names: Vec<&str> = components
            .split("{%- macro ")
            .skip(1)
            .filter_map(|rest| rest.split('(').next())
            .filter(|name| !INNER.contains(name))
            .collect();
        assert!(names.len() > 30, "{names:?}");
        for name in names {
            assert!(
                gallery.contains(&format!("ui::{name}(")),
                "{name} is not shown in gallery.html"
            );
            assert!(
                guide.contains(&format!("`{name}(")),
                "{name} is not explained in docs/ui.md"
            );
        }
    }

    #[tokio::test]
    async fn both_looks_are_served_without_anything_the_policy_blocks() {
        for path in ["/ui-gallery", "/ui-gallery/office"] {
            let response = with_frame(router(), Shell::default(), &Config::default())
                .oneshot(Request::get(path).body(Body::empty()).expect("address"))
                .await
                .expect("infallible");
            assert_eq!(response.status(), StatusCode::OK);
            let body = to_bytes(response.into_body(), 1 << 20).await.expect("body");
            let body = String::from_utf8(body.to_vec()).expect("utf-8");
            for blocked in [" style=", " onclick", "<style", "javascript:"] {
                assert!(!body.contains(blocked), "{path}: {blocked}");
            }
            assert!(body.contains("信息不足"));
        }
    }
}
