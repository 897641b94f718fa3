//! The application form of a scheme, through the library of forms.

use serde_json::Value;
use zhida_forms::{Form, FormSource};
use zhida_policies::lint::Severity;

use crate::error::Error;
use crate::scheme::{Finding, Scheme};
use crate::service::Redemption;

/// A form's definition as text, as data for the scheme.
///
/// # Errors
/// All mistakes, each with its place.
pub(crate) fn read(text: &str) -> Result<Value, Vec<String>> {
    let source = FormSource::read(text);
    let source = source.map_err(|mistake| vec![mistake.to_string()])?;
    serde_json::to_value(source).map_err(|error| vec![error.to_string()])
}

impl Redemption {
    /// What stands against a scheme's form.
    pub(crate) fn form_findings(&self, scheme: &Scheme) -> Vec<Finding> {
        let Some(form) = &scheme.form else {
            return Vec::new();
        };
        let no_account = Finding {
            code: "payee",
            severity: Severity::Warning,
            field: "form",
            message:
                "方案要企业填写收款账户，申请表里却没有银行账户这一栏，没有登记过账户的企业提交不了"
                    .to_owned(),
            hint: "请在申请表里加一栏 kind: bank_account".to_owned(),
        };
        let no_account = (scheme.asks_payee && !asks_account(form)).then_some(no_account);
        let mistakes = match compiled(form, self) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes,
        };
        let finding = |message: String| Finding {
            code: "form",
            severity: Severity::Error,
            field: "form",
            message,
            hint: "请改申请表的定义".to_owned(),
        };
        let mistakes = mistakes.into_iter().map(finding);
        mistakes.chain(no_account).collect()
    }

    /// The compiled form of a scheme; one without a form asks nothing.
    ///
    /// # Errors
    /// A form that was published by other rules.
    pub(crate) fn form_of(&self, scheme: &Scheme) -> Result<Option<Form>, Error> {
        let form = scheme.form.as_ref().map(|form| compiled(form, self));
        form.transpose().map_err(|_| Error::Stored("申请表"))
    }
}

/// Whether a field of the form, or of a group in it, is a bank account.
fn asks_account(form: &Value) -> bool {
    let nodes = form["nodes"].as_array().into_iter().flatten();
    let mut nodes = nodes.map(|node| node["kind"] == "bank_account" || asks_account(node));
    nodes.any(|asks| asks)
}

fn compiled(form: &Value, room: &Redemption) -> Result<Form, Vec<String>> {
    let source: FormSource =
        serde_json::from_value(form.clone()).map_err(|error| vec![error.to_string()])?;
    let form = Form::new(source, room.policies.dictionary());
    form.map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}
