//! Addresses and forms: what they say, read into the room's types.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use zhida_platform::access::Viewer;
use zhida_platform::export::percent_encoded;

use crate::RegistryError;
use crate::import::{ImportLimits, ImportOptions};
use crate::model::{Order, Query};

/// Conditions of the list as they stand in an address.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// 名称的任意部分（多个词用空格隔开），或信用代码的开头。
    pub q: String,
    /// 行政区划代码，含其下各级，如 330100。
    pub region: String,
    /// 行业代码（GB/T 4754-2017），含其下各级，如 C27。
    pub industry: String,
    /// 标签名称。
    pub tag: String,
    /// 企业规模：大型、中型、小型、微型。
    pub size: String,
    /// 登记状态，如 存续。
    pub status: String,
    /// 排序：code、name 或 registered_on。
    pub order: String,
}

impl ListParams {
    pub(crate) fn query(&self) -> Result<Query, RegistryError> {
        let clean = |text: &str| text.trim().to_owned();
        let order = match self.order.trim() {
            "" => Order::Code,
            order => Order::parse(order).ok_or_else(|| {
                RegistryError::Query("order", "排序应为 code、name 或 registered_on".to_owned())
            })?,
        };
        let (code, text) = match looks_like_code(&self.q) {
            true => (clean(&self.q), String::new()),
            false => (String::new(), clean(&self.q)),
        };
        Ok(Query {
            text,
            code,
            region: clean(&self.region),
            industry: clean(&self.industry),
            tag: clean(&self.tag),
            size: clean(&self.size),
            status: clean(&self.status),
            order,
            ..Query::default()
        })
    }

    /// The address of a list with these conditions, `path?…`, without a page.
    pub(crate) fn href(&self, path: &str) -> String {
        let pairs = [
            ("q", &self.q),
            ("region", &self.region),
            ("industry", &self.industry),
            ("tag", &self.tag),
            ("size", &self.size),
            ("status", &self.status),
            ("order", &self.order),
        ];
        let given = pairs.iter().filter(|(_, value)| !value.trim().is_empty());
        let query: Vec<String> = given
            .map(|(name, value)| format!("{name}={}", percent_encoded(value.trim())))
            .collect();
        match query.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{}", query.join("&")),
        }
    }
}

/// A code or its beginning: six or more Latin letters and digits that begin as a code does.
fn looks_like_code(text: &str) -> bool {
    let text = text.trim();
    let mut chars = text.chars().filter(|c| !matches!(c, ' ' | '-'));
    let first = chars
        .next()
        .is_some_and(|c| c.is_ascii_digit() || matches!(c.to_ascii_uppercase(), 'A' | 'N' | 'Y'));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    first && digits >= 5 && chars.all(|c| c.is_ascii_alphanumeric())
}

/// Options of an import as a form or the API sends them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ImportFields<'a> {
    pub department: &'a str,
    pub as_of: &'a str,
    pub year: &'a str,
    pub sheet: &'a str,
    pub mapping: Vec<(String, String)>,
}

impl ImportFields<'_> {
    pub(crate) fn options(
        self,
        file_name: &str,
        viewer: &Viewer,
        limits: ImportLimits,
    ) -> Result<ImportOptions, RegistryError> {
        let as_of = match self.as_of {
            "" => None,
            text => Some(text.parse::<NaiveDate>().map_err(|_| {
                RegistryError::Query(
                    "as_of",
                    format!("数据日期“{text}”不是日期，请写成 2025-12-31"),
                )
            })?),
        };
        let year = match self.year {
            "" => None,
            text => Some(
                text.parse()
                    .ok()
                    .filter(|year| (1990..=2100).contains(year))
                    .ok_or_else(|| {
                        RegistryError::Query("year", format!("年度“{text}”应为四位数字，如 2025"))
                    })?,
            ),
        };
        Ok(ImportOptions {
            department: self.department.to_owned(),
            as_of,
            year,
            mapping: self.mapping,
            sheet: (!self.sheet.is_empty()).then(|| self.sheet.to_owned()),
            file_name: Some(file_name.to_owned()),
            actor: viewer.into(),
            limits,
            ..ImportOptions::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_box_takes_names_and_codes() {
        for (text, is_code) in [
            ("91370102", true),
            ("9137 0102-PDY", true),
            ("江城科技", false),
            ("360 安全", false),
            ("3M", false),
            ("A1330000", true),
            ("", false),
            ("CNY12345", false),
        ] {
            assert_eq!(looks_like_code(text), is_code, "{text}");
        }
    }

    #[test]
    fn an_address_keeps_its_conditions() {
        let params = ListParams {
            q: "江城 a&b".into(),
            size: "小型".into(),
            ..ListParams::default()
        };
        assert_eq!(
            params.href("/enterprises"),
            "/enterprises?q=%E6%B1%9F%E5%9F%8E%20a%26b&size=%E5%B0%8F%E5%9E%8B"
        );
        assert_eq!(ListParams::default().href("/enterprises"), "/enterprises");
    }
}
