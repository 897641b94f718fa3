//! The closed vocabularies of a policy file: each word has a slug for files and the API and a
//! Chinese name for people; files may write either.

use zhida_platform::vocabulary;

vocabulary! {
    /// 发布层级（要素 4）：national 国家级、province 省级、city 市级、county 县级。
    Level {
        /// 国家级.
        National = "national", "国家级";
        /// 省级.
        Province = "province", "省级";
        /// 市级.
        City = "city", "市级";
        /// 县级.
        County = "county", "县级";
    }
}

vocabulary! {
    /// 效力状态（要素 8），以发布机构公布的为准。
    Status {
        /// In force.
        Effective = "effective", "有效";
        /// Past its period.
        Expired = "expired", "失效";
        /// Withdrawn by its issuer or a later document.
        Repealed = "repealed", "废止";
        /// In force for trial.
        Trial = "trial", "试行";
    }
}

impl Status {
    /// Whether the document has lost its force, whatever its dates say.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Expired | Self::Repealed)
    }
}

vocabulary! {
    /// 文本来源：与发布机构原文的接近程度。
    SourceQuality {
        /// The issuer's own site.
        Official = "official", "官方发布";
        /// Reprinted by somebody else.
        Secondary = "secondary", "转载";
        /// Parts only.
        Excerpt = "excerpt", "摘录";
    }
}

vocabulary! {
    /// 主题分类（要素 11）：浙江省 2019 年平台的七类，另加科技创新和其他。
    Theme {
        /// 税收优惠.
        Tax = "tax", "税收优惠";
        /// 财政支持.
        Fiscal = "fiscal", "财政支持";
        /// 费金减免.
        Fees = "fees", "费金减免";
        /// 制度性交易成本.
        Transaction = "transaction", "制度性交易成本";
        /// 人工成本.
        Labour = "labour", "人工成本";
        /// 融资成本.
        Finance = "finance", "融资成本";
        /// 用能用地.
        EnergyLand = "energy_land", "用能用地";
        /// 科技创新.
        Innovation = "innovation", "科技创新";
        /// 其他.
        Other = "other", "其他";
    }
}

vocabulary! {
    /// 政策类别（要素 12，川办函〔2024〕17号）。
    Category {
        /// 减免类.
        Relief = "relief", "减免类";
        /// 奖补类.
        Award = "award", "奖补类";
        /// 权益类.
        Right = "right", "权益类";
        /// 资质类.
        Qualification = "qualification", "资质类";
    }
}

vocabulary! {
    /// 兑现方式（要素 22，川办函〔2024〕17号）。
    Delivery {
        /// 免申即享: nobody applies.
        NoApplication = "no_application", "免申即享";
        /// 即申即享: one click, checked by data.
        Instant = "instant", "即申即享";
        /// 申报: applied for and reviewed.
        Application = "application", "申报";
    }
}

vocabulary! {
    /// 兑现方式的依据：原文载明，或由原文推断。
    DeliveryBasis {
        /// The source says so.
        Source = "source", "原文载明";
        /// Inferred.
        Inferred = "inferred", "据条款推断";
    }
}

vocabulary! {
    /// 时效，由文件的效力状态和起止日期算出：effective 有效、expiring 即将到期、upcoming 尚未施行、expired 已失效。
    Validity {
        /// In force.
        Effective = "effective", "有效";
        /// In force for 60 more days at most.
        Expiring = "expiring", "即将到期";
        /// Not yet in force.
        Upcoming = "upcoming", "尚未施行";
        /// No longer in force; stays visible.
        Expired = "expired", "已失效";
    }
}

impl Validity {
    /// What can be enjoyed or applied for as far as its document goes.
    pub const IN_FORCE: [Self; 2] = [Self::Effective, Self::Expiring];

    /// Whether it is in force.
    #[must_use]
    pub fn is_in_force(self) -> bool {
        Self::IN_FORCE.contains(&self)
    }
}

vocabulary! {
    /// 事项在库中的状态。
    ItemState {
        /// Written, never published.
        Draft = "draft", "草稿";
        /// Its latest revision is public.
        Published = "published", "已发布";
        /// Taken down; its revisions stay.
        Withdrawn = "withdrawn", "已撤下";
    }
}
