use axum::body::to_bytes;
use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;
use futures::stream;
use proptest::prelude::*;
use zhida_platform::export::{
    Cell, Chosen, Column, Row, Table, csv_response, write_csv, write_xlsx, xlsx_response,
};
use zhida_platform::problem::Problem;
use zhida_testkit::block_on;

fn rows() -> Vec<Row> {
    let date = NaiveDate::from_ymd_opt(2026, 11, 2).expect("a valid date");
    let old = NaiveDate::from_ymd_opt(1, 1, 1).expect("a valid date");
    vec![
        vec![
            "江城（集团）".into(),
            Cell::Integer(-5),
            Cell::Decimal("-1234.50".to_owned()),
            date.into(),
        ],
        vec![
            "=HYPERLINK(\"http://x\")".into(),
            Cell::Empty,
            Cell::Decimal("=1+1".to_owned()),
            old.into(),
        ],
        vec![
            "甲,\"乙\"\n丙".into(),
            Cell::Integer(i64::MAX),
            Cell::Decimal("0.1".to_owned()),
            Cell::Empty,
        ],
        vec![
            "-2+3+cmd|' /C calc'!A0".into(),
            Cell::Empty,
            Cell::Empty,
            Cell::Empty,
        ],
    ]
}

fn table() -> Table {
    let columns = ["名称", "=人数", "金额（元）", "日期"]
        .map(Column::new)
        .to_vec();
    Table::new(
        "企业名单",
        columns,
        stream::iter(rows().into_iter().map(Ok)),
    )
}

#[tokio::test]
async fn csv_has_a_bom_and_no_formula() {
    let mut file = Vec::new();
    assert_eq!(write_csv(table(), &mut file).await.expect("written"), 4);
    let text = String::from_utf8(file).expect("UTF-8");
    assert_eq!(
        text,
        "\u{feff}名称,'=人数,金额（元）,日期\r\n\
         江城（集团）,-5,-1234.50,2026-11-02\r\n\
         \"'=HYPERLINK(\"\"http://x\"\")\",,'=1+1,0001-01-01\r\n\
         \"甲,\"\"乙\"\"\n丙\",9223372036854775807,0.1,\r\n\
         '-2+3+cmd|' /C calc'!A0,,,\r\n"
    );
}

#[tokio::test]
async fn xlsx_has_typed_cells_and_no_formula() {
    let mut file = Vec::new();
    assert_eq!(write_xlsx(table(), &mut file).await.expect("written"), 4);
    let mut book = Xlsx::new(std::io::Cursor::new(file)).expect("an XLSX");
    let sheet = book.worksheet_range("企业名单").expect("the sheet");
    let at = |row, column| {
        sheet
            .get_value((row, column))
            .cloned()
            .unwrap_or(Data::Empty)
    };
    assert_eq!(at(0, 1), Data::String("'=人数".to_owned()));
    assert_eq!(at(1, 0), Data::String("江城（集团）".to_owned()));
    assert_eq!(at(1, 1), Data::Float(-5.0));
    assert_eq!(at(1, 2), Data::Float(-1234.5));
    assert!(
        matches!(at(1, 3), Data::DateTime(date) if date.to_string() == "46328"),
        "{:?}",
        at(1, 3)
    );
    assert_eq!(
        at(2, 0),
        Data::String("'=HYPERLINK(\"http://x\")".to_owned())
    );
    assert_eq!(at(2, 2), Data::String("'=1+1".to_owned()));
    assert_eq!(at(2, 3), Data::String("0001-01-01".to_owned()));
    assert_eq!(
        at(3, 1),
        Data::String(i64::MAX.to_string()),
        "too long for a double"
    );
    assert_eq!(at(4, 0), Data::String("'-2+3+cmd|' /C calc'!A0".to_owned()));
    let formulas = book.worksheet_formula("企业名单").expect("the sheet");
    assert!(formulas.is_empty(), "{formulas:?}");
}

#[tokio::test]
async fn downloads_are_named_in_chinese() {
    let csv = csv_response(table());
    assert_eq!(csv.headers()["content-type"], "text/csv; charset=utf-8");
    let name = csv.headers()["content-disposition"]
        .to_str()
        .expect("ASCII");
    assert!(
        name.contains("filename*=UTF-8''%E4%BC%81%E4%B8%9A%E5%90%8D%E5%8D%95.csv"),
        "{name}"
    );
    let body = to_bytes(csv.into_body(), usize::MAX)
        .await
        .expect("complete");
    assert!(body.starts_with("\u{feff}名称".as_bytes()));
    let xlsx = xlsx_response(table()).await.expect("written");
    let body = to_bytes(xlsx.into_body(), usize::MAX)
        .await
        .expect("complete");
    assert!(Xlsx::new(std::io::Cursor::new(body)).is_ok());
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let table = Table::by_pages(
        "数",
        vec![Column::new("数")],
        |after: Option<i64>| async move {
            let start = after.map_or(0, |last| last + 1);
            let rows = (start..start + 700)
                .map(|n| vec![Cell::Integer(n)])
                .collect();
            Ok((rows, (start < 1_400).then_some(start + 699)))
        },
    );
    let mut file = Vec::new();
    assert_eq!(write_csv(table, &mut file).await.expect("written"), 2_100);
    let text = String::from_utf8(file).expect("UTF-8");
    let numbers: Vec<i64> = text
        .lines()
        .skip(1)
        .map(|line| line.parse().expect("a number"))
        .collect();
    assert_eq!(numbers, (0..2_100).collect::<Vec<_>>());
}

