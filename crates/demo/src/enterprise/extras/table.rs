//! The groups of facts that come together. Amounts are in yuan, exports in US dollars.

use super::Make::{
    After, Before, Count, Flag, Labels, Member, Money, One, Ratio, Share, Some, Stages,
};
use super::{Extra, Group, Who};

macro_rules! groups {
    ($($who:ident $per_mille:literal { $($id:literal $years:literal $make:expr;)+ })+) => {
        pub(super) static GROUPS: &[Group] = &[$(Group {
            who: Who::$who,
            per_mille: $per_mille,
            extras: &[$(Extra { id: $id, years: $years, make: $make }),+],
        }),+];
    };
}

const SMART: &[&str] = &[
    "省级智能车间",
    "省级智能工厂",
    "省级智能制造标杆",
    "国家级智能制造应用场景",
    "国家级智能制造示范工厂",
];
const PLATFORMS: &[&str] = &[
    "国家级制造业创新中心",
    "省级制造业创新中心",
    "国家级技术创新中心",
    "国家地方联合工程研究中心",
];
const STAGES: &[&str] = &["入库并股改", "辅导验收", "受理", "注册", "上市成功"];
const COUNTERS: &[&str] = &["新三板挂牌", "四板展示板挂牌", "四板交易板挂牌"];
const BOARDS: &[&str] = &[
    "境内主板",
    "中小板",
    "创业板",
    "科创板",
    "北交所",
    "境外主板",
    "境外创业板",
];
const INDUSTRIES: &[&str] = &[
    "智能制造与高端装备",
    "生物医药",
    "先进材料",
    "新一代信息技术",
    "绿色低碳",
    "现代物流",
    "文旅康养",
];
const PROJECTS: &[&str] = &[
    "技术改造",
    "技术改造",
    "补短板",
    "产业基础再造",
    "新建扩建",
    "其他",
];
const FORMATS: &[&str] = &[
    "商场",
    "超市",
    "便利店",
    "餐饮",
    "住宿",
    "商业综合体",
    "其他",
];
const LEVELS: &[&str] = &["一级", "二级", "二级", "三级", "三级", "四级"];

