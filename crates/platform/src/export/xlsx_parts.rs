//! The parts of a workbook besides its rows (ECMA-376, Office Open XML).

use std::borrow::Cow;

use super::Column;

/// A cell as it is.
pub const PLAIN: u8 = 0;
/// Bold over a line.
pub const HEADING: u8 = 1;
/// `2026-11-22`.
pub const DATE: u8 = 2;

const SHEET_NAME_CHARS_MAX: usize = 31;
const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const TYPES: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// What stands after the last row of a sheet.
pub const SHEET_END: &str = "</sheetData></worksheet>";

/// Where a sheet lies in the file; they count from one.
pub fn sheet_path(number: u32) -> String {
    format!("xl/{}", sheet_target(number))
}

fn sheet_target(number: u32) -> String {
    format!("worksheets/sheet{number}.xml")
}

/// What stands before the first row of a sheet: the heading stays in sight.
pub fn sheet_head(columns: &[Column]) -> String {
    let widths: String = (1..)
        .zip(columns)
        .map(|(number, column)| {
            let width = width(column.width);
            format!(r#"<col min="{number}" max="{number}" width="{width}" customWidth="1"/>"#)
        })
        .collect();
    let widths = match widths.is_empty() {
        true => widths,
        false => format!("<cols>{widths}</cols>"),
    };
    format!(
        r#"{HEAD}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>{widths}<sheetData>"#
    )
}

/// The width that Excel keeps for so many digits: seven pixels each, and five between the columns.
fn width(digits: u16) -> f64 {
    ((f64::from(digits) * 7.0 + 5.0) / 7.0 * 256.0).floor() / 256.0
}

/// Paths and contents of all parts but the sheets, of a workbook with so many.
pub fn rest(name: &str, sheets: u32) -> [(&'static str, String); 5] {
    let each = |part: &dyn Fn(u32) -> String| (1..=sheets).map(part).collect::<String>();
    let listed = each(&|number| {
        let name = sheet_name(name, number);
        format!(
            r#"<sheet name="{}" sheetId="{number}" r:id="rId{number}"/>"#,
            escaped(&name)
        )
    });
    let related = each(&|number| {
        let target = sheet_target(number);
        format!(
            r#"<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" Target="{target}"/>"#
        )
    });
    let styles = sheets + 1;
    let typed = each(&|number| {
        let path = sheet_path(number);
        format!(r#"<Override PartName="/{path}" ContentType="{TYPES}.worksheet+xml"/>"#)
    });
    [
        (
            "xl/workbook.xml",
            format!(
                r#"{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{related}<Relationship Id="rId{styles}" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>"#
            ),
        ),
        ("xl/styles.xml", styles_xml()),
        (
            "_rels/.rels",
            format!(
                r#"{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "[Content_Types].xml",
            format!(
                r#"{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/>{typed}</Types>"#
            ),
        ),
    ]
}

/// [`PLAIN`], [`HEADING`] and [`DATE`], in this order.
fn styles_xml() -> String {
    let font = r#"<sz val="11"/><name val="Calibri"/><family val="2"/>"#;
    let none = "<left/><right/><top/>";
    format!(
        r#"{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts><fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="2"><border>{none}<bottom/><diagonal/></border><border>{none}<bottom style="thin"><color auto="1"/></bottom><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="1" xfId="0" applyFont="1" applyBorder="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"#
    )
}

/// Excel forbids some characters in a sheet's name, and length beyond 31.
fn sheet_name(name: &str, number: u32) -> String {
    let end = match number {
        1 => String::new(),
        _ => format!("（{number}）"),
    };
    let forbidden = |c: &char| matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'');
    let kept: String = name
        .chars()
        .filter(|c| !forbidden(c))
        .take(SHEET_NAME_CHARS_MAX - end.chars().count())
        .collect();
    match kept.is_empty() {
        true => format!("导出{end}"),
        false => format!("{kept}{end}"),
    }
}

/// The letters of a column: A, B … Z, AA.
pub fn push_letters(xml: &mut String, column: usize) {
    if column >= 26 {
        push_letters(xml, column / 26 - 1);
    }
    let letter = u8::try_from(column % 26).unwrap_or_default();
    xml.push(char::from(b'A' + letter));
}

/// A text as XML holds it. What XML forbids stands as `_x0001_`, as Excel writes it, and so does what would be taken
/// for that (ECMA-376 part 1, 22.9.2.19 ST_Xstring).
pub fn escaped(text: &str) -> Cow<'_, str> {
    let special = |byte: u8| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'_') || byte < 0x20;
    // U+FFFE and U+FFFF begin with this byte
    if !text.bytes().any(|byte| special(byte) || byte == 0xef) {
        return text.into();
    }
    let mut xml = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\t' | '\n' => xml.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                xml.push_str(&format!("_x{:04X}_", u32::from(c)));
            }
            '_' if is_escape(&text.as_bytes()[at..]) => xml.push_str("_x005F_"),
            _ => xml.push(c),
        }
    }
    xml.into()
}

/// Whether bytes begin with `_x005F_` or the like.
fn is_escape(bytes: &[u8]) -> bool {
    match bytes {
        [b'_', b'x', digits @ .., b'_'] if digits.len() == 4 => {
            digits.iter().all(u8::is_ascii_hexdigit)
        }
        [_, _, _, _, _, _, _, ..] => bytes.len() > 7 && is_escape(&bytes[..7]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_named_as_excel_allows() {
        assert_eq!(sheet_name("企业[2026]/*?:'\\", 1), "企业2026");
        assert_eq!(sheet_name("？".repeat(40).as_str(), 1).chars().count(), 31);
        let third = sheet_name("？".repeat(40).as_str(), 3);
        assert!(third.chars().count() == 31 && third.ends_with("（3）"));
        assert_eq!(sheet_name("[]", 1), "导出");
        assert_eq!(sheet_name("[]", 2), "导出（2）");
    }

    #[test]
    fn columns_have_letters() {
        for (column, expected) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            let mut letters = String::new();
            push_letters(&mut letters, column);
            assert_eq!(letters, expected);
        }
    }

    #[test]
    fn what_xml_forbids_is_escaped_and_what_looks_like_it() {
        for (text, xml) in [
            ("江城（集团）", "江城（集团）"),
            ("a<b> & \"c\"", "a&lt;b&gt; &amp; &quot;c&quot;"),
            ("甲\n乙\t丙\r丁\u{1}", "甲\n乙\t丙_x000D_丁_x0001_"),
            ("\u{ffff}｡", "_xFFFF_｡"),
            ("_x0041_", "_x005F_x0041_"),
            ("a_x0041_b", "a_x005F_x0041_b"),
            ("_x00_ _x00G1_ _", "_x00_ _x00G1_ _"),
        ] {
            assert_eq!(escaped(text), xml, "{text:?}");
        }
    }
}
