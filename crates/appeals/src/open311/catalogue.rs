//! Categories as services. A path `labour/insurance/injury` is the code `labour.insurance.injury`, for slashes would
//! be parts of the address.

use super::model::{Attribute, AttributeValue, Datatype, Service, ServiceDefinition, ServiceKind};
use crate::words::Confidentiality;

/// 统一社会信用代码 of the enterprise whose appeal it is.
pub(super) const ENTERPRISE: &str = "ENTERPRISE";
/// 保密.
pub(super) const CONFIDENTIALITY: &str = "CONFIDENTIALITY";

/// A category that takes appeals: path, and the names from the top.
pub(super) struct Leaf {
    pub path: String,
    pub names: Vec<String>,
    pub description: String,
}

pub(super) fn code_of(path: &str) -> String {
    path.replace('/', ".")
}

pub(super) fn path_of(code: &str) -> String {
    code.replace('.', "/")
}

/// A category as a service.
pub(super) fn service(leaf: &Leaf, kind: ServiceKind) -> Service {
    Service {
        service_code: code_of(&leaf.path),
        service_name: leaf.names.join(" / "),
        description: leaf.description.clone(),
        metadata: true,
        kind,
        keywords: leaf.names.join(","),
        group: leaf.names.first().cloned().unwrap_or_default(),
    }
}

/// What may be told besides; the same for every service.
pub(super) fn definition(code: &str) -> ServiceDefinition {
    let values = Confidentiality::ALL.iter().map(|one| AttributeValue {
        key: one.slug(),
        name: one.word(),
    });
    ServiceDefinition {
        service_code: code.to_owned(),
        attributes: vec![
            Attribute {
                variable: true,
                code: ENTERPRISE,
                datatype: Datatype::String,
                required: false,
                datatype_description: "18 位统一社会信用代码（GB 32100-2015）；个人不填",
                order: 1,
                description: "哪家企业的诉求",
                values: Vec::new(),
            },
            Attribute {
                variable: true,
                code: CONFIDENTIALITY,
                datatype: Datatype::SingleValueList,
                required: false,
                datatype_description: "不填为不保密",
                order: 2,
                description: "谁能知道是谁提的",
                values: values.collect(),
            },
        ],
    }
}
