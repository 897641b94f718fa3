//! QR codes of places, windows and enterprises. A code says where an appeal belongs and nothing of anybody.

use fast_qr::ECL;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;
use serde_json::json;
use zhida_letters::CheckCode;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::problem::Problem;
use zhida_platform::vocabulary;
use zhida_standards::division;
use zhida_ui::{Fields, places};

use super::store;
use crate::cases::random_code;
use crate::error::Error;
use crate::rights::SETUP;
use crate::service::Appeals;

const NAME_MAX: usize = 60;

vocabulary! {
    /// What a code stands for.
    CodeKind {
        /// 场所: a park, a street.
        Place = "place", "场所";
        /// 窗口: a counter of an office.
        Window = "window", "窗口";
        /// 企业: put up in one enterprise.
        Enterprise = "enterprise", "企业";
    }
}

/// A code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceCode {
    pub id: String,
    pub kind: CodeKind,
    /// What stands on the sheet: 南浔经济开发区 A 座.
    pub name: String,
    /// The division where its appeals belong.
    pub place: String,
    /// 统一社会信用代码 and name; empty unless it is an enterprise's.
    pub enterprise: String,
    pub enterprise_name: String,
    /// Appeals that came through it.
    pub appeals: i64,
    pub ended: bool,
}

impl PlaceCode {
    /// The address it leads to.
    pub(crate) fn address(&self, site: &str) -> String {
        format!("{site}/q/{}", self.id)
    }
}

/// The picture of an address; a quarter of it may be damaged, for sheets hang on doors.
pub(crate) fn picture(address: &str) -> Result<String, Error> {
    let code = QRBuilder::new(address.as_bytes()).ecl(ECL::Q).build();
    let code = code.map_err(|_| Error::field("name", "本站的地址太长，做不成二维码"))?;
    Ok(SvgBuilder::default().to_str(&code))
}

impl Appeals {
    /// A code that is in use.
    ///
    /// # Errors
    /// There is none, or it was ended; the database.
    pub(crate) async fn place_code(&self, id: &str) -> Result<PlaceCode, Error> {
        // typed from the sheet, with dashes or small letters
        let name = id.parse::<CheckCode>().map(|code| code.plain());
        let name = name.map_err(|_| Error::missing("这个二维码"))?;
        let found = store::code(self.db.conn(), &name).await?;
        let found = found.ok_or_else(|| Error::missing("这个二维码"))?;
        match found.ended {
            true => Err(Error::missing("这个二维码：它已经停用")),
            false => Ok(found),
        }
    }

    /// All codes.
    ///
    /// # Errors
    /// No right; the database.
    pub(crate) async fn place_codes(&self, viewer: &Viewer) -> Result<Vec<PlaceCode>, Error> {
        viewer.need(SETUP)?;
        store::codes(self.db.conn()).await
    }

    /// Makes a code.
    ///
    /// # Errors
    /// No right; a field that is wrong; the database.
    pub(crate) async fn make_code(
        &self,
        viewer: &Viewer,
        fields: &Fields,
    ) -> Result<PlaceCode, Error> {
        viewer.need(SETUP)?;
        let code = self.new_code(fields).await?;
        let now = self.clock.now();
        let made = &code;
        self.db
            .write(|tx| async move {
                store::insert_code(&tx, made, now, viewer.actor()).await?;
                let entry = Entry::new(now, viewer, "appeals.make_code", "appeal_code", &made.id)
                    .after(
                        json!({ "kind": made.kind.slug(), "name": made.name, "place": made.place,
                                   "enterprise": made.enterprise }),
                    );
                audit::append(&tx, &entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(code)
    }

    async fn new_code(&self, fields: &Fields) -> Result<PlaceCode, Error> {
        let name = fields.get("name");
        if name.is_empty() || name.chars().count() > NAME_MAX {
            let sentence =
                format!("请写贴在哪里，最多 {NAME_MAX} 个字，例如：政务服务中心三楼 5 号窗口");
            return Err(Error::field("name", sentence));
        }
        let kind = CodeKind::parse(fields.get("kind"));
        let kind =
            kind.ok_or_else(|| Error::field("kind", "请选择是场所、窗口还是企业的二维码"))?;
        let mut code = PlaceCode {
            id: random_code()?.plain(),
            kind,
            name: name.to_owned(),
            place: places::read(fields.get("place")).map_err(|why| Error::field("place", why))?,
            enterprise: String::new(),
            enterprise_name: String::new(),
            appeals: 0,
            ended: false,
        };
        if kind == CodeKind::Enterprise {
            self.of_enterprise(&mut code, fields.get("enterprise"))
                .await?;
        }
        if division::lookup(&code.place).is_none() {
            let sentence = "请写二维码在哪里，例如 浙江省湖州市吴兴区，或从提示里选择";
            return Err(Error::field("place", sentence));
        }
        Ok(code)
    }

    /// An enterprise's code lies where the enterprise does.
    async fn of_enterprise(&self, code: &mut PlaceCode, uscc: &str) -> Result<(), Error> {
        (code.enterprise, code.enterprise_name) = self.known_enterprise("enterprise", uscc).await?;
        if code.place.is_empty() {
            let found = self.registry.enterprise(&code.enterprise).await;
            let found = found.map_err(Problem::from)?;
            code.place = found.and_then(|found| found.division).unwrap_or_default();
        }
        Ok(())
    }

    /// Ends a code; sheets that still hang lead to a sentence that says so.
    ///
    /// # Errors
    /// No right; there is none in use; the database.
    pub(crate) async fn end_code(&self, viewer: &Viewer, id: &str) -> Result<(), Error> {
        viewer.need(SETUP)?;
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                if !store::end_code(&tx, id, now).await? {
                    return Err(Error::missing("在用的这个二维码"));
                }
                let entry = Entry::new(now, viewer, "appeals.end_code", "appeal_code", id);
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn an_address_becomes_a_picture_without_scripts() {
        let svg = picture("https://example.gov.cn/q/0a1b2c3d").unwrap();
        assert!(svg.starts_with("<svg") && !svg.contains("<script"));
        assert!(picture(&"长".repeat(3_000)).is_err());
    }
}
