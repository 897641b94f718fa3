//! Every kind of bad input: the message says what, where and how to mend it, and nothing stored changes.

use std::io::Write;

use zhida_registry::import::{ImportLimits, ImportOptions, RejectedRow};
use zhida_testkit::{TestDatabase, both_databases, sqlite};

use crate::support::{Setup, code, gzip, options, setup};

/// A registry with one enterprise, so that “nothing changed” says something.
async fn with_one(db: TestDatabase) -> Setup {
    let setup = setup(db).await;
    let text = format!(
        "统一社会信用代码,企业名称,2024年营业收入\n{},江城一号有限公司,1000\n",
        code(1)
    );
    setup.bring(&text, "税务", "2025-01-01").await;
    setup
}

async fn stored(setup: &Setup) -> (Vec<(&'static str, i64)>, String) {
    (
        setup.contents().await,
        setup.fact(&code(1), "revenue", Some(2024)).await,
    )
}

/// Imports rows of which every one must be refused; the refusals.
async fn refused(setup: &Setup, name: &str, content: &[u8]) -> Vec<RejectedRow> {
    let before = stored(setup).await;
    let path = setup.file(name, content);
    let options = ImportOptions {
        dry_run: true,
        ..options("税务", "2026-01-01")
    };
    let dry = setup.import(&path, &options).await.unwrap();
    assert_eq!(stored(setup).await, before, "a dry run stores nothing");
    let options = ImportOptions {
        dry_run: false,
        ..options
    };
    let report = setup.import(&path, &options).await.unwrap();
    assert_eq!(
        (report.accepted, report.unchanged),
        (0, 0),
        "{:?}",
        report.examples
    );
    assert_eq!(
        (report.rejected, &report.examples),
        (dry.rejected, &dry.examples)
    );
    // the attempt itself is on record, no enterprise is touched
    let after = stored(setup).await;
    let enterprises = |counts: &[(&'static str, i64)]| {
        counts
            .iter()
            .copied()
            .filter(|(table, _)| !matches!(*table, "import_batch" | "audit_event"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (enterprises(&after.0), after.1),
        (enterprises(&before.0), before.1)
    );
    report.examples
}

/// Imports one bad row under these headings: its refusal.
async fn refused_row(setup: &Setup, heading: &str, row: &str) -> RejectedRow {
    let text = format!(
        "信用代码,企业名称,{heading}\n{},江城一号有限公司,{row}\n",
        code(1)
    );
    let mut rows = refused(setup, "bad.csv", text.as_bytes()).await;
    assert_eq!(rows.len(), 1);
    let row = rows.remove(0);
    assert_eq!(row.row, 2);
    assert!(
        row.mend.contains('请') || row.mend.contains('应'),
        "{row:?}"
    );
    row
}

async fn bad_values_are_refused_with_reason(db: TestDatabase) {
    let setup = with_one(db).await;
    for (heading, value, reason) in [
        ("成立日期", "0001-01-01", "日期 0001-01-01 不合理"),
        ("成立日期", "昨天", "不是日期"),
        ("2024年营业收入", "-5", "不小于 0"),
        ("2024年营业收入(万元)", "-5", "不小于 0"),
        ("2024年营业收入(万元)", "5万", "列名已写明单位"),
        ("2024年营业收入", "一千", "不是数字"),
        ("所在区划", "370000", "省级"),
        ("所在区划", "370100", "地级"),
        ("区县", "370000", "省级"),
        ("所在区划", "火星", "不是有效的行政区划"),
        ("登记状态", "开着", "不在可选值之内"),
        ("高新技术企业", "也许", "应为“是”或“否”"),
        ("所属行业", "C9999", "不是 GB/T 4754-2017"),
        ("登记机关", "甲\u{1}乙", "控制字符"),
        ("登记机关,登记状态", "甲,存续,多出来的", "这一行有 5 列"),
    ] {
        let row = refused_row(&setup, heading, value).await;
        assert!(row.reason.contains(reason), "{heading} {value}: {row:?}");
        assert!(
            row.column.contains(heading) || row.column.contains("整行"),
            "{row:?}"
        );
    }
}

async fn bad_codes_are_refused_with_reason(db: TestDatabase) {
    let setup = with_one(db).await;
    let wrong_check = {
        let mut text = code(2);
        let last = text.pop();
        text.push(if last == Some('0') { '1' } else { '0' });
        text
    };
    let text = format!(
        "信用代码,企业名称\n{wrong_check},甲\n320404000009558,乙\n320404000009550,丙\n,丁\n9.137E+17,戊\n"
    );
    let rows = refused(&setup, "codes.csv", text.as_bytes()).await;
    let reasons: Vec<&str> = rows.iter().map(|row| row.reason.as_str()).collect();
    for (reason, wanted) in reasons.iter().zip([
        "校验码有误",
        "15 位旧工商注册号",
        "15 位旧工商注册号的格式",
        "为空",
        "应为 18 位",
    ]) {
        assert!(reason.contains(wanted), "{reasons:?}");
    }
    assert!(rows[4].mend.contains("文本格式"), "{:?}", rows[4]);
}

async fn a_duplicate_code_names_the_earlier_row(db: TestDatabase) {
    let setup = setup(db).await;
    let text = format!(
        "信用代码,企业名称\n{},甲\n{},乙\n{},丙\n",
        code(1),
        code(2),
        code(1)
    );
    let report = setup.bring(&text, "市场监管", "2026-01-01").await;
    assert_eq!((report.accepted, report.rejected), (2, 1));
    let row = &report.examples[0];
    assert_eq!(row.row, 4);
    assert!(row.reason.contains("与第 2 行的代码相同"), "{row:?}");
    assert_eq!(setup.fact(&code(1), "name", None).await, "甲");
}

async fn a_row_in_another_encoding_is_refused(db: TestDatabase) {
    let setup = setup(db).await;
    let good = |n, name: &str| format!("{},{name}\n", code(n));
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let mut utf8 = format!(
        "信用代码,企业名称\n{}{}",
        good(1, "江城甲"),
        good(2, "江城乙")
    )
    .into_bytes();
    utf8.extend(gbk(&good(3, "江城丙")));
    let path = setup.file("utf8.csv", &utf8);
    let report = setup
        .import(&path, &options("市场监管", "2026-01-01"))
        .await
        .unwrap();
    assert_eq!((report.accepted, report.rejected), (2, 1));
    assert_eq!(report.examples[0].row, 4);
    assert!(
        report.examples[0].reason.contains("不是文件所用的 UTF-8"),
        "{:?}",
        report.examples
    );

    let mut other = gbk(&format!(
        "信用代码,企业名称\n{}{}",
        good(4, "江城丁"),
        good(5, "江城戊")
    ));
    other.extend(good(6, "江城己").into_bytes());
    let path = setup.file("gbk.csv", &other);
    let report = setup
        .import(&path, &options("市场监管", "2026-01-01"))
        .await
        .unwrap();
    assert_eq!((report.accepted, report.rejected), (2, 1));
    assert!(
        report.examples[0].reason.contains("不是文件所用的 GB18030"),
        "{:?}",
        report.examples
    );
    assert!(report.file.form.contains("GB18030"), "{}", report.file.form);
    assert_eq!(setup.fact(&code(5), "name", None).await, "江城戊");
}

async fn whole_files_are_refused_before_anything_is_stored(db: TestDatabase) {
    let setup = with_one(db).await;
    let row = format!("{},甲", code(2));
    let table = format!("信用代码,企业名称\n{row}\n");
    let limits = ImportLimits {
        bytes_max: 20_000,
        unpacked_bytes_max: 100_000,
        rows_max: 50,
    };
    let many = format!("信用代码,企业名称\n{}", format!("{row}\n").repeat(51));
    let mut cut = gzip("信用代码,企业名称\n".repeat(2_000).as_bytes());
    cut.truncate(cut.len() - 20);
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(table.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let mixed_heading = {
        let mut bytes = encoding_rs::GBK
            .encode("信用代码,企业名称\n")
            .0
            .into_owned();
        bytes.extend(format!("{row}\n{row}\n").bytes());
        bytes
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("big.csv", vec![b'x'; 20_001], "超过上限 20,000 字节"),
        (
            "packed.csv.gz",
            gzip(&[b'x'; 200_000]),
            "解压后超过上限 100,000 字节",
        ),
        ("bomb.xlsx", bomb(false), "解压后超过上限 100,000 字节"),
        ("lying.xlsx", bomb(true), "解压后超过上限 100,000 字节"),
        ("text.xlsx", table.clone().into_bytes(), "内容不是电子表格"),
        ("other.xlsx", zip_of("a.txt", b"hello"), "内容不是电子表格"),
        ("half.xlsx", zip_of("xl/workbook.xml", b"<x"), "打不开"),
        ("old.xls", vec![0xD0, 0xCF, 0x11, 0xE0, 0, 0], "旧版 .xls"),
        (
            "plain.csv.gz",
            table.clone().into_bytes(),
            "不是 gzip 压缩文件",
        ),
        ("cut.csv.gz", cut, "已损坏或不完整"),
        ("utf16.csv", utf16, "UTF-16"),
        ("binary.csv", b"a,b\0\n1,2\n".to_vec(), "不是文本"),
        ("empty.csv", Vec::new(), "是空的"),
        ("heading.csv", "信用代码,企业名称\n".into(), "没有数据行"),
        (
            "nocode.csv",
            "名称,地址\n甲,乙\n".into(),
            "没有找到统一社会信用代码列",
        ),
        ("many.csv", many.into_bytes(), "超过 50 行"),
        ("mixed.csv", mixed_heading, "表头不是 UTF-8 编码"),
    ];
    for (name, content, message) in cases {
        let before = stored(&setup).await;
        let path = setup.file(name, content);
        let options = ImportOptions {
            limits,
            ..options("税务", "2026-01-01")
        };
        let error = setup
            .import(&path, &options)
            .await
            .expect_err(name)
            .to_string();
        assert!(error.contains(message), "{name}: {error}");
        assert_eq!(stored(&setup).await, before, "{name}");
    }
}

async fn options_that_cannot_be_are_refused(db: TestDatabase) {
    let setup = with_one(db).await;
    let before = stored(&setup).await;
    let path = setup.file(
        "good.csv",
        format!("信用代码,企业名称,流水\n{},甲,1\n", code(2)),
    );
    let mapped = |column: &str, target: &str| ImportOptions {
        mapping: vec![(column.to_owned(), target.to_owned())],
        ..options("税务", "2026-01-01")
    };
    for (options, message) in [
        (options("税务", "2026-11-23"), "晚于今天"),
        (options(" ", "2026-01-01"), "数据来源部门"),
        (mapped("没有的列", "revenue"), "文件里没有这一列"),
        (mapped("流水", "没有的属性"), "字典中没有"),
        (mapped("流水", "企业规模@2024"), "不分年度"),
        (mapped("流水", "研发强度"), "由公式计算"),
    ] {
        let error = setup
            .import(&path, &options)
            .await
            .expect_err(message)
            .to_string();
        assert!(error.contains(message), "{error}");
    }
    assert_eq!(stored(&setup).await, before);
}

#[tokio::test]
async fn a_record_without_end_names_its_line() {
    let setup = setup(sqlite().await).await;
    let text = format!(
        "信用代码,企业名称\n{},甲\n{},\"乙{}",
        code(1),
        code(2),
        "x,".repeat(3_000_000)
    );
    let path = setup.file("quote.csv", text);
    let error = setup
        .import(&path, &options("市场监管", "2026-01-01"))
        .await
        .expect_err("endless")
        .to_string();
    assert!(
        error.contains("从第 3 行起") && error.contains("引号"),
        "{error}"
    );
}

#[tokio::test]
async fn formulas_are_harmless_in_exports_and_rejects() {
    let setup = setup(sqlite().await).await;
    let text = format!(
        "信用代码,企业名称,登记状态\n{},=HYPERLINK(1),存续\n{},\"+甲\",=1+1\n",
        code(1),
        code(2)
    );
    let report = setup.bring(&text, "市场监管", "2026-01-01").await;
    assert_eq!((report.accepted, report.rejected), (1, 1));
    let rejects = std::fs::read_to_string(report.rejects.unwrap()).unwrap();
    assert!(rejects.contains(",'+甲,'=1+1"), "{rejects}");
    let viewer = zhida_platform::access::Viewer::visitor();
    let table = setup
        .registry
        .export(
            &viewer,
            &zhida_registry::Query::default(),
            &zhida_platform::export::Chosen::default(),
        )
        .await
        .unwrap();
    let mut csv = Vec::new();
    zhida_platform::export::write_csv(table, &mut csv)
        .await
        .unwrap();
    assert!(String::from_utf8(csv).unwrap().contains(",'=HYPERLINK(1),"));
}

#[tokio::test]
async fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    let setup = setup(sqlite().await).await;
    let good = |n: u32, name: &str| format!("{},{name}", code(n));
    let lines = [
        "信用代码,企业名称".to_owned(),
        "x,甲".to_owned(),
        String::new(),
        "y,乙".to_owned(),
        format!("{},\"江城\n一号\"", code(1)),
        "z,丙".to_owned(),
        ",".to_owned(),
        good(2, "江城二号"),
        "w,丁".to_owned(),
    ];
    let numbers = async |name: &str, content: &[u8]| -> Vec<u64> {
        let path = setup.file(name, content);
        let options = ImportOptions {
            dry_run: true,
            ..options("市场监管", "2026-01-01")
        };
        let report = setup.import(&path, &options).await.unwrap();
        assert_eq!((report.rows, report.rejected), (6, 4), "{name}");
        report.examples.iter().map(|row| row.row).collect()
    };
    for (name, end) in [("lf", "\n"), ("crlf", "\r\n"), ("cr", "\r")] {
        let text = lines.join(end);
        let text = text.replace(
            "江城\n",
            if end == "\r\n" {
                "江城\r\n"
            } else {
                "江城\n"
            },
        );
        for (ending, text) in [("ended", format!("{text}{end}")), ("open", text.clone())] {
            let name = format!("{name}-{ending}.csv");
            assert_eq!(
                numbers(&name, text.as_bytes()).await,
                [2, 4, 6, 9],
                "{name}"
            );
        }
    }
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in lines.iter().enumerate() {
        for (column, cell) in line.replace('"', "").split(',').enumerate() {
            sheet.write(row as u32, column as u16, cell).unwrap();
        }
    }
    let book = book.save_to_buffer().unwrap();
    assert_eq!(numbers("book.xlsx", &book).await, [2, 4, 6, 9]);
}

#[tokio::test]
async fn workbooks_that_would_fill_the_memory_are_refused() {
    let setup = setup(sqlite().await).await;
    let cell = |text: &str| format!("<c r=\"A1\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |cells: &str| format!("<row r=\"1\">{cells}</row>");
    let long = "x".repeat(5 << 20);
    let mb = format!("<si><t>{}</t></si>", "x".repeat(1 << 20));
    let shared: String = ["A1", "B1", "C1", "D1", "E1", "F1"]
        .map(|place| format!("<c r=\"{place}\" t=\"s\"><v>0</v></c>"))
        .concat();
    for (name, sheet, texts, message) in [
        ("cell.xlsx", row(&cell(&long)), "", "一条记录超过"),
        (
            "tags.xlsx",
            row(&cell(&"<b/>".repeat(2 << 20))),
            "",
            "一条记录超过",
        ),
        (
            "comment.xlsx",
            format!("<!--{}-->", "<row>".repeat(1 << 20)),
            "",
            "一条记录超过",
        ),
        ("text.xlsx", row(&cell("x")), long.as_str(), "一条记录超过"),
        ("shared.xlsx", row(&shared), mb.as_str(), "一条记录超过"),
        ("nothing.xlsx", row(&shared), "", "打不开"),
        (
            "announced.xlsx",
            row(&cell("x")),
            "<sst uniqueCount=\"99999999999\"/>",
            "打不开",
        ),
        (
            "deep.xlsx",
            "<a>".repeat(100_000),
            "",
            "没有找到统一社会信用代码列",
        ),
        (
            "place.xlsx",
            row("<c r=\"XFE1048577\"><v>1</v></c>"),
            "",
            "表头有 16385 列",
        ),
    ] {
        let path = setup.file(name, sheet_of(&sheet, texts));
        let error = setup
            .import(&path, &options("市场监管", "2026-01-01"))
            .await
            .expect_err(name)
            .to_string();
        assert!(error.contains(message), "{name}: {error}");
    }
}

both_databases!(
    bad_values_are_refused_with_reason,
    bad_codes_are_refused_with_reason,
    a_duplicate_code_names_the_earlier_row,
    a_row_in_another_encoding_is_refused,
    whole_files_are_refused_before_anything_is_stored,
    options_that_cannot_be_are_refused,
);

fn zip_of(part: &str, content: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file(part, options).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

/// A workbook of one sheet with these rows and shared texts, written by hand.
fn sheet_of(rows: &str, texts: &str) -> Vec<u8> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         </Relationships>"
    );
    let package = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>\
         </Relationships>"
    );
    let parts = [
        ("_rels/.rels", package),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>\
                 <sheet name=\"s\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        ("xl/_rels/workbook.xml.rels", relations),
        (
            "xl/sharedStrings.xml",
            match texts.starts_with("<sst") {
                true => texts.to_owned(),
                false => format!("<sst xmlns=\"{MAIN}\">{texts}</sst>"),
            },
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in parts {
        writer.start_file(name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook whose sheet inflates to a million bytes; `lying` says in the directory that it does not.
fn bomb(lying: bool) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("xl/workbook.xml", options).unwrap();
    writer.write_all(b"<workbook/>").unwrap();
    writer
        .start_file("xl/worksheets/sheet1.xml", options)
        .unwrap();
    writer.write_all(&vec![b' '; 1_000_000]).unwrap();
    let mut bytes = writer.finish().unwrap().into_inner();
    if lying {
        let (honest, said) = (1_000_000_u32.to_le_bytes(), 1_000_u32.to_le_bytes());
        let places: Vec<usize> = (0..bytes.len() - 4)
            .filter(|at| bytes[*at..at + 4] == honest)
            .collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at..at + 4].copy_from_slice(&said);
        }
    }
    bytes
}
