//! The closed vocabularies of a policy file: each word has a slug for files and the API and a
//! Chinese name for people; files may write either.

use zhida_platform::vocabulary;

vocabulary! {
    /// 发布层级, element 4 (domain-rules §2.4).
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
    /// 效力状态 as the document's issuer declares it, element 8.
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
    /// How near the text in the library is to the issuer's own.
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
    /// 主题分类, element 11: the seven themes of the 2019 Zhejiang platform, and two more.
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
    /// 政策类别, element 12 (川办函〔2024〕17号).
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
    /// 兑现方式, element 22 (川办函〔2024〕17号).
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
    /// Whether the way of delivery stands in the source or was inferred from it.
    DeliveryBasis {
        /// The source says so.
        Source = "source", "原文载明";
        /// Inferred.
        Inferred = "inferred", "据条款推断";
    }
}

vocabulary! {
    /// 时效 on a day, computed from the document's status and dates.
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

vocabulary! {
    /// State of an item in the library.
    ItemState {
        /// Written, never published.
        Draft = "draft", "草稿";
        /// Its latest revision is public.
        Published = "published", "已发布";
        /// Taken down; its revisions stay.
        Withdrawn = "withdrawn", "已撤下";
    }
}