groups! {
    Firms 80 {
        "industry_tags" 0 Some(INDUSTRIES);
    }
    Firms 20 {
        "listed_in" 0 Labels;
    }
    Makers 400 {
        "land_grade" 0 One(&["A", "B", "B", "B", "C", "C", "D"]);
        "output_growth_excess" 1 Ratio(-2_000, 2_500);
    }
    Everybody 60 {
        "youth_hired" 0 Count(1, 30);
        "youth_hired_subsidised" 0 Share(1, 0, 300);
        "youth_contracted" 0 Flag(900);
        "youth_insured_months" 0 Count(0, 14);
    }
    Everybody 50 {
        "graduates_hired" 0 Count(1, 25);
        "graduates_contracted" 0 Flag(900);
        "graduates_contract_on" 0 Before(20, 900);
        "graduates_insured" 0 Flag(900);
        "graduates_premium" 0 Share(4, 6_000_000, 19_000_000);
    }
    Firms 20 {
        "eligible_hired" 0 Count(1, 40);
        "eligible_contracted" 0 Flag(900);
    }
    Researchers 300 {
        "niche_market_years" 0 Count(1, 25);
        "niche_market_share" 0 Ratio(10, 3_500);
        "niche_market_rank" 0 Count(1, 40);
        "development_score" 0 Count(35, 95);
        "torch_survey_done" 2 Flag(850);
        "in_tech_survey" 0 Member(600);
        "form_607_filed" 2 Flag(800);
    }
    Researchers 120 {
        "technology_contracts" 1 Money(50_000, 30_000_000);
        "software_platform_listed" 0 Flag(600);
        "premium_products" 0 Count(1, 5);
    }
    HighTech 300 {
        "high_tech_award_received" 0 Money(0, 300_000);
        "high_tech_award_standard" 0 Money(50_000, 300_000);
        "high_tech_award_final" 0 Share(1, 800, 1_000);
    }
    HighTech 60 {
        "innovation_platforms" 0 Some(PLATFORMS);
    }
    Makers 25 {
        "smart_manufacturing" 0 Some(SMART);
        "smart_award_received" 0 Money(0, 500_000);
    }
    Makers 90 {
        "upgrade_investment" 2 Money(500_000, 300_000_000);
        "project_investment" 0 Share(1, 1_000, 1_600);
        "project_kind" 0 One(PROJECTS);
        "project_started" 0 Flag(850);
        "project_completed" 0 Flag(550);
        "four_foundations" 0 Flag(250);
        "equipment_purchase" 0 Share(6, 500, 900);
        "equipment_invoice_first" 0 Before(200, 900);
        "equipment_invoice_last" 0 After(1, 10, 400);
        "local_equipment_rate" 0 Ratio(1_000, 1_500);
        "same_project_subsidy" 0 Share(4, 0, 60);
    }
    Makers 40 {
        "digital_level" 0 One(LEVELS);
        "digital_cost" 0 Money(80_000, 4_000_000);
        "digital_down_payment" 0 Share(1, 200, 500);
        "digital_first_on" 0 Before(60, 720);
        "digital_last_on" 0 After(1, 30, 360);
    }
    Firms 45 {
        "loan_principal" 0 Money(200_000, 40_000_000);
        "loan_rate" 0 Ratio(285, 650);
        "loan_contract_lpr" 0 Ratio(300, 345);
        "loan_days" 0 Count(30, 1_095);
        "loan_other_subsidy" 0 Flag(60);
        "loan_settled_on" 0 Before(1, 1_100);
        "ip_pledged" 0 Flag(250);
        "ip_pledge_share" 0 Ratio(0, 10_000);
        "pledge_owner" 0 Flag(900);
        "first_pledge" 0 Flag(600);
        "pledged_on" 0 After(5, -700, -30);
        "direct_financing" 1 Money(0, 60_000_000);
    }
    Large 12 {
        "equity_financing_two_years" 0 Money(0, 90_000_000);
        "listing_stages" 0 Stages(STAGES, COUNTERS);
        "listing_board" 0 One(BOARDS);
        "listed_on" 0 Before(30, 1_500);
        "raised_funds" 0 Money(50_000_000, 3_000_000_000);
        "raised_invested_local" 0 Share(1, 200, 1_000);
        "refinancing" 1 Money(0, 800_000_000);
        "special_treatment" 0 Member(20);
        "local_headquarters" 0 Flag(950);
        "stay_pledged" 0 Flag(900);
        "listing_filed" 0 Flag(900);
        "statistics_reported" 0 Flag(950);
        "listed_moved_in_on" 0 Before(30, 2_500);
    }
    Firms 70 {
        "exports" 3 Money(20_000, 60_000_000);
        "sinosure_insured" 0 Flag(350);
        "export_insured" 0 Flag(400);
        "premium_traditional" 0 Share(3, 0, 12);
        "premium_emerging" 0 Share(4, 0, 12);
        "premium_import" 0 Share(5, 0, 4);
        "trademark_fees" 0 Money(0, 120_000);
        "booths" 0 Count(0, 12);
        "insured_loan_interest" 0 Share(8, 0, 10);
        "credit_report_fees" 0 Money(0, 60_000);
    }
    Everybody 60 {
        "period_electricity" 0 Money(3_000, 900_000);
        "period_water_tonnes" 0 Count(50, 60_000);
        "period_gas_volume" 0 Count(0, 90_000);
        "period_utilities" 0 Share(3, 1_050, 1_500);
    }
    Shops 70 {
        "business_format" 0 One(FORMATS);
        "campaign_sales" 0 Money(100_000, 60_000_000);
        "campaign_sales_before" 0 Share(1, 600, 1_150);
        "campaign_spending" 0 Money(5_000, 2_500_000);
        "campaign_days" 0 Count(1, 60);
        "campaign_filed" 0 Flag(700);
        "discount_first_month" 0 Money(0, 400_000);
        "discount_second_month" 0 Money(0, 400_000);
        "night_discount_first_month" 0 Share(2, 0, 500);
        "night_discount_second_month" 0 Share(2, 0, 500);
        "live_sales" 0 Money(0, 20_000_000);
    }
}