fn breaking() -> Table {
    let rows = (0..600).map(|n| {
        if n == 599 {
            Err(Problem::internal("数据库断开"))
        } else {
            Ok(vec![Cell::Integer(n)])
        }
    });
    Table::new(
        "断",
        vec![Column::new("数")],
        stream::iter(rows.collect::<Vec<_>>()),
    )
}

#[tokio::test]
async fn an_export_that_breaks_does_not_look_whole() {
    assert!(write_csv(breaking(), &mut Vec::new()).await.is_err());
    let broken = to_bytes(csv_response(breaking()).into_body(), usize::MAX).await;
    assert!(broken.is_err());
    assert!(write_xlsx(breaking(), &mut Vec::new()).await.is_err());
    let broken = xlsx_response(breaking()).await.expect("has begun");
    assert!(to_bytes(broken.into_body(), usize::MAX).await.is_err());
}

#[tokio::test]
async fn an_xlsx_that_breaks_at_once_is_answered_in_words() {
    let rows = stream::iter([Err(Problem::internal("数据库断开"))]);
    let table = Table::new("断", vec![Column::new("数")], rows);
    let answer = xlsx_response(table).await.expect_err("broken");
    assert_eq!(answer.status.as_u16(), 500);
    assert!(!answer.to_json().to_string().contains("数据库断开"));
}

const HEADINGS: [&str; 4] = ["名称", "=人数", "金额（元）", "日期"];

/// The cells of a CSV as text.
async fn csv_cells(table: Table) -> Vec<Vec<String>> {
    let mut file = Vec::new();
    let _rows = write_csv(table, &mut file).await.expect("written");
    let body = file.strip_prefix(b"\xef\xbb\xbf").expect("a BOM");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(body);
    let record = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a record");
        record.iter().map(str::to_owned).collect()
    };
    reader.records().map(record).collect()
}

/// The cells of an XLSX with so many columns.
async fn xlsx_cells(table: Table) -> Vec<Vec<Data>> {
    let (mut file, width) = (Vec::new(), table.columns.len());
    let rows = write_xlsx(table, &mut file).await.expect("written");
    let mut book = Xlsx::new(std::io::Cursor::new(file)).expect("an XLSX");
    let sheet = book.worksheet_range("企业名单").expect("the sheet");
    let cell = |line: usize, column: usize| {
        let at = (u32::try_from(line), u32::try_from(column));
        let found = sheet.get_value((at.0.expect("small"), at.1.expect("small")));
        found.cloned().unwrap_or(Data::Empty)
    };
    let lines = 0..=usize::try_from(rows).expect("few");
    lines
        .map(|line| (0..width).map(|column| cell(line, column)).collect())
        .collect()
}

fn projected<T: Clone>(whole: &[Vec<T>], kept: &[usize]) -> Vec<Vec<T>> {
    let line = |line: &Vec<T>| kept.iter().map(|at| line[*at].clone()).collect();
    whole.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is chosen, in whatever order and way it is said.
    #[test]
    fn chosen_columns_are_the_projection_of_the_whole(
        wanted in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
        length in 1_usize..=4,
        in_one in any::<bool>(),
    ) {
        let wanted = &wanted[..length];
        let headings: Vec<&str> = wanted.iter().map(|at| HEADINGS[*at]).collect();
        let chosen = match in_one {
            true => Chosen::read([headings.join(",").as_str()]),
            false => Chosen::read(headings.iter().copied()),
        };
        let mut kept = wanted.to_vec();
        kept.sort_unstable();
        let only = || table().only(&chosen).expect("known columns");
        block_on(async {
            let (whole, some) = (csv_cells(table()).await, csv_cells(only()).await);
            assert_eq!(some, projected(&whole, &kept));
            let (whole, some) = (xlsx_cells(table()).await, xlsx_cells(only()).await);
            assert_eq!(some, projected(&whole, &kept));
        });
    }
}

#[tokio::test]
async fn chosen_columns_stream_and_break_like_the_whole() {
    let chosen = Chosen::read(["数"]);
    let broken = breaking().only(&chosen).expect("a known column");
    assert!(
        to_bytes(csv_response(broken).into_body(), usize::MAX)
            .await
            .is_err()
    );
    let Err(problem) = breaking().only(&Chosen::read(["数", "=cmd|' /C calc'!A0"])) else {
        panic!("an unknown column");
    };
    assert_eq!(problem.status.as_u16(), 400);
    assert!(problem.detail.contains("可选的列：数"), "{problem}");
}
